//! Values in plan and state JSON: what is known, and masks of what is not or must not be shown.

use std::sync::Arc;

use serde_json::{Map, Value as Json};
use smform_types::json::plain;
use smform_types::schema::{Block, Nesting};
use smform_types::{Marks, Path, Type, Value, ValueKind};

/// What is known of a value: unknown attributes are left out, unknown elements are null; nothing when it is unknown
/// as a whole. Sensitive values are in clear, as in Terraform's format.
#[must_use]
pub fn known(value: &Value) -> Option<Json> {
    match value.kind() {
        ValueKind::Unknown(..) => None,
        ValueKind::List(_, items) | ValueKind::Set(_, items) | ValueKind::Tuple(items) => {
            Some(items.iter().map(|item| known(item).unwrap_or(Json::Null)).collect())
        }
        ValueKind::Map(_, entries) | ValueKind::Object(entries) => {
            let known = entries.iter().filter_map(|(name, part)| Some((name.to_string(), known(part)?)));
            Some(Json::Object(known.collect()))
        }
        _ => Some(plain(value)),
    }
}

/// Where a value is unknown.
#[must_use]
pub fn unknown_mask(value: &Value) -> Json {
    mask(value, &|value| (!value.is_known()).then_some(Json::Bool(true)))
}

/// Where a value is sensitive.
#[must_use]
pub fn sensitive_mask(value: &Value) -> Json {
    mask(value, &|value| {
        if value.marks().contains(Marks::SENSITIVE) {
            return Some(Json::Bool(true));
        }
        match value.kind() {
            ValueKind::Unknown(Type::Object(_) | Type::Map(_), _) => Some(Json::Object(Map::new())),
            ValueKind::Unknown(Type::List(_) | Type::Set(_) | Type::Tuple(_), _) => Some(Json::Array(Vec::new())),
            _ => None,
        }
    })
}

/// A value with each part replaced by what `own` says of it, else by `false`. Objects keep only what is not `false`.
fn mask(value: &Value, own: &dyn Fn(&Value) -> Option<Json>) -> Json {
    if let Some(own) = own(value) {
        return own;
    }
    match value.kind() {
        ValueKind::List(_, items) | ValueKind::Set(_, items) | ValueKind::Tuple(items) => {
            items.iter().map(|item| mask(item, own)).collect()
        }
        ValueKind::Map(_, entries) | ValueKind::Object(entries) => {
            let parts = entries.iter().map(|(name, part)| (name.to_string(), mask(part, own)));
            Json::Object(parts.filter(|(_, mask)| *mask != Json::Bool(false)).collect())
        }
        _ => Json::Bool(false),
    }
}

/// A value with the attributes marked that its schema says are sensitive.
#[must_use]
pub fn with_schema_marks(value: &Value, block: &Block) -> Value {
    if value.is_null() || !value.is_known() {
        return value.clone();
    }
    let mut out = value.clone();
    let mut change = |name: &str, f: &mut dyn FnMut(Value) -> Value| {
        out = out.clone().update_at(&Path::attribute(name).0, f);
    };
    for (name, _) in block.attributes.iter().filter(|(_, attribute)| attribute.sensitive) {
        change(name, &mut |part| if part.is_null() { part } else { part.with_marks(Marks::SENSITIVE) });
    }
    for (name, nested) in &block.blocks {
        if !has_sensitive(&nested.block) {
            continue;
        }
        let inner = |value: &Value| with_schema_marks(value, &nested.block);
        change(name, &mut |part| match (nested.nesting, part.kind()) {
            (Nesting::Single, _) => inner(&part),
            (_, ValueKind::List(ty, items)) => Value::list(ty.clone(), items.iter().map(inner)),
            // Elements of sets have no marks of their own.
            (_, ValueKind::Set(..)) => part.with_marks(Marks::SENSITIVE),
            (_, ValueKind::Map(ty, entries)) => {
                Value::map(ty.clone(), entries.iter().map(|(key, item)| (Arc::clone(key), inner(item))))
            }
            _ => part,
        });
    }
    out
}

fn has_sensitive(block: &Block) -> bool {
    block.attributes.values().any(|attribute| attribute.sensitive)
        || block.blocks.values().any(|nested| has_sensitive(&nested.block))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_parts_are_left_out_of_objects_and_null_in_lists() {
        let value = Value::object([
            ("id", Value::unknown(Type::String)),
            ("none", Value::null(Type::String)),
            ("list", Value::tuple([Value::unknown(Type::String), Value::string("k")])),
            ("secret", Value::string("s").with_marks(Marks::SENSITIVE)),
            ("later", Value::unknown(Type::list(Type::String))),
        ]);
        insta::assert_snapshot!(known(&value).unwrap_or_default(), @r#"{"list":[null,"k"],"none":null,"secret":"s"}"#);
        insta::assert_snapshot!(unknown_mask(&value), @r#"{"id":true,"later":true,"list":[true,false]}"#);
        insta::assert_snapshot!(sensitive_mask(&value), @r#"{"later":[],"list":[false,false],"secret":true}"#);
    }
}
