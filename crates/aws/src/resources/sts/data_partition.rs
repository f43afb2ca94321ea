//! `data "aws_partition"`: which part of AWS the provider's region belongs to, known without a call.

use async_trait::async_trait;
use smform_provider::{Context, DataSource, ProviderError};
use smform_types::schema::{Attribute, Block, Schema};
use smform_types::{Type, Value};

use crate::clients::{Clients, dns_suffix, partition_of};
use crate::fields::{Builder, Fields};
use crate::shared::data_region;

/// The data source.
pub(crate) struct PartitionData {
    schema: Schema,
}

impl PartitionData {
    pub(crate) fn new() -> PartitionData {
        let told = || Attribute::computed(Type::String);
        let block = Block::new(
            [
                ("id", told()),
                ("partition", told().describe("aws, aws-cn, aws-us-gov and so on.")),
                ("dns_suffix", told().describe("What the names of its hosts end with.")),
                ("reverse_dns_prefix", told().describe("The same, from the last part to the first.")),
                ("region", data_region()),
            ],
            [],
        );
        PartitionData { schema: Schema { version: 0, block } }
    }
}

#[async_trait]
impl DataSource<Clients> for PartitionData {
    fn name(&self) -> &'static str {
        "aws_partition"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    async fn read(&self, config: &Value, cx: &Context<'_, Clients>) -> Result<Value, ProviderError> {
        let region = Fields(config).text("region").unwrap_or(&cx.clients.region);
        let partition = partition_of(region);
        let suffix = dns_suffix(partition);
        let reversed: Vec<&str> = suffix.rsplit('.').collect();
        let built = Builder::new(&self.schema.block)
            .text("id", Some(partition))
            .text("partition", Some(partition))
            .text("dns_suffix", Some(suffix))
            .text("reverse_dns_prefix", Some(&reversed.join(".")))
            .text("region", Some(region));
        Ok(built.finish())
    }
}
