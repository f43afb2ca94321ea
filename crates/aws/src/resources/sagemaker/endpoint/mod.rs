//! `aws_sagemaker_endpoint`.

mod deployment;
mod schema;
mod status;
#[cfg(test)]
mod tests;
mod update;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::operation::describe_endpoint::DescribeEndpointOutput;
use aws_sdk_sagemaker::types::EndpointStatus;
use smform_provider::{
    Context, CreateOutcome, Imported, PlanRequest, PlanResponse, ProviderError, ResourceType, Run, UpdateOutcome,
};
use smform_types::schema::Schema;
use smform_types::{Diagnostic, Diagnostics, Path, Type, Value};

use super::{identified, is_missing, is_taken, tagging};
use crate::clients::Clients;
use crate::failure::{Failure, Service, failed};
use crate::fields::{Builder, Fields, with};
use crate::naming;
use crate::retry::while_passing;
use crate::settle::{fill, settle};
use crate::shared::{carry, import_seed, importable, limit, plan};
use crate::tags;
use crate::waiters::{Wait, in_words};
use status::{Ended, Status, describe, unhealthy, why_stopped};
use update::{CONFIG_PROPAGATION, is_in_progress};

/// How long each operation may take, unless the configuration says otherwise.
const USUAL: Duration = Duration::from_secs(60 * 60);

/// The resource type.
pub(crate) struct Endpoint {
    schema: Schema,
}

impl Endpoint {
    pub(crate) fn new() -> Endpoint {
        Endpoint { schema: schema::schema() }
    }

    /// The described endpoint as an object, in the form of `remembered`.
    fn object(&self, endpoint: &DescribeEndpointOutput, remembered: &Value) -> Value {
        let name = endpoint.endpoint_name();
        let live = Builder::new(&self.schema.block)
            .text("id", name)
            .text("name", name)
            .text("arn", endpoint.endpoint_arn())
            .text("endpoint_config_name", endpoint.endpoint_config_name())
            .blocks("deployment_config", endpoint.last_deployment_config(), deployment::describe)
            .finish();
        // The policy is for the next update; what the service keeps is the policy of the last one. Only an import has
        // nothing better.
        let known = remembered.get("id").is_some_and(|id| !id.is_null());
        let live = match remembered.get("deployment_config").filter(|_| known) {
            Some(policy) => with(live, "deployment_config", policy.clone()),
            None => live,
        };
        let live = carry(live, remembered);
        ["tags", "tags_all"].iter().fold(live, |live, name| match remembered.get(name) {
            Some(tags) => with(live, name, tags.clone()),
            None => live,
        })
    }

    /// The object as it is now; nothing when there is none.
    async fn live(
        &self,
        client: &Client,
        clients: &Clients,
        name: &str,
        remembered: &Value,
    ) -> Result<Option<Value>, Failure> {
        let Some(endpoint) = describe(client, name).await? else { return Ok(None) };
        let live = self.object(&endpoint, remembered);
        let arn = endpoint.endpoint_arn().unwrap_or_default();
        let live = tagging::read(client, &clients.tags, arn, live, remembered).await?;
        Ok(Some(settle(&self.schema.block, remembered, live, &|_, _, _| false)))
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
        let answer = while_passing(run, CONFIG_PROPAGATION, unseen, waiting, || {
            let call = call.clone();
            async move { call.send().await.map_err(failed(Service::SageMaker, "CreateEndpoint")) }
        });
        answer.await.map(|answer| answer.endpoint_arn().unwrap_or_default().to_owned())
    }

    /// Waits for a new endpoint and tells how it went.
    async fn finish(&self, client: &Client, name: &str, begun: Value, cx: &Context<'_, Clients>) -> CreateOutcome {
        let within = limit(&begun, "create", USUAL);
        let ended = status::settle(client, name, cx.run, within, |_| true).await;
        let begun = fill(&begun, &self.schema.block.empty());
        match ended {
            Ended::Settled(endpoint) if endpoint.is_in_service() => CreateOutcome::Complete(begun),
            Ended::Settled(endpoint) => {
                let what = format!("It ended with status {}.", endpoint.status());
                CreateOutcome::Partial(begun, unhealthy(format!("Endpoint \"{name}\" failed"), &endpoint, &what))
            }
            Ended::Stopped(stopped, last) => {
                let why = why_stopped(stopped, &last);
                let detail = format!(
                    "{why} Its creation goes on in AWS, and it is recorded as tainted. When it is in service, \"smform \
                     untaint\" keeps it as it is; otherwise the next apply replaces it."
                );
                CreateOutcome::Partial(
                    begun,
                    ProviderError::new(format!("Endpoint \"{name}\" is not in service yet"), detail),
                )
            }
            Ended::Gone => CreateOutcome::Failed(ProviderError::new(
                format!("Endpoint \"{name}\" is gone"),
                "It was deleted while it was being created. Apply again.",
            )),
            Ended::Unknown(failure) => {
                let summary = format!("It is not known whether endpoint \"{name}\" is in service");
                CreateOutcome::Partial(begun, failure.into_error(summary))
            }
        }
    }
}

/// An endpoint of the name exists that is not in this state.
fn taken(name: &str, endpoint: &DescribeEndpointOutput) -> ProviderError {
    let summary = format!("Endpoint \"{name}\" already exists");
    let at = Path::attribute("name");
    if endpoint.endpoint_status() == Some(&EndpointStatus::Failed) {
        let what = "An endpoint of this name exists with status Failed, and is not in this state. It can only be \
                    deleted: \"aws sagemaker delete-endpoint\", then apply again; or import it and apply with \
                    -replace=ADDRESS.";
        return unhealthy(summary, endpoint, what).of_attribute(at);
    }
    ProviderError::new(
        summary,
        format!(
            "It has status {} and serves configuration \"{}\", and is not in this state. Import it with \"smform import \
             ADDRESS {name}\", delete it, or choose another name.",
            endpoint.status(),
            endpoint.live_config()
        ),
    )
    .of_attribute(at)
}

#[async_trait]
impl ResourceType<Clients> for Endpoint {
    fn name(&self) -> &'static str {
        "aws_sagemaker_endpoint"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut found = deployment::check(Fields(config));
        found.extend(tags::check(config));
        found
    }

    async fn plan(
        &self,
        schema: &Schema,
        request: PlanRequest,
        cx: &Context<'_, Clients>,
    ) -> Result<PlanResponse, Diagnostics> {
        let (prior, config) = (request.prior.clone(), request.config.clone());
        let mut response =
            plan(schema, request, cx.clients, &|path, prior, wanted| self.equivalent(path, prior, wanted));
        let Some(prior) = prior else {
            response.planned = identified(&config, response.planned);
            return Ok(response);
        };
        let changed = |name: &str| match (prior.get(name), response.planned.get(name)) {
            (Some(before), Some(after)) => !before.same_known(after),
            _ => false,
        };
        let moved = changed("endpoint_config_name");
        if changed("deployment_config") && !moved && response.replace.is_empty() {
            let detail = "SageMaker has no call for a deployment policy alone. It is recorded, and used by the next \
                          update to another endpoint configuration.";
            response.diagnostics.push(
                Diagnostic::warning("The deployment policy takes effect with the next update", detail)
                    .of_attribute(Path::attribute("deployment_config")),
            );
        }
        let client = cx.clients.sagemaker(cx.clients.region_of(&prior));
        let name = Fields(&prior).text("id").unwrap_or_default();
        if let Ok(Some(endpoint)) = describe(&client, name).await {
            note_status(&endpoint, moved, &mut response);
        }
        Ok(response)
    }

    async fn read(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<Option<Value>, ProviderError> {
        let client = cx.clients.sagemaker(cx.clients.region_of(prior));
        let name = Fields(prior).text("id").unwrap_or_default();
        let live = self.live(&client, cx.clients, name, prior).await;
        live.map_err(|failure| failure.into_error(format!("Endpoint \"{name}\" could not be read")))
    }

    async fn create(&self, planned: &Value, cx: &Context<'_, Clients>) -> CreateOutcome {
        let client = cx.clients.sagemaker(cx.clients.region_of(planned));
        let name = naming::choose(planned, cx.run.clock().now());
        let refuse = |failure: Failure| {
            CreateOutcome::Failed(failure.into_error(format!("Endpoint \"{name}\" could not be created")))
        };
        if Fields(planned).text("name").is_some() {
            // A call that is repeated after a lost answer is told that the name is taken. To know then whose the
            // endpoint is, look before.
            match describe(&client, &name).await {
                Ok(Some(endpoint)) => return CreateOutcome::Failed(taken(&name, &endpoint)),
                Err(failure) if !failure.is_denied() => return refuse(failure),
                _ => {}
            }
        }
        if let Err(error) = cx.run.intend(&importable(&name, planned, cx.clients)).await {
            return CreateOutcome::Failed(error);
        }
        let arn = match Self::ask(&client, &name, planned, cx.run).await {
            Ok(arn) => arn,
            Err(failure) if is_taken(&failure) => match describe(&client, &name).await {
                Ok(Some(endpoint)) if is_ours(&endpoint, planned) => {
                    endpoint.endpoint_arn().unwrap_or_default().to_owned()
                }
                Ok(Some(endpoint)) => return CreateOutcome::Failed(taken(&name, &endpoint)),
                _ => return refuse(failure),
            },
            Err(failure) => return refuse(failure),
        };
        let begun = with(with(planned.clone(), "id", Value::string(&name)), "name", Value::string(&name));
        let begun = with(begun, "arn", Value::string(arn));
        if let Err(error) = cx.run.created(&begun).await {
            return CreateOutcome::Partial(begun, error);
        }
        self.finish(&client, &name, begun, cx).await
    }

    async fn update(&self, prior: &Value, planned: &Value, cx: &Context<'_, Clients>) -> UpdateOutcome {
        let client = cx.clients.sagemaker(cx.clients.region_of(prior));
        let (before, after) = (Fields(prior), Fields(planned));
        let name = before.text("id").unwrap_or_default();
        let changed = before.text("endpoint_config_name") != after.text("endpoint_config_name");
        if changed {
            let within = limit(planned, "update", deployment::patience(after, USUAL));
            if let Err(failed) = update::roll_out(&client, name, planned, cx.run, within).await {
                return match failed.live {
                    // What is not told is as it was.
                    Some(live) if live.is_empty() => UpdateOutcome::Partial(prior.clone(), failed.error),
                    Some(live) => {
                        let now = with(prior.clone(), "endpoint_config_name", Value::string(live));
                        UpdateOutcome::Partial(now, failed.error)
                    }
                    None => UpdateOutcome::Failed(failed.error),
                };
            }
        }
        let arn = before.text("arn").unwrap_or_default();
        let now = fill(planned, prior);
        match tagging::update(&client, arn, prior, planned).await {
            Ok(()) => UpdateOutcome::Complete(now),
            Err(failure) => {
                let error = failure.into_error(format!("The tags of {arn} could not be changed"));
                if !changed {
                    return UpdateOutcome::Failed(error);
                }
                let old = ["tags", "tags_all"].iter().fold(now, |now, name| match prior.get(name) {
                    Some(tags) => with(now, name, tags.clone()),
                    None => with(now, name, Value::null(Type::map(Type::String))),
                });
                UpdateOutcome::Partial(old, error)
            }
        }
    }

    async fn delete(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<(), ProviderError> {
        let client = cx.clients.sagemaker(cx.clients.region_of(prior));
        let name = Fields(prior).text("id").unwrap_or_default();
        let within = limit(prior, "delete", USUAL);
        let mut wait = Wait::new(cx.run, within);
        let summary = || format!("Endpoint \"{name}\" could not be deleted");
        let stopped = |last: &str| {
            let detail = format!(
                "The wait ended before it was gone, after at most {}; its last status was {last}. Run destroy again to \
                 go on.",
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
                    let live = describe(&client, name).await.map_err(|failure| failure.into_error(summary()))?;
                    let Some(live) = live else { return Ok(()) };
                    if live.endpoint_status() == Some(&EndpointStatus::Deleting) {
                        break;
                    }
                    cx.run.progress(&format!("waiting to be deletable: {}", live.summary()));
                    wait.pause().await.map_err(|_| stopped(live.status()))?;
                }
                Err(failure) => return Err(failure.into_error(summary())),
            }
        }
        let mut was_deleting = false;
        loop {
            let live = describe(&client, name).await.map_err(|failure| failure.into_error(summary()))?;
            let Some(live) = live else { return Ok(()) };
            cx.run.progress(&live.summary());
            was_deleting |= live.endpoint_status() == Some(&EndpointStatus::Deleting);
            // Before that, it is the status with which a failed endpoint came to be deleted.
            if was_deleting && live.endpoint_status() == Some(&EndpointStatus::Failed) {
                return Err(unhealthy(summary(), &live, "Its deletion was accepted and then failed."));
            }
            wait.pause().await.map_err(|_| stopped(live.status()))?;
        }
    }

    async fn import(&self, identifier: &str, cx: &Context<'_, Clients>) -> Result<Option<Imported>, ProviderError> {
        let (name, seed) = import_seed(&self.schema, identifier, cx.clients);
        let client = cx.clients.sagemaker(cx.clients.region_of(&seed));
        let live = self.live(&client, cx.clients, name, &seed).await;
        let live = live.map_err(|failure| failure.into_error(format!("Endpoint \"{name}\" could not be read")))?;
        Ok(live.map(|value| Imported { value }))
    }
}

/// Whether an endpoint whose name is taken is the one that was just asked for, by a call whose answer was lost. That
/// there was none of the name right before is known.
fn is_ours(endpoint: &DescribeEndpointOutput, planned: &Value) -> bool {
    Some(endpoint.live_config()) == Fields(planned).text("endpoint_config_name")
}

/// Says what the state of the endpoint means for the plan.
fn note_status(endpoint: &DescribeEndpointOutput, moved: bool, response: &mut PlanResponse) {
    let name = endpoint.endpoint_name().unwrap_or_default();
    if endpoint.is_busy() {
        let detail = format!("Its status is {}. A change waits until that has ended.", endpoint.summary());
        response.diagnostics.push(Diagnostic::warning(format!("Endpoint \"{name}\" is changing right now"), detail));
        return;
    }
    if endpoint.is_in_service() {
        return;
    }
    let failed = endpoint.endpoint_status() == Some(&EndpointStatus::Failed);
    let mut what = format!("Its status is {}.", endpoint.status());
    if failed && moved {
        what.push_str(" A failed endpoint cannot be updated, so it is replaced.");
        response.replace.push(Path::attribute("endpoint_config_name"));
    } else if failed {
        what.push_str(" A failed endpoint can only be replaced: plan with -replace=ADDRESS.");
    }
    let error = unhealthy(format!("Endpoint \"{name}\" does not serve"), endpoint, &what);
    response.diagnostics.push(Diagnostic::warning(error.summary, error.detail));
}
