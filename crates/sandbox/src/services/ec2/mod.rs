//! EC2: the network around a private registry. VPCs, subnets, security groups and what leads in and out.

pub(crate) mod acl;
pub(crate) mod dhcp;
mod endpoint_service;
mod filter;
pub(crate) mod gateway;
pub(crate) mod group;
mod ids;
pub(crate) mod interface;
pub(crate) mod ipv6;
mod listing;
mod permission;
pub(crate) mod prefix_list;
pub(crate) mod route;
pub(crate) mod route_table;
mod rule;
pub(crate) mod state;
pub(crate) mod subnet;
mod tag;
mod target;
pub(crate) mod vpc;
pub(crate) mod vpc_endpoint;
mod zone;

use crate::services::Context;
use crate::wire::ApiError;
use crate::wire::query::Params;
use crate::wire::xml::Node;

/// An operation's result members.
pub(crate) type Answer = Result<Vec<(&'static str, Node)>, ApiError>;

/// An operation: what its request may hold, whether it changes anything, and what it does.
pub(crate) struct Operation {
    pub name: &'static str,
    members: &'static [&'static str],
    pub mutates: bool,
    run: fn(&mut Context<'_>, &Params) -> Answer,
}

type Run = fn(&mut Context<'_>, &Params) -> Answer;

const fn reads(name: &'static str, members: &'static [&'static str], run: Run) -> Operation {
    Operation { name, members, mutates: false, run }
}

const fn writes(name: &'static str, members: &'static [&'static str], run: Run) -> Operation {
    Operation { name, members, mutates: true, run }
}

/// Members of Describe calls besides the ids.
macro_rules! listing {
    ($($id:literal),*) => { &["Filter", "MaxResults", "NextToken" $(, $id)*] };
}

/// Members of the calls that authorize and revoke rules.
const PERMISSIONS: &[&str] = &[
    "CidrIp",
    "FromPort",
    "GroupId",
    "GroupName",
    "IpPermissions",
    "IpProtocol",
    "SecurityGroupRuleDescription",
    "SecurityGroupRuleId",
    "SourceSecurityGroupName",
    "SourceSecurityGroupOwnerId",
    "TagSpecification",
    "ToPort",
];

/// Members of the calls that make and change routes.
const ROUTE: &[&str] = &["DestinationCidrBlock", "GatewayId", "NatGatewayId", "RouteTableId"];

/// Every operation.
pub(crate) static OPERATIONS: &[Operation] = &[
    reads("DescribeVpcs", listing!("VpcId"), vpc::describe),
    reads("DescribeVpcAttribute", &["Attribute", "VpcId"], vpc::describe_attribute),
    writes(
        "ModifyVpcAttribute",
        &["VpcId", "EnableDnsHostnames", "EnableDnsSupport", "EnableNetworkAddressUsageMetrics"],
        vpc::modify_attribute,
    ),
    writes(
        "CreateVpc",
        &[
            "AmazonProvidedIpv6CidrBlock",
            "CidrBlock",
            "InstanceTenancy",
            "Ipv4IpamPoolId",
            "Ipv4NetmaskLength",
            "Ipv6CidrBlock",
            "Ipv6CidrBlockNetworkBorderGroup",
            "Ipv6IpamPoolId",
            "Ipv6NetmaskLength",
            "Ipv6Pool",
            "TagSpecification",
        ],
        vpc::create,
    ),
    writes("DeleteVpc", &["VpcId"], vpc::delete),
    writes("ModifyVpcTenancy", &["InstanceTenancy", "VpcId"], vpc::modify_tenancy),
    writes(
        "AssociateVpcCidrBlock",
        &[
            "AmazonProvidedIpv6CidrBlock",
            "Ipv6CidrBlock",
            "Ipv6CidrBlockNetworkBorderGroup",
            "Ipv6IpamPoolId",
            "Ipv6NetmaskLength",
            "Ipv6Pool",
            "VpcId",
        ],
        ipv6::associate_vpc,
    ),
    writes("DisassociateVpcCidrBlock", &["AssociationId"], ipv6::disassociate_vpc),
    writes("AssociateSubnetCidrBlock", &["Ipv6CidrBlock", "SubnetId"], ipv6::associate_subnet),
    writes("DisassociateSubnetCidrBlock", &["AssociationId"], ipv6::disassociate_subnet),
    reads("DescribeSubnets", listing!("SubnetId"), subnet::describe),
    writes(
        "CreateSubnet",
        &[
            "AvailabilityZone",
            "AvailabilityZoneId",
            "CidrBlock",
            "Ipv4IpamPoolId",
            "Ipv4NetmaskLength",
            "Ipv6CidrBlock",
            "Ipv6IpamPoolId",
            "Ipv6Native",
            "Ipv6NetmaskLength",
            "OutpostArn",
            "TagSpecification",
            "VpcId",
        ],
        subnet::create,
    ),
    writes(
        "ModifySubnetAttribute",
        &[
            "AssignIpv6AddressOnCreation",
            "CustomerOwnedIpv4Pool",
            "DisableLniAtDeviceIndex",
            "EnableDns64",
            "EnableLniAtDeviceIndex",
            "EnableResourceNameDnsAAAARecordOnLaunch",
            "EnableResourceNameDnsARecordOnLaunch",
            "MapCustomerOwnedIpOnLaunch",
            "MapPublicIpOnLaunch",
            "PrivateDnsHostnameTypeOnLaunch",
            "SubnetId",
        ],
        subnet::modify_attribute,
    ),
    writes("DeleteSubnet", &["SubnetId"], subnet::delete),
    reads("DescribeAvailabilityZones", &["AllAvailabilityZones", "Filter", "ZoneId", "ZoneName"], zone::describe),
    reads("DescribeSecurityGroups", listing!("GroupId", "GroupName"), group::describe),
    reads("DescribeSecurityGroupRules", listing!("SecurityGroupRuleId"), rule::describe),
    reads("DescribeSecurityGroupVpcAssociations", listing!(), group::describe_vpc_associations),
    writes("CreateSecurityGroup", &["GroupDescription", "GroupName", "TagSpecification", "VpcId"], group::create),
    writes("DeleteSecurityGroup", &["GroupId", "GroupName"], group::delete),
    writes("AuthorizeSecurityGroupIngress", PERMISSIONS, rule::authorize_ingress),
    writes("AuthorizeSecurityGroupEgress", PERMISSIONS, rule::authorize_egress),
    writes("RevokeSecurityGroupIngress", PERMISSIONS, rule::revoke_ingress),
    writes("RevokeSecurityGroupEgress", PERMISSIONS, rule::revoke_egress),
    writes("ModifySecurityGroupRules", &["GroupId", "SecurityGroupRule"], rule::modify),
    writes("UpdateSecurityGroupRuleDescriptionsIngress", PERMISSIONS, rule::update_descriptions_ingress),
    writes("UpdateSecurityGroupRuleDescriptionsEgress", PERMISSIONS, rule::update_descriptions_egress),
    writes("CreateTags", &["ResourceId", "Tag"], tag::create),
    writes("DeleteTags", &["ResourceId", "Tag"], tag::delete),
    reads("DescribeTags", listing!(), tag::describe),
    reads("DescribeRouteTables", listing!("RouteTableId"), route_table::describe),
    writes("CreateRoute", ROUTE, route::create),
    writes("ReplaceRoute", ROUTE, route::replace),
    writes("DeleteRoute", &["DestinationCidrBlock", "RouteTableId"], route::delete),
    reads("DescribeInternetGateways", listing!("InternetGatewayId"), gateway::describe_internet),
    reads("DescribeNatGateways", listing!("NatGatewayId"), gateway::describe_nat),
    reads("DescribeNetworkAcls", listing!("NetworkAclId"), acl::describe),
    reads("DescribeVpcEndpoints", listing!("VpcEndpointId"), vpc_endpoint::describe),
    writes(
        "CreateVpcEndpoint",
        &[
            "ClientToken",
            "DnsOptions",
            "IpAddressType",
            "PolicyDocument",
            "PrivateDnsEnabled",
            "ResourceConfigurationArn",
            "RouteTableId",
            "SecurityGroupId",
            "ServiceName",
            "ServiceNetworkArn",
            "ServiceRegion",
            "SubnetConfiguration",
            "SubnetId",
            "TagSpecification",
            "VpcEndpointType",
            "VpcId",
        ],
        vpc_endpoint::create,
    ),
    writes(
        "ModifyVpcEndpoint",
        &[
            "AddRouteTableId",
            "AddSecurityGroupId",
            "AddSubnetId",
            "DnsOptions",
            "IpAddressType",
            "PolicyDocument",
            "PrivateDnsEnabled",
            "RemoveRouteTableId",
            "RemoveSecurityGroupId",
            "RemoveSubnetId",
            "ResetPolicy",
            "SubnetConfiguration",
            "VpcEndpointId",
        ],
        vpc_endpoint::modify,
    ),
    reads(
        "DescribeVpcEndpointServices",
        &["Filter", "MaxResults", "NextToken", "ServiceName", "ServiceRegion"],
        endpoint_service::describe,
    ),
    writes("AcceptVpcEndpointConnections", &["ServiceId", "VpcEndpointId"], endpoint_service::accept),
    writes("DeleteVpcEndpoints", &["VpcEndpointId"], vpc_endpoint::delete),
    reads("DescribeDhcpOptions", listing!("DhcpOptionsId"), dhcp::describe),
    reads("DescribeNetworkInterfaces", listing!("NetworkInterfaceId"), interface::describe),
    reads("DescribePrefixLists", listing!("PrefixListId"), prefix_list::describe),
];

/// The operation of that name.
pub(crate) fn operation(name: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.name == name)
}

impl Operation {
    /// Checks a request and carries it out. A dry run that would succeed is the error that says so.
    pub(crate) fn run(&self, context: &mut Context<'_>, params: &Params) -> Answer {
        for (name, _) in params.iter() {
            let member = name.split('.').next().unwrap_or_default();
            let general = matches!(member, "Action" | "Version" | "DryRun") || member.starts_with("X-Amz-");
            if !general && !self.members.contains(&member) {
                let text = format!("The parameter {member} is not recognized");
                return Err(ApiError::new("UnknownParameter", text));
            }
        }
        if params.boolean("DryRun")? != Some(true) {
            return (self.run)(context, params);
        }
        let before = context.region.clone();
        let result = (self.run)(context, params);
        *context.region = before;
        result?;
        let text = "Request would have succeeded, but DryRun flag is set.";
        Err(ApiError::new("DryRunOperation", text).with_status(412))
    }
}

/// The names and ids that identify what a request is about.
pub(crate) fn names(params: &Params) -> Vec<String> {
    params
        .iter()
        .filter(|(name, value)| {
            let member = name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('.');
            !member.contains('.')
                && !value.is_empty()
                && (member.ends_with("Id") || matches!(member, "GroupName" | "ServiceName"))
        })
        .map(|(_, value)| value.to_owned())
        .collect()
}

/// The answer of operations that have nothing to say.
fn done() -> Answer {
    Ok(vec![("return", Node::boolean(true))])
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterValue", message)
}
