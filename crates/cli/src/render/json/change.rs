//! Changes of objects and outputs in plan JSON.

use serde_json::{Value as Json, json};
use smform_engine::plan::relevant::Relevant;
use smform_engine::plan::{Action, Change, Drift, OutputChange, Reason, Replacement};
use smform_engine::providers::Providers;
use smform_types::{InstanceAddress, Path, Step, Value};

use super::values::{known, sensitive_mask, unknown_mask, with_schema_marks};
use super::{identify, object};
use crate::render::plan::schema_of;

/// The names of an action.
#[must_use]
pub fn actions(action: Action) -> Json {
    match action {
        Action::NoOp => json!(["no-op"]),
        Action::Create => json!(["create"]),
        Action::Read => json!(["read"]),
        Action::Update => json!(["update"]),
        Action::Replace(Replacement::DeleteFirst) => json!(["delete", "create"]),
        Action::Replace(Replacement::CreateFirst) => json!(["create", "delete"]),
        Action::Delete => json!(["delete"]),
        Action::Forget => json!(["forget"]),
    }
}

fn path(path: &Path) -> Json {
    let step = |step: &Step| match step {
        Step::Attribute(name) | Step::Key(name) => Some(Json::String(name.clone())),
        Step::Index(at) => Some((*at).into()),
        Step::Element => None,
    };
    path.0.iter().map_while(step).collect()
}

/// Marks a value by the schema of its type.
#[must_use]
pub fn marked(value: &Value, address: &InstanceAddress, providers: &Providers) -> Value {
    match schema_of(providers, address) {
        Some(schema) => with_schema_marks(value, &schema.block),
        None => value.clone(),
    }
}

fn sides(action: Action, before: Option<&Value>, after: Option<&Value>, replace: &[Path]) -> Json {
    let before = before.filter(|value| !value.is_null());
    let after = after.filter(|_| !matches!(action, Action::Delete | Action::Forget)).filter(|value| !value.is_null());
    let json = |value: Option<&Value>| value.and_then(known).unwrap_or(Json::Null);
    let mask = |value: Option<&Value>| value.map_or(Json::Bool(false), sensitive_mask);
    let replace = replace.iter().map(path).collect::<Vec<_>>();
    object([
        ("actions", Some(actions(action))),
        ("before", Some(json(before))),
        ("after", Some(json(after))),
        ("after_unknown", Some(after.filter(|value| !value.is_wholly_known()).map_or_else(|| json!({}), unknown_mask))),
        ("before_sensitive", Some(mask(before))),
        ("after_sensitive", Some(mask(after))),
        ("replace_paths", (!replace.is_empty()).then(|| replace.into())),
    ])
}

fn resource(address: &InstanceAddress, provider: &str, deposed: Option<&String>) -> serde_json::Map<String, Json> {
    let mut out = identify(address);
    if !address.module.is_root() {
        out.insert("module_address".to_owned(), address.module.to_string().into());
    }
    out.insert("provider_name".to_owned(), provider.into());
    if let Some(key) = deposed {
        out.insert("deposed".to_owned(), key.as_str().into());
    }
    out
}

/// The source address of the provider that offers an instance's type.
#[must_use]
pub fn provider_name(address: &InstanceAddress, providers: &Providers) -> String {
    let offering = providers.offering(address.resource.mode, &address.resource.type_name);
    offering.map(|provider| provider.source().to_owned()).unwrap_or_default()
}

/// One entry of `resource_changes`.
#[must_use]
pub fn change(change: &Change, providers: &Providers) -> Json {
    let address = &change.object.address;
    let side = |value: &Option<Value>| value.as_ref().map(|value| marked(value, address, providers));
    let (before, after) = (side(&change.before), side(&change.after));
    let mut out = resource(address, &provider_name(address, providers), change.object.deposed.as_ref());
    if let Some(previous) = &change.previous_address {
        out.insert("previous_address".to_owned(), previous.to_string().into());
    }
    let mut sides = sides(change.action, before.as_ref(), after.as_ref(), &change.replace_paths);
    if let (Some(id), Some(members)) = (&change.importing, sides.as_object_mut()) {
        members.insert("importing".to_owned(), json!({ "id": id }));
        members.extend(change.generated.as_ref().map(|text| ("generated_config".to_owned(), text.as_str().into())));
    }
    out.insert("change".to_owned(), sides);
    if let Some(reason) = change.reason {
        out.insert("action_reason".to_owned(), Reason::as_str(reason).into());
    }
    Json::Object(out)
}

/// One entry of `relevant_attributes`.
#[must_use]
pub fn relevant(relevant: &Relevant) -> Json {
    let Relevant { module, resource, key, attribute } = relevant;
    let address = InstanceAddress { module: module.clone(), resource: resource.clone(), key: key.clone() };
    json!({ "resource": address.to_string(), "attribute": path(attribute) })
}

/// One entry of `resource_drift`.
#[must_use]
pub fn drift(drift: &Drift, providers: &Providers) -> Json {
    let address = &drift.object.address;
    let before = marked(&drift.before, address, providers);
    let after = drift.after.as_ref().map(|value| marked(value, address, providers));
    let mut out = resource(address, &provider_name(address, providers), drift.object.deposed.as_ref());
    if let Some(previous) = &drift.previous {
        out.insert("previous_address".to_owned(), previous.to_string().into());
    }
    out.insert("change".to_owned(), sides(drift.action(), Some(&before), after.as_ref(), &[]));
    Json::Object(out)
}

/// One entry of `output_changes`.
#[must_use]
pub fn output(change: &OutputChange) -> Json {
    let after = change.after.as_ref().filter(|value| !value.is_null());
    let known_after = match after {
        Some(value) => known(value).filter(|_| value.is_known()),
        None => Some(Json::Null),
    };
    let unknown = after.filter(|value| !value.is_wholly_known()).map_or(Json::Bool(false), unknown_mask);
    object([
        ("actions", Some(actions(change.action))),
        ("before", Some(change.before.as_ref().and_then(known).unwrap_or(Json::Null))),
        ("after", known_after),
        ("after_unknown", Some(unknown)),
        ("before_sensitive", Some(change.sensitive.into())),
        ("after_sensitive", Some(change.sensitive.into())),
    ])
}
