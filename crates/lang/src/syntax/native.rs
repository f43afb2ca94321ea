//! Native syntax.
use super::{Body, Expr};
use smform_types::{Diagnostics, SourceId, Span};

/// The body of a file.
pub fn parse_native(text: &str, source: SourceId) -> (Body, Diagnostics) {
    (Body { attributes: Vec::new(), blocks: Vec::new(), span: Span::new(source, 0..text.len()) }, Diagnostics::new())
}

/// An expression.
///
/// # Errors
/// Syntax errors.
pub fn parse_expression(text: &str, source: SourceId) -> Result<Expr, Diagnostics> {
    let (_, diagnostics) = parse_native(text, source);
    Err(diagnostics)
}

/// A template.
///
/// # Errors
/// Syntax errors.
pub fn parse_template(text: &str, source: SourceId) -> Result<Expr, Diagnostics> {
    parse_expression(text, source)
}
