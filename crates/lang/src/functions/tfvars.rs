//! The functions of the built-in provider: between values and the text of values files.

use smform_types::{Refinement, SourceId, Type, Value, ValueKind};

use super::arguments::{Arguments, Function};
use super::error::CallError;
use super::signature::{Parameter, Shape};
use crate::eval::static_value;
use crate::format::format;
use crate::syntax::escape::quote_into;
use crate::syntax::{is_identifier, parse_native};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "provider::terraform::encode_tfvars",
        &[Parameter::new("value", Shape::Any)],
        Shape::String,
        encode_tfvars,
        "The text of a values file that sets a variable for each attribute of an object.",
    ),
    Function::new(
        "provider::terraform::decode_tfvars",
        &[Parameter::new("src", Shape::String)],
        Shape::Any,
        decode_tfvars,
        "The object with an attribute for each variable that the text of a values file sets.",
    ),
    Function::new(
        "provider::terraform::encode_expr",
        &[Parameter::new("value", Shape::Any)],
        Shape::String,
        |a| {
            if !a.value(0)?.is_wholly_known() {
                return Ok(unknown_text());
            }
            let mut text = String::new();
            write(a.value(0)?, &mut text);
            // The layout is that of an argument, whose lines within brackets are indented.
            let laid_out = format(&format!("x = {text}"));
            Ok(Value::string(laid_out.strip_prefix("x = ").unwrap_or(&laid_out)))
        },
        "The text of an expression whose value is the given one.",
    ),
];

/// The text of a value that is known only in part.
fn unknown_text() -> Value {
    Value::refined(Type::String, Refinement { not_null: true, ..Refinement::default() })
}

fn encode_tfvars(a: &Arguments<'_>) -> Result<Value, CallError> {
    let value = a.value(0)?;
    let (ValueKind::Object(items) | ValueKind::Map(_, items)) = value.kind() else {
        return Err(CallError::argument(
            0,
            "invalid value to encode: must be an object whose attribute names will \
                                           become the encoded variable names",
        ));
    };
    let mut text = String::new();
    for (name, item) in items.iter() {
        if !is_identifier(name) {
            let message = format!("invalid variable name {name:?}: must be a valid identifier");
            return Err(CallError::argument(0, message).or_discreetly("a variable name is not a valid identifier"));
        }
        text.push_str(name);
        text.push_str(" = ");
        write(item, &mut text);
        text.push('\n');
    }
    Ok(if value.is_wholly_known() { Value::string(format(&text)) } else { unknown_text() })
}

fn decode_tfvars(a: &Arguments<'_>) -> Result<Value, CallError> {
    let failed = |what: String| CallError::argument(0, what).or_discreetly("the text is not that of a values file");
    let (body, errors) = parse_native(a.text(0)?, SourceId(0));
    if let Some(error) = errors.iter().find(|error| error.is_error()) {
        return Err(failed(format!("invalid values file syntax: {}", error.summary)));
    }
    if let Some(block) = body.blocks.first() {
        return Err(failed(format!("a values file has no blocks, but this has one of type \"{}\"", block.kind.text)));
    }
    let mut items = Vec::new();
    for attribute in &body.attributes {
        let value = static_value(&attribute.expr).map_err(|errors| {
            let why = errors.iter().map(|error| error.detail.clone()).next().unwrap_or_default();
            failed(format!("invalid expression for variable \"{}\": {why}", attribute.name.text))
        })?;
        items.push((attribute.name.text.clone(), value));
    }
    Ok(Value::object(items))
}

/// Writes a value as an expression, which still wants its layout.
fn write(value: &Value, text: &mut String) {
    match value.kind() {
        ValueKind::Null(_) | ValueKind::Unknown(..) => text.push_str("null"),
        ValueKind::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        ValueKind::Number(number) => text.push_str(&number.to_string()),
        ValueKind::String(string) => quote(string, text),
        ValueKind::List(_, items) | ValueKind::Set(_, items) | ValueKind::Tuple(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    text.push_str(", ");
                }
                write(item, text);
            }
            text.push(']');
        }
        ValueKind::Object(items) | ValueKind::Map(_, items) if items.is_empty() => text.push_str("{}"),
        ValueKind::Object(items) | ValueKind::Map(_, items) => {
            text.push_str("{\n");
            for (name, item) in items.iter() {
                if is_identifier(name) {
                    text.push_str(name)
                } else {
                    quote(name, text)
                }
                text.push_str(" = ");
                write(item, text);
                text.push('\n');
            }
            text.push('}');
        }
    }
}

fn quote(string: &str, text: &mut String) {
    text.push('"');
    quote_into(string, text);
    text.push('"');
}

#[cfg(test)]
mod tests {
    use smform_types::Type;

    use super::super::tests::console as call;
    use super::*;

    #[test]
    fn values_become_the_text_of_a_values_file_and_back() {
        let inner = Value::object([("d", Value::bool(true)), ("long key", Value::number(1))]);
        let items = [Value::number(1), Value::string("a"), Value::null(Type::Dynamic)];
        let object = Value::object([
            ("b", Value::string("x\ny\"${a}%{b}\t\u{7}é\u{2028}")),
            ("c", inner),
            ("longer", Value::tuple(items)),
            ("none", Value::object::<&str>([])),
        ]);
        let text = call("provider::terraform::encode_tfvars", std::slice::from_ref(&object));
        let expected = "b = \"x\\ny\\\"$${a}%%{b}\\t\\u0007é\\u2028\"\nc = {\n  d          = true\n  \"long key\" = 1\n}\n\
                        longer = [1, \"a\", null]\nnone   = {}\n";
        assert_eq!(text, Ok(Value::string(expected)));
        assert_eq!(call("provider::terraform::decode_tfvars", &[Value::string(expected)]), Ok(object));
        for bad in ["a = b", "a = upper(\"b\")", "a {", "b {\n}"] {
            assert!(call("provider::terraform::decode_tfvars", &[Value::string(bad)]).is_err(), "{bad}");
        }
        assert!(call("provider::terraform::encode_tfvars", &[Value::tuple([])]).is_err());
        assert!(call("provider::terraform::encode_tfvars", &[Value::object([("a b", Value::number(1))])]).is_err());
    }
}
