//! Single routes of a table, to IPv4 networks through gateways.

use super::ids::{INTERNET_GATEWAY, NAT_GATEWAY, ROUTE_TABLE, VPC_ENDPOINT};
use super::state::{Route, RouteDestination, RouteTable, RouteTarget, State};
use super::{Answer, done, invalid, permission};
use crate::services::Context;
use crate::wire::ApiError;
use crate::wire::query::Params;

/// A request about one route: the table, and the network that the route is for.
fn named(state: &State, params: &Params) -> Result<(String, String), ApiError> {
    let table = ROUTE_TABLE.find(params.required("RouteTableId")?, |id| state.route_tables.get(id))?;
    Ok((table.id.clone(), permission::ipv4(params.required("DestinationCidrBlock")?)?))
}

/// Where the route is to lead.
fn target(state: &State, params: &Params) -> Result<RouteTarget, ApiError> {
    match (params.get("GatewayId"), params.get("NatGatewayId")) {
        (Some("local"), None) => Ok(RouteTarget::Gateway("local".to_owned())),
        (Some(id), None) if id.starts_with(VPC_ENDPOINT.prefix) => {
            Err(invalid(format!("Routes to {id} come and go with the endpoint.")))
        }
        (Some(id), None) => {
            INTERNET_GATEWAY.find(id, |id| state.internet_gateways.get(id))?;
            Ok(RouteTarget::Gateway(id.to_owned()))
        }
        (None, Some(id)) => {
            NAT_GATEWAY.find(id, |id| state.nat_gateways.get(id))?;
            Ok(RouteTarget::Nat(id.to_owned()))
        }
        _ => {
            let text = "Exactly one of GatewayId and NatGatewayId must be given, the targets that the sandbox imitates";
            Err(ApiError::new("InvalidParameterCombination", text))
        }
    }
}

/// The destination that every table reaches without a route of its own.
fn is_local(state: &State, table: &str, net: &str) -> bool {
    let table = state.route_tables.get(table);
    table.and_then(|table| state.vpcs.get(&table.vpc_id)).is_some_and(|vpc| vpc.cidr.to_string() == net)
}

fn is_for(route: &Route, net: &str) -> bool {
    matches!(&route.destination, RouteDestination::Cidr(cidr) if cidr == net)
}

fn missing(table: &str, net: &str) -> ApiError {
    let text = format!("no route with destination-cidr-block {net} in route table {table}");
    ApiError::new("InvalidRoute.NotFound", text)
}

pub(crate) fn create(context: &mut Context<'_>, params: &Params) -> Answer {
    let state = &mut context.region.ec2;
    let ((table, net), target) = (named(state, params)?, target(state, params)?);
    let local = is_local(state, &table, &net);
    let Some(table) = state.route_tables.get_mut(&table) else { return done() };
    if local || table.routes.iter().any(|route| is_for(route, &net)) {
        let text = format!("The route identified by {net} already exists.");
        return Err(ApiError::new("RouteAlreadyExists", text));
    }
    table.routes.push(Route { destination: RouteDestination::Cidr(net), target });
    done()
}

pub(crate) fn replace(context: &mut Context<'_>, params: &Params) -> Answer {
    let state = &mut context.region.ec2;
    let ((id, net), target) = (named(state, params)?, target(state, params)?);
    match of_table(state, &id).and_then(|table| table.routes.iter_mut().find(|route| is_for(route, &net))) {
        Some(route) => route.target = target,
        None => return Err(missing(&id, &net)),
    }
    done()
}

pub(crate) fn delete(context: &mut Context<'_>, params: &Params) -> Answer {
    let state = &mut context.region.ec2;
    let (id, net) = named(state, params)?;
    if is_local(state, &id, &net) {
        return Err(invalid(format!("cannot remove local route {net} in route table {id}")));
    }
    let Some(table) = of_table(state, &id) else { return done() };
    let before = table.routes.len();
    table.routes.retain(|route| !is_for(route, &net));
    if table.routes.len() == before { Err(missing(&id, &net)) } else { done() }
}

fn of_table<'s>(state: &'s mut State, id: &str) -> Option<&'s mut RouteTable> {
    state.route_tables.get_mut(id)
}
