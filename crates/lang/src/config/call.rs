//! `module` blocks.

use smform_types::{Diagnostic, Diagnostics};

use super::content::{Content, Shape, check_name};
use super::resource::{depends_on, placed_provider_ref, repetition};
use super::version::readable;
use super::{ModuleCall, PassedProvider};
use crate::eval::{references, static_value, warn_of_quotes};
use crate::syntax::{Block, Expr, ExprKind, Ident};

const SHAPE: Shape =
    Shape { arguments: &["source", "version", "providers", "count", "for_each", "depends_on"], blocks: &[] };

/// Names kept for the language.
const RESERVED: [&str; 3] = ["lifecycle", "locals", "provider"];

pub(super) fn module_call(block: &Block, name: &Ident, diagnostics: &mut Diagnostics) -> Option<ModuleCall> {
    check_name(name, "module instance", diagnostics);
    let content = Content::split(block, &SHAPE, diagnostics);
    let body = content.rest_with_escapes(diagnostics);
    for nested in &body.blocks {
        let kind = &*nested.kind.text;
        let summary = match RESERVED.contains(&kind) {
            true => "Reserved block type name in module block",
            false => "Unsupported block type",
        };
        let detail = match &*nested.kind.text {
            "provider" | "providers" => {
                "Which provider configurations a module gets is written as an argument: providers = { aws = aws.west }."
                    .to_owned()
            }
            kind => format!("A module block has no nested blocks. To pass an object, write {kind} = {{ ... }}."),
        };
        diagnostics.push(Diagnostic::error(summary, detail).at(nested.kind.span));
    }
    let source = content.required("source", diagnostics)?;
    let source_expr = (!references(source).is_empty()).then(|| source.clone());
    Some(ModuleCall {
        name: name.clone(),
        source_span: source.span,
        source: if source_expr.is_some() { String::new() } else { content.string("source", diagnostics)? },
        source_expr,
        version: content.get("version").and_then(|expr| {
            let version = match static_value(expr) {
                Ok(value) => value.as_str().map(str::to_owned),
                Err(errors) => {
                    diagnostics.extend(errors);
                    return None;
                }
            };
            if version.as_deref().is_none_or(|version| readable(version).is_err()) {
                let detail = "A version constraint is a text that is written out, such as \">= 1.5.0, < 2.0.0\".";
                diagnostics.push(Diagnostic::error("Invalid version constraint", detail).at(expr.span));
            }
            version
        }),
        repetition: repetition(&content, diagnostics),
        providers: content.get("providers").map_or_else(Vec::new, |expr| providers(expr, block.body.json, diagnostics)),
        depends_on: depends_on(&content, diagnostics),
        body,
        span: block.header,
    })
}

pub(super) fn providers(expr: &Expr, json: bool, diagnostics: &mut Diagnostics) -> Vec<PassedProvider> {
    let ExprKind::Object(items) = &expr.kind else {
        let detail =
            "A map from the module's provider configurations to those of this module is required: { aws = aws.west }.";
        diagnostics.push(Diagnostic::error("Invalid expression", detail).at(expr.start()));
        return Vec::new();
    };
    let mut found: Vec<PassedProvider> = Vec::new();
    for item in items {
        warn_of_quotes(&item.key, !item.quoted, "reference", diagnostics);
        warn_of_quotes(&item.value, json, "reference", diagnostics);
        let child = diagnostics.take(placed_provider_ref(&item.key));
        let own = diagnostics.take(placed_provider_ref(&item.value));
        if let (Some((child, child_name)), Some((own, own_name))) = (child, own) {
            if found.iter().any(|known| known.child == child) {
                let detail = "This provider configuration is given twice. Keep one.";
                diagnostics.push(Diagnostic::error("Duplicate provider address", detail).at(item.value.span));
                continue;
            }
            found.push(PassedProvider { child, child_name, own, own_name });
        }
    }
    found
}
