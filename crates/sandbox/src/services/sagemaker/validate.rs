//! Constraints of the service model, checked for a whole request at once and reported in one message.

use serde_json::Value;

use super::body::Object;
use super::shapes::{Kind, Member, Shape, TextRule};
use crate::wire::ApiError;

/// Checks a request against its operation's shape. A value of the wrong JSON type is a `SerializationException`; all
/// other violations are collected in one `ValidationException`.
pub(crate) fn check(shape: &Shape, input: &Object) -> Result<(), ApiError> {
    let mut checker = Checker { clauses: Vec::new() };
    if let Shape::Structure(members) = shape {
        checker.structure(members, input, "")?;
    }
    if checker.clauses.is_empty() {
        return Ok(());
    }
    let count = checker.clauses.len();
    let plural = if count == 1 { "" } else { "s" };
    Err(ApiError::new(
        "ValidationException",
        format!("{count} validation error{plural} detected: {}", checker.clauses.join("; ")),
    ))
}

struct Checker {
    clauses: Vec<String>,
}

impl Checker {
    fn structure(&mut self, members: &[Member], input: &Object, path: &str) -> Result<(), ApiError> {
        // The real front end ignores or rejects unknown members; rejecting them finds mistakes.
        for (name, value) in input {
            if !members.iter().any(|member| member.name == name) {
                self.violation(value, &join(path, name), "Member is not known to this operation");
            }
        }
        for member in members {
            let path = join(path, member.name);
            match (input.get(member.name), &member.kind) {
                (None, _) if member.required => {
                    self.clauses
                        .push(format!("Value null at '{path}' failed to satisfy constraint: Member must not be null"));
                }
                (None, _) => {}
                (Some(value), Kind::One(shape)) => self.value(shape, value, &path)?,
                (Some(value), Kind::List { of, min, max }) => {
                    let items = value.as_array().ok_or_else(|| wrong_type(value, "List"))?;
                    self.length(value, items.len(), *min, *max, &path);
                    for (index, item) in items.iter().enumerate() {
                        self.value(of, item, &format!("{path}.{}.member", index + 1))?;
                    }
                }
                (Some(value), Kind::Map { key, value: of, max }) => {
                    let entries = value.as_object().ok_or_else(|| wrong_type(value, "Map"))?;
                    self.length(value, entries.len(), 0, *max, &path);
                    for (name, item) in entries {
                        // Wording of map violations is not documented for this service.
                        self.in_map(key, &Value::from(name.as_str()), value, &path, "keys")?;
                        self.in_map(of, item, value, &path, "values")?;
                    }
                }
            }
        }
        Ok(())
    }

    fn value(&mut self, shape: &Shape, value: &Value, path: &str) -> Result<(), ApiError> {
        match shape {
            Shape::Structure(members) => {
                let input = value.as_object().ok_or_else(|| wrong_type(value, "Structure"))?;
                self.structure(members, input, path)?;
            }
            _ => {
                for constraint in scalar(shape, value)? {
                    self.violation(value, path, &constraint);
                }
            }
        }
        Ok(())
    }

    fn in_map(&mut self, shape: &Shape, item: &Value, map: &Value, path: &str, part: &str) -> Result<(), ApiError> {
        let constraints = scalar(shape, item)?;
        if !constraints.is_empty() {
            self.violation(map, path, &format!("Map {part} must satisfy constraint: [{}]", constraints.join(", ")));
        }
        Ok(())
    }

    fn length(&mut self, value: &Value, length: usize, min: usize, max: usize, path: &str) {
        for constraint in length_constraints(length, min, max) {
            self.violation(value, path, &constraint);
        }
    }

    fn violation(&mut self, value: &Value, path: &str, constraint: &str) {
        self.clauses.push(format!("Value '{}' at '{path}' failed to satisfy constraint: {constraint}", shown(value)));
    }
}

/// The constraints that a scalar breaks.
fn scalar(shape: &Shape, value: &Value) -> Result<Vec<String>, ApiError> {
    let mut broken = Vec::new();
    match shape {
        Shape::Structure(_) => return Err(wrong_type(value, "Structure")),
        Shape::Text { min, max, rule } => {
            let text = value.as_str().ok_or_else(|| wrong_type(value, "String"))?;
            broken.extend(length_constraints(text.chars().count(), *min, *max));
            match rule {
                TextRule::Any => {}
                TextRule::OneOf(values) => {
                    if !values.contains(&text) {
                        broken.push(format!("Member must satisfy enum value set: [{}]", values.join(", ")));
                    }
                }
                TextRule::Matching(pattern) => {
                    if !pattern.accepts(text) {
                        // The service shows the patterns of names with an anchor in front, the others without.
                        let anchor = if pattern.source().starts_with("[a-zA-Z0-9](") { "^" } else { "" };
                        let source = pattern.source();
                        broken.push(format!("Member must satisfy regular expression pattern: {anchor}{source}"));
                    }
                }
            }
        }
        Shape::Integer { min, max } => {
            let number = whole(value).ok_or_else(|| wrong_type(value, "Integer"))?;
            if number < *min {
                broken.push(format!("Member must have value greater than or equal to {min}"));
            }
            if number > *max {
                broken.push(format!("Member must have value less than or equal to {max}"));
            }
        }
        Shape::Float { min } => {
            let number = value.as_f64().filter(|n| n.is_finite()).ok_or_else(|| wrong_type(value, "Float"))?;
            if number < *min {
                broken.push(format!("Member must have value greater than or equal to {min}"));
            }
        }
        Shape::Boolean => {
            value.as_bool().ok_or_else(|| wrong_type(value, "Boolean"))?;
        }
        Shape::Timestamp => {
            value.as_f64().filter(|n| n.abs() < 1e12).ok_or_else(|| wrong_type(value, "Timestamp"))?;
        }
    }
    Ok(broken)
}

fn whole(value: &Value) -> Option<i32> {
    i32::try_from(value.as_i64()?).ok()
}

fn length_constraints(length: usize, min: usize, max: usize) -> impl Iterator<Item = String> {
    let short = (length < min).then(|| format!("Member must have length greater than or equal to {min}"));
    let long = (length > max).then(|| format!("Member must have length less than or equal to {max}"));
    short.into_iter().chain(long)
}

fn wrong_type(value: &Value, wanted: &str) -> ApiError {
    let given = match value {
        Value::Null => "NULL",
        Value::Bool(_) => "BOOLEAN_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
        Value::Array(_) => "START_ARRAY",
        Value::Object(_) => "START_OBJECT",
    };
    ApiError::new("SerializationException", format!("{given} can not be converted to {wanted}"))
}

/// A value as messages show it: strings bare, lists in brackets, objects as `{name=value}`.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let members: Vec<String> = members.iter().map(|(name, value)| format!("{name}={}", shown(value))).collect();
            format!("{{{}}}", members.join(", "))
        }
        other => other.to_string(),
    }
}

/// `path.member`, the member with a small first letter.
fn join(path: &str, member: &str) -> String {
    let mut letters = member.chars();
    let first = letters.next().map(|c| c.to_ascii_lowercase());
    let member: String = first.into_iter().chain(letters).collect();
    if path.is_empty() { member } else { format!("{path}.{member}") }
}

#[cfg(test)]
#[path = "validate_tests.rs"]
mod tests;
