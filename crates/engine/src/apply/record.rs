//! The record of outcomes, as an apply writes it. The state's writer implements it; tests use memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use smform_types::{Diagnostic, InstanceAddress, ModuleInstance, ResourceAddress, ResourceConfigAddress, Type, Value};

use super::Apply;
use crate::checks::Checks;
use crate::events::Operation;
use crate::graph::ProviderKey;
use crate::plan::{Change, ObjectKey, Ties};

/// One object as it is to be recorded.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The attributes, with the marks that decide which are recorded as sensitive.
    pub value: Value,
    /// The type by which they are written.
    pub ty: Type,
    /// Whether the object is not as wanted and must be replaced.
    pub tainted: bool,
    /// Version of the schema.
    pub schema_version: u64,
    /// The provider configuration, as the state names it.
    pub provider: String,
    /// What it depends on.
    pub dependencies: BTreeSet<ResourceConfigAddress>,
    /// Whether a replacement creates first.
    pub create_before_destroy: bool,
}

impl Entry {
    /// The entry of a planned change; its value is that of the plan until the object is made.
    #[must_use]
    pub fn planned(apply: &Apply<'_>, change: &Change) -> Entry {
        let config = apply.setting.config;
        let address = &change.object.address;
        let provider = apply.providers.of_key(config, &change.provider);
        let schema = provider.and_then(|p| p.resource_schema(address.resource.mode, &address.resource.type_name));
        let value = change.after.clone().or_else(|| change.before.clone());
        Entry {
            value: value.unwrap_or_else(|| Value::null(Type::Dynamic)),
            ty: schema.map_or(Type::Dynamic, |schema| schema.block.ty()),
            tainted: false,
            schema_version: schema.map_or(0, |schema| schema.version),
            provider: apply.providers.state_address(config, &change.provider),
            dependencies: change.dependencies.clone(),
            create_before_destroy: change.create_before_destroy,
        }
    }

    /// The entry of a data source.
    #[must_use]
    pub fn data(apply: &Apply<'_>, provider: &ProviderKey, address: &InstanceAddress, value: Value) -> Entry {
        let config = apply.setting.config;
        let of_key = apply.providers.of_key(config, provider);
        let schema = of_key.and_then(|p| p.resource_schema(address.resource.mode, &address.resource.type_name));
        Entry {
            ty: schema.map_or_else(|| value.ty(), |schema| schema.block.ty()),
            value,
            tainted: false,
            schema_version: schema.map_or(0, |schema| schema.version),
            provider: apply.providers.state_address(config, provider),
            dependencies: BTreeSet::new(),
            create_before_destroy: false,
        }
    }
}

/// The providers of resource blocks in module instances, as the state names them.
pub type Blocks = BTreeMap<(ModuleInstance, ResourceAddress), String>;

const UNRECORDED: &str = "The state cannot be kept up to date";

/// The error of a record that cannot be written, for a reason.
#[must_use]
pub fn unrecorded(reason: &str) -> Diagnostic {
    let detail = format!(
        "{reason} Nothing more was begun. What was done is kept as far as it could be written; mend the cause, and apply \
         again."
    );
    Diagnostic::error(UNRECORDED, detail)
}

/// Whether an error is that of a record that cannot be written.
#[must_use]
pub fn is_unrecorded(error: &Diagnostic) -> bool {
    error.is_error() && error.summary == UNRECORDED
}

/// Where outcomes are recorded. Every method makes its fact durable before it returns.
///
/// # Errors
/// All fail with [`unrecorded`] when the record cannot be written; nothing further must then be changed.
#[async_trait]
pub trait Record: Send {
    /// An operation is about to begin; `identifier` is the name or id by which its object can be found again, `arguments`
    /// the configuration of one that is created.
    async fn intent(
        &mut self,
        object: &ObjectKey,
        operation: Operation,
        identifier: Option<&str>,
        entry: &Entry,
        arguments: Option<&Value>,
    ) -> Result<(), Diagnostic>;

    /// This is left to do to an object, beside an operation on it that is about to begin. It outlives the outcome of that,
    /// until the object is said to be unchanged, or is gone.
    async fn owe(&mut self, object: &ObjectKey, what: &str, entry: &Entry) -> Result<(), Diagnostic>;

    /// Time passes while operations are under way: a record that is kept elsewhere may be brought up to date there.
    async fn time_passes(&mut self) {}

    /// An operation ended without changing what is recorded, and nothing is left to do.
    async fn unchanged(&mut self, object: &ObjectKey) -> Result<(), Diagnostic>;

    /// An object is so.
    async fn put(&mut self, object: &ObjectKey, entry: Entry) -> Result<(), Diagnostic>;

    /// An object is gone, or no longer ours.
    async fn remove(&mut self, object: &ObjectKey) -> Result<(), Diagnostic>;

    /// The current object at an address is set aside; returns its key.
    async fn depose(&mut self, address: &InstanceAddress) -> Result<Option<String>, Diagnostic>;

    /// The object set aside becomes the current one again.
    async fn restore(&mut self, address: &InstanceAddress, key: &str) -> Result<(), Diagnostic>;

    /// An object that an earlier run has set aside becomes the current one again; what is the current one takes its place.
    async fn reinstate(&mut self, address: &InstanceAddress, key: &str) -> Result<(), Diagnostic>;

    /// An object was found to be so, or gone, while planning.
    async fn refresh(&mut self, object: &ObjectKey, value: Option<&Value>) -> Result<(), Diagnostic>;

    /// What is said of an object besides its attributes has changed.
    async fn tie(&mut self, object: &ObjectKey, ties: &Ties) -> Result<(), Diagnostic>;

    /// All objects at an address have another one now.
    async fn relocate(&mut self, from: &InstanceAddress, to: &InstanceAddress) -> Result<(), Diagnostic>;

    /// The data sources at these addresses were read; what is recorded of others is dropped.
    async fn retain_data(&mut self, kept: &BTreeSet<InstanceAddress>) -> Result<(), Diagnostic>;

    /// The root outputs are these, each with whether it is declared sensitive.
    async fn outputs(&mut self, outputs: &BTreeMap<Arc<str>, (Value, bool)>) -> Result<(), Diagnostic>;

    /// These resource blocks belong to these providers, as the state names them. Those without objects are kept as long as
    /// the run was not seen through.
    async fn blocks(&mut self, blocks: Blocks, seen_through: bool) -> Result<(), Diagnostic>;

    /// The conditions of the configuration came out so.
    async fn checks(&mut self, checks: &Checks) -> Result<(), Diagnostic>;
}
