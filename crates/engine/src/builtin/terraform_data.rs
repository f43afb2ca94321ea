//! `terraform_data`: keeps a value, and is replaced when another one changes.

use async_trait::async_trait;
use smform_provider::{
    Context, CreateOutcome, Imported, PlanRequest, PlanResponse, ProviderError, ResourceType, UpdateOutcome,
    plan_by_schema,
};
use smform_types::schema::{Attribute, Block, Schema};
use smform_types::{Diagnostics, Path, Refinement, Type, Value};

pub struct TerraformData;

#[async_trait]
impl ResourceType<()> for TerraformData {
    fn name(&self) -> &'static str {
        "terraform_data"
    }

    fn schema(&self) -> Schema {
        let attributes = [
            ("id", Attribute::computed(Type::String).describe("A random identifier.")),
            ("input", Attribute::optional(Type::Dynamic).describe("The value to keep.")),
            ("output", Attribute::computed(Type::Dynamic).describe("The value kept.")),
            (
                "triggers_replace",
                Attribute::optional(Type::Dynamic).forces_replacement().describe("A change of it makes a new object."),
            ),
        ];
        Schema { version: 0, block: Block::new(attributes, []) }
    }

    async fn plan(
        &self,
        schema: &Schema,
        request: PlanRequest,
        _: &Context<'_, ()>,
    ) -> Result<PlanResponse, Diagnostics> {
        let mut response = plan_by_schema(schema, &request, &|_, prior, wanted| prior == wanted);
        let new = request.prior.is_none() || !response.replace.is_empty();
        let input = part(&response.planned, "input");
        let same = request.prior.as_ref().is_some_and(|prior| part(prior, "input") == input);
        if new || !same {
            // The output has the type of the input. That of a new object is null with it; another is known later.
            let output = if new && input.is_null() { input } else { Value::unknown(input.ty()) };
            response.planned = set(response.planned, "output", output.with_only_marks(smform_types::Marks::NONE));
        }
        if new {
            response.planned = set(response.planned, "id", Value::refined(Type::String, Refinement::not_null()));
        }
        Ok(response)
    }

    async fn read(&self, prior: &Value, _: &Context<'_, ()>) -> Result<Option<Value>, ProviderError> {
        Ok(Some(prior.clone()))
    }

    async fn create(&self, planned: &Value, _: &Context<'_, ()>) -> CreateOutcome {
        let id = Value::string(uuid::Uuid::new_v4().to_string());
        CreateOutcome::Complete(with_output(set(planned.clone(), "id", id)))
    }

    async fn update(&self, _: &Value, planned: &Value, _: &Context<'_, ()>) -> UpdateOutcome {
        UpdateOutcome::Complete(with_output(planned.clone()))
    }

    async fn delete(&self, _: &Value, _: &Context<'_, ()>) -> Result<(), ProviderError> {
        Ok(())
    }

    async fn import(&self, identifier: &str, _: &Context<'_, ()>) -> Result<Option<Imported>, ProviderError> {
        let value = self.schema().block.empty();
        Ok(Some(Imported::from(set(value, "id", Value::string(identifier)))))
    }
}

fn part(value: &Value, name: &str) -> Value {
    value.get(name).cloned().unwrap_or_else(|| Value::null(Type::Dynamic))
}

fn set(value: Value, name: &str, to: Value) -> Value {
    value.update_at(&Path::attribute(name).0, &mut |_| to.clone())
}

fn with_output(value: Value) -> Value {
    let input = part(&value, "input");
    set(value, "output", input)
}
