//! `cross_region_traffic_config`: how much of the traffic the service may send to other regions.
//!
//! The service takes and tells it (its API model has `CrossRegionTrafficConfig`), and no release of the SDK knows it yet. So
//! it is put into the JSON of the request and read from that of the answer, on their way through the SDK.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_sagemaker::config::ConfigBag;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value as Json, json};
use smform_types::Type;
use smform_types::schema::{Attribute, Block};

use crate::constraints::between;
use crate::fields::{Builder, Fields};

/// Its member in requests and answers.
const MEMBER: &str = "CrossRegionTrafficConfig";

/// Its arguments, with their names in the API.
const ARGUMENTS: [(&str, &str); 2] = [
    ("max_invocations_per_second_per_instance", "MaxInvocationsPerSecondPerInstance"),
    ("max_cross_region_percent_per_endpoint", "MaxCrossRegionPercentPerEndpoint"),
];

pub(super) fn schema() -> Block {
    let required = |most| Attribute::required(Type::Number).forces_replacement().with(between(1, most));
    let [(rate, _), (share, _)] = ARGUMENTS;
    Block::new([(rate, required(10_000)), (share, required(100))], [])
}

/// What is added to a request that creates a configuration; nothing without the block.
pub(super) fn sent(config: Fields<'_>) -> impl Fn(&mut HttpRequest) + Send + Sync + 'static {
    let traffic = config.block("cross_region_traffic_config").map(|block| {
        let members =
            ARGUMENTS.iter().filter_map(|(name, member)| Some(((*member).to_owned(), json!(block.int(name)?))));
        Json::Object(members.collect())
    });
    move |request| {
        let Some(traffic) = &traffic else { return };
        // The body of this operation is held in memory, and is a JSON object.
        let Some(mut body) = request.body().bytes().and_then(|body| serde_json::from_slice::<Json>(body).ok()) else {
            return;
        };
        body[MEMBER] = traffic.clone();
        let text = body.to_string();
        request.headers_mut().insert("content-length", text.len().to_string());
        *request.body_mut() = SdkBody::from(text);
    }
}

/// What the answer to a description says of it, once the call is over.
#[derive(Clone, Debug, Default)]
pub(super) struct Told(Arc<Mutex<Option<Json>>>);

impl Told {
    /// The structure as the service tells it.
    pub(super) fn into_traffic(self) -> Option<Json> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[dyn_dispatch_hint]
impl Intercept for Told {
    fn name(&self) -> &'static str {
        "cross-region traffic"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().body().bytes().unwrap_or_default();
        let mut answer: Json = serde_json::from_slice(body).unwrap_or_default();
        let traffic = answer.get_mut(MEMBER).map(Json::take).filter(Json::is_object);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = traffic;
        Ok(())
    }
}

/// The block as it is described.
pub(super) fn describe<'b>(block: Builder<'b>, traffic: &Json) -> Builder<'b> {
    ARGUMENTS.into_iter().fold(block, |block, (name, member)| {
        let number = traffic.get(member).and_then(Json::as_i64).and_then(|number| i32::try_from(number).ok());
        block.int(name, number)
    })
}
