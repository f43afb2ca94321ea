//! The registry: one list of resource types and data sources makes a provider.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use serde_json::Value as Json;
use smform_types::schema::Schema;
use smform_types::suggest::did_you_mean;
use smform_types::{Diagnostic, Diagnostics, ResourceMode, Value};

use crate::constraints;
use crate::error::ProviderError;
use crate::plan::{PlanRequest, PlanResponse};
use crate::provider::{Identity, Provider, Session};
use crate::resource::{CreateOutcome, DataSource, Imported, ResourceType, UpdateOutcome};
use crate::review::{Beside, PlannedObject, UniqueName, Use, Whole};
use crate::run::{Clock, Context, Run};

/// How a provider configuration becomes connected clients.
#[async_trait]
pub trait Configure<C>: Send + Sync {
    /// Connects.
    ///
    /// # Errors
    /// When the configuration or the credentials do not work.
    async fn configure(&self, config: Value, clock: Arc<dyn Clock>) -> Result<(C, Option<Identity>), Diagnostics>;

    /// Whether there is anything to connect to.
    fn connects(&self) -> bool {
        true
    }

    /// Rules of the configuration that need no call, beyond the constraints of its schema. Unknown parts are passed over.
    fn validate(&self, config: &Value) -> Diagnostics {
        let _ = config;
        Diagnostics::new()
    }

    /// Refuses an object that is remembered and belongs elsewhere, before it is looked for.
    ///
    /// # Errors
    /// Where it belongs, and where these clients are.
    fn guard(&self, clients: &C, remembered: &Value) -> Result<(), ProviderError> {
        let _ = (clients, remembered);
        Ok(())
    }

    /// An object as it is remembered, with what the record of an older version does not say of where it is.
    fn placed(&self, clients: &C, remembered: &Value) -> Value {
        let _ = clients;
        remembered.clone()
    }
}

/// Configuration of a provider that has nothing to connect to.
pub struct NoClients;

#[async_trait]
impl Configure<()> for NoClients {
    async fn configure(&self, _: Value, _: Arc<dyn Clock>) -> Result<((), Option<Identity>), Diagnostics> {
        Ok(((), None))
    }

    fn connects(&self) -> bool {
        false
    }
}

/// One type. Its schema is made when it is first asked for: most runs use a few of the types, `version` none.
struct Entry<T: ?Sized> {
    implementation: Box<T>,
    schema: OnceLock<Schema>,
}

impl<T: ?Sized> Entry<T> {
    fn new(implementation: Box<T>) -> Entry<T> {
        Entry { implementation, schema: OnceLock::new() }
    }
}

impl<C: Send + Sync> Entry<dyn ResourceType<C>> {
    fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| self.implementation.schema())
    }
}

impl<C: Send + Sync> Entry<dyn DataSource<C>> {
    fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| self.implementation.schema())
    }
}

/// A provider over the clients `C`, made of one implementation per type.
pub struct Registry<C> {
    source: &'static str,
    schema: Schema,
    configure: Arc<dyn Configure<C>>,
    types: Arc<Types<C>>,
}

struct Types<C> {
    resources: BTreeMap<&'static str, Entry<dyn ResourceType<C>>>,
    data: BTreeMap<&'static str, Entry<dyn DataSource<C>>>,
}

impl<C: Send + Sync + 'static> Registry<C> {
    /// A provider of a source address (`registry.terraform.io/hashicorp/aws`), with the schema of its `provider`
    /// block and everything that it offers.
    pub fn new(
        source: &'static str,
        schema: Schema,
        configure: Box<dyn Configure<C>>,
        resources: Vec<Box<dyn ResourceType<C>>>,
        data: Vec<Box<dyn DataSource<C>>>,
    ) -> Registry<C> {
        let types = Types {
            resources: resources.into_iter().map(|ty| (ty.name(), Entry::new(ty))).collect(),
            data: data.into_iter().map(|source| (source.name(), Entry::new(source))).collect(),
        };
        Registry { source, schema, configure: Arc::from(configure), types: Arc::new(types) }
    }
}

#[async_trait]
impl<C: Send + Sync + 'static> Provider for Registry<C> {
    fn source(&self) -> &'static str {
        self.source
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn resource_schema(&self, mode: ResourceMode, type_name: &str) -> Option<&Schema> {
        match mode {
            ResourceMode::Managed => self.types.resources.get(type_name).map(|entry| entry.schema()),
            ResourceMode::Data => self.types.data.get(type_name).map(|entry| entry.schema()),
        }
    }

    fn type_names(&self, mode: ResourceMode) -> Vec<&'static str> {
        match mode {
            ResourceMode::Managed => self.types.resources.keys().copied().collect(),
            ResourceMode::Data => self.types.data.keys().copied().collect(),
        }
    }

    fn has_service(&self) -> bool {
        self.configure.connects()
    }

    fn validate(&self, mode: ResourceMode, type_name: &str, config: &Value) -> Diagnostics {
        let mut found = self.validate_block(mode, type_name, config);
        found.extend(
            match mode {
                ResourceMode::Managed => {
                    self.types.resources.get(type_name).map(|entry| entry.implementation.validate(config))
                }
                ResourceMode::Data => self.types.data.get(type_name).map(|entry| entry.implementation.validate(config)),
            }
            .unwrap_or_default(),
        );
        found
    }

    fn validate_beside(&self, type_name: &str, config: &Value, beside: &Beside<'_>) -> Diagnostics {
        let entry = self.types.resources.get(type_name);
        entry.map(|entry| entry.implementation.validate_beside(config, beside)).unwrap_or_default()
    }

    fn validate_block(&self, mode: ResourceMode, type_name: &str, config: &Value) -> Diagnostics {
        match self.resource_schema(mode, type_name) {
            Some(schema) => constraints::check(&schema.block, config),
            None => unknown_type(&self.type_names(mode), type_name).into(),
        }
    }

    fn accounted(&self, type_name: &str, recorded: &Value, read: &Value, others: &[PlannedObject]) -> Value {
        match self.types.resources.get(type_name) {
            Some(entry) => entry.implementation.accounted(entry.schema(), recorded, read, others),
            None => read.clone(),
        }
    }

    fn validate_configuration(&self, config: &Value) -> Diagnostics {
        let mut found = constraints::check(&self.schema.block, config);
        found.extend(self.configure.validate(config));
        found
    }

    fn upgrade(&self, type_name: &str, version: u64, attributes: Json) -> Result<Json, ProviderError> {
        let entry = self.types.resource(type_name)?;
        if version > entry.schema().version {
            return Err(ProviderError::new(
                format!("Stored {type_name} is newer than this version of smform"),
                format!(
                    "It was stored with schema version {version}; this version of smform knows up to {}. Use a newer \
                     smform.",
                    entry.schema().version
                ),
            ));
        }
        if version == entry.schema().version {
            Ok(attributes)
        } else {
            entry.implementation.upgrade(version, attributes)
        }
    }

    async fn configure(&self, config: Value, clock: Arc<dyn Clock>) -> Result<Arc<dyn Session>, Diagnostics> {
        let (clients, identity) = self.configure.configure(config, clock).await?;
        let configure = Arc::clone(&self.configure);
        Ok(Arc::new(Connected { configure, types: Arc::clone(&self.types), clients, identity }))
    }
}

struct Connected<C> {
    configure: Arc<dyn Configure<C>>,
    types: Arc<Types<C>>,
    clients: C,
    identity: Option<Identity>,
}

impl<C> Connected<C> {
    fn cx<'a>(&'a self, run: &'a dyn Run) -> Context<'a, C> {
        Context { clients: &self.clients, run }
    }
}

fn unknown_type(names: &[&'static str], type_name: &str) -> Diagnostic {
    let hint = did_you_mean(type_name, names.iter().copied());
    Diagnostic::error("Unknown resource type", format!("smform has no type \"{type_name}\".{hint}"))
}

impl<C> Types<C> {
    fn resource(&self, type_name: &str) -> Result<&Entry<dyn ResourceType<C>>, ProviderError> {
        self.resources.get(type_name).ok_or_else(|| {
            let names: Vec<_> = self.resources.keys().copied().collect();
            let diagnostic = unknown_type(&names, type_name);
            ProviderError::new(diagnostic.summary, diagnostic.detail)
        })
    }
}

#[async_trait]
impl<C: Send + Sync + 'static> Session for Connected<C> {
    fn identity(&self) -> Option<Identity> {
        self.identity.clone()
    }

    async fn plan(&self, type_name: &str, request: PlanRequest, run: &dyn Run) -> Result<PlanResponse, Diagnostics> {
        let entry = self.types.resource(type_name).map_err(|error| Diagnostics::from(error.into_diagnostic()))?;
        if let Some(prior) = &request.prior {
            self.configure.guard(&self.clients, prior).map_err(|error| Diagnostics::from(error.into_diagnostic()))?;
        }
        entry.implementation.plan(entry.schema(), request, &self.cx(run)).await
    }

    fn unique_name(&self, type_name: &str, object: &Value) -> Option<UniqueName> {
        self.types.resource(type_name).ok()?.implementation.unique_name(object)
    }

    fn part_of(&self, type_name: &str, object: &Value) -> Option<Whole> {
        self.types.resource(type_name).ok()?.implementation.part_of(object)
    }

    fn goes_with_whole(&self, type_name: &str, object: &Value) -> bool {
        self.types.resource(type_name).is_ok_and(|entry| entry.implementation.goes_with_whole(object))
    }

    async fn moving(&self, type_name: &str, prior: &Value, planned: &Value, run: &dyn Run) -> Option<String> {
        self.types.resource(type_name).ok()?.implementation.moving(prior, planned, &self.cx(run)).await
    }

    fn uses(&self, type_name: &str, object: &Value) -> Option<Vec<Use>> {
        self.types.resource(type_name).ok()?.implementation.uses(object)
    }

    async fn review(&self, object: &PlannedObject, plan: &[PlannedObject], run: &dyn Run) -> Diagnostics {
        match self.types.resource(&object.type_name) {
            Ok(entry) => entry.implementation.review(object, plan, &self.cx(run)).await,
            Err(_) => Diagnostics::new(),
        }
    }

    fn judged_beside(&self, type_name: &str) -> &'static [&'static str] {
        self.types.resource(type_name).map_or(&[], |entry| entry.implementation.judged_beside())
    }

    fn created_with(&self, type_name: &str) -> &'static [&'static str] {
        self.types.resource(type_name).map_or(&[], |entry| entry.implementation.created_with())
    }

    async fn read(&self, type_name: &str, prior: &Value, run: &dyn Run) -> Result<Option<Value>, ProviderError> {
        self.configure.guard(&self.clients, prior)?;
        let prior = self.configure.placed(&self.clients, prior);
        self.types.resource(type_name)?.implementation.read(&prior, &self.cx(run)).await
    }

    async fn create(&self, type_name: &str, planned: &Value, run: &dyn Run) -> CreateOutcome {
        match self.types.resource(type_name) {
            Ok(entry) => entry.implementation.create(planned, &self.cx(run)).await,
            Err(error) => CreateOutcome::Failed(error),
        }
    }

    async fn update(&self, type_name: &str, prior: &Value, planned: &Value, run: &dyn Run) -> UpdateOutcome {
        match self.types.resource(type_name) {
            Ok(entry) => entry.implementation.update(prior, planned, &self.cx(run)).await,
            Err(error) => UpdateOutcome::Failed(error),
        }
    }

    async fn delete(&self, type_name: &str, prior: &Value, run: &dyn Run) -> Result<(), ProviderError> {
        self.types.resource(type_name)?.implementation.delete(prior, &self.cx(run)).await
    }

    async fn resume(&self, type_name: &str, begun: &Value, run: &dyn Run) -> Result<Option<Value>, ProviderError> {
        self.configure.guard(&self.clients, begun)?;
        let begun = self.configure.placed(&self.clients, begun);
        self.types.resource(type_name)?.implementation.resume(&begun, &self.cx(run)).await
    }

    async fn import(
        &self,
        type_name: &str,
        identifier: &str,
        run: &dyn Run,
    ) -> Result<Option<Imported>, ProviderError> {
        self.types.resource(type_name)?.implementation.import(identifier, &self.cx(run)).await
    }

    async fn read_data(&self, type_name: &str, config: &Value, run: &dyn Run) -> Result<Value, ProviderError> {
        let Some(entry) = self.types.data.get(type_name) else {
            let names: Vec<_> = self.types.data.keys().copied().collect();
            let diagnostic = unknown_type(&names, type_name);
            return Err(ProviderError::new(diagnostic.summary, diagnostic.detail));
        };
        entry.implementation.read(config, &self.cx(run)).await
    }
}
