//! The imitated services, one folder or file each.

pub(crate) mod body;
pub(crate) mod cloudwatch;
pub(crate) mod ec2;
pub(crate) mod iam;
pub(crate) mod logs;
pub(crate) mod quotas;
pub(crate) mod runtime;
pub(crate) mod sagemaker;
pub(crate) mod scaling;
pub(crate) mod sts;

use serde_json::Value;

use self::body::Object;
use crate::clock::Moment;
use crate::faults::Ending;
use crate::settings::Settings;
use crate::wire::ApiError;
use crate::wire::query::Params;
use crate::wire::scope::Scope;
use crate::wire::xml::Node;
use crate::world::{ACCOUNT, Account, Region};

/// An operation of a JSON service: whether it changes anything, and what it does.
pub(crate) struct JsonOperation {
    pub name: &'static str,
    pub mutates: bool,
    pub run: fn(&mut Context<'_>, &Object) -> Result<Value, ApiError>,
}

/// A service whose operations take JSON and answer with JSON.
pub(crate) struct JsonService {
    /// The service as clients name it.
    pub name: &'static str,
    /// The service as signatures name it.
    pub signed_for: &'static str,
    /// What operations are prefixed with on the wire.
    pub target: &'static str,
    /// The code of the error that tells of too many requests.
    pub throttling: &'static str,
    pub operations: &'static [JsonOperation],
    /// The names that identify what a request is about.
    pub names: fn(&Object) -> Vec<String>,
}

/// Those that have nothing else to know of.
pub(crate) static JSON_SERVICES: [&JsonService; 3] = [&scaling::SERVICE, &quotas::SERVICE, &logs::SERVICE];

/// The result members of an operation of a query service.
pub(crate) type QueryAnswer = Result<Vec<(&'static str, Node)>, ApiError>;

/// An operation of a query service: whether it changes anything, and what it does.
pub(crate) struct QueryOperation {
    pub name: &'static str,
    pub mutates: bool,
    pub run: fn(&mut Context<'_>, &Params) -> QueryAnswer,
}

/// What an operation works on.
pub(crate) struct Context<'a> {
    pub scope: &'a Scope,
    pub now: Moment,
    pub settings: &'a Settings,
    pub region: &'a mut Region,
    pub account: &'a mut Account,
    /// How a deployment that this call starts is to end.
    pub ending: Ending,
}

impl Context<'_> {
    /// The ARN of a resource of this account and region.
    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{ACCOUNT}:{resource}", self.scope.partition(), self.scope.region)
    }
}
