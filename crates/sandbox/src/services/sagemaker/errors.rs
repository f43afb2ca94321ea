//! The service's messages by situation. Texts that have been seen on the real service are quoted; those marked
//! "unverified" are ours.

use super::body::Object;
use crate::wire::ApiError;

/// A `ValidationException`, the code of nearly every SageMaker error.
pub(crate) fn validation(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationException", message)
}

/// A model, endpoint configuration or endpoint that does not exist; `kind` as in "endpoint configuration".
pub(crate) fn not_found(kind: &str, arn: &str) -> ApiError {
    validation(format!("Could not find {kind} \"{arn}\"."))
}

/// A name that is taken.
pub(crate) fn already_exists(kind: &str, arn: &str) -> ApiError {
    validation(format!("Cannot create already existing {kind} \"{arn}\"."))
}

/// An endpoint with an operation under way.
pub(crate) fn in_progress(arn: &str) -> ApiError {
    validation(format!("Cannot update in-progress endpoint \"{arn}\"."))
}

/// A role that SageMaker cannot assume.
pub(crate) fn role(arn: &str) -> ApiError {
    validation(format!(
        "The execution role ARN \"{arn}\" is invalid. Please ensure that the role exists and that its trust \
         relationship policy allows the action \"sts:AssumeRole\" for the service principal \"sagemaker.amazonaws.com\"."
    ))
}

/// A quota that a request would exceed.
pub(crate) fn limit_exceeded(limit: &str, unit: &str, quota: u64, used: u64, delta: u64) -> ApiError {
    ApiError::new(
        "ResourceLimitExceeded",
        format!(
            "The account-level service limit '{limit}' is {quota} {unit}, with current utilization of {used} {unit} \
             and a request delta of {delta} {unit}. Please use AWS Service Quotas to request an increase for this \
             quota. If AWS Service Quotas is not available, contact AWS support to request an increase for this quota."
        ),
    )
}

/// Fails with `message` when `broken`; for rules across members.
pub(crate) fn refuse_if(broken: bool, message: impl FnOnce() -> String) -> Result<(), ApiError> {
    if broken { Err(validation(message())) } else { Ok(()) }
}

/// Whether a list or object member is given and not empty.
pub(crate) fn is_given(object: &Object, name: &str) -> bool {
    match object.get(name) {
        None => false,
        Some(serde_json::Value::Array(items)) => !items.is_empty(),
        Some(_) => true,
    }
}
