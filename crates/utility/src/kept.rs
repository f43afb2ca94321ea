//! Objects that are made once and then only kept: what their resource types have in common.

use async_trait::async_trait;
use serde_json::Value as Json;
use smform_provider::{
    Context, CreateOutcome, Imported, PlanRequest, PlanResponse, ProviderError, ResourceType, UpdateOutcome,
    plan_by_schema,
};
use smform_types::schema::{Attribute, Schema};
use smform_types::{Diagnostics, Path, Type, Value};

/// A kind of object that is made without asking anyone.
pub trait Make: Send + Sync {
    /// The type name.
    fn name(&self) -> &'static str;

    /// The schema.
    fn schema(&self) -> Schema;

    /// Rules between arguments.
    fn validate(&self, config: &Value) -> Diagnostics {
        let _ = config;
        Diagnostics::new()
    }

    /// The configuration with what follows from it filled in, before it is planned.
    fn complete(&self, config: Value) -> Value {
        config
    }

    /// Makes the object: fills what is not known yet.
    ///
    /// # Errors
    /// When the arguments, known only now, cannot be met.
    fn make(&self, planned: Value) -> Result<Value, ProviderError>;

    /// The object of an import identifier; `empty` has every attribute, null.
    ///
    /// # Errors
    /// When the identifier is malformed.
    fn adopt(&self, empty: Value, identifier: &str) -> Result<Value, ProviderError>;

    /// Brings stored attributes of an older schema version to the present one.
    fn upgrade(&self, attributes: Json) -> Json {
        attributes
    }
}

/// A resource type of objects that are only kept.
pub struct Kept<M>(pub M);

#[async_trait]
impl<M: Make> ResourceType<()> for Kept<M> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn schema(&self) -> Schema {
        self.0.schema()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        self.0.validate(config)
    }

    async fn plan(
        &self,
        schema: &Schema,
        request: PlanRequest,
        _: &Context<'_, ()>,
    ) -> Result<PlanResponse, Diagnostics> {
        let request = PlanRequest { config: self.0.complete(request.config), ..request };
        Ok(plan_by_schema(schema, &request, &|_, prior, wanted| prior == wanted))
    }

    async fn read(&self, prior: &Value, _: &Context<'_, ()>) -> Result<Option<Value>, ProviderError> {
        Ok(Some(prior.clone()))
    }

    async fn create(&self, planned: &Value, _: &Context<'_, ()>) -> CreateOutcome {
        match self.0.make(planned.clone()) {
            Ok(made) => CreateOutcome::Complete(made),
            Err(error) => CreateOutcome::Failed(error),
        }
    }

    async fn update(&self, _: &Value, planned: &Value, _: &Context<'_, ()>) -> UpdateOutcome {
        UpdateOutcome::Complete(planned.clone())
    }

    async fn delete(&self, _: &Value, _: &Context<'_, ()>) -> Result<(), ProviderError> {
        Ok(())
    }

    async fn import(&self, identifier: &str, _: &Context<'_, ()>) -> Result<Option<Imported>, ProviderError> {
        let value = self.0.adopt(self.schema().block.empty(), identifier)?;
        Ok(Some(Imported::from(value)))
    }

    fn upgrade(&self, _: u64, attributes: Json) -> Result<Json, ProviderError> {
        Ok(self.0.upgrade(attributes))
    }
}

/// The argument whose change makes a new object and that means nothing else.
pub fn trigger(description: &'static str) -> Attribute {
    Attribute::optional(Type::map(Type::String)).forces_replacement().describe(description)
}

/// An object with one attribute set.
pub fn set(object: Value, name: &str, to: Value) -> Value {
    object.update_at(&Path::attribute(name).0, &mut |_| to.clone())
}

/// A whole number of an object; nothing when null or not whole.
pub fn whole(object: &Value, name: &str) -> Option<usize> {
    object.get(name).and_then(Value::as_i64).and_then(|number| usize::try_from(number).ok())
}

/// A text of an object; empty when null.
pub fn text<'v>(object: &'v Value, name: &str) -> &'v str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}
