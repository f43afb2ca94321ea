//! What to say about the values of references in an expression that failed.

use std::collections::BTreeMap;

use smform_types::{ExpressionValue, Marks, Type, Value, ValueKind};

use super::evaluator::{Env, Evaluator};
use super::references::traversals;
use crate::syntax::{Expr, ExprKind, TraversalStep};

/// At most so many characters of a string are shown.
const LONGEST: usize = 200;

impl Evaluator<'_> {
    /// A statement for each reference in an expression, sorted, as far as it has a value.
    pub(super) fn describe(&self, expr: &Expr, env: Env<'_>, unknown: bool) -> Vec<ExpressionValue> {
        let env = Env { quiet: true, ..env };
        let mut found = BTreeMap::new();
        traversals(expr, &mut |traversal| {
            let ExprKind::Traversal { root, steps } = &traversal.kind else { return };
            let fixed = steps.iter().take_while(|step| step_text(step).is_some()).count();
            // The last steps may be the very mistake: say what is known of what they start from. Of a name alone, as those
            // that `for` binds, there is nothing to say that does not stand beside it.
            for length in (1..=fixed).rev() {
                let steps = steps.get(..length).unwrap_or_default();
                let kind = ExprKind::Traversal { root: root.clone(), steps: steps.to_vec() };
                if let Ok(value) = self.eval(&Expr { kind, span: traversal.span }, env) {
                    let name: String =
                        std::iter::once(root.text.to_string()).chain(steps.iter().filter_map(step_text)).collect();
                    let of_no_type = matches!(value.kind(), ValueKind::Unknown(Type::Dynamic, _));
                    let of_a_type = matches!(value.kind(), ValueKind::Unknown(..)) && !of_no_type;
                    if unknown || !of_no_type {
                        let when = if unknown && of_a_type { ", known only after apply" } else { "" };
                        found.insert(name, format!("{}{when}", statement(&value)));
                    }
                    return;
                }
            }
        });
        found.into_iter().map(|(traversal, statement)| ExpressionValue { traversal, statement }).collect()
    }
}

fn step_text(step: &TraversalStep) -> Option<String> {
    match step {
        TraversalStep::Attribute(name) => Some(format!(".{}", name.text)),
        TraversalStep::Index(key, _) => match &key.kind {
            ExprKind::Literal(value) => match value.kind() {
                ValueKind::String(text) => Some(format!("[{text:?}]")),
                ValueKind::Number(number) => Some(format!("[{number}]")),
                _ => None,
            },
            _ => None,
        },
        TraversalStep::Splat(_) | TraversalStep::LegacySplat(_) => None,
    }
}

/// What a value is, without anything that must not be shown.
pub fn statement(value: &Value) -> String {
    let marks = value.marks();
    if marks.contains(Marks::SENSITIVE) {
        return "has a sensitive value".to_owned();
    }
    if marks.contains(Marks::EPHEMERAL) {
        return "has an ephemeral value".to_owned();
    }
    let ty = value.ty();
    let counted = |kind: &str, count: usize, one: &str, many: &str| match count {
        0 if one == "attribute" => format!("is {kind} with no attributes"),
        0 => format!("is empty {kind}"),
        1 => format!("is {kind} with 1 {one}"),
        count => format!("is {kind} with {count} {many}"),
    };
    match value.kind() {
        ValueKind::Unknown(Type::Dynamic, _) => "will be known only after apply".to_owned(),
        ValueKind::Unknown(ty, _) => format!("is a {}", ty.friendly()),
        ValueKind::Null(_) => "is null".to_owned(),
        ValueKind::Bool(value) => format!("is {value}"),
        ValueKind::Number(number) => format!("is {number}"),
        ValueKind::String(text) => {
            let short: String = text.chars().take(LONGEST).collect();
            let more = if short.len() < text.len() { "..." } else { "" };
            format!("is {short:?}{more}")
        }
        ValueKind::Tuple(items) => counted("tuple", items.len(), "element", "elements"),
        ValueKind::List(_, items) | ValueKind::Set(_, items) => {
            counted(&ty.friendly(), items.len(), "element", "elements")
        }
        ValueKind::Map(_, items) => counted(&ty.friendly(), items.len(), "element", "elements"),
        ValueKind::Object(items) => match items.keys().next() {
            Some(only) if items.len() == 1 => format!("is object with 1 attribute {only:?}"),
            _ => counted("object", items.len(), "attribute", "attributes"),
        },
    }
}
