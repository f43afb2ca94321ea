//! `aws_appautoscaling_policy`: by what a registered target is scaled.

mod predictive;
mod schema;
mod wire;

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use smform_provider::{
    Context, CreateOutcome, Imported, PlanRequest, PlanResponse, PlannedObject, ProviderError, ResourceType,
    UniqueName, UpdateOutcome, Use, Whole, plan::with_unknown,
};
use smform_types::schema::Schema;
use smform_types::{Diagnostics, Path, Step, Value};

use super::{PROPAGATION, check, identified, idle, is_missing, named, with_members};
use crate::clients::Clients;
use crate::failure::Failure;
use crate::fields::{Builder, Fields, with};
use crate::naming;
use crate::retry::while_passing;
use crate::rpc::Rpc;
use crate::settle::{fill, settle};
use crate::shared::{carry, import_seed, importable, plan};
use crate::taken::{self, unique};

/// The block of each type of policy.
const TRACKING: &str = "target_tracking_scaling_policy_configuration";
const STEPS: &str = "step_scaling_policy_configuration";
const PREDICTIVE: &str = "predictive_scaling_policy_configuration";

/// The resource type.
pub(crate) struct Policy {
    schema: Schema,
}

/// Bounds of steps are texts, in which a number has several forms.
fn same(path: &Path, prior: &Value, wanted: &Value) -> bool {
    let is_bound = matches!(path.0.last(), Some(Step::Attribute(name)) if name.starts_with("metric_interval_"));
    let bound = |value: &Value| value.as_str().and_then(|text| text.parse::<f64>().ok());
    is_bound && bound(prior).is_some_and(|prior| bound(wanted) == Some(prior))
}

/// The policy that an object names.
async fn describe(client: &Rpc, object: &Value) -> Result<Option<Json>, Failure> {
    let name = Fields(object).text("name").unwrap_or_default();
    let request = with_members(named(object), [("PolicyNames", json!([name]))]);
    let found = client.listed_json("DescribeScalingPolicies", request, "ScalingPolicies").await?;
    Ok(found.into_iter().find(|policy| policy.get("PolicyName").and_then(Json::as_str) == Some(name)))
}

/// Whether the service does not see the target yet, or cannot reach the metrics for now.
fn is_early(failure: &Failure) -> bool {
    is_missing(failure) || matches!(failure.code(), "FailedResourceAccessException" | "ConcurrentUpdateException")
}

/// Makes a policy, or replaces what it says.
async fn put(client: &Rpc, planned: &Value, cx: &Context<'_, Clients>) -> Result<(), Failure> {
    let fields = Fields(planned);
    let request = with_members(
        named(planned),
        [
            ("PolicyName", json!(fields.text("name"))),
            ("PolicyType", json!(fields.text("policy_type"))),
            ("TargetTrackingScalingPolicyConfiguration", wire::tracking(fields)),
            ("StepScalingPolicyConfiguration", wire::steps(fields)),
            ("PredictiveScalingPolicyConfiguration", predictive::request(fields)),
        ],
    );
    while_passing(cx.run, PROPAGATION, is_early, "waiting for the scalable target to become visible", || {
        let request = request.clone();
        async move { client.json("PutScalingPolicy", &request).await.map(drop) }
    })
    .await
}

fn summary(object: &Value, what: &str) -> String {
    let fields = Fields(object);
    let text = |name: &str| fields.text(name).unwrap_or_default();
    format!("Scaling policy \"{}\" of {} could not be {what}", text("name"), text("resource_id"))
}

impl Policy {
    pub(crate) fn new() -> Policy {
        Policy { schema: schema::schema() }
    }

    async fn live(&self, client: &Rpc, remembered: &Value) -> Result<Option<Value>, Failure> {
        let found = describe(client, remembered).await?;
        Ok(found.map(|policy| {
            let live = carry(wire::described(&self.schema, &policy), remembered);
            settle(&self.schema.block, remembered, live, &same)
        }))
    }
}

#[async_trait]
impl ResourceType<Clients> for Policy {
    fn name(&self) -> &'static str {
        "aws_appautoscaling_policy"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut found = check(config);
        found.extend(schema::check(Fields(config)));
        found.extend(predictive::check(Fields(config)));
        found
    }

    fn equivalent(&self, path: &Path, prior: &Value, wanted: &Value) -> bool {
        prior == wanted || same(path, prior, wanted)
    }

    async fn plan(
        &self,
        schema: &Schema,
        request: PlanRequest,
        cx: &Context<'_, Clients>,
    ) -> Result<PlanResponse, Diagnostics> {
        let (prior, former) = (request.prior.clone(), request.former.clone());
        let id = request.config.get("name").cloned();
        let mut response =
            plan(schema, request, cx.clients, &|path, prior, wanted| self.equivalent(path, prior, wanted));
        response.order = naming::key_order(self, &former, &response.planned);
        match (prior, id) {
            // The service makes other alarms when it tracks something else.
            (Some(prior), _)
                if [TRACKING, "policy_type"].iter().any(|name| prior.get(name) != response.planned.get(name)) =>
            {
                response.planned = with_unknown(response.planned, &schema.block.ty(), &["alarm_arns"]);
            }
            (None, Some(id)) if id.is_known() => response.planned = with(response.planned, "id", id),
            _ => {}
        }
        Ok(response)
    }

    fn unique_name(&self, object: &Value) -> Option<UniqueName> {
        unique(object, "name", &["region", "service_namespace", "resource_id", "scalable_dimension"])
    }

    fn goes_with_whole(&self, _: &Value) -> bool {
        true
    }

    fn part_of(&self, object: &Value) -> Option<Whole> {
        let target = unique(object, "resource_id", &["region", "service_namespace", "scalable_dimension"])?;
        Some(Whole { type_name: "aws_appautoscaling_target", key: target.key })
    }

    fn uses(&self, _: &Value) -> Option<Vec<Use>> {
        Some(Vec::new())
    }

    async fn review(&self, object: &PlannedObject, plan: &[PlannedObject], cx: &Context<'_, Clients>) -> Diagnostics {
        let Some(after) = &object.after else { return Diagnostics::new() };
        let client = cx.clients.scaling(cx.clients.region_of(after));
        let holder = |_| async move { Ok(describe(&client, after).await?.map(|_| identifier(after))) };
        let mut found = taken::check(self, "Scaling policy", object, plan, cx, holder).await;
        found.extend(idle::metric(object, plan));
        found
    }

    async fn read(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<Option<Value>, ProviderError> {
        let live = self.live(&cx.clients.scaling(cx.clients.region_of(prior)), prior).await;
        live.map_err(|failure| failure.into_error(summary(prior, "read")))
    }

    async fn create(&self, planned: &Value, cx: &Context<'_, Clients>) -> CreateOutcome {
        let client = cx.clients.scaling(cx.clients.region_of(planned));
        let refuse = |failure: Failure| CreateOutcome::Failed(failure.into_error(summary(planned, "created")));
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
        if let Err(failure) = put(&client, planned, cx).await {
            return refuse(failure);
        }
        let live = match self.live(&client, planned).await {
            Ok(Some(live)) => live,
            // It exists as it was sent; what the service adds is read next time.
            _ => Builder::new(&self.schema.block).text("id", Some(text("name"))).texts("alarm_arns", &[]).finish(),
        };
        CreateOutcome::Complete(fill(planned, &live))
    }

    async fn update(&self, prior: &Value, planned: &Value, cx: &Context<'_, Clients>) -> UpdateOutcome {
        let client = cx.clients.scaling(cx.clients.region_of(prior));
        if let Err(failure) = put(&client, planned, cx).await {
            return UpdateOutcome::Failed(failure.into_error(summary(planned, "changed")));
        }
        let live = self.live(&client, planned).await.ok().flatten();
        UpdateOutcome::Complete(fill(planned, live.as_ref().unwrap_or(prior)))
    }

    async fn delete(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<(), ProviderError> {
        let client = cx.clients.scaling(cx.clients.region_of(prior));
        let request = with_members(named(prior), [("PolicyName", json!(Fields(prior).text("name")))]);
        let passes = |failure: &Failure| is_early(failure) && !is_missing(failure);
        let waiting = "waiting for the service to reach the policy's alarms";
        let deleted = while_passing(cx.run, PROPAGATION, passes, waiting, || {
            let request = request.clone();
            let client = client.clone();
            async move { client.json("DeleteScalingPolicy", &request).await.map(drop) }
        });
        match deleted.await {
            Err(failure) if !is_missing(&failure) => Err(failure.into_error(summary(prior, "deleted"))),
            _ => Ok(()),
        }
    }

    fn created_with(&self) -> &'static [&'static str] {
        &[TRACKING, STEPS, PREDICTIVE]
    }

    async fn import(&self, identifier: &str, cx: &Context<'_, Clients>) -> Result<Option<Imported>, ProviderError> {
        let (id, seed) = import_seed(&self.schema, identifier, cx.clients);
        // A name may have slashes, the dimension has none.
        let parts = id.match_indices('/').filter_map(|(at, _)| Some((identified(id.get(..at)?)?, id.get(at + 1..)?)));
        let Some(((namespace, resource, dimension), name)) = parts.into_iter().find(|(_, name)| !name.is_empty())
        else {
            return Err(ProviderError::new(
                format!("\"{id}\" does not identify a scaling policy"),
                "Write the namespace, the resource, the dimension and the name, such as \
                 sagemaker/endpoint/my-endpoint/variant/AllTraffic/sagemaker:variant:DesiredInstanceCount/my-policy.",
            ));
        };
        let seed = [
            ("service_namespace", namespace),
            ("resource_id", resource),
            ("scalable_dimension", dimension),
            ("name", name),
        ]
        .into_iter()
        .fold(seed, |seed, (name, text)| with(seed, name, Value::string(text)));
        let live = self.live(&cx.clients.scaling(cx.clients.region_of(&seed)), &seed).await;
        let live = live.map_err(|failure| failure.into_error(summary(&seed, "read")))?;
        Ok(live.map(Imported::from))
    }
}

/// By what an import finds a policy.
fn identifier(object: &Value) -> String {
    let parts = ["service_namespace", "resource_id", "scalable_dimension", "name"];
    parts.map(|name| Fields(object).text(name).unwrap_or_default()).join("/")
}

fn exists(id: &str) -> ProviderError {
    ProviderError::new(
        "The scaling policy exists already",
        format!("If it is not in this state, import it with \"smform import ADDRESS {id}\", or give another name."),
    )
    .of_attribute(Path::attribute("name"))
}
