//! `check` blocks.

use smform_types::{Diagnostic, Diagnostics, ResourceMode};

use super::condition::condition;
use super::content::{Content, Shape, check_name};
use super::resource::resource;
use super::{Check, Repetition, Resource};
use crate::syntax::{Block, Ident};

const SHAPE: Shape = Shape { arguments: &[], blocks: &[("data", 2), ("assert", 0)] };

/// The check, and the data block that stands in it.
pub(super) fn check(block: &Block, name: &Ident, diagnostics: &mut Diagnostics) -> (Check, Option<Resource>) {
    check_name(name, "check block", diagnostics);
    let content = Content::exact(block, &SHAPE, diagnostics);
    let data = content.single("data", diagnostics).and_then(|block| match block.labels.as_slice() {
        [type_name, label] => {
            let data = resource(block, ResourceMode::Data, type_name, label, diagnostics);
            Some(Resource { check: Some(name.text.clone()), ..data })
        }
        _ => None,
    });
    if let Some(data) = &data
        && (!matches!(data.repetition, Repetition::Single) || !data.lifecycle.preconditions.is_empty())
    {
        let detail = "A data block within a check has no count, for_each or lifecycle.";
        diagnostics.push(Diagnostic::error("Invalid scoped data source", detail).at(data.span));
    }
    let asserts: Vec<_> = content.blocks_of("assert").filter_map(|block| condition(block, diagnostics)).collect();
    if asserts.is_empty() {
        let detail = "A check needs at least one assert block: the condition that it is for.";
        diagnostics.push(Diagnostic::error("Zero assert blocks", detail).at(block.header));
    }
    let address = data.as_ref().map(|data| data.address.clone());
    (Check { name: name.clone(), data: address, asserts, span: block.header }, data)
}
