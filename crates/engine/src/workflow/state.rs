//! Between the state's JSON and the planner's values, by the schemas of the types.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value as Json, json};
use smform_state::journal::{Intent, OWE};
use smform_state::{Object, ObjectId, Output, State, StateError, Store, paths};
use smform_types::json::{type_from_json, type_to_json, value_from_json, value_to_json};
use smform_types::schema::Block;
use smform_types::{
    Diagnostic, Diagnostics, InstanceAddress, InstanceKey, Marks, ModuleAddress, ModuleInstance, Path, ResourceAddress,
    ResourceConfigAddress, ResourceMode, Type, Value, ValueKind,
};

use super::flat;
use crate::apply::record::{Blocks, Entry, Record, unrecorded};
use crate::blocks::sensitive_paths;
use crate::checks::{self, Checks, Outcome, Status, Subject};
use crate::events::Operation;
use crate::plan::stored::{Candidate, Stored, StoredObject};
use crate::plan::{ObjectKey, Ties};
use crate::providers::Providers;

/// What an object has instead of attributes that a state of an older version left.
const FLAT: &str = "attributes_flat";

/// A problem with the state, for the user.
#[must_use]
pub fn diagnose(error: &StateError) -> Diagnostic {
    let mut text = error.to_string();
    // A name stays as it is, also at the beginning of a sentence.
    if let Some(first) = text.get_mut(..1).filter(|_| !error.begins_with_name()) {
        first.make_ascii_uppercase();
    }
    let summary = match error {
        StateError::Locked(_) => "The state is locked",
        StateError::Rescued { .. } => "The state could not be written",
        _ => "The state cannot be used",
    };
    Diagnostic::error(summary, format!("{text}."))
}

/// The recorded objects of all types that a provider offers; others stay in the state untouched, with a warning.
/// `pending` are operations of an earlier run whose outcome is not known.
pub fn decode(state: &State, pending: &[Intent], providers: &Providers) -> (Stored, Diagnostics) {
    let mut stored = Stored { bare: state.bare().cloned().collect(), ..Stored::default() };
    let mut found = Diagnostics::new();
    let mut foreign: BTreeSet<String> = BTreeSet::new();
    for (id, resource, object) in state.objects() {
        let type_name = &id.address.resource.type_name;
        if id.address.resource.mode == ResourceMode::Data {
            // What was read is only shown; it is read anew before it is used.
            let provider = providers.offering(ResourceMode::Data, type_name);
            if provider.is_none() {
                foreign.insert(format!("data.{type_name}"));
            }
            let schema = provider.and_then(|provider| provider.resource_schema(ResourceMode::Data, type_name));
            let value =
                schema.and_then(|schema| decode_object(&recorded(object, &schema.block), object, &schema.block).ok());
            stored.data.extend(value.map(|value| (id.address, value)));
            continue;
        }
        let Some(provider) = providers.offering(ResourceMode::Managed, type_name) else {
            foreign.insert(type_name.to_string());
            continue;
        };
        let Some(schema) = provider.resource_schema(ResourceMode::Managed, type_name) else { continue };
        let recorded = recorded(object, &schema.block).into_owned();
        let attributes = match provider.upgrade(type_name, object.schema_version, recorded) {
            Ok(attributes) => attributes,
            Err(error) => {
                found.push(error.into_diagnostic().about(&id.address));
                continue;
            }
        };
        match decode_object(&attributes, object, &schema.block) {
            Ok(value) => {
                let key = ObjectKey { address: id.address, deposed: id.deposed };
                let mut found = stored_object(object, value);
                found.provider = Some(Arc::from(resource.provider.as_str()));
                stored.objects.insert(key, found);
            }
            Err(error) => found.push(
                Diagnostic::error(
                    "Recorded object does not fit its type",
                    format!("The state says of it what its schema does not allow: {error}."),
                )
                .about(&id.address),
            ),
        }
    }
    for (name, output) in &state.outputs {
        let value = type_from_json(&output.ty).and_then(|ty| value_from_json(&output.value, &ty).ok());
        if let Some(value) = value {
            let marks = if output.sensitive { Marks::SENSITIVE } else { Marks::NONE };
            stored.outputs.insert(Arc::from(name.as_str()), value.with_marks(marks));
        }
    }
    for (id, intent) in pending.iter().filter_map(|intent| Some((intent.object.parse()?, intent))) {
        let key = ObjectKey { address: id.address, deposed: id.deposed };
        match (stored.objects.get_mut(&key), &intent.identifier) {
            (Some(object), _) if intent.operation == "create" && object.tainted => object.begun = true,
            (None, Some(identifier)) if intent.operation == "create" => {
                let type_name = &key.address.resource.type_name;
                let provider = providers.offering(ResourceMode::Managed, type_name);
                let schema = provider.and_then(|p| p.resource_schema(ResourceMode::Managed, type_name));
                let arguments = intent.arguments.as_ref().zip(schema);
                let arguments = arguments.and_then(|(json, schema)| value_from_json(json, &schema.block.ty()).ok());
                let recorded = ids(state, type_name);
                stored.candidates.insert(key, Candidate { identifier: identifier.clone(), arguments, recorded });
            }
            (Some(_), Some(what)) if intent.operation == OWE => {
                stored.owed.insert(key, what.clone());
            }
            // Without an identifier the creating call was not made yet.
            _ => drop(stored.unsettled.insert(key)),
        }
    }
    if !foreign.is_empty() {
        found.push(Diagnostic::warning(
            "The state holds types that smform does not know",
            format!(
                "These are kept as they are and never touched: {}.",
                foreign.into_iter().collect::<Vec<_>>().join(", ")
            ),
        ));
    }
    (stored, found)
}

/// The ids of all recorded objects of a type.
fn ids(state: &State, type_name: &str) -> Vec<String> {
    let managed = state.objects().filter(|(id, ..)| {
        id.address.resource.mode == ResourceMode::Managed && *id.address.resource.type_name == *type_name
    });
    managed.filter_map(|(.., object)| object.attributes.get("id")?.as_str().map(str::to_owned)).collect()
}

/// What is recorded of a data source that a provider offers; nothing when it is another, or does not fit.
#[must_use]
pub fn decode_data(resource: &ResourceAddress, object: &Object, providers: &Providers) -> Option<Value> {
    let provider = providers.offering(ResourceMode::Data, &resource.type_name)?;
    let schema = provider.resource_schema(ResourceMode::Data, &resource.type_name)?;
    Some(resource).filter(|resource| resource.mode == ResourceMode::Data)?;
    decode_object(&recorded(object, &schema.block), object, &schema.block).ok()
}

fn stored_object(object: &Object, value: Value) -> StoredObject {
    let dependencies = object.dependencies.iter().filter_map(|text| text.parse::<InstanceAddress>().ok());
    StoredObject {
        value,
        tainted: object.tainted,
        begun: false,
        provider: None,
        dependencies: dependencies.map(|address| address.config()).collect(),
        create_before_destroy: object.create_before_destroy,
        previous: None,
    }
}

fn decode_object(
    attributes: &Json,
    object: &Object,
    block: &Block,
) -> Result<Value, smform_types::convert::ConvertError> {
    let value = value_from_json(attributes, &block.ty())?;
    let value = without_null_blocks(value, block);
    let mut marks: Vec<(Path, Marks)> = paths::from_json(&object.sensitive_attributes)
        .into_iter()
        .filter(|path| path.lookup(&value).is_some() || path.0.len() == 1)
        .map(|path| (path, Marks::SENSITIVE))
        .collect();
    // What the type calls sensitive is so whatever is recorded of it: up to 0.14 Terraform wrote nothing down.
    sensitive_paths(block, &value, &Path::root(), &mut marks);
    Ok(value.mark_paths(&marks))
}

/// Blocks that are recorded as null are no blocks, at every depth.
fn without_null_blocks(value: Value, block: &Block) -> Value {
    block.blocks.iter().fold(value, |value, (name, nested)| {
        value.update_at(&Path::attribute(name).0, &mut |part| {
            let whole = |item: &Value| without_null_blocks(item.clone(), &nested.block);
            match part.kind() {
                ValueKind::Null(_) => nested.empty(),
                ValueKind::Object(_) => whole(&part),
                ValueKind::List(element, items) => Value::list(element.clone(), items.iter().map(whole)),
                ValueKind::Set(element, items) => Value::set(element.clone(), items.iter().map(whole)),
                _ => part,
            }
        })
    })
}

/// A [`Store`] as the record of an apply.
pub struct StoreRecord {
    store: Store,
    providers: Providers,
}

impl StoreRecord {
    /// Records in an open state.
    #[must_use]
    pub const fn new(store: Store, providers: Providers) -> StoreRecord {
        StoreRecord { store, providers }
    }

    /// The state, to be finished.
    #[must_use]
    pub fn into_store(self) -> Store {
        self.store
    }

    /// The open state.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }
}

/// The attributes of an object, made whole by its schema where an older version of the state left them flat.
fn recorded<'a>(object: &'a Object, block: &Block) -> Cow<'a, Json> {
    match object.extra.get(FLAT).and_then(Json::as_object) {
        Some(flat) if object.attributes.is_null() => Cow::Owned(flat::whole(flat, &block.ty())),
        _ => Cow::Borrowed(&object.attributes),
    }
}

/// What only Terraform's providers understand, without what the attributes say now.
fn understood_elsewhere(object: &Object) -> Map<String, Json> {
    let kept = object.extra.iter().filter(|(name, _)| *name != FLAT);
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn id(object: &ObjectKey) -> ObjectId {
    ObjectId { address: object.address.clone(), deposed: object.deposed.clone() }
}

fn attributes(value: &Value, ty: &Type) -> (Json, Json) {
    let (plain, marks) = value.clone().unmark_with_paths();
    let sensitive: Vec<Path> =
        marks.into_iter().filter(|(_, marks)| marks.contains(Marks::SENSITIVE)).map(|(path, _)| path).collect();
    (value_to_json(&plain, ty), paths::to_json(&sensitive))
}

const fn name(operation: Operation) -> &'static str {
    match operation {
        Operation::Refresh => "refresh",
        Operation::Read => "read",
        Operation::Create => "create",
        Operation::Update => "update",
        Operation::Delete => "delete",
        Operation::Import => "import",
    }
}

/// Resources as the state lists them.
fn named(resources: &BTreeSet<ResourceConfigAddress>) -> Vec<String> {
    let mut named: Vec<String> = resources.iter().map(ToString::to_string).collect();
    named.sort();
    named
}

fn written<T>(result: Result<T, StateError>) -> Result<T, Diagnostic> {
    result.map_err(|error| unrecorded(&diagnose(&error).detail))
}

#[async_trait]
impl Record for StoreRecord {
    async fn intent(
        &mut self,
        object: &ObjectKey,
        operation: Operation,
        identifier: Option<&str>,
        entry: &Entry,
        arguments: Option<&Value>,
    ) -> Result<(), Diagnostic> {
        let arguments = arguments.map(|arguments| value_to_json(arguments, &entry.ty));
        written(self.store.intent(&id(object), name(operation), identifier, &entry.provider, arguments))
    }

    async fn owe(&mut self, object: &ObjectKey, what: &str, entry: &Entry) -> Result<(), Diagnostic> {
        written(self.store.intent(&id(object), OWE, Some(what), &entry.provider, None))
    }

    async fn time_passes(&mut self) {
        self.store.settle_when_due();
    }

    async fn unchanged(&mut self, object: &ObjectKey) -> Result<(), Diagnostic> {
        written(self.store.unchanged(&id(object)))
    }

    async fn put(&mut self, object: &ObjectKey, entry: Entry) -> Result<(), Diagnostic> {
        let id = id(object);
        let (attributes, sensitive_attributes) = attributes(&entry.value, &entry.ty);
        // What only Terraform's providers understand goes along with the object that it belongs to.
        let kept = self.store.state().get(&id);
        let dependencies = named(&entry.dependencies);
        let content = Object {
            schema_version: entry.schema_version,
            attributes,
            sensitive_attributes,
            tainted: entry.tainted,
            private: kept.and_then(|kept| kept.private.clone()),
            dependencies,
            create_before_destroy: entry.create_before_destroy,
            extra: kept.map(understood_elsewhere).unwrap_or_default(),
        };
        written(self.store.put(&id, &entry.provider, content))
    }

    async fn remove(&mut self, object: &ObjectKey) -> Result<(), Diagnostic> {
        written(self.store.remove(&id(object)))
    }

    async fn depose(&mut self, address: &InstanceAddress) -> Result<Option<String>, Diagnostic> {
        written(self.store.depose(address))
    }

    async fn restore(&mut self, address: &InstanceAddress, key: &str) -> Result<(), Diagnostic> {
        let from = ObjectId { address: address.clone(), deposed: Some(key.to_owned()) };
        let to = ObjectId { address: address.clone(), deposed: None };
        written(self.store.relocate(&from, &to))
    }

    async fn reinstate(&mut self, address: &InstanceAddress, key: &str) -> Result<(), Diagnostic> {
        // Wherever this is cut off, nothing is lost, and the next plan comes to the rest of it.
        let aside = self.depose(address).await?;
        self.restore(address, key).await?;
        let Some(aside) = aside else { return Ok(()) };
        let [from, to] = [&*aside, key].map(|key| ObjectId { address: address.clone(), deposed: Some(key.to_owned()) });
        written(self.store.relocate(&from, &to))
    }

    async fn refresh(&mut self, object: &ObjectKey, value: Option<&Value>) -> Result<(), Diagnostic> {
        let id = id(object);
        let Some(value) = value else { return written(self.store.remove(&id)) };
        let resource = &object.address.resource;
        let provider = self.providers.offering(resource.mode, &resource.type_name);
        let schema = provider.and_then(|provider| provider.resource_schema(resource.mode, &resource.type_name));
        let (Some(schema), Some(kept)) = (schema, self.store.state().get(&id).cloned()) else { return Ok(()) };
        let named = self.store.state().resources.get(&(object.address.module.clone(), resource.clone()));
        let named = named.map(|resource| resource.provider.clone()).unwrap_or_default();
        let (attributes, sensitive_attributes) = attributes(value, &schema.block.ty());
        let extra = understood_elsewhere(&kept);
        let content = Object { schema_version: schema.version, attributes, sensitive_attributes, extra, ..kept };
        written(self.store.put(&id, &named, content))
    }

    async fn tie(&mut self, object: &ObjectKey, ties: &Ties) -> Result<(), Diagnostic> {
        let id = id(object);
        let Some(kept) = self.store.state().get(&id).cloned() else { return Ok(()) };
        let resource =
            self.store.state().resources.get(&(object.address.module.clone(), object.address.resource.clone()));
        let provider = resource.map(|resource| resource.provider.clone()).unwrap_or_default();
        let dependencies = named(&ties.dependencies);
        let content = Object { dependencies, create_before_destroy: ties.create_before_destroy, ..kept };
        written(self.store.put(&id, &provider, content))
    }

    async fn relocate(&mut self, from: &InstanceAddress, to: &InstanceAddress) -> Result<(), Diagnostic> {
        let moving: Vec<ObjectId> =
            self.store.state().objects().map(|(id, ..)| id).filter(|id| id.address == *from).collect();
        for id in moving {
            let target = ObjectId { address: to.clone(), deposed: id.deposed.clone() };
            written(self.store.relocate(&id, &target))?;
        }
        Ok(())
    }

    async fn retain_data(&mut self, kept: &BTreeSet<InstanceAddress>) -> Result<(), Diagnostic> {
        // What no provider here offers is somebody else's to drop.
        let is_stale = |id: &ObjectId| {
            let resource = &id.address.resource;
            resource.mode == ResourceMode::Data
                && !kept.contains(&id.address)
                && self.providers.offering(ResourceMode::Data, &resource.type_name).is_some()
        };
        let stale: Vec<ObjectId> = self.store.state().objects().map(|(id, ..)| id).filter(is_stale).collect();
        stale.iter().try_for_each(|id| written(self.store.remove(id)))
    }

    async fn outputs(&mut self, outputs: &BTreeMap<Arc<str>, (Value, bool)>) -> Result<(), Diagnostic> {
        let outputs = outputs.iter().map(|(name, (value, sensitive))| {
            let ty = value.ty();
            let value = value_to_json(&value.clone().unmark_deep().0, &ty);
            (name.to_string(), Output { value, ty: type_to_json(&ty), sensitive: *sensitive })
        });
        written(self.store.outputs(outputs.collect()))
    }

    async fn blocks(&mut self, blocks: Blocks, seen_through: bool) -> Result<(), Diagnostic> {
        self.store.blocks(blocks, seen_through);
        Ok(())
    }

    async fn checks(&mut self, checks: &Checks) -> Result<(), Diagnostic> {
        let results: Vec<Json> = checks.0.iter().map(check_result).collect();
        written(self.store.checks(if results.is_empty() { Json::Null } else { results.into() }))
    }
}

/// How conditions came out at the last apply, from what the state holds of them. What cannot be read is left out.
#[must_use]
pub fn recorded_checks(results: &Json) -> Checks {
    let mut checks = Checks::default();
    for result in results.as_array().into_iter().flatten() {
        checks.0.extend(recorded_check(result));
    }
    checks
}

type Recorded = ((ModuleAddress, Subject), Option<BTreeMap<checks::Object, Outcome>>);

fn recorded_check(result: &Json) -> Option<Recorded> {
    let text = |json: &Json, name: &str| json.get(name).and_then(Json::as_str).map(str::to_owned);
    let kind = text(result, "object_kind")?;
    let (module, _, subject) = checked(&kind, &text(result, "config_addr")?)?;
    let object = |object: &Json| {
        let (module, key, _) = checked(&kind, &text(object, "object_addr")?)?;
        let messages = object.get("failure_messages").and_then(Json::as_array).into_iter().flatten();
        let messages = messages.filter_map(Json::as_str).map(str::to_owned).collect();
        Some(((module, key), Outcome::new(Status::named(&text(object, "status")?)?, messages)))
    };
    let objects = match result.get("objects").and_then(Json::as_array) {
        Some(objects) => Some(objects.iter().filter_map(object).collect()),
        None if text(result, "status")? == Status::Unknown.as_str() => None,
        None => Some(BTreeMap::new()),
    };
    Some(((module.config(), subject), objects))
}

/// What a check result is about, from a text such as `module.m["k"].var.name` or the address of a resource.
fn checked(kind: &str, address: &str) -> Option<(ModuleInstance, Option<InstanceKey>, Subject)> {
    if kind == "resource" {
        let address: InstanceAddress = address.parse().ok()?;
        return Some((address.module, address.key, Subject::Resource(address.resource)));
    }
    let (within, name) = address.rsplit_once('.')?;
    let module = match within.strip_suffix(kind)? {
        "" => ModuleInstance::root(),
        module => module.strip_suffix('.')?.parse().ok()?,
    };
    let name = Arc::from(name);
    let subject = match kind {
        "var" => Subject::Variable(name),
        "output" => Subject::Output(name),
        "check" => Subject::Check(name),
        _ => return None,
    };
    Some((module, None, subject))
}

fn check_result(
    ((module, subject), objects): (&(ModuleAddress, Subject), &Option<BTreeMap<checks::Object, Outcome>>),
) -> Json {
    let kind = match subject {
        Subject::Variable(_) => "var",
        Subject::Resource(_) => "resource",
        Subject::Output(_) => "output",
        Subject::Check(_) => "check",
    };
    let object = |((at, key), outcome): (&checks::Object, &Outcome)| {
        let mut json = json!({
            "object_addr": checks::address(&at.to_string(), subject, key.as_ref()),
            "status": outcome.status.as_str(),
        });
        if let (false, Some(members)) = (outcome.messages.is_empty(), json.as_object_mut()) {
            members.insert("failure_messages".to_owned(), outcome.messages.clone().into());
        }
        json
    };
    let objects_json: Option<Vec<Json>> =
        objects.as_ref().filter(|objects| !objects.is_empty()).map(|objects| objects.iter().map(object).collect());
    json!({
        "object_kind": kind,
        "config_addr": checks::address(&module.to_string(), subject, None),
        "status": Checks::status(objects.as_ref()).as_str(),
        "objects": objects_json,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use smform_types::schema::Attribute;

    use super::*;

    #[test]
    fn a_sensitive_entry_that_is_null_stays_sensitive() {
        let block = Block::new([("variables", Attribute::optional(Type::map(Type::String)))], []);
        let attributes = json!({"variables": {"TOKEN": null, "A": "1"}});
        let path = |key: &str| {
            json!([{"type": "get_attr", "value": "variables"},
            {"type": "index", "value": {"value": key, "type": "string"}}])
        };
        let sensitive_attributes = json!([path("TOKEN"), path("gone")]);
        let object = Object { sensitive_attributes, ..Object::default() };
        let value = decode_object(&attributes, &object, &block).unwrap();
        let entries = value.get("variables").and_then(Value::as_entries);
        let token = entries.into_iter().flatten().find(|(key, _)| ***key == *"TOKEN");
        assert!(token.is_some_and(|(_, value)| value.is_null() && value.has_sensitive()));
    }
}
