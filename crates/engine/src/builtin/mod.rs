//! The provider that is part of the language itself: `terraform_data`.

mod terraform_data;

use smform_provider::Registry;
use smform_provider::registry::NoClients;
use smform_types::schema::Schema;

/// The source address that Terraform gives its built-in provider.
pub const SOURCE: &str = "terraform.io/builtin/terraform";

/// The built-in provider.
#[must_use]
pub fn provider() -> Registry<()> {
    let resources: Vec<Box<dyn smform_provider::ResourceType<()>>> = vec![Box::new(terraform_data::TerraformData)];
    Registry::new(SOURCE, Schema::default(), Box::new(NoClients), resources, Vec::new())
}
