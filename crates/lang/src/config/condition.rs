//! Blocks with a condition and a message.

use smform_types::{Diagnostic, Diagnostics};

use super::Condition;
use super::content::{Content, Shape};
use crate::eval::names_anything;
use crate::syntax::Block;

const SHAPE: Shape = Shape { arguments: &["condition", "error_message"], blocks: &[] };

/// The condition that a block holds; nothing when an argument is missing.
pub(super) fn condition(block: &Block, diagnostics: &mut Diagnostics) -> Option<Condition> {
    let before = diagnostics.len();
    let content = Content::exact(block, &SHAPE, diagnostics);
    let in_order = diagnostics.len() == before;
    let condition = content.required("condition", diagnostics).cloned();
    let error_message = content.required("error_message", diagnostics).cloned();
    if let Some(condition) = condition.as_ref().filter(|condition| !names_anything(condition)) {
        let detail = "The condition refers to nothing, so it always has the same result. Let it test a value of the \
                      configuration.";
        diagnostics
            .push(Diagnostic::error(format!("Invalid {} expression", block.kind.text), detail).at(condition.span));
        // A check of nothing is none; a validation has one more thing to say about it.
        if &*block.kind.text == "assert" {
            return None;
        }
    }
    // Nothing more is said of an assertion with a mistake than that the check lacks one.
    if !in_order && &*block.kind.text == "assert" {
        return None;
    }
    Some(Condition { condition: condition?, error_message: error_message?, span: block.header })
}
