//! Creating an endpoint: a failed one of the same name gives way, a role that is not visible yet is tried again, and
//! the wait ends with what became of it.

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::operation::describe_endpoint::DescribeEndpointOutput;
use smform_provider::{Context, CreateOutcome, PlanResponse, PlannedObject, ProviderError, ResourceType, Run};
use smform_types::schema::Schema;
use smform_types::{Diagnostic, Diagnostics, Path, Value};

use super::super::{PROPAGATION, is_missing, is_taken, shown, tagging};
use super::status::{Ended, Status, describe, is_failed, is_leaving, settle, unhealthy, unhealthy_after, why_stopped};
use super::{USUAL, capacity, delete, deployment};
use crate::clients::Clients;
use crate::failure::{Failure, Service, failed};
use crate::fields::{Fields, with};
use crate::naming;
use crate::retry::while_passing;
use crate::settle::closed;
use crate::shared::{importable, limit};
use crate::taken;

/// How often an endpoint that failed only because its role was not visible yet is made again.
const ROLE_ATTEMPTS: u32 = 2;

/// Whether an endpoint gives way to a new one of its name: it has failed, or is going already.
fn gives_way(endpoint: &DescribeEndpointOutput) -> bool {
    is_failed(endpoint) || is_leaving(endpoint)
}

/// Says at plan time that an endpoint of the name will give way.
pub(super) async fn note_taken(client: &Client, response: &mut PlanResponse) {
    let Some(name) = Fields(&response.planned).text("name") else { return };
    let Ok(Some(endpoint)) = describe(client, name).await else { return };
    let warning = if is_failed(&endpoint) {
        let what = "It serves nothing and cannot be repaired, so it is deleted, and created anew.";
        let error = unhealthy(format!("A failed endpoint \"{name}\" exists"), &endpoint, what);
        Diagnostic::warning(error.summary, error.detail)
    } else if is_leaving(&endpoint) {
        let detail = "Whoever began that, it serves no more. The apply waits until it is gone, and makes a new one.";
        Diagnostic::warning(format!("Endpoint \"{name}\" is being deleted"), detail)
    } else {
        return;
    };
    response.diagnostics.push(warning.of_attribute(Path::attribute("name")));
}

/// Refuses a name that an endpoint has which does not give way.
pub(super) async fn check_taken(
    of: &dyn ResourceType<Clients>,
    object: &PlannedObject,
    plan: &[PlannedObject],
    cx: &Context<'_, Clients>,
) -> Diagnostics {
    let Some(after) = &object.after else { return Diagnostics::new() };
    let client = cx.clients.sagemaker(cx.clients.region_of(after));
    let holder = |name: String| async move {
        let found = describe(&client, &name).await?.filter(|found| !gives_way(found));
        Ok(found.and_then(|found| found.endpoint_name().map(str::to_owned)))
    };
    taken::check(of, "Endpoint", object, plan, cx, holder).await
}

/// Creates the endpoint that is planned.
pub(super) async fn create(schema: &Schema, planned: &Value, cx: &Context<'_, Clients>) -> CreateOutcome {
    let client = cx.clients.sagemaker(cx.clients.region_of(planned));
    let name = naming::choose(planned, cx.run.clock().now());
    let refuse = |failure: Failure| {
        let is_lacking = is_missing(&failure, "endpoint configuration");
        let mut error = failure.into_error(format!("Endpoint \"{name}\" could not be created"));
        error.attribute = is_lacking.then(|| Path::attribute("endpoint_config_name"));
        CreateOutcome::Failed(error)
    };
    if Fields(planned).text("name").is_some() {
        // A call that is repeated after a lost answer is told that the name is taken. To know then whose the endpoint
        // is, look before.
        match describe(&client, &name).await {
            Ok(Some(endpoint)) if gives_way(&endpoint) => {
                cx.run.progress("waiting until the former endpoint of this name is gone");
                let within = limit(planned, "delete", USUAL);
                if let Err(error) = delete::delete(&client, &name, cx.run, within).await {
                    return CreateOutcome::Failed(error);
                }
            }
            Ok(Some(endpoint)) => return CreateOutcome::Failed(exists(&name, &endpoint)),
            Err(failure) if !failure.is_denied() => return refuse(failure),
            _ => {}
        }
    }
    if let Err(error) = cx.run.intend(&importable(&name, planned, cx.clients)).await {
        return CreateOutcome::Failed(error);
    }
    let mut attempts = 0;
    loop {
        let arn = match ask(&client, &name, planned, cx.run).await {
            Ok(arn) => arn,
            Err(failure) if is_taken(&failure) => match describe(&client, &name).await {
                Ok(Some(endpoint)) if failure.may_be_ours() && is_ours(&endpoint, planned) => {
                    endpoint.endpoint_arn().unwrap_or_default().to_owned()
                }
                Ok(Some(endpoint)) => return CreateOutcome::Failed(exists(&name, &endpoint)),
                _ => return refuse(failure),
            },
            Err(failure) => return refuse(failure),
        };
        let begun = with(with(planned.clone(), "id", Value::string(&name)), "name", Value::string(&name));
        let begun = with(begun, "arn", Value::string(arn));
        if let Err(error) = cx.run.created(&begun).await {
            return CreateOutcome::Partial(begun, error);
        }
        let _ = shown(cx.run, || describe(&client, &name)).await;
        let ended = settle(&client, &name, cx.run, limit(&begun, "create", USUAL), |_, _| true).await;
        if let Ended::Settled(endpoint, _) = &ended
            && attempts < ROLE_ATTEMPTS
            && lacks_role(endpoint)
        {
            attempts += 1;
            cx.run.progress("the role was not visible to SageMaker yet; creating the endpoint again");
            let within = limit(planned, "delete", USUAL);
            match delete::delete(&client, &name, cx.run, within).await {
                Ok(()) => continue,
                Err(error) => return CreateOutcome::Partial(closed(&schema.block, &begun), error),
            }
        }
        return finish(&client, &name, closed(&schema.block, &begun), ended, cx).await;
    }
}

/// Whether an endpoint failed because its role does not exist, or does not trust the service. With a role that was just
/// made, that passes.
fn lacks_role(endpoint: &DescribeEndpointOutput) -> bool {
    let reason = endpoint.failure_reason().unwrap_or_default();
    is_failed(endpoint) && reason.starts_with("The execution role ARN") && reason.contains("sts:AssumeRole")
}

/// Asks for the endpoint. Answers with its ARN.
async fn ask(client: &Client, name: &str, planned: &Value, run: &dyn Run) -> Result<String, Failure> {
    let fields = Fields(planned);
    let call = client
        .create_endpoint()
        .endpoint_name(name)
        .set_endpoint_config_name(fields.owned("endpoint_config_name"))
        .set_deployment_config(deployment::config(fields))
        .set_tags(tagging::for_create(planned));
    let unseen = |failure: &Failure| is_missing(failure, "endpoint configuration");
    let waiting = "waiting for the configuration to become visible";
    let answer = while_passing(run, PROPAGATION, unseen, waiting, || {
        let call = call.clone();
        async move { call.send().await.map_err(failed(Service::SageMaker, "CreateEndpoint")) }
    });
    answer.await.map(|answer| answer.endpoint_arn().unwrap_or_default().to_owned())
}

/// Tells how a creation went, after giving a new endpoint the weights and counts that are wanted.
async fn finish(client: &Client, name: &str, begun: Value, ended: Ended, cx: &Context<'_, Clients>) -> CreateOutcome {
    match ended {
        Ended::Settled(endpoint, _) if endpoint.is_in_service() => {
            let within = limit(&begun, "create", USUAL);
            match capacity::bring(client, name, &capacity::wishes(&begun), cx.run, within).await {
                Ok(()) => CreateOutcome::Complete(begun),
                Err(error) if error.under_way => CreateOutcome::Partial(begun, error),
                Err(mut error) => {
                    error.detail.push_str(
                        "\n\nThe endpoint itself is in service, but recorded as tainted. \"smform untaint\" keeps it; \
                         the next apply then changes weights and counts in place.",
                    );
                    CreateOutcome::Partial(begun, error)
                }
            }
        }
        Ended::Settled(endpoint, doing) => {
            let what = format!("It ended with status {}.", endpoint.status());
            let summary = format!("Endpoint \"{name}\" failed");
            CreateOutcome::Partial(begun, unhealthy_after(summary, &endpoint, &what, doing))
        }
        Ended::Stopped(stopped, last) => {
            let why = why_stopped(stopped, &last);
            let detail = format!("{why} Its creation goes on in AWS. The next run goes on waiting for it.");
            let error = ProviderError::new(format!("Endpoint \"{name}\" is not in service yet"), detail);
            CreateOutcome::Partial(begun, error.still_under_way())
        }
        Ended::Gone => CreateOutcome::Failed(ProviderError::new(
            format!("Endpoint \"{name}\" is gone"),
            "It was deleted while it was being created. Apply again.",
        )),
        Ended::Unknown(failure) => {
            let summary = format!("It is not known whether endpoint \"{name}\" is in service");
            CreateOutcome::Partial(begun, failure.into_error(summary).still_under_way())
        }
    }
}

/// An endpoint of the name exists.
fn exists(name: &str, endpoint: &DescribeEndpointOutput) -> ProviderError {
    ProviderError::new(
        format!("Endpoint \"{name}\" already exists"),
        format!(
            "It has status {} and serves configuration \"{}\". If it is not in this state, import it with \"smform import \
             ADDRESS {name}\", delete it, or choose another name. If it is, two blocks have the same name.",
            endpoint.status(),
            endpoint.live_config()
        ),
    )
    .of_attribute(Path::attribute("name"))
}

/// Whether an endpoint whose name is taken is the one that was just asked for, by a call whose answer was lost. That
/// there was none of the name right before is known.
fn is_ours(endpoint: &DescribeEndpointOutput, planned: &Value) -> bool {
    Some(endpoint.live_config()) == Fields(planned).text("endpoint_config_name")
}
