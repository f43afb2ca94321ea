//! Instance quotas, counted over the endpoints of a region by instance type.

use std::collections::BTreeMap;

use super::errors::limit_exceeded;
use super::fleet::Fleet;
use crate::services::Context;
use crate::wire::ApiError;

/// Refuses a fleet for `endpoint` that needs more instances of a type than the quota leaves. What the endpoint uses
/// now counts as used; only what goes beyond it is new.
pub(crate) fn check(context: &Context<'_>, endpoint: &str, fleet: &Fleet) -> Result<(), ApiError> {
    let mut used = BTreeMap::new();
    let mut own = BTreeMap::new();
    for other in context.region.sagemaker.endpoints.values() {
        let deployed = other.fleet.iter().chain(other.operation.as_ref().map(|o| &o.fleet));
        // During a deployment an endpoint counts with the larger of its two fleets.
        let mut of_endpoint = BTreeMap::new();
        for fleet in deployed {
            for (instance_type, count) in counts(fleet) {
                let largest = of_endpoint.entry(instance_type).or_insert(0);
                *largest = count.max(*largest);
            }
        }
        if other.name.eq_ignore_ascii_case(endpoint) {
            own = of_endpoint.clone();
        }
        for (instance_type, count) in of_endpoint {
            *used.entry(instance_type).or_insert(0u64) += count;
        }
    }
    for (instance_type, wanted) in counts(fleet) {
        let delta = wanted.saturating_sub(own.get(instance_type).copied().unwrap_or(0));
        let used = used.get(instance_type).copied().unwrap_or(0);
        let quota = context.settings.instance_quotas.of(instance_type);
        if delta > 0 && used.saturating_add(delta) > quota {
            let limit = format!("{instance_type} for endpoint usage");
            return Err(limit_exceeded(&limit, "Instances", quota, used, delta));
        }
    }
    Ok(())
}

fn counts(fleet: &Fleet) -> BTreeMap<&str, u64> {
    let mut counts = BTreeMap::new();
    for variant in fleet.all() {
        if let (Some(instance_type), Some(count)) = (&variant.instance_type, variant.count) {
            let sum = counts.entry(instance_type.as_str()).or_insert(0u64);
            *sum = sum.saturating_add(count);
        }
    }
    counts
}
