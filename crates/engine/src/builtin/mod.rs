//! The provider that is part of the language itself: `terraform_data`.

mod terraform_data;

use std::sync::Arc;

use async_trait::async_trait;
use smform_provider::{Clock, Configure, Identity, Registry};
use smform_types::schema::Schema;
use smform_types::{Diagnostics, Value};

/// The source address that Terraform gives its built-in provider.
pub const SOURCE: &str = "terraform.io/builtin/terraform";

struct NoClients;

#[async_trait]
impl Configure<()> for NoClients {
    async fn configure(&self, _: Value, _: Arc<dyn Clock>) -> Result<((), Option<Identity>), Diagnostics> {
        Ok(((), None))
    }
}

/// The built-in provider.
#[must_use]
pub fn provider() -> Registry<()> {
    let resources: Vec<Box<dyn smform_provider::ResourceType<()>>> = vec![Box::new(terraform_data::TerraformData)];
    Registry::new(SOURCE, Schema::default(), Box::new(NoClients), resources, Vec::new())
}
