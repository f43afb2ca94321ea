//! What endpoints do while time passes: operations end when virtual time reaches their end. Nothing runs in the
//! background; every request first brings the endpoints up to date.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::deployment::{Phase, Share, Step};
use super::fleet::Fleet;
use super::state::{Endpoint, Settled};
use crate::clock::Moment;
use crate::faults::{Ending, Failure};
use crate::services::Context;
use crate::settings::Settings;
use crate::world::Region;

/// An operation under way on an endpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Operation {
    pub kind: Kind,
    pub started: Moment,
    /// Absent if it never ends.
    pub ends: Option<Moment>,
    pub verdict: Verdict,
    /// What the endpoint becomes on success.
    pub config: String,
    pub fleet: Fleet,
    pub deployment_config: Option<Value>,
    pub phases: Vec<Phase>,
    /// Since when it is being undone.
    #[serde(default)]
    pub undone: Option<Moment>,
}

/// Which call started an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    Create,
    Update,
    Scale,
    Delete,
    /// Maintenance by the platform, which changes nothing.
    Maintain,
}

/// How an operation ends; known from the start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Verdict {
    Success,
    Failed(String),
    RolledBack(Option<String>),
    RollbackFailed(String),
}

impl Verdict {
    /// The verdict that a fault leads to.
    pub(crate) fn of(failure: Option<&Failure>, kind: Kind, first_variant: &str) -> Verdict {
        let ping = |variant: &str| {
            format!(
                "The primary container for production variant {variant} did not pass the ping health check. Please \
                 check CloudWatch logs for this endpoint."
            )
        };
        let reason = match failure {
            None => return Verdict::Success,
            Some(Failure::Container { variant, reason }) => {
                reason.clone().unwrap_or_else(|| ping(variant.as_deref().unwrap_or(first_variant)))
            }
            Some(Failure::SilentRollback) => ping(first_variant),
            Some(Failure::Rollback { reason }) => reason.clone().unwrap_or_else(|| ping(first_variant)),
        };
        match (kind, failure) {
            (Kind::Create | Kind::Delete | Kind::Maintain, _) => Verdict::Failed(reason),
            (_, Some(Failure::SilentRollback)) => Verdict::RolledBack(None),
            (Kind::Update, Some(Failure::Rollback { .. })) => Verdict::RollbackFailed(reason),
            _ => Verdict::RolledBack(Some(reason)),
        }
    }
}

/// When an operation of that many seconds ends.
pub(crate) fn end_of(started: Moment, seconds: f64, ending: &Ending) -> Option<Moment> {
    (!ending.stuck).then(|| started.plus_seconds(seconds * ending.slowness))
}

impl Endpoint {
    /// The status at `now`, which must not be before the last [`settle`].
    pub(crate) fn status(&self, now: Moment) -> &'static str {
        match (&self.operation, self.settled) {
            (None, Settled::InService) => "InService",
            (None, Settled::Failed) => "Failed",
            (None, Settled::UpdateRollbackFailed) => "UpdateRollbackFailed",
            (Some(operation), _) => match operation.kind {
                Kind::Create => "Creating",
                Kind::Delete => "Deleting",
                Kind::Maintain => "SystemUpdating",
                // A failed change of weights or counts is undone in its second half.
                Kind::Scale if operation.verdict != Verdict::Success && operation.elapsed(now) > 0.5 => "RollingBack",
                Kind::Update if operation.undone.is_some() => "RollingBack",
                Kind::Update | Kind::Scale => "Updating",
            },
        }
    }

    /// Ends the operation if its time has come; false if the endpoint is gone.
    fn settle(&mut self, now: Moment) -> bool {
        let Some(ends) = self.operation.as_ref().and_then(|operation| operation.ends).filter(|ends| *ends <= now)
        else {
            return true;
        };
        let Some(operation) = self.operation.take() else { return true };
        self.modified = ends;
        if operation.kind == Kind::Delete && operation.verdict == Verdict::Success {
            return false;
        }
        if operation.kind == Kind::Update {
            self.last_deployment_config = operation.deployment_config;
        }
        match operation.verdict {
            Verdict::Success if operation.kind == Kind::Maintain => {}
            Verdict::Success => {
                self.settled = Settled::InService;
                self.config = operation.config;
                self.fleet = Some(operation.fleet);
                // A change of weights or counts leaves the reason of an earlier failed update where it is.
                if operation.kind != Kind::Scale {
                    self.failure_reason = None;
                }
            }
            Verdict::Failed(reason) => {
                self.settled = Settled::Failed;
                self.failure_reason = Some(reason);
                self.fleet = None;
            }
            Verdict::RolledBack(reason) => {
                self.settled = Settled::InService;
                self.failure_reason = reason;
            }
            Verdict::RollbackFailed(reason) => {
                self.settled = Settled::UpdateRollbackFailed;
                self.failure_reason = Some(reason);
            }
        }
        true
    }
}

impl Operation {
    /// The part of the operation that is over, from 0 to 1; 0 for one that never ends.
    pub(crate) fn elapsed(&self, now: Moment) -> f64 {
        match self.ends {
            Some(ends) if ends > self.started => {
                (now.seconds_since(self.started) / ends.seconds_since(self.started)).clamp(0.0, 1.0)
            }
            _ => 0.0,
        }
    }

    /// The part of the traffic that the new fleet takes, from 0 to 1: what the latest phase that moved traffic left.
    pub(crate) fn traffic_on_new(&self, now: Moment) -> f64 {
        if self.undone.is_some() {
            return 0.0;
        }
        let total: f64 = self.phases.iter().map(|phase| phase.seconds).sum();
        let over = self.elapsed(now) * total;
        let mut begins = 0.0;
        let mut share = 0.0;
        for phase in &self.phases {
            if begins > over {
                break;
            }
            begins += phase.seconds;
            if let Step::Activating(to) | Step::Baking(to) = &phase.step {
                share = match to {
                    Share::Full => 1.0,
                    Share::Canary(instances) => *instances as f64 / self.fleet.instance_count().max(1) as f64,
                };
            }
        }
        share.clamp(0.0, 1.0)
    }

    /// The phase at `now`; none while the operation is undone.
    pub(crate) fn phase(&self, now: Moment) -> Option<&Phase> {
        if self.undone.is_some() {
            return None;
        }
        let total: f64 = self.phases.iter().map(|phase| phase.seconds).sum();
        let mut left = self.elapsed(now) * total;
        self.phases
            .iter()
            .find(|phase| {
                left -= phase.seconds;
                left < 0.0
            })
            .or(self.phases.last())
    }
}

/// Brings a region's endpoints and the network interfaces of former ones up to date.
pub(crate) fn settle(region: &mut Region, settings: &Settings, now: Moment) {
    let Region { sagemaker, ec2, .. } = region;
    super::component::settle(&mut sagemaker.components, now);
    let linger = settings.durations.interface_linger;
    sagemaker.endpoints.retain(|_, endpoint| {
        let Some(operation) = &endpoint.operation else { return true };
        if operation.ends.is_none_or(|ends| ends > now) {
            return true;
        }
        let freed: Vec<_> =
            endpoint.fleet.iter().chain([&operation.fleet]).flat_map(Fleet::interfaces).cloned().collect();
        let stays = endpoint.settle(now);
        let kept = |id: &str| stays && endpoint.fleet.iter().flat_map(Fleet::interfaces).any(|kept| kept.id == id);
        let until = endpoint.modified.plus_seconds(linger);
        ec2.lingering.extend(freed.into_iter().filter(|i| !kept(&i.id)).map(|interface| (until, interface)));
        stays
    });
    ec2.lingering.retain(|(until, _)| *until > now);
}

/// Puts an endpoint in service under maintenance for so many virtual seconds; fails with why it cannot be.
pub(crate) fn maintain(region: &mut Region, name: &str, now: Moment, seconds: f64) -> Result<(), String> {
    let endpoint = region
        .sagemaker
        .endpoints
        .get_mut(&name.to_ascii_lowercase())
        .ok_or_else(|| format!("there is no endpoint {name:?}"))?;
    if endpoint.status(now) != "InService" {
        return Err(format!("the endpoint {name:?} is {}, not InService", endpoint.status(now)));
    }
    endpoint.operation = Some(Operation {
        kind: Kind::Maintain,
        started: now,
        ends: Some(now.plus_seconds(seconds)),
        verdict: Verdict::Success,
        config: endpoint.config.clone(),
        fleet: Fleet::default(),
        deployment_config: None,
        phases: Vec::new(),
        undone: None,
    });
    Ok(())
}

/// Makes deployments fail, after a long time, whose new fleet needs something that was just deleted.
pub(crate) fn orphan_deployments(context: &mut Context<'_>, needs_it: impl Fn(&Fleet) -> bool) {
    orphan(context, |operation, _| needs_it(&operation.fleet));
}

/// As [`orphan_deployments`], for a configuration; an update needs the old one, too, to be able to go back.
pub(crate) fn orphan_deployments_of(context: &mut Context<'_>, config: &str) {
    orphan(context, |operation, active| operation.config == config || active == config);
}

fn orphan(context: &mut Context<'_>, needs_it: impl Fn(&Operation, &str) -> bool) {
    let seconds = context.settings.durations.orphaned;
    for endpoint in context.region.sagemaker.endpoints.values_mut() {
        if let Some(operation) = &mut endpoint.operation
            && matches!(operation.kind, Kind::Create | Kind::Update)
            && needs_it(operation, &endpoint.config)
        {
            let variant = operation.fleet.variants.first().map(|v| v.name.clone()).unwrap_or_default();
            operation.verdict = Verdict::Failed(lost(&variant));
            operation.ends = operation.ends.map(|_| operation.started.plus_seconds(seconds));
        }
    }
}

/// The reason of a deployment that cannot find its model any more.
pub(crate) fn lost(variant: &str) -> String {
    format!(
        "Request to service failed. Please make sure all images included in the model for the production variant \
         {variant} exist, and that the execution role used to create the model has permissions to access them."
    )
}
