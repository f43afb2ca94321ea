//! `data "aws_sagemaker_model"`: a model, whoever made it.

use async_trait::async_trait;
use smform_provider::{Context, DataSource, ProviderError};
use smform_types::schema::{Attribute, Block, Schema};
use smform_types::{Type, Value};

use super::model::{self, describe};
use super::tagging;
use crate::clients::Clients;
use crate::fields::{Builder, Fields, with};
use crate::shared::data_region;

/// What the data source tells as the resource has it, in the same form.
const ATTRIBUTES: [&str; 3] = ["arn", "execution_role_arn", "enable_network_isolation"];
const BLOCKS: [&str; 4] = ["primary_container", "container", "inference_execution_config", "vpc_config"];

/// The data source.
pub(crate) struct ModelData {
    schema: Schema,
    resource: Schema,
}

impl ModelData {
    pub(crate) fn new() -> ModelData {
        let resource = model::schema::schema();
        let mut block = Block::new(
            [
                ("id", Attribute::computed(Type::String).describe("The name.")),
                ("name", Attribute::required(Type::String).describe("The model.")),
                ("region", data_region()),
                ("creation_time", Attribute::computed(Type::String)),
                ("tags", Attribute::computed(Type::map(Type::String))),
            ],
            [],
        );
        let attributes = ATTRIBUTES.into_iter().filter_map(|name| Some((name, resource.block.attributes.get(name)?)));
        block.attributes.extend(attributes.map(|(name, attribute)| {
            (name, Attribute::computed(attribute.ty.clone()).describe(attribute.description))
        }));
        let blocks = BLOCKS.into_iter().filter_map(|name| Some((name, resource.block.blocks.get(name)?)));
        block.attributes.extend(blocks.map(|(name, nested)| {
            (name, Attribute::computed(nested.ty()).describe("As in the resource of the same name."))
        }));
        ModelData { schema: Schema { version: 0, block }, resource }
    }
}

#[async_trait]
impl DataSource<Clients> for ModelData {
    fn name(&self) -> &'static str {
        "aws_sagemaker_model"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    async fn read(&self, config: &Value, cx: &Context<'_, Clients>) -> Result<Value, ProviderError> {
        let region = cx.clients.region_of(config);
        let name = Fields(config).text("name").unwrap_or_default();
        let client = cx.clients.sagemaker(region);
        let found = describe(&client, name).await;
        let found = found.map_err(|failure| failure.into_error(format!("Model \"{name}\" could not be read")))?;
        let Some(model) = found else {
            let detail = format!("There is no model \"{name}\" in {}.", cx.clients.place(region));
            return Err(ProviderError::new("No such model", detail));
        };
        let told = Builder::new(&self.schema.block)
            .text("id", Some(name))
            .text("name", Some(name))
            .text("region", Some(region))
            .text("creation_time", super::moment(model.creation_time()).as_deref())
            .value("tags", tagging::told(&client, model.model_arn(), &format!("model \"{name}\"")).await?)
            .finish();
        let live = model::wire::describe(&self.resource, &model, &Value::null(self.resource.block.ty()));
        Ok(ATTRIBUTES.into_iter().chain(BLOCKS).fold(told, |told, name| match live.get(name) {
            Some(member) => with(told, name, member.clone()),
            None => told,
        }))
    }
}
