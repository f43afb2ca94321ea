//! Inference components: models that share the instances of an endpoint's variant. This module has the calls; what
//! becomes of a component while time passes is in `life`, the rules across members in `rules`.

mod life;
mod rules;
mod view;

use serde_json::{Value, json};

use self::life::{Change, Deployed};
pub(crate) use self::life::{Component, autoscale, settle};
pub(crate) use self::view::{describe, list};
use super::body::{Object, integer, object, objects, text};
use super::errors::{already_exists, refuse_if, validation};
use super::fleet::DeployedImage;
use super::lifecycle::{self, Kind};
use super::state::Settled;
use super::{Answer, endpoint, model, tags};
use crate::services::Context;
use crate::wire::ApiError;

pub(crate) fn create(context: &mut Context<'_>, input: &Object) -> Answer {
    rules::check_specifications(input)?;
    rules::check_copies_of_create(input)?;
    let tags = tags::of_create(input)?;
    let name = text(input, "InferenceComponentName");
    let arn = arn(context, name);
    if context.region.sagemaker.components.contains_key(name) {
        return Err(already_exists("inference component", &arn));
    }
    let (endpoint, variant) = rules::host(context, input)?;
    rules::check_references(context, input, &endpoint, name)?;
    let target = deployed(context, input, copies(input, "RuntimeConfig").unwrap_or(1));
    let seconds = context.settings.durations.component_create;
    let change = Change::new(context, Kind::Create, target, seconds, None);
    let component = Component {
        name: name.to_owned(),
        arn: arn.clone(),
        endpoint,
        variant,
        created: context.now,
        modified: context.now,
        settled: Settled::Failed,
        failure_reason: None,
        last_deployment_config: None,
        deployed: None,
        change: Some(change),
        tags,
    };
    context.region.sagemaker.components.insert(name.to_owned(), component);
    Ok(json!({ "InferenceComponentArn": arn }))
}

pub(crate) fn update(context: &mut Context<'_>, input: &Object) -> Answer {
    let specified = input.contains_key("Specification") || input.contains_key("Specifications");
    if specified {
        rules::check_specifications(input)?;
    }
    // Unverified text.
    refuse_if(!specified && !input.contains_key("RuntimeConfig"), || {
        "At least one of Specification, Specifications and RuntimeConfig must be specified.".into()
    })?;
    let component = find_settled(context, text(input, "InferenceComponentName"))?;
    let (name, arn, endpoint) = (component.name.clone(), component.arn.clone(), component.endpoint.clone());
    let current = component.deployed.clone().unwrap_or_default();
    let wanted = copies(input, "RuntimeConfig").unwrap_or(current.copies);
    if specified {
        rules::check_references(context, input, &endpoint, &name)?;
    }
    let target = match specified {
        true => deployed(context, input, wanted),
        false => Deployed { copies: wanted, ..current },
    };
    let config = object(input, "DeploymentConfig").cloned();
    let seconds = context.settings.durations.component_update
        + config.as_ref().map_or(0.0, |config| life::waits(config, target.copies));
    let change = Change::new(context, Kind::Update, target, seconds, config.map(Value::Object));
    start(context, &name, change);
    Ok(json!({ "InferenceComponentArn": arn }))
}

pub(crate) fn update_runtime_config(context: &mut Context<'_>, input: &Object) -> Answer {
    let component = find_settled(context, text(input, "InferenceComponentName"))?;
    let (name, arn) = (component.name.clone(), component.arn.clone());
    let current = component.deployed.clone().unwrap_or_default();
    let wanted = copies(input, "DesiredRuntimeConfig").unwrap_or(current.copies);
    let target = Deployed { copies: wanted, ..current };
    let seconds = context.settings.durations.component_scale;
    let change = Change::new(context, Kind::Scale, target, seconds, None);
    start(context, &name, change);
    Ok(json!({ "InferenceComponentArn": arn }))
}

pub(crate) fn delete(context: &mut Context<'_>, input: &Object) -> Answer {
    let component = find_idle(context, text(input, "InferenceComponentName"))?;
    let name = component.name.clone();
    let adapters: Vec<&str> = context
        .region
        .sagemaker
        .components
        .values()
        .filter(|other| other.bases().any(|base| base == name))
        .map(|other| other.name.as_str())
        .collect();
    // Unverified text; that the call is refused has been reported.
    refuse_if(!adapters.is_empty(), || {
        format!(
            "Cannot delete inference component \"{}\": it is the base of inference component(s) \"{}\".",
            component.arn,
            adapters.join(", ")
        )
    })?;
    let target = component.deployed.clone().unwrap_or_default();
    let seconds = context.settings.durations.component_delete;
    let change = Change::new(context, Kind::Delete, target, seconds, None);
    start(context, &name, change);
    Ok(json!({}))
}

/// Refuses to delete an endpoint that hosts components. That it is refused has been reported; the text is unverified.
pub(crate) fn refuse_if_hosted(context: &Context<'_>, endpoint: &str, arn: &str) -> Result<(), ApiError> {
    let hosted: Vec<&str> = context
        .region
        .sagemaker
        .components
        .values()
        .filter(|component| component.endpoint.eq_ignore_ascii_case(endpoint))
        .map(|component| component.name.as_str())
        .collect();
    refuse_if(!hosted.is_empty(), || {
        format!("Cannot delete endpoint \"{arn}\" because it has inference component(s) \"{}\".", hosted.join(", "))
    })
}

/// The specifications of a request or of what is deployed.
pub(crate) fn specifications(body: &Object) -> impl DoubleEndedIterator<Item = &Object> + Clone {
    object(body, "Specification").into_iter().chain(objects(body, "Specifications"))
}

/// The image that a specification names itself, if any.
pub(crate) fn image(specification: &Object) -> Option<&str> {
    object(specification, "Container").map(|container| text(container, "Image")).filter(|image| !image.is_empty())
}

fn arn(context: &Context<'_>, name: &str) -> String {
    context.arn("sagemaker", &format!("inference-component/{name}"))
}

fn copies(input: &Object, member: &str) -> Option<u64> {
    object(input, member).and_then(|config| integer(config, "CopyCount")).and_then(|count| u64::try_from(count).ok())
}

fn deployed(context: &Context<'_>, input: &Object, copies: u64) -> Deployed {
    let models = &context.region.sagemaker.models;
    let of_specification = |specification: &Object| {
        let of_model = || {
            let model = models.get(text(specification, "ModelName"))?;
            model::images(&model.body).next()
        };
        image(specification).or_else(of_model).map(|image| DeployedImage::resolve(image, context.now))
    };
    let mut body = Object::new();
    for member in ["Specification", "Specifications"] {
        if let Some(value) = input.get(member) {
            body.insert(member.to_owned(), value.clone());
        }
    }
    let images = specifications(&body).map(of_specification).collect();
    Deployed { body, copies, images }
}

fn find<'a>(context: &'a Context<'_>, name: &str) -> Result<&'a Component, ApiError> {
    let found = context.region.sagemaker.components.get(name);
    found.ok_or_else(|| validation(format!("Could not find inference component \"{name}\".")))
}

/// A component without an operation under way. The text is unverified, after that of endpoints.
fn find_idle<'a>(context: &'a Context<'_>, name: &str) -> Result<&'a Component, ApiError> {
    let component = find(context, name)?;
    refuse_if(component.change.is_some(), || {
        format!("Cannot update in-progress inference component \"{}\".", component.arn)
    })?;
    Ok(component)
}

/// A component that can be updated: it is in service, and so is its endpoint.
fn find_settled<'a>(context: &'a Context<'_>, name: &str) -> Result<&'a Component, ApiError> {
    let component = find_idle(context, name)?;
    // Unverified text.
    refuse_if(component.settled == Settled::Failed, || {
        format!("Cannot update inference component \"{}\" with status \"Failed\".", component.arn)
    })?;
    rules::check_in_service(endpoint::find(context, &component.endpoint)?, context.now)?;
    Ok(component)
}

fn start(context: &mut Context<'_>, name: &str, change: Change) {
    if let Some(component) = context.region.sagemaker.components.get_mut(name) {
        component.modified = context.now;
        component.change = Some(change);
    }
}

impl Change {
    fn new(
        context: &Context<'_>,
        kind: Kind,
        target: Deployed,
        seconds: f64,
        deployment_config: Option<Value>,
    ) -> Change {
        Change {
            kind,
            started: context.now,
            ends: lifecycle::end_of(context.now, seconds, &context.ending),
            verdict: life::verdict(context.ending.failure.as_ref(), kind),
            target,
            deployment_config,
        }
    }
}
