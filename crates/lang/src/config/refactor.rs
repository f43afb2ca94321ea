//! `moved`, `removed` and `import` blocks.

use smform_types::{Diagnostic, Diagnostics, Span};

use super::content::{Content, Shape};
use super::provisioner::{When, provisioners};
use super::resource::provider_ref;
use super::{Import, Moved, Removed};
use crate::eval::{Subject, references, unquoted, warn_of_quotes};
use crate::syntax::{Block, Expr, ExprKind, TraversalStep};

const MOVED: Shape = Shape { arguments: &["from", "to"], blocks: &[] };
const REMOVED: Shape =
    Shape { arguments: &["from"], blocks: &[("lifecycle", 0), ("provisioner", 1), ("connection", 0)] };
const REMOVED_LIFECYCLE: Shape = Shape { arguments: &["destroy"], blocks: &[] };
/// The summary of what is said of a move onto itself.
pub const REDUNDANT_MOVE: &str = "Redundant move statement";

const IMPORT: Shape = Shape { arguments: &["to", "id", "identity", "for_each", "provider"], blocks: &[] };

pub(super) fn moved(block: &Block, diagnostics: &mut Diagnostics) -> Option<Moved> {
    let content = Content::exact(block, &MOVED, diagnostics);
    let end = |name: &str, diagnostics: &mut Diagnostics| {
        let expr = content.required(name, diagnostics)?;
        diagnostics.take(written_address(expr, block.body.json, is_type))
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
        diagnostics.push(Diagnostic::error(REDUNDANT_MOVE, detail).at(block.header).deferred());
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
    // As in Terraform, a second block says nothing more, and is no mistake.
    let destroy = content.blocks_of("lifecycle").next().and_then(|block| {
        let content = Content::exact(block, &REMOVED_LIFECYCLE, diagnostics);
        content.bool("destroy", diagnostics)
    });
    let expr = content.required("from", diagnostics)?;
    // As in Terraform, any word is taken for a type here: nothing is looked up by it.
    let from = diagnostics.take(written_address(expr, block.body.json, |_| true))?;
    if let ExprKind::Traversal { root, steps } = &expr.kind
        && &*root.text == "resource"
    {
        let detail = "The address is written without \"resource\" here: type.name.";
        let place = steps.last().map_or(expr.span, TraversalStep::span);
        diagnostics.push(Diagnostic::error("Resource instance keys not allowed", detail).at(place));
        return None;
    }
    if from.0.contains('[') {
        let detail = "All instances are removed together, so the address has no instance key here.";
        let steps = if let ExprKind::Traversal { steps, .. } = &expr.kind { steps.as_slice() } else { &[] };
        let key = steps.iter().enumerate().find_map(|(at, step)| match step {
            TraversalStep::Index(_, span) => Some((at, *span)),
            _ => None,
        });
        let of_module = key.is_some_and(|(at, _)| at + 1 < steps.len()) || is_module(&from.0);
        let what = if of_module { "Module" } else { "Resource" };
        let place = key.map_or(expr.span, |(_, span)| span);
        diagnostics.push(Diagnostic::error(format!("{what} instance keys not allowed"), detail).at(place));
        return None;
    }
    if is_module(&from.0)
        && let Some(provisioner) = provisioners.first()
    {
        let detail =
            "Only a resource has provisioners. Name each resource of the module in a removed block of its own.";
        diagnostics.push(Diagnostic::error("Invalid provisioner block", detail).at(provisioner.span));
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
            diagnostics.push(Diagnostic::error("Missing required argument", detail).at(block.body.missing()));
        }
        (Some(_), Some(identity)) => {
            let detail = "An import names the object by \"id\" or by \"identity\", not by both.";
            diagnostics.push(Diagnostic::error("Invalid import block", detail).at(identity.span));
        }
        _ => {}
    }
    content.required("to", diagnostics)?;
    let written = content.attribute("to")?;
    let whole = written.name.span.to(written.expr.span);
    let refuse = |detail: &str| Diagnostic::error("Invalid import address", detail).at(whole);
    let quoted = !block.body.json && matches!(written.expr.kind, ExprKind::Literal(_));
    if !block.body.json
        && let Some(provider) = content.get("provider")
    {
        warn_of_quotes(provider, block.body.json, "reference", diagnostics);
    }
    let to = diagnostics.take(unquoted(&written.expr))?;
    if quoted || !matches!(to.kind, ExprKind::Traversal { .. }) {
        let detail = "The address of a resource instance is required here, such as aws_vpc.main or aws_vpc.main[0].";
        diagnostics.push(Diagnostic::error("Invalid expression", detail).at(written.expr.span));
        diagnostics.push(refuse(detail));
        return None;
    }
    // A key that is not written out is known once the block is evaluated.
    let target = match address(&to) {
        Ok(target) => Some(target),
        Err(errors) if errors.iter().any(|error| error.summary == "Invalid address") => {
            if !matches!(&to.kind, ExprKind::Traversal { root, .. } if &*root.text == "ephemeral") {
                diagnostics.extend(errors);
            }
            diagnostics.push(refuse("Only an instance of a managed resource can be imported."));
            return None;
        }
        Err(errors) => {
            let splat = |step: &TraversalStep| matches!(step, TraversalStep::Splat(_) | TraversalStep::LegacySplat(_));
            let splats = matches!(&to.kind, ExprKind::Traversal { steps, .. } if steps.iter().any(splat));
            if splats || content.get("for_each").is_none() {
                diagnostics.extend(errors);
                diagnostics
                    .push(refuse("A key is written out here: only with for_each can it be each.key or each.value."));
                return None;
            }
            None
        }
    };
    if target.as_ref().is_some_and(|(target, _)| is_data(target)) {
        diagnostics.push(refuse("Only managed resources can be imported; a data source is read anew by every plan."));
        return None;
    }
    if target.as_ref().is_some_and(|(target, _)| is_module(target)) {
        let detail = "A module is not imported as one. Name each resource in it.";
        diagnostics.push(Diagnostic::error("Invalid address", detail).at(to.span));
        diagnostics.push(refuse(detail));
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
        provider: content.attribute("provider").and_then(|attribute| {
            let reference = diagnostics.take(provider_ref(&attribute.expr))?;
            Some((reference, attribute.name.span.to(attribute.expr.span)))
        }),
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
        let resource =
            own.strip_suffix(']').and_then(|own| own.rsplit_once('[')).map_or(&*own, |(resource, _)| resource);
        let summary = format!("Duplicate import configuration for \"{resource}\"");
        diagnostics.push(Diagnostic::error(summary, detail).at(import.to.span));
    }
}

/// Reports an identifier that cannot be one: null, empty, or taken from the very object that is to be imported.
fn check_identifier(id: &Expr, target: Option<&str>, diagnostics: &mut Diagnostics) {
    let mut refuse = |detail: &str| {
        diagnostics.push(Diagnostic::error("Invalid import id argument", detail).at(id.span).deferred());
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

/// As [`address`], refusing a string where the syntax has a way without quotes.
fn written_address(expr: &Expr, json: bool, is_type: fn(&str) -> bool) -> Result<(String, Span), Diagnostics> {
    let is_word = matches!(&expr.kind, ExprKind::Literal(value) if value.is_null() || value.as_bool().is_some());
    if !json && !is_word && !matches!(expr.kind, ExprKind::Traversal { .. }) {
        let detail = "An address is written without quotes, operators and calls.";
        return Err(Diagnostic::error("Invalid expression", detail).at(expr.span).into());
    }
    address_of(expr, is_type)
}

/// Names that begin a reference to something else than a resource.
const NO_TYPES: [&str; 8] = ["var", "local", "each", "count", "path", "terraform", "self", "ephemeral"];

fn is_type(name: &str) -> bool {
    !NO_TYPES.contains(&name)
}

/// The address that an expression writes out, in its canonical spelling, and its place.
pub(super) fn address(expr: &Expr) -> Result<(String, Span), Diagnostics> {
    address_of(expr, is_type)
}

fn address_of(expr: &Expr, is_type: fn(&str) -> bool) -> Result<(String, Span), Diagnostics> {
    let detail = "The address of a resource or module is required here, such as aws_vpc.main, aws_vpc.main[\"a\"] or \
                  module.network.";
    let invalid = |place: Span| Diagnostics::from(Diagnostic::error("Invalid address", detail).at(place));
    let inner = unquoted(expr)?;
    let ExprKind::Traversal { root, steps } = &inner.kind else { return Err(invalid(expr.span)) };
    let mut text = root.text.to_string();
    // How many names are still to come until the address of a resource is whole, and whether that is what they name.
    let (mut wanted, mut whole) = names_after(&root.text, is_type).ok_or_else(|| invalid(expr.span))?;
    for step in steps {
        match step {
            TraversalStep::Attribute(name) if wanted > 0 => {
                text.push('.');
                text.push_str(&name.text);
                wanted -= 1;
            }
            // After the name of a module comes another one, or a resource in it.
            TraversalStep::Attribute(name) if !whole => {
                (wanted, whole) = names_after(&name.text, is_type).ok_or_else(|| invalid(name.span))?;
                text.push('.');
                text.push_str(&name.text);
            }
            TraversalStep::Attribute(name) => return Err(invalid(name.with_dot())),
            TraversalStep::Index(key, span) if wanted == 0 && !text.ends_with(']') => match &key.kind {
                ExprKind::Literal(_) => text.push_str(&written_key(key).ok_or_else(|| invalid(*span))?),
                _ => return Err(not_static(expr)),
            },
            TraversalStep::Splat(_) | TraversalStep::LegacySplat(_) => return Err(not_static(expr)),
            TraversalStep::Index(_, span) => return Err(invalid(*span)),
        }
    }
    match (wanted, steps.last()) {
        (0, _) => Ok((text.strip_prefix("resource.").map_or(text.clone(), str::to_owned), expr.span)),
        (_, None) if &*root.text == "module" => {
            Err(Diagnostic::error("Invalid address operator", detail).at(expr.span).into())
        }
        (_, Some(TraversalStep::Attribute(last))) if &*root.text == "module" => Err(invalid(last.with_dot())),
        _ => Err(invalid(expr.span)),
    }
}

/// How many names follow the first of a module or resource, and whether it is of a resource.
fn names_after(first: &str, is_type: fn(&str) -> bool) -> Option<(usize, bool)> {
    match first {
        "module" => Some((1, false)),
        "data" | "resource" => Some((2, true)),
        name => is_type(name).then_some((1, true)),
    }
}

/// The key of an instance that is written out, in brackets.
fn written_key(key: &Expr) -> Option<String> {
    let ExprKind::Literal(value) = &key.kind else { return None };
    match (value.as_str(), value.as_number()) {
        (Some(name), _) => Some(smform_types::InstanceKey::Name(name.into()).to_string()),
        (None, Some(number)) if number.is_whole() && !number.is_negative() => Some(format!("[{number}]")),
        _ => None,
    }
}

fn not_static(expr: &Expr) -> Diagnostics {
    let detail = "The key of an instance is written out here: a number or a text.";
    Diagnostic::error("Invalid expression", detail).at(expr.span).into()
}
