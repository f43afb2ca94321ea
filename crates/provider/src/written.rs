//! From an object back to the configuration that would make it: what is to be written when an object is imported for
//! which there is no block yet.

use smform_types::path::Step;
use smform_types::schema::{Attribute, Block, NestedBlock, Nesting};
use smform_types::{ResourceMode, Type, Value, ValueKind, convert};

use crate::plan::is_absent;
use crate::provider::Provider;

/// The configuration of a known object, without marks: what configuration can set, as it is, and null for what need not
/// be said because it is absent, the default, deprecated, or in conflict with what else is said.
#[must_use]
pub fn configuration_of(provider: &dyn Provider, type_name: &str, object: &Value) -> Option<Value> {
    let block = &provider.resource_schema(ResourceMode::Managed, type_name)?.block;
    let mut config = in_block(block, object);
    // An object can hold both of two arguments that exclude each other, as name and name_prefix do.
    for _ in 0..block.attributes.len() {
        let found = provider.validate(ResourceMode::Managed, type_name, &config);
        let conflicting = found.iter().filter(|message| message.is_error()).find_map(|error| {
            let path = error.attribute.as_ref()?;
            let [Step::Attribute(name)] = path.0.as_slice() else { return None };
            let attribute = block.attributes.get(name.as_str())?;
            (!attribute.required && path.lookup(&config).is_some_and(|value| !value.is_null())).then(|| path.clone())
        });
        let Some(path) = conflicting else { break };
        config = config.update_at(&path.0, &mut |value| Value::null(value.ty()));
    }
    Some(config)
}

fn in_block(block: &Block, object: &Value) -> Value {
    let attributes = block.attributes.iter().map(|(name, attribute)| {
        let value = object.get(name).filter(|value| is_said(name, attribute, value)).cloned();
        (*name, value.unwrap_or_else(|| Value::null(attribute.ty.without_optional())))
    });
    let blocks = block.blocks.iter().map(|(name, nested)| {
        let value = object.get(name).filter(|value| !value.is_null());
        (*name, value.map_or_else(|| nested.empty(), |value| in_nested(nested, value, &mut in_block)))
    });
    Value::object(attributes.chain(blocks))
}

fn is_said(name: &str, attribute: &Attribute, value: &Value) -> bool {
    if value.is_null() || !attribute.is_settable() {
        return false;
    }
    if attribute.required {
        return true;
    }
    let is_default = |default: &Value| convert(default.clone(), &attribute.ty).is_ok_and(|default| default == *value);
    // The identifier of the object itself is never chosen by what is written.
    let is_plain = name == "id" || attribute.deprecated.is_some();
    !is_plain && attribute.default.as_ref().map_or_else(|| !is_absent(value), |default| !is_default(default))
}

/// A nested block's value with `change` made to each of its blocks.
fn in_nested(nested: &NestedBlock, value: &Value, change: &mut dyn FnMut(&Block, &Value) -> Value) -> Value {
    let inner = nested.block.ty();
    match (nested.nesting, value.kind()) {
        (Nesting::Single, ValueKind::Object(_)) => change(&nested.block, value),
        (_, ValueKind::List(_, items)) => Value::list(inner, items.iter().map(|item| change(&nested.block, item))),
        (_, ValueKind::Set(_, items)) => Value::set(inner, items.iter().map(|item| change(&nested.block, item))),
        (_, ValueKind::Map(_, items)) => {
            Value::map(inner, items.iter().map(|(label, item)| (label.clone(), change(&nested.block, item))))
        }
        _ => value.clone(),
    }
}

/// The configuration with `change` made to every argument that is a text.
#[must_use]
pub fn with_texts(block: &Block, config: &Value, change: &dyn Fn(&str) -> Option<String>) -> Value {
    let attributes = block.attributes.iter().map(|(name, attribute)| {
        let value = config.get(name).cloned().unwrap_or_else(|| Value::null(attribute.ty.without_optional()));
        let changed = value.as_str().filter(|_| attribute.ty == Type::String).and_then(change);
        (*name, changed.map_or(value, Value::string))
    });
    let blocks = block.blocks.iter().map(|(name, nested)| {
        let value = config.get(name).cloned().unwrap_or_else(|| nested.empty());
        (*name, in_nested(nested, &value, &mut |block, item| with_texts(block, item, change)))
    });
    Value::object(attributes.chain(blocks))
}
