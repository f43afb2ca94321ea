//! Arguments, commands, rendering and exit codes.
//!
//! [`run`] is the whole program but for its surroundings, which [`World`] stands for: so everything here is tested
//! without a process, a clock or a network.

pub mod render;
pub mod terminal;
pub mod world;

pub use terminal::Terminal;
pub use world::{SandboxHost, SandboxOptions, Sandboxed, World};
