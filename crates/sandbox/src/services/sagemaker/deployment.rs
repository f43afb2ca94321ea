//! Deployment policies: their limits, and the phases that an update goes through.

use serde::{Deserialize, Serialize};

use super::body::{Object, integer, object, text};
use super::errors::{is_given, refuse_if};
use super::fleet::Fleet;
use crate::wire::ApiError;

/// A step of a deployment, with its length in virtual seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Phase {
    pub step: Step,
    pub seconds: f64,
}

/// What happens in a phase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Step {
    Launching,
    /// Traffic moves to some of the new instances.
    Activating(Share),
    /// The new instances are watched.
    Baking(Share),
    Terminating,
}

/// How much of the new fleet takes traffic.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Share {
    Canary(u64),
    Full,
}

/// Rules across the members of a DeploymentConfig, whatever the fleet. Texts are unverified.
pub(crate) fn check_members(config: &Object) -> Result<(), ApiError> {
    let blue_green = object(config, "BlueGreenUpdatePolicy");
    refuse_if(blue_green.is_some() == is_given(config, "RollingUpdatePolicy"), || {
        "DeploymentConfig must specify exactly one of BlueGreenUpdatePolicy and RollingUpdatePolicy.".into()
    })?;
    let Some(routing) = blue_green.and_then(|policy| object(policy, "TrafficRoutingConfiguration")) else {
        return Ok(());
    };
    for (member, wanted) in [("CanarySize", "CANARY"), ("LinearStepSize", "LINEAR")] {
        refuse_if(is_given(routing, member) != (text(routing, "Type") == wanted), || {
            format!("{member} must be specified if and only if the traffic routing type is {wanted}.")
        })?;
    }
    Ok(())
}

/// Limits of a DeploymentConfig for a fleet of `total` instances. Texts are unverified.
pub(crate) fn check_sizes(config: &Object, total: u64) -> Result<(), ApiError> {
    let blue_green = object(config, "BlueGreenUpdatePolicy");
    let rolling = object(config, "RollingUpdatePolicy");
    let routing = blue_green.and_then(|policy| object(policy, "TrafficRoutingConfiguration"));
    for (parent, member, smallest, largest) in [
        (routing, "CanarySize", 0.0, 50.0),
        (routing, "LinearStepSize", 10.0, 50.0),
        (rolling, "MaximumBatchSize", 5.0, 50.0),
        (rolling, "RollbackMaximumBatchSize", 5.0, 100.0),
    ] {
        if let Some(size) = parent.and_then(|parent| object(parent, member)) {
            check_size(size, member, smallest, largest, total)?;
        }
    }
    let limit = blue_green.or(rolling).and_then(|p| integer(p, "MaximumExecutionTimeoutInSeconds"));
    let phases = phases(Some(config), total, 0.0);
    let waits: f64 = phases.iter().filter(|p| matches!(p.step, Step::Baking(_))).map(|p| p.seconds).sum();
    refuse_if(limit.is_some_and(|limit| limit as f64 <= waits), || {
        format!("MaximumExecutionTimeoutInSeconds must exceed the sum of all wait times, {waits} seconds.")
    })
}

/// A share of the fleet must lie within limits given in percent. In a small fleet one instance may be more.
fn check_size(size: &Object, member: &str, smallest: f64, largest: f64, total: u64) -> Result<(), ApiError> {
    let value = integer(size, "Value").unwrap_or_default();
    let in_instances = text(size, "Type") == "INSTANCE_COUNT";
    let percent = if in_instances { value as f64 * 100.0 / total.max(1) as f64 } else { value as f64 };
    let only_one = in_instances && value == 1;
    refuse_if(percent < smallest || (percent > largest && !only_one), || {
        format!("{member} must be between {smallest} and {largest} percent of the endpoint's capacity.")
    })
}

/// A size in instances: at least one, at most all.
fn instances(size: Option<&Object>, total: u64) -> u64 {
    let value = size.and_then(|size| integer(size, "Value")).and_then(|n| u64::try_from(n).ok()).unwrap_or(total);
    let count = match size.map(|size| text(size, "Type")) {
        Some("CAPACITY_PERCENT") => value.saturating_mul(total).div_ceil(100),
        _ => value,
    };
    count.clamp(1, total.max(1))
}

fn wait(policy: &Object, member: &str) -> f64 {
    integer(policy, member).map_or(0.0, |seconds| seconds as f64)
}

/// The phases of replacing a fleet of `total` instances, when starting and stopping instances takes `base` seconds.
pub(crate) fn phases(config: Option<&Object>, total: u64, base: f64) -> Vec<Phase> {
    let mut phases = Vec::new();
    let mut add = |step, seconds: f64| {
        if seconds > 0.0 {
            phases.push(Phase { step, seconds });
        }
    };
    let (launch, activate, terminate) = (base * 0.8, base * 0.1, base * 0.1);
    let rolling = config.and_then(|c| object(c, "RollingUpdatePolicy"));
    if let Some(policy) = rolling {
        let batch = instances(object(policy, "MaximumBatchSize"), total);
        let batches = total.max(1).div_ceil(batch);
        for done in 1..=batches {
            let share = if done == batches { Share::Full } else { Share::Canary(done * batch) };
            add(Step::Launching, launch / batches as f64);
            add(Step::Activating(share), activate / batches as f64);
            add(Step::Baking(share), wait(policy, "WaitIntervalInSeconds"));
            add(Step::Terminating, terminate / batches as f64);
        }
        return phases;
    }
    add(Step::Launching, launch);
    let policy = config.and_then(|c| object(c, "BlueGreenUpdatePolicy"));
    let routing = policy.and_then(|p| object(p, "TrafficRoutingConfiguration"));
    let pause = routing.map_or(0.0, |r| wait(r, "WaitIntervalInSeconds"));
    let step_size = match routing.map(|r| text(r, "Type")) {
        Some("CANARY") => routing.and_then(|r| object(r, "CanarySize")),
        Some("LINEAR") => routing.and_then(|r| object(r, "LinearStepSize")),
        _ => None,
    };
    match (step_size, routing.map(|r| text(r, "Type"))) {
        (Some(size), Some("CANARY")) => {
            let canary = Share::Canary(instances(Some(size), total));
            add(Step::Activating(canary), activate / 2.0);
            add(Step::Baking(canary), pause);
            add(Step::Activating(Share::Full), activate / 2.0);
        }
        (Some(size), _) => {
            let step = instances(Some(size), total);
            let steps = total.max(1).div_ceil(step);
            for done in 1..=steps {
                let share = if done == steps { Share::Full } else { Share::Canary(done * step) };
                add(Step::Activating(share), activate / steps as f64);
                add(Step::Baking(share), pause);
            }
        }
        _ => {
            add(Step::Activating(Share::Full), activate);
            add(Step::Baking(Share::Full), pause);
        }
    }
    add(Step::Baking(Share::Full), policy.map_or(0.0, |p| wait(p, "TerminationWaitInSeconds")));
    add(Step::Terminating, terminate);
    phases
}

/// Whether a policy is followed for a fleet; where it is not, the update is all-at-once without waits.
pub(crate) fn applies(config: &Object, fleet: &Fleet) -> bool {
    let on_inferentia_1 = |t: &String| t.starts_with("ml.inf1.");
    let several_variants = fleet.all().count() > 1;
    let excluded = fleet.is_serverless()
        || fleet.all().any(|variant| variant.instance_type.as_ref().is_some_and(on_inferentia_1))
        || (several_variants && is_given(config, "RollingUpdatePolicy"));
    !excluded
}

/// Whether traffic moves in steps, which needs the same variants before and after.
pub(crate) fn is_gradual(config: &Object) -> bool {
    is_given(config, "RollingUpdatePolicy")
        || object(config, "BlueGreenUpdatePolicy")
            .and_then(|p| object(p, "TrafficRoutingConfiguration"))
            .is_some_and(|r| text(r, "Type") != "ALL_AT_ONCE")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn config(value: Value) -> Object {
        value.as_object().cloned().unwrap_or_default()
    }

    fn seconds(config: &Object, total: u64) -> f64 {
        phases(Some(config), total, 100.0).iter().map(|p| p.seconds).sum::<f64>().round()
    }

    #[test]
    fn waits_of_the_policy_add_to_the_duration() {
        assert_eq!(phases(None, 4, 100.0).iter().map(|p| p.seconds).sum::<f64>().round(), 100.0);
        let canary = config(json!({"BlueGreenUpdatePolicy": {"TerminationWaitInSeconds": 30,
            "TrafficRoutingConfiguration": {"Type": "CANARY", "WaitIntervalInSeconds": 60,
                "CanarySize": {"Type": "INSTANCE_COUNT", "Value": 1}}}}));
        assert_eq!(seconds(&canary, 4), 190.0);
        let linear = config(json!({"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "LINEAR",
            "WaitIntervalInSeconds": 60, "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": 25}}}}));
        assert_eq!(seconds(&linear, 4), 340.0);
        let rolling = config(json!({"RollingUpdatePolicy": {"WaitIntervalInSeconds": 60,
            "MaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 2}}}));
        assert_eq!(seconds(&rolling, 4), 220.0);
    }

    #[test]
    fn sizes_and_times_are_limited() {
        let refused = |value: Value, part: &str| {
            let config = config(value);
            let error = check_members(&config).and_then(|()| check_sizes(&config, 4)).expect_err("refused");
            assert!(error.message.contains(part), "{error:?}");
        };
        let canary = |size: Value| {
            json!({"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration":
                {"Type": "CANARY", "WaitIntervalInSeconds": 0, "CanarySize": size}}})
        };
        refused(json!({}), "exactly one");
        refused(canary(json!({"Type": "CAPACITY_PERCENT", "Value": 51})), "CanarySize");
        refused(canary(json!({"Type": "INSTANCE_COUNT", "Value": 3})), "CanarySize");
        assert!(check_sizes(&config(canary(json!({"Type": "INSTANCE_COUNT", "Value": 2}))), 4).is_ok());
        refused(
            json!({"BlueGreenUpdatePolicy": {"TerminationWaitInSeconds": 600, "MaximumExecutionTimeoutInSeconds": 600,
                "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}}}),
            "MaximumExecutionTimeoutInSeconds",
        );
        refused(
            json!({"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE",
                "WaitIntervalInSeconds": 0, "CanarySize": {"Type": "INSTANCE_COUNT", "Value": 1}}}}),
            "CanarySize",
        );
    }
}
