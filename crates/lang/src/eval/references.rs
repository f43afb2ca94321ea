//! References.
use super::Reference;
use crate::syntax::{Body, Expr};
use smform_types::{Diagnostics, schema};

/// The references in an expression, in order; names bound by `for` are not among them. Malformed ones are left out
/// (evaluation reports them).
#[must_use]
pub fn references(_expr: &Expr) -> Vec<Reference> {
    Vec::new()
}
/// The references in a body, nested and dynamic blocks included. With a schema, only in what the schema knows.
#[must_use]
pub fn references_in_body(_body: &Body, _schema: Option<&schema::Block>) -> Vec<Reference> {
    Vec::new()
}
/// The reference that a traversal expression is.
///
/// # Errors
/// When it is not a reference.
pub fn parse_reference(_expr: &Expr) -> Result<Reference, Diagnostics> {
    Err(Diagnostics::new())
}
