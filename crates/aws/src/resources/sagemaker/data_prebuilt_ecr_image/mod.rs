//! `data "aws_sagemaker_prebuilt_ecr_image"`: where AWS keeps an image for SageMaker, known without a call.

mod accounts;

use async_trait::async_trait;
use smform_provider::{Context, DataSource, ProviderError};
use smform_types::schema::{Attribute, Block, Schema};
use smform_types::suggest::did_you_mean;
use smform_types::{Diagnostic, Diagnostics, Path, Type, Value};

use crate::clients::{Clients, dns_suffix, partition_of};
use crate::fields::{Builder, Fields};
use crate::shared::data_region;

/// The data source.
pub(crate) struct PrebuiltEcrImageData {
    schema: Schema,
}

impl PrebuiltEcrImageData {
    pub(crate) fn new() -> PrebuiltEcrImageData {
        let told = || Attribute::computed(Type::String);
        let block = Block::new(
            [
                ("id", told().describe("The account.")),
                ("repository_name", Attribute::required(Type::String).describe("Such as sagemaker-xgboost.")),
                ("image_tag", Attribute::optional(Type::String).default_value("1")),
                (
                    "dns_suffix",
                    Attribute::optional(Type::String)
                        .describe("What the host ends with; that of the region if left out."),
                ),
                ("region", data_region()),
                ("registry_id", told().describe("The account that has the image.")),
                ("registry_path", told().describe("The image, as models name it.")),
            ],
            [],
        );
        PrebuiltEcrImageData { schema: Schema { version: 0, block } }
    }
}

#[async_trait]
impl DataSource<Clients> for PrebuiltEcrImageData {
    fn name(&self) -> &'static str {
        "aws_sagemaker_prebuilt_ecr_image"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let known = accounts::repositories();
        let Some(name) = Fields(config).text("repository_name").filter(|name| !known.contains(name)) else {
            return Diagnostics::new();
        };
        let hint = did_you_mean(name, known.iter().copied());
        let detail = format!("\"{name}\" is not among the repositories of AWS that are known.{hint}");
        Diagnostic::error("Unknown repository", detail).of_attribute(Path::attribute("repository_name")).into()
    }

    async fn read(&self, config: &Value, cx: &Context<'_, Clients>) -> Result<Value, ProviderError> {
        let fields = Fields(config);
        let region = cx.clients.region_of(config);
        let name = fields.text("repository_name").unwrap_or_default();
        let tag = fields.text("image_tag").unwrap_or("1");
        let Some(account) = accounts::account(name, region) else {
            let detail = format!("AWS keeps no \"{name}\" in {region}, as far as is known. Name the image directly.");
            return Err(ProviderError::new("No such image in the region", detail)
                .of_attribute(Path::attribute("repository_name")));
        };
        let suffix = fields.text("dns_suffix").unwrap_or_else(|| dns_suffix(partition_of(region)));
        let built = Builder::new(&self.schema.block)
            .text("id", Some(account))
            .text("repository_name", Some(name))
            .text("image_tag", Some(tag))
            .text("dns_suffix", fields.text("dns_suffix"))
            .text("region", Some(region))
            .text("registry_id", Some(account))
            .text("registry_path", Some(&format!("{account}.dkr.ecr.{region}.{suffix}/{name}:{tag}")));
        Ok(built.finish())
    }
}
