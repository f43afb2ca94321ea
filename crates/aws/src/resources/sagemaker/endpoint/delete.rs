//! Deleting an endpoint, and waiting until the service no longer knows it.

use std::time::Duration;

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::operation::describe_endpoint::DescribeEndpointOutput;
use aws_sdk_sagemaker::types::{EndpointStatus, InferenceComponentStatus, InferenceComponentSummary};
use smform_provider::{ProviderError, Run};

use super::super::{VALIDATION, is_in_progress, is_missing};
use super::status::{Status, describe, unhealthy, why_stopped};
use crate::failure::{Failure, Service, failed};
use crate::waiters::{Stopped, Wait};

/// The inference components that keep an endpoint from being deleted.
enum Hosted {
    None,
    /// All of them are being deleted.
    Leaving,
    /// These stay.
    Staying(Vec<String>),
}

/// What an endpoint hosts, where the refusal may come of it.
async fn hosted(client: &Client, name: &str, refusal: &Failure) -> Hosted {
    if refusal.code() != VALIDATION {
        return Hosted::None;
    }
    let listed = client.list_inference_components().endpoint_name_equals(name).into_paginator().items().send();
    let Ok(components) = listed.collect::<Result<Vec<_>, _>>().await else { return Hosted::None };
    let leaving = |component: &InferenceComponentSummary| {
        component.inference_component_status() == Some(&InferenceComponentStatus::Deleting)
    };
    let staying: Vec<String> = components
        .iter()
        .filter(|component| !leaving(component))
        .filter_map(|component| component.inference_component_name().map(str::to_owned))
        .collect();
    match (components.is_empty(), staying.is_empty()) {
        (true, _) => Hosted::None,
        (false, true) => Hosted::Leaving,
        (false, false) => Hosted::Staying(staying),
    }
}

/// Deletes the endpoint. One that is not there is success.
///
/// # Errors
/// When it is still there.
pub(super) async fn delete(client: &Client, name: &str, run: &dyn Run, within: Duration) -> Result<(), ProviderError> {
    let mut wait = Wait::new(run, within);
    let summary = || format!("Endpoint \"{name}\" could not be deleted");
    // Before the service has begun to delete it, and after.
    let not_begun = |stopped: Stopped, last: &DescribeEndpointOutput| {
        let why = why_stopped(stopped, last);
        ProviderError::new(summary(), format!("{why} SageMaker was not asked to delete it yet. Run the command again."))
    };
    let under_way = |stopped: Stopped, last: &DescribeEndpointOutput| {
        let why = why_stopped(stopped, last);
        let detail =
            format!("{why} SageMaker goes on deleting it. The same command waits until it is gone, and does the rest.");
        ProviderError::new(format!("Endpoint \"{name}\" is not deleted yet"), detail).still_under_way()
    };
    loop {
        let answer = client.delete_endpoint().endpoint_name(name).send().await;
        match answer.map_err(failed(Service::SageMaker, "DeleteEndpoint")) {
            Ok(_) => break,
            Err(failure) if is_missing(&failure, "endpoint") => return Ok(()),
            // The service deletes nothing that is just changing; a deletion that is under way is what we want.
            Err(failure) if is_in_progress(&failure) => {
                let live = describe(client, name).await.map_err(|failure| failure.into_error(summary()))?;
                let Some(live) = live else { return Ok(()) };
                if live.endpoint_status() == Some(&EndpointStatus::Deleting) {
                    break;
                }
                run.progress(&format!("waiting to be deletable: {}", live.summary()));
                wait.pause().await.map_err(|why| not_begun(why, &live))?;
            }
            Err(failure) => match hosted(client, name, &failure).await {
                Hosted::Leaving => {
                    run.progress("waiting for its inference components to be deleted");
                    if wait.pause().await.is_err() {
                        let detail = "Its inference components are still being deleted, and until they are gone it cannot be \
                                      deleted. Run the command again.";
                        return Err(ProviderError::new(summary(), detail));
                    }
                }
                Hosted::Staying(names) => {
                    let mut error = failure.into_error(summary());
                    error.detail = format!(
                        "{} Delete its inference components first: {}. Those that smform manages are deleted before it when \
                         they refer to it.",
                        error.detail,
                        names.join(", ")
                    );
                    return Err(error);
                }
                Hosted::None => return Err(failure.into_error(summary())),
            },
        }
    }
    let mut deleted: Option<DescribeEndpointOutput> = None;
    loop {
        let live = describe(client, name).await.map_err(|failure| failure.into_error(summary()))?;
        let Some(live) = live else { return Ok(()) };
        if let Some(deleted) = &deleted {
            // Somebody made another one of the name in the meantime.
            if deleted.creation_time() != live.creation_time() {
                return Ok(());
            }
            if live.endpoint_status() == Some(&EndpointStatus::Failed) {
                return Err(unhealthy(summary(), &live, "Its deletion was accepted and then failed."));
            }
        }
        run.progress(&live.summary());
        wait.pause().await.map_err(|why| under_way(why, &live))?;
        // Until it is seen so, it may have the status with which a failed endpoint came to be deleted.
        if live.endpoint_status() == Some(&EndpointStatus::Deleting) {
            deleted = Some(live);
        }
    }
}
