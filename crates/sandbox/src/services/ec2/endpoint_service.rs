//! Services that VPC endpoints lead to: those of AWS, and those that accounts share, whose owners accept each endpoint.

use super::ids::VPC_ENDPOINT;
use super::{Answer, invalid};
use crate::services::Context;
use crate::wire::ApiError;
use crate::wire::query::Params;
use crate::wire::xml::Node;
use crate::world::ACCOUNT;

/// The id in the name of a service that an account shares.
pub(super) fn shared<'n>(name: &'n str, region: &str) -> Option<&'n str> {
    let id = name.strip_prefix(&format!("com.amazonaws.vpce.{region}."))?;
    id.starts_with("vpce-svc-").then_some(id)
}

/// Tells of the services that are named. Shared ones exist, whatever their id.
pub(crate) fn describe(context: &mut Context<'_>, params: &Params) -> Answer {
    let region = context.scope.region.as_str();
    let names = params.list("ServiceName");
    if names.is_empty() || params.iter().any(|(name, _)| name.starts_with("Filter")) {
        let text = "The sandbox tells of services by ServiceName only.";
        return Err(ApiError::new("UnsupportedOperation", text));
    }
    for name in &names {
        if !name.starts_with(&format!("com.amazonaws.{region}.")) && shared(name, region).is_none() {
            let text = format!("The Vpc Endpoint Service '{name}' does not exist");
            return Err(ApiError::new("InvalidServiceName", text));
        }
    }
    let details = names.iter().map(|name| {
        let id = shared(name, region);
        let kind = if name.ends_with(".s3") || name.ends_with(".dynamodb") { "Gateway" } else { "Interface" };
        let mut members = vec![
            ("serviceName", Node::text(*name)),
            ("serviceType", Node::list([Node::Structure(vec![("serviceType", Node::text(kind))])])),
            ("serviceRegion", Node::text(region)),
            ("owner", Node::text(if id.is_some() { ACCOUNT } else { "amazon" })),
            ("vpcEndpointPolicySupported", Node::boolean(true)),
            ("acceptanceRequired", Node::boolean(id.is_some())),
            ("managesVpcEndpoints", Node::boolean(false)),
        ];
        members.extend(id.map(|id| ("serviceId", Node::text(id))));
        Node::Structure(members)
    });
    let details = Node::list(details);
    Ok(vec![("serviceNameSet", Node::list(names.iter().map(|name| Node::text(*name)))), ("serviceDetailSet", details)])
}

/// Accepts endpoints that lead to a shared service.
pub(crate) fn accept(context: &mut Context<'_>, params: &Params) -> Answer {
    let service = params.required("ServiceId")?;
    let ids = params.list("VpcEndpointId");
    if ids.is_empty() {
        return Err(ApiError::new("MissingParameter", "The request must contain the parameter VpcEndpointId"));
    }
    let region = context.scope.region.clone();
    let endpoints = &mut context.region.ec2.vpc_endpoints;
    let mut failed = Vec::new();
    for id in ids {
        let endpoint = endpoints.get_mut(id).filter(|endpoint| shared(&endpoint.service, &region) == Some(service));
        match endpoint {
            Some(endpoint) if endpoint.pending => endpoint.pending = false,
            other => {
                let error = match other {
                    Some(_) => invalid(format!("{id} waits for no acceptance")),
                    None => VPC_ENDPOINT.not_found(&[id]),
                };
                let error = vec![("code", Node::text(error.code)), ("message", Node::text(error.message))];
                failed.push(Node::Structure(vec![("resourceId", Node::text(id)), ("error", Node::Structure(error))]));
            }
        }
    }
    Ok(vec![("unsuccessful", Node::list(failed))])
}
