//! Application Auto Scaling for SageMaker: scalable targets and their policies, and what they do to endpoints.
//!
//! There is no load here, so policies are kept and shown but never change anything. What does is a target's range: a
//! count outside it is moved inside, as soon as the endpoint or component is in service.

mod effect;
mod policy;
mod target;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) use self::effect::{refuse_update, settle};
use crate::clock::Moment;
use crate::services::body::{Object, text, texts};
use crate::services::{Context, JsonOperation, JsonService};
use crate::wire::ApiError;

/// An operation's result.
type Answer = Result<Value, ApiError>;
type Run = fn(&mut Context<'_>, &Object) -> Answer;

const fn reads(name: &'static str, run: Run) -> JsonOperation {
    JsonOperation { name, mutates: false, run }
}

const fn writes(name: &'static str, run: Run) -> JsonOperation {
    JsonOperation { name, mutates: true, run }
}

/// The service.
pub(crate) static SERVICE: JsonService = JsonService {
    name: NAME,
    signed_for: NAME,
    target: "AnyScaleFrontendService",
    throttling: "ThrottlingException",
    operations: &[
        writes("RegisterScalableTarget", target::register),
        reads("DescribeScalableTargets", target::describe),
        writes("DeregisterScalableTarget", target::deregister),
        writes("PutScalingPolicy", policy::put),
        reads("DescribeScalingPolicies", policy::describe),
        writes("DeleteScalingPolicy", policy::delete),
        reads("ListTagsForResource", target::list_tags),
        writes("TagResource", target::tag),
        writes("UntagResource", target::untag),
    ],
    names,
};

const NAME: &str = "application-autoscaling";

/// The scalable targets of a region, by what they scale.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct State {
    targets: BTreeMap<String, Target>,
}

/// A scalable target.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Target {
    resource: String,
    dimension: String,
    arn: String,
    min: i64,
    max: i64,
    role: String,
    suspended: Object,
    created: Moment,
    tags: BTreeMap<String, String>,
    /// By name, the members that Describe shows.
    policies: BTreeMap<String, Object>,
}

/// What can be scaled.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Resource<'a> {
    Variant { endpoint: &'a str, variant: &'a str },
    Component(&'a str),
}

/// The names that identify what a request is about.
fn names(input: &Object) -> Vec<String> {
    let own = ["ResourceId", "PolicyName", "ResourceARN"].map(|member| text(input, member));
    let parts = own.iter().flat_map(|name| name.split('/')).filter(|part| !["endpoint", "variant"].contains(part));
    let lists = ["ResourceIds", "PolicyNames"].into_iter().flat_map(|list| texts(input, list));
    own.iter().copied().chain(parts).chain(lists).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn validation(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationException", message)
}

/// The namespace, resource and dimension of a request, checked.
fn identity(input: &Object) -> Result<(String, &str, &str), ApiError> {
    namespace(input)?;
    let (resource, dimension) = (required(input, "ResourceId")?, required(input, "ScalableDimension")?);
    parse(resource, dimension).ok_or_else(|| {
        // Unverified text.
        validation(format!(
            "Unsupported service namespace, resource type or scalable dimension: {resource}, {dimension}"
        ))
    })?;
    Ok((key(resource, dimension), resource, dimension))
}

/// Only SageMaker is scaled here.
fn namespace(input: &Object) -> Result<(), ApiError> {
    match required(input, "ServiceNamespace")? {
        "sagemaker" => Ok(()),
        other => Err(validation(format!("The sandbox scales the namespace sagemaker only, not {other}."))),
    }
}

fn key(resource: &str, dimension: &str) -> String {
    format!("{resource} {dimension}")
}

fn required<'a>(input: &'a Object, member: &str) -> Result<&'a str, ApiError> {
    let mut characters = member.chars();
    let shown: String = characters.next().into_iter().flat_map(char::to_lowercase).chain(characters).collect();
    match input.get(member) {
        Some(Value::String(value)) if !value.is_empty() => Ok(value),
        Some(Value::String(_)) => Err(validation(format!(
            "1 validation error detected: Value '' at '{shown}' failed to satisfy constraint: Member must have length \
             greater than or equal to 1"
        ))),
        Some(_) => Err(ApiError::new("SerializationException", format!("{member} is not a string."))),
        None => Err(validation(format!(
            "1 validation error detected: Value null at '{shown}' failed to satisfy constraint: Member must not be null"
        ))),
    }
}

fn parse<'a>(resource: &'a str, dimension: &str) -> Option<Resource<'a>> {
    let mut parts = resource.split('/');
    let found = match (parts.next()?, parts.next()?, parts.next(), parts.next()) {
        ("endpoint", endpoint, Some("variant"), Some(variant)) => Resource::Variant { endpoint, variant },
        ("inference-component", name, None, None) => Resource::Component(name),
        _ => return None,
    };
    let fits = match found {
        Resource::Variant { .. } => [COUNT, CONCURRENCY].contains(&dimension),
        Resource::Component(_) => dimension == COPIES,
    };
    (fits && parts.next().is_none()).then_some(found)
}

const COUNT: &str = "sagemaker:variant:DesiredInstanceCount";
const CONCURRENCY: &str = "sagemaker:variant:DesiredProvisionedConcurrency";
const COPIES: &str = "sagemaker:inference-component:DesiredCopyCount";

fn not_found(what: &str, resource: &str, dimension: &str) -> ApiError {
    // The text has been seen on the real service, for targets.
    let text = format!(
        "No {what} found for service namespace: sagemaker, resource ID: {resource}, scalable dimension: {dimension}"
    );
    ApiError::new("ObjectNotFoundException", text)
}

/// A page by position.
fn page(input: &Object, list: &str, items: Vec<Value>) -> Answer {
    let size = crate::services::body::integer(input, "MaxResults").unwrap_or(50).clamp(1, 50);
    let start = match text(input, "NextToken") {
        "" => 0,
        token => token.parse().map_err(|_| ApiError::new("InvalidNextTokenException", "The next token is invalid."))?,
    };
    let size = usize::try_from(size).unwrap_or(50);
    let total = items.len();
    let shown: Vec<Value> = items.into_iter().skip(start).take(size).collect();
    let end = start.saturating_add(shown.len());
    let mut answer = json!({ list: shown });
    if let (true, Some(answer)) = (end < total, answer.as_object_mut()) {
        answer.insert("NextToken".into(), Value::from(end.to_string()));
    }
    Ok(answer)
}
