//! Blocks with a condition and a message.

use smform_types::{Diagnostic, Diagnostics};

use super::Condition;
use super::content::{Content, Shape};
use crate::eval::references;
use crate::syntax::Block;

const SHAPE: Shape = Shape { arguments: &["condition", "error_message"], blocks: &[] };

/// The condition that a block holds; nothing when an argument is missing.
pub(super) fn condition(block: &Block, diagnostics: &mut Diagnostics) -> Option<Condition> {
    let content = Content::exact(block, &SHAPE, diagnostics);
    let condition = content.required("condition", diagnostics).cloned();
    let error_message = content.required("error_message", diagnostics).cloned();
    let (condition, error_message) = (condition?, error_message?);
    if references(&condition).is_empty() && &*block.kind.text != "validation" {
        let detail = "The condition refers to nothing, so it always has the same result. Let it test a value of the \
                      configuration.";
        diagnostics
            .push(Diagnostic::error(format!("Invalid {} expression", block.kind.text), detail).at(condition.span));
    }
    Some(Condition { condition, error_message, span: block.header })
}
