//! `aws_cloudwatch_metric_alarm`: an alarm on a metric, on several, or on a query.

mod schema;
mod wire;

use async_trait::async_trait;
use smform_provider::{
    Context, CreateOutcome, Imported, PlanRequest, PlanResponse, PlannedObject, ProviderError, ResourceType,
    UniqueName, UpdateOutcome, Use,
};
use smform_types::schema::Schema;
use smform_types::{Diagnostics, Path, Value};

use crate::clients::Clients;
use crate::failure::Failure;
use crate::fields::{Builder, Fields, with};
use crate::naming;
use crate::rpc::{Element, Form, Rpc};
use crate::settle::{fill, settle};
use crate::shared::{carry, import_seed, importable, plan};
use crate::tags;
use crate::taken::{self, unique};

/// The resource type.
pub(crate) struct MetricAlarm {
    schema: Schema,
}

/// The alarm of that name.
async fn describe(client: &Rpc, name: &str) -> Result<Option<Element>, Failure> {
    let form = Form::new().list("AlarmNames", [name]);
    let found = client.listed("DescribeAlarms", form, "MetricAlarms").await?;
    Ok(found.into_iter().find(|alarm| alarm.text("AlarmName") == Some(name)))
}

async fn retag(client: &Rpc, arn: &str, prior: &Value, planned: &Value) -> Result<(), Failure> {
    let change = tags::change(prior, planned);
    let of = || Form::new().text("ResourceARN", Some(arn));
    if !change.remove.is_empty() {
        client.query("UntagResource", of().list("TagKeys", &change.remove)).await?;
    }
    if !change.put.is_empty() {
        client.query("TagResource", of().tags(&change.put)).await?;
    }
    Ok(())
}

fn name_of(object: &Value) -> &str {
    let fields = Fields(object);
    fields.text("alarm_name").or_else(|| fields.text("id")).unwrap_or_default()
}

fn summary(name: &str, what: &str) -> String {
    format!("Alarm \"{name}\" could not be {what}")
}

impl MetricAlarm {
    pub(crate) fn new() -> MetricAlarm {
        MetricAlarm { schema: schema::schema() }
    }

    async fn live(&self, client: &Rpc, remembered: &Value, clients: &Clients) -> Result<Option<Value>, Failure> {
        let Some(alarm) = describe(client, name_of(remembered)).await? else { return Ok(None) };
        let tags = match alarm.text("AlarmArn") {
            Some(arn) => {
                let form = Form::new().text("ResourceARN", Some(arn));
                client.query("ListTagsForResource", form).await?.tags("Tags")
            }
            None => Default::default(),
        };
        let (own, all) = clients.tags.visible(&tags, remembered.get("tags"));
        let live = wire::described(&self.schema, &alarm).value("tags", own).value("tags_all", all).finish();
        Ok(Some(settle(&self.schema.block, remembered, carry(live, remembered), &|_, known, live| known == live)))
    }
}

#[async_trait]
impl ResourceType<Clients> for MetricAlarm {
    fn name(&self) -> &'static str {
        "aws_cloudwatch_metric_alarm"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut found = schema::check(Fields(config));
        found.extend(tags::check(config));
        found
    }

    async fn plan(
        &self,
        schema: &Schema,
        request: PlanRequest,
        cx: &Context<'_, Clients>,
    ) -> Result<PlanResponse, Diagnostics> {
        let id = request.config.get("alarm_name").cloned();
        let (is_new, former) = (request.prior.is_none(), request.former.clone());
        let mut response = plan(schema, request, cx.clients, &|_, prior, wanted| prior == wanted);
        response.order = naming::key_order(self, &former, &response.planned);
        if let Some(id) = id.filter(|id| is_new && id.is_known()) {
            response.planned = with(response.planned, "id", id);
        }
        Ok(response)
    }

    fn unique_name(&self, object: &Value) -> Option<UniqueName> {
        unique(object, "alarm_name", &["region"])
    }

    fn uses(&self, _: &Value) -> Option<Vec<Use>> {
        Some(Vec::new())
    }

    async fn review(&self, object: &PlannedObject, plan: &[PlannedObject], cx: &Context<'_, Clients>) -> Diagnostics {
        let Some(after) = &object.after else { return Diagnostics::new() };
        let client = cx.clients.cloudwatch(cx.clients.region_of(after));
        let holder = |name: String| async move { Ok(describe(&client, &name).await?.map(|_| name)) };
        taken::check(self, "Alarm", object, plan, cx, holder).await
    }

    async fn read(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<Option<Value>, ProviderError> {
        let client = cx.clients.cloudwatch(cx.clients.region_of(prior));
        let live = self.live(&client, prior, cx.clients).await;
        live.map_err(|failure| failure.into_error(summary(name_of(prior), "read")))
    }

    async fn create(&self, planned: &Value, cx: &Context<'_, Clients>) -> CreateOutcome {
        let client = cx.clients.cloudwatch(cx.clients.region_of(planned));
        let name = name_of(planned);
        let refuse = |failure: Failure| CreateOutcome::Failed(failure.into_error(summary(name, "created")));
        // The call changes what is there, so that only looking before tells that it belongs to somebody else.
        match describe(&client, name).await {
            Ok(Some(_)) => return CreateOutcome::Failed(exists(name)),
            Err(failure) if !failure.is_denied() => return refuse(failure),
            _ => {}
        }
        if let Err(error) = cx.run.intend(&importable(name, planned, cx.clients)).await {
            return CreateOutcome::Failed(error);
        }
        let form = wire::request(Fields(planned)).tags(&tags::all_of(planned));
        if let Err(failure) = client.query("PutMetricAlarm", form).await {
            return refuse(failure);
        }
        let live = match self.live(&client, planned, cx.clients).await {
            Ok(Some(live)) => live,
            // It exists as it was sent; what the service adds is read next time.
            _ => Builder::new(&self.schema.block).text("id", Some(name)).finish(),
        };
        CreateOutcome::Complete(fill(planned, &live))
    }

    async fn update(&self, prior: &Value, planned: &Value, cx: &Context<'_, Clients>) -> UpdateOutcome {
        let client = cx.clients.cloudwatch(cx.clients.region_of(prior));
        let name = name_of(prior);
        if let Err(failure) = client.query("PutMetricAlarm", wire::request(Fields(planned))).await {
            return UpdateOutcome::Failed(failure.into_error(summary(name, "changed")));
        }
        let now = fill(planned, prior);
        let arn = Fields(prior).text("arn").unwrap_or_default();
        match retag(&client, arn, prior, planned).await {
            Ok(()) => UpdateOutcome::Complete(now),
            Err(failure) => {
                let before = |now, name| match prior.get(name) {
                    Some(value) => with(now, name, value.clone()),
                    None => now,
                };
                let error = failure.into_error(format!("The tags of {arn} could not be changed"));
                UpdateOutcome::Partial(["tags", "tags_all"].into_iter().fold(now, before), error)
            }
        }
    }

    async fn delete(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<(), ProviderError> {
        let client = cx.clients.cloudwatch(cx.clients.region_of(prior));
        let name = name_of(prior);
        match client.query("DeleteAlarms", Form::new().list("AlarmNames", [name])).await {
            Err(failure) if !failure.code().starts_with("ResourceNotFound") => {
                Err(failure.into_error(summary(name, "deleted")))
            }
            _ => Ok(()),
        }
    }

    fn created_with(&self) -> &'static [&'static str] {
        &["metric_name", "namespace", "comparison_operator", "threshold"]
    }

    async fn import(&self, identifier: &str, cx: &Context<'_, Clients>) -> Result<Option<Imported>, ProviderError> {
        let (name, seed) = import_seed(&self.schema, identifier, cx.clients);
        let seed = with(seed, "alarm_name", Value::string(name));
        let client = cx.clients.cloudwatch(cx.clients.region_of(&seed));
        let live = self.live(&client, &seed, cx.clients).await;
        let live = live.map_err(|failure| failure.into_error(summary(name, "read")))?;
        Ok(live.map(Imported::from))
    }
}

fn exists(name: &str) -> ProviderError {
    ProviderError::new(
        format!("An alarm \"{name}\" exists already"),
        format!("If it is not in this state, import it with \"smform import ADDRESS {name}\", or give another name."),
    )
    .of_attribute(Path::attribute("alarm_name"))
}
