//! `condition ? a : b`.

use smform_types::{Diagnostic, Diagnostics, Marks, Refinement, Span, Type, Value, convert, unify};

use super::evaluator::{Env, Eval, Evaluator};
use crate::syntax::{Expr, ExprKind, TemplatePart, UnaryOp};

/// So many containers within one another are looked into for the type of an arm that fails: each costs evaluation anew.
const MAX_SHAPES: u8 = 2;

impl Evaluator<'_> {
    /// Both arms are evaluated, because the type of the result depends on both; an error in the arm that is not
    /// chosen does not count.
    pub(super) fn conditional(&self, parts: &[Expr; 3], whole: &Expr, env: Env<'_>) -> Eval {
        self.branches(parts, whole, env).0
    }

    /// The result, and what type it has as far as the arms tell, also where it is an error.
    fn branches(&self, parts: &[Expr; 3], whole: &Expr, env: Env<'_>) -> (Eval, Type) {
        let [condition, then, otherwise] = parts;
        let choice = self.choice(condition, env);
        let chosen = choice.as_ref().map_or(None, |(chosen, _)| *chosen);
        let quiet = |wanted: bool| Env { quiet: env.quiet || chosen == Some(!wanted), ..env };
        let (a, left) = self.probe(then, quiet(true));
        let (b, right) = self.probe(otherwise, quiet(false));
        let arms = then.span.to(otherwise.span);
        match result_type(&left, &right) {
            Some(ty) => (self.result(choice, a, b, ty.clone(), arms, whole, env), ty),
            None => (Err(self.inconsistent(&left, &right, arms, whole, env)), Type::Dynamic),
        }
    }

    #[allow(clippy::too_many_arguments, reason = "what is known of a conditional, from one caller")]
    fn result(
        &self,
        choice: Eval<(Option<bool>, Marks)>,
        a: Eval,
        b: Eval,
        ty: Type,
        arms: Span,
        whole: &Expr,
        env: Env<'_>,
    ) -> Eval {
        let to_type = |value: Value| {
            convert(value, &ty).map_err(|error| {
                let detail = format!("The two results must have one type, but one does not convert: {error}.");
                self.failed(Diagnostic::error("Inconsistent conditional result types", detail).at(arms), whole, env)
            })
        };
        let (chosen, marks) = choice?;
        // That a value was chosen tells of the one that was not.
        let own = |arm: &Eval| arm.as_ref().map_or(Marks::NONE, Value::marks);
        let marks = marks | own(&a) | own(&b);
        let value = match chosen {
            Some(true) => to_type(a?)?,
            Some(false) => to_type(b?)?,
            // As in Terraform, an arm that fails does not count before it is chosen.
            None => match (a.ok().map(to_type), b.ok().map(to_type)) {
                (Some(a), Some(b)) => {
                    let mut diagnostics = Diagnostics::new();
                    let (a, b) = (diagnostics.take(a), diagnostics.take(b));
                    let (Some(a), Some(b)) = (a, b) else { return Err(diagnostics) };
                    either(&ty, &a, &b)
                }
                _ => Value::unknown(ty),
            },
        };
        Ok(value.with_marks(marks))
    }

    /// The value of an arm, and what can be told of it where that is an error. Each arm is evaluated once, so that a
    /// long chain of conditions takes linear time.
    fn probe(&self, expr: &Expr, env: Env<'_>) -> (Eval, Value) {
        crate::stack::with_room(|| match &expr.kind {
            ExprKind::Parens(inner) => self.probe(inner, env),
            ExprKind::Conditional(parts) => {
                let (result, ty) = self.branches(parts, expr, env);
                let shape = result.clone().unwrap_or_else(|_| Value::unknown(ty));
                (result, shape)
            }
            _ => {
                let result = self.eval(expr, env);
                let shape = result.clone().unwrap_or_else(|_| self.shape(expr, env));
                (result, shape)
            }
        })
    }

    /// What can be told of the value of an expression that fails: unknown, of a type if its form says one.
    fn shape(&self, expr: &Expr, env: Env<'_>) -> Value {
        let unknown = |ty: Type| Value::unknown(ty);
        if env.shapes >= MAX_SHAPES {
            return unknown(Type::Dynamic);
        }
        let within = Env { quiet: true, shapes: env.shapes + 1, ..env };
        match &expr.kind {
            ExprKind::Tuple(items) => Value::tuple(items.iter().map(|item| self.probe(item, within).1)),
            ExprKind::Object(items) => {
                let members = items.iter().map(|item| match &item.key.kind {
                    ExprKind::Literal(key) => Some((key.as_str()?.to_owned(), self.probe(&item.value, within).1)),
                    _ => None,
                });
                members.collect::<Option<Vec<_>>>().map_or_else(|| unknown(Type::Dynamic), Value::object)
            }
            ExprKind::Template(parts) => match parts.as_slice() {
                [TemplatePart::Interpolation(inner)] => self.probe(inner, within).1,
                _ => unknown(Type::String),
            },
            ExprKind::Binary(operator, _) if operator.is_arithmetic() => unknown(Type::Number),
            ExprKind::Binary(..) | ExprKind::Unary(UnaryOp::Not, _) => unknown(Type::Bool),
            ExprKind::Unary(UnaryOp::Negate, _) => unknown(Type::Number),
            _ => unknown(Type::Dynamic),
        }
    }

    /// The condition, nothing while it is unknown, and its marks.
    pub(super) fn choice(&self, condition: &Expr, env: Env<'_>) -> Eval<(Option<bool>, Marks)> {
        let (value, marks) = self.eval(condition, env)?.unmark();
        let failed = |summary, detail: String| self.failed(Diagnostic::error(summary, detail), condition, env);
        if value.is_null() {
            let detail = "The condition value is null. Conditions must either be true or false.";
            return Err(failed("Null condition", detail.to_owned()));
        }
        let value = convert(value, &Type::Bool).map_err(|error| {
            failed("Incorrect condition type", format!("The condition expression must be of type bool: {error}."))
        })?;
        Ok((value.as_bool(), marks))
    }

    fn inconsistent(&self, a: &Value, b: &Value, place: Span, whole: &Expr, env: Env<'_>) -> Diagnostics {
        let detail = format!(
            "The true and false result expressions must have consistent types. {}",
            difference(&a.ty(), &b.ty())
        );
        self.failed(Diagnostic::error("Inconsistent conditional result types", detail).at(place), whole, env)
    }
}

/// The type that both results take; an untyped null takes the other's.
fn result_type(a: &Value, b: &Value) -> Option<Type> {
    let (ta, tb) = (a.ty(), b.ty());
    match (a.is_null() && ta == Type::Dynamic, b.is_null() && tb == Type::Dynamic) {
        (true, _) => Some(tb),
        (_, true) => Some(ta),
        // The arm that is not chosen may have been of any type.
        _ if ta == Type::Dynamic || tb == Type::Dynamic => Some(Type::Dynamic),
        _ => unify(&[ta, tb]),
    }
}

/// What is known of a value that is one of two.
fn either(ty: &Type, a: &Value, b: &Value) -> Value {
    if a.is_null() && b.is_null() {
        return Value::null(ty.clone());
    }
    let not_null = a.is_definitely_not_null() && b.is_definitely_not_null();
    let mut refinement = Refinement { not_null, ..Refinement::default() };
    if let (Some(x), Some(y)) = (a.as_number(), b.as_number()) {
        refinement.lower = Some((x.min(y).clone(), true));
        refinement.upper = Some((x.max(y).clone(), true));
    }
    if ty.is_collection()
        && let (Some(x), Some(y)) = (length(a), length(b))
    {
        refinement.min_length = Some(x.min(y));
        refinement.max_length = Some(x.max(y));
    }
    Value::refined(ty.clone(), refinement)
}

fn length(value: &Value) -> Option<u64> {
    // A set with unknown elements may have fewer in the end.
    if matches!(value.ty(), Type::Set(_)) && !value.is_wholly_known() {
        return None;
    }
    let length = value.as_slice().map(<[Value]>::len).or_else(|| value.as_entries().map(|entries| entries.len()))?;
    u64::try_from(length).ok()
}

/// Where two types differ, in words.
fn difference(a: &Type, b: &Type) -> String {
    if let (Type::Object(x), Type::Object(y)) = (a, b) {
        for (name, ty) in &x.attributes {
            match y.attributes.get(name) {
                None => return format!("The 'true' value has the attribute {name:?}, which the 'false' value lacks."),
                Some(other) if ty != other && unify(&[ty.clone(), other.clone()]).is_none() => {
                    return format!("They differ in the attribute {name:?}: {}", difference(ty, other));
                }
                Some(_) => {}
            }
        }
        if let Some(name) = y.attributes.keys().find(|name| !x.attributes.contains_key(*name)) {
            return format!("The 'false' value has the attribute {name:?}, which the 'true' value lacks.");
        }
    }
    if let (Type::Tuple(x), Type::Tuple(y)) = (a, b)
        && x.len() != y.len()
    {
        return format!("The 'true' tuple has length {}, but the 'false' tuple has length {}.", x.len(), y.len());
    }
    format!("The 'true' value is {}, but the 'false' value is {}.", a.friendly(), b.friendly())
}
