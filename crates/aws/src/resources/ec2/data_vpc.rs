//! `data "aws_vpc"`: one VPC by its properties.

use async_trait::async_trait;
use aws_sdk_ec2::types::VpcAttributeName;
use smform_provider::{Context, DataSource, ProviderError};
use smform_types::schema::{Attribute, Block, Schema};
use smform_types::{Type, Value};

use super::filters::{arn, exactly_one, filter_block, filters, tags_value};
use crate::clients::Clients;
use crate::failure::{Service, failed};
use crate::fields::{Builder, Fields};
use crate::shared::{data_region, read_timeouts};

/// The data source.
pub(crate) struct VpcData {
    schema: Schema,
}

impl VpcData {
    pub(crate) fn new() -> VpcData {
        let asked = || Attribute::optional_computed(Type::String);
        let told = || Attribute::computed(Type::String);
        let block = Block::new(
            [
                ("id", asked().describe("The VPC.")),
                ("cidr_block", asked().describe("Its address range.")),
                ("dhcp_options_id", asked()),
                ("default", Attribute::optional_computed(Type::Bool).describe("Whether it is the default VPC.")),
                ("state", asked()),
                ("tags", Attribute::optional_computed(Type::map(Type::String))),
                ("region", data_region()),
                ("arn", told()),
                ("cidr_block_associations", Attribute::computed(Type::list(association_type()))),
                ("enable_dns_support", Attribute::computed(Type::Bool)),
                ("enable_dns_hostnames", Attribute::computed(Type::Bool)),
                ("enable_network_address_usage_metrics", Attribute::computed(Type::Bool)),
                ("instance_tenancy", told()),
                ("ipv6_association_id", told()),
                ("ipv6_cidr_block", told()),
                ("main_route_table_id", told()),
                ("owner_id", told()),
            ],
            [("filter", filter_block()), ("timeouts", read_timeouts())],
        );
        VpcData { schema: Schema { version: 0, block } }
    }
}

/// The type of an element of `cidr_block_associations`.
fn association_type() -> Type {
    Type::object([("association_id", Type::String), ("cidr_block", Type::String), ("state", Type::String)])
}

#[async_trait]
impl DataSource<Clients> for VpcData {
    fn name(&self) -> &'static str {
        "aws_vpc"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    async fn read(&self, config: &Value, cx: &Context<'_, Clients>) -> Result<Value, ProviderError> {
        let fields = Fields(config);
        let region = cx.clients.region_of(config);
        let ec2 = cx.clients.ec2(region);
        let is_default = fields.flag("default").map(|flag| flag.to_string());
        let asked = filters(
            config,
            &[
                ("vpc-id", fields.text("id")),
                ("cidr", fields.text("cidr_block")),
                ("dhcp-options-id", fields.text("dhcp_options_id")),
                ("is-default", is_default.as_deref()),
                ("state", fields.text("state")),
            ],
        );
        let summary = "Cannot read the VPC";
        let mut pages = ec2.describe_vpcs().set_filters(Some(asked)).into_paginator().items().send();
        let mut found = Vec::new();
        while let Some(vpc) = pages.next().await {
            found.push(vpc.map_err(failed(Service::Ec2, "DescribeVpcs")).map_err(|f| f.into_error(summary))?);
        }
        let vpc = exactly_one(found, "VPC", cx.clients, region)?;
        let id = vpc.vpc_id().unwrap_or_default();
        let mut flags = [None; 3];
        let asked = [
            VpcAttributeName::EnableDnsSupport,
            VpcAttributeName::EnableDnsHostnames,
            VpcAttributeName::EnableNetworkAddressUsageMetrics,
        ];
        for (flag, attribute) in flags.iter_mut().zip(asked) {
            let call = ec2.describe_vpc_attribute().vpc_id(id).attribute(attribute);
            // What may not be asked for, or is not known there, stays null.
            let Ok(answer) = call.send().await else { continue };
            let told = [
                answer.enable_dns_support(),
                answer.enable_dns_hostnames(),
                answer.enable_network_address_usage_metrics(),
            ];
            *flag = told.into_iter().flatten().find_map(|told| told.value());
        }
        let main = filters(&Value::object::<&str>([]), &[("association.main", Some("true")), ("vpc-id", Some(id))]);
        let tables = ec2.describe_route_tables().set_filters(Some(main)).send().await.ok();
        let table = tables.as_ref().and_then(|answer| answer.route_tables().first()?.route_table_id());
        let owner = vpc.owner_id().or(cx.clients.account.as_deref()).unwrap_or_default();
        let ipv6 = vpc.ipv6_cidr_block_association_set().first();
        let associations = vpc.cidr_block_association_set().iter().map(|association| {
            let text = |text: Option<&str>| text.map_or(Value::null(Type::String), Value::string);
            let state = association.cidr_block_state().and_then(|state| state.state());
            Value::object([
                ("association_id", text(association.association_id())),
                ("cidr_block", text(association.cidr_block())),
                ("state", text(state.map(|state| state.as_str()))),
            ])
        });
        let built = Builder::new(&self.schema.block)
            .text("id", Some(id))
            .text("cidr_block", vpc.cidr_block())
            .text("dhcp_options_id", vpc.dhcp_options_id())
            .flag("default", vpc.is_default())
            .text("state", vpc.state().map(|state| state.as_str()))
            .value("tags", tags_value(vpc.tags()))
            .text("region", Some(region))
            .text("arn", Some(&arn(cx.clients, region, owner, &format!("vpc/{id}"))))
            .flag("enable_dns_support", flags[0])
            .flag("enable_dns_hostnames", flags[1])
            .flag("enable_network_address_usage_metrics", flags[2])
            .text("instance_tenancy", vpc.instance_tenancy().map(|tenancy| tenancy.as_str()))
            .text("ipv6_association_id", ipv6.and_then(|ipv6| ipv6.association_id()))
            .text("ipv6_cidr_block", ipv6.and_then(|ipv6| ipv6.ipv6_cidr_block()))
            .text("main_route_table_id", table)
            .text("owner_id", Some(owner))
            .value("cidr_block_associations", Value::list(association_type(), associations))
            .value("filter", config.get("filter").cloned().unwrap_or_else(|| filter_block().empty()))
            .value("timeouts", config.get("timeouts").cloned().unwrap_or_else(|| read_timeouts().empty()));
        Ok(built.finish())
    }
}
