//! What a type sees of the rest of a run when it judges its object once more, right before it is made: every change to
//! objects of the types that it names, with all that is known by then.

use std::collections::BTreeSet;
use std::sync::Arc;

use smform_provider::PlannedObject;
use smform_types::{Value, ValueKind};

use super::Apply;
use crate::blocks::Checked;
use crate::plan::{Action, Change, ObjectKey};
use crate::values::Values;

/// The changes to objects of some types, made or still to be made; without those that came to nothing.
pub(super) fn changes(
    apply: &Apply<'_>,
    values: &Values,
    came_to_nothing: &BTreeSet<&ObjectKey>,
    types: &[&str],
) -> Vec<PlannedObject> {
    let plain = |value: Value| value.unmark_deep().0;
    let of_types = apply.plan.changes.values().filter(|change| {
        let type_name = &*change.object.address.resource.type_name;
        let is_change = change.makes() || change.action == Action::Delete;
        is_change && types.contains(&type_name) && !came_to_nothing.contains(&change.object)
    });
    let seen = of_types.map(|change| PlannedObject {
        type_name: Arc::clone(&change.object.address.resource.type_name),
        before: change.before.clone().map(plain),
        after: after(apply, values, change).map(plain),
    });
    seen.collect()
}

fn after(apply: &Apply<'_>, values: &Values, change: &Change) -> Option<Value> {
    let planned = change.after.clone()?;
    let made = values.instance(&change.object.address).filter(|_| change.object.deposed.is_none());
    if let Some(made) = made {
        return Some(made.clone());
    }
    let config = if planned.is_wholly_known() { None } else { config(apply, values, change) };
    Some(config.map_or_else(|| planned.clone(), |config| known_by_now(&planned, &config)))
}

/// The configuration of an object as far as it can be evaluated by now. What is wrong with it is told when its turn comes.
fn config(apply: &Apply<'_>, values: &Values, change: &Change) -> Option<Value> {
    let (address, config) = (&change.object.address, apply.setting.config);
    let block = config.modules.get(&address.module.config())?.resources.get(&address.resource)?;
    let provider = apply.providers.of_key(config, &change.provider)?;
    let instances = values.instances(&address.module, &address.resource);
    let repetition = instances.map(|instances| instances.repetition(address.key.as_ref())).unwrap_or_default();
    let (setting, as_instance) = (&apply.setting, Checked::Instance);
    let evaluated = setting.resource_config(address, block, as_instance, repetition, values, provider.as_ref());
    evaluated.ok().map(|(config, _, _)| config)
}

/// A planned object with what its configuration says by now where the plan did not know.
fn known_by_now(planned: &Value, config: &Value) -> Value {
    match (planned.kind(), config.kind()) {
        // What nobody wrote is for the provider to say.
        (ValueKind::Unknown(..), _) if !config.is_null() => config.clone(),
        (ValueKind::Object(entries), _) => Value::object(entries.iter().map(|(name, value)| {
            let now = config.get(name).map_or_else(|| value.clone(), |config| known_by_now(value, config));
            (name.clone(), now)
        })),
        (ValueKind::List(element, items), ValueKind::List(_, others)) if items.len() == others.len() => {
            Value::list(element.clone(), items.iter().zip(others.iter()).map(|(item, now)| known_by_now(item, now)))
        }
        (ValueKind::Set(..), ValueKind::Set(..)) if !planned.is_wholly_known() => config.clone(),
        _ => planned.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smform_types::Type;

    #[test]
    fn what_the_configuration_says_by_now_fills_the_plan() {
        let set = |items: &[Value]| Value::set(Type::String, items.iter().cloned());
        let planned = Value::object([
            ("id", Value::unknown(Type::String)),
            ("group", Value::unknown(Type::String)),
            ("port", Value::number(443)),
            ("peers", set(&[Value::string("a"), Value::unknown(Type::String)])),
        ]);
        let config = Value::object([
            ("id", Value::null(Type::String)),
            ("group", Value::string("sg-1")),
            ("port", Value::null(Type::Number)),
            ("peers", set(&[Value::string("a"), Value::string("b")])),
        ]);
        let now = known_by_now(&planned, &config);
        assert!(now.get("id").is_some_and(|id| !id.is_known()));
        assert_eq!(now.get("group"), Some(&Value::string("sg-1")));
        assert_eq!(now.get("port"), Some(&Value::number(443)));
        assert_eq!(now.get("peers"), config.get("peers"));
    }
}
