//! `aws_iam_role_policy_attachment`: a managed policy attached to a role.

use async_trait::async_trait;
use smform_provider::{
    Context, CreateOutcome, Imported, PlanRequest, PlanResponse, ProviderError, ResourceType, UpdateOutcome,
};
use smform_types::schema::{Attribute, Block, Schema};
use smform_types::{Diagnostics, Type, Value};

use super::is_missing;
use super::role::policies;
use crate::clients::Clients;
use crate::constraints::arn;
use crate::failure::Failure;
use crate::fields::{Builder, Fields};
use crate::naming;
use crate::rpc::{Form, Rpc};
use crate::settle::fill;
use crate::shared::plan;

/// The resource type.
pub(crate) struct RolePolicyAttachment {
    schema: Schema,
}

impl RolePolicyAttachment {
    pub(crate) fn new() -> RolePolicyAttachment {
        let fixed = || Attribute::required(Type::String).forces_replacement();
        let mut block = Block::new(
            [
                ("id", Attribute::computed(Type::String)),
                ("role", fixed().describe("The role's name.")),
                ("policy_arn", fixed().with(arn()).describe("The policy, one of AWS or of the account.")),
            ],
            [],
        );
        block.description =
            "A managed policy attached to a role. Not to be mixed with managed_policy_arns of that role.";
        RolePolicyAttachment { schema: Schema { version: 0, block } }
    }
}

async fn is_attached(client: &Rpc, role: &str, arn: &str) -> Result<bool, Failure> {
    let form = Form::new().text("RoleName", Some(role));
    match client.listed("ListAttachedRolePolicies", form, "AttachedPolicies").await {
        Ok(attached) => Ok(attached.iter().any(|policy| policy.text("PolicyArn") == Some(arn))),
        Err(failure) if is_missing(&failure) => Ok(false),
        Err(failure) => Err(failure),
    }
}

fn of_object(object: &Value) -> (&str, &str) {
    let fields = Fields(object);
    (fields.text("role").unwrap_or_default(), fields.text("policy_arn").unwrap_or_default())
}

fn summary(object: &Value, what: &str) -> String {
    let (role, arn) = of_object(object);
    format!("The attachment of {arn} to role \"{role}\" could not be {what}")
}

#[async_trait]
impl ResourceType<Clients> for RolePolicyAttachment {
    fn name(&self) -> &'static str {
        "aws_iam_role_policy_attachment"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    async fn plan(
        &self,
        schema: &Schema,
        request: PlanRequest,
        cx: &Context<'_, Clients>,
    ) -> Result<PlanResponse, Diagnostics> {
        let former = request.former.clone();
        let mut response = plan(schema, request, cx.clients, &|_, prior, wanted| prior == wanted);
        // The old one would take the new one with it.
        let key = |object: &Value| {
            let fields = Fields(object);
            Some((fields.owned("role")?, fields.owned("policy_arn")?))
        };
        response.order = naming::same_key(&former, &response.planned, "policy_arn", key);
        Ok(response)
    }

    async fn read(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<Option<Value>, ProviderError> {
        let (role, arn) = of_object(prior);
        let attached = is_attached(&cx.clients.iam(), role, arn).await;
        let attached = attached.map_err(|failure| failure.into_error(summary(prior, "read")))?;
        Ok(attached.then(|| prior.clone()))
    }

    /// Attaching what is attached is no error of the service, and none here.
    async fn create(&self, planned: &Value, cx: &Context<'_, Clients>) -> CreateOutcome {
        let (role, arn) = of_object(planned);
        let id = format!("{role}/{arn}");
        if let Err(error) = cx.run.intend(&id).await {
            return CreateOutcome::Failed(error);
        }
        match policies::attach(&cx.clients.iam(), role, arn, cx.run).await {
            Ok(()) => {
                let told = Builder::new(&self.schema.block).text("id", Some(&id)).finish();
                CreateOutcome::Complete(fill(planned, &told))
            }
            Err(failure) => CreateOutcome::Failed(failure.into_error(summary(planned, "made"))),
        }
    }

    async fn update(&self, _: &Value, planned: &Value, _: &Context<'_, Clients>) -> UpdateOutcome {
        // Every argument needs a new attachment.
        UpdateOutcome::Complete(planned.clone())
    }

    async fn delete(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<(), ProviderError> {
        let (role, arn) = of_object(prior);
        let detached = policies::detach(&cx.clients.iam(), role, arn).await;
        detached.map_err(|failure| failure.into_error(summary(prior, "removed")))
    }

    async fn import(&self, identifier: &str, cx: &Context<'_, Clients>) -> Result<Option<Imported>, ProviderError> {
        let Some((role, arn)) = identifier.split_once('/').filter(|(_, arn)| arn.starts_with("arn:")) else {
            return Err(ProviderError::new(
                format!("\"{identifier}\" does not identify an attachment"),
                "Write the role and the policy's ARN, such as \
                 my-role/arn:aws:iam::aws:policy/AmazonSageMakerFullAccess.",
            ));
        };
        let attached = is_attached(&cx.clients.iam(), role, arn).await;
        let attached = attached.map_err(|failure| {
            failure.into_error(format!("The attachment of {arn} to role \"{role}\" could not be read"))
        })?;
        let built = Builder::new(&self.schema.block).text("id", Some(identifier)).text("role", Some(role));
        Ok(attached.then(|| Imported::from(built.text("policy_arn", Some(arn)).finish())))
    }
}
