//! Tags of SageMaker resources.

use serde_json::{Value, json};

use super::Answer;
use super::body::{Object, objects, text, texts};
use super::errors::{refuse_if, validation};
use super::state::Tags;
use crate::services::Context;
use crate::wire::ApiError;

/// How many tags a resource may have.
const LIMIT: usize = 50;

/// The tags of a create request.
pub(crate) fn of_create(input: &Object) -> Result<Tags, ApiError> {
    let mut tags = Tags::new();
    for tag in objects(input, "Tags") {
        let key = text(tag, "Key");
        check_key(key)?;
        // Unverified text.
        let twice = tags.insert(key.to_owned(), text(tag, "Value").to_owned()).is_some();
        refuse_if(twice, || format!("Duplicate tag key \"{key}\" in the request."))?;
    }
    Ok(tags)
}

pub(crate) fn add(context: &mut Context<'_>, input: &Object) -> Answer {
    let new = of_create(input)?;
    let tags = of_resource(context, text(input, "ResourceArn"))?;
    let mut all = tags.clone();
    all.extend(new);
    // Unverified text.
    refuse_if(all.len() > LIMIT, || format!("The number of tags on the resource must not exceed {LIMIT}."))?;
    *tags = all;
    Ok(json!({ "Tags": listed(tags) }))
}

pub(crate) fn delete(context: &mut Context<'_>, input: &Object) -> Answer {
    let tags = of_resource(context, text(input, "ResourceArn"))?;
    for key in texts(input, "TagKeys") {
        check_key(key)?;
    }
    for key in texts(input, "TagKeys") {
        tags.shift_remove(key);
    }
    Ok(json!({}))
}

/// All tags at once: a resource has at most 50, which is the smallest page.
pub(crate) fn list(context: &mut Context<'_>, input: &Object) -> Answer {
    let tags = of_resource(context, text(input, "ResourceArn"))?;
    Ok(json!({ "Tags": listed(tags) }))
}

fn listed(tags: &Tags) -> Vec<Value> {
    tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
}

fn check_key(key: &str) -> Result<(), ApiError> {
    // Unverified text.
    refuse_if(key.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:")), || {
        format!("The tag key \"{key}\" is reserved: tag keys must not start with \"aws:\".")
    })
}

fn of_resource<'a>(context: &'a mut Context<'_>, arn: &str) -> Result<&'a mut Tags, ApiError> {
    let state = &mut context.region.sagemaker;
    let found = match arn.splitn(6, ':').nth(5).and_then(|resource| resource.split_once('/')) {
        Some(("model", name)) => state.models.get_mut(name).map(|m| (&m.arn, &mut m.tags)),
        Some(("endpoint-config", name)) => state.configs.get_mut(name).map(|c| (&c.arn, &mut c.tags)),
        Some(("endpoint", name)) => state.endpoints.get_mut(&name.to_ascii_lowercase()).map(|e| (&e.arn, &mut e.tags)),
        Some(("inference-component", name)) => state.components.get_mut(name).map(|c| (&c.arn, &mut c.tags)),
        Some(("model-package", id)) => state.packages.get_mut(id).map(|p| (&p.arn, &mut p.tags)),
        Some(("model-package-group", name)) => state.package_groups.get_mut(name).map(|g| (&g.arn, &mut g.tags)),
        _ => None,
    };
    match found {
        Some((own, tags)) if own.eq_ignore_ascii_case(arn) => Ok(tags),
        _ => Err(validation("Resource does not exist.")),
    }
}
