//! Objects without a service: mocked providers, and single objects that a test overrides. Computed attributes get the
//! values that the test file gives, or made-up ones of the right type.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value as Json;
use smform_provider::{
    Clock, CreateOutcome, Imported, PlanRequest, PlanResponse, Provider, ProviderError, Run, Session, UpdateOutcome,
    plan_by_schema,
};
use smform_types::schema::{Block, Schema};
use smform_types::{Diagnostics, ResourceMode, Type, Value, ValueKind, convert};

/// Values for the computed attributes of objects of a type.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// An object with some of them; the rest is made up.
    pub values: Option<Value>,
    /// Whether they are known in plans already.
    pub during_plan: bool,
}

/// A provider whose objects exist only in the state.
#[derive(Clone)]
pub struct MockProvider {
    /// The provider whose types it has.
    pub real: Arc<dyn Provider>,
    /// Values by type.
    pub types: BTreeMap<(ResourceMode, Arc<str>), Given>,
    /// For all types that have none of their own.
    pub otherwise: Given,
}

impl MockProvider {
    fn given(&self, mode: ResourceMode, type_name: &str) -> &Given {
        self.types.get(&(mode, Arc::from(type_name))).unwrap_or(&self.otherwise)
    }

    fn schema_of(&self, mode: ResourceMode, type_name: &str) -> Result<&Schema, ProviderError> {
        let missing =
            || ProviderError::new("Unknown type", format!("The mocked provider has no type \"{type_name}\"."));
        self.real.resource_schema(mode, type_name).ok_or_else(missing)
    }

    fn filled(&self, mode: ResourceMode, type_name: &str, value: &Value) -> Result<Value, ProviderError> {
        let schema = self.schema_of(mode, type_name)?;
        let values = self.given(mode, type_name).values.as_ref();
        fill(&schema.block, value.clone(), values)
    }
}

#[async_trait]
impl Provider for MockProvider {
    fn source(&self) -> &'static str {
        self.real.source()
    }

    fn schema(&self) -> &Schema {
        self.real.schema()
    }

    fn resource_schema(&self, mode: ResourceMode, type_name: &str) -> Option<&Schema> {
        self.real.resource_schema(mode, type_name)
    }

    fn type_names(&self, mode: ResourceMode) -> Vec<&'static str> {
        self.real.type_names(mode)
    }

    fn validate(&self, _: ResourceMode, _: &str, _: &Value) -> Diagnostics {
        Diagnostics::new()
    }

    fn validate_block(&self, _: ResourceMode, _: &str, _: &Value) -> Diagnostics {
        Diagnostics::new()
    }

    fn upgrade(&self, type_name: &str, version: u64, attributes: Json) -> Result<Json, ProviderError> {
        self.real.upgrade(type_name, version, attributes)
    }

    async fn configure(&self, _: Value, _: Arc<dyn Clock>) -> Result<Arc<dyn Session>, Diagnostics> {
        Ok(Arc::new(self.clone()))
    }
}

#[async_trait]
impl Session for MockProvider {
    fn identity(&self) -> Option<smform_provider::Identity> {
        None
    }

    async fn plan(&self, type_name: &str, request: PlanRequest, _: &dyn Run) -> Result<PlanResponse, Diagnostics> {
        let mode = ResourceMode::Managed;
        let schema = self.schema_of(mode, type_name).map_err(|error| Diagnostics::from(error.into_diagnostic()))?;
        let new = request.prior.is_none();
        let mut response = plan_by_schema(schema, &request, &|_, prior, wanted| prior == wanted);
        // Nothing is behind the object that could not be changed in place.
        response.replace.clear();
        let given = self.given(mode, type_name);
        if new && given.during_plan {
            let filled = fill(&schema.block, response.planned, given.values.as_ref());
            response.planned = filled.map_err(|error| Diagnostics::from(error.into_diagnostic()))?;
        }
        Ok(response)
    }

    async fn read(&self, _: &str, prior: &Value, _: &dyn Run) -> Result<Option<Value>, ProviderError> {
        Ok(Some(prior.clone()))
    }

    async fn create(&self, type_name: &str, planned: &Value, _: &dyn Run) -> CreateOutcome {
        match self.filled(ResourceMode::Managed, type_name, planned) {
            Ok(value) => CreateOutcome::Complete(value),
            Err(error) => CreateOutcome::Failed(error),
        }
    }

    async fn update(&self, type_name: &str, _: &Value, planned: &Value, _: &dyn Run) -> UpdateOutcome {
        match self.filled(ResourceMode::Managed, type_name, planned) {
            Ok(value) => UpdateOutcome::Complete(value),
            Err(error) => UpdateOutcome::Failed(error),
        }
    }

    async fn delete(&self, _: &str, _: &Value, _: &dyn Run) -> Result<(), ProviderError> {
        Ok(())
    }

    async fn import(&self, type_name: &str, _: &str, _: &dyn Run) -> Result<Option<Imported>, ProviderError> {
        let detail = format!("Objects of a mocked provider cannot be imported. Override {type_name} instead.");
        Err(ProviderError::new("Import of a mocked object", detail))
    }

    async fn read_data(&self, type_name: &str, config: &Value, _: &dyn Run) -> Result<Value, ProviderError> {
        let schema = self.schema_of(ResourceMode::Data, type_name)?;
        let request = PlanRequest::new(None, config.clone());
        let planned = plan_by_schema(schema, &request, &|_, prior, wanted| prior == wanted).planned;
        self.filled(ResourceMode::Data, type_name, &planned)
    }
}

/// The value with every unknown attribute as given, or made up.
fn fill(block: &Block, value: Value, given: Option<&Value>) -> Result<Value, ProviderError> {
    let Some(entries) = value.as_entries() else { return Ok(value) };
    let mut filled = Vec::new();
    for (name, attribute) in &block.attributes {
        let ty = attribute.ty.without_optional();
        let current = entries.get(*name).cloned().unwrap_or_else(|| Value::null(ty.clone()));
        let given = given.and_then(|given| given.get(name));
        let whole = current.is_wholly_known();
        filled.push((*name, if whole { current } else { known(name, current, &ty, given)? }));
    }
    for (name, nested) in &block.blocks {
        let Some(current) = entries.get(*name).cloned() else { continue };
        let given = given.and_then(|given| given.get(name));
        let each = |items: &mut dyn Iterator<Item = &Value>| {
            items.map(|item| fill(&nested.block, item.clone(), given)).collect::<Result<Vec<_>, _>>()
        };
        let value = match current.kind() {
            _ if !current.is_known() => known(name, current, &Type::Dynamic, given)?,
            ValueKind::Object(_) => fill(&nested.block, current, given)?,
            ValueKind::List(element, items) => Value::list(element.clone(), each(&mut items.iter())?),
            ValueKind::Set(element, items) => Value::set(element.clone(), each(&mut items.iter())?),
            _ => current,
        };
        filled.push((*name, value));
    }
    Ok(Value::object(filled))
}

fn known(name: &str, current: Value, ty: &Type, given: Option<&Value>) -> Result<Value, ProviderError> {
    match given {
        Some(given) => convert(given.clone(), ty).map_err(|error| {
            let detail = format!("The test file gives .{name} a value that it cannot have: {error}.");
            ProviderError::new("Failed to compute attribute", detail)
        }),
        None => Ok(current.map_deep(&mut |part| if part.is_known() { part } else { made_up(&part.ty()) })),
    }
}

/// A value of a type, as Terraform's mocks make them.
fn made_up(ty: &Type) -> Value {
    match ty {
        Type::String => {
            let text = uuid::Uuid::new_v4().simple().to_string();
            Value::string(text.get(..8).unwrap_or_default())
        }
        Type::Number => Value::number(0),
        Type::Bool => Value::bool(false),
        Type::List(element) => Value::list(element.as_ref().clone(), []),
        Type::Set(element) => Value::set(element.as_ref().clone(), []),
        Type::Map(element) => Value::map(element.as_ref().clone(), std::iter::empty::<(Arc<str>, Value)>()),
        Type::Object(object) => Value::object(object.attributes.iter().map(|(name, ty)| (name.clone(), made_up(ty)))),
        Type::Tuple(items) => Value::tuple(items.iter().map(made_up)),
        Type::Dynamic => Value::null(Type::Dynamic),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smform_types::schema::Attribute;

    #[test]
    fn unknown_parts_are_as_given_or_made_up() {
        let block = Block::new(
            [
                ("id", Attribute::computed(Type::String)),
                ("arn", Attribute::computed(Type::String)),
                ("size", Attribute::computed(Type::Number)),
                ("names", Attribute::computed(Type::list(Type::String))),
                ("input", Attribute::optional(Type::String)),
            ],
            [],
        );
        let unknown = |ty: Type| Value::unknown(ty);
        let planned = Value::object([
            ("id", unknown(Type::String)),
            ("arn", unknown(Type::String)),
            ("size", unknown(Type::Number)),
            ("names", unknown(Type::list(Type::String))),
            ("input", Value::string("kept")),
        ]);
        let given = Value::object([("arn", Value::string("arn:x")), ("input", Value::string("not used"))]);
        let filled = fill(&block, planned.clone(), Some(&given)).expect("values that suit");
        assert!(filled.is_wholly_known());
        assert_eq!(filled.get("arn"), Some(&Value::string("arn:x")));
        assert_eq!(filled.get("input"), Some(&Value::string("kept")));
        assert_eq!(filled.get("size"), Some(&Value::number(0)));
        assert_eq!(filled.get("id").and_then(Value::as_str).map(str::len), Some(8));
        let wrong = Value::object([("arn", Value::tuple([]))]);
        assert!(fill(&block, planned, Some(&wrong)).is_err());
    }
}
