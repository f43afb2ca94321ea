//! What a plan does to the rules of security groups and to VPC endpoints: they are judged as they will be, not as they
//! are.

use std::collections::BTreeSet;

use smform_provider::PlannedObject;
use smform_types::{Value, ValueKind};

use super::facts::Endpoint;
use super::{Facts, Rule};
use crate::fields::Fields;

/// The types of objects that are judged as they will be.
pub(crate) const TYPES: &[&str] = &[
    "aws_security_group",
    "aws_security_group_rule",
    "aws_vpc_security_group_egress_rule",
    "aws_vpc_security_group_ingress_rule",
    "aws_vpc_endpoint",
];

/// The facts as they will be. Where the plan does not know yet what it does to a group, the group is named as unsettled;
/// one that is not known itself could be any.
pub(super) fn after(facts: Facts, plan: &[PlannedObject]) -> Facts {
    let shut = shut(plan).unwrap_or_default();
    Facts { shut, ..endpoints_after(rules_after(facts, plan), plan) }
}

/// The names of the groups that a plan makes, if it is certain that it makes no rule by which any of them lets anything out.
fn shut(plan: &[PlannedObject]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    for object in plan {
        let Some(after) = &object.after else { continue };
        let fields = Fields(after);
        let is_open = match &*object.type_name {
            "aws_security_group" if fields.is_unknown("id") => {
                names.push(fields.text("name").or(fields.text("name_prefix")).unwrap_or_default().to_owned());
                !has_none(after, "egress")
            }
            "aws_security_group_rule" => {
                fields.is_unknown("security_group_id") && fields.text("type") != Some("ingress")
            }
            "aws_vpc_security_group_egress_rule" => fields.is_unknown("security_group_id"),
            _ => false,
        };
        if is_open {
            return None;
        }
    }
    Some(names)
}

/// Whether a group has no rules of a kind, as far as it has them itself.
fn has_none(group: &Value, kind: &str) -> bool {
    match group.get(kind).map(Value::kind) {
        Some(ValueKind::Unknown(_, Some(known))) => known.max_length == Some(0),
        Some(ValueKind::Set(_, rules)) => rules.is_empty(),
        _ => false,
    }
}

fn rules_after(mut facts: Facts, plan: &[PlannedObject]) -> Facts {
    let Some(rules) = &mut facts.rules else { return facts };
    for object in plan.iter().filter(|object| object.before != object.after) {
        let Some(rules_of) = reader(&object.type_name) else { continue };
        let gone: Vec<Rule> = object.before.iter().flat_map(rules_of).collect();
        rules.retain(|rule| !gone.contains(rule));
        let Some(after) = &object.after else { continue };
        rules.extend(rules_of(after));
        if unknown(&object.type_name, after) {
            match group_of(&object.type_name, after) {
                Some(group) => drop(facts.unsettled.insert(group)),
                // The rules of a group that is made by this plan are not those of one that exists.
                None if *object.type_name == *"aws_security_group" => {}
                None => facts.unsettled.extend(facts.groups.iter().flatten().map(|(id, _)| id.clone())),
            }
        }
    }
    facts
}

fn endpoints_after(mut facts: Facts, plan: &[PlannedObject]) -> Facts {
    let Some(endpoints) = &mut facts.endpoints else { return facts };
    let tables: BTreeSet<String> = facts.tables.iter().flatten().map(|table| table.id.clone()).collect();
    let of_type = plan.iter().filter(|object| *object.type_name == *"aws_vpc_endpoint");
    for object in of_type.filter(|object| object.before != object.after) {
        let gone = object.before.as_ref().and_then(|before| Fields(before).owned("id"));
        endpoints.retain(|endpoint| Some(&endpoint.id) != gone.as_ref());
        endpoints.extend(object.after.as_ref().map(|after| endpoint(after, &tables)));
    }
    facts
}

/// An endpoint as planned. Route tables that are not known yet could be any.
fn endpoint(object: &Value, tables: &BTreeSet<String>) -> Endpoint {
    let fields = Fields(object);
    let settled = object.get("route_table_ids").is_none_or(Value::is_wholly_known);
    let text = |name: &str| fields.owned(name).unwrap_or_default();
    Endpoint {
        id: text("id"),
        vpc_id: text("vpc_id"),
        gateway: fields.text("vpc_endpoint_type").is_none_or(|kind| kind == "Gateway"),
        service: text("service_name"),
        policy: fields.owned("policy"),
        tables: if settled { fields.texts("route_table_ids").into_iter().collect() } else { tables.clone() },
        groups: fields.texts("security_group_ids").into_iter().collect(),
        private_dns: fields.flag("private_dns_enabled") == Some(true),
    }
}

type Reader = fn(&Value) -> Vec<Rule>;

fn reader(type_name: &str) -> Option<Reader> {
    match type_name {
        "aws_security_group" => Some(of_group),
        "aws_security_group_rule" => Some(of_rules),
        "aws_vpc_security_group_egress_rule" => Some(|object| of_single(object, true)),
        "aws_vpc_security_group_ingress_rule" => Some(|object| of_single(object, false)),
        _ => None,
    }
}

fn group_of(type_name: &str, object: &Value) -> Option<String> {
    Fields(object).owned(if type_name == "aws_security_group" { "id" } else { "security_group_id" })
}

/// Whether something that decides about traffic is not known.
fn unknown(type_name: &str, object: &Value) -> bool {
    let names: &[&str] = match type_name {
        "aws_security_group" => &["id", "ingress", "egress"],
        "aws_security_group_rule" => &[
            "security_group_id",
            "type",
            "protocol",
            "from_port",
            "to_port",
            "cidr_blocks",
            "ipv6_cidr_blocks",
            "prefix_list_ids",
            "self",
            "source_security_group_id",
        ],
        _ => &[
            "security_group_id",
            "ip_protocol",
            "from_port",
            "to_port",
            "cidr_ipv4",
            "cidr_ipv6",
            "prefix_list_id",
            "referenced_security_group_id",
        ],
    };
    names.iter().any(|name| object.get(name).is_some_and(|value| !value.is_wholly_known()))
}

fn bare(fields: Fields<'_>, group: &str, egress: bool, protocol: &str) -> Rule {
    let protocol = crate::resources::ec2::protocol(fields.text(protocol).unwrap_or("-1"));
    // Where all protocols are meant, the service tells no ports.
    let port = |name: &str| if protocol == "-1" { -1 } else { fields.int(name).unwrap_or(-1) };
    let (from, to) = (port("from_port"), port("to_port"));
    Rule { group: group.to_owned(), egress, protocol, from, to, ..Rule::default() }
}

/// A group without the account that may stand before it.
fn peer(text: &str) -> String {
    text.rsplit('/').next().unwrap_or(text).to_owned()
}

fn of_single(object: &Value, egress: bool) -> Vec<Rule> {
    let fields = Fields(object);
    let Some(group) = fields.text("security_group_id") else { return Vec::new() };
    let rule = Rule {
        cidr: fields.owned("cidr_ipv4"),
        cidr6: fields.owned("cidr_ipv6"),
        prefix_list: fields.owned("prefix_list_id"),
        peer: fields.text("referenced_security_group_id").map(peer),
        ..bare(fields, group, egress, "ip_protocol")
    };
    vec![rule]
}

fn of_rules(object: &Value) -> Vec<Rule> {
    let fields = Fields(object);
    let Some(group) = fields.text("security_group_id") else { return Vec::new() };
    let peers = fields.owned("source_security_group_id");
    of_sources(fields, group, fields.text("type") == Some("egress"), peers)
}

fn of_group(object: &Value) -> Vec<Rule> {
    let fields = Fields(object);
    let Some(group) = fields.text("id") else { return Vec::new() };
    let of = |egress: bool, name: &'static str| {
        let blocks = fields.blocks(name);
        blocks.flat_map(move |block| of_sources(block, group, egress, block.texts("security_groups")))
    };
    of(true, "egress").chain(of(false, "ingress")).collect()
}

fn of_sources(fields: Fields<'_>, group: &str, egress: bool, peers: impl IntoIterator<Item = String>) -> Vec<Rule> {
    let rule = bare(fields, group, egress, "protocol");
    let itself = (fields.flag("self") == Some(true)).then(|| group.to_owned());
    let peers: BTreeSet<String> = peers.into_iter().map(|text| peer(&text)).chain(itself).collect();
    let v4 = fields.texts("cidr_blocks").into_iter().map(|cidr| Rule { cidr: Some(cidr), ..rule.clone() });
    let v6 = fields.texts("ipv6_cidr_blocks").into_iter().map(|cidr| Rule { cidr6: Some(cidr), ..rule.clone() });
    let lists =
        fields.texts("prefix_list_ids").into_iter().map(|list| Rule { prefix_list: Some(list), ..rule.clone() });
    let groups = peers.into_iter().map(|peer| Rule { peer: Some(peer), ..rule.clone() });
    v4.chain(v6).chain(lists).chain(groups).collect()
}
