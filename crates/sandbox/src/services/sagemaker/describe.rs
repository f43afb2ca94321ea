//! DescribeEndpoint: what an endpoint shows in each phase of its life. Absent members are left out, never null.

use serde_json::{Value, json};

use super::Answer;
use super::body::{Object, text};
use super::deployment::{Share, Step};
use super::endpoint::find;
use super::fleet::{DeployedImage, Fleet, Variant};
use super::lifecycle::{Kind, Operation};
use super::state::Endpoint;
use crate::clock::Moment;
use crate::services::Context;

pub(crate) fn endpoint(context: &mut Context<'_>, input: &Object) -> Answer {
    let endpoint = find(context, text(input, "EndpointName"))?;
    let now = context.now;
    let mut answer = Object::new();
    let mut put = |name: &str, value: Value| {
        answer.insert(name.to_owned(), value);
    };
    put("EndpointName", Value::from(endpoint.name.as_str()));
    put("EndpointArn", Value::from(endpoint.arn.as_str()));
    put("EndpointConfigName", Value::from(endpoint.config.as_str()));
    if let Some(fleet) = &endpoint.fleet {
        put("ProductionVariants", summaries(&fleet.variants, endpoint, now));
        if !fleet.shadows.is_empty() {
            put("ShadowProductionVariants", summaries(&fleet.shadows, endpoint, now));
        }
        for (name, value) in &fleet.settings {
            put(name, value.clone());
        }
    }
    put("EndpointStatus", Value::from(endpoint.status(now)));
    let deleting = endpoint.operation.as_ref().is_some_and(|operation| operation.kind == Kind::Delete);
    if let Some(reason) = endpoint.failure_reason.as_ref().filter(|_| !deleting) {
        // The member holds at most 1024 characters.
        put("FailureReason", Value::from(reason.chars().take(1024).collect::<String>()));
    }
    put("CreationTime", Value::from(endpoint.created.as_seconds()));
    put("LastModifiedTime", Value::from(endpoint.modified.as_seconds()));
    if let Some(config) = &endpoint.last_deployment_config {
        put("LastDeploymentConfig", config.clone());
    }
    if let Some(operation) = endpoint.operation.as_ref().filter(|o| matches!(o.kind, Kind::Create | Kind::Update)) {
        put("PendingDeploymentSummary", pending(operation, now));
    }
    Ok(Value::Object(answer))
}

/// The variants that serve.
fn summaries(variants: &[Variant], endpoint: &Endpoint, now: Moment) -> Value {
    let operation = endpoint.operation.as_ref();
    let list = variants.iter().map(|variant| {
        let wanted = match operation {
            Some(operation) if operation.kind == Kind::Scale => {
                operation.fleet.all().find(|target| target.name == variant.name).unwrap_or(variant)
            }
            _ => variant,
        };
        let mut summary = common(variant, wanted);
        // A variant that serves is not in a phase, except while it is scaled or about to be replaced.
        let status = match operation.map(|o| (o.kind, o.phase(now).map(|p| &p.step))) {
            Some((Kind::Scale, _)) if wanted != variant => Some((
                "Updating",
                // Only the text about scaling out is documented.
                match (variant.count, wanted.count) {
                    (Some(has), Some(wants)) if wants > has => {
                        format!("Scaling out desired instance count to {wants}.")
                    }
                    (Some(has), Some(wants)) if wants < has => {
                        format!("Scaling in desired instance count to {wants}.")
                    }
                    _ => "Updating variant properties.".to_owned(),
                },
            )),
            Some((Kind::Update, Some(Step::Terminating))) | Some((Kind::Delete, _)) => {
                Some(("Deleting", format!("Terminating {} instance(s).", variant.count.unwrap_or(0))))
            }
            _ => None,
        };
        if let (Some((status, message)), Some(operation)) = (status, operation) {
            summary.insert("VariantStatus".into(), variant_status(status, &message, operation.started));
        }
        Value::Object(summary)
    });
    Value::Array(list.collect())
}

/// The deployment that is under way.
fn pending(operation: &Operation, now: Moment) -> Value {
    let Fleet { variants, shadows, .. } = &operation.fleet;
    let list = |variants: &[Variant]| {
        Value::Array(variants.iter().map(|variant| Value::Object(pending_variant(variant, operation, now))).collect())
    };
    let mut summary = Object::new();
    summary.insert("EndpointConfigName".into(), Value::from(operation.config.as_str()));
    summary.insert("ProductionVariants".into(), list(variants));
    summary.insert("StartTime".into(), Value::from(operation.started.as_seconds()));
    if !shadows.is_empty() {
        summary.insert("ShadowProductionVariants".into(), list(shadows));
    }
    Value::Object(summary)
}

fn pending_variant(variant: &Variant, operation: &Operation, now: Moment) -> Object {
    let mut summary = common(variant, variant);
    let step = operation.phase(now).map(|phase| &phase.step);
    if variant.count.is_some() && matches!(step, None | Some(Step::Launching)) {
        summary.insert("CurrentInstanceCount".into(), Value::from(0));
    }
    if let Some(instance_type) = &variant.instance_type {
        summary.insert("InstanceType".into(), Value::from(instance_type.as_str()));
    }
    let all = variant.count.unwrap_or(0);
    let (status, message) = match step {
        _ if operation.undone.is_some() => ("Deleting", format!("Terminating {all} instance(s).")),
        None | Some(Step::Launching) => ("Creating", format!("Launching {all} instance(s).")),
        Some(Step::Activating(Share::Canary(n))) => {
            ("ActivatingTraffic", format!("Activating traffic on canary capacity of {n} instance(s)."))
        }
        Some(Step::Activating(Share::Full)) => {
            ("ActivatingTraffic", format!("Activating traffic on full capacity of {all} instance(s)."))
        }
        Some(Step::Baking(share)) => {
            let seconds = operation.phase(now).map_or(0.0, |phase| phase.seconds);
            let capacity = match share {
                Share::Canary(n) => format!("canary capacity of {n} instance(s)"),
                Share::Full => format!("full capacity of {all} instance(s)"),
            };
            let message =
                format!("Baking for {seconds} seconds (TerminationWaitInSeconds) with traffic enabled on {capacity}.");
            ("Baking", message)
        }
        // The new variants are ready; only the old ones are still in a phase.
        Some(Step::Terminating) => return summary,
    };
    summary.insert("VariantStatus".into(), variant_status(status, &message, operation.started));
    summary
}

/// The members that both kinds of summary have.
fn common(current: &Variant, desired: &Variant) -> Object {
    let mut summary = Object::new();
    summary.insert("VariantName".into(), Value::from(current.name.as_str()));
    if !current.images.is_empty() {
        summary.insert("DeployedImages".into(), Value::Array(current.images.iter().map(image).collect()));
    }
    summary.insert("CurrentWeight".into(), Value::from(current.weight));
    summary.insert("DesiredWeight".into(), Value::from(desired.weight));
    if let (Some(has), Some(wants)) = (current.count, desired.count) {
        summary.insert("CurrentInstanceCount".into(), Value::from(has));
        summary.insert("DesiredInstanceCount".into(), Value::from(wants));
    }
    if let (Some(has), Some(wants)) = (&current.serverless, &desired.serverless) {
        summary.insert("CurrentServerlessConfig".into(), has.clone());
        summary.insert("DesiredServerlessConfig".into(), wants.clone());
    }
    summary.extend(current.repeated.clone());
    summary
}

/// A deployed image as Describe shows it.
pub(crate) fn image(image: &DeployedImage) -> Value {
    json!({
        "SpecifiedImage": image.specified,
        "ResolvedImage": image.resolved,
        "ResolutionTime": image.at.as_seconds(),
    })
}

fn variant_status(status: &str, message: &str, since: Moment) -> Value {
    json!([{ "Status": status, "StatusMessage": message, "StartTime": since.as_seconds() }])
}
