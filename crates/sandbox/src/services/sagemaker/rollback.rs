//! Deployments that are given up while they are under way, because an alarm went off that they watch.

use serde_json::Value;

use super::lifecycle::{Kind, Verdict};
use super::state::State;
use crate::clock::Moment;

/// Turns every deployment back that `gone_off` finds a moment and a reason for; undoing takes `seconds`.
pub(crate) fn roll_back(
    sagemaker: &mut State,
    seconds: f64,
    now: Moment,
    gone_off: impl Fn(&Value) -> Option<(Moment, String)>,
) {
    let turn =
        |kind: Kind, verdict: &mut Verdict, started: Moment, ends: &mut Option<Moment>, config: Option<&Value>| {
            if kind != Kind::Update || *verdict != Verdict::Success {
                return None;
            }
            let (since, reason) = config.and_then(&gone_off)?;
            let at = since.max(started);
            if at > now || ends.is_some_and(|ends| ends <= at) {
                return None;
            }
            *verdict = Verdict::RolledBack(Some(reason));
            *ends = Some(at.plus_seconds(seconds));
            Some(at)
        };
    for operation in sagemaker.endpoints.values_mut().filter_map(|endpoint| endpoint.operation.as_mut()) {
        let config = operation.deployment_config.as_ref();
        let turned = turn(operation.kind, &mut operation.verdict, operation.started, &mut operation.ends, config);
        operation.undone = operation.undone.or(turned);
    }
    for change in sagemaker.components.values_mut().filter_map(|component| component.change.as_mut()) {
        turn(change.kind, &mut change.verdict, change.started, &mut change.ends, change.deployment_config.as_ref());
    }
}
