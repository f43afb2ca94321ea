//! What alarms do to the deployments that watch them: they roll back.

use serde_json::Value;

use super::State;
use crate::clock::Moment;
use crate::services::body::{object, objects, text};
use crate::services::sagemaker;
use crate::settings::Settings;
use crate::world::Region;

/// Brings alarms up to date, and rolls back what watches one that went off.
pub(crate) fn settle(region: &mut Region, settings: &Settings, now: Moment) {
    region.cloudwatch.evaluate(now);
    let Region { sagemaker, cloudwatch, .. } = region;
    // Undoing takes as long as a change of counts.
    sagemaker::roll_back(sagemaker, settings.durations.scale, now, |config| gone_off(cloudwatch, config));
}

/// Since when an alarm that a deployment watches is in the state ALARM, and the reason to roll back. Unverified text.
fn gone_off(alarms: &State, config: &Value) -> Option<(Moment, String)> {
    let watched = config.as_object().and_then(|config| object(config, "AutoRollbackConfiguration"))?;
    let names = objects(watched, "Alarms").map(|alarm| text(alarm, "AlarmName"));
    let off = names.filter_map(|name| Some((alarms.alarm(name)?.is_alarming()?, name)));
    let (since, name) = off.min()?;
    Some((since, format!("The deployment was rolled back because the alarm \"{name}\" is in the state ALARM.")))
}
