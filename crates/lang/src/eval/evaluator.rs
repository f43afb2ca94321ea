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
    /// How many failing containers around this one were looked into for their type.
    pub shapes: u8,
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

/// The result of evaluating a part of an expression.
pub(super) type Eval<T = Value> = Result<T, Diagnostics>;

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
        self.eval(expr, Env::default())
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

    pub(super) fn eval(&self, expr: &Expr, env: Env<'_>) -> Eval {
        match &expr.kind {
            ExprKind::Literal(value) => Ok(value.clone()),
            _ => crate::stack::with_room(|| self.eval_parts(expr, env)),
        }
    }

    fn eval_parts(&self, expr: &Expr, env: Env<'_>) -> Eval {
        match &expr.kind {
            ExprKind::Literal(value) => Ok(value.clone()),
            ExprKind::Parens(inner) => self.eval(inner, env),
            ExprKind::Template(parts) => self.template(parts, env),
            ExprKind::Traversal { root, steps } => {
                if let Some(value) = env.get(&root.text) {
                    return self.steps(value.clone(), steps, expr, env);
                }
                let (subject, used) = subject_of(root, steps)
                    .map_err(|error| self.failed(error.at(super::references::wrong_part(root, steps)), expr, env))?;
                let value = self
                    .scope
                    .resolve(&subject)
                    .map_err(|error| Diagnostics::from(error.at(super::references::subject_span(root, steps, used))))?;
                self.steps(value, steps.get(used..).unwrap_or_default(), expr, env)
            }
            ExprKind::Relative { from, steps } => {
                let value = self.eval(from, env)?;
                self.steps(value, steps, expr, env)
            }
            ExprKind::Tuple(items) => self.all(items.iter(), env).map(Value::tuple),
            ExprKind::Object(items) => self.object(items, env),
            ExprKind::For(parts) => self.for_expr(parts, env),
            ExprKind::Conditional(parts) => self.conditional(parts, expr, env),
            ExprKind::Binary(operator, operands) => self.binary(*operator, operands, expr, env),
            ExprKind::Unary(operator, operand) => self.unary(*operator, operand, expr, env),
            ExprKind::Call(call) => self.call(call, expr, env),
        }
    }

    /// The values of several expressions, with the errors of all of them.
    pub(super) fn all<'x>(&self, exprs: impl Iterator<Item = &'x Expr>, env: Env<'_>) -> Eval<Vec<Value>> {
        let mut diagnostics = Diagnostics::new();
        let mut values = Vec::with_capacity(exprs.size_hint().0);
        for expr in exprs {
            values.extend(diagnostics.take(self.eval(expr, env)));
        }
        if diagnostics.is_empty() { Ok(values) } else { Err(diagnostics) }
    }

    fn object(&self, items: &[ObjectItem], env: Env<'_>) -> Eval {
        let mut diagnostics = Diagnostics::new();
        let mut attributes = Vec::with_capacity(items.len());
        let mut marks = Marks::NONE;
        let mut unknown_key = false;
        for item in items {
            let key = diagnostics.take(self.object_key(item, env));
            let value = diagnostics.take(self.eval(&item.value, env));
            if let (Some((key, own)), Some(value)) = (key, value) {
                marks |= own;
                match key {
                    Some(key) => attributes.push((key, value)),
                    None => unknown_key = true,
                }
            }
        }
        if !diagnostics.is_empty() {
            return Err(diagnostics);
        }
        if unknown_key {
            return Ok(Value::unknown(Type::Dynamic).with_marks(marks));
        }
        Ok(Value::object(attributes).with_marks(marks))
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
