//! State: version 4 of Terraform's format (older versions are rewritten as it is read), the journal that makes every outcome durable, locks and backends.
//!
//! [`model`] is the state as data and [`codec`] its text. A [`backend::Backend`] keeps snapshots of it; a
//! [`store::Store`] is a state that is held open and locked: it writes each outcome to the [`journal`] at a cost that
//! does not grow with the state, and a new snapshot at the end.

mod announced;
pub mod backend;
mod catch_up;
pub mod codec;
pub mod encryption;
pub mod error;
pub mod exchange;
pub mod fingerprint;
pub mod host;
pub mod journal;
pub mod kind;
pub mod local;
pub mod lock;
pub mod model;
mod older;
pub mod paths;
pub mod rollback;
pub mod store;

pub use backend::{Backend, Held, Kept, Snapshot, Workspaces};
pub use catch_up::key_of;
pub use error::StateError;
pub use journal::{Intent, Record};
pub use local::{LocalBackend, LocalWorkspaces};
pub use model::{Object, ObjectId, Output, Resource, State};
pub use store::Store;
