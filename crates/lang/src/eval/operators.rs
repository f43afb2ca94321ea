//! Operators.

use smform_types::{Diagnostic, Diagnostics, Number, Refinement, Type, Value, ValueKind, convert};

use super::evaluator::{Env, Eval, Evaluator};
use crate::functions::equals;
use crate::syntax::{BinaryOp, Expr, UnaryOp};

impl Evaluator<'_> {
    pub(super) fn unary(&self, operator: UnaryOp, operand: &Expr, whole: &Expr, env: Env<'_>) -> Eval {
        let ty = if operator == UnaryOp::Negate { Type::Number } else { Type::Bool };
        let value = self.eval(operand, env)?;
        let value = self.operand(value, &ty, "unary", operand, env)?;
        let (value, marks) = self.not_null(value, whole, env)?.unmark();
        let result = match operator {
            UnaryOp::Negate => value.as_number().map(|number| Value::number(number.negate())),
            UnaryOp::Not => value.as_bool().map(|value| Value::bool(!value)),
        };
        Ok(result.unwrap_or_else(|| unknown(ty)).with_marks(marks))
    }

    pub(super) fn binary(&self, operator: BinaryOp, operands: &[Expr; 2], whole: &Expr, env: Env<'_>) -> Eval {
        let [left, right] = operands;
        let mut diagnostics = Diagnostics::new();
        let a = diagnostics.take(self.eval(left, env));
        let b = diagnostics.take(self.eval(right, env));
        let (Some(a), Some(b)) = (a, b) else { return Err(diagnostics) };
        if matches!(operator, BinaryOp::Equal | BinaryOp::NotEqual) {
            let marks = a.marks_deep() | b.marks_deep();
            let wanted = operator == BinaryOp::Equal;
            let result = equals(&a, &b).map(|same| Value::bool(same == wanted));
            return Ok(result.unwrap_or_else(|| unknown(Type::Bool)).with_marks(marks));
        }
        let ty = if matches!(operator, BinaryOp::And | BinaryOp::Or) { Type::Bool } else { Type::Number };
        let a = diagnostics.take(self.operand(a, &ty, "left", left, env));
        let b = diagnostics.take(self.operand(b, &ty, "right", right, env));
        let (Some(a), Some(b)) = (a, b) else { return Err(diagnostics) };
        let (a, b) = (self.not_null(a, whole, env)?, self.not_null(b, whole, env)?);
        let ((a, a_marks), (b, b_marks)) = (a.unmark(), b.unmark());
        let marks = a_marks | b_marks;
        let result = match (a.as_bool(), b.as_bool(), a.as_number(), b.as_number()) {
            (Some(a), Some(b), _, _) => Value::bool(if operator == BinaryOp::And { a && b } else { a || b }),
            (_, _, Some(a), Some(b)) => {
                calculate(operator, a, b).map_err(|message| self.operation_failed(message, whole, env))?
            }
            _ if operator.is_arithmetic() => unknown(Type::Number),
            _ => compare_ranges(operator, &a, &b).map_or_else(|| unknown(Type::Bool), Value::bool),
        };
        Ok(result.with_marks(marks))
    }

    /// An operand as the type that the operator takes.
    fn operand(&self, value: Value, ty: &Type, side: &str, expr: &Expr, env: Env<'_>) -> Eval {
        convert(value, ty).map_err(|error| {
            let detail = format!("Unsuitable value for {side} operand: {error}.");
            self.failed(Diagnostic::error("Invalid operand", detail), expr, env)
        })
    }

    fn not_null(&self, operand: Value, whole: &Expr, env: Env<'_>) -> Eval {
        if operand.is_null() {
            return Err(self.operation_failed("argument must not be null", whole, env));
        }
        Ok(operand)
    }

    fn operation_failed(&self, message: &str, whole: &Expr, env: Env<'_>) -> Diagnostics {
        let detail = format!("Error during operation: {message}.");
        self.failed(Diagnostic::error("Operation failed", detail), whole, env)
    }
}

fn unknown(ty: Type) -> Value {
    Value::refined(ty, Refinement::not_null())
}

/// A bound of a number, and whether the number may be equal to it.
type Bound<'v> = (&'v Number, bool);

/// What is known of the size of a number: a lower and an upper bound.
fn range(value: &Value) -> (Option<Bound<'_>>, Option<Bound<'_>>) {
    fn bound(bound: Option<&(Number, bool)>) -> Option<Bound<'_>> {
        bound.map(|(number, inclusive)| (number, *inclusive))
    }
    match value.kind() {
        ValueKind::Number(number) => (Some((number, true)), Some((number, true))),
        ValueKind::Unknown(_, Some(refinement)) => (bound(refinement.lower.as_ref()), bound(refinement.upper.as_ref())),
        _ => (None, None),
    }
}

/// The comparison of numbers of which not both are known, where their bounds settle it.
fn compare_ranges(operator: BinaryOp, a: &Value, b: &Value) -> Option<bool> {
    let ((a_low, a_high), (b_low, b_high)) = (range(a), range(b));
    // Whether everything up to `high` is below everything from `low` on.
    let below = |high: Option<Bound<'_>>, low: Option<Bound<'_>>, or_equal: bool| {
        let (Some((high, high_in)), Some((low, low_in))) = (high, low) else { return false };
        high < low || high == low && (or_equal || !high_in || !low_in)
    };
    let less = |or_equal: bool| {
        if below(a_high, b_low, or_equal) { Some(true) } else { below(b_high, a_low, !or_equal).then_some(false) }
    };
    match operator {
        BinaryOp::Less => less(false),
        BinaryOp::LessOrEqual => less(true),
        BinaryOp::GreaterOrEqual => less(false).map(|less| !less),
        BinaryOp::Greater => less(true).map(|less| !less),
        _ => None,
    }
}

fn calculate(operator: BinaryOp, a: &Number, b: &Number) -> Result<Value, &'static str> {
    let number = |result: Option<Number>, message| result.map(Value::number).ok_or(message);
    match operator {
        BinaryOp::Add => number(a.add(b), "can't compute sum of opposing infinities"),
        BinaryOp::Subtract => number(a.sub(b), "can't subtract infinity from itself"),
        BinaryOp::Multiply => number(a.mul(b), "can't multiply zero by infinity"),
        BinaryOp::Divide => number(a.div(b), "can't divide zero by zero or infinity by infinity"),
        // As in Terraform, a number modulo zero is the number.
        BinaryOp::Modulo if b.is_zero() && !a.is_infinite() => Ok(Value::number(a.clone())),
        BinaryOp::Modulo => number(a.rem(b), "can't compute a remainder with infinity"),
        BinaryOp::Less => Ok(Value::bool(a < b)),
        BinaryOp::LessOrEqual => Ok(Value::bool(a <= b)),
        BinaryOp::Greater => Ok(Value::bool(a > b)),
        BinaryOp::GreaterOrEqual => Ok(Value::bool(a >= b)),
        BinaryOp::Equal => Ok(Value::bool(a == b)),
        BinaryOp::NotEqual => Ok(Value::bool(a != b)),
        BinaryOp::And | BinaryOp::Or => Err("numbers are not truth values"),
    }
}
