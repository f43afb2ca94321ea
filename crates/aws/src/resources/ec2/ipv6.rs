//! IPv6 networks of VPCs and subnets. They come and go by calls of their own, and take a while to do so.

use std::time::Duration;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{Subnet, SubnetIpv6CidrBlockAssociation, Vpc, VpcIpv6CidrBlockAssociation};
use smform_provider::Run;
use smform_types::Value;

use crate::failure::{Failure, Service, failed};
use crate::fields::Fields;
use crate::waiters::Wait;

/// How long a network may take to come or to go.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// What says that a VPC shall have an IPv6 network, and which.
pub(super) const OF_VPC: [&str; 5] = [
    "assign_generated_ipv6_cidr_block",
    "ipv6_cidr_block",
    "ipv6_cidr_block_network_border_group",
    "ipv6_ipam_pool_id",
    "ipv6_netmask_length",
];

/// Whether a network with this state is there, or about to be.
fn is_there(state: Option<&str>) -> bool {
    !matches!(state, Some("disassociating" | "disassociated" | "failing" | "failed"))
}

/// The IPv6 network of a VPC.
pub(super) fn of_vpc(vpc: &Vpc) -> Option<&VpcIpv6CidrBlockAssociation> {
    vpc.ipv6_cidr_block_association_set().iter().find(|network| is_there(vpc_state(network)))
}

fn vpc_state(network: &VpcIpv6CidrBlockAssociation) -> Option<&str> {
    network.ipv6_cidr_block_state().and_then(|state| state.state()).map(|state| state.as_str())
}

/// The IPv6 network of a subnet.
pub(super) fn of_subnet(subnet: &Subnet) -> Option<&SubnetIpv6CidrBlockAssociation> {
    subnet.ipv6_cidr_block_association_set().iter().find(|network| is_there(subnet_state(network)))
}

fn subnet_state(network: &SubnetIpv6CidrBlockAssociation) -> Option<&str> {
    network.ipv6_cidr_block_state().and_then(|state| state.state()).map(|state| state.as_str())
}

/// Waits until the networks of an object have settled, whatever became of them.
async fn settled<F>(run: &dyn Run, mut ask: impl FnMut() -> F + Send) -> Result<(), Failure>
where
    F: Future<Output = Result<Vec<String>, Failure>> + Send,
{
    let mut wait = Wait::new(run, PATIENCE).paced(Duration::from_secs(1), Duration::from_secs(10));
    loop {
        let moving = ask().await?.into_iter().find(|state| matches!(state.as_str(), "associating" | "disassociating"));
        let Some(state) = moving else { return Ok(()) };
        run.progress(&format!("IPv6 network {state}"));
        if wait.pause().await.is_err() {
            return Ok(());
        }
    }
}

/// Waits until the IPv6 networks of a VPC have settled.
pub(super) async fn vpc_settled(client: &Client, id: &str, run: &dyn Run) -> Result<(), Failure> {
    settled(run, || {
        let call = client.describe_vpcs().vpc_ids(id);
        async move {
            let answer = call.send().await.map_err(failed(Service::Ec2, "DescribeVpcs"))?;
            let networks = answer.vpcs().iter().flat_map(|vpc| vpc.ipv6_cidr_block_association_set());
            Ok(networks.filter_map(vpc_state).map(str::to_owned).collect())
        }
    })
    .await
}

async fn subnet_settled(client: &Client, id: &str, run: &dyn Run) -> Result<(), Failure> {
    settled(run, || {
        let call = client.describe_subnets().subnet_ids(id);
        async move {
            let answer = call.send().await.map_err(failed(Service::Ec2, "DescribeSubnets"))?;
            let networks = answer.subnets().iter().flat_map(|subnet| subnet.ipv6_cidr_block_association_set());
            Ok(networks.filter_map(subnet_state).map(str::to_owned).collect())
        }
    })
    .await
}

/// Gives a VPC the IPv6 network that is planned, in place of the one that it has.
pub(super) async fn change_vpc(
    client: &Client,
    id: &str,
    prior: &Value,
    planned: &Value,
    run: &dyn Run,
) -> Result<(), Failure> {
    if let Some(association) = Fields(prior).text("ipv6_association_id") {
        let call = client.disassociate_vpc_cidr_block().association_id(association);
        call.send().await.map_err(failed(Service::Ec2, "DisassociateVpcCidrBlock"))?;
        vpc_settled(client, id, run).await?;
    }
    let fields = Fields(planned);
    let generated = fields.flag("assign_generated_ipv6_cidr_block") == Some(true);
    let pool = fields.owned("ipv6_ipam_pool_id");
    if !generated && pool.is_none() {
        return Ok(());
    }
    let call = client
        .associate_vpc_cidr_block()
        .vpc_id(id)
        .set_amazon_provided_ipv6_cidr_block(generated.then_some(true))
        .set_ipv6_cidr_block(fields.owned("ipv6_cidr_block").filter(|_| !generated))
        .set_ipv6_cidr_block_network_border_group(fields.owned("ipv6_cidr_block_network_border_group"))
        .set_ipv6_ipam_pool_id(pool)
        .set_ipv6_netmask_length(fields.count("ipv6_netmask_length"));
    call.send().await.map_err(failed(Service::Ec2, "AssociateVpcCidrBlock"))?;
    vpc_settled(client, id, run).await
}

/// Gives a subnet the IPv6 network that is planned, in place of the one that it has.
pub(super) async fn change_subnet(
    client: &Client,
    id: &str,
    prior: &Value,
    planned: &Value,
    run: &dyn Run,
) -> Result<(), Failure> {
    if let Some(association) = Fields(prior).text("ipv6_cidr_block_association_id") {
        let call = client.disassociate_subnet_cidr_block().association_id(association);
        call.send().await.map_err(failed(Service::Ec2, "DisassociateSubnetCidrBlock"))?;
        subnet_settled(client, id, run).await?;
    }
    let Some(network) = Fields(planned).text("ipv6_cidr_block") else { return Ok(()) };
    let call = client.associate_subnet_cidr_block().subnet_id(id).ipv6_cidr_block(network);
    call.send().await.map_err(failed(Service::Ec2, "AssociateSubnetCidrBlock"))?;
    subnet_settled(client, id, run).await
}
