//! The value of an expression.

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_types::{Diagnostic, Diagnostics, ExpressionValue, Marks, Type, Value};

use super::Scope;
use super::references::subject_of;
use crate::functions::FunctionContext;
use crate::syntax::{Expr, ExprKind, ObjectItem};

/// Evaluates expressions, bodies and conditions. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Evaluator<'a> {
    /// Answers references.
    pub scope: &'a dyn Scope,
    /// What functions may ask of the world.
    pub functions: &'a FunctionContext<'a>,
    /// Within a template file, where functions that render templates are not available.
    pub(super) in_template: bool,
}

/// Names bound within an expression or dynamic block, innermost first.
#[derive(Clone, Copy, Default)]
pub(super) struct Env<'e> {
    pub frame: Option<&'e Frame<'e>>,
    /// The variables of a template file.
    pub variables: Option<&'e BTreeMap<Arc<str>, Value>>,
    /// Errors will be thrown away, so nothing need be gathered for them.
    pub quiet: bool,
}

/// One bound name.
pub(super) struct Frame<'e> {
    pub name: &'e str,
    pub value: Value,
    pub outer: Option<&'e Frame<'e>>,
}

impl<'e> Env<'e> {
    /// The value of a bound name.
    pub fn get(&self, name: &str) -> Option<&'e Value> {
        let mut frame = self.frame;
        while let Some(current) = frame {
            if current.name == name {
                return Some(&current.value);
            }
            frame = current.outer;
        }
        self.variables.and_then(|variables| variables.get(name))
    }

    /// The same names and one more.
    pub fn bind<'f>(&self, name: &'f str, value: Value) -> Frame<'f>
    where
        'e: 'f,
    {
        Frame { name, value, outer: self.frame }
    }

    /// These names with `frame` in front.
    pub fn within<'f>(&self, frame: &'f Frame<'f>) -> Env<'f>
    where
        'e: 'f,
    {
        Env { frame: Some(frame), ..*self }
    }
}

/// What is learned of a part of an expression besides a value.
pub(super) type Eval<T> = Result<T, Diagnostics>;

/// The value of an expression.
pub(super) type Outcome = Result<Value, Failure>;

/// What is wrong with an expression.
#[derive(Clone)]
pub(super) struct Failure {
    pub errors: Diagnostics,
    /// What can be told of its value all the same: evaluation goes on with it, to find what else is wrong.
    pub rest: Value,
}

impl Failure {
    /// `value` when there is no error.
    pub fn unless_none(errors: Diagnostics, value: Value) -> Outcome {
        if errors.has_errors() { Err(Failure { errors, rest: value }) } else { Ok(value) }
    }
}

impl From<Diagnostics> for Failure {
    fn from(errors: Diagnostics) -> Failure {
        Failure { errors, rest: Value::unknown(Type::Dynamic) }
    }
}

impl From<Diagnostic> for Failure {
    fn from(error: Diagnostic) -> Failure {
        Diagnostics::from(error).into()
    }
}

impl From<Failure> for Diagnostics {
    fn from(failure: Failure) -> Diagnostics {
        failure.errors
    }
}

impl IntoIterator for Failure {
    type Item = Diagnostic;
    type IntoIter = <Diagnostics as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        self.errors.into_iter()
    }
}

impl<'a> Evaluator<'a> {
    /// An evaluator that asks `scope` for what references stand for.
    #[must_use]
    pub fn new(scope: &'a dyn Scope, functions: &'a FunctionContext<'a>) -> Evaluator<'a> {
        Evaluator { scope, functions, in_template: false }
    }

    /// The value of an expression.
    ///
    /// # Errors
    /// What is wrong, each with its place and the values of the references involved.
    pub fn expr(&self, expr: &Expr) -> Result<Value, Diagnostics> {
        self.eval(expr, Env::default()).map_err(Diagnostics::from)
    }

    /// A message about an expression, with its place and the values of the references in it.
    #[must_use]
    pub fn about(&self, message: Diagnostic, expr: &Expr) -> Diagnostic {
        Diagnostic { values: self.values_in(expr), ..message.at(expr.span) }
    }

    /// As [`Evaluator::about`], for what is wrong because a value is not known yet: says of which references that is so.
    #[must_use]
    pub fn about_unknown(&self, message: Diagnostic, expr: &Expr) -> Diagnostic {
        Diagnostic { values: self.describe(expr, Env::default(), true), ..message.at(expr.span) }
    }

    /// What the references in an expression stand for, as far as they have values.
    #[must_use]
    pub fn values_in(&self, expr: &Expr) -> Vec<ExpressionValue> {
        self.describe(expr, Env::default(), false)
    }

    /// The value of an expression, or what can be told of it where something is wrong with it.
    pub(super) fn told(&self, expr: &Expr, env: Env<'_>, errors: &mut Diagnostics) -> Value {
        self.eval(expr, env).unwrap_or_else(|failure| {
            errors.extend(failure.errors);
            failure.rest
        })
    }

    pub(super) fn eval(&self, expr: &Expr, env: Env<'_>) -> Outcome {
        match &expr.kind {
            ExprKind::Literal(value) => Ok(value.clone()),
            _ => crate::stack::with_room(|| self.eval_parts(expr, env)),
        }
    }

    fn eval_parts(&self, expr: &Expr, env: Env<'_>) -> Outcome {
        match &expr.kind {
            ExprKind::Literal(value) => Ok(value.clone()),
            ExprKind::Parens(inner) => self.eval(inner, env),
            ExprKind::Template { parts, .. } => self.template(parts, env),
            ExprKind::Traversal { root, steps } => {
                if let Some(value) = env.get(&root.text) {
                    return self.steps(value.clone(), steps, expr, env, Diagnostics::new());
                }
                let (subject, used) = subject_of(root, steps)
                    .map_err(|error| self.failed(error.at(super::references::wrong_part(root, steps)), expr, env))?;
                let value = self
                    .scope
                    .resolve(&subject)
                    .map_err(|error| Diagnostics::from(error.at(super::references::subject_span(root, steps, used))))?;
                self.steps(value, steps.get(used..).unwrap_or_default(), expr, env, Diagnostics::new())
            }
            ExprKind::Relative { from, steps } => {
                let mut errors = Diagnostics::new();
                let value = self.told(from, env, &mut errors);
                self.steps(value, steps, expr, env, errors)
            }
            ExprKind::Tuple(items) => {
                let mut errors = Diagnostics::new();
                let items: Vec<Value> = items.iter().map(|item| self.told(item, env, &mut errors)).collect();
                Failure::unless_none(errors, Value::tuple(items))
            }
            ExprKind::Object(items) => self.object(items, env),
            ExprKind::For(parts) => self.for_expr(parts, env),
            ExprKind::Conditional(parts) => self.conditional(parts, expr, env),
            ExprKind::Binary(operator, operands) => self.binary(*operator, operands, expr, env),
            ExprKind::Unary(operator, operand) => self.unary(*operator, operand, expr, env),
            ExprKind::Call(call) => self.call(call, expr, env),
        }
    }

    fn object(&self, items: &[ObjectItem], env: Env<'_>) -> Outcome {
        let mut diagnostics = Diagnostics::new();
        let mut attributes = Vec::with_capacity(items.len());
        let mut marks = Marks::NONE;
        let mut unknown_key = false;
        for item in items {
            if item.before.is_some() {
                let detail = "This object has an attribute of that name already. Keep one of them.";
                diagnostics.push(Diagnostic::error("Duplicate object attribute", detail).at(item.key.span));
            }
            let key = diagnostics.take(self.object_key(item, env));
            let value = self.told(&item.value, env, &mut diagnostics);
            match key {
                Some((Some(key), own)) => {
                    marks |= own;
                    attributes.push((key, value));
                }
                _ => unknown_key = true,
            }
        }
        let value =
            if unknown_key { Value::unknown(Type::Dynamic) } else { Value::object(attributes).with_marks(marks) };
        Failure::unless_none(diagnostics, value)
    }

    /// The text of an object key, nothing while it is unknown, and its marks.
    fn object_key(&self, item: &ObjectItem, env: Env<'_>) -> Eval<(Option<Arc<str>>, Marks)> {
        let value = self.eval(&item.key, env)?;
        if matches!(&item.key.kind, ExprKind::Traversal { .. }) {
            let detail =
                "Write the key in parentheses if it is the value of this reference, or in quotes if it is text.";
            return Err(Diagnostic::error("Ambiguous attribute key", detail).at(item.key.span).into());
        }
        super::iterate::key_text(value).map_err(|detail| {
            let (summary, place) = if detail.contains("null") {
                ("Null value as key", item.value.span)
            } else {
                ("Incorrect key type", item.key.span)
            };
            self.failed(Diagnostic::error(summary, detail).at(place), &item.key, env)
        })
    }

    /// An error about an expression, with its place and the values of the references in it.
    pub(super) fn failed(&self, error: Diagnostic, expr: &Expr, env: Env<'_>) -> Diagnostics {
        let mut error = error.at(expr.span);
        if !env.quiet && error.values.is_empty() {
            error.values = self.describe(expr, env, false);
        }
        error.into()
    }
}
