//! `aws_security_group`, with the rules in its `ingress` and `egress` blocks.

mod delete;
mod owned;
pub(super) mod rules;
pub(super) mod schema;

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{IpPermission, ResourceType as Ec2Type, SecurityGroup as Group};
use smform_provider::{
    Context, CreateOutcome, Imported, PlanRequest, PlanResponse, PlannedObject, ProviderError, ResourceType, Run,
    UniqueName, UpdateOutcome,
};
use smform_types::schema::Schema;
use smform_types::{Diagnostics, Path, Refinement, Step, Type, Value};

use super::filters::{arn, filter, own_tags};
use super::tagging;
use crate::clients::Clients;
use crate::failure::{Failure, Service, failed};
use crate::fields::{Builder, Fields, with};
use crate::naming;
use crate::preflight;
use crate::retry::while_passing;
use crate::settle::{fill, settle};
use crate::shared::{carry, import_seed, importable};
use crate::tags;
use crate::taken::{self, unique};
use rules::{Rule, protocol};

/// How long a new group may stay invisible.
pub(super) const PROPAGATION: Duration = Duration::from_secs(60);

/// The resource type.
pub(crate) struct SecurityGroup {
    schema: Schema,
}

/// Which way traffic goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Ingress,
    Egress,
}

impl Direction {
    pub(super) const ALL: [Direction; 2] = [Direction::Ingress, Direction::Egress];

    pub(super) const fn block(self) -> &'static str {
        match self {
            Direction::Ingress => "ingress",
            Direction::Egress => "egress",
        }
    }
}

pub(super) async fn describe(client: &Client, id: &str) -> Result<Option<Group>, Failure> {
    let answer = client.describe_security_groups().group_ids(id).send().await;
    match answer.map_err(failed(Service::Ec2, "DescribeSecurityGroups")) {
        Ok(answer) => Ok(answer.security_groups().first().cloned()),
        Err(failure) if failure.code() == "InvalidGroup.NotFound" => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// The group of a name, in a VPC if one is given.
async fn by_name(client: &Client, name: &str, vpc: Option<&str>) -> Result<Option<Group>, Failure> {
    let call = client.describe_security_groups().filters(filter("group-name", name));
    let call = match vpc {
        Some(vpc) => call.filters(filter("vpc-id", vpc)),
        None => call,
    };
    let answer = call.send().await.map_err(failed(Service::Ec2, "DescribeSecurityGroups"))?;
    Ok(answer.security_groups().first().cloned())
}

pub(super) fn live_rules(group: &Group, direction: Direction) -> BTreeSet<Rule> {
    let permissions = match direction {
        Direction::Ingress => group.ip_permissions(),
        Direction::Egress => group.ip_permissions_egress(),
    };
    rules::live(permissions, group.group_id().unwrap_or_default(), group.owner_id().unwrap_or_default())
}

pub(super) fn is_unseen(failure: &Failure) -> bool {
    failure.code() == "InvalidGroup.NotFound"
}

/// Whether a rule is refused because the group has it.
fn is_there(failure: &Failure) -> bool {
    failure.code() == "InvalidPermission.Duplicate"
}

/// Whether the group has all of the rules.
async fn shows(client: &Client, id: &str, direction: Direction, rules: &BTreeSet<Rule>) -> Result<bool, Failure> {
    Ok(describe(client, id).await?.is_some_and(|group| rules.is_subset(&live_rules(&group, direction))))
}

fn permissions(rules: &BTreeSet<Rule>, id: &str) -> Option<Vec<IpPermission>> {
    Some(rules.iter().map(|rule| rules::permission(rule, id)).collect())
}

const WAITING: &str = "waiting for the group to become visible";

/// Takes rules away and adds others; without a call where there is nothing to do.
pub(super) async fn change_rules(
    client: &Client,
    id: &str,
    direction: Direction,
    (revoke, authorize): (BTreeSet<Rule>, BTreeSet<Rule>),
    run: &dyn Run,
) -> Result<(), Failure> {
    if !revoke.is_empty() {
        let sent = permissions(&revoke, id);
        while_passing(run, PROPAGATION, is_unseen, WAITING, || {
            let (client, sent) = (client.clone(), sent.clone());
            async move {
                let done = match direction {
                    Direction::Ingress => {
                        let call = client.revoke_security_group_ingress().group_id(id).set_ip_permissions(sent);
                        call.send().await.map(drop).map_err(failed(Service::Ec2, "RevokeSecurityGroupIngress"))
                    }
                    Direction::Egress => {
                        let call = client.revoke_security_group_egress().group_id(id).set_ip_permissions(sent);
                        call.send().await.map(drop).map_err(failed(Service::Ec2, "RevokeSecurityGroupEgress"))
                    }
                };
                // Gone already is what was wanted, also after a call whose answer was lost.
                done.or_else(
                    |failure| if failure.code() == "InvalidPermission.NotFound" { Ok(()) } else { Err(failure) },
                )
            }
        })
        .await?;
    }
    if authorize.is_empty() {
        return Ok(());
    }
    match add_rules(client, id, direction, &authorize, run).await {
        // Whoever added them: the group is to have these rules.
        Err(failure) if is_there(&failure) => {
            if shows(client, id, direction, &authorize).await? {
                Ok(())
            } else {
                Err(failure)
            }
        }
        result => result,
    }
}

/// Adds rules, all of them or none.
pub(super) async fn add_rules(
    client: &Client,
    id: &str,
    direction: Direction,
    rules: &BTreeSet<Rule>,
    run: &dyn Run,
) -> Result<(), Failure> {
    let sent = permissions(rules, id);
    let result = while_passing(run, PROPAGATION, is_unseen, WAITING, || {
        let (client, sent) = (client.clone(), sent.clone());
        async move {
            match direction {
                Direction::Ingress => {
                    let call = client.authorize_security_group_ingress().group_id(id).set_ip_permissions(sent);
                    call.send().await.map(drop).map_err(failed(Service::Ec2, "AuthorizeSecurityGroupIngress"))
                }
                Direction::Egress => {
                    let call = client.authorize_security_group_egress().group_id(id).set_ip_permissions(sent);
                    call.send().await.map(drop).map_err(failed(Service::Ec2, "AuthorizeSecurityGroupEgress"))
                }
            }
        }
    });
    match result.await {
        // A call whose answer was lost may have added them.
        Err(failure) if is_there(&failure) && failure.may_be_ours() => {
            if shows(client, id, direction, rules).await? {
                Ok(())
            } else {
                Err(failure)
            }
        }
        result => result,
    }
}

impl SecurityGroup {
    pub(crate) fn new() -> SecurityGroup {
        SecurityGroup { schema: schema::schema() }
    }

    /// The object with rules of which nothing is known.
    fn without_rules(&self, object: Value) -> Value {
        let unknown = |object: Value, kind: &str| match self.schema.block.ty().attribute(kind) {
            Some(ty) => with(object, kind, Value::null(ty.clone())),
            None => object,
        };
        Direction::ALL.into_iter().map(Direction::block).fold(object, unknown)
    }

    /// The described group as an object, in the form of `remembered`.
    fn object(&self, group: &Group, remembered: &Value, clients: &Clients) -> Value {
        let id = group.group_id().unwrap_or_default();
        let owner = group.owner_id().unwrap_or_default();
        let region = clients.region_of(remembered);
        let arn = group.security_group_arn().map(str::to_owned);
        let arn = arn.unwrap_or_else(|| arn_of(clients, region, owner, id));
        let name = group.group_name().unwrap_or_default();
        let mut builder = Builder::new(&self.schema.block)
            .text("id", Some(id))
            .text("arn", Some(&arn))
            .text("owner_id", Some(owner))
            .text("name", Some(name))
            .value("name_prefix", naming::prefix_value(name))
            .text("description", group.description())
            .text("vpc_id", group.vpc_id())
            .flag("revoke_rules_on_delete", Some(Fields(remembered).flag("revoke_rules_on_delete") == Some(true)));
        for direction in Direction::ALL {
            if let Some(nested) = self.schema.block.blocks.get(direction.block()) {
                let shown = rules::blocks(nested, live_rules(group, direction), remembered.get(direction.block()));
                builder = builder.value(direction.block(), shown);
            }
        }
        let (own, all) = clients.tags.visible(&own_tags(group.tags()), remembered.get("tags"));
        let live = builder.value("tags", own).value("tags_all", all).finish();
        settle(&self.schema.block, remembered, carry(live, remembered), &same)
    }
}

fn arn_of(clients: &Clients, region: &str, owner: &str, id: &str) -> String {
    arn(clients, region, owner, &format!("security-group/{id}"))
}

/// Protocols by name or number, in any letter case.
fn same(path: &Path, prior: &Value, wanted: &Value) -> bool {
    matches!(path.0.last(), Some(Step::Attribute(name)) if name == "protocol")
        && prior.as_str().map(protocol) == wanted.as_str().map(protocol)
}

#[async_trait]
impl ResourceType<Clients> for SecurityGroup {
    fn name(&self) -> &'static str {
        "aws_security_group"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut found = naming::check(config);
        found.extend(schema::check(Fields(config)));
        found.extend(tags::check(config));
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
        let (config, prior) = (request.config.clone(), request.prior.clone());
        let equivalent = |path: &Path, prior: &Value, wanted: &Value| self.equivalent(path, prior, wanted);
        let mut response = naming::plan(schema, request, cx.clients, &equivalent, &["region", "vpc_id"]);
        if prior.is_none() {
            let id = Value::refined(Type::String, Refinement::with_prefix(preflight::GROUP));
            response.planned = with(response.planned, "id", id);
            // It is made with the rules that are written, and with no other.
            if config.get("egress").is_none_or(|rules| rules.is_null() || rules.as_slice() == Some(&[])) {
                let ty = schema.block.ty().attribute("egress").cloned().unwrap_or(Type::Dynamic);
                let known = response.planned.get("egress").is_none_or(Value::is_known);
                let none = Refinement { max_length: Some(0), ..Refinement::default() };
                if !known {
                    response.planned = with(response.planned, "egress", Value::refined(ty, none));
                }
            }
        }
        if let Some(prior) = &prior {
            response.planned = rules::kept(prior, response.planned);
        }
        Ok(response)
    }

    fn unique_name(&self, object: &Value) -> Option<UniqueName> {
        unique(object, "name", &["region", "vpc_id"])
    }

    async fn review(&self, object: &PlannedObject, plan: &[PlannedObject], cx: &Context<'_, Clients>) -> Diagnostics {
        let Some(after) = &object.after else { return Diagnostics::new() };
        let (client, vpc) = (cx.clients.ec2(cx.clients.region_of(after)), Fields(after).text("vpc_id"));
        let holder = |name: String| async move {
            // Without a VPC, the answer would be of any.
            let found = if vpc.is_some() { by_name(&client, &name, vpc).await? } else { None };
            Ok(found.and_then(|group| group.group_id().map(str::to_owned)))
        };
        taken::check(self, "Security group", object, plan, cx, holder).await
    }

    async fn read(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<Option<Value>, ProviderError> {
        let client = cx.clients.ec2(cx.clients.region_of(prior));
        let id = Fields(prior).text("id").unwrap_or_default();
        let group = describe(&client, id).await;
        let group = group.map_err(|failure| failure.into_error(format!("Security group {id} could not be read")))?;
        Ok(group.map(|group| self.object(&group, prior, cx.clients)))
    }

    fn accounted(&self, schema: &Schema, recorded: &Value, read: &Value, others: &[PlannedObject]) -> Value {
        owned::accounted(schema, recorded, read, others)
    }

    async fn create(&self, planned: &Value, cx: &Context<'_, Clients>) -> CreateOutcome {
        let client = cx.clients.ec2(cx.clients.region_of(planned));
        let fields = Fields(planned);
        let (name, vpc) = (naming::choose(planned, cx.run.clock().now()), fields.text("vpc_id"));
        let refuse = |failure: Failure| {
            CreateOutcome::Failed(failure.into_error(format!("Security group \"{name}\" could not be created")))
        };
        // A call that is repeated after a lost answer is told that the name is taken. To know then whose the group is,
        // look before.
        match by_name(&client, &name, vpc).await {
            Ok(Some(group)) if vpc.is_some() => return CreateOutcome::Failed(taken(&name, &group)),
            Err(failure) if !failure.is_denied() => return refuse(failure),
            _ => {}
        }
        let intended = vpc.map_or_else(|| name.clone(), |vpc| format!("{vpc}/{name}"));
        if let Err(error) = cx.run.intend(&importable(&intended, planned, cx.clients)).await {
            return CreateOutcome::Failed(error);
        }
        let call = client
            .create_security_group()
            .group_name(&name)
            .set_description(Some(fields.get("description").and_then(Value::as_str).unwrap_or_default().to_owned()))
            .set_vpc_id(vpc.map(str::to_owned))
            .set_tag_specifications(tagging::for_create(Ec2Type::SecurityGroup, planned));
        let id = match call.send().await.map_err(failed(Service::Ec2, "CreateSecurityGroup")) {
            Ok(answer) => answer.group_id().unwrap_or_default().to_owned(),
            Err(failure) if failure.code() == "InvalidGroup.Duplicate" => match by_name(&client, &name, vpc).await {
                Ok(Some(group)) if vpc.is_some() && failure.may_be_ours() && is_described(&group, planned) => {
                    group.group_id().unwrap_or_default().to_owned()
                }
                Ok(Some(group)) if vpc.is_some() => return CreateOutcome::Failed(taken(&name, &group)),
                _ => return refuse(failure),
            },
            Err(failure) => return refuse(failure),
        };
        self.furnish(&client, &id, &name, planned, cx).await
    }

    /// What is missing of it yet is an update, but for the rule that the service starts with: where the configuration says
    /// nothing of rules, nobody would take it away.
    async fn resume(&self, begun: &Value, cx: &Context<'_, Clients>) -> Result<Option<Value>, ProviderError> {
        let live = self.read(begun, cx).await?;
        let is_left_alone = |kind: &str| begun.get(kind).is_none_or(Value::is_null);
        Ok(live.filter(|live| {
            let unset = Direction::ALL.into_iter().map(Direction::block).filter(|kind| is_left_alone(kind));
            unset.into_iter().all(|kind| rules::wanted(live, kind).is_empty())
        }))
    }

    async fn update(&self, prior: &Value, planned: &Value, cx: &Context<'_, Clients>) -> UpdateOutcome {
        let client = cx.clients.ec2(cx.clients.region_of(prior));
        let id = Fields(prior).text("id").unwrap_or_default();
        let mut now = prior.clone();
        let mut changed = false;
        for direction in Direction::ALL {
            let (before, after) = (rules::wanted(prior, direction.block()), rules::wanted(planned, direction.block()));
            let change = (&before - &after, &after - &before);
            if let Err(failure) = change_rules(&client, id, direction, change, cx.run).await {
                let error = failure.into_error(format!("The {} rules of {id} could not be changed", direction.block()));
                // Some rules may be gone already, so what is left has to be read.
                return match describe(&client, id).await {
                    Ok(Some(group)) => UpdateOutcome::Partial(self.object(&group, &now, cx.clients), error),
                    _ if changed => UpdateOutcome::Partial(now, error),
                    _ => UpdateOutcome::Failed(error),
                };
            }
            changed = changed || before != after;
            if let Some(blocks) = planned.get(direction.block()) {
                now = with(now, direction.block(), blocks.clone());
            }
        }
        match tagging::update(&client, id, prior, planned).await {
            Ok(()) => UpdateOutcome::Complete(fill(planned, prior)),
            Err(failure) => {
                let error = failure.into_error(format!("The tags of {id} could not be changed"));
                if changed { UpdateOutcome::Partial(now, error) } else { UpdateOutcome::Failed(error) }
            }
        }
    }

    async fn delete(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<(), ProviderError> {
        let client = cx.clients.ec2(cx.clients.region_of(prior));
        let id = Fields(prior).text("id").unwrap_or_default();
        if Fields(prior).flag("revoke_rules_on_delete") == Some(true) {
            for direction in Direction::ALL {
                let refuse = |failure: Failure| failure.into_error(format!("The rules of {id} could not be revoked"));
                let Some(group) = describe(&client, id).await.map_err(refuse)? else { return Ok(()) };
                let all = live_rules(&group, direction);
                change_rules(&client, id, direction, (all, BTreeSet::new()), cx.run).await.map_err(refuse)?;
            }
        }
        delete::delete(&client, id, prior, cx.run).await
    }

    async fn import(&self, identifier: &str, cx: &Context<'_, Clients>) -> Result<Option<Imported>, ProviderError> {
        let (id, seed) = import_seed(&self.schema, identifier, cx.clients);
        let client = cx.clients.ec2(cx.clients.region_of(&seed));
        // An interrupted creation is found again by what was known before it: the VPC, if one was given, and the name.
        // No name begins with sg-.
        let group = match id.split_once('/') {
            None if id.starts_with("sg-") => describe(&client, id).await,
            Some((vpc, name)) if vpc.starts_with("vpc-") => by_name(&client, name, Some(vpc)).await,
            _ => by_name(&client, id, None).await,
        };
        let group = group.map_err(|failure| failure.into_error(format!("Security group {id} could not be read")))?;
        // A finished creation is recorded with its id. This one may still have the rule that the service starts with. On record
        // with that, it would pass for one whose rules are as it was made.
        let unfinished = id.contains('/');
        Ok(group.map(|group| {
            let value = self.object(&group, &seed, cx.clients);
            let value = if unfinished { self.without_rules(value) } else { value };
            Imported { value, unfinished }
        }))
    }
}

impl SecurityGroup {
    /// Gives a new group the rules that it shall have, and no others: the service starts with one that lets
    /// everything out.
    async fn furnish(
        &self,
        client: &Client,
        id: &str,
        name: &str,
        planned: &Value,
        cx: &Context<'_, Clients>,
    ) -> CreateOutcome {
        let begun = with(with(planned.clone(), "id", Value::string(id)), "name", Value::string(name));
        if let Err(error) = cx.run.created(&begun).await {
            return CreateOutcome::Partial(begun, error);
        }
        let empty = self.schema.block.empty();
        let incomplete = |failure: Failure| {
            let error = failure.into_error(format!("Security group {id} was created, but without all of its rules"));
            CreateOutcome::Partial(fill(&begun, &empty), error)
        };
        let seen = while_passing(cx.run, PROPAGATION, is_unseen, WAITING, || async {
            let call = client.describe_security_groups().group_ids(id);
            let answer = call.send().await.map_err(failed(Service::Ec2, "DescribeSecurityGroups"))?;
            Ok(answer.security_groups().first().cloned())
        });
        let group = match seen.await {
            Ok(Some(group)) => group,
            Ok(None) => {
                let detail = "It was created, and EC2 does not show it.";
                let error = ProviderError::new(format!("Security group {id} is gone"), detail);
                return CreateOutcome::Partial(fill(&begun, &empty), error);
            }
            Err(failure) => return incomplete(failure),
        };
        for direction in Direction::ALL {
            let (have, want) = (live_rules(&group, direction), rules::wanted(planned, direction.block()));
            let change = (&have - &want, &want - &have);
            if let Err(failure) = change_rules(client, id, direction, change, cx.run).await {
                return incomplete(failure);
            }
        }
        match describe(client, id).await {
            Ok(Some(group)) => CreateOutcome::Complete(fill(&begun, &self.object(&group, &begun, cx.clients))),
            Ok(None) => CreateOutcome::Complete(fill(&begun, &empty)),
            Err(failure) => incomplete(failure),
        }
    }
}

/// Whether a group has the description that one was asked for with.
fn is_described(group: &Group, planned: &Value) -> bool {
    group.description().unwrap_or_default() == Fields(planned).text("description").unwrap_or_default()
}

fn taken(name: &str, group: &Group) -> ProviderError {
    let id = group.group_id().unwrap_or_default();
    ProviderError::new(
        format!("Security group \"{name}\" already exists"),
        format!(
            "{id} in {} has this name and is not in this state. Import it with \"smform import ADDRESS {id}\", delete \
             it, or write name_prefix instead of name to get a name of its own.",
            group.vpc_id().unwrap_or_default()
        ),
    )
    .of_attribute(Path::attribute("name"))
}
