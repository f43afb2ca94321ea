//! `module` blocks.

use smform_types::{Diagnostic, Diagnostics};

use super::content::{Content, Shape, check_name};
use super::resource::{depends_on, provider_ref, repetition};
use super::{ModuleCall, ProviderRef};
use crate::syntax::{Block, Expr, ExprKind, Ident};

const SHAPE: Shape =
    Shape { arguments: &["source", "version", "providers", "count", "for_each", "depends_on"], blocks: &[] };

/// Names kept for the language.
const RESERVED: [&str; 3] = ["lifecycle", "locals", "provider"];

pub(super) fn module_call(block: &Block, name: &Ident, diagnostics: &mut Diagnostics) -> Option<ModuleCall> {
    check_name(name, "module instance", diagnostics);
    let content = Content::split(block, &SHAPE, diagnostics);
    let body = content.rest_with_escapes(diagnostics);
    for attribute in &body.attributes {
        if RESERVED.contains(&&*attribute.name.text) {
            let detail = format!("The name \"{}\" is reserved in module blocks.", attribute.name.text);
            let error = Diagnostic::error("Reserved argument name in module block", detail);
            diagnostics.push(error.at(attribute.name.span));
        }
    }
    for nested in &body.blocks {
        let detail = match &*nested.kind.text {
            "provider" | "providers" => {
                "Which provider configurations a module gets is written as an argument: providers = { aws = aws.west }."
                    .to_owned()
            }
            kind => format!("A module block has no nested blocks. To pass an object, write {kind} = {{ ... }}."),
        };
        diagnostics.push(Diagnostic::error("Unsupported block type", detail).at(nested.kind.span));
    }
    let source_span = content.required("source", diagnostics)?.span;
    Some(ModuleCall {
        name: name.clone(),
        source: content.string("source", diagnostics)?,
        source_span,
        version: content.string("version", diagnostics),
        repetition: repetition(&content, diagnostics),
        providers: content.get("providers").map_or_else(Vec::new, |expr| providers(expr, diagnostics)),
        depends_on: depends_on(&content, diagnostics),
        body,
        span: block.header,
    })
}

pub(super) fn providers(expr: &Expr, diagnostics: &mut Diagnostics) -> Vec<(ProviderRef, ProviderRef)> {
    let ExprKind::Object(items) = &expr.kind else {
        let detail =
            "A map from the module's provider configurations to those of this module is required: { aws = aws.west }.";
        diagnostics.push(Diagnostic::error("Invalid providers argument", detail).at(expr.span));
        return Vec::new();
    };
    let mut found = Vec::new();
    for item in items {
        let child = diagnostics.take(provider_ref(&item.key));
        let own = diagnostics.take(provider_ref(&item.value));
        if let (Some(child), Some(own)) = (child, own) {
            if found.iter().any(|(known, _)| *known == child) {
                let detail = "This provider configuration is given twice. Keep one.";
                diagnostics.push(Diagnostic::error("Duplicate provider address", detail).at(item.key.span));
                continue;
            }
            found.push((child, own));
        }
    }
    found
}
