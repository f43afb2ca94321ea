mod ways;

use std::collections::{BTreeMap, BTreeSet};

use smform_types::{Path, Refinement, Type, Value};

use super::facts::Group;
use super::*;

const HERE: Place<'_> = Place { name: "account 1, region us-east-1", partition: "aws" };

fn wanted() -> Wanted {
    Wanted {
        subnets: vec!["subnet-a".to_owned(), "subnet-b".to_owned()],
        groups: vec!["sg-model".to_owned()],
        more_groups: false,
        made_groups: false,
        subnets_at: Path::attribute("subnets"),
        groups_at: Path::attribute("security_group_ids"),
        registry: Some(Registry {
            host: "reg.example.org".to_owned(),
            port: 443,
            group: Some(("sg-registry".to_owned(), Path::attribute("registry").attr("security_group_id"))),
        }),
        artifacts: Vec::new(),
        instances: 0,
        credentials_provider: None,
    }
}

fn subnet(zone: &str, cidr: &str) -> Subnet {
    Subnet {
        vpc_id: "vpc-1".to_owned(),
        zone: zone.to_owned(),
        zone_id: zone.to_owned(),
        state: Some("available".to_owned()),
        cidr: cidr.to_owned(),
        free_addresses: Some(250),
        ..Subnet::default()
    }
}

fn group(name: &str) -> Group {
    Group { name: name.to_owned(), vpc_id: "vpc-1".to_owned() }
}

fn rule(group: &str, egress: bool) -> Rule {
    Rule { group: group.to_owned(), egress, protocol: "tcp".to_owned(), from: 443, to: 443, ..Rule::default() }
}

fn to_group(rule: Rule, peer: &str) -> Rule {
    Rule { peer: Some(peer.to_owned()), ..rule }
}

fn to_cidr(rule: Rule, cidr: &str) -> Rule {
    Rule { cidr: Some(cidr.to_owned()), ..rule }
}

/// A network in which nothing is wrong.
fn facts() -> Facts {
    Facts {
        subnets: Some(BTreeMap::from([
            ("subnet-a".to_owned(), subnet("us-east-1a", "10.0.1.0/24")),
            ("subnet-b".to_owned(), subnet("us-east-1b", "10.0.2.0/24")),
        ])),
        groups: Some(BTreeMap::from([
            ("sg-model".to_owned(), group("model")),
            ("sg-registry".to_owned(), group("registry")),
        ])),
        rules: Some(vec![
            to_group(rule("sg-model", true), "sg-registry"),
            to_group(rule("sg-registry", false), "sg-model"),
        ]),
        ..Facts::default()
    }
}

fn found(facts: &Facts) -> Vec<(bool, String)> {
    told(&judge(&wanted(), facts, HERE).diagnostics)
}

fn told(found: &Diagnostics) -> Vec<(bool, String)> {
    found.iter().map(|diagnostic| (diagnostic.is_error(), diagnostic.summary.clone())).collect()
}

fn one(is_error: bool, summary: &str) -> Vec<(bool, String)> {
    vec![(is_error, summary.to_owned())]
}

fn change_subnet(facts: &mut Facts, id: &str, change: impl Fn(&mut Subnet)) {
    if let Some(subnet) = facts.subnets.as_mut().and_then(|subnets| subnets.get_mut(id)) {
        change(subnet);
    }
}

#[test]
fn a_sound_network_has_no_findings_and_is_described() {
    let findings = judge(&wanted(), &facts(), HERE);
    assert!(findings.diagnostics.is_empty(), "{:?}", findings.diagnostics);
    assert_eq!(findings.vpc_id.as_deref(), Some("vpc-1"));
    assert_eq!(findings.zones, ["us-east-1a", "us-east-1b"]);
}

#[test]
fn missing_things_are_named_with_the_place_that_was_asked() {
    let mut facts = facts();
    facts.subnets.get_or_insert_default().remove("subnet-b");
    let findings = judge(&wanted(), &facts, HERE);
    let first = findings.diagnostics.iter().next();
    assert!(first.is_some_and(|d| d.detail.contains("no subnet-b in account 1, region us-east-1")), "{first:?}");
    facts.groups = Some(BTreeMap::from([("sg-registry".to_owned(), group("registry"))]));
    assert!(found(&facts).contains(&(true, "Security group not found".to_owned())));
    facts.groups = Some(BTreeMap::from([("sg-model".to_owned(), group("model"))]));
    assert!(found(&facts).contains(&(true, "Security group of the registry not found".to_owned())));
}

#[test]
fn subnets_must_share_a_vpc_and_should_not_share_a_zone() {
    let mut other = facts();
    change_subnet(&mut other, "subnet-b", |subnet| subnet.vpc_id = "vpc-2".to_owned());
    assert_eq!(found(&other), one(true, "Subnets of more than one VPC"));
    let mut same = facts();
    change_subnet(&mut same, "subnet-b", |subnet| {
        subnet.zone = "us-east-1a".to_owned();
        subnet.zone_id = "us-east-1a".to_owned();
    });
    assert_eq!(found(&same), one(false, "Subnets in one availability zone"));
}

#[test]
fn subnets_must_be_of_a_usable_kind() {
    let mut pending = facts();
    change_subnet(&mut pending, "subnet-a", |subnet| subnet.state = Some("pending".to_owned()));
    assert_eq!(found(&pending), one(true, "Subnet not available"));
    let mut outpost = facts();
    change_subnet(&mut outpost, "subnet-a", |subnet| subnet.on_outpost = true);
    assert_eq!(found(&outpost), one(true, "Subnet on an Outpost"));
    let local =
        Facts { special_zones: BTreeMap::from([("us-east-1a".to_owned(), "local-zone".to_owned())]), ..facts() };
    assert_eq!(found(&local), one(true, "Subnet outside the region's availability zones"));
    let few = |instances: i64, free: i32| {
        let mut facts = facts();
        change_subnet(&mut facts, "subnet-a", |subnet| subnet.free_addresses = Some(free));
        change_subnet(&mut facts, "subnet-b", |subnet| subnet.free_addresses = Some(free));
        told(&judge(&Wanted { instances, ..wanted() }, &facts, HERE).diagnostics)
    };
    assert_eq!(few(5, 5), []);
    assert_eq!(few(6, 5), one(false, "Too few free addresses for the instances"));
    let mut full = facts();
    change_subnet(&mut full, "subnet-a", |subnet| subnet.free_addresses = Some(1));
    assert_eq!(found(&full), one(false, "Subnet without free addresses"));
}

#[test]
fn a_group_of_another_vpc_needs_an_association() {
    let mut facts = facts();
    if let Some(group) = facts.groups.as_mut().and_then(|groups| groups.get_mut("sg-model")) {
        group.vpc_id = "vpc-2".to_owned();
    }
    assert_eq!(found(&facts), one(false, "Security group of another VPC"));
    facts.associations = Some(BTreeSet::new());
    assert_eq!(found(&facts), one(true, "Security group of another VPC"));
    facts.associations = Some(BTreeSet::from([("sg-model".to_owned(), "vpc-1".to_owned())]));
    assert_eq!(found(&facts), []);
}

#[test]
fn the_default_group_dedicated_tenancy_and_dns_are_warnings() {
    let mut default = facts();
    default.groups.get_or_insert_default().insert("sg-model".to_owned(), group("default"));
    assert_eq!(found(&default), one(false, "Default security group"));
    let dedicated = Facts { tenancy: BTreeMap::from([("vpc-1".to_owned(), "dedicated".to_owned())]), ..facts() };
    assert_eq!(found(&dedicated), one(false, "VPC with dedicated tenancy"));
    let mute = Facts { dns: BTreeMap::from([("vpc-1".to_owned(), false)]), ..facts() };
    assert_eq!(found(&mute), one(false, "VPC without DNS resolution"));
}

#[test]
fn traffic_must_be_let_out_and_in() {
    let with = |rules: Vec<Rule>| Facts { rules: Some(rules), ..facts() };
    let out = to_group(rule("sg-model", true), "sg-registry");
    let into = to_group(rule("sg-registry", false), "sg-model");
    assert_eq!(found(&with(vec![into.clone()])), one(true, "Registry not reachable: no outbound rule"));
    assert_eq!(found(&with(vec![out.clone()])), one(true, "Registry not reachable: no inbound rule"));
    let elsewhere = to_group(rule("sg-model", true), "sg-else");
    assert_eq!(found(&with(vec![elsewhere, into.clone()])), one(true, "Registry not reachable: no outbound rule"));
    let everything =
        Rule { protocol: "-1".to_owned(), from: -1, to: -1, ..to_cidr(rule("sg-model", true), "0.0.0.0/0") };
    assert_eq!(found(&with(vec![everything, into.clone()])), []);
    let port = Rule { from: 5000, to: 5000, ..into };
    assert_eq!(found(&with(vec![out.clone(), port])), one(true, "Registry not reachable: no inbound rule"));
    let wide = to_cidr(rule("sg-registry", false), "10.0.0.0/16");
    assert_eq!(found(&with(vec![out.clone(), wide])), []);
    let half = to_cidr(rule("sg-registry", false), "10.0.1.0/24");
    assert_eq!(found(&with(vec![out, half])), one(false, "Registry reachable from a part of the subnets only"));
}

fn egress_rule(members: &[(&str, Value)]) -> PlannedObject {
    let text = |text: &str| Value::string(text);
    let all =
        [("security_group_id", text("sg-model")), ("ip_protocol", text("tcp")), ("cidr_ipv4", text("10.0.0.0/8"))];
    let all = all.into_iter().chain(["from_port", "to_port"].map(|name| (name, Value::from(443))));
    let after = Value::object(all.chain(members.iter().cloned()));
    PlannedObject { type_name: "aws_vpc_security_group_egress_rule".into(), before: None, after: Some(after) }
}

fn way(facts: Facts, plan: &[PlannedObject]) -> Vec<(bool, String)> {
    told(&judge(&wanted(), &pending::after(facts, plan), HERE).diagnostics)
}

#[test]
fn rules_are_judged_as_they_will_be() {
    let into = to_group(rule("sg-registry", false), "sg-model");
    let closed = || Facts { rules: Some(vec![into.clone()]), ..facts() };
    assert_eq!(way(closed(), &[]), one(true, "Registry not reachable: no outbound rule"));
    assert_eq!(way(closed(), &[egress_rule(&[])]), [], "made by the same plan");
    let other = egress_rule(&[("security_group_id", Value::string("sg-else"))]);
    assert_eq!(way(closed(), &[other]), one(true, "Registry not reachable: no outbound rule"));
    let PlannedObject { type_name, after, .. } = egress_rule(&[]);
    let gone = PlannedObject { type_name, before: after, after: None };
    let mut open = closed();
    open.rules.get_or_insert_default().push(to_cidr(rule("sg-model", true), "10.0.0.0/8"));
    assert_eq!(way(open, &[gone]), one(true, "Registry not reachable: no outbound rule"), "taken away by this plan");
}

#[test]
fn a_group_that_is_not_known_yet_may_open_the_way() {
    let closed = Facts { rules: Some(Vec::new()), ..facts() };
    let wanted = Wanted { more_groups: true, ..wanted() };
    assert_eq!(told(&judge(&wanted, &closed, HERE).diagnostics), []);
    // The subnets are judged all the same.
    let mut closed = closed;
    change_subnet(&mut closed, "subnet-a", |subnet| subnet.vpc_id = "vpc-2".to_owned());
    assert_eq!(told(&judge(&wanted, &closed, HERE).diagnostics), one(true, "Subnets of more than one VPC"));
}

#[test]
fn a_group_that_the_plan_makes_without_a_way_out_is_told() {
    let id = || Value::refined(Type::String, Refinement::with_prefix(GROUP));
    let none = || Refinement { max_length: Some(0), ..Refinement::default() };
    let made = |egress: Value| {
        let after = Value::object([("id", id()), ("name", Value::string("new")), ("egress", egress)]);
        PlannedObject { type_name: "aws_security_group".into(), before: None, after: Some(after) }
    };
    let shut = || made(Value::refined(Type::set(Type::Dynamic), none()));
    let block = |ids: Value| Value::object([("subnets", Value::list(Type::String, [])), ("security_group_ids", ids)]);
    let of = |id: Value| Wanted::network(Fields(&block(Value::list(Type::String, [id]))), &Path::root()).unwrap();
    assert!(of(id()).made_groups && !of(Value::unknown(Type::String)).made_groups);
    let way = |made_groups: bool, plan: &[PlannedObject]| {
        let wanted = Wanted { groups: Vec::new(), more_groups: true, made_groups, ..wanted() };
        told(&judge(&wanted, &pending::after(facts(), plan), HERE).diagnostics)
    };
    assert_eq!(way(true, &[shut()]), one(true, "Registry not reachable: no outbound rule"));
    assert_eq!(way(false, &[shut()]), []);
    assert_eq!(way(true, &[]), []);
    // Rules that are not known yet, or are objects of their own.
    assert_eq!(way(true, &[made(Value::unknown(Type::set(Type::Dynamic)))]), []);
    assert_eq!(way(true, &[shut(), egress_rule(&[("security_group_id", id())])]), []);
    assert_eq!(way(true, &[shut(), egress_rule(&[])]), one(true, "Registry not reachable: no outbound rule"));
}

#[test]
fn what_the_plan_does_not_know_yet_is_no_error() {
    let into = to_group(rule("sg-registry", false), "sg-model");
    let closed = || Facts { rules: Some(vec![into.clone()]), ..facts() };
    for unknown in ["cidr_ipv4", "security_group_id"] {
        let rule = egress_rule(&[
            ("cidr_ipv4", Value::null(Type::String)),
            ("prefix_list_id", Value::null(Type::String)),
            (unknown, Value::unknown(Type::String)),
        ]);
        assert_eq!(way(closed(), &[rule]), one(false, "Registry not reachable: no outbound rule"), "{unknown}");
    }
}
