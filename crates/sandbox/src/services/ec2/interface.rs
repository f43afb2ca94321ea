//! Network interfaces. Nobody creates them here by hand: they belong to SageMaker endpoints and to interface VPC
//! endpoints, and keep their subnets and groups from being deleted.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::ids;
use super::listing::{self, Listing};
use super::state::State;
use super::{Answer, tag};
use crate::services::Context;
use crate::services::sagemaker;
use crate::wire::query::Params;
use crate::wire::xml::Node;
use crate::world::{ACCOUNT, Region};

/// An elastic network interface.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Interface {
    pub id: String,
    pub subnet_id: String,
    pub vpc_id: String,
    pub groups: Vec<String>,
    pub address: Ipv4Addr,
    #[serde(default)]
    pub ipv6: Option<Ipv6Addr>,
    pub description: String,
    /// `interface` or `vpc_endpoint`.
    pub kind: String,
}

/// Gives addresses to new interfaces.
pub(crate) struct Placement {
    /// By subnet.
    taken: BTreeMap<String, BTreeSet<Ipv4Addr>>,
}

impl Placement {
    /// Starts from the interfaces that exist.
    pub(crate) fn new<'a>(existing: impl IntoIterator<Item = &'a Interface>) -> Placement {
        let mut taken: BTreeMap<String, BTreeSet<Ipv4Addr>> = BTreeMap::new();
        for interface in existing {
            taken.entry(interface.subnet_id.clone()).or_default().insert(interface.address);
        }
        Placement { taken }
    }

    /// An interface for a SageMaker endpoint in one of the subnets, in turn by `index`. None if that subnet is full or
    /// gone.
    pub(crate) fn place(
        &mut self,
        ec2: &mut State,
        subnets: &[String],
        groups: &[String],
        index: usize,
        endpoint: &str,
    ) -> Option<Interface> {
        let id = subnets.get(index % subnets.len().max(1))?;
        let description = format!("[DO NOT DELETE] ENI managed by SageMaker for endpoint {endpoint}");
        self.create(ec2, id, groups, description, "interface")
    }

    /// An interface in a subnet. None if the subnet is full or does not exist.
    pub(crate) fn create(
        &mut self,
        ec2: &mut State,
        subnet_id: &str,
        groups: &[String],
        description: String,
        kind: &str,
    ) -> Option<Interface> {
        let subnet = ec2.subnets.get(subnet_id)?;
        let vpc_id = subnet.vpc_id.clone();
        // The first four addresses and the last of a subnet are reserved.
        let net = subnet.cidr?;
        let last = net.broadcast();
        let taken = self.taken.entry(subnet_id.to_owned()).or_default();
        let address =
            net.hosts().skip(3).take_while(|address| *address != last).find(|address| !taken.contains(address))?;
        taken.insert(address);
        Some(Interface {
            id: ec2.fresh_id("eni"),
            subnet_id: subnet_id.to_owned(),
            vpc_id,
            groups: groups.to_vec(),
            address,
            ipv6: None,
            description,
            kind: kind.to_owned(),
        })
    }
}

/// Every interface of a region.
pub(crate) fn all(region: &Region) -> impl Iterator<Item = &Interface> {
    let fleets = region.sagemaker.endpoints.values().flat_map(sagemaker::state::Endpoint::fleets);
    // A fleet that is being scaled shares interfaces with the one that serves.
    let mut seen = BTreeSet::new();
    fleets
        .flat_map(sagemaker::Fleet::interfaces)
        .chain(region.ec2.vpc_endpoints.values().flat_map(|endpoint| &endpoint.interfaces))
        .chain(region.ec2.lingering.iter().map(|(_, interface)| interface))
        .filter(move |interface| seen.insert(interface.id.as_str()))
}

const LISTING: Listing = Listing {
    set: "networkInterfaceSet",
    kind: ids::NETWORK_INTERFACE,
    filters: &[
        "addresses.private-ip-address",
        "availability-zone",
        "availability-zone-id",
        "description",
        "group-id",
        "group-name",
        "interface-type",
        "mac-address",
        "network-interface-id",
        "owner-id",
        "private-dns-name",
        "private-ip-address",
        "requester-id",
        "requester-managed",
        "status",
        "subnet-id",
        "vpc-id",
    ],
    limits: Some((5, 1000)),
    default_page: None,
};

pub(crate) fn describe(context: &mut Context<'_>, params: &Params) -> Answer {
    let region = &*context.region;
    let ec2 = &region.ec2;
    let list = all(region).map(|interface| (interface.id.as_str(), interface));
    listing::describe(
        &LISTING,
        params,
        &ec2.tags,
        list,
        |interface, filter| {
            let zone = |pick: fn(&super::state::Zone) -> &String| {
                ec2.subnets.get(&interface.subnet_id).map(|subnet| pick(&subnet.zone).clone()).into_iter().collect()
            };
            let one = |text: &str| vec![text.to_owned()];
            match filter {
                "addresses.private-ip-address" | "private-ip-address" => one(&interface.address.to_string()),
                "availability-zone" => zone(|zone| &zone.name),
                "availability-zone-id" => zone(|zone| &zone.id),
                "description" => one(&interface.description),
                "group-id" => interface.groups.clone(),
                "group-name" => {
                    interface.groups.iter().filter_map(|id| Some(ec2.groups.get(id)?.name.clone())).collect()
                }
                "interface-type" => one(&interface.kind),
                "mac-address" => one(&mac(interface)),
                "network-interface-id" => one(&interface.id),
                "owner-id" => one(ACCOUNT),
                "private-dns-name" => one(&dns_name(interface)),
                "requester-id" => one(REQUESTER),
                "requester-managed" => one("true"),
                "status" => one("in-use"),
                "subnet-id" => one(&interface.subnet_id),
                "vpc-id" => one(&interface.vpc_id),
                _ => Vec::new(),
            }
        },
        |interface| node(ec2, interface),
    )
}

/// Who SageMaker's interfaces are made by: no account of the customer.
const REQUESTER: &str = "amazon-sagemaker";

fn mac(interface: &Interface) -> String {
    let [a, b, c, d] = interface.address.octets();
    format!("0a:58:{a:02x}:{b:02x}:{c:02x}:{d:02x}")
}

fn dns_name(interface: &Interface) -> String {
    format!("ip-{}.ec2.internal", interface.address.to_string().replace('.', "-"))
}

fn node(ec2: &State, interface: &Interface) -> Node {
    let zone = ec2.subnets.get(&interface.subnet_id).map(|s| s.zone.name.clone()).unwrap_or_default();
    let groups = interface.groups.iter().map(|id| {
        let name = ec2.groups.get(id).map(|group| group.name.clone()).unwrap_or_default();
        Node::Structure(vec![("groupId", Node::text(id)), ("groupName", Node::text(name))])
    });
    let address = Node::text(interface.address.to_string());
    Node::Structure(vec![
        ("networkInterfaceId", Node::text(&interface.id)),
        ("subnetId", Node::text(&interface.subnet_id)),
        ("vpcId", Node::text(&interface.vpc_id)),
        ("availabilityZone", Node::text(zone)),
        ("description", Node::text(&interface.description)),
        ("ownerId", Node::text(ACCOUNT)),
        ("requesterId", Node::text(REQUESTER)),
        ("requesterManaged", Node::boolean(true)),
        ("status", Node::text("in-use")),
        ("macAddress", Node::text(mac(interface))),
        ("privateIpAddress", address.clone()),
        ("privateDnsName", Node::text(dns_name(interface))),
        ("sourceDestCheck", Node::boolean(true)),
        ("groupSet", Node::list(groups)),
        (
            "attachment",
            Node::Structure(vec![
                ("attachmentId", Node::text(interface.id.replacen("eni-", "ela-attach-", 1))),
                ("deviceIndex", Node::number(1)),
                ("instanceOwnerId", Node::text(REQUESTER)),
                ("status", Node::text("attached")),
                ("deleteOnTermination", Node::boolean(false)),
            ]),
        ),
        (
            "ipv6AddressesSet",
            Node::list(
                interface.ipv6.map(|address| Node::Structure(vec![("ipv6Address", Node::text(address.to_string()))])),
            ),
        ),
        ("tagSet", tag::set(ec2, &interface.id)),
        (
            "privateIpAddressesSet",
            Node::list([Node::Structure(vec![("privateIpAddress", address), ("primary", Node::boolean(true))])]),
        ),
        ("interfaceType", Node::text(&interface.kind)),
    ])
}

/// Refuses what still has interfaces: `uses` says whether an interface counts.
pub(crate) fn any(region: &Region, uses: impl Fn(&Interface) -> bool) -> bool {
    all(region).any(uses)
}
