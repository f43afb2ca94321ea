//! Sizes of a deployment policy that are given in instances, held against the instances that there are. The service knows
//! them when it is asked, at the end of everything else.

use aws_sdk_sagemaker::operation::describe_endpoint::DescribeEndpointOutput;
use smform_provider::PlannedObject;
use smform_types::{Diagnostic, Diagnostics, Value};

use super::super::is_replaced;
use super::deployment::sizes;
use super::planned::configurations;
use crate::fields::Fields;

/// How many instances a new fleet may have at most and at least: those that the configuration begins with, or those
/// that run, which an update may keep. Nothing when that is not known.
fn fleets(endpoint: &Value, plan: &[PlannedObject], live: Option<&DescribeEndpointOutput>) -> Option<(i64, i64)> {
    let mut least_and_most: Option<(i64, i64)> = None;
    for configuration in configurations(endpoint, plan.iter()) {
        let (mut least, mut most) = (0, 0);
        for variant in Fields(configuration).blocks("production_variants") {
            let begins = i64::from(variant.int("initial_instance_count")?);
            let running = live.into_iter().flat_map(DescribeEndpointOutput::production_variants);
            let running = running.filter(|running| running.variant_name() == variant.text("variant_name"));
            let running = running.filter_map(|running| running.desired_instance_count()).next().map(i64::from);
            least += begins.min(running.unwrap_or(begins));
            most += begins.max(running.unwrap_or(begins));
        }
        least_and_most = Some(match least_and_most {
            Some((a, b)) => (a.min(least), b.max(most)),
            None => (least, most),
        });
    }
    least_and_most
}

/// Whether so many instances are a share within limits in percent. A single instance may be more.
fn fits(value: i64, total: i64, (smallest, largest): (i32, i32)) -> bool {
    let share = value.saturating_mul(100);
    let of = |percent: i32| total.saturating_mul(i64::from(percent));
    share >= of(smallest) && (share <= of(largest) || value == 1)
}

/// Refuses sizes that suit no fleet that the endpoint may get. A policy that waits for a later update is warned of.
pub(super) fn check(
    object: &PlannedObject,
    plan: &[PlannedObject],
    live: Option<&DescribeEndpointOutput>,
) -> Diagnostics {
    let mut found = Diagnostics::new();
    let Some(after) = &object.after else { return found };
    let stays = object.before.as_ref().is_some_and(|before| {
        !is_replaced(before, after) && before.get("endpoint_config_name") == after.get("endpoint_config_name")
    });
    if stays
        && object.before.as_ref().and_then(|before| before.get("deployment_config")) == after.get("deployment_config")
    {
        return found;
    }
    let Some((least, most)) = fleets(after, plan, live) else { return found };
    for (size, limits, at) in sizes(Fields(after)) {
        let Some(value) = size.int("value").filter(|_| size.text("type") == Some("INSTANCE_COUNT")) else { continue };
        let value = i64::from(value);
        if (least..=most.min(least + 10_000)).any(|total| fits(value, total, limits)) {
            continue;
        }
        let fleet = if least == most { format!("{least}") } else { format!("{least} to {most}") };
        let detail = format!(
            "It must be {} to {} percent of the endpoint's instances; it is {value} instances, and the endpoint gets {fleet}.",
            limits.0, limits.1
        );
        let summary = "The size does not suit the number of instances";
        let message = if stays { Diagnostic::warning(summary, detail) } else { Diagnostic::error(summary, detail) };
        found.push(message.of_attribute(at.attr("value")));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_share_of_the_fleet_or_one_instance() {
        assert!(fits(2, 4, (1, 50)));
        assert!(!fits(3, 4, (1, 50)));
        assert!(fits(1, 1, (1, 50)));
        assert!(!fits(1, 21, (5, 50)));
        assert!(!fits(2, 30, (10, 50)));
    }
}
