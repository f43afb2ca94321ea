//! The state as the planner sees it: every object decoded by the schema of its type.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smform_types::{ModuleInstance, ResourceAddress, ResourceConfigAddress, Value};

use super::ObjectKey;

/// One recorded object.
#[derive(Clone, Debug)]
pub struct StoredObject {
    /// Its attributes, marked where the record says that they are sensitive.
    pub value: Value,
    /// Whether it is recorded as tainted.
    pub tainted: bool,
    /// What it depends on.
    pub dependencies: BTreeSet<ResourceConfigAddress>,
    /// Whether it must be replaced by creating first, since something that depends on it is.
    pub create_before_destroy: bool,
    /// Where it was before a `moved` block, when this run moves it.
    pub previous: Option<smform_types::InstanceAddress>,
}

/// The recorded objects and root outputs.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// Managed objects of types that a provider offers.
    pub objects: BTreeMap<ObjectKey, StoredObject>,
    /// Objects that an earlier run may have created before it was cut off: the name or id that each would have.
    pub candidates: BTreeMap<ObjectKey, String>,
    /// Root outputs.
    pub outputs: BTreeMap<Arc<str>, Value>,
}

impl Stored {
    /// The objects of one resource in one module instance.
    pub fn of<'s>(
        &'s self,
        module: &'s ModuleInstance,
        resource: &'s ResourceAddress,
    ) -> impl Iterator<Item = (&'s ObjectKey, &'s StoredObject)> {
        self.objects.iter().filter(move |(key, _)| key.address.module == *module && key.address.resource == *resource)
    }

    /// The objects of one resource block in every module instance.
    pub fn of_config<'s>(
        &'s self,
        resource: &'s ResourceConfigAddress,
    ) -> impl Iterator<Item = (&'s ObjectKey, &'s StoredObject)> {
        self.objects.iter().filter(move |(key, _)| key.address.config() == *resource)
    }

    /// The resource blocks that any object belongs to.
    #[must_use]
    pub fn resources(&self) -> BTreeSet<ResourceConfigAddress> {
        self.objects.keys().chain(self.candidates.keys()).map(|key| key.address.config()).collect()
    }
}
