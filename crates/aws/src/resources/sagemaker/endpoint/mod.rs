//! `aws_sagemaker_endpoint`.

mod alarms;
mod capacity;
mod components;
mod create;
mod dangling;
mod delete;
mod deployment;
mod fleet;
mod mixture;
pub(in crate::resources) mod planned;
mod quotas;
mod retention;
mod scaled;
mod schema;
mod sizes;
mod status;
#[cfg(test)]
mod tests;
mod update;
pub(in crate::resources) mod variants;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::operation::describe_endpoint::DescribeEndpointOutput;
use aws_sdk_sagemaker::types::EndpointStatus;
use smform_provider::{
    Context, CreateOutcome, Former, Imported, PlanRequest, PlanResponse, PlannedObject, ProviderError, ReplaceOrder,
    ResourceType, Run, SameName, UniqueName, UpdateOutcome, Use, Whole,
};
use smform_types::schema::Schema;
use smform_types::{Diagnostic, Diagnostics, Path, Value};

use super::referred::{self, Kind, Reference};
use super::{endpoint_configuration, identified, same_weight, tagging};
use crate::clients::Clients;
use crate::failure::Failure;
use crate::fields::{Builder, Fields, with};
use crate::names::next;
use crate::settle::{fill, settle};
use crate::shared::{carry, import_seed, limit, plan};
use crate::tags;
use crate::taken::{in_any_case, unique};
pub(in crate::resources) use status::describe;
use status::{Ended, Status, is_failed, unhealthy, why_stopped};

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
            .blocks("deployment_config", endpoint.last_deployment_config(), deployment::describe);
        let live = capacity::describe(live, endpoint, remembered).finish();
        // The policy is for the next update; what the service keeps is the policy of the last one. Only an import has
        // nothing better.
        let known = remembered.get("id").is_some_and(|id| !id.is_null());
        let live = match remembered.get("deployment_config").filter(|_| known) {
            Some(policy) => with(live, "deployment_config", policy.clone()),
            None => live,
        };
        let live = carry(live, remembered);
        let of_updates = [
            "retain_all_variant_properties",
            "exclude_retained_variant_properties",
            "retain_deployment_config",
            "tags",
            "tags_all",
        ];
        members_of(live, remembered, &of_updates)
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
        Ok(Some(settle(&self.schema.block, remembered, live, &same_weight)))
    }

    /// Refuses weights and counts of variants that the configuration does not have, as far as it is known already.
    async fn check_variants(&self, client: &Client, response: &mut PlanResponse) -> Result<(), Diagnostics> {
        let wishes = capacity::wishes(&response.planned);
        let Some(config) = Fields(&response.planned).text("endpoint_config_name").filter(|_| !wishes.is_empty()) else {
            return Ok(());
        };
        let Ok(Some(found)) = endpoint_configuration::describe(client, config).await else { return Ok(()) };
        let variants = found.production_variants().iter().chain(found.shadow_production_variants());
        let names = variants.filter_map(|variant| variant.variant_name());
        let mut wrong = capacity::check_variants(&wishes, config, names);
        let mut production = found.production_variants().iter().filter_map(|variant| variant.variant_name()).peekable();
        if production.peek().is_some() && capacity::silences(&wishes, production) {
            let detail = "The desired_weight of every production variant is 0. Give at least one a weight above 0.";
            let warning = Diagnostic::warning("No variant gets traffic", detail);
            wrong.push(warning.of_attribute(Path::attribute(capacity::BLOCK)));
        }
        let ((), warnings) = wrong.into_result(())?;
        response.diagnostics.extend(warnings);
        Ok(())
    }
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
        found.extend(capacity::check(Fields(config)));
        found.extend(retention::check(Fields(config)));
        found.extend(tags::check(config));
        found
    }

    fn equivalent(&self, path: &Path, prior: &Value, wanted: &Value) -> bool {
        prior == wanted || same_weight(path, prior, wanted)
    }

    async fn plan(
        &self,
        schema: &Schema,
        request: PlanRequest,
        cx: &Context<'_, Clients>,
    ) -> Result<PlanResponse, Diagnostics> {
        let (prior, former, config) = (request.prior.clone(), request.former.clone(), request.config.clone());
        let mut response =
            plan(schema, request, cx.clients, &|path, prior, wanted| self.equivalent(path, prior, wanted));
        let client = cx.clients.sagemaker(cx.clients.region_of(&response.planned));
        let Some(prior) = prior else {
            response.planned = identified(&config, response.planned);
            response.order = order(&client, &former, &config).await;
            create::note_taken(&client, &mut response).await;
            self.check_variants(&client, &mut response).await?;
            return Ok(response);
        };
        let planned = response.planned.clone();
        let changed = |name: &str| match (prior.get(name), planned.get(name)) {
            (Some(before), Some(after)) => !before.same_known(after),
            _ => false,
        };
        let moved = changed("endpoint_config_name");
        // As a value of the record, false is as good as none. Of an update, it asks that nothing is kept.
        let all = "retain_all_variant_properties";
        if let Some(none) = config.get(all).filter(|_| moved && Fields(&config).flag(all) == Some(false)) {
            response.planned = with(response.planned, all, none.clone());
        }
        if changed("deployment_config") && !moved && response.replace.is_empty() {
            let detail = "SageMaker has no call for a deployment policy alone. It is recorded, and used by the next \
                          update to another endpoint configuration.";
            response.diagnostics.push(
                Diagnostic::warning("The deployment policy takes effect with the next update", detail)
                    .of_attribute(Path::attribute("deployment_config")),
            );
        }
        let name = Fields(&prior).text("id").unwrap_or_default();
        if let Ok(Some(endpoint)) = describe(&client, name).await {
            let wanted = Fields(&response.planned).text("endpoint_config_name");
            response.moving = overtaking(&endpoint, Fields(&prior), Fields(&response.planned));
            match wanted.filter(|_| !moved).and_then(|wanted| strays(&endpoint, wanted)) {
                Some(elsewhere) => {
                    response.unsettled = true;
                    let warning = returns(&endpoint, &elsewhere);
                    response.diagnostics.push(warning.of_attribute(Path::attribute("endpoint_config_name")));
                }
                None => {
                    let left = capacity::left(cx.run.owed().as_deref(), &response.planned, &endpoint);
                    if let Some(left) = left.filter(|_| !moved && response.replace.is_empty()) {
                        response.unsettled = true;
                        response.diagnostics.push(left);
                    }
                    if wanted != Some(endpoint.live_config()) && response.replace.is_empty() {
                        response.diagnostics.extend(failed_before(&endpoint));
                    }
                    note_status(&endpoint, &mut response);
                }
            }
        }
        if moved && response.replace.is_empty() {
            response.diagnostics.extend(alarms::check(&response.planned, cx.clients).await);
        }
        self.check_variants(&client, &mut response).await?;
        Ok(response)
    }

    fn unique_name(&self, object: &Value) -> Option<UniqueName> {
        unique(object, "name", &["region"]).map(in_any_case)
    }

    async fn moving(&self, prior: &Value, planned: &Value, cx: &Context<'_, Clients>) -> Option<String> {
        let client = cx.clients.sagemaker(cx.clients.region_of(prior));
        let live = describe(&client, Fields(prior).text("id").unwrap_or_default()).await.ok()??;
        overtaking(&live, Fields(prior), Fields(planned))
    }

    fn uses(&self, object: &Value) -> Option<Vec<Use>> {
        Some(referred::uses(object, configuration(object), true))
    }

    async fn review(&self, object: &PlannedObject, plan: &[PlannedObject], cx: &Context<'_, Clients>) -> Diagnostics {
        let mut found = create::check_taken(self, object, plan, cx).await;
        found.extend(referred::check(object, plan, cx.clients, configuration).await);
        found.extend(components::check(object, plan));
        found.extend(quotas::check(object, plan, cx.clients).await);
        let live = match &object.before {
            Some(before) => {
                let client = cx.clients.sagemaker(cx.clients.region_of(before));
                describe(&client, Fields(before).text("id").unwrap_or_default()).await.ok().flatten()
            }
            None => None,
        };
        found.extend(sizes::check(object, plan, live.as_ref()));
        found.extend(scaled::check(object, plan, cx.clients).await);
        found.extend(variants::check(object, live.as_ref(), plan, cx.clients).await);
        found.extend(variants::fewer(object, live.as_ref(), plan));
        found.extend(alarms::missing(object, plan, cx.clients).await);
        if let Some(live) = &live {
            found.extend(dangling::check(object, live, plan, cx.clients).await);
            found.extend(mixture::check(object, live, plan));
        }
        found
    }

    async fn read(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<Option<Value>, ProviderError> {
        let client = cx.clients.sagemaker(cx.clients.region_of(prior));
        let name = Fields(prior).text("id").unwrap_or_default();
        let live = self.live(&client, cx.clients, name, prior).await;
        live.map_err(|failure| failure.into_error(format!("Endpoint \"{name}\" could not be read")))
    }

    async fn create(&self, planned: &Value, cx: &Context<'_, Clients>) -> CreateOutcome {
        create::create(&self.schema, planned, cx).await
    }

    async fn resume(&self, begun: &Value, cx: &Context<'_, Clients>) -> Result<Option<Value>, ProviderError> {
        let client = cx.clients.sagemaker(cx.clients.region_of(begun));
        let name = Fields(begun).text("id").unwrap_or_default();
        let within = limit(begun, "create", USUAL);
        match after_creation(&client, name, cx.run, within).await? {
            Some(EndpointStatus::InService) => {
                let live = self.live(&client, cx.clients, name, begun).await;
                live.map_err(|failure| failure.into_error(format!("Endpoint \"{name}\" could not be read")))
            }
            _ => Ok(None),
        }
    }

    async fn update(&self, prior: &Value, planned: &Value, cx: &Context<'_, Clients>) -> UpdateOutcome {
        let client = cx.clients.sagemaker(cx.clients.region_of(prior));
        let (before, after) = (Fields(prior), Fields(planned));
        let name = before.text("id").unwrap_or_default();
        let within = limit(planned, "update", deployment::patience(after, USUAL));
        let left = capacity::debts(cx.run.owed().as_deref(), before.text("endpoint_config_name").unwrap_or_default());
        let wanted = after.text("endpoint_config_name").unwrap_or_default();
        let moved = before.text("endpoint_config_name") != Some(wanted) || {
            let live = describe(&client, name).await.ok().flatten();
            live.is_some_and(|live| strays(&live, wanted).is_some())
        };
        let rolled_out =
            if moved { update::roll_out(&client, prior, planned, cx.run, within).await } else { Ok(Vec::new()) };
        let afterwards = match rolled_out {
            Ok(afterwards) => afterwards,
            Err(mut failed) => {
                if failed.live.is_some() && !failed.error.under_way {
                    alarms::explain(&mut failed.error, planned, cx.clients).await;
                }
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
        };
        let now = fill(planned, prior);
        let wishes =
            capacity::Wish::or_else(capacity::wishes(planned), capacity::Wish::or_else(afterwards.clone(), left));
        if let Err(mut error) = capacity::bring(&client, name, &wishes, cx.run, within).await {
            error.detail.push_str(&capacity::owed(wanted, &afterwards));
            // Weights and counts may have been changed in part, so the service is asked once more.
            let live = describe(&client, name).await.ok().flatten().map(|endpoint| self.object(&endpoint, planned));
            let told = live.unwrap_or_else(|| prior.clone());
            let now = members_of(now, &told, &[capacity::BLOCK]);
            return UpdateOutcome::Partial(members_of(now, prior, &["tags", "tags_all"]), error);
        }
        let arn = before.text("arn").unwrap_or_default();
        match tagging::update(&client, arn, prior, planned).await {
            Ok(()) => UpdateOutcome::Complete(now),
            Err(failure) => {
                let error = failure.into_error(format!("The tags of {arn} could not be changed"));
                UpdateOutcome::Partial(members_of(now, prior, &["tags", "tags_all"]), error)
            }
        }
    }

    async fn delete(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<(), ProviderError> {
        let client = cx.clients.sagemaker(cx.clients.region_of(prior));
        let name = Fields(prior).text("id").unwrap_or_default();
        delete::delete(&client, name, cx.run, limit(prior, "delete", USUAL)).await
    }

    fn created_with(&self) -> &'static [&'static str] {
        &["endpoint_config_name"]
    }

    async fn import(&self, identifier: &str, cx: &Context<'_, Clients>) -> Result<Option<Imported>, ProviderError> {
        let (name, seed) = import_seed(&self.schema, identifier, cx.clients);
        let client = cx.clients.sagemaker(cx.clients.region_of(&seed));
        // One that is being created, by a run that was interrupted or by others, is taken over when that has ended.
        after_creation(&client, name, cx.run, USUAL).await?;
        let live = self.live(&client, cx.clients, name, &seed).await;
        let live = live.map_err(|failure| failure.into_error(format!("Endpoint \"{name}\" could not be read")))?;
        Ok(live.map(Imported::from))
    }
}

/// The configuration that an endpoint names.
fn configuration(endpoint: &Value) -> Vec<Reference> {
    referred::named(Fields(endpoint), &Path::default(), &[("endpoint_config_name", Kind::Configuration)])
}

/// The endpoint of a name, for what is a part of it.
pub(in crate::resources) fn whole(region: &str, name: &str) -> Whole {
    Whole { type_name: "aws_sagemaker_endpoint", key: [region, name].map(str::to_ascii_lowercase).to_vec() }
}

/// What others that need an endpoint want to know of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::resources) enum Presence {
    Missing,
    /// Its status will change by itself.
    Busy,
    Settled,
}

/// Whether there is an endpoint, and whether it is changing; nothing when the service does not tell.
pub(in crate::resources) async fn presence(client: &Client, name: &str) -> Option<Presence> {
    let found = describe(client, name).await.ok()?;
    Some(
        found.map_or(Presence::Missing, |endpoint| if endpoint.is_busy() { Presence::Busy } else { Presence::Settled }),
    )
}

/// The status of an endpoint, once it is not being created any more; nothing when there is none.
///
/// # Errors
/// When the wait ends early, or the service does not tell.
async fn after_creation(
    client: &Client,
    name: &str,
    run: &dyn Run,
    within: Duration,
) -> Result<Option<EndpointStatus>, ProviderError> {
    let not_told = |failure: Failure| failure.into_error(format!("Endpoint \"{name}\" could not be read"));
    let endpoint = describe(client, name).await.map_err(not_told)?;
    let status = endpoint.and_then(|endpoint| endpoint.endpoint_status().cloned());
    if status != Some(EndpointStatus::Creating) {
        return Ok(status);
    }
    match status::settle(client, name, run, within, |_, _| true).await {
        Ended::Settled(endpoint, _) => Ok(endpoint.endpoint_status().cloned()),
        Ended::Gone => Ok(None),
        Ended::Unknown(failure) => Err(not_told(failure)),
        Ended::Stopped(stopped, last) => {
            let why = why_stopped(stopped, &last);
            let detail = format!("{why} Its creation goes on in AWS; run the command again to go on waiting.");
            Err(ProviderError::new(format!("Endpoint \"{name}\" is not in service yet"), detail))
        }
    }
}

/// `object` with some members as in `other`.
fn members_of(object: Value, other: &Value, names: &[&str]) -> Value {
    names.iter().fold(object, |object, name| match other.get(name) {
        Some(member) => with(object, name, member.clone()),
        None => object,
    })
}

/// The other configuration to which an endpoint is moving that is recorded on the wanted one, or has come since. A run
/// that was killed or somebody else has asked for that: that nothing is to be done would not be true for long.
fn strays(endpoint: &DescribeEndpointOutput, wanted: &str) -> Option<String> {
    let elsewhere = match endpoint.endpoint_status()? {
        EndpointStatus::Updating => endpoint.pending_config()?,
        EndpointStatus::InService => endpoint.live_config(),
        _ => return None,
    };
    (elsewhere != wanted).then(|| elsewhere.to_owned())
}

/// The configuration to which somebody is moving an endpoint, or has moved it, that is neither the one before nor the planned
/// one.
fn overtaking(endpoint: &DescribeEndpointOutput, before: Fields<'_>, planned: Fields<'_>) -> Option<String> {
    let name = if endpoint.is_busy() { endpoint.pending_config()? } else { endpoint.live_config() };
    let known = [before, planned].map(|object| object.text("endpoint_config_name"));
    (!name.is_empty() && !known.contains(&Some(name))).then(|| name.to_owned())
}

/// Says that an endpoint is brought back.
fn returns(endpoint: &DescribeEndpointOutput, elsewhere: &str) -> Diagnostic {
    let name = endpoint.endpoint_name().unwrap_or_default();
    let detail = format!(
        "It still serves \"{}\", as is wanted here, but somebody has it move to \"{elsewhere}\": {}. The apply waits until \
         that has ended, and moves it back. If \"{elsewhere}\" is what is wanted, write that here instead.",
        endpoint.live_config(),
        endpoint.summary()
    );
    Diagnostic::warning(format!("Endpoint \"{name}\" is moving to another configuration"), detail)
}

/// A failure that the service tells of an endpoint that goes on serving: nobody may have seen it, where the run that
/// waited for the update was cut off.
fn failed_before(endpoint: &DescribeEndpointOutput) -> Option<Diagnostic> {
    endpoint.failure_reason().filter(|reason| endpoint.is_in_service() && !reason.trim().is_empty())?;
    let name = endpoint.endpoint_name().unwrap_or_default();
    let what = format!("It serves \"{}\"; this plan updates it again.", endpoint.live_config());
    let error = unhealthy(format!("An earlier update of endpoint \"{name}\" failed"), endpoint, &what);
    Some(Diagnostic::warning(error.summary, error.detail).of_attribute(Path::attribute("endpoint_config_name")))
}

/// Says what the state of the endpoint means for the plan.
fn note_status(endpoint: &DescribeEndpointOutput, response: &mut PlanResponse) {
    let name = endpoint.endpoint_name().unwrap_or_default();
    if endpoint.is_busy() {
        let detail = format!("Its status is {}. A change waits until that has ended.", endpoint.summary());
        response.diagnostics.push(Diagnostic::warning(format!("Endpoint \"{name}\" is changing right now"), detail));
        return;
    }
    if endpoint.is_in_service() {
        return;
    }
    let at = Path::attribute("endpoint_config_name");
    let mut what = format!("Its status is {}.", endpoint.status());
    let mut summary = format!("Endpoint \"{name}\" does not serve");
    match endpoint.endpoint_status() {
        Some(EndpointStatus::Failed) => {
            what.push_str(" A failed endpoint can only be deleted, so it is replaced.");
            response.replace.push(at);
        }
        // What that means is told with the new one.
        Some(EndpointStatus::Deleting) => {
            response.replace.push(at);
            return;
        }
        Some(EndpointStatus::UpdateRollbackFailed) => {
            summary = format!("Endpoint \"{name}\" serves two configurations at once");
            what.push(' ');
            what.push_str(status::MIXTURE);
            response.uses_more = true;
        }
        _ => {}
    }
    let error = unhealthy(summary, endpoint, &what);
    response.diagnostics.push(Diagnostic::warning(error.summary, error.detail));
}

/// An endpoint of another name can be there before the old one goes. Names are the same whatever the case of their
/// letters. A failed one gives way to one of its name, whichever is said to come first.
async fn order(client: &Client, former: &Former, config: &Value) -> ReplaceOrder {
    let Former::Replaced(old) = former else { return ReplaceOrder::default() };
    let (old, config) = (Fields(old).text("name").unwrap_or_default(), Fields(config));
    let is_same = match config.text("name") {
        Some(new) => new.eq_ignore_ascii_case(old),
        None => config.is_unknown("name"),
    };
    if !is_same {
        ReplaceOrder::CreateFirst
    } else if matches!(describe(client, old).await, Ok(Some(live)) if is_failed(&live)) {
        ReplaceOrder::DeleteFirst
    } else if let Some(name) = config.text("name") {
        ReplaceOrder::NameFirst(SameName {
            attribute: Path::attribute("name"),
            instead: format!("name = {:?}", next(name)),
            users: Vec::new(),
        })
    } else {
        ReplaceOrder::CreateFirst
    }
}
