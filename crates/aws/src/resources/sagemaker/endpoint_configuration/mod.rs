//! `aws_sagemaker_endpoint_configuration`.

mod architecture;
mod checks;
mod cross_region;
mod explainer;
mod instance_types;
mod schema;
mod serverless;
#[cfg(test)]
mod tests;
mod variant_names;
mod wire;
mod wire_data;

pub(super) use instance_types::INSTANCE_TYPES;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::operation::describe_endpoint_config::DescribeEndpointConfigOutput;
use serde_json::Value as Json;
use smform_provider::{
    Beside, Context, CreateOutcome, Former, Imported, PlanRequest, PlanResponse, PlannedObject, ProviderError,
    ResourceType, Run, UniqueName, UpdateOutcome, Use,
};
use smform_types::schema::Schema;
use smform_types::{Diagnostic, Diagnostics, Path, Step, Value};

use super::model::network;
use super::model::wire::vpc_config;
use super::referred::{self, Kind, Reference};
use super::users::{self, Held};
use super::{found, identified, is_missing, is_taken, order, restored, same_weight, shown, tagging, trust};
use crate::clients::Clients;
use crate::failure::{Failure, Service, failed};
use crate::fields::{Fields, with};
use crate::naming;
use crate::preflight;
use crate::retry::while_passing;
use crate::settle::{closed, fill, is_made_of, settle};
use crate::shared::{carry, import_seed, importable, plan, written_region};
use crate::tags;
use crate::taken;

/// How long a model that was just made may stay unknown. A name that was misspelt is to be told soon.
const MODEL_PROPAGATION: Duration = Duration::from_secs(20);

/// The blocks of variants; those of production first.
pub(super) const VARIANTS: [&str; 2] = ["production_variants", "shadow_production_variants"];

/// The resource type.
pub(crate) struct EndpointConfiguration {
    schema: Schema,
}

/// The configuration as the service describes it; nothing when there is none.
pub(super) async fn describe(client: &Client, name: &str) -> Result<Option<DescribeEndpointConfigOutput>, Failure> {
    Ok(described(client, name).await?.map(|(config, _)| config))
}

/// The same, with what it says of traffic to other regions.
async fn described(
    client: &Client,
    name: &str,
) -> Result<Option<(DescribeEndpointConfigOutput, Option<Json>)>, Failure> {
    let told = cross_region::Told::default();
    let call = client.describe_endpoint_config().endpoint_config_name(name).customize().interceptor(told.clone());
    let answer = call.send().await.map_err(failed(Service::SageMaker, "DescribeEndpointConfig"));
    Ok(found(answer, "endpoint configuration")?.map(|config| (config, told.into_traffic())))
}

impl EndpointConfiguration {
    pub(crate) fn new() -> EndpointConfiguration {
        EndpointConfiguration { schema: schema::schema() }
    }

    /// The object as it is now, in the form of `remembered`.
    async fn live(
        &self,
        client: &Client,
        clients: &Clients,
        name: &str,
        remembered: &Value,
    ) -> Result<Option<Value>, Failure> {
        let Some((config, traffic)) = described(client, name).await? else { return Ok(None) };
        let live = carry(wire_data::describe(&self.schema, &config, traffic.as_ref(), remembered), remembered);
        let arn = config.endpoint_config_arn().unwrap_or_default();
        let live = tagging::read(client, &clients.tags, arn, live, remembered).await?;
        Ok(Some(settle(&self.schema.block, remembered, live, &same_weight)))
    }

    async fn make(client: &Client, name: &str, planned: &Value, run: &dyn Run) -> Result<String, Failure> {
        let fields = Fields(planned);
        let shadow: Vec<_> = fields.blocks("shadow_production_variants").map(wire::variant).collect();
        let call = client
            .create_endpoint_config()
            .endpoint_config_name(name)
            .set_production_variants(Some(fields.blocks("production_variants").map(wire::variant).collect()))
            .set_shadow_production_variants((!shadow.is_empty()).then_some(shadow))
            .set_data_capture_config(fields.block("data_capture_config").map(wire_data::data_capture))
            .set_async_inference_config(fields.block("async_inference_config").map(wire_data::asynchronous))
            .set_kms_key_id(fields.owned("kms_key_arn"))
            .set_execution_role_arn(fields.owned("execution_role_arn"))
            .set_enable_network_isolation(fields.flag("enable_network_isolation"))
            .set_vpc_config(vpc_config(fields))
            .set_explainer_config(fields.block("explainer_config").map(explainer::config))
            .set_metrics_config(fields.block("metrics_config").map(wire_data::metrics))
            .set_tags(tagging::for_create(planned));
        let unseen = |failure: &Failure| is_missing(failure, "model");
        let answer = while_passing(run, MODEL_PROPAGATION, unseen, "waiting for the model to become visible", || {
            let call = call.clone();
            let added = cross_region::sent(fields);
            async move {
                call.customize()
                    .mutate_request(added)
                    .send()
                    .await
                    .map_err(failed(Service::SageMaker, "CreateEndpointConfig"))
            }
        });
        Ok(answer.await?.endpoint_config_arn().unwrap_or_default().to_owned())
    }
}

#[async_trait]
impl ResourceType<Clients> for EndpointConfiguration {
    fn name(&self) -> &'static str {
        "aws_sagemaker_endpoint_configuration"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut found = naming::check(config);
        found.extend(checks::check(Fields(config)));
        found.extend(tags::check(config));
        found
    }

    fn validate_beside(&self, config: &Value, beside: &Beside<'_>) -> Diagnostics {
        // A name that is not known yet may be any.
        let named =
            |object: &&PlannedObject| object.after.as_ref().is_some_and(|after| Fields(after).text("name").is_some());
        let others: Vec<PlannedObject> = beside.others.iter().filter(named).cloned().collect();
        let mut found = serverless::check(config, &others);
        found.extend(architecture::check(config, &others));
        found.extend(
            written_region(config, beside).map(|region| checks::regional(Fields(config), region)).unwrap_or_default(),
        );
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
        let (config, former, is_new) = (request.config.clone(), request.former.clone(), request.prior.is_none());
        let by_schema = |request: PlanRequest| {
            plan(schema, request, cx.clients, &|path, prior, wanted| self.equivalent(path, prior, wanted))
        };
        let mut response = by_schema(request);
        let client = cx.clients.sagemaker(cx.clients.region_of(&response.planned));
        let users = |name: String| async move { users::of_configuration(&client, &name).await };
        response.order = order(&former, &config, &response.planned, users).await;
        if is_new {
            response.planned = identified(&config, response.planned);
            // Known at once, though the service could fill it in: see `wire_data::describe`.
            if let Some(none) = config.get("metrics_config").filter(|block| block.as_slice() == Some(&[])) {
                response.planned = with(response.planned, "metrics_config", none.clone());
            }
            response.diagnostics.extend(checks::in_plan(Fields(&config)));
            response.diagnostics.extend(checks::regional(Fields(&config), cx.clients.region_of(&response.planned)));
            let again = |gone| by_schema(PlanRequest::new(Some(gone), config.clone()));
            response.planned = restored(response.planned, &former, again);
        }
        if let (true, Former::Replaced(old)) = (is_new, &former) {
            response.planned = variant_names::kept(response.planned, &config, old);
        }
        // What is said of a replacement is said with the new one.
        let changes = match &former {
            Former::Replaced(old) => by_schema(PlanRequest::new(Some(old.clone()), config.clone())).replace,
            Former::Nothing | Former::Gone(_) => Vec::new(),
        };
        if let Some(path) = only_counts(&changes) {
            let detail = "The change makes a new configuration, and an endpoint that moves to it starts a second fleet \
                          of instances beside the first. To change weights and counts on the running instances, leave \
                          the configuration as it is and set desired_weights_and_capacities in the endpoint.";
            let warning = Diagnostic::warning("Only weights or counts of variants change", detail);
            response.diagnostics.push(warning.of_attribute(path.clone()));
        }
        Ok(response)
    }

    fn unique_name(&self, object: &Value) -> Option<UniqueName> {
        taken::unique(object, "name", &["region"])
    }

    fn uses(&self, object: &Value) -> Option<Vec<Use>> {
        Some(referred::uses(object, models(object), false))
    }

    async fn review(&self, object: &PlannedObject, plan: &[PlannedObject], cx: &Context<'_, Clients>) -> Diagnostics {
        let Some(after) = object.after.as_ref().filter(|_| object.is_new()) else { return Diagnostics::new() };
        let client = cx.clients.sagemaker(cx.clients.region_of(after));
        let holder = |name: String| async move {
            Ok(describe(&client, &name).await?.and_then(|found| found.endpoint_config_name().map(str::to_owned)))
        };
        let mut found = taken::check(self, "Endpoint configuration", object, plan, cx, holder).await;
        found.extend(referred::check(object, plan, cx.clients, models).await);
        found.extend(serverless::check(after, plan));
        found.extend(architecture::check(after, plan));
        found.extend(network::check_block(after, plan, cx.clients, |network| network).await);
        found.extend(trust::check(object, plan, cx.clients).await);
        found
    }

    fn judged_beside(&self) -> &'static [&'static str] {
        preflight::JUDGED_BESIDE
    }

    async fn read(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<Option<Value>, ProviderError> {
        let client = cx.clients.sagemaker(cx.clients.region_of(prior));
        let name = Fields(prior).text("id").unwrap_or_default();
        let live = self.live(&client, cx.clients, name, prior).await;
        live.map_err(|failure| failure.into_error(format!("Endpoint configuration \"{name}\" could not be read")))
    }

    async fn create(&self, planned: &Value, cx: &Context<'_, Clients>) -> CreateOutcome {
        let client = cx.clients.sagemaker(cx.clients.region_of(planned));
        let name = naming::choose(planned, cx.run.clock().now());
        let refuse = |failure: Failure| {
            let at = is_missing(&failure, "model").then(|| lacking(failure.message(), planned)).flatten();
            let mut error = failure.into_error(format!("Endpoint configuration \"{name}\" could not be created"));
            error.attribute = at;
            CreateOutcome::Failed(error)
        };
        if Fields(planned).text("name").is_some() {
            // A call that is repeated after a lost answer is told that the name is taken. To know then whose it is,
            // look before.
            match describe(&client, &name).await {
                Ok(Some(_)) => return CreateOutcome::Failed(taken(&name)),
                Err(failure) if !failure.is_denied() => return refuse(failure),
                _ => {}
            }
        }
        if let Err(error) = cx.run.intend(&importable(&name, planned, cx.clients)).await {
            return CreateOutcome::Failed(error);
        }
        let planned = variant_names::chosen(planned, cx.run.clock().now());
        let arn = match Self::make(&client, &name, &planned, cx.run).await {
            Ok(arn) => arn,
            Err(failure) if !is_taken(&failure) => return refuse(failure),
            Err(failure) if !failure.may_be_ours() => return CreateOutcome::Failed(taken(&name)),
            Err(_) => match self.live(&client, cx.clients, &name, &planned).await {
                Ok(Some(live)) if is_made_of(&planned, &live) => return CreateOutcome::Complete(fill(&planned, &live)),
                _ => return CreateOutcome::Failed(taken(&name)),
            },
        };
        match shown(cx.run, || self.live(&client, cx.clients, &name, &planned)).await {
            Some(live) => CreateOutcome::Complete(fill(&planned, &live)),
            // It exists as it was sent; what the service adds is read next time.
            None => {
                let made = with(with(planned, "id", Value::string(&name)), "name", Value::string(&name));
                let made = with(with(made, "arn", Value::string(arn)), "name_prefix", naming::prefix_value(&name));
                CreateOutcome::Complete(closed(&self.schema.block, &made))
            }
        }
    }

    async fn update(&self, prior: &Value, planned: &Value, cx: &Context<'_, Clients>) -> UpdateOutcome {
        // Everything but tags needs a new configuration.
        let client = cx.clients.sagemaker(cx.clients.region_of(prior));
        let arn = Fields(prior).text("arn").unwrap_or_default();
        match tagging::update(&client, arn, prior, planned).await {
            Ok(()) => UpdateOutcome::Complete(fill(planned, prior)),
            Err(failure) => {
                UpdateOutcome::Failed(failure.into_error(format!("The tags of {arn} could not be changed")))
            }
        }
    }

    async fn delete(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<(), ProviderError> {
        let client = cx.clients.sagemaker(cx.clients.region_of(prior));
        let name = Fields(prior).text("id").unwrap_or_default();
        let released = users::released(cx.run, || users::of_configuration(&client, name));
        let summary = format!("Endpoint configuration \"{name}\" could not be deleted");
        match released.await {
            Ok(()) => {}
            Err(Held::Used(users)) => return Err(in_use(name, &users)),
            Err(Held::Unseen(failure)) => return Err(users::unseen(failure, summary)),
        }
        let answer = client.delete_endpoint_config().endpoint_config_name(name).send().await;
        match answer.map_err(failed(Service::SageMaker, "DeleteEndpointConfig")) {
            Ok(_) => Ok(()),
            Err(failure) if is_missing(&failure, "endpoint configuration") => Ok(()),
            Err(failure) => Err(failure.into_error(summary)),
        }
    }

    async fn import(&self, identifier: &str, cx: &Context<'_, Clients>) -> Result<Option<Imported>, ProviderError> {
        let (name, seed) = import_seed(&self.schema, identifier, cx.clients);
        let client = cx.clients.sagemaker(cx.clients.region_of(&seed));
        let live = self
            .live(&client, cx.clients, name, &seed)
            .await
            .map_err(|failure| failure.into_error(format!("Endpoint configuration \"{name}\" could not be read")))?;
        Ok(live.map(Imported::from))
    }
}

/// The first weight or count with which variants begin, when a replacement is asked for by nothing else than those, and
/// the name that comes with it.
fn only_counts(replace: &[Path]) -> Option<&Path> {
    let is = |path: &Path, names: &[&str]| matches!(path.0.last(), Some(Step::Attribute(name)) if names.contains(&name.as_str()));
    let mut others = replace.iter().filter(|path| !is(path, &["name", "name_prefix"])).peekable();
    let first = others.peek().copied();
    first.filter(|_| others.all(|path| is(path, &["initial_instance_count", "initial_variant_weight"])))
}

/// The models that the variants of a configuration name.
fn models(configuration: &Value) -> Vec<Reference> {
    let mut found = Vec::new();
    for block in VARIANTS {
        for (at, variant) in Fields(configuration).blocks(block).enumerate() {
            let at = Path::attribute(block).index(at);
            found.extend(referred::named(variant, &at, &[("model_name", Kind::Model)]));
            for (pool, fields) in variant.blocks("instance_pools").enumerate() {
                let at = at.attr("instance_pools").index(pool);
                found.extend(referred::named(fields, &at, &[("model_name_override", Kind::Model)]));
            }
        }
    }
    found
}

/// Where the model stands that the service does not find.
fn lacking(message: &str, planned: &Value) -> Option<Path> {
    let quoted = |name: &str| message.contains(&format!("/{name}\"")) || message.contains(&format!("\"{name}\""));
    models(planned).into_iter().find(|model| model.is_known && quoted(&model.name)).map(|model| model.at)
}

/// The service deletes a configuration that is in use, and the endpoint can then be neither updated, scaled nor rolled
/// back. So it is not asked to.
fn in_use(name: &str, users: &str) -> ProviderError {
    ProviderError::new(
        format!("Endpoint configuration \"{name}\" is in use"),
        format!(
            "It was not deleted, because without it SageMaker could neither update, scale nor repair what uses it: \
             {users}. Move that to another configuration or delete it first."
        ),
    )
}

fn taken(name: &str) -> ProviderError {
    ProviderError::new(
        format!("Endpoint configuration \"{name}\" already exists"),
        format!(
            "If it is not in this state, import it with \"smform import ADDRESS {name}\", or delete it. If it is the one \
             that was to be replaced, its name has turned out to be the same. Write name_prefix instead of name to get a \
             name of its own."
        ),
    )
    .of_attribute(Path::attribute("name"))
}
