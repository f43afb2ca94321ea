//! Service Quotas: how many instances of each type the endpoints of a region may use. They are those that SageMaker
//! enforces here, as the settings have them.
//!
//! The codes are the sandbox's own: those of the real service cannot be derived, so clients go by the names.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::services::body::{Object, integer, text};
use crate::services::sagemaker::INSTANCE_TYPES;
use crate::services::{Context, JsonOperation, JsonService};
use crate::settings::InstanceQuotas;
use crate::wire::ApiError;

/// An operation's result.
type Answer = Result<Value, ApiError>;

/// The service.
pub(crate) static SERVICE: JsonService = JsonService {
    name: "service-quotas",
    signed_for: SIGNED_FOR,
    target: "ServiceQuotasV20190624",
    throttling: "TooManyRequestsException",
    operations: &[
        JsonOperation { name: "ListServiceQuotas", mutates: false, run: list_applied },
        JsonOperation { name: "GetServiceQuota", mutates: false, run: get_applied },
        JsonOperation { name: "ListAWSDefaultServiceQuotas", mutates: false, run: list_defaults },
        JsonOperation { name: "GetAWSDefaultServiceQuota", mutates: false, run: get_default },
    ],
    names,
};

const SIGNED_FOR: &str = "servicequotas";

/// The names that identify what a request is about.
fn names(input: &Object) -> Vec<String> {
    ["ServiceCode", "QuotaCode"].iter().map(|member| text(input, member).to_owned()).filter(|n| !n.is_empty()).collect()
}

fn list_applied(context: &mut Context<'_>, input: &Object) -> Answer {
    list(context, input, &context.settings.instance_quotas)
}

fn get_applied(context: &mut Context<'_>, input: &Object) -> Answer {
    get(context, input, &context.settings.instance_quotas)
}

fn list_defaults(context: &mut Context<'_>, input: &Object) -> Answer {
    list(context, input, &InstanceQuotas::default())
}

fn get_default(context: &mut Context<'_>, input: &Object) -> Answer {
    get(context, input, &InstanceQuotas::default())
}

fn list(context: &Context<'_>, input: &Object, quotas: &InstanceQuotas) -> Answer {
    check_service(input)?;
    let size = integer(input, "MaxResults").unwrap_or(100);
    let size = usize::try_from(size)
        .ok()
        .filter(|size| (1..=100).contains(size))
        .ok_or_else(|| illegal(format!("MaxResults is {size}; it must be from 1 to 100.")))?;
    let start: usize = match text(input, "NextToken") {
        "" => 0,
        token => token
            .parse()
            .map_err(|_| ApiError::new("InvalidPaginationTokenException", "The pagination token is not valid."))?,
    };
    let only = text(input, "QuotaCode");
    let types: Vec<&&str> = INSTANCE_TYPES.iter().filter(|t| only.is_empty() || code(t) == only).collect();
    let shown: Vec<Value> = types.iter().skip(start).take(size).map(|t| quota(context, t, quotas)).collect();
    let end = start.saturating_add(shown.len());
    let mut answer = json!({ "Quotas": shown });
    if let (true, Some(answer)) = (end < types.len(), answer.as_object_mut()) {
        answer.insert("NextToken".into(), Value::from(end.to_string()));
    }
    Ok(answer)
}

fn get(context: &Context<'_>, input: &Object, quotas: &InstanceQuotas) -> Answer {
    check_service(input)?;
    let wanted = text(input, "QuotaCode");
    let instance_type = INSTANCE_TYPES.iter().find(|instance_type| code(instance_type) == wanted);
    // Unverified text.
    let instance_type =
        instance_type.ok_or_else(|| no_such("The request failed because the specified quota does not exist."))?;
    Ok(json!({ "Quota": quota(context, instance_type, quotas) }))
}

fn check_service(input: &Object) -> Result<(), ApiError> {
    match text(input, "ServiceCode") {
        "sagemaker" => Ok(()),
        "" => Err(illegal("ServiceCode must be specified.".to_owned())),
        // Unverified text.
        _ => Err(no_such("The request failed because the specified service does not exist.")),
    }
}

fn no_such(message: &str) -> ApiError {
    ApiError::new("NoSuchResourceException", message)
}

fn illegal(message: String) -> ApiError {
    ApiError::new("IllegalArgumentException", message)
}

fn quota(context: &Context<'_>, instance_type: &str, quotas: &InstanceQuotas) -> Value {
    let code = code(instance_type);
    json!({
        "ServiceCode": "sagemaker",
        "ServiceName": "Amazon SageMaker",
        "QuotaArn": context.arn(SIGNED_FOR, &format!("sagemaker/{code}")),
        "QuotaCode": code,
        "QuotaName": format!("{instance_type} for endpoint usage"),
        "Value": quotas.of(instance_type) as f64,
        "Unit": "None",
        "Adjustable": true,
        "GlobalQuota": false,
        "QuotaAppliedAtLevel": "ACCOUNT",
    })
}

fn code(instance_type: &str) -> String {
    let hash = Sha256::digest(instance_type.as_bytes());
    let digits: String = hash.iter().take(4).map(|byte| format!("{byte:02X}")).collect();
    format!("L-{digits}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique() {
        let codes: BTreeSet<String> = INSTANCE_TYPES.iter().map(|instance_type| code(instance_type)).collect();
        assert_eq!(codes.len(), INSTANCE_TYPES.len());
    }
}
