//! A plan as JSON, format version 1.2.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use smform_engine::plan::{Action, Change, Extent, Mode, ObjectKey, Plan, outputs};
use smform_engine::providers::Providers;
use smform_engine::workflow::{Planned, Project};
use smform_lang::config::{Config, Repetition};
use smform_state::codec::TERRAFORM_VERSION;
use smform_types::json::type_to_json;
use smform_types::{InstanceAddress, Marks, ModuleInstance, ResourceAddress, ResourceConfigAddress, Value};

use super::state::{Entry, Order, values_of};
use super::values::known;
use super::{change, object};

/// A plan, as `show -json` prints it.
#[must_use]
pub fn plan(project: &Project, planned: &Planned, providers: &Providers) -> Json {
    let plan = &planned.plan;
    let errored = plan.extent != Extent::Whole;
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
        ("prior_state", prior_state(project, planned, providers)),
        ("configuration", Some(super::configuration::configuration(&written(&project.config, plan), providers))),
        ("relevant_attributes", list(plan.relevant.iter().map(change::relevant).collect())),
        ("checks", super::checks::checks(&plan.checks)),
        ("timestamp", Some(plan.timestamp.as_str().into())),
        ("applyable", Some((plan.is_applyable() && !errored).into())),
        ("complete", Some((!plan.is_targeted() && !errored).into())),
        ("errored", Some(errored.into())),
    ])
}

/// The configuration as people wrote it: without the blocks that were written for imported objects.
fn written<'c>(config: &'c Config, plan: &Plan) -> Cow<'c, Config> {
    let mut config = Cow::Borrowed(config);
    for change in plan.changes.values().filter(|change| change.generated.is_some()) {
        let address = change.object.address.config();
        if let Some(module) = config.to_mut().modules.get_mut(&address.module) {
            module.resources.remove(&address.resource);
        }
    }
    config
}

fn variables(project: &Project) -> Option<Json> {
    let root = project.config.root()?;
    let values = root.variables.iter().filter_map(|(name, variable)| {
        // As given, before conversion.
        let given = project.inputs.get(name).filter(|_| !variable.ephemeral).map(|given| &given.value);
        let value = given.or(variable.default.as_ref())?;
        Some((name.to_string(), json!({ "value": known(value) })))
    });
    let values: Map<String, Json> = values.collect();
    (!values.is_empty()).then_some(Json::Object(values))
}

fn changes(plan: &Plan, providers: &Providers) -> Vec<Json> {
    plan.listed().into_iter().map(|change| change::change(change, providers)).collect()
}

fn planned_values(plan: &Plan, providers: &Providers) -> Json {
    let outputs: Map<String, Json> = plan
        .outputs
        .iter()
        .filter_map(|(name, output)| {
            let after = output.after.as_ref()?;
            let whole = after.is_wholly_known();
            let json = object([
                ("sensitive", Some(output.sensitive.into())),
                (
                    "type",
                    whole.then(|| {
                        // A null where nothing was and nothing comes has lost its type.
                        let untyped = after.is_null() && output.before.is_none() && output.action == Action::NoOp;
                        if untyped { "dynamic".into() } else { type_to_json(&after.ty()) }
                    }),
                ),
                ("value", known(after).filter(|_| whole)),
            ]);
            Some((name.to_string(), json))
        })
        .collect();
    let entries = plan.changes.values().filter_map(|change| {
        if change.action == Action::Forget && change.object.deposed.is_none() {
            return Some(Entry::forgotten(&change.object.address, providers));
        }
        let stays = change.action != Action::Delete && plan.mode != Mode::Destroy;
        let value = change.after.as_ref().filter(|_| stays && change.object.deposed.is_none())?;
        Some(Entry::planned(&change.object.address, value, providers).without_nothing())
    });
    values_of(outputs, entries.collect(), [], Order::Text)
}

fn prior_state(project: &Project, planned: &Planned, providers: &Providers) -> Option<Json> {
    let plan = &planned.plan;
    let mut objects: BTreeMap<(&InstanceAddress, Option<&String>), &Value> = BTreeMap::new();
    let is_unread = plan.mode == Mode::Destroy && !plan.refreshed;
    if plan.is_targeted() || is_unread || plan.extent == Extent::Partial {
        // What was not read again is as it was.
        let is_apart = |address: &InstanceAddress| !plan.targets.iter().any(|target| target.covers_instance(address));
        let is_declared = |address: &InstanceAddress| {
            if is_unread || plan.is_targeted() && is_apart(address) {
                return true;
            }
            let module = project.config.modules.get(&address.module.config());
            module.is_some_and(|module| module.resources.contains_key(&address.resource))
        };
        let data = planned.stored.data.iter().filter(|(address, _)| is_declared(address));
        objects.extend(data.map(|(address, value)| ((address, None), value)));
    }
    for (key, stored) in &planned.stored.objects {
        objects.insert((&key.address, key.deposed.as_ref()), &stored.value);
    }
    for change in plan.changes.values() {
        let key = (&change.object.address, change.object.deposed.as_ref());
        match &change.before {
            Some(before) => objects.insert(key, before),
            None => objects.remove(&key),
        };
    }
    objects.extend(planned.data.iter().map(|(address, (_, value))| ((address, None), value)));
    let outputs = prior_outputs(project, planned);
    let bare: Vec<ModuleInstance> = still_bare(project, planned).collect();
    if objects.is_empty() && outputs.is_empty() && bare.is_empty() {
        return None;
    }
    let entries = objects.into_iter().map(|((address, deposed), value)| {
        let object = ObjectKey { address: address.clone(), deposed: deposed.cloned() };
        let stored = planned.stored.objects.get(&object);
        let read = plan.ties.get(&object).map(|ties| &ties.dependencies);
        // Of what is imported and then changes, nothing is recorded yet.
        let is_import = |change: &&Change| change.importing.is_some() && change.action == Action::NoOp;
        let imported = plan.changes.get(&object).filter(is_import);
        let read = read.or(imported.map(|change| &change.dependencies));
        let dependencies = read.or(stored.map(|stored| &stored.dependencies));
        let dependencies = dependencies.map(|needed| needed.iter().map(ToString::to_string).collect());
        let tainted = stored.is_some_and(|stored| stored.tainted);
        Entry::planned(address, value, providers).recorded(dependencies.unwrap_or_default(), tainted, deposed)
    });
    Some(json!({
        "format_version": "1.0",
        "terraform_version": TERRAFORM_VERSION,
        "values": values_of(outputs, entries.collect(), bare, Order::Address),
    }))
}

/// The modules of recorded blocks without objects, as far as the plan did not come to an instance of them either.
fn still_bare<'p>(project: &'p Project, planned: &'p Planned) -> impl Iterator<Item = ModuleInstance> + 'p {
    let plan = &planned.plan;
    let is_come_to = |module: &ModuleInstance, resource: &ResourceAddress| {
        let at = ResourceConfigAddress { module: module.config(), resource: resource.clone() };
        let single =
            || project.config.resource(&at).is_some_and(|block| matches!(block.repetition, Repetition::Single));
        let is_change = |object: &ObjectKey| object.address.module == *module && object.address.resource == *resource;
        plan.mode == Mode::RefreshOnly && single() || plan.changes.keys().any(is_change)
    };
    planned.stored.bare.iter().filter(move |(module, resource)| !is_come_to(module, resource)).map(|(at, _)| at.clone())
}

fn prior_outputs(project: &Project, planned: &Planned) -> Map<String, Json> {
    let outputs = outputs::known(&project.config, &planned.plan, &planned.stored.outputs);
    let listed = outputs
        .iter()
        .map(|(name, value)| (name.to_string(), super::state::output(value, value.marks().contains(Marks::SENSITIVE))));
    listed.collect()
}
