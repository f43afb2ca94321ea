//! Resource types and data sources: each is one implementation that holds schema, checks and operations.

use async_trait::async_trait;
use serde_json::Value as Json;
use smform_types::schema::Schema;
use smform_types::{Diagnostics, Path, Value};

use crate::error::ProviderError;
use crate::plan::{PlanRequest, PlanResponse, plan_by_schema};
use crate::review::{Beside, PlannedObject, UniqueName, Use, Whole};
use crate::run::Context;

/// How a creation ended.
#[derive(Debug)]
#[must_use = "a created object that is not recorded is lost"]
pub enum CreateOutcome {
    /// The object exists as wanted.
    Complete(Value),
    /// The object exists, but not as wanted; it is recorded as tainted.
    Partial(Value, ProviderError),
    /// Nothing was created.
    Failed(ProviderError),
}

/// How an update ended.
#[derive(Debug)]
#[must_use = "an updated object that is not recorded is lost"]
pub enum UpdateOutcome {
    /// The object is as wanted.
    Complete(Value),
    /// The object was changed in part, or rolled back: this is what it is now.
    Partial(Value, ProviderError),
    /// Nothing was changed.
    Failed(ProviderError),
}

/// An object found by import.
#[derive(Debug)]
pub struct Imported {
    /// What it is.
    pub value: Value,
    /// Whether it is what an interrupted creation left half made, so that it has to be made anew.
    pub unfinished: bool,
}

impl From<Value> for Imported {
    fn from(value: Value) -> Imported {
        Imported { value, unfinished: false }
    }
}

/// A managed resource type over the clients `C`.
#[async_trait]
pub trait ResourceType<C: Send + Sync>: Send + Sync {
    /// The type name, such as `aws_sagemaker_model`.
    fn name(&self) -> &'static str;

    /// The schema. Called once; the registry keeps it.
    fn schema(&self) -> Schema;

    /// Rules between attributes, checked without any call. Unknown parts must be passed over. Rules of a single
    /// attribute belong to the schema's constraints, which the registry checks before.
    fn validate(&self, config: &Value) -> Diagnostics {
        let _ = config;
        Diagnostics::new()
    }

    /// Rules that depend on what stands beside the configuration, checked without any call where that is known. A plan, which
    /// knows more, checks them by itself.
    fn validate_beside(&self, config: &Value, beside: &Beside<'_>) -> Diagnostics {
        let _ = (config, beside);
        Diagnostics::new()
    }

    /// Whether two known values of an attribute mean the same to the service, so that no change is planned.
    fn equivalent(&self, path: &Path, prior: &Value, wanted: &Value) -> bool {
        let _ = path;
        prior == wanted
    }

    /// What the object will be. The default follows the schema; a type adds what it knows, and live checks.
    ///
    /// # Errors
    /// Why the configuration cannot be planned, located by attribute.
    async fn plan(
        &self,
        schema: &Schema,
        request: PlanRequest,
        cx: &Context<'_, C>,
    ) -> Result<PlanResponse, Diagnostics> {
        let _ = cx;
        Ok(plan_by_schema(schema, &request, &|path, prior, wanted| self.equivalent(path, prior, wanted)))
    }

    /// The name that no other object of the type can have as long as this one is there; nothing when there is none, or it is
    /// not known yet.
    fn unique_name(&self, object: &Value) -> Option<UniqueName> {
        let _ = object;
        None
    }

    /// What the object is a part of, by the names that it gives; nothing when that is nothing, or not known yet.
    fn part_of(&self, object: &Value) -> Option<Whole> {
        let _ = object;
        None
    }

    /// Whether the service takes the object away with what it is a part of.
    fn goes_with_whole(&self, object: &Value) -> bool {
        let _ = object;
        false
    }

    /// What somebody is moving the object to, or has moved it to since `prior` was read, if that is neither what it was nor
    /// what is planned. An update that finds other than the plan has found must not be made.
    async fn moving(&self, prior: &Value, planned: &Value, cx: &Context<'_, C>) -> Option<String> {
        let _ = (prior, planned, cx);
        None
    }

    /// The other objects that the object uses by their names, as far as these are known; nothing where the type does not tell.
    fn uses(&self, object: &Value) -> Option<Vec<Use>> {
        let _ = object;
        None
    }

    /// Judges an object of a plan beside everything else that is planned, itself included; called once all of that is
    /// decided. Called again right before the object is made or changed, when everything about it is known, if
    /// [`ResourceType::judged_beside`] names types: then beside the changes of the run to objects of those types.
    async fn review(&self, object: &PlannedObject, plan: &[PlannedObject], cx: &Context<'_, C>) -> Diagnostics {
        let _ = (object, plan, cx);
        Diagnostics::new()
    }

    /// The types of objects that decide how an object of this type is judged right before it is made or changed; none
    /// when it is not judged then.
    fn judged_beside(&self) -> &'static [&'static str] {
        &[]
    }

    /// What the object is now; nothing when it is gone.
    ///
    /// # Errors
    /// When the service does not tell.
    async fn read(&self, prior: &Value, cx: &Context<'_, C>) -> Result<Option<Value>, ProviderError>;

    /// What was read of an object, with what other objects of the state account for left as it is recorded, so that it is
    /// not taken for a change by somebody else: such as the rules of a security group that are objects of their own.
    fn accounted(&self, schema: &Schema, recorded: &Value, read: &Value, others: &[PlannedObject]) -> Value {
        let _ = (schema, recorded, others);
        read.clone()
    }

    /// Creates the object. `planned` may have unknown parts, which the result must fill.
    async fn create(&self, planned: &Value, cx: &Context<'_, C>) -> CreateOutcome;

    /// Waits on for an object whose creation an earlier run has begun and recorded ([`crate::Run::created`]) but not seen
    /// through. Returns the object once it is as wanted; nothing when it is gone or has failed, so that it must be
    /// replaced, which is what types without such a wait say.
    ///
    /// # Errors
    /// When the service does not tell, or the user asks to stop.
    async fn resume(&self, begun: &Value, cx: &Context<'_, C>) -> Result<Option<Value>, ProviderError> {
        let _ = (begun, cx);
        Ok(None)
    }

    /// Brings the object from `prior` to `planned`.
    async fn update(&self, prior: &Value, planned: &Value, cx: &Context<'_, C>) -> UpdateOutcome;

    /// Deletes the object and waits until the service no longer knows it. An object that is already gone is success.
    ///
    /// # Errors
    /// When it still exists.
    async fn delete(&self, prior: &Value, cx: &Context<'_, C>) -> Result<(), ProviderError>;

    /// Finds an existing object by the identifier that users write; nothing when there is none. Also how an object
    /// that a killed run may have created is found again, by the identifier that was intended.
    ///
    /// # Errors
    /// When the identifier is malformed or the service does not tell.
    async fn import(&self, identifier: &str, cx: &Context<'_, C>) -> Result<Option<Imported>, ProviderError>;

    /// The arguments that are set by the call which creates the object, beside those whose change replaces it, so that they
    /// tell what a killed run created from what somebody else has made under the same name.
    fn created_with(&self) -> &'static [&'static str] {
        &[]
    }

    /// Brings stored attributes of an older schema version to the present one.
    ///
    /// # Errors
    /// When the version is not known.
    fn upgrade(&self, version: u64, attributes: Json) -> Result<Json, ProviderError> {
        let _ = version;
        Ok(attributes)
    }
}

/// A data source over the clients `C`.
#[async_trait]
pub trait DataSource<C: Send + Sync>: Send + Sync {
    /// The type name, such as `aws_vpc`.
    fn name(&self) -> &'static str;

    /// The schema. Called once; the registry keeps it.
    fn schema(&self) -> Schema;

    /// Rules between attributes, checked without any call. Unknown parts must be passed over.
    fn validate(&self, config: &Value) -> Diagnostics {
        let _ = config;
        Diagnostics::new()
    }

    /// Reads it.
    ///
    /// # Errors
    /// When nothing, or not exactly one thing, matches, or the service does not tell.
    async fn read(&self, config: &Value, cx: &Context<'_, C>) -> Result<Value, ProviderError>;
}
