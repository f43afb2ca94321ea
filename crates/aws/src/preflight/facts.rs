//! What EC2 tells about subnets, groups and their VPC.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{Filter, VpcAttributeName};

use super::{Registry, Wanted};
use crate::failure::{Failure, Service, failed};

/// A subnet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Subnet {
    pub(crate) vpc_id: String,
    pub(crate) zone: String,
    pub(crate) zone_id: String,
    /// Nothing when the state is not told.
    pub(crate) state: Option<String>,
    pub(crate) cidr: String,
    pub(crate) free_addresses: Option<i32>,
    pub(crate) on_outpost: bool,
    pub(crate) ipv6_only: bool,
}

/// A security group.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) vpc_id: String,
}

/// A rule of a security group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) group: String,
    pub(crate) egress: bool,
    pub(crate) protocol: String,
    pub(crate) from: i32,
    pub(crate) to: i32,
    pub(crate) cidr: Option<String>,
    pub(crate) cidr6: Option<String>,
    pub(crate) prefix_list: Option<String>,
    pub(crate) peer: Option<String>,
}

/// Everything that was told. A part that could not be asked for is absent and named in `unseen`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) subnets: Option<BTreeMap<String, Subnet>>,
    pub(crate) groups: Option<BTreeMap<String, Group>>,
    pub(crate) rules: Option<Vec<Rule>>,
    /// Groups whose rules the plan changes in a way that is not known yet.
    pub(crate) unsettled: BTreeSet<String>,
    /// The kind of each zone that is not a plain availability zone, by zone name.
    pub(crate) special_zones: BTreeMap<String, String>,
    /// Whether a VPC resolves names, by VPC.
    pub(crate) dns: BTreeMap<String, bool>,
    /// The tenancy of each VPC.
    pub(crate) tenancy: BTreeMap<String, String>,
    /// Groups that are associated with a VPC beyond their own; nothing when it could not be asked for.
    pub(crate) associations: Option<BTreeSet<(String, String)>>,
    pub(crate) unseen: Vec<String>,
}

impl Facts {
    fn keep<T>(&mut self, result: Result<T, Failure>) -> Option<T> {
        result.map_err(|failure| self.unseen.push(format!("The check was left out. {}", failure.explained()))).ok()
    }
}

fn filter(name: &str, values: impl IntoIterator<Item = String>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().collect())).build()
}

/// Asks for what the judgement of a registry's way needs.
pub(crate) async fn of_way(ec2: &Client, wanted: &Wanted, registry: &Registry) -> Facts {
    let mut facts = Facts::default();
    let group = registry.group.as_ref().map(|(id, _)| id.clone());
    let groups: BTreeSet<String> = wanted.groups.iter().cloned().chain(group).collect();
    let (subnets, found, rules) =
        tokio::join!(subnets(ec2, &wanted.subnets), security_groups(ec2, &groups), rules(ec2, &groups));
    facts.subnets = facts.keep(subnets);
    facts.groups = facts.keep(found);
    facts.rules = facts.keep(rules);
    facts
}

/// Asks for what the judgement of subnets and groups needs.
pub(crate) async fn of_network(ec2: &Client, wanted: &Wanted) -> Facts {
    let mut facts = Facts::default();
    let groups: BTreeSet<String> = wanted.groups.iter().cloned().collect();
    let (subnets, found) = tokio::join!(subnets(ec2, &wanted.subnets), security_groups(ec2, &groups));
    facts.subnets = facts.keep(subnets);
    facts.groups = facts.keep(found);
    let known = facts.subnets.clone().unwrap_or_default();
    let zones: BTreeSet<String> = known.values().map(|subnet| subnet.zone.clone()).collect();
    if !zones.is_empty() {
        let special = special_zones(ec2, zones).await;
        facts.special_zones = facts.keep(special).unwrap_or_default();
    }
    let vpcs: BTreeSet<String> = known.values().map(|subnet| subnet.vpc_id.clone()).collect();
    if !vpcs.is_empty() {
        let tenancy = tenancy(ec2, &vpcs).await;
        facts.tenancy = facts.keep(tenancy).unwrap_or_default();
    }
    for vpc in &vpcs {
        let dns = resolves_names(ec2, vpc).await;
        if let Some(dns) = facts.keep(dns) {
            facts.dns.insert(vpc.clone(), dns);
        }
    }
    let strangers: BTreeSet<String> = facts
        .groups
        .iter()
        .flatten()
        .filter(|(id, group)| wanted.groups.contains(id) && !vpcs.contains(&group.vpc_id))
        .map(|(id, _)| id.clone())
        .collect();
    if !strangers.is_empty() && !vpcs.is_empty() {
        // Not every partition knows this call; without an answer the check is a warning.
        facts.associations = associations(ec2, strangers).await.ok();
    }
    facts
}

async fn subnets(ec2: &Client, ids: &[String]) -> Result<BTreeMap<String, Subnet>, Failure> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut pages =
        ec2.describe_subnets().filters(filter("subnet-id", ids.iter().cloned())).into_paginator().items().send();
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

async fn security_groups(ec2: &Client, ids: &BTreeSet<String>) -> Result<BTreeMap<String, Group>, Failure> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut pages =
        ec2.describe_security_groups().filters(filter("group-id", ids.iter().cloned())).into_paginator().items().send();
    let mut found = BTreeMap::new();
    while let Some(group) = pages.next().await {
        let group = group.map_err(failed(Service::Ec2, "DescribeSecurityGroups"))?;
        let text = |part: Option<&str>| part.unwrap_or_default().to_owned();
        let kept = Group { name: text(group.group_name()), vpc_id: text(group.vpc_id()) };
        found.insert(text(group.group_id()), kept);
    }
    Ok(found)
}

async fn rules(ec2: &Client, groups: &BTreeSet<String>) -> Result<Vec<Rule>, Failure> {
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

async fn tenancy(ec2: &Client, vpcs: &BTreeSet<String>) -> Result<BTreeMap<String, String>, Failure> {
    let call = ec2.describe_vpcs().filters(filter("vpc-id", vpcs.iter().cloned()));
    let answer = call.send().await.map_err(failed(Service::Ec2, "DescribeVpcs"))?;
    let vpcs = answer.vpcs().iter().filter_map(|vpc| {
        Some((vpc.vpc_id()?.to_owned(), vpc.instance_tenancy().map_or("default", |t| t.as_str()).to_owned()))
    });
    Ok(vpcs.collect())
}

async fn resolves_names(ec2: &Client, vpc: &str) -> Result<bool, Failure> {
    let call = ec2.describe_vpc_attribute().vpc_id(vpc).attribute(VpcAttributeName::EnableDnsSupport);
    let answer = call.send().await.map_err(failed(Service::Ec2, "DescribeVpcAttribute"))?;
    Ok(answer.enable_dns_support().and_then(|support| support.value()).unwrap_or(true))
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
