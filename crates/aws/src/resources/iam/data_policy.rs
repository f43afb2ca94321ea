//! `data "aws_iam_policy"`: a managed policy by its ARN or its name.

use async_trait::async_trait;
use smform_provider::{Context, DataSource, ProviderError};
use smform_types::schema::{Attribute, Block, Schema};
use smform_types::{Diagnostic, Diagnostics, Path, Type, Value};

use super::policy::describe;
use crate::clients::Clients;
use crate::constraints::arn;
use crate::failure::Failure;
use crate::fields::{Builder, Fields, text_map};
use crate::rpc::{Form, Rpc};

/// The data source.
pub(crate) struct PolicyData {
    schema: Schema,
}

impl PolicyData {
    pub(crate) fn new() -> PolicyData {
        let told = || Attribute::computed(Type::String);
        let asked = || Attribute::optional_computed(Type::String);
        let block = Block::new(
            [
                ("id", told()),
                ("arn", asked().with(arn()).describe("The policy; or give its name.")),
                ("name", asked()),
                ("path_prefix", Attribute::optional(Type::String).describe("Where to look for the name.")),
                ("path", told()),
                ("description", told()),
                ("policy", told().describe("What is allowed, as JSON.")),
                ("policy_id", told()),
                ("attachment_count", Attribute::computed(Type::Number)),
                ("tags", Attribute::optional_computed(Type::map(Type::String))),
            ],
            [],
        );
        PolicyData { schema: Schema { version: 0, block } }
    }
}

/// The policies of a name below a path.
async fn named(client: &Rpc, name: &str, prefix: Option<&str>) -> Result<Vec<String>, Failure> {
    let listed = client.listed("ListPolicies", Form::new().text("PathPrefix", prefix), "Policies").await?;
    let of_name = listed.iter().filter(|policy| policy.text("PolicyName") == Some(name));
    Ok(of_name.filter_map(|policy| policy.text("Arn")).map(str::to_owned).collect())
}

#[async_trait]
impl DataSource<Clients> for PolicyData {
    fn name(&self) -> &'static str {
        "aws_iam_policy"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let fields = Fields(config);
        if fields.is_set("arn") && (fields.is_set("name") || fields.is_set("path_prefix")) {
            let detail = "Give arn, or name and path_prefix, not both.";
            return Diagnostic::error("Conflicting arguments", detail).of_attribute(Path::attribute("arn")).into();
        }
        if !fields.is_given("arn") && !fields.is_given("name") {
            return Diagnostic::error("Which policy?", "Give its arn or its name.").into();
        }
        Diagnostics::new()
    }

    async fn read(&self, config: &Value, cx: &Context<'_, Clients>) -> Result<Value, ProviderError> {
        let (client, fields) = (cx.clients.iam(), Fields(config));
        let refuse = |failure: Failure| failure.into_error("The policy could not be read");
        let name = fields.text("name").unwrap_or_default();
        let arn = match fields.text("arn") {
            Some(arn) => arn.to_owned(),
            None => {
                let mut arns = named(&client, name, fields.text("path_prefix")).await.map_err(refuse)?;
                match (arns.pop(), arns.is_empty()) {
                    (Some(arn), true) => arn,
                    (Some(_), false) => {
                        let detail = format!("Several are called \"{name}\". Give the arn, or a path_prefix.");
                        return Err(ProviderError::new("More than one policy matches", detail));
                    }
                    (None, _) => {
                        let detail = format!("There is no policy \"{name}\". Check the name, and the account.");
                        return Err(ProviderError::new("No policy matches", detail));
                    }
                }
            }
        };
        let Some((policy, document)) = describe(&client, &arn).await.map_err(refuse)? else {
            let detail = format!("There is no policy {arn}. Check the ARN, and the account.");
            return Err(ProviderError::new("No policy matches", detail));
        };
        let prefix = config.get("path_prefix").cloned().unwrap_or_else(|| Value::null(Type::String));
        let built = Builder::new(&self.schema.block)
            .text("id", Some(&arn))
            .text("arn", Some(&arn))
            .text("name", policy.text("PolicyName"))
            .value("path_prefix", prefix)
            .text("path", policy.text("Path"))
            .text("description", Some(policy.text("Description").unwrap_or_default()))
            .text("policy", Some(&document))
            .text("policy_id", policy.text("PolicyId"))
            .int("attachment_count", policy.text("AttachmentCount").and_then(|count| count.parse().ok()))
            .value("tags", text_map(&policy.tags("Tags")));
        Ok(built.finish())
    }
}
