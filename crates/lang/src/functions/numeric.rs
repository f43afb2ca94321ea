//! Functions of numbers.

use smform_types::{Number, Value};

use super::arguments::{Arguments, Function};
use super::error::CallError;
use super::signature::{Parameter, Shape};

const NUM: &[Parameter] = &[Parameter::new("num", Shape::Number)];

pub(super) const FUNCTIONS: &[Function] = &[Function::new(
    "abs",
    NUM,
    Shape::Number,
    |a| Ok(Value::number(a.number(0)?.abs())),
    "The number without its sign.",
)];
