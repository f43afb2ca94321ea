//! What components are, and how their operations end when virtual time reaches their end.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::specifications;
use crate::clock::Moment;
use crate::faults::Failure;
use crate::services::sagemaker::body::{Object, integer, object, text};
use crate::services::sagemaker::fleet::DeployedImage;
use crate::services::sagemaker::lifecycle::{Kind, Verdict};
use crate::services::sagemaker::state::{Settled, Tags};

/// An inference component.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Component {
    pub name: String,
    pub arn: String,
    /// Name of the endpoint that hosts it.
    pub endpoint: String,
    pub variant: String,
    pub created: Moment,
    pub modified: Moment,
    /// The status when no operation is under way.
    pub settled: Settled,
    pub failure_reason: Option<String>,
    pub last_deployment_config: Option<Value>,
    /// What serves; absent before the first success.
    pub deployed: Option<Deployed>,
    pub change: Option<Change>,
    pub tags: Tags,
}

/// What a component runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Deployed {
    /// `Specification` or `Specifications` as requested.
    pub body: Object,
    pub copies: u64,
    /// One for each specification; absent for those without an image of their own.
    pub images: Vec<Option<DeployedImage>>,
}

/// An operation under way on a component.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Change {
    pub kind: Kind,
    pub started: Moment,
    /// Absent if it never ends.
    pub ends: Option<Moment>,
    pub verdict: Verdict,
    pub target: Deployed,
    pub deployment_config: Option<Value>,
}

impl Component {
    /// The status, which must not be asked for before operations that are over have been ended.
    pub(crate) fn status(&self) -> &'static str {
        match (self.change.as_ref().map(|change| change.kind), self.settled) {
            (Some(Kind::Create), _) => "Creating",
            (Some(Kind::Delete), _) => "Deleting",
            (Some(Kind::Update | Kind::Scale | Kind::Maintain), _) => "Updating",
            (None, Settled::InService) => "InService",
            (None, Settled::Failed | Settled::UpdateRollbackFailed) => "Failed",
        }
    }

    /// Names of the components that this one adapts, deployed or being deployed.
    pub(crate) fn bases(&self) -> impl Iterator<Item = &str> {
        let states = self.deployed.iter().chain(self.change.iter().map(|change| &change.target));
        states.flat_map(|state| specifications(&state.body)).map(|s| text(s, "BaseInferenceComponentName"))
    }

    /// Ends the operation if its time has come; false if the component is gone.
    fn settle(&mut self, now: Moment) -> bool {
        let Some(ends) = self.change.as_ref().and_then(|change| change.ends).filter(|ends| *ends <= now) else {
            return true;
        };
        let Some(change) = self.change.take() else { return true };
        self.modified = ends;
        if change.kind == Kind::Update {
            self.last_deployment_config = change.deployment_config;
        }
        match change.verdict {
            Verdict::Success if change.kind == Kind::Delete => return false,
            // The reason of an earlier failed update has been seen to outlive a later success.
            Verdict::Success => {
                self.settled = Settled::InService;
                self.deployed = Some(change.target);
            }
            Verdict::RolledBack(reason) => {
                self.settled = Settled::InService;
                self.failure_reason = reason;
            }
            Verdict::Failed(reason) | Verdict::RollbackFailed(reason) => {
                if change.kind == Kind::Create {
                    self.deployed = Some(Deployed { copies: 0, ..change.target });
                }
                self.settled = Settled::Failed;
                self.failure_reason = Some(reason);
            }
        }
        true
    }
}

/// Brings components up to date.
pub(crate) fn settle(components: &mut BTreeMap<String, Component>, now: Moment) {
    components.retain(|_, component| component.settle(now));
}

/// Starts to bring a component in service to the copies that `wanted` makes of the present ones, if they differ.
pub(crate) fn autoscale(component: &mut Component, now: Moment, seconds: f64, wanted: impl Fn(u64) -> u64) {
    let Some(deployed) = component.deployed.as_ref().filter(|_| component.status() == "InService") else { return };
    let copies = wanted(deployed.copies);
    if copies != deployed.copies {
        let change = Change {
            kind: Kind::Scale,
            started: now,
            ends: Some(now.plus_seconds(seconds)),
            verdict: Verdict::Success,
            target: Deployed { copies, ..deployed.clone() },
            deployment_config: None,
        };
        component.modified = now;
        component.change = Some(change);
    }
}

/// How an operation ends; the reason's text, where the fault gives none, is unverified.
pub(super) fn verdict(failure: Option<&Failure>, kind: Kind) -> Verdict {
    const REASON: &str = "Container did not pass the ping health check. Please check CloudWatch logs for this inference \
                          component.";
    let (reason, told) = match failure {
        None => return Verdict::Success,
        Some(Failure::Container { reason, .. }) => (reason.clone(), true),
        Some(Failure::SilentRollback) => (None, false),
        Some(Failure::Rollback { reason }) => {
            return Verdict::RollbackFailed(reason.clone().unwrap_or_else(|| REASON.to_owned()));
        }
    };
    let reason = reason.unwrap_or_else(|| REASON.to_owned());
    match kind {
        Kind::Create | Kind::Delete => Verdict::Failed(reason),
        _ => Verdict::RolledBack(told.then_some(reason)),
    }
}

/// The seconds that a rolling update of so many copies spends waiting between its batches.
pub(super) fn waits(config: &Object, copies: u64) -> f64 {
    let Some(policy) = object(config, "RollingUpdatePolicy") else { return 0.0 };
    let size = object(policy, "MaximumBatchSize");
    let value = size.and_then(|s| integer(s, "Value")).and_then(|n| u64::try_from(n).ok()).unwrap_or(copies);
    let batch = match size.map(|size| text(size, "Type")) {
        Some("CAPACITY_PERCENT") => value.saturating_mul(copies).div_ceil(100),
        _ => value,
    };
    let batches = copies.div_ceil(batch.max(1));
    batches as f64 * integer(policy, "WaitIntervalInSeconds").map_or(0.0, |seconds| seconds as f64)
}
