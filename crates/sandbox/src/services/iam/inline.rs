//! Inline policies of roles.

use super::{Answer, document, encoded, name, no_such_entity, page, role};
use crate::services::Context;
use crate::wire::ApiError;
use crate::wire::query::Params;
use crate::wire::xml::Node;

/// The largest inline policy, in characters without white space. The real limit is for all of a role's together.
const LIMIT: usize = 10_240;

pub(super) fn put(context: &mut Context<'_>, params: &Params) -> Answer {
    let policy = name(params, "PolicyName", "policyName", 128)?;
    let text = document(params, "PolicyDocument", LIMIT)?;
    role::find(context, params)?.inline.insert(policy.to_owned(), text);
    Ok(Vec::new())
}

pub(super) fn get(context: &mut Context<'_>, params: &Params) -> Answer {
    let policy = name(params, "PolicyName", "policyName", 128)?;
    let role = role::find(context, params)?;
    let text = role.inline.get(policy).ok_or_else(|| missing(policy))?;
    Ok(vec![
        ("RoleName", Node::text(&role.name)),
        ("PolicyName", Node::text(policy)),
        ("PolicyDocument", encoded(text)),
    ])
}

pub(super) fn delete(context: &mut Context<'_>, params: &Params) -> Answer {
    let policy = name(params, "PolicyName", "policyName", 128)?;
    role::find(context, params)?.inline.remove(policy).ok_or_else(|| missing(policy))?;
    Ok(Vec::new())
}

pub(super) fn list(context: &mut Context<'_>, params: &Params) -> Answer {
    let names = role::find(context, params)?.inline.keys().map(Node::text).collect();
    page(params, "PolicyNames", names)
}

fn missing(policy: &str) -> ApiError {
    no_such_entity(format!("The role policy with name {policy} cannot be found."))
}
