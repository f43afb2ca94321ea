//! Remembering that an attempt at a call had no answer.
//!
//! The SDK tries again by itself, and what it reports in the end is the answer to the last attempt. When that one is
//! refused, say since the credentials have run out meanwhile, the first may have done what was asked all the same. So an
//! error that follows an attempt without an answer is marked, and is then not taken for the last word.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::shared::IntoShared;

/// What the SDK sends along with every attempt at one call.
const CALL: &str = "amz-sdk-invocation-id";

/// The header that marks an answer which follows an attempt without one. No service sends it.
const MARK: &str = "x-smform-after-silence";

/// The client, with answers marked that follow an attempt without one.
pub(crate) fn remembered(inner: SharedHttpClient) -> SharedHttpClient {
    Remembering { inner, calls: Calls::default() }.into_shared()
}

/// Whether an answer is marked.
pub(crate) fn is_after_silence(answer: &HttpResponse) -> bool {
    answer.headers().contains_key(MARK)
}

/// The calls of which an attempt had no answer, by their ids.
#[derive(Clone, Default)]
struct Calls(Arc<Mutex<HashSet<String>>>);

impl Calls {
    fn get(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that an attempt at a call had no answer. One without an id cannot be told from others.
    fn unanswered(&self, call: String) {
        if !call.is_empty() {
            self.get().insert(call);
        }
    }
}

#[derive(Clone)]
struct Remembering<T> {
    inner: T,
    calls: Calls,
}

impl<T> fmt::Debug for Remembering<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Remembering")
    }
}

impl HttpClient for Remembering<SharedHttpClient> {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Remembering { inner, calls: self.calls.clone() })
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.inner.connector_metadata()
    }
}

impl HttpConnector for Remembering<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let call = request.headers().get(CALL).unwrap_or_default().to_owned();
        let calls = self.calls.clone();
        let answer = self.inner.call(request);
        HttpConnectorFuture::new(async move {
            match answer.await {
                Ok(mut answer) if answer.status().is_success() => {
                    calls.get().remove(&call);
                    answer.headers_mut().remove(MARK);
                    Ok(answer)
                }
                Ok(mut answer) => {
                    if calls.get().contains(&call) {
                        answer.headers_mut().insert(MARK, "true");
                    }
                    if answer.status().is_server_error() {
                        calls.unanswered(call);
                    }
                    Ok(answer)
                }
                Err(error) => {
                    calls.unanswered(call);
                    Err(error)
                }
            }
        })
    }
}
