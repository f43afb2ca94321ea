//! Names of models, endpoint configurations and endpoints: what is planned, and what is chosen when it is made.

use std::time::SystemTime;

use smform_provider::{PlanResponse, ReplaceOrder};
use smform_types::{Diagnostic, Diagnostics, Path, Type, Value};

use crate::fields::{Fields, with};
use crate::names::{DEFAULT_PREFIX, prefix_of, suggested_prefix, unique};

/// `name` and `name_prefix` exclude each other.
pub(super) fn check(config: &Value) -> Diagnostics {
    let fields = Fields(config);
    if fields.get("name").is_some() && fields.get("name_prefix").is_some() {
        let detail = "name and name_prefix exclude each other. With name_prefix, a replacement gets a new name and is \
                      made before the old object goes.";
        return Diagnostic::error("Conflicting arguments", detail).of_attribute(Path::attribute("name_prefix")).into();
    }
    Diagnostics::new()
}

/// The plan of an object that cannot be changed: what is known of its name, and in which order a replacement is made.
pub(super) fn plan_immutable(config: &Value, mut response: PlanResponse, is_new: bool) -> PlanResponse {
    if is_new {
        response.planned = planned(config, response.planned);
    }
    let name = config.get("name");
    response.order = match name {
        None => ReplaceOrder::CreateFirst,
        Some(name) if name.is_null() => ReplaceOrder::CreateFirst,
        Some(name) => match name.as_str() {
            Some(name) => ReplaceOrder::SameName {
                attribute: Path::attribute("name"),
                instead: format!("name_prefix = {:?}", suggested_prefix(name)),
            },
            None => ReplaceOrder::default(),
        },
    };
    response
}

/// A new object with what is known of its identifiers before it exists.
pub(super) fn planned(config: &Value, mut planned: Value) -> Value {
    let fields = Fields(config);
    if let Some(name) = fields.text("name") {
        planned = with(planned, "id", Value::string(name));
        if planned.get("name_prefix").is_some() {
            planned = with(planned, "name_prefix", prefix_value(name));
        }
    } else if !fields.is_given("name") && !fields.is_given("name_prefix") && planned.get("name_prefix").is_some() {
        planned = with(planned, "name_prefix", Value::string(DEFAULT_PREFIX));
    }
    planned
}

/// The `name_prefix` that a name is read back as.
pub(super) fn prefix_value(name: &str) -> Value {
    prefix_of(name).map_or(Value::null(Type::String), Value::string)
}

/// The name of the object to be made: as planned, or a new one.
pub(super) fn choose(planned: &Value, now: SystemTime) -> String {
    let fields = Fields(planned);
    match fields.text("name") {
        Some(name) => name.to_owned(),
        None => unique(fields.text("name_prefix").unwrap_or(DEFAULT_PREFIX), now),
    }
}
