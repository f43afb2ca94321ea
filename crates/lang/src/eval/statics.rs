//! Values that must be written out.
use super::Reference;
use crate::syntax::Expr;
use smform_types::{Diagnostic, Diagnostics};

/// A literal bool.
///
/// # Errors
/// When it is anything else.
pub fn static_bool(expr: &Expr) -> Result<bool, Diagnostic> {
    Err(Diagnostic::error("Invalid value", "").at(expr.span))
}
/// A literal string.
///
/// # Errors
/// When it is anything else.
pub fn static_string(expr: &Expr) -> Result<String, Diagnostic> {
    Err(Diagnostic::error("Invalid value", "").at(expr.span))
}
/// A reference, also when written as a string as JSON does.
///
/// # Errors
/// When it is anything else.
pub fn static_reference(expr: &Expr) -> Result<Reference, Diagnostics> {
    super::parse_reference(expr)
}
