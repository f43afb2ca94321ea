//! `lifecycle` blocks.

use smform_types::{Diagnostic, Diagnostics, Path, Span, Step};

use super::condition::condition;
use super::content::{Content, Shape, elements};
use super::{IgnoreChanges, Lifecycle};
use crate::eval::{Subject, parse_reference, references, unquoted, warn_of_quotes};
use crate::syntax::{Attribute, Block, Expr, ExprKind, Ident, TraversalStep};

const MANAGED: Shape = Shape {
    arguments: &["create_before_destroy", "prevent_destroy", "ignore_changes", "replace_triggered_by"],
    blocks: &[("precondition", 0), ("postcondition", 0), ("action_trigger", 0)],
};

const DATA: Shape = Shape { arguments: &[], blocks: &[("precondition", 0), ("postcondition", 0)] };

/// What kind of block a `lifecycle` block stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Managed,
    Data,
    Ephemeral,
}

pub(super) fn lifecycle(block: &Block, kind: Kind, diagnostics: &mut Diagnostics) -> Lifecycle {
    let managed = |argument: &&Attribute| kind != Kind::Managed && MANAGED.arguments.contains(&&*argument.name.text);
    let mut misplaced = block.body.attributes.iter().filter(managed).peekable();
    let any = misplaced.peek().is_some();
    for argument in misplaced {
        let what = if kind == Kind::Data { "data" } else { "ephemeral" };
        let detail = format!(
            "The lifecycle argument \"{}\" is defined only for managed resources (\"resource\" blocks), and is not \
             valid for {what} resources.",
            argument.name.text
        );
        let summary = format!("Invalid {what} resource lifecycle argument");
        diagnostics.push(Diagnostic::error(summary, detail).at(argument.name.span));
    }
    if any {
        return Lifecycle::default();
    }
    let content = Content::exact(block, if kind == Kind::Managed { &MANAGED } else { &DATA }, diagnostics);
    if let Some(trigger) = content.blocks_of("action_trigger").next() {
        let detail = "smform has no actions, so that nothing can be triggered. Remove the block.";
        diagnostics.push(Diagnostic::error("Actions are not supported", detail).at(trigger.header));
    }
    Lifecycle {
        create_before_destroy: content.bool("create_before_destroy", diagnostics),
        prevent_destroy: content.bool("prevent_destroy", diagnostics).unwrap_or(false),
        ignore_changes: match content.get("ignore_changes") {
            None => IgnoreChanges::None,
            Some(expr) if !block.body.json && matches!(expr.kind, ExprKind::Literal(_)) => {
                let detail = "Write ignore_changes = all, without quotes, or a list of attributes.";
                diagnostics.push(Diagnostic::error("Invalid expression", detail).at(expr.start()));
                IgnoreChanges::None
            }
            Some(expr) => ignored(expr, block.body.json, diagnostics),
        },
        replace_triggered_by: content.get("replace_triggered_by").map_or_else(Vec::new, |expr| {
            // The first that is none is the last that is looked at.
            elements(expr, diagnostics)
                .iter()
                .map_while(|element| trigger(element, block.body.json, diagnostics))
                .collect()
        }),
        preconditions: content.blocks_of("precondition").filter_map(|block| condition(block, diagnostics)).collect(),
        postconditions: content.blocks_of("postcondition").filter_map(|block| condition(block, diagnostics)).collect(),
    }
}

/// `ignore_changes`: `all`, or a list of paths.
fn ignored(expr: &Expr, json: bool, diagnostics: &mut Diagnostics) -> IgnoreChanges {
    let keyword = crate::eval::keyword(expr);
    if keyword.as_deref() == Some("all") {
        return IgnoreChanges::All;
    }
    let mut paths = Vec::new();
    for element in elements(expr, diagnostics) {
        if crate::eval::keyword(element).as_deref() == Some("*") {
            let detail = "The wildcard \"*\" is not valid here. To ignore changes of all attributes, write \
                          ignore_changes = all.";
            let whole = if elements(expr, &mut Diagnostics::new()).len() == 1 { None } else { Some(element.span) };
            if let Some(place) = whole {
                let detail = "The wildcard \"*\" stands for all attributes, so that no others are named beside it.";
                diagnostics.push(Diagnostic::error("Invalid ignore_changes ruleset", detail).at(place));
            }
            diagnostics.push(Diagnostic::error("Invalid ignore_changes wildcard", detail).at(expr.span));
            continue;
        }
        warn_of_quotes(element, json, "reference", diagnostics);
        if let Some(path) = diagnostics.take(unquoted(element).and_then(|element| attribute_path(&element))) {
            paths.push(path);
        }
    }
    if paths.is_empty() { IgnoreChanges::None } else { IgnoreChanges::Paths(paths) }
}

/// A path into the object itself, such as `tags["Name"]`, with the places of its steps.
fn attribute_path(expr: &Expr) -> Result<(Path, Vec<Span>), Diagnostics> {
    let invalid = || {
        let detail = "Only attributes of the resource itself can be named here, as in tags or tags[\"Name\"], with \
                      indices that are written out.";
        Diagnostics::from(Diagnostic::error("Invalid expression", detail).at(expr.span))
    };
    let ExprKind::Traversal { root, steps } = &expr.kind else { return Err(invalid()) };
    let mut places = vec![root.span];
    let mut path = vec![Step::Attribute(root.text.to_string())];
    for step in steps {
        if let TraversalStep::Attribute(Ident { span, .. }) | TraversalStep::Index(_, span) = step {
            places.push(*span);
        }
        path.push(match step {
            TraversalStep::Attribute(name) => Step::Attribute(name.text.to_string()),
            TraversalStep::Index(key, _) => match &key.kind {
                ExprKind::Literal(value) => match (value.as_str(), value.as_i64().map(usize::try_from)) {
                    (Some(text), _) => Step::Key(text.to_owned()),
                    (None, Some(Ok(at))) => Step::Index(at),
                    _ => return Err(invalid()),
                },
                _ => return Err(invalid()),
            },
            TraversalStep::Splat(_) | TraversalStep::LegacySplat(_) => return Err(invalid()),
        });
    }
    Ok((Path(path), places))
}

/// An element of `replace_triggered_by`: a reference to a managed resource or a part of one.
fn trigger(element: &Expr, json: bool, diagnostics: &mut Diagnostics) -> Option<Expr> {
    let element = if json { diagnostics.take(unquoted(element))? } else { element.clone() };
    if !matches!(element.kind, ExprKind::Traversal { .. }) {
        let detail = "The address of a managed resource, or of an attribute of one, is required here.";
        diagnostics.push(Diagnostic::error("Invalid replace_triggered_by expression", detail).at(element.span));
        return None;
    }
    let reference = diagnostics.take(parse_reference(&element))?;
    for inner in references(&element).iter().filter(|inner| inner.span != element.span) {
        if !matches!(inner.subject, Subject::CountIndex | Subject::EachKey) {
            let detail = "An index here is written out, or is count.index or each.key.";
            let what = if inner.subject == Subject::EachValue { "each reference" } else { "reference" };
            let summary = format!("Invalid {what} in replace_triggered_by expression");
            diagnostics.push(Diagnostic::error(summary, detail).at(element.span));
            return None;
        }
    }
    match reference.subject {
        // A data source never changes by itself, so it triggers nothing.
        Subject::Resource(_) => Some(element),
        _ => {
            let detail = "Only managed resources and their attributes can trigger a replacement. To use another value, \
                          put it into the input of a terraform_data resource and refer to that.";
            for summary in
                ["Invalid reference in replace_triggered_by expression", "Invalid replace_triggered_by expression"]
            {
                diagnostics.push(Diagnostic::error(summary, detail).at(element.span));
            }
            None
        }
    }
}
