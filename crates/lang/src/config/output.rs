//! `output` blocks and `locals`.

use smform_types::{Diagnostic, Diagnostics};

use super::condition::condition;
use super::content::{Content, Shape, check_name};
use super::resource::depends_on;
use super::{Local, Output};
use crate::syntax::{Attribute, Block, Ident};

const SHAPE: Shape = Shape {
    arguments: &["value", "description", "sensitive", "depends_on", "ephemeral", "deprecated", "type"],
    blocks: &[("precondition", 0), ("postcondition", 0)],
};

pub(super) fn output(block: &Block, name: &Ident, diagnostics: &mut Diagnostics) -> Option<Output> {
    check_name(name, "output", diagnostics);
    let content = Content::exact(block, &SHAPE, diagnostics);
    let preconditions = content.blocks_of("precondition").filter_map(|block| condition(block, diagnostics)).collect();
    for block in content.blocks_of("postcondition") {
        let detail = "Only preconditions are of use to an output: its value is final when it is evaluated.";
        diagnostics.push(Diagnostic::error("Postconditions are not allowed", detail).at(block.header));
    }
    let ty = content.type_constraint(diagnostics);
    Some(Output {
        name: name.clone(),
        expr: content.required("value", diagnostics)?.clone(),
        description: content.string("description", diagnostics),
        sensitive: content.bool("sensitive", diagnostics).unwrap_or(false),
        ephemeral: content.bool("ephemeral", diagnostics).unwrap_or(false),
        deprecated: content.string("deprecated", diagnostics),
        ty,
        depends_on: depends_on(&content, diagnostics),
        preconditions,
        span: block.header,
    })
}

/// The entries of a `locals` block.
pub(super) fn locals(block: &Block, diagnostics: &mut Diagnostics) -> Vec<Local> {
    for nested in &block.body.blocks {
        let detail = format!(
            "Blocks are not allowed in \"locals\". To define an object, write {} = {{ ... }}.",
            nested.kind.text
        );
        diagnostics
            .push(Diagnostic::error(format!("Unexpected \"{}\" block", nested.kind.text), detail).at(nested.kind.span));
    }
    let mut locals = Vec::new();
    for Attribute { name, expr } in &block.body.attributes {
        check_name(name, "local value", diagnostics);
        locals.push(Local { name: name.clone(), expr: expr.clone() });
    }
    locals
}
