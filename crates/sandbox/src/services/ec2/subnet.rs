//! Subnets.

use ipnet::Ipv4Net;

use super::ids::SUBNET;
use super::listing::{self, Listing};
use super::state::{State, Subnet, Vpc, Zone};
use super::{Answer, done, interface, invalid, ipv6, tag, vpc};
use crate::services::Context;
use crate::wire::ApiError;
use crate::wire::query::Params;
use crate::wire::xml::Node;
use crate::world::ACCOUNT;

const LISTING: Listing = Listing {
    set: "subnetSet",
    kind: SUBNET,
    filters: &[
        "availability-zone",
        "availabilityZone",
        "availability-zone-id",
        "availabilityZoneId",
        "available-ip-address-count",
        "cidr",
        "cidr-block",
        "cidrBlock",
        "customer-owned-ipv4-pool",
        "default-for-az",
        "defaultForAz",
        "enable-dns64",
        "enable-lni-at-device-index",
        "ipv6-cidr-block-association.ipv6-cidr-block",
        "ipv6-cidr-block-association.association-id",
        "ipv6-cidr-block-association.state",
        "ipv6-native",
        "map-customer-owned-ip-on-launch",
        "map-public-ip-on-launch",
        "outpost-arn",
        "owner-id",
        "private-dns-name-options-on-launch.hostname-type",
        "private-dns-name-options-on-launch.enable-resource-name-dns-a-record",
        "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record",
        "state",
        "subnet-arn",
        "subnet-id",
        "vpc-id",
    ],
    limits: Some((5, 1000)),
    default_page: None,
};

pub(crate) fn describe(context: &mut Context<'_>, params: &Params) -> Answer {
    let context = &*context;
    let state = &context.region.ec2;
    let subnets = state.subnets.iter().map(|(id, subnet)| (id.as_str(), subnet));
    let values = |subnet: &Subnet, filter: &str| match filter {
        "availability-zone" | "availabilityZone" => vec![subnet.zone.name.clone()],
        "availability-zone-id" | "availabilityZoneId" => vec![subnet.zone.id.clone()],
        "available-ip-address-count" => vec![available(context, subnet).to_string()],
        "cidr" | "cidr-block" | "cidrBlock" => subnet.cidr.iter().map(ToString::to_string).collect(),
        "customer-owned-ipv4-pool" => subnet.customer_pool.iter().cloned().collect(),
        "default-for-az" | "defaultForAz" => vec![subnet.default_for_az.to_string()],
        "enable-dns64" => vec![subnet.dns64.to_string()],
        "ipv6-cidr-block-association.ipv6-cidr-block" => ipv6::cidrs(subnet.ipv6.as_ref()),
        "ipv6-cidr-block-association.association-id" => ipv6::associations(subnet.ipv6.as_ref()),
        "ipv6-cidr-block-association.state" => subnet.ipv6.iter().map(|_| "associated".to_owned()).collect(),
        "enable-lni-at-device-index" => subnet.lni_at.iter().map(ToString::to_string).collect(),
        "ipv6-native" => vec![subnet.cidr.is_none().to_string()],
        "map-customer-owned-ip-on-launch" => vec![subnet.map_customer_ip.to_string()],
        "outpost-arn" => subnet.outpost.iter().cloned().collect(),
        "map-public-ip-on-launch" => vec![subnet.map_public_ip.to_string()],
        "owner-id" => vec![ACCOUNT.to_owned()],
        "private-dns-name-options-on-launch.hostname-type" => vec![subnet.hostname_type.clone()],
        "private-dns-name-options-on-launch.enable-resource-name-dns-a-record" => {
            vec![subnet.resource_name_a_record.to_string()]
        }
        "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record" => {
            vec![subnet.resource_name_aaaa_record.to_string()]
        }
        "state" => vec!["available".to_owned()],
        "subnet-arn" => vec![arn(context, subnet)],
        "subnet-id" => vec![subnet.id.clone()],
        "vpc-id" => vec![subnet.vpc_id.clone()],
        _ => Vec::new(),
    };
    listing::describe(&LISTING, params, &state.tags, subnets, values, |subnet| node(context, subnet))
}

fn arn(context: &Context<'_>, subnet: &Subnet) -> String {
    context.arn("ec2", &format!("subnet/{}", subnet.id))
}

/// Addresses that are neither reserved nor taken.
fn available(context: &Context<'_>, subnet: &Subnet) -> i64 {
    let Some(cidr) = subnet.cidr else { return 0 };
    let size = 1i64 << (32 - u32::from(cidr.prefix_len())).min(32);
    let taken = interface::all(context.region).filter(|interface| interface.subnet_id == subnet.id).count();
    size - 5 - i64::try_from(taken).unwrap_or(0)
}

fn node(context: &Context<'_>, subnet: &Subnet) -> Node {
    let state = &context.region.ec2;
    let names = Node::Structure(vec![
        ("hostnameType", Node::text(&subnet.hostname_type)),
        ("enableResourceNameDnsARecord", Node::boolean(subnet.resource_name_a_record)),
        ("enableResourceNameDnsAAAARecord", Node::boolean(subnet.resource_name_aaaa_record)),
    ]);
    let mut members = vec![
        ("subnetId", Node::text(&subnet.id)),
        ("subnetArn", Node::text(arn(context, subnet))),
        ("state", Node::text("available")),
        ("ownerId", Node::text(ACCOUNT)),
        ("vpcId", Node::text(&subnet.vpc_id)),
        ("ipv6CidrBlockAssociationSet", Node::list(subnet.ipv6.iter().map(ipv6::of_subnet))),
        ("assignIpv6AddressOnCreation", Node::boolean(subnet.assign_ipv6)),
        ("availableIpAddressCount", Node::number(available(context, subnet))),
        ("availabilityZone", Node::text(&subnet.zone.name)),
        ("availabilityZoneId", Node::text(&subnet.zone.id)),
        ("defaultForAz", Node::boolean(subnet.default_for_az)),
        ("mapPublicIpOnLaunch", Node::boolean(subnet.map_public_ip)),
        ("mapCustomerOwnedIpOnLaunch", Node::boolean(subnet.map_customer_ip)),
        ("enableDns64", Node::boolean(subnet.dns64)),
        ("ipv6Native", Node::boolean(subnet.cidr.is_none())),
        ("privateDnsNameOptionsOnLaunch", names),
        ("blockPublicAccessStates", Node::Structure(vec![("internetGatewayBlockMode", Node::text("off"))])),
        ("tagSet", tag::set(state, &subnet.id)),
    ];
    members.extend(subnet.cidr.map(|cidr| ("cidrBlock", Node::text(cidr.to_string()))));
    members.extend(subnet.outpost.as_ref().map(|arn| ("outpostArn", Node::text(arn))));
    members.extend(subnet.customer_pool.as_ref().map(|pool| ("customerOwnedIpv4Pool", Node::text(pool))));
    members.extend(subnet.lni_at.map(|index| ("enableLniAtDeviceIndex", Node::number(index))));
    Node::Structure(members)
}

/// The subnet of that id.
pub(crate) fn find<'a>(state: &'a State, id: &str) -> Result<&'a Subnet, ApiError> {
    SUBNET.find(id, |id| state.subnets.get(id))
}

pub(crate) fn create(context: &mut Context<'_>, params: &Params) -> Answer {
    let state = &context.region.ec2;
    let vpc = vpc::find(state, params.required("VpcId")?)?;
    let native6 = params.boolean("Ipv6Native")? == Some(true);
    let cidr = if native6 { None } else { Some(network(state, vpc, params)?) };
    let network = match (params.get("Ipv6CidrBlock"), params.get("Ipv6IpamPoolId")) {
        (Some(text), _) => Some(ipv6::within(state, vpc, text)?),
        (None, Some(pool)) => {
            ipv6::ipam_pool(pool)?;
            Some(ipv6::free_within(state, vpc)?)
        }
        (None, None) if native6 => {
            return Err(ApiError::new("MissingParameter", "The request must contain the parameter Ipv6CidrBlock"));
        }
        (None, None) => None,
    };
    let outpost = params.get("OutpostArn").map(str::to_owned);
    if let Some(arn) = outpost.as_ref().filter(|arn| !arn.contains(":outpost/op-")) {
        return Err(invalid(format!("Value ({arn}) for parameter outpostArn is invalid.")));
    }
    let zone = zone(state, params)?;
    let tags = tag::of_create(params, &SUBNET)?;
    let vpc_id = vpc.id.clone();
    let state = &mut context.region.ec2;
    let id = state.fresh_id("subnet");
    add(state, &id, &vpc_id, cidr, zone);
    if let Some(network) = network {
        ipv6::give(state, &id, network);
    }
    if let Some(subnet) = state.subnets.get_mut(&id) {
        subnet.outpost = outpost;
    }
    tag::attach(state, &id, tags);
    let subnet = find(&context.region.ec2, &id)?;
    Ok(vec![("subnet", node(context, subnet))])
}

/// The IPv4 network that a request names, or has picked from a pool of IPAM: a part of the VPC's that no other has.
fn network(state: &State, vpc: &Vpc, params: &Params) -> Result<Ipv4Net, ApiError> {
    let others = || state.subnets.values().filter(|other| other.vpc_id == vpc.id).filter_map(|other| other.cidr);
    let cidr = vpc::wanted(params, &vpc.cidr.to_string(), others)?;
    if !(16..=28).contains(&cidr.prefix_len()) || !vpc.cidr.contains(&cidr) {
        return Err(ApiError::new("InvalidSubnet.Range", format!("The CIDR '{cidr}' is invalid.")));
    }
    if others().any(|other| other.contains(&cidr) || cidr.contains(&other)) {
        let text = format!("The CIDR '{cidr}' conflicts with another subnet");
        return Err(ApiError::new("InvalidSubnet.Conflict", text));
    }
    Ok(cidr)
}

fn zone(state: &State, params: &Params) -> Result<Zone, ApiError> {
    let (name, id) = (params.get("AvailabilityZone"), params.get("AvailabilityZoneId"));
    let fits = |zone: &&Zone| name.is_none_or(|name| zone.name == name) && id.is_none_or(|id| zone.id == id);
    state.zones.iter().find(fits).cloned().ok_or_else(|| {
        let names: Vec<&str> = state.zones.iter().map(|zone| zone.name.as_str()).collect();
        invalid(format!(
            "Value ({}) for parameter availabilityZone is invalid. Subnets can currently only be created in the \
             following availability zones: {}.",
            name.or(id).unwrap_or_default(),
            names.join(", ")
        ))
    })
}

/// Adds a subnet; it uses its VPC's default ACL and main route table.
pub(crate) fn add(state: &mut State, id: &str, vpc_id: &str, cidr: impl Into<Option<Ipv4Net>>, zone: Zone) {
    let subnet = Subnet {
        id: id.to_owned(),
        vpc_id: vpc_id.to_owned(),
        cidr: cidr.into(),
        zone,
        default_for_az: false,
        map_public_ip: false,
        dns64: false,
        hostname_type: "ip-name".to_owned(),
        resource_name_a_record: false,
        ipv6: None,
        assign_ipv6: false,
        resource_name_aaaa_record: false,
        outpost: None,
        customer_pool: None,
        map_customer_ip: false,
        lni_at: None,
    };
    state.subnets.insert(subnet.id.clone(), subnet);
    let association = state.fresh_id("aclassoc");
    if let Some(acl) = state.acls.values_mut().find(|acl| acl.is_default && acl.vpc_id == vpc_id) {
        acl.associations.insert(id.to_owned(), association);
    }
}

pub(crate) fn modify_attribute(context: &mut Context<'_>, params: &Params) -> Answer {
    let id = find(&context.region.ec2, params.required("SubnetId")?)?.id.clone();
    let read = |name: &str| params.structure(name).boolean("Value");
    let (public, dns64) = (read("MapPublicIpOnLaunch")?, read("EnableDns64")?);
    let a_record = read("EnableResourceNameDnsARecordOnLaunch")?;
    let aaaa_record = read("EnableResourceNameDnsAAAARecordOnLaunch")?;
    let assign = read("AssignIpv6AddressOnCreation")?;
    let customer_ip = read("MapCustomerOwnedIpOnLaunch")?;
    let customer_pool = params.get("CustomerOwnedIpv4Pool");
    let (lni_at, no_lni) = (params.integer("EnableLniAtDeviceIndex")?, read("DisableLniAtDeviceIndex")?);
    let hostname_type = params.get("PrivateDnsHostnameTypeOnLaunch");
    if hostname_type.is_some_and(|kind| !matches!(kind, "ip-name" | "resource-name")) {
        return Err(invalid("Value for parameter privateDnsHostnameTypeOnLaunch is invalid."));
    }
    let switches = [public, dns64, a_record, aaaa_record, assign, customer_ip, no_lni];
    let given = switches.into_iter().flatten().count() + usize::from(hostname_type.is_some());
    if given + usize::from(lni_at.is_some()) != 1 {
        // The pool goes with MapCustomerOwnedIpOnLaunch.
        return Err(ApiError::new("InvalidParameterCombination", "Exactly one attribute must be given"));
    }
    if let Some(subnet) = context.region.ec2.subnets.get_mut(&id) {
        if customer_ip == Some(true) && (customer_pool.is_none() || subnet.outpost.is_none()) {
            return Err(invalid("Customer-owned addresses need CustomerOwnedIpv4Pool and a subnet on an Outpost."));
        }
        if lni_at.is_some() && subnet.outpost.is_none() {
            return Err(invalid("Local network interfaces need a subnet on an Outpost."));
        }
        if let Some(on) = customer_ip {
            subnet.map_customer_ip = on;
            subnet.customer_pool = customer_pool.map(str::to_owned).filter(|_| on);
        }
        if no_lni == Some(true) {
            subnet.lni_at = None;
        }
        subnet.lni_at = lni_at.or(subnet.lni_at);
        subnet.resource_name_aaaa_record = aaaa_record.unwrap_or(subnet.resource_name_aaaa_record);
        if assign == Some(true) && subnet.ipv6.is_none() {
            return Err(invalid("The subnet has no IPv6 CIDR block."));
        }
        subnet.assign_ipv6 = assign.unwrap_or(subnet.assign_ipv6);
        subnet.map_public_ip = public.unwrap_or(subnet.map_public_ip);
        subnet.dns64 = dns64.unwrap_or(subnet.dns64);
        subnet.resource_name_a_record = a_record.unwrap_or(subnet.resource_name_a_record);
        if let Some(kind) = hostname_type {
            subnet.hostname_type = kind.to_owned();
        }
    }
    done()
}

pub(crate) fn delete(context: &mut Context<'_>, params: &Params) -> Answer {
    let id = find(&context.region.ec2, params.required("SubnetId")?)?.id.clone();
    let in_use = interface::any(context.region, |interface| interface.subnet_id == id)
        || context.region.ec2.nat_gateways.values().any(|nat| nat.subnet_id == id);
    if in_use {
        let text = format!("The subnet '{id}' has dependencies and cannot be deleted.");
        return Err(ApiError::new("DependencyViolation", text));
    }
    let state = &mut context.region.ec2;
    state.subnets.remove(&id);
    for table in state.route_tables.values_mut() {
        table.associations.retain(|association| association.subnet_id.as_deref() != Some(&id));
    }
    for acl in state.acls.values_mut() {
        acl.associations.remove(&id);
    }
    state.tags.remove(&id);
    done()
}
