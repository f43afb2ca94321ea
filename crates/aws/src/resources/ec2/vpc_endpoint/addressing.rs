//! The addresses of an endpoint in its subnets, and how its names are resolved.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{
    DnsOptionsSpecification, DnsRecordIpType, NetworkInterface, SubnetConfiguration, VpcEndpoint as Described,
};
use smform_types::schema::{Attribute, Block, Constraint, NestedBlock};
use smform_types::{Type, Value};

use crate::fields::{Builder, Fields};

pub(super) fn dns_options() -> NestedBlock {
    let block = Block::new(
        [
            (
                "dns_record_ip_type",
                Attribute::optional_computed(Type::String).with(Constraint::OneOf(&[
                    "dualstack",
                    "ipv4",
                    "ipv6",
                    "service-defined",
                ])),
            ),
            ("private_dns_only_for_inbound_resolver_endpoint", Attribute::optional(Type::Bool)),
            (
                "private_dns_preference",
                Attribute::optional_computed(Type::String).with(Constraint::OneOf(&[
                    "VERIFIED_DOMAINS_ONLY",
                    "ALL_DOMAINS",
                    "VERIFIED_DOMAINS_AND_SPECIFIED_DOMAINS",
                    "SPECIFIED_DOMAINS_ONLY",
                ])),
            ),
            ("private_dns_specified_domains", Attribute::optional_computed(Type::set(Type::String))),
        ],
        [],
    );
    NestedBlock::at_most_one(block).or_computed()
}

/// Without such blocks, the service picks the addresses.
pub(super) fn subnet_configuration() -> NestedBlock {
    let block = Block::new(
        [
            ("subnet_id", Attribute::optional(Type::String)),
            (
                "ipv4",
                Attribute::optional(Type::String)
                    .with(Constraint::Text("an IPv4 address", |text| text.parse::<std::net::Ipv4Addr>().is_ok())),
            ),
            (
                "ipv6",
                Attribute::optional(Type::String)
                    .with(Constraint::Text("an IPv6 address", |text| text.parse::<std::net::Ipv6Addr>().is_ok())),
            ),
        ],
        [],
    );
    NestedBlock::set(block, 0, 0).or_computed()
}

/// How names are to be resolved, as it is sent; nothing when it is not said.
pub(super) fn wanted_dns(endpoint: Fields<'_>) -> Option<DnsOptionsSpecification> {
    let options = endpoint.block("dns_options")?;
    let domains = options.texts("private_dns_specified_domains");
    let inbound = "private_dns_only_for_inbound_resolver_endpoint";
    Some(
        DnsOptionsSpecification::builder()
            .set_dns_record_ip_type(options.text("dns_record_ip_type").map(DnsRecordIpType::from))
            .set_private_dns_only_for_inbound_resolver_endpoint(options.flag(inbound))
            .set_private_dns_preference(options.owned("private_dns_preference"))
            .set_private_dns_specified_domains((!domains.is_empty()).then_some(domains))
            .build(),
    )
}

/// How names are resolved.
pub(super) fn told_dns(endpoint: &Described) -> Value {
    let nested = dns_options();
    let told = endpoint.dns_options().map(|options| {
        let domains = options.private_dns_specified_domains();
        Builder::new(&nested.block)
            .text("dns_record_ip_type", options.dns_record_ip_type().map(DnsRecordIpType::as_str))
            .flag(
                "private_dns_only_for_inbound_resolver_endpoint",
                options.private_dns_only_for_inbound_resolver_endpoint(),
            )
            .text("private_dns_preference", options.private_dns_preference())
            .texts("private_dns_specified_domains", domains)
            .finish()
    });
    Value::list(nested.block.ty(), told)
}

/// The addresses that are wanted in subnets, as they are sent; nothing when none is.
pub(super) fn wanted_addresses(endpoint: Fields<'_>) -> Option<Vec<SubnetConfiguration>> {
    let wanted = endpoint.blocks("subnet_configuration").map(|block| {
        SubnetConfiguration::builder()
            .set_subnet_id(block.owned("subnet_id"))
            .set_ipv4(block.owned("ipv4"))
            .set_ipv6(block.owned("ipv6"))
            .build()
    });
    let wanted: Vec<SubnetConfiguration> = wanted.collect();
    (!wanted.is_empty()).then_some(wanted)
}

/// The addresses in the subnets: the remembered blocks that are still true in their own form, the other interfaces in
/// full. What may not be asked for stays as remembered.
pub(super) async fn told_addresses(client: &Client, endpoint: &Described, remembered: &Value) -> Value {
    let nested = subnet_configuration();
    let ids = endpoint.network_interface_ids();
    let none = || Value::set(nested.block.ty(), []);
    if ids.is_empty() {
        return none();
    }
    let call = client.describe_network_interfaces().set_network_interface_ids(Some(ids.to_vec()));
    let Ok(answer) = call.send().await else {
        let known = remembered.get("subnet_configuration").filter(|known| known.is_wholly_known());
        return known.cloned().unwrap_or_else(none);
    };
    let known: Vec<&Value> = Fields(remembered)
        .blocks("subnet_configuration")
        .map(|block| block.0)
        .filter(|b| b.is_wholly_known())
        .collect();
    // Where some subnets are written, the service picks the addresses in the others.
    let is_written = |interface: &&NetworkInterface| {
        known.is_empty() || known.iter().any(|block| Fields(block).text("subnet_id") == interface.subnet_id())
    };
    let blocks = answer.network_interfaces().iter().filter(is_written).map(|interface| {
        let same = known.iter().find(|block| is_of(Fields(block), interface));
        same.map_or_else(|| in_full(&nested.block, interface), |block| (*block).clone())
    });
    Value::set(nested.block.ty(), blocks)
}

fn ipv6_of(interface: &NetworkInterface) -> Option<&str> {
    interface.ipv6_addresses().first().and_then(|address| address.ipv6_address())
}

/// Whether a block is true of an interface: an address that it leaves out may be any.
fn is_of(block: Fields<'_>, interface: &NetworkInterface) -> bool {
    let fits = |name: &str, told: Option<&str>| block.text(name).is_none() || block.text(name) == told;
    block.text("subnet_id") == interface.subnet_id()
        && fits("ipv4", interface.private_ip_address())
        && fits("ipv6", ipv6_of(interface))
}

/// The planned endpoint with the addresses as they are where all that are wanted are among them: as after an import.
pub(super) fn kept(prior: &Value, planned: Value) -> Value {
    let name = "subnet_configuration";
    let (Some(before), Some(after)) = (prior.get(name), planned.get(name)) else { return planned };
    let is_among = |wanted: Fields<'_>| {
        let fits = |known: Fields<'_>, name: &str| wanted.text(name).is_none() || wanted.text(name) == known.text(name);
        Fields(prior).blocks(name).any(|known| ["subnet_id", "ipv4", "ipv6"].iter().all(|name| fits(known, name)))
    };
    let known = before.is_wholly_known() && after.is_wholly_known();
    if known && Fields(&planned).blocks(name).all(is_among) {
        let before = before.clone();
        crate::fields::with(planned, name, before)
    } else {
        planned
    }
}

fn in_full(block: &Block, interface: &NetworkInterface) -> Value {
    Builder::new(block)
        .text("subnet_id", interface.subnet_id())
        .text("ipv4", interface.private_ip_address())
        .text("ipv6", ipv6_of(interface))
        .finish()
}
