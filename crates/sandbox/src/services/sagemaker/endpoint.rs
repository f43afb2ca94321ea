//! Endpoints: creating, updating, scaling and deleting them. How they go on from there is in `lifecycle`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::body::{Object, flag, integer, number, object, objects, text};
use super::errors::{already_exists, in_progress, not_found, refuse_if, validation};
use super::fleet::Fleet;
use super::lifecycle::{self, Kind, Operation, Verdict};
use super::state::{Endpoint, Immutable, Settled};
use super::{Answer, component, deployment, endpoint_config, quota, tags};
use crate::services::ec2::interface::{self, Interface};
use crate::services::{Context, scaling};
use crate::wire::ApiError;

pub(crate) fn create(context: &mut Context<'_>, input: &Object) -> Answer {
    let tags = tags::of_create(input)?;
    let deployment_config = object(input, "DeploymentConfig");
    deployment_config.map_or(Ok(()), deployment::check_members)?;
    let name = text(input, "EndpointName");
    let arn = arn(context, name);
    if let Some(endpoint) = context.region.sagemaker.endpoint(name) {
        return Err(already_exists("endpoint", &endpoint.arn));
    }
    let config = find_config(context, text(input, "EndpointConfigName"))?;
    let mut fleet = Fleet::of_config(&config.body, &context.region.sagemaker, context.now);
    if let Some(policy) = deployment_config {
        deployment::check_sizes(policy, fleet.instance_count())?;
    }
    quota::check(context, name, &fleet)?;
    connect(context, &mut fleet, name);

    let durations = &context.settings.durations;
    let verdict = verdict(context, Kind::Create, &fleet);
    let seconds = if verdict == Verdict::Success { durations.create } else { durations.failed_create };
    let (verdict, seconds) = unless_model_is_lost(context, &fleet, verdict, seconds);
    let operation = Operation {
        kind: Kind::Create,
        started: context.now,
        ends: lifecycle::end_of(context.now, seconds, &context.ending),
        verdict,
        config: config.name.clone(),
        phases: vec![deployment::Phase { step: deployment::Step::Launching, seconds: 1.0 }],
        fleet,
        deployment_config: None,
        undone: None,
    };
    let endpoint = Endpoint {
        name: name.to_owned(),
        arn: arn.clone(),
        created: context.now,
        modified: context.now,
        config: config.name,
        settled: Settled::Failed,
        failure_reason: None,
        last_deployment_config: deployment_config.cloned().map(Value::Object),
        fleet: None,
        operation: Some(operation),
        tags,
    };
    context.region.sagemaker.endpoints.insert(name.to_ascii_lowercase(), endpoint);
    Ok(json!({ "EndpointArn": arn }))
}

pub(crate) fn update(context: &mut Context<'_>, input: &Object) -> Answer {
    object(input, "DeploymentConfig").map_or(Ok(()), deployment::check_members)?;
    let (arn, active) = {
        let endpoint = find_idle(context, text(input, "EndpointName"))?;
        // Unverified text; only deletion is possible after a failure.
        refuse_if(endpoint.settled == Settled::Failed, || {
            format!("Cannot update endpoint \"{}\" with status \"Failed\".", endpoint.arn)
        })?;
        (endpoint.arn.clone(), endpoint.config.clone())
    };
    let wanted = find_config(context, text(input, "EndpointConfigName"))?;
    refuse_if(wanted.name == active, || {
        format!("Cannot update endpoint with the currently in use endpoint configuration \"{}\".", wanted.arn)
    })?;
    // The active configuration must still exist, or there would be no way back.
    find_config(context, &active)?;

    let mut fleet = Fleet::of_config(&wanted.body, &context.region.sagemaker, context.now);
    let endpoint = find(context, text(input, "EndpointName"))?;
    let name = endpoint.name.clone();
    let current = endpoint.fleet.clone().unwrap_or_default();
    scaling::refuse_update(&context.region.scaling, &name, &current, &fleet)?;
    // Unverified text.
    refuse_if(fleet.is_serverless() && !current.is_serverless(), || {
        "An endpoint with instances cannot be updated to a serverless configuration.".into()
    })?;
    let deployment_config = match object(input, "DeploymentConfig") {
        Some(given) => Some(given.clone()),
        None if flag(input, "RetainDeploymentConfig") => {
            endpoint.last_deployment_config.as_ref().and_then(Value::as_object).cloned()
        }
        None => None,
    };
    if flag(input, "RetainAllVariantProperties") {
        retain(&mut fleet, &current, input);
    }
    if let Some(policy) = &deployment_config {
        deployment::check_sizes(policy, fleet.instance_count())?;
        check_same_variants(policy, &fleet, &current)?;
    }
    quota::check(context, &name, &fleet)?;
    connect(context, &mut fleet, &name);

    let durations = &context.settings.durations;
    let verdict = verdict(context, Kind::Update, &fleet);
    let phases = match &verdict {
        Verdict::Success => {
            let policy = deployment_config.as_ref().filter(|policy| deployment::applies(policy, &fleet));
            deployment::phases(policy, fleet.instance_count(), durations.update)
        }
        _ => vec![deployment::Phase { step: deployment::Step::Launching, seconds: durations.failed_update }],
    };
    let seconds = phases.iter().map(|phase| phase.seconds).sum();
    let (verdict, seconds) = unless_model_is_lost(context, &fleet, verdict, seconds);
    let operation = Operation {
        kind: Kind::Update,
        started: context.now,
        ends: lifecycle::end_of(context.now, seconds, &context.ending),
        verdict,
        config: wanted.name,
        fleet,
        deployment_config: deployment_config.map(Value::Object),
        phases,
        undone: None,
    };
    start(context, &name, operation);
    Ok(json!({ "EndpointArn": arn }))
}

pub(crate) fn update_weights_and_capacities(context: &mut Context<'_>, input: &Object) -> Answer {
    let endpoint = find_idle(context, text(input, "EndpointName"))?;
    refuse_if(endpoint.settled == Settled::Failed, || {
        format!("Cannot update endpoint \"{}\" with status \"Failed\".", endpoint.arn)
    })?;
    let (name, arn, config) = (endpoint.name.clone(), endpoint.arn.clone(), endpoint.config.clone());
    let mut fleet = endpoint.fleet.clone().unwrap_or_default();
    let mut seen = BTreeSet::new();
    let mut unknown = Vec::new();
    for wanted in objects(input, "DesiredWeightsAndCapacities") {
        let variant = text(wanted, "VariantName");
        refuse_if(!seen.insert(variant), || {
            format!("The variant name \"{variant}\" was non-unique within the request.")
        })?;
        match fleet.variants.iter_mut().chain(&mut fleet.shadows).find(|v| v.name == variant) {
            None => unknown.push(variant),
            Some(variant) => scale(variant, wanted)?,
        }
    }
    if !unknown.is_empty() {
        let config = endpoint_config::arn(context, &config);
        return Err(validation(format!(
            "The variant name(s) \"{}\" is/are not present within endpoint configuration \"{config}\".",
            unknown.join(", ")
        )));
    }
    // Scaling needs the configuration as an update does; whether the call itself refuses is unverified.
    find_config(context, &config)?;
    quota::check(context, &name, &fleet)?;
    connect(context, &mut fleet, &name);
    let verdict = verdict(context, Kind::Scale, &fleet);
    let seconds = context.settings.durations.scale;
    let operation = Operation {
        kind: Kind::Scale,
        started: context.now,
        ends: lifecycle::end_of(context.now, seconds, &context.ending),
        verdict,
        config,
        fleet,
        deployment_config: None,
        phases: Vec::new(),
        undone: None,
    };
    start(context, &name, operation);
    Ok(json!({ "EndpointArn": arn }))
}

pub(crate) fn delete(context: &mut Context<'_>, input: &Object) -> Answer {
    let endpoint = find_idle(context, text(input, "EndpointName"))?;
    let (name, config) = (endpoint.name.clone(), endpoint.config.clone());
    component::refuse_if_hosted(context, &name, &endpoint.arn)?;
    let verdict = verdict(context, Kind::Delete, endpoint.fleet.as_ref().unwrap_or(&Fleet::default()));
    let operation = Operation {
        kind: Kind::Delete,
        started: context.now,
        ends: lifecycle::end_of(context.now, context.settings.durations.delete, &context.ending),
        verdict,
        config,
        fleet: Fleet::default(),
        deployment_config: None,
        phases: Vec::new(),
        undone: None,
    };
    start(context, &name, operation);
    Ok(json!({}))
}

fn arn(context: &Context<'_>, name: &str) -> String {
    context.arn("sagemaker", &format!("endpoint/{name}"))
}

/// The endpoint of that name, or the error that there is none.
pub(crate) fn find<'a>(context: &'a Context<'_>, name: &str) -> Result<&'a Endpoint, ApiError> {
    context.region.sagemaker.endpoint(name).ok_or_else(|| not_found("endpoint", &arn(context, name)))
}

fn find_idle<'a>(context: &'a Context<'_>, name: &str) -> Result<&'a Endpoint, ApiError> {
    let endpoint = find(context, name)?;
    if endpoint.operation.is_some() { Err(in_progress(&endpoint.arn)) } else { Ok(endpoint) }
}

fn find_config(context: &Context<'_>, name: &str) -> Result<Immutable, ApiError> {
    context
        .region
        .sagemaker
        .configs
        .get(name)
        .cloned()
        .ok_or_else(|| not_found("endpoint configuration", &endpoint_config::arn(context, name)))
}

fn start(context: &mut Context<'_>, name: &str, operation: Operation) {
    if let Some(endpoint) = context.region.sagemaker.endpoints.get_mut(&name.to_ascii_lowercase()) {
        endpoint.modified = context.now;
        endpoint.operation = Some(operation);
    }
}

fn verdict(context: &Context<'_>, kind: Kind, fleet: &Fleet) -> Verdict {
    let first = fleet.variants.first().map(|variant| variant.name.as_str()).unwrap_or_default();
    Verdict::of(context.ending.failure.as_ref(), kind, first)
}

/// A deployment whose model was deleted before it began is accepted, hangs and fails.
fn unless_model_is_lost(context: &Context<'_>, fleet: &Fleet, verdict: Verdict, seconds: f64) -> (Verdict, f64) {
    let models = &context.region.sagemaker.models;
    match fleet.all().find(|variant| variant.models.iter().any(|model| !models.contains_key(model))) {
        Some(variant) => (Verdict::Failed(lifecycle::lost(&variant.name)), context.settings.durations.orphaned),
        None => (verdict, seconds),
    }
}

fn connect(context: &mut Context<'_>, fleet: &mut Fleet, endpoint: &str) {
    let taken: Vec<Interface> = interface::all(context.region).cloned().collect();
    fleet.connect(&context.region.sagemaker, &mut context.region.ec2, &taken, endpoint);
}

/// Keeps counts and weights of variants that exist before and after.
fn retain(fleet: &mut Fleet, current: &Fleet, input: &Object) {
    let excluded: BTreeSet<&str> =
        objects(input, "ExcludeRetainedVariantProperties").map(|p| text(p, "VariantPropertyType")).collect();
    for variant in &mut fleet.variants {
        let Some(before) = current.variants.iter().find(|before| before.name == variant.name) else { continue };
        if !excluded.contains("DesiredWeight") {
            variant.weight = before.weight;
        }
        if !excluded.contains("DesiredInstanceCount") && variant.count.is_some() && before.count.is_some() {
            variant.count = before.count;
        }
    }
}

fn check_same_variants(policy: &Object, fleet: &Fleet, current: &Fleet) -> Result<(), ApiError> {
    let names = |fleet: &Fleet| fleet.all().map(|v| v.name.clone()).collect::<BTreeSet<_>>();
    // Unverified texts.
    refuse_if(deployment::is_gradual(policy) && names(fleet) != names(current), || {
        "A deployment policy that shifts traffic needs the same variants in the old and the new configuration.".into()
    })
}

fn scale(variant: &mut super::fleet::Variant, wanted: &Object) -> Result<(), ApiError> {
    if let Some(weight) = number(wanted, "DesiredWeight") {
        variant.weight = weight;
    }
    if let Some(count) = integer(wanted, "DesiredInstanceCount").and_then(|n| u64::try_from(n).ok()) {
        // Unverified text.
        refuse_if(variant.count.is_none(), || {
            format!("DesiredInstanceCount is not supported for serverless variant \"{}\".", variant.name)
        })?;
        variant.count = Some(count);
    }
    if let Some(update) = object(wanted, "ServerlessUpdateConfig") {
        let Some(Value::Object(config)) = &mut variant.serverless else {
            return Err(validation(format!(
                "ServerlessUpdateConfig is only supported for serverless variants, not for \"{}\".",
                variant.name
            )));
        };
        config.extend(update.clone());
    }
    Ok(())
}
