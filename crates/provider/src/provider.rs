//! Providers as the engine sees them, whatever their clients are.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value as Json;
use smform_types::schema::Schema;
use smform_types::{Diagnostics, ResourceMode, Value};

use crate::constraints;
use crate::error::ProviderError;
use crate::plan::{PlanRequest, PlanResponse};
use crate::resource::{CreateOutcome, Imported, UpdateOutcome};
use crate::review::{Beside, PlannedObject, UniqueName, Use, Whole};
use crate::run::{Clock, Run};

/// Whose objects a session works on; recorded in state, so that another account is noticed before anything is read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
}

/// What a provider offers, and the checks that need no connection.
#[async_trait]
pub trait Provider: Send + Sync {
    /// The fully qualified name, such as `registry.terraform.io/hashicorp/aws`.
    fn source(&self) -> &'static str;

    /// Whether there is a service behind the objects, which may refuse to delete what is in use.
    fn has_service(&self) -> bool {
        true
    }

    /// The schema of the `provider` block.
    fn schema(&self) -> &Schema;

    /// The schema of a resource type or data source; nothing when there is none of the name.
    fn resource_schema(&self, mode: ResourceMode, type_name: &str) -> Option<&Schema>;

    /// The names of all resource types or data sources, sorted.
    fn type_names(&self, mode: ResourceMode) -> Vec<&'static str>;

    /// Checks a configuration without any call: constraints of the schema, then rules between attributes.
    fn validate(&self, mode: ResourceMode, type_name: &str, config: &Value) -> Diagnostics;

    /// See [`crate::ResourceType::validate_beside`].
    fn validate_beside(&self, type_name: &str, config: &Value, beside: &Beside<'_>) -> Diagnostics {
        let _ = (type_name, config, beside);
        Diagnostics::new()
    }

    /// Checks what holds of a block even where nothing comes of it, as with `count = 0`: the constraints of the schema alone.
    fn validate_block(&self, mode: ResourceMode, type_name: &str, config: &Value) -> Diagnostics;

    /// Checks a `provider` block without any call. Unknown parts are passed over.
    fn validate_configuration(&self, config: &Value) -> Diagnostics {
        constraints::check(&self.schema().block, config)
    }

    /// See [`crate::ResourceType::accounted`].
    fn accounted(&self, type_name: &str, recorded: &Value, read: &Value, others: &[PlannedObject]) -> Value {
        let _ = (type_name, recorded, others);
        read.clone()
    }

    /// Brings stored attributes to the present schema version.
    ///
    /// # Errors
    /// When the type or version is not known.
    fn upgrade(&self, type_name: &str, version: u64, attributes: Json) -> Result<Json, ProviderError>;

    /// Connects. The configuration may have unknown parts, which then count as absent.
    ///
    /// # Errors
    /// When the configuration or the credentials do not work.
    async fn configure(&self, config: Value, clock: Arc<dyn Clock>) -> Result<Arc<dyn Session>, Diagnostics>;
}

/// A configured provider. Methods are those of [`crate::ResourceType`] and [`crate::DataSource`], by type name.
#[async_trait]
pub trait Session: Send + Sync {
    /// Whose objects these are; nothing for providers without accounts.
    fn identity(&self) -> Option<Identity>;

    /// See [`crate::ResourceType::plan`].
    ///
    /// # Errors
    /// Why the configuration cannot be planned.
    async fn plan(&self, type_name: &str, request: PlanRequest, run: &dyn Run) -> Result<PlanResponse, Diagnostics>;

    /// See [`crate::ResourceType::unique_name`].
    fn unique_name(&self, type_name: &str, object: &Value) -> Option<UniqueName> {
        let _ = (type_name, object);
        None
    }

    /// See [`crate::ResourceType::goes_with_whole`].
    fn goes_with_whole(&self, type_name: &str, object: &Value) -> bool {
        let _ = (type_name, object);
        false
    }

    /// See [`crate::ResourceType::part_of`].
    fn part_of(&self, type_name: &str, object: &Value) -> Option<Whole> {
        let _ = (type_name, object);
        None
    }

    /// See [`crate::ResourceType::moving`].
    async fn moving(&self, type_name: &str, prior: &Value, planned: &Value, run: &dyn Run) -> Option<String> {
        let _ = (type_name, prior, planned, run);
        None
    }

    /// See [`crate::ResourceType::uses`].
    fn uses(&self, type_name: &str, object: &Value) -> Option<Vec<Use>> {
        let _ = (type_name, object);
        None
    }

    /// See [`crate::ResourceType::review`].
    async fn review(&self, object: &PlannedObject, plan: &[PlannedObject], run: &dyn Run) -> Diagnostics {
        let _ = (object, plan, run);
        Diagnostics::new()
    }

    /// See [`crate::ResourceType::judged_beside`].
    fn judged_beside(&self, type_name: &str) -> &'static [&'static str] {
        let _ = type_name;
        &[]
    }

    /// See [`crate::ResourceType::read`].
    ///
    /// # Errors
    /// When the service does not tell.
    async fn read(&self, type_name: &str, prior: &Value, run: &dyn Run) -> Result<Option<Value>, ProviderError>;

    /// See [`crate::ResourceType::create`].
    async fn create(&self, type_name: &str, planned: &Value, run: &dyn Run) -> CreateOutcome;

    /// See [`crate::ResourceType::resume`].
    ///
    /// # Errors
    /// When the service does not tell, or the user asks to stop.
    async fn resume(&self, type_name: &str, begun: &Value, run: &dyn Run) -> Result<Option<Value>, ProviderError> {
        let _ = (type_name, begun, run);
        Ok(None)
    }

    /// See [`crate::ResourceType::update`].
    async fn update(&self, type_name: &str, prior: &Value, planned: &Value, run: &dyn Run) -> UpdateOutcome;

    /// See [`crate::ResourceType::delete`].
    ///
    /// # Errors
    /// When the object still exists.
    async fn delete(&self, type_name: &str, prior: &Value, run: &dyn Run) -> Result<(), ProviderError>;

    /// See [`crate::ResourceType::import`].
    ///
    /// # Errors
    /// When the identifier is malformed or the service does not tell.
    async fn import(&self, type_name: &str, identifier: &str, run: &dyn Run)
    -> Result<Option<Imported>, ProviderError>;

    /// See [`crate::ResourceType::created_with`].
    fn created_with(&self, type_name: &str) -> &'static [&'static str] {
        let _ = type_name;
        &[]
    }

    /// See [`crate::DataSource::read`].
    ///
    /// # Errors
    /// When nothing, or not exactly one thing, matches, or the service does not tell.
    async fn read_data(&self, type_name: &str, config: &Value, run: &dyn Run) -> Result<Value, ProviderError>;
}
