//! SageMaker: models, endpoint configurations, endpoints, and what they share.

pub(crate) mod data_endpoint;
pub(crate) mod data_prebuilt_ecr_image;
pub(crate) mod endpoint;
pub(crate) mod endpoint_configuration;
pub(crate) mod inference_component;
pub(crate) mod model;
mod tagging;
mod users;

use smform_types::{Path, Step, Value};

use crate::failure::Failure;
use crate::fields::{Fields, single, with};
use crate::naming;

/// The code that SageMaker answers with for nearly everything.
const VALIDATION: &str = "ValidationException";

/// Whether the service does not know a `model`, `endpoint configuration` or `endpoint`. Only the beginning of the text
/// tells: any other refusal with the same code is an error, and must not pass for an object that is gone.
fn is_missing(failure: &Failure, what: &str) -> bool {
    if failure.code() == "ResourceNotFound" {
        return true;
    }
    let about_configuration = failure.is(VALIDATION, "Could not find endpoint configuration");
    failure.is(VALIDATION, &format!("Could not find {what}")) && (what != "endpoint" || !about_configuration)
}

/// Whether the name of a new object is taken.
fn is_taken(failure: &Failure) -> bool {
    failure.is(VALIDATION, "Cannot create already existing")
}

/// `Ok(None)` for an object that the service does not know.
fn found<T>(result: Result<T, Failure>, what: &str) -> Result<Option<T>, Failure> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(failure) if is_missing(&failure, what) => Ok(None),
        Err(failure) => Err(failure),
    }
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
    match Fields(config).text("name") {
        Some(name) => with(planned, "id", Value::string(name)),
        None => planned,
    }
}
