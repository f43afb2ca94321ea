//! Rules of a security group: the blocks that people write, and the single rules that the service keeps, each with one
//! source.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{IpPermission, IpRange, Ipv6Range, PrefixListId, UserIdGroupPair};
use ipnet::IpNet;
use smform_types::schema::{Block, NestedBlock};
use smform_types::{Type, Value};

use crate::fields::{Builder, Fields};

/// One rule with one source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct Rule {
    pub(in super::super) protocol: String,
    pub(in super::super) from: i32,
    pub(in super::super) to: i32,
    pub(in super::super) source: Source,
    pub(in super::super) description: String,
}

/// Where traffic comes from or goes to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Source {
    Ipv4(String),
    Ipv6(String),
    PrefixList(String),
    /// A group by id, with its account in front (`account/sg-...`) when that is another.
    Group(String),
    /// The group itself.
    Itself,
}

/// A protocol as the service keeps it: a small-letter name where there is one, `-1` for all.
pub(crate) fn protocol(text: &str) -> String {
    match text.to_ascii_lowercase().as_str() {
        "all" => "-1".to_owned(),
        "1" => "icmp".to_owned(),
        "6" => "tcp".to_owned(),
        "17" => "udp".to_owned(),
        "58" => "icmpv6".to_owned(),
        // Names that Terraform's provider knows, and the service does not.
        "esp" => "50".to_owned(),
        "ah" => "51".to_owned(),
        other => other.to_owned(),
    }
}

/// Whether rules of a protocol, as [`protocol`] has it, have ports, or types and codes in their place.
pub(in super::super) fn has_ports(protocol: &str) -> bool {
    matches!(protocol, "tcp" | "udp" | "icmp" | "icmpv6")
}

/// A network without host bits, as the service keeps it; other text as it is.
fn canonical(cidr: &str) -> String {
    cidr.parse::<IpNet>().map_or_else(|_| cidr.to_owned(), |net| net.trunc().to_string())
}

/// The rules that a block means.
fn of_block(block: Fields<'_>) -> BTreeSet<Rule> {
    of(block, block.texts("security_groups"))
}

/// The rules that the arguments of a block or of a rule resource mean, given the groups among its sources.
pub(in super::super) fn of(block: Fields<'_>, groups: Vec<String>) -> BTreeSet<Rule> {
    let protocol = protocol(block.text("protocol").unwrap_or("-1"));
    let port = |name: &str| if has_ports(&protocol) { block.int(name).unwrap_or(0) } else { 0 };
    let (from, to) = (port("from_port"), port("to_port"));
    let v4 = block.texts("cidr_blocks").into_iter().map(|cidr| Source::Ipv4(canonical(&cidr)));
    let v6 = block.texts("ipv6_cidr_blocks").into_iter().map(|cidr| Source::Ipv6(canonical(&cidr)));
    let lists = block.texts("prefix_list_ids").into_iter().map(Source::PrefixList);
    let groups = groups.into_iter().map(Source::Group);
    let itself = (block.flag("self") == Some(true)).then_some(Source::Itself);
    let description = block.owned("description").unwrap_or_default();
    v4.chain(v6)
        .chain(lists)
        .chain(groups)
        .chain(itself)
        .map(|source| Rule { protocol: protocol.clone(), from, to, source, description: description.clone() })
        .collect()
}

/// The rules that all blocks of a kind, `ingress` or `egress`, mean.
pub(in super::super) fn wanted(group: &Value, kind: &str) -> BTreeSet<Rule> {
    Fields(group).blocks(kind).flat_map(of_block).collect()
}

/// The planned group with the blocks as they are where those that are wanted mean the same rules, however they are
/// grouped and ordered: as after an import.
pub(super) fn kept(prior: &Value, planned: Value) -> Value {
    ["ingress", "egress"].into_iter().fold(planned, |planned, kind| {
        let (Some(before), Some(after)) = (prior.get(kind), planned.get(kind)) else { return planned };
        let known = before.is_wholly_known() && after.is_wholly_known() && !after.is_null();
        if known && wanted(prior, kind) == wanted(&planned, kind) {
            let before = before.clone();
            crate::fields::with(planned, kind, before)
        } else {
            planned
        }
    })
}

/// The rules that the service keeps. `id` and `owner` are those of the group itself.
pub(in super::super) fn live(permissions: &[IpPermission], id: &str, owner: &str) -> BTreeSet<Rule> {
    let mut found = BTreeSet::new();
    for permission in permissions {
        let protocol = protocol(permission.ip_protocol().unwrap_or("-1"));
        let (from, to) = (permission.from_port().unwrap_or(0), permission.to_port().unwrap_or(0));
        let mut add = |source: Source, description: Option<&str>| {
            let description = description.unwrap_or_default().to_owned();
            let (from, to) = if has_ports(&protocol) { (from, to) } else { (0, 0) };
            found.insert(Rule { protocol: protocol.clone(), from, to, source, description });
        };
        for range in permission.ip_ranges() {
            add(Source::Ipv4(range.cidr_ip().unwrap_or_default().to_owned()), range.description());
        }
        for range in permission.ipv6_ranges() {
            add(Source::Ipv6(canonical(range.cidr_ipv6().unwrap_or_default())), range.description());
        }
        for list in permission.prefix_list_ids() {
            add(Source::PrefixList(list.prefix_list_id().unwrap_or_default().to_owned()), list.description());
        }
        for pair in permission.user_id_group_pairs() {
            let peer = pair.group_id().unwrap_or_default();
            let source = match pair.user_id() {
                _ if peer == id => Source::Itself,
                Some(account) if account != owner && !account.is_empty() => Source::Group(format!("{account}/{peer}")),
                _ => Source::Group(peer.to_owned()),
            };
            add(source, pair.description());
        }
    }
    found
}

/// A rule as it is sent. `id` is that of the group itself.
pub(in super::super) fn permission(rule: &Rule, id: &str) -> IpPermission {
    let description = (!rule.description.is_empty()).then(|| rule.description.clone());
    let ports = has_ports(&rule.protocol);
    let call = IpPermission::builder()
        .ip_protocol(&rule.protocol)
        .set_from_port(ports.then_some(rule.from))
        .set_to_port(ports.then_some(rule.to));
    let pair = |group: &str| {
        let (account, group) = group.split_once('/').map_or((None, group), |(account, group)| (Some(account), group));
        UserIdGroupPair::builder()
            .group_id(group)
            .set_user_id(account.map(str::to_owned))
            .set_description(description.clone())
            .build()
    };
    let call = match &rule.source {
        Source::Ipv4(cidr) => {
            call.ip_ranges(IpRange::builder().cidr_ip(cidr).set_description(description.clone()).build())
        }
        Source::Ipv6(cidr) => {
            call.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(cidr).set_description(description.clone()).build())
        }
        Source::PrefixList(list) => call
            .prefix_list_ids(PrefixListId::builder().prefix_list_id(list).set_description(description.clone()).build()),
        Source::Group(group) => call.user_id_group_pairs(pair(group)),
        Source::Itself => call.user_id_group_pairs(pair(id)),
    };
    call.build()
}

/// The rules that the service keeps as blocks: those that are remembered, as far as they are still there, in their own
/// form; what is left, one block for each protocol, ports and description.
pub(in super::super) fn blocks(nested: &NestedBlock, mut live: BTreeSet<Rule>, remembered: Option<&Value>) -> Value {
    let element = nested.block.ty();
    let mut blocks = Vec::new();
    for block in remembered.and_then(Value::as_slice).unwrap_or_default() {
        if !block.is_wholly_known() {
            continue;
        }
        let rules = of_block(Fields(block));
        if !rules.is_empty() && rules.is_subset(&live) {
            live.retain(|rule| !rules.contains(rule));
            blocks.push(block.clone());
        }
    }
    let mut rest: BTreeMap<(String, i32, i32, String), Vec<Source>> = BTreeMap::new();
    for rule in live {
        rest.entry((rule.protocol, rule.from, rule.to, rule.description)).or_default().push(rule.source);
    }
    for ((protocol, from, to, description), sources) in rest {
        blocks.push(block(&nested.block, &protocol, (from, to), &description, &sources));
    }
    Value::set(element, blocks)
}

fn block(schema: &Block, protocol: &str, (from, to): (i32, i32), description: &str, sources: &[Source]) -> Value {
    let texts = |pick: fn(&Source) -> Option<&String>| {
        Value::list(Type::String, sources.iter().filter_map(pick).map(Value::string))
    };
    let groups = sources.iter().filter_map(|source| match source {
        Source::Group(group) => Some(Value::string(group)),
        _ => None,
    });
    Builder::new(schema)
        .text("protocol", Some(protocol))
        .int("from_port", Some(from))
        .int("to_port", Some(to))
        .text("description", Some(description))
        .value("cidr_blocks", texts(|source| if let Source::Ipv4(cidr) = source { Some(cidr) } else { None }))
        .value("ipv6_cidr_blocks", texts(|source| if let Source::Ipv6(cidr) = source { Some(cidr) } else { None }))
        .value("prefix_list_ids", texts(|source| if let Source::PrefixList(list) = source { Some(list) } else { None }))
        .value("security_groups", Value::set(Type::String, groups))
        .flag("self", Some(sources.contains(&Source::Itself)))
        .finish()
}

#[cfg(test)]
mod tests {
    use super::super::schema::rule_blocks;
    use super::*;

    fn tcp(port: i32, source: Source) -> Rule {
        Rule { protocol: "tcp".to_owned(), from: port, to: port, source, description: String::new() }
    }

    fn written(protocol: &str, port: i64, cidrs: &[&str]) -> Value {
        let nested = rule_blocks();
        Builder::new(&nested.block)
            .text("protocol", Some(protocol))
            .value("from_port", Value::number(port))
            .value("to_port", Value::number(port))
            .value("cidr_blocks", Value::list(Type::String, cidrs.iter().map(Value::string)))
            .finish()
    }

    fn group(blocks: &[Value]) -> Value {
        Value::object([("ingress", Value::set(rule_blocks().block.ty(), blocks.iter().cloned()))])
    }

    #[test]
    fn blocks_come_apart_and_are_normalised() {
        let rules = wanted(&group(&[written("TCP", 443, &["10.0.5.5/16", "10.1.0.0/16"])]), "ingress");
        let net = |cidr: &str| tcp(443, Source::Ipv4(cidr.to_owned()));
        assert_eq!(rules, BTreeSet::from([net("10.0.0.0/16"), net("10.1.0.0/16")]));
        let all = wanted(&group(&[written("all", 99, &["0.0.0.0/0"])]), "ingress");
        assert!(all.iter().all(|rule| rule.protocol == "-1" && rule.from == 0));
    }

    #[test]
    fn rules_are_the_same_after_a_round_trip() {
        let sources = [
            Source::Ipv4("10.0.0.0/8".to_owned()),
            Source::Ipv6("::/0".to_owned()),
            Source::PrefixList("pl-1".to_owned()),
            Source::Group("sg-2".to_owned()),
            Source::Group("999999999999/sg-3".to_owned()),
            Source::Itself,
        ];
        for source in sources {
            let rule = Rule { description: "why".to_owned(), ..tcp(443, source) };
            let found = live(&[permission(&rule, "sg-1")], "sg-1", "111111111111");
            assert_eq!(found, BTreeSet::from([rule]));
        }
    }

    #[test]
    fn blocks_that_mean_the_same_rules_are_no_change() {
        let one = group(&[written("tcp", 443, &["10.0.0.0/16", "10.1.0.0/16"])]);
        let two = group(&[written("6", 443, &["10.1.0.0/16"]), written("TCP", 443, &["10.0.9.9/16"])]);
        assert_eq!(kept(&one, two.clone()), one);
        let other = group(&[written("tcp", 443, &["10.1.0.0/16"])]);
        assert_eq!(kept(&one, other.clone()), other);
    }

    #[test]
    fn remembered_blocks_keep_their_form_and_the_rest_is_shown() {
        let mine = written("tcp", 443, &["10.0.5.5/16"]);
        let live = BTreeSet::from([
            tcp(443, Source::Ipv4("10.0.0.0/16".to_owned())),
            tcp(80, Source::Ipv4("0.0.0.0/0".to_owned())),
        ]);
        let remembered = group(std::slice::from_ref(&mine));
        let shown = blocks(&rule_blocks(), live, remembered.get("ingress"));
        let shown = shown.as_slice().unwrap_or_default();
        assert_eq!(shown.len(), 2);
        assert!(shown.contains(&mine));
    }
}
