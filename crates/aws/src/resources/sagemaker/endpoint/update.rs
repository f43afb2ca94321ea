//! Moving an endpoint to another configuration, and telling whether it got there.

use std::time::Duration;

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::operation::describe_endpoint::DescribeEndpointOutput;
use aws_sdk_sagemaker::operation::describe_endpoint_config::DescribeEndpointConfigOutput;
use aws_sdk_sagemaker::types::{EndpointStatus, ProductionVariant, VariantProperty, VariantPropertyType};
use smform_provider::{ProviderError, Run};
use smform_types::{Path, Value};

use super::super::{PROPAGATION, VALIDATION, endpoint_configuration, is_in_progress, is_missing};
use super::deployment;
use super::status::{Ended, MIXTURE, Status, describe, settle, unhealthy, unhealthy_after, why_stopped};
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

/// Moves the endpoint to the configuration that `planned` names, and waits until it serves it.
///
/// # Errors
/// When it does not, with what it serves instead.
pub(super) async fn roll_out(
    client: &Client,
    name: &str,
    planned: &Value,
    run: &dyn Run,
    limit: Duration,
) -> Result<(), Failed> {
    let wanted = Fields(planned).text("endpoint_config_name").unwrap_or_default();
    let before = match start(client, name, wanted, planned, run, limit).await? {
        Started::Already => return Ok(()),
        Started::Running(before) => before,
    };
    let accepted = run.clock().now();
    let ended = settle(client, name, run, limit, |endpoint, seen_busy| {
        // A description may lag behind: the old configuration with the old time is not a rollback yet.
        let untouched = before.as_ref().is_some_and(|before| {
            !before.is_busy()
                && endpoint.is_in_service()
                && endpoint.live_config() != wanted
                && endpoint.failure_reason() == before.failure_reason()
        });
        let same_time = endpoint.last_modified_time() == before.as_ref().and_then(|before| before.last_modified_time());
        let waited = run.clock().now().duration_since(accepted).unwrap_or_default();
        seen_busy || !untouched || waited > if same_time { PROPAGATION } else { QUICK }
    })
    .await;
    judge(name, wanted, ended)
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
    /// The update is under way; the endpoint as it was before.
    Running(Option<Box<DescribeEndpointOutput>>),
}

/// Waits until the endpoint can be updated, and asks for it, unless that is under way already.
async fn start(
    client: &Client,
    name: &str,
    wanted: &str,
    planned: &Value,
    run: &dyn Run,
    limit: Duration,
) -> Result<Started, Failed> {
    let summary = || format!("Endpoint \"{name}\" could not be updated");
    let mut wait = Wait::new(run, limit);
    let mut missing = Wait::new(run, PROPAGATION).paced(Duration::from_secs(2), Duration::from_secs(10));
    loop {
        let live = describe(client, name).await.map_err(|failure| Failed::unchanged(failure.into_error(summary())))?;
        let Some(live) = live else { return Err(Failed::unchanged(gone(name))) };
        if live.is_busy() {
            if live.pending_config() == Some(wanted) {
                return Ok(Started::Running(Some(Box::new(live))));
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
            return Ok(Started::Already);
        }
        if let Some(error) = hopeless(name, &live) {
            return Err(Failed::unchanged(error));
        }
        match call(client, name, wanted, planned, live.live_config()).await {
            Ok(()) => return Ok(Started::Running(Some(Box::new(live)))),
            // Whoever was faster, or a call of ours whose answer was lost: look again.
            Err(failure) if is_in_progress(&failure) || is_current(&failure) => {
                if wait.pause().await.is_err() {
                    return Err(Failed::unchanged(failure.into_error(summary())));
                }
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

async fn call(client: &Client, name: &str, wanted: &str, planned: &Value, live: &str) -> Result<(), Failure> {
    let fields = Fields(planned);
    let retention = match fields.flag("retain_all_variant_properties") {
        Some(false) => None,
        _ => kept(client, wanted, fields, live).await,
    };
    let excluded = retention.iter().flatten();
    let excluded: Vec<VariantProperty> =
        excluded.map(|property| VariantProperty::builder().variant_property_type(property.clone()).build()).collect();
    client
        .update_endpoint()
        .endpoint_name(name)
        .endpoint_config_name(wanted)
        .set_retain_all_variant_properties(retention.map(|_| true))
        .set_exclude_retained_variant_properties((!excluded.is_empty()).then_some(excluded))
        .set_deployment_config(deployment::config(fields))
        .set_retain_deployment_config(fields.flag("retain_deployment_config"))
        .send()
        .await
        .map(|_| ())
        .map_err(failed(Service::SageMaker, "UpdateEndpoint"))
}

/// What is kept of the variants of the live configuration, as properties that are not; nothing to keep nothing.
async fn kept(client: &Client, wanted: &str, planned: Fields<'_>, live: &str) -> Option<Vec<VariantPropertyType>> {
    let told: Vec<VariantPropertyType> = planned
        .blocks("exclude_retained_variant_properties")
        .filter_map(|block| block.text("variant_property_type").map(VariantPropertyType::from))
        .collect();
    if !told.is_empty() || planned.flag("retain_all_variant_properties") == Some(true) {
        return Some(told);
    }
    let old = endpoint_configuration::describe(client, live).await.ok().flatten();
    let new = endpoint_configuration::describe(client, wanted).await.ok().flatten();
    match (&old, &new) {
        (Some(old), Some(new)) => retention(old, new),
        // What cannot be compared is kept: losing instances under load is worse than keeping some too many.
        _ => Some(Vec::new()),
    }
}

/// Which properties of variants are not kept, because the new configuration itself changes them; nothing when keeping
/// has no meaning, since a variant is, or becomes, serverless.
pub(super) fn retention(
    old: &DescribeEndpointConfigOutput,
    new: &DescribeEndpointConfigOutput,
) -> Option<Vec<VariantPropertyType>> {
    let variants = |config: &DescribeEndpointConfigOutput| -> Vec<ProductionVariant> {
        config.production_variants().iter().chain(config.shadow_production_variants()).cloned().collect()
    };
    let (old, new) = (variants(old), variants(new));
    if old.iter().chain(&new).any(|variant| variant.serverless_config().is_some()) {
        return None;
    }
    let pairs: Vec<(&ProductionVariant, &ProductionVariant)> = new
        .iter()
        .filter_map(|new| Some((old.iter().find(|old| old.variant_name() == new.variant_name())?, new)))
        .collect();
    let weight = |variant: &ProductionVariant| variant.initial_variant_weight().unwrap_or(1.0).to_bits();
    let mut excluded = Vec::new();
    if pairs.iter().any(|(old, new)| old.initial_instance_count() != new.initial_instance_count()) {
        excluded.push(VariantPropertyType::DesiredInstanceCount);
    }
    if pairs.iter().any(|(old, new)| weight(old) != weight(new)) {
        excluded.push(VariantPropertyType::DesiredWeight);
    }
    Some(excluded)
}
