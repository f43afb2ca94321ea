//! Functions that convert values to types, and those that put marks on values and take them off.

use smform_types::{Marks, Type, Value, ValueKind, convert};

use super::arguments::{Arguments, Function};
use super::error::CallError;
use super::signature::{Parameter, Shape};

const V: Parameter = Parameter::new("v", Shape::Any).null().unknown().dynamic().marked();
const VALUE: Parameter = Parameter::new("value", Shape::Any).null().unknown().dynamic().marked();

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("tobool", &[V], Shape::Bool, |a| to(a, &Shape::Bool), "The value as a bool.").nullable(),
    Function::new(
        "tolist",
        &[V],
        Shape::List(&Shape::Any),
        |a| to(a, &Shape::List(&Shape::Any)),
        "The value as a list whose elements have one type.",
    )
    .nullable(),
    Function::new(
        "tomap",
        &[V],
        Shape::Map(&Shape::Any),
        |a| to(a, &Shape::Map(&Shape::Any)),
        "The value as a map whose elements have one type.",
    )
    .nullable(),
    Function::new("tonumber", &[V], Shape::Number, |a| to(a, &Shape::Number), "The value as a number.").nullable(),
    Function::new(
        "toset",
        &[V],
        Shape::Set(&Shape::Any),
        |a| to(a, &Shape::Set(&Shape::Any)),
        "The value as a set: without order and repeated elements.",
    )
    .nullable(),
    Function::new("tostring", &[V], Shape::String, |a| to(a, &Shape::String), "The value as a string.").nullable(),
    Function::new("sensitive", &[VALUE], Shape::Any, sensitive, "The value, not to be shown.").nullable(),
    Function::new("nonsensitive", &[VALUE], Shape::Any, nonsensitive, "The value, free to be shown.").nullable(),
    Function::new("issensitive", &[VALUE], Shape::Bool, issensitive, "Whether the value must not be shown."),
    Function::new(
        "ephemeralasnull",
        &[VALUE],
        Shape::Any,
        ephemeralasnull,
        "The value with null for every part that must not be stored.",
    )
    .nullable(),
    // Removed from the language, but still names of their own, so that the message can say what to write instead.
    Function::new("list", &[], Shape::Any, removed_list, "Removed; write [...] instead.")
        .variadic(Parameter::new("vals", Shape::Any).null().unknown().dynamic()),
    Function::new("map", &[], Shape::Any, removed_map, "Removed; write {...} instead.")
        .variadic(Parameter::new("vals", Shape::Any).null().unknown().dynamic()),
];

fn to(a: &Arguments<'_>, wanted: &Shape) -> Result<Value, CallError> {
    let value = a.value(0)?;
    let converted = convert(value.clone(), &wanted.ty());
    // As in Terraform, these functions forget all that is known of an unknown value, be it the type of its elements.
    let converted = match converted {
        Ok(converted) if !value.is_known() => Ok(Value::unknown(wanted.ty()).with_marks(converted.marks())),
        converted => converted,
    };
    converted.map_err(|_| {
        let given = match value.kind() {
            ValueKind::String(_) => a.quoted(0),
            _ => value.ty().friendly(),
        };
        CallError::argument(
            0,
            match (value.kind(), wanted) {
                (ValueKind::String(_), Shape::Bool) => {
                    format!("cannot convert {given} to bool; only the strings \"true\" or \"false\" are allowed")
                }
                (ValueKind::String(_), Shape::Number) => format!(
                    "cannot convert {given} to number; given string must be a decimal representation of a number"
                ),
                _ => format!("cannot convert {} to {}", value.ty().friendly(), described(wanted)),
            },
        )
    })
}

fn described(shape: &Shape) -> String {
    match shape {
        Shape::List(_) => "list of any single type".to_owned(),
        Shape::Set(_) => "set of any single type".to_owned(),
        Shape::Map(_) => "map of any single type".to_owned(),
        shape => shape.ty().friendly(),
    }
}

fn sensitive(a: &Arguments<'_>) -> Result<Value, CallError> {
    Ok(a.value(0)?.clone().with_marks(Marks::SENSITIVE))
}

fn nonsensitive(a: &Arguments<'_>) -> Result<Value, CallError> {
    let (value, marks) = a.value(0)?.clone().unmark();
    Ok(value.with_marks(marks.without(Marks::SENSITIVE)))
}

fn issensitive(a: &Arguments<'_>) -> Result<Value, CallError> {
    let value = a.value(0)?;
    Ok(if value.marks().contains(Marks::SENSITIVE) {
        Value::bool(true)
    } else if value.is_known() {
        Value::bool(false)
    } else {
        // It may turn out to be sensitive.
        Value::unknown(Type::Bool)
    })
}

fn ephemeralasnull(a: &Arguments<'_>) -> Result<Value, CallError> {
    let hide = &mut |value: Value| {
        if !value.marks().contains(Marks::EPHEMERAL) {
            return value;
        }
        let marks = value.marks().without(Marks::EPHEMERAL);
        Value::null(value.ty()).with_marks(marks)
    };
    Ok(a.value(0)?.clone().map_deep(hide))
}

fn removed_list(_: &Arguments<'_>) -> Result<Value, CallError> {
    Err(CallError::whole("the \"list\" function was removed from the language; write tolist([ ... ]) to make a list"))
}

fn removed_map(_: &Arguments<'_>) -> Result<Value, CallError> {
    Err(CallError::whole("the \"map\" function was removed from the language; write tomap({ ... }) to make a map"))
}
