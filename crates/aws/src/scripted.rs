//! A service of scripted answers, for tests of what no faithful imitation says.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value as Json;
use smform_provider::{Clock, Provider, ProviderError, Run, Session};
use smform_types::{ResourceMode, Value, json};

use crate::{Settings, Transport, provider};

/// Answers an operation of SageMaker with a status and a body.
type Script = fn(&str) -> (u16, Json);

struct Scripted(Script);

#[async_trait]
impl Transport for Scripted {
    async fn answer(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, String> {
        let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        let (status, body) = (self.0)(target.trim_start_matches("SageMaker."));
        let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
        http::Response::builder().status(status).body(text.into()).map_err(|error| error.to_string())
    }
}

/// A clock on which waiting takes no time.
#[derive(Clone)]
pub(crate) struct Impatient;

#[async_trait]
impl Clock for Impatient {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
    }

    async fn sleep(&self, _: Duration) {
        tokio::task::yield_now().await;
    }
}

#[async_trait]
impl Run for Impatient {
    fn clock(&self) -> &dyn Clock {
        self
    }

    fn is_cancelled(&self) -> bool {
        false
    }

    fn progress(&self, _: &str) {}

    async fn intend(&self, _: &str) -> Result<(), ProviderError> {
        Ok(())
    }

    async fn created(&self, _: &Value) -> Result<(), ProviderError> {
        Ok(())
    }
}

/// A session with the scripted service, and an object of a type in which only these members are set.
pub(crate) async fn scripted(script: Script, ty: &str, members: Json) -> (Arc<dyn Session>, Value) {
    let settings = Settings { transport: Some(Arc::new(Scripted(script))), ..Settings::default() };
    let provider = provider(settings);
    let config = provider.schema().block.empty();
    let config = crate::fields::with(config, "skip_requesting_account_id", Value::bool(true));
    let session = provider.configure(config, Arc::new(Impatient)).await.unwrap();
    let block = &provider.resource_schema(ResourceMode::Managed, ty).unwrap().block;
    let object = members.as_object().unwrap().iter().fold(block.empty(), |object, (name, value)| {
        let value = json::value_from_json(value, block.ty().attribute(name).unwrap()).unwrap();
        crate::fields::with(object, name, value)
    });
    (session, object)
}
