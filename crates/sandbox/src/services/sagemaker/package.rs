//! Model packages, which are models in the registry of models, alone or as versions of a group; and those groups.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::body::{Object, text};
use super::errors::{already_exists, is_given, refuse_if, validation};
use super::listing::{self, Entry};
use super::state::{Immutable, Tags};
use super::{Answer, tags};
use crate::clock::Moment;
use crate::services::Context;
use crate::wire::ApiError;

/// What an ARN of a package, or of a group, has before the name.
const PACKAGE: &str = "model-package/";
const GROUP: &str = "model-package-group/";

/// A model package.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Package {
    /// Its name, or that of its group.
    name: String,
    /// Its number within a group.
    version: Option<u32>,
    pub arn: String,
    created: Moment,
    /// The members of the create request, less names and tags.
    body: Object,
    pub tags: Tags,
}

/// What a name or an ARN stands for, within `kind`.
fn bare<'n>(name: &'n str, kind: &str) -> &'n str {
    name.rsplit_once(kind).map_or(name, |(_, name)| name)
}

fn group_arn(context: &Context<'_>, name: &str) -> String {
    context.arn("sagemaker", &format!("{GROUP}{name}"))
}

// The texts for what is missing are as they are commonly seen, without being verified for each operation.
fn no_group(context: &Context<'_>, name: &str) -> ApiError {
    validation(format!("ModelPackageGroup {} does not exist.", group_arn(context, name)))
}

fn no_package(context: &Context<'_>, name: &str) -> ApiError {
    validation(format!("ModelPackage {} does not exist.", context.arn("sagemaker", &format!("{PACKAGE}{name}"))))
}

pub(crate) fn create_group(context: &mut Context<'_>, input: &Object) -> Answer {
    let tags = tags::of_create(input)?;
    let name = text(input, "ModelPackageGroupName").to_owned();
    let arn = group_arn(context, &name);
    if context.region.sagemaker.package_groups.contains_key(&name) {
        return Err(already_exists("model package group", &arn));
    }
    let mut body = input.clone();
    body.retain(|member, _| member == "ModelPackageGroupDescription");
    let group = Immutable { name: name.clone(), arn: arn.clone(), created: context.now, body, tags };
    context.region.sagemaker.package_groups.insert(name, group);
    Ok(json!({ "ModelPackageGroupArn": arn }))
}

pub(crate) fn describe_group(context: &mut Context<'_>, input: &Object) -> Answer {
    let name = bare(text(input, "ModelPackageGroupName"), GROUP);
    let group = context.region.sagemaker.package_groups.get(name).ok_or_else(|| no_group(context, name))?;
    let mut answer = group.body.clone();
    answer.extend([
        ("ModelPackageGroupName".to_owned(), Value::from(name)),
        ("ModelPackageGroupArn".to_owned(), Value::from(group.arn.as_str())),
        ("CreationTime".to_owned(), Value::from(group.created.as_seconds())),
        ("CreatedBy".to_owned(), json!({})),
        ("ModelPackageGroupStatus".to_owned(), Value::from("Completed")),
    ]);
    Ok(Value::Object(answer))
}

pub(crate) fn delete_group(context: &mut Context<'_>, input: &Object) -> Answer {
    let name = bare(text(input, "ModelPackageGroupName"), GROUP);
    if !context.region.sagemaker.package_groups.contains_key(name) {
        return Err(no_group(context, name));
    }
    let mut versions = context.region.sagemaker.packages.values();
    // Unverified text.
    refuse_if(versions.any(|package| package.version.is_some() && package.name == name), || {
        format!("Model package group \"{name}\" still has versions and cannot be deleted.")
    })?;
    context.region.sagemaker.package_groups.remove(name);
    Ok(json!({}))
}

pub(crate) fn create(context: &mut Context<'_>, input: &Object) -> Answer {
    let tags = tags::of_create(input)?;
    let (own, group) = (text(input, "ModelPackageName"), bare(text(input, "ModelPackageGroupName"), GROUP));
    // Unverified texts.
    refuse_if(own.is_empty() == group.is_empty(), || {
        "Exactly one of ModelPackageName and ModelPackageGroupName must be specified.".into()
    })?;
    refuse_if(!is_given(input, "InferenceSpecification"), || "InferenceSpecification must be specified.".into())?;
    let (name, version) = if group.is_empty() {
        (own, None)
    } else {
        if !context.region.sagemaker.package_groups.contains_key(group) {
            return Err(no_group(context, group));
        }
        let versions = context.region.sagemaker.packages.values().filter(|package| package.name == group);
        (group, Some(versions.filter_map(|package| package.version).max().unwrap_or_default() + 1))
    };
    let id = version.map_or_else(|| name.to_owned(), |version| format!("{name}/{version}"));
    let arn = context.arn("sagemaker", &format!("{PACKAGE}{id}"));
    if context.region.sagemaker.packages.contains_key(&id) {
        return Err(already_exists("model package", &arn));
    }
    let mut body = input.clone();
    body.retain(|member, _| {
        !matches!(member.as_str(), "ModelPackageName" | "ModelPackageGroupName" | "ClientToken" | "Tags")
    });
    if version.is_some() {
        body.entry("ModelApprovalStatus").or_insert_with(|| Value::from("PendingManualApproval"));
    }
    let package = Package { name: name.to_owned(), version, arn: arn.clone(), created: context.now, body, tags };
    context.region.sagemaker.packages.insert(id, package);
    Ok(json!({ "ModelPackageArn": arn }))
}

/// The members by which a package is told in listings, too.
fn summary(package: &Package) -> Object {
    let mut told = Object::new();
    told.insert("ModelPackageArn".into(), Value::from(package.arn.as_str()));
    told.insert("CreationTime".into(), Value::from(package.created.as_seconds()));
    told.insert("ModelPackageStatus".into(), Value::from("Completed"));
    match package.version {
        Some(version) => {
            told.insert("ModelPackageGroupName".into(), Value::from(package.name.as_str()));
            told.insert("ModelPackageVersion".into(), Value::from(version));
        }
        None => {
            told.insert("ModelPackageName".into(), Value::from(package.name.as_str()));
        }
    }
    let members = ["ModelPackageDescription", "ModelApprovalStatus"];
    told.extend(members.into_iter().filter_map(|name| Some((name.to_owned(), package.body.get(name)?.clone()))));
    told
}

pub(crate) fn describe(context: &mut Context<'_>, input: &Object) -> Answer {
    let id = bare(text(input, "ModelPackageName"), PACKAGE);
    let package = context.region.sagemaker.packages.get(id).ok_or_else(|| no_package(context, id))?;
    let mut answer = summary(package);
    answer.extend(package.body.clone());
    answer.entry("ModelPackageName").or_insert_with(|| Value::from(package.name.as_str()));
    answer.insert("ModelPackageStatusDetails".into(), json!({ "ValidationStatuses": [] }));
    Ok(Value::Object(answer))
}

pub(crate) fn update(context: &mut Context<'_>, input: &Object) -> Answer {
    let id = bare(text(input, "ModelPackageArn"), PACKAGE);
    if !context.region.sagemaker.packages.contains_key(id) {
        return Err(no_package(context, id));
    }
    let mut changes = input.clone();
    changes.retain(|member, _| matches!(member.as_str(), "ModelApprovalStatus" | "ApprovalDescription"));
    let package = context.region.sagemaker.packages.get_mut(id);
    let arn = package.map(|package| {
        package.body.extend(changes);
        package.arn.clone()
    });
    Ok(json!({ "ModelPackageArn": arn }))
}

pub(crate) fn delete(context: &mut Context<'_>, input: &Object) -> Answer {
    let id = bare(text(input, "ModelPackageName"), PACKAGE);
    match context.region.sagemaker.packages.remove(id) {
        Some(_) => Ok(json!({})),
        None => Err(no_package(context, id)),
    }
}

/// Without a group and a type, those that are versions of nothing.
pub(crate) fn list(context: &mut Context<'_>, input: &Object) -> Answer {
    let (group, approval) = (bare(text(input, "ModelPackageGroupName"), GROUP), text(input, "ModelApprovalStatus"));
    if !group.is_empty() && !context.region.sagemaker.package_groups.contains_key(group) {
        return Err(no_group(context, group));
    }
    let of_kind = |package: &&Package| match (text(input, "ModelPackageType"), group) {
        (_, group) if !group.is_empty() => package.version.is_some() && package.name == group,
        ("Both", _) => true,
        ("Versioned", _) => package.version.is_some(),
        _ => package.version.is_none(),
    };
    let approved = |package: &&Package| approval.is_empty() || text(&package.body, "ModelApprovalStatus") == approval;
    let packages = context.region.sagemaker.packages.values().filter(of_kind).filter(approved);
    let entries = packages.map(|package| Entry {
        // In the order of versions, where they were made at the same time.
        name: package.version.map_or_else(|| package.name.clone(), |version| format!("{}/{version:09}", package.name)),
        created: package.created,
        modified: None,
        status: "",
        summary: Value::Object(summary(package)),
    });
    listing::page("ModelPackageSummaryList", entries.collect(), input)
}
