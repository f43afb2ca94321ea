//! `aws_iam_role_policy`: one of a role's own policies.

use async_trait::async_trait;
use smform_provider::{
    Context, CreateOutcome, Imported, PlanRequest, PlanResponse, PlannedObject, ProviderError, ResourceType,
    UniqueName, UpdateOutcome,
};
use smform_types::schema::{Attribute, Block, Constraint, Schema};
use smform_types::{Diagnostics, Path, Type, Value};

use super::document::{inline_document, same};
use super::name;
use super::role::policies;
use crate::clients::Clients;
use crate::failure::Failure;
use crate::fields::{Builder, Fields, with};
use crate::naming;
use crate::settle::{fill, settle};
use crate::taken::{self, unique};

/// The resource type.
pub(crate) struct RolePolicy {
    schema: Schema,
}

impl RolePolicy {
    pub(crate) fn new() -> RolePolicy {
        let named = |longest: usize| {
            let named = Attribute::optional_computed(Type::String).forces_replacement();
            named.with(Constraint::Length(1, longest)).with(name())
        };
        let mut block = Block::new(
            [
                ("id", Attribute::computed(Type::String).describe("The role and the name, role:name.")),
                ("role", Attribute::required(Type::String).forces_replacement().describe("The role's name.")),
                ("name", named(128)),
                ("name_prefix", named(102)),
                (
                    "policy",
                    Attribute::required(Type::String).with(inline_document()).describe("What is allowed, as JSON."),
                ),
            ],
            [],
        );
        block.description = "A policy of one role. Not to be mixed with inline_policy blocks of that role.";
        RolePolicy { schema: Schema { version: 0, block } }
    }

    async fn live(
        &self,
        (role, name): (&str, &str),
        remembered: &Value,
        clients: &Clients,
    ) -> Result<Option<Value>, Failure> {
        let Some(document) = policies::inline(&clients.iam(), role, name).await? else { return Ok(None) };
        let live = Builder::new(&self.schema.block)
            .text("id", Some(&format!("{role}:{name}")))
            .text("role", Some(role))
            .text("name", Some(name))
            .value("name_prefix", naming::prefix_value(name))
            .text("policy", Some(&document))
            .finish();
        Ok(Some(settle(&self.schema.block, remembered, live, &same)))
    }
}

/// The role and the name in an identifier.
fn parts(identifier: &str) -> Option<(&str, &str)> {
    identifier.split_once(':').filter(|(role, name)| !role.is_empty() && !name.is_empty())
}

fn named(object: &Value) -> (&str, &str) {
    let fields = Fields(object);
    let known = fields.text("role").zip(fields.text("name"));
    known.or_else(|| parts(fields.text("id")?)).unwrap_or_default()
}

#[async_trait]
impl ResourceType<Clients> for RolePolicy {
    fn name(&self) -> &'static str {
        "aws_iam_role_policy"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        naming::check(config)
    }

    fn equivalent(&self, path: &Path, prior: &Value, wanted: &Value) -> bool {
        prior == wanted || same(path, prior, wanted)
    }

    async fn plan(
        &self,
        schema: &Schema,
        request: PlanRequest,
        cx: &Context<'_, Clients>,
    ) -> Result<PlanResponse, Diagnostics> {
        let equivalent = |path: &Path, prior: &Value, wanted: &Value| self.equivalent(path, prior, wanted);
        Ok(naming::plan(schema, request, cx.clients, &equivalent, &["role"]))
    }

    fn unique_name(&self, object: &Value) -> Option<UniqueName> {
        unique(object, "name", &["role"])
    }

    async fn review(&self, object: &PlannedObject, plan: &[PlannedObject], cx: &Context<'_, Clients>) -> Diagnostics {
        let client = cx.clients.iam();
        let role = object.after.as_ref().and_then(|after| Fields(after).owned("role")).unwrap_or_default();
        let holder = |name: String| async move {
            Ok(policies::inline(&client, &role, &name).await?.map(|_| format!("{role}:{name}")))
        };
        taken::check(self, "Policy", object, plan, cx, holder).await
    }

    async fn read(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<Option<Value>, ProviderError> {
        let (role, name) = named(prior);
        let live = self.live((role, name), prior, cx.clients).await;
        live.map_err(|failure| failure.into_error(format!("Policy \"{name}\" of role \"{role}\" could not be read")))
    }

    async fn create(&self, planned: &Value, cx: &Context<'_, Clients>) -> CreateOutcome {
        let client = cx.clients.iam();
        let role = Fields(planned).text("role").unwrap_or_default();
        let name = naming::choose(planned, cx.run.clock().now());
        let summary = format!("Policy \"{name}\" of role \"{role}\" could not be created");
        // The call replaces what is there, so that only looking before tells that it belongs to somebody else.
        match policies::inline(&client, role, &name).await {
            Ok(Some(_)) => return CreateOutcome::Failed(refused(role, &name)),
            Err(failure) if !failure.is_denied() => return CreateOutcome::Failed(failure.into_error(summary)),
            _ => {}
        }
        let id = format!("{role}:{name}");
        if let Err(error) = cx.run.intend(&id).await {
            return CreateOutcome::Failed(error);
        }
        let document = Fields(planned).text("policy").unwrap_or_default();
        if let Err(failure) = policies::put(&client, role, &name, document).await {
            return CreateOutcome::Failed(failure.into_error(summary));
        }
        let made = with(with(planned.clone(), "id", Value::string(id)), "name", Value::string(&name));
        let told = with(self.schema.block.empty(), "name_prefix", naming::prefix_value(&name));
        CreateOutcome::Complete(fill(&made, &told))
    }

    async fn update(&self, prior: &Value, planned: &Value, cx: &Context<'_, Clients>) -> UpdateOutcome {
        let (role, name) = named(prior);
        let document = Fields(planned).text("policy").unwrap_or_default();
        match policies::put(&cx.clients.iam(), role, name, document).await {
            Ok(()) => UpdateOutcome::Complete(fill(planned, prior)),
            Err(failure) => {
                let summary = format!("Policy \"{name}\" of role \"{role}\" could not be changed");
                UpdateOutcome::Failed(failure.into_error(summary))
            }
        }
    }

    async fn delete(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<(), ProviderError> {
        let (role, name) = named(prior);
        let removed = policies::remove(&cx.clients.iam(), role, name).await;
        removed
            .map_err(|failure| failure.into_error(format!("Policy \"{name}\" of role \"{role}\" could not be deleted")))
    }

    fn created_with(&self) -> &'static [&'static str] {
        &["policy"]
    }

    async fn import(&self, identifier: &str, cx: &Context<'_, Clients>) -> Result<Option<Imported>, ProviderError> {
        let Some((role, name)) = parts(identifier) else {
            return Err(ProviderError::new(
                format!("\"{identifier}\" does not identify a role's policy"),
                "Write the role and the policy's name, such as my-role:my-policy.",
            ));
        };
        let live = self.live((role, name), &self.schema.block.empty(), cx.clients).await;
        let live = live.map_err(|failure| failure.into_error(format!("Policy {identifier} could not be read")))?;
        Ok(live.map(Imported::from))
    }
}

fn refused(role: &str, name: &str) -> ProviderError {
    ProviderError::new(
        format!("Role \"{role}\" has a policy \"{name}\" already"),
        format!(
            "It is not in this state. Import it with \"smform import ADDRESS {role}:{name}\", delete it, or give another \
             name."
        ),
    )
    .of_attribute(Path::attribute("name"))
}
