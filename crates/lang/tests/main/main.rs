//! The language against its corpora in `tests/lang/` at the root of the repository.

mod configurations;
mod expressions;
mod format;
mod functions;
mod fuzz;
mod generate;
mod module;
mod properties;
mod scale;
mod support;
mod unknown;
