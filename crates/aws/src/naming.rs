//! The arguments `name` and `name_prefix`: what is planned, and what is chosen when an object is made.

use std::time::SystemTime;

use smform_provider::plan::Equivalence;
use smform_provider::{Former, PlanRequest, PlanResponse, ReplaceOrder, ResourceType, SameName};
use smform_types::schema::Schema;
use smform_types::{Diagnostic, Diagnostics, Path, Type, Value};

use crate::clients::Clients;
use crate::fields::{Fields, with};
use crate::names::{DEFAULT_PREFIX, prefix_of, suggested_prefix, unique};
use crate::shared;

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
/// creation would be refused, and nothing be lost. The arguments of `scope` are those within which a name is unique, such
/// as the region: elsewhere, the same name is another one.
pub(crate) fn order(former: &Former, config: &Value, planned: &Value, scope: &[&str]) -> ReplaceOrder {
    let fields = Fields(config);
    let Some(name) = fields.text("name") else {
        let is_new = *former == Former::Nothing && fields.is_unknown("name");
        return if is_new { ReplaceOrder::default() } else { ReplaceOrder::CreateFirst };
    };
    match former {
        Former::Replaced(old) if Fields(old).text("name") != Some(name) => ReplaceOrder::CreateFirst,
        Former::Replaced(old) if scope.iter().any(|scope| is_elsewhere(old, config, planned, scope)) => {
            ReplaceOrder::CreateFirst
        }
        _ => ReplaceOrder::SameName(SameName {
            attribute: Path::attribute("name"),
            instead: format!("name_prefix = {:?}", suggested_prefix(name)),
            users: Vec::new(),
        }),
    }
}

/// In which order an object is replaced whose name is its key: under the same one, the old object has to go first.
pub(crate) fn key_order(of: &dyn ResourceType<Clients>, former: &Former, planned: &Value) -> ReplaceOrder {
    let Former::Replaced(old) = former else { return ReplaceOrder::default() };
    match (of.unique_name(old), of.unique_name(planned)) {
        (Some(old), Some(new)) if old.key == new.key => {
            let (attribute, instead) = (new.attribute, String::new());
            ReplaceOrder::GiveWay(SameName { attribute, instead, users: Vec::new() })
        }
        _ => ReplaceOrder::default(),
    }
}

/// The same for an object without a name: in the place of one that has the same `key`, the service takes it for that one, or
/// refuses it. `attribute` tells which that is.
pub(crate) fn same_key<K: PartialEq>(
    former: &Former,
    planned: &Value,
    attribute: &str,
    key: impl Fn(&Value) -> Option<K>,
) -> ReplaceOrder {
    let Former::Replaced(old) = former else { return ReplaceOrder::default() };
    let is_same = key(old).is_some_and(|old| Some(old) == key(planned));
    let (attribute, instead, users) = (Path::attribute(attribute), String::new(), Vec::new());
    if is_same { ReplaceOrder::GiveWay(SameName { attribute, instead, users }) } else { ReplaceOrder::default() }
}

/// Whether an object is elsewhere than it was. What is left out is what is planned, or stays what it was.
fn is_elsewhere(old: &Value, config: &Value, planned: &Value, scope: &str) -> bool {
    let written = config.get(scope).filter(|value| !value.is_null());
    let wanted = written.or_else(|| Fields(planned).get(scope));
    Fields(old).get(scope).zip(wanted).is_some_and(|(old, wanted)| !old.same_known(wanted))
}

/// Plans an object with these arguments: as the schema says, in the order that its name allows; `scope` as in [`order`].
pub(crate) fn plan(
    schema: &Schema,
    request: PlanRequest,
    clients: &Clients,
    equivalent: Equivalence<'_>,
    scope: &[&str],
) -> PlanResponse {
    let (config, former, is_new) = (request.config.clone(), request.former.clone(), request.prior.is_none());
    let response = shared::plan(schema, request, clients, equivalent);
    let order = order(&former, &config, &response.planned, scope);
    let planned = if is_new { with_prefix(&config, response.planned) } else { response.planned };
    PlanResponse { order, planned, ..response }
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
        let config = |name: Option<&str>| Value::object([("name", text(name)), ("region", text(None))]);
        let planned = |region: &str| Value::object([("region", Value::string(region))]);
        let old = Value::object([("name", Value::string("a")), ("region", Value::string("us-east-1"))]);
        let replaced = Former::Replaced(old.clone());
        let of = |former: &Former, name: Option<&str>, region: &str| match order(
            former,
            &config(name),
            &planned(region),
            &["region"],
        ) {
            ReplaceOrder::SameName(same) => same.instead,
            order => format!("{order:?}"),
        };
        assert_eq!(of(&replaced, Some("a"), "us-east-1"), "name_prefix = \"a-\"");
        assert_eq!(of(&replaced, Some("b"), "us-east-1"), "CreateFirst");
        assert_eq!(of(&replaced, None, "us-east-1"), "CreateFirst");
        assert_eq!(of(&replaced, Some("a"), "eu-west-1"), "CreateFirst");
        assert_eq!(of(&Former::Nothing, None, "us-east-1"), "CreateFirst");
        let later = Value::object([("name", Value::unknown(Type::String))]);
        let here = planned("us-east-1");
        assert_eq!(order(&replaced, &later, &here, &[]), ReplaceOrder::CreateFirst);
        assert_eq!(order(&Former::Nothing, &later, &here, &[]), ReplaceOrder::DeleteFirst);
        // In something else that is not known yet, such as a role that is made.
        let elsewhere = Value::object([("name", Value::string("a")), ("region", Value::unknown(Type::String))]);
        assert_eq!(order(&replaced, &elsewhere, &here, &["region"]), ReplaceOrder::CreateFirst);
    }
}
