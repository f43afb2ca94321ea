//! STS: who the caller is, and roles.

use crate::services::Context;
use crate::wire::ApiError;
use crate::wire::query::Params;
use crate::wire::xml::Node;
use crate::world::ACCOUNT;

/// An operation's result members.
pub(crate) type Answer = Result<Vec<(&'static str, Node)>, ApiError>;

/// Every operation.
pub(crate) const OPERATIONS: [&str; 2] = ["GetCallerIdentity", "AssumeRole"];

/// Answers an STS operation; `None` if there is none of that name.
pub(crate) fn handle(context: &Context<'_>, operation: &str, params: &Params) -> Option<Answer> {
    match operation {
        "GetCallerIdentity" => Some(Ok(get_caller_identity(context))),
        "AssumeRole" => Some(assume_role(context, params)),
        _ => None,
    }
}

fn get_caller_identity(context: &Context<'_>) -> Vec<(&'static str, Node)> {
    vec![
        ("Arn", Node::text(format!("arn:{}:iam::{ACCOUNT}:user/sandbox", context.scope.partition()))),
        ("UserId", Node::text("AIDASANDBOX0000000000")),
        ("Account", Node::text(ACCOUNT)),
    ]
}

fn assume_role(context: &Context<'_>, params: &Params) -> Answer {
    let role = params.required("RoleArn")?;
    let session = params.required("RoleSessionName")?;
    let duration = params.integer("DurationSeconds")?.unwrap_or(3_600);
    if !(900..=43_200).contains(&duration) {
        return Err(ApiError::new(
            "ValidationError",
            format!(
                "1 validation error detected: Value '{duration}' at 'durationSeconds' failed to satisfy constraint: \
                 Member must have value {}",
                if duration < 900 { "greater than or equal to 900" } else { "less than or equal to 43200" }
            ),
        ));
    }
    let prefix = format!("arn:{}:iam::{ACCOUNT}:role/", context.scope.partition());
    let Some(name) = role.strip_prefix(&prefix).and_then(|path| path.rsplit('/').next()).filter(|n| !n.is_empty())
    else {
        return Err(ApiError::new(
            "AccessDenied",
            format!(
                "User: arn:{}:iam::{ACCOUNT}:user/sandbox is not authorized to perform: sts:AssumeRole on resource: \
                 {role}",
                context.scope.partition()
            ),
        )
        .with_status(403));
    };
    let credentials = vec![
        ("AccessKeyId", Node::text("ASIASANDBOX000000000")),
        ("SecretAccessKey", Node::text("sandbox-secret-access-key")),
        ("SessionToken", Node::text("sandbox-session-token")),
        ("Expiration", Node::text(context.now.plus_seconds(duration as f64).to_iso8601())),
    ];
    let user = vec![
        ("AssumedRoleId", Node::text(format!("AROASANDBOX0000000000:{session}"))),
        ("Arn", Node::text(format!("arn:{}:sts::{ACCOUNT}:assumed-role/{name}/{session}", context.scope.partition()))),
    ];
    Ok(vec![("Credentials", Node::Structure(credentials)), ("AssumedRoleUser", Node::Structure(user))])
}
