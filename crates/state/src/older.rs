//! States of the versions 1 to 3, which Terraform wrote up to 0.11: rewritten as version 4 before they are read.
//!
//! Attributes were a flat map of texts, which only the schema of a type can make whole again; they go along as such.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json, json};

/// The members of a state of an older version as those of version 4.
pub(crate) fn upgraded(mut top: Map<String, Json>) -> Result<Map<String, Json>, String> {
    let mut outputs = Map::new();
    let mut resources = Vec::new();
    for module in list(top.shift_remove("modules"))? {
        let path: Vec<&str> =
            module.get("path").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect();
        let Some(("root", inner)) = path.split_first().map(|(first, rest)| (*first, rest)) else {
            return Err("a module has no path that begins at the root".to_owned());
        };
        let address: Vec<String> = inner.iter().map(|name| format!("module.{name}")).collect();
        if address.is_empty() {
            for (name, value) in members(&module, "outputs") {
                outputs.insert(name.clone(), output(value));
            }
        }
        let mut found: BTreeMap<(bool, String, String), Json> = BTreeMap::new();
        for (key, value) in members(&module, "resources") {
            add(&mut found, &address.join("."), key, value)?;
        }
        resources.extend(found.into_values());
    }
    let mut state = Map::new();
    state.insert("terraform_version".to_owned(), top.shift_remove("terraform_version").unwrap_or(json!("")));
    state.insert("serial".to_owned(), top.shift_remove("serial").unwrap_or(json!(0)));
    state.insert("lineage".to_owned(), top.shift_remove("lineage").unwrap_or(json!("")));
    state.insert("outputs".to_owned(), Json::Object(outputs));
    state.insert("resources".to_owned(), Json::Array(resources));
    Ok(state)
}

fn list(value: Option<Json>) -> Result<Vec<Json>, String> {
    match value {
        None | Some(Json::Null) => Ok(Vec::new()),
        Some(Json::Array(items)) => Ok(items),
        Some(_) => Err("its modules are not a list".to_owned()),
    }
}

fn members<'a>(json: &'a Json, name: &str) -> impl Iterator<Item = (&'a String, &'a Json)> {
    json.get(name).and_then(Json::as_object).into_iter().flatten()
}

/// An output. Version 1 has its value alone.
fn output(json: &Json) -> Json {
    let value = json.get("value").unwrap_or(json);
    let ty = match value {
        Json::Array(_) => json!(["list", "string"]),
        Json::Object(_) => json!(["map", "string"]),
        _ => json!("string"),
    };
    let mut output = json!({ "value": value, "type": ty });
    if let (Some(true), Some(members)) = (json.get("sensitive").and_then(Json::as_bool), output.as_object_mut()) {
        members.insert("sensitive".to_owned(), json!(true));
    }
    output
}

/// Adds the objects of one instance to those of its resource. Its key is such as `data.aws_ami.x` or `aws_instance.web.0`.
fn add(found: &mut BTreeMap<(bool, String, String), Json>, module: &str, key: &str, json: &Json) -> Result<(), String> {
    let parts: Vec<&str> = key.split('.').collect();
    let (is_data, rest) = match parts.split_first() {
        Some((&"data", rest)) => (true, rest),
        _ => (false, parts.as_slice()),
    };
    let (type_name, name, index) = match rest {
        [type_name, name] => (*type_name, *name, None),
        [type_name, name, index] => {
            (*type_name, *name, Some(index.parse::<u64>().map_err(|_| format!("resource {key:?} has no number"))?))
        }
        _ => return Err(format!("resource {key:?} is no address")),
    };
    let resource = found.entry((!is_data, type_name.to_owned(), name.to_owned())).or_insert_with(|| {
        let mut resource = Map::new();
        if !module.is_empty() {
            resource.insert("module".to_owned(), json!(module));
        }
        resource.insert("mode".to_owned(), json!(if is_data { "data" } else { "managed" }));
        resource.insert("type".to_owned(), json!(type_name));
        resource.insert("name".to_owned(), json!(name));
        let said = json.get("provider").and_then(Json::as_str).unwrap_or_default();
        resource.insert("provider".to_owned(), json!(provider(said, type_name)));
        resource.insert("instances".to_owned(), json!([]));
        Json::Object(resource)
    });
    let Some(instances) = resource.get_mut("instances").and_then(Json::as_array_mut) else { return Ok(()) };
    let primary = json.get("primary").filter(|primary| !primary.is_null());
    instances.extend(primary.map(|object| instance(object, index, None)));
    let deposed = json.get("deposed").and_then(Json::as_array).into_iter().flatten().enumerate();
    instances.extend(deposed.map(|(at, object)| instance(object, index, Some(format!("{:08x}", at + 1)))));
    Ok(())
}

fn instance(json: &Json, index: Option<u64>, deposed: Option<String>) -> Json {
    let mut meta: Map<String, Json> =
        members(json, "meta").map(|(name, value)| (name.clone(), value.clone())).collect();
    let version = match meta.shift_remove("schema_version") {
        Some(Json::String(text)) => text.parse().unwrap_or(0),
        Some(number) => number.as_u64().unwrap_or(0),
        None => 0,
    };
    let mut instance = Map::new();
    if let Some(index) = index {
        instance.insert("index_key".to_owned(), json!(index));
    }
    if json.get("tainted").and_then(Json::as_bool) == Some(true) {
        instance.insert("status".to_owned(), json!("tainted"));
    }
    if let Some(deposed) = deposed {
        instance.insert("deposed".to_owned(), json!(deposed));
    }
    instance.insert("schema_version".to_owned(), json!(version));
    instance.insert("attributes_flat".to_owned(), json.get("attributes").cloned().unwrap_or_else(|| json!({})));
    if !meta.is_empty() {
        instance.insert("private".to_owned(), json!(STANDARD.encode(Json::Object(meta).to_string())));
    }
    Json::Object(instance)
}

/// The configuration of a provider by its source: once it was `provider.aws.west`, in a module `module.m.provider.aws`.
/// Without a word it is the one that the type is named after.
fn provider(said: &str, type_name: &str) -> String {
    let (module, local) = match said.find("provider.") {
        Some(at) => (said.get(..at).unwrap_or_default(), said.get(at + "provider.".len()..).unwrap_or_default()),
        None => ("", ""),
    };
    let (name, alias) = local.split_once('.').map_or((local, ""), |(name, alias)| (name, alias));
    let name = if name.is_empty() { type_name.split('_').next().unwrap_or_default() } else { name };
    let source = match name {
        "terraform" => "terraform.io/builtin/terraform".to_owned(),
        name => format!("registry.terraform.io/hashicorp/{name}"),
    };
    let alias = if alias.is_empty() { String::new() } else { format!(".{alias}") };
    format!("{module}provider[\"{source}\"]{alias}")
}
