//! The language against its corpora in `tests/lang/` at the root of the repository.

mod expressions;
mod support;
