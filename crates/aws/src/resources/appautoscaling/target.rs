//! `aws_appautoscaling_target`: what may be scaled, and between which counts.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use smform_provider::{
    Context, CreateOutcome, Imported, PlanRequest, PlanResponse, PlannedObject, ProviderError, ResourceType,
    UniqueName, UpdateOutcome, Use, Whole,
};
use smform_types::schema::{Attribute, Block, Constraint, NestedBlock, Schema};
use smform_types::{Diagnostic, Diagnostics, Path, Type, Value};

use super::super::sagemaker::endpoint::{self, Presence, presence, variants};
use super::{PROPAGATION, check, identified, idle, is_missing, named, subject, with_members};
use crate::clients::Clients;
use crate::constraints::role_arn_or_none;
use crate::failure::Failure;
use crate::fields::{Builder, Fields, with};
use crate::naming;
use crate::retry::while_passing;
use crate::rpc::Rpc;
use crate::settle::{fill, settle};
use crate::shared::{carry, import_seed, importable, plan, region};
use crate::tags;
use crate::taken::{self, unique};
use crate::waiters::Wait;

/// What can be suspended: the argument, and the member of the service.
const SUSPENDED: [(&str, &str); 3] = [
    ("dynamic_scaling_in_suspended", "DynamicScalingInSuspended"),
    ("dynamic_scaling_out_suspended", "DynamicScalingOutSuspended"),
    ("scheduled_scaling_suspended", "ScheduledScalingSuspended"),
];

/// How long an endpoint that is changing is waited for.
const SETTLING: Duration = Duration::from_secs(60 * 60);

/// The resource type.
pub(crate) struct Target {
    schema: Schema,
}

impl Target {
    pub(crate) fn new() -> Target {
        let told = || Attribute::computed(Type::String);
        let capacity = || Attribute::required(Type::Number).with(Constraint::Range(0.0, f64::from(i32::MAX)));
        let suspended = SUSPENDED.map(|(name, _)| (name, Attribute::optional(Type::Bool).default_value(false)));
        let mut block = Block::new(
            [
                ("id", told().describe("The resource, as in resource_id.")),
                ("arn", told()),
                ("min_capacity", capacity()),
                ("max_capacity", capacity()),
                (
                    "role_arn",
                    Attribute::optional_computed(Type::String)
                        .with(role_arn_or_none())
                        .describe("The role that scales; for SageMaker, the service always uses its own."),
                ),
                ("region", region()),
                ("tags", tags::tags()),
                ("tags_all", tags::tags_all()),
            ],
            [("suspended_state", NestedBlock::at_most_one(Block::new(suspended, [])).or_computed())],
        );
        block.attributes.extend(subject());
        block.description = "What Application Auto Scaling may scale, and between which counts.";
        Target { schema: Schema { version: 0, block } }
    }

    async fn live(&self, client: &Rpc, remembered: &Value, clients: &Clients) -> Result<Option<Value>, Failure> {
        let Some(target) = describe(client, remembered).await? else { return Ok(None) };
        let text = |name: &str| target.get(name).and_then(Json::as_str);
        let count = |name: &str| target.get(name).and_then(Json::as_i64).and_then(|count| i32::try_from(count).ok());
        let suspended = target.get("SuspendedState").cloned().unwrap_or_else(|| json!({}));
        let own = match text("ScalableTargetARN") {
            Some(arn) => tags_of(client, arn).await?,
            None => BTreeMap::new(),
        };
        let (own, all) = clients.tags.visible(&own, remembered.get("tags"));
        let live = Builder::new(&self.schema.block)
            .text("id", text("ResourceId"))
            .text("arn", text("ScalableTargetARN"))
            .text("service_namespace", text("ServiceNamespace"))
            .text("resource_id", text("ResourceId"))
            .text("scalable_dimension", text("ScalableDimension"))
            .int("min_capacity", count("MinCapacity"))
            .int("max_capacity", count("MaxCapacity"))
            .text("role_arn", text("RoleARN"))
            .blocks("suspended_state", [suspended], |block, suspended| {
                SUSPENDED.into_iter().fold(block, |block, (name, member)| {
                    block.flag(name, Some(suspended.get(member).and_then(Json::as_bool) == Some(true)))
                })
            })
            .value("tags", own)
            .value("tags_all", all)
            .finish();
        // Where SageMaker is scaled, the service does so in a role of its own, whatever it is told.
        Ok(Some(settle(&self.schema.block, remembered, carry(live, remembered), &same_role)))
    }
}

/// Whether one is a role that was given, and the other the service's own.
fn same_role(path: &Path, known: &Value, live: &Value) -> bool {
    let own = |value: &Value| value.as_str().is_some_and(|arn| arn.contains(":role/aws-service-role/"));
    *path == Path::attribute("role_arn") && own(live) && !own(known)
}

/// The target that an object names.
async fn describe(client: &Rpc, object: &Value) -> Result<Option<Json>, Failure> {
    let resource = Fields(object).text("resource_id").unwrap_or_default();
    let mut body = named(object);
    if let Some(body) = body.as_object_mut() {
        body.remove("ResourceId");
        body.insert("ResourceIds".to_owned(), json!([resource]));
    }
    let found = client.listed_json("DescribeScalableTargets", body, "ScalableTargets").await?;
    Ok(found.into_iter().find(|target| target.get("ResourceId").and_then(Json::as_str) == Some(resource)))
}

async fn tags_of(client: &Rpc, arn: &str) -> Result<BTreeMap<String, String>, Failure> {
    let answer = client.json("ListTagsForResource", &json!({ "ResourceARN": arn })).await?;
    let tags = answer.get("Tags").and_then(Json::as_object).cloned().unwrap_or_default();
    Ok(tags.into_iter().map(|(key, value)| (key, value.as_str().unwrap_or_default().to_owned())).collect())
}

fn is_early(failure: &Failure) -> bool {
    failure.code() == "ConcurrentUpdateException" || failure.is("ValidationException", "Unable to assume IAM role")
}

/// Registers a target, or changes one. Answers with its ARN.
async fn register(
    client: &Rpc,
    planned: &Value,
    tags: Option<&BTreeMap<String, String>>,
    cx: &Context<'_, Clients>,
) -> Result<Option<String>, Failure> {
    let fields = Fields(planned);
    let suspended = fields.block("suspended_state").map(|block| {
        let members = SUSPENDED.map(|(name, member)| (member.to_owned(), json!(block.flag(name) == Some(true))));
        Json::Object(members.into_iter().collect())
    });
    let request = with_members(
        named(planned),
        [
            ("MinCapacity", json!(fields.int("min_capacity"))),
            ("MaxCapacity", json!(fields.int("max_capacity"))),
            ("RoleARN", json!(fields.text("role_arn"))),
            ("SuspendedState", suspended.unwrap_or_default()),
            ("Tags", tags.filter(|tags| !tags.is_empty()).map(|tags| json!(tags)).unwrap_or_default()),
        ],
    );
    let answer = while_passing(cx.run, PROPAGATION, is_early, "waiting for the role to become usable", || {
        let request = request.clone();
        async move { client.json("RegisterScalableTarget", &request).await }
    });
    Ok(answer.await?.get("ScalableTargetARN").and_then(Json::as_str).map(str::to_owned))
}

/// Registers a new target. A resource id that is written out by hand tells nobody that the endpoint must be there first,
/// so one that comes with the same plan, or that is changing, is waited for.
async fn register_new(client: &Rpc, planned: &Value, cx: &Context<'_, Clients>) -> Result<Option<String>, Failure> {
    let tags = tags::all_of(planned);
    let (mut coming, mut settling) = (Wait::new(cx.run, PROPAGATION), Wait::new(cx.run, SETTLING));
    let mut settled = false;
    loop {
        let failure = match register(client, planned, Some(&tags), cx).await {
            Err(failure) if failure.code() == "ValidationException" => failure,
            answer => return answer,
        };
        let waited = match endpoint_of(planned, cx).await {
            Some(Presence::Missing) => {
                cx.run.progress("waiting for the endpoint to be created");
                coming.pause().await
            }
            Some(Presence::Busy) => {
                cx.run.progress("waiting for the endpoint to settle");
                settling.pause().await
            }
            // It may have settled since.
            Some(Presence::Settled) if !settled => {
                settled = true;
                Ok(())
            }
            _ => return Err(failure),
        };
        if waited.is_err() {
            return Err(failure);
        }
    }
}

/// How it is with the endpoint whose variant is to be scaled; nothing when another thing is.
async fn endpoint_of(planned: &Value, cx: &Context<'_, Clients>) -> Option<Presence> {
    let fields = Fields(planned);
    let named = fields.text("resource_id").filter(|_| fields.text("service_namespace") == Some("sagemaker"))?;
    let (name, _) = named.strip_prefix("endpoint/")?.split_once("/variant/")?;
    presence(&cx.clients.sagemaker(cx.clients.region_of(planned)), name).await
}

/// Refuses a variant that the endpoint will not have.
fn unknown_variant(object: &PlannedObject, plan: &[PlannedObject]) -> Option<Diagnostic> {
    let resource = Fields(object.after.as_ref()?).text("resource_id")?;
    let (endpoint, variant) = resource.strip_prefix("endpoint/")?.split_once("/variant/")?;
    let has = variants::instead(plan, endpoint, variant)?;
    let detail = format!(
        "Endpoint \"{endpoint}\" has {} by this plan, and no variant \"{variant}\". Let resource_id follow the variant_name of \
         the endpoint configuration.",
        has.join(", ")
    );
    let error = Diagnostic::error(format!("Unknown variant \"{variant}\""), detail);
    Some(error.of_attribute(Path::attribute("resource_id")))
}

fn summary(object: &Value, what: &str) -> String {
    format!("The scalable target {} could not be {what}", Fields(object).text("resource_id").unwrap_or_default())
}

#[async_trait]
impl ResourceType<Clients> for Target {
    fn name(&self) -> &'static str {
        "aws_appautoscaling_target"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut found = check(config);
        found.extend(tags::check(config));
        let fields = Fields(config);
        if let (Some(min), Some(max)) = (fields.int("min_capacity"), fields.int("max_capacity"))
            && min > max
        {
            let detail = format!("min_capacity, {min}, is above max_capacity, {max}.");
            let at = Path::attribute("min_capacity");
            found.push(Diagnostic::error("Capacities do not fit", detail).of_attribute(at));
        }
        found.extend(idle::fixed(fields));
        found
    }

    async fn plan(
        &self,
        schema: &Schema,
        request: PlanRequest,
        cx: &Context<'_, Clients>,
    ) -> Result<PlanResponse, Diagnostics> {
        let id = request.config.get("resource_id").cloned();
        let (is_new, former) = (request.prior.is_none(), request.former.clone());
        let mut response = plan(schema, request, cx.clients, &|_, prior, wanted| prior == wanted);
        response.order = naming::key_order(self, &former, &response.planned);
        if let Some(id) = id.filter(|id| is_new && id.is_known()) {
            response.planned = with(response.planned, "id", id);
        }
        Ok(response)
    }

    fn unique_name(&self, object: &Value) -> Option<UniqueName> {
        unique(object, "resource_id", &["region", "service_namespace", "scalable_dimension"])
    }

    fn goes_with_whole(&self, _: &Value) -> bool {
        true
    }

    fn part_of(&self, object: &Value) -> Option<Whole> {
        let fields = Fields(object);
        let resource = fields.text("resource_id").filter(|_| fields.text("service_namespace") == Some("sagemaker"))?;
        let region = fields.owned("region").unwrap_or_default();
        match resource.split('/').collect::<Vec<_>>().as_slice() {
            ["endpoint", name, "variant", _] => Some(endpoint::whole(&region, name)),
            ["inference-component", name] => {
                Some(Whole { type_name: "aws_sagemaker_inference_component", key: vec![region, (*name).to_owned()] })
            }
            _ => None,
        }
    }

    fn uses(&self, _: &Value) -> Option<Vec<Use>> {
        Some(Vec::new())
    }

    async fn review(&self, object: &PlannedObject, plan: &[PlannedObject], cx: &Context<'_, Clients>) -> Diagnostics {
        let mut found = Diagnostics::new();
        found.extend(unknown_variant(object, plan));
        found.extend(idle::check(object, plan, cx.clients).await);
        if let Some(after) = &object.after {
            let client = cx.clients.scaling(cx.clients.region_of(after));
            let holder = |_| async move { Ok(describe(&client, after).await?.map(|_| identifier(after))) };
            found.extend(taken::check(self, "Scalable target", object, plan, cx, holder).await);
        }
        found
    }

    async fn read(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<Option<Value>, ProviderError> {
        let client = cx.clients.scaling(cx.clients.region_of(prior));
        let live = self.live(&client, prior, cx.clients).await;
        live.map_err(|failure| failure.into_error(summary(prior, "read")))
    }

    async fn create(&self, planned: &Value, cx: &Context<'_, Clients>) -> CreateOutcome {
        let client = cx.clients.scaling(cx.clients.region_of(planned));
        let refuse = |failure: Failure| {
            // The service quotes what it does not find.
            let is_named = failure.message().contains(Fields(planned).text("resource_id").unwrap_or_default());
            let mut error = failure.into_error(summary(planned, "registered"));
            error.attribute = is_named.then(|| Path::attribute("resource_id"));
            CreateOutcome::Failed(error)
        };
        let text = |name: &str| Fields(planned).text(name).unwrap_or_default();
        let id = identifier(planned);
        // The call changes what is there, so that only looking before tells that it belongs to somebody else.
        match describe(&client, planned).await {
            Ok(Some(_)) => return CreateOutcome::Failed(exists(&id)),
            Err(failure) if !failure.is_denied() => return refuse(failure),
            _ => {}
        }
        if let Err(error) = cx.run.intend(&importable(&id, planned, cx.clients)).await {
            return CreateOutcome::Failed(error);
        }
        let arn = match register_new(&client, planned, cx).await {
            Ok(arn) => arn,
            Err(failure) => return refuse(failure),
        };
        let mut wait = Wait::new(cx.run, PROPAGATION);
        loop {
            match self.live(&client, planned, cx.clients).await {
                Ok(Some(live)) => return CreateOutcome::Complete(fill(planned, &live)),
                // It takes the service a while to show what it has registered.
                Ok(None) if wait.pause().await.is_ok() => {}
                // It exists as it was sent; what the service adds is read next time.
                _ => {
                    let told = Builder::new(&self.schema.block)
                        .text("id", Some(text("resource_id")))
                        .text("arn", arn.as_deref())
                        .finish();
                    return CreateOutcome::Complete(fill(planned, &told));
                }
            }
        }
    }

    async fn update(&self, prior: &Value, planned: &Value, cx: &Context<'_, Clients>) -> UpdateOutcome {
        let client = cx.clients.scaling(cx.clients.region_of(prior));
        let mut now = prior.clone();
        let told = ["min_capacity", "max_capacity", "role_arn", "suspended_state"];
        if told.iter().any(|name| prior.get(name) != planned.get(name)) {
            if let Err(failure) = register(&client, planned, None, cx).await {
                return UpdateOutcome::Failed(failure.into_error(summary(planned, "changed")));
            }
            now = told.iter().fold(now, |now, name| match planned.get(name) {
                Some(value) => with(now, name, value.clone()),
                None => now,
            });
        }
        let arn = Fields(prior).text("arn").unwrap_or_default();
        let change = tags::change(prior, planned);
        let retag = async {
            if !change.remove.is_empty() {
                let body = json!({ "ResourceARN": arn, "TagKeys": change.remove });
                client.json("UntagResource", &body).await?;
            }
            if !change.put.is_empty() {
                client.json("TagResource", &json!({ "ResourceARN": arn, "Tags": change.put })).await?;
            }
            Ok::<(), Failure>(())
        };
        match retag.await {
            Ok(()) => UpdateOutcome::Complete(fill(planned, prior)),
            Err(failure) => {
                UpdateOutcome::Partial(now, failure.into_error(format!("The tags of {arn} could not be changed")))
            }
        }
    }

    async fn delete(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<(), ProviderError> {
        let client = cx.clients.scaling(cx.clients.region_of(prior));
        let refuse = |failure: Failure| failure.into_error(summary(prior, "deregistered"));
        // Autoscaling may be about to change the variant.
        let waiting = "waiting for another change of the target to end";
        let deregistered = while_passing(cx.run, PROPAGATION, is_early, waiting, || {
            let (client, request) = (client.clone(), named(prior));
            async move { client.json("DeregisterScalableTarget", &request).await.map(drop) }
        });
        match deregistered.await {
            Err(failure) if is_missing(&failure) => return Ok(()),
            done => done.map_err(refuse)?,
        };
        let mut wait = Wait::new(cx.run, PROPAGATION);
        while describe(&client, prior).await.map_err(refuse)?.is_some() {
            wait.pause().await.map_err(|_| {
                let detail = "Its deregistration was accepted, and the service still shows it. Run the command again.";
                ProviderError::new(summary(prior, "deregistered"), detail)
            })?;
        }
        Ok(())
    }

    fn created_with(&self) -> &'static [&'static str] {
        &["min_capacity", "max_capacity"]
    }

    async fn import(&self, identifier: &str, cx: &Context<'_, Clients>) -> Result<Option<Imported>, ProviderError> {
        let (id, seed) = import_seed(&self.schema, identifier, cx.clients);
        let Some((namespace, resource, dimension)) = identified(id) else {
            return Err(ProviderError::new(
                format!("\"{id}\" does not identify a scalable target"),
                "Write the namespace, the resource and the dimension, such as \
                 sagemaker/endpoint/my-endpoint/variant/AllTraffic/sagemaker:variant:DesiredInstanceCount.",
            ));
        };
        let seed = with(seed, "service_namespace", Value::string(namespace));
        let seed = with(seed, "resource_id", Value::string(resource));
        let seed = with(seed, "scalable_dimension", Value::string(dimension));
        let client = cx.clients.scaling(cx.clients.region_of(&seed));
        let live = self.live(&client, &seed, cx.clients).await;
        let live = live.map_err(|failure| failure.into_error(summary(&seed, "read")))?;
        Ok(live.map(Imported::from))
    }
}

/// By what an import finds a target.
fn identifier(object: &Value) -> String {
    let parts = ["service_namespace", "resource_id", "scalable_dimension"];
    parts.map(|name| Fields(object).text(name).unwrap_or_default()).join("/")
}

fn exists(id: &str) -> ProviderError {
    ProviderError::new(
        "The scalable target exists already",
        format!("If it is not in this state, import it with \"smform import ADDRESS {id}\", or deregister it."),
    )
}
