//! Network ACLs: the default one of each VPC, which lets everything through.

use super::ids::NETWORK_ACL;
use super::listing::{self, Listing};
use super::state::{NetworkAcl, State};
use super::{Answer, tag};
use crate::services::Context;
use crate::wire::query::Params;
use crate::wire::xml::Node;
use crate::world::ACCOUNT;

const LISTING: Listing = Listing {
    set: "networkAclSet",
    kind: NETWORK_ACL,
    filters: &[
        "association.association-id",
        "association.network-acl-id",
        "association.subnet-id",
        "default",
        "entry.cidr",
        "entry.egress",
        "entry.icmp.code",
        "entry.icmp.type",
        "entry.ipv6-cidr",
        "entry.port-range.from",
        "entry.port-range.to",
        "entry.protocol",
        "entry.rule-action",
        "entry.rule-number",
        "network-acl-id",
        "owner-id",
        "vpc-id",
    ],
    limits: Some((5, 1000)),
    default_page: None,
};

/// The entries of a default ACL: direction, number, action.
const ENTRIES: [(bool, i64, &str); 4] =
    [(true, 100, "allow"), (true, 32_767, "deny"), (false, 100, "allow"), (false, 32_767, "deny")];

pub(crate) fn describe(context: &mut Context<'_>, params: &Params) -> Answer {
    let state = &context.region.ec2;
    let acls = state.acls.iter().map(|(id, acl)| (id.as_str(), acl));
    let values = |acl: &NetworkAcl, filter: &str| match filter {
        "association.association-id" => acl.associations.values().cloned().collect(),
        "association.network-acl-id" if !acl.associations.is_empty() => vec![acl.id.clone()],
        "association.subnet-id" => acl.associations.keys().cloned().collect(),
        "default" => vec![acl.is_default.to_string()],
        "entry.cidr" => vec!["0.0.0.0/0".to_owned()],
        "entry.egress" => vec!["true".to_owned(), "false".to_owned()],
        "entry.protocol" => vec!["-1".to_owned()],
        "entry.rule-action" => vec!["allow".to_owned(), "deny".to_owned()],
        "entry.rule-number" => vec!["100".to_owned(), "32767".to_owned()],
        "network-acl-id" => vec![acl.id.clone()],
        "owner-id" => vec![ACCOUNT.to_owned()],
        "vpc-id" => vec![acl.vpc_id.clone()],
        _ => Vec::new(),
    };
    listing::describe(&LISTING, params, &state.tags, acls, values, |acl| node(state, acl))
}

fn node(state: &State, acl: &NetworkAcl) -> Node {
    let associations = acl.associations.iter().map(|(subnet, id)| {
        Node::Structure(vec![
            ("networkAclAssociationId", Node::text(id)),
            ("networkAclId", Node::text(&acl.id)),
            ("subnetId", Node::text(subnet)),
        ])
    });
    let entries = ENTRIES.iter().map(|(egress, number, action)| {
        Node::Structure(vec![
            ("ruleNumber", Node::number(*number)),
            ("protocol", Node::text("-1")),
            ("ruleAction", Node::text(*action)),
            ("egress", Node::boolean(*egress)),
            ("cidrBlock", Node::text("0.0.0.0/0")),
        ])
    });
    Node::Structure(vec![
        ("networkAclId", Node::text(&acl.id)),
        ("vpcId", Node::text(&acl.vpc_id)),
        ("ownerId", Node::text(ACCOUNT)),
        ("default", Node::boolean(acl.is_default)),
        ("associationSet", Node::list(associations)),
        ("entrySet", Node::list(entries)),
        ("tagSet", tag::set(state, &acl.id)),
    ])
}
