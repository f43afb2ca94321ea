//! Whom a role trusts.

use serde_json::Value as Json;

/// What is known of a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Trust {
    /// There is none of the name.
    NoRole,
    /// Its policy names others, and not the service.
    Others,
    /// It trusts the service, as far as can be told.
    Granted,
}

/// Asks for a role. What may not be asked is not known.
pub(in super::super) async fn of_role(clients: &crate::clients::Clients, role: &str, service: &str) -> Option<Trust> {
    match super::role::describe(&clients.iam(), role).await {
        Ok(None) => Some(Trust::NoRole),
        Ok(Some(role)) => Some(of_policy(&super::role::trust(&role), service)),
        Err(failure) => {
            tracing::debug!(reason = failure.explained(), "the role was not read");
            None
        }
    }
}

/// Whether a policy may let a service assume the role. What it says otherwise than by plain statements counts as if it did.
pub(in super::super) fn of_policy(policy: &str, service: &str) -> Trust {
    let parsed: Option<Json> = serde_json::from_str(policy).ok();
    let Some(statements) = parsed.as_ref().and_then(|policy| policy.get("Statement")) else { return Trust::Granted };
    let grants = each(statements).any(|statement| may_grant(statement, service));
    if grants { Trust::Granted } else { Trust::Others }
}

fn each(value: &Json) -> impl Iterator<Item = &Json> {
    match value {
        Json::Array(items) => items.iter(),
        one => std::slice::from_ref(one).iter(),
    }
}

fn may_grant(statement: &Json, service: &str) -> bool {
    if statement.get("Effect").and_then(Json::as_str) != Some("Allow") {
        return false;
    }
    let assumes = statement.get("Action").is_none_or(|actions| {
        each(actions).filter_map(Json::as_str).any(|action| {
            let action = action.to_ascii_lowercase();
            action == "sts:assumerole" || action.contains(['*', '?'])
        })
    });
    let is_named = match statement.get("Principal") {
        None => true,
        Some(Json::Object(kinds)) => kinds.iter().any(|(kind, names)| {
            let mut names = each(names).filter_map(Json::as_str);
            names.any(|name| name == "*" || kind == "Service" && name.eq_ignore_ascii_case(service))
        }),
        Some(_) => true,
    };
    assumes && is_named
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_plain_statements_about_others_refuse_a_service() {
        let of = |statement: Json| of_policy(&json!({"Statement": statement}).to_string(), "sagemaker.amazonaws.com");
        let plain =
            |principal: Json, action: &str| json!({"Effect": "Allow", "Principal": principal, "Action": action});
        let sagemaker = json!({"Service": ["ec2.amazonaws.com", "sagemaker.amazonaws.com"]});
        let other = json!({"Service": "ec2.amazonaws.com"});
        for granted in [
            plain(sagemaker.clone(), "sts:AssumeRole"),
            json!([plain(other.clone(), "sts:AssumeRole"), plain(sagemaker.clone(), "STS:assumerole")]),
            plain(json!("*"), "sts:*"),
            plain(json!({"AWS": "*"}), "sts:AssumeRole"),
            json!({"Effect": "Allow", "NotPrincipal": other, "Action": "sts:AssumeRole"}),
        ] {
            assert_eq!(of(granted.clone()), Trust::Granted, "{granted}");
        }
        for refused in [
            plain(other.clone(), "sts:AssumeRole"),
            plain(sagemaker.clone(), "sts:TagSession"),
            json!({"Effect": "Deny", "Principal": sagemaker, "Action": "sts:AssumeRole"}),
            json!([]),
        ] {
            assert_eq!(of(refused.clone()), Trust::Others, "{refused}");
        }
        assert_eq!(of_policy("no policy", "sagemaker.amazonaws.com"), Trust::Granted);
    }
}
