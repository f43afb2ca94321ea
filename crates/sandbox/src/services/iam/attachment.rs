//! Managed policies attached to roles: those of AWS, which all count as existing, and the customer's own.

use super::{Answer, no_such_entity, page, role};
use crate::services::Context;
use crate::wire::ApiError;
use crate::wire::query::Params;
use crate::wire::xml::Node;

/// How many policies a role may have attached.
const LIMIT: usize = 10;

pub(super) fn attach(context: &mut Context<'_>, params: &Params) -> Answer {
    let arn = params.required("PolicyArn")?.to_owned();
    let of_aws = format!("arn:{}:iam::aws:policy/", context.scope.partition());
    if !arn.starts_with(&of_aws) && !context.account.iam.policies.contains_key(&arn) {
        return Err(no_such_entity(format!("Policy {arn} does not exist or is not attachable.")));
    }
    let role = role::find(context, params)?;
    if role.attached.len() >= LIMIT && !role.attached.contains(&arn) {
        let text = format!("Cannot exceed quota for PoliciesPerRole: {LIMIT}");
        return Err(ApiError::new("LimitExceeded", text).with_status(409));
    }
    role.attached.insert(arn);
    Ok(Vec::new())
}

pub(super) fn detach(context: &mut Context<'_>, params: &Params) -> Answer {
    let arn = params.required("PolicyArn")?;
    if !role::find(context, params)?.attached.remove(arn) {
        return Err(no_such_entity(format!("Policy {arn} was not found.")));
    }
    Ok(Vec::new())
}

pub(super) fn list(context: &mut Context<'_>, params: &Params) -> Answer {
    let node = |arn: &String| {
        let name = arn.rsplit('/').next().unwrap_or_default();
        Node::Structure(vec![("PolicyName", Node::text(name)), ("PolicyArn", Node::text(arn))])
    };
    let attached = role::find(context, params)?.attached.iter().map(node).collect();
    page(params, "AttachedPolicies", attached)
}
