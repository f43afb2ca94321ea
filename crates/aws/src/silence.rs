//! Remembering that an attempt at a call had no answer, or one that does not tell what became of it.
//!
//! The SDK tries again by itself, and what it reports in the end is the answer to the last attempt. When that one is
//! refused, say since the credentials have run out meanwhile, the first may have done what was asked all the same. So an
//! error that follows an attempt without an answer is marked, and is then not taken for the last word.

use std::collections::HashSet;
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{fmt, io};

use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::shared::IntoShared;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

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
                        match turned_away(&mut answer).await {
                            Ok(true) => {}
                            Ok(false) => calls.unanswered(call),
                            Err(error) => {
                                calls.unanswered(call);
                                return Err(error);
                            }
                        }
                    }
                    Ok(answer)
                }
                Err(error) => {
                    if !is_unsent(&error) {
                        calls.unanswered(call);
                    }
                    Err(error)
                }
            }
        })
    }
}

/// The codes with which a service turns a call away before it looks at it. EC2 does so with a status that otherwise says
/// that nobody knows what became of the call.
const TURNED_AWAY: [&str; 6] = [
    "RequestLimitExceeded",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottledException",
    "TooManyRequestsException",
];

/// Whether an answer says for certain that nothing was done. Its body is read, and put back.
async fn turned_away(answer: &mut HttpResponse) -> Result<bool, ConnectorError> {
    let body = std::mem::replace(answer.body_mut(), SdkBody::taken());
    let read = ByteStream::new(body).collect().await.map_err(|error| ConnectorError::io(error.into()))?;
    let bytes = read.into_bytes();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    *answer.body_mut() = SdkBody::from(bytes);
    let json: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    let kind = json.as_ref().and_then(|json| json.get("__type")?.as_str());
    let is_type = |code: &str| kind.is_some_and(|kind| kind.rsplit('#').next() == Some(code));
    let is_said = |code: &&str| text.contains(&format!("<Code>{code}</Code>")) || is_type(code);
    Ok(TURNED_AWAY.iter().any(is_said))
}

/// Whether an attempt never came to the host: nobody listened there, or its name stood for nothing.
fn is_unsent(error: &ConnectorError) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let refused = error.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == io::ErrorKind::ConnectionRefused);
        if refused || error.to_string() == "dns error" {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &'static str) -> HttpResponse {
        HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))
    }

    #[tokio::test]
    async fn only_what_says_that_nothing_was_done_is_no_silence() {
        let throttled = "<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>";
        for (body, expected) in [
            (throttled, true),
            ("{\"__type\":\"com.amazonaws#ThrottlingException\"}", true),
            ("<Response><Errors><Error><Code>Unavailable</Code></Error></Errors></Response>", false),
            ("{\"__type\":\"InternalFailure\",\"message\":\"RequestLimitExceeded\"}", false),
            ("", false),
        ] {
            let mut answer = answer(503, body);
            assert_eq!(turned_away(&mut answer).await.unwrap(), expected, "{body}");
            assert_eq!(answer.body().bytes(), Some(body.as_bytes()));
        }
    }

    #[test]
    fn an_attempt_that_nobody_took_is_no_silence() {
        let of = |kind: io::ErrorKind| ConnectorError::io(io::Error::from(kind).into());
        assert!(is_unsent(&of(io::ErrorKind::ConnectionRefused)));
        for kind in [io::ErrorKind::ConnectionReset, io::ErrorKind::TimedOut, io::ErrorKind::BrokenPipe] {
            assert!(!is_unsent(&of(kind)), "{kind}");
        }
    }
}
