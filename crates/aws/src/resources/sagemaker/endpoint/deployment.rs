//! The `deployment_config` of an endpoint: its rules, how long it takes, and its form in the API.

use std::time::Duration;

use aws_sdk_sagemaker::types::{
    Alarm, AutoRollbackConfig, BlueGreenUpdatePolicy, CapacitySize, CapacitySizeType, DeploymentConfig,
    RollingUpdatePolicy, TrafficRoutingConfig, TrafficRoutingConfigType,
};
use smform_types::{Diagnostic, Diagnostics, Path};

use crate::fields::{Builder, Fields};

/// The sizes of a policy, with their limits in percent of the endpoint's instances, and their places.
pub(super) fn sizes<'v>(endpoint: Fields<'v>) -> Vec<(Fields<'v>, (i32, i32), Path)> {
    let mut found = Vec::new();
    let Some(config) = endpoint.block("deployment_config") else { return found };
    let at = Path::attribute("deployment_config").index(0);
    let mut of = |parent: Option<Fields<'v>>, at: &Path, name: &str, limits: (i32, i32)| {
        found.extend(parent.and_then(|p| p.block(name)).map(|size| (size, limits, at.attr(name).index(0))));
    };
    let routing = config.block("blue_green_update_policy").and_then(|p| p.block("traffic_routing_configuration"));
    let in_routing = at.attr("blue_green_update_policy").index(0).attr("traffic_routing_configuration").index(0);
    of(routing, &in_routing, "canary_size", CANARY);
    of(routing, &in_routing, "linear_step_size", LINEAR);
    let rolling = config.block("rolling_update_policy");
    let in_rolling = at.attr("rolling_update_policy").index(0);
    of(rolling, &in_rolling, "maximum_batch_size", BATCH);
    of(rolling, &in_rolling, "rollback_maximum_batch_size", ROLLBACK);
    found
}

/// Limits of sizes, in percent.
const CANARY: (i32, i32) = (1, 50);
const LINEAR: (i32, i32) = (10, 50);
const BATCH: (i32, i32) = (5, 50);
const ROLLBACK: (i32, i32) = (5, 100);

/// The service's rules between the arguments. Unknown parts are passed over.
pub(super) fn check(endpoint: Fields<'_>) -> Diagnostics {
    let mut found = Diagnostics::new();
    let Some(config) = endpoint.block("deployment_config") else { return found };
    let at = Path::attribute("deployment_config").index(0);
    let (blue_green, rolling) = (config.block("blue_green_update_policy"), config.block("rolling_update_policy"));
    let unsure = ["blue_green_update_policy", "rolling_update_policy"]
        .iter()
        .any(|name| config.0.get(name).is_some_and(|value| !value.is_known()));
    if !unsure && blue_green.is_some() == rolling.is_some() {
        let detail = "A deployment_config has exactly one of blue_green_update_policy and rolling_update_policy.";
        found.push(Diagnostic::error("One deployment policy is needed", detail).of_attribute(at.clone()));
    }
    if let Some(policy) = blue_green {
        check_blue_green(policy, &at.attr("blue_green_update_policy").index(0), &mut found);
    }
    if let Some(policy) = rolling {
        longest(policy, rolling_waits(policy), &at.attr("rolling_update_policy").index(0), &mut found);
    }
    for (size, limits, at) in sizes(endpoint) {
        percentage(size, limits, &at, &mut found);
    }
    found
}

fn check_blue_green(policy: Fields<'_>, at: &Path, found: &mut Diagnostics) {
    if let Some(routing) = policy.block("traffic_routing_configuration") {
        let at = at.attr("traffic_routing_configuration").index(0);
        let kind = routing.text("type");
        for (name, belongs) in [("canary_size", "CANARY"), ("linear_step_size", "LINEAR")] {
            let size = routing.block(name);
            let fits = kind.is_none_or(|kind| kind == belongs);
            let unsure = routing.0.get(name).is_some_and(|value| !value.is_known());
            if size.is_some() && !fits {
                let detail = format!("{name} belongs to type = \"{belongs}\".");
                found.push(Diagnostic::error("Conflicting arguments", detail).of_attribute(at.attr(name)));
            }
            if size.is_none() && !unsure && kind == Some(belongs) {
                let detail = format!("type = \"{belongs}\" needs a {name} block.");
                found.push(Diagnostic::error(format!("Missing {name}"), detail).of_attribute(at.clone()));
            }
        }
    }
    longest(policy, blue_green_waits(policy), at, found);
}

/// Sizes in percent have bounds of their own; counts depend on how many instances there are.
fn percentage(size: Fields<'_>, (min, max): (i32, i32), at: &Path, found: &mut Diagnostics) {
    let value = size.int("value").filter(|_| size.text("type") == Some("CAPACITY_PERCENT"));
    if let Some(value) = value.filter(|value| !(min..=max).contains(value)) {
        let detail = format!("It must be {min} to {max} percent; it is {value}.");
        found.push(Diagnostic::error("Invalid value for value", detail).of_attribute(at.attr("value")));
    }
}

/// The longest execution time exceeds the sum of the waits.
fn longest(policy: Fields<'_>, waits: Duration, at: &Path, found: &mut Diagnostics) {
    let name = "maximum_execution_timeout_in_seconds";
    let Some(longest) = policy.count(name).map(seconds) else { return };
    if longest <= waits {
        let detail = format!(
            "It must be longer than all waits of the policy together, which are {} seconds; it is {}.",
            waits.as_secs(),
            longest.as_secs()
        );
        found.push(Diagnostic::error(format!("Invalid value for {name}"), detail).of_attribute(at.attr(name)));
    }
}

fn seconds(number: i32) -> Duration {
    Duration::from_secs(u64::try_from(number).unwrap_or(0))
}

/// How many steps of a size in percent make the whole; a count is taken for a step of the smallest share.
fn steps(size: Option<Fields<'_>>, smallest: i32) -> u32 {
    let percent =
        size.filter(|size| size.text("type") == Some("CAPACITY_PERCENT")).and_then(|size| size.count("value"));
    let percent = percent.unwrap_or(smallest).clamp(1, 100);
    u32::try_from(100 / percent + i32::from(100 % percent != 0)).unwrap_or(1)
}

fn blue_green_waits(policy: Fields<'_>) -> Duration {
    let termination = seconds(policy.int("termination_wait_in_seconds").unwrap_or(0));
    let Some(routing) = policy.block("traffic_routing_configuration") else { return termination };
    let interval = seconds(routing.int("wait_interval_in_seconds").unwrap_or(0));
    let times = match routing.text("type") {
        Some("LINEAR") => {
            let size = routing.block("linear_step_size");
            // Of a count of instances, the share is not known; one wait is certain.
            let in_percent = size.is_some_and(|size| size.text("type") == Some("CAPACITY_PERCENT"));
            if in_percent { steps(size, 10) } else { 1 }
        }
        _ => 1,
    };
    interval * times + termination
}

fn rolling_waits(policy: Fields<'_>) -> Duration {
    let interval = seconds(policy.int("wait_interval_in_seconds").unwrap_or(0));
    let size = policy.block("maximum_batch_size");
    let in_percent = size.is_some_and(|size| size.text("type") == Some("CAPACITY_PERCENT"));
    interval * if in_percent { steps(size, 5) } else { 1 }
}

/// How long an update may take: what instances usually need, and what the policy adds.
pub(super) fn patience(endpoint: Fields<'_>, usual: Duration) -> Duration {
    let Some(config) = endpoint.block("deployment_config") else { return usual };
    let margin = Duration::from_secs(15 * 60);
    let policies = [
        config.block("blue_green_update_policy").map(|policy| (policy, blue_green_waits(policy))),
        config.block("rolling_update_policy").map(|policy| (policy, rolling_waits(policy))),
    ];
    policies.into_iter().flatten().fold(usual, |patience, (policy, waits)| {
        let longest = policy.count("maximum_execution_timeout_in_seconds").map_or(Duration::ZERO, seconds);
        patience.max(usual + waits).max(longest + margin)
    })
}

/// The policy as it is sent.
pub(super) fn config(endpoint: Fields<'_>) -> Option<DeploymentConfig> {
    let config = endpoint.block("deployment_config")?;
    let rollback = config.block("auto_rollback_configuration").and_then(|rollback| {
        let alarms: Vec<Alarm> = rollback
            .blocks("alarms")
            .map(|alarm| Alarm::builder().set_alarm_name(alarm.owned("alarm_name")).build())
            .collect();
        (!alarms.is_empty()).then(|| AutoRollbackConfig::builder().set_alarms(Some(alarms)).build())
    });
    Some(
        DeploymentConfig::builder()
            .set_auto_rollback_configuration(rollback)
            .set_blue_green_update_policy(config.block("blue_green_update_policy").map(blue_green))
            .set_rolling_update_policy(config.block("rolling_update_policy").map(rolling))
            .build(),
    )
}

fn size(fields: Fields<'_>) -> CapacitySize {
    CapacitySize::builder()
        .set_type(fields.text("type").map(CapacitySizeType::from))
        .set_value(fields.int("value"))
        .build()
}

fn blue_green(fields: Fields<'_>) -> BlueGreenUpdatePolicy {
    let routing = fields.block("traffic_routing_configuration").map(|routing| {
        TrafficRoutingConfig::builder()
            .set_type(routing.text("type").map(TrafficRoutingConfigType::from))
            .set_wait_interval_in_seconds(routing.int("wait_interval_in_seconds"))
            .set_canary_size(routing.block("canary_size").map(size))
            .set_linear_step_size(routing.block("linear_step_size").map(size))
            .build()
    });
    BlueGreenUpdatePolicy::builder()
        .set_traffic_routing_configuration(routing)
        .set_termination_wait_in_seconds(fields.int("termination_wait_in_seconds"))
        .set_maximum_execution_timeout_in_seconds(fields.count("maximum_execution_timeout_in_seconds"))
        .build()
}

fn rolling(fields: Fields<'_>) -> RollingUpdatePolicy {
    RollingUpdatePolicy::builder()
        .set_maximum_batch_size(fields.block("maximum_batch_size").map(size))
        .set_rollback_maximum_batch_size(fields.block("rollback_maximum_batch_size").map(size))
        .set_wait_interval_in_seconds(fields.int("wait_interval_in_seconds"))
        .set_maximum_execution_timeout_in_seconds(fields.count("maximum_execution_timeout_in_seconds"))
        .build()
}

/// The policy as the service describes it.
pub(super) fn describe<'b>(block: Builder<'b>, config: &DeploymentConfig) -> Builder<'b> {
    block
        .blocks("auto_rollback_configuration", config.auto_rollback_configuration(), |block, rollback| {
            block.blocks("alarms", rollback.alarms(), |block, alarm| block.text("alarm_name", alarm.alarm_name()))
        })
        .blocks("blue_green_update_policy", config.blue_green_update_policy(), |block, policy| {
            block
                .int("termination_wait_in_seconds", Some(policy.termination_wait_in_seconds().unwrap_or(0)))
                .int("maximum_execution_timeout_in_seconds", policy.maximum_execution_timeout_in_seconds())
                .blocks("traffic_routing_configuration", policy.traffic_routing_configuration(), |block, routing| {
                    block
                        .text("type", routing.r#type().map(TrafficRoutingConfigType::as_str))
                        .int("wait_interval_in_seconds", routing.wait_interval_in_seconds())
                        .blocks("canary_size", routing.canary_size(), describe_size)
                        .blocks("linear_step_size", routing.linear_step_size(), describe_size)
                })
        })
        .blocks("rolling_update_policy", config.rolling_update_policy(), |block, policy| {
            block
                .int("wait_interval_in_seconds", policy.wait_interval_in_seconds())
                .int("maximum_execution_timeout_in_seconds", policy.maximum_execution_timeout_in_seconds())
                .blocks("maximum_batch_size", policy.maximum_batch_size(), describe_size)
                .blocks("rollback_maximum_batch_size", policy.rollback_maximum_batch_size(), describe_size)
        })
}

fn describe_size<'b>(block: Builder<'b>, size: &CapacitySize) -> Builder<'b> {
    block.text("type", size.r#type().map(CapacitySizeType::as_str)).int("value", size.value())
}
