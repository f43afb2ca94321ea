//! Whether SageMaker may assume an execution role. Otherwise the creation is tried for minutes, since a role that was just made
//! is refused in the same words, and then fails.

use smform_provider::PlannedObject;
use smform_types::{Diagnostic, Diagnostics, Path, Value};

use super::super::iam::trust::{Trust, of_policy, of_role};
use crate::clients::Clients;
use crate::constraints::arn_parts;
use crate::fields::Fields;

const ARGUMENT: &str = "execution_role_arn";

const SERVICE: &str = "sagemaker.amazonaws.com";

/// Judges the role that an object of a plan newly names. One of the same plan is judged by what the plan says of it.
pub(super) async fn check(object: &PlannedObject, plan: &[PlannedObject], clients: &Clients) -> Diagnostics {
    let mut found = Diagnostics::new();
    let Some(after) = object.after.as_ref().filter(|_| object.is_new()) else { return found };
    // Right before the object is made, the plan beside it has only what it is judged by then.
    if !plan.iter().any(|other| other.type_name == object.type_name) {
        return found;
    }
    let roles = plan.iter().filter(|other| *other.type_name == *"aws_iam_role").filter_map(|role| role.after.as_ref());
    let arn = Fields(after).text(ARGUMENT);
    if let Some(role) = roles.into_iter().find(|role| is_named(role, Fields(after))) {
        let policy = Fields(role).text("assume_role_policy");
        if policy.is_some_and(|policy| of_policy(policy, SERVICE) == Trust::Others) {
            let name = Fields(role).text("name").unwrap_or_default();
            let summary = "SageMaker may not assume the role";
            found.push(Diagnostic::error(summary, refused(name)).of_attribute(Path::attribute(ARGUMENT)));
        }
        return found;
    }
    let Some((arn, parts)) = arn.and_then(|arn| Some((arn, arn_parts(arn)?))) else { return found };
    let name = parts.resource.strip_prefix("role/").and_then(|path| path.rsplit('/').next());
    let Some(name) = name.filter(|_| clients.account.as_deref() == Some(parts.account)) else { return found };
    let told = match of_role(clients, name, SERVICE).await {
        Some(Trust::NoRole) => {
            let detail =
                format!("IAM knows no {arn}, and this plan makes none of that name. Check the name and its path.");
            Diagnostic::warning("No such role", detail)
        }
        Some(Trust::Others) => Diagnostic::warning("SageMaker may not assume the role", refused(name)),
        Some(Trust::Granted) | None => return found,
    };
    found.push(told.of_attribute(Path::attribute(ARGUMENT)));
    found
}

/// Whether an object names a role of the plan, which may have its ARN only when it is made.
fn is_named(role: &Value, object: Fields<'_>) -> bool {
    let (role, same) = (Fields(role), |one: Option<&str>, other: Option<&str>| one.is_some() && one == other);
    same(role.text("arn"), object.text(ARGUMENT)) || same(role.prefix("arn"), object.prefix(ARGUMENT))
}

fn refused(name: &str) -> String {
    format!(
        "The assume_role_policy of role \"{name}\" does not let {SERVICE} do sts:AssumeRole, so that SageMaker refuses it. Add \
         {{ Effect = \"Allow\", Principal = {{ Service = \"{SERVICE}\" }}, Action = \"sts:AssumeRole\" }} to its statements."
    )
}
