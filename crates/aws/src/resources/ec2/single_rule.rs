//! One rule of a security group as an object of its own, in either direction.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{
    ResourceType as Ec2Type, SecurityGroupRule as Described, SecurityGroupRuleRequest, SecurityGroupRuleUpdate,
};
use smform_provider::{Context, CreateOutcome, Imported, PlanRequest, PlanResponse, ProviderError, UpdateOutcome};
use smform_types::schema::{Attribute, Block, Constraint, Schema};
use smform_types::{Diagnostic, Diagnostics, Path, Step, Type, Value};

use super::filters::{arn, filter, own_tags};
use super::security_group::rules::{Rule, Source, has_ports, permission, protocol};
use super::security_group::schema::PROTOCOL;
use super::security_group::{Direction, PROPAGATION, is_unseen};
use super::tagging;
use crate::clients::Clients;
use crate::failure::{Failure, Service, failed};
use crate::fields::{Builder, Fields, with};
use crate::naming;
use crate::retry::while_passing;
use crate::settle::{fill, settle};
use crate::shared::{carry, import_seed, importable, region};
use crate::tags;

/// The arguments of which exactly one says where traffic comes from or goes to.
const SOURCES: [&str; 4] = ["cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id"];

/// What both types do.
pub(super) struct SingleRule {
    pub(super) schema: Schema,
    direction: Direction,
}

fn schema(direction: Direction) -> Schema {
    let told = || Attribute::computed(Type::String);
    let text = || Attribute::optional(Type::String);
    let port = || Attribute::optional(Type::Number).with(Constraint::Range(-1.0, 65535.0));
    let is_v4 = |text: &str| text.parse::<ipnet::Ipv4Net>().is_ok();
    let is_v6 = |text: &str| text.parse::<ipnet::Ipv6Net>().is_ok();
    let mut block = Block::new(
        [
            ("id", told()),
            ("security_group_rule_id", told()),
            ("arn", told()),
            ("security_group_id", Attribute::required(Type::String).forces_replacement()),
            ("ip_protocol", Attribute::required(Type::String).describe(PROTOCOL)),
            ("from_port", port()),
            ("to_port", port()),
            ("cidr_ipv4", text().with(Constraint::Text("a network such as 10.0.0.0/16", is_v4))),
            ("cidr_ipv6", text().with(Constraint::Text("a network such as 2001:db8::/32", is_v6))),
            ("prefix_list_id", text()),
            ("referenced_security_group_id", text().describe("A group; account/sg-... for one of another account.")),
            ("description", text().with(Constraint::Length(0, 255))),
            ("region", region()),
            ("tags", tags::tags()),
            ("tags_all", tags::tags_all()),
        ],
        [],
    );
    block.description = match direction {
        Direction::Ingress => "One rule of a security group for what comes in. Not to be mixed with ingress blocks.",
        Direction::Egress => "One rule of a security group for what goes out. Not to be mixed with egress blocks.",
    };
    Schema { version: 0, block }
}

/// Rules between the arguments. Unknown parts are passed over.
pub(super) fn check(config: &Value) -> Diagnostics {
    let fields = Fields(config);
    let mut found = tags::check(config);
    if !SOURCES.iter().any(|name| fields.is_given(name)) {
        found.push(Diagnostic::error("Rule without a source", format!("Give one of {}.", SOURCES.join(", "))));
    }
    let set = fields.set_of(&SOURCES);
    if let [_, other, ..] = set.as_slice() {
        let detail = format!("Give one of {}, not several.", set.join(", "));
        found.push(Diagnostic::error("Conflicting arguments", detail).of_attribute(Path::attribute(other)));
    }
    let named = fields.text("ip_protocol").map(protocol);
    let mut refuse = |name: &str, detail: String| {
        found.push(Diagnostic::error("Ports do not fit the protocol", detail).of_attribute(Path::attribute(name)));
    };
    match named.as_deref() {
        Some("-1") => {
            if let Some(name) = ["from_port", "to_port"].into_iter().find(|name| fields.is_set(name)) {
                refuse(name, "With ip_protocol = \"-1\", all ports are meant: leave the ports out.".to_owned());
            }
        }
        Some("tcp" | "udp") => {
            if let Some(name) = ["from_port", "to_port"].into_iter().find(|name| !fields.is_given(name)) {
                refuse(name, format!("This protocol has ports: give {name}."));
            } else if let (Some(from), Some(to)) = (fields.int("from_port"), fields.int("to_port"))
                && from > to
            {
                refuse("from_port", format!("from_port, {from}, is above to_port, {to}."));
            }
        }
        _ => {}
    }
    found
}

/// Protocols by name or number, networks with or without host bits.
pub(super) fn same(path: &Path, prior: &Value, wanted: &Value) -> bool {
    match path.0.last() {
        Some(Step::Attribute(name)) if name == "ip_protocol" => {
            prior.as_str().map(protocol) == wanted.as_str().map(protocol)
        }
        Some(Step::Attribute(name)) if name == "cidr_ipv6" => {
            let net = |value: &Value| value.as_str().and_then(|text| text.parse::<ipnet::Ipv6Net>().ok());
            net(prior).is_some() && net(prior) == net(wanted)
        }
        _ => false,
    }
}

/// As the schema says; another kind of source needs a new rule.
pub(super) fn plan(schema: &Schema, request: PlanRequest, clients: &Clients) -> PlanResponse {
    let (prior, former) = (request.prior.clone(), request.former.clone());
    let mut response = crate::shared::plan(schema, request, clients, &|path, prior, wanted| {
        prior == wanted || same(path, prior, wanted)
    });
    if let Some(prior) = prior {
        let given = |object: &Value, name: &str| object.get(name).is_some_and(|value| !value.is_null());
        let changed = SOURCES.into_iter().filter(|name| given(&prior, name) != given(&response.planned, name));
        response.replace.extend(changed.map(Path::attribute));
    }
    // A group has a rule only once, whatever its description.
    let key = |object: &Value| {
        let fields = Fields(object);
        let is_known =
            || ["ip_protocol", "from_port", "to_port"].iter().chain(&SOURCES).all(|name| !fields.is_unknown(name));
        let rule = is_known().then(|| Rule { description: String::new(), ..wanted(object) })?;
        Some((fields.owned("security_group_id")?, rule))
    };
    let source = SOURCES.into_iter().find(|name| Fields(&response.planned).is_set(name)).unwrap_or(SOURCES[0]);
    response.order = naming::same_key(&former, &response.planned, source, key);
    response
}

/// The rule that a block means.
fn wanted(object: &Value) -> Rule {
    let fields = Fields(object);
    let source = fields
        .owned("cidr_ipv4")
        .map(Source::Ipv4)
        .or_else(|| fields.owned("cidr_ipv6").map(Source::Ipv6))
        .or_else(|| fields.owned("prefix_list_id").map(Source::PrefixList))
        .or_else(|| fields.owned("referenced_security_group_id").map(Source::Group))
        .unwrap_or(Source::Itself);
    let protocol = protocol(fields.text("ip_protocol").unwrap_or("-1"));
    let port = |name: &str| fields.int(name).filter(|_| has_ports(&protocol)).unwrap_or(-1);
    let (from, to) = (port("from_port"), port("to_port"));
    Rule { from, to, source, description: fields.owned("description").unwrap_or_default(), protocol }
}

/// The rule that an object means in the group `id` of the account `owner`, in the form that the group's own rules have;
/// nothing when it is of another group.
pub(super) fn rule_in(object: &Value, id: &str, owner: &str) -> Option<Rule> {
    let rule = wanted(object);
    let source = match rule.source {
        Source::Group(group) => match group.strip_prefix(owner).and_then(|rest| rest.strip_prefix('/')) {
            _ if group == id => Source::Itself,
            Some(own) if own == id => Source::Itself,
            Some(own) => Source::Group(own.to_owned()),
            None => Source::Group(group),
        },
        other => other,
    };
    let (from, to) = if has_ports(&rule.protocol) { (rule.from, rule.to) } else { (0, 0) };
    let is_in = Fields(object).text("security_group_id") == Some(id);
    is_in.then_some(Rule { from, to, source, ..rule })
}

/// The rule that is described, but for its description. Where it does not tell whose its group is, that is `account`'s.
fn described(rule: &Described, account: Option<&str>) -> Rule {
    let text = |text: Option<&str>| text.map(str::to_owned);
    let group = rule.referenced_group_info().and_then(|group| {
        let id = group.group_id()?;
        let owner = rule.group_owner_id().or(account);
        let is_other = |user: &&str| owner.is_some_and(|owner| owner != *user) && !user.is_empty();
        let other = group.user_id().filter(is_other);
        Some(other.map_or_else(|| id.to_owned(), |account| format!("{account}/{id}")))
    });
    let source = text(rule.cidr_ipv4())
        .map(Source::Ipv4)
        .or_else(|| text(rule.cidr_ipv6()).map(Source::Ipv6))
        .or_else(|| text(rule.prefix_list_id()).map(Source::PrefixList))
        .or_else(|| group.map(Source::Group))
        .unwrap_or(Source::Itself);
    let protocol = protocol(rule.ip_protocol().unwrap_or("-1"));
    let (from, to) = (rule.from_port().unwrap_or(-1), rule.to_port().unwrap_or(-1));
    Rule { protocol, from, to, source, description: String::new() }
}

async fn describe(client: &Client, id: &str) -> Result<Option<Described>, Failure> {
    let answer = client.describe_security_group_rules().security_group_rule_ids(id).send().await;
    match answer.map_err(failed(Service::Ec2, "DescribeSecurityGroupRules")) {
        Ok(answer) => Ok(answer.security_group_rules().first().cloned()),
        Err(failure) if is_gone(&failure) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// The rule of a group that is the same but for its description. `account` is that of the credentials.
pub(super) async fn find(
    client: &Client,
    group: &str,
    direction: Direction,
    rule: &Rule,
    account: Option<&str>,
) -> Result<Option<Described>, Failure> {
    let call = client.describe_security_group_rules().filters(filter("group-id", group)).into_paginator().items();
    let mut rules = call.send();
    let bare = Rule { description: String::new(), ..rule.clone() };
    while let Some(found) = rules.next().await {
        let found = found.map_err(failed(Service::Ec2, "DescribeSecurityGroupRules"))?;
        if found.is_egress() == Some(direction == Direction::Egress) && described(&found, account) == bare {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn is_gone(failure: &Failure) -> bool {
    let codes = ["InvalidSecurityGroupRuleId.NotFound", "InvalidGroup.NotFound", "InvalidPermission.NotFound"];
    codes.contains(&failure.code())
}

impl SingleRule {
    pub(super) fn new(direction: Direction) -> SingleRule {
        SingleRule { schema: schema(direction), direction }
    }

    fn object(&self, rule: &Described, remembered: &Value, clients: &Clients) -> Value {
        let id = rule.security_group_rule_id().unwrap_or_default();
        let region = clients.region_of(remembered);
        let owner = rule.group_owner_id().or(clients.account.as_deref()).unwrap_or_default();
        let told = rule.security_group_rule_arn().map(str::to_owned);
        let told = told.unwrap_or_else(|| arn(clients, region, owner, &format!("security-group-rule/{id}")));
        // Without a port, the service says -1; one that was left out stays so.
        let port =
            |name: &str, port: Option<i32>| port.filter(|port| *port != -1 || Fields(remembered).int(name).is_some());
        let source = described(rule, clients.account.as_deref()).source;
        let is = |wanted: fn(&Source) -> Option<&String>| wanted(&source).map(String::as_str);
        let live = Builder::new(&self.schema.block)
            .text("id", Some(id))
            .text("security_group_rule_id", Some(id))
            .text("arn", Some(&told))
            .text("security_group_id", rule.group_id())
            .text("ip_protocol", rule.ip_protocol())
            .int("from_port", port("from_port", rule.from_port()))
            .int("to_port", port("to_port", rule.to_port()))
            .text("cidr_ipv4", is(|source| if let Source::Ipv4(net) = source { Some(net) } else { None }))
            .text("cidr_ipv6", is(|source| if let Source::Ipv6(net) = source { Some(net) } else { None }))
            .text("prefix_list_id", is(|source| if let Source::PrefixList(list) = source { Some(list) } else { None }))
            .text(
                "referenced_security_group_id",
                is(|source| if let Source::Group(group) = source { Some(group) } else { None }),
            )
            .text("description", rule.description().filter(|text| !text.is_empty()));
        let (own, all) = clients.tags.visible(&own_tags(rule.tags()), remembered.get("tags"));
        let live = live.value("tags", own).value("tags_all", all).finish();
        settle(&self.schema.block, remembered, carry(live, remembered), &same)
    }

    pub(super) async fn read(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<Option<Value>, ProviderError> {
        let client = cx.clients.ec2(cx.clients.region_of(prior));
        let id = Fields(prior).text("id").unwrap_or_default();
        let rule = describe(&client, id).await;
        let rule = rule.map_err(|failure| failure.into_error(format!("Security group rule {id} could not be read")))?;
        Ok(rule.map(|rule| self.object(&rule, prior, cx.clients)))
    }

    pub(super) async fn create(&self, planned: &Value, cx: &Context<'_, Clients>) -> CreateOutcome {
        let client = cx.clients.ec2(cx.clients.region_of(planned));
        let group = Fields(planned).text("security_group_id").unwrap_or_default();
        let rule = wanted(planned);
        let refuse = |failure: Failure| {
            CreateOutcome::Failed(failure.into_error(format!("The rule could not be added to {group}")))
        };
        // A call that is repeated after a lost answer is told that the rule is there. To know then whose it is, look
        // before.
        match find(&client, group, self.direction, &rule, cx.clients.account.as_deref()).await {
            Ok(Some(found)) => return CreateOutcome::Failed(taken(group, &found)),
            Err(failure) if !failure.is_denied() && !is_unseen(&failure) => return refuse(failure),
            _ => {}
        }
        let identifier = self.identifier(group, planned);
        if let Err(error) = cx.run.intend(&importable(&identifier, planned, cx.clients)).await {
            return CreateOutcome::Failed(error);
        }
        let (sent, tagged) = (permission(&rule, group), tagging::for_create(Ec2Type::SecurityGroupRule, planned));
        let waiting = "waiting for the group to become visible";
        let answer = while_passing(cx.run, PROPAGATION, is_unseen, waiting, || {
            let (client, sent, tagged) = (client.clone(), sent.clone(), tagged.clone());
            let direction = self.direction;
            async move {
                let first = |rules: &[Described]| rules.first().cloned();
                match direction {
                    Direction::Ingress => {
                        let call = client.authorize_security_group_ingress().group_id(group).ip_permissions(sent);
                        let answer = call.set_tag_specifications(tagged).send().await;
                        let answer = answer.map_err(failed(Service::Ec2, "AuthorizeSecurityGroupIngress"))?;
                        Ok(first(answer.security_group_rules()))
                    }
                    Direction::Egress => {
                        let call = client.authorize_security_group_egress().group_id(group).ip_permissions(sent);
                        let answer = call.set_tag_specifications(tagged).send().await;
                        let answer = answer.map_err(failed(Service::Ec2, "AuthorizeSecurityGroupEgress"))?;
                        Ok(first(answer.security_group_rules()))
                    }
                }
            }
        });
        let made = match answer.await {
            Ok(made) => made,
            Err(failure) if failure.code() == "InvalidPermission.Duplicate" && failure.may_be_ours() => None,
            Err(failure) if failure.code() == "InvalidPermission.Duplicate" => {
                return match find(&client, group, self.direction, &rule, cx.clients.account.as_deref()).await {
                    Ok(Some(found)) => CreateOutcome::Failed(taken(group, &found)),
                    _ => refuse(failure),
                };
            }
            Err(failure) => return refuse(failure),
        };
        let made = match made {
            Some(made) => Some(made),
            None => match find(&client, group, self.direction, &rule, cx.clients.account.as_deref()).await {
                Ok(found) => found,
                Err(failure) => return refuse(failure),
            },
        };
        match made {
            Some(made) => CreateOutcome::Complete(fill(planned, &self.object(&made, planned, cx.clients))),
            None => CreateOutcome::Failed(ProviderError::new(
                format!("The rule could not be added to {group}"),
                "EC2 says that it is there, and does not show it. Apply again.",
            )),
        }
    }

    pub(super) async fn update(&self, prior: &Value, planned: &Value, cx: &Context<'_, Clients>) -> UpdateOutcome {
        let client = cx.clients.ec2(cx.clients.region_of(prior));
        let id = Fields(prior).text("id").unwrap_or_default();
        let (before, rule) = (wanted(prior), wanted(planned));
        let mut now = prior.clone();
        if before != rule {
            if let Err(failure) = self.modify(&client, id, planned, &rule).await {
                return UpdateOutcome::Failed(
                    failure.into_error(format!("Security group rule {id} could not be changed")),
                );
            }
            let kept = |now: Value, name: &str| match prior.get(name) {
                Some(tags) => with(now, name, tags.clone()),
                None => now,
            };
            now = ["tags", "tags_all"].into_iter().fold(fill(planned, prior), kept);
        }
        match tagging::update(&client, id, prior, planned).await {
            Ok(()) => UpdateOutcome::Complete(fill(planned, prior)),
            Err(failure) => {
                UpdateOutcome::Partial(now, failure.into_error(format!("The tags of {id} could not be changed")))
            }
        }
    }

    async fn modify(&self, client: &Client, id: &str, planned: &Value, rule: &Rule) -> Result<(), Failure> {
        let request = SecurityGroupRuleRequest::builder()
            .ip_protocol(&rule.protocol)
            .set_from_port(has_ports(&rule.protocol).then_some(rule.from))
            .set_to_port(has_ports(&rule.protocol).then_some(rule.to))
            .description(&rule.description);
        let request = match &rule.source {
            Source::Ipv4(net) => request.cidr_ipv4(net),
            Source::Ipv6(net) => request.cidr_ipv6(net),
            Source::PrefixList(list) => request.prefix_list_id(list),
            Source::Group(group) => {
                request.referenced_group_id(group.rsplit_once('/').map_or(group.as_str(), |(_, group)| group))
            }
            Source::Itself => request,
        };
        let update = SecurityGroupRuleUpdate::builder().security_group_rule_id(id).security_group_rule(request.build());
        let group = Fields(planned).text("security_group_id").unwrap_or_default();
        let call = client.modify_security_group_rules().group_id(group).security_group_rules(update.build());
        call.send().await.map(drop).map_err(failed(Service::Ec2, "ModifySecurityGroupRules"))
    }

    pub(super) async fn delete(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<(), ProviderError> {
        let client = cx.clients.ec2(cx.clients.region_of(prior));
        let fields = Fields(prior);
        let id = fields.text("id").unwrap_or_default();
        let group = fields.text("security_group_id").unwrap_or_default();
        let result = match self.direction {
            Direction::Ingress => {
                let call = client.revoke_security_group_ingress().group_id(group).security_group_rule_ids(id);
                call.send().await.map(drop).map_err(failed(Service::Ec2, "RevokeSecurityGroupIngress"))
            }
            Direction::Egress => {
                let call = client.revoke_security_group_egress().group_id(group).security_group_rule_ids(id);
                call.send().await.map(drop).map_err(failed(Service::Ec2, "RevokeSecurityGroupEgress"))
            }
        };
        match result {
            Err(failure) if !is_gone(&failure) => {
                Err(failure.into_error(format!("Security group rule {id} could not be removed")))
            }
            _ => Ok(()),
        }
    }

    /// The identifier of a rule before it has one: its group, protocol, ports and source.
    fn identifier(&self, group: &str, planned: &Value) -> String {
        let fields = Fields(planned);
        let port = |name: &str| fields.int(name).map(|port| port.to_string()).unwrap_or_default();
        let source = SOURCES.into_iter().find_map(|name| Some(format!("{name}={}", fields.text(name)?)));
        let protocol = fields.text("ip_protocol").unwrap_or_default();
        format!("{group},{protocol},{},{},{}", port("from_port"), port("to_port"), source.unwrap_or_default())
    }

    /// What such an identifier means.
    fn identified(&self, identifier: &str) -> Option<(String, Rule)> {
        let mut parts = identifier.splitn(5, ',');
        let (group, protocol, from, to, source) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let (name, source) = source.split_once('=')?;
        let port = |text: &str| text.parse::<i64>().map_or(Value::null(Type::Number), Value::number);
        let object = with(self.schema.block.empty(), "ip_protocol", Value::string(protocol));
        let object = with(with(object, "from_port", port(from)), "to_port", port(to));
        SOURCES.contains(&name).then(|| (group.to_owned(), wanted(&with(object, name, Value::string(source)))))
    }

    pub(super) async fn import(
        &self,
        identifier: &str,
        cx: &Context<'_, Clients>,
    ) -> Result<Option<Imported>, ProviderError> {
        let (id, seed) = import_seed(&self.schema, identifier, cx.clients);
        let client = cx.clients.ec2(cx.clients.region_of(&seed));
        let rule = match self.identified(id) {
            Some((group, rule)) => find(&client, &group, self.direction, &rule, cx.clients.account.as_deref()).await,
            None => describe(&client, id).await,
        };
        let rule = rule.map_err(|failure| failure.into_error(format!("Security group rule {id} could not be read")))?;
        let way = |rule: &Described| rule.is_egress() == Some(self.direction == Direction::Egress);
        Ok(rule.filter(way).map(|rule| Imported::from(self.object(&rule, &seed, cx.clients))))
    }
}

fn taken(group: &str, rule: &Described) -> ProviderError {
    let id = rule.security_group_rule_id().unwrap_or_default();
    ProviderError::new(
        format!("The rule exists in {group} already"),
        format!("{id} is the same rule, and is not in this state. Import it with \"smform import ADDRESS {id}\"."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ec2::types::{ReferencedSecurityGroup, SecurityGroupRule};

    #[test]
    fn a_group_of_the_same_account_is_told_without_it() {
        let source = |owner: Option<&str>, account: Option<&str>| {
            let group = ReferencedSecurityGroup::builder().group_id("sg-1").user_id("123456789012").build();
            let rule = SecurityGroupRule::builder().set_group_owner_id(owner.map(str::to_owned));
            described(&rule.ip_protocol("tcp").referenced_group_info(group).build(), account).source
        };
        let (own, other) = (Source::Group("sg-1".into()), Source::Group("123456789012/sg-1".into()));
        assert_eq!(source(Some("123456789012"), None), own);
        assert_eq!(source(Some("210987654321"), Some("123456789012")), other);
        // Some imitations of the service do not say whose the rule's group is.
        assert_eq!(source(None, Some("123456789012")), own);
        assert_eq!(source(None, Some("210987654321")), other);
        assert_eq!(source(None, None), own);
    }
}
