//! Counts that are changed on a user's behalf, not by a call: what Application Auto Scaling does to variants and
//! components in service. Quotas are not checked then.

use super::component;
use super::lifecycle::{Kind, Operation, Verdict};
use crate::clock::Moment;
use crate::services::ec2::interface::{self, Interface};
use crate::settings::Settings;
use crate::world::Region;

/// Starts to bring an idle endpoint's variant to the count that `wanted` makes of the present one, if it differs.
pub(crate) fn scale_variant(
    region: &mut Region,
    settings: &Settings,
    now: Moment,
    endpoint: &str,
    variant: &str,
    wanted: impl Fn(u64) -> u64,
) {
    let Some(found) = region.sagemaker.endpoint(endpoint).filter(|e| e.status(now) == "InService") else { return };
    let (name, config) = (found.name.clone(), found.config.clone());
    let Some(mut fleet) = found.fleet.clone() else { return };
    let Some(scaled) = fleet.variants.iter_mut().find(|v| v.name == variant) else { return };
    let Some(count) = scaled.count.filter(|count| wanted(*count) != *count) else { return };
    scaled.count = Some(wanted(count));
    let taken: Vec<Interface> = interface::all(region).cloned().collect();
    fleet.connect(&region.sagemaker, &mut region.ec2, &taken, &name);
    if let Some(endpoint) = region.sagemaker.endpoints.get_mut(&name.to_ascii_lowercase()) {
        endpoint.modified = now;
        endpoint.operation = Some(Operation {
            kind: Kind::Scale,
            started: now,
            ends: Some(now.plus_seconds(settings.durations.scale)),
            verdict: Verdict::Success,
            config,
            fleet,
            deployment_config: None,
            phases: Vec::new(),
            undone: None,
        });
    }
}

/// As [`scale_variant`], for an inference component's copies.
pub(crate) fn scale_component(
    region: &mut Region,
    settings: &Settings,
    now: Moment,
    name: &str,
    wanted: impl Fn(u64) -> u64,
) {
    if let Some(found) = region.sagemaker.components.get_mut(name) {
        component::autoscale(found, now, settings.durations.component_scale, wanted);
    }
}
