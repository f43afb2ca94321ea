//! Judging subnets and groups by themselves: they exist, they are in one VPC, in two zones, of a usable kind.

use std::collections::{BTreeMap, BTreeSet};

use super::{Code, Facts, Findings, Registry, Subnet, Wanted, Whereabouts};

pub(super) fn judge(wanted: &Wanted, facts: &Facts, place: &str, found: &mut Findings) {
    let known: BTreeMap<&str, &Subnet> = facts
        .subnets
        .iter()
        .flatten()
        .filter(|(id, _)| wanted.subnets.contains(id))
        .map(|(id, subnet)| (id.as_str(), subnet))
        .collect();
    existence(wanted, facts, place, found);
    let vpcs: BTreeSet<&str> = known.values().map(|subnet| subnet.vpc_id.as_str()).collect();
    if vpcs.len() > 1 {
        let listed: Vec<String> = known.iter().map(|(id, subnet)| format!("{id} is in {}", subnet.vpc_id)).collect();
        found.error(
            Code::SubnetVpcs,
            &wanted.subnets_at,
            "Subnets of more than one VPC",
            format!(
                "All subnets must be in one VPC: {}. Choose those of the VPC from which the registry is reachable.",
                listed.join(", ")
            ),
        );
    }
    found.vpc_id = if vpcs.len() == 1 { vpcs.first().map(|vpc| (*vpc).to_owned()) } else { None };
    let zones: BTreeSet<&str> = known.values().map(|subnet| subnet.zone.as_str()).collect();
    found.zones = zones.iter().map(|zone| (*zone).to_owned()).collect();
    kinds(wanted, &known, facts, found);
    room(wanted, &known, found);
    let zone_ids: BTreeSet<&str> = known.values().map(|subnet| subnet.zone_id.as_str()).collect();
    if known.len() == wanted.subnets.len() && zone_ids.len() == 1 && known.len() > 1 {
        found.warning(Code::SubnetZones, &wanted.subnets_at, "Subnets in one availability zone",
            format!(
                "All {} subnets are in {}. SageMaker wants subnets in at least two zones, even for one instance; creating \
             the endpoint may fail. Add a subnet of another zone.",
                known.len(),
                found.zones.join(", ")
            ),
        );
    }
    groups(wanted, facts, &vpcs, found);
    surroundings(wanted, facts, found);
}

/// B01: everything exists.
fn existence(wanted: &Wanted, facts: &Facts, place: &str, found: &mut Findings) {
    let absent = |id: &String, known: bool| (!known).then(|| id.clone());
    if let Some(subnets) = &facts.subnets {
        let missing: Vec<String> =
            wanted.subnets.iter().filter_map(|id| absent(id, subnets.contains_key(id))).collect();
        if !missing.is_empty() {
            found.error(
                Code::SubnetMissing,
                &wanted.subnets_at,
                "Subnet not found",
                format!("There is no {} in {place}. Check the id, the region and the credentials.", missing.join(", ")),
            );
        }
    }
    if let Some(groups) = &facts.groups {
        let missing: Vec<String> = wanted.groups.iter().filter_map(|id| absent(id, groups.contains_key(id))).collect();
        if !missing.is_empty() {
            let detail =
                format!("There is no {} in {place}. Check the id, the region and the credentials.", missing.join(", "));
            found.error(Code::GroupMissing, &wanted.groups_at, "Security group not found", detail);
        }
    }
}

/// B05 and the part of B06 that needs no instance count: subnets are of a kind that SageMaker can use.
fn kinds(wanted: &Wanted, known: &BTreeMap<&str, &Subnet>, facts: &Facts, found: &mut Findings) {
    for (id, subnet) in known {
        if let Some(state) = subnet.state.as_deref().filter(|state| *state != "available") {
            found.error(
                Code::SubnetState,
                &wanted.subnets_at,
                "Subnet not available",
                format!("{id} is {state}. Wait until it is available."),
            );
        }
        if subnet.on_outpost {
            found.error(Code::SubnetKind, &wanted.subnets_at, "Subnet on an Outpost",
                format!(
                    "{id} is on an Outpost, where SageMaker does not run endpoints. Choose a subnet of an availability zone."
                ),
            );
        }
        if let Some(kind) = facts.special_zones.get(&subnet.zone) {
            found.error(Code::SubnetKind, &wanted.subnets_at, "Subnet outside the region's availability zones",
                format!(
                    "{id} is in {}, a {kind}, where SageMaker does not run endpoints. Choose a subnet of an availability \
                 zone.",
                    subnet.zone
                ),
            );
        }
        if subnet.ipv6_only {
            found.warning(
                Code::SubnetKind,
                &wanted.subnets_at,
                "Subnet without IPv4",
                format!("{id} has IPv6 addresses only, which SageMaker is not known to support for endpoints."),
            );
        }
        if let Some(free) = subnet.free_addresses.filter(|free| *free < 2) {
            found.warning(
                Code::SubnetFull,
                &wanted.subnets_at,
                "Subnet without free addresses",
                format!(
                    "{id} has {free} free addresses; SageMaker needs at least two for each instance, and as many again \
                 during an update."
                ),
            );
        }
    }
}

/// The rest of B06: all instances that the plan starts find addresses. Those of fleets that serve have theirs already.
fn room(wanted: &Wanted, known: &BTreeMap<&str, &Subnet>, found: &mut Findings) {
    let told: Option<Vec<i32>> = known.values().map(|subnet| subnet.free_addresses).collect();
    let Some(free) = told.filter(|_| known.len() == wanted.subnets.len()) else { return };
    let (free, needed) = (free.into_iter().map(i64::from).sum::<i64>(), wanted.instances.saturating_mul(2));
    if needed > free {
        let detail = format!(
            "The endpoints of this plan start {} instances of the model, which need two addresses each, {needed} in all, \
             and {} have {free} free ones together. Add a subnet, or free addresses.",
            wanted.instances,
            wanted.subnets.join(", ")
        );
        found.warning(Code::SubnetFull, &wanted.subnets_at, "Too few free addresses for the instances", detail);
    }
}

/// B03 and B22: groups belong to the VPC of the subnets.
fn groups(wanted: &Wanted, facts: &Facts, vpcs: &BTreeSet<&str>, found: &mut Findings) {
    for (id, group) in facts.groups.iter().flatten().filter(|(id, _)| wanted.groups.contains(id)) {
        let at = &wanted.groups_at;
        if let Some(vpc) = vpcs.first().filter(|_| vpcs.len() == 1).filter(|vpc| **vpc != group.vpc_id) {
            let detail =
                format!("{id} belongs to {}, and the subnets to {vpc}. Choose a group of {vpc}.", group.vpc_id);
            let summary = "Security group of another VPC";
            match &facts.associations {
                Some(associations) if associations.contains(&(id.clone(), (*vpc).to_owned())) => {}
                Some(_) => found.error(Code::GroupVpc, at, summary, detail),
                None => {
                    let detail = format!("{detail} (It could be associated with {vpc}, which could not be asked for.)");
                    found.warning(Code::GroupVpc, at, summary, detail);
                }
            }
        }
        if group.name == "default" {
            let detail = format!(
                "{id} is the default group of its VPC, whose rules are usually shared by much else. A group of its own \
                 keeps the way to the registry under control."
            );
            found.warning(Code::GroupDefault, at, "Default security group", detail);
        }
    }
}

/// B07 and B20: the VPC itself.
fn surroundings(wanted: &Wanted, facts: &Facts, found: &mut Findings) {
    for (vpc, tenancy) in facts.tenancy.iter().filter(|(_, tenancy)| *tenancy == "dedicated") {
        found.warning(
            Code::VpcTenancy,
            &wanted.subnets_at,
            "VPC with dedicated tenancy",
            format!("{vpc} has {tenancy} tenancy, with which SageMaker supports only some instance types."),
        );
    }
    for (vpc, _) in facts.dns.iter().filter(|(_, resolves)| !**resolves) {
        found.warning(Code::DnsSupport, &wanted.subnets_at, "VPC without DNS resolution",
            format!(
                "{vpc} has enableDnsSupport off, so that the name of the registry cannot be resolved from it. Turn it on, \
             unless the VPC's DHCP options name resolvers of your own."
            ),
        );
    }
}

/// B20: the registry's name, which may be one of a private hosted zone.
pub(super) fn names(wanted: &Wanted, registry: &Registry, facts: &Facts, found: &mut Findings) {
    if super::whereabouts(registry, facts) == Whereabouts::Internet || registry.is_address() {
        return;
    }
    let resolving = |vpc: &String| facts.dns.get(vpc) != Some(&false);
    for (vpc, _) in facts.dns_hostnames.iter().filter(|(vpc, on)| !**on && resolving(vpc)) {
        let detail = format!(
            "{vpc} has enableDnsHostnames off, so that names of private hosted zones are not resolved in it. Turn it on if \
             {} is such a name; whether it is could not be found out.",
            registry.host
        );
        found.warning(Code::DnsHostnames, &wanted.subnets_at, "VPC without private hosted zones", detail);
    }
}
