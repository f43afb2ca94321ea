//! The provider that is part of the language itself: `terraform_data` and `terraform_remote_state`.

mod remote_state;
mod terraform_data;

use smform_provider::Registry;
use smform_provider::registry::NoClients;
use smform_types::schema::Schema;

/// The source address that Terraform gives its built-in provider.
pub const SOURCE: &str = "terraform.io/builtin/terraform";

pub use remote_state::Backends;

/// The built-in provider. States of other configurations are read from `backends`.
#[must_use]
pub fn provider(backends: Backends) -> Registry<()> {
    let resources: Vec<Box<dyn smform_provider::ResourceType<()>>> = vec![Box::new(terraform_data::TerraformData)];
    let data: Vec<Box<dyn smform_provider::DataSource<()>>> = vec![Box::new(remote_state::RemoteState { backends })];
    Registry::new(SOURCE, Schema::default(), Box::new(NoClients), resources, data)
}
