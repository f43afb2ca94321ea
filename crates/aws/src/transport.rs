//! An in-process service in place of the network: anything that answers HTTP requests can stand behind the SDK.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::shared::IntoShared;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::BodyExt;

/// Answers the SDK's HTTP requests in place of AWS. A provider with a transport uses made-up credentials and never
/// reaches the network.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Answers one request, whole.
    ///
    /// # Errors
    /// When the connection breaks before an answer comes; the text says why. The SDK then tries again.
    async fn answer(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, String>;
}

/// The transport as the SDK's HTTP client.
pub(crate) fn http_client(transport: Arc<dyn Transport>) -> SharedHttpClient {
    Adapter(transport).into_shared()
}

#[derive(Clone)]
struct Adapter(Arc<dyn Transport>);

impl fmt::Debug for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport")
    }
}

impl HttpClient for Adapter {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        Some(ConnectorMetadata::new("in-process", None))
    }
}

impl HttpConnector for Adapter {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let transport = Arc::clone(&self.0);
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(ConnectorError::user)?.to_bytes();
            let answer = transport.answer(http::Request::from_parts(head, body)).await;
            let answer = answer.map_err(|why| ConnectorError::io(why.into()))?;
            let answer = answer.map(SdkBody::from);
            HttpResponse::try_from(answer).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}
