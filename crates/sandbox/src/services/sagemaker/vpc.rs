//! `VpcConfig`: do the subnets and security groups exist, and do they belong together?
//!
//! The real service's texts and the moment at which it checks are unverified; a check at create time in the words of
//! EC2 is the strictest reading.

use std::collections::BTreeSet;

use super::body::{Object, texts};
use super::errors::validation;
use crate::services::ec2;
use crate::wire::ApiError;

/// Checks a `VpcConfig` against the region's EC2 resources.
pub(crate) fn check(ec2: &ec2::state::State, config: &Object) -> Result<(), ApiError> {
    let mut vpcs = BTreeSet::new();
    for id in texts(config, "Subnets") {
        let subnet = ec2.subnets.get(id).ok_or_else(|| validation(format!("The subnet ID '{id}' does not exist")))?;
        vpcs.insert(subnet.vpc_id.as_str());
    }
    if vpcs.len() > 1 {
        let vpcs: Vec<&str> = vpcs.into_iter().collect();
        return Err(validation(format!("The subnets of VpcConfig belong to different VPCs: {}", vpcs.join(", "))));
    }
    for id in texts(config, "SecurityGroupIds") {
        let group =
            ec2.groups.get(id).ok_or_else(|| validation(format!("The security group '{id}' does not exist")))?;
        if !vpcs.contains(group.vpc_id.as_str()) {
            return Err(validation(format!(
                "The security group '{id}' does not belong to the VPC of the subnets of VpcConfig"
            )));
        }
    }
    Ok(())
}
