//! `data "aws_iam_role"`: a role by its name.

use async_trait::async_trait;
use smform_provider::{Context, DataSource, ProviderError};
use smform_types::schema::{Attribute, Block, Schema};
use smform_types::{Type, Value};

use super::{date, role};
use crate::clients::Clients;
use crate::fields::{Builder, Fields, text_map};

/// The data source.
pub(crate) struct RoleData {
    schema: Schema,
}

impl RoleData {
    pub(crate) fn new() -> RoleData {
        let told = || Attribute::computed(Type::String);
        let block = Block::new(
            [
                ("id", told()),
                ("name", Attribute::required(Type::String)),
                ("arn", told()),
                ("assume_role_policy", told().describe("Who may assume the role, as JSON.")),
                ("create_date", told()),
                ("description", told()),
                ("max_session_duration", Attribute::computed(Type::Number)),
                ("path", told()),
                ("permissions_boundary", told()),
                ("unique_id", told()),
                ("tags", Attribute::computed(Type::map(Type::String))),
                ("role_last_used", Attribute::computed(Type::list(last_used()))),
            ],
            [],
        );
        RoleData { schema: Schema { version: 0, block } }
    }
}

fn last_used() -> Type {
    Type::object([("last_used_date", Type::String), ("region", Type::String)])
}

#[async_trait]
impl DataSource<Clients> for RoleData {
    fn name(&self) -> &'static str {
        "aws_iam_role"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    async fn read(&self, config: &Value, cx: &Context<'_, Clients>) -> Result<Value, ProviderError> {
        let name = Fields(config).text("name").unwrap_or_default();
        let found = role::describe(&cx.clients.iam(), name).await;
        let found = found.map_err(|failure| failure.into_error(format!("Role \"{name}\" could not be read")))?;
        let Some(role) = found else {
            let account = cx.clients.account.as_deref().map(|id| format!(" in account {id}")).unwrap_or_default();
            return Err(ProviderError::new("No such role", format!("There is no role \"{name}\"{account}.")));
        };
        let boundary = role.child("PermissionsBoundary").and_then(|boundary| boundary.text("PermissionsBoundaryArn"));
        let used = role.child("RoleLastUsed").filter(|used| used.text("LastUsedDate").is_some());
        let used = used.map(|used| {
            let text = |name: &str| Value::string(used.text(name).unwrap_or_default());
            Value::object([("last_used_date", text("LastUsedDate")), ("region", text("Region"))])
        });
        let built = Builder::new(&self.schema.block)
            .text("id", role.text("RoleName"))
            .text("name", role.text("RoleName"))
            .text("arn", role.text("Arn"))
            .text("assume_role_policy", Some(&role::trust(&role)))
            .text("create_date", role.text("CreateDate").map(date).as_deref())
            .text("description", Some(role.text("Description").unwrap_or_default()))
            .int("max_session_duration", role.text("MaxSessionDuration").and_then(|seconds| seconds.parse().ok()))
            .text("path", role.text("Path"))
            .text("permissions_boundary", Some(boundary.unwrap_or_default()))
            .text("unique_id", role.text("RoleId"))
            .value("tags", text_map(&role.tags("Tags")))
            .value("role_last_used", Value::list(last_used(), used));
        Ok(built.finish())
    }
}
