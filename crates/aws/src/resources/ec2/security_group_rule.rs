//! `aws_security_group_rule`: rules of a security group with one protocol, range of ports and description, one for each
//! source that is named.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::SecurityGroup as Group;
use smform_provider::{
    Context, CreateOutcome, Former, Imported, PlanRequest, PlanResponse, ProviderError, ReplaceOrder, ResourceType,
    SameName, UpdateOutcome,
};
use smform_types::schema::{Attribute, Block, Constraint, Schema};
use smform_types::{Diagnostic, Diagnostics, Path, Step, Type, Value};

use super::security_group::rules::{self, Rule, Source, permission, protocol};
use super::security_group::schema::{PROTOCOL, is_ipv4_net, is_ipv6_net};
use super::security_group::{Direction, add_rules, change_rules, describe, live_rules};
use super::single_rule;
use crate::clients::Clients;
use crate::failure::{Failure, Service, failed};
use crate::fields::{Fields, with};
use crate::settle::fill;
use crate::shared::{carry, import_seed, importable, plan, region, timeouts};

/// The arguments that say where traffic comes from or goes to: networks, or the group itself, or another group; prefix
/// lists go with each of them.
const SOURCES: [&str; 5] = ["cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "self", "source_security_group_id"];

/// The resource type.
pub(crate) struct SecurityGroupRule {
    schema: Schema,
}

impl SecurityGroupRule {
    pub(crate) fn new() -> SecurityGroupRule {
        let told = || Attribute::computed(Type::String);
        let fixed = || Attribute::required(Type::String).forces_replacement();
        let port = || Attribute::required(Type::Number).forces_replacement().with(Constraint::Range(-1.0, 65535.0));
        let texts = || Attribute::optional(Type::list(Type::String)).forces_replacement();
        let mut block = Block::new(
            [
                ("id", told()),
                ("security_group_rule_id", told().describe("The rule's own id, when there is one source only.")),
                ("type", fixed().with(Constraint::OneOf(&["ingress", "egress"]))),
                ("security_group_id", fixed()),
                ("protocol", fixed().describe(PROTOCOL)),
                ("from_port", port()),
                ("to_port", port()),
                ("cidr_blocks", texts().with(Constraint::Text("a network such as 10.0.0.0/16", is_ipv4_net))),
                ("ipv6_cidr_blocks", texts().with(Constraint::Text("a network such as 2001:db8::/32", is_ipv6_net))),
                ("prefix_list_ids", texts()),
                ("self", Attribute::optional(Type::Bool).default_value(false).forces_replacement()),
                (
                    "source_security_group_id",
                    Attribute::optional(Type::String)
                        .forces_replacement()
                        .describe("A group; account/sg-... for one of another account."),
                ),
                ("description", Attribute::optional(Type::String).with(Constraint::Length(0, 255))),
                ("region", region()),
            ],
            [("timeouts", timeouts())],
        );
        block.description = "Rules of a security group that differ in their source only. Not to be mixed with ingress \
                             and egress blocks; aws_vpc_security_group_ingress_rule and its sibling are their successors.";
        SecurityGroupRule { schema: Schema { version: 2, block } }
    }
}

fn direction(object: &Value) -> Direction {
    if Fields(object).text("type") == Some("egress") { Direction::Egress } else { Direction::Ingress }
}

fn group_of(object: &Value) -> &str {
    Fields(object).text("security_group_id").unwrap_or_default()
}

/// The rules that an object means. The group itself as a source is the same as `self`, and a group of the account
/// `owner`, which is that of the group, is the same with and without that account.
fn wanted(object: &Value, owner: &str) -> BTreeSet<Rule> {
    let fields = Fields(object);
    let itself = Source::Group(group_of(object).to_owned());
    let named = fields.text("source_security_group_id").map(|group| match group.split_once('/') {
        Some((account, group)) if account == owner => group.to_owned(),
        _ => group.to_owned(),
    });
    let rules = rules::of(fields, named.into_iter().collect());
    let own = |rule: Rule| if rule.source == itself { Rule { source: Source::Itself, ..rule } } else { rule };
    rules.into_iter().map(own).collect()
}

/// The rules that an object means in the group `id` of the account `owner`, when they are in that group and direction.
pub(super) fn rules_in(object: &Value, id: &str, owner: &str, way: Direction) -> BTreeSet<Rule> {
    if group_of(object) == id && direction(object) == way { wanted(object, owner) } else { BTreeSet::new() }
}

/// The account of a group.
fn owner_of(group: &Group) -> &str {
    group.owner_id().unwrap_or_default()
}

fn bare(rule: &Rule) -> Rule {
    Rule { description: String::new(), ..rule.clone() }
}

/// Those of the live rules that are among the wanted ones, whatever their description.
fn kept(live: &BTreeSet<Rule>, wanted: &BTreeSet<Rule>) -> BTreeSet<Rule> {
    let wanted: BTreeSet<Rule> = wanted.iter().map(bare).collect();
    live.iter().filter(|rule| wanted.contains(&bare(rule))).cloned().collect()
}

/// The part of an object that is still there: without the sources whose rule is gone.
fn without_gone(object: Value, live: &BTreeSet<Rule>) -> Value {
    ["cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids"].into_iter().fold(object, |object, name| {
        let Some(items) = object.get(name).and_then(Value::as_slice) else { return object };
        let only = |item: &Value| {
            let others = SOURCES.into_iter().filter(|other| *other != name);
            let none = others.fold(object.clone(), |object, other| match object.get(other) {
                Some(value) => with(object.clone(), other, Value::null(value.ty())),
                None => object,
            });
            with(none, name, Value::list(Type::String, [item.clone()]))
        };
        let left: Vec<Value> =
            items.iter().filter(|item| !kept(live, &wanted(&only(item), "")).is_empty()).cloned().collect();
        if left.len() == items.len() { object } else { with(object, name, Value::list(Type::String, left)) }
    })
}

/// The identifier by which Terraform imports such rules: group, direction, protocol, ports and sources.
fn identifier(object: &Value) -> String {
    let fields = Fields(object);
    let port = |name: &str| fields.int(name).unwrap_or(0).to_string();
    let kind = fields.text("type").unwrap_or_default().to_owned();
    let protocol = protocol(fields.text("protocol").unwrap_or("-1"));
    let mut parts = vec![group_of(object).to_owned(), kind, protocol, port("from_port"), port("to_port")];
    parts.extend(["cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids"].iter().flat_map(|name| fields.texts(name)));
    parts.extend((fields.flag("self") == Some(true)).then(|| "self".to_owned()));
    parts.extend(fields.owned("source_security_group_id"));
    parts.join("_")
}

/// The id of an object that has none in the service.
fn made_up_id(object: &Value) -> String {
    format!("sgrule-{}", crc32fast::hash(identifier(object).as_bytes()))
}

/// What such an identifier means, put into an empty object.
fn identified(seed: Value, identifier: &str) -> Option<Value> {
    let mut parts = identifier.split('_');
    let (group, kind, protocol, from, to) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let known = group.starts_with("sg-") && matches!(kind, "ingress" | "egress") && !protocol.is_empty();
    let (from, to): (i64, i64) = (from.parse().ok()?, to.parse().ok()?);
    let (mut v4, mut v6, mut lists, mut groups, mut itself) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), false);
    for source in parts {
        match source {
            "self" => itself = true,
            list if list.starts_with("pl-") => lists.push(Value::string(list)),
            net if is_ipv4_net(net) => v4.push(Value::string(net)),
            net if is_ipv6_net(net) => v6.push(Value::string(net)),
            group if group.contains("sg-") => groups.push(group),
            _ => return None,
        }
    }
    let sourced = itself || !(v4.is_empty() && v6.is_empty() && lists.is_empty() && groups.is_empty());
    if !known || !sourced || groups.len() > 1 {
        return None;
    }
    let list = |items: Vec<Value>| {
        let ty = Type::list(Type::String);
        if items.is_empty() { Value::null(ty) } else { Value::list(Type::String, items) }
    };
    let source = groups.first().map_or(Value::null(Type::String), Value::string);
    let members = [
        ("type", Value::string(kind)),
        ("security_group_id", Value::string(group)),
        ("protocol", Value::string(if protocol == "all" { "-1" } else { protocol })),
        ("from_port", Value::number(from)),
        ("to_port", Value::number(to)),
        ("cidr_blocks", list(v4)),
        ("ipv6_cidr_blocks", list(v6)),
        ("prefix_list_ids", list(lists)),
        ("self", Value::bool(itself)),
        ("source_security_group_id", source),
    ];
    Some(members.into_iter().fold(seed, |object, (name, value)| with(object, name, value)))
}

/// The id of the only rule that an object means; nothing when there are several.
async fn rule_id(client: &Client, object: &Value, owner: &str) -> Result<Option<String>, Failure> {
    let rules = wanted(object, owner);
    let (Some(rule), 1) = (rules.first(), rules.len()) else { return Ok(None) };
    // The service gives rules for all protocols the ports -1, and calls a group by its id also in its own rules.
    let all = !rules::has_ports(&rule.protocol);
    let source = match &rule.source {
        Source::Itself => Source::Group(group_of(object).to_owned()),
        other => other.clone(),
    };
    let (from, to) = if all { (-1, -1) } else { (rule.from, rule.to) };
    let described = Rule { from, to, source, ..rule.clone() };
    let found = single_rule::find(client, group_of(object), direction(object), &described, Some(owner)).await?;
    Ok(found.and_then(|rule| rule.security_group_rule_id().map(str::to_owned)))
}

impl SecurityGroupRule {
    /// What is left of `remembered` in the group; nothing when no rule of it is.
    async fn object(&self, client: &Client, group: &Group, remembered: &Value) -> Result<Option<Value>, Failure> {
        let live = live_rules(group, direction(remembered));
        let ours = kept(&live, &wanted(remembered, owner_of(group)));
        if ours.is_empty() {
            return Ok(None);
        }
        let object = without_gone(remembered.clone(), &live);
        let before = Fields(remembered).text("description").unwrap_or_default();
        let other = ours.iter().map(|rule| rule.description.as_str()).find(|description| *description != before);
        let object = match other {
            Some("") => with(object, "description", Value::null(Type::String)),
            Some(text) => with(object, "description", Value::string(text)),
            None => object,
        };
        let object = if Fields(&object).text("id").is_some() {
            object
        } else {
            with(object, "id", Value::string(made_up_id(remembered)))
        };
        let rule = rule_id(client, &object, owner_of(group)).await?.map_or(Value::null(Type::String), Value::string);
        Ok(Some(carry(with(object, "security_group_rule_id", rule), remembered)))
    }

    async fn find(&self, client: &Client, remembered: &Value) -> Result<Option<Value>, Failure> {
        match describe(client, group_of(remembered)).await? {
            Some(group) => self.object(client, &group, remembered).await,
            None => Ok(None),
        }
    }
}

/// In which order rules are replaced: a group has each only once, whatever its description.
fn order(former: &Former, planned: &Value) -> ReplaceOrder {
    let Former::Replaced(old) = former else { return ReplaceOrder::default() };
    let is_known = ["security_group_id", "type", "protocol", "from_port", "to_port"]
        .iter()
        .chain(&SOURCES)
        .all(|name| planned.get(name).is_none_or(Value::is_wholly_known));
    let (was, will) = (wanted(old, ""), wanted(planned, ""));
    let will: BTreeSet<Rule> = will.iter().map(bare).collect();
    let is_there = is_known
        && group_of(old) == group_of(planned)
        && direction(old) == direction(planned)
        && was.iter().any(|rule| will.contains(&bare(rule)));
    if !is_there {
        return ReplaceOrder::default();
    }
    let (attribute, instead, users) = (Path::attribute("security_group_id"), String::new(), Vec::new());
    ReplaceOrder::GiveWay(SameName { attribute, instead, users })
}

fn summary(object: &Value, what: &str) -> String {
    format!("The {} rule of {} could not be {what}", direction(object).block(), group_of(object))
}

#[async_trait]
impl ResourceType<Clients> for SecurityGroupRule {
    fn name(&self) -> &'static str {
        "aws_security_group_rule"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut found = Diagnostics::new();
        let fields = Fields(config);
        let empty = |value: &Value| value.as_slice().is_some_and(<[Value]>::is_empty) || value.as_bool() == Some(false);
        let given = |name: &&str| fields.is_given(name) && !config.get(name).is_some_and(empty);
        let given: Vec<&str> = SOURCES.into_iter().filter(given).collect();
        if given.is_empty() {
            let detail = format!("Give one of {}.", SOURCES.join(", "));
            found.push(Diagnostic::error("Rule without a source", detail));
        }
        let alone = |name: &&&str| matches!(**name, "self" | "source_security_group_id");
        let with_lists: Vec<&str> =
            given.iter().filter(|name| **name != "prefix_list_ids" && fields.is_set(name)).copied().collect();
        if let Some(name) = with_lists.iter().find(alone).filter(|_| with_lists.len() > 1) {
            let detail = format!("Give {name} in a rule of its own: it does not go together with {}.", {
                let others: Vec<&str> = with_lists.iter().filter(|other| *other != name).copied().collect();
                others.join(" and ")
            });
            found.push(Diagnostic::error("Conflicting arguments", detail).of_attribute(Path::attribute(name)));
        }
        let named = fields.text("protocol").map(protocol);
        if let (Some("tcp" | "udp"), Some(from), Some(to)) =
            (named.as_deref(), fields.int("from_port"), fields.int("to_port"))
            && from > to
        {
            let detail = format!("from_port, {from}, is above to_port, {to}.");
            let at = Path::attribute("from_port");
            found.push(Diagnostic::error("Ports do not fit the protocol", detail).of_attribute(at));
        }
        found
    }

    fn equivalent(&self, path: &Path, prior: &Value, wanted: &Value) -> bool {
        prior == wanted
            || matches!(path.0.last(), Some(Step::Attribute(name)) if name == "protocol")
                && prior.as_str().map(protocol) == wanted.as_str().map(protocol)
    }

    async fn plan(
        &self,
        schema: &Schema,
        request: PlanRequest,
        cx: &Context<'_, Clients>,
    ) -> Result<PlanResponse, Diagnostics> {
        let former = request.former.clone();
        let mut response =
            plan(schema, request, cx.clients, &|path, prior, wanted| self.equivalent(path, prior, wanted));
        response.order = order(&former, &response.planned);
        Ok(response)
    }

    async fn read(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<Option<Value>, ProviderError> {
        let client = cx.clients.ec2(cx.clients.region_of(prior));
        self.find(&client, prior).await.map_err(|failure| failure.into_error(summary(prior, "read")))
    }

    async fn create(&self, planned: &Value, cx: &Context<'_, Clients>) -> CreateOutcome {
        let client = cx.clients.ec2(cx.clients.region_of(planned));
        let (group, way) = (group_of(planned), direction(planned));
        let mut rules = wanted(planned, "");
        let refuse = |failure: Failure| CreateOutcome::Failed(failure.into_error(summary(planned, "added")));
        // A call that is repeated after a lost answer is told that the rules are there. To know then whose they are, look
        // before.
        match describe(&client, group).await {
            Ok(Some(found)) => {
                rules = wanted(planned, owner_of(&found));
                if let Some(rule) = kept(&live_rules(&found, way), &rules).first() {
                    return CreateOutcome::Failed(taken(planned, rule));
                }
            }
            Err(failure) if !failure.is_denied() => return refuse(failure),
            _ => {}
        }
        let intended = identifier(planned);
        if let Err(error) = cx.run.intend(&importable(&intended, planned, cx.clients)).await {
            return CreateOutcome::Failed(error);
        }
        if let Err(failure) = add_rules(&client, group, way, &rules, cx.run).await {
            return refuse(failure);
        }
        let begun = with(planned.clone(), "id", Value::null(Type::String));
        match self.find(&client, &begun).await {
            Ok(Some(live)) => CreateOutcome::Complete(fill(planned, &live)),
            // It was added; only its id could not be asked for, which is no part of what was wanted.
            Ok(None) | Err(_) => {
                let live = with(self.schema.block.empty(), "id", Value::string(made_up_id(planned)));
                CreateOutcome::Complete(fill(planned, &live))
            }
        }
    }

    async fn update(&self, prior: &Value, planned: &Value, cx: &Context<'_, Clients>) -> UpdateOutcome {
        let client = cx.clients.ec2(cx.clients.region_of(prior));
        let group = group_of(planned);
        let described = wanted(prior, "") != wanted(planned, "");
        let sent = || Some(wanted(planned, "").iter().map(|rule| permission(rule, group)).collect::<Vec<_>>());
        let done = match direction(planned) {
            _ if !described => Ok(()),
            Direction::Ingress => {
                let call = client.update_security_group_rule_descriptions_ingress().group_id(group);
                let answer = call.set_ip_permissions(sent()).send().await;
                answer.map(drop).map_err(failed(Service::Ec2, "UpdateSecurityGroupRuleDescriptionsIngress"))
            }
            Direction::Egress => {
                let call = client.update_security_group_rule_descriptions_egress().group_id(group);
                let answer = call.set_ip_permissions(sent()).send().await;
                answer.map(drop).map_err(failed(Service::Ec2, "UpdateSecurityGroupRuleDescriptionsEgress"))
            }
        };
        match done {
            Ok(()) => UpdateOutcome::Complete(fill(planned, prior)),
            Err(failure) => UpdateOutcome::Failed(failure.into_error(summary(planned, "changed"))),
        }
    }

    async fn delete(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<(), ProviderError> {
        let client = cx.clients.ec2(cx.clients.region_of(prior));
        let (group, way) = (group_of(prior), direction(prior));
        let refuse = |failure: Failure| failure.into_error(summary(prior, "removed"));
        let Some(found) = describe(&client, group).await.map_err(refuse)? else { return Ok(()) };
        let ours = kept(&live_rules(&found, way), &wanted(prior, owner_of(&found)));
        match change_rules(&client, group, way, (ours, BTreeSet::new()), cx.run).await {
            Err(failure) if failure.code() != "InvalidGroup.NotFound" => Err(refuse(failure)),
            _ => Ok(()),
        }
    }

    fn created_with(&self) -> &'static [&'static str] {
        &["description"]
    }

    async fn import(&self, identifier: &str, cx: &Context<'_, Clients>) -> Result<Option<Imported>, ProviderError> {
        let (id, seed) = import_seed(&self.schema, identifier, cx.clients);
        let Some(seed) = identified(seed, id) else {
            return Err(ProviderError::new(
                format!("\"{id}\" does not identify a rule"),
                "Write the group, the type, the protocol, the ports and the sources with _ between them, such as \
                 sg-0123456789abcdef0_ingress_tcp_443_443_10.0.0.0/16; \"self\" is the group itself.",
            ));
        };
        let client = cx.clients.ec2(cx.clients.region_of(&seed));
        let refuse = |failure: Failure| failure.into_error(summary(&seed, "read"));
        let found = self.find(&client, &seed).await.map_err(refuse)?;
        // All of the sources or none: another set of them is not what was asked for.
        let whole = |found: &Value| wanted(found, "").iter().map(bare).eq(wanted(&seed, "").iter().map(bare));
        Ok(found.filter(whole).map(Imported::from))
    }
}

fn taken(planned: &Value, rule: &Rule) -> ProviderError {
    let from = match &rule.source {
        Source::Ipv4(text) | Source::Ipv6(text) | Source::PrefixList(text) | Source::Group(text) => text,
        Source::Itself => "the group itself",
    };
    ProviderError::new(
        format!("The rule exists in {} already", group_of(planned)),
        format!(
            "A rule for {from} is there that is not in this state. Import it with \"smform import ADDRESS {}\", or remove \
             it from the group, or from its ingress and egress blocks.",
            identifier(planned)
        ),
    )
}
