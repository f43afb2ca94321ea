//! Values that must be written out, because they are needed before anything is evaluated.

use std::path::PathBuf;

use smform_types::{Diagnostic, Diagnostics, Type, Value, convert};

use super::evaluator::Evaluator;
use super::references::traversals;
use super::templates::{Nothing, Templates};
use super::{Reference, parse_reference};
use crate::functions::{FunctionContext, Phase};
use crate::source::MemoryHost;
use crate::syntax::{Expr, ExprKind, ObjectItem, TemplatePart, parse_expression_within};

/// The value of an expression that may hold neither references nor function calls. In JSON syntax, templates stand for
/// themselves.
///
/// # Errors
/// At the first reference or call, or as evaluation says.
pub fn static_value(expr: &Expr) -> Result<Value, Diagnostics> {
    if holds_written(expr) { static_evaluated(&as_written(expr)) } else { static_evaluated(expr) }
}

/// The same where the templates of JSON syntax are evaluated, too.
///
/// # Errors
/// At the first reference or call, or as evaluation says.
pub fn static_evaluated(expr: &Expr) -> Result<Value, Diagnostics> {
    if let ExprKind::Literal(value) = &expr.kind {
        return Ok(value.clone());
    }
    let mut found = Diagnostics::new();
    traversals(expr, &mut |traversal| {
        if let ExprKind::Traversal { root, .. } = &traversal.kind {
            let detail = "Variables may not be used here: the value must be written out.";
            found.push(Diagnostic::error("Variables not allowed", detail).at(root.span));
        }
    });
    if found.has_errors() {
        return Err(found);
    }
    if let Some(call) = first_call(expr) {
        let detail = "Functions may not be called here: the value must be written out.";
        return Err(Diagnostic::error("Function calls not allowed", detail).at(call.span).into());
    }
    let host = MemoryHost::new::<PathBuf, Vec<u8>>([]);
    let cx = FunctionContext { host: &host, phase: Phase::Console, plan_timestamp: None, templates: &Templates };
    Evaluator::new(&Nothing, &cx).expr(expr)
}

/// Whether a template of JSON syntax is in the expression, which is a value with nothing around it but brackets.
fn holds_written(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Template { written, .. } => written.is_some(),
        ExprKind::Tuple(items) => items.iter().any(holds_written),
        ExprKind::Object(items) => items.iter().any(|item| holds_written(&item.key) || holds_written(&item.value)),
        _ => false,
    }
}

/// The expression with the templates of JSON syntax as the texts that stand there.
fn as_written(expr: &Expr) -> Expr {
    let kind = match &expr.kind {
        ExprKind::Template { written: Some(text), .. } => ExprKind::Literal(Value::string(&**text)),
        ExprKind::Tuple(items) => ExprKind::Tuple(items.iter().map(as_written).collect()),
        ExprKind::Object(items) => {
            let item = |item: &ObjectItem| ObjectItem {
                key: as_written(&item.key),
                quoted: item.quoted,
                before: item.before,
                value: as_written(&item.value),
            };
            ExprKind::Object(items.iter().map(item).collect())
        }
        other => other.clone(),
    };
    Expr { kind, span: expr.span }
}

/// The first function call within an expression.
fn first_call(expr: &Expr) -> Option<&Expr> {
    match &expr.kind {
        ExprKind::Call(_) => Some(expr),
        ExprKind::Literal(_) | ExprKind::Traversal { .. } => None,
        ExprKind::Template { parts, .. } => parts.iter().find_map(call_in_part),
        ExprKind::Relative { from, .. } => first_call(from),
        ExprKind::Tuple(items) => items.iter().find_map(first_call),
        ExprKind::Object(items) => {
            items.iter().find_map(|item| first_call(&item.key).or_else(|| first_call(&item.value)))
        }
        ExprKind::For(parts) => {
            let always = [&parts.collection, &parts.result].into_iter();
            always.chain(&parts.result_key).chain(&parts.condition).find_map(first_call)
        }
        ExprKind::Conditional(parts) => parts.iter().find_map(first_call),
        ExprKind::Binary(_, operands) => operands.iter().find_map(first_call),
        ExprKind::Unary(_, inner) | ExprKind::Parens(inner) => first_call(inner),
    }
}

fn call_in_part(part: &TemplatePart) -> Option<&Expr> {
    match part {
        TemplatePart::Text(_) => None,
        TemplatePart::Interpolation(expr) => first_call(expr),
        TemplatePart::If { condition, then, otherwise, .. } => {
            first_call(condition).or_else(|| then.iter().chain(otherwise).find_map(call_in_part))
        }
        TemplatePart::For { collection, body, .. } => {
            first_call(collection).or_else(|| body.iter().find_map(call_in_part))
        }
    }
}

fn static_of(expr: &Expr, ty: &Type, what: &str) -> Result<Value, Diagnostics> {
    let unsuitable =
        |why: String| Diagnostic::error("Unsuitable value type", format!("Unsuitable value: {why}.")).at(expr.start());
    let value = match static_value(expr) {
        Ok(value) => value,
        Err(mut errors) => {
            errors.push(unsuitable(format!("{what} that is written out is required")));
            return Err(errors);
        }
    };
    if value.is_null() {
        return Err(unsuitable(format!("{what} is required, not null")).into());
    }
    convert(value, ty).map_err(|error| unsuitable(error.to_string()).into())
}

/// A bool that is written out.
///
/// # Errors
/// When it is anything else.
pub fn static_bool(expr: &Expr) -> Result<bool, Diagnostics> {
    static_of(expr, &Type::Bool, "a bool").map(|value| value.as_bool().unwrap_or(false))
}

/// A string that is written out.
///
/// # Errors
/// When it is anything else.
pub fn static_string(expr: &Expr) -> Result<String, Diagnostics> {
    static_of(expr, &Type::String, "a string").map(|value| value.as_str().unwrap_or("").to_owned())
}

/// A reference; also as a string, which is how JSON writes it.
///
/// # Errors
/// When it is anything else.
pub fn static_reference(expr: &Expr) -> Result<Reference, Diagnostics> {
    parse_reference(&unquoted(expr)?)
}

/// The expression that a string holds, for places that take no strings of their own; any other expression as it is.
///
/// # Errors
/// When the string holds no expression.
pub fn unquoted(expr: &Expr) -> Result<Expr, Diagnostics> {
    match &expr.kind {
        ExprKind::Literal(value) => match value.as_str() {
            Some(text) => parse_expression_within(text, expr.span),
            None => Ok(expr.clone()),
        },
        _ => Ok(expr.clone()),
    }
}

/// The warning for a name in quotes, as the language was written once, where JSON syntax has no other way.
pub fn warn_of_quotes(expr: &Expr, json: bool, what: &str, diagnostics: &mut Diagnostics) {
    if !json && matches!(&expr.kind, ExprKind::Literal(value) if value.as_str().is_some()) {
        let detail = format!("Write the {what} without quotes.");
        let summary = format!("Quoted {what}s are deprecated");
        diagnostics.push(Diagnostic::warning(summary, detail).at(expr.span));
    }
}

/// A single word without quotes; in JSON syntax, which has no other way, a text.
#[must_use]
pub fn bare_keyword(expr: &Expr, json: bool) -> Option<String> {
    keyword(expr).filter(|_| json || matches!(expr.kind, ExprKind::Traversal { .. }))
}

/// A single word, bare or quoted.
#[must_use]
pub fn keyword(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Traversal { root, steps } if steps.is_empty() => Some(root.text.to_string()),
        ExprKind::Literal(value) => value.as_str().map(str::to_owned),
        _ => None,
    }
}
