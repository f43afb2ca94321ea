//! `data "aws_sagemaker_endpoint"`: a live endpoint, whoever made it: its status, its configuration, and what its
//! variants have.

use async_trait::async_trait;
use aws_sdk_sagemaker::types::{EndpointStatus, ProductionVariantSummary};
use smform_provider::{Context, DataSource, ProviderError};
use smform_types::schema::{Attribute, Block, Schema};
use smform_types::{Type, Value};

use super::endpoint::describe;
use super::{moment, tagging};
use crate::clients::Clients;
use crate::fields::{Builder, Fields};
use crate::shared::data_region;

/// The data source.
pub(crate) struct EndpointData {
    schema: Schema,
}

impl EndpointData {
    pub(crate) fn new() -> EndpointData {
        let told = || Attribute::computed(Type::String);
        let variants = || Attribute::computed(Type::list(variant_type()));
        let block = Block::new(
            [
                ("id", told().describe("The name.")),
                ("name", Attribute::required(Type::String).describe("The endpoint.")),
                ("region", data_region()),
                ("arn", told()),
                ("status", told().describe("Creating, InService, Updating and so on.")),
                ("endpoint_config_name", told().describe("The configuration that serves.")),
                ("pending_endpoint_config_name", told().describe("The configuration that is being rolled out.")),
                ("failure_reason", told().describe("What the service says of the last failure.")),
                ("creation_time", told()),
                ("last_modified_time", told()),
                ("production_variants", variants().describe("What each variant has now.")),
                ("shadow_production_variants", variants()),
                ("tags", Attribute::computed(Type::map(Type::String))),
            ],
            [],
        );
        EndpointData { schema: Schema { version: 0, block } }
    }
}

fn variant_type() -> Type {
    Type::object([
        ("variant_name", Type::String),
        ("current_instance_count", Type::Number),
        ("desired_instance_count", Type::Number),
        ("current_weight", Type::Number),
        ("desired_weight", Type::Number),
        ("status", Type::list(Type::String)),
        ("images", Type::list(Type::String)),
    ])
}

fn variant(variant: &ProductionVariantSummary) -> Value {
    let count = |number: Option<i32>| number.map_or(Value::null(Type::Number), |n| Value::number(i64::from(n)));
    let weight = |number: Option<f32>| {
        let number = number.and_then(|number| smform_types::Number::parse(&number.to_string()));
        number.map_or(Value::null(Type::Number), Value::number)
    };
    let statuses = variant.variant_status().iter().filter_map(|status| status.status());
    let images =
        variant.deployed_images().iter().filter_map(|image| image.resolved_image().or(image.specified_image()));
    Value::object([
        ("variant_name", Value::string(variant.variant_name().unwrap_or_default())),
        ("current_instance_count", count(variant.current_instance_count())),
        ("desired_instance_count", count(variant.desired_instance_count())),
        ("current_weight", weight(variant.current_weight())),
        ("desired_weight", weight(variant.desired_weight())),
        ("status", Value::list(Type::String, statuses.map(|status| Value::string(status.as_str())))),
        ("images", Value::list(Type::String, images.map(Value::string))),
    ])
}

#[async_trait]
impl DataSource<Clients> for EndpointData {
    fn name(&self) -> &'static str {
        "aws_sagemaker_endpoint"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    async fn read(&self, config: &Value, cx: &Context<'_, Clients>) -> Result<Value, ProviderError> {
        let region = cx.clients.region_of(config);
        let name = Fields(config).text("name").unwrap_or_default();
        let client = cx.clients.sagemaker(region);
        let summary = || format!("Endpoint \"{name}\" could not be read");
        let found = describe(&client, name).await.map_err(|failure| failure.into_error(summary()))?;
        let Some(endpoint) = found else {
            let detail = format!("There is no endpoint \"{name}\" in {}.", cx.clients.place(region));
            return Err(ProviderError::new("No such endpoint", detail));
        };
        let variants = |list: &[ProductionVariantSummary]| Value::list(variant_type(), list.iter().map(variant));
        let pending = endpoint.pending_deployment_summary().and_then(|pending| pending.endpoint_config_name());
        let arn = endpoint.endpoint_arn();
        let told = Builder::new(&self.schema.block)
            .text("id", Some(name))
            .text("name", Some(name))
            .text("region", Some(region))
            .text("arn", arn)
            .text("status", endpoint.endpoint_status().map(EndpointStatus::as_str))
            .text("endpoint_config_name", endpoint.endpoint_config_name())
            .text("pending_endpoint_config_name", pending)
            .text("failure_reason", endpoint.failure_reason())
            .text("creation_time", moment(endpoint.creation_time()).as_deref())
            .text("last_modified_time", moment(endpoint.last_modified_time()).as_deref())
            .value("production_variants", variants(endpoint.production_variants()))
            .value("shadow_production_variants", variants(endpoint.shadow_production_variants()));
        let tags = tagging::told(&client, arn, &format!("endpoint \"{name}\"")).await?;
        Ok(told.value("tags", tags).finish())
    }
}
