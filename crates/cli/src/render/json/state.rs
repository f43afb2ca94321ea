//! A state as JSON, format version 1.0; also the shape of the planned values.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use smform_engine::providers::Providers;
use smform_engine::workflow::state::recorded_checks;
use smform_state::State;
use smform_types::json::{plain, type_to_json};
use smform_types::{InstanceAddress, ModuleInstance, Value};

use super::change::{marked, provider_name};
use super::values::{known, sensitive_mask};
use super::{checks, identify, object};
use crate::render::plan::schema_of;

/// In which order the objects of a module are listed. Modules are always listed by their addresses as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// By the parts of their addresses, so that `[2]` comes before `[10]`.
    Address,
    /// By their addresses as text, as Terraform lists planned values.
    Text,
}

/// One object to be listed.
pub struct Entry {
    module: ModuleInstance,
    json: Map<String, Json>,
}

impl Entry {
    /// An object as planned, or as read before.
    #[must_use]
    pub fn planned(address: &InstanceAddress, value: &Value, providers: &Providers) -> Entry {
        let schema = schema_of(providers, address);
        let value = marked(value, address, providers);
        let mut json = identify(address);
        let mut put = |name: &str, value: Json| json.insert(name.to_owned(), value);
        put("provider_name", provider_name(address, providers).into());
        put("schema_version", schema.map_or(0, |schema| schema.version).into());
        put("values", known(&value).unwrap_or(Json::Null));
        put("sensitive_values", sensitive_mask(&value));
        Entry { module: address.module.clone(), json }
    }

    /// An object that is to leave the state: Terraform lists it without its values.
    #[must_use]
    pub fn forgotten(address: &InstanceAddress, providers: &Providers) -> Entry {
        let mut json = identify(address);
        let mut put = |name: &str, value: Json| json.insert(name.to_owned(), value);
        put("provider_name", provider_name(address, providers).into());
        put("schema_version", schema_of(providers, address).map_or(0, |schema| schema.version).into());
        put("sensitive_values", false.into());
        Entry { module: address.module.clone(), json }
    }

    /// The same, without its values where none of them is known.
    #[must_use]
    pub fn without_nothing(mut self) -> Entry {
        if self.json.get("values").and_then(Json::as_object).is_some_and(Map::is_empty) {
            self.json.remove("values");
        }
        self
    }

    /// The same, with what the state says of the object besides its attributes.
    #[must_use]
    pub fn recorded(mut self, dependencies: Vec<String>, tainted: bool, deposed: Option<&String>) -> Entry {
        let mut dependencies = dependencies;
        dependencies.sort();
        if !dependencies.is_empty() {
            self.json.insert("depends_on".to_owned(), dependencies.into());
        }
        if tainted {
            self.json.insert("tainted".to_owned(), true.into());
        }
        if let Some(key) = deposed {
            self.json.insert("deposed_key".to_owned(), key.as_str().into());
        }
        self
    }
}

/// A root output.
#[must_use]
pub fn output(value: &Value, sensitive: bool) -> Json {
    json!({ "sensitive": sensitive, "value": plain(value), "type": type_to_json(&value.ty()) })
}

/// Outputs and objects, sorted into modules; `bare` ones are listed even when they hold nothing.
#[must_use]
pub fn values_of(
    outputs: Map<String, Json>,
    mut entries: Vec<Entry>,
    bare: impl IntoIterator<Item = ModuleInstance>,
    order: Order,
) -> Json {
    if order == Order::Text {
        let address = |entry: &Entry| entry.json.get("address").and_then(Json::as_str).unwrap_or_default().to_owned();
        entries.sort_by_cached_key(address);
    }
    let mut modules: BTreeMap<ModuleInstance, Vec<Json>> = BTreeMap::new();
    let named = entries.iter().map(|entry| entry.module.clone()).chain(bare);
    for module in named.chain([ModuleInstance::root()]) {
        // The modules around are listed even when they hold nothing themselves.
        let mut around = Some(module);
        while let Some(module) = around {
            around = module.parent();
            modules.entry(module).or_default();
        }
    }
    for entry in entries {
        modules.entry(entry.module).or_default().push(Json::Object(entry.json));
    }
    let mut out = Map::new();
    if !outputs.is_empty() {
        out.insert("outputs".to_owned(), Json::Object(outputs));
    }
    out.insert("root_module".to_owned(), module(&ModuleInstance::root(), &modules));
    Json::Object(out)
}

fn module(at: &ModuleInstance, modules: &BTreeMap<ModuleInstance, Vec<Json>>) -> Json {
    let mut out = Map::new();
    if let Some(resources) = modules.get(at).filter(|resources| !resources.is_empty()) {
        out.insert("resources".to_owned(), resources.clone().into());
    }
    if !at.is_root() {
        out.insert("address".to_owned(), at.to_string().into());
    }
    let children = modules.keys().filter(|child| child.parent().as_ref() == Some(at));
    let mut children: Vec<&ModuleInstance> = children.collect();
    children.sort_by_cached_key(|child| child.to_string());
    let children: Vec<Json> = children.into_iter().map(|child| module(child, modules)).collect();
    if !children.is_empty() {
        out.insert("child_modules".to_owned(), children.into());
    }
    Json::Object(out)
}

/// A state, as `show -json` prints it. `values` are its objects by the schemas of their types, where those are known;
/// others are listed as they are recorded.
#[must_use]
pub fn state(state: &State, values: &dyn Fn(&smform_state::ObjectId) -> Option<Value>, providers: &Providers) -> Json {
    if state.is_empty() {
        return json!({ "format_version": "1.0" });
    }
    let outputs = state.outputs.iter().map(|(name, output)| {
        let entry =
            [("sensitive", output.sensitive.into()), ("value", output.value.clone()), ("type", output.ty.clone())];
        (name.clone(), object(entry.map(|(name, value)| (name, Some(value)))))
    });
    let entries = state.objects().map(|(id, resource, object)| {
        let mut entry = match values(&id) {
            Some(value) => Entry::planned(&id.address, &value, providers),
            None => {
                let mut json = identify(&id.address);
                json.insert("values".to_owned(), object.attributes.clone());
                Entry { module: id.address.module.clone(), json }
            }
        };
        let mut put = |name: &str, value: Json| entry.json.insert(name.to_owned(), value);
        put("provider_name", source_of(&resource.provider).into());
        put("schema_version", object.schema_version.into());
        entry.recorded(object.dependencies.clone(), object.tainted, id.deposed.as_ref())
    });
    object([
        ("format_version", Some("1.0".into())),
        ("terraform_version", Some(state.terraform_version.as_str().into())),
        (
            "values",
            Some(values_of(
                outputs.collect(),
                entries.collect(),
                state.bare().map(|(module, _)| module.clone()),
                Order::Address,
            )),
        ),
        ("checks", checks::checks(&recorded_checks(&state.check_results))),
    ])
}

/// The source address within a provider address of the state, `provider["registry.terraform.io/hashicorp/aws"].x`.
#[must_use]
pub fn source_of(provider: &str) -> &str {
    provider.split('"').nth(1).unwrap_or(provider)
}
