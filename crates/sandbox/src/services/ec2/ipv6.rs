//! IPv6 networks: those that Amazon provides for a VPC, and the parts of them that subnets take.

use ipnet::Ipv6Net;

use super::ids::{SUBNET, VPC};
use super::state::{Ipv6Network, State, Vpc};
use super::{Answer, invalid};
use crate::services::Context;
use crate::wire::ApiError;
use crate::wire::query::Params;
use crate::wire::xml::Node;

/// The pool from which the network of a VPC comes, as it is told.
pub(super) fn pool(network: &Ipv6Network) -> &'static str {
    if network.of_ipam { "IPAM Managed" } else { "Amazon" }
}

/// The network as the value of a filter.
pub(super) fn cidrs(network: Option<&Ipv6Network>) -> Vec<String> {
    network.iter().map(|network| network.cidr.to_string()).collect()
}

/// The id of its association as the value of a filter.
pub(super) fn associations(network: Option<&Ipv6Network>) -> Vec<String> {
    network.iter().map(|network| network.association_id.clone()).collect()
}

fn members(network: &Ipv6Network, state: &str) -> Vec<(&'static str, Node)> {
    vec![
        ("associationId", Node::text(&network.association_id)),
        ("ipv6CidrBlock", Node::text(network.cidr.to_string())),
        ("ipv6CidrBlockState", Node::Structure(vec![("state", Node::text(state))])),
    ]
}

/// The network of a VPC as it is shown.
pub(super) fn of_vpc(state: &State, network: &Ipv6Network) -> Node {
    // The zones of a region have its name and a letter.
    let region = state.zones.first().map_or("", |zone| zone.name.trim_end_matches(|c: char| c.is_ascii_lowercase()));
    let mut members = members(network, "associated");
    members.push(("ipv6Pool", Node::text(pool(network))));
    members.push(("networkBorderGroup", Node::text(network.border_group.as_deref().unwrap_or(region))));
    Node::Structure(members)
}

/// The network of a subnet as it is shown.
pub(super) fn of_subnet(network: &Ipv6Network) -> Node {
    Node::Structure(members(network, "associated"))
}

/// The network that a request wants for a VPC, and where it comes from.
pub(super) struct Wish {
    /// Nothing for one that is picked.
    cidr: Option<Ipv6Net>,
    length: u8,
    of_ipam: bool,
    border_group: Option<String>,
}

/// What a request says of the network of a VPC; nothing when it wants none.
pub(super) fn wish(params: &Params, region: &str) -> Result<Option<Wish>, ApiError> {
    let combination = |text: &str| ApiError::new("InvalidParameterCombination", text);
    if params.get("Ipv6Pool").is_some() {
        return Err(ApiError::new("UnsupportedOperation", "The sandbox does not imitate Ipv6Pool."));
    }
    let pool = params.get("Ipv6IpamPoolId").map(ipam_pool).transpose()?;
    let generated = params.boolean("AmazonProvidedIpv6CidrBlock")? == Some(true);
    let border_group = params.get("Ipv6CidrBlockNetworkBorderGroup").map(str::to_owned);
    if let Some(group) = border_group.as_ref().filter(|group| !group.starts_with(region)) {
        return Err(invalid(format!("The network border group {group} does not exist in {region}")));
    }
    let (cidr, length) = (params.get("Ipv6CidrBlock"), params.integer("Ipv6NetmaskLength")?);
    match (pool, generated) {
        (Some(()), true) => Err(combination("AmazonProvidedIpv6CidrBlock and Ipv6IpamPoolId exclude each other")),
        (None, _) if cidr.is_some() || length.is_some() => {
            Err(combination("Ipv6CidrBlock and Ipv6NetmaskLength need Ipv6IpamPoolId"))
        }
        (None, false) => Ok(None),
        (None, true) => Ok(Some(Wish { cidr: None, length: 56, of_ipam: false, border_group })),
        (Some(()), false) => {
            let malformed = |text: &str| invalid(format!("Value ({text}) for parameter ipv6CidrBlock is invalid."));
            let cidr = cidr.map(|text| text.parse::<Ipv6Net>().map_err(|_| malformed(text))).transpose()?;
            let wanted = length.unwrap_or(56);
            let length = u8::try_from(wanted).ok().filter(|length| (44..=60).contains(length) && length % 4 == 0);
            let length =
                length.ok_or_else(|| invalid(format!("Value ({wanted}) for ipv6NetmaskLength is invalid.")))?;
            Ok(Some(Wish { cidr, length, of_ipam: true, border_group }))
        }
    }
}

/// Pools of IPAM are not kept: every id of the right form is one, with room.
pub(super) fn ipam_pool(id: &str) -> Result<(), ApiError> {
    let digits = id.strip_prefix("ipam-pool-").unwrap_or_default();
    if matches!(digits.len(), 8 | 17) && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Ok(());
    }
    Err(ApiError::new("InvalidIpamPoolId.Malformed", format!("The pool ID '{id}' is malformed")))
}

/// Gives a VPC the network that was wished for.
pub(super) fn provide(state: &mut State, vpc_id: &str, wish: Wish) {
    let association_id = state.fresh_id("vpc-cidr-assoc");
    // No two VPCs get the same: the network follows from the association.
    let digits = association_id.get(association_id.len().saturating_sub(6)..).unwrap_or_default();
    let number = u32::from_str_radix(digits, 16).unwrap_or_default();
    let base: u128 = if wish.of_ipam { 0x2600_1f28 } else { 0x2600_1f18 };
    let address = (base << 96) | (u128::from(number) << 72);
    let picked = Ipv6Net::new(address.into(), wish.length).ok().map(|net| net.trunc());
    if let (Some(cidr), Some(vpc)) = (wish.cidr.or(picked), state.vpcs.get_mut(vpc_id)) {
        let Wish { of_ipam, border_group, .. } = wish;
        vpc.ipv6 = Some(Ipv6Network { association_id, cidr, of_ipam, border_group });
    }
}

/// The first /64 of a VPC's network that no subnet has.
pub(super) fn free_within(state: &State, vpc: &Vpc) -> Result<Ipv6Net, ApiError> {
    let full = || ApiError::new("InsufficientCidrBlocks", format!("{} has no IPv6 network with room", vpc.id));
    let taken =
        |net: &Ipv6Net| state.subnets.values().any(|subnet| subnet.ipv6.as_ref().is_some_and(|n| n.cidr == *net));
    let network = vpc.ipv6.as_ref().ok_or_else(full)?;
    let mut nets = network.cidr.subnets(64).map_err(|_| full())?;
    nets.find(|net| !taken(net)).ok_or_else(full)
}

/// Gives a subnet a network.
pub(super) fn give(state: &mut State, subnet_id: &str, cidr: Ipv6Net) {
    let association_id = state.fresh_id("subnet-cidr-assoc");
    if let Some(subnet) = state.subnets.get_mut(subnet_id) {
        subnet.ipv6 = Some(Ipv6Network { association_id, cidr, of_ipam: false, border_group: None });
    }
}

/// The part of a VPC's network that a subnet wants: a /64 that no other has.
pub(super) fn within(state: &State, vpc: &Vpc, text: &str) -> Result<Ipv6Net, ApiError> {
    let refused = |text: &str| ApiError::new("InvalidSubnet.Range", format!("The CIDR '{text}' is invalid."));
    let cidr: Ipv6Net = text.parse().map_err(|_| refused(text))?;
    let inside = vpc.ipv6.as_ref().is_some_and(|network| network.cidr.contains(&cidr));
    if !inside || cidr.prefix_len() != 64 {
        return Err(refused(text));
    }
    let taken = |network: &Option<Ipv6Network>| network.as_ref().is_some_and(|network| network.cidr == cidr);
    if state.subnets.values().any(|other| taken(&other.ipv6)) {
        let text = format!("The CIDR '{cidr}' conflicts with another subnet");
        return Err(ApiError::new("InvalidSubnet.Conflict", text));
    }
    Ok(cidr)
}

pub(crate) fn associate_vpc(context: &mut Context<'_>, params: &Params) -> Answer {
    let wish = wish(params, &context.scope.region)?;
    let state = &mut context.region.ec2;
    let id = VPC.find(params.required("VpcId")?, |id| state.vpcs.get(id))?.id.clone();
    let Some(wish) = wish else {
        let text = "The sandbox imitates AssociateVpcCidrBlock with IPv6 networks only.";
        return Err(ApiError::new("UnsupportedOperation", text));
    };
    if state.vpcs.get(&id).is_some_and(|vpc| vpc.ipv6.is_some()) {
        return Err(ApiError::new(
            "CidrLimitExceeded",
            format!("This network '{id}' has met its maximum number of allowed CIDRs: 1"),
        ));
    }
    provide(state, &id, wish);
    let network = state.vpcs.get(&id).and_then(|vpc| vpc.ipv6.as_ref());
    let shown = network.map(|network| ("ipv6CidrBlockAssociation", of_vpc(state, network)));
    Ok(shown.into_iter().chain([("vpcId", Node::text(&id))]).collect())
}

pub(crate) fn disassociate_vpc(context: &mut Context<'_>, params: &Params) -> Answer {
    let association = params.required("AssociationId")?;
    let state = &mut context.region.ec2;
    let is_it = |network: &Option<Ipv6Network>| network.as_ref().is_some_and(|it| it.association_id == association);
    let found = state.vpcs.values().find(|vpc| is_it(&vpc.ipv6)).map(|vpc| vpc.id.clone());
    let Some(id) = found else { return Err(unknown(association)) };
    if state.subnets.values().any(|subnet| subnet.vpc_id == id && subnet.ipv6.is_some()) {
        let text =
            format!("The vpc CIDR block with association ID {association} may not be disassociated. It is in use.");
        return Err(ApiError::new("InvalidCidrBlock.InUse", text));
    }
    let network = state.vpcs.get_mut(&id).and_then(|vpc| vpc.ipv6.take());
    let shown =
        network.map(|network| ("ipv6CidrBlockAssociation", Node::Structure(members(&network, "disassociating"))));
    Ok(shown.into_iter().chain([("vpcId", Node::text(&id))]).collect())
}

pub(crate) fn associate_subnet(context: &mut Context<'_>, params: &Params) -> Answer {
    let state = &mut context.region.ec2;
    let subnet = SUBNET.find(params.required("SubnetId")?, |id| state.subnets.get(id))?;
    let id = subnet.id.clone();
    if subnet.ipv6.is_some() {
        return Err(invalid(format!("The subnet '{id}' has an IPv6 CIDR block already.")));
    }
    let vpc = VPC.find(&subnet.vpc_id, |id| state.vpcs.get(id))?;
    let cidr = within(state, vpc, params.required("Ipv6CidrBlock")?)?;
    give(state, &id, cidr);
    let network = state.subnets.get(&id).and_then(|subnet| subnet.ipv6.as_ref());
    let shown = network.map(|network| ("ipv6CidrBlockAssociation", of_subnet(network)));
    Ok(shown.into_iter().chain([("subnetId", Node::text(&id))]).collect())
}

pub(crate) fn disassociate_subnet(context: &mut Context<'_>, params: &Params) -> Answer {
    let association = params.required("AssociationId")?;
    let state = &mut context.region.ec2;
    let is_it = |network: &Option<Ipv6Network>| network.as_ref().is_some_and(|it| it.association_id == association);
    let found = state.subnets.values_mut().find(|subnet| is_it(&subnet.ipv6));
    let Some(subnet) = found else { return Err(unknown(association)) };
    subnet.assign_ipv6 = false;
    let network = subnet.ipv6.take();
    let id = subnet.id.clone();
    let shown =
        network.map(|network| ("ipv6CidrBlockAssociation", Node::Structure(members(&network, "disassociating"))));
    Ok(shown.into_iter().chain([("subnetId", Node::text(&id))]).collect())
}

fn unknown(association: &str) -> ApiError {
    let text = format!("The association ID '{association}' does not exist");
    ApiError::new("InvalidVpcCidrBlockAssociationID.NotFound", text)
}
