//! `data "aws_caller_identity"`: whose credentials are used.

use async_trait::async_trait;
use smform_provider::{Context, DataSource, ProviderError};
use smform_types::schema::{Attribute, Block, Schema};
use smform_types::{Type, Value};

use crate::clients::Clients;
use crate::connect::caller;
use crate::fields::Builder;

/// The data source.
pub(crate) struct CallerIdentityData {
    schema: Schema,
}

impl CallerIdentityData {
    pub(crate) fn new() -> CallerIdentityData {
        let told = || Attribute::computed(Type::String);
        let block = Block::new(
            [
                ("id", told().describe("The account.")),
                ("account_id", told().describe("The account.")),
                ("arn", told().describe("The ARN of the caller.")),
                ("user_id", told().describe("The unique identifier of the caller.")),
            ],
            [],
        );
        CallerIdentityData { schema: Schema { version: 0, block } }
    }
}

#[async_trait]
impl DataSource<Clients> for CallerIdentityData {
    fn name(&self) -> &'static str {
        "aws_caller_identity"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    async fn read(&self, _: &Value, cx: &Context<'_, Clients>) -> Result<Value, ProviderError> {
        let known = match &cx.clients.caller {
            Some(known) => known.clone(),
            None => caller(cx.clients)
                .await
                .map_err(|failure| failure.into_error("Cannot find out whose credentials are used"))?,
        };
        let built = Builder::new(&self.schema.block)
            .text("id", Some(&known.account))
            .text("account_id", Some(&known.account))
            .text("arn", Some(&known.arn))
            .text("user_id", Some(&known.user));
        Ok(built.finish())
    }
}
