//! `data "aws_subnets"`: the ids of all subnets that match.

use async_trait::async_trait;
use smform_provider::{Context, DataSource, ProviderError};
use smform_types::schema::{Attribute, Block, Schema};
use smform_types::{Type, Value};

use super::filters::{filter_block, filters};
use crate::clients::Clients;
use crate::failure::{Service, failed};
use crate::fields::Builder;
use crate::shared::{data_region, read_timeouts};

/// The data source.
pub(crate) struct SubnetsData {
    schema: Schema,
}

impl SubnetsData {
    pub(crate) fn new() -> SubnetsData {
        let block = Block::new(
            [
                ("id", Attribute::computed(Type::String).describe("The region.")),
                ("ids", Attribute::computed(Type::list(Type::String)).describe("The subnets, in order of id.")),
                ("tags", Attribute::optional(Type::map(Type::String)).describe("Tags that they must have.")),
                ("region", data_region()),
            ],
            [("filter", filter_block()), ("timeouts", read_timeouts())],
        );
        SubnetsData { schema: Schema { version: 0, block } }
    }
}

#[async_trait]
impl DataSource<Clients> for SubnetsData {
    fn name(&self) -> &'static str {
        "aws_subnets"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    async fn read(&self, config: &Value, cx: &Context<'_, Clients>) -> Result<Value, ProviderError> {
        let region = cx.clients.region_of(config);
        let call = cx.clients.ec2(region).describe_subnets().set_filters(Some(filters(config, &[])));
        let mut pages = call.into_paginator().items().send();
        let mut ids = Vec::new();
        while let Some(subnet) = pages.next().await {
            let subnet = subnet.map_err(failed(Service::Ec2, "DescribeSubnets"));
            let subnet = subnet.map_err(|failure| failure.into_error("Cannot read the subnets"))?;
            ids.extend(subnet.subnet_id().map(str::to_owned));
        }
        ids.sort();
        let built = Builder::new(&self.schema.block)
            .text("id", Some(region))
            .value("ids", Value::list(Type::String, ids.iter().map(Value::string)))
            .value("tags", config.get("tags").cloned().unwrap_or_else(|| Value::null(Type::map(Type::String))))
            .text("region", Some(region))
            .value("filter", config.get("filter").cloned().unwrap_or_else(|| filter_block().empty()))
            .value("timeouts", config.get("timeouts").cloned().unwrap_or_else(|| read_timeouts().empty()));
        Ok(built.finish())
    }
}
