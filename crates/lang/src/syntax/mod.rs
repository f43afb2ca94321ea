//! The syntax tree: bodies, blocks and expressions, each with its span.
//!
//! Native and JSON syntax are read into the same tree, so that nothing after this stage knows which of the two a file was
//! written in.

mod escape;
mod json;
mod names;
mod native;
mod parser;
mod place;
mod template;

use std::borrow::Cow;
use std::sync::Arc;

use smform_types::{Diagnostics, Span, Value};

pub use json::{parse_json, parse_json_values};
pub use names::is_identifier;
pub(crate) use names::{is_id_continue, is_id_start};
pub use native::{parse_expression, parse_expression_within, parse_native, parse_template};

/// A file, or what stands between the braces of a block.
#[derive(Clone, Debug)]
pub struct Body {
    /// Arguments, in order.
    pub attributes: Vec<Attribute>,
    /// Nested blocks, in order.
    pub blocks: Vec<Block>,
    /// The whole body; for an empty one, the place where content would stand.
    pub span: Span,
    /// Whether it is of JSON syntax, where only a schema tells blocks from arguments: everything is an attribute
    /// until [`Body::expanded`].
    pub json: bool,
}

impl Body {
    /// A body of native syntax with nothing in it.
    #[must_use]
    pub fn empty(span: Span) -> Body {
        Body { attributes: Vec::new(), blocks: Vec::new(), span, json: false }
    }

    /// The argument of a name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| &*attribute.name.text == name)
    }

    /// The nested blocks of a type.
    pub fn blocks_of<'b>(&'b self, kind: &'b str) -> impl Iterator<Item = &'b Block> {
        self.blocks.iter().filter(move |block| &*block.kind.text == kind)
    }

    /// The body with the given block types (and the number of their labels) as blocks. A body of native syntax is
    /// as it was written.
    pub fn expanded(&self, types: &[(&str, usize)]) -> (Cow<'_, Body>, Diagnostics) {
        if self.json { json::expand(self, types) } else { (Cow::Borrowed(self), Diagnostics::new()) }
    }
}

/// `name = expression`.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// The name.
    pub name: Ident,
    /// The value.
    pub expr: Expr,
}

/// `type "label" { ... }`.
#[derive(Clone, Debug)]
pub struct Block {
    /// The block type.
    pub kind: Ident,
    /// Its labels.
    pub labels: Vec<Ident>,
    /// Its content.
    pub body: Body,
    /// The type and labels, which is what messages point at.
    pub header: Span,
}

/// A name with its place.
#[derive(Clone, Debug)]
pub struct Ident {
    /// The name.
    pub text: Arc<str>,
    /// Its place.
    pub span: Span,
}

/// An expression with its place.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its place.
    pub span: Span,
}

/// The kinds of expressions.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// A number, bool, null, or a string without interpolation.
    Literal(Value),
    /// A string or heredoc with interpolation or directives. A single interpolation keeps the type of its value.
    Template(Vec<TemplatePart>),
    /// A name followed by steps: `aws_vpc.main.id`, `var.x[0]`, or a bare name such as a `for` variable or keyword.
    Traversal {
        /// The first name.
        root: Ident,
        /// What follows it.
        steps: Vec<TraversalStep>,
    },
    /// Steps from the value of an expression: `f().name`, `(x)[0]`.
    Relative {
        /// Where from.
        from: Box<Expr>,
        /// The steps.
        steps: Vec<TraversalStep>,
    },
    /// `[a, b]`.
    Tuple(Vec<Expr>),
    /// `{ a = b }`.
    Object(Vec<ObjectItem>),
    /// `[for k, v in c : e if cond]` and `{for k, v in c : k => v... if cond}`.
    For(Box<ForExpr>),
    /// `c ? a : b`.
    Conditional(Box<[Expr; 3]>),
    /// `a + b`.
    Binary(BinaryOp, Box<[Expr; 2]>),
    /// `-a`, `!a`.
    Unary(UnaryOp, Box<Expr>),
    /// `f(a, b...)`.
    Call(Box<Call>),
    /// `(a)`.
    Parens(Box<Expr>),
}

/// A part of a template.
#[derive(Clone, Debug)]
pub enum TemplatePart {
    /// Text as it stands, escapes and trim markers already applied.
    Text(Arc<str>),
    /// `${e}`.
    Interpolation(Expr),
    /// `%{ if c }...%{ else }...%{ endif }`.
    If {
        /// The condition.
        condition: Expr,
        /// When it holds.
        then: Vec<TemplatePart>,
        /// When it does not.
        otherwise: Vec<TemplatePart>,
        /// From the first marker to the last.
        span: Span,
    },
    /// `%{ for k, v in c }...%{ endfor }`.
    For {
        /// The name of the key, when there are two names.
        key: Option<Ident>,
        /// The name of the value.
        value: Ident,
        /// What to go through.
        collection: Expr,
        /// What to write for each.
        body: Vec<TemplatePart>,
        /// From the first marker to the last.
        span: Span,
    },
}

/// A step of a traversal.
#[derive(Clone, Debug)]
pub enum TraversalStep {
    /// `.name`.
    Attribute(Ident),
    /// `[e]`; also the legacy `.0`.
    Index(Expr, Span),
    /// `[*]`; the steps that follow apply to each element.
    Splat(Span),
    /// `.*`; only the attribute steps that follow apply to each element.
    LegacySplat(Span),
}

/// One item of an object constructor.
#[derive(Clone, Debug)]
pub struct ObjectItem {
    /// The key; a bare name is a [`ExprKind::Literal`] string.
    pub key: Expr,
    /// The value.
    pub value: Expr,
}

/// A `for` expression.
#[derive(Clone, Debug)]
pub struct ForExpr {
    /// The name of the key, when there are two names.
    pub key: Option<Ident>,
    /// The name of the value.
    pub value: Ident,
    /// What to go through.
    pub collection: Expr,
    /// The key of each result, in braces.
    pub result_key: Option<Expr>,
    /// Each result.
    pub result: Expr,
    /// Whether results with equal keys are grouped (`...`).
    pub grouped: bool,
    /// Which to keep.
    pub condition: Option<Expr>,
}

/// A function call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The name, with its namespace if any: `core::upper`.
    pub name: Ident,
    /// The arguments.
    pub arguments: Vec<Expr>,
    /// Whether the last argument is expanded (`...`).
    pub expand_last: bool,
}

/// Operators of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `&&`
    And,
    /// `||`
    Or,
}

impl BinaryOp {
    /// Whether the result is a number.
    #[must_use]
    pub const fn is_arithmetic(self) -> bool {
        use BinaryOp::{Add, Divide, Modulo, Multiply, Subtract};
        matches!(self, Add | Subtract | Multiply | Divide | Modulo)
    }
}

/// Operators of one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-`
    Negate,
    /// `!`
    Not,
}
