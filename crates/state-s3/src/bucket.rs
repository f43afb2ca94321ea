//! The requests to the bucket, each waited for: whoever keeps a state waits for it anyway.

use std::fmt;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::RequestChecksumCalculation;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketVersioningStatus, Delete, ObjectCannedAcl, ObjectIdentifier, ServerSideEncryption};
use smform_state::{Kept, Snapshot, StateError};
use tokio::runtime::Runtime;

use crate::settings::{Encryption, Wishes};

/// The algorithm of keys that go with every request.
const CUSTOMER_ALGORITHM: &str = "AES256";

/// How often a write is tried again that lost a race to another one, which has no bearing on its condition yet.
const RACES: u32 = 5;

/// What must be so for a write to take place.
pub(crate) enum Condition {
    /// Nothing.
    None,
    /// There is no such object.
    Absent,
    /// The object has this `ETag`.
    Same(String),
}

/// Why a request failed.
pub(crate) enum Refusal {
    /// Its condition does not hold.
    Condition,
    /// Something else, in words.
    Other(String),
}

/// A bucket.
pub(crate) struct Bucket {
    pub(crate) wishes: Wishes,
    connection: OnceLock<Result<Connection, String>>,
}

struct Connection {
    runtime: Option<Runtime>,
    client: Client,
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Waiting for it is not allowed within another one.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket").field("bucket", &self.wishes.bucket).finish_non_exhaustive()
    }
}

/// Connects as the arguments say.
async fn client(wishes: &Wishes) -> Result<Client, String> {
    let sdk = smform_aws::session(wishes.session.iter().cloned()).await.map_err(|found| {
        let details = found.iter().map(|one| format!("{}: {}", one.summary, one.detail));
        details.collect::<Vec<_>>().join(" ")
    })?;
    if sdk.region().is_none() {
        return Err("no region is known. Give region in the backend block, or set AWS_REGION".to_owned());
    }
    let mut config = aws_sdk_s3::config::Builder::from(&sdk).force_path_style(wishes.path_style);
    if let Some(endpoint) = &wishes.endpoint {
        config = config.endpoint_url(endpoint);
    }
    if wishes.skip_checksum {
        config = config.request_checksum_calculation(RequestChecksumCalculation::WhenRequired);
    }
    Ok(Client::from_conf(config.build()))
}

/// What to do about a refusal of the service, by its code.
fn way_out(code: &str) -> &'static str {
    match code {
        "NoSuchBucket" => ". Make the bucket, with versioning on, or correct the argument bucket",
        "AccessDenied" | "AllAccessDisabled" => {
            ". The credentials need s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject and s3:DeleteObject on the \
             state, its .tflock and what is below its .begun/"
        }
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => ". Renew the credentials, then run it again",
        "InvalidAccessKeyId" | "SignatureDoesNotMatch" => ". Check the credentials",
        "PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException" => {
            ". The bucket is in another region: correct the argument region"
        }
        "SlowDown" | "ServiceUnavailable" | "InternalError" => ". Run it again",
        "NotImplemented" => ". What stands at this endpoint does not know conditional writes, which the lock needs",
        _ => "",
    }
}

/// Whether a refusal is that of a sandbox that is served, which has no buckets.
fn is_sandbox(message: &str) -> bool {
    message.starts_with("The sandbox imitates")
}

const NO_BUCKETS: &str = ". With a sandbox that is served, keep the state in a file: write terraform { backend \"local\" {} } into \
                          a file backend_override.tf and take it away afterwards, or work with -sandbox, whose state is \
                          always a file";

fn refusal<E: ProvideErrorMetadata + std::error::Error + 'static>(error: SdkError<E>) -> Refusal {
    if status(&error) == Some(412) {
        return Refusal::Condition;
    }
    if let Some(code) = error.code() {
        let said = error.message().unwrap_or_default();
        let message = if said.is_empty() { String::new() } else { format!(": {}", said.trim_end_matches('.')) };
        let way_out = if is_sandbox(said) { NO_BUCKETS } else { way_out(code) };
        return Refusal::Other(format!("{code}{message}{way_out}"));
    }
    let said = smform_aws::reason(&error);
    let found_none = matches!(&error, SdkError::DispatchFailure(_)) && said.contains("loading credentials");
    if found_none {
        let looked = "no usable AWS credentials were found. smform looks in the backend block, the environment, the profile, \
                      web identity, and the metadata of the container or instance";
        return Refusal::Other(looked.to_owned());
    }
    match status(&error) {
        Some(301) => Refusal::Other(format!("the service answers 301{}", way_out("PermanentRedirect"))),
        Some(status) => Refusal::Other(format!("the service answers {status}: {said}")),
        None => Refusal::Other(format!("S3 cannot be reached: {said}")),
    }
}

fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

impl Bucket {
    pub(crate) fn new(wishes: Wishes) -> Bucket {
        Bucket { wishes, connection: OnceLock::new() }
    }

    pub(crate) fn place(&self, key: &str) -> PathBuf {
        format!("s3://{}/{key}", self.wishes.bucket).into()
    }

    pub(crate) fn error(&self, action: &'static str, key: &str, refusal: Refusal) -> StateError {
        let reason = match refusal {
            Refusal::Condition => "it was changed at the same time".to_owned(),
            Refusal::Other(reason) => reason,
        };
        StateError::Refused { action, path: self.place(key), reason }
    }

    /// Waits for a request on a thread of its own, since this may be called within another runtime.
    fn wait<T: Send, F: Future<Output = Result<T, Refusal>> + Send>(
        &self,
        request: impl FnOnce(Client) -> F + Send,
    ) -> Result<T, Refusal> {
        let connect = || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            let runtime = runtime.map_err(|error| error.to_string())?;
            let client = runtime.block_on(client(&self.wishes))?;
            Ok(Connection { runtime: Some(runtime), client })
        };
        let work = || {
            let connection =
                self.connection.get_or_init(connect).as_ref().map_err(|why| Refusal::Other(why.clone()))?;
            match &connection.runtime {
                Some(runtime) => runtime.block_on(request(connection.client.clone())),
                None => Err(Refusal::Other("the connection is closed".to_owned())),
            }
        };
        std::thread::scope(|scope| {
            let ended = scope.spawn(work).join();
            ended.unwrap_or_else(|_| Err(Refusal::Other("the request was not finished".to_owned())))
        })
    }

    /// An object, or a version of it, with its `ETag`; nothing when there is none.
    pub(crate) fn read(&self, key: &str, version: Option<&str>) -> Result<Option<Snapshot>, Refusal> {
        self.wait(async |client: Client| {
            let mut request = client.get_object().bucket(&self.wishes.bucket).key(key);
            if let Encryption::Customer(secret, sum) = &self.wishes.encryption {
                request = request
                    .sse_customer_algorithm(CUSTOMER_ALGORITHM)
                    .sse_customer_key(secret)
                    .sse_customer_key_md5(sum);
            }
            let answer = match request.set_version_id(version.map(str::to_owned)).send().await {
                Ok(answer) => answer,
                Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
                Err(error) => return Err(refusal(error)),
            };
            let version = answer.e_tag.clone();
            let text = answer.body.collect().await.map_err(|error| Refusal::Other(error.to_string()))?;
            Ok(Some(Snapshot { text: text.into_bytes().to_vec(), version }))
        })
    }

    /// Writes an object when its condition holds, and returns its `ETag`. A write whose answer was lost is repeated, and meets itself then: so a
    /// condition that does not hold is a success when the object is what should be written.
    pub(crate) fn write(&self, key: &str, text: &[u8], condition: Condition) -> Result<Option<String>, Refusal> {
        match self.put(key, text, &condition) {
            Err(Refusal::Condition) => match self.read(key, None)? {
                Some(found) if found.text == text => Ok(found.version),
                _ => Err(Refusal::Condition),
            },
            result => result,
        }
    }

    fn put(&self, key: &str, text: &[u8], condition: &Condition) -> Result<Option<String>, Refusal> {
        let wishes = &self.wishes;
        self.wait(async |client: Client| {
            let mut races = 0;
            loop {
                let mut request = client
                    .put_object()
                    .bucket(&wishes.bucket)
                    .key(key)
                    .content_type("application/json")
                    .body(ByteStream::from(text.to_vec()));
                match condition {
                    Condition::None => {}
                    Condition::Absent => request = request.if_none_match("*"),
                    Condition::Same(tag) => request = request.if_match(tag),
                }
                request = match &wishes.encryption {
                    Encryption::Bucket => request,
                    Encryption::S3 => request.server_side_encryption(ServerSideEncryption::Aes256),
                    Encryption::Kms(id) => {
                        request.server_side_encryption(ServerSideEncryption::AwsKms).ssekms_key_id(id)
                    }
                    Encryption::Customer(secret, sum) => request
                        .sse_customer_algorithm(CUSTOMER_ALGORITHM)
                        .sse_customer_key(secret)
                        .sse_customer_key_md5(sum),
                };
                if let Some(acl) = &wishes.acl {
                    request = request.acl(ObjectCannedAcl::from(acl.as_str()));
                }
                match request.send().await {
                    Ok(answer) => return Ok(answer.e_tag),
                    // The object that was read is gone.
                    Err(error) if status(&error) == Some(404) && error.code() == Some("NoSuchKey") => {
                        return Err(Refusal::Condition);
                    }
                    Err(error) if status(&error) == Some(409) && races < RACES => {
                        races += 1;
                        tokio::time::sleep(Duration::from_millis(50 << races)).await;
                    }
                    Err(error) => return Err(refusal(error)),
                }
            }
        })
    }

    pub(crate) fn delete(&self, key: &str) -> Result<(), Refusal> {
        self.wait(async |client: Client| {
            let request = client.delete_object().bucket(&self.wishes.bucket).key(key);
            request.send().await.map(drop).map_err(refusal)
        })
    }

    /// Deletes objects, a thousand with each request.
    pub(crate) fn delete_all(&self, keys: &[String]) -> Result<(), Refusal> {
        self.wait(async |client: Client| {
            for some in keys.chunks(1000) {
                let objects = some.iter().filter_map(|key| ObjectIdentifier::builder().key(key).build().ok());
                let objects = Delete::builder().set_objects(Some(objects.collect())).quiet(true).build();
                let objects = objects.map_err(|error| Refusal::Other(error.to_string()))?;
                let request = client.delete_objects().bucket(&self.wishes.bucket).delete(objects);
                let answer = request.send().await.map_err(refusal)?;
                if let Some(error) = answer.errors().first() {
                    let code = error.code().unwrap_or_default();
                    return Err(Refusal::Other(format!("{code}{}", way_out(code))));
                }
            }
            Ok(())
        })
    }

    /// The keys with a prefix.
    pub(crate) fn list(&self, prefix: &str) -> Result<Vec<String>, Refusal> {
        self.wait(async |client: Client| {
            let mut pages = client.list_objects_v2().bucket(&self.wishes.bucket).prefix(prefix).into_paginator().send();
            let mut keys = Vec::new();
            while let Some(page) = pages.next().await {
                keys.extend(page.map_err(refusal)?.contents.unwrap_or_default().into_iter().filter_map(|one| one.key));
            }
            Ok(keys)
        })
    }

    /// Whether the bucket keeps what is replaced.
    pub(crate) fn has_versioning(&self) -> Result<bool, Refusal> {
        self.wait(async |client: Client| {
            let request = client.get_bucket_versioning().bucket(&self.wishes.bucket);
            let status = request.send().await.map_err(refusal)?.status;
            Ok(status == Some(BucketVersioningStatus::Enabled))
        })
    }

    /// The earlier versions of an object, the newest first; none in a bucket without versions.
    pub(crate) fn versions(&self, key: &str) -> Result<Vec<Kept>, Refusal> {
        self.wait(async |client: Client| {
            let request = client.list_object_versions().bucket(&self.wishes.bucket).prefix(key);
            let versions = request.send().await.map_err(refusal)?.versions.unwrap_or_default();
            let earlier =
                versions.into_iter().filter(|one| one.key.as_deref() == Some(key) && one.is_latest != Some(true));
            let kept = earlier.filter_map(|one| {
                let seconds = one.last_modified.and_then(|time| u64::try_from(time.secs()).ok());
                let time = seconds.map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
                Some(Kept { name: one.version_id?, time })
            });
            Ok(kept.collect())
        })
    }
}
