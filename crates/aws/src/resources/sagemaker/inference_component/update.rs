//! Updating an inference component: what is under way is waited for, and what it came to is not asked for a second time.

use std::time::Duration;

use aws_sdk_sagemaker::Client;
use smform_provider::{ProviderError, Run, UpdateOutcome};
use smform_types::Value;

use super::super::is_in_progress;
use super::{InferenceComponent, SPECIFIED, copies, has, settled, specifications, status, unhealthy, wire};
use crate::failure::{Failure, Service, failed};
use crate::fields::{Fields, with};
use crate::waiters::Wait;

/// What an update asks of the service.
pub(super) struct Update<'p> {
    planned: &'p Value,
    /// Another specification.
    specified: bool,
    /// Another number of copies.
    recounted: bool,
}

impl<'p> Update<'p> {
    /// Nothing when the service is asked for nothing but tags.
    pub(super) fn of(prior: &Value, planned: &'p Value) -> Option<Update<'p>> {
        let specified = SPECIFIED.into_iter().any(|name| prior.get(name) != planned.get(name));
        let recounted = copies::count(prior) != copies::count(planned);
        (specified || recounted).then_some(Update { planned, specified, recounted })
    }

    /// Whether a component is what is asked for.
    fn is_made(&self, live: &Value) -> bool {
        let copies = self.recounted.then_some("runtime_config");
        let asked: Vec<&str> = SPECIFIED.into_iter().chain(copies).collect();
        has(live, self.planned, &asked)
    }

    async fn ask(&self, client: &Client, name: &str) -> Result<(), Failure> {
        let fields = Fields(self.planned);
        let policy = wire::deployment(fields);
        // Only the general call takes a policy for how copies come and go.
        if self.specified || policy.is_some() {
            let call = client
                .update_inference_component()
                .inference_component_name(name)
                .set_specification(fields.block("specification").map(wire::specification))
                .set_specifications(specifications(fields))
                // The number of copies that was planned may be another one by now, where it is scaled.
                .set_runtime_config(wire::runtime(fields).filter(|_| self.recounted))
                .set_deployment_config(policy);
            call.send().await.map(drop).map_err(failed(Service::SageMaker, "UpdateInferenceComponent"))
        } else {
            let call = client
                .update_inference_component_runtime_config()
                .inference_component_name(name)
                .set_desired_runtime_config(wire::runtime(fields));
            call.send().await.map(drop).map_err(failed(Service::SageMaker, "UpdateInferenceComponentRuntimeConfig"))
        }
    }

    /// Brings the component to what is asked for, and tells what it is then. An earlier run may have asked for that already.
    ///
    /// # Errors
    /// How it ended otherwise.
    pub(super) async fn make(
        &self,
        component: &InferenceComponent,
        client: &Client,
        prior: &Value,
        run: &dyn Run,
        within: Duration,
    ) -> Result<Value, UpdateOutcome> {
        let name = Fields(prior).text("id").unwrap_or_default();
        let summary = || format!("Inference component \"{name}\" could not be updated");
        let mut wait = Wait::new(run, within);
        // Whether a call was made that has taken effect, or may have.
        let mut is_asked = false;
        loop {
            let told = match settled(client, name, run, within).await {
                Ok(Some(told)) => told,
                Ok(None) => {
                    return Err(UpdateOutcome::Failed(ProviderError::new(summary(), "It is gone. Plan again.")));
                }
                Err(error) if is_asked => return Err(UpdateOutcome::Partial(prior.clone(), error)),
                Err(error) => return Err(UpdateOutcome::Failed(error)),
            };
            let live = component.object(&told, self.planned);
            if status(&told) == "InService" && self.is_made(&live) {
                return Ok(live);
            }
            // A failed update ends in service as it was before; the reason alone tells nothing, since it stays.
            if is_asked {
                let error = unhealthy(format!("The update of inference component \"{name}\" was rolled back"), &told);
                return Err(UpdateOutcome::Partial(with_tags_of(live, prior), error));
            }
            match self.ask(client, name).await {
                Ok(()) => is_asked = true,
                // Whoever was faster, such as autoscaling, or a call of ours whose answer was lost: look again.
                Err(failure) if is_in_progress(&failure) && wait.pause().await.is_ok() => {
                    is_asked = failure.may_be_ours();
                }
                Err(failure) => return Err(UpdateOutcome::Failed(failure.into_error(summary()))),
            }
        }
    }
}

/// An object that was changed, but for its tags.
pub(super) fn with_tags_of(object: Value, prior: &Value) -> Value {
    ["tags", "tags_all"].iter().fold(object, |object, name| match prior.get(name) {
        Some(tags) => with(object, name, tags.clone()),
        None => object,
    })
}
