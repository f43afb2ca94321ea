//! Moving an endpoint to another configuration, and telling whether it got there.

use std::time::Duration;

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::operation::describe_endpoint::DescribeEndpointOutput;
use aws_sdk_sagemaker::types::{EndpointStatus, VariantProperty};
use smform_provider::{ProviderError, Run};
use smform_types::{Path, Value};

use super::super::{PROPAGATION, VALIDATION, is_in_progress, is_missing};
use super::capacity::{Wish, debt, owed};
use super::retention::{Retention, retention};
use super::status::{Ended, MIXTURE, Status, describe, settle, unhealthy, unhealthy_after, why_stopped};
use super::{deployment, overtaking};
use crate::failure::{Failure, Service, failed};
use crate::fields::Fields;
use crate::waiters::Wait;

/// How long an update whose time shows, but which was never seen under way, may go on showing what was before.
const QUICK: Duration = Duration::from_secs(15);

/// A failed move: what is live now, if the service told after the update was accepted, and why.
pub(super) struct Failed {
    /// The live configuration; nothing when nothing was changed.
    pub(super) live: Option<String>,
    pub(super) error: ProviderError,
}

impl Failed {
    fn unchanged(error: ProviderError) -> Failed {
        Failed { live: None, error }
    }
}

/// Moves the endpoint to the configuration that `planned` names, and waits until it serves it. Counts and weights of that
/// configuration that single variants are still to get are returned.
///
/// # Errors
/// When it does not, with what it serves instead.
pub(super) async fn roll_out(
    client: &Client,
    prior: &Value,
    planned: &Value,
    run: &dyn Run,
    limit: Duration,
) -> Result<Vec<Wish>, Failed> {
    let name = Fields(prior).text("id").unwrap_or_default();
    let wanted = Fields(planned).text("endpoint_config_name").unwrap_or_default();
    let (before, afterwards) = match start(client, prior, planned, run, limit).await? {
        Started::Already => return Ok(Vec::new()),
        Started::Running { before, afterwards } => (before, afterwards),
    };
    let accepted = run.clock().now();
    let ended = settle(client, name, run, limit, |endpoint, seen_busy| {
        // A description may lag behind: the old configuration with the old time is not a rollback yet.
        let untouched = !before.is_busy()
            && endpoint.is_in_service()
            && endpoint.live_config() != wanted
            && endpoint.failure_reason() == before.failure_reason();
        let same_time = endpoint.last_modified_time() == before.last_modified_time();
        let waited = run.clock().now().duration_since(accepted).unwrap_or_default();
        seen_busy || !untouched || waited > if same_time { PROPAGATION } else { QUICK }
    })
    .await;
    match judge(name, wanted, ended) {
        Ok(()) => Ok(afterwards),
        Err(mut failed) => {
            if failed.error.under_way {
                failed.error.detail.push_str(&owed(wanted, &afterwards));
            } else if !afterwards.is_empty() {
                // It has not come to the configuration whose counts and weights these are.
                run.owe(None).await.map_err(Failed::unchanged)?;
            }
            Err(failed)
        }
    }
}

/// Whether the update has succeeded: in service, on the wanted configuration. A reason alone is no failure, since the
/// service keeps that of earlier updates.
fn judge(name: &str, wanted: &str, ended: Ended) -> Result<(), Failed> {
    match ended {
        Ended::Settled(endpoint, _) if endpoint.is_in_service() && endpoint.live_config() == wanted => Ok(()),
        Ended::Settled(endpoint, doing) => {
            let live = endpoint.live_config().to_owned();
            let (summary, what) = if endpoint.is_in_service() {
                (
                    format!("Endpoint \"{name}\" was rolled back"),
                    format!(
                        "The update to configuration \"{wanted}\" did not succeed; the endpoint still serves \"{live}\"."
                    ),
                )
            } else if endpoint.endpoint_status() == Some(&EndpointStatus::UpdateRollbackFailed) {
                (
                    format!("The rollback of endpoint \"{name}\" failed"),
                    format!(
                        "The update to configuration \"{wanted}\" ended with status UpdateRollbackFailed. {MIXTURE}"
                    ),
                )
            } else {
                (
                    format!("The update of endpoint \"{name}\" failed"),
                    format!(
                        "The update to configuration \"{wanted}\" ended with status {}; the endpoint has \"{live}\".",
                        endpoint.status()
                    ),
                )
            };
            Err(Failed { live: Some(live), error: unhealthy_after(summary, &endpoint, &what, doing) })
        }
        Ended::Stopped(stopped, last) => {
            let why = why_stopped(stopped, &last);
            let error = ProviderError::new(
                format!("The update of endpoint \"{name}\" is not finished"),
                format!(
                    "{why} The update goes on in AWS. Apply again to go on waiting for it; no second update is started."
                ),
            );
            Err(Failed { live: Some(last.live_config().to_owned()), error: error.still_under_way() })
        }
        Ended::Gone => Err(Failed::unchanged(gone(name))),
        Ended::Unknown(failure) => {
            let error = failure.into_error(format!("It is not known how the update of endpoint \"{name}\" ended"));
            Err(Failed { live: Some(String::new()), error: error.still_under_way() })
        }
    }
}

enum Started {
    /// The endpoint serves the wanted configuration.
    Already,
    /// The update is under way; the endpoint as it was before, and what is to be set when it has ended.
    Running { before: Box<DescribeEndpointOutput>, afterwards: Vec<Wish> },
}

/// Waits until the endpoint can be updated, and asks for it, unless that is under way already.
async fn start(
    client: &Client,
    prior: &Value,
    planned: &Value,
    run: &dyn Run,
    limit: Duration,
) -> Result<Started, Failed> {
    let name = Fields(prior).text("id").unwrap_or_default();
    let wanted = Fields(planned).text("endpoint_config_name").unwrap_or_default();
    let summary = || format!("Endpoint \"{name}\" could not be updated");
    let mut wait = Wait::new(run, limit);
    let mut missing = Wait::new(run, PROPAGATION).paced(Duration::from_secs(2), Duration::from_secs(10));
    // What a call that may have taken effect asked for, and the endpoint before it.
    let mut asked = None;
    loop {
        let live = describe(client, name).await.map_err(|failure| Failed::unchanged(failure.into_error(summary())))?;
        let Some(live) = live else { return Err(Failed::unchanged(gone(name))) };
        let elsewhere = overtaking(&live, Fields(prior), Fields(planned));
        if let Some(elsewhere) = elsewhere.filter(|elsewhere| run.moving().as_ref() != Some(elsewhere)) {
            return Err(overtaken(name, &live, &elsewhere));
        }
        if live.is_busy() {
            if live.pending_config() == Some(wanted) {
                // One that was begun before: what it left for afterwards is told by the configurations again.
                let kept = retention(client, wanted, Fields(planned), &live).await;
                owe(run, wanted, kept.as_ref()).await?;
                return Ok(running(live, kept));
            }
            run.progress(&format!("waiting for another change: {}", live.summary()));
            if let Err(stopped) = wait.pause().await {
                let why = why_stopped(stopped, &live);
                let detail = format!("{why} Another change of it is still under way, so this one was not begun.");
                return Err(Failed::unchanged(ProviderError::new(summary(), detail)));
            }
            continue;
        }
        if live.is_in_service() && live.live_config() == wanted {
            return Ok(match asked {
                Some((before, kept)) => running(before, kept),
                None => Started::Already,
            });
        }
        if let Some(error) = hopeless(name, &live) {
            return Err(Failed::unchanged(error));
        }
        let kept = retention(client, wanted, Fields(planned), &live).await;
        owe(run, wanted, kept.as_ref()).await?;
        match call(client, name, wanted, planned, kept.as_ref()).await {
            Ok(()) => return Ok(running(live, kept)),
            // Whoever was faster, or a call of ours whose answer was lost: look again.
            Err(failure) if is_in_progress(&failure) || is_current(&failure) => {
                if wait.pause().await.is_err() {
                    return Err(Failed::unchanged(failure.into_error(summary())));
                }
                asked = Some((live, kept));
            }
            Err(failure) if is_missing(&failure, "endpoint configuration") => {
                run.progress("waiting for the configuration to become visible");
                if missing.pause().await.is_err() {
                    return Err(Failed::unchanged(config_missing(failure, name, wanted, live.live_config())));
                }
            }
            Err(failure) => return Err(Failed::unchanged(failure.into_error(summary()))),
        }
    }
}

/// Somebody has moved the endpoint since it was planned.
fn overtaken(name: &str, live: &DescribeEndpointOutput, elsewhere: &str) -> Failed {
    let what = if live.is_busy() { "is moving it" } else { "has moved it" };
    let detail = format!(
        "Somebody else {what} to \"{elsewhere}\" since the plan was made: {}. To go on would undo that, unseen. Plan again to see \
         what there is to do now.",
        live.summary()
    );
    let error = ProviderError::new(format!("Endpoint \"{name}\" was moved by somebody else"), detail);
    // What it serves goes on record.
    Failed { live: (!live.is_busy()).then(|| live.live_config().to_owned()), error }
}

/// Has the next run set what this one may not come to.
async fn owe(run: &dyn Run, wanted: &str, kept: Option<&Retention>) -> Result<(), Failed> {
    let Some(kept) = kept.filter(|kept| !kept.afterwards.is_empty()) else { return Ok(()) };
    run.owe(Some(&debt(wanted, &kept.afterwards))).await.map_err(Failed::unchanged)
}

fn running(before: DescribeEndpointOutput, kept: Option<Retention>) -> Started {
    Started::Running { before: Box::new(before), afterwards: kept.map(|kept| kept.afterwards).unwrap_or_default() }
}

pub(super) fn gone(name: &str) -> ProviderError {
    ProviderError::new(
        format!("Endpoint \"{name}\" is gone"),
        "It was deleted while it was to be updated. Plan again; it will be created anew.",
    )
}

/// An endpoint in such a status takes no update.
fn hopeless(name: &str, live: &DescribeEndpointOutput) -> Option<ProviderError> {
    let advice = match live.endpoint_status()? {
        EndpointStatus::Failed => "A failed endpoint can only be deleted. Replace it: plan with -replace=ADDRESS.",
        EndpointStatus::Deleting => "It is being deleted. Plan again when it is gone.",
        _ => return None,
    };
    Some(unhealthy(
        format!("Endpoint \"{name}\" cannot be updated"),
        live,
        &format!("Its status is {}. {advice}", live.status()),
    ))
}

/// The service means either of the two configurations, the wanted one or the one in use.
fn config_missing(failure: Failure, name: &str, wanted: &str, live: &str) -> ProviderError {
    let message = failure.message().to_owned();
    let mut error = failure.into_error(format!("Endpoint \"{name}\" could not be updated"));
    if !live.is_empty() && message.contains(live) {
        error.detail = format!(
            "{message} The configuration that the endpoint uses now was deleted, and without it SageMaker does not \
             update. Create a configuration named \"{live}\" again, or replace the endpoint with -replace=ADDRESS."
        );
    } else {
        error.detail = format!("{message} Is \"{wanted}\" in the same region as the endpoint?");
        error.attribute = Some(Path::attribute("endpoint_config_name"));
    }
    error
}

fn is_current(failure: &Failure) -> bool {
    failure.is(VALIDATION, "Cannot update endpoint with the currently in use endpoint configuration")
}

async fn call(
    client: &Client,
    name: &str,
    wanted: &str,
    planned: &Value,
    kept: Option<&Retention>,
) -> Result<(), Failure> {
    let fields = Fields(planned);
    let excluded = kept.into_iter().flat_map(|kept| &kept.excluded);
    let excluded: Vec<VariantProperty> =
        excluded.map(|property| VariantProperty::builder().variant_property_type(property.clone()).build()).collect();
    client
        .update_endpoint()
        .endpoint_name(name)
        .endpoint_config_name(wanted)
        .set_retain_all_variant_properties(kept.map(|_| true))
        .set_exclude_retained_variant_properties((!excluded.is_empty()).then_some(excluded))
        .set_deployment_config(deployment::config(fields))
        .set_retain_deployment_config(fields.flag("retain_deployment_config"))
        .send()
        .await
        .map(|_| ())
        .map_err(failed(Service::SageMaker, "UpdateEndpoint"))
}
