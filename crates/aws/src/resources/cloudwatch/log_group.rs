//! `aws_cloudwatch_log_group`: where logs are kept, for how long, and under which key. SageMaker makes the group of an
//! endpoint, `/aws/sagemaker/Endpoints/NAME`, by itself when the first line is logged, and keeps what is there before.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use smform_provider::{
    Context, CreateOutcome, Imported, PlanRequest, PlanResponse, PlannedObject, ProviderError, ResourceType,
    UniqueName, UpdateOutcome,
};
use smform_types::schema::{Attribute, Block, Constraint, Schema};
use smform_types::{Diagnostic, Diagnostics, Path, Type, Value};

use crate::clients::Clients;
use crate::constraints::kms_key;
use crate::failure::Failure;
use crate::fields::{Builder, Fields, with};
use crate::naming;
use crate::retry::while_passing;
use crate::rpc::Rpc;
use crate::settle::{fill, settle};
use crate::shared::{carry, import_seed, importable, region};
use crate::tags;
use crate::taken::{self, unique};

/// How many days the service keeps logs; 0 for ever.
const DAYS: &[i32] =
    &[0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];
/// How long another operation on the group, or the use of a new key, is waited for.
const SETTLING: Duration = Duration::from_secs(120);
/// The class whose logs are kept for two days, whatever is asked for.
const DELIVERY: &str = "DELIVERY";

/// The resource type.
pub(crate) struct LogGroup {
    schema: Schema,
}

/// The group of that name.
async fn describe(client: &Rpc, name: &str) -> Result<Option<Json>, Failure> {
    let found = client.listed_json("DescribeLogGroups", json!({ "logGroupNamePrefix": name }), "logGroups").await?;
    Ok(found.into_iter().find(|group| group.get("logGroupName").and_then(Json::as_str) == Some(name)))
}

fn name_of(object: &Value) -> &str {
    let fields = Fields(object);
    fields.text("name").or_else(|| fields.text("id")).unwrap_or_default()
}

fn summary(name: &str, what: &str) -> String {
    format!("Log group \"{name}\" could not be {what}")
}

fn is_busy(failure: &Failure) -> bool {
    failure.code() == "OperationAbortedException"
}

/// Calls an operation, again as long as another one on the group is under way.
async fn call(client: &Rpc, operation: &'static str, body: Json, cx: &Context<'_, Clients>) -> Result<(), Failure> {
    let waiting = "waiting for another operation on the log group to end";
    let called = while_passing(cx.run, SETTLING, is_busy, waiting, || {
        let (client, body) = (client.clone(), body.clone());
        async move { client.json(operation, &body).await.map(drop) }
    });
    called.await
}

/// Keeps logs as long as an object says.
async fn retain(client: &Rpc, name: &str, object: &Value, cx: &Context<'_, Clients>) -> Result<(), Failure> {
    match Fields(object).int("retention_in_days").filter(|days| *days != 0) {
        Some(days) => {
            let body = json!({ "logGroupName": name, "retentionInDays": days });
            call(client, "PutRetentionPolicy", body, cx).await
        }
        None => call(client, "DeleteRetentionPolicy", json!({ "logGroupName": name }), cx).await,
    }
}

/// Encrypts what is logged from now on as an object says.
async fn encrypt(client: &Rpc, name: &str, object: &Value, cx: &Context<'_, Clients>) -> Result<(), Failure> {
    match Fields(object).text("kms_key_id") {
        Some(key) => call(client, "AssociateKmsKey", json!({ "logGroupName": name, "kmsKeyId": key }), cx).await,
        None => call(client, "DisassociateKmsKey", json!({ "logGroupName": name }), cx).await,
    }
}

async fn retag(client: &Rpc, prior: &Value, planned: &Value, cx: &Context<'_, Clients>) -> Result<(), Failure> {
    let arn = Fields(prior).text("arn").unwrap_or_default();
    let change = tags::change(prior, planned);
    if !change.remove.is_empty() {
        call(client, "UntagResource", json!({ "resourceArn": arn, "tagKeys": change.remove }), cx).await?;
    }
    if !change.put.is_empty() {
        call(client, "TagResource", json!({ "resourceArn": arn, "tags": change.put }), cx).await?;
    }
    Ok(())
}

async fn tags_of(client: &Rpc, arn: &str) -> Result<BTreeMap<String, String>, Failure> {
    let answer = client.json("ListTagsForResource", &json!({ "resourceArn": arn })).await?;
    let tags = answer.get("tags").and_then(Json::as_object).cloned().unwrap_or_default();
    Ok(tags.into_iter().map(|(key, value)| (key, value.as_str().unwrap_or_default().to_owned())).collect())
}

impl LogGroup {
    pub(crate) fn new() -> LogGroup {
        let named = |longest| {
            let named = Attribute::optional_computed(Type::String).forces_replacement();
            let form = Constraint::Text("letters, digits and _ - / . #", |text| {
                text.chars().all(|c| c.is_ascii_alphanumeric() || "_-/.#".contains(c))
            });
            named.with(Constraint::Length(1, longest)).with(form)
        };
        let mut block =
            Block::new(
                [
                    ("id", Attribute::computed(Type::String).describe("The name.")),
                    ("arn", Attribute::computed(Type::String)),
                    ("name", named(512)),
                    ("name_prefix", named(486)),
                    (
                        "log_group_class",
                        Attribute::optional_computed(Type::String)
                            .forces_replacement()
                            .with(Constraint::KnownValues(&["STANDARD", "INFREQUENT_ACCESS", DELIVERY])),
                    ),
                    (
                        "retention_in_days",
                        Attribute::optional(Type::Number)
                            .default_value(0)
                            .with(Constraint::OneOfNumbers(DAYS))
                            .describe("How many days logs are kept; 0 for ever."),
                    ),
                    ("kms_key_id", Attribute::optional(Type::String).with(kms_key())),
                    (
                        "skip_destroy",
                        Attribute::optional(Type::Bool)
                            .default_value(false)
                            .describe("Whether the group stays when it is no longer declared, and is only forgotten."),
                    ),
                    ("region", region()),
                    ("tags", tags::tags()),
                    ("tags_all", tags::tags_all()),
                ],
                [],
            );
        block.description = "A group of log streams in CloudWatch, such as that of an endpoint.";
        LogGroup { schema: Schema { version: 0, block } }
    }

    async fn live(&self, client: &Rpc, remembered: &Value, clients: &Clients) -> Result<Option<Value>, Failure> {
        let name = name_of(remembered);
        let Some(group) = describe(client, name).await? else { return Ok(None) };
        let text = |member: &str| group.get(member).and_then(Json::as_str);
        let arn = text("logGroupArn").or_else(|| text("arn")).map(|arn| arn.trim_end_matches(":*"));
        let tags = match arn {
            Some(arn) => tags_of(client, arn).await?,
            None => BTreeMap::new(),
        };
        let (own, all) = clients.tags.visible(&tags, remembered.get("tags"));
        let days = group.get("retentionInDays").and_then(Json::as_i64).and_then(|days| i32::try_from(days).ok());
        let asked = Fields(remembered).int("retention_in_days");
        let days = asked.filter(|_| text("logGroupClass") == Some(DELIVERY)).or(days);
        let live = Builder::new(&self.schema.block)
            .text("id", Some(name))
            .text("arn", arn)
            .text("name", Some(name))
            .value("name_prefix", naming::prefix_value(name))
            .text("log_group_class", text("logGroupClass"))
            .int("retention_in_days", Some(days.unwrap_or(0)))
            .text("kms_key_id", text("kmsKeyId"))
            .flag("skip_destroy", Some(Fields(remembered).flag("skip_destroy") == Some(true)))
            .value("tags", own)
            .value("tags_all", all)
            .finish();
        Ok(Some(settle(&self.schema.block, remembered, carry(live, remembered), &|_, known, live| known == live)))
    }
}

#[async_trait]
impl ResourceType<Clients> for LogGroup {
    fn name(&self) -> &'static str {
        "aws_cloudwatch_log_group"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut found = naming::check(config);
        found.extend(tags::check(config));
        found
    }

    async fn plan(
        &self,
        schema: &Schema,
        request: PlanRequest,
        cx: &Context<'_, Clients>,
    ) -> Result<PlanResponse, Diagnostics> {
        let name = Fields(&request.config).owned("name").filter(|_| request.prior.is_none());
        let mut response = naming::plan(schema, request, cx.clients, &|_, prior, wanted| prior == wanted, &["region"]);
        if let Some(name) = name {
            response.planned = with(response.planned, "id", Value::string(name));
        }
        Ok(response)
    }

    fn unique_name(&self, object: &Value) -> Option<UniqueName> {
        unique(object, "name", &["region"])
    }

    async fn review(&self, object: &PlannedObject, plan: &[PlannedObject], cx: &Context<'_, Clients>) -> Diagnostics {
        let Some(after) = &object.after else { return Diagnostics::new() };
        let client = cx.clients.logs(cx.clients.region_of(after));
        let holder = |name: String| async move { Ok(describe(&client, &name).await?.map(|_| name)) };
        let mut found = taken::check(self, "Log group", object, plan, cx, holder).await;
        if found.is_empty() {
            found.extend(too_late(object, plan, cx));
        }
        found
    }

    async fn read(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<Option<Value>, ProviderError> {
        let client = cx.clients.logs(cx.clients.region_of(prior));
        let live = self.live(&client, prior, cx.clients).await;
        live.map_err(|failure| failure.into_error(summary(name_of(prior), "read")))
    }

    async fn create(&self, planned: &Value, cx: &Context<'_, Clients>) -> CreateOutcome {
        let client = cx.clients.logs(cx.clients.region_of(planned));
        let name = naming::choose(planned, cx.run.clock().now());
        let refuse = |failure: Failure| failure.into_error(summary(&name, "created"));
        if let Err(error) = cx.run.intend(&importable(&name, planned, cx.clients)).await {
            return CreateOutcome::Failed(error);
        }
        let fields = Fields(planned);
        let members = [
            ("logGroupName", json!(name)),
            ("kmsKeyId", json!(fields.text("kms_key_id"))),
            ("logGroupClass", json!(fields.text("log_group_class"))),
            ("tags", json!(tags::all_of(planned))),
        ];
        let is_said =
            |(_, value): &(&str, Json)| !value.is_null() && value.as_object().is_none_or(|map| !map.is_empty());
        let body = members.into_iter().filter(is_said).map(|(member, value)| (member.to_owned(), value)).collect();
        match call(&client, "CreateLogGroup", Json::Object(body), cx).await {
            Err(failure) if failure.code() == "ResourceAlreadyExistsException" && failure.may_be_ours() => {}
            Err(failure) if failure.code() == "ResourceAlreadyExistsException" => {
                return CreateOutcome::Failed(exists(&name));
            }
            Err(failure) => return CreateOutcome::Failed(refuse(failure)),
            Ok(()) => {}
        }
        let made = ["id", "name"].iter().fold(planned.clone(), |made, part| with(made, part, Value::string(&name)));
        if let Err(error) = cx.run.created(&made).await {
            return CreateOutcome::Partial(made, error);
        }
        let is_kept_for_ever = fields.int("retention_in_days").is_none_or(|days| days == 0);
        if !is_kept_for_ever
            && fields.text("log_group_class") != Some(DELIVERY)
            && let Err(failure) = retain(&client, &name, planned, cx).await
        {
            return CreateOutcome::Partial(made, failure.into_error(summary(&name, "given its retention")));
        }
        match self.live(&client, &made, cx.clients).await {
            Ok(Some(live)) => CreateOutcome::Complete(fill(&made, &live)),
            // It exists as it was sent; what the service adds is read next time.
            _ => CreateOutcome::Complete(fill(&made, &Builder::new(&self.schema.block).finish())),
        }
    }

    async fn update(&self, prior: &Value, planned: &Value, cx: &Context<'_, Clients>) -> UpdateOutcome {
        let client = cx.clients.logs(cx.clients.region_of(prior));
        let name = name_of(prior);
        let changes = |argument: &str| prior.get(argument) != planned.get(argument);
        let mut now = prior.clone();
        let took_over = |now, argument: &str| match planned.get(argument) {
            Some(value) => with(now, argument, value.clone()),
            None => now,
        };
        if changes("retention_in_days") && Fields(planned).text("log_group_class") != Some(DELIVERY) {
            if let Err(failure) = retain(&client, name, planned, cx).await {
                return UpdateOutcome::Failed(failure.into_error(summary(name, "given its retention")));
            }
            now = took_over(now, "retention_in_days");
        }
        if changes("kms_key_id") {
            if let Err(failure) = encrypt(&client, name, planned, cx).await {
                return UpdateOutcome::Partial(now, failure.into_error(summary(name, "given its key")));
            }
            now = took_over(now, "kms_key_id");
        }
        match retag(&client, prior, planned, cx).await {
            Ok(()) => UpdateOutcome::Complete(fill(planned, prior)),
            Err(failure) => UpdateOutcome::Partial(now, failure.into_error(summary(name, "tagged"))),
        }
    }

    async fn delete(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<(), ProviderError> {
        if Fields(prior).flag("skip_destroy") == Some(true) {
            return Ok(());
        }
        let client = cx.clients.logs(cx.clients.region_of(prior));
        let name = name_of(prior);
        match call(&client, "DeleteLogGroup", json!({ "logGroupName": name }), cx).await {
            Err(failure) if failure.code() != "ResourceNotFoundException" => {
                Err(failure.into_error(summary(name, "deleted")))
            }
            _ => Ok(()),
        }
    }

    async fn import(&self, identifier: &str, cx: &Context<'_, Clients>) -> Result<Option<Imported>, ProviderError> {
        let (name, seed) = import_seed(&self.schema, identifier, cx.clients);
        let seed = with(seed, "name", Value::string(name));
        let client = cx.clients.logs(cx.clients.region_of(&seed));
        let live = self.live(&client, &seed, cx.clients).await;
        let live = live.map_err(|failure| failure.into_error(summary(name, "read")))?;
        Ok(live.map(Imported::from))
    }
}

/// Warns of a group of an endpoint that is made after that: with the first line that a container writes, SageMaker makes it.
fn too_late(object: &PlannedObject, plan: &[PlannedObject], cx: &Context<'_, Clients>) -> Option<Diagnostic> {
    let group = Fields(object.after.as_ref().filter(|_| object.is_new())?);
    let name = group.text("name")?;
    let endpoint = name.strip_prefix("/aws/sagemaker/Endpoints/").filter(|_| cx.run.comes_after(ENDPOINT))?;
    let is_it = |other: &&PlannedObject| {
        let planned = other.after.as_ref().map(Fields);
        *other.type_name == *ENDPOINT
            && other.is_new()
            && planned.is_some_and(|planned| {
                planned.text("name") == Some(endpoint) && planned.text("region") == group.text("region")
            })
    };
    plan.iter().find(is_it)?;
    let detail = format!(
        "It comes after endpoint \"{endpoint}\", which is new. With the first line that a container of that writes, SageMaker makes the \
         group by itself, and then it cannot be made here. Have it made before: write its name as text, {name:?}, and in the endpoint \
         depends_on = [{}].",
        cx.run.address()
    );
    let warning = Diagnostic::warning(format!("Log group \"{name}\" may exist before it is made"), detail);
    Some(warning.of_attribute(Path::attribute("name")))
}

/// The type whose objects SageMaker makes groups for.
const ENDPOINT: &str = "aws_sagemaker_endpoint";

fn exists(name: &str) -> ProviderError {
    ProviderError::new(
        format!("Log group \"{name}\" already exists"),
        format!(
            "SageMaker makes the group of an endpoint by itself. To take it over, import it with \"smform import ADDRESS \
             {name}\"; otherwise give another name."
        ),
    )
    .of_attribute(Path::attribute("name"))
}
