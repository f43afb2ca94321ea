//! Internet gateways and NAT gateways. They come with the seed; nothing here creates them.

use super::ids::{INTERNET_GATEWAY, NAT_GATEWAY};
use super::listing::{self, Listing};
use super::state::{InternetGateway, NatGateway};
use super::{Answer, tag};
use crate::services::Context;
use crate::wire::query::Params;
use crate::wire::xml::Node;
use crate::world::ACCOUNT;

pub(crate) fn describe_internet(context: &mut Context<'_>, params: &Params) -> Answer {
    const LISTING: Listing = Listing {
        set: "internetGatewaySet",
        kind: INTERNET_GATEWAY,
        filters: &["attachment.state", "attachment.vpc-id", "internet-gateway-id", "owner-id"],
        limits: Some((5, 1000)),
        default_page: None,
    };
    let state = &context.region.ec2;
    let gateways = state.internet_gateways.iter().map(|(id, gateway)| (id.as_str(), gateway));
    let values = |gateway: &InternetGateway, filter: &str| match filter {
        "attachment.state" => vec!["available".to_owned()],
        "attachment.vpc-id" => vec![gateway.vpc_id.clone()],
        "internet-gateway-id" => vec![gateway.id.clone()],
        "owner-id" => vec![ACCOUNT.to_owned()],
        _ => Vec::new(),
    };
    listing::describe(&LISTING, params, &state.tags, gateways, values, |gateway| {
        let attachment =
            Node::Structure(vec![("vpcId", Node::text(&gateway.vpc_id)), ("state", Node::text("available"))]);
        Node::Structure(vec![
            ("internetGatewayId", Node::text(&gateway.id)),
            ("ownerId", Node::text(ACCOUNT)),
            ("attachmentSet", Node::list([attachment])),
            ("tagSet", tag::set(state, &gateway.id)),
        ])
    })
}

pub(crate) fn describe_nat(context: &mut Context<'_>, params: &Params) -> Answer {
    const LISTING: Listing = Listing {
        set: "natGatewaySet",
        kind: NAT_GATEWAY,
        filters: &["nat-gateway-id", "state", "subnet-id", "vpc-id"],
        limits: Some((5, 1000)),
        default_page: None,
    };
    let state = &context.region.ec2;
    let gateways = state.nat_gateways.iter().map(|(id, gateway)| (id.as_str(), gateway));
    let values = |gateway: &NatGateway, filter: &str| match filter {
        "nat-gateway-id" => vec![gateway.id.clone()],
        "state" => vec!["available".to_owned()],
        "subnet-id" => vec![gateway.subnet_id.clone()],
        "vpc-id" => vec![gateway.vpc_id.clone()],
        _ => Vec::new(),
    };
    listing::describe(&LISTING, params, &state.tags, gateways, values, |gateway| {
        let address = Node::Structure(vec![
            ("allocationId", Node::text(&gateway.allocation_id)),
            ("networkInterfaceId", Node::text(&gateway.interface_id)),
            ("privateIp", Node::text(&gateway.private_ip)),
            ("publicIp", Node::text(&gateway.public_ip)),
            ("isPrimary", Node::boolean(true)),
            ("status", Node::text("succeeded")),
        ]);
        Node::Structure(vec![
            ("natGatewayId", Node::text(&gateway.id)),
            ("subnetId", Node::text(&gateway.subnet_id)),
            ("vpcId", Node::text(&gateway.vpc_id)),
            ("state", Node::text("available")),
            ("connectivityType", Node::text("public")),
            ("createTime", Node::text(gateway.created.to_iso8601())),
            ("natGatewayAddressSet", Node::list([address])),
            ("tagSet", tag::set(state, &gateway.id)),
        ])
    })
}
