//! What a described endpoint says about its state, and waiting for it to settle.

use std::time::Duration;

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::operation::describe_endpoint::DescribeEndpointOutput;
use aws_sdk_sagemaker::types::EndpointStatus;
use smform_provider::{ProviderError, Run};

use super::super::found;
use crate::failure::{Failure, Service, failed, sentence};
use crate::waiters::{Stopped, Wait};

/// The endpoint as the service describes it; nothing when there is none.
pub(in crate::resources) async fn describe(
    client: &Client,
    name: &str,
) -> Result<Option<DescribeEndpointOutput>, Failure> {
    let answer = client.describe_endpoint().endpoint_name(name).send().await;
    found(answer.map_err(failed(Service::SageMaker, "DescribeEndpoint")), "endpoint")
}

/// Whether the endpoint has failed for good: it can only be deleted.
pub(super) fn is_failed(endpoint: &DescribeEndpointOutput) -> bool {
    endpoint.endpoint_status() == Some(&EndpointStatus::Failed)
}

/// Whether the endpoint is on its way out.
pub(super) fn is_leaving(endpoint: &DescribeEndpointOutput) -> bool {
    endpoint.endpoint_status() == Some(&EndpointStatus::Deleting)
}

/// What a described endpoint says.
pub(super) trait Status {
    /// The status, as the service writes it.
    fn status(&self) -> &str;
    /// Whether the status will change by itself.
    fn is_busy(&self) -> bool;
    /// Whether it serves.
    fn is_in_service(&self) -> bool;
    /// The configuration that is live.
    fn live_config(&self) -> &str;
    /// The configuration that is being rolled out.
    fn pending_config(&self) -> Option<&str>;
    /// The status and what the variants are doing, for progress displays and messages.
    fn summary(&self) -> String;
}

impl Status for DescribeEndpointOutput {
    fn status(&self) -> &str {
        self.endpoint_status().map_or("", EndpointStatus::as_str)
    }

    fn is_busy(&self) -> bool {
        matches!(
            self.endpoint_status(),
            Some(
                EndpointStatus::Creating
                    | EndpointStatus::Updating
                    | EndpointStatus::SystemUpdating
                    | EndpointStatus::RollingBack
            )
        )
    }

    fn is_in_service(&self) -> bool {
        matches!(self.endpoint_status(), Some(EndpointStatus::InService))
    }

    fn live_config(&self) -> &str {
        self.endpoint_config_name().unwrap_or_default()
    }

    fn pending_config(&self) -> Option<&str> {
        self.pending_deployment_summary().and_then(|pending| pending.endpoint_config_name())
    }

    fn summary(&self) -> String {
        let pending = self.pending_deployment_summary().into_iter().flat_map(|pending| {
            pending.production_variants().iter().map(|variant| (variant.variant_name(), variant.variant_status()))
        });
        let live = self.production_variants().iter().map(|variant| (variant.variant_name(), variant.variant_status()));
        let mut doing: Vec<String> = Vec::new();
        for (name, statuses) in pending.chain(live) {
            for status in statuses {
                let what = status.status_message().or_else(|| status.status().map(|status| status.as_str()));
                let text = format!("{}: {}", name.unwrap_or_default(), what.unwrap_or_default().trim_end_matches('.'));
                if !doing.contains(&text) {
                    doing.push(text);
                }
            }
        }
        if doing.is_empty() { self.status().to_owned() } else { format!("{} ({})", self.status(), doing.join("; ")) }
    }
}

/// What an endpoint does whose update and then its rollback have failed.
pub(super) const MIXTURE: &str = "An update failed, and so did its rollback: it goes on serving, with instances of the old \
    and of the new configuration beside each other. An update to another configuration brings it out of that; so does \
    -replace=ADDRESS, which interrupts its service.";

/// How waiting ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// The endpoint will not change by itself any more; and what it was doing when it last did.
    Settled(Box<DescribeEndpointOutput>, Option<String>),
    /// There is no endpoint.
    Gone,
    /// The wait was given up; the last that was seen.
    Stopped(Stopped, Box<DescribeEndpointOutput>),
    /// The service does not tell.
    Unknown(Failure),
}

/// Waits until the endpoint has settled, as `settled` judges a description that is not busy, knowing whether one before
/// was.
pub(super) async fn settle(
    client: &Client,
    name: &str,
    run: &dyn Run,
    limit: Duration,
    settled: impl Fn(&DescribeEndpointOutput, bool) -> bool + Send,
) -> Ended {
    let mut wait = Wait::new(run, limit);
    let mut doing = None;
    loop {
        let endpoint = match describe(client, name).await {
            Ok(Some(endpoint)) => Box::new(endpoint),
            Ok(None) => return Ended::Gone,
            Err(failure) => return Ended::Unknown(failure),
        };
        run.progress(&endpoint.summary());
        if !endpoint.is_busy() && settled(&endpoint, doing.is_some()) {
            return Ended::Settled(endpoint, doing);
        }
        if endpoint.is_busy() {
            doing = Some(endpoint.summary());
        }
        if let Err(stopped) = wait.pause().await {
            return Ended::Stopped(stopped, endpoint);
        }
    }
}

/// Why the wait for an endpoint ended early, as a sentence.
pub(super) fn why_stopped(stopped: Stopped, last: &DescribeEndpointOutput) -> String {
    format!("{} Its last status was {}.", stopped.sentence(), last.summary())
}

/// What each variant of the live fleet has, such as `MyVariant: 1 of 2 instances, weight 1`; nothing without a fleet.
fn fleet(endpoint: &DescribeEndpointOutput) -> String {
    let variants = endpoint.production_variants().iter().chain(endpoint.shadow_production_variants());
    let lines: Vec<String> = variants
        .map(|variant| {
            let mut parts = Vec::new();
            match (variant.current_instance_count(), variant.desired_instance_count()) {
                (Some(current), Some(desired)) => parts.push(format!("{current} of {desired} instances")),
                (Some(count), None) | (None, Some(count)) => parts.push(format!("{count} instances")),
                (None, None) => {}
            }
            parts.extend(variant.current_weight().map(|weight| format!("weight {weight}")));
            format!("{}: {}", variant.variant_name().unwrap_or_default(), parts.join(", "))
        })
        .collect();
    if lines.is_empty() { String::new() } else { format!(" Variants: {}.", lines.join("; ")) }
}

/// The same, with what the endpoint was doing before it came to this.
pub(super) fn unhealthy_after(
    summary: String,
    endpoint: &DescribeEndpointOutput,
    what: &str,
    doing: Option<String>,
) -> ProviderError {
    let mut error = unhealthy(summary, endpoint, what);
    if let Some(doing) = doing {
        error.detail.push_str(&format!(" Last seen before: {doing}."));
    }
    error
}

/// An error about an endpoint that did not become what was wanted: the service's reason, what it usually means, what
/// each variant has, and where the logs are.
pub(super) fn unhealthy(summary: String, endpoint: &DescribeEndpointOutput, what: &str) -> ProviderError {
    let name = endpoint.endpoint_name().unwrap_or_default();
    let reason = endpoint.failure_reason().map(str::trim).filter(|reason| !reason.is_empty());
    let said = match reason {
        Some(reason) => format!("SageMaker says: {}", sentence(reason)),
        None => "SageMaker gives no reason.".to_owned(),
    };
    let status = endpoint.summary();
    let hint = hint(reason.unwrap_or_default());
    ProviderError::new(
        summary,
        format!(
            "{what} {said}\n\n{hint}\n\nStatus: {status}.{} Logs: CloudWatch log group \
             /aws/sagemaker/Endpoints/{name}.",
            fleet(endpoint)
        ),
    )
}

/// What a failure reason usually means, and what to look at.
fn hint(reason: &str) -> &'static str {
    let hints = [
        (
            "did not pass the ping health check",
            "The container started but did not answer GET /ping with status 200 on port 8080 in time. Look at its logs \
             for a crash or a slow start (container_startup_health_check_timeout_in_seconds allows up to an hour), and \
             check that the image is built for the architecture of the instance type.",
        ),
        (
            "images included in the model",
            "The image could not be pulled. Check that its tag or digest exists in the registry, that the model's \
             security groups and subnets reach the registry on its port, that the registry's certificate is of a public \
             authority, and, if the registry asks for credentials, that the credentials function can be invoked from \
             the VPC.",
        ),
        (
            "sts:AssumeRole",
            "SageMaker cannot take on the execution role. Check that the role exists and that its trust policy names \
             sagemaker.amazonaws.com.",
        ),
        (
            "Failed to download model data",
            "The model data could not be read. Check that the object exists, that the execution role has s3:GetObject \
             on it, and that the VPC has a way to S3: a gateway endpoint on the subnets' route table, or NAT.",
        ),
        (
            "at least 2 availability zone",
            "The subnets do not cover two availability zones that offer the instance type. Add subnets of other zones, \
             or choose another instance type.",
        ),
        (
            "nsufficientInstanceCapacity",
            "AWS has no such instance free at the moment. Try again later, add subnets of other zones, or choose \
             another instance type.",
        ),
        (
            "Unable to provision requested ML compute capacity",
            "AWS has no such instance free at the moment. Try again later, add subnets of other zones, or choose \
             another instance type.",
        ),
        ("Request to service failed", "This is a fault on the side of the service, which usually passes. Apply again."),
    ];
    hints.iter().find(|(text, _)| reason.contains(text)).map_or(
        "Look at the logs of the containers, at CloudWatch alarms of the deployment policy, and at the network path to \
         the registry and to S3.",
        |(_, hint)| hint,
    )
}
