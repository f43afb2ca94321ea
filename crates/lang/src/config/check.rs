//! `check` blocks.

use std::borrow::Cow;

use smform_types::{Diagnostic, Diagnostics, ResourceMode};

use super::condition::condition;
use super::content::{Content, Shape, check_name};
use super::resource::resource;
use super::{Check, Resource};
use crate::syntax::{Block, Body, Ident};

const SHAPE: Shape = Shape { arguments: &[], blocks: &[("data", 2), ("assert", 0)] };

/// The check, and the data block that stands in it.
pub(super) fn check(block: &Block, name: &Ident, diagnostics: &mut Diagnostics) -> (Check, Option<Resource>) {
    check_name(name, "check block", diagnostics);
    let content = Content::exact(block, &SHAPE, diagnostics);
    if let Some(second) = content.blocks_of("data").nth(1) {
        let detail = "A check has one data block. Declare the other one outside of the check.";
        diagnostics.push(Diagnostic::error("Multiple data resource blocks", detail).at(second.header));
    }
    let first = content.blocks_of("data").next();
    let data = first.and_then(|block| match block.labels.as_slice() {
        [type_name, label] => {
            let data = resource(block, ResourceMode::Data, type_name, label, diagnostics);
            Some(Resource { check: Some(name.text.clone()), ..data })
        }
        _ => None,
    });
    let (body, _) = first.map_or_else(
        || (Cow::Owned(Body::empty(block.body.span)), Diagnostics::new()),
        |first| first.body.expanded(&[("lifecycle", 0)]),
    );
    let detail = "A data block within a check has no count, for_each or lifecycle.";
    for name in ["count", "for_each"] {
        if let Some(written) = body.attribute(name) {
            let summary = format!("Invalid \"{name}\" attribute");
            diagnostics.push(Diagnostic::error(summary, detail).at(written.name.span));
        }
    }
    if let Some(written) = body.blocks_of("lifecycle").next() {
        diagnostics.push(Diagnostic::error("Invalid lifecycle block", detail).at(written.header));
    }
    let asserts: Vec<_> = content.blocks_of("assert").filter_map(|block| condition(block, diagnostics)).collect();
    if asserts.is_empty() {
        let detail = "A check needs at least one assert block: the condition that it is for.";
        diagnostics.push(Diagnostic::error("Zero assert blocks", detail).at(block.header));
    }
    let address = data.as_ref().map(|data| data.address.clone());
    (Check { name: name.clone(), data: address, asserts, span: block.header }, data)
}
