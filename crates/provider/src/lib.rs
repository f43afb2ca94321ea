//! The contract between the engine and a provider.
//!
//! The engine sees a [`Provider`] (what there is, and offline checks) and, once configured, a [`Session`] (what is
//! live). A provider is written as a [`Registry`] of [`ResourceType`]s and [`DataSource`]s over its own client type;
//! the registry does what all types share: schema lookup, constraint checks, planning by schema.
//!
//! Nothing here knows AWS, configuration syntax, plans or state files.

pub mod constraints;
pub mod error;
pub mod plan;
pub mod provider;
pub mod reference;
pub mod registry;
pub mod resource;
pub mod review;
pub mod run;
pub mod written;

pub use error::{ProviderError, Retry};
pub use plan::{Former, PlanRequest, PlanResponse, ReplaceOrder, SameName, both_absent, plan_by_schema};
pub use provider::{Identity, Provider, Session};
pub use registry::{Configure, Registry};
pub use resource::{CreateOutcome, DataSource, Imported, ResourceType, UpdateOutcome};
pub use review::{Beside, PlannedObject, UniqueName, Use, Whole};
pub use run::{Clock, Context, Run, SystemClock};
pub use smform_types::schema;
