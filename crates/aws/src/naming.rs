//! The arguments `name` and `name_prefix`: what is planned, and what is chosen when an object is made.

use std::time::SystemTime;

use smform_provider::ReplaceOrder;
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

/// In which order an object is replaced: one whose name is made up gets another name, so it can come first.
pub(crate) fn order(config: &Value) -> ReplaceOrder {
    match config.get("name") {
        None => ReplaceOrder::CreateFirst,
        Some(name) if name.is_null() => ReplaceOrder::CreateFirst,
        Some(name) => name.as_str().map_or_else(ReplaceOrder::default, |name| ReplaceOrder::SameName {
            attribute: Path::attribute("name"),
            instead: format!("name_prefix = {:?}", suggested_prefix(name)),
        }),
    }
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
