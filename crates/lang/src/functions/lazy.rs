//! `try` and `can`, whose arguments may fail. The evaluator carries them out, because it alone can evaluate an argument
//! without giving up; here is what they take, and what they do with arguments that have values already.

use smform_types::Value;

use super::arguments::{Arguments, Function};
use super::error::CallError;
use super::signature::{Parameter, Shape};

const EXPRESSION: Parameter = Parameter::new("expression", Shape::Any).null().unknown().dynamic().marked();

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("can", &[EXPRESSION], Shape::Bool, |_| Ok(Value::bool(true)), "Whether an expression evaluates."),
    Function::new("try", &[], Shape::Any, first, "The value of the first expression that evaluates.")
        .variadic(Parameter { name: "expressions", ..EXPRESSION })
        .nullable(),
];

fn first(a: &Arguments<'_>) -> Result<Value, CallError> {
    a.all().first().cloned().ok_or_else(|| CallError::whole("at least one argument is required"))
}
