//! `for` expressions.

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_types::{Diagnostic, Diagnostics, Marks, Refinement, Type, Value, ValueKind, convert};

use super::evaluator::{Env, Eval, Evaluator};
use crate::syntax::{Expr, ForExpr, Ident};

/// Where results of a `for` expression go.
enum Results {
    List(Vec<Value>),
    Map(BTreeMap<Arc<str>, Value>),
    Groups(BTreeMap<Arc<str>, Vec<Value>>),
}

/// What the passes through a `for` expression gather besides results.
#[derive(Default)]
struct Gathered {
    marks: Marks,
    unknown: bool,
    diagnostics: Diagnostics,
}

impl Evaluator<'_> {
    pub(super) fn for_expr(&self, parts: &ForExpr, env: Env<'_>) -> Eval {
        let collection = self.eval(&parts.collection, env)?;
        let (collection, marks) = collection.unmark();
        let unknown = |marks| Ok(Value::refined(Type::Dynamic, Refinement::not_null()).with_marks(marks));
        let elements = self.elements(&collection, &parts.collection, env)?;
        let is_open = collection.ty() == Type::Dynamic;
        if let (None | Some([]), Some(condition), false) = (elements.as_deref(), &parts.condition, is_open) {
            // A condition that can never be one is a mistake even when there is nothing to go through.
            let mut outcome = Ok(());
            let any = || Value::unknown(Type::Dynamic);
            self.bound(parts.key.as_ref(), &parts.value, any(), any(), env, &mut |env| {
                outcome = self.truth(condition, env).map(|_| ());
            });
            outcome?;
        }
        let Some(elements) = elements else { return unknown(marks) };
        let mut results = match (&parts.result_key, parts.grouped) {
            (None, _) => Results::List(Vec::with_capacity(elements.len())),
            (Some(_), false) => Results::Map(BTreeMap::new()),
            (Some(_), true) => Results::Groups(BTreeMap::new()),
        };
        let mut gathered = Gathered { marks, ..Gathered::default() };
        for (key, value) in elements {
            self.bound(parts.key.as_ref(), &parts.value, key, value, env, &mut |env| {
                let outcome = self.pass(parts, env, &mut results, &mut gathered);
                if let Err(errors) = outcome {
                    gathered.diagnostics.extend(errors);
                }
            });
            // One element says as much as a thousand that fail alike.
            if gathered.diagnostics.has_errors() {
                return Err(gathered.diagnostics);
            }
        }
        if gathered.unknown {
            return unknown(gathered.marks);
        }
        let value = match results {
            Results::List(items) => Value::tuple(items),
            Results::Map(items) => Value::object(items),
            Results::Groups(items) => Value::object(items.into_iter().map(|(key, items)| (key, Value::tuple(items)))),
        };
        Ok(value.with_marks(gathered.marks))
    }

    fn pass(&self, parts: &ForExpr, env: Env<'_>, results: &mut Results, to: &mut Gathered) -> Eval<()> {
        if let Some(condition) = &parts.condition {
            let (value, marks) = self.truth(condition, env)?;
            to.marks |= marks;
            match value {
                Some(true) => {}
                Some(false) => return Ok(()),
                None => {
                    to.unknown = true;
                    return Ok(());
                }
            }
        }
        let key = match &parts.result_key {
            None => None,
            Some(expr) => {
                let value = self.eval(expr, env)?;
                let (key, marks) = key_text(value)
                    .map_err(|detail| self.failed(Diagnostic::error("Invalid object key", detail), expr, env))?;
                to.marks |= marks;
                match key {
                    Some(key) => Some((key, expr)),
                    None => {
                        to.unknown = true;
                        None
                    }
                }
            }
        };
        let value = self.eval(&parts.result, env)?;
        match (results, key) {
            (Results::List(items), _) => items.push(value),
            (Results::Groups(items), Some((key, _))) => items.entry(key).or_default().push(value),
            (Results::Map(items), Some((key, expr))) => {
                if items.contains_key(&key) {
                    let detail = format!(
                        "Two different items produced the key {key:?} in this 'for' expression. If duplicates are \
                         expected, use the ellipsis (...) after the value expression to enable grouping by key."
                    );
                    return Err(self.failed(Diagnostic::error("Duplicate object key", detail), expr, env));
                }
                items.insert(key, value);
            }
            (_, None) => {}
        }
        Ok(())
    }

    /// The `if` clause of a `for` expression; nothing while it is unknown.
    fn truth(&self, condition: &Expr, env: Env<'_>) -> Eval<(Option<bool>, Marks)> {
        let invalid =
            |detail: String| self.failed(Diagnostic::error("Invalid 'for' condition", detail), condition, env);
        let (value, marks) = self.eval(condition, env)?.unmark();
        if value.is_null() {
            let detail = "The value of the 'if' clause must not be null.";
            return Err(self.failed(Diagnostic::error("Condition is null", detail), condition, env));
        }
        let value = convert(value, &Type::Bool)
            .map_err(|error| invalid(format!("The 'if' clause value is invalid: {error}.")))?;
        Ok((value.as_bool(), marks))
    }

    /// The keys and values of something to go through; nothing while it is unknown.
    pub(super) fn elements(&self, value: &Value, expr: &Expr, env: Env<'_>) -> Eval<Option<Vec<(Value, Value)>>> {
        Ok(Some(match value.kind() {
            ValueKind::List(_, items) | ValueKind::Tuple(items) => {
                let indices = (0i64..).map(Value::number);
                indices.zip(items.iter().cloned()).collect()
            }
            ValueKind::Set(_, items) => items.iter().map(|item| (item.clone(), item.clone())).collect(),
            ValueKind::Map(_, items) | ValueKind::Object(items) => items
                .iter()
                .map(|(key, item)| (Value::unmarked(ValueKind::String(Arc::clone(key))), item.clone()))
                .collect(),
            ValueKind::Unknown(ty, _) if !ty.is_primitive() => return Ok(None),
            ValueKind::Null(_) => {
                let detail = "A null value cannot be used as the collection in a 'for' expression.";
                return Err(self.failed(Diagnostic::error("Iteration over null value", detail), expr, env));
            }
            _ => {
                let detail = format!(
                    "A value of type {} cannot be used as the collection in a 'for' expression.",
                    value.ty().friendly()
                );
                return Err(self.failed(Diagnostic::error("Iteration over non-iterable value", detail), expr, env));
            }
        }))
    }

    /// Calls `inner` with the names of a `for` bound.
    pub(super) fn bound(
        &self,
        key_name: Option<&Ident>,
        value_name: &Ident,
        key: Value,
        value: Value,
        env: Env<'_>,
        inner: &mut dyn FnMut(Env<'_>),
    ) {
        let value = env.bind(&value_name.text, value);
        let env = env.within(&value);
        match key_name {
            None => inner(env),
            Some(name) => {
                let key = env.bind(&name.text, key);
                inner(env.within(&key));
            }
        }
    }
}

/// The text of a key, nothing while it is unknown, and its marks; or why it is no key.
pub(super) fn key_text(key: Value) -> Result<(Option<Arc<str>>, Marks), String> {
    let (key, marks) = key.unmark();
    if key.is_null() {
        return Err("A null value cannot be used as a key.".to_owned());
    }
    let key = convert(key, &Type::String).map_err(|error| format!("This value cannot be used as a key: {error}."))?;
    let text = if let ValueKind::String(text) = key.kind() { Some(Arc::clone(text)) } else { None };
    Ok((text, marks))
}
