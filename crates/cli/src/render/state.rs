//! Recorded objects as configuration would write them: `show` and `state show`.

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_engine::plan::ObjectKey;
use smform_engine::plan::stored::Stored;
use smform_engine::providers::Providers;
use smform_types::{Marks, Path, Type, Value};

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
    let tainted = if tainted { " (tainted)" } else { "" };
    format!("# {key}:{tainted}\n{} {}\n", header(key), render(&difference, 0, Options::state(style)))
}

/// Everything that is recorded.
#[must_use]
pub fn whole(stored: &Stored, providers: &Providers, style: Style) -> String {
    if stored.objects.is_empty() && stored.outputs.is_empty() {
        return "The state file is empty. No resources are represented.\n".to_owned();
    }
    let objects = stored.objects.iter();
    let objects: Vec<String> =
        objects.map(|(key, found)| object(key, &found.value, found.tainted, providers, style)).collect();
    let mut out = objects.join("\n");
    if !stored.outputs.is_empty() {
        let separator = if out.is_empty() { "" } else { "\n\n" };
        out.push_str(&format!("{separator}Outputs:\n\n{}", self::outputs(&stored.outputs)));
    }
    out
}

/// Root outputs as recorded.
#[must_use]
pub fn outputs(outputs: &BTreeMap<Arc<str>, Value>) -> String {
    lines::outputs(outputs, &|name| outputs.get(name).is_some_and(|value| value.marks().contains(Marks::SENSITIVE)))
}
