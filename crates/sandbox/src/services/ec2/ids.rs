//! Kinds of resources: their id prefixes, and the errors for ids that are malformed or unknown.

use crate::wire::ApiError;

/// A kind of resource.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    /// The parameter that lists ids of this kind in a Describe call.
    pub param: &'static str,
    pub prefix: &'static str,
    /// As TagSpecification and DescribeTags name it.
    pub tag_type: &'static str,
    not_found: &'static str,
    malformed: &'static str,
    noun: &'static str,
}

pub(crate) const VPC: Kind = Kind {
    param: "VpcId",
    prefix: "vpc",
    tag_type: "vpc",
    not_found: "InvalidVpcID.NotFound",
    malformed: "InvalidVpcID.Malformed",
    noun: "vpc ID",
};
pub(crate) const SUBNET: Kind = Kind {
    param: "SubnetId",
    prefix: "subnet",
    tag_type: "subnet",
    not_found: "InvalidSubnetID.NotFound",
    malformed: "InvalidSubnetID.Malformed",
    noun: "subnet ID",
};
pub(crate) const GROUP: Kind = Kind {
    param: "GroupId",
    prefix: "sg",
    tag_type: "security-group",
    not_found: "InvalidGroup.NotFound",
    malformed: "InvalidGroupId.Malformed",
    noun: "security group",
};
pub(crate) const RULE: Kind = Kind {
    param: "SecurityGroupRuleId",
    prefix: "sgr",
    tag_type: "security-group-rule",
    not_found: "InvalidSecurityGroupRuleId.NotFound",
    malformed: "InvalidSecurityGroupRuleId.Malformed",
    noun: "security group rule ID",
};
pub(crate) const ROUTE_TABLE: Kind = Kind {
    param: "RouteTableId",
    prefix: "rtb",
    tag_type: "route-table",
    not_found: "InvalidRouteTableID.NotFound",
    malformed: "InvalidRouteTableId.Malformed",
    noun: "routeTable ID",
};
pub(crate) const NETWORK_ACL: Kind = Kind {
    param: "NetworkAclId",
    prefix: "acl",
    tag_type: "network-acl",
    not_found: "InvalidNetworkAclID.NotFound",
    malformed: "InvalidNetworkAclId.Malformed",
    noun: "networkAcl ID",
};
pub(crate) const INTERNET_GATEWAY: Kind = Kind {
    param: "InternetGatewayId",
    prefix: "igw",
    tag_type: "internet-gateway",
    not_found: "InvalidInternetGatewayID.NotFound",
    malformed: "InvalidInternetGatewayId.Malformed",
    noun: "internetGateway ID",
};
pub(crate) const NAT_GATEWAY: Kind = Kind {
    param: "NatGatewayId",
    prefix: "nat",
    tag_type: "natgateway",
    not_found: "NatGatewayNotFound",
    malformed: "NatGatewayMalformed",
    noun: "natGateway ID",
};
pub(crate) const VPC_ENDPOINT: Kind = Kind {
    param: "VpcEndpointId",
    prefix: "vpce",
    tag_type: "vpc-endpoint",
    not_found: "InvalidVpcEndpointId.NotFound",
    malformed: "InvalidVpcEndpointId.Malformed",
    noun: "Vpc Endpoint Id",
};
pub(crate) const DHCP_OPTIONS: Kind = Kind {
    param: "DhcpOptionsId",
    prefix: "dopt",
    tag_type: "dhcp-options",
    not_found: "InvalidDhcpOptionID.NotFound",
    malformed: "InvalidDhcpOptionsId.Malformed",
    noun: "dhcpOption ID",
};
pub(crate) const NETWORK_INTERFACE: Kind = Kind {
    param: "NetworkInterfaceId",
    prefix: "eni",
    tag_type: "network-interface",
    not_found: "InvalidNetworkInterfaceID.NotFound",
    malformed: "InvalidNetworkInterfaceId.Malformed",
    noun: "networkInterface ID",
};
pub(crate) const PREFIX_LIST: Kind = Kind {
    param: "PrefixListId",
    prefix: "pl",
    tag_type: "prefix-list",
    not_found: "InvalidPrefixListId.NotFound",
    malformed: "InvalidPrefixListId.Malformed",
    noun: "prefix list ID",
};

/// Every kind that can be tagged.
pub(crate) const ALL: [Kind; 11] = [
    VPC,
    SUBNET,
    GROUP,
    RULE,
    ROUTE_TABLE,
    NETWORK_ACL,
    INTERNET_GATEWAY,
    NAT_GATEWAY,
    VPC_ENDPOINT,
    DHCP_OPTIONS,
    NETWORK_INTERFACE,
];

impl Kind {
    /// Refuses an id that no resource of this kind can have.
    pub(crate) fn check(&self, id: &str) -> Result<(), ApiError> {
        let digits = id.strip_prefix(self.prefix).and_then(|rest| rest.strip_prefix('-')).unwrap_or_default();
        let hexadecimal = digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if hexadecimal && matches!(digits.len(), 8 | 17) {
            return Ok(());
        }
        Err(ApiError::new(self.malformed, format!("Invalid id: \"{id}\" (expecting \"{}-...\")", self.prefix)))
    }

    /// The error for ids that do not exist.
    pub(crate) fn not_found(&self, ids: &[&str]) -> ApiError {
        let list = ids.join(", ");
        let message = match ids {
            [_, _, ..] => format!("The {}s '{list}' do not exist", self.noun),
            _ => format!("The {} '{list}' does not exist", self.noun),
        };
        ApiError::new(self.not_found, message)
    }

    /// A resource by id; malformed and unknown ids are errors.
    pub(crate) fn find<'a, T>(&self, id: &str, get: impl FnOnce(&str) -> Option<&'a T>) -> Result<&'a T, ApiError> {
        self.check(id)?;
        get(id).ok_or_else(|| self.not_found(&[id]))
    }
}
