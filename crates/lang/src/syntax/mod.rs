//! The syntax tree: bodies, blocks and expressions, each with its span.
//!
//! Native and JSON syntax are read into the same tree, so that nothing after this stage knows which of the two a file was
//! written in.

mod breaks;
pub(crate) mod escape;
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
    /// Whether its one argument stands on the line of the braces.
    pub one_line: bool,
    /// Top-level blocks that could not be read to their end, without content.
    pub unfinished: Vec<Block>,
    /// The arguments that only an override file gave, where one was merged in: what a schema requires is required of the
    /// block itself, and what no schema knows is passed over.
    pub overridden: Option<Vec<Arc<str>>>,
}

impl Body {
    /// A body of native syntax with nothing in it.
    #[must_use]
    pub fn empty(span: Span) -> Body {
        Body {
            attributes: Vec::new(),
            blocks: Vec::new(),
            span,
            json: false,
            one_line: false,
            unfinished: Vec::new(),
            overridden: None,
        }
    }

    /// What messages about something missing point at: the brace that opens it, the argument on the same line, or in JSON
    /// syntax the brace that closes it.
    #[must_use]
    pub fn missing(&self) -> Span {
        let (start, end) = (self.span.start as usize, self.span.end as usize);
        let place = match self.attributes.first() {
            _ if self.json => end.saturating_sub(1)..end,
            Some(only) if self.one_line => only.name.span.start as usize..only.name.span.start as usize + 1,
            _ => start.saturating_sub(1)..start,
        };
        Span::new(self.span.source, place)
    }

    /// What messages about a missing label point at: the brace that opens it, in JSON syntax the one that closes it.
    #[must_use]
    pub fn brace(&self) -> Span {
        if self.json {
            self.missing()
        } else {
            Span { start: self.span.start.saturating_sub(1), end: self.span.start, ..self.span }
        }
    }

    /// The argument of a name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| &*attribute.name.text == name)
    }

    /// Whether an argument that must be there is: in the block itself.
    #[must_use]
    pub fn has_required(&self, name: &str) -> bool {
        let added = self.overridden.iter().flatten().any(|added| &**added == name);
        !added && self.attribute(name).is_some()
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

impl Expr {
    /// Where it begins, which is what messages about a value of the wrong kind point at: the text of a string, the
    /// bracket of a collection, the name of a call, the first operand of an operator; for others, all of it.
    #[must_use]
    pub fn start(&self) -> Span {
        let Span { source, .. } = self.span;
        let (start, end) = (self.span.start as usize, self.span.end as usize);
        let text = |length: usize| Span::new(source, start + 1..(start + 1 + length).min(end.saturating_sub(1)));
        match &self.kind {
            // A bare word is as long as its text, a quoted one is longer by its quotes.
            ExprKind::Literal(value) => match value.as_str() {
                Some(word) if end - start >= word.len() + 2 => text(end - start - 2),
                _ => self.span,
            },
            ExprKind::Template { parts, .. } => match parts.first() {
                Some(TemplatePart::Text(first)) => text(first.len()),
                _ => self.span,
            },
            ExprKind::Tuple(_) | ExprKind::Object(_) | ExprKind::For(_) => Span::new(source, start..start + 1),
            ExprKind::Call(call) => call.opening(),
            ExprKind::Conditional(parts) => parts[0].start(),
            ExprKind::Binary(_, operands) => operands[0].start(),
            ExprKind::Unary(..) => Span::new(source, start..start + 1),
            ExprKind::Parens(_) | ExprKind::Traversal { .. } | ExprKind::Relative { .. } => self.span,
        }
    }
}

impl Expr {
    /// Where it begins in JSON syntax: the bracket of an object or array, and all of anything else.
    pub(crate) fn start_of_json(&self) -> Span {
        match self.kind {
            ExprKind::Object(_) | ExprKind::Tuple(_) => self.start(),
            _ => self.span,
        }
    }
}

/// The kinds of expressions.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// A number, bool, null, or a string without interpolation.
    Literal(Value),
    /// A string or heredoc with interpolation or directives. A single interpolation keeps the type of its value.
    Template {
        /// What it is made of.
        parts: Vec<TemplatePart>,
        /// In JSON syntax, the text as it was written: where nothing is evaluated, it stands for itself.
        written: Option<Arc<str>>,
    },
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
    /// `.*`; only the steps with a dot that follow apply to each element.
    LegacySplat(Span),
}

impl TraversalStep {
    /// Whether it is written with a dot: an attribute, or an index such as `.0`.
    #[must_use]
    pub const fn is_dotted(&self) -> bool {
        match self {
            TraversalStep::Attribute(_) => true,
            // One in brackets ends after its key.
            TraversalStep::Index(key, span) => key.span.end == span.end,
            TraversalStep::Splat(_) | TraversalStep::LegacySplat(_) => false,
        }
    }

    /// Its place; of an attribute the name alone.
    #[must_use]
    pub const fn span(&self) -> Span {
        match self {
            TraversalStep::Attribute(name) => name.span,
            TraversalStep::Index(_, span) | TraversalStep::Splat(span) | TraversalStep::LegacySplat(span) => *span,
        }
    }
}

/// One item of an object constructor.
#[derive(Clone, Debug)]
pub struct ObjectItem {
    /// The key; a bare name is a [`ExprKind::Literal`] string.
    pub key: Expr,
    /// Whether the key stands in quotes in native syntax, which makes it a text like any other.
    pub quoted: bool,
    /// Where the same key stands before, in JSON syntax, whose objects have each key once where they are values.
    pub before: Option<Span>,
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

impl Call {
    /// The name and the parenthesis after it.
    #[must_use]
    pub fn opening(&self) -> Span {
        let Span { source, start, end } = self.name.span;
        Span::new(source, start as usize..end as usize + 1)
    }

    /// The parenthesis that ends it, when `whole` is its expression.
    #[must_use]
    pub fn closing(&self, whole: &Expr) -> Span {
        let end = whole.span.end as usize;
        Span::new(whole.span.source, end.saturating_sub(1)..end)
    }

    /// The arguments with their parentheses, when `whole` is its expression.
    #[must_use]
    pub fn arguments_span(&self, whole: &Expr) -> Span {
        Span { start: self.name.span.end, ..whole.span }
    }
}

impl Ident {
    /// The name of an attribute with the dot before it.
    #[must_use]
    pub fn with_dot(&self) -> Span {
        let Span { source, start, end } = self.span;
        Span::new(source, (start as usize).saturating_sub(1)..end as usize)
    }
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
