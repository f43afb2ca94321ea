//! Values and types as JSON: the notation of state files, plans and `jsonencode`.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::Error as _;
use serde_json::{Map, Value as Json};

use crate::convert::ConvertError;
use crate::number::Number;
use crate::path::{Path, Step};
use crate::ty::{ObjectType, Type};
use crate::value::{Value, ValueKind};

/// Deepest nesting of JSON that is read: that of Go's reader, and so of Terraform's `jsondecode`.
const MAX_NESTING: usize = 10_000;

/// Reads JSON text, however deeply its values are nested: the reader's own limit is below what a configuration may hold.
///
/// # Errors
/// When the text is not JSON, does not fit the type, or is nested more than 10,000 levels deep.
pub fn parse<'t, T: Deserialize<'t>>(text: &'t [u8]) -> serde_json::Result<T> {
    if nesting(text) > MAX_NESTING {
        return Err(serde_json::Error::custom(format!("nested more than {MAX_NESTING} levels deep")));
    }
    let mut reader = serde_json::Deserializer::from_slice(text);
    reader.disable_recursion_limit();
    let value = T::deserialize(serde_stacker::Deserializer::new(&mut reader))?;
    reader.end()?;
    Ok(value)
}

/// How many arrays and objects are open at most at one place of a JSON text.
fn nesting(text: &[u8]) -> usize {
    let (mut open, mut most, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                open += 1;
                most = most.max(open);
            }
            b']' | b'}' if !quoted => open = open.saturating_sub(1),
            _ => {}
        }
    }
    most
}

/// A type in JSON notation: `"string"`, `["list","string"]`, `["object",{"a":"number"}]`.
#[must_use]
pub fn type_to_json(ty: &Type) -> Json {
    let of = |name: &str, element: &Type| Json::Array(vec![name.into(), type_to_json(element)]);
    match ty {
        Type::Dynamic => "dynamic".into(),
        Type::Bool => "bool".into(),
        Type::Number => "number".into(),
        Type::String => "string".into(),
        Type::List(element) => of("list", element),
        Type::Set(element) => of("set", element),
        Type::Map(element) => of("map", element),
        Type::Tuple(elements) => Json::Array(vec!["tuple".into(), elements.iter().map(type_to_json).collect()]),
        Type::Object(object) => {
            let attributes: Map<String, Json> =
                object.attributes.iter().map(|(name, ty)| (name.to_string(), type_to_json(ty))).collect();
            let mut notation = vec![Json::from("object"), Json::Object(attributes)];
            if !object.optional.is_empty() {
                notation.push(object.optional.iter().map(|name| Json::from(&**name)).collect());
            }
            Json::Array(notation)
        }
    }
}

/// A type from JSON notation; nothing when it is not one.
#[must_use]
pub fn type_from_json(json: &Json) -> Option<Type> {
    match json {
        Json::String(name) => match name.as_str() {
            "dynamic" => Some(Type::Dynamic),
            "bool" => Some(Type::Bool),
            "number" => Some(Type::Number),
            "string" => Some(Type::String),
            _ => None,
        },
        Json::Array(parts) => {
            let name = parts.first()?.as_str()?;
            let inner = parts.get(1)?;
            match name {
                "list" => type_from_json(inner).map(Type::list),
                "set" => type_from_json(inner).map(Type::set),
                "map" => type_from_json(inner).map(Type::map),
                "tuple" => Some(Type::Tuple(inner.as_array()?.iter().map(type_from_json).collect::<Option<_>>()?)),
                "object" => {
                    let attributes = inner.as_object()?.iter();
                    let attributes = attributes.map(|(name, ty)| Some((Arc::from(name.as_str()), type_from_json(ty)?)));
                    let optional = parts.get(2).and_then(Json::as_array).into_iter().flatten();
                    let optional = optional.map(|name| name.as_str().map(Arc::from));
                    Some(Type::Object(Arc::new(ObjectType {
                        attributes: attributes.collect::<Option<_>>()?,
                        optional: optional.collect::<Option<_>>()?,
                    })))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// A value as JSON. Marks are dropped; unknown parts become null (the caller records where they are).
///
/// Where `ty` says [`Type::Dynamic`], the value is wrapped as `{"value": ..., "type": ...}` so that it can be read
/// back. Pass the value's own type to have nothing wrapped.
#[must_use]
pub fn value_to_json(value: &Value, ty: &Type) -> Json {
    if matches!(ty, Type::Dynamic) && value.ty() != Type::Dynamic && value.is_known() {
        let own = value.ty();
        let mut wrapped = Map::new();
        wrapped.insert("value".to_owned(), value_to_json(value, &own));
        wrapped.insert("type".to_owned(), type_to_json(&own));
        return Json::Object(wrapped);
    }
    let element = ty.element();
    match value.kind() {
        ValueKind::Null(_) | ValueKind::Unknown(..) => Json::Null,
        ValueKind::Bool(value) => Json::Bool(*value),
        ValueKind::Number(number) => number_to_json(number),
        ValueKind::String(text) => Json::String(text.to_string()),
        ValueKind::List(own, items) | ValueKind::Set(own, items) => {
            items.iter().map(|item| value_to_json(item, element.unwrap_or(own))).collect()
        }
        ValueKind::Map(own, items) => Json::Object(
            items.iter().map(|(key, item)| (key.to_string(), value_to_json(item, element.unwrap_or(own)))).collect(),
        ),
        ValueKind::Tuple(items) => {
            let types = if let Type::Tuple(types) = ty { &**types } else { &[] };
            let items = items.iter().enumerate();
            items.map(|(at, item)| types.get(at).map_or_else(|| plain(item), |ty| value_to_json(item, ty))).collect()
        }
        ValueKind::Object(items) => Json::Object(
            items
                .iter()
                .map(|(key, item)| {
                    let json = ty.attribute(key).map_or_else(|| plain(item), |ty| value_to_json(item, ty));
                    (key.to_string(), json)
                })
                .collect(),
        ),
    }
}

/// A value as JSON with nothing wrapped.
#[must_use]
pub fn plain(value: &Value) -> Json {
    value_to_json(value, &value.ty())
}

/// A number as JSON, digit for digit.
#[must_use]
pub fn number_to_json(number: &Number) -> Json {
    if number.is_infinite() {
        return Json::Null;
    }
    serde_json::from_str(&number.to_string()).unwrap_or(Json::Null)
}

/// A value of a type from JSON, as [`value_to_json`] writes it.
///
/// # Errors
/// When the JSON does not fit the type; the error says where.
pub fn value_from_json(json: &Json, ty: &Type) -> Result<Value, ConvertError> {
    let fail = |message: String| ConvertError { path: Path::root(), message };
    let under = |step: Step| {
        move |mut error: ConvertError| {
            error.path.0.insert(0, step);
            error
        }
    };
    match (json, ty) {
        (Json::Null, _) => Ok(Value::null(ty.without_optional())),
        (Json::Object(wrapped), Type::Dynamic) if wrapped.len() == 2 && wrapped.contains_key("type") => {
            let own =
                wrapped.get("type").and_then(type_from_json).ok_or_else(|| fail("a type is required".to_owned()))?;
            value_from_json(wrapped.get("value").unwrap_or(&Json::Null), &own)
        }
        (json, Type::Dynamic) => Ok(implied(json)),
        (Json::Bool(value), Type::Bool) => Ok(Value::bool(*value)),
        (Json::Bool(value), Type::String) => Ok(Value::string(value.to_string())),
        (Json::Number(number), Type::Number) => {
            Number::parse(&number.to_string()).map(Value::number).ok_or_else(|| fail("a number is required".to_owned()))
        }
        (Json::Number(number), Type::String) => Ok(Value::string(number.to_string())),
        (Json::String(text), Type::String) => Ok(Value::string(text)),
        (Json::String(_), Type::Number | Type::Bool) => crate::convert::convert(implied(json), ty),
        (Json::Array(items), Type::List(element) | Type::Set(element)) => {
            let items = items.iter().enumerate();
            let items = items.map(|(at, item)| value_from_json(item, element).map_err(under(Step::Index(at))));
            let items = items.collect::<Result<Vec<_>, _>>()?;
            let element = element.without_optional();
            Ok(if matches!(ty, Type::List(_)) { Value::list(element, items) } else { Value::set(element, items) })
        }
        (Json::Array(items), Type::Tuple(types)) if items.len() == types.len() => {
            let items = items.iter().zip(types.iter()).enumerate();
            let items = items.map(|(at, (item, ty))| value_from_json(item, ty).map_err(under(Step::Index(at))));
            Ok(Value::tuple(items.collect::<Result<Vec<_>, _>>()?))
        }
        (Json::Object(items), Type::Map(element)) => {
            let items = items.iter().map(|(key, item)| {
                let value = value_from_json(item, element).map_err(under(Step::Key(key.clone())))?;
                Ok((crate::value::normalize(key), value))
            });
            Ok(Value::map(element.without_optional(), items.collect::<Result<Vec<_>, ConvertError>>()?))
        }
        (Json::Object(items), Type::Object(object)) => {
            let attributes = object.attributes.iter().map(|(name, ty)| {
                let json = items.get(&**name).unwrap_or(&Json::Null);
                let value = value_from_json(json, ty).map_err(under(Step::Attribute(name.to_string())))?;
                Ok((Arc::clone(name), value))
            });
            Ok(Value::object(attributes.collect::<Result<Vec<_>, ConvertError>>()?))
        }
        (_, ty) => Err(fail(format!("{} required", ty.friendly()))),
    }
}

/// A value from JSON whose type is not given: arrays become tuples and objects objects.
#[must_use]
pub fn implied(json: &Json) -> Value {
    match json {
        Json::Null => Value::null(Type::Dynamic),
        Json::Bool(value) => Value::bool(*value),
        Json::Number(number) => Value::number(Number::parse(&number.to_string()).unwrap_or(Number::ZERO)),
        Json::String(text) => Value::string(text),
        Json::Array(items) => Value::tuple(items.iter().map(implied)),
        Json::Object(items) => {
            Value::object(items.iter().map(|(key, item)| (crate::value::normalize(key), implied(item))))
        }
    }
}

/// Compact or indented JSON text with `<`, `>`, `&`, U+2028 and U+2029 escaped, as Go's encoder writes it and
/// Terraform therefore does.
#[must_use]
pub fn to_text(json: &Json, indent: Option<usize>) -> String {
    let mut text = String::new();
    write_text(json, indent, 0, &mut text);
    text
}

fn write_text(json: &Json, indent: Option<usize>, depth: usize, out: &mut String) {
    let line = |depth: usize, out: &mut String| {
        if let Some(width) = indent {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', width * depth));
        }
    };
    match json {
        Json::Null | Json::Bool(_) | Json::Number(_) => out.push_str(&json.to_string()),
        Json::String(text) => write_string(text, out),
        Json::Array(items) if items.is_empty() => out.push_str("[]"),
        Json::Object(items) if items.is_empty() => out.push_str("{}"),
        Json::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                line(depth + 1, out);
                write_text(item, indent, depth + 1, out);
            }
            line(depth, out);
            out.push(']');
        }
        Json::Object(items) => {
            out.push('{');
            for (at, (key, item)) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                line(depth + 1, out);
                write_string(key, out);
                out.push_str(if indent.is_some() { ": " } else { ":" });
                write_text(item, indent, depth + 1, out);
            }
            line(depth, out);
            out.push('}');
        }
    }
}

/// One string with Go's escapes, quotes included.
pub fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_back_as_written() {
        let ty = Type::object([
            ("n", Type::Number),
            ("s", Type::set(Type::String)),
            ("d", Type::Dynamic),
            ("m", Type::map(Type::Bool)),
        ]);
        let number = Number::parse("123456789012345678901234567890.5").map(Value::number).expect("number");
        let value = Value::object([
            ("n", number),
            ("s", Value::set(Type::String, [Value::string("<b>")])),
            ("d", Value::tuple([Value::number(1), Value::string("x")])),
            ("m", Value::map("k".len().eq(&1).then_some(Type::Bool).expect("bool"), [("k", Value::bool(true))])),
        ]);
        let json = value_to_json(&value, &ty);
        assert_eq!(value_from_json(&json, &ty), Ok(value));
        assert!(to_text(&json, None).contains("123456789012345678901234567890.5"));
        assert!(to_text(&json, None).contains("\\u003cb\\u003e"));
        assert_eq!(type_from_json(&type_to_json(&ty)), Some(ty));
    }

    #[test]
    fn what_does_not_fit_says_where() {
        let error = value_from_json(&serde_json::json!({"a": ["x"]}), &Type::map(Type::list(Type::Number)));
        assert_eq!(
            error.map_err(|error| error.to_string()),
            Err("element \"a\": element 0: a number is required".to_owned())
        );
    }

    #[test]
    fn json_is_read_as_deep_as_configurations_go() {
        let nested = |depth: usize| format!("{}\"[\\\"[\"{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse::<Json>(nested(1_000).as_bytes()).is_ok());
        let refused = parse::<Json>(nested(MAX_NESTING + 1).as_bytes()).map_err(|error| error.to_string());
        assert_eq!(refused, Err("nested more than 10000 levels deep".to_owned()));
        assert!(parse::<Json>(b"[1] 2").is_err());
    }
}
