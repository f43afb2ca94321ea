//! The SageMaker API's shapes as data: what a request may hold, and within which limits.

mod instance_types;
pub(crate) mod operations;
pub(crate) mod patterns;
mod scalars;
mod structures;

use patterns::Pattern;

/// "No upper limit" for lengths.
pub(crate) const UNBOUNDED: usize = usize::MAX;

/// What one value may be.
pub(crate) enum Shape {
    /// An object with known members.
    Structure(&'static [Member]),
    /// A string, its length in characters.
    Text { min: usize, max: usize, rule: TextRule },
    /// A whole number. The API's integers have 32 bits.
    Integer { min: i32, max: i32 },
    /// A number without an upper limit.
    Float { min: f64 },
    /// `true` or `false`.
    Boolean,
    /// Seconds since 1970, with a fraction.
    Timestamp,
}

/// What a string may hold besides its length.
pub(crate) enum TextRule {
    Any,
    OneOf(&'static [&'static str]),
    Matching(Pattern),
}

/// A member of a structure.
pub(crate) struct Member {
    pub name: &'static str,
    pub required: bool,
    pub kind: Kind,
}

/// Whether a member holds one value, a list or a map.
pub(crate) enum Kind {
    One(&'static Shape),
    List { of: &'static Shape, min: usize, max: usize },
    Map { key: &'static Shape, value: &'static Shape, max: usize },
}

const fn required(name: &'static str, shape: &'static Shape) -> Member {
    Member { name, required: true, kind: Kind::One(shape) }
}

const fn optional(name: &'static str, shape: &'static Shape) -> Member {
    Member { name, required: false, kind: Kind::One(shape) }
}

const fn required_list(name: &'static str, of: &'static Shape, min: usize, max: usize) -> Member {
    Member { name, required: true, kind: Kind::List { of, min, max } }
}

const fn optional_list(name: &'static str, of: &'static Shape, min: usize, max: usize) -> Member {
    Member { name, required: false, kind: Kind::List { of, min, max } }
}

const fn optional_map(name: &'static str, key: &'static Shape, value: &'static Shape, max: usize) -> Member {
    Member { name, required: false, kind: Kind::Map { key, value, max } }
}

const fn text(min: usize, max: usize) -> Shape {
    Shape::Text { min, max, rule: TextRule::Any }
}

const fn one_of(values: &'static [&'static str]) -> Shape {
    Shape::Text { min: 0, max: UNBOUNDED, rule: TextRule::OneOf(values) }
}

const fn pattern(min: usize, max: usize, source: &'static str) -> Shape {
    Shape::Text { min, max, rule: TextRule::Matching(Pattern::regex(source)) }
}

const fn checked(min: usize, max: usize, source: &'static str, check: fn(&str) -> bool) -> Shape {
    Shape::Text { min, max, rule: TextRule::Matching(Pattern::by_hand(source, check)) }
}

const fn integer(min: i32, max: i32) -> Shape {
    Shape::Integer { min, max }
}

const fn float(min: f64) -> Shape {
    Shape::Float { min }
}
