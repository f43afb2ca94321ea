//! What scalable targets do to endpoints and components.

use super::{COUNT, Resource, State, Target, parse};
use crate::clock::Moment;
use crate::services::sagemaker::{self, Fleet};
use crate::settings::Settings;
use crate::wire::ApiError;
use crate::world::Region;

/// Moves counts that are outside their target's range inside, and forgets the targets of what is gone.
pub(crate) fn settle(region: &mut Region, settings: &Settings, now: Moment) {
    let Region { sagemaker, scaling, .. } = region;
    scaling.targets.retain(|_, target| match parse(&target.resource, &target.dimension) {
        Some(Resource::Variant { endpoint, .. }) => sagemaker.endpoint(endpoint).is_some(),
        Some(Resource::Component(name)) => sagemaker.components.contains_key(name),
        None => false,
    });
    let wanted: Vec<Target> = scaling.targets.values().cloned().collect();
    for target in wanted {
        match parse(&target.resource, &target.dimension) {
            Some(Resource::Variant { endpoint, variant }) if target.dimension == COUNT => {
                sagemaker::scale_variant(region, settings, now, endpoint, variant, |count| within(&target, count));
            }
            Some(Resource::Component(name)) => {
                sagemaker::scale_component(region, settings, now, name, |count| within(&target, count));
            }
            _ => {}
        }
    }
}

/// Refuses an update that takes a scaled variant away or changes its instance type. Unverified text.
pub(crate) fn refuse_update(scaling: &State, endpoint: &str, now: &Fleet, then: &Fleet) -> Result<(), ApiError> {
    for target in scaling.targets.values() {
        let Some(Resource::Variant { endpoint: scaled, variant }) = parse(&target.resource, &target.dimension) else {
            continue;
        };
        let of = |fleet: &Fleet| fleet.variants.iter().find(|v| v.name == variant).map(|v| v.instance_type.clone());
        if scaled.eq_ignore_ascii_case(endpoint) && of(now).is_some() && of(now) != of(then) {
            return Err(super::validation(format!(
                "The variant \"{variant}\" has an Application Auto Scaling scalable target: deregister it before the \
                 variant is removed or its instance type changed."
            )));
        }
    }
    Ok(())
}

/// The count that the target wants.
fn within(target: &Target, count: u64) -> u64 {
    let suspended = |member: &str| target.suspended.get(member).and_then(serde_json::Value::as_bool).unwrap_or(false);
    let bound = |value: i64| u64::try_from(value).unwrap_or(0);
    if count < bound(target.min) && !suspended("DynamicScalingOutSuspended") {
        bound(target.min)
    } else if count > bound(target.max) && !suspended("DynamicScalingInSuspended") {
        bound(target.max)
    } else {
        count
    }
}
