//! `replace_triggered_by`: which instance, and which part of it, a trigger names.

use smform_lang::eval::{Evaluator, Subject, parse_reference, references};
use smform_lang::syntax::{Expr, ExprKind, TraversalStep};
use smform_types::{InstanceKey, Path, ResourceAddress, Value};

/// The resource, the instance key (nothing for all instances) and the attribute path that a trigger names.
#[must_use]
pub fn resolve(trigger: &Expr, evaluator: &Evaluator<'_>) -> Option<(ResourceAddress, Option<InstanceKey>, Path)> {
    // An index such as [count.index] or [each.key] makes the reference dynamic; its subject is still the first one.
    let reference = parse_reference(trigger).ok().or_else(|| references(trigger).into_iter().next())?;
    let Subject::Resource(resource) = reference.subject else { return None };
    let key = reference.key.or_else(|| dynamic_key(trigger, evaluator));
    Some((resource, key, reference.rest))
}

fn dynamic_key(trigger: &Expr, evaluator: &Evaluator<'_>) -> Option<InstanceKey> {
    let ExprKind::Traversal { root, steps } = &trigger.kind else { return None };
    // The key stands right after the name of the resource; another index is within the object.
    let names = if &*root.text == "resource" { 2 } else { 1 };
    let TraversalStep::Index(index, _) = steps.get(names)? else { return None };
    let value: Value = evaluator.expr(index).ok()?;
    match (value.as_str(), value.as_i64()) {
        (Some(name), _) => Some(InstanceKey::Name(name.into())),
        (_, Some(index)) => u64::try_from(index).ok().map(InstanceKey::Index),
        _ => None,
    }
}
