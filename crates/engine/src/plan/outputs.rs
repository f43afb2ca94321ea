//! What happens to root outputs.

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_types::{Marks, ModuleAddress, ModuleInstance, Type, Value};

use super::stored::Stored;
use super::{Mode, OutputChange};
use crate::values::Values;
use crate::values::evaluate::Setting;

/// Compares the recorded root outputs with those just evaluated. Outputs that targets leave out stay as recorded.
#[must_use]
pub fn changes(
    setting: &Setting<'_>,
    mode: Mode,
    partial: bool,
    stored: &Stored,
    values: &Values,
) -> BTreeMap<Arc<str>, OutputChange> {
    let root = ModuleInstance::root();
    let declared = setting.config.modules.get(&ModuleAddress::root()).map(|module| &module.outputs);
    let mut changes = BTreeMap::new();
    for (name, output) in declared.into_iter().flatten() {
        let before = stored.outputs.get(name).cloned();
        let evaluated = values.output(&root, name).cloned();
        let after = match mode {
            Mode::Destroy => None,
            _ if evaluated.is_none() && partial => before.clone(),
            _ => Some(evaluated.unwrap_or_else(|| Value::unknown(Type::Dynamic))),
        };
        if before.is_none() && after.is_none() {
            continue;
        }
        changes.insert(name.clone(), OutputChange { before, after, sensitive: output.sensitive });
    }
    for (name, before) in &stored.outputs {
        if !changes.contains_key(name) && !partial {
            let sensitive = before.marks().contains(Marks::SENSITIVE);
            changes.insert(name.clone(), OutputChange { before: Some(before.clone()), after: None, sensitive });
        }
    }
    changes
}
