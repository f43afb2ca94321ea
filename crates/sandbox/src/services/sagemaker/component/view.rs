//! DescribeInferenceComponent and ListInferenceComponents. Absent members are left out, never null.

use serde_json::{Value, json};

use super::life::{Component, Deployed};
use super::{find, specifications};
use crate::services::Context;
use crate::services::sagemaker::body::{Object, text};
use crate::services::sagemaker::lifecycle::Kind;
use crate::services::sagemaker::listing::{Entry, page};
use crate::services::sagemaker::{Answer, describe as endpoint_view};

pub(crate) fn describe(context: &mut Context<'_>, input: &Object) -> Answer {
    let component = find(context, text(input, "InferenceComponentName"))?;
    let mut answer = summary(context, component);
    // Until the first success what is being created is shown.
    let creating = component.change.as_ref().filter(|change| change.kind == Kind::Create);
    let shown = component.deployed.as_ref().or(creating.map(|change| &change.target));
    if let Some(deployed) = shown {
        answer.extend(specification_members(deployed));
        let desired = component.change.as_ref().filter(|change| change.kind != Kind::Delete);
        // An adapter runs within the copies of its base.
        if component.bases().all(str::is_empty) {
            let current = if creating.is_some() { 0 } else { deployed.copies };
            let mut runtime = json!({
                "DesiredCopyCount": desired.map_or(deployed.copies, |change| change.target.copies),
                "CurrentCopyCount": current,
            });
            // The list has a member at least where it is told.
            let placed = placement(context, component, current);
            if !placed.is_empty() {
                runtime["PlacementStatus"] = json!(placed);
            }
            answer.insert("RuntimeConfig".into(), runtime);
        }
    }
    if let Some(reason) = &component.failure_reason {
        // The member holds at most 1024 characters.
        answer.insert("FailureReason".into(), Value::from(reason.chars().take(1024).collect::<String>()));
    }
    if let Some(config) = &component.last_deployment_config {
        answer.insert("LastDeploymentConfig".into(), config.clone());
    }
    Ok(Value::Object(answer))
}

/// Where the copies run: on the instances of the variant, which are of one type.
fn placement(context: &Context<'_>, component: &Component, copies: u64) -> Vec<Value> {
    let endpoint = context.region.sagemaker.endpoint(&component.endpoint);
    let variants = endpoint.and_then(|endpoint| endpoint.fleet.as_ref()).into_iter().flat_map(|fleet| &fleet.variants);
    let hosts = variants.filter(|variant| variant.name == component.variant && copies > 0);
    hosts
        .filter_map(|variant| variant.instance_type.as_deref())
        .map(|ty| json!({"InstanceType": ty, "CurrentCopyCount": copies}))
        .collect()
}

pub(crate) fn list(context: &mut Context<'_>, input: &Object) -> Answer {
    let (endpoint, variant) = (text(input, "EndpointNameEquals"), text(input, "VariantNameEquals"));
    let entries = context
        .region
        .sagemaker
        .components
        .values()
        .filter(|component| endpoint.is_empty() || component.endpoint.eq_ignore_ascii_case(endpoint))
        .filter(|component| variant.is_empty() || component.variant == variant)
        .map(|component| Entry {
            name: component.name.clone(),
            created: component.created,
            modified: Some(component.modified),
            status: component.status(),
            summary: Value::Object(summary(context, component)),
        })
        .collect();
    page("InferenceComponents", entries, input)
}

fn summary(context: &Context<'_>, component: &Component) -> Object {
    let mut summary = Object::new();
    let endpoint = context.region.sagemaker.endpoint(&component.endpoint);
    let endpoint_arn = endpoint.map(|endpoint| endpoint.arn.clone());
    for (name, value) in [
        ("InferenceComponentName", json!(component.name)),
        ("InferenceComponentArn", json!(component.arn)),
        ("EndpointName", json!(component.endpoint)),
        (
            "EndpointArn",
            json!(
                endpoint_arn
                    .unwrap_or_else(|| { context.arn("sagemaker", &format!("endpoint/{}", component.endpoint)) })
            ),
        ),
        ("VariantName", json!(component.variant)),
        ("CreationTime", json!(component.created.as_seconds())),
        ("LastModifiedTime", json!(component.modified.as_seconds())),
        ("InferenceComponentStatus", json!(component.status())),
    ] {
        summary.insert(name.to_owned(), value);
    }
    summary
}

/// The specifications as Describe shows them: with the image that was deployed in place of the one asked for.
fn specification_members(deployed: &Deployed) -> Object {
    let shown = specifications(&deployed.body).zip(&deployed.images).map(|(specification, image)| {
        let mut shown = specification.clone();
        let container = shown.get_mut("Container").and_then(Value::as_object_mut);
        if let Some(container) = container
            && container.remove("Image").is_some()
            && let Some(image) = image
        {
            container.insert("DeployedImage".into(), endpoint_view::image(image));
        }
        Value::Object(shown)
    });
    let mut shown: Vec<Value> = shown.collect();
    let mut members = Object::new();
    if deployed.body.contains_key("Specifications") {
        members.insert("Specifications".into(), Value::Array(shown));
    } else if let Some(only) = shown.pop() {
        members.insert("Specification".into(), only);
    }
    members
}
