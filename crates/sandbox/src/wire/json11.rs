//! AWS JSON 1.1: a JSON object in, a JSON object out, the operation in `X-Amz-Target`.

use bytes::Bytes;
use http::Response;
use serde_json::{Map, Value, json};

use super::{ApiError, reply};

const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// Codes whose shape is in the service model: they carry `Message`, the others `message`.
const MODELLED: [&str; 5] =
    ["ConflictException", "ResourceAlreadyExists", "ResourceInUse", "ResourceLimitExceeded", "ResourceNotFound"];

/// Reads a request body. Members that are null count as absent; an empty body is an empty object.
pub(crate) fn parse(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    let malformed = |problem: String| ApiError::new("SerializationException", problem);
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(mut object)) => {
            drop_nulls(&mut object);
            Ok(object)
        }
        Ok(_) => Err(malformed("Start of structure or map found where not expected.".to_owned())),
        Err(e) => Err(malformed(format!("The request body is not valid JSON: {e}"))),
    }
}

fn drop_nulls(object: &mut Map<String, Value>) {
    object.retain(|_, value| !value.is_null());
    for value in object.values_mut() {
        drop_nulls_within(value);
    }
}

fn drop_nulls_within(value: &mut Value) {
    match value {
        Value::Object(object) => drop_nulls(object),
        Value::Array(items) => items.iter_mut().for_each(drop_nulls_within),
        _ => {}
    }
}

/// A success.
pub(crate) fn success(request_id: &str, body: &Value) -> Response<Bytes> {
    reply(200, CONTENT_TYPE, request_id, body.to_string().into_bytes())
}

/// An error.
pub(crate) fn failure(request_id: &str, error: &ApiError) -> Response<Bytes> {
    let key = if MODELLED.contains(&error.code.as_str()) { "Message" } else { "message" };
    let body = json!({ "__type": error.code, key: error.message });
    reply(error.status, CONTENT_TYPE, request_id, body.to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_are_absent_and_other_texts_are_refused() {
        let body = parse(br#"{"A": null, "B": {"C": null, "D": [1, {"E": null}]}}"#).expect("parses");
        assert_eq!(Value::Object(body), json!({"B": {"D": [1, {}]}}));
        assert!(parse(b"  ").expect("empty").is_empty());
        for text in ["[]", "nul", "{", "\u{feff}{}", "\"a\""] {
            assert_eq!(parse(text.as_bytes()).expect_err("refused").code, "SerializationException", "{text}");
        }
        assert_eq!(parse(&[b'['; 100_000]).expect_err("too deep").code, "SerializationException");
    }
}
