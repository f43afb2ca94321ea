//! Security groups.

use super::ids::{GROUP, VPC};
use super::listing::{self, Listing};
use super::state::{Group, Peer, Rule, State};
use super::{Answer, done, interface, invalid, permission, tag, vpc};
use crate::services::Context;
use crate::wire::ApiError;
use crate::wire::query::Params;
use crate::wire::xml::Node;
use crate::world::{ACCOUNT, Region};

const LISTING: Listing = Listing {
    set: "securityGroupInfo",
    kind: GROUP,
    filters: &[
        "description",
        "egress.ip-permission.cidr",
        "egress.ip-permission.from-port",
        "egress.ip-permission.group-id",
        "egress.ip-permission.group-name",
        "egress.ip-permission.ipv6-cidr",
        "egress.ip-permission.prefix-list-id",
        "egress.ip-permission.protocol",
        "egress.ip-permission.to-port",
        "egress.ip-permission.user-id",
        "group-id",
        "group-name",
        "ip-permission.cidr",
        "ip-permission.from-port",
        "ip-permission.group-id",
        "ip-permission.group-name",
        "ip-permission.ipv6-cidr",
        "ip-permission.prefix-list-id",
        "ip-permission.protocol",
        "ip-permission.to-port",
        "ip-permission.user-id",
        "owner-id",
        "vpc-id",
    ],
    limits: Some((5, 1000)),
    default_page: None,
};

pub(crate) fn describe(context: &mut Context<'_>, params: &Params) -> Answer {
    let context = &*context;
    let state = &context.region.ec2;
    // Names mean groups of the default VPC; those of others are found by a filter.
    let default = state.default_vpc().map(|vpc| vpc.id.as_str());
    let names = params.list("GroupName");
    let is_named = |group: &Group, name: &str| group.name == name && Some(group.vpc_id.as_str()) == default;
    for name in &names {
        if !state.groups.values().any(|group| is_named(group, name)) {
            let text = format!("The security group '{name}' does not exist in default VPC");
            return Err(ApiError::new("InvalidGroup.NotFound", text));
        }
    }
    let wanted = |group: &Group| names.is_empty() || names.iter().any(|name| is_named(group, name));
    let groups = state.groups.iter().filter(|(_, group)| wanted(group)).map(|(id, group)| (id.as_str(), group));
    let values = |group: &Group, filter: &str| values(state, group, filter);
    listing::describe(&LISTING, params, &state.tags, groups, values, |group| node(context, group))
}

fn values(state: &State, group: &Group, filter: &str) -> Vec<String> {
    let (egress, member) = match filter.strip_prefix("egress.") {
        Some(rest) => (true, rest.strip_prefix("ip-permission.")),
        None => (false, filter.strip_prefix("ip-permission.")),
    };
    if let Some(member) = member {
        return rules(state, &group.id, egress).filter_map(|rule| of_rule(state, rule, member)).collect();
    }
    match filter {
        "description" => vec![group.description.clone()],
        "group-id" => vec![group.id.clone()],
        "group-name" => vec![group.name.clone()],
        "owner-id" => vec![ACCOUNT.to_owned()],
        "vpc-id" => vec![group.vpc_id.clone()],
        _ => Vec::new(),
    }
}

fn of_rule(state: &State, rule: &Rule, member: &str) -> Option<String> {
    let spec = &rule.spec;
    match (member, &spec.peer) {
        ("protocol", _) => Some(spec.protocol.clone()),
        ("from-port", _) => Some(spec.from.to_string()),
        ("to-port", _) => Some(spec.to.to_string()),
        ("cidr", Peer::Ipv4(cidr)) | ("ipv6-cidr", Peer::Ipv6(cidr)) => Some(cidr.clone()),
        ("prefix-list-id", Peer::PrefixList(id)) | ("group-id", Peer::Group { id, .. }) => Some(id.clone()),
        ("group-name", Peer::Group { id, .. }) => Some(state.groups.get(id)?.name.clone()),
        ("user-id", Peer::Group { account, .. }) => Some(account.clone()),
        _ => None,
    }
}

/// A group's rules of one direction, in the order in which they were made.
pub(crate) fn rules<'a>(state: &'a State, group: &'a str, egress: bool) -> impl Iterator<Item = &'a Rule> {
    state.rules.values().filter(move |rule| rule.group_id == group && rule.egress == egress)
}

fn arn(context: &Context<'_>, id: &str) -> String {
    context.arn("ec2", &format!("security-group/{id}"))
}

fn node(context: &Context<'_>, group: &Group) -> Node {
    let state = &context.region.ec2;
    Node::Structure(vec![
        ("groupId", Node::text(&group.id)),
        ("groupName", Node::text(&group.name)),
        ("groupDescription", Node::text(&group.description)),
        ("ownerId", Node::text(ACCOUNT)),
        ("vpcId", Node::text(&group.vpc_id)),
        ("securityGroupArn", Node::text(arn(context, &group.id))),
        ("ipPermissions", permission::set(rules(state, &group.id, false))),
        ("ipPermissionsEgress", permission::set(rules(state, &group.id, true))),
        ("tagSet", tag::set(state, &group.id)),
    ])
}

/// The group that `GroupId` names, or `GroupName` in the default VPC.
pub(crate) fn of_params<'a>(state: &'a State, params: &Params) -> Result<&'a Group, ApiError> {
    if let Some(id) = params.get("GroupId").filter(|id| !id.is_empty()) {
        return GROUP.find(id, |id| state.groups.get(id));
    }
    let Some(name) = params.get("GroupName").filter(|name| !name.is_empty()) else {
        let text = "The request must contain the parameter groupName or groupId";
        return Err(ApiError::new("MissingParameter", text));
    };
    let vpc = state.default_vpc().map(|vpc| vpc.id.as_str());
    state.groups.values().find(|group| group.name == name && Some(group.vpc_id.as_str()) == vpc).ok_or_else(|| {
        ApiError::new("InvalidGroup.NotFound", format!("The security group '{name}' does not exist in default VPC"))
    })
}

pub(crate) fn create(context: &mut Context<'_>, params: &Params) -> Answer {
    let name = params.required("GroupName")?;
    let description = params.required("GroupDescription")?;
    check_text("groupName", name)?;
    check_text("groupDescription", description)?;
    if name.starts_with("sg-") {
        return Err(invalid(format!(
            "Value ({name}) for parameter groupName is invalid. Group names may not be in the format sg-*."
        )));
    }
    let state = &context.region.ec2;
    let vpc_id = match params.get("VpcId").filter(|id| !id.is_empty()) {
        Some(id) => vpc::find(state, id)?.id.clone(),
        None => {
            let vpc = state.default_vpc().ok_or_else(|| {
                ApiError::new(
                    "VPCIdNotSpecified",
                    "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.",
                )
            })?;
            vpc.id.clone()
        }
    };
    if state.groups.values().any(|group| group.vpc_id == vpc_id && group.name.eq_ignore_ascii_case(name)) {
        return Err(ApiError::new(
            "InvalidGroup.Duplicate",
            format!("The security group '{name}' already exists for VPC '{vpc_id}'"),
        ));
    }
    let tags = tag::of_create(params, &GROUP)?;
    let state = &mut context.region.ec2;
    let id = state.fresh_id("sg");
    vpc::add_group(state, &id, name, description, &vpc_id);
    tag::attach(state, &id, tags);
    Ok(vec![
        ("groupId", Node::text(&id)),
        ("tagSet", tag::set(&context.region.ec2, &id)),
        ("securityGroupArn", Node::text(arn(context, &id))),
    ])
}

/// Names and descriptions: at most 255 of the characters that EC2 allows.
pub(crate) fn check_text(parameter: &str, text: &str) -> Result<(), ApiError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
    if text.chars().count() > 255 || !text.chars().all(allowed) {
        return Err(invalid(format!(
            "Value ({text}) for parameter {parameter} is invalid. Character sets beyond ASCII are not supported, and \
             at most 255 of a-z, A-Z, 0-9, spaces, and ._-:/()#,@[]+=&;{{}}!$* are allowed."
        )));
    }
    Ok(())
}

pub(crate) fn delete(context: &mut Context<'_>, params: &Params) -> Answer {
    let group = of_params(&context.region.ec2, params)?.clone();
    if group.name == "default" {
        return Err(ApiError::new(
            "CannotDelete",
            format!("the specified group: \"{}\" name: \"default\" cannot be deleted by a user", group.id),
        ));
    }
    if is_in_use(context.region, &group.id) {
        let text = format!("resource {} has a dependent object", group.id);
        return Err(ApiError::new("DependencyViolation", text));
    }
    remove(&mut context.region.ec2, &group.id);
    let mut answer = done()?;
    answer.push(("groupId", Node::text(group.id)));
    Ok(answer)
}

fn is_in_use(region: &Region, id: &str) -> bool {
    let referenced = region
        .ec2
        .rules
        .values()
        .any(|rule| rule.group_id != id && matches!(&rule.spec.peer, Peer::Group { id: other, .. } if other == id));
    referenced
        || interface::any(region, |interface| interface.groups.iter().any(|group| group == id))
        || region.ec2.vpc_endpoints.values().any(|endpoint| endpoint.groups.iter().any(|group| group == id))
}

/// Removes a group with its rules and tags.
pub(crate) fn remove(state: &mut State, id: &str) {
    state.groups.remove(id);
    let State { rules, tags, .. } = state;
    rules.retain(|rule_id, rule| {
        let stays = rule.group_id != id;
        if !stays {
            tags.remove(rule_id);
        }
        stays
    });
    tags.remove(id);
}

/// Groups shared with other VPCs: none, since nothing here shares them.
pub(crate) fn describe_vpc_associations(context: &mut Context<'_>, params: &Params) -> Answer {
    const ASSOCIATIONS: Listing = Listing {
        set: "securityGroupVpcAssociationSet",
        kind: VPC,
        filters: &["group-id", "group-owner-id", "state", "vpc-id", "vpc-owner-id"],
        limits: Some((5, 1000)),
        default_page: None,
    };
    let none = std::iter::empty::<(&str, &Group)>();
    let values = |_: &Group, _: &str| Vec::new();
    listing::describe(&ASSOCIATIONS, params, &context.region.ec2.tags, none, values, |_| Node::list([]))
}
