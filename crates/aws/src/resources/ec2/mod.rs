//! EC2: networks and security groups.

pub(crate) mod data_availability_zones;
pub(crate) mod data_region;
pub(crate) mod data_security_group;
pub(crate) mod data_security_groups;
pub(crate) mod data_subnet;
pub(crate) mod data_subnets;
pub(crate) mod data_vpc;
mod filters;
mod ipv6;
mod pools;
mod removal;
pub(crate) mod security_group;
pub(crate) mod security_group_rule;
mod single_rule;
pub(crate) mod subnet;
mod tagging;
mod unnamed;
pub(crate) mod vpc;
pub(crate) mod vpc_endpoint;
pub(crate) mod vpc_security_group_egress_rule;
pub(crate) mod vpc_security_group_ingress_rule;

pub(crate) use security_group::rules::protocol;
