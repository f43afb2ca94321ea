//! What a fresh region holds, the same in each: the network of the examples, and the default VPC that every AWS account
//! has; and what a fresh account holds, the role of the examples.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::Ipv4Net;

use crate::clock::Moment;
use crate::services::ec2::state::{
    DhcpOptions, InternetGateway, NatGateway, Peer, Route, RouteDestination, RouteTable, RouteTableAssociation,
    RouteTarget, RuleSpec, State, Tags, Zone,
};
use crate::services::ec2::{subnet, vpc, vpc_endpoint};
use crate::services::iam::state::Role;
use crate::world::{ACCOUNT, Account, Region};

const VPC: &str = "vpc-0123456789abcdef0";
const SUBNETS: [&str; 2] = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"];
const MODEL_GROUP: &str = "sg-0123456789abcdef0";
const REGISTRY_GROUP: &str = "sg-0fedcba9876543210";

/// When the seeded things were made: 2024-01-01.
const SEEDED: Moment = Moment::from_millis(1_704_067_200_000);

/// The role of the examples, which trusts SageMaker.
const ROLE: &str = "SageMakerExecutionRole";

/// What a fresh account holds beside its regions: added once, so that it can be deleted.
pub(crate) fn account(account: &mut Account) {
    let iam = &mut account.iam;
    if std::mem::replace(&mut iam.is_seeded, true) {
        return;
    }
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let role = Role {
        name: ROLE.to_owned(),
        id: "AROASANDBOXEXAMPLE001".to_owned(),
        arn: format!("arn:aws:iam::{ACCOUNT}:role/{ROLE}"),
        path: "/".to_owned(),
        created: SEEDED,
        trust: trust.to_owned(),
        trusted: Moment::from_millis(0),
        description: Some("The role of the examples".to_owned()),
        max_session: 3_600,
        boundary: None,
        inline: BTreeMap::new(),
        attached: BTreeSet::new(),
        tags: BTreeMap::new(),
    };
    iam.roles.entry(ROLE.to_ascii_lowercase()).or_insert(role);
}

/// A fresh region.
pub(crate) fn region(name: &str) -> Region {
    let mut region = Region::default();
    let state = &mut region.ec2;
    state.zones = zones(name);
    add_dhcp_options(state, name);
    add_default_vpc(state);
    add_example_vpc(state, name);
    region
}

/// The zones of a region: the usual letters and ids.
fn zones(region: &str) -> Vec<Zone> {
    let letters = if region == "us-east-1" { "abcdef" } else { "abc" };
    let prefix = zone_prefix(region);
    letters
        .chars()
        .zip(1..)
        .map(|(letter, number)| Zone { name: format!("{region}{letter}"), id: format!("{prefix}-az{number}") })
        .collect()
}

/// `use1` for `us-east-1`, `apse2` for `ap-southeast-2`, `usgw1` for `us-gov-west-1`.
fn zone_prefix(region: &str) -> String {
    region
        .split('-')
        .enumerate()
        .map(|(index, part)| match part {
            _ if index == 0 => part.to_owned(),
            "northeast" => "ne".to_owned(),
            "northwest" => "nw".to_owned(),
            "southeast" => "se".to_owned(),
            "southwest" => "sw".to_owned(),
            _ => part.chars().take(1).collect(),
        })
        .collect()
}

fn add_dhcp_options(state: &mut State, region: &str) {
    let domain = match region {
        "us-east-1" => "ec2.internal".to_owned(),
        _ => format!("{region}.compute.internal"),
    };
    let set = DhcpOptions {
        id: state.fresh_id("dopt"),
        options: vec![
            ("domain-name".to_owned(), vec![domain]),
            ("domain-name-servers".to_owned(), vec!["AmazonProvidedDNS".to_owned()]),
        ],
    };
    state.dhcp_options.insert(set.id.clone(), set);
}

fn block(a: u8, b: u8, c: u8, prefix: u8) -> Ipv4Net {
    // Prefixes here are constants up to 32.
    Ipv4Net::new([a, b, c, 0].into(), prefix).unwrap_or_default()
}

fn add_default_vpc(state: &mut State) {
    let id = state.fresh_id("vpc");
    vpc::add(state, &id, block(172, 31, 0, 16), "default");
    if let Some(vpc) = state.vpcs.get_mut(&id) {
        vpc.is_default = true;
        vpc.dns_hostnames = true;
    }
    for (zone, third) in state.zones.clone().into_iter().zip((0..=u8::MAX).step_by(16)) {
        let subnet_id = state.fresh_id("subnet");
        subnet::add(state, &subnet_id, &id, block(172, 31, third, 20), zone);
        if let Some(subnet) = state.subnets.get_mut(&subnet_id) {
            subnet.default_for_az = true;
            subnet.map_public_ip = true;
        }
    }
    let gateway = add_internet_gateway(state, &id);
    if let Some(table) = state.route_tables.values_mut().find(|table| table.vpc_id == id) {
        table.routes.push(everywhere(RouteTarget::Gateway(gateway)));
    }
}

/// Two private subnets that reach the internet through a NAT gateway in a public one, and S3 through an endpoint; a
/// group for models, and one for the registry that lets the models in.
fn add_example_vpc(state: &mut State, region: &str) {
    vpc::add(state, VPC, block(10, 0, 0, 16), "default");
    if let Some(vpc) = state.vpcs.get_mut(VPC) {
        vpc.dns_hostnames = true;
    }
    name(state, VPC, "smform-sandbox");
    let zones = state.zones.clone();
    for ((id, zone), third) in SUBNETS.iter().zip(&zones).zip([1, 2]) {
        subnet::add(state, id, VPC, block(10, 0, third, 24), zone.clone());
        name(state, id, &format!("private-{third}"));
    }
    let public = state.fresh_id("subnet");
    if let Some(zone) = zones.first() {
        subnet::add(state, &public, VPC, block(10, 0, 0, 24), zone.clone());
        name(state, &public, "public");
    }
    let gateway = add_internet_gateway(state, VPC);
    add_route_table(state, &[&public], everywhere(RouteTarget::Gateway(gateway)));
    let nat = NatGateway {
        id: state.fresh_id("nat"),
        vpc_id: VPC.to_owned(),
        subnet_id: public,
        created: SEEDED,
        private_ip: "10.0.0.10".to_owned(),
        public_ip: "203.0.113.10".to_owned(),
        allocation_id: state.fresh_id("eipalloc"),
        interface_id: state.fresh_id("eni"),
    };
    let nat_id = nat.id.clone();
    state.nat_gateways.insert(nat_id.clone(), nat);
    let private = add_route_table(state, &SUBNETS, everywhere(RouteTarget::Nat(nat_id)));
    let endpoint = state.fresh_id("vpce");
    vpc_endpoint::add(state, &endpoint, "Gateway", VPC, &format!("com.amazonaws.{region}.s3"), SEEDED);
    vpc_endpoint::set_parts(state, &endpoint, vec![private], Vec::new(), Vec::new(), &[]);

    vpc::add_group(state, MODEL_GROUP, "model", "Containers of SageMaker models", VPC);
    vpc::add_group(state, REGISTRY_GROUP, "registry", "Private Docker registry", VPC);
    let models = Peer::Group { id: MODEL_GROUP.to_owned(), account: ACCOUNT.to_owned() };
    let https = RuleSpec { protocol: "tcp".to_owned(), from: 443, to: 443, peer: models };
    vpc::add_rule(state, REGISTRY_GROUP, false, https);
}

fn add_internet_gateway(state: &mut State, vpc_id: &str) -> String {
    let gateway = InternetGateway { id: state.fresh_id("igw"), vpc_id: vpc_id.to_owned() };
    let id = gateway.id.clone();
    state.internet_gateways.insert(id.clone(), gateway);
    id
}

fn add_route_table(state: &mut State, subnets: &[&str], route: Route) -> String {
    let id = state.fresh_id("rtb");
    let associations = subnets
        .iter()
        .map(|subnet| RouteTableAssociation { id: state.fresh_id("rtbassoc"), subnet_id: Some((*subnet).to_owned()) })
        .collect();
    let table = RouteTable { id: id.clone(), vpc_id: VPC.to_owned(), associations, routes: vec![route] };
    state.route_tables.insert(id.clone(), table);
    id
}

fn everywhere(target: RouteTarget) -> Route {
    Route { destination: RouteDestination::Cidr("0.0.0.0/0".to_owned()), target }
}

fn name(state: &mut State, id: &str, name: &str) {
    state.tags.insert(id.to_owned(), Tags::from([("Name".to_owned(), name.to_owned())]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zone_ids_follow_the_usual_short_forms() {
        for (region, prefix) in
            [("us-east-1", "use1"), ("ap-southeast-2", "apse2"), ("eu-central-1", "euc1"), ("us-gov-west-1", "usgw1")]
        {
            assert_eq!(zone_prefix(region), prefix);
        }
    }

    #[test]
    fn every_region_holds_the_same_ids() {
        let (here, there) = (region("us-east-1"), region("us-east-1"));
        assert_eq!(here.ec2.subnets.len(), 9);
        assert!(here.ec2.rules.keys().eq(there.ec2.rules.keys()));
        for region in [&here, &region("eu-west-1")] {
            assert!(region.ec2.vpcs.contains_key(VPC));
            assert!(SUBNETS.iter().all(|id| region.ec2.subnets.contains_key(*id)));
            assert_eq!(region.ec2.default_vpc().map(|vpc| vpc.cidr.to_string()), Some("172.31.0.0/16".to_owned()));
        }
    }
}
