//! What tests need in place of the world: a provider whose service is a table in memory and does what a script says, and
//! a record of outcomes in memory. A dev-dependency only.

pub mod gate;
pub mod record;
pub mod scripted;

pub use gate::Gate;
pub use record::MemoryRecord;
pub use scripted::{Service, provider};
