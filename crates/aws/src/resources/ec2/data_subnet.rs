//! `data "aws_subnet"`: one subnet by its properties.

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
pub(crate) struct SubnetData {
    schema: Schema,
}

impl SubnetData {
    pub(crate) fn new() -> SubnetData {
        let asked = || Attribute::optional_computed(Type::String);
        let told = || Attribute::computed(Type::String);
        let flag = || Attribute::computed(Type::Bool);
        let block = Block::new(
            [
                ("id", asked().describe("The subnet.")),
                ("availability_zone", asked()),
                ("availability_zone_id", asked()),
                ("cidr_block", asked().describe("Its address range.")),
                ("ipv6_cidr_block", asked()),
                ("default_for_az", Attribute::optional_computed(Type::Bool)),
                ("state", asked()),
                ("vpc_id", asked().describe("Its VPC.")),
                ("tags", Attribute::optional_computed(Type::map(Type::String))),
                ("region", data_region()),
                ("arn", told()),
                ("available_ip_address_count", Attribute::computed(Type::Number)),
                ("assign_ipv6_address_on_creation", flag()),
                ("customer_owned_ipv4_pool", told()),
                ("enable_dns64", flag()),
                ("enable_lni_at_device_index", Attribute::computed(Type::Number)),
                ("enable_resource_name_dns_a_record_on_launch", flag()),
                ("enable_resource_name_dns_aaaa_record_on_launch", flag()),
                ("ipv6_cidr_block_association_id", told()),
                ("ipv6_native", flag()),
                ("map_customer_owned_ip_on_launch", flag()),
                ("map_public_ip_on_launch", flag()),
                ("outpost_arn", told()),
                ("owner_id", told()),
                ("private_dns_hostname_type_on_launch", told()),
            ],
            [("filter", filter_block()), ("timeouts", read_timeouts())],
        );
        SubnetData { schema: Schema { version: 0, block } }
    }
}

#[async_trait]
impl DataSource<Clients> for SubnetData {
    fn name(&self) -> &'static str {
        "aws_subnet"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    async fn read(&self, config: &Value, cx: &Context<'_, Clients>) -> Result<Value, ProviderError> {
        let fields = Fields(config);
        let region = cx.clients.region_of(config);
        let for_zone = fields.flag("default_for_az").map(|flag| flag.to_string());
        let asked = filters(
            config,
            &[
                ("subnet-id", fields.text("id")),
                ("availability-zone", fields.text("availability_zone")),
                ("availability-zone-id", fields.text("availability_zone_id")),
                ("cidr-block", fields.text("cidr_block")),
                ("ipv6-cidr-block-association.ipv6-cidr-block", fields.text("ipv6_cidr_block")),
                ("default-for-az", for_zone.as_deref()),
                ("state", fields.text("state")),
                ("vpc-id", fields.text("vpc_id")),
            ],
        );
        let call = cx.clients.ec2(region).describe_subnets().set_filters(Some(asked));
        let mut pages = call.into_paginator().items().send();
        let mut found = Vec::new();
        while let Some(subnet) = pages.next().await {
            let subnet = subnet.map_err(failed(Service::Ec2, "DescribeSubnets"));
            found.push(subnet.map_err(|failure| failure.into_error("Cannot read the subnet"))?);
        }
        let subnet = exactly_one(found, "subnet", cx.clients, region)?;
        let id = subnet.subnet_id().unwrap_or_default();
        let owner = subnet.owner_id().or(cx.clients.account.as_deref()).unwrap_or_default();
        let own_arn = arn(cx.clients, region, owner, &format!("subnet/{id}"));
        let ipv6 = subnet.ipv6_cidr_block_association_set().first();
        let names = subnet.private_dns_name_options_on_launch();
        let built = Builder::new(&self.schema.block)
            .text("id", Some(id))
            .text("availability_zone", subnet.availability_zone())
            .text("availability_zone_id", subnet.availability_zone_id())
            .text("cidr_block", subnet.cidr_block())
            .text("ipv6_cidr_block", ipv6.and_then(|ipv6| ipv6.ipv6_cidr_block()))
            .flag("default_for_az", subnet.default_for_az())
            .text("state", subnet.state().map(|state| state.as_str()))
            .text("vpc_id", subnet.vpc_id())
            .value("tags", tags_value(subnet.tags()))
            .text("region", Some(region))
            .text("arn", Some(subnet.subnet_arn().unwrap_or(&own_arn)))
            .int("available_ip_address_count", subnet.available_ip_address_count())
            .flag("assign_ipv6_address_on_creation", subnet.assign_ipv6_address_on_creation())
            .text("customer_owned_ipv4_pool", subnet.customer_owned_ipv4_pool())
            .flag("enable_dns64", subnet.enable_dns64())
            .int("enable_lni_at_device_index", subnet.enable_lni_at_device_index())
            .flag(
                "enable_resource_name_dns_a_record_on_launch",
                names.and_then(|names| names.enable_resource_name_dns_a_record()),
            )
            .flag(
                "enable_resource_name_dns_aaaa_record_on_launch",
                names.and_then(|names| names.enable_resource_name_dns_aaaa_record()),
            )
            .text("ipv6_cidr_block_association_id", ipv6.and_then(|ipv6| ipv6.association_id()))
            .flag("ipv6_native", subnet.ipv6_native())
            .flag("map_customer_owned_ip_on_launch", subnet.map_customer_owned_ip_on_launch())
            .flag("map_public_ip_on_launch", subnet.map_public_ip_on_launch())
            .text("outpost_arn", subnet.outpost_arn())
            .text("owner_id", Some(owner))
            .text(
                "private_dns_hostname_type_on_launch",
                names.and_then(|names| names.hostname_type()).map(|kind| kind.as_str()),
            )
            .value("filter", config.get("filter").cloned().unwrap_or_else(|| filter_block().empty()))
            .value("timeouts", config.get("timeouts").cloned().unwrap_or_else(|| read_timeouts().empty()));
        Ok(built.finish())
    }
}
