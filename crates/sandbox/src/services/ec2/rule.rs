//! Security group rules: authorize, revoke, modify, describe.

use super::ids::{GROUP, RULE};
use super::listing::{self, Listing};
use super::permission::{self, Draft};
use super::state::{Group, Peer, Rule, RuleSpec, State};
use super::{Answer, done, group, tag, vpc};
use crate::services::Context;
use crate::wire::ApiError;
use crate::wire::query::Params;
use crate::wire::xml::Node;
use crate::world::ACCOUNT;

/// Rules per group and direction.
const LIMIT: usize = 60;

pub(crate) fn describe(context: &mut Context<'_>, params: &Params) -> Answer {
    const LISTING: Listing = Listing {
        set: "securityGroupRuleSet",
        kind: RULE,
        filters: &["group-id", "security-group-rule-id"],
        limits: Some((5, 1000)),
        default_page: None,
    };
    let context = &*context;
    let state = &context.region.ec2;
    let rules = state.rules.iter().map(|(id, rule)| (id.as_str(), rule));
    let values = |rule: &Rule, filter: &str| match filter {
        "group-id" => vec![rule.group_id.clone()],
        "security-group-rule-id" => vec![rule.id.clone()],
        _ => Vec::new(),
    };
    listing::describe(&LISTING, params, &state.tags, rules, values, |rule| node(context, rule))
}

fn node(context: &Context<'_>, rule: &Rule) -> Node {
    let state = &context.region.ec2;
    let mut members = vec![
        ("securityGroupRuleId", Node::text(&rule.id)),
        ("groupId", Node::text(&rule.group_id)),
        ("groupOwnerId", Node::text(ACCOUNT)),
        ("isEgress", Node::boolean(rule.egress)),
        ("ipProtocol", Node::text(&rule.spec.protocol)),
        ("fromPort", Node::number(rule.spec.from)),
        ("toPort", Node::number(rule.spec.to)),
    ];
    members.push(match &rule.spec.peer {
        Peer::Ipv4(cidr) => ("cidrIpv4", Node::text(cidr)),
        Peer::Ipv6(cidr) => ("cidrIpv6", Node::text(cidr)),
        Peer::PrefixList(id) => ("prefixListId", Node::text(id)),
        Peer::Group { id, account } => {
            let mut info = vec![("groupId", Node::text(id)), ("userId", Node::text(account))];
            // The VPC is shown only for groups of another one.
            let own_vpc = state.groups.get(&rule.group_id).map(|group| &group.vpc_id);
            if let Some(other) = state.groups.get(id).filter(|other| Some(&other.vpc_id) != own_vpc) {
                info.push(("vpcId", Node::text(&other.vpc_id)));
            }
            ("referencedGroupInfo", Node::Structure(info))
        }
    });
    members.extend(rule.description.as_ref().map(|text| ("description", Node::text(text))));
    members.push(("tagSet", tag::set(state, &rule.id)));
    members.push(("securityGroupRuleArn", Node::text(context.arn("ec2", &format!("security-group-rule/{}", rule.id)))));
    Node::Structure(members)
}

pub(crate) fn authorize_ingress(context: &mut Context<'_>, params: &Params) -> Answer {
    authorize(context, params, false)
}

pub(crate) fn authorize_egress(context: &mut Context<'_>, params: &Params) -> Answer {
    authorize(context, params, true)
}

/// Adds all rules of the request or none.
fn authorize(context: &mut Context<'_>, params: &Params, egress: bool) -> Answer {
    let state = &context.region.ec2;
    let group = group::of_params(state, params)?;
    let drafts = permission::read(state, group, params)?;
    let tags = tag::of_create(params, &RULE)?;
    let mut specs: Vec<&RuleSpec> = group::rules(state, &group.id, egress).map(|rule| &rule.spec).collect();
    for draft in &drafts {
        if specs.contains(&&draft.spec) {
            return Err(duplicate(&draft.spec));
        }
        specs.push(&draft.spec);
    }
    if specs.len() > LIMIT {
        let text = "The maximum number of rules per security group has been reached.";
        return Err(ApiError::new("RulesPerSecurityGroupLimitExceeded", text));
    }
    let group_id = group.id.clone();
    let state = &mut context.region.ec2;
    let mut ids = Vec::new();
    for Draft { spec, description } in drafts {
        let id = vpc::add_rule(state, &group_id, egress, spec);
        if let Some(rule) = state.rules.get_mut(&id) {
            rule.description = description;
        }
        tag::attach(state, &id, tags.clone());
        ids.push(id);
    }
    let rules = ids.iter().filter_map(|id| context.region.ec2.rules.get(id)).map(|rule| node(context, rule));
    Ok(vec![("return", Node::boolean(true)), ("securityGroupRuleSet", Node::list(rules))])
}

fn duplicate(spec: &RuleSpec) -> ApiError {
    let text = format!("the specified rule \"{}\" already exists", permission::shown(spec));
    ApiError::new("InvalidPermission.Duplicate", text)
}

fn no_such_rule() -> ApiError {
    ApiError::new("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
}

pub(crate) fn revoke_ingress(context: &mut Context<'_>, params: &Params) -> Answer {
    revoke(context, params, false)
}

pub(crate) fn revoke_egress(context: &mut Context<'_>, params: &Params) -> Answer {
    revoke(context, params, true)
}

/// Removes all rules of the request or none: whether the real call reports unknown rules as an error or in
/// `unknownIpPermissionSet` depends on its form; an error is the stricter reading.
fn revoke(context: &mut Context<'_>, params: &Params, egress: bool) -> Answer {
    let state = &context.region.ec2;
    let group = group::of_params(state, params)?;
    let by_id = params.list("SecurityGroupRuleId");
    let mut found = Vec::new();
    if by_id.is_empty() {
        for draft in permission::read(state, group, params)? {
            let rule = group::rules(state, &group.id, egress).find(|rule| rule.spec == draft.spec);
            found.push(rule.ok_or_else(no_such_rule)?.clone());
        }
    }
    for id in by_id {
        found.push(of_group(state, group, id, Some(egress))?.clone());
    }
    let state = &mut context.region.ec2;
    for rule in &found {
        state.rules.shift_remove(&rule.id);
        state.tags.remove(&rule.id);
    }
    let revoked = found.iter().map(|rule| {
        let mut members = vec![
            ("securityGroupRuleId", Node::text(&rule.id)),
            ("groupId", Node::text(&rule.group_id)),
            ("isEgress", Node::boolean(rule.egress)),
            ("ipProtocol", Node::text(&rule.spec.protocol)),
            ("fromPort", Node::number(rule.spec.from)),
            ("toPort", Node::number(rule.spec.to)),
            match &rule.spec.peer {
                Peer::Ipv4(cidr) => ("cidrIpv4", Node::text(cidr)),
                Peer::Ipv6(cidr) => ("cidrIpv6", Node::text(cidr)),
                Peer::PrefixList(id) => ("prefixListId", Node::text(id)),
                Peer::Group { id, .. } => ("referencedGroupId", Node::text(id)),
            },
        ];
        members.extend(rule.description.as_ref().map(|text| ("description", Node::text(text))));
        Node::Structure(members)
    });
    Ok(vec![("return", Node::boolean(true)), ("revokedSecurityGroupRuleSet", Node::list(revoked))])
}

/// A rule by id that belongs to the group, and to the direction if one is given.
fn of_group<'a>(state: &'a State, group: &Group, id: &str, egress: Option<bool>) -> Result<&'a Rule, ApiError> {
    let rule = RULE.find(id, |id| state.rules.get(id))?;
    if rule.group_id != group.id || egress.is_some_and(|egress| rule.egress != egress) {
        return Err(RULE.not_found(&[id]));
    }
    Ok(rule)
}

pub(crate) fn modify(context: &mut Context<'_>, params: &Params) -> Answer {
    let state = &context.region.ec2;
    let group = group::of_params(state, params)?;
    let updates = params.structures("SecurityGroupRule");
    if updates.is_empty() {
        return Err(ApiError::new("MissingParameter", "The request must contain the parameter securityGroupRules"));
    }
    let mut rules = state.rules.clone();
    for update in updates {
        let id = update.required("SecurityGroupRuleId")?;
        let old = of_group(state, group, id, None)?;
        let wanted = update.structure("SecurityGroupRule");
        let (protocol, from, to) = permission::range(&wanted)?;
        let peer = peer(state, &wanted)?;
        let description = wanted.get("Description").map(str::to_owned);
        if let Some(text) = &description {
            group::check_text("description", text)?;
        }
        let spec = RuleSpec { protocol, from, to, peer };
        let same = |other: &Rule| {
            other.id != id && other.group_id == group.id && other.egress == old.egress && other.spec == spec
        };
        if rules.values().any(same) {
            return Err(duplicate(&spec));
        }
        rules.insert(id.to_owned(), Rule { spec, description, ..old.clone() });
    }
    context.region.ec2.rules = rules;
    done()
}

fn peer(state: &State, wanted: &Params) -> Result<Peer, ApiError> {
    let given = |name: &'static str| wanted.get(name).filter(|value| !value.is_empty());
    match (given("CidrIpv4"), given("CidrIpv6"), given("PrefixListId"), given("ReferencedGroupId")) {
        (Some(cidr), None, None, None) => permission::ipv4(cidr).map(Peer::Ipv4),
        (None, Some(cidr), None, None) => permission::ipv6(cidr).map(Peer::Ipv6),
        (None, None, Some(id), None) => permission::prefix_list(id),
        (None, None, None, Some(id)) => {
            let id = GROUP.find(id, |id| state.groups.get(id))?.id.clone();
            Ok(Peer::Group { id, account: ACCOUNT.to_owned() })
        }
        _ => {
            let text = "Exactly one of CidrIpv4, CidrIpv6, PrefixListId, ReferencedGroupId must be given";
            Err(ApiError::new("InvalidParameterCombination", text))
        }
    }
}

pub(crate) fn update_descriptions_ingress(context: &mut Context<'_>, params: &Params) -> Answer {
    update_descriptions(context, params, false)
}

pub(crate) fn update_descriptions_egress(context: &mut Context<'_>, params: &Params) -> Answer {
    update_descriptions(context, params, true)
}

fn update_descriptions(context: &mut Context<'_>, params: &Params, egress: bool) -> Answer {
    let state = &context.region.ec2;
    let group = group::of_params(state, params)?;
    let mut changes = Vec::new();
    let by_id = params.structures("SecurityGroupRuleDescription");
    if by_id.is_empty() {
        for draft in permission::read(state, group, params)? {
            let rule = group::rules(state, &group.id, egress).find(|rule| rule.spec == draft.spec);
            changes.push((rule.ok_or_else(no_such_rule)?.id.clone(), draft.description));
        }
    }
    for update in by_id {
        let rule = of_group(state, group, update.required("SecurityGroupRuleId")?, Some(egress))?;
        let description = update.get("Description").map(str::to_owned);
        if let Some(text) = &description {
            group::check_text("description", text)?;
        }
        changes.push((rule.id.clone(), description));
    }
    for (id, description) in changes {
        if let Some(rule) = context.region.ec2.rules.get_mut(&id) {
            rule.description = description;
        }
    }
    done()
}
