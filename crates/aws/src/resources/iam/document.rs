//! Policy documents: what is one, what IAM sends back, and when two of them mean the same.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use smform_types::schema::Constraint;
use smform_types::{Path, Step, Value};

/// A policy document.
pub(super) fn document() -> Constraint {
    Constraint::Text("a policy: a JSON object with Statement", |text| is_policy(text, usize::MAX))
}

/// A document of a role's own policy, whose size IAM limits. Blanks do not count.
pub(super) fn inline_document() -> Constraint {
    Constraint::Text("a policy: a JSON object with Statement, of at most 10240 characters without blanks", |text| {
        is_policy(text, 10_240)
    })
}

/// A document of a managed policy, whose size IAM limits. Blanks do not count.
pub(super) fn managed_document() -> Constraint {
    Constraint::Text("a policy: a JSON object with Statement, of at most 6144 characters without blanks", |text| {
        is_policy(text, 6_144)
    })
}

fn is_policy(text: &str, longest: usize) -> bool {
    let parsed: Result<Json, _> = serde_json::from_str(text);
    let statements = parsed.as_ref().ok().and_then(|policy| policy.get("Statement"));
    statements.is_some_and(|statement| statement.is_object() || statement.is_array())
        && text.chars().filter(|c| !c.is_whitespace()).count() <= longest
}

/// A document as IAM sends it, which is URL-encoded.
pub(super) fn decoded(text: &str) -> String {
    // A blank is %20 there, so that a plus is one.
    let form = format!("d={}", text.replace('+', "%2B"));
    form_urlencoded::parse(form.as_bytes()).next().map(|(_, text)| text.into_owned()).unwrap_or_default()
}

/// Whether two values at the path of a policy document mean the same.
pub(in super::super) fn same(path: &Path, prior: &Value, wanted: &Value) -> bool {
    let is_document = matches!(
        path.0.last(),
        Some(Step::Attribute(name)) if matches!(&**name, "policy" | "assume_role_policy")
    );
    match (is_document, prior.as_str(), wanted.as_str()) {
        (true, Some(prior), Some(wanted)) => means_the_same(prior, wanted),
        _ => false,
    }
}

/// Whether two documents mean the same: the order of keys, of statements and of the values of an element do not count,
/// and neither does whether a single one stands in a list.
pub(in super::super) fn means_the_same(a: &str, b: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<Json>(text).ok();
    match (read(a), read(b)) {
        (Some(a), Some(b)) => a == b || canonical(&a) == canonical(&b),
        _ => false,
    }
}

fn canonical(document: &Json) -> Json {
    let Json::Object(members) = document else { return document.clone() };
    let members = members.iter().map(|(name, value)| {
        let value =
            if name == "Statement" { sorted(listed(value).iter().map(statement).collect()) } else { value.clone() };
        (name.clone(), value)
    });
    Json::Object(members.collect())
}

fn listed(value: &Json) -> Vec<Json> {
    match value {
        Json::Array(items) => items.clone(),
        one => vec![one.clone()],
    }
}

/// In an order that depends on what is in it, each once.
fn sorted(items: Vec<Json>) -> Json {
    let by_text: BTreeMap<String, Json> = items.into_iter().map(|item| (item.to_string(), item)).collect();
    Json::Array(by_text.into_values().collect())
}

fn statement(statement: &Json) -> Json {
    let Json::Object(members) = statement else { return statement.clone() };
    let mut canonical = Map::new();
    for (name, value) in members {
        let value = match name.as_str() {
            // Actions are the same in any letter case.
            "Action" | "NotAction" => sorted(listed(value).iter().map(small).collect()),
            "Resource" | "NotResource" => sorted(listed(value)),
            "Principal" | "NotPrincipal" => principal(value),
            "Condition" => condition(value),
            // An empty identifier is none.
            "Sid" if value.as_str() == Some("") => continue,
            _ => value.clone(),
        };
        canonical.insert(name.clone(), value);
    }
    Json::Object(canonical)
}

fn small(value: &Json) -> Json {
    value.as_str().map_or_else(|| value.clone(), |text| json!(text.to_ascii_lowercase()))
}

/// `*` alone is everybody, like `*` among those of AWS; an account's number stands for its root.
fn principal(value: &Json) -> Json {
    let Json::Object(kinds) = value else {
        return if value.as_str() == Some("*") { json!({ "AWS": ["*"] }) } else { value.clone() };
    };
    let whole = |item: &Json| {
        let root = item.as_str().and_then(|text| text.strip_prefix("arn:")?.strip_suffix(":root"));
        root.and_then(|rest| rest.rsplit_once("::")).map_or_else(|| item.clone(), |(_, account)| json!(account))
    };
    let kinds = kinds.iter().map(|(kind, items)| (kind.clone(), sorted(listed(items).iter().map(whole).collect())));
    Json::Object(kinds.collect())
}

/// Keys of conditions are the same in any letter case; numbers and booleans are texts to IAM.
fn condition(value: &Json) -> Json {
    let Json::Object(operators) = value else { return value.clone() };
    let text = |item: &Json| match item {
        Json::Bool(_) | Json::Number(_) => json!(item.to_string()),
        other => other.clone(),
    };
    let operators = operators.iter().map(|(operator, keys)| {
        let Json::Object(keys) = keys else { return (operator.clone(), keys.clone()) };
        let keys = keys
            .iter()
            .map(|(key, items)| (key.to_ascii_lowercase(), sorted(listed(items).iter().map(text).collect())));
        (operator.clone(), Json::Object(keys.collect()))
    });
    Json::Object(operators.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_that_mean_the_same() {
        let one =
            r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}"#;
        for other in [
            r#"{"Statement":[{"Resource":["*"],"Action":["s3:getobject"],"Effect":"Allow"}],"Version":"2012-10-17"}"#,
            r#"{"Version": "2012-10-17", "Statement": [{"Sid": "", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}"#,
        ] {
            assert!(means_the_same(one, other), "{other}");
        }
        let with = |statement: &str| format!(r#"{{"Statement": [{statement}]}}"#);
        for (a, b) in [
            (r#"{"Principal": "*"}"#, r#"{"Principal": {"AWS": "*"}}"#),
            (
                r#"{"Principal": {"AWS": "arn:aws:iam::123456789012:root"}}"#,
                r#"{"Principal": {"AWS": ["123456789012"]}}"#,
            ),
            (
                r#"{"Principal": {"Service": ["a.amazonaws.com", "b.amazonaws.com"]}}"#,
                r#"{"Principal": {"Service": ["b.amazonaws.com", "a.amazonaws.com"]}}"#,
            ),
            (
                r#"{"Condition": {"Bool": {"aws:SecureTransport": true}}}"#,
                r#"{"Condition": {"Bool": {"AWS:SecureTransport": ["true"]}}}"#,
            ),
            (r#"{"Action": ["a", "b"]}, {"Action": "c"}"#, r#"{"Action": ["c"]}, {"Action": ["b", "a"]}"#),
        ] {
            assert!(means_the_same(&with(a), &with(b)), "{a} {b}");
        }
    }

    #[test]
    fn forms_that_do_not() {
        let with = |statement: &str| format!(r#"{{"Statement": [{statement}]}}"#);
        for (a, b) in [
            (r#"{"Resource": "a"}"#, r#"{"Resource": "A"}"#),
            (r#"{"Action": "a"}"#, r#"{"NotAction": "a"}"#),
            (r#"{"Effect": "Allow"}"#, r#"{"Effect": "Deny"}"#),
            (r#"{"Principal": {"AWS": "123456789012"}}"#, r#"{"Principal": {"AWS": "123456789013"}}"#),
            (r#"{"Condition": {"Bool": {"k": true}}}"#, r#"{"Condition": {"Null": {"k": true}}}"#),
        ] {
            assert!(!means_the_same(&with(a), &with(b)), "{a} {b}");
        }
        assert!(!means_the_same("x", "y") && !means_the_same("{}", "x"));
        for (a, b) in [("[]", "[1]"), (r#"{"Statement": 1}"#, r#"{"Statement": "1"}"#)] {
            assert!(!means_the_same(a, b));
        }
    }

    #[test]
    fn documents_come_url_encoded() {
        assert_eq!(decoded("%7B%22a%22%3A%20%221%2B1%22%7D"), r#"{"a": "1+1"}"#);
        assert_eq!(decoded("{\"a\": \"1+1\"}"), "{\"a\": \"1+1\"}");
        assert_eq!(decoded(""), "");
        assert!(is_policy(r#"{"Statement": []}"#, 20) && !is_policy(r#"{"Statement": []}"#, 10));
        assert!(!is_policy("[]", 10) && !is_policy("{", 10) && !is_policy(r#"{"Version": "2012-10-17"}"#, 100));
    }
}
