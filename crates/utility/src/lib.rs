//! Providers that have no service behind them: `random`, `null` and `time`, as published modules use them beside SageMaker.
//!
//! Their objects exist in the state and nowhere else.

mod kept;
mod null;
pub mod random;
mod time;

use smform_provider::registry::NoClients;
use smform_provider::{Registry, ResourceType};
use smform_types::schema::Schema;

/// `hashicorp/random`: identifiers, strings, passwords and names that stay as they were first made.
#[must_use]
pub fn random() -> Registry<()> {
    provider("registry.terraform.io/hashicorp/random", random::resource_types())
}

/// `hashicorp/null`: an object that is nothing but its triggers.
#[must_use]
pub fn null() -> Registry<()> {
    provider("registry.terraform.io/hashicorp/null", vec![Box::new(kept::Kept(null::Null))])
}

/// `hashicorp/time`: waiting.
#[must_use]
pub fn time() -> Registry<()> {
    provider("registry.terraform.io/hashicorp/time", vec![Box::new(time::Sleep)])
}

fn provider(source: &'static str, types: Vec<Box<dyn ResourceType<()>>>) -> Registry<()> {
    Registry::new(source, Schema::default(), Box::new(NoClients), types, Vec::new())
}
