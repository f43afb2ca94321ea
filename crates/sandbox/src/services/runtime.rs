//! SageMaker Runtime: invoking endpoints. The answer says who served it, so that a client can follow a rollout.
//!
//! Traffic is divided by the variants' weights, and during a deployment between the old fleet and the part of the new
//! one that takes traffic. The division is exact over many calls, and the same in every run.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response};
use serde_json::{Value, json};

use crate::services::Context;
use crate::services::sagemaker::lifecycle::Kind;
use crate::services::sagemaker::state::Endpoint;
use crate::services::sagemaker::{Fleet, Variant};
use crate::wire::{ApiError, reply};
use crate::world::ACCOUNT;

/// The service as clients name it. Its requests are signed for `sagemaker`.
pub(crate) const SERVICE: &str = "sagemaker-runtime";

const PREFIX: &str = "/endpoints/";
const SUFFIX: &str = "/invocations";

/// A request to serve.
pub(crate) struct Invocation {
    pub endpoint: String,
    variant: Option<String>,
    component: Option<String>,
    custom_attributes: Option<String>,
}

/// A request served.
pub(crate) struct Served {
    variant: String,
    custom_attributes: Option<String>,
    body: Value,
}

/// Counts of answers by region and endpoint; kept in memory only.
#[derive(Debug, Default)]
pub(crate) struct Invocations {
    by_endpoint: BTreeMap<(String, String), Counts>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    answered: u64,
    refused: u64,
}

/// Whether a path is one of this service.
pub(crate) fn is_path(path: &str) -> bool {
    path.starts_with(PREFIX) && path.ends_with(SUFFIX)
}

/// Reads a request.
pub(crate) fn read(request: &Request<Bytes>) -> Result<Invocation, ApiError> {
    if request.method() != Method::POST {
        let text = format!("{} is not a method of InvokeEndpoint.", request.method());
        return Err(ApiError::new("UnknownOperationException", text));
    }
    let path = request.uri().path();
    let name = path.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX)).unwrap_or_default();
    let name_fits = (1..=63).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !name_fits {
        return Err(invalid(format!("\"{name}\" is not the name of an endpoint.")));
    }
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Ok(Invocation {
        endpoint: name.to_owned(),
        variant: header("x-amzn-sagemaker-target-variant"),
        component: header("x-amzn-sagemaker-inference-component"),
        custom_attributes: header("x-amzn-sagemaker-custom-attributes"),
    })
}

/// Serves a request, if the endpoint can. Texts are unverified unless marked.
pub(crate) fn invoke(context: &Context<'_>, invocation: &Invocation, before: &Invocations) -> Result<Served, ApiError> {
    let name = &invocation.endpoint;
    let known = context.region.sagemaker.endpoint(name);
    let serving = known
        .filter(|endpoint| !matches!(endpoint.operation.as_ref().map(|o| o.kind), Some(Kind::Create | Kind::Delete)));
    let Some((endpoint, fleet)) = serving.and_then(|endpoint| Some((endpoint, endpoint.fleet.as_ref()?))) else {
        // The text has been seen on the real service.
        return Err(invalid(format!("Endpoint {name} of account {ACCOUNT} not found.")));
    };
    let turn = before.of(&context.scope.region, name).answered;
    let (fleet, config, point) = fleet_of_turn(endpoint, fleet, context, turn);
    let variant = match &invocation.variant {
        Some(wanted) => fleet
            .variants
            .iter()
            .find(|variant| variant.name == *wanted)
            .ok_or_else(|| invalid(format!("Variant {wanted} of endpoint {name} not found.")))?,
        None => by_weight(&fleet.variants, point)
            .ok_or_else(|| unavailable(format!("No variant of endpoint {name} takes traffic: all weights are 0.")))?,
    };
    if variant.count == Some(0) {
        return Err(unavailable(format!("Variant {} of endpoint {name} has no instances.", variant.name)));
    }
    let component = serving_component(context, endpoint, variant, invocation.component.as_deref())?;
    Ok(Served {
        variant: variant.name.clone(),
        custom_attributes: invocation.custom_attributes.clone(),
        body: json!({
            "endpoint": endpoint.name,
            "configuration": config,
            "variant": variant.name,
            "models": variant.models,
            "images": variant.images.iter().map(|image| &image.specified).collect::<Vec<_>>(),
            "inference_component": component,
        }),
    })
}

/// The fleet that serves this turn, its configuration, and where in it the turn falls, from 0 to 1.
fn fleet_of_turn<'a>(
    endpoint: &'a Endpoint,
    current: &'a Fleet,
    context: &Context<'_>,
    turn: u64,
) -> (&'a Fleet, &'a str, f64) {
    // Multiples of the golden ratio spread evenly whatever their number.
    let point = (turn as f64 * 0.618_033_988_749_894_9).fract();
    let deployment = endpoint.operation.as_ref().filter(|operation| operation.kind == Kind::Update);
    if let Some(operation) = deployment {
        let share = operation.traffic_on_new(context.now);
        if point < share {
            return (&operation.fleet, &operation.config, point / share);
        }
        return (current, &endpoint.config, (point - share) / (1.0 - share));
    }
    (current, &endpoint.config, point)
}

fn by_weight(variants: &[Variant], point: f64) -> Option<&Variant> {
    let total: f64 = variants.iter().map(|variant| variant.weight).sum();
    let mut left = point * total;
    let mut taking = variants.iter().filter(|variant| variant.weight > 0.0);
    taking
        .clone()
        .find(|variant| {
            left -= variant.weight;
            left < 0.0
        })
        .or(taking.next_back())
}

/// The component that a variant without a model needs.
fn serving_component<'a>(
    context: &'a Context<'_>,
    endpoint: &Endpoint,
    variant: &Variant,
    wanted: Option<&str>,
) -> Result<Option<&'a str>, ApiError> {
    let Some(wanted) = wanted else {
        return if variant.models.is_empty() {
            // The text has been seen on the real service.
            Err(invalid(
                "Inference Component Name header is required for endpoints to which you plan to deploy inference \
                 components. Please include Inference Component Name header or consider using SageMaker models.",
            ))
        } else {
            Ok(None)
        };
    };
    let component = context
        .region
        .sagemaker
        .components
        .get(wanted)
        .filter(|component| component.endpoint == endpoint.name)
        .ok_or_else(|| invalid(format!("Inference component {wanted} of endpoint {} not found.", endpoint.name)))?;
    let serves = matches!(component.status(), "InService" | "Updating")
        && component.deployed.as_ref().is_some_and(|deployed| deployed.copies > 0);
    if serves {
        Ok(Some(&component.name))
    } else {
        Err(unavailable(format!("Inference component {wanted} has no copy in service.")))
    }
}

/// The reply to a request that was served.
pub(crate) fn success(id: &str, served: &Served) -> Response<Bytes> {
    let mut response = reply(200, "application/json", id, served.body.to_string().into_bytes());
    let headers = [
        ("x-amzn-invoked-production-variant", Some(&served.variant)),
        ("x-amzn-sagemaker-custom-attributes", served.custom_attributes.as_ref()),
    ];
    for (name, value) in headers {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}

/// The reply to a request that was refused.
pub(crate) fn failure(id: &str, error: &ApiError) -> Response<Bytes> {
    let body = json!({ "message": error.message });
    let mut response = reply(error.status, "application/json", id, body.to_string().into_bytes());
    if let Ok(code) = HeaderValue::from_str(&error.code) {
        response.headers_mut().insert("x-amzn-errortype", code);
    }
    response
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", message)
}

fn unavailable(message: String) -> ApiError {
    ApiError::new("ServiceUnavailable", message).with_status(503)
}

impl Invocations {
    /// Counts an answer.
    pub(crate) fn count(&mut self, region: &str, endpoint: &str, answered: bool) {
        let counts = self.by_endpoint.entry(key(region, endpoint)).or_default();
        let count = if answered { &mut counts.answered } else { &mut counts.refused };
        *count = count.saturating_add(1);
    }

    /// `{region: {endpoint: {"answered", "refused"}}}`.
    pub(crate) fn to_json(&self) -> Value {
        let mut regions: BTreeMap<&str, BTreeMap<&str, Value>> = BTreeMap::new();
        for ((region, endpoint), Counts { answered, refused }) in &self.by_endpoint {
            let counts = json!({ "answered": answered, "refused": refused });
            regions.entry(region).or_default().insert(endpoint, counts);
        }
        json!(regions)
    }

    fn of(&self, region: &str, endpoint: &str) -> Counts {
        self.by_endpoint.get(&key(region, endpoint)).copied().unwrap_or_default()
    }
}

fn key(region: &str, endpoint: &str) -> (String, String) {
    (region.to_owned(), endpoint.to_ascii_lowercase())
}
