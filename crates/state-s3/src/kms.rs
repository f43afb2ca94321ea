//! Keys of AWS KMS, for the encryption of states and saved plans: the key provider `aws_kms`.

use std::fmt;
use std::sync::{Arc, OnceLock};

use smform_aws::kms::Kms;
use smform_state::encryption::service::{DataKey, KeyService, KeyServiceKind};
use smform_state::kind::{Argument, SettingError, Settings, text};
use smform_types::{Type, Value};
use tokio::runtime::Runtime;

use crate::session::{self, member};

/// Lengths of keys, as KMS names them.
const SPECS: [&str; 2] = ["AES_256", "AES_128"];

/// The services whose endpoints may be given. OpenTofu has no `kms`, which it takes from the environment; what it has of
/// `iam` is without effect here.
const ENDPOINTS: [&str; 3] = ["iam", "kms", "sts"];

/// The kind of key service `aws_kms`.
#[derive(Debug)]
pub struct AwsKms;

impl KeyServiceKind for AwsKms {
    fn name(&self) -> &'static str {
        "aws_kms"
    }

    fn arguments(&self) -> Vec<Argument> {
        let mut all = vec![
            Argument::required("kms_key_id", Type::String),
            Argument::required("key_spec", Type::String),
            Argument::optional("endpoints", Type::object(ENDPOINTS.map(|service| (service, Type::String)))),
        ];
        all.extend(session::arguments());
        all
    }

    fn open(&self, settings: &Settings) -> Result<Arc<dyn KeyService>, SettingError> {
        let given = |name: &str| text(settings, name).map(str::to_owned);
        let key = given("kms_key_id").ok_or_else(|| SettingError::of("kms_key_id", "kms_key_id may not be empty."))?;
        let spec = given("key_spec").and_then(|spec| SPECS.into_iter().find(|known| *known == spec));
        let spec = spec.ok_or_else(|| SettingError::of("key_spec", "key_spec is \"AES_256\" or \"AES_128\"."))?;
        let endpoint = member(settings.get("endpoints"), "kms");
        let session = session::of(settings)?;
        Ok(Arc::new(Keys { key, spec, endpoint, session, connection: OnceLock::new() }))
    }
}

/// Keys that are wrapped with one key of KMS.
struct Keys {
    key: String,
    spec: &'static str,
    endpoint: Option<String>,
    session: Vec<(&'static str, Value)>,
    connection: OnceLock<Result<Arc<Kms>, String>>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Keys {
    async fn connect(&self) -> Result<Arc<Kms>, String> {
        let sdk = smform_aws::session(self.session.iter().cloned()).await.map_err(|found| {
            let details = found.iter().map(|one| format!("{}: {}", one.summary, one.detail));
            details.collect::<Vec<_>>().join(" ").trim_end_matches('.').to_owned()
        })?;
        let none = "no region is known. Give region in the key provider, or set AWS_REGION";
        Kms::new(&sdk, &self.key, self.endpoint.as_deref()).map(Arc::new).ok_or_else(|| none.to_owned())
    }

    /// Waits for a request on a thread of its own, since this may be called within another runtime. Requests are few, so
    /// each has a runtime for itself.
    fn wait<T: Send, F: Future<Output = Result<T, String>> + Send>(
        &self,
        request: impl FnOnce(Arc<Kms>) -> F + Send,
    ) -> Result<T, String> {
        let work = || {
            let runtime = Runtime::new().map_err(|error| error.to_string())?;
            let kms = match self.connection.get() {
                Some(known) => known.clone(),
                None => {
                    let made = runtime.block_on(self.connect());
                    self.connection.get_or_init(|| made).clone()
                }
            };
            runtime.block_on(request(kms?))
        };
        std::thread::scope(|scope| {
            let ended = scope.spawn(work).join();
            ended.unwrap_or_else(|_| Err("the request to AWS KMS was not finished".to_owned()))
        })
    }
}

impl KeyService for Keys {
    fn data_key(&self) -> Result<DataKey, String> {
        let spec = self.spec;
        let key = self.wait(async move |kms: Arc<Kms>| kms.data_key(spec).await)?;
        Ok(DataKey { clear: key.clear, wrapped: key.encrypted })
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<Vec<u8>, String> {
        self.wait(async move |kms: Arc<Kms>| kms.decrypt(wrapped).await)
    }
}
