//! Recorded objects as configuration would write them: `show` and `state show`.

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_engine::plan::ObjectKey;
use smform_engine::plan::stored::Stored;
use smform_engine::providers::Providers;
use smform_types::{Marks, ModuleInstance, Path, Type, Value, ValueKind};

use super::diff::{self, Options, render};
use super::heading::header;
use super::lines;
use super::plan::schema_of;
use super::style::Style;

/// One object.
#[must_use]
pub fn object(key: &ObjectKey, value: &Value, tainted: bool, providers: &Providers, style: Style) -> String {
    let difference = match schema_of(providers, &key.address) {
        Some(schema) => diff::block(&schema.block, Some(value), Some(value), &[]),
        None => diff::value(Some(value), Some(value), &Type::Dynamic, &[], &Path::root()),
    };
    let note = match &key.deposed {
        Some(deposed) => format!(" (deposed object {deposed})"),
        None if tainted => " (tainted)".to_owned(),
        None => String::new(),
    };
    let body = render(&difference, 0, Options::state(style));
    format!("# {}:{note}\n{} {body}\n", key.address, header(key))
}

/// Everything that is recorded: module by module, the outer ones first.
#[must_use]
pub fn whole(stored: &Stored, providers: &Providers, style: Style) -> String {
    if stored.objects.is_empty() && stored.outputs.is_empty() && stored.data.is_empty() {
        return "The state file is empty. No resources are represented.\n".to_owned();
    }
    let mut modules: BTreeMap<ModuleInstance, Vec<(ObjectKey, String)>> = BTreeMap::new();
    let data = stored.data.iter().map(|(address, value)| {
        let key = ObjectKey { address: address.clone(), deposed: None };
        let text = object(&key, value, false, providers, style);
        (key, text)
    });
    let managed = stored.objects.iter().map(|(key, found)| {
        let text = object(key, &found.value, found.tainted, providers, style);
        (key.clone(), text)
    });
    for (key, text) in data.chain(managed) {
        modules.entry(key.address.module.clone()).or_default().push((key, text));
    }
    let mut out = String::new();
    for (at, objects) in &modules {
        let texts: Vec<&str> = objects.iter().map(|(_, text)| text.as_str()).collect();
        // As in Terraform, a module stands apart from the one before if the modules around it hold anything.
        let is_apart = (0..at.0.len()).any(|length| modules.contains_key(&ModuleInstance(at.0[..length].into())));
        out.push_str(if is_apart { "\n\n" } else { "" });
        out.push_str(&texts.join("\n"));
    }
    if !stored.outputs.is_empty() {
        let mut text = String::new();
        for (name, value) in &stored.outputs {
            let value = without_nulls(value.clone());
            let value = diff::value(Some(&value), Some(&value), &value.ty(), &[], &Path::root());
            text.push_str(&format!("{name} = {}\n", render(&value, 0, Options::state(style))));
        }
        out.push_str(&format!("\n\nOutputs:\n\n{text}"));
    }
    out
}

/// A value without attributes and entries that are null: as Terraform shows outputs.
fn without_nulls(value: Value) -> Value {
    let marks = value.marks();
    let kept =
        |(name, part): (&Arc<str>, &Value)| (!part.is_null()).then(|| (name.clone(), without_nulls(part.clone())));
    let bare = match value.kind() {
        ValueKind::Object(parts) => Value::object(parts.iter().filter_map(kept)),
        ValueKind::Map(element, parts) => Value::map(element.clone(), parts.iter().filter_map(kept)),
        ValueKind::Tuple(items) => Value::tuple(items.iter().cloned().map(without_nulls)),
        _ => return value,
    };
    bare.with_marks(marks)
}

/// Root outputs as recorded.
#[must_use]
pub fn outputs(outputs: &BTreeMap<Arc<str>, Value>) -> String {
    lines::outputs(outputs, &|name| outputs.get(name).is_some_and(|value| value.marks().contains(Marks::SENSITIVE)))
}
