//! The imitated services, one folder or file each.

pub(crate) mod ec2;
pub(crate) mod sagemaker;
pub(crate) mod sts;

use crate::clock::Moment;
use crate::faults::Ending;
use crate::settings::Settings;
use crate::wire::scope::Scope;
use crate::world::{ACCOUNT, Region};

/// What an operation works on.
pub(crate) struct Context<'a> {
    pub scope: &'a Scope,
    pub now: Moment,
    pub settings: &'a Settings,
    pub region: &'a mut Region,
    /// How a deployment that this call starts is to end.
    pub ending: Ending,
}

impl Context<'_> {
    /// The ARN of a resource of this account and region.
    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{ACCOUNT}:{resource}", self.scope.partition(), self.scope.region)
    }
}
