//! `data "aws_sagemaker_model_package"`: a version of a model in the registry of models, or the newest one of a group.

use async_trait::async_trait;
use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::operation::describe_model_package::DescribeModelPackageOutput;
use aws_sdk_sagemaker::types::{
    InferenceSpecification, ModelApprovalStatus, ModelPackageContainerDefinition, ModelPackageSortBy,
    ModelPackageStatus, ModelPackageType, SortOrder,
};
use smform_provider::{Context, DataSource, ProviderError};
use smform_types::schema::{Attribute, Block, Constraint, Schema};
use smform_types::{Type, Value};

use super::{found, tagging};
use crate::clients::Clients;
use crate::failure::{Failure, Service, failed};
use crate::fields::{Builder, Fields, text_map};
use crate::shared::data_region;

/// The data source.
pub(crate) struct ModelPackageData {
    schema: Schema,
}

impl ModelPackageData {
    pub(crate) fn new() -> ModelPackageData {
        let told = || Attribute::computed(Type::String);
        let texts = || Attribute::computed(Type::list(Type::String));
        let approval = Constraint::OneOf(&["Approved", "Rejected", "PendingManualApproval"]);
        let block = Block::new(
            [
                ("id", told().describe("The ARN, which is what model_package_name of a model takes.")),
                (
                    "model_package_name",
                    Attribute::optional_computed(Type::String)
                        .describe("The package: its ARN, its name, or the name of its group with a version (name/3)."),
                ),
                (
                    "model_package_group_name",
                    Attribute::optional_computed(Type::String)
                        .describe("The group whose newest version is looked for, if model_package_name is left out."),
                ),
                (
                    "model_approval_status",
                    Attribute::optional_computed(Type::String)
                        .with(approval)
                        .describe("Only versions with this status are looked at, such as Approved."),
                ),
                ("region", data_region()),
                ("arn", told()),
                ("model_package_version", Attribute::computed(Type::Number)),
                ("model_package_description", told()),
                ("model_package_status", told()),
                ("approval_description", told()),
                ("creation_time", told()),
                ("source_uri", told()),
                (
                    "containers",
                    Attribute::computed(Type::list(container_type())).describe("What is run to serve the model."),
                ),
                ("supported_realtime_inference_instance_types", texts()),
                ("supported_content_types", texts()),
                ("supported_response_mime_types", texts()),
                ("customer_metadata_properties", Attribute::computed(Type::map(Type::String))),
                ("tags", Attribute::computed(Type::map(Type::String))),
            ],
            [],
        );
        ModelPackageData { schema: Schema { version: 0, block } }
    }
}

fn container_type() -> Type {
    Type::object([
        ("container_hostname", Type::String),
        ("image", Type::String),
        ("image_digest", Type::String),
        ("model_data_url", Type::String),
        ("model_data_s3_uri", Type::String),
        ("framework", Type::String),
        ("framework_version", Type::String),
        ("environment", Type::map(Type::String)),
    ])
}

fn container(container: &ModelPackageContainerDefinition) -> Value {
    let text = |text: Option<&str>| text.map_or(Value::null(Type::String), Value::string);
    let uncompressed = container.model_data_source().and_then(|source| source.s3_data_source());
    Value::object([
        ("container_hostname", text(container.container_hostname())),
        ("image", text(container.image())),
        ("image_digest", text(container.image_digest())),
        ("model_data_url", text(container.model_data_url())),
        ("model_data_s3_uri", text(uncompressed.and_then(|source| source.s3_uri()))),
        ("framework", text(container.framework())),
        ("framework_version", text(container.framework_version())),
        ("environment", text_map(container.environment().into_iter().flatten())),
    ])
}

async fn describe(client: &Client, name: &str) -> Result<Option<DescribeModelPackageOutput>, Failure> {
    let answer = client.describe_model_package().model_package_name(name).send().await;
    found(answer.map_err(failed(Service::SageMaker, "DescribeModelPackage")), "model package")
}

/// The newest version of a group with an approval status, if one is asked for; nothing when there is none.
async fn newest(client: &Client, group: &str, approval: Option<&str>) -> Result<Option<String>, Failure> {
    let call = client
        .list_model_packages()
        .model_package_group_name(group)
        .model_package_type(ModelPackageType::Versioned)
        .set_model_approval_status(approval.map(ModelApprovalStatus::from))
        .sort_by(ModelPackageSortBy::CreationTime)
        .sort_order(SortOrder::Descending);
    let mut versions = call.into_paginator().items().send();
    while let Some(version) = versions.next().await {
        let version = match version.map_err(failed(Service::SageMaker, "ListModelPackages")) {
            Err(failure) => return found(Err(failure), "model package"),
            Ok(version) => version,
        };
        // One that is still being made, or that could not be, is no version to serve.
        if matches!(version.model_package_status(), Some(ModelPackageStatus::Completed) | None) {
            return Ok(version.model_package_arn().map(str::to_owned));
        }
    }
    Ok(None)
}

#[async_trait]
impl DataSource<Clients> for ModelPackageData {
    fn name(&self) -> &'static str {
        "aws_sagemaker_model_package"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    async fn read(&self, config: &Value, cx: &Context<'_, Clients>) -> Result<Value, ProviderError> {
        let region = cx.clients.region_of(config);
        let client = cx.clients.sagemaker(region);
        let fields = Fields(config);
        let approval = fields.text("model_approval_status");
        let missing = |what: String| {
            ProviderError::new("No such model package", format!("There is no {what} in {}.", cx.clients.place(region)))
        };
        let unread = |failure: Failure| failure.into_error("The model package could not be read");
        let name = match (fields.text("model_package_name"), fields.text("model_package_group_name")) {
            (Some(name), _) => name.to_owned(),
            (None, Some(group)) => newest(&client, group, approval).await.map_err(unread)?.ok_or_else(|| {
                let wanted = approval.map(|status| format!(" with approval status {status}")).unwrap_or_default();
                missing(format!("complete version of group \"{group}\"{wanted}"))
            })?,
            (None, None) => {
                let detail =
                    "Set model_package_name, or model_package_group_name to get the newest version of a group.";
                return Err(ProviderError::new("Which model package?", detail));
            }
        };
        let package = describe(&client, &name).await.map_err(unread)?;
        let package = package.ok_or_else(|| missing(format!("model package \"{name}\"")))?;
        let live = package.model_approval_status().map(ModelApprovalStatus::as_str);
        if approval.is_some() && approval != live {
            let detail = format!(
                "Model package \"{name}\" has approval status {}, and {} is asked for.",
                live.unwrap_or("none"),
                approval.unwrap_or_default()
            );
            return Err(ProviderError::new("Model package of another approval status", detail));
        }
        let group = package.model_package_group_name().or(fields.text("model_package_group_name"));
        let arn = package.model_package_arn();
        let told = Builder::new(&self.schema.block)
            .text("id", arn)
            .text("model_package_name", fields.text("model_package_name").or(arn))
            .text("model_package_group_name", group)
            .text("model_approval_status", live)
            .text("region", Some(region))
            .text("arn", arn)
            .int("model_package_version", package.model_package_version())
            .text("model_package_description", package.model_package_description())
            .text("model_package_status", package.model_package_status().map(ModelPackageStatus::as_str))
            .text("approval_description", package.approval_description())
            .text("creation_time", super::moment(package.creation_time()).as_deref())
            .text("source_uri", package.source_uri())
            .value(
                "customer_metadata_properties",
                text_map(package.customer_metadata_properties().into_iter().flatten()),
            )
            .value("tags", tagging::told(&client, arn, &format!("model package \"{name}\"")).await?);
        Ok(specified(told, package.inference_specification()).finish())
    }
}

fn specified<'b>(told: Builder<'b>, specification: Option<&InferenceSpecification>) -> Builder<'b> {
    let Some(specification) = specification else { return told };
    let types = specification.supported_realtime_inference_instance_types();
    let types: Vec<String> = types.iter().map(|ty| ty.as_str().to_owned()).collect();
    told.value("containers", Value::list(container_type(), specification.containers().iter().map(container)))
        .texts("supported_realtime_inference_instance_types", &types)
        .texts("supported_content_types", specification.supported_content_types())
        .texts("supported_response_mime_types", specification.supported_response_mime_types())
}
