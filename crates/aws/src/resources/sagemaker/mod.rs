//! SageMaker: models, endpoint configurations, endpoints, and what they share.

pub(crate) mod data_endpoint;
pub(crate) mod data_model;
pub(crate) mod data_model_package;
pub(crate) mod data_model_package_group;
pub(crate) mod data_prebuilt_ecr_image;
pub(crate) mod endpoint;
pub(crate) mod endpoint_configuration;
pub(crate) mod inference_component;
pub(crate) mod model;
pub(in crate::resources) mod referred;
mod tagging;
mod trust;
mod users;

use std::time::Duration;

use smform_provider::{Former, PlanResponse, ReplaceOrder, Run};
use smform_types::{Path, Refinement, Step, Type, Value};

use crate::failure::Failure;
use crate::fields::{Fields, single, with};
use crate::naming;
use crate::waiters::Wait;

/// The code that SageMaker answers with for nearly everything.
const VALIDATION: &str = "ValidationException";

/// How long an object that was just made may stay invisible, to descriptions and to other calls.
const PROPAGATION: Duration = Duration::from_secs(60);

/// Whether the service does not know a `model`, `endpoint configuration` or `endpoint`. Only the beginning of the text
/// tells: any other refusal with the same code is an error, and must not pass for an object that is gone.
fn is_missing(failure: &Failure, what: &str) -> bool {
    if matches!(failure.code(), "ResourceNotFound" | "ResourceNotFoundException") {
        return true;
    }
    failure.code() == VALIDATION && missing(failure.message()).is_some_and(|named| is_named(named, what))
}

/// What a refusal says that it does not find: the text from there on. The service says "Could not find endpoint ...";
/// imitations of it say the same in their own words.
fn missing(message: &str) -> Option<&str> {
    let after = |beginning: &str| {
        let begins = message.get(..beginning.len())?.eq_ignore_ascii_case(beginning);
        message.get(beginning.len()..).filter(|_| begins)
    };
    if let Some(named) = after("could not find ") {
        return Some(named);
    }
    let text = message.to_ascii_lowercase();
    let unknown = ["does not exist", "not found", "doesn't exist"].iter().any(|words| text.contains(words));
    unknown.then(|| after("the ").unwrap_or(message))
}

/// Whether a text begins with a kind of object: an endpoint's configuration is no endpoint.
fn is_named(text: &str, what: &str) -> bool {
    let begins = |what: &str| text.get(..what.len()).is_some_and(|text| text.eq_ignore_ascii_case(what));
    let of_configuration = ["endpoint configuration", "endpoint config", "endpoint-config"].into_iter().any(begins);
    match what {
        "endpoint configuration" => of_configuration,
        "endpoint" => begins(what) && !of_configuration,
        // The service writes these in one word, and a version's group may be what is missing.
        "model package" | "model package group" => begins(what) || begins(&what.replace(' ', "")),
        _ => begins(what),
    }
}

/// Whether the name of a new object is taken.
fn is_taken(failure: &Failure) -> bool {
    match failure.code() {
        VALIDATION => failure.message().to_ascii_lowercase().contains("already exist"),
        "ResourceAlreadyExists" | "ResourceAlreadyExistsException" | "ResourceInUse" | "ResourceInUseException" => true,
        _ => false,
    }
}

/// Whether the service refuses because another change of the object is under way.
fn is_in_progress(failure: &Failure) -> bool {
    let refused =
        matches!(failure.code(), VALIDATION | "ConflictException" | "ResourceInUse" | "ResourceInUseException");
    let text = failure.message().to_ascii_lowercase();
    let busy = ["in-progress", "in progress", "creating", "updating", "rollingback", "rolling back", "deleting"];
    refused
        && busy.iter().any(|words| text.contains(words))
        && missing(failure.message()).is_none()
        && !text.contains("validation error")
}

/// `Ok(None)` for an object that the service does not know.
fn found<T>(result: Result<T, Failure>, what: &str) -> Result<Option<T>, Failure> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(failure) if is_missing(&failure, what) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Asks for a new object until the service shows it, for a while: an answer may come from where it is not known yet.
async fn shown<T, F>(run: &dyn Run, mut ask: impl FnMut() -> F + Send) -> Option<T>
where
    F: Future<Output = Result<Option<T>, Failure>> + Send,
    T: Send,
{
    let mut wait = Wait::new(run, PROPAGATION).paced(Duration::from_secs(1), Duration::from_secs(5));
    loop {
        match ask().await {
            Ok(Some(found)) => return Some(found),
            Ok(None) if wait.pause().await.is_ok() => run.progress("waiting for it to become visible"),
            _ => return None,
        }
    }
}

/// A moment as text, as Terraform writes times: in UTC, to the second.
fn moment(time: Option<&aws_smithy_types::DateTime>) -> Option<String> {
    let time = time.and_then(|time| jiff::Timestamp::from_second(time.secs()).ok());
    time.map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// Weights are compared in the precision that the service keeps.
fn same_weight(path: &Path, prior: &Value, wanted: &Value) -> bool {
    let of_weight = |name: &str| matches!(name, "initial_variant_weight" | "desired_weight");
    matches!(path.0.last(), Some(Step::Attribute(name)) if of_weight(name))
        && prior.as_number().map(single) == wanted.as_number().map(single)
}

/// A new object with what is known of its identifiers before it exists: its id is its name.
fn identified(config: &Value, planned: Value) -> Value {
    let planned = naming::with_prefix(config, planned);
    if let Some(name) = Fields(config).text("name") {
        return with(planned, "id", Value::string(name));
    }
    // By the beginning of its name, what refers to the object is known to do so.
    let prefix = Fields(&planned).owned("name_prefix").filter(|_| !Fields(config).is_given("name"));
    let Some(prefix) = prefix else { return planned };
    let name = Value::refined(Type::String, Refinement::with_prefix(&prefix));
    ["id", "name"].into_iter().fold(planned, |planned, attribute| with(planned, attribute, name.clone()))
}

/// A new object in the place of one that is gone. When nothing but its tags is new about it, it is made under the name
/// that it had: what refers to it goes on as it is, and an endpoint need not be moved, which SageMaker would refuse without
/// the configuration that it has.
fn restored(planned: Value, former: &Former, again: impl FnOnce(Value) -> PlanResponse) -> Value {
    let Former::Gone(gone) = former else { return planned };
    let again = again(gone.clone());
    if again.replace.is_empty() { again.planned } else { planned }
}

/// The order of a replacement, with what uses the old object where the new one would get its name.
async fn order<F: Future<Output = Result<Vec<users::User>, Failure>>>(
    former: &Former,
    config: &Value,
    planned: &Value,
    users: impl FnOnce(String) -> F,
) -> ReplaceOrder {
    let mut order = naming::order(former, config, planned, &["region"]);
    if let (ReplaceOrder::CreateFirst, Former::Replaced(_)) = (&order, former) {
        order = ReplaceOrder::DeleteLast;
    }
    if let (ReplaceOrder::SameName(same), Former::Replaced(old)) = (&mut order, former) {
        // The plan says what is seen. What cannot be seen stops the deletion, and does not stop a plan.
        let users = users(Fields(old).owned("id").unwrap_or_default()).await.unwrap_or_default();
        same.users = users.iter().map(ToString::to_string).collect();
    }
    order
}

/// Whether an object of a plan is replaced: a new one gets another ARN, which is not known yet.
pub(in crate::resources) fn is_replaced(before: &Value, after: &Value) -> bool {
    before.get("arn") != after.get("arn")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_in_several_ways() {
        let of = |message: &str| {
            let named = missing(message)?;
            ["model", "endpoint configuration", "endpoint"].into_iter().find(|what| is_named(named, what))
        };
        assert_eq!(of("Could not find endpoint \"arn:x:endpoint/e\"."), Some("endpoint"));
        assert_eq!(of("could not find endpoint configuration \"x\""), Some("endpoint configuration"));
        assert_eq!(of("Could not find model \"endpoint\"."), Some("model"));
        assert_eq!(of("The endpoint e does not exist"), Some("endpoint"));
        assert_eq!(of("Endpoint configuration e not found."), Some("endpoint configuration"));
        assert_eq!(of("1 validation error detected: Value 'é' at 'endpointName' failed"), None);
        assert_eq!(of("The role of the model does not exist"), None);
        assert_eq!(of(""), None);
    }
}
