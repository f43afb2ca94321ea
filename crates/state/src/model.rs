//! The state as data. What is not understood is kept as it was read.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};
use smform_types::{InstanceAddress, InstanceKey, ModuleInstance, ResourceAddress};

/// A whole state.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Version of the program that wrote it.
    pub terraform_version: String,
    /// Raised by every run that changes the content.
    pub serial: u64,
    /// Fixed for the life of the state; empty before the first write.
    pub lineage: String,
    /// Root outputs.
    pub outputs: BTreeMap<String, Output>,
    /// Resources by module instance and address.
    pub resources: BTreeMap<(ModuleInstance, ResourceAddress), Resource>,
    /// Results of checks, as read.
    pub check_results: Json,
    /// Members that are not understood.
    pub extra: Map<String, Json>,
}

/// A root output.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Output {
    /// The value, by its type.
    pub value: Json,
    /// The type in JSON notation.
    #[serde(rename = "type")]
    pub ty: Json,
    /// Whether it is declared sensitive.
    #[serde(default)]
    pub sensitive: bool,
}

/// All objects of one resource in one module instance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource {
    /// The provider configuration, such as `provider["registry.terraform.io/hashicorp/aws"]`.
    pub provider: String,
    /// Current and deposed objects; a deposed one follows the current one of its instance.
    pub objects: BTreeMap<(Option<InstanceKey>, Option<String>), Object>,
    /// Members that are not understood.
    pub extra: Map<String, Json>,
}

/// One object.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Object {
    /// Version of the schema that its attributes follow.
    pub schema_version: u64,
    /// Its attributes.
    pub attributes: Json,
    /// Which of them are sensitive: an array of paths.
    pub sensitive_attributes: Json,
    /// Whether it must be replaced.
    #[serde(default)]
    pub tainted: bool,
    /// Opaque bytes of the provider, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private: Option<String>,
    /// What it depends on, as written.
    #[serde(default)]
    pub dependencies: Vec<String>,
    /// Whether a replacement creates first.
    #[serde(default)]
    pub create_before_destroy: bool,
    /// Members that are not understood.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Json>,
}

/// Which object: the current one at an address, or a deposed one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId {
    /// The address.
    pub address: InstanceAddress,
    /// The key of a deposed object.
    pub deposed: Option<String>,
}

impl Default for State {
    fn default() -> State {
        State {
            terraform_version: crate::codec::TERRAFORM_VERSION.to_owned(),
            serial: 0,
            lineage: String::new(),
            outputs: BTreeMap::new(),
            resources: BTreeMap::new(),
            check_results: Json::Null,
            extra: Map::new(),
        }
    }
}

impl State {
    /// Every object with its resource.
    pub fn objects(&self) -> impl Iterator<Item = (ObjectId, &Resource, &Object)> {
        self.resources.iter().flat_map(|((module, resource), content)| {
            content.objects.iter().map(move |((key, deposed), object)| {
                let address = InstanceAddress { module: module.clone(), resource: resource.clone(), key: key.clone() };
                (ObjectId { address, deposed: deposed.clone() }, content, object)
            })
        })
    }

    /// An object.
    #[must_use]
    pub fn get(&self, id: &ObjectId) -> Option<&Object> {
        let resource = self.resources.get(&(id.address.module.clone(), id.address.resource.clone()))?;
        resource.objects.get(&(id.address.key.clone(), id.deposed.clone()))
    }

    /// Records an object.
    pub fn put(&mut self, id: &ObjectId, provider: &str, object: Object) {
        let at = (id.address.module.clone(), id.address.resource.clone());
        let resource = self.resources.entry(at).or_default();
        provider.clone_into(&mut resource.provider);
        resource.objects.insert((id.address.key.clone(), id.deposed.clone()), object);
    }

    /// Drops an object, and its resource with the last one; the object with its provider, if there was one.
    pub fn remove(&mut self, id: &ObjectId) -> Option<(String, Object)> {
        let at = (id.address.module.clone(), id.address.resource.clone());
        let resource = self.resources.get_mut(&at)?;
        let object = resource.objects.remove(&(id.address.key.clone(), id.deposed.clone()))?;
        let provider = resource.provider.clone();
        if resource.objects.is_empty() {
            self.resources.remove(&at);
        }
        Some((provider, object))
    }

    /// Gives an object another address or deposed key; whether there was one.
    pub fn relocate(&mut self, from: &ObjectId, to: &ObjectId) -> bool {
        match self.remove(from) {
            Some((provider, object)) => {
                self.put(to, &provider, object);
                true
            }
            None => false,
        }
    }

    /// The blocks that have no objects.
    pub fn bare(&self) -> impl Iterator<Item = &(ModuleInstance, ResourceAddress)> {
        self.resources.iter().filter(|(_, resource)| resource.objects.is_empty()).map(|(at, _)| at)
    }

    /// Whether nothing is recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.outputs.is_empty()
    }
}
