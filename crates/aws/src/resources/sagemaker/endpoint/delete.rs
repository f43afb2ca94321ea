//! Deleting an endpoint, and waiting until the service no longer knows it.

use std::time::Duration;

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::types::EndpointStatus;
use smform_provider::{ProviderError, Run};

use super::super::is_missing;
use super::status::{Status, describe, unhealthy};
use super::update::is_in_progress;
use crate::failure::{Service, failed};
use crate::waiters::{Wait, in_words};

/// Deletes the endpoint. One that is not there is success.
///
/// # Errors
/// When it is still there.
pub(super) async fn delete(client: &Client, name: &str, run: &dyn Run, within: Duration) -> Result<(), ProviderError> {
    let mut wait = Wait::new(run, within);
    let summary = || format!("Endpoint \"{name}\" could not be deleted");
    let stopped = |last: &str| {
        let detail = format!(
            "The wait ended before it was gone, after at most {}; its last status was {last}. Run destroy again to go \
             on.",
            in_words(within)
        );
        ProviderError::new(summary(), detail)
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
                wait.pause().await.map_err(|_| stopped(live.status()))?;
            }
            Err(failure) => return Err(failure.into_error(summary())),
        }
    }
    let mut was_deleting = false;
    loop {
        let live = describe(client, name).await.map_err(|failure| failure.into_error(summary()))?;
        let Some(live) = live else { return Ok(()) };
        run.progress(&live.summary());
        was_deleting |= live.endpoint_status() == Some(&EndpointStatus::Deleting);
        // Before that, it is the status with which a failed endpoint came to be deleted.
        if was_deleting && live.endpoint_status() == Some(&EndpointStatus::Failed) {
            return Err(unhealthy(summary(), &live, "Its deletion was accepted and then failed."));
        }
        wait.pause().await.map_err(|_| stopped(live.status()))?;
    }
}
