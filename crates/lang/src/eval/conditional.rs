//! `condition ? a : b`.

use smform_types::{Diagnostic, Diagnostics, Marks, Refinement, Span, Type, Value, convert, unify};

use super::evaluator::{Env, Eval, Evaluator, Failure, Outcome};
use crate::syntax::Expr;

impl Evaluator<'_> {
    /// Both arms are evaluated, because the type of the result depends on both; an error in the arm that is not
    /// chosen does not count.
    pub(super) fn conditional(&self, parts: &[Expr; 3], whole: &Expr, env: Env<'_>) -> Outcome {
        let [condition, then, otherwise] = parts;
        let choice = self.choice(condition, env);
        let chosen = choice.as_ref().map_or(None, |(chosen, _)| *chosen);
        let arm = |arm: &Expr, wanted: bool| {
            let mut errors = Diagnostics::new();
            let value = self.told(arm, Env { quiet: env.quiet || chosen == Some(!wanted), ..env }, &mut errors);
            (value, errors)
        };
        let ((a, a_errors), (b, b_errors)) = (arm(then, true), arm(otherwise, false));
        let arms = then.span.to(otherwise.span);
        let Some(ty) = result_type(&a, &b) else { return Err(self.inconsistent(&a, &b, arms, whole, env).into()) };
        let (chosen, marks) = match choice {
            Ok(choice) => choice,
            Err(errors) => return Err(Failure { errors, rest: Value::unknown(ty) }),
        };
        let of_one_type = a.ty() == b.ty();
        let to_type = |value: Value, arm: &Expr| {
            convert(value, &ty).map_err(|error| {
                let detail = format!("The two results must have one type, but this one does not convert: {error}.");
                let error = Diagnostic::error("Inconsistent conditional result types", detail);
                self.failed(error.at(arm.span), whole, env)
            })
        };
        // That a value was chosen tells of the one that was not.
        let marks = marks | a.marks() | b.marks();
        let (value, mut errors) = match chosen {
            Some(true) => (to_type(a, then), a_errors),
            Some(false) => (to_type(b, otherwise), b_errors),
            // As in Terraform, an arm that fails, or does not convert, does not count before it is chosen.
            None => {
                let value = match (convert(a, &ty), convert(b, &ty)) {
                    (Ok(a), Ok(b)) => either(&ty, &a, &b, of_one_type),
                    _ => Value::unknown(ty.clone()),
                };
                (Ok(value), Diagnostics::new())
            }
        };
        let value = errors.take(value).unwrap_or_else(|| Value::unknown(ty.clone()));
        Failure::unless_none(errors, value.with_marks(marks))
    }

    /// The condition, nothing while it is unknown, and its marks.
    pub(super) fn choice(&self, condition: &Expr, env: Env<'_>) -> Eval<(Option<bool>, Marks)> {
        let (value, marks) = self.eval(condition, env)?.unmark();
        let failed = |summary, detail: String| self.failed(Diagnostic::error(summary, detail), condition, env);
        if value.is_null() {
            let detail = "The condition value is null. Conditions must either be true or false.";
            return Err(failed("Null condition", detail.to_owned()));
        }
        // As in Terraform, what is not known yet is not judged by its type either.
        if !value.is_known() {
            return Ok((None, marks));
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
fn either(ty: &Type, a: &Value, b: &Value, of_one_type: bool) -> Value {
    if a.is_null() && b.is_null() {
        return Value::null(ty.clone());
    }
    let not_null = a.is_definitely_not_null() && b.is_definitely_not_null();
    let mut refinement = Refinement { not_null, ..Refinement::default() };
    if let (Some(x), Some(y)) = (a.as_number(), b.as_number()) {
        refinement.lower = Some((x.min(y).clone(), true));
        refinement.upper = Some((x.max(y).clone(), true));
    }
    // As in Terraform, not of collections that were of different types.
    if ty.is_collection()
        && of_one_type
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
