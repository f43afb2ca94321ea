//! Services of which each endpoint must be accepted by their owner. Where that is the account itself, `auto_accept` does
//! it.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::VpcEndpoint as Described;
use smform_provider::ProviderError;
use smform_types::Value;

use crate::failure::{Failure, Service, failed};
use crate::fields::Fields;

/// Whether an endpoint waits to be accepted.
pub(super) fn is_awaited(endpoint: &Described) -> bool {
    endpoint.state().is_some_and(|state| state.as_str().eq_ignore_ascii_case("pendingAcceptance"))
}

/// Whether an object that waits to be accepted shall be.
pub(super) fn is_wanted(prior: &Value, planned: &Value) -> bool {
    let waits = Fields(prior).text("state").is_some_and(|state| state.eq_ignore_ascii_case("pendingAcceptance"));
    waits && Fields(planned).flag("auto_accept") == Some(true)
}

/// Accepts an endpoint in the name of the service's owner.
pub(super) async fn accept(client: &Client, endpoint: &Described) -> Result<(), ProviderError> {
    let (id, name) = (endpoint.vpc_endpoint_id().unwrap_or_default(), endpoint.service_name().unwrap_or_default());
    let summary = || format!("VPC endpoint {id} could not be accepted");
    let refuse = |failure: Failure| failure.into_error(summary());
    let answer = client.describe_vpc_endpoint_services().service_names(name).send().await;
    let answer = answer.map_err(failed(Service::Ec2, "DescribeVpcEndpointServices")).map_err(refuse)?;
    let Some(service) = answer.service_details().iter().find_map(|detail| detail.service_id()) else {
        let detail = format!("EC2 does not tell the id of {name}. Its owner must accept the endpoint.");
        return Err(ProviderError::new(summary(), detail));
    };
    let call = client.accept_vpc_endpoint_connections().service_id(service).vpc_endpoint_ids(id);
    let answer = call.send().await.map_err(failed(Service::Ec2, "AcceptVpcEndpointConnections")).map_err(refuse)?;
    match answer.unsuccessful().first().and_then(|item| item.error()) {
        Some(error) => Err(ProviderError::new(summary(), error.message().unwrap_or_default())),
        None => Ok(()),
    }
}
