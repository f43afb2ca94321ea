//! From top-level blocks to a module.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;
use std::sync::Arc;

use smform_types::{Diagnostic, Diagnostics, ResourceMode, SourceMap, Span};

use super::content::{Shape, unsupported_block};
use super::{Module, call, check, output, refactor, resource, settings, variable};
use crate::syntax::{Block, Ident};

/// The top-level blocks and their labels.
pub(super) const TOP_LEVEL: Shape = Shape {
    arguments: &[],
    blocks: &[
        ("terraform", 0),
        ("provider", 1),
        ("variable", 1),
        ("locals", 0),
        ("output", 1),
        ("module", 1),
        ("resource", 2),
        ("data", 2),
        ("ephemeral", 2),
        ("check", 1),
        ("moved", 0),
        ("removed", 0),
        ("import", 0),
        ("action", 2),
    ],
};

/// The module that the blocks of a directory declare.
pub(super) fn module(directory: &Path, blocks: &[Block], sources: &SourceMap, diagnostics: &mut Diagnostics) -> Module {
    let mut module = Module { directory: directory.to_owned(), ..Module::default() };
    for block in blocks {
        let mut own = Diagnostics::new();
        if has_labels(block, &mut own) {
            declare(&mut module, block, sources, &mut own);
        }
        let context = context(block);
        diagnostics.extend(own.map(|error| error.within(&context)));
    }
    module
}

/// The header of a block, in its canonical spelling.
pub(super) fn context(block: &Block) -> String {
    let labels = block.labels.iter().map(|label| format!(" {:?}", label.text));
    std::iter::once(block.kind.text.to_string()).chain(labels).collect()
}

/// Whether the block has the labels that its type needs; what is wrong is reported.
fn has_labels(block: &Block, diagnostics: &mut Diagnostics) -> bool {
    let kind = &*block.kind.text;
    let Some((_, wanted)) = TOP_LEVEL.blocks.iter().find(|(known, _)| *known == kind) else {
        diagnostics.push(unsupported_block(block, &TOP_LEVEL));
        return false;
    };
    let names = match wanted {
        0 => "no labels",
        1 => "1 label (its name)",
        _ => "2 labels (type and name)",
    };
    if let Some(extra) = block.labels.get(*wanted) {
        let detail = format!("A {kind} block has {names}. Remove this one.");
        diagnostics.push(Diagnostic::error(format!("Extraneous label for {kind}"), detail).at(extra.span));
        return false;
    }
    if block.labels.len() < *wanted {
        let detail = format!("A {kind} block has {names}.");
        let missing = if *wanted == 2 && block.labels.is_empty() { "type" } else { "name" };
        diagnostics.push(Diagnostic::error(format!("Missing {missing} for {kind}"), detail).at(block.body.brace()));
        return false;
    }
    true
}

fn declare(module: &mut Module, block: &Block, sources: &SourceMap, diagnostics: &mut Diagnostics) {
    let header = block.header;
    match (&*block.kind.text, block.labels.as_slice()) {
        ("terraform", _) => settings::terraform(block, module, sources, diagnostics),
        ("locals", _) => {
            for local in output::locals(block, diagnostics) {
                let name = local.name.clone();
                let line = name.span.to(local.expr.span);
                let known = |local: &super::Local| local.name.span;
                let what = ("local value", "local value definition");
                add(&mut module.locals, name.text, local, line, known, what, sources, diagnostics);
            }
        }
        ("moved", _) => module.moved.extend(refactor::moved(block, diagnostics)),
        ("removed", _) => module.removed.extend(refactor::removed(block, diagnostics)),
        ("import", _) => {
            let import = refactor::import(block, diagnostics);
            refactor::refuse_second(&module.imports, import.as_ref(), diagnostics);
            module.imports.extend(import);
        }
        ("provider", [name]) => {
            let provider = settings::provider(block, name, diagnostics);
            let key = provider.reference.clone();
            let known = |provider: &super::ProviderBlock| provider.span;
            let what = ("provider configuration", "provider configuration");
            add(&mut module.providers, key, provider, header, known, what, sources, diagnostics);
        }
        ("variable", [name]) => {
            let variable = variable::variable(block, name, diagnostics);
            let known = |variable: &super::Variable| variable.span;
            add(
                &mut module.variables,
                key(name),
                variable,
                header,
                known,
                ("variable", "variable declaration"),
                sources,
                diagnostics,
            );
        }
        ("output", [name]) => {
            if let Some(output) = output::output(block, name, diagnostics) {
                let known = |output: &super::Output| output.span;
                add(
                    &mut module.outputs,
                    key(name),
                    output,
                    header,
                    known,
                    ("output", "output definition"),
                    sources,
                    diagnostics,
                );
            }
        }
        ("module", [name]) => {
            if let Some(call) = call::module_call(block, name, diagnostics) {
                let known = |call: &super::ModuleCall| call.span;
                add(
                    &mut module.calls,
                    key(name),
                    call,
                    header,
                    known,
                    ("module call", "module call"),
                    sources,
                    diagnostics,
                );
            }
        }
        ("check", [name]) => {
            let (check, data) = check::check(block, name, diagnostics);
            let known = |check: &super::Check| check.span;
            let summary = format!("check \"{}\" configuration", name.text);
            add(&mut module.checks, key(name), check, header, known, ("check", &summary), sources, diagnostics);
            if let Some(data) = data {
                let (address, span) = (data.address.clone(), data.span);
                let known = |resource: &super::Resource| resource.span;
                let summary = format!("data \"{}\" configuration", address.type_name);
                let what = ("data source", summary.as_str());
                add(&mut module.resources, address, data, span, known, what, sources, diagnostics);
            }
        }
        (kind @ ("resource" | "data"), [type_name, name]) => {
            let mode = if kind == "resource" { ResourceMode::Managed } else { ResourceMode::Data };
            let resource = resource::resource(block, mode, type_name, name, diagnostics);
            let known = |resource: &super::Resource| resource.span;
            let address = resource.address.clone();
            let summary = format!("{kind} \"{}\" configuration", type_name.text);
            let what = (if kind == "resource" { "resource" } else { "data source" }, summary.as_str());
            add(&mut module.resources, address, resource, header, known, what, sources, diagnostics);
        }
        ("ephemeral", [kind, name]) => {
            let ephemeral = resource::ephemeral(block, kind, name, diagnostics);
            if module.ephemerals.iter().any(|known| known.is(&kind.text, &name.text)) {
                let detail =
                    "An ephemeral block of this type and name is already declared. Names are unique within a module.";
                let summary = format!("Duplicate ephemeral \"{}\" configuration", kind.text);
                diagnostics.push(Diagnostic::error(summary, detail).at(header));
            } else {
                module.ephemerals.push(ephemeral);
            }
        }
        (kind, _) => {
            let detail = format!("smform does not support \"{kind}\" blocks. Remove the block.");
            diagnostics.push(Diagnostic::error(format!("Unsupported {kind} block"), detail).at(header));
        }
    }
}

fn key(name: &Ident) -> Arc<str> {
    Arc::clone(&name.text)
}

/// Adds a declaration, unless there is one of the same name.
#[expect(clippy::too_many_arguments, reason = "the parts of one sentence: what, where, and where before")]
fn add<K: Ord, T>(
    to: &mut BTreeMap<K, T>,
    key: K,
    value: T,
    span: Span,
    place: fn(&T) -> Span,
    (what, summary): (&str, &str),
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
) {
    match to.entry(key) {
        Entry::Vacant(entry) => {
            entry.insert(value);
        }
        Entry::Occupied(entry) => {
            let first = place(entry.get());
            let at = sources.get(first.source).map_or_else(String::new, |source| {
                format!(" in {} on line {}", source.name, source.position(first.start as usize).line)
            });
            let detail = format!("A {what} of this name is already declared{at}. Names are unique within a module.");
            diagnostics.push(Diagnostic::error(format!("Duplicate {summary}"), detail).at(span));
        }
    }
}
