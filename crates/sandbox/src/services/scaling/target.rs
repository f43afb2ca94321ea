//! Scalable targets: what may be scaled, and between which counts.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Answer, Resource, Target, identity, namespace, not_found, page, parse, required, validation};
use crate::services::Context;
use crate::services::body::{Object, integer, object, text, texts};
use crate::wire::ApiError;
use crate::world::ACCOUNT;

pub(super) fn register(context: &mut Context<'_>, input: &Object) -> Answer {
    let (key, resource, dimension) = identity(input)?;
    check_exists(context, resource, dimension)?;
    let known = context.region.scaling.targets.get(&key);
    let bound = |member: &str, before: Option<i64>| {
        // Unverified text.
        integer(input, member).or(before).ok_or_else(|| {
            validation(format!("{member} must be specified when a scalable target is registered for the first time"))
        })
    };
    let min = bound("MinCapacity", known.map(|target| target.min))?;
    let max = bound("MaxCapacity", known.map(|target| target.max))?;
    if min < 0 || max < min {
        // Unverified text.
        return Err(validation(format!("Maximum capacity ({max}) cannot be less than minimum capacity ({min}).")));
    }
    let mut target = known.cloned().unwrap_or_else(|| Target {
        resource: resource.to_owned(),
        dimension: dimension.to_owned(),
        arn: context.arn(super::NAME, &format!("scalable-target/{}", short_id(resource, dimension))),
        min,
        max,
        role: format!(
            "arn:{}:iam::{ACCOUNT}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/\
             AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint",
            context.scope.partition()
        ),
        suspended: Object::new(),
        created: context.now,
        tags: BTreeMap::new(),
        policies: BTreeMap::new(),
    });
    (target.min, target.max) = (min, max);
    if let Some(suspended) = object(input, "SuspendedState") {
        target.suspended.extend(suspended.clone());
    }
    if let Some(tags) = object(input, "Tags") {
        target
            .tags
            .extend(tags.iter().map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())));
    }
    let arn = target.arn.clone();
    context.region.scaling.targets.insert(key, target);
    super::settle(context.region, context.settings, context.now);
    Ok(json!({ "ScalableTargetARN": arn }))
}

pub(super) fn describe(context: &mut Context<'_>, input: &Object) -> Answer {
    namespace(input)?;
    let wanted: Vec<&str> = texts(input, "ResourceIds").collect();
    let dimension = text(input, "ScalableDimension");
    let targets = context
        .region
        .scaling
        .targets
        .values()
        .filter(|target| wanted.is_empty() || wanted.contains(&target.resource.as_str()))
        .filter(|target| dimension.is_empty() || target.dimension == dimension)
        .map(|target| {
            let suspended = |member: &str| target.suspended.get(member).and_then(Value::as_bool).unwrap_or(false);
            json!({
                "ServiceNamespace": "sagemaker",
                "ResourceId": target.resource,
                "ScalableDimension": target.dimension,
                "MinCapacity": target.min,
                "MaxCapacity": target.max,
                "RoleARN": target.role,
                "CreationTime": target.created.as_seconds(),
                "ScalableTargetARN": target.arn,
                "SuspendedState": {
                    "DynamicScalingInSuspended": suspended("DynamicScalingInSuspended"),
                    "DynamicScalingOutSuspended": suspended("DynamicScalingOutSuspended"),
                    "ScheduledScalingSuspended": suspended("ScheduledScalingSuspended"),
                },
            })
        })
        .collect();
    page(input, "ScalableTargets", targets)
}

/// Takes the target's policies with it; the capacity stays as it is.
pub(super) fn deregister(context: &mut Context<'_>, input: &Object) -> Answer {
    let (key, resource, dimension) = identity(input)?;
    match context.region.scaling.targets.remove(&key) {
        Some(_) => Ok(json!({})),
        None => Err(not_found("scalable target", resource, dimension)),
    }
}

pub(super) fn list_tags(context: &mut Context<'_>, input: &Object) -> Answer {
    Ok(json!({ "Tags": by_arn(context, input)?.tags }))
}

pub(super) fn tag(context: &mut Context<'_>, input: &Object) -> Answer {
    let tags = object(input, "Tags").cloned().unwrap_or_default();
    let new = tags.into_iter().map(|(key, value)| (key, value.as_str().unwrap_or_default().to_owned()));
    by_arn(context, input)?.tags.extend(new);
    Ok(json!({}))
}

pub(super) fn untag(context: &mut Context<'_>, input: &Object) -> Answer {
    let keys: Vec<&str> = texts(input, "TagKeys").collect();
    by_arn(context, input)?.tags.retain(|key, _| !keys.contains(&key.as_str()));
    Ok(json!({}))
}

fn by_arn<'a>(context: &'a mut Context<'_>, input: &Object) -> Result<&'a mut Target, ApiError> {
    let arn = required(input, "ResourceARN")?;
    context.region.scaling.targets.values_mut().find(|target| target.arn == arn).ok_or_else(|| {
        // Unverified text.
        ApiError::new("ResourceNotFoundException", format!("The specified resource {arn} does not exist."))
    })
}

/// What is to be scaled must exist and be in service. Texts are unverified.
fn check_exists(context: &Context<'_>, resource: &str, dimension: &str) -> Result<(), ApiError> {
    let state = &context.region.sagemaker;
    let status = match parse(resource, dimension) {
        Some(Resource::Variant { endpoint, variant }) => state.endpoint(endpoint).and_then(|found| {
            let status = found.status(context.now);
            let known = found.fleets().flat_map(|fleet| &fleet.variants).any(|v| v.name == variant);
            known.then_some(status)
        }),
        Some(Resource::Component(name)) => state.components.get(name).map(|component| component.status()),
        None => None,
    };
    match status {
        Some("InService" | "Updating" | "SystemUpdating") => Ok(()),
        Some(status) => Err(validation(format!("The resource {resource} is {status}, not InService."))),
        None => Err(validation(format!("The resource {resource} does not exist."))),
    }
}

/// An id as in the ARNs of targets.
fn short_id(resource: &str, dimension: &str) -> String {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(format!("{resource} {dimension}"));
    hash.iter().take(17).map(|byte| format!("{byte:02x}")).collect()
}
