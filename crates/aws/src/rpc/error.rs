//! How services refuse, in both protocols.

use std::error::Error;
use std::fmt;

use aws_smithy_types::error::ErrorMetadata;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde_json::Value as Json;

use super::query::Element;

/// A service's refusal: its code and words, as far as it gave any.
#[derive(Debug)]
pub(super) struct Refusal(ErrorMetadata);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.message(), self.0.code()) {
            (Some(text), _) => f.write_str(text),
            (None, Some(code)) => f.write_str(code),
            (None, None) => f.write_str("the service refused without a reason"),
        }
    }
}

impl Error for Refusal {}

impl ProvideErrorMetadata for Refusal {
    fn meta(&self) -> &ErrorMetadata {
        &self.0
    }
}

fn refusal(code: Option<&str>, message: Option<&str>) -> Refusal {
    let mut metadata = ErrorMetadata::builder();
    if let Some(code) = code.filter(|code| !code.is_empty()) {
        metadata = metadata.code(code);
    }
    if let Some(message) = message.filter(|message| !message.is_empty()) {
        metadata = metadata.message(message);
    }
    Refusal(metadata.build())
}

/// What the body of a refusal of the query protocol says.
pub(super) fn of_xml(body: &[u8]) -> Refusal {
    let document = Element::parse(body).ok();
    let error = document.as_ref().and_then(|document| document.child("Error"));
    refusal(error.and_then(|error| error.text("Code")), error.and_then(|error| error.text("Message")))
}

/// What the body of a refusal in JSON, or the header for the code, says.
pub(super) fn of_json(body: &[u8], header: Option<&str>) -> Refusal {
    let body: Json = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Json::as_str);
    let code = header.or_else(|| text("__type")).or_else(|| text("code"));
    // A namespace may stand before the code and an address after it; retries are decided by the bare code.
    let code = code.map(|code| code.rsplit_once('#').map_or(code, |(_, code)| code));
    let code = code.map(|code| code.split_once(':').map_or(code, |(code, _)| code));
    refusal(code, text("message").or_else(|| text("Message")))
}
