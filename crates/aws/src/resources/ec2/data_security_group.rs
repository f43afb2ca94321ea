//! `data "aws_security_group"`: one security group by its properties.

use async_trait::async_trait;
use smform_provider::{Context, DataSource, ProviderError};
use smform_types::schema::{Attribute, Block, Schema};
use smform_types::{Type, Value};

use super::filters::{arn, exactly_one, filter_block, filters, tags_value};
use crate::clients::Clients;
use crate::failure::{Service, failed};
use crate::fields::{Builder, Fields};
use crate::shared::{data_region, read_timeouts};

/// The data source.
pub(crate) struct SecurityGroupData {
    schema: Schema,
}

impl SecurityGroupData {
    pub(crate) fn new() -> SecurityGroupData {
        let asked = || Attribute::optional_computed(Type::String);
        let block = Block::new(
            [
                ("id", asked().describe("The group.")),
                ("name", asked().describe("Its name.")),
                ("vpc_id", asked().describe("Its VPC.")),
                ("tags", Attribute::optional_computed(Type::map(Type::String))),
                ("region", data_region()),
                ("arn", Attribute::computed(Type::String)),
                ("description", Attribute::computed(Type::String)),
            ],
            [("filter", filter_block()), ("timeouts", read_timeouts())],
        );
        SecurityGroupData { schema: Schema { version: 0, block } }
    }
}

#[async_trait]
impl DataSource<Clients> for SecurityGroupData {
    fn name(&self) -> &'static str {
        "aws_security_group"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    async fn read(&self, config: &Value, cx: &Context<'_, Clients>) -> Result<Value, ProviderError> {
        let fields = Fields(config);
        let region = cx.clients.region_of(config);
        let asked = filters(
            config,
            &[("group-id", fields.text("id")), ("group-name", fields.text("name")), ("vpc-id", fields.text("vpc_id"))],
        );
        let call = cx.clients.ec2(region).describe_security_groups().set_filters(Some(asked));
        let mut pages = call.into_paginator().items().send();
        let mut found = Vec::new();
        while let Some(group) = pages.next().await {
            let group = group.map_err(failed(Service::Ec2, "DescribeSecurityGroups"));
            found.push(group.map_err(|failure| failure.into_error("Cannot read the security group"))?);
        }
        let group = exactly_one(found, "security group", cx.clients, region)?;
        let id = group.group_id().unwrap_or_default();
        let owner = group.owner_id().or(cx.clients.account.as_deref()).unwrap_or_default();
        let own_arn = arn(cx.clients, region, owner, &format!("security-group/{id}"));
        let built = Builder::new(&self.schema.block)
            .text("id", Some(id))
            .text("name", group.group_name())
            .text("vpc_id", group.vpc_id())
            .value("tags", tags_value(group.tags()))
            .text("region", Some(region))
            .text("arn", Some(group.security_group_arn().unwrap_or(&own_arn)))
            .text("description", group.description())
            .value("filter", config.get("filter").cloned().unwrap_or_else(|| filter_block().empty()))
            .value("timeouts", config.get("timeouts").cloned().unwrap_or_else(|| read_timeouts().empty()));
        Ok(built.finish())
    }
}
