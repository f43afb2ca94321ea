//! The machine-readable forms: the same keys as Terraform's, so that policy checkers and bots keep working.

pub mod change;
mod checks;
pub mod configuration;
pub mod diagnostic;
pub mod functions;
pub mod plan;
mod provider_config;
pub mod schema;
pub mod state;
pub mod stream;
pub mod test;
pub mod values;

use serde_json::{Map, Value as Json};
use smform_types::{InstanceAddress, InstanceKey, ResourceMode};

/// An object without the members that are absent.
pub(crate) fn object<const N: usize>(members: [(&str, Option<Json>); N]) -> Json {
    let present = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Json::Object(present.collect::<Map<String, Json>>())
}

pub(crate) fn key(key: &InstanceKey) -> Json {
    match key {
        InstanceKey::Index(index) => (*index).into(),
        InstanceKey::Name(name) => Json::String(name.to_string()),
    }
}

pub(crate) const fn mode(mode: ResourceMode) -> &'static str {
    match mode {
        ResourceMode::Managed => "managed",
        ResourceMode::Data => "data",
    }
}

/// Address, mode, type, name and index of an instance.
pub(crate) fn identify(address: &InstanceAddress) -> Map<String, Json> {
    let resource = &address.resource;
    let mut out = Map::new();
    let mut put = |name: &str, value: Json| out.insert(name.to_owned(), value);
    put("address", address.to_string().into());
    put("mode", mode(resource.mode).into());
    put("type", resource.type_name.to_string().into());
    put("name", resource.name.to_string().into());
    if let Some(index) = &address.key {
        put("index", key(index));
    }
    out
}
