//! `aws_sagemaker_inference_component`.

mod copies;
mod pairing;
mod replaced;
mod schema;
mod update;
mod wire;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::operation::describe_inference_component::DescribeInferenceComponentOutput;
use aws_sdk_sagemaker::types::InferenceComponentStatus;
use smform_provider::{
    Beside, Context, CreateOutcome, Imported, PlanRequest, PlanResponse, PlannedObject, ProviderError, ResourceType,
    Run, UniqueName, UpdateOutcome, Use, Whole,
};
use smform_types::schema::Schema;
use smform_types::{Diagnostic, Diagnostics, Path, Type, Value};

use super::referred::{self, Kind, Reference};
use super::{VALIDATION, endpoint, found, identified, is_missing, is_taken, moment, shown, tagging};
use crate::clients::Clients;
use crate::failure::{Failure, Service, failed, sentence};
use crate::fields::{Builder, Fields, with};
use crate::settle::{closed, fill, settle};
use crate::shared::{carry, import_seed, importable, limit, plan, written_region};
use crate::tags;
use crate::taken::{self, unique};
use crate::waiters::Wait;
use update::{Update, with_tags_of};

/// How long each operation may take, unless the configuration says otherwise.
const USUAL: Duration = Duration::from_secs(30 * 60);

/// Where the specifications are.
const SPECIFIED: [&str; 2] = ["specification", "specifications"];

/// What a component keeps as it was asked for.
const ASKED: [&str; 4] = ["endpoint_name", "variant_name", "specification", "specifications"];

/// What an update may change of what the service tells.
const TOLD: [&str; 3] = ["status", "failure_reason", "last_modified_time"];

/// The resource type.
pub(crate) struct InferenceComponent {
    schema: Schema,
}

/// The component as the service describes it; nothing when there is none.
pub(super) async fn describe(client: &Client, name: &str) -> Result<Option<DescribeInferenceComponentOutput>, Failure> {
    let answer = client.describe_inference_component().inference_component_name(name).send().await;
    found(answer.map_err(failed(Service::SageMaker, "DescribeInferenceComponent")), "inference component")
}

fn status(component: &DescribeInferenceComponentOutput) -> &str {
    component.inference_component_status().map_or("", InferenceComponentStatus::as_str)
}

/// Waits until the component has settled. Nothing when it is gone.
async fn settled(
    client: &Client,
    name: &str,
    run: &dyn Run,
    within: Duration,
) -> Result<Option<DescribeInferenceComponentOutput>, ProviderError> {
    let summary = || format!("Inference component \"{name}\" is not in service yet");
    let mut wait = Wait::new(run, within);
    loop {
        let Some(seen) = describe(client, name).await.map_err(|failure| failure.into_error(summary()))? else {
            return Ok(None);
        };
        run.progress(status(&seen));
        if !matches!(status(&seen), "Creating" | "Updating" | "Deleting") {
            return Ok(Some(seen));
        }
        if let Err(stopped) = wait.pause().await {
            let detail = format!(
                "{} Its last status was {}. SageMaker goes on; run the command again to go on waiting.",
                stopped.sentence(),
                status(&seen)
            );
            return Err(ProviderError::new(summary(), detail).still_under_way());
        }
    }
}

/// An error about a component that did not become what was wanted.
fn unhealthy(summary: String, component: &DescribeInferenceComponentOutput) -> ProviderError {
    let reason = component.failure_reason().map(str::trim).filter(|reason| !reason.is_empty());
    let said = reason.map_or_else(
        || "SageMaker gives no reason.".to_owned(),
        |reason| format!("SageMaker says: {}", sentence(reason)),
    );
    let name = component.inference_component_name().unwrap_or_default();
    ProviderError::new(
        summary,
        format!(
            "{said}\n\nStatus: {}. Logs: CloudWatch log group /aws/sagemaker/InferenceComponents/{name}.",
            status(component)
        ),
    )
}

fn exists(name: &str) -> ProviderError {
    ProviderError::new(
        format!("Inference component \"{name}\" already exists"),
        format!("If it is not in this state, import it with \"smform import ADDRESS {name}\", or choose another name."),
    )
    .of_attribute(Path::attribute("name"))
}

impl InferenceComponent {
    pub(crate) fn new() -> InferenceComponent {
        InferenceComponent { schema: schema::schema() }
    }

    fn object(&self, told: &DescribeInferenceComponentOutput, remembered: &Value) -> Value {
        let name = told.inference_component_name();
        let several = told.specifications();
        // A single one may be told in both forms.
        let one =
            told.specification().filter(|_| several.is_empty() || Fields(remembered).block("specification").is_some());
        let several = if one.is_some() { &[] } else { several };
        let live = Builder::new(&self.schema.block)
            .text("id", name)
            .text("name", name)
            .text("arn", told.inference_component_arn())
            .text("creation_time", moment(told.creation_time()).as_deref())
            .text("last_modified_time", moment(told.last_modified_time()).as_deref())
            .text("endpoint_arn", told.endpoint_arn())
            .text("endpoint_name", told.endpoint_name())
            .text("variant_name", told.variant_name())
            .text("status", Some(status(told)))
            .text("failure_reason", told.failure_reason())
            .blocks("specification", one, wire::describe)
            .blocks("specifications", several, wire::describe)
            .blocks("runtime_config", told.runtime_config(), wire::describe_runtime)
            .finish();
        // What adapts another component has no copies of its own to tell.
        let known = closed(&self.schema.block, remembered);
        let live = match known.get("runtime_config").filter(|_| told.runtime_config().is_none()) {
            Some(copies) => with(live, "runtime_config", copies.clone()),
            None => live,
        };
        let live =
            ["deployment_config", "tags", "tags_all"].iter().fold(live, |live, name| match remembered.get(name) {
                Some(value) => with(live, name, value.clone()),
                None => live,
            });
        settle(&self.schema.block, remembered, carry(live, remembered), &|_, _, _| false)
    }

    async fn live(
        &self,
        client: &Client,
        clients: &Clients,
        name: &str,
        remembered: &Value,
    ) -> Result<Option<Value>, Failure> {
        let Some(told) = describe(client, name).await? else { return Ok(None) };
        let live = self.object(&told, remembered);
        let arn = told.inference_component_arn().unwrap_or_default();
        let live = tagging::read(client, &clients.tags, arn, live, remembered).await?;
        Ok(Some(settle(&self.schema.block, remembered, live, &|_, _, _| false)))
    }
}

fn specifications(fields: Fields<'_>) -> Option<Vec<aws_sdk_sagemaker::types::InferenceComponentSpecification>> {
    let several: Vec<_> = fields.blocks("specifications").map(wire::specification).collect();
    (!several.is_empty()).then_some(several)
}

/// The value with each block of the named lists, one in the other, replaced.
fn in_each(value: Value, lists: &[&str], replace: &dyn Fn(Value) -> Value) -> Value {
    let [list, rest @ ..] = lists else { return replace(value) };
    let count = value.get(list).and_then(Value::as_slice).map_or(0, <[Value]>::len);
    (0..count).fold(value, |value, at| {
        let path = Path::attribute(list).index(at);
        value.update_at(&path.0, &mut |block| in_each(block.clone(), rest, replace))
    })
}

/// Says that a component that is recorded serves nothing: a run that only looks at its arguments would call it settled.
fn lapsed(prior: &Value) -> Option<Diagnostic> {
    let fields = Fields(prior);
    let name = fields.text("name").filter(|_| fields.text("status") == Some("Failed"))?;
    let reason = fields.text("failure_reason").map(sentence);
    let detail = format!(
        "Its status is Failed. {} It can be made anew with -replace=ADDRESS. Logs: CloudWatch log group \
         /aws/sagemaker/InferenceComponents/{name}.",
        reason.map_or("SageMaker gives no reason.".to_owned(), |reason| format!("SageMaker says: {reason}"))
    );
    Some(Diagnostic::warning(format!("Inference component \"{name}\" does not serve"), detail))
}

/// The endpoint, models and components that a component names.
fn references(component: &Value) -> Vec<Reference> {
    let mut found = referred::named(Fields(component), &Path::default(), &[("endpoint_name", Kind::Endpoint)]);
    let arguments = [("model_name", Kind::Model), ("base_inference_component_name", Kind::Component)];
    for list in SPECIFIED {
        for (at, block) in Fields(component).blocks(list).enumerate() {
            found.extend(referred::named(block, &Path::attribute(list).index(at), &arguments));
        }
    }
    found
}

/// Whether `now` has everything of the named members that `planned` knows.
fn has(now: &Value, planned: &Value, names: &[&str]) -> bool {
    names.iter().all(|name| match (planned.get(name), now.get(name)) {
        (Some(planned), Some(now)) => fill(planned, now) == *now,
        _ => true,
    })
}

#[async_trait]
impl ResourceType<Clients> for InferenceComponent {
    fn name(&self) -> &'static str {
        "aws_sagemaker_inference_component"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut found = schema::check(Fields(config));
        found.extend(tags::check(config));
        found
    }

    fn validate_beside(&self, config: &Value, beside: &Beside<'_>) -> Diagnostics {
        written_region(config, beside).map(|region| schema::regional(Fields(config), region)).unwrap_or_default()
    }

    async fn plan(
        &self,
        schema: &Schema,
        request: PlanRequest,
        cx: &Context<'_, Clients>,
    ) -> Result<PlanResponse, Diagnostics> {
        let (prior, former, config) = (request.prior.clone(), request.former.clone(), request.config.clone());
        let mut response = plan(schema, request, cx.clients, &|_, prior, wanted| prior == wanted);
        response.diagnostics.extend(schema::regional(Fields(&config), cx.clients.region_of(&response.planned)));
        let Some(prior) = prior else {
            response.planned = identified(&config, response.planned);
            response.order = replaced::order(&former, &config);
            schema::check_new(Fields(&config))?;
            return Ok(response);
        };
        response.diagnostics.extend(lapsed(&prior));
        if response.replace.is_empty() {
            let (planned, told) = copies::kept(&prior, response.planned, cx.clients).await;
            response.planned = planned;
            response.diagnostics.extend(told);
        }
        let changed = |name: &str| prior.get(name) != response.planned.get(name);
        let specified = SPECIFIED.into_iter().any(changed);
        if specified || changed("runtime_config") {
            for name in TOLD {
                response.planned = with(response.planned, name, Value::unknown(Type::String));
            }
            response.planned = in_each(response.planned, &["runtime_config"], &|copies| {
                let copies = ["current_copy_count", "desired_copy_count"]
                    .into_iter()
                    .fold(copies, |copies, name| with(copies, name, Value::unknown(Type::Number)));
                with(copies, "placement_status", Value::unknown(Type::list(schema::placement())))
            });
        }
        if specified {
            // An update asks the registry again what a tag means.
            for list in SPECIFIED {
                response.planned = in_each(response.planned, &[list, "container"], &|container| {
                    with(container, "resolved_image", Value::unknown(Type::String))
                });
            }
        }
        Ok(response)
    }

    fn unique_name(&self, object: &Value) -> Option<UniqueName> {
        unique(object, "name", &["region"])
    }

    fn part_of(&self, object: &Value) -> Option<Whole> {
        let fields = Fields(object);
        Some(endpoint::whole(&fields.owned("region").unwrap_or_default(), fields.text("endpoint_name")?))
    }

    fn uses(&self, object: &Value) -> Option<Vec<Use>> {
        Some(referred::uses(object, references(object), true))
    }

    async fn review(&self, object: &PlannedObject, plan: &[PlannedObject], cx: &Context<'_, Clients>) -> Diagnostics {
        let mut found = replaced::check(object);
        found.extend(referred::check(object, plan, cx.clients, references).await);
        if let Some(after) = object.after.as_ref().filter(|_| object.is_new()) {
            found.extend(pairing::check(after, plan));
        }
        if let Some(after) = &object.after {
            let client = cx.clients.sagemaker(cx.clients.region_of(after));
            let holder = |name: String| async move {
                Ok(describe(&client, &name).await?.and_then(|told| told.inference_component_name().map(str::to_owned)))
            };
            found.extend(taken::check(self, "Inference component", object, plan, cx, holder).await);
        }
        found
    }

    fn accounted(&self, _: &Schema, recorded: &Value, read: &Value, others: &[PlannedObject]) -> Value {
        copies::accounted(recorded, read, others)
    }

    async fn read(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<Option<Value>, ProviderError> {
        let client = cx.clients.sagemaker(cx.clients.region_of(prior));
        let name = Fields(prior).text("id").unwrap_or_default();
        let live = self.live(&client, cx.clients, name, prior).await;
        live.map_err(|failure| failure.into_error(format!("Inference component \"{name}\" could not be read")))
    }

    async fn create(&self, planned: &Value, cx: &Context<'_, Clients>) -> CreateOutcome {
        let client = cx.clients.sagemaker(cx.clients.region_of(planned));
        let fields = Fields(planned);
        let name = fields.text("name").unwrap_or_default();
        let summary = || format!("Inference component \"{name}\" could not be created");
        // A call that is repeated after a lost answer is told that the name is taken. To know then whose it is, look
        // before.
        match describe(&client, name).await {
            Ok(Some(_)) => return CreateOutcome::Failed(exists(name)),
            Err(failure) if !failure.is_denied() => return CreateOutcome::Failed(failure.into_error(summary())),
            _ => {}
        }
        if let Err(error) = cx.run.intend(&importable(name, planned, cx.clients)).await {
            return CreateOutcome::Failed(error);
        }
        let answer = client
            .create_inference_component()
            .inference_component_name(name)
            .set_endpoint_name(fields.owned("endpoint_name"))
            .set_variant_name(fields.owned("variant_name"))
            .set_specification(fields.block("specification").map(wire::specification))
            .set_specifications(specifications(fields))
            .set_runtime_config(wire::runtime(fields))
            .set_tags(tagging::for_create(planned))
            .send()
            .await
            .map_err(failed(Service::SageMaker, "CreateInferenceComponent"));
        match answer {
            Ok(_) => {}
            Err(failure) if !is_taken(&failure) => return CreateOutcome::Failed(failure.into_error(summary())),
            Err(failure) if !failure.may_be_ours() => return CreateOutcome::Failed(exists(name)),
            Err(_) => match describe(&client, name).await {
                Ok(Some(told)) if has(&self.object(&told, planned), planned, &ASKED) => {}
                Ok(_) => return CreateOutcome::Failed(exists(name)),
                Err(failure) => return CreateOutcome::Failed(failure.into_error(summary())),
            },
        }
        let begun = with(planned.clone(), "id", Value::string(name));
        if let Err(error) = cx.run.created(&begun).await {
            return CreateOutcome::Partial(begun, error);
        }
        let _ = shown(cx.run, || describe(&client, name)).await;
        match settled(&client, name, cx.run, limit(planned, "create", USUAL)).await {
            Ok(Some(told)) => {
                let made = fill(&begun, &self.object(&told, &begun));
                if status(&told) == "InService" {
                    CreateOutcome::Complete(made)
                } else {
                    CreateOutcome::Partial(made, unhealthy(format!("Inference component \"{name}\" failed"), &told))
                }
            }
            Ok(None) => {
                CreateOutcome::Failed(ProviderError::new(summary(), "It was deleted while it was being created."))
            }
            Err(error) => CreateOutcome::Partial(closed(&self.schema.block, &begun), error),
        }
    }

    async fn resume(&self, begun: &Value, cx: &Context<'_, Clients>) -> Result<Option<Value>, ProviderError> {
        let client = cx.clients.sagemaker(cx.clients.region_of(begun));
        let name = Fields(begun).text("id").unwrap_or_default();
        match settled(&client, name, cx.run, limit(begun, "create", USUAL)).await? {
            Some(told) if status(&told) == "InService" => {
                let live = self.live(&client, cx.clients, name, begun).await;
                live.map_err(|failure| failure.into_error(format!("Inference component \"{name}\" could not be read")))
            }
            _ => Ok(None),
        }
    }

    async fn update(&self, prior: &Value, planned: &Value, cx: &Context<'_, Clients>) -> UpdateOutcome {
        let client = cx.clients.sagemaker(cx.clients.region_of(prior));
        let mut now = fill(planned, prior);
        if let Some(update) = Update::of(prior, planned) {
            let within = limit(planned, "update", USUAL);
            match update.make(self, &client, prior, cx.run, within).await {
                Ok(live) => now = fill(planned, &live),
                Err(outcome) => return outcome,
            }
        }
        let arn = Fields(prior).text("arn").unwrap_or_default();
        match tagging::update(&client, arn, prior, planned).await {
            Ok(()) => UpdateOutcome::Complete(now),
            Err(failure) => {
                let error = failure.into_error(format!("The tags of {arn} could not be changed"));
                UpdateOutcome::Partial(with_tags_of(now, prior), error)
            }
        }
    }

    async fn delete(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<(), ProviderError> {
        let client = cx.clients.sagemaker(cx.clients.region_of(prior));
        let name = Fields(prior).text("id").unwrap_or_default();
        let within = limit(prior, "delete", USUAL);
        let mut wait = Wait::new(cx.run, within);
        let summary = || format!("Inference component \"{name}\" could not be deleted");
        loop {
            let answer = client.delete_inference_component().inference_component_name(name).send().await;
            match answer.map_err(failed(Service::SageMaker, "DeleteInferenceComponent")) {
                Ok(_) => break,
                Err(failure) if is_missing(&failure, "inference component") => return Ok(()),
                // It is being made, or others are built on it: both pass.
                Err(failure) if failure.code() == VALIDATION => {
                    cx.run.progress(failure.message());
                    if wait.pause().await.is_err() {
                        return Err(failure.into_error(summary()));
                    }
                }
                Err(failure) => return Err(failure.into_error(summary())),
            }
        }
        while let Some(seen) = describe(&client, name).await.map_err(|failure| failure.into_error(summary()))? {
            cx.run.progress(status(&seen));
            if status(&seen) == "Failed" {
                return Err(unhealthy(summary(), &seen));
            }
            wait.pause().await.map_err(|stopped| {
                let why = stopped.sentence();
                let detail = format!("{why} SageMaker goes on deleting it. The same command waits until it is gone.");
                ProviderError::new(format!("Inference component \"{name}\" is not deleted yet"), detail)
                    .still_under_way()
            })?;
        }
        Ok(())
    }

    fn created_with(&self) -> &'static [&'static str] {
        &SPECIFIED
    }

    async fn import(&self, identifier: &str, cx: &Context<'_, Clients>) -> Result<Option<Imported>, ProviderError> {
        let (name, seed) = import_seed(&self.schema, identifier, cx.clients);
        let client = cx.clients.sagemaker(cx.clients.region_of(&seed));
        let live = self.live(&client, cx.clients, name, &seed).await;
        let live =
            live.map_err(|failure| failure.into_error(format!("Inference component \"{name}\" could not be read")))?;
        Ok(live.map(Imported::from))
    }
}
