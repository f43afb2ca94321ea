//! Refinements: what is already known of a value that is not known yet.

use std::sync::Arc;

use crate::number::Number;

/// Facts about an unknown value, which let some questions about it be answered at plan time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Refinement {
    /// It will not be null.
    pub not_null: bool,
    /// A string that will begin so.
    pub prefix: Option<Arc<str>>,
    /// A number that will not be below this (the flag: this bound itself is possible).
    pub lower: Option<(Number, bool)>,
    /// A number that will not be above this (the flag: this bound itself is possible).
    pub upper: Option<(Number, bool)>,
    /// A collection that will have at least so many elements.
    pub min_length: Option<u64>,
    /// A collection that will have at most so many elements.
    pub max_length: Option<u64>,
}

impl Refinement {
    /// Only that it will not be null.
    #[must_use]
    pub fn not_null() -> Refinement {
        Refinement { not_null: true, ..Refinement::default() }
    }

    /// A string, not null, that will begin with `prefix`.
    #[must_use]
    pub fn with_prefix(prefix: &str) -> Refinement {
        Refinement { not_null: true, prefix: Some(prefix.into()), ..Refinement::default() }
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Refinement::default()
    }
}
