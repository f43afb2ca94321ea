//! What a person may change about the imitated account: durations, quotas, roles.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Settings of the sandbox, saved with its state. Every member has a default, so a JSON text may name only some.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How long life-cycle steps take.
    pub durations: Durations,
    /// How many instances of a type one region's endpoints may use.
    pub instance_quotas: InstanceQuotas,
    /// Role ARNs that SageMaker cannot assume. Every other role of the sandbox's account can be assumed.
    pub unassumable_roles: BTreeSet<String>,
}

/// Durations in virtual seconds; the defaults are what the real service usually takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Durations {
    /// From CreateEndpoint to InService.
    pub create: f64,
    /// From CreateEndpoint to Failed, when a container fails its health check.
    pub failed_create: f64,
    /// Launching the new fleet in UpdateEndpoint; the waits of the deployment policy come on top.
    pub update: f64,
    /// From UpdateEndpoint to the end of the rollback, when a container fails its health check.
    pub failed_update: f64,
    /// From CreateInferenceComponent to InService or Failed.
    pub component_create: f64,
    /// UpdateInferenceComponent; the waits of its rolling policy come on top.
    pub component_update: f64,
    /// UpdateInferenceComponentRuntimeConfig.
    pub component_scale: f64,
    /// From DeleteInferenceComponent to "not found".
    pub component_delete: f64,
    /// UpdateEndpointWeightsAndCapacities.
    pub scale: f64,
    /// From DeleteEndpoint to "not found".
    pub delete: f64,
    /// Until a deployment whose configuration or model was deleted gives up.
    pub orphaned: f64,
    /// How long a new or changed role cannot be assumed yet.
    pub role_propagation: f64,
    /// How long an endpoint's network interfaces outlive it.
    pub interface_linger: f64,
}

impl Default for Durations {
    fn default() -> Durations {
        Durations {
            create: 300.0,
            failed_create: 900.0,
            update: 360.0,
            failed_update: 1_200.0,
            component_create: 240.0,
            component_update: 240.0,
            component_scale: 60.0,
            component_delete: 30.0,
            scale: 120.0,
            delete: 60.0,
            orphaned: 3_600.0,
            role_propagation: 10.0,
            interface_linger: 60.0,
        }
    }
}

/// Instance quotas per region.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InstanceQuotas {
    /// For every type that `by_type` does not name.
    pub default: u64,
    /// By instance type, for example `ml.p5.48xlarge`.
    pub by_type: BTreeMap<String, u64>,
}

impl Default for InstanceQuotas {
    fn default() -> InstanceQuotas {
        InstanceQuotas { default: 1_000, by_type: BTreeMap::new() }
    }
}

impl InstanceQuotas {
    /// The quota for one instance type.
    pub fn of(&self, instance_type: &str) -> u64 {
        self.by_type.get(instance_type).copied().unwrap_or(self.default)
    }
}

impl Settings {
    /// What is wrong with these settings, if anything.
    pub(crate) fn problem(&self) -> Option<String> {
        let d = &self.durations;
        [
            ("create", d.create),
            ("failed_create", d.failed_create),
            ("update", d.update),
            ("failed_update", d.failed_update),
            ("component_create", d.component_create),
            ("component_update", d.component_update),
            ("component_scale", d.component_scale),
            ("component_delete", d.component_delete),
            ("scale", d.scale),
            ("delete", d.delete),
            ("orphaned", d.orphaned),
            ("role_propagation", d.role_propagation),
            ("interface_linger", d.interface_linger),
        ]
        .into_iter()
        .find(|(_, seconds)| !(0.0..=1e9).contains(seconds))
        .map(|(name, seconds)| format!("durations.{name} is {seconds}; it must be from 0 to 1000000000 seconds"))
    }
}
