//! The AWS provider, over the real SDK crates.
//!
//! [`provider`] makes a registry of resource types and data sources over [`Clients`]. Each type is one file (or folder)
//! under `resources/`, with its schema, its checks, its calls, and the conversion between values and API structures.
//! What they share: `connect` (provider block to clients), `failure` (SDK errors to advice), `preflight` (live checks
//! of a VPC), `settle` (what the service tells, in the form that is remembered).
//!
//! The sandbox comes in as a [`Transport`]; this crate does not know it.

mod clients;
mod connect;
mod constraints;
mod failure;
mod fields;
pub mod kms;
mod names;
mod naming;
mod preflight;
mod reach;
mod resources;
mod retry;
mod rpc;
#[cfg(test)]
mod scripted;
mod settings;
mod settle;
mod shared;
mod silence;
mod tags;
mod taken;
mod transport;
mod waiters;

pub use clients::Clients;
pub use connect::{Settings, session};
pub use failure::reason;
pub use transport::Transport;

use smform_provider::Registry;

/// The source address of the provider, the same as that of Terraform's.
pub const SOURCE: &str = "registry.terraform.io/hashicorp/aws";

/// The provider.
#[must_use]
pub fn provider(settings: Settings) -> Registry<Clients> {
    Registry::new(
        SOURCE,
        settings::schema(),
        Box::new(connect::Connect(settings)),
        resources::resource_types(),
        resources::data_sources(),
    )
}
