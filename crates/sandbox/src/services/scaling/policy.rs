//! Scaling policies of targets.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Answer, identity, namespace, not_found, page, required, validation};
use crate::services::Context;
use crate::services::body::{Object, object, text, texts};
use crate::wire::ApiError;

const TRACKING: &str = "TargetTrackingScalingPolicyConfiguration";
const STEPS: &str = "StepScalingPolicyConfiguration";
const PREDICTIVE: &str = "PredictiveScalingPolicyConfiguration";

const METRICS: [&str; 5] = [
    "SageMakerVariantInvocationsPerInstance",
    "SageMakerVariantProvisionedConcurrencyUtilization",
    "SageMakerInferenceComponentInvocationsPerCopy",
    "SageMakerVariantConcurrentRequestsPerModelHighResolution",
    "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution",
];

pub(super) fn put(context: &mut Context<'_>, input: &Object) -> Answer {
    let (key, resource, dimension) = identity(input)?;
    let name = required(input, "PolicyName")?;
    let before = context.region.scaling.targets.get(&key).and_then(|target| target.policies.get(name));
    let kind = match (text(input, "PolicyType"), before) {
        ("", Some(before)) => text(before, "PolicyType").to_owned(),
        ("", None) => "StepScaling".to_owned(),
        (given, _) => given.to_owned(),
    };
    check(input, &kind)?;
    let arn = match before {
        Some(before) => text(before, "PolicyARN").to_owned(),
        None => {
            let id = Uuid::new_v4();
            context.arn("autoscaling", &format!("scalingPolicy:{id}:resource/sagemaker/{resource}:policyName/{name}"))
        }
    };
    let created = before.and_then(|before| before.get("CreationTime").cloned());
    let alarms = if kind == "TargetTrackingScaling" { alarms(context, resource, &arn) } else { Vec::new() };
    let mut policy = Object::new();
    for (member, value) in [
        ("PolicyARN", json!(arn)),
        ("PolicyName", json!(name)),
        ("ServiceNamespace", json!("sagemaker")),
        ("ResourceId", json!(resource)),
        ("ScalableDimension", json!(dimension)),
        ("PolicyType", json!(kind)),
        ("Alarms", json!(alarms)),
        ("CreationTime", created.unwrap_or_else(|| json!(context.now.as_seconds()))),
    ] {
        policy.insert(member.to_owned(), value);
    }
    for member in [TRACKING, STEPS, PREDICTIVE] {
        if let Some(config) = input.get(member) {
            policy.insert(member.to_owned(), config.clone());
        }
    }
    let target = context.region.scaling.targets.get_mut(&key);
    let target = target.ok_or_else(|| not_found("scalable target", resource, dimension))?;
    target.policies.insert(name.to_owned(), policy);
    Ok(json!({ "PolicyARN": arn, "Alarms": alarms }))
}

pub(super) fn describe(context: &mut Context<'_>, input: &Object) -> Answer {
    namespace(input)?;
    let names: Vec<&str> = texts(input, "PolicyNames").collect();
    let (resource, dimension) = (text(input, "ResourceId"), text(input, "ScalableDimension"));
    let policies = context
        .region
        .scaling
        .targets
        .values()
        .filter(|target| resource.is_empty() || target.resource == resource)
        .filter(|target| dimension.is_empty() || target.dimension == dimension)
        .flat_map(|target| &target.policies)
        .filter(|(name, _)| names.is_empty() || names.contains(&name.as_str()))
        .map(|(_, policy)| Value::Object(policy.clone()))
        .collect();
    page(input, "ScalingPolicies", policies)
}

pub(super) fn delete(context: &mut Context<'_>, input: &Object) -> Answer {
    let (key, resource, dimension) = identity(input)?;
    let name = required(input, "PolicyName")?;
    let target = context.region.scaling.targets.get_mut(&key);
    match target.and_then(|target| target.policies.remove(name)) {
        Some(_) => Ok(json!({})),
        None => Err(not_found("scaling policy", resource, dimension)),
    }
}

/// The members that go with a policy's type. Texts are unverified.
fn check(input: &Object, kind: &str) -> Result<(), ApiError> {
    let wanted = match kind {
        "TargetTrackingScaling" => TRACKING,
        "StepScaling" => STEPS,
        // Whether the real service takes one for SageMaker is unverified; it would predict for other services.
        "PredictiveScaling" => PREDICTIVE,
        _ => return Err(validation(format!("The sandbox knows no scaling policies of type {kind}."))),
    };
    let mut others = [TRACKING, STEPS, PREDICTIVE].into_iter().filter(|other| *other != wanted);
    if let Some(other) = others.find(|other| input.contains_key(*other)) {
        return Err(validation(format!("{other} cannot be used with policy type {kind}.")));
    }
    let config = object(input, wanted).ok_or_else(|| validation(format!("{wanted} is required for {kind}.")))?;
    if wanted != TRACKING {
        return Ok(());
    }
    if config.get("TargetValue").and_then(Value::as_f64).is_none() {
        return Err(validation("TargetValue must be specified in TargetTrackingScalingPolicyConfiguration."));
    }
    let predefined = object(config, "PredefinedMetricSpecification");
    if predefined.is_some() == config.contains_key("CustomizedMetricSpecification") {
        return Err(validation(
            "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be specified.",
        ));
    }
    match predefined.map(|metric| text(metric, "PredefinedMetricType")) {
        Some(metric) if !METRICS.contains(&metric) => {
            Err(validation(format!("The metric {metric:?} is not one that SageMaker can be scaled by.")))
        }
        _ => Ok(()),
    }
}

/// The alarms that target tracking makes: one for scaling out, one for scaling in.
fn alarms(context: &Context<'_>, resource: &str, policy_arn: &str) -> Vec<Value> {
    let id = policy_arn.split(':').find(|part| part.len() == 36).unwrap_or_default();
    ["AlarmHigh", "AlarmLow"]
        .iter()
        .map(|side| {
            let name = format!("TargetTracking-{resource}-{side}-{id}");
            let arn = context.arn("cloudwatch", &format!("alarm:{name}"));
            json!({ "AlarmName": name, "AlarmARN": arn })
        })
        .collect()
}
