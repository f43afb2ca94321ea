//! IAM's resources as they are kept.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::Moment;

/// Tags by key.
pub(crate) type Tags = BTreeMap<String, String>;

/// The account's roles and managed policies.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct State {
    /// By name in lower case: names of roles are unique ignoring case.
    pub roles: BTreeMap<String, Role>,
    /// ARNs of roles that once existed.
    #[serde(default)]
    pub deleted_roles: BTreeSet<String>,
    /// Whether the roles of the examples have been added.
    #[serde(default)]
    pub is_seeded: bool,
    /// By ARN.
    pub policies: BTreeMap<String, Policy>,
}

/// A role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Role {
    pub name: String,
    pub id: String,
    pub arn: String,
    pub path: String,
    pub created: Moment,
    /// Who may assume it, as JSON.
    pub trust: String,
    /// When the trust last changed.
    pub trusted: Moment,
    pub description: Option<String>,
    pub max_session: i64,
    pub boundary: Option<String>,
    /// Documents by name.
    pub inline: BTreeMap<String, String>,
    /// ARNs of managed policies.
    pub attached: BTreeSet<String>,
    pub tags: Tags,
}

/// A managed policy of the customer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Policy {
    pub name: String,
    pub id: String,
    pub arn: String,
    pub path: String,
    pub created: Moment,
    pub description: Option<String>,
    /// Its versions by their numbers, which are never used again.
    pub versions: BTreeMap<u32, PolicyVersion>,
    /// The version in force.
    pub in_force: u32,
    /// The number of the newest version that there ever was.
    pub newest: u32,
    pub tags: Tags,
}

/// A version of a managed policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PolicyVersion {
    pub created: Moment,
    pub document: String,
}

impl State {
    /// Whether SageMaker can assume a role: it was made long enough ago and trusts the service. A role that IAM has never known
    /// counts as one that is simply there, so that configurations run whose roles are made elsewhere. One account has the same
    /// roles in every partition.
    pub(crate) fn lets_in_sagemaker(&self, arn: &str, now: Moment, propagation: f64) -> bool {
        let resource = |arn: &str| arn.splitn(6, ':').nth(5).map(str::to_owned);
        let named = resource(arn);
        let role = self.roles.values().find(|role| resource(&role.arn) == named);
        match role {
            Some(role) => {
                now.seconds_since(role.trusted) >= propagation && trusts(&role.trust, "sagemaker.amazonaws.com")
            }
            None => !self.deleted_roles.iter().any(|arn| resource(arn) == named),
        }
    }
}

/// Whether a trust policy lets a service assume the role. Conditions are taken to hold; statements that deny count.
fn trusts(document: &str, service: &str) -> bool {
    let Ok(document) = serde_json::from_str::<Value>(document) else { return false };
    let statements = document.get("Statement").map(one_or_more).unwrap_or_default();
    let applies = |statement: &&&Value| {
        let of = |value: Option<&Value>, matches: &dyn Fn(&str) -> bool| {
            value.map(one_or_more).unwrap_or_default().iter().filter_map(|v| v.as_str()).any(matches)
        };
        let principal = statement.get("Principal");
        let named = of(principal.and_then(|p| p.get("Service")), &|name| name == service)
            || principal.and_then(Value::as_str) == Some("*");
        named
            && of(statement.get("Action"), &|action| {
                ["sts:assumerole", "sts:*", "*"].contains(&action.to_ascii_lowercase().as_str())
            })
    };
    let found: Vec<&&Value> = statements.iter().filter(applies).collect();
    let with =
        |effect: &str| found.iter().any(|statement| statement.get("Effect").and_then(Value::as_str) == Some(effect));
    with("Allow") && !with("Deny")
}

fn one_or_more(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_is_read_in_all_its_forms() {
        for (document, expected) in [
            (
                r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}}"#,
                true,
            ),
            (
                r#"{"Statement": [{"Effect": "Allow", "Principal": {"Service": ["ec2.amazonaws.com", "sagemaker.amazonaws.com"]}, "Action": ["sts:TagSession", "sts:AssumeRole"]}]}"#,
                true,
            ),
            (
                r#"{"Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}"#,
                false,
            ),
            (
                r#"{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*"}, {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}]}"#,
                false,
            ),
            (r#"{"Statement": []}"#, false),
            ("[", false),
        ] {
            assert_eq!(trusts(document, "sagemaker.amazonaws.com"), expected, "{document}");
        }
    }
}
