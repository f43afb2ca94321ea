//! `replace_triggered_by`: which instance, and which part of it, a trigger names.

use smform_lang::eval::{Evaluator, Subject, parse_reference, references};
use smform_lang::syntax::{Expr, ExprKind, TraversalStep};
use smform_types::{InstanceKey, Path, ResourceAddress};

/// The resource, the instance key (nothing for all instances) and the attribute path that a trigger names.
#[must_use]
pub fn resolve(trigger: &Expr, evaluator: &Evaluator<'_>) -> Option<(ResourceAddress, Option<InstanceKey>, Path)> {
    // An index such as [count.index] or [each.key] makes the reference dynamic; with its value it is static.
    let written = with_key(trigger, evaluator);
    let trigger = written.as_ref().unwrap_or(trigger);
    let reference = parse_reference(trigger).ok().or_else(|| references(trigger).into_iter().next())?;
    let Subject::Resource(resource) = reference.subject else { return None };
    Some((resource, reference.key, reference.rest))
}

/// The trigger with the value of the index that stands right after the name of the resource. Another index is within the
/// object.
fn with_key(trigger: &Expr, evaluator: &Evaluator<'_>) -> Option<Expr> {
    let mut trigger = trigger.clone();
    let ExprKind::Traversal { root, steps } = &mut trigger.kind else { return None };
    let names = if &*root.text == "resource" { 2 } else { 1 };
    let TraversalStep::Index(index, _) = steps.get_mut(names)? else { return None };
    let value = evaluator.expr(index).ok()?.unmark().0;
    *index = Expr { kind: ExprKind::Literal(value), span: index.span };
    Some(trigger)
}
