//! `data "aws_region"`: facts about a region, known without a call.

use async_trait::async_trait;
use smform_provider::{Context, DataSource, ProviderError};
use smform_types::Type;
use smform_types::Value;
use smform_types::schema::{Attribute, Block, Schema};

use crate::clients::{Clients, dns_suffix, partition_of};
use crate::fields::{Builder, Fields};
use crate::settings::region_problem;

/// The data source.
pub(crate) struct RegionData {
    schema: Schema,
}

impl RegionData {
    pub(crate) fn new() -> RegionData {
        let block = Block::new(
            [
                ("id", Attribute::computed(Type::String).describe("The region.")),
                (
                    "region",
                    Attribute::optional_computed(Type::String)
                        .describe("The region; that of the provider if left out."),
                ),
                ("name", Attribute::optional_computed(Type::String).deprecated("Use region, which means the same.")),
                (
                    "endpoint",
                    Attribute::optional_computed(Type::String).describe("The host of EC2's API in the region."),
                ),
                ("description", Attribute::computed(Type::String).describe("The region's name in words.")),
            ],
            [],
        );
        RegionData { schema: Schema { version: 0, block } }
    }
}

/// Names in words, as AWS gives them.
const NAMES: [(&str, &str); 34] = [
    ("af-south-1", "Africa (Cape Town)"),
    ("ap-east-1", "Asia Pacific (Hong Kong)"),
    ("ap-northeast-1", "Asia Pacific (Tokyo)"),
    ("ap-northeast-2", "Asia Pacific (Seoul)"),
    ("ap-northeast-3", "Asia Pacific (Osaka)"),
    ("ap-south-1", "Asia Pacific (Mumbai)"),
    ("ap-south-2", "Asia Pacific (Hyderabad)"),
    ("ap-southeast-1", "Asia Pacific (Singapore)"),
    ("ap-southeast-2", "Asia Pacific (Sydney)"),
    ("ap-southeast-3", "Asia Pacific (Jakarta)"),
    ("ap-southeast-4", "Asia Pacific (Melbourne)"),
    ("ca-central-1", "Canada (Central)"),
    ("ca-west-1", "Canada West (Calgary)"),
    ("cn-north-1", "China (Beijing)"),
    ("cn-northwest-1", "China (Ningxia)"),
    ("eu-central-1", "Europe (Frankfurt)"),
    ("eu-central-2", "Europe (Zurich)"),
    ("eu-north-1", "Europe (Stockholm)"),
    ("eu-south-1", "Europe (Milan)"),
    ("eu-south-2", "Europe (Spain)"),
    ("eu-west-1", "Europe (Ireland)"),
    ("eu-west-2", "Europe (London)"),
    ("eu-west-3", "Europe (Paris)"),
    ("il-central-1", "Israel (Tel Aviv)"),
    ("me-central-1", "Middle East (UAE)"),
    ("me-south-1", "Middle East (Bahrain)"),
    ("mx-central-1", "Mexico (Central)"),
    ("sa-east-1", "South America (Sao Paulo)"),
    ("us-east-1", "US East (N. Virginia)"),
    ("us-east-2", "US East (Ohio)"),
    ("us-gov-east-1", "AWS GovCloud (US-East)"),
    ("us-gov-west-1", "AWS GovCloud (US-West)"),
    ("us-west-1", "US West (N. California)"),
    ("us-west-2", "US West (Oregon)"),
];

/// The regions that AWS is known to have.
pub(crate) fn known_regions() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(|(name, _)| *name)
}

#[async_trait]
impl DataSource<Clients> for RegionData {
    fn name(&self) -> &'static str {
        "aws_region"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    async fn read(&self, config: &Value, cx: &Context<'_, Clients>) -> Result<Value, ProviderError> {
        let fields = Fields(config);
        let asked = fields.text("endpoint").and_then(|host| host.strip_prefix("ec2.")?.split('.').next());
        let region = fields.text("region").or(fields.text("name")).or(asked).unwrap_or(&cx.clients.region);
        if let Some(problem) = region_problem(region) {
            return Err(ProviderError::new("Unknown region", problem));
        }
        let description = NAMES.iter().find(|(name, _)| *name == region).map(|(_, words)| *words);
        let endpoint = format!("ec2.{region}.{}", dns_suffix(partition_of(region)));
        let built = Builder::new(&self.schema.block)
            .text("id", Some(region))
            .text("region", Some(region))
            .text("name", Some(region))
            .text("endpoint", Some(&endpoint))
            .text("description", Some(description.unwrap_or(region)));
        Ok(built.finish())
    }
}
