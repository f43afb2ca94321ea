//! Functions that write values in notations and read them back: base64, URL, JSON.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use smform_types::json::{implied, parse, plain, to_text};
use smform_types::{Number, Refinement, Type, Value, ValueKind};

use super::arguments::{Arguments, Function, ascii};
use super::error::CallError;
use super::gzip;
use super::signature::{Parameter, Shape};

const STR: Parameter = Parameter::new("str", Shape::String);

/// Standard base64: padding is required, but unused bits of the last digit may be anything.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("base64decode", &[STR], Shape::String, base64decode, "The text whose UTF-8 bytes base64 stands for."),
    Function::new("base64encode", &[STR], Shape::String, base64encode, "The UTF-8 bytes of the text, in base64."),
    Function::new("base64gzip", &[STR], Shape::String, base64gzip, "The text, compressed with gzip, in base64."),
    Function::new("jsondecode", &[STR.unknown()], Shape::Any, jsondecode, "The value that a JSON text stands for.")
        .nullable(),
    Function::new(
        "jsonencode",
        &[Parameter::new("val", Shape::Any).null().unknown().dynamic()],
        Shape::String,
        jsonencode,
        "The value as JSON.",
    ),
    Function::new("urlencode", &[STR], Shape::String, urlencode, "The text, fit for the query of a URL."),
];

/// The bytes that base64 stands for; line breaks in it are passed over.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    if text.contains(['\r', '\n']) {
        BASE64.decode(text.replace(['\r', '\n'], "")).ok()
    } else {
        BASE64.decode(text).ok()
    }
}

fn base64decode(a: &Arguments<'_>) -> Result<Value, CallError> {
    let bytes =
        decode(a.text(0)?).ok_or_else(|| CallError::whole(format!("failed to decode base64 data {}", a.quoted(0))))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| CallError::whole("the result of decoding the provided string is not valid UTF-8"))?;
    Ok(Value::string(text))
}

fn base64encode(a: &Arguments<'_>) -> Result<Value, CallError> {
    Ok(ascii(&BASE64.encode(a.text(0)?)))
}

fn base64gzip(a: &Arguments<'_>) -> Result<Value, CallError> {
    Ok(ascii(&BASE64.encode(gzip::compress(a.text(0)?.as_bytes()))))
}

fn urlencode(a: &Arguments<'_>) -> Result<Value, CallError> {
    let mut out = String::new();
    for byte in a.text(0)?.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    Ok(ascii(&out))
}

fn jsonencode(a: &Arguments<'_>) -> Result<Value, CallError> {
    let value = a.value(0)?;
    if value.is_wholly_known() {
        if has_infinity(value) {
            return Err(CallError::whole("infinity cannot be written as JSON"));
        }
        return Ok(Value::string(to_text(&plain(value), None)));
    }
    if !value.is_definitely_not_null() {
        return Ok(Value::unknown(Type::String));
    }
    let prefix = match value.ty() {
        Type::String => "\"",
        Type::Object(_) | Type::Map(_) => "{",
        Type::Tuple(_) | Type::List(_) | Type::Set(_) => "[",
        Type::Bool | Type::Number | Type::Dynamic => return Ok(Value::unknown(Type::String)),
    };
    Ok(Value::refined(Type::String, Refinement::with_prefix(prefix)))
}

pub(super) fn has_infinity(value: &Value) -> bool {
    value.as_number().is_some_and(Number::is_infinite) || value.children().any(has_infinity)
}

const INVALID: &str = "the text is not valid JSON";

fn jsondecode(a: &Arguments<'_>) -> Result<Value, CallError> {
    if let ValueKind::Unknown(_, refinement) = a.value(0)?.kind() {
        let prefix = refinement.as_ref().and_then(|refinement| refinement.prefix.as_deref()).unwrap_or_default();
        return Ok(Value::unknown(match prefix.trim_start().chars().next() {
            Some('"') => Type::String,
            Some('t' | 'f') => Type::Bool,
            Some('-' | '0'..='9') => Type::Number,
            Some('{' | '[' | 'n') | None => Type::Dynamic,
            Some(c) => {
                let error = CallError::argument(0, format!("a JSON document cannot begin with the character {c:?}"));
                return Err(error.or_discreetly(INVALID));
            }
        }));
    }
    let text = with_whole_surrogates(a.text(0)?);
    let json: serde_json::Value =
        parse(text.as_bytes()).map_err(|error| CallError::whole(json_error(&error)).or_discreetly(INVALID))?;
    if let Some(number) = unreadable_number(&json) {
        let error = CallError::whole(format!("the number {number} is beyond the range of numbers"));
        return Err(error.or_discreetly(INVALID));
    }
    Ok(implied(&json))
}

/// A JSON text with the replacement character for halves of surrogate pairs, which the parser would refuse and
/// Terraform does not.
fn with_whole_surrogates(text: &str) -> Cow<'_, str> {
    if !text.contains("\\ud") && !text.contains("\\uD") {
        return Cow::Borrowed(text);
    }
    /// The code of a `\uXXXX` at the beginning of a text.
    fn code(text: &str) -> Option<u32> {
        let digits = text.strip_prefix("\\u")?.get(..4)?;
        if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) { u32::from_str_radix(digits, 16).ok() } else { None }
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, from)) = rest.find('\\').and_then(|at| rest.split_at_checked(at)) {
        out.push_str(before);
        let length = match (code(from), from.get(6..).and_then(code)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => 12,
            (Some(0xd800..0xe000), _) => {
                out.push('\u{fffd}');
                rest = from.get(6..).unwrap_or_default();
                continue;
            }
            _ => 1 + from.chars().nth(1).map_or(0, char::len_utf8),
        };
        let (escape, after) = from.split_at_checked(length).unwrap_or((from, ""));
        out.push_str(escape);
        rest = after;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The message of the library with the place in front.
fn json_error(error: &serde_json::Error) -> String {
    let place = format!(" at line {} column {}", error.line(), error.column());
    let message = error.to_string();
    let reason = message.strip_suffix(&place).unwrap_or(&message);
    format!("invalid JSON at line {}, column {}: {reason}", error.line(), error.column())
}

fn unreadable_number(json: &serde_json::Value) -> Option<&serde_json::Number> {
    match json {
        serde_json::Value::Number(number) => Number::parse(number.as_str()).is_none().then_some(number),
        serde_json::Value::Array(items) => items.iter().find_map(unreadable_number),
        serde_json::Value::Object(items) => items.values().find_map(unreadable_number),
        _ => None,
    }
}
