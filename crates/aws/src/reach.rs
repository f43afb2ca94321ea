//! Giving up soon on a host that was never reached: a region that does not exist, a network that is not there, an
//! endpoint URL where nothing listens. A host that has answered once is waited for as long as the retries last, since
//! then the trouble may pass.

use std::collections::HashSet;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::shared::IntoShared;

/// How often a host is tried that never answered: with the pauses of the SDK, some seconds.
const TRIES: u32 = 4;

/// The failure of a host that is given up on.
#[derive(Debug)]
pub(crate) struct Unreached {
    /// The host, with its port if the URL has one.
    pub(crate) host: String,
    source: ConnectorError,
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot be reached", self.host)
    }
}

impl Error for Unreached {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

/// The client, with its patience limited to hosts that it has reached.
pub(crate) fn limited(inner: SharedHttpClient) -> SharedHttpClient {
    Limited { inner, reached: Arc::default() }.into_shared()
}

#[derive(Clone)]
struct Limited<T> {
    inner: T,
    reached: Arc<Mutex<HashSet<String>>>,
}

impl<T> fmt::Debug for Limited<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Limited")
    }
}

impl HttpClient for Limited<SharedHttpClient> {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Limited { inner, reached: Arc::clone(&self.reached) })
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.inner.connector_metadata()
    }
}

impl HttpConnector for Limited<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let host = host_of(request.uri());
        let header = request.headers().get("amz-sdk-request").unwrap_or_default();
        let attempt = number_in(header, "attempt=").unwrap_or(1);
        let last = number_in(header, "max=").map_or(TRIES, |most| most.min(TRIES));
        let reached = Arc::clone(&self.reached);
        let answer = self.inner.call(request);
        HttpConnectorFuture::new(async move {
            match answer.await {
                Ok(answer) => {
                    reached.lock().unwrap_or_else(PoisonError::into_inner).insert(host);
                    Ok(answer)
                }
                Err(source) if attempt >= last && (source.is_io() || source.is_timeout()) => {
                    if reached.lock().unwrap_or_else(PoisonError::into_inner).contains(&host) {
                        return Err(source);
                    }
                    // The SDK does not repeat what it takes for the caller's mistake.
                    Err(ConnectorError::user(Unreached { host, source }.into()))
                }
                Err(source) => Err(source),
            }
        })
    }
}

/// A number from the header that the SDK sends along with each attempt: `attempt=2; max=26`.
fn number_in(header: &str, name: &str) -> Option<u32> {
    let number = header.split(';').find_map(|part| part.trim().strip_prefix(name))?;
    number.parse().ok()
}

/// The host and port of a URL.
fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or(rest).to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use async_trait::async_trait;
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;
    use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, Sleep};
    use aws_smithy_types::retry::RetryConfig;
    use aws_types::SdkConfig;
    use aws_types::region::Region;
    use bytes::Bytes;

    use super::*;
    use crate::Transport;
    use crate::clients::{Clients, Endpoints};

    /// A network that is there for the first so many requests.
    struct Network {
        good: usize,
        calls: AtomicUsize,
    }

    #[async_trait]
    impl Transport for Network {
        async fn answer(&self, _: http::Request<Bytes>) -> Result<http::Response<Bytes>, String> {
            if self.calls.fetch_add(1, Ordering::Relaxed) < self.good {
                let answer = http::Response::builder().status(400).body(Bytes::from_static(b"<Error/>"));
                return answer.map_err(|error| error.to_string());
            }
            Err("connection refused".to_owned())
        }
    }

    #[derive(Debug)]
    struct NoPause;

    impl AsyncSleep for NoPause {
        fn sleep(&self, _: Duration) -> Sleep {
            Sleep::new(std::future::ready(()))
        }
    }

    fn clients(network: &Arc<Network>, attempts: u32) -> Clients {
        let credentials = Credentials::new("AKIA", "secret", None, None, "test");
        let transport: Arc<dyn Transport> = Arc::<Network>::clone(network);
        let config = SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(limited(crate::transport::http_client(transport)))
            .sleep_impl(SharedAsyncSleep::new(NoPause))
            .retry_config(RetryConfig::standard().with_max_attempts(attempts))
            .build();
        Clients::new(config, "us-east-1".to_owned(), crate::tags::TagPolicy::default(), Endpoints::default())
    }

    #[tokio::test]
    async fn a_host_that_never_answered_is_named_after_a_few_tries() {
        let network = Arc::new(Network { good: 0, calls: AtomicUsize::new(0) });
        let mut calls = 0;
        // Nor is it less clear where fewer tries are allowed.
        for (attempts, tries) in [(10, 4), (2, 2), (1, 1)] {
            let failure = crate::connect::caller(&clients(&network, attempts)).await.unwrap_err();
            calls += tries;
            assert_eq!(network.calls.load(Ordering::Relaxed), calls);
            let told = failure.explained();
            assert!(told.starts_with("sts.us-east-1.amazonaws.com cannot be reached: "), "{told}");
            assert!(told.contains("connection refused") && told.contains("AWS_ENDPOINT_URL"), "{told}");
        }
    }

    #[tokio::test]
    async fn a_host_that_answered_before_is_waited_for() {
        let network = Arc::new(Network { good: 1, calls: AtomicUsize::new(0) });
        let clients = clients(&network, 10);
        for _ in 0..2 {
            assert!(crate::connect::caller(&clients).await.is_err());
        }
        assert_eq!(network.calls.load(Ordering::Relaxed), 11);
    }
}
