//! `moved`, `removed` and `import` blocks.

use smform_types::{Diagnostic, Diagnostics, Span};

use super::content::{Content, Shape};
use super::provisioner::{When, provisioners};
use super::resource::provider_ref;
use super::{Import, Moved, Removed};
use crate::eval::{Subject, keyword, references, unquoted};
use crate::syntax::{Block, Expr, ExprKind, TraversalStep};

const MOVED: Shape = Shape { arguments: &["from", "to"], blocks: &[] };
const REMOVED: Shape =
    Shape { arguments: &["from"], blocks: &[("lifecycle", 0), ("provisioner", 1), ("connection", 0)] };
const REMOVED_LIFECYCLE: Shape = Shape { arguments: &["destroy"], blocks: &[] };
const IMPORT: Shape = Shape { arguments: &["to", "id", "identity", "for_each", "provider"], blocks: &[] };

pub(super) fn moved(block: &Block, diagnostics: &mut Diagnostics) -> Option<Moved> {
    let content = Content::exact(block, &MOVED, diagnostics);
    let end = |name: &str, diagnostics: &mut Diagnostics| {
        let expr = content.required(name, diagnostics)?;
        if !block.body.json && matches!(expr.kind, ExprKind::Literal(_)) {
            let detail = "An address is written without quotes.";
            diagnostics.push(Diagnostic::error("Invalid expression", detail).at(expr.span));
            return None;
        }
        diagnostics.take(address(expr))
    };
    let from = end("from", diagnostics);
    let to = end("to", diagnostics);
    let (from, to) = (from?, to?);
    if is_module(&from.0) != is_module(&to.0) {
        let detail =
            "One end is a module and the other a resource. A module moves to a module, a resource to a resource.";
        diagnostics.push(Diagnostic::error("Invalid \"moved\" addresses", detail).at(block.header));
        return None;
    }
    if from.0 == to.0 {
        let detail = "An object cannot move to where it already is.";
        diagnostics.push(Diagnostic::error("Redundant move statement", detail).at(block.header));
        return None;
    }
    Some(Moved { from, to, span: block.header })
}

pub(super) fn removed(block: &Block, diagnostics: &mut Diagnostics) -> Option<Removed> {
    let content = Content::exact(block, &REMOVED, diagnostics);
    let (provisioners, _) = provisioners(&content.blocks, diagnostics);
    for provisioner in provisioners.iter().filter(|provisioner| provisioner.when == When::Create) {
        let detail = "The object is never created again, so only when = destroy has a meaning here.";
        diagnostics.push(Diagnostic::error("Invalid provisioner block", detail).at(provisioner.span));
    }
    let lifecycle = content.single("lifecycle", diagnostics);
    let destroy = lifecycle.and_then(|block| {
        let content = Content::exact(block, &REMOVED_LIFECYCLE, diagnostics);
        content.required("destroy", diagnostics)?;
        content.bool("destroy", diagnostics)
    });
    let expr = content.required("from", diagnostics)?;
    let from = diagnostics.take(address(expr))?;
    if from.0.contains('[') {
        let detail = "All instances are removed together, so the address has no instance key here.";
        diagnostics.push(Diagnostic::error("Invalid \"removed\" address", detail).at(expr.span));
        return None;
    }
    if is_data(&from.0) {
        let detail = "A data source has nothing to destroy or forget: remove its block, and that is all.";
        diagnostics.push(Diagnostic::error("Data source address not allowed", detail).at(expr.span));
        return None;
    }
    Some(Removed { from, destroy: destroy.unwrap_or(true), provisioners, span: block.header })
}

pub(super) fn import(block: &Block, diagnostics: &mut Diagnostics) -> Option<Import> {
    let content = Content::exact(block, &IMPORT, diagnostics);
    let (id, identity) = (content.get("id").cloned(), content.get("identity").cloned());
    match (&id, &identity) {
        (None, None) => {
            let detail = "The argument \"id\" is required: the identifier by which the provider knows the object.";
            diagnostics.push(Diagnostic::error("Missing required argument", detail).at(block.header));
        }
        (Some(_), Some(identity)) => {
            let detail = "An import names the object by \"id\" or by \"identity\", not by both.";
            diagnostics.push(Diagnostic::error("Invalid import block", detail).at(identity.span));
        }
        _ => {}
    }
    let to = content.required("to", diagnostics).and_then(|expr| diagnostics.take(unquoted(expr)))?;
    if !matches!(to.kind, ExprKind::Traversal { .. }) {
        let detail = "The address of a resource instance is required here, such as aws_vpc.main or aws_vpc.main[0].";
        diagnostics.push(Diagnostic::error("Invalid import address", detail).at(to.span));
        return None;
    }
    let target = address(&to).ok();
    if target.as_ref().is_some_and(|(target, _)| is_data(target)) {
        let detail = "Only managed resources can be imported; a data source is read anew by every plan.";
        diagnostics.push(Diagnostic::error("Invalid import address", detail).at(to.span));
        return None;
    }
    if let Some(id) = &id {
        check_identifier(id, target.as_ref().map(|(target, _)| target.as_str()), diagnostics);
    }
    Some(Import {
        to,
        id,
        identity,
        for_each: content.get("for_each").cloned(),
        provider: content.get("provider").and_then(|expr| diagnostics.take(provider_ref(expr))),
        span: block.header,
    })
}

/// Reports an import of what another block imports already.
pub(super) fn refuse_second(before: &[Import], import: Option<&Import>, diagnostics: &mut Diagnostics) {
    let target = |import: &Import| address(&import.to).ok().map(|(target, _)| target);
    let Some(import) = import else { return };
    let Some(own) = target(import) else { return };
    if before.iter().any(|other| target(other).as_ref() == Some(&own)) {
        let detail = format!("Another import block has {own} as its target. Keep one of them.");
        let summary = format!("Duplicate import configuration for \"{own}\"");
        diagnostics.push(Diagnostic::error(summary, detail).at(import.to.span));
    }
}

/// Reports an identifier that cannot be one: null, empty, or taken from the very object that is to be imported.
fn check_identifier(id: &Expr, target: Option<&str>, diagnostics: &mut Diagnostics) {
    let mut refuse = |detail: &str| {
        diagnostics.push(Diagnostic::error("Invalid import id argument", detail).at(id.span));
    };
    if let ExprKind::Literal(value) = &id.kind
        && (value.is_null() || value.as_str() == Some(""))
    {
        return refuse("The identifier is null or empty. Give the one by which the provider knows the object.");
    }
    let own = |reference: &crate::eval::Reference| match &reference.subject {
        Subject::Resource(address) => target.is_some_and(|target| {
            let address = address.to_string();
            target == address || target.strip_prefix(&address).is_some_and(|rest| rest.starts_with('['))
        }),
        _ => false,
    };
    if references(id).iter().any(own) {
        refuse("The identifier must be known before the import, so it cannot come from the object that is imported.");
    }
}

/// Whether an address is that of a module.
fn is_module(address: &str) -> bool {
    address.split('.').step_by(2).all(|name| name == "module")
}

/// Whether an address is that of a data source.
fn is_data(address: &str) -> bool {
    let mut names = address.split('.');
    loop {
        match names.next() {
            Some("module") => drop(names.next()),
            first => return first == Some("data"),
        }
    }
}

/// The address that an expression writes out, in its canonical spelling, and its place.
pub(super) fn address(expr: &Expr) -> Result<(String, Span), Diagnostics> {
    let invalid = || {
        let detail = "The address of a resource or module is required here, such as aws_vpc.main, aws_vpc.main[\"a\"] or \
                      module.network.";
        Diagnostics::from(Diagnostic::error("Invalid address", detail).at(expr.span))
    };
    let inner = unquoted(expr)?;
    let ExprKind::Traversal { root, steps } = &inner.kind else { return Err(invalid()) };
    if keyword(&inner).is_some() {
        return Err(invalid());
    }
    let mut text = root.text.to_string();
    for step in steps {
        match step {
            TraversalStep::Attribute(name) => {
                text.push('.');
                text.push_str(&name.text);
            }
            TraversalStep::Index(key, _) => match &key.kind {
                ExprKind::Literal(value) => match (value.as_str(), value.as_number()) {
                    (Some(name), _) => {
                        text.push_str(&smform_types::InstanceKey::Name(name.into()).to_string());
                    }
                    (None, Some(number)) if number.is_whole() && !number.is_negative() => {
                        text.push_str(&format!("[{number}]"));
                    }
                    _ => return Err(invalid()),
                },
                _ => return Err(invalid()),
            },
            TraversalStep::Splat(_) | TraversalStep::LegacySplat(_) => return Err(invalid()),
        }
    }
    Ok((text, expr.span))
}
