//! Configuration text for objects that have none: what `plan -generate-config-out` writes. Built with hcl-rs, and laid
//! out as `fmt` does.

use hcl::expr::{FuncCall, ObjectKey};
use hcl::format::{Format as _, Formatter};
use hcl::structure::{Attribute, Block as HclBlock, BlockBuilder, Body, Structure};
use hcl::{Expression, Identifier};
use hcl_edit::structure::Body as Edited;
use hcl_edit::{Decorate as _, Ident, expr};
use smform_types::json::{implied, plain, to_text};
use smform_types::schema::{Block, NestedBlock, Nesting};
use smform_types::{Number, ResourceAddress, Value, ValueKind};

use crate::format::format;

/// A resource block with the arguments and blocks that `config` sets. What is only computed is left out; what is sensitive
/// is written as null, with a comment that says why. Arguments that are not set are written as null, too, to show that
/// they are there, but only in the resource itself.
///
/// `config` is a known value of `schema`. `provider` is written when given, as in `aws.east`. Nothing is returned when
/// an argument cannot be written, such as an infinite number.
#[must_use]
pub fn resource(address: &ResourceAddress, provider: Option<&str>, schema: &Block, config: &Value) -> Option<String> {
    let block = HclBlock::builder("resource").add_labels([&*address.type_name, &*address.name]);
    let block = match provider {
        Some(provider) => block.add_attribute(("provider", provider.parse::<Expression>().ok()?)),
        None => block,
    };
    let block = content(block, schema, config, true)?.build();
    let mut formatter = Formatter::builder().compact_arrays(true).build_vec();
    let text = Body::from(vec![Structure::Block(block)]).format_string(&mut formatter).ok()?;
    let mut body: Edited = text.parse().ok()?;
    for block in body.get_blocks_mut("resource") {
        finish(schema, config, &mut block.body)?;
    }
    Some(format(&body.to_string()))
}

/// JSON text as `jsonencode` would write it, when the text is an object or an array.
///
/// Text in this form is what [`resource`] writes as a call of `jsonencode`.
#[must_use]
pub fn canonical_json(text: &str) -> Option<String> {
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let json: serde_json::Value = serde_json::from_str(text).ok()?;
    Some(to_text(&plain(&implied(&json)), None))
}

fn content(mut to: BlockBuilder, schema: &Block, config: &Value, with_unset: bool) -> Option<BlockBuilder> {
    for (name, attribute) in schema.attributes.iter().filter(|(_, attribute)| attribute.is_settable()) {
        let is_plain = !attribute.computed && !attribute.write_only && attribute.deprecated.is_none();
        let is_told = |value: &&Value| !value.is_null() || with_unset && is_plain;
        let Some(value) = config.get(name).filter(is_told) else { continue };
        let value = match encoded(value) {
            _ if attribute.sensitive => Expression::Null,
            // The call around it comes last: hcl-rs writes arguments of calls on one line.
            Some(json) => expression(&json)?,
            None => expression(value)?,
        };
        to = to.add_attribute(Attribute::new(*name, value));
    }
    for (name, nested) in &schema.blocks {
        let Some(value) = config.get(name) else { continue };
        for block in blocks(name, nested, value)? {
            to = to.add_block(block);
        }
    }
    Some(to)
}

fn blocks(name: &str, nested: &NestedBlock, value: &Value) -> Option<Vec<HclBlock>> {
    let one = |label: Option<&str>, item: &Value| {
        let block = HclBlock::builder(name).add_labels(label);
        Some(content(block, &nested.block, item, false)?.build())
    };
    items(nested, value).into_iter().map(|(label, item)| one(label, item)).collect()
}

/// The blocks of a type, with their labels, in the order in which they are written.
fn items<'v>(nested: &NestedBlock, value: &'v Value) -> Vec<(Option<&'v str>, &'v Value)> {
    match (nested.nesting, value.kind()) {
        (_, ValueKind::Null(_)) => Vec::new(),
        (Nesting::Single, _) => vec![(None, value)],
        (Nesting::Map, ValueKind::Map(_, items)) => items.iter().map(|(label, item)| (Some(&**label), item)).collect(),
        _ => value.as_slice().unwrap_or_default().iter().map(|item| (None, item)).collect(),
    }
}

/// Says of each sensitive argument why it is null, and has values encoded that were text in JSON.
fn finish(schema: &Block, config: &Value, body: &mut Edited) -> Option<()> {
    for (name, attribute) in &schema.attributes {
        let Some(mut written) = body.get_attribute_mut(name) else { continue };
        let value = written.value_mut();
        if attribute.sensitive {
            value.decor_mut().set_suffix(" # sensitive");
        } else if config.get(name).and_then(encoded).is_some() {
            let mut json = std::mem::replace(value, expr::Expression::null());
            json.decor_mut().clear();
            let name = expr::FuncName::from(Ident::try_new("jsonencode").ok()?);
            let mut call = expr::Expression::from(expr::FuncCall::new(name, expr::FuncArgs::from(vec![json])));
            call.decor_mut().set_prefix(" ");
            *value = call;
        }
    }
    for (name, nested) in &schema.blocks {
        let Some(value) = config.get(name) else { continue };
        for (block, (_, item)) in body.get_blocks_mut(name).zip(items(nested, value)) {
            finish(&nested.block, item, &mut block.body)?;
        }
    }
    Some(())
}

/// What is encoded in a text of JSON in canonical form.
fn encoded(value: &Value) -> Option<Value> {
    let text = value.as_str()?;
    (canonical_json(text)? == text).then(|| serde_json::from_str(text).ok().map(|json| implied(&json)))?
}

fn expression(value: &Value) -> Option<Expression> {
    let items = |items: &[Value]| items.iter().map(expression).collect::<Option<Vec<_>>>().map(Expression::Array);
    match value.kind() {
        ValueKind::Null(_) => Some(Expression::Null),
        ValueKind::Bool(value) => Some(Expression::Bool(*value)),
        ValueKind::Number(value) => number(value),
        ValueKind::String(text) => Some(string(text)),
        ValueKind::List(_, all) | ValueKind::Set(_, all) | ValueKind::Tuple(all) => items(all),
        ValueKind::Map(_, entries) | ValueKind::Object(entries) => {
            let entries = entries.iter().map(|(name, value)| Some((key(name), expression(value)?)));
            Some(Expression::Object(entries.collect::<Option<_>>()?))
        }
        ValueKind::Unknown(..) => None,
    }
}

/// A key without quotes where that means the same.
fn key(name: &str) -> ObjectKey {
    let is_keyword = matches!(name, "for" | "null" | "true" | "false");
    match Identifier::new(name) {
        Ok(name) if !is_keyword => ObjectKey::Identifier(name),
        _ => match string(name) {
            call @ Expression::FuncCall(_) => ObjectKey::Expression(Expression::Parenthesis(Box::new(call))),
            plain => ObjectKey::Expression(plain),
        },
    }
}

/// A text. What hcl-rs makes of an interpolation right behind another `$` or `%` does not mean the same any more, so a text
/// that holds such a thing is joined of parts that do not.
fn string(text: &str) -> Expression {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = ["$${", "%%{", "$%{", "%${"].into_iter().filter_map(|marker| rest.find(marker)).min() {
        let (part, after) = rest.split_at(at + 1);
        parts.push(part);
        rest = after;
    }
    if parts.is_empty() {
        return Expression::from(text);
    }
    parts.push(rest);
    FuncCall::builder("join").arg("").arg(Expression::from_iter(parts)).build().into()
}

/// A number to its last digit: one that hcl-rs cannot hold is written as a conversion.
fn number(value: &Number) -> Option<Expression> {
    if value.is_infinite() {
        return None;
    }
    if let Some(whole) = value.to_i64() {
        return Some(whole.into());
    }
    // So many digits survive the way through a binary number and back.
    let text = value.to_string();
    let is_short = text.chars().filter(char::is_ascii_digit).count() <= 15 && !text.contains(['e', 'E']);
    let short = Some(value.to_f64()).filter(|_| is_short);
    match short {
        Some(short) => Some(short.into()),
        None => Some(FuncCall::builder("tonumber").arg(text).build().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smform_types::schema::Attribute as Declared;
    use smform_types::{ResourceMode, Type};

    fn address() -> ResourceAddress {
        ResourceAddress { mode: ResourceMode::Managed, type_name: "test_thing".into(), name: "a".into() }
    }

    fn schema() -> Block {
        let inner = Block::new(
            [
                ("port", Declared::required(Type::Number)),
                ("secret", Declared::optional(Type::String).sensitive()),
                ("note", Declared::optional(Type::String)),
            ],
            [],
        );
        Block::new(
            [
                ("id", Declared::computed(Type::String)),
                ("image", Declared::required(Type::String)),
                ("policy", Declared::optional(Type::String)),
                ("password", Declared::optional(Type::String).sensitive()),
                ("tags", Declared::optional(Type::map(Type::String))),
            ],
            [("rule", NestedBlock::list(inner.clone(), 0, 0)), ("limits", NestedBlock::single(inner))],
        )
    }

    #[test]
    fn blocks_are_blocks_and_secrets_are_not_told() {
        let null = || Value::null(Type::String);
        let rule = |port: i64, secret: Value| {
            Value::object([("port", Value::from(port)), ("secret", secret), ("note", null())])
        };
        let inner = schema().blocks["rule"].block.ty();
        let config = Value::object([
            ("id", Value::string("i-1")),
            ("image", Value::string("a${b}\n\"c\"")),
            ("policy", Value::string("{\"Action\":[\"a\"],\"for\":null}")),
            ("password", Value::string("hidden")),
            ("tags", Value::map(Type::String, [("a b", Value::string("1")), ("Name", Value::string("é"))])),
            ("rule", Value::list(inner.clone(), [rule(80, null()), rule(443, Value::string("hidden"))])),
            ("limits", Value::null(inner)),
        ]);
        let expected = r#"resource "test_thing" "a" {
  provider = aws.east
  image    = "a$${b}\n\"c\""
  password = null # sensitive
  policy = jsonencode({
    Action = ["a"]
    "for"  = null
  })
  tags = {
    Name  = "é"
    "a b" = "1"
  }

  rule {
    port = 80
  }

  rule {
    port   = 443
    secret = null # sensitive
  }
}
"#;
        assert_eq!(resource(&address(), Some("aws.east"), &schema(), &config).as_deref(), Some(expected));
    }

    #[test]
    fn numbers_keep_every_digit() {
        for (text, written) in [
            ("12", "12"),
            ("0.3", "0.3"),
            ("-3", "-3"),
            ("0.12345678901234567890123", "tonumber(\"0.12345678901234567890123\")"),
            ("123456789012345678901234567890", "tonumber(\"123456789012345678901234567890\")"),
        ] {
            let value = Number::parse(text).as_ref().and_then(number);
            assert_eq!(value.map(|value| value.to_string()).as_deref(), Some(written), "{text}");
        }
    }

    #[test]
    fn only_objects_and_arrays_are_json() {
        assert_eq!(canonical_json("{\"b\": 1, \"a\": []}").as_deref(), Some("{\"a\":[],\"b\":1}"));
        for text in ["", "1", "null", "\"a\"", "{", "[1] x"] {
            assert_eq!(canonical_json(text), None, "{text}");
        }
    }
}
