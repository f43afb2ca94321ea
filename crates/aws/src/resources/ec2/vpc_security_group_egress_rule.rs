//! `aws_vpc_security_group_egress_rule`: one rule of a security group for what goes out.

use async_trait::async_trait;
use smform_provider::{
    Context, CreateOutcome, Imported, PlanRequest, PlanResponse, ProviderError, ResourceType, UpdateOutcome,
};
use smform_types::schema::Schema;
use smform_types::{Diagnostics, Path, Value};

use super::security_group::Direction;
use super::single_rule::{self, SingleRule};
use crate::clients::Clients;

/// The resource type.
pub(crate) struct EgressRule(SingleRule);

impl EgressRule {
    pub(crate) fn new() -> EgressRule {
        EgressRule(SingleRule::new(Direction::Egress))
    }
}

#[async_trait]
impl ResourceType<Clients> for EgressRule {
    fn name(&self) -> &'static str {
        "aws_vpc_security_group_egress_rule"
    }

    fn schema(&self) -> Schema {
        self.0.schema.clone()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        single_rule::check(config)
    }

    fn equivalent(&self, path: &Path, prior: &Value, wanted: &Value) -> bool {
        prior == wanted || single_rule::same(path, prior, wanted)
    }

    async fn plan(
        &self,
        schema: &Schema,
        request: PlanRequest,
        cx: &Context<'_, Clients>,
    ) -> Result<PlanResponse, Diagnostics> {
        Ok(single_rule::plan(schema, request, cx.clients))
    }

    async fn read(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<Option<Value>, ProviderError> {
        self.0.read(prior, cx).await
    }

    async fn create(&self, planned: &Value, cx: &Context<'_, Clients>) -> CreateOutcome {
        self.0.create(planned, cx).await
    }

    async fn update(&self, prior: &Value, planned: &Value, cx: &Context<'_, Clients>) -> UpdateOutcome {
        self.0.update(prior, planned, cx).await
    }

    async fn delete(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<(), ProviderError> {
        self.0.delete(prior, cx).await
    }

    fn created_with(&self) -> &'static [&'static str] {
        &["description", "tags"]
    }

    async fn import(&self, identifier: &str, cx: &Context<'_, Clients>) -> Result<Option<Imported>, ProviderError> {
        self.0.import(identifier, cx).await
    }
}
