//! Managed policies of the customer. They have one version, `v1`.

use super::state::{Policy, State};
use super::{
    Answer, already_exists, conflict, document, encoded, id, name, no_such_entity, page, path, tag_list, tags,
};
use crate::services::Context;
use crate::wire::ApiError;
use crate::wire::query::Params;
use crate::wire::xml::Node;
use crate::world::ACCOUNT;

/// The largest document, in characters without white space.
const LIMIT: usize = 6_144;

const VERSION: &str = "v1";

pub(super) fn create(context: &mut Context<'_>, params: &Params) -> Answer {
    let policy_name = name(params, "PolicyName", "policyName", 128)?;
    let path = path(params)?;
    let arn = format!("arn:{}:iam::{ACCOUNT}:policy{path}{policy_name}", context.scope.partition());
    let iam = &mut context.account.iam;
    if iam.policies.values().any(|policy| policy.name.eq_ignore_ascii_case(policy_name)) {
        return Err(already_exists(format!(
            "A policy called {policy_name} already exists. Duplicate names are not allowed."
        )));
    }
    let policy = Policy {
        id: id("ANPA", &format!("{arn} {}", context.now.as_millis())),
        name: policy_name.to_owned(),
        path,
        created: context.now,
        description: params.get("Description").map(str::to_owned),
        document: document(params, "PolicyDocument", LIMIT)?,
        tags: tags(params)?,
        arn: arn.clone(),
    };
    let node = node(iam, &policy);
    iam.policies.insert(arn, policy);
    Ok(vec![("Policy", node)])
}

pub(super) fn get(context: &mut Context<'_>, params: &Params) -> Answer {
    let policy = find(&context.account.iam, params)?;
    Ok(vec![("Policy", node(&context.account.iam, policy))])
}

pub(super) fn get_version(context: &mut Context<'_>, params: &Params) -> Answer {
    let policy = find(&context.account.iam, params)?;
    let wanted = params.required("VersionId")?;
    if wanted != VERSION {
        let text = format!("Policy {} version {wanted} does not exist or is not attachable.", policy.arn);
        return Err(no_such_entity(text));
    }
    let mut members = version(policy);
    members.push(("Document", encoded(&policy.document)));
    Ok(vec![("PolicyVersion", Node::Structure(members))])
}

pub(super) fn list_versions(context: &mut Context<'_>, params: &Params) -> Answer {
    let policy = find(&context.account.iam, params)?;
    page(params, "Versions", vec![Node::Structure(version(policy))])
}

pub(super) fn delete(context: &mut Context<'_>, params: &Params) -> Answer {
    let iam = &mut context.account.iam;
    let arn = find(iam, params)?.arn.clone();
    if attachments(iam, &arn) > 0 {
        return Err(conflict("Cannot delete a policy attached to entities."));
    }
    iam.policies.remove(&arn);
    Ok(Vec::new())
}

fn find<'a>(iam: &'a State, params: &Params) -> Result<&'a Policy, ApiError> {
    let arn = params.required("PolicyArn")?;
    iam.policies.get(arn).ok_or_else(|| no_such_entity(format!("Policy {arn} was not found.")))
}

fn attachments(iam: &State, arn: &str) -> usize {
    iam.roles.values().filter(|role| role.attached.contains(arn)).count()
}

fn node(iam: &State, policy: &Policy) -> Node {
    let created = policy.created.to_iso8601();
    let mut members = vec![
        ("PolicyName", Node::text(&policy.name)),
        ("PolicyId", Node::text(&policy.id)),
        ("Arn", Node::text(&policy.arn)),
        ("Path", Node::text(&policy.path)),
        ("DefaultVersionId", Node::text(VERSION)),
        ("AttachmentCount", Node::text(attachments(iam, &policy.arn).to_string())),
        ("PermissionsBoundaryUsageCount", Node::number(0)),
        ("IsAttachable", Node::boolean(true)),
        ("CreateDate", Node::text(&created)),
        ("UpdateDate", Node::text(created)),
        ("Tags", tag_list(&policy.tags)),
    ];
    if let Some(text) = &policy.description {
        members.push(("Description", Node::text(text)));
    }
    Node::Structure(members)
}

fn version(policy: &Policy) -> Vec<(&'static str, Node)> {
    vec![
        ("VersionId", Node::text(VERSION)),
        ("IsDefaultVersion", Node::boolean(true)),
        ("CreateDate", Node::text(policy.created.to_iso8601())),
    ]
}
