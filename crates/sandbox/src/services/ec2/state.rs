//! EC2 resources as they are kept.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use ipnet::{Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};

use super::interface::Interface;
use crate::clock::Moment;

/// A resource's tags, in the order in which they were set.
pub(crate) type Tags = IndexMap<String, String>;

/// The EC2 resources of one region.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct State {
    /// Counts the ids given out.
    pub counter: u64,
    pub zones: Vec<Zone>,
    pub vpcs: BTreeMap<String, Vpc>,
    pub subnets: BTreeMap<String, Subnet>,
    pub groups: BTreeMap<String, Group>,
    /// In the order in which they were made, which is the order in which they are shown.
    pub rules: IndexMap<String, Rule>,
    pub route_tables: BTreeMap<String, RouteTable>,
    pub acls: BTreeMap<String, NetworkAcl>,
    pub internet_gateways: BTreeMap<String, InternetGateway>,
    pub nat_gateways: BTreeMap<String, NatGateway>,
    pub vpc_endpoints: BTreeMap<String, VpcEndpoint>,
    pub dhcp_options: BTreeMap<String, DhcpOptions>,
    /// By resource id.
    pub tags: BTreeMap<String, Tags>,
    /// Interfaces of former endpoints, and until when they stay.
    pub lingering: Vec<(Moment, Interface)>,
}

/// An availability zone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Zone {
    pub name: String,
    pub id: String,
}

/// A VPC.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Vpc {
    pub id: String,
    pub cidr: Ipv4Net,
    pub association_id: String,
    pub is_default: bool,
    pub tenancy: String,
    pub dhcp_options_id: String,
    pub dns_support: bool,
    pub dns_hostnames: bool,
    pub address_metrics: bool,
    #[serde(default)]
    pub ipv6: Option<Ipv6Network>,
}

/// An IPv6 network that belongs to a VPC or a subnet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Ipv6Network {
    pub association_id: String,
    pub cidr: Ipv6Net,
    /// Whether it comes from a pool of IPAM; Amazon provides the others.
    #[serde(default)]
    pub of_ipam: bool,
    /// Where it is announced; the region when it is not said.
    #[serde(default)]
    pub border_group: Option<String>,
}

/// A subnet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Subnet {
    pub id: String,
    pub vpc_id: String,
    /// Nothing for a subnet that has IPv6 only.
    pub cidr: Option<Ipv4Net>,
    pub zone: Zone,
    pub default_for_az: bool,
    pub map_public_ip: bool,
    pub dns64: bool,
    pub hostname_type: String,
    pub resource_name_a_record: bool,
    #[serde(default)]
    pub ipv6: Option<Ipv6Network>,
    #[serde(default)]
    pub assign_ipv6: bool,
    #[serde(default)]
    pub resource_name_aaaa_record: bool,
    #[serde(default)]
    pub outpost: Option<String>,
    #[serde(default)]
    pub customer_pool: Option<String>,
    #[serde(default)]
    pub map_customer_ip: bool,
    #[serde(default)]
    pub lni_at: Option<i64>,
}

/// A security group; its rules are kept apart.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Group {
    pub id: String,
    pub name: String,
    pub description: String,
    pub vpc_id: String,
}

/// A security group rule: one protocol, one range of ports, one peer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rule {
    pub id: String,
    pub group_id: String,
    pub egress: bool,
    pub spec: RuleSpec,
    pub description: Option<String>,
}

/// What makes a rule the same as another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RuleSpec {
    /// `tcp`, `udp`, `icmp`, `icmpv6`, a number, or `-1` for all.
    pub protocol: String,
    /// -1 where ports have no meaning.
    pub from: i64,
    pub to: i64,
    pub peer: Peer,
}

/// The other side of a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Peer {
    Ipv4(String),
    Ipv6(String),
    PrefixList(String),
    Group { id: String, account: String },
}

/// A route table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RouteTable {
    pub id: String,
    pub vpc_id: String,
    pub associations: Vec<RouteTableAssociation>,
    pub routes: Vec<Route>,
}

/// Which subnet uses a route table; no subnet for the main association.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RouteTableAssociation {
    pub id: String,
    pub subnet_id: Option<String>,
}

/// A route.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Route {
    pub destination: RouteDestination,
    pub target: RouteTarget,
}

/// What a route covers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum RouteDestination {
    Cidr(String),
    PrefixList(String),
}

/// Where a route leads.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum RouteTarget {
    /// `local`, an internet gateway or a gateway endpoint.
    Gateway(String),
    Nat(String),
}

/// A network ACL.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct NetworkAcl {
    pub id: String,
    pub vpc_id: String,
    pub is_default: bool,
    /// Association ids by subnet id.
    pub associations: BTreeMap<String, String>,
}

/// An internet gateway.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct InternetGateway {
    pub id: String,
    pub vpc_id: String,
}

/// A NAT gateway.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct NatGateway {
    pub id: String,
    pub vpc_id: String,
    pub subnet_id: String,
    pub created: Moment,
    pub private_ip: String,
    pub public_ip: String,
    pub allocation_id: String,
    pub interface_id: String,
}

/// A VPC endpoint: a way to a service without the internet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct VpcEndpoint {
    pub id: String,
    pub kind: String,
    pub vpc_id: String,
    pub service: String,
    pub policy: String,
    pub route_tables: Vec<String>,
    pub subnets: Vec<String>,
    pub groups: Vec<String>,
    pub private_dns: bool,
    /// Whether it waits for the owner of the service to accept it.
    #[serde(default)]
    pub pending: bool,
    /// What it leads to when that is no service: a resource configuration or a service network.
    #[serde(default)]
    pub target: Option<String>,
    /// The region of the service, when it is another.
    #[serde(default)]
    pub service_region: Option<String>,
    /// `ipv4` when it is not said.
    #[serde(default)]
    pub addresses: Option<String>,
    #[serde(default)]
    pub dns: DnsOptions,
    pub created: Moment,
    /// By which the call that made it is known when it is repeated.
    #[serde(default)]
    pub token: Option<String>,
    pub interfaces: Vec<Interface>,
}

/// How the names of a VPC endpoint are resolved.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct DnsOptions {
    /// `ipv4` when it is not said.
    pub records: Option<String>,
    pub inbound_only: Option<bool>,
    pub preference: Option<String>,
    pub domains: Vec<String>,
}

/// A DHCP option set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DhcpOptions {
    pub id: String,
    pub options: Vec<(String, Vec<String>)>,
}

impl State {
    /// A new id: the prefix and 17 hexadecimal digits, the same ones in every world for the same sequence of calls.
    pub(crate) fn fresh_id(&mut self, prefix: &str) -> String {
        self.counter = self.counter.wrapping_add(1);
        // SplitMix64, which spreads a counter over all 64 bits without repeating itself.
        let mut z = self.counter.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        format!("{prefix}-0{:016x}", z ^ (z >> 31))
    }

    /// A resource's tags; none if it has none.
    pub(crate) fn tags_of(&self, id: &str) -> impl Iterator<Item = (&String, &String)> {
        self.tags.get(id).into_iter().flatten()
    }

    /// The default VPC, if it has not been deleted.
    pub(crate) fn default_vpc(&self) -> Option<&Vpc> {
        self.vpcs.values().find(|vpc| vpc.is_default)
    }
}
