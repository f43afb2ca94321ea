//! `resource` and `data` blocks.

use smform_types::{Diagnostic, Diagnostics, ResourceAddress, ResourceMode, Span};

use super::content::{Content, Shape, check_name, elements};
use super::lifecycle::{Kind, lifecycle};
use super::provisioner::provisioners;
use super::{Ephemeral, Lifecycle, ProviderRef, Repetition, Resource};
use crate::eval::{Subject, parse_reference, references, unquoted, warn_of_quotes};
use crate::syntax::{Block, Expr, ExprKind, Ident, TraversalStep};

const MANAGED: Shape = Shape {
    arguments: &["count", "for_each", "provider", "depends_on"],
    blocks: &[("lifecycle", 0), ("provisioner", 1), ("connection", 0)],
};

const DATA: Shape = Shape { arguments: &["count", "for_each", "provider", "depends_on"], blocks: &[("lifecycle", 0)] };

pub(super) fn resource(
    block: &Block,
    mode: ResourceMode,
    type_name: &Ident,
    name: &Ident,
    diagnostics: &mut Diagnostics,
) -> Resource {
    let what = if mode == ResourceMode::Managed { "resource" } else { "data source" };
    let type_is = if mode == ResourceMode::Managed { "resource type" } else { what };
    check_name(type_name, type_is, diagnostics);
    check_name(name, what, diagnostics);
    let content = Content::split(block, if mode == ResourceMode::Managed { &MANAGED } else { &DATA }, diagnostics);
    let lifecycle = match content.single("lifecycle", diagnostics) {
        Some(block) => {
            let kind = if mode == ResourceMode::Managed { Kind::Managed } else { Kind::Data };
            lifecycle(block, kind, diagnostics)
        }
        None => Lifecycle::default(),
    };
    reserved(&content, diagnostics);
    let address = ResourceAddress::new(mode, type_name.text.clone(), name.text.clone());
    check_conditions(&address, &lifecycle, diagnostics);
    let (provisioners, connection) = provisioners(&content.blocks, diagnostics);
    Resource {
        address,
        check: None,
        repetition: repetition(&content, diagnostics),
        provider: content
            .get("provider")
            .and_then(|expr| {
                warn_of_quotes(expr, content.rest.json, "reference", diagnostics);
                diagnostics.take(provider_ref(expr))
            })
            .unwrap_or_else(|| implied_provider(&type_name.text)),
        provider_implied: content.get("provider").is_none(),
        depends_on: depends_on(&content, diagnostics),
        lifecycle,
        provisioners,
        connection,
        body: content.rest_with_escapes(diagnostics),
        span: block.header,
        type_span: type_name.span,
    }
}

/// An `ephemeral` block.
pub(super) fn ephemeral(block: &Block, kind: &Ident, name: &Ident, diagnostics: &mut Diagnostics) -> Ephemeral {
    check_name(kind, "ephemeral resource type", diagnostics);
    check_name(name, "ephemeral resource", diagnostics);
    let content = Content::split(block, &DATA, diagnostics);
    if let Some(block) = content.single("lifecycle", diagnostics) {
        lifecycle(block, Kind::Ephemeral, diagnostics);
    }
    reserved(&content, diagnostics);
    depends_on(&content, diagnostics);
    if let Some(expr) = content.get("provider") {
        diagnostics.take(provider_ref(expr));
    }
    Ephemeral {
        kind: kind.clone(),
        name: name.clone(),
        repetition: repetition(&content, diagnostics),
        body: content.rest_with_escapes(diagnostics),
        span: block.header,
    }
}

/// Reports a block whose type is kept for the language.
fn reserved(content: &Content<'_>, diagnostics: &mut Diagnostics) {
    for block in content.rest.blocks.iter().filter(|block| &*block.kind.text == "locals") {
        let detail =
            "The block type \"locals\" is reserved within resources. A locals block stands at the top of a file.";
        diagnostics.push(Diagnostic::error("Reserved block type name in resource block", detail).at(block.kind.span));
    }
}

/// Reports conditions that refer to the object that they guard by its address.
fn check_conditions(address: &ResourceAddress, lifecycle: &Lifecycle, diagnostics: &mut Diagnostics) {
    let before = lifecycle.preconditions.iter().map(|condition| (condition, "precondition"));
    let after = lifecycle.postconditions.iter().map(|condition| (condition, "postcondition"));
    for (condition, what) in before.chain(after) {
        for expr in [&condition.condition, &condition.error_message] {
            if !references(expr).iter().any(|reference| reference.subject == Subject::Resource(address.clone())) {
                continue;
            }
            let advice = if what == "postcondition" {
                "Write self to refer to the object that is checked."
            } else {
                "The object does not exist yet when a precondition is checked; use a postcondition and self."
            };
            let detail = format!("The {what} of {address} cannot refer to {address} itself. {advice}");
            let error = Diagnostic::error(format!("Invalid reference in {what}"), detail);
            diagnostics.push(error.at(expr.span));
        }
    }
}

/// `count` or `for_each`, of which there may be one.
pub(super) fn repetition(content: &Content<'_>, diagnostics: &mut Diagnostics) -> Repetition {
    match (content.get("count"), content.attribute("for_each")) {
        (Some(_), Some(for_each)) => {
            let detail = "The \"count\" and \"for_each\" meta-arguments are mutually exclusive. Keep one of them.";
            let error = Diagnostic::error("Invalid combination of \"count\" and \"for_each\"", detail);
            diagnostics.push(error.at(for_each.name.span));
            Repetition::Single
        }
        (Some(count), None) => Repetition::Count(count.clone()),
        (None, Some(for_each)) => Repetition::ForEach(for_each.expr.clone()),
        (None, None) => Repetition::Single,
    }
}

/// The elements of `depends_on`, each checked to be a reference to something that can be waited for.
pub(super) fn depends_on(content: &Content<'_>, diagnostics: &mut Diagnostics) -> Vec<Expr> {
    let Some(expr) = content.get("depends_on") else { return Vec::new() };
    let mut found = Vec::new();
    for element in elements(expr, diagnostics) {
        warn_of_quotes(element, content.rest.json, "reference", diagnostics);
        let Some(element) = diagnostics.take(unquoted(element)) else { continue };
        let splat = |step: &TraversalStep| matches!(step, TraversalStep::Splat(_) | TraversalStep::LegacySplat(_));
        let plain = matches!(&element.kind, ExprKind::Traversal { steps, .. } if !steps.iter().any(splat));
        if !plain || references(&element).len() > 1 {
            let detail = "depends_on takes references as they stand, with an index that is written out: it is known before anything \
                          is evaluated.";
            diagnostics.push(Diagnostic::error("Invalid expression", detail).at(element.span));
            continue;
        }
        match parse_reference(&element) {
            // An output of a module can be waited for, an attribute of an object cannot.
            Ok(reference) if reference.rest.0.len() > usize::from(matches!(reference.subject, Subject::Module(_))) => {
                let detail = "depends_on waits for whole objects. Remove the attribute after the name.";
                let named = usize::from(matches!(reference.subject, Subject::Module(_)));
                let first =
                    reference.steps.get(named).map(|step| Span { start: step.start.saturating_sub(1), ..*step });
                let place = first.zip(reference.steps.last()).map_or(element.span, |(first, last)| first.to(*last));
                diagnostics.push(Diagnostic::error("Invalid depends_on reference", detail).at(place).deferred());
            }
            Ok(reference) => match reference.subject {
                // What an output is told elsewhere to be: nothing that can be referred to.
                Subject::Resource(_)
                | Subject::Module(_)
                | Subject::Variable(_)
                | Subject::Local(_)
                | Subject::Output(_)
                | Subject::Ephemeral(..) => {
                    found.push(element);
                }
                // These are there before everything else.
                Subject::Path(_) | Subject::Terraform(_) => {}
                subject => {
                    let summary = match subject {
                        Subject::EachKey => "Reference to \"each\" in context without for_each",
                        Subject::CountIndex => "Reference to \"count\" in non-counted context",
                        _ => "Invalid depends_on reference",
                    };
                    let detail =
                        "depends_on takes references to resources, data sources, modules, variables and locals.";
                    diagnostics.push(Diagnostic::error(summary, detail).at(element.span).deferred());
                }
            },
            Err(errors) => {
                let deferred =
                    |error: Diagnostic| if error.summary == "Invalid expression" { error } else { error.deferred() };
                diagnostics.extend(errors.map(deferred));
            }
        }
    }
    found
}

/// The local name of the provider that a resource type belongs to: all before the first underscore.
pub(super) fn implied_provider(type_name: &str) -> ProviderRef {
    let name = type_name.split('_').next().unwrap_or(type_name);
    ProviderRef { name: name.into(), alias: None }
}

/// A provider configuration: `name` or `name.alias`.
pub(super) fn provider_ref(expr: &Expr) -> Result<ProviderRef, Diagnostics> {
    placed_provider_ref(expr).map(|(reference, _)| reference)
}

/// The same, with the place of the name.
pub(super) fn placed_provider_ref(expr: &Expr) -> Result<(ProviderRef, Span), Diagnostics> {
    let inner = unquoted(expr)?;
    let mut place = expr.span;
    if let ExprKind::Traversal { root, steps } = &inner.kind {
        match steps.as_slice() {
            [] => return Ok((ProviderRef { name: root.text.clone(), alias: None }, root.span)),
            [TraversalStep::Attribute(alias)] => {
                return Ok((ProviderRef { name: root.text.clone(), alias: Some(alias.text.clone()) }, root.span));
            }
            [TraversalStep::Index(_, step), ..] => place = *step,
            _ => {}
        }
    }
    let detail = "A provider configuration is named by the provider's local name, with an alias where there is one: aws \
                  or aws.west.";
    Err(Diagnostic::error("Invalid provider configuration reference", detail).at(place).into())
}
