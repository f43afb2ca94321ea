//! The state as the planner sees it: every object decoded by the schema of its type.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smform_types::{InstanceAddress, InstanceKey, ModuleInstance, ResourceAddress, ResourceConfigAddress, Value};

use super::ObjectKey;
use crate::values::Instances;

/// One recorded object.
#[derive(Clone, Debug)]
pub struct StoredObject {
    /// Its attributes, marked where the record says that they are sensitive.
    pub value: Value,
    /// Whether it is recorded as tainted.
    pub tainted: bool,
    /// Whether it is recorded as tainted only because its creation was not seen through.
    pub begun: bool,
    /// What it depends on.
    pub dependencies: BTreeSet<ResourceConfigAddress>,
    /// Whether it is recorded that a replacement creates first.
    pub create_before_destroy: bool,
    /// The provider configuration that it was recorded with, as the state writes it, when it is known.
    pub provider: Option<Arc<str>>,
    /// Where it was before a `moved` block, when this run moves it.
    pub previous: Option<smform_types::InstanceAddress>,
}

/// An object that an earlier run was about to create.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The name or id that it would have.
    pub identifier: String,
    /// Its configuration, which tells it from what somebody else has given that name since; nothing when that was not
    /// announced, or the schema is another by now.
    pub arguments: Option<Value>,
    /// The ids of the recorded objects of its type, which are known not to be it.
    pub recorded: Vec<String>,
}

/// The recorded objects and root outputs.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// Managed objects of types that a provider offers.
    pub objects: BTreeMap<ObjectKey, StoredObject>,
    /// Objects that an earlier run may have created before it was cut off.
    pub candidates: BTreeMap<ObjectKey, Candidate>,
    /// Recorded objects that an earlier run was updating or deleting when it was cut off. What came of it shows when they
    /// are read.
    pub unsettled: BTreeSet<ObjectKey>,
    /// What earlier runs have left to do to recorded objects, in the words of their types.
    pub owed: BTreeMap<ObjectKey, String>,
    /// Data sources as they were last read.
    pub data: BTreeMap<InstanceAddress, Value>,
    /// The recorded blocks that have no objects.
    pub bare: BTreeSet<(ModuleInstance, ResourceAddress)>,
    /// Root outputs.
    pub outputs: BTreeMap<Arc<str>, Value>,
}

impl Stored {
    /// Makes an object that was set aside the current one at its address again, which takes its place among those set aside.
    fn reinstate(&mut self, address: &InstanceAddress, key: &str) {
        let current = ObjectKey { address: address.clone(), deposed: None };
        let aside = ObjectKey { address: address.clone(), deposed: Some(key.to_owned()) };
        swap(&mut self.objects, &current, &aside);
        swap(&mut self.owed, &current, &aside);
        let unsettled = [&current, &aside].map(|object| self.unsettled.remove(object));
        let objects = [aside, current].into_iter().zip(unsettled);
        self.unsettled.extend(objects.filter_map(|(object, is_unsettled)| is_unsettled.then_some(object)));
    }

    /// The same, and what an earlier run was creating at the address is settled: it is among what is recorded if it exists, with
    /// what it depends on.
    pub fn take_back(
        &mut self,
        address: &InstanceAddress,
        key: &str,
        adopted: Option<&(Value, BTreeSet<ResourceConfigAddress>)>,
    ) {
        let current = ObjectKey { address: address.clone(), deposed: None };
        self.candidates.remove(&current);
        if let Some((value, dependencies)) = adopted {
            let object = StoredObject {
                value: value.clone(),
                tainted: false,
                begun: false,
                dependencies: dependencies.clone(),
                create_before_destroy: false,
                provider: None,
                previous: None,
            };
            self.objects.insert(current, object);
        }
        self.reinstate(address, key);
    }

    /// The objects by resource block, in every module instance.
    #[must_use]
    pub fn by_resource(&self) -> BTreeMap<ResourceConfigAddress, Vec<(&ObjectKey, &StoredObject)>> {
        let mut index: BTreeMap<ResourceConfigAddress, Vec<_>> = BTreeMap::new();
        for (key, object) in &self.objects {
            index.entry(key.address.config()).or_default().push((key, object));
        }
        index
    }

    /// The provider configuration, as the state writes it, by the resource blocks that any object belongs to.
    #[must_use]
    pub fn origins(&self) -> BTreeMap<ResourceConfigAddress, Option<Arc<str>>> {
        let mut origins: BTreeMap<_, Option<Arc<str>>> =
            self.resources().into_iter().map(|resource| (resource, None)).collect();
        for (key, object) in &self.objects {
            if let Some(origin) = origins.get_mut(&key.address.config()) {
                *origin = origin.take().or_else(|| object.provider.clone());
            }
        }
        origins
    }

    /// The resource blocks that any object belongs to.
    #[must_use]
    pub fn resources(&self) -> BTreeSet<ResourceConfigAddress> {
        self.objects.keys().chain(self.candidates.keys()).map(|key| key.address.config()).collect()
    }
}

/// Swaps what is known of two objects.
fn swap<T>(known: &mut BTreeMap<ObjectKey, T>, one: &ObjectKey, other: &ObjectKey) {
    let (of_one, of_other) = (known.remove(one), known.remove(other));
    known.extend(of_other.map(|value| (one.clone(), value)));
    known.extend(of_one.map(|value| (other.clone(), value)));
}

/// The repetition that the recorded objects of one block suggest.
#[must_use]
pub fn instances(objects: &[(&ObjectKey, &StoredObject)]) -> Instances {
    let mut count = 0;
    let mut names = BTreeMap::new();
    for (object, stored) in objects {
        match &object.address.key {
            None => return Instances::Single,
            Some(InstanceKey::Index(index)) => count = count.max(index + 1),
            Some(InstanceKey::Name(name)) => drop(names.insert(name.clone(), stored.value.clone())),
        }
    }
    if names.is_empty() { Instances::Count(count) } else { Instances::Each(names) }
}

/// Whether two records of a type, both known, are of one object: they have one id, and nothing else tells them apart.
#[must_use]
pub fn is_one(one: &Value, other: &Value) -> bool {
    let told = |name| text_of(one, name).zip(text_of(other, name));
    told("id").is_some_and(|(one, other)| one == other)
        && ["arn", "region"].iter().all(|name| told(name).is_none_or(|(one, other)| one == other))
}

/// A text among the attributes of an object.
#[must_use]
pub fn text_of<'v>(object: &'v Value, name: &str) -> Option<&'v str> {
    object.get(name).and_then(Value::as_str)
}
