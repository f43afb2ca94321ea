//! Endpoint configurations: which models serve, on what. Immutable once created.

use serde_json::{Value, json};

use super::body::{Object, objects, text};
use super::errors::{already_exists, not_found};
use super::state::Immutable;
use super::{Answer, lifecycle, model, tags, variants, vpc};
use crate::services::Context;

pub(crate) fn create(context: &mut Context<'_>, input: &Object) -> Answer {
    variants::check_members(input)?;
    let tags = tags::of_create(input)?;
    let name = text(input, "EndpointConfigName");
    let arn = arn(context, name);
    if context.region.sagemaker.configs.contains_key(name) {
        return Err(already_exists("endpoint configuration", &arn));
    }
    for model in variants(input).flat_map(variants::models) {
        if !context.region.sagemaker.models.contains_key(model) {
            return Err(not_found("model", &model::arn(context, model)));
        }
    }
    variants::check_models(&context.region.sagemaker.models, input)?;
    if let Some(config) = super::body::object(input, "VpcConfig") {
        vpc::check(&context.region.ec2, config)?;
    }
    model::check_role(context, input)?;

    let mut body = input.clone();
    body.retain(|member, value| {
        !matches!(member.as_str(), "EndpointConfigName" | "Tags") && !value.as_array().is_some_and(Vec::is_empty)
    });
    for list in ["ProductionVariants", "ShadowProductionVariants"] {
        if let Some(Value::Array(variants)) = body.get_mut(list) {
            variants.iter_mut().filter_map(Value::as_object_mut).for_each(variants::fill_in_defaults);
        }
    }
    body.entry("EnableNetworkIsolation").or_insert(Value::Bool(false));
    let config = Immutable { name: name.to_owned(), arn: arn.clone(), created: context.now, body, tags };
    context.region.sagemaker.configs.insert(name.to_owned(), config);
    Ok(json!({ "EndpointConfigArn": arn }))
}

pub(crate) fn describe(context: &mut Context<'_>, input: &Object) -> Answer {
    let name = text(input, "EndpointConfigName");
    let config = context
        .region
        .sagemaker
        .configs
        .get(name)
        .ok_or_else(|| not_found("endpoint configuration", &arn(context, name)))?;
    let mut answer = Object::new();
    answer.insert("EndpointConfigName".into(), Value::from(name));
    answer.insert("EndpointConfigArn".into(), Value::from(config.arn.as_str()));
    answer.extend(config.body.clone());
    answer.insert("CreationTime".into(), Value::from(config.created.as_seconds()));
    Ok(Value::Object(answer))
}

pub(crate) fn delete(context: &mut Context<'_>, input: &Object) -> Answer {
    let name = text(input, "EndpointConfigName");
    if context.region.sagemaker.configs.remove(name).is_none() {
        return Err(not_found("endpoint configuration", &arn(context, name)));
    }
    // Deleting a configuration in use succeeds; a deployment that still needs it does not.
    lifecycle::orphan_deployments_of(context, name);
    Ok(json!({}))
}

/// The ARN of an endpoint configuration of this account and region.
pub(crate) fn arn(context: &Context<'_>, name: &str) -> String {
    context.arn("sagemaker", &format!("endpoint-config/{name}"))
}

/// Production and shadow variants of a request or a configuration's body.
pub(crate) fn variants(body: &Object) -> impl Iterator<Item = &Object> {
    objects(body, "ProductionVariants").chain(objects(body, "ShadowProductionVariants"))
}
