//! Functions that choose one of several values.

use smform_types::{Type, Value, ValueKind, convert, unify};

use super::arguments::{Arguments, Function};
use super::error::CallError;
use super::sequence::known_length;
use super::signature::{Parameter, Shape};

const VALS: Parameter = Parameter::new("vals", Shape::Any).null().unknown().dynamic();

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "coalesce",
        &[],
        Shape::Any,
        coalesce,
        "The first argument that is neither null nor an empty string.",
    )
    .variadic(VALS),
    Function::new("coalescelist", &[], Shape::Any, coalescelist, "The first list that is not empty.").variadic(VALS),
    Function::new(
        "one",
        &[Parameter::new("list", Shape::Any)],
        Shape::Any,
        one,
        "The only element of a list or set, or null when there is none.",
    )
    .typed(one_type)
    .nullable(),
];

fn coalesce(a: &Arguments<'_>) -> Result<Value, CallError> {
    let untyped_null = |value: &&Value| !matches!(value.kind(), ValueKind::Null(Type::Dynamic));
    let types: Vec<Type> = a.all().iter().filter(untyped_null).map(Value::ty).collect();
    let ty = unify(&types).ok_or_else(|| CallError::whole("all arguments must have the same type"))?;
    for (at, argument) in a.all().iter().enumerate() {
        let value = convert(argument.clone(), &ty).map_err(|error| CallError::argument(at, error.to_string()))?;
        if !value.is_known() {
            return Ok(Value::unknown(ty));
        }
        if !value.is_null() && value.as_str() != Some("") {
            return Ok(value);
        }
    }
    Err(CallError::whole("no non-null, non-empty-string arguments"))
}

fn coalescelist(a: &Arguments<'_>) -> Result<Value, CallError> {
    if a.len() == 0 {
        return Err(CallError::whole("at least one argument is required"));
    }
    let mut types = Vec::with_capacity(a.len());
    for argument in a.all() {
        let ty = argument.ty();
        if !argument.is_known() {
            types.clear();
            break;
        }
        if !matches!(ty, Type::List(_) | Type::Tuple(_)) {
            return Err(CallError::whole("coalescelist arguments must be lists or tuples"));
        }
        types.push(ty);
    }
    let first = types.first().filter(|first| types.iter().all(|ty| ty == *first));
    for argument in a.all() {
        if !argument.is_known() {
            return Ok(Value::unknown(first.cloned().unwrap_or(Type::Dynamic)));
        }
        if argument.as_slice().is_some_and(|items| !items.is_empty()) {
            return Ok(argument.clone());
        }
    }
    Err(CallError::whole("no non-null arguments"))
}

fn not_one() -> CallError {
    CallError::argument(0, "must be a list, set, or tuple value with either zero or one elements")
}

fn one_type(arguments: &[Value]) -> Result<Type, CallError> {
    match arguments.first().map(Value::ty) {
        Some(Type::List(element) | Type::Set(element)) => Ok(Type::clone(&element)),
        Some(Type::Tuple(types)) => match &*types {
            [] => Ok(Type::Dynamic),
            [only] => Ok(only.clone()),
            _ => Err(not_one()),
        },
        _ => Err(not_one()),
    }
}

fn one(a: &Arguments<'_>) -> Result<Value, CallError> {
    let list = a.value(0)?;
    let ty = one_type(a.all())?;
    match a.items(0)? {
        [] => Ok(Value::null(ty)),
        [only] => Ok(only.clone()),
        _ if known_length(list).is_none() => Ok(Value::unknown(ty)),
        _ => Err(not_one()),
    }
}
