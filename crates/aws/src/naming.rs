//! The arguments `name` and `name_prefix`: what is planned, and what is chosen when an object is made.

use std::time::SystemTime;

use smform_provider::{Former, ReplaceOrder, SameName};
use smform_types::{Diagnostic, Diagnostics, Path, Type, Value};

use crate::fields::{Fields, with};
use crate::names::{DEFAULT_PREFIX, prefix_of, suggested_prefix, unique};

/// `name` and `name_prefix` exclude each other.
pub(crate) fn check(config: &Value) -> Diagnostics {
    let fields = Fields(config);
    if fields.get("name").is_some() && fields.get("name_prefix").is_some() {
        let detail = "name and name_prefix exclude each other. With name_prefix, a replacement gets a new name and is \
                      made before the old object goes.";
        return Diagnostic::error("Conflicting arguments", detail).of_attribute(Path::attribute("name_prefix")).into();
    }
    Diagnostics::new()
}

/// In which order an object is replaced: one whose name is made up gets another name, so it can come first, and so can
/// one that is renamed by hand. A name that is not known yet counts as another one: were it the same after all, the
/// creation would be refused, and nothing be lost. In another region, a name is another one.
pub(crate) fn order(former: &Former, config: &Value, region: &str) -> ReplaceOrder {
    let fields = Fields(config);
    let Some(name) = fields.text("name") else {
        let is_new = *former == Former::Nothing && fields.is_unknown("name");
        return if is_new { ReplaceOrder::default() } else { ReplaceOrder::CreateFirst };
    };
    match former {
        Former::Replaced(old) if is_elsewhere(old, name, region) => ReplaceOrder::CreateFirst,
        _ => ReplaceOrder::SameName(SameName {
            attribute: Path::attribute("name"),
            instead: format!("name_prefix = {:?}", suggested_prefix(name)),
            users: Vec::new(),
        }),
    }
}

/// Whether an object has another name, or is in another region.
fn is_elsewhere(old: &Value, name: &str, region: &str) -> bool {
    let old = Fields(old);
    old.text("name") != Some(name) || old.text("region").is_some_and(|old| old != region)
}

/// A new object with what is known of its `name_prefix` before it exists.
pub(crate) fn with_prefix(config: &Value, planned: Value) -> Value {
    let fields = Fields(config);
    if planned.get("name_prefix").is_none() {
        planned
    } else if let Some(name) = fields.text("name") {
        with(planned, "name_prefix", prefix_value(name))
    } else if !fields.is_given("name") && !fields.is_given("name_prefix") {
        with(planned, "name_prefix", Value::string(DEFAULT_PREFIX))
    } else {
        planned
    }
}

/// The `name_prefix` that a name is read back as.
pub(crate) fn prefix_value(name: &str) -> Value {
    prefix_of(name).map_or(Value::null(Type::String), Value::string)
}

/// The name of the object to be made: as planned, or a new one.
pub(crate) fn choose(planned: &Value, now: SystemTime) -> String {
    let fields = Fields(planned);
    match fields.text("name") {
        Some(name) => name.to_owned(),
        None => unique(fields.text("name_prefix").unwrap_or(DEFAULT_PREFIX), now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gets_another_name_can_come_first() {
        let text = |text: Option<&str>| text.map_or(Value::null(Type::String), Value::string);
        let config = |name: Option<&str>| Value::object([("name", text(name)), ("name_prefix", text(None))]);
        let old = Value::object([("name", Value::string("a")), ("region", Value::string("us-east-1"))]);
        let replaced = Former::Replaced(old.clone());
        let of = |former: &Former, name: Option<&str>, region: &str| match order(former, &config(name), region) {
            ReplaceOrder::SameName(same) => same.instead,
            order => format!("{order:?}"),
        };
        assert_eq!(of(&replaced, Some("a"), "us-east-1"), "name_prefix = \"a-\"");
        assert_eq!(of(&replaced, Some("b"), "us-east-1"), "CreateFirst");
        assert_eq!(of(&replaced, None, "us-east-1"), "CreateFirst");
        assert_eq!(of(&replaced, Some("a"), "eu-west-1"), "CreateFirst");
        assert_eq!(of(&Former::Nothing, None, "us-east-1"), "CreateFirst");
        let later = Value::object([("name", Value::unknown(Type::String))]);
        assert_eq!(order(&replaced, &later, "us-east-1"), ReplaceOrder::CreateFirst);
        assert_eq!(order(&Former::Nothing, &later, "us-east-1"), ReplaceOrder::DeleteFirst);
    }
}
