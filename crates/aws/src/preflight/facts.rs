//! What EC2 tells about subnets, groups and their VPC.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::failure::Failure;

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

/// A route table.
#[derive(Clone, Debug, Default)]
pub(crate) struct RouteTable {
    pub(crate) id: String,
    pub(crate) vpc_id: String,
    /// It is for the subnets that have none of their own.
    pub(crate) main: bool,
    pub(crate) subnets: BTreeSet<String>,
    pub(crate) routes: Vec<Route>,
}

/// A route of a table.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    /// Nothing for a prefix list, whose addresses are not looked up.
    pub(crate) to: Option<IpNet>,
    pub(crate) via: Via,
    /// What it leads to is gone.
    pub(crate) blackhole: bool,
}

/// What a route leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    /// The VPC itself.
    Local,
    InternetGateway(String),
    Nat(String),
    /// A gateway endpoint.
    Endpoint(String),
    /// A peering connection, a transit gateway, a network interface: what is behind it is not looked up.
    Other(String),
}

/// A NAT gateway.
#[derive(Clone, Debug)]
pub(crate) struct Nat {
    pub(crate) state: String,
    /// It has a public address, and so leads to the internet.
    pub(crate) public: bool,
    pub(crate) subnet: String,
}

/// A network ACL.
#[derive(Clone, Debug, Default)]
pub(crate) struct Acl {
    pub(crate) id: String,
    pub(crate) subnets: BTreeSet<String>,
    pub(crate) entries: Vec<AclEntry>,
}

/// A rule of a network ACL.
#[derive(Clone, Debug)]
pub(crate) struct AclEntry {
    pub(crate) number: i32,
    pub(crate) egress: bool,
    pub(crate) allow: bool,
    /// A number as text, or -1 for all.
    pub(crate) protocol: String,
    pub(crate) net: Option<IpNet>,
    /// Nothing for all.
    pub(crate) ports: Option<(i32, i32)>,
}

/// A VPC endpoint.
#[derive(Clone, Debug, Default)]
pub(crate) struct Endpoint {
    pub(crate) id: String,
    pub(crate) vpc_id: String,
    /// It works by routes, not by network interfaces.
    pub(crate) gateway: bool,
    pub(crate) service: String,
    pub(crate) policy: Option<String>,
    pub(crate) tables: BTreeSet<String>,
    pub(crate) groups: BTreeSet<String>,
    pub(crate) private_dns: bool,
}

/// Where the registry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) ip: IpAddr,
    /// Its subnet, when it is that of a network interface of the account.
    pub(crate) subnet: Option<String>,
}

/// Everything that was told. A part that could not be asked for is absent and named in `unseen`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) subnets: Option<BTreeMap<String, Subnet>>,
    pub(crate) groups: Option<BTreeMap<String, Group>>,
    pub(crate) rules: Option<Vec<Rule>>,
    /// The groups whose rules these are: one without any is among them.
    pub(crate) ruled: BTreeSet<String>,
    /// Groups whose rules the plan changes in a way that is not known yet.
    pub(crate) unsettled: BTreeSet<String>,
    /// The names of the groups that the plan makes, where none of them lets anything out.
    pub(crate) shut: Vec<String>,
    /// The kind of each zone that is not a plain availability zone, by zone name.
    pub(crate) special_zones: BTreeMap<String, String>,
    /// Whether a VPC resolves names, by VPC.
    pub(crate) dns: BTreeMap<String, bool>,
    /// Whether a VPC uses private hosted zones, by VPC.
    pub(crate) dns_hostnames: BTreeMap<String, bool>,
    /// The tenancy of each VPC.
    pub(crate) tenancy: BTreeMap<String, String>,
    /// Groups that are associated with a VPC beyond their own; nothing when it could not be asked for.
    pub(crate) associations: Option<BTreeSet<(String, String)>>,
    /// The VPCs that keep all traffic from their internet gateway.
    pub(crate) blocked: BTreeSet<String>,
    /// The route tables of the subnets' VPCs.
    pub(crate) tables: Option<Vec<RouteTable>>,
    /// The NAT gateways that routes lead to.
    pub(crate) nats: BTreeMap<String, Nat>,
    pub(crate) acls: Option<Vec<Acl>>,
    /// The endpoints that are available.
    pub(crate) endpoints: Option<Vec<Endpoint>>,
    /// The network interfaces that use the registry's group.
    pub(crate) interfaces: Vec<Address>,
    pub(crate) unseen: Vec<Failure>,
}

impl Facts {
    /// The route table that a subnet uses.
    pub(super) fn table_of(&self, subnet: &str, vpc: &str) -> Option<&RouteTable> {
        let tables = self.tables.as_ref()?;
        let own = tables.iter().find(|table| table.subnets.contains(subnet));
        own.or_else(|| tables.iter().find(|table| table.main && table.vpc_id == vpc))
    }

    /// The network ACL of a subnet.
    pub(super) fn acl_of(&self, subnet: &str) -> Option<&Acl> {
        self.acls.iter().flatten().find(|acl| acl.subnets.contains(subnet))
    }
}
