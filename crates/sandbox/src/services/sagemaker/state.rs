//! SageMaker resources as they are kept.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::component::Component;
use super::fleet::Fleet;
use super::lifecycle::Operation;
use super::package::Package;
use crate::clock::Moment;

/// A resource's tags, in the order in which they were set.
pub(crate) type Tags = IndexMap<String, String>;

/// The SageMaker resources of one region.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct State {
    pub models: BTreeMap<String, Immutable>,
    pub configs: BTreeMap<String, Immutable>,
    /// By name in lower case: endpoint names are unique ignoring case.
    pub endpoints: BTreeMap<String, Endpoint>,
    #[serde(default)]
    pub components: BTreeMap<String, Component>,
    /// By name, or by group and version.
    #[serde(default)]
    pub packages: BTreeMap<String, Package>,
    #[serde(default)]
    pub package_groups: BTreeMap<String, Immutable>,
}

/// A model, an endpoint configuration or a group of model packages: nothing but its tags can change.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Immutable {
    pub name: String,
    pub arn: String,
    pub created: Moment,
    /// The members of the create request, less the name and the tags.
    pub body: Map<String, Value>,
    pub tags: Tags,
}

/// An endpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Endpoint {
    pub name: String,
    pub arn: String,
    pub created: Moment,
    pub modified: Moment,
    /// The name of the active configuration, or of the requested one while the endpoint is created.
    pub config: String,
    /// The status when no operation is under way.
    pub settled: Settled,
    pub failure_reason: Option<String>,
    pub last_deployment_config: Option<Value>,
    /// What serves; absent before the first success and after a failed create.
    pub fleet: Option<Fleet>,
    pub operation: Option<Operation>,
    pub tags: Tags,
}

/// Statuses in which nothing is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Settled {
    InService,
    Failed,
    UpdateRollbackFailed,
}

impl State {
    /// An endpoint by name, ignoring case.
    pub(crate) fn endpoint(&self, name: &str) -> Option<&Endpoint> {
        self.endpoints.get(&name.to_ascii_lowercase())
    }
}

impl Endpoint {
    /// The fleet that serves and the one that is being deployed.
    pub(crate) fn fleets(&self) -> impl Iterator<Item = &Fleet> {
        self.fleet.iter().chain(self.operation.iter().map(|operation| &operation.fleet))
    }
}
