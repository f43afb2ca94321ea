//! The engine: configuration and state in, plan and new state out.
//!
//! The folders are the stages, in order: [`graph`] says what needs what, [`values`] holds what is known,
//! [`plan`] decides and ends in an explicit graph of steps, [`check`] verifies that plan, [`apply`] interprets it.
//! [`workflow`] strings them together for the commands.

pub mod apply;
pub mod blocks;
pub mod builtin;
pub mod check;
pub mod checks;
mod conceal;
pub mod events;
pub mod graph;
pub mod plan;
pub mod providers;
pub mod run;
pub mod snapshot;
pub mod testing;
pub mod values;
pub mod workflow;
