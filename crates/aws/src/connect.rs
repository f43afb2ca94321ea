//! From a provider block to connected clients: credentials, network, and the check of who is calling.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::sts::AssumeRoleProvider;
use aws_config::web_identity_token::{StaticConfiguration, WebIdentityTokenCredentialsProvider};
use aws_config::{BehaviorVersion, ConfigLoader};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, Sleep};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider as Tls, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use smform_provider::{Clock, Configure, Identity, ProviderError, SystemClock};
use smform_types::{Diagnostic, Diagnostics, Path, Value};

use crate::clients::{Caller, Clients, Endpoints};
use crate::constraints::{arn_parts, is_account};
use crate::failure::{Service, failed};
use crate::fields::{Fields, with};
use crate::reach;
use crate::settings::{AssumeRole, Environment, Wishes, read, region_problem, schema};
use crate::silence;
use crate::transport::{self, Transport};

/// How the provider is made.
#[derive(Clone, Default)]
pub struct Settings {
    /// What answers in place of AWS. With one, credentials are made up, the environment and profiles are not looked
    /// at, and the region is us-east-1 unless the provider block says otherwise.
    pub transport: Option<Arc<dyn Transport>>,
    /// A URL for all services, such as that of a sandbox in another process; `endpoints` of the provider block goes
    /// before it, and without either the SDK looks at `AWS_ENDPOINT_URL`.
    pub endpoint_url: Option<String>,
}

/// The region of a provider with a transport.
const SANDBOX_REGION: &str = "us-east-1";

/// How often a call is tried at most, unless the configuration says otherwise: Terraform's 25 retries and the first.
const ATTEMPTS: u32 = 26;

/// Connects as the settings and a provider block say.
pub(crate) struct Connect(pub(crate) Settings);

fn invalid_region(problem: String) -> Diagnostic {
    Diagnostic::error("Invalid AWS region", problem).of_attribute(Path::attribute("region"))
}

#[async_trait]
impl Configure<Clients> for Connect {
    fn validate(&self, config: &Value) -> Diagnostics {
        let fields = Fields(config);
        let unchecked =
            fields.is_unknown("skip_region_validation") || fields.flag("skip_region_validation") == Some(true);
        let region = fields.text("region").filter(|_| !unchecked);
        region.and_then(region_problem).map(invalid_region).into_iter().collect()
    }

    async fn configure(
        &self,
        config: Value,
        clock: Arc<dyn Clock>,
    ) -> Result<(Clients, Option<Identity>), Diagnostics> {
        let environment = if self.0.transport.is_some() { Environment::default() } else { Environment::of_process() };
        let wishes = read(&config, &environment)?;
        let sleep = SharedAsyncSleep::new(Pace(clock));
        let sdk = match &self.0.transport {
            Some(transport) => sandboxed(&wishes, Arc::clone(transport), sleep),
            None => real(&wishes, self.0.endpoint_url.as_deref(), sleep, &environment).await?,
        };
        let Some(region) = sdk.region().map(|region| region.as_ref().to_owned()) else {
            return Err(Diagnostic::error(
                "No AWS region",
                "Set region in the provider \"aws\" block, AWS_REGION in the environment, or region in the profile.",
            )
            .into());
        };
        if !wishes.skip_region_check
            && let Some(problem) = region_problem(&region)
        {
            return Err(invalid_region(problem).into());
        }
        let url = |service: &str| wishes.endpoints.get(service).cloned();
        let endpoints = Endpoints {
            sagemaker: url("sagemaker"),
            ec2: url("ec2"),
            sts: url("sts"),
            iam: url("iam"),
            scaling: url("appautoscaling").or_else(|| url("applicationautoscaling")),
            cloudwatch: url("cloudwatch"),
            logs: ["logs", "cloudwatchlogs", "cloudwatchlog"].into_iter().find_map(url),
            quotas: url("servicequotas"),
        };
        let mut clients = Clients::new(sdk, region.clone(), wishes.tags.clone(), endpoints);
        clients.region_is_written = wishes.region.is_some();
        let guarded = !wishes.allowed_accounts.is_empty() || !wishes.forbidden_accounts.is_empty();
        if wishes.skip_identity && !guarded {
            return Ok((clients, None));
        }
        match caller(&clients).await {
            Ok(caller) => {
                check_account(&wishes, &caller.account)?;
                let identity = Identity { account: caller.account.clone(), region };
                clients.account = Some(caller.account.clone());
                clients.caller = Some(caller);
                Ok((clients, Some(identity)))
            }
            // What stands in for AWS may know no STS, and a policy may forbid it; nothing but the guard depends on it.
            Err(failure)
                if !guarded && (wishes.tolerate_no_identity || failure.is_denied() || failure.is_unsupported()) =>
            {
                tracing::warn!("the AWS account could not be determined: {}", failure.message());
                Ok((clients, None))
            }
            Err(failure) if failure.lacks_credentials() => {
                Err(failure.into_error("No AWS credentials found").into_diagnostic().into())
            }
            Err(failure) => {
                Err(failure.into_error("AWS does not tell whose credentials these are").into_diagnostic().into())
            }
        }
    }

    /// Up to version 5 Terraform's provider recorded no region: everything was in its own.
    fn placed(&self, clients: &Clients, remembered: &Value) -> Value {
        match remembered.get("region").is_some_and(Value::is_null) {
            true => with(remembered.clone(), "region", Value::string(&clients.region)),
            false => remembered.clone(),
        }
    }

    /// What another account holds would pass for deleted, and be made a second time in this one.
    fn guard(&self, clients: &Clients, remembered: &Value) -> Result<(), ProviderError> {
        let arn = Fields(remembered).text("arn").and_then(|text| Some((text, arn_parts(text)?)));
        match (arn, &clients.account) {
            (Some((text, arn)), Some(account)) if is_account(arn.account) && arn.account != account => {
                let detail = format!(
                    "The state has {text}, of account {}; the credentials belong to account {account}. Use the \
                     credentials of account {} (AWS_PROFILE, or the provider block), or another state.",
                    arn.account, arn.account
                );
                Err(ProviderError::new("Wrong AWS account", detail))
            }
            _ => Ok(()),
        }
    }
}

/// An SDK configuration for what smform needs of AWS besides resources, such as the bucket of a state: the same
/// credentials, network and account guard as those of a provider block with these arguments.
///
/// # Errors
/// What the arguments ask for that cannot be done, located by argument; or the account is not among those allowed.
pub async fn session(arguments: impl IntoIterator<Item = (&'static str, Value)>) -> Result<SdkConfig, Diagnostics> {
    let empty = schema().block.empty();
    let config = arguments.into_iter().fold(empty, |config, (name, value)| with(config, name, value));
    let environment = Environment::of_process();
    let wishes = read(&config, &environment)?;
    let sleep = SharedAsyncSleep::new(Pace(Arc::new(SystemClock)));
    let sdk = real(&wishes, None, sleep, &environment).await?;
    if !wishes.allowed_accounts.is_empty() || !wishes.forbidden_accounts.is_empty() {
        let region = sdk.region().map(|region| region.as_ref().to_owned()).unwrap_or_default();
        let endpoints = Endpoints { sts: wishes.endpoints.get("sts").cloned(), ..Endpoints::default() };
        let clients = Clients::new(sdk.clone(), region, wishes.tags.clone(), endpoints);
        let caller = caller(&clients)
            .await
            .map_err(|failure| failure.into_error("AWS does not tell whose credentials these are").into_diagnostic())?;
        check_account(&wishes, &caller.account)?;
    }
    Ok(sdk)
}

/// Asks AWS who is calling.
pub(crate) async fn caller(clients: &Clients) -> Result<Caller, crate::failure::Failure> {
    let answer = clients.sts().get_caller_identity().send().await.map_err(failed(Service::Sts, "GetCallerIdentity"))?;
    let text = |part: Option<&str>| part.unwrap_or_default().to_owned();
    Ok(Caller { account: text(answer.account()), arn: text(answer.arn()), user: text(answer.user_id()) })
}

fn check_account(wishes: &Wishes, account: &str) -> Result<(), Diagnostics> {
    let contains = |accounts: &[String]| accounts.iter().any(|listed| listed == account);
    let refuse = |argument: &str, detail: String| {
        Err(Diagnostic::error("Wrong AWS account", detail).of_attribute(Path::attribute(argument)).into())
    };
    if !wishes.allowed_accounts.is_empty() && !contains(&wishes.allowed_accounts) {
        let allowed = wishes.allowed_accounts.join(", ");
        return refuse(
            "allowed_account_ids",
            format!("The credentials belong to account {account}; allowed are: {allowed}. Use another profile."),
        );
    }
    if contains(&wishes.forbidden_accounts) {
        return refuse(
            "forbidden_account_ids",
            format!("The credentials belong to account {account}, which is forbidden here. Use another profile."),
        );
    }
    Ok(())
}

/// After so long without a word a call is tried again, as boto3 has it. The services answer within seconds: what takes longer
/// goes on behind a status.
const SILENCE: Duration = Duration::from_secs(60);

fn retries(wishes: &Wishes) -> RetryConfig {
    let config = if wishes.adaptive { RetryConfig::adaptive() } else { RetryConfig::standard() };
    config.with_max_attempts(wishes.max_attempts.unwrap_or(ATTEMPTS))
}

fn sandboxed(wishes: &Wishes, transport: Arc<dyn Transport>, sleep: SharedAsyncSleep) -> SdkConfig {
    let region = wishes.region.clone().unwrap_or_else(|| SANDBOX_REGION.to_owned());
    let credentials = Credentials::new("AKIASANDBOXSANDBOX00", "sandbox", None, None, "sandbox");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(silence::remembered(transport::http_client(transport)))
        .sleep_impl(sleep)
        .retry_config(retries(wishes))
        // Real bytes do not flow in virtual time.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build()
}

async fn real(
    wishes: &Wishes,
    endpoint: Option<&str>,
    sleep: SharedAsyncSleep,
    environment: &Environment,
) -> Result<SdkConfig, Diagnostics> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(silence::remembered(https_client(wishes)?))
        .sleep_impl(sleep)
        .timeout_config(TimeoutConfig::builder().read_timeout(SILENCE).build())
        .use_fips(wishes.fips)
        .use_dual_stack(wishes.dual_stack);
    if wishes.max_attempts.is_some() || wishes.adaptive || environment.get("AWS_MAX_ATTEMPTS").is_none() {
        loader = loader.retry_config(retries(wishes));
    }
    if let Some(region) = &wishes.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(profile) = &wishes.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(url) = endpoint {
        loader = loader.endpoint_url(url);
    }
    loader = with_profile_files(loader, wishes);
    if let Some((access, secret, token)) = &wishes.keys {
        loader = loader.credentials_provider(Credentials::new(access, secret, token.clone(), None, "provider block"));
    }
    let sdk = loader.load().await;
    let sdk = match &wishes.web_identity {
        Some((role, file)) => with_credentials(sdk.clone(), web_identity(role, file, &sdk)),
        None => sdk,
    };
    let mut sdk = sdk;
    for role in &wishes.roles {
        let provider = assumed(role, &sdk).await;
        sdk = with_credentials(sdk, SharedCredentialsProvider::new(provider));
    }
    Ok(sdk)
}

fn with_credentials(sdk: SdkConfig, credentials: SharedCredentialsProvider) -> SdkConfig {
    sdk.into_builder().credentials_provider(credentials).build()
}

fn with_profile_files(loader: ConfigLoader, wishes: &Wishes) -> ConfigLoader {
    if wishes.config_files.is_empty() && wishes.credentials_files.is_empty() {
        return loader;
    }
    let mut files = EnvConfigFiles::builder();
    if wishes.config_files.is_empty() {
        files = files.include_default_config_file(true);
    }
    for file in &wishes.config_files {
        files = files.with_file(EnvConfigFileKind::Config, file);
    }
    if wishes.credentials_files.is_empty() {
        files = files.include_default_credentials_file(true);
    }
    for file in &wishes.credentials_files {
        files = files.with_file(EnvConfigFileKind::Credentials, file);
    }
    loader.profile_files(files.build())
}

fn session_name(role: &AssumeRole) -> String {
    role.session_name.clone().unwrap_or_else(|| "smform".to_owned())
}

async fn assumed(role: &AssumeRole, sdk: &SdkConfig) -> AssumeRoleProvider {
    let mut builder =
        AssumeRoleProvider::builder(&role.role_arn).session_name(session_name(role)).tags(role.tags.clone());
    if let Some(id) = &role.external_id {
        builder = builder.external_id(id);
    }
    if let Some(policy) = &role.policy {
        builder = builder.policy(policy);
    }
    if !role.policy_arns.is_empty() {
        builder = builder.policy_arns(role.policy_arns.clone());
    }
    if let Some(duration) = role.duration {
        builder = builder.session_length(duration);
    }
    builder.configure(sdk).build().await
}

fn web_identity(role: &AssumeRole, file: &str, sdk: &SdkConfig) -> SharedCredentialsProvider {
    let provider_config = aws_config::provider_config::ProviderConfig::default()
        .with_region(sdk.region().cloned())
        .with_http_client(sdk.http_client().unwrap_or_else(default_https));
    let mut builder = WebIdentityTokenCredentialsProvider::builder().configure(&provider_config).static_configuration(
        StaticConfiguration {
            web_identity_token_file: file.into(),
            role_arn: role.role_arn.clone(),
            session_name: session_name(role),
        },
    );
    if let Some(policy) = &role.policy {
        builder = builder.policy(policy);
    }
    if !role.policy_arns.is_empty() {
        builder = builder.policy_arns(role.policy_arns.clone());
    }
    SharedCredentialsProvider::new(builder.build())
}

fn default_https() -> SharedHttpClient {
    Builder::new().tls_provider(Tls::Rustls(CryptoMode::Ring)).build_https()
}

/// The HTTPS client, with the proxy and the certificate authority of the configuration.
fn https_client(wishes: &Wishes) -> Result<SharedHttpClient, Diagnostics> {
    let refuse = |argument: &str, detail: String| {
        Diagnostics::from(
            Diagnostic::error("Invalid provider configuration", detail).of_attribute(Path::attribute(argument)),
        )
    };
    let mut trust = TrustStore::default();
    if let Some(path) = &wishes.ca_bundle {
        let pem = std::fs::read(path)
            .map_err(|error| refuse("custom_ca_bundle", format!("The file {path} cannot be read: {error}.")))?;
        trust = trust.with_pem_certificate(pem);
    }
    let context = TlsContext::builder().with_trust_store(trust).build();
    let context = context.map_err(|error| refuse("custom_ca_bundle", format!("{error}.")))?;
    let proxy = proxy(wishes).map_err(|(argument, detail)| refuse(argument, detail))?;
    Ok(reach::limited(Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder()
            .proxy_config(proxy.clone())
            .tls_provider(Tls::Rustls(CryptoMode::Ring))
            .tls_context(context.clone());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.build()
    })))
}

fn proxy(wishes: &Wishes) -> Result<ProxyConfig, (&'static str, String)> {
    let invalid = |argument: &'static str, url: &str| (argument, format!("\"{url}\" is not the URL of a proxy."));
    let config = match (&wishes.https_proxy, &wishes.http_proxy) {
        (Some(url), Some(other)) if url == other => ProxyConfig::all(url).map_err(|_| invalid("https_proxy", url))?,
        (Some(url), _) => ProxyConfig::https(url).map_err(|_| invalid("https_proxy", url))?,
        (None, Some(url)) => ProxyConfig::all(url).map_err(|_| invalid("http_proxy", url))?,
        (None, None) => return Ok(ProxyConfig::from_env()),
    };
    Ok(match &wishes.no_proxy {
        Some(rules) => config.no_proxy(rules),
        None => config,
    })
}

/// The run's clock as the SDK's, so that its pauses between retries cost nothing in simulated time.
struct Pace(Arc<dyn Clock>);

impl std::fmt::Debug for Pace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pace")
    }
}

impl AsyncSleep for Pace {
    fn sleep(&self, duration: Duration) -> Sleep {
        let clock = Arc::clone(&self.0);
        Sleep::new(Exclusive(Mutex::new(Box::pin(async move { clock.sleep(duration).await }))))
    }
}

/// A future that several threads may hold, as the SDK wants; only its owner ever polls it.
struct Exclusive(Mutex<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Future for Exclusive {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<()> {
        self.get_mut().0.get_mut().unwrap_or_else(PoisonError::into_inner).as_mut().poll(cx)
    }
}
