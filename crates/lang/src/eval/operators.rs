//! Operators.

use smform_types::{Diagnostic, Diagnostics, Number, Refinement, Type, Value, ValueKind, convert};

use super::evaluator::{Env, Eval, Evaluator, Failure, Outcome};
use super::references::{subject_of, traversals};
use crate::functions::equals;
use crate::syntax::{BinaryOp, Expr, ExprKind, UnaryOp};

impl Evaluator<'_> {
    pub(super) fn unary(&self, operator: UnaryOp, operand: &Expr, whole: &Expr, env: Env<'_>) -> Outcome {
        let ty = if operator == UnaryOp::Negate { Type::Number } else { Type::Bool };
        let mut errors = Diagnostics::new();
        let value = self.told(operand, env, &mut errors);
        let value = errors.take(self.operand(value, &ty, "unary", operand, env));
        let Some(value) = value.filter(|_| !errors.has_errors()) else {
            return Err(Failure { errors, rest: Value::unknown(ty) });
        };
        self.not_null(&value, whole, env).map_err(|errors| Failure { errors, rest: Value::unknown(ty.clone()) })?;
        let (value, marks) = value.unmark();
        let result = match operator {
            UnaryOp::Negate => value.as_number().map(|number| Value::number(number.negate())),
            UnaryOp::Not => value.as_bool().map(|value| Value::bool(!value)),
        };
        // As in Terraform, marks do not count before the operand is known.
        Ok(result.map_or_else(|| unknown(ty), |result| result.with_marks(marks)))
    }

    pub(super) fn binary(&self, operator: BinaryOp, operands: &[Expr; 2], whole: &Expr, env: Env<'_>) -> Outcome {
        if matches!(operator, BinaryOp::And | BinaryOp::Or) {
            return self.logical(operator, operands, whole, env);
        }
        let mut errors = Diagnostics::new();
        let values = operands.each_ref().map(|operand| self.told(operand, env, &mut errors));
        let result = self.combined(operator, operands, values, whole, env, &mut errors);
        if errors.has_errors() {
            let ty = if operator.is_arithmetic() { Type::Number } else { Type::Bool };
            return Err(Failure { errors, rest: Value::unknown(ty) });
        }
        Ok(result.unwrap_or_else(|| unknown(Type::Bool)))
    }

    /// `&&` and `||`. As in Terraform since 1.12, an operand that settles the result makes up for what is wrong with the
    /// other, and so does a left one that is not known yet: it may settle the result later. What can never be a truth
    /// value is refused all the same, and so is a reference to what there is not.
    fn logical(&self, operator: BinaryOp, operands: &[Expr; 2], whole: &Expr, env: Env<'_>) -> Outcome {
        let failure = |errors| Failure { errors, rest: Value::unknown(Type::Bool) };
        let [left, right] = operands;
        let [mut left_errors, mut right_errors, mut unsuitable] = [const { Diagnostics::new() }; 3];
        let a = self.told(left, env, &mut left_errors);
        let b = self.told(right, env, &mut right_errors);
        let a = unsuitable.take(self.operand(a, &Type::Bool, "left", left, env));
        let b = unsuitable.take(self.operand(b, &Type::Bool, "right", right, env));
        let Some((a, b)) = a.zip(b) else {
            left_errors.extend(right_errors);
            left_errors.extend(unsuitable);
            return Err(failure(left_errors));
        };
        let ((a, a_marks), (b, b_marks)) = (a.unmark(), b.unmark());
        let lost = |errors: &Diagnostics, operand| errors.has_errors() && self.refers_to_nothing(operand, env);
        if lost(&left_errors, left) || lost(&right_errors, right) {
            left_errors.extend(right_errors);
            return Err(failure(left_errors));
        }
        let settling = Some(operator == BinaryOp::Or);
        let is_settled = a.as_bool() == settling && !left_errors.has_errors()
            || b.as_bool() == settling && !right_errors.has_errors() && !a.is_null();
        let waits = !a.is_known() && !left_errors.has_errors() && !b.is_null();
        if !is_settled && !waits {
            left_errors.extend(right_errors);
            if left_errors.has_errors() {
                return Err(failure(left_errors));
            }
            let not_null = self.not_null(&a, whole, env).and_then(|()| self.not_null(&b, whole, env));
            not_null.map_err(failure)?;
        }
        let result = match (a.as_bool(), b.as_bool()) {
            _ if is_settled => Value::bool(operator == BinaryOp::Or),
            // Both are known, and neither settles it.
            (Some(_), Some(_)) => Value::bool(operator == BinaryOp::And),
            _ => unknown(Type::Bool),
        };
        Ok(result.with_marks(a_marks | b_marks))
    }

    /// Whether an expression refers to something that is not there. Terraform looks up what is referred to before it
    /// evaluates anything.
    fn refers_to_nothing(&self, expr: &Expr, env: Env<'_>) -> bool {
        let mut found = false;
        traversals(expr, &mut |traversal| {
            if let ExprKind::Traversal { root, steps } = &traversal.kind
                && env.get(&root.text).is_none()
            {
                found |= subject_of(root, steps).map_or(true, |(subject, _)| self.scope.resolve(&subject).is_err());
            }
        });
        found
    }

    /// What an operator makes of the values of its operands; nothing when something is wrong with them, or was before.
    fn combined(
        &self,
        operator: BinaryOp,
        operands: &[Expr; 2],
        values: [Value; 2],
        whole: &Expr,
        env: Env<'_>,
        errors: &mut Diagnostics,
    ) -> Option<Value> {
        let ([left, right], [a, b]) = (operands, values);
        if matches!(operator, BinaryOp::Equal | BinaryOp::NotEqual) {
            let marks = a.marks_deep() | b.marks_deep();
            let wanted = operator == BinaryOp::Equal;
            let result = equals(&a, &b).map(|same| Value::bool(same == wanted));
            return Some(result.unwrap_or_else(|| unknown(Type::Bool)).with_marks(marks));
        }
        let a = errors.take(self.operand(a, &Type::Number, "left", left, env));
        let b = errors.take(self.operand(b, &Type::Number, "right", right, env));
        let (a, b) = a.zip(b).filter(|_| !errors.has_errors())?;
        errors.take(self.not_null(&a, whole, env).and_then(|()| self.not_null(&b, whole, env)))?;
        let ((a, a_marks), (b, b_marks)) = (a.unmark(), b.unmark());
        let marks = a_marks | b_marks;
        let result = match (a.as_number(), b.as_number()) {
            (Some(a), Some(b)) => {
                let result = calculate(operator, a, b);
                errors.take(result.map_err(|message| self.operation_failed(message, whole, env)))?
            }
            _ if operator.is_arithmetic() => unknown(Type::Number),
            _ => compare_ranges(operator, &a, &b).map_or_else(|| unknown(Type::Bool), Value::bool),
        };
        Some(result.with_marks(marks))
    }

    /// An operand as the type that the operator takes.
    fn operand(&self, value: Value, ty: &Type, side: &str, expr: &Expr, env: Env<'_>) -> Eval<Value> {
        convert(value, ty).map_err(|error| {
            let detail = format!("Unsuitable value for {side} operand: {error}.");
            self.failed(Diagnostic::error("Invalid operand", detail), expr, env)
        })
    }

    fn not_null(&self, operand: &Value, whole: &Expr, env: Env<'_>) -> Eval<()> {
        if operand.is_null() {
            return Err(self.operation_failed("argument must not be null", whole, env));
        }
        Ok(())
    }

    fn operation_failed(&self, message: &str, whole: &Expr, env: Env<'_>) -> Diagnostics {
        let detail = format!("Error during operation: {message}.");
        self.failed(Diagnostic::error("Operation failed", detail), whole, env)
    }
}

fn unknown(ty: Type) -> Value {
    Value::refined(ty, Refinement::not_null())
}

/// What is known of the size of a number: a lower and an upper bound.
fn range(value: &Value) -> (Option<&Number>, Option<&Number>) {
    match value.kind() {
        ValueKind::Number(number) => (Some(number), Some(number)),
        ValueKind::Unknown(_, Some(refinement)) => {
            (refinement.lower.as_ref().map(|(number, _)| number), refinement.upper.as_ref().map(|(number, _)| number))
        }
        _ => (None, None),
    }
}

/// The comparison of numbers of which not both are known, where their bounds settle it. As in Terraform, bounds that
/// touch settle nothing.
fn compare_ranges(operator: BinaryOp, a: &Value, b: &Value) -> Option<bool> {
    let ((a_low, a_high), (b_low, b_high)) = (range(a), range(b));
    let below = |high: Option<&Number>, low: Option<&Number>| high.zip(low).is_some_and(|(high, low)| high < low);
    let less = if below(a_high, b_low) { Some(true) } else { below(b_high, a_low).then_some(false) };
    match operator {
        BinaryOp::Less | BinaryOp::LessOrEqual => less,
        BinaryOp::Greater | BinaryOp::GreaterOrEqual => less.map(|less| !less),
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
        BinaryOp::Less => Ok(Value::bool(a.by_size(b).is_lt())),
        BinaryOp::LessOrEqual => Ok(Value::bool(a == b || a.by_size(b).is_lt())),
        BinaryOp::Greater => Ok(Value::bool(a.by_size(b).is_gt())),
        BinaryOp::GreaterOrEqual => Ok(Value::bool(a == b || a.by_size(b).is_gt())),
        BinaryOp::Equal => Ok(Value::bool(a == b)),
        BinaryOp::NotEqual => Ok(Value::bool(a != b)),
        BinaryOp::And | BinaryOp::Or => Err("numbers are not truth values"),
    }
}
