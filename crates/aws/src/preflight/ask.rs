//! Asking EC2: few calls, those that do not depend on each other at the same time.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::describe_security_groups::builders::DescribeSecurityGroupsFluentBuilder;
use aws_sdk_ec2::operation::describe_subnets::builders::DescribeSubnetsFluentBuilder;
use aws_sdk_ec2::types::{Filter, VpcAttributeName};
use futures::future::{OptionFuture, join_all};

use super::facts::{Acl, AclEntry, Address, Endpoint, Facts, Group, Nat, Route, RouteTable, Rule, Subnet, Via};
use super::{Wanted, services};
use crate::failure::{Failure, Service, failed};

impl Facts {
    fn keep<T>(&mut self, result: Result<T, Failure>) -> Option<T> {
        result.map_err(|failure| self.unseen.push(failure)).ok()
    }

    fn keep_asked<T>(&mut self, result: Option<Result<T, Failure>>) -> Option<T> {
        self.keep(result?)
    }
}

fn filter(name: &str, values: impl IntoIterator<Item = String>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().collect())).build()
}

fn when<F: Future>(wanted: bool, call: F) -> OptionFuture<F> {
    wanted.then_some(call).into()
}

/// Asks for everything that the checks need.
pub(super) async fn gather(ec2: &Client, wanted: &Wanted) -> Facts {
    let mut facts = Facts::default();
    let registry_group = wanted.registry.as_ref().and_then(|registry| registry.group.as_ref()).map(|(id, _)| id);
    let groups: BTreeSet<String> = wanted.groups.iter().chain(registry_group).cloned().collect();
    let with_rules = wanted.registry.is_some() || wanted.needs_services();

    let (subnets, found, rules, interfaces) = tokio::join!(
        subnets(ec2, &wanted.subnets),
        security_groups(ec2, &groups),
        when(with_rules, rules_of(ec2, &groups)),
        OptionFuture::from(registry_group.map(|group| interfaces(ec2, group))),
    );
    facts.subnets = facts.keep(subnets);
    facts.groups = facts.keep(found);
    facts.rules = facts.keep_asked(rules);
    facts.ruled.extend(facts.rules.iter().flat_map(|_| groups.clone()));
    // Only a help: without them, the registry's addresses stay unknown.
    facts.interfaces = interfaces.and_then(Result::ok).unwrap_or_default();
    surroundings(ec2, wanted, &mut facts).await;
    details(ec2, wanted, &mut facts).await;
    facts
}

/// What is around the subnets.
async fn surroundings(ec2: &Client, wanted: &Wanted, facts: &mut Facts) {
    let known = facts.subnets.clone().unwrap_or_default();
    if known.is_empty() {
        return;
    }
    let zones: BTreeSet<String> = known.values().map(|subnet| subnet.zone.clone()).collect();
    let vpcs: BTreeSet<String> = known.values().map(|subnet| subnet.vpc_id.clone()).collect();
    let strangers: BTreeSet<String> = facts
        .groups
        .iter()
        .flatten()
        .filter(|(id, group)| wanted.groups.contains(id) && !vpcs.contains(&group.vpc_id))
        .map(|(id, _)| id.clone())
        .collect();
    let (registry, services) = (wanted.registry.is_some(), wanted.needs_services());
    let (special, told, support, hostnames, associated, tables, acls, endpoints) = tokio::join!(
        special_zones(ec2, zones),
        vpcs_told(ec2, &vpcs),
        dns(ec2, &vpcs, VpcAttributeName::EnableDnsSupport),
        when(registry || services, dns(ec2, &vpcs, VpcAttributeName::EnableDnsHostnames)),
        when(!strangers.is_empty(), associations(ec2, strangers.clone())),
        when(registry || services, route_tables(ec2, &vpcs)),
        when(registry, acls(ec2, &vpcs)),
        when(services, endpoints(ec2, &vpcs)),
    );
    facts.special_zones = facts.keep(special).unwrap_or_default();
    (facts.tenancy, facts.blocked) = facts.keep(told).unwrap_or_default();
    facts.dns = facts.keep(support).unwrap_or_default();
    facts.dns_hostnames = facts.keep_asked(hostnames).unwrap_or_default();
    // Not every partition knows this call; without an answer the check is a warning.
    facts.associations = associated.and_then(Result::ok);
    facts.tables = facts.keep_asked(tables);
    facts.acls = facts.keep_asked(acls);
    facts.endpoints = facts.keep_asked(endpoints);
}

/// What the answers so far ask to look at: the NAT gateways of routes, and the groups of interface endpoints.
async fn details(ec2: &Client, wanted: &Wanted, facts: &mut Facts) {
    let via = facts.subnets.iter().flatten().filter_map(|(id, subnet)| facts.table_of(id, &subnet.vpc_id));
    let nats: BTreeSet<String> = via
        .flat_map(|table| &table.routes)
        .filter_map(|route| match &route.via {
            Via::Nat(id) if !route.blackhole => Some(id.clone()),
            _ => None,
        })
        .collect();
    let groups: BTreeSet<String> = services::interface_endpoints(wanted, facts)
        .flat_map(|endpoint| &endpoint.groups)
        .filter(|group| !wanted.groups.contains(group))
        .cloned()
        .collect();
    let (nats, rules) = tokio::join!(
        when(!nats.is_empty(), nat_gateways(ec2, nats.clone())),
        when(!groups.is_empty() && facts.rules.is_some(), rules_of(ec2, &groups)),
    );
    facts.nats = facts.keep_asked(nats).unwrap_or_default();
    if let Some(more) = facts.keep_asked(rules) {
        let known = facts.rules.get_or_insert_default();
        known.extend(more.into_iter().filter(|rule| !known.contains(rule)).collect::<Vec<_>>());
        facts.ruled.extend(groups);
    }
}

/// Asked for by a filter, what does not exist is left out instead of refused. What knows no filters, as some imitations
/// of AWS, is asked by ids for the rest.
async fn subnets(ec2: &Client, ids: &[String]) -> Result<BTreeMap<String, Subnet>, Failure> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let call = || ec2.describe_subnets();
    let mut found = subnets_of(call().filters(filter("subnet-id", ids.iter().cloned()))).await?;
    found.retain(|id, _| ids.contains(id));
    let rest: Vec<String> = ids.iter().filter(|id| !found.contains_key(*id)).cloned().collect();
    if !rest.is_empty() {
        found.extend(subnets_of(call().set_subnet_ids(Some(rest))).await.unwrap_or_default());
    }
    Ok(found)
}

async fn subnets_of(call: DescribeSubnetsFluentBuilder) -> Result<BTreeMap<String, Subnet>, Failure> {
    let mut pages = call.into_paginator().items().send();
    let mut found = BTreeMap::new();
    while let Some(subnet) = pages.next().await {
        let subnet = subnet.map_err(failed(Service::Ec2, "DescribeSubnets"))?;
        let text = |part: Option<&str>| part.unwrap_or_default().to_owned();
        let kept = Subnet {
            vpc_id: text(subnet.vpc_id()),
            zone: text(subnet.availability_zone()),
            zone_id: text(subnet.availability_zone_id().or(subnet.availability_zone())),
            state: subnet.state().map(|state| state.as_str().to_owned()),
            cidr: text(subnet.cidr_block()),
            free_addresses: subnet.available_ip_address_count(),
            on_outpost: subnet.outpost_arn().is_some_and(|arn| !arn.is_empty()),
            ipv6_only: subnet.ipv6_native() == Some(true),
        };
        found.insert(text(subnet.subnet_id()), kept);
    }
    Ok(found)
}

/// As [`subnets`].
async fn security_groups(ec2: &Client, ids: &BTreeSet<String>) -> Result<BTreeMap<String, Group>, Failure> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let call = || ec2.describe_security_groups();
    let mut found = groups_of(call().filters(filter("group-id", ids.iter().cloned()))).await?;
    found.retain(|id, _| ids.contains(id));
    let rest: Vec<String> = ids.iter().filter(|id| !found.contains_key(*id)).cloned().collect();
    if !rest.is_empty() {
        found.extend(groups_of(call().set_group_ids(Some(rest))).await.unwrap_or_default());
    }
    Ok(found)
}

async fn groups_of(call: DescribeSecurityGroupsFluentBuilder) -> Result<BTreeMap<String, Group>, Failure> {
    let mut pages = call.into_paginator().items().send();
    let mut found = BTreeMap::new();
    while let Some(group) = pages.next().await {
        let group = group.map_err(failed(Service::Ec2, "DescribeSecurityGroups"))?;
        let text = |part: Option<&str>| part.unwrap_or_default().to_owned();
        let kept = Group { name: text(group.group_name()), vpc_id: text(group.vpc_id()) };
        found.insert(text(group.group_id()), kept);
    }
    Ok(found)
}

async fn rules_of(ec2: &Client, groups: &BTreeSet<String>) -> Result<Vec<Rule>, Failure> {
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let mut pages = ec2
        .describe_security_group_rules()
        .filters(filter("group-id", groups.iter().cloned()))
        .into_paginator()
        .items()
        .send();
    let mut found = Vec::new();
    while let Some(rule) = pages.next().await {
        let rule = rule.map_err(failed(Service::Ec2, "DescribeSecurityGroupRules"))?;
        let owned = |part: Option<&str>| part.map(str::to_owned);
        found.push(Rule {
            group: owned(rule.group_id()).unwrap_or_default(),
            egress: rule.is_egress() == Some(true),
            protocol: owned(rule.ip_protocol()).unwrap_or_default(),
            from: rule.from_port().unwrap_or(-1),
            to: rule.to_port().unwrap_or(-1),
            cidr: owned(rule.cidr_ipv4()),
            cidr6: owned(rule.cidr_ipv6()),
            prefix_list: owned(rule.prefix_list_id()),
            peer: owned(rule.referenced_group_info().and_then(|peer| peer.group_id())),
        });
    }
    Ok(found)
}

async fn special_zones(ec2: &Client, zones: BTreeSet<String>) -> Result<BTreeMap<String, String>, Failure> {
    let call = ec2.describe_availability_zones().filters(filter("zone-name", zones));
    let answer = call.send().await.map_err(failed(Service::Ec2, "DescribeAvailabilityZones"))?;
    let zones = answer.availability_zones().iter().filter_map(|zone| {
        let kind = zone.zone_type().filter(|kind| *kind != "availability-zone" && !kind.is_empty())?;
        Some((zone.zone_name()?.to_owned(), kind.to_owned()))
    });
    Ok(zones.collect())
}

/// The tenancy of each VPC, and those that keep traffic from their internet gateway.
async fn vpcs_told(
    ec2: &Client,
    vpcs: &BTreeSet<String>,
) -> Result<(BTreeMap<String, String>, BTreeSet<String>), Failure> {
    let call = ec2.describe_vpcs().filters(filter("vpc-id", vpcs.iter().cloned()));
    let answer = call.send().await.map_err(failed(Service::Ec2, "DescribeVpcs"))?;
    let (mut tenancies, mut blocked) = (BTreeMap::new(), BTreeSet::new());
    for vpc in answer.vpcs() {
        let Some(id) = vpc.vpc_id() else { continue };
        tenancies.insert(id.to_owned(), vpc.instance_tenancy().map_or("default", |t| t.as_str()).to_owned());
        let mode = vpc.block_public_access_states().and_then(|states| states.internet_gateway_block_mode());
        if mode.is_some_and(|mode| mode.as_str() == "block-bidirectional") {
            blocked.insert(id.to_owned());
        }
    }
    Ok((tenancies, blocked))
}

/// A DNS attribute of each VPC.
async fn dns(
    ec2: &Client,
    vpcs: &BTreeSet<String>,
    attribute: VpcAttributeName,
) -> Result<BTreeMap<String, bool>, Failure> {
    let calls = vpcs.iter().map(|vpc| {
        let call = ec2.describe_vpc_attribute().vpc_id(vpc).attribute(attribute.clone());
        async move {
            let answer = call.send().await.map_err(failed(Service::Ec2, "DescribeVpcAttribute"))?;
            let told = answer.enable_dns_support().or(answer.enable_dns_hostnames());
            Ok((vpc.clone(), told.and_then(|told| told.value()).unwrap_or(true)))
        }
    });
    join_all(calls).await.into_iter().collect()
}

async fn route_tables(ec2: &Client, vpcs: &BTreeSet<String>) -> Result<Vec<RouteTable>, Failure> {
    let call = ec2.describe_route_tables().filters(filter("vpc-id", vpcs.iter().cloned()));
    let mut pages = call.into_paginator().items().send();
    let mut found = Vec::new();
    while let Some(table) = pages.next().await {
        let table = table.map_err(failed(Service::Ec2, "DescribeRouteTables"))?;
        let associations = table.associations();
        found.push(RouteTable {
            id: table.route_table_id().unwrap_or_default().to_owned(),
            vpc_id: table.vpc_id().unwrap_or_default().to_owned(),
            main: associations.iter().any(|association| association.main() == Some(true)),
            subnets: associations.iter().filter_map(|one| one.subnet_id().map(str::to_owned)).collect(),
            routes: table.routes().iter().filter_map(route).collect(),
        });
    }
    Ok(found)
}

/// A route; nothing for one that cannot be understood.
fn route(route: &aws_sdk_ec2::types::Route) -> Option<Route> {
    let to = match route.destination_cidr_block().or(route.destination_ipv6_cidr_block()) {
        Some(net) => Some(net.parse().ok()?),
        None => None,
    };
    let others = [
        route.transit_gateway_id(),
        route.vpc_peering_connection_id(),
        route.network_interface_id(),
        route.instance_id(),
        route.local_gateway_id(),
        route.carrier_gateway_id(),
        route.core_network_arn(),
        route.egress_only_internet_gateway_id(),
    ];
    let via = match (route.gateway_id(), route.nat_gateway_id()) {
        (Some("local"), _) => Via::Local,
        (Some(id), _) if id.starts_with("igw-") => Via::InternetGateway(id.to_owned()),
        (Some(id), _) if id.starts_with("vpce-") => Via::Endpoint(id.to_owned()),
        (None, Some(id)) => Via::Nat(id.to_owned()),
        (id, _) => Via::Other(id.or_else(|| others.into_iter().flatten().next()).unwrap_or_default().to_owned()),
    };
    Some(Route { to, via, blackhole: route.state().is_some_and(|state| state.as_str() == "blackhole") })
}

async fn nat_gateways(ec2: &Client, ids: BTreeSet<String>) -> Result<BTreeMap<String, Nat>, Failure> {
    let call = ec2.describe_nat_gateways().filter(filter("nat-gateway-id", ids));
    let answer = call.send().await.map_err(failed(Service::Ec2, "DescribeNatGateways"))?;
    let gateways = answer.nat_gateways().iter().filter_map(|gateway| {
        let nat = Nat {
            state: gateway.state()?.as_str().to_owned(),
            public: gateway.connectivity_type().is_none_or(|kind| kind.as_str() != "private"),
            subnet: gateway.subnet_id().unwrap_or_default().to_owned(),
        };
        Some((gateway.nat_gateway_id()?.to_owned(), nat))
    });
    Ok(gateways.collect())
}

async fn acls(ec2: &Client, vpcs: &BTreeSet<String>) -> Result<Vec<Acl>, Failure> {
    let call = ec2.describe_network_acls().filters(filter("vpc-id", vpcs.iter().cloned()));
    let mut pages = call.into_paginator().items().send();
    let mut found = Vec::new();
    while let Some(acl) = pages.next().await {
        let acl = acl.map_err(failed(Service::Ec2, "DescribeNetworkAcls"))?;
        let mut entries: Vec<AclEntry> = acl.entries().iter().map(acl_entry).collect();
        entries.sort_by_key(|entry| entry.number);
        found.push(Acl {
            id: acl.network_acl_id().unwrap_or_default().to_owned(),
            subnets: acl.associations().iter().filter_map(|one| one.subnet_id().map(str::to_owned)).collect(),
            entries,
        });
    }
    Ok(found)
}

fn acl_entry(entry: &aws_sdk_ec2::types::NetworkAclEntry) -> AclEntry {
    AclEntry {
        number: entry.rule_number().unwrap_or_default(),
        egress: entry.egress() == Some(true),
        allow: entry.rule_action().is_some_and(|action| action.as_str() == "allow"),
        protocol: entry.protocol().unwrap_or_default().to_owned(),
        net: entry.cidr_block().or(entry.ipv6_cidr_block()).and_then(|net| net.parse().ok()),
        ports: entry.port_range().and_then(|range| Some((range.from()?, range.to()?))),
    }
}

async fn endpoints(ec2: &Client, vpcs: &BTreeSet<String>) -> Result<Vec<Endpoint>, Failure> {
    let call = ec2.describe_vpc_endpoints().filters(filter("vpc-id", vpcs.iter().cloned()));
    let mut pages = call.into_paginator().items().send();
    let mut found = Vec::new();
    while let Some(endpoint) = pages.next().await {
        let endpoint = endpoint.map_err(failed(Service::Ec2, "DescribeVpcEndpoints"))?;
        // EC2 has written this word with a small and with a capital letter.
        if !endpoint.state().is_none_or(|state| state.as_str().eq_ignore_ascii_case("available")) {
            continue;
        }
        found.push(Endpoint {
            id: endpoint.vpc_endpoint_id().unwrap_or_default().to_owned(),
            vpc_id: endpoint.vpc_id().unwrap_or_default().to_owned(),
            gateway: endpoint.vpc_endpoint_type().is_some_and(|kind| kind.as_str() == "Gateway"),
            service: endpoint.service_name().unwrap_or_default().to_owned(),
            policy: endpoint.policy_document().map(str::to_owned),
            tables: endpoint.route_table_ids().iter().cloned().collect(),
            groups: endpoint.groups().iter().filter_map(|group| group.group_id().map(str::to_owned)).collect(),
            private_dns: endpoint.private_dns_enabled() == Some(true),
        });
    }
    Ok(found)
}

/// The addresses of the network interfaces that use a group.
async fn interfaces(ec2: &Client, group: &str) -> Result<Vec<Address>, Failure> {
    let call = ec2.describe_network_interfaces().filters(filter("group-id", [group.to_owned()]));
    let mut pages = call.into_paginator().items().send();
    let mut found = Vec::new();
    while let Some(interface) = pages.next().await {
        let interface = interface.map_err(failed(Service::Ec2, "DescribeNetworkInterfaces"))?;
        if let Some(ip) = interface.private_ip_address().and_then(|ip| ip.parse::<IpAddr>().ok()) {
            found.push(Address { ip, subnet: interface.subnet_id().map(str::to_owned) });
        }
    }
    Ok(found)
}

async fn associations(ec2: &Client, groups: BTreeSet<String>) -> Result<BTreeSet<(String, String)>, Failure> {
    let call = ec2.describe_security_group_vpc_associations().filters(filter("group-id", groups));
    let answer = call.send().await.map_err(failed(Service::Ec2, "DescribeSecurityGroupVpcAssociations"))?;
    let associated = answer
        .security_group_vpc_associations()
        .iter()
        .filter(|association| association.state().is_some_and(|state| state.as_str() == "associated"));
    Ok(associated.filter_map(|one| Some((one.group_id()?.to_owned(), one.vpc_id()?.to_owned()))).collect())
}
