//! From `.tf` text to an evaluated configuration, in the order of the folders:
//! [`source`] reads files, [`syntax`] parses them, [`config`] makes modules of them without evaluating anything, and
//! [`eval`] evaluates expressions and bodies with the help of [`functions`].
//!
//! Nothing here knows state or plan: whoever evaluates says through [`eval::Scope`] what a reference stands for.

pub mod config;
pub mod edit;
pub mod eval;
pub mod format;
pub mod functions;
pub mod generate;
pub mod source;
mod stack;
pub mod syntax;
