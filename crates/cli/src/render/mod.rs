//! From the engine's data to what people and programs read.

pub mod diagnostics;
pub mod diff;
pub mod heading;
pub mod plan;
pub mod style;
