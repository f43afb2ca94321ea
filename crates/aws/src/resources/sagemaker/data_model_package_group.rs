//! `data "aws_sagemaker_model_package_group"`: a group of versions of a model.

use async_trait::async_trait;
use aws_sdk_sagemaker::types::ModelPackageGroupStatus;
use smform_provider::{Context, DataSource, ProviderError};
use smform_types::schema::{Attribute, Block, Schema};
use smform_types::{Type, Value};

use super::{found, tagging};
use crate::clients::Clients;
use crate::failure::{Service, failed};
use crate::fields::{Builder, Fields};
use crate::shared::data_region;

/// The data source.
pub(crate) struct ModelPackageGroupData {
    schema: Schema,
}

impl ModelPackageGroupData {
    pub(crate) fn new() -> ModelPackageGroupData {
        let told = || Attribute::computed(Type::String);
        let block = Block::new(
            [
                ("id", told().describe("The name.")),
                ("model_package_group_name", Attribute::required(Type::String).describe("The group.")),
                ("region", data_region()),
                ("arn", told()),
                ("model_package_group_description", told()),
                ("status", told()),
                ("creation_time", told()),
                ("tags", Attribute::computed(Type::map(Type::String))),
            ],
            [],
        );
        ModelPackageGroupData { schema: Schema { version: 0, block } }
    }
}

#[async_trait]
impl DataSource<Clients> for ModelPackageGroupData {
    fn name(&self) -> &'static str {
        "aws_sagemaker_model_package_group"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    async fn read(&self, config: &Value, cx: &Context<'_, Clients>) -> Result<Value, ProviderError> {
        let region = cx.clients.region_of(config);
        let name = Fields(config).text("model_package_group_name").unwrap_or_default();
        let client = cx.clients.sagemaker(region);
        let answer = client.describe_model_package_group().model_package_group_name(name).send().await;
        let answer = answer.map_err(failed(Service::SageMaker, "DescribeModelPackageGroup"));
        let group = found(answer, "model package group")
            .map_err(|failure| failure.into_error(format!("Model package group \"{name}\" could not be read")))?;
        let Some(group) = group else {
            let detail = format!("There is no model package group \"{name}\" in {}.", cx.clients.place(region));
            return Err(ProviderError::new("No such model package group", detail));
        };
        let arn = group.model_package_group_arn();
        let status = group.model_package_group_status();
        Ok(Builder::new(&self.schema.block)
            .text("id", Some(name))
            .text("model_package_group_name", Some(name))
            .text("region", Some(region))
            .text("arn", arn)
            .text("model_package_group_description", group.model_package_group_description())
            .text("status", status.map(ModelPackageGroupStatus::as_str))
            .text("creation_time", super::moment(group.creation_time()).as_deref())
            .value("tags", tagging::told(&client, arn, &format!("model package group \"{name}\"")).await?)
            .finish())
    }
}
