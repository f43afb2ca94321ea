//! What happens to root outputs.

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_lang::config::Config;
use smform_types::{Marks, ModuleAddress, ModuleInstance, Value};

use super::{Action, Extent, Mode, OutputChange, Plan};
use crate::values::Values;
use crate::values::evaluate::Setting;

/// Compares the recorded root outputs with those just evaluated. Outputs that were not evaluated, since targets leave
/// them out or what they need failed, are left out here as well.
#[must_use]
pub fn changes(
    setting: &Setting<'_>,
    mode: Mode,
    partial: bool,
    recorded: &BTreeMap<Arc<str>, Value>,
    values: &Values,
) -> BTreeMap<Arc<str>, OutputChange> {
    let root = ModuleInstance::root();
    let declared = setting.config.modules.get(&ModuleAddress::root()).map(|module| &module.outputs);
    let mut changes = BTreeMap::new();
    if mode != Mode::Destroy {
        for (name, output) in declared.into_iter().flatten() {
            if let Some(after) = values.output(&root, name) {
                changes.insert(name.clone(), change(recorded.get(name), after, output.sensitive));
            }
        }
    }
    let kept = |name| mode != Mode::Destroy && declared.is_some_and(|declared| declared.contains_key(name));
    for (name, before) in recorded {
        if !partial && !kept(name) {
            let sensitive = is_sensitive(before);
            let gone = OutputChange { before: Some(before.clone()), after: None, sensitive, action: Action::Delete };
            changes.insert(name.clone(), gone);
        }
    }
    changes
}

/// The root outputs as they are known once the plan is made: those just evaluated, if wholly known, else those recorded.
/// Which are sensitive shows in their marks.
#[must_use]
pub fn known(config: &Config, plan: &Plan, recorded: &BTreeMap<Arc<str>, Value>) -> BTreeMap<Arc<str>, Value> {
    // Where everything is destroyed, what was looked at before is known of all outputs.
    let is_replaced = plan.mode == Mode::Destroy && !plan.is_targeted() && plan.extent == Extent::Whole;
    let mut outputs = if is_replaced { BTreeMap::new() } else { recorded.clone() };
    let declared = config.root().map(|root| &root.outputs);
    for (name, change) in &plan.outputs {
        let sensitive = declared.and_then(|outputs| outputs.get(name)).is_some_and(|output| output.sensitive);
        let marks = if sensitive { Marks::SENSITIVE } else { Marks::NONE };
        match &change.after {
            // What has become null is no longer there.
            Some(after) if after.is_null() => drop(outputs.remove(name)),
            Some(after) if after.is_wholly_known() => {
                outputs.insert(Arc::clone(name), after.clone().unmark_deep().0.with_marks(marks));
            }
            None if plan.mode == Mode::Destroy => outputs.extend(change.before.clone().map(|was| (name.clone(), was))),
            Some(_) | None => {}
        }
    }
    outputs
}

fn is_sensitive(value: &Value) -> bool {
    value.marks().contains(Marks::SENSITIVE)
}

fn change(before: Option<&Value>, after: &Value, declared: bool) -> OutputChange {
    let plain = |value: &Value| value.clone().unmark_deep().0;
    // What targets left out is recorded as null.
    let was_sensitive = before.is_some_and(is_sensitive);
    let action = match before {
        None if after.is_null() => Action::NoOp,
        None => Action::Create,
        // That a value becomes sensitive, or ceases to be, is recorded as well.
        Some(before) if plain(before) == plain(after) && declared == was_sensitive => Action::NoOp,
        Some(_) => Action::Update,
    };
    OutputChange { before: before.cloned(), after: Some(after.clone()), sensitive: declared || was_sensitive, action }
}
