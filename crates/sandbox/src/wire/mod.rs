//! The wire protocols: what a request asks for, and how answers and errors are written.

pub(crate) mod json11;
pub(crate) mod query;
pub(crate) mod scope;
pub(crate) mod xml;

use bytes::Bytes;
use http::{Response, StatusCode, header};

/// An error as every protocol can write it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ApiError {
    pub code: String,
    pub message: String,
    pub status: u16,
}

impl ApiError {
    /// An error with HTTP status 400.
    pub(crate) fn new(code: &str, message: impl Into<String>) -> ApiError {
        ApiError { code: code.to_owned(), message: message.into(), status: 400 }
    }

    /// The same error with another HTTP status.
    pub(crate) fn with_status(self, status: u16) -> ApiError {
        ApiError { status, ..self }
    }
}

/// A reply with the headers that AWS services send.
pub(crate) fn reply(status: u16, content_type: &'static str, request_id: &str, body: Vec<u8>) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
    if let Ok(id) = header::HeaderValue::from_str(request_id) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

/// A fresh request id.
pub(crate) fn request_id() -> String {
    uuid::Uuid::new_v4().to_string()
}
