//! The schema of `aws_security_group`, and its rules between arguments.

use smform_types::schema::{Attribute, Block, Constraint, NestedBlock, Schema};
use smform_types::{Diagnostic, Diagnostics, Path, Step, Type};

use super::rules::protocol;
use crate::fields::Fields;
use crate::shared::{region, timeouts};
use crate::tags::{tags, tags_all};

pub(super) fn schema() -> Schema {
    let name = |longest: usize| {
        Attribute::optional_computed(Type::String)
            .forces_replacement()
            .with(Constraint::Length(1, longest))
            .with(Constraint::Text("a name that does not begin with sg-", |text| !text.starts_with("sg-")))
    };
    let computed = || Attribute::computed(Type::String);
    let mut block = Block::new(
        [
            ("id", computed()),
            ("arn", computed()),
            ("owner_id", computed()),
            ("name", name(255)),
            ("name_prefix", name(229)),
            (
                "description",
                Attribute::optional(Type::String)
                    .forces_replacement()
                    .default_value("Managed by Terraform")
                    .with(Constraint::Length(0, 255)),
            ),
            ("vpc_id", Attribute::optional_computed(Type::String).forces_replacement()),
            ("revoke_rules_on_delete", Attribute::optional(Type::Bool).default_value(false)),
            ("region", region()),
            ("tags", tags()),
            ("tags_all", tags_all()),
        ],
        [("ingress", rule_blocks()), ("egress", rule_blocks()), ("timeouts", timeouts())],
    );
    block.description = "A security group with its rules. Without egress blocks, a new group lets nothing out. Rules that are \
                         objects of their own in the state are not told as changes of the group.";
    Schema { version: 1, block }
}

/// What the argument for a protocol may be.
pub(in super::super) const PROTOCOL: &str =
    "tcp, udp, icmp, icmpv6 or a number; -1 or all for all. A name and its number are the same, in any letter case.";

/// The `ingress` and `egress` blocks.
pub(super) fn rule_blocks() -> NestedBlock {
    let texts = || Attribute::optional(Type::list(Type::String));
    let port = || Attribute::required(Type::Number).with(Constraint::Range(-1.0, 65535.0));
    let rule = Block::new(
        [
            ("from_port", port()),
            ("to_port", port()),
            ("protocol", Attribute::required(Type::String).describe(PROTOCOL)),
            ("cidr_blocks", texts().with(Constraint::Text("a network such as 10.0.0.0/16", is_ipv4_net))),
            ("ipv6_cidr_blocks", texts().with(Constraint::Text("a network such as 2001:db8::/32", is_ipv6_net))),
            ("prefix_list_ids", texts()),
            ("security_groups", Attribute::optional(Type::set(Type::String))),
            ("self", Attribute::optional(Type::Bool).default_value(false)),
            ("description", Attribute::optional(Type::String).with(Constraint::Length(0, 255))),
        ],
        [],
    );
    NestedBlock::set(rule, 0, 0).or_computed().or_argument()
}

pub(in super::super) fn is_ipv4_net(text: &str) -> bool {
    text.parse::<ipnet::Ipv4Net>().is_ok()
}

pub(in super::super) fn is_ipv6_net(text: &str) -> bool {
    text.parse::<ipnet::Ipv6Net>().is_ok()
}

/// Rules between the arguments of `ingress` and `egress` blocks.
pub(super) fn check(config: Fields<'_>) -> Diagnostics {
    let mut found = Diagnostics::new();
    for kind in ["ingress", "egress"] {
        for rule in config.blocks(kind) {
            let at = Path::attribute(kind).then(Step::Element);
            let mut refuse = |summary: &str, detail: String| {
                found.push(Diagnostic::error(summary, detail).of_attribute(at.clone()));
            };
            let (from, to) = (rule.int("from_port"), rule.int("to_port"));
            let named = rule.text("protocol").map(protocol);
            if named.as_deref() == Some("-1") && (from.unwrap_or(0) != 0 || to.unwrap_or(0) != 0) {
                let detail = "With protocol \"-1\", all ports are meant: set from_port and to_port to 0.";
                refuse("Ports with all protocols", detail.to_owned());
            }
            if let (Some("tcp" | "udp"), Some(from), Some(to)) = (named.as_deref(), from, to)
                && from > to
            {
                refuse("Ports in the wrong order", format!("from_port, {from}, is above to_port, {to}."));
            }
            let sources = ["cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "security_groups"];
            let given = sources.iter().any(|name| rule.is_unknown(name) || !rule.texts(name).is_empty());
            if !given && !rule.is_unknown("self") && rule.flag("self") != Some(true) {
                let detail = "Give cidr_blocks, ipv6_cidr_blocks, prefix_list_ids, security_groups, or self = true.";
                refuse("Rule without a source", detail.to_owned());
            }
        }
    }
    found
}
