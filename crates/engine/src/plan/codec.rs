//! Values as JSON without any loss: types, unknowns with what is known of them, and marks. For saved plans only; the
//! state has a notation of its own.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};
use smform_types::json::{number_to_json, type_from_json, type_to_json};
use smform_types::{Marks, Number, Refinement, Type, Value, ValueKind};

/// Encodes.
#[must_use]
pub fn encode(value: &Value) -> Json {
    let kind = encode_kind(value.kind());
    let marks = value.marks();
    if marks.is_empty() {
        return kind;
    }
    let mut names = Vec::new();
    if marks.contains(Marks::SENSITIVE) {
        names.push("sensitive");
    }
    if marks.contains(Marks::EPHEMERAL) {
        names.push("ephemeral");
    }
    json!({ "marks": names, "of": kind })
}

fn encode_kind(kind: &ValueKind) -> Json {
    let all = |items: &[Value]| items.iter().map(encode).collect::<Json>();
    let entries = |items: &std::collections::BTreeMap<Arc<str>, Value>| {
        Json::Object(items.iter().map(|(key, value)| (key.to_string(), encode(value))).collect())
    };
    match kind {
        ValueKind::Bool(value) => Json::Bool(*value),
        ValueKind::String(text) => Json::String(text.to_string()),
        ValueKind::Number(number) if number.is_infinite() => json!({ "infinity": number.is_negative() }),
        ValueKind::Number(number) => number_to_json(number),
        ValueKind::Null(ty) => json!({ "null": type_to_json(ty) }),
        ValueKind::Unknown(ty, refinement) => {
            let known = refinement.as_ref().map(|refinement| {
                json!({
                    "not_null": refinement.not_null,
                    "prefix": refinement.prefix.as_deref(),
                    "min_length": refinement.min_length,
                    "max_length": refinement.max_length,
                })
            });
            json!({ "unknown": type_to_json(ty), "known": known })
        }
        ValueKind::List(ty, items) => json!({ "list": all(items), "of": type_to_json(ty) }),
        ValueKind::Set(ty, items) => json!({ "set": all(items), "of": type_to_json(ty) }),
        ValueKind::Map(ty, items) => json!({ "map": entries(items), "of": type_to_json(ty) }),
        ValueKind::Tuple(items) => json!({ "tuple": all(items) }),
        ValueKind::Object(items) => json!({ "object": entries(items) }),
    }
}

/// Decodes what [`encode`] wrote; nothing for anything else.
#[must_use]
pub fn decode(json: &Json) -> Option<Value> {
    match json {
        Json::Bool(value) => Some(Value::bool(*value)),
        Json::String(text) => Some(Value::string(text)),
        Json::Number(number) => Number::parse(&number.to_string()).map(Value::number),
        Json::Object(fields) => decode_fields(fields),
        Json::Null | Json::Array(_) => None,
    }
}

fn decode_fields(fields: &Map<String, Json>) -> Option<Value> {
    let of = || fields.get("of").and_then(type_from_json);
    let items = |json: &Json| json.as_array()?.iter().map(decode).collect::<Option<Vec<_>>>();
    let entries = |json: &Json| {
        let entries = json.as_object()?.iter();
        entries
            .map(|(key, value)| Some((Arc::from(key.as_str()), decode(value)?)))
            .collect::<Option<Vec<(Arc<str>, _)>>>()
    };
    let (first, content) = fields.iter().next()?;
    match first.as_str() {
        "marks" => {
            let mut marks = Marks::NONE;
            for name in content.as_array()? {
                marks |= match name.as_str()? {
                    "sensitive" => Marks::SENSITIVE,
                    "ephemeral" => Marks::EPHEMERAL,
                    _ => return None,
                };
            }
            Some(decode(fields.get("of")?)?.with_marks(marks))
        }
        "infinity" => Some(Value::number(Number::infinity(content.as_bool()?))),
        "null" => type_from_json(content).map(Value::null),
        "unknown" => {
            let ty: Type = type_from_json(content)?;
            let known = fields.get("known").filter(|known| !known.is_null());
            let refinement = known.map_or_else(Refinement::default, |known| Refinement {
                not_null: known.get("not_null").and_then(Json::as_bool).unwrap_or(false),
                prefix: known.get("prefix").and_then(Json::as_str).map(Arc::from),
                min_length: known.get("min_length").and_then(Json::as_u64),
                max_length: known.get("max_length").and_then(Json::as_u64),
                ..Refinement::default()
            });
            Some(Value::refined(ty, refinement))
        }
        "list" => Some(Value::list(of()?, items(content)?)),
        "set" => Some(Value::set(of()?, items(content)?)),
        "map" => Some(Value::map(of()?, entries(content)?)),
        "tuple" => Some(Value::tuple(items(content)?)),
        "object" => Some(Value::object(entries(content)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_reads_back() {
        let value = Value::object([
            ("null", Value::null(Type::list(Type::String))),
            ("number", Value::number(Number::parse("1.25e30").unwrap_or(Number::ZERO))),
            (
                "unknown",
                Value::refined(Type::String, Refinement::with_prefix("vpc-model-")).with_marks(Marks::SENSITIVE),
            ),
            ("set", Value::set(Type::String, [Value::string("a")])),
            ("map", Value::map(Type::Bool, [("unknown", Value::bool(true))])),
            ("tuple", Value::tuple([Value::unknown(Type::Dynamic), Value::string("x").with_marks(Marks::EPHEMERAL)])),
            ("infinity", Value::number(Number::infinity(true))),
        ]);
        assert_eq!(decode(&encode(&value)), Some(value));
    }

    #[test]
    fn anything_else_is_refused() {
        for json in
            [json!(null), json!([]), json!({}), json!({"list": []}), json!({"x": 1}), json!({"marks": ["y"], "of": 1})]
        {
            assert_eq!(decode(&json), None, "{json}");
        }
    }
}
