//! `aws_sagemaker_model`.

mod checks;
mod credentials;
pub(crate) mod network;
pub(super) mod schema;
#[cfg(test)]
mod tests;
pub(super) mod wire;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::operation::describe_model::DescribeModelOutput;
use smform_provider::{
    Beside, Context, CreateOutcome, Imported, PlanRequest, PlanResponse, PlannedObject, ProviderError, ResourceType,
    UniqueName, UpdateOutcome, Use,
};
use smform_types::schema::Schema;
use smform_types::{Diagnostic, Diagnostics, Path, Value, image};

use super::users::{self, Held};
use super::{VALIDATION, found, identified, is_missing, is_taken, order, restored, shown, tagging, trust};
use crate::clients::{Clients, partition_of};
use crate::constraints::arn_parts;
use crate::failure::{Failure, Service, failed};
use crate::fields::{Fields, with};
use crate::naming;
use crate::preflight;
use crate::retry::while_passing;
use crate::settle::{closed, fill, is_made_of, settle};
use crate::shared::{carry, import_seed, importable, limit, plan, written_region};
use crate::tags;
use crate::taken::{self, unique};

/// How long a role that was just made may stay unknown to SageMaker.
const ROLE_PROPAGATION: Duration = Duration::from_secs(120);

/// The resource type.
pub(crate) struct Model {
    schema: Schema,
}

/// The model as the service describes it; nothing when there is none.
pub(super) async fn describe(client: &Client, name: &str) -> Result<Option<DescribeModelOutput>, Failure> {
    let answer = client.describe_model().model_name(name).send().await;
    found(answer.map_err(failed(Service::SageMaker, "DescribeModel")), "model")
}

impl Model {
    pub(crate) fn new() -> Model {
        Model { schema: schema::schema() }
    }

    /// The object as it is now, in the form of `remembered`.
    async fn live(
        &self,
        client: &Client,
        clients: &Clients,
        name: &str,
        remembered: &Value,
    ) -> Result<Option<Value>, Failure> {
        let Some(model) = describe(client, name).await? else { return Ok(None) };
        let live = carry(wire::describe(&self.schema, &model, remembered), remembered);
        let arn = model.model_arn().unwrap_or_default();
        let live = tagging::read(client, &clients.tags, arn, live, remembered).await?;
        Ok(Some(settle(&self.schema.block, remembered, live, &|_, _, _| false)))
    }

    /// Makes the model. Answers with the ARN.
    async fn make(
        &self,
        client: &Client,
        name: &str,
        planned: &Value,
        cx: &Context<'_, Clients>,
    ) -> Result<String, Failure> {
        let fields = Fields(planned);
        let listed: Vec<_> = fields.blocks("container").map(wire::container).collect();
        let isolated = (fields.flag("enable_network_isolation") == Some(true)).then_some(true);
        let call = client
            .create_model()
            .model_name(name)
            .set_execution_role_arn(fields.owned("execution_role_arn"))
            .set_primary_container(fields.block("primary_container").map(wire::container))
            .set_containers((!listed.is_empty()).then_some(listed))
            .set_inference_execution_config(wire::execution_config(fields))
            .set_vpc_config(wire::vpc_config(fields))
            .set_enable_network_isolation(isolated)
            .set_tags(tagging::for_create(planned));
        let within = limit(planned, "create", ROLE_PROPAGATION);
        let waiting = "waiting for the execution role to become usable";
        let answer = while_passing(cx.run, within, is_role_unknown, waiting, || {
            let call = call.clone();
            async move { call.send().await.map_err(failed(Service::SageMaker, "CreateModel")) }
        });
        answer.await.map(|answer| answer.model_arn().unwrap_or_default().to_owned())
    }
}

/// Whether the service does not see the role yet, or cannot assume it. Only this refusal passes by itself; every other
/// one is a mistake that should be told at once.
fn is_role_unknown(failure: &Failure) -> bool {
    failure.code() == VALIDATION
        && (failure.message().contains("sts:AssumeRole") || failure.message().contains("assume"))
        && failure.message().to_ascii_lowercase().contains("role")
}

#[async_trait]
impl ResourceType<Clients> for Model {
    fn name(&self) -> &'static str {
        "aws_sagemaker_model"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut found = naming::check(config);
        found.extend(checks::check(config));
        found.extend(credentials::beside_role(Fields(config)));
        found.extend(tags::check(config));
        found
    }

    fn validate_beside(&self, config: &Value, beside: &Beside<'_>) -> Diagnostics {
        written_region(config, beside).map(|region| regional(Fields(config), region, None)).unwrap_or_default()
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
        let users = |name: String| async move { users::of_model(&client, &name).await };
        response.order = order(&former, &config, &response.planned, users).await;
        if is_new {
            response.planned = identified(&config, response.planned);
            let again = |gone| by_schema(PlanRequest::new(Some(gone), config.clone()));
            response.planned = restored(response.planned, &former, again);
            let (planned, clients) = (&response.planned, cx.clients);
            let found = regional(Fields(planned), clients.region_of(planned), clients.account.as_deref());
            let ((), warnings) = found.into_result(())?;
            response.diagnostics.extend(warnings);
        }
        Ok(response)
    }

    fn unique_name(&self, object: &Value) -> Option<UniqueName> {
        unique(object, "name", &["region"])
    }

    fn uses(&self, _: &Value) -> Option<Vec<Use>> {
        Some(Vec::new())
    }

    async fn review(&self, object: &PlannedObject, plan: &[PlannedObject], cx: &Context<'_, Clients>) -> Diagnostics {
        let Some(after) = object.after.as_ref().filter(|_| object.is_new()) else { return Diagnostics::new() };
        let client = cx.clients.sagemaker(cx.clients.region_of(after));
        let holder = |name: String| async move {
            Ok(describe(&client, &name).await?.and_then(|found| found.model_name().map(str::to_owned)))
        };
        let mut found = taken::check(self, "Model", object, plan, cx, holder).await;
        found.extend(network::check(after, plan, cx.clients).await);
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
        live.map_err(|failure| failure.into_error(format!("Model \"{name}\" could not be read")))
    }

    async fn create(&self, planned: &Value, cx: &Context<'_, Clients>) -> CreateOutcome {
        let client = cx.clients.sagemaker(cx.clients.region_of(planned));
        let name = naming::choose(planned, cx.run.clock().now());
        let refuse = |failure: Failure| {
            let at = blamed(failure.message(), planned);
            let mut error = failure.into_error(format!("Model \"{name}\" could not be created"));
            error.attribute = at;
            CreateOutcome::Failed(error)
        };
        if Fields(planned).text("name").is_some() {
            // A call that is repeated after a lost answer is told that the name is taken. To know then whose the model
            // is, look before.
            match describe(&client, &name).await {
                Ok(Some(_)) => return CreateOutcome::Failed(taken(&name)),
                Err(failure) if !failure.is_denied() => return refuse(failure),
                _ => {}
            }
        }
        if let Err(error) = cx.run.intend(&importable(&name, planned, cx.clients)).await {
            return CreateOutcome::Failed(error);
        }
        let arn = match self.make(&client, &name, planned, cx).await {
            Ok(arn) => arn,
            Err(failure) if !is_taken(&failure) => return refuse(failure),
            Err(failure) if !failure.may_be_ours() => return CreateOutcome::Failed(taken(&name)),
            Err(_) => match self.live(&client, cx.clients, &name, planned).await {
                Ok(Some(live)) if is_made_of(planned, &live) => return CreateOutcome::Complete(fill(planned, &live)),
                _ => return CreateOutcome::Failed(taken(&name)),
            },
        };
        match shown(cx.run, || self.live(&client, cx.clients, &name, planned)).await {
            Some(live) => CreateOutcome::Complete(fill(planned, &live)),
            // It exists as it was sent; what the service adds is read next time.
            None => {
                let made = with(with(planned.clone(), "id", Value::string(&name)), "name", Value::string(&name));
                let made = with(with(made, "arn", Value::string(arn)), "name_prefix", naming::prefix_value(&name));
                CreateOutcome::Complete(closed(&self.schema.block, &made))
            }
        }
    }

    async fn update(&self, prior: &Value, planned: &Value, cx: &Context<'_, Clients>) -> UpdateOutcome {
        // Everything but tags needs a new model.
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
        let released = users::released(cx.run, || users::of_model(&client, name));
        let summary = format!("Model \"{name}\" could not be deleted");
        match released.await {
            Ok(()) => {}
            Err(Held::Used(users)) => return Err(in_use(name, &users)),
            Err(Held::Unseen(failure)) => return Err(users::unseen(failure, summary)),
        }
        match client.delete_model().model_name(name).send().await.map_err(failed(Service::SageMaker, "DeleteModel")) {
            Ok(_) => Ok(()),
            Err(failure) if is_missing(&failure, "model") => Ok(()),
            Err(failure) => Err(failure.into_error(summary)),
        }
    }

    async fn import(&self, identifier: &str, cx: &Context<'_, Clients>) -> Result<Option<Imported>, ProviderError> {
        let (name, seed) = import_seed(&self.schema, identifier, cx.clients);
        let client = cx.clients.sagemaker(cx.clients.region_of(&seed));
        let live = self.live(&client, cx.clients, name, &seed).await;
        let live = live.map_err(|failure| failure.into_error(format!("Model \"{name}\" could not be read")))?;
        Ok(live.map(Imported::from))
    }
}

/// The service deletes a model that is in use, and what serves it can then start no instance or copy any more, be it to
/// scale or to replace one that broke. So it is not asked to.
fn in_use(name: &str, users: &str) -> ProviderError {
    ProviderError::new(
        format!("Model \"{name}\" is in use"),
        format!(
            "It was not deleted, because without it SageMaker could neither scale, update nor repair what serves it: \
             {users}. Move that to another model, or delete it first."
        ),
    )
}

fn taken(name: &str) -> ProviderError {
    ProviderError::new(
        format!("Model \"{name}\" already exists"),
        format!(
            "If it is not in this state, import it with \"smform import ADDRESS {name}\", or delete it. If it is the one \
             that was to be replaced, its name has turned out to be the same. Write name_prefix instead of name to get a \
             name of its own."
        ),
    )
    .of_attribute(Path::attribute("name"))
}

/// The argument that a refusal is about, by what it quotes: an image, where data is, or the role.
fn blamed(message: &str, planned: &Value) -> Option<Path> {
    let quotes = |text: Option<&str>| text.is_some_and(|text| message.contains(text));
    let fields = Fields(planned);
    for block in ["primary_container", "container"] {
        for (at, container) in fields.blocks(block).enumerate() {
            let at = Path::attribute(block).index(at);
            // A message about data may quote the role, too.
            for name in ["image", "model_data_url", "model_package_name"] {
                if quotes(container.text(name)) {
                    return Some(at.attr(name));
                }
            }
        }
    }
    quotes(fields.text("execution_role_arn")).then(|| Path::attribute("execution_role_arn"))
}

/// Rules that depend on the region: partitions of ARNs, and the region of images and registries.
fn regional(fields: Fields<'_>, region: &str, account: Option<&str>) -> Diagnostics {
    let mut found = Diagnostics::new();
    let partition = partition_of(region);
    if let Some(arn) = fields.text("execution_role_arn").and_then(arn_parts)
        && arn.partition != partition
    {
        let detail = format!("The role is in the partition {}, and {region} is in {partition}.", arn.partition);
        found.push(
            Diagnostic::error("Role of another partition", detail).of_attribute(Path::attribute("execution_role_arn")),
        );
    }
    found.extend(credentials::elsewhere(fields, region, account));
    for block in ["primary_container", "container"] {
        for (at, container) in fields.blocks(block).enumerate() {
            let at = Path::attribute(block).index(at);
            let Some(text) = container.text("image") else { continue };
            let platform = container
                .block("image_config")
                .is_none_or(|config| config.text("repository_access_mode") == Some("Platform"));
            let error = other_region(text, region).filter(|_| platform);
            found.extend(error.map(|error| error.of_attribute(at.attr("image"))));
        }
    }
    found
}

/// The error of an image in ECR of another region.
pub(super) fn other_region(text: &str, region: &str) -> Option<Diagnostic> {
    let image = image::parse(text).ok()?;
    let other = image.ecr_region().filter(|other| *other != region)?;
    let detail = format!(
        "The image \"{text}\" is in ECR of {other}, and what runs it in {region}. SageMaker pulls from ECR of its own region \
         only; replicate the image to {region}."
    );
    Some(Diagnostic::error("Image of another region", detail))
}
