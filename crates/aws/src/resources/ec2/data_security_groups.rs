//! `data "aws_security_groups"`: all security groups that match.

use async_trait::async_trait;
use smform_provider::{Context, DataSource, ProviderError};
use smform_types::schema::{Attribute, Block, Schema};
use smform_types::{Type, Value};

use super::filters::{arn, filter_block, filters};
use crate::clients::Clients;
use crate::failure::{Service, failed};
use crate::fields::Builder;
use crate::shared::{data_region, read_timeouts};

/// The data source.
pub(crate) struct SecurityGroupsData {
    schema: Schema,
}

impl SecurityGroupsData {
    pub(crate) fn new() -> SecurityGroupsData {
        let texts = || Attribute::computed(Type::list(Type::String));
        let block = Block::new(
            [
                ("id", Attribute::computed(Type::String).describe("The region.")),
                ("ids", texts().describe("The groups, in order of id.")),
                ("arns", texts().describe("Their ARNs, in the same order.")),
                ("vpc_ids", texts().describe("Their VPCs, in the same order.")),
                ("tags", Attribute::optional(Type::map(Type::String)).describe("Tags that they must have.")),
                ("region", data_region()),
            ],
            [("filter", filter_block()), ("timeouts", read_timeouts())],
        );
        SecurityGroupsData { schema: Schema { version: 0, block } }
    }
}

#[async_trait]
impl DataSource<Clients> for SecurityGroupsData {
    fn name(&self) -> &'static str {
        "aws_security_groups"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    async fn read(&self, config: &Value, cx: &Context<'_, Clients>) -> Result<Value, ProviderError> {
        let region = cx.clients.region_of(config);
        let call = cx.clients.ec2(region).describe_security_groups().set_filters(Some(filters(config, &[])));
        let mut pages = call.into_paginator().items().send();
        let mut found = Vec::new();
        while let Some(group) = pages.next().await {
            let group = group.map_err(failed(Service::Ec2, "DescribeSecurityGroups"));
            let group = group.map_err(|failure| failure.into_error("Cannot read the security groups"))?;
            let id = group.group_id().unwrap_or_default();
            let owner = group.owner_id().or(cx.clients.account.as_deref()).unwrap_or_default();
            let own_arn = arn(cx.clients, region, owner, &format!("security-group/{id}"));
            let told = group.security_group_arn().unwrap_or(&own_arn).to_owned();
            found.push((id.to_owned(), told, group.vpc_id().unwrap_or_default().to_owned()));
        }
        found.sort();
        let list = |pick: fn(&(String, String, String)) -> &String| {
            Value::list(Type::String, found.iter().map(|group| Value::string(pick(group))))
        };
        let built = Builder::new(&self.schema.block)
            .text("id", Some(region))
            .value("ids", list(|(id, _, _)| id))
            .value("arns", list(|(_, arn, _)| arn))
            .value("vpc_ids", list(|(_, _, vpc)| vpc))
            .value("tags", config.get("tags").cloned().unwrap_or_else(|| Value::null(Type::map(Type::String))))
            .text("region", Some(region))
            .value("filter", config.get("filter").cloned().unwrap_or_else(|| filter_block().empty()))
            .value("timeouts", config.get("timeouts").cloned().unwrap_or_else(|| read_timeouts().empty()));
        Ok(built.finish())
    }
}
