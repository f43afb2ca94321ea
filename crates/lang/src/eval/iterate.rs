//! `for` expressions.

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_types::{Diagnostic, Diagnostics, Marks, Refinement, Type, Value, ValueKind, convert};

use super::evaluator::{Env, Eval, Evaluator, Failure, Outcome};
use crate::syntax::{Expr, ForExpr, Ident};

/// Where results of a `for` expression go.
enum Results {
    List(Vec<Value>),
    Map(BTreeMap<Arc<str>, Value>),
    Groups(BTreeMap<Arc<str>, Vec<Value>>),
}

/// So many errors in the elements of one `for` expression say as much as a thousand.
pub(super) const ENOUGH: usize = 100;

/// What the passes through a `for` expression gather besides results.
#[derive(Default)]
struct Gathered {
    marks: Marks,
    unknown: bool,
    errors: Diagnostics,
}

impl Gathered {
    /// What is wrong with a condition or key, told of the first element only.
    fn fail_once(&mut self, errors: Diagnostics) {
        if !self.unknown {
            self.errors.extend(errors);
        }
        self.unknown = true;
    }
}

impl Evaluator<'_> {
    pub(super) fn for_expr(&self, parts: &ForExpr, env: Env<'_>) -> Outcome {
        let mut gathered = Gathered::default();
        let collection = self.told(&parts.collection, env, &mut gathered.errors);
        let (collection, marks) = collection.unmark();
        let unknown = |marks| Value::refined(Type::Dynamic, Refinement::not_null()).with_marks(marks);
        let elements = match self.elements(&collection, &parts.collection, env) {
            Ok(elements) => elements,
            Err(errors) => {
                gathered.errors.extend(errors);
                return Err(gathered.errors.into());
            }
        };
        if collection.ty() == Type::Dynamic {
            return Failure::unless_none(gathered.errors, unknown(Marks::NONE));
        }
        if let Some(condition) = &parts.condition {
            // A condition that can never be one is a mistake whatever there is to go through, and told once.
            let mut outcome = Ok(());
            let any = || Value::unknown(Type::Dynamic);
            self.bound(parts.key.as_ref(), &parts.value, any(), any(), env, &mut |env| {
                outcome = self.truth(condition, "Condition is null", env).map(|_| ());
            });
            if let Err(errors) = outcome {
                gathered.errors.extend(errors);
                return Err(gathered.errors.into());
            }
        }
        let Some(elements) = elements else { return Failure::unless_none(gathered.errors, unknown(marks)) };
        gathered.marks = marks;
        let mut results = match (&parts.result_key, parts.grouped) {
            (None, _) => Results::List(Vec::with_capacity(elements.len())),
            (Some(_), false) => Results::Map(BTreeMap::new()),
            (Some(_), true) => Results::Groups(BTreeMap::new()),
        };
        for (key, value) in elements {
            self.bound(parts.key.as_ref(), &parts.value, key, value, env, &mut |env| {
                self.pass(parts, env, &mut results, &mut gathered);
            });
            if gathered.errors.len() >= ENOUGH {
                break;
            }
        }
        let value = match results {
            _ if gathered.unknown => unknown(gathered.marks),
            Results::List(items) => Value::tuple(items).with_marks(gathered.marks),
            Results::Map(items) => Value::object(items).with_marks(gathered.marks),
            Results::Groups(items) => Value::object(items.into_iter().map(|(key, items)| (key, Value::tuple(items))))
                .with_marks(gathered.marks),
        };
        Failure::unless_none(gathered.errors, value)
    }

    fn pass(&self, parts: &ForExpr, env: Env<'_>, results: &mut Results, to: &mut Gathered) {
        if let Some(condition) = &parts.condition {
            match self.truth(condition, "Invalid 'for' condition", env) {
                Ok((Some(true), marks)) => to.marks |= marks,
                Ok((Some(false), marks)) => {
                    to.marks |= marks;
                    return;
                }
                Ok((None, marks)) => {
                    to.marks |= marks;
                    to.unknown = true;
                    return;
                }
                Err(errors) => {
                    to.fail_once(errors);
                    return;
                }
            }
        }
        let key = match &parts.result_key {
            None => None,
            Some(expr) => {
                let value = self.told(expr, env, &mut to.errors);
                // As in Terraform, what is not known yet is not held to be a text.
                let key = if value.is_known() { key_text(value) } else { Ok((None, value.marks())) };
                let key = key.map_err(|detail| self.failed(Diagnostic::error("Invalid object key", detail), expr, env));
                match key {
                    Ok((Some(key), marks)) => {
                        to.marks |= marks;
                        Some((key, expr))
                    }
                    Ok((None, marks)) => {
                        to.marks |= marks;
                        to.unknown = true;
                        return;
                    }
                    Err(errors) => {
                        to.fail_once(errors);
                        return;
                    }
                }
            }
        };
        let value = self.told(&parts.result, env, &mut to.errors);
        match (results, key) {
            (Results::List(items), _) => items.push(value),
            (Results::Groups(items), Some((key, _))) => items.entry(key).or_default().push(value),
            (Results::Map(items), Some((key, expr))) => {
                if items.contains_key(&key) {
                    let detail = format!(
                        "Two different items produced the key {key:?} in this 'for' expression. If duplicates are \
                         expected, use the ellipsis (...) after the value expression to enable grouping by key."
                    );
                    to.errors.extend(self.failed(Diagnostic::error("Duplicate object key", detail), expr, env));
                    return;
                }
                items.insert(key, value);
            }
            (_, None) => {}
        }
    }

    /// The `if` clause of a `for` expression; nothing while it is unknown. The summary is for one that is null.
    fn truth(&self, condition: &Expr, of_null: &str, env: Env<'_>) -> Eval<(Option<bool>, Marks)> {
        let mut errors = Diagnostics::new();
        let (value, marks) = self.told(condition, env, &mut errors).unmark();
        if value.is_null() {
            let detail = "The value of the 'if' clause must not be null.";
            errors.extend(self.failed(Diagnostic::error(of_null, detail), condition, env));
            return Err(errors);
        }
        let value = convert(value, &Type::Bool).map_err(|error| {
            let detail = format!("The 'if' clause value is invalid: {error}.");
            self.failed(Diagnostic::error("Invalid 'for' condition", detail), condition, env)
        });
        let value = errors.take(value);
        match value {
            Some(value) if !errors.has_errors() => Ok((value.as_bool(), marks)),
            _ => Err(errors),
        }
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
        let with_value = |env: Env<'_>| {
            let value = env.bind(&value_name.text, value);
            inner(env.within(&value));
        };
        // Where both have one name, it stands for the value.
        match key_name {
            None => with_value(env),
            Some(name) => {
                let key = env.bind(&name.text, key);
                with_value(env.within(&key));
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
