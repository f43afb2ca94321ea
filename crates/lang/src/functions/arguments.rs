//! What all calls have in common: the number of arguments, their conversion, null, unknown and marked arguments.

use std::sync::Arc;

use smform_types::{Marks, Number, Refinement, Type, Value, ValueKind, convert};

use super::FunctionContext;
use super::error::{CallError, Fault};
use super::signature::{Parameter, Shape, Signature};

/// How a function is carried out.
pub(super) type Run = fn(&Arguments<'_>) -> Result<Value, CallError>;
/// The type of a result that is unknown because an argument is; fails when the arguments can never fit.
pub(super) type ResultType = fn(&[Value]) -> Result<Type, CallError>;

/// A built-in function.
pub(super) struct Function {
    pub(super) signature: Signature,
    /// For functions whose result type depends on the arguments.
    result: Option<ResultType>,
    /// Whether the result may be null.
    nullable: bool,
    run: Run,
}

impl Function {
    pub(super) const fn new(
        name: &'static str,
        parameters: &'static [Parameter],
        returns: Shape,
        run: Run,
        summary: &'static str,
    ) -> Function {
        let signature = Signature { name, summary, parameters, variadic: None, returns };
        Function { signature, result: None, nullable: false, run }
    }

    pub(super) const fn variadic(self, parameter: Parameter) -> Function {
        Function { signature: Signature { variadic: Some(parameter), ..self.signature }, ..self }
    }

    pub(super) const fn typed(self, result: ResultType) -> Function {
        Function { result: Some(result), ..self }
    }

    pub(super) const fn nullable(self) -> Function {
        Function { nullable: true, ..self }
    }
}

/// Arguments that fit the parameters: converted, and known and unmarked where the parameter asks for it.
pub(super) struct Arguments<'a> {
    values: Vec<Value>,
    /// Marks of each argument, as far as it was seen into, for messages that would show it.
    marks: Vec<Marks>,
    pub(super) cx: &'a FunctionContext<'a>,
}

impl Arguments<'_> {
    pub(super) fn all(&self) -> &[Value] {
        &self.values
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// The arguments from the one counted `from` on.
    pub(super) fn rest(&self, from: usize) -> &[Value] {
        self.values.get(from..).unwrap_or_default()
    }

    pub(super) fn value(&self, at: usize) -> Result<&Value, CallError> {
        self.values.get(at).ok_or_else(|| CallError::argument(at, "a value is required"))
    }

    pub(super) fn text(&self, at: usize) -> Result<&str, CallError> {
        self.value(at)?.as_str().ok_or_else(|| CallError::argument(at, "string required"))
    }

    pub(super) fn number(&self, at: usize) -> Result<&Number, CallError> {
        self.value(at)?.as_number().ok_or_else(|| CallError::argument(at, "a number is required"))
    }

    /// A whole number of 64 bits. As in Terraform, the call is to blame for any other, not the argument.
    pub(super) fn whole(&self, at: usize) -> Result<i64, CallError> {
        whole(self.number(at)?).map_err(CallError::whole)
    }

    /// The elements of a list, set or tuple.
    pub(super) fn items(&self, at: usize) -> Result<&[Value], CallError> {
        self.value(at)?.as_slice().ok_or_else(|| CallError::argument(at, "a list is required"))
    }

    /// An argument in quotes for a message, or what stands for it when it must not be shown.
    pub(super) fn quoted(&self, at: usize) -> String {
        let marks = self.marks.get(at).copied().unwrap_or_default();
        if marks.contains(Marks::SENSITIVE) {
            return "(sensitive value)".to_owned();
        }
        if marks.contains(Marks::EPHEMERAL) {
            return "(ephemeral value)".to_owned();
        }
        match self.values.get(at).map(Value::kind) {
            Some(ValueKind::String(text)) => format!("{text:?}"),
            Some(ValueKind::Number(number)) => number.to_string(),
            Some(ValueKind::Bool(value)) => value.to_string(),
            _ => "the given value".to_owned(),
        }
    }
}

/// A whole number of 64 bits, or what is wrong with it.
pub(super) fn whole(number: &Number) -> Result<i64, &'static str> {
    match number.to_i64() {
        Some(value) => Ok(value),
        None if !number.is_whole() => Err("value must be a whole number"),
        None if number.is_negative() => {
            Err("value must be a whole number, greater than or equal to -9223372036854775808")
        }
        None => Err("value must be a whole number, less than or equal to 9223372036854775807"),
    }
}

pub(super) fn call(function: &Function, given: &[Value], cx: &FunctionContext<'_>) -> Result<Value, CallError> {
    let signature = &function.signature;
    check_count(signature, given.len())?;
    let mut values = Vec::with_capacity(given.len());
    let mut marks = Vec::with_capacity(given.len());
    let mut kept = Marks::NONE;
    let mut unknown = false;
    let mut untyped = false;
    for (at, argument) in given.iter().enumerate() {
        let Some(parameter) = signature.parameter(at) else { break };
        // As in Terraform, nothing is refused behind an argument of which nothing is known.
        if argument.is_null() && !parameter.null && !untyped {
            return Err(CallError::argument(at, "argument must not be null"));
        }
        let value = fit(signature, at, argument.clone())?;
        let (value, own) = if parameter.marked {
            let own = value.marks();
            (value, own)
        } else {
            let (value, own) = value.unmark_deep();
            kept |= own;
            (value, own)
        };
        untyped |= !parameter.dynamic
            && matches!(value.kind(), ValueKind::Null(Type::Dynamic) | ValueKind::Unknown(Type::Dynamic, _));
        unknown |= !parameter.unknown && !value.is_known();
        marks.push(own);
        values.push(value);
    }
    // Walking all arguments for their marks takes time, so only where it matters.
    let all_marks = || given.iter().fold(Marks::NONE, |all, argument| all | argument.marks_deep());
    let tell = |error: CallError| if all_marks().is_empty() { error } else { error.about_secrets() };
    if !unknown && !untyped {
        let result = (function.run)(&Arguments { values, marks, cx }).map_err(tell)?;
        return Ok(refine(function, result).with_marks(kept));
    }
    let ty = match function.result {
        _ if untyped => signature.returns.ty(),
        Some(result) => result(&values).map_err(tell)?,
        None => signature.returns.ty(),
    };
    // As in Terraform, the marks that the function itself passes on do not count before it is carried out.
    Ok(refine(function, Value::unknown(ty)).with_marks(kept))
}

/// An argument as its parameter takes it.
pub(super) fn fit(signature: &Signature, at: usize, argument: Value) -> Result<Value, CallError> {
    match signature.parameter(at) {
        Some(parameter) => {
            convert(argument, &parameter.shape.ty()).map_err(|error| CallError::argument(at, error.to_string()))
        }
        None => Ok(argument),
    }
}

pub(super) fn check_count(signature: &Signature, given: usize) -> Result<(), CallError> {
    let wanted = signature.parameters.len();
    let plural = if wanted == 1 { "" } else { "s" };
    let name = signature.name;
    if let Some(missing) = signature.parameters.get(given) {
        let least = if signature.variadic.is_some() { "at least " } else { "" };
        let message = format!(
            "Function \"{name}\" expects {least}{wanted} argument{plural}. Missing value for \"{}\".",
            missing.name
        );
        return Err(CallError::new(Fault::TooFew, None, message));
    }
    if given > wanted && signature.variadic.is_none() {
        let message = format!("Function \"{name}\" expects only {wanted} argument{plural}.");
        return Err(CallError::new(Fault::TooMany, Some(wanted), message));
    }
    Ok(())
}

/// Adds to an unknown result that it will not be null, if the function says so.
fn refine(function: &Function, value: Value) -> Value {
    if function.nullable {
        return value;
    }
    let marks = value.marks();
    match value.kind() {
        ValueKind::Unknown(ty, refinement) if *ty != Type::Dynamic => {
            let refinement = refinement.as_deref().cloned().unwrap_or_default();
            Value::refined(ty.clone(), Refinement { not_null: true, ..refinement }).with_marks(marks)
        }
        _ => value,
    }
}

/// The text of a string that needs no normalization of its own because it is ASCII.
pub(super) fn ascii(text: &str) -> Value {
    Value::unmarked(ValueKind::String(Arc::from(text)))
}
