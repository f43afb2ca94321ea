//! From the engine's data to what people and programs read.

pub mod diagnostics;
pub mod diff;
pub mod graph;
pub mod heading;
pub mod json;
pub mod junit;
pub mod lines;
pub mod markdown;
pub mod operation_graph;
pub mod plan;
pub mod progress;
pub mod state;
pub mod style;
pub mod test;
