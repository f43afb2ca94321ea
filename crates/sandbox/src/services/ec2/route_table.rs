//! Route tables.

use super::ids::ROUTE_TABLE;
use super::listing::{self, Listing};
use super::state::{Route, RouteDestination, RouteTable, RouteTarget, State};
use super::{Answer, tag};
use crate::services::Context;
use crate::wire::query::Params;
use crate::wire::xml::Node;
use crate::world::ACCOUNT;

const LISTING: Listing = Listing {
    set: "routeTableSet",
    kind: ROUTE_TABLE,
    filters: &[
        "association.gateway-id",
        "association.main",
        "association.route-table-association-id",
        "association.route-table-id",
        "association.subnet-id",
        "owner-id",
        "route-table-id",
        "route.destination-cidr-block",
        "route.destination-ipv6-cidr-block",
        "route.destination-prefix-list-id",
        "route.egress-only-internet-gateway-id",
        "route.gateway-id",
        "route.instance-id",
        "route.nat-gateway-id",
        "route.origin",
        "route.state",
        "route.transit-gateway-id",
        "route.vpc-peering-connection-id",
        "vpc-id",
    ],
    limits: Some((5, 100)),
    default_page: Some(100),
};

pub(crate) fn describe(context: &mut Context<'_>, params: &Params) -> Answer {
    let state = &context.region.ec2;
    let tables = state.route_tables.iter().map(|(id, table)| (id.as_str(), table));
    let values = |table: &RouteTable, filter: &str| values(state, table, filter);
    listing::describe(&LISTING, params, &state.tags, tables, values, |table| node(state, table))
}

/// The table's routes with the local one, which every table has.
fn routes(state: &State, table: &RouteTable) -> Vec<(Route, &'static str)> {
    let local = state.vpcs.get(&table.vpc_id).map(|vpc| Route {
        destination: RouteDestination::Cidr(vpc.cidr.to_string()),
        target: RouteTarget::Gateway("local".to_owned()),
    });
    let own = table.routes.iter().map(|route| (route.clone(), "CreateRoute"));
    local.map(|route| (route, "CreateRouteTable")).into_iter().chain(own).collect()
}

fn values(state: &State, table: &RouteTable, filter: &str) -> Vec<String> {
    let associations = &table.associations;
    let of_routes = |pick: fn(&Route) -> Option<&String>| {
        routes(state, table).iter().filter_map(|(route, _)| pick(route).cloned()).collect()
    };
    match filter {
        "association.main" => associations.iter().map(|a| a.subnet_id.is_none().to_string()).collect(),
        "association.route-table-association-id" => associations.iter().map(|a| a.id.clone()).collect(),
        "association.route-table-id" if !associations.is_empty() => vec![table.id.clone()],
        "association.subnet-id" => associations.iter().filter_map(|a| a.subnet_id.clone()).collect(),
        "owner-id" => vec![ACCOUNT.to_owned()],
        "route-table-id" => vec![table.id.clone()],
        "route.destination-cidr-block" => of_routes(|route| match &route.destination {
            RouteDestination::Cidr(cidr) => Some(cidr),
            RouteDestination::PrefixList(_) => None,
        }),
        "route.destination-prefix-list-id" => of_routes(|route| match &route.destination {
            RouteDestination::PrefixList(id) => Some(id),
            RouteDestination::Cidr(_) => None,
        }),
        "route.gateway-id" => of_routes(|route| match &route.target {
            RouteTarget::Gateway(id) => Some(id),
            RouteTarget::Nat(_) => None,
        }),
        "route.nat-gateway-id" => of_routes(|route| match &route.target {
            RouteTarget::Nat(id) => Some(id),
            RouteTarget::Gateway(_) => None,
        }),
        "route.origin" => routes(state, table).iter().map(|(_, origin)| (*origin).to_owned()).collect(),
        "route.state" => vec!["active".to_owned()],
        "vpc-id" => vec![table.vpc_id.clone()],
        _ => Vec::new(),
    }
}

fn node(state: &State, table: &RouteTable) -> Node {
    let associations = table.associations.iter().map(|association| {
        let mut members = vec![
            ("routeTableAssociationId", Node::text(&association.id)),
            ("routeTableId", Node::text(&table.id)),
            ("main", Node::boolean(association.subnet_id.is_none())),
            ("associationState", Node::Structure(vec![("state", Node::text("associated"))])),
        ];
        members.extend(association.subnet_id.as_ref().map(|id| ("subnetId", Node::text(id))));
        Node::Structure(members)
    });
    let routes = routes(state, table).into_iter().map(|(route, origin)| {
        Node::Structure(vec![
            match route.destination {
                RouteDestination::Cidr(cidr) => ("destinationCidrBlock", Node::Text(cidr)),
                RouteDestination::PrefixList(id) => ("destinationPrefixListId", Node::Text(id)),
            },
            match route.target {
                RouteTarget::Gateway(id) => ("gatewayId", Node::Text(id)),
                RouteTarget::Nat(id) => ("natGatewayId", Node::Text(id)),
            },
            ("origin", Node::text(origin)),
            ("state", Node::text("active")),
        ])
    });
    Node::Structure(vec![
        ("routeTableId", Node::text(&table.id)),
        ("vpcId", Node::text(&table.vpc_id)),
        ("ownerId", Node::text(ACCOUNT)),
        ("associationSet", Node::list(associations)),
        ("propagatingVgwSet", Node::list([])),
        ("routeSet", Node::list(routes)),
        ("tagSet", tag::set(state, &table.id)),
    ])
}
