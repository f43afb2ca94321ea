//! VPC endpoints: gateway endpoints in route tables, interface endpoints in subnets.

use super::ids::{GROUP, ROUTE_TABLE, SUBNET, VPC_ENDPOINT};
use super::interface::{self, Interface, Placement};
use super::listing::{self, Listing};
use super::state::{DnsOptions, Route, RouteDestination, RouteTarget, State, VpcEndpoint};
use super::target::{self, Addressing, Fixed, Target};
use super::{Answer, done, endpoint_service, prefix_list, tag, vpc};
use crate::clock::Moment;
use crate::services::Context;
use crate::wire::ApiError;
use crate::wire::query::Params;
use crate::wire::xml::Node;
use crate::world::ACCOUNT;

/// The policy of an endpoint that was made without one.
const FULL_ACCESS: &str =
    r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;

const LISTING: Listing = Listing {
    set: "vpcEndpointSet",
    kind: VPC_ENDPOINT,
    filters: &[
        "ip-address-type",
        "service-name",
        "service-region",
        "vpc-endpoint-id",
        "vpc-endpoint-state",
        "vpc-endpoint-type",
        "vpc-id",
    ],
    limits: None,
    default_page: None,
};

pub(crate) fn describe(context: &mut Context<'_>, params: &Params) -> Answer {
    let context = &*context;
    let state = &context.region.ec2;
    let endpoints = state.vpc_endpoints.iter().map(|(id, endpoint)| (id.as_str(), endpoint));
    let values = |endpoint: &VpcEndpoint, filter: &str| match filter {
        "ip-address-type" => vec![endpoint.addresses.clone().unwrap_or_else(|| "ipv4".to_owned())],
        "service-name" => vec![endpoint.service.clone()],
        "service-region" => vec![endpoint.service_region.clone().unwrap_or_else(|| context.scope.region.clone())],
        "vpc-endpoint-id" => vec![endpoint.id.clone()],
        "vpc-endpoint-state" => vec![state_of(endpoint).to_owned()],
        "vpc-endpoint-type" => vec![endpoint.kind.clone()],
        "vpc-id" => vec![endpoint.vpc_id.clone()],
        _ => Vec::new(),
    };
    listing::describe(&LISTING, params, &state.tags, endpoints, values, |endpoint| node(context, endpoint))
}

fn state_of(endpoint: &VpcEndpoint) -> &'static str {
    if endpoint.pending { "pendingAcceptance" } else { "available" }
}

fn node(context: &Context<'_>, endpoint: &VpcEndpoint) -> Node {
    let state = &context.region.ec2;
    let texts = |list: &[String]| Node::list(list.iter().map(Node::text));
    let groups = endpoint.groups.iter().map(|id| {
        let name = state.groups.get(id).map(|group| group.name.clone()).unwrap_or_default();
        Node::Structure(vec![("groupId", Node::text(id)), ("groupName", Node::text(name))])
    });
    let service = endpoint.service.rsplit('.').next().unwrap_or_default();
    let dns = (endpoint.kind == "Interface").then(|| {
        let name = format!("{}.{service}.{}.vpce.amazonaws.com", endpoint.id, context.scope.region);
        Node::Structure(vec![("dnsName", Node::text(name)), ("hostedZoneId", Node::text("Z00SANDBOX"))])
    });
    let mut members = vec![
        ("vpcEndpointId", Node::text(&endpoint.id)),
        ("vpcEndpointType", Node::text(&endpoint.kind)),
        ("vpcId", Node::text(&endpoint.vpc_id)),
        ("state", Node::text(state_of(endpoint))),
        ("policyDocument", Node::text(&endpoint.policy)),
        ("routeTableIdSet", texts(&endpoint.route_tables)),
        ("subnetIdSet", texts(&endpoint.subnets)),
        ("groupSet", Node::list(groups)),
        ("ipAddressType", Node::text(endpoint.addresses.as_deref().unwrap_or("ipv4"))),
        ("dnsOptions", target::dns_options(endpoint)),
        ("privateDnsEnabled", Node::boolean(endpoint.private_dns)),
        ("requesterManaged", Node::boolean(false)),
        ("networkInterfaceIdSet", Node::list(endpoint.interfaces.iter().map(|i| Node::text(&i.id)))),
        ("dnsEntrySet", Node::list(dns)),
        ("creationTimestamp", Node::text(endpoint.created.to_iso8601())),
        ("ownerId", Node::text(ACCOUNT)),
        ("tagSet", tag::set(state, &endpoint.id)),
    ];
    match &endpoint.target {
        Some(arn) if endpoint.kind == "Resource" => members.push(("resourceConfigurationArn", Node::text(arn))),
        Some(arn) => members.push(("serviceNetworkArn", Node::text(arn))),
        None => {
            let region = endpoint.service_region.as_deref().unwrap_or(&context.scope.region);
            members.push(("serviceName", Node::text(&endpoint.service)));
            members.push(("serviceRegion", Node::text(region)));
        }
    }
    Node::Structure(members)
}

pub(crate) fn create(context: &mut Context<'_>, params: &Params) -> Answer {
    let state = &context.region.ec2;
    let made = params
        .get("ClientToken")
        .and_then(|token| state.vpc_endpoints.values().find(|endpoint| endpoint.token.as_deref() == Some(token)));
    if let Some(made) = made {
        return Ok(vec![("vpcEndpoint", node(context, made))]);
    }
    let vpc_id = vpc::find(state, params.required("VpcId")?)?.id.clone();
    let Target { kind, service, service_region, arn } = target::read(params, &context.scope.region)?;
    let addressing = Addressing::read(params)?;
    let gateway = kind == "Gateway";
    let owned = |name: &str| params.list(name).into_iter().map(str::to_owned).collect::<Vec<String>>();
    let (route_tables, subnets) = (owned("RouteTableId"), owned("SubnetId"));
    let mut groups = owned("SecurityGroupId");
    check_parts(state, &vpc_id, &route_tables, &subnets, &groups)?;
    let misplaced = if gateway { !subnets.is_empty() || !groups.is_empty() } else { !route_tables.is_empty() };
    if misplaced {
        let text = "Gateway endpoints take route tables, interface endpoints take subnets and security groups";
        return Err(ApiError::new("InvalidParameter", text));
    }
    let fixed = Fixed::read(state, params, &subnets)?;
    if !gateway && kind != "GatewayLoadBalancer" && groups.is_empty() {
        let default = state.groups.values().find(|group| group.vpc_id == vpc_id && group.name == "default");
        groups.extend(default.map(|group| group.id.clone()));
    }
    let tags = tag::of_create(params, &VPC_ENDPOINT)?;
    let private_dns = !gateway && params.boolean("PrivateDnsEnabled")?.unwrap_or(true);
    let policy = params.get("PolicyDocument").unwrap_or(FULL_ACCESS).to_owned();
    let taken: Vec<Interface> = interface::all(context.region).cloned().collect();
    let now = context.now;
    let state = &mut context.region.ec2;
    let id = state.fresh_id("vpce");
    add(state, &id, &kind, &vpc_id, &service, now);
    if let Some(endpoint) = state.vpc_endpoints.get_mut(&id) {
        let there = service_region.as_deref().unwrap_or(&context.scope.region);
        endpoint.pending = endpoint_service::shared(&service, there).is_some();
        (endpoint.target, endpoint.service_region) = (arn, service_region);
        addressing.apply(endpoint);
        endpoint.policy = policy;
        endpoint.private_dns = private_dns;
        endpoint.token = params.get("ClientToken").map(str::to_owned);
    }
    set_parts(state, &id, route_tables, subnets, groups, &taken);
    if let Some(endpoint) = state.vpc_endpoints.get_mut(&id) {
        fixed.apply(endpoint);
    }
    tag::attach(state, &id, tags);
    let endpoint = VPC_ENDPOINT.find(&id, |id| context.region.ec2.vpc_endpoints.get(id))?;
    Ok(vec![("vpcEndpoint", node(context, endpoint))])
}

/// Adds an endpoint that is not yet in any route table or subnet.
pub(crate) fn add(state: &mut State, id: &str, kind: &str, vpc_id: &str, service: &str, created: Moment) {
    let endpoint = VpcEndpoint {
        id: id.to_owned(),
        kind: kind.to_owned(),
        vpc_id: vpc_id.to_owned(),
        service: service.to_owned(),
        policy: FULL_ACCESS.to_owned(),
        route_tables: Vec::new(),
        subnets: Vec::new(),
        groups: Vec::new(),
        private_dns: false,
        pending: false,
        target: None,
        service_region: None,
        addresses: None,
        dns: DnsOptions::default(),
        created,
        token: None,
        interfaces: Vec::new(),
    };
    state.vpc_endpoints.insert(endpoint.id.clone(), endpoint);
}

fn check_parts(
    state: &State,
    vpc_id: &str,
    route_tables: &[String],
    subnets: &[String],
    groups: &[String],
) -> Result<(), ApiError> {
    let foreign = |id: &str| ApiError::new("InvalidParameter", format!("{id} does not belong to {vpc_id}"));
    for id in route_tables {
        let table = ROUTE_TABLE.find(id, |id| state.route_tables.get(id))?;
        if table.vpc_id != vpc_id {
            return Err(foreign(id));
        }
    }
    for id in subnets {
        if SUBNET.find(id, |id| state.subnets.get(id))?.vpc_id != vpc_id {
            return Err(foreign(id));
        }
    }
    for id in groups {
        if GROUP.find(id, |id| state.groups.get(id))?.vpc_id != vpc_id {
            return Err(foreign(id));
        }
    }
    Ok(())
}

/// Puts an endpoint into exactly these route tables and subnets.
pub(crate) fn set_parts(
    state: &mut State,
    id: &str,
    route_tables: Vec<String>,
    subnets: Vec<String>,
    groups: Vec<String>,
    taken: &[Interface],
) {
    let Some(mut endpoint) = state.vpc_endpoints.get(id).cloned() else { return };
    let leads_here = |route: &Route| matches!(&route.target, RouteTarget::Gateway(target) if target == id);
    for table in state.route_tables.values_mut() {
        table.routes.retain(|route| !leads_here(route));
        if route_tables.contains(&table.id) {
            table.routes.push(Route {
                destination: RouteDestination::PrefixList(prefix_list::of_service(&endpoint.service).to_owned()),
                target: RouteTarget::Gateway(id.to_owned()),
            });
        }
    }
    let mut placement = Placement::new(taken);
    endpoint.interfaces.retain(|interface| subnets.contains(&interface.subnet_id));
    for subnet in &subnets {
        if !endpoint.interfaces.iter().any(|interface| interface.subnet_id == *subnet) {
            let description = format!("VPC Endpoint Interface {id}");
            endpoint.interfaces.extend(placement.create(state, subnet, &groups, description, "vpc_endpoint"));
        }
    }
    for interface in &mut endpoint.interfaces {
        interface.groups.clone_from(&groups);
    }
    (endpoint.route_tables, endpoint.subnets, endpoint.groups) = (route_tables, subnets, groups);
    state.vpc_endpoints.insert(id.to_owned(), endpoint);
}

pub(crate) fn modify(context: &mut Context<'_>, params: &Params) -> Answer {
    let state = &context.region.ec2;
    let id = params.required("VpcEndpointId")?;
    let endpoint = VPC_ENDPOINT.find(id, |id| state.vpc_endpoints.get(id))?.clone();
    let changed = |current: &[String], member: &str| {
        let (add, remove) = (params.list(&format!("Add{member}")), params.list(&format!("Remove{member}")));
        let mut list: Vec<String> = current.iter().filter(|id| !remove.contains(&id.as_str())).cloned().collect();
        for id in add {
            if !list.iter().any(|known| known == id) {
                list.push(id.to_owned());
            }
        }
        list
    };
    let route_tables = changed(&endpoint.route_tables, "RouteTableId");
    let subnets = changed(&endpoint.subnets, "SubnetId");
    let groups = changed(&endpoint.groups, "SecurityGroupId");
    check_parts(state, &endpoint.vpc_id, &route_tables, &subnets, &groups)?;
    let private_dns = params.boolean("PrivateDnsEnabled")?;
    let (addressing, fixed) = (Addressing::read(params)?, Fixed::read(state, params, &subnets)?);
    let reset = params.boolean("ResetPolicy")? == Some(true);
    let taken: Vec<Interface> = interface::all(context.region).cloned().collect();
    let state = &mut context.region.ec2;
    if let Some(endpoint) = state.vpc_endpoints.get_mut(id) {
        endpoint.private_dns = private_dns.unwrap_or(endpoint.private_dns);
        addressing.apply(endpoint);
        if reset {
            endpoint.policy = FULL_ACCESS.to_owned();
        } else if let Some(policy) = params.get("PolicyDocument") {
            endpoint.policy = policy.to_owned();
        }
    }
    set_parts(state, id, route_tables, subnets, groups, &taken);
    if let Some(endpoint) = state.vpc_endpoints.get_mut(id) {
        fixed.apply(endpoint);
    }
    done()
}

/// Deletes what exists, and lists what does not as unsuccessful.
pub(crate) fn delete(context: &mut Context<'_>, params: &Params) -> Answer {
    let ids = params.list("VpcEndpointId");
    if ids.is_empty() {
        return Err(ApiError::new("MissingParameter", "The request must contain the parameter VpcEndpointId"));
    }
    ids.iter().try_for_each(|id| VPC_ENDPOINT.check(id))?;
    let state = &mut context.region.ec2;
    let mut failed = Vec::new();
    for id in ids {
        if !state.vpc_endpoints.contains_key(id) {
            let error = VPC_ENDPOINT.not_found(&[id]);
            let error = vec![("code", Node::text(error.code)), ("message", Node::text(error.message))];
            failed.push(Node::Structure(vec![("resourceId", Node::text(id)), ("error", Node::Structure(error))]));
            continue;
        }
        set_parts(state, id, Vec::new(), Vec::new(), Vec::new(), &[]);
        state.vpc_endpoints.remove(id);
        state.tags.remove(id);
    }
    Ok(vec![("unsuccessful", Node::list(failed))])
}
