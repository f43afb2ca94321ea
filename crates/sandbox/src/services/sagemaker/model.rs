//! Models: a container image, its model data and how to reach them. Immutable once created.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};

use super::body::{Object, object, objects, text, texts};
use super::errors::{already_exists, is_given, not_found, refuse_if, role, validation};
use super::state::Immutable;
use super::{Answer, lifecycle, tags, vpc};
use crate::services::Context;
use crate::wire::ApiError;
use crate::world::ACCOUNT;

/// The sum of all environment variables of a model, in bytes.
const ENVIRONMENT_LIMIT: usize = 32 * 1024;

pub(crate) fn create(context: &mut Context<'_>, input: &Object) -> Answer {
    check_members(input)?;
    let tags = tags::of_create(input)?;
    let name = text(input, "ModelName");
    let arn = arn(context, name);
    if context.region.sagemaker.models.contains_key(name) {
        return Err(already_exists("model", &arn));
    }
    if let Some(config) = object(input, "VpcConfig") {
        vpc::check(&context.region.ec2, config)?;
    }
    check_role(context, input)?;
    check_images(input)?;

    let mut body = input.clone();
    body.retain(|member, value| {
        !matches!(member.as_str(), "ModelName" | "Tags") && !value.as_array().is_some_and(Vec::is_empty)
    });
    if let Some(Value::Object(container)) = body.get_mut("PrimaryContainer") {
        fill_in_mode(container);
    }
    if let Some(Value::Array(containers)) = body.get_mut("Containers") {
        containers.iter_mut().filter_map(Value::as_object_mut).for_each(fill_in_mode);
    }
    body.entry("EnableNetworkIsolation").or_insert(Value::Bool(false));
    let model = Immutable { name: name.to_owned(), arn: arn.clone(), created: context.now, body, tags };
    context.region.sagemaker.models.insert(name.to_owned(), model);
    Ok(json!({ "ModelArn": arn }))
}

pub(crate) fn describe(context: &mut Context<'_>, input: &Object) -> Answer {
    let name = text(input, "ModelName");
    let model = context.region.sagemaker.models.get(name).ok_or_else(|| not_found("model", &arn(context, name)))?;
    let mut answer = Object::new();
    answer.insert("ModelName".into(), Value::from(name));
    answer.extend(model.body.clone());
    answer.insert("CreationTime".into(), Value::from(model.created.as_seconds()));
    answer.insert("ModelArn".into(), Value::from(model.arn.as_str()));
    Ok(Value::Object(answer))
}

pub(crate) fn delete(context: &mut Context<'_>, input: &Object) -> Answer {
    let name = text(input, "ModelName");
    if context.region.sagemaker.models.remove(name).is_none() {
        return Err(not_found("model", &arn(context, name)));
    }
    // Deleting a model in use succeeds; a deployment that still needs it does not.
    lifecycle::orphan_deployments(context, |fleet| fleet.uses_model(name));
    Ok(json!({}))
}

/// The ARN of a model of this account and region.
pub(crate) fn arn(context: &Context<'_>, name: &str) -> String {
    context.arn("sagemaker", &format!("model/{name}"))
}

/// All containers of a create request or a model's body.
pub(crate) fn containers(body: &Object) -> impl Iterator<Item = &Object> {
    object(body, "PrimaryContainer").into_iter().chain(objects(body, "Containers"))
}

fn fill_in_mode(container: &mut Object) {
    container.entry("Mode").or_insert_with(|| Value::from("SingleModel"));
}

/// The rules across members of CreateModel.
fn check_members(input: &Object) -> Result<(), ApiError> {
    let (primary, several) = (is_given(input, "PrimaryContainer"), is_given(input, "Containers"));
    // Unverified texts, both.
    refuse_if(primary && several, || "Only one of PrimaryContainer and Containers can be specified.".into())?;
    refuse_if(!primary && !several, || "Either PrimaryContainer or Containers must be specified.".into())?;
    // Unverified text.
    refuse_if(primary && is_given(input, "InferenceExecutionConfig"), || {
        "InferenceExecutionConfig can only be specified with Containers.".into()
    })?;
    let mut environment = 0;
    for container in containers(input) {
        check_container(container, input)?;
        environment += object(container, "Environment").map_or(0, |variables| {
            variables.iter().map(|(name, value)| name.len() + value.as_str().map_or(0, str::len)).sum()
        });
    }
    // Unverified text.
    refuse_if(environment > ENVIRONMENT_LIMIT, || {
        format!("The environment variables of all containers together must not exceed {ENVIRONMENT_LIMIT} bytes.")
    })?;
    check_hostnames(input)
}

fn check_container(container: &Object, input: &Object) -> Result<(), ApiError> {
    let image = is_given(container, "Image");
    let package = is_given(container, "ModelPackageName");
    let data = is_given(container, "ModelDataUrl") || is_given(container, "ModelDataSource");
    refuse_if(image == package || (package && data), || {
        "Specify one of either Image and Model Data URL or ModelPackageName in container definition.".into()
    })?;
    // The remaining texts are unverified.
    refuse_if(is_given(container, "ModelDataUrl") && is_given(container, "ModelDataSource"), || {
        "Only one of ModelDataUrl and ModelDataSource can be specified in container definition.".into()
    })?;
    let multi_model = text(container, "Mode") == "MultiModel";
    refuse_if(multi_model && is_given(container, "ModelDataSource"), || {
        "ModelDataSource is not supported for a container with Mode MultiModel.".into()
    })?;
    refuse_if(!multi_model && is_given(container, "MultiModelConfig"), || {
        "MultiModelConfig can only be specified for a container with Mode MultiModel.".into()
    })?;
    if let Some(source) = object(container, "ModelDataSource").and_then(|source| object(source, "S3DataSource")) {
        check_model_data(source)?;
    }
    let Some(image_config) = object(container, "ImageConfig") else { return Ok(()) };
    let vpc_mode = text(image_config, "RepositoryAccessMode") == "Vpc";
    refuse_if(!vpc_mode && is_given(image_config, "RepositoryAuthConfig"), || {
        "RepositoryAuthConfig can only be specified with RepositoryAccessMode Vpc.".into()
    })?;
    refuse_if(vpc_mode && !is_given(input, "VpcConfig"), || {
        "VpcConfig must be specified for a container with RepositoryAccessMode Vpc.".into()
    })
}

fn check_model_data(source: &Object) -> Result<(), ApiError> {
    let prefix = text(source, "S3DataType") == "S3Prefix";
    // Unverified texts.
    refuse_if(prefix && !text(source, "S3Uri").ends_with('/'), || {
        "S3Uri must end with a forward slash (/) if S3DataType is S3Prefix.".into()
    })?;
    refuse_if(prefix && text(source, "CompressionType") == "Gzip", || {
        "S3DataType must be S3Object if CompressionType is Gzip.".into()
    })
}

/// In a list of containers either all have a host name or none, and no two the same; Direct mode needs them.
fn check_hostnames(input: &Object) -> Result<(), ApiError> {
    let count = objects(input, "Containers").count();
    let names: Vec<&str> =
        objects(input, "Containers").map(|c| text(c, "ContainerHostname")).filter(|n| !n.is_empty()).collect();
    let direct = object(input, "InferenceExecutionConfig").is_some_and(|c| text(c, "Mode") == "Direct");
    // Unverified texts.
    refuse_if((count > 1 && !names.is_empty() || direct) && names.len() != count, || {
        "ContainerHostname must be specified for all containers or for none; Direct mode needs it for all.".into()
    })?;
    let distinct: BTreeSet<&str> = names.iter().copied().collect();
    refuse_if(distinct.len() != names.len(), || "ContainerHostname must be unique within the model.".into())
}

/// A role of this account can be assumed, unless it does not trust SageMaker or the settings say otherwise.
pub(crate) fn check_role(context: &Context<'_>, input: &Object) -> Result<(), ApiError> {
    let arn = text(input, "ExecutionRoleArn");
    let foreign = arn.split(':').nth(4) != Some(ACCOUNT);
    let unassumable = || {
        context.settings.unassumable_roles.contains(arn)
            || !context.account.iam.lets_in_sagemaker(arn, context.now, context.settings.durations.role_propagation)
    };
    if !arn.is_empty() && (foreign || unassumable()) {
        return Err(role(arn));
    }
    Ok(())
}

fn check_images(input: &Object) -> Result<(), ApiError> {
    static ECR: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^[0-9]{12}\.dkr[.-]ecr(-fips)?\.[a-z0-9-]+\.[a-z0-9.]+/[^/]").ok());
    for container in containers(input) {
        let image = text(container, "Image");
        let through_vpc = object(container, "ImageConfig").is_some_and(|c| text(c, "RepositoryAccessMode") == "Vpc");
        let from_ecr = ECR.as_ref().is_some_and(|ecr| ecr.is_match(image));
        if !image.is_empty() && !through_vpc && !from_ecr {
            return Err(validation(format!(
                "Using non-ECR image \"{image}\" without Vpc repository access mode is not supported."
            )));
        }
    }
    Ok(())
}

/// The images that a create request or a model's body names.
pub(crate) fn images(body: &Object) -> impl Iterator<Item = &str> {
    containers(body).map(|container| text(container, "Image")).filter(|image| !image.is_empty())
}

/// The subnets and security groups of a model's body.
pub(crate) fn network(body: &Object) -> Option<(Vec<String>, Vec<String>)> {
    let config = object(body, "VpcConfig")?;
    let owned = |name| texts(config, name).map(str::to_owned).collect();
    Some((owned("Subnets"), owned("SecurityGroupIds")))
}
