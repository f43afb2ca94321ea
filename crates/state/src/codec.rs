//! The text of a state: version 4, laid out as Terraform lays it out. Older versions are only read.

use std::path::Path;

use serde_json::{Map, Value as Json, json};
use smform_types::json::{parse, to_text};
use smform_types::{InstanceAddress, InstanceKey, ModuleInstance, ResourceAddress, ResourceMode};

use crate::error::StateError;
use crate::model::{Object, Output, Resource, State};
use crate::older;

/// The release of Terraform whose states are written.
pub const TERRAFORM_VERSION: &str = "1.11.4";

/// No serial comes near this one by counting.
const LAST_SERIAL: u64 = u64::MAX / 2;

/// Reads a state; an empty text is an empty state, since taking a lock leaves such a file behind.
///
/// # Errors
/// When the text is damaged, something else, or of another version; `path` is for the message.
pub fn read(text: &[u8], path: &Path) -> Result<State, StateError> {
    if is_blank(text) {
        return Ok(State::default());
    }
    let json: Json = parse(text).map_err(|error| StateError::damaged(path, what_else(text, &describe(&error))))?;
    let foreign = |reason: String| StateError::foreign(path, reason);
    let Json::Object(mut top) = json else { return Err(foreign("it is not an object".to_owned())) };
    if top.contains_key("encryption_version") {
        return Err(StateError::Encrypted { path: path.to_owned() });
    }
    let version = whole(&mut top, "version").map_err(foreign)?;
    match version {
        4 => read_members(top).map_err(foreign),
        1..4 => older::upgraded(top).and_then(read_members).map_err(foreign),
        _ => {
            let way_out = if version == 0 { "There never was such a version" } else { "Use a newer smform" };
            Err(StateError::Version { path: path.to_owned(), version, way_out })
        }
    }
}

/// Whether a text is empty, but for white space.
pub(crate) fn is_blank(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_whitespace)
}

/// What keeps a text from being JSON, and where.
pub(crate) fn describe(error: &serde_json::Error) -> String {
    let what = if error.is_eof() { "it ends too early" } else { "it is not valid JSON" };
    format!("{what} (line {}, column {})", error.line(), error.column())
}

/// What a text is that is not JSON, where it is one of the things that happen to files.
fn what_else(text: &[u8], otherwise: &str) -> String {
    if text.starts_with(b"\xef\xbb\xbf") {
        return "it begins with a byte-order mark, which an editor has put there; save it as UTF-8 without one"
            .to_owned();
    }
    let starts = |line: &[u8]| [&b"<<<<<<< "[..], b">>>>>>> "].iter().any(|marker| line.starts_with(marker));
    match text.split(|byte| *byte == b'\n').position(starts) {
        Some(line) => format!(
            "line {} marks a conflict that Git has left; keep one of the two states as a whole, such as the one that \
             applies were made from last",
            line + 1
        ),
        None => otherwise.to_owned(),
    }
}

/// A member that must be a whole number, and what is wrong with it: that it is absent, or what stands there instead.
fn whole(top: &mut Map<String, Json>, name: &str) -> Result<u64, String> {
    let value = top.shift_remove(name).ok_or_else(|| format!("it has no {name}"))?;
    value.as_u64().ok_or_else(|| format!("its {name} is not a whole number from 0 on but {value}"))
}

fn read_members(mut top: Map<String, Json>) -> Result<State, String> {
    let mut state = State {
        terraform_version: text(&mut top, "terraform_version").unwrap_or_default(),
        serial: match whole(&mut top, "serial")? {
            serial if serial > LAST_SERIAL => {
                return Err(format!("its serial is {serial}, after which none can follow"));
            }
            serial => serial,
        },
        lineage: match top.shift_remove("lineage") {
            Some(Json::String(lineage)) => lineage,
            Some(other) => return Err(format!("its lineage is not a text but {other}")),
            // As Terraform has it, it gets one when it is written.
            None => String::new(),
        },
        check_results: top.shift_remove("check_results").unwrap_or(Json::Null),
        ..State::default()
    };
    if let Some(Json::Object(outputs)) = top.shift_remove("outputs") {
        for (name, output) in outputs {
            let output = read_output(output).ok_or_else(|| format!("output {name:?} has no value and type"))?;
            state.outputs.insert(name, output);
        }
    }
    if let Some(resources) = top.shift_remove("resources") {
        let Json::Array(resources) = resources else { return Err("its resources are not a list".to_owned()) };
        for (at, resource) in resources.into_iter().enumerate() {
            let Json::Object(members) = resource else { return Err(format!("resource {at} is not an object")) };
            let entry = read_resource(members).map_err(|why| format!("resource {at}: {why}"))?;
            // The instances of a resource may stand in several places.
            let resource = state.resources.entry(entry.at.clone()).or_default();
            (resource.provider, resource.extra) = (entry.provider, entry.extra);
            for (key, object) in entry.objects {
                if resource.objects.contains_key(&key) {
                    return Err(duplicate(entry.at, key));
                }
                resource.objects.insert(key, object);
            }
        }
    }
    state.extra = top;
    Ok(state)
}

/// An output, its numbers as they are written: `serde_json::from_value` writes some of them anew, such as 1e+50.
fn read_output(output: Json) -> Option<Output> {
    let Json::Object(mut members) = output else { return None };
    let (value, ty) = (members.shift_remove("value")?, members.shift_remove("type")?);
    let sensitive = members.shift_remove("sensitive").map_or(Some(false), |sensitive| sensitive.as_bool())?;
    Some(Output { value, ty, sensitive })
}

/// Of two objects in one place, nobody knows which counts.
fn duplicate((module, resource): (ModuleInstance, ResourceAddress), (key, deposed): ObjectKey) -> String {
    let address = InstanceAddress { module, resource, key };
    let deposed = deposed.map(|key| format!(" (deposed object {key})")).unwrap_or_default();
    format!("duplicate resource instance: {address}{deposed} appears in it more than once")
}

fn text(members: &mut Map<String, Json>, name: &str) -> Option<String> {
    match members.shift_remove(name) {
        Some(Json::String(text)) => Some(text),
        _ => None,
    }
}

/// A member of `resources`.
struct Entry {
    at: (ModuleInstance, ResourceAddress),
    provider: String,
    objects: Vec<(ObjectKey, Object)>,
    extra: Map<String, Json>,
}

fn read_resource(mut members: Map<String, Json>) -> Result<Entry, String> {
    let module = match text(&mut members, "module") {
        Some(module) => module.parse().map_err(|error: smform_types::AddressError| error.to_string())?,
        None => ModuleInstance::root(),
    };
    let mode = match text(&mut members, "mode").as_deref() {
        Some("managed") => ResourceMode::Managed,
        Some("data") => ResourceMode::Data,
        _ => return Err("its mode is neither managed nor data".to_owned()),
    };
    let type_name = text(&mut members, "type").ok_or("it has no type")?;
    let name = text(&mut members, "name").ok_or("it has no name")?;
    let provider = text(&mut members, "provider").ok_or("it has no provider")?;
    let Some(Json::Array(instances)) = members.shift_remove("instances") else {
        return Err("it has no instances".to_owned());
    };
    let mut objects = Vec::new();
    for instance in instances {
        let Json::Object(members) = instance else { return Err("an instance is not an object".to_owned()) };
        objects.push(read_object(members)?);
    }
    Ok(Entry { at: (module, ResourceAddress::new(mode, type_name, name)), provider, objects, extra: members })
}

type ObjectKey = (Option<InstanceKey>, Option<String>);

fn read_object(mut members: Map<String, Json>) -> Result<(ObjectKey, Object), String> {
    let key = match members.shift_remove("index_key") {
        None | Some(Json::Null) => None,
        Some(Json::String(name)) => Some(InstanceKey::Name(name.into())),
        Some(number) => {
            Some(InstanceKey::Index(number.as_u64().ok_or("an instance key is neither text nor a whole number")?))
        }
    };
    let deposed = text(&mut members, "deposed");
    let dependencies = match members.shift_remove("dependencies") {
        Some(Json::Array(items)) => items.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let object = Object {
        schema_version: members.shift_remove("schema_version").and_then(|version| version.as_u64()).unwrap_or(0),
        attributes: members.shift_remove("attributes").unwrap_or(Json::Null),
        sensitive_attributes: members.shift_remove("sensitive_attributes").unwrap_or_else(|| json!([])),
        tainted: text(&mut members, "status").as_deref() == Some("tainted"),
        private: text(&mut members, "private"),
        dependencies,
        create_before_destroy: members.shift_remove("create_before_destroy") == Some(Json::Bool(true)),
        extra: members,
    };
    Ok(((key, deposed), object))
}

/// The text of a state.
#[must_use]
pub fn write(state: &State) -> String {
    let outputs: Map<String, Json> = state
        .outputs
        .iter()
        .map(|(name, output)| {
            let mut members = Map::new();
            members.insert("value".to_owned(), output.value.clone());
            members.insert("type".to_owned(), output.ty.clone());
            if output.sensitive {
                members.insert("sensitive".to_owned(), Json::Bool(true));
            }
            (name.clone(), Json::Object(members))
        })
        .collect();
    let mut listed: Vec<_> = state.resources.iter().collect();
    // Terraform sorts modules as text.
    listed.sort_by_cached_key(|((module, address), _)| (module.to_string(), address.clone()));
    let resources: Vec<Json> = listed.into_iter().map(|(at, resource)| resource_json(at, resource)).collect();
    let mut top = Map::new();
    top.insert("version".to_owned(), json!(4));
    top.insert("terraform_version".to_owned(), json!(state.terraform_version));
    top.insert("serial".to_owned(), json!(state.serial));
    top.insert("lineage".to_owned(), json!(state.lineage));
    top.insert("outputs".to_owned(), Json::Object(outputs));
    top.insert("resources".to_owned(), Json::Array(resources));
    top.insert("check_results".to_owned(), state.check_results.clone());
    top.extend(state.extra.clone());
    let mut text = to_text(&Json::Object(top), Some(2));
    text.push('\n');
    text
}

fn resource_json((module, address): &(ModuleInstance, ResourceAddress), resource: &Resource) -> Json {
    let mut members = Map::new();
    if !module.is_root() {
        members.insert("module".to_owned(), json!(module.to_string()));
    }
    members.insert("mode".to_owned(), json!(address.mode.as_str()));
    members.insert("type".to_owned(), json!(&*address.type_name));
    members.insert("name".to_owned(), json!(&*address.name));
    members.extend(resource.extra.clone());
    members.insert("provider".to_owned(), json!(resource.provider));
    let instances = resource.objects.iter().map(|(key, object)| object_json(key, object)).collect();
    members.insert("instances".to_owned(), Json::Array(instances));
    Json::Object(members)
}

fn object_json((key, deposed): &ObjectKey, object: &Object) -> Json {
    let mut members = Map::new();
    match key {
        Some(InstanceKey::Index(index)) => drop(members.insert("index_key".to_owned(), json!(index))),
        Some(InstanceKey::Name(name)) => drop(members.insert("index_key".to_owned(), json!(&**name))),
        None => {}
    }
    if object.tainted {
        members.insert("status".to_owned(), json!("tainted"));
    }
    if let Some(deposed) = deposed {
        members.insert("deposed".to_owned(), json!(deposed));
    }
    members.insert("schema_version".to_owned(), json!(object.schema_version));
    if !object.attributes.is_null() {
        members.insert("attributes".to_owned(), object.attributes.clone());
    }
    members.insert("sensitive_attributes".to_owned(), object.sensitive_attributes.clone());
    members.extend(object.extra.clone());
    if let Some(private) = &object.private {
        members.insert("private".to_owned(), json!(private));
    }
    if !object.dependencies.is_empty() {
        members.insert("dependencies".to_owned(), json!(object.dependencies));
    }
    if object.create_before_destroy {
        members.insert("create_before_destroy".to_owned(), json!(true));
    }
    Json::Object(members)
}
