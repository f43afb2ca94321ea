//! Roles.

use super::state::Role;
use super::{
    Answer, already_exists, conflict, document, encoded, id, name, no_such_entity, page, path, tag_list, tags,
    violation,
};
use crate::services::Context;
use crate::wire::ApiError;
use crate::wire::query::Params;
use crate::wire::xml::Node;
use crate::world::ACCOUNT;

/// The largest trust policy, in characters without white space.
const TRUST_LIMIT: usize = 2_048;

pub(super) fn create(context: &mut Context<'_>, params: &Params) -> Answer {
    let role_name = name(params, "RoleName", "roleName", 64)?;
    let path = path(params)?;
    let trust = document(params, "AssumeRolePolicyDocument", TRUST_LIMIT)?;
    let key = role_name.to_ascii_lowercase();
    if context.account.iam.roles.contains_key(&key) {
        return Err(already_exists(format!("Role with name {role_name} already exists.")));
    }
    let arn = format!("arn:{}:iam::{ACCOUNT}:role{path}{role_name}", context.scope.partition());
    let role = Role {
        id: id("AROA", &format!("{arn} {}", context.now.as_millis())),
        name: role_name.to_owned(),
        path,
        created: context.now,
        trust,
        trusted: context.now,
        description: params.get("Description").map(str::to_owned),
        max_session: max_session(params)?.unwrap_or(3_600),
        boundary: params.get("PermissionsBoundary").map(str::to_owned),
        inline: Default::default(),
        attached: Default::default(),
        tags: tags(params)?,
        arn: arn.clone(),
    };
    let node = node(&role);
    context.account.iam.deleted_roles.remove(&arn);
    context.account.iam.roles.insert(key, role);
    Ok(vec![("Role", node)])
}

pub(super) fn get(context: &mut Context<'_>, params: &Params) -> Answer {
    Ok(vec![("Role", node(find(context, params)?))])
}

pub(super) fn list(context: &mut Context<'_>, params: &Params) -> Answer {
    let prefix = params.get("PathPrefix").unwrap_or("/");
    let roles = context.account.iam.roles.values().filter(|role| role.path.starts_with(prefix));
    page(params, "Roles", roles.map(node).collect())
}

pub(super) fn update(context: &mut Context<'_>, params: &Params) -> Answer {
    let session = max_session(params)?;
    let role = find(context, params)?;
    if let Some(text) = params.get("Description") {
        role.description = Some(text.to_owned()).filter(|text| !text.is_empty());
    }
    role.max_session = session.unwrap_or(role.max_session);
    Ok(Vec::new())
}

pub(super) fn update_trust(context: &mut Context<'_>, params: &Params) -> Answer {
    let trust = document(params, "PolicyDocument", TRUST_LIMIT)?;
    let now = context.now;
    let role = find(context, params)?;
    (role.trust, role.trusted) = (trust, now);
    Ok(Vec::new())
}

pub(super) fn delete(context: &mut Context<'_>, params: &Params) -> Answer {
    let role = find(context, params)?;
    if !role.attached.is_empty() {
        return Err(conflict("Cannot delete entity, must detach all policies first."));
    }
    if !role.inline.is_empty() {
        return Err(conflict("Cannot delete entity, must delete policies first."));
    }
    let (key, arn) = (role.name.to_ascii_lowercase(), role.arn.clone());
    context.account.iam.roles.remove(&key);
    context.account.iam.deleted_roles.insert(arn);
    Ok(Vec::new())
}

pub(super) fn put_boundary(context: &mut Context<'_>, params: &Params) -> Answer {
    let boundary = params.required("PermissionsBoundary")?.to_owned();
    find(context, params)?.boundary = Some(boundary);
    Ok(Vec::new())
}

pub(super) fn delete_boundary(context: &mut Context<'_>, params: &Params) -> Answer {
    find(context, params)?.boundary = None;
    Ok(Vec::new())
}

pub(super) fn tag(context: &mut Context<'_>, params: &Params) -> Answer {
    let new = tags(params)?;
    find(context, params)?.tags.extend(new);
    Ok(Vec::new())
}

pub(super) fn untag(context: &mut Context<'_>, params: &Params) -> Answer {
    let keys = params.list("TagKeys.member");
    find(context, params)?.tags.retain(|key, _| !keys.contains(&key.as_str()));
    Ok(Vec::new())
}

pub(super) fn list_tags(context: &mut Context<'_>, params: &Params) -> Answer {
    let role = find(context, params)?;
    Ok(vec![("Tags", tag_list(&role.tags)), ("IsTruncated", Node::boolean(false))])
}

/// There are none: nothing here runs on instances of EC2.
pub(super) fn list_instance_profiles(context: &mut Context<'_>, params: &Params) -> Answer {
    find(context, params)?;
    page(params, "InstanceProfiles", Vec::new())
}

/// The role that a request names.
pub(super) fn find<'a>(context: &'a mut Context<'_>, params: &Params) -> Result<&'a mut Role, ApiError> {
    let role_name = name(params, "RoleName", "roleName", 64)?;
    let found = context.account.iam.roles.get_mut(&role_name.to_ascii_lowercase());
    found.ok_or_else(|| no_such_entity(format!("The role with name {role_name} cannot be found.")))
}

fn max_session(params: &Params) -> Result<Option<i64>, ApiError> {
    let seconds = params.integer("MaxSessionDuration")?;
    match seconds.filter(|seconds| !(3_600..=43_200).contains(seconds)) {
        Some(wrong) => Err(violation(
            &wrong.to_string(),
            "maxSessionDuration",
            if wrong < 3_600 {
                "Member must have value greater than or equal to 3600"
            } else {
                "Member must have value less than or equal to 43200"
            },
        )),
        None => Ok(seconds),
    }
}

fn node(role: &Role) -> Node {
    let mut members = vec![
        ("Path", Node::text(&role.path)),
        ("RoleName", Node::text(&role.name)),
        ("RoleId", Node::text(&role.id)),
        ("Arn", Node::text(&role.arn)),
        ("CreateDate", Node::text(role.created.to_iso8601())),
        ("AssumeRolePolicyDocument", encoded(&role.trust)),
        ("MaxSessionDuration", Node::number(role.max_session)),
    ];
    if let Some(text) = &role.description {
        members.push(("Description", Node::text(text)));
    }
    if let Some(arn) = &role.boundary {
        let boundary =
            vec![("PermissionsBoundaryType", Node::text("Policy")), ("PermissionsBoundaryArn", Node::text(arn))];
        members.push(("PermissionsBoundary", Node::Structure(boundary)));
    }
    if !role.tags.is_empty() {
        members.push(("Tags", tag_list(&role.tags)));
    }
    members.push(("RoleLastUsed", Node::Structure(Vec::new())));
    Node::Structure(members)
}
