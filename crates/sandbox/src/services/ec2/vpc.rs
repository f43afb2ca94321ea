//! VPCs.

use ipnet::Ipv4Net;

use super::ids::VPC;
use super::listing::{self, Listing};
use super::state::{Group, NetworkAcl, Peer, RouteTable, RouteTableAssociation, Rule, RuleSpec, State, Vpc};
use super::{Answer, done, invalid, ipv6, tag};
use crate::services::Context;
use crate::wire::ApiError;
use crate::wire::query::Params;
use crate::wire::xml::Node;
use crate::world::ACCOUNT;

const LISTING: Listing = Listing {
    set: "vpcSet",
    kind: VPC,
    filters: &[
        "cidr",
        "cidr-block-association.cidr-block",
        "cidr-block-association.association-id",
        "cidr-block-association.state",
        "dhcp-options-id",
        "ipv6-cidr-block-association.ipv6-cidr-block",
        "ipv6-cidr-block-association.ipv6-pool",
        "ipv6-cidr-block-association.association-id",
        "ipv6-cidr-block-association.state",
        "is-default",
        "owner-id",
        "state",
        "vpc-id",
    ],
    limits: Some((5, 1000)),
    default_page: None,
};

pub(crate) fn describe(context: &mut Context<'_>, params: &Params) -> Answer {
    let state = &context.region.ec2;
    let vpcs = state.vpcs.iter().map(|(id, vpc)| (id.as_str(), vpc));
    let values = |vpc: &Vpc, filter: &str| match filter {
        "cidr" | "cidr-block-association.cidr-block" => vec![vpc.cidr.to_string()],
        "cidr-block-association.association-id" => vec![vpc.association_id.clone()],
        "cidr-block-association.state" => vec!["associated".to_owned()],
        "dhcp-options-id" => vec![vpc.dhcp_options_id.clone()],
        "ipv6-cidr-block-association.ipv6-cidr-block" => ipv6::cidrs(vpc.ipv6.as_ref()),
        "ipv6-cidr-block-association.ipv6-pool" => {
            vpc.ipv6.iter().map(|network| ipv6::pool(network).to_owned()).collect()
        }
        "ipv6-cidr-block-association.association-id" => ipv6::associations(vpc.ipv6.as_ref()),
        "ipv6-cidr-block-association.state" => vpc.ipv6.iter().map(|_| "associated".to_owned()).collect(),
        "is-default" => vec![vpc.is_default.to_string()],
        "owner-id" => vec![ACCOUNT.to_owned()],
        "state" => vec!["available".to_owned()],
        "vpc-id" => vec![vpc.id.clone()],
        _ => Vec::new(),
    };
    listing::describe(&LISTING, params, &state.tags, vpcs, values, |vpc| node(state, vpc))
}

fn node(state: &State, vpc: &Vpc) -> Node {
    let association = Node::Structure(vec![
        ("associationId", Node::text(&vpc.association_id)),
        ("cidrBlock", Node::text(vpc.cidr.to_string())),
        ("cidrBlockState", Node::Structure(vec![("state", Node::text("associated"))])),
    ]);
    Node::Structure(vec![
        ("vpcId", Node::text(&vpc.id)),
        ("ownerId", Node::text(ACCOUNT)),
        ("state", Node::text("available")),
        ("cidrBlock", Node::text(vpc.cidr.to_string())),
        ("cidrBlockAssociationSet", Node::list([association])),
        ("ipv6CidrBlockAssociationSet", Node::list(vpc.ipv6.iter().map(|network| ipv6::of_vpc(state, network)))),
        ("dhcpOptionsId", Node::text(&vpc.dhcp_options_id)),
        ("instanceTenancy", Node::text(&vpc.tenancy)),
        ("isDefault", Node::boolean(vpc.is_default)),
        ("blockPublicAccessStates", Node::Structure(vec![("internetGatewayBlockMode", Node::text("off"))])),
        ("tagSet", tag::set(state, &vpc.id)),
    ])
}

/// The VPC of that id.
pub(crate) fn find<'a>(state: &'a State, id: &str) -> Result<&'a Vpc, ApiError> {
    VPC.find(id, |id| state.vpcs.get(id))
}

pub(crate) fn describe_attribute(context: &mut Context<'_>, params: &Params) -> Answer {
    let vpc = find(&context.region.ec2, params.required("VpcId")?)?;
    let (name, value) = match params.required("Attribute")? {
        "enableDnsSupport" => ("enableDnsSupport", vpc.dns_support),
        "enableDnsHostnames" => ("enableDnsHostnames", vpc.dns_hostnames),
        "enableNetworkAddressUsageMetrics" => ("enableNetworkAddressUsageMetrics", vpc.address_metrics),
        other => return Err(invalid(format!("Value ({other}) for parameter attribute is invalid."))),
    };
    Ok(vec![("vpcId", Node::text(&vpc.id)), (name, Node::Structure(vec![("value", Node::boolean(value))]))])
}

pub(crate) fn modify_attribute(context: &mut Context<'_>, params: &Params) -> Answer {
    let id = find(&context.region.ec2, params.required("VpcId")?)?.id.clone();
    let read = |name: &str| params.structure(name).boolean("Value");
    let (support, hostnames) = (read("EnableDnsSupport")?, read("EnableDnsHostnames")?);
    let metrics = read("EnableNetworkAddressUsageMetrics")?;
    if [support, hostnames, metrics].into_iter().flatten().count() != 1 {
        let text =
            "Exactly one of EnableDnsSupport, EnableDnsHostnames, EnableNetworkAddressUsageMetrics must be given";
        return Err(ApiError::new("InvalidParameterCombination", text));
    }
    if let Some(vpc) = context.region.ec2.vpcs.get_mut(&id) {
        vpc.dns_support = support.unwrap_or(vpc.dns_support);
        vpc.dns_hostnames = hostnames.unwrap_or(vpc.dns_hostnames);
        vpc.address_metrics = metrics.unwrap_or(vpc.address_metrics);
    }
    done()
}

/// A VPC for dedicated hardware becomes an ordinary one; there is no way back.
pub(crate) fn modify_tenancy(context: &mut Context<'_>, params: &Params) -> Answer {
    let id = find(&context.region.ec2, params.required("VpcId")?)?.id.clone();
    let tenancy = params.required("InstanceTenancy")?;
    if tenancy != "default" {
        return Err(invalid(format!("Value ({tenancy}) for parameter instanceTenancy is invalid.")));
    }
    if let Some(vpc) = context.region.ec2.vpcs.get_mut(&id) {
        tenancy.clone_into(&mut vpc.tenancy);
    }
    done()
}

pub(crate) fn create(context: &mut Context<'_>, params: &Params) -> Answer {
    let ipv6 = ipv6::wish(params, &context.scope.region)?;
    let every = || context.region.ec2.vpcs.values().map(|vpc| vpc.cidr);
    let cidr = wanted(params, "10.128.0.0/9", every)?;
    if !(16..=28).contains(&cidr.prefix_len()) {
        return Err(ApiError::new("InvalidVpc.Range", format!("The CIDR '{cidr}' is invalid.")));
    }
    let tenancy = params.get("InstanceTenancy").unwrap_or("default");
    if !matches!(tenancy, "default" | "dedicated") {
        return Err(invalid(format!("Value ({tenancy}) for parameter instanceTenancy is invalid.")));
    }
    let tags = tag::of_create(params, &VPC)?;
    let state = &mut context.region.ec2;
    let id = state.fresh_id("vpc");
    add(state, &id, cidr, tenancy);
    if let Some(wish) = ipv6 {
        ipv6::provide(state, &id, wish);
    }
    tag::attach(state, &id, tags);
    Ok(vec![("vpc", node(state, find(state, &id)?))])
}

/// The network that a request names, or one of the length that it wants of a pool of IPAM, within `room` and beside
/// those that are taken.
pub(super) fn wanted<I: Iterator<Item = Ipv4Net>>(
    params: &Params,
    room: &str,
    taken: impl Fn() -> I,
) -> Result<Ipv4Net, ApiError> {
    let (named, length) = (params.get("CidrBlock"), params.integer("Ipv4NetmaskLength")?);
    match params.get("Ipv4IpamPoolId") {
        Some(pool) => ipv6::ipam_pool(pool)?,
        None if length.is_some() => {
            return Err(ApiError::new("InvalidParameterCombination", "Ipv4NetmaskLength needs Ipv4IpamPoolId"));
        }
        None => return cidr(params.required("CidrBlock")?),
    }
    if let Some(named) = named {
        return cidr(named);
    }
    let length = length.unwrap_or(24);
    let is_free = |net: &Ipv4Net| taken().all(|other| !other.contains(net) && !net.contains(&other));
    let nets = u8::try_from(length).ok().filter(|length| (16..=28).contains(length));
    let nets = nets.and_then(|length| room.parse::<Ipv4Net>().ok()?.subnets(length).ok());
    let mut nets = nets.ok_or_else(|| invalid(format!("Value ({length}) for parameter netmaskLength is invalid.")))?;
    nets.find(is_free).ok_or_else(|| ApiError::new("InsufficientCidrBlocks", "The pool has no room"))
}

/// Adds a VPC with what each one has: a main route table, a default ACL and a default group.
pub(crate) fn add(state: &mut State, id: &str, cidr: Ipv4Net, tenancy: &str) {
    let dhcp_options_id = state.dhcp_options.keys().next().cloned().unwrap_or_else(|| "default".to_owned());
    let vpc = Vpc {
        id: id.to_owned(),
        cidr,
        association_id: state.fresh_id("vpc-cidr-assoc"),
        is_default: false,
        tenancy: tenancy.to_owned(),
        dhcp_options_id,
        dns_support: true,
        dns_hostnames: false,
        address_metrics: false,
        ipv6: None,
    };
    state.vpcs.insert(vpc.id.clone(), vpc);
    let table = RouteTable {
        id: state.fresh_id("rtb"),
        vpc_id: id.to_owned(),
        associations: vec![RouteTableAssociation { id: state.fresh_id("rtbassoc"), subnet_id: None }],
        routes: Vec::new(),
    };
    state.route_tables.insert(table.id.clone(), table);
    let acl = NetworkAcl {
        id: state.fresh_id("acl"),
        vpc_id: id.to_owned(),
        is_default: true,
        associations: Default::default(),
    };
    state.acls.insert(acl.id.clone(), acl);
    let group = state.fresh_id("sg");
    add_group(state, &group, "default", "default VPC security group", id);
    // Members of the default group may talk to each other.
    let own = Peer::Group { id: group.clone(), account: ACCOUNT.to_owned() };
    add_rule(state, &group, false, RuleSpec { protocol: "-1".to_owned(), from: -1, to: -1, peer: own });
}

/// Adds a group with the rule that every new group has: all traffic out.
pub(crate) fn add_group(state: &mut State, id: &str, name: &str, description: &str, vpc_id: &str) {
    let group = Group {
        id: id.to_owned(),
        name: name.to_owned(),
        description: description.to_owned(),
        vpc_id: vpc_id.to_owned(),
    };
    state.groups.insert(group.id.clone(), group);
    let anywhere = Peer::Ipv4("0.0.0.0/0".to_owned());
    add_rule(state, id, true, RuleSpec { protocol: "-1".to_owned(), from: -1, to: -1, peer: anywhere });
}

/// Adds a rule and returns its id.
pub(crate) fn add_rule(state: &mut State, group_id: &str, egress: bool, spec: RuleSpec) -> String {
    let id = state.fresh_id("sgr");
    let rule = Rule { id: id.clone(), group_id: group_id.to_owned(), egress, spec, description: None };
    state.rules.insert(id.clone(), rule);
    id
}

pub(crate) fn delete(context: &mut Context<'_>, params: &Params) -> Answer {
    let id = find(&context.region.ec2, params.required("VpcId")?)?.id.clone();
    let state = &mut context.region.ec2;
    let in_use = state.subnets.values().any(|s| s.vpc_id == id)
        || state.groups.values().any(|g| g.vpc_id == id && g.name != "default")
        || state.internet_gateways.values().any(|g| g.vpc_id == id)
        || state.vpc_endpoints.values().any(|e| e.vpc_id == id)
        || state.route_tables.values().any(|t| t.vpc_id == id && t.associations.iter().all(|a| a.subnet_id.is_some()));
    if in_use {
        let text = format!("The vpc '{id}' has dependencies and cannot be deleted.");
        return Err(ApiError::new("DependencyViolation", text));
    }
    state.vpcs.remove(&id);
    state.route_tables.retain(|_, table| table.vpc_id != id);
    state.acls.retain(|_, acl| acl.vpc_id != id);
    let groups: Vec<String> = state.groups.values().filter(|g| g.vpc_id == id).map(|g| g.id.clone()).collect();
    for group in groups {
        super::group::remove(state, &group);
    }
    state.tags.remove(&id);
    done()
}

/// A CIDR block in canonical form.
pub(crate) fn cidr(text: &str) -> Result<Ipv4Net, ApiError> {
    text.parse::<Ipv4Net>().map(|net| net.trunc()).map_err(|_| {
        invalid(format!("Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR block."))
    })
}
