//! A plan as JSON, format version 1.2.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use smform_engine::plan::{Action, Mode, Plan};
use smform_engine::providers::Providers;
use smform_engine::workflow::{Planned, Project};
use smform_state::codec::TERRAFORM_VERSION;
use smform_types::json::type_to_json;
use smform_types::{InstanceAddress, Value};

use super::state::{Entry, values_of};
use super::values::known;
use super::{change, object};

/// A plan, as `show -json` prints it. `errored` says that planning ended in an error.
#[must_use]
pub fn plan(project: &Project, planned: &Planned, providers: &Providers, errored: bool) -> Json {
    let plan = &planned.plan;
    let list = |items: Vec<Json>| (!items.is_empty()).then_some(Json::Array(items));
    let drift = plan.drift.iter().map(|drift| change::drift(drift, providers)).collect();
    let outputs = plan.outputs.iter().map(|(name, output)| (name.to_string(), change::output(output)));
    object([
        ("format_version", Some("1.2".into())),
        ("terraform_version", Some(TERRAFORM_VERSION.into())),
        ("variables", variables(project)),
        ("planned_values", Some(planned_values(plan, providers))),
        ("resource_drift", list(drift)),
        ("resource_changes", list(changes(plan, providers))),
        ("output_changes", (!plan.outputs.is_empty()).then(|| Json::Object(outputs.collect()))),
        ("prior_state", prior_state(planned, providers)),
        ("configuration", Some(super::configuration::configuration(&project.config, providers))),
        ("timestamp", Some(plan.timestamp.as_str().into())),
        ("applyable", Some((plan.is_applyable() && !errored).into())),
        ("complete", Some((!plan.targeted && !errored).into())),
        ("errored", Some(errored.into())),
    ])
}

fn variables(project: &Project) -> Option<Json> {
    let root = project.config.root()?;
    let values = root.variables.iter().filter_map(|(name, variable)| {
        let given = project.inputs.get(name).map(|given| &given.value);
        let value = smform_lang::config::values::finish(variable, project.inputs.get(name)).ok();
        let value = value.as_ref().or(given).or(variable.default.as_ref())?;
        Some((name.to_string(), json!({ "value": known(value) })))
    });
    let values: Map<String, Json> = values.collect();
    (!values.is_empty()).then_some(Json::Object(values))
}

fn changes(plan: &Plan, providers: &Providers) -> Vec<Json> {
    plan.changes.values().map(|change| change::change(change, providers)).collect()
}

fn planned_values(plan: &Plan, providers: &Providers) -> Json {
    let outputs: Map<String, Json> = plan
        .outputs
        .iter()
        .filter_map(|(name, output)| {
            let after = output.after.as_ref().filter(|value| !value.is_null())?;
            let whole = after.is_wholly_known();
            let json = object([
                ("sensitive", Some(output.sensitive.into())),
                ("type", whole.then(|| type_to_json(&after.ty()))),
                ("value", known(after).filter(|_| whole)),
            ]);
            Some((name.to_string(), json))
        })
        .collect();
    let entries = plan.changes.values().filter_map(|change| {
        let stays = !matches!(change.action, Action::Delete | Action::Forget) && plan.mode != Mode::Destroy;
        let value = change.after.as_ref().filter(|_| stays && change.object.deposed.is_none())?;
        Some(Entry::planned(&change.object.address, value, providers))
    });
    values_of(outputs, entries.collect())
}

fn prior_state(planned: &Planned, providers: &Providers) -> Option<Json> {
    let plan = &planned.plan;
    let mut objects: BTreeMap<&InstanceAddress, &Value> = BTreeMap::new();
    for (key, stored) in planned.stored.objects.iter().filter(|(key, _)| key.deposed.is_none()) {
        objects.insert(&key.address, &stored.value);
    }
    for change in plan.changes.values().filter(|change| change.object.deposed.is_none()) {
        match &change.before {
            Some(before) => objects.insert(&change.object.address, before),
            None => objects.remove(&change.object.address),
        };
    }
    objects.extend(planned.data.iter().map(|(address, (_, value))| (address, value)));
    if objects.is_empty() && planned.stored.outputs.is_empty() {
        return None;
    }
    let outputs = planned.stored.outputs.iter().map(|(name, value)| {
        let sensitive = value.marks().contains(smform_types::Marks::SENSITIVE);
        (name.to_string(), super::state::output(value, sensitive))
    });
    let entries = objects.into_iter().map(|(address, value)| Entry::planned(address, value, providers));
    Some(json!({
        "format_version": "1.0",
        "terraform_version": TERRAFORM_VERSION,
        "values": values_of(outputs.collect(), entries.collect()),
    }))
}
