//! What a function takes and returns, as tables can say it.

use smform_types::Type;

/// A type as a constant, since a [`Type`] of a collection cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Any type.
    Any,
    /// `bool`.
    Bool,
    /// `number`.
    Number,
    /// `string`.
    String,
    /// A list of the given shape.
    List(&'static Shape),
    /// A set of the given shape.
    Set(&'static Shape),
    /// A map of the given shape.
    Map(&'static Shape),
}

impl Shape {
    /// The type, with [`Type::Dynamic`] for [`Shape::Any`].
    #[must_use]
    pub fn ty(&self) -> Type {
        match self {
            Shape::Any => Type::Dynamic,
            Shape::Bool => Type::Bool,
            Shape::Number => Type::Number,
            Shape::String => Type::String,
            Shape::List(element) => Type::list(element.ty()),
            Shape::Set(element) => Type::set(element.ty()),
            Shape::Map(element) => Type::map(element.ty()),
        }
    }
}

/// A parameter, and what it accepts beyond known, unmarked values of its type.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// The name that messages use.
    pub name: &'static str,
    /// The type that arguments are converted to.
    pub shape: Shape,
    /// Whether null is an argument.
    pub null: bool,
    /// Whether the function itself deals with an unknown argument; otherwise the result is unknown.
    pub unknown: bool,
    /// Whether the function itself deals with an argument of unknown type; otherwise the result is of unknown type.
    pub dynamic: bool,
    /// Whether the function itself carries marks on; otherwise all marks of the argument go to the result.
    pub marked: bool,
}

impl Parameter {
    pub(super) const fn new(name: &'static str, shape: Shape) -> Parameter {
        Parameter { name, shape, null: false, unknown: false, dynamic: false, marked: false }
    }

    pub(super) const fn null(self) -> Parameter {
        Parameter { null: true, ..self }
    }

    pub(super) const fn unknown(self) -> Parameter {
        Parameter { unknown: true, ..self }
    }

    pub(super) const fn dynamic(self) -> Parameter {
        Parameter { dynamic: true, ..self }
    }

    pub(super) const fn marked(self) -> Parameter {
        Parameter { marked: true, ..self }
    }
}

/// What a function takes and returns.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// Its name, without `core::`.
    pub name: &'static str,
    /// What it is for, in one sentence.
    pub summary: &'static str,
    /// The parameters that every call gives.
    pub parameters: &'static [Parameter],
    /// The parameter that takes any number of further arguments, if there is one.
    pub variadic: Option<Parameter>,
    /// The type of the result; [`Shape::Any`] when it depends on the arguments.
    pub returns: Shape,
}

impl Signature {
    /// The parameter that takes the argument counted from zero.
    #[must_use]
    pub fn parameter(&self, argument: usize) -> Option<&Parameter> {
        self.parameters.get(argument).or(self.variadic.as_ref())
    }
}
