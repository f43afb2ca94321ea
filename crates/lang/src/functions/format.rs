//! `format` and `formatlist`.

use smform_types::{Refinement, Type, Value, ValueKind};

use super::arguments::{Arguments, Function};
use super::error::CallError;
use super::sequence::known_length;
use super::signature::{Parameter, Shape};
use super::verb;

const FORMAT: Parameter = Parameter::new("format", Shape::String);
const ARGS: Parameter = Parameter::new("args", Shape::Any).null().unknown();

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("format", &[FORMAT], Shape::Any, format_one, "A text with values put in place of %-verbs.")
        .variadic(ARGS)
        .typed(|_| Ok(Type::String)),
    Function::new(
        "formatlist",
        &[FORMAT],
        Shape::Any,
        format_list,
        "Texts with the elements of lists in place of %-verbs.",
    )
    .variadic(ARGS)
    .typed(|_| Ok(Type::list(Type::String))),
];

fn format_one(a: &Arguments<'_>) -> Result<Value, CallError> {
    let spec = a.text(0)?;
    if a.rest(1).iter().all(Value::is_wholly_known) {
        return Ok(Value::string(render(spec, a.rest(1))?));
    }
    // The text in front of the first verb is known all the same.
    let prefix = spec.split('%').next().unwrap_or_default();
    let refinement = if prefix.is_empty() || prefix == spec { Refinement::not_null() } else { safe_prefix(prefix) };
    Ok(Value::refined(Type::String, refinement))
}

/// Without its last character, which may change when something that combines with it follows.
fn safe_prefix(prefix: &str) -> Refinement {
    let mut letters = prefix.chars();
    if !prefix.ends_with(|c: char| c.is_ascii_punctuation() || c == ' ') {
        letters.next_back();
    }
    match letters.as_str() {
        "" => Refinement::not_null(),
        prefix => Refinement::with_prefix(prefix),
    }
}

fn format_list(a: &Arguments<'_>) -> Result<Value, CallError> {
    let spec = a.text(0)?;
    let arguments = a.rest(1);
    if arguments.is_empty() {
        return Ok(Value::list(Type::String, [Value::string(render(spec, &[])?)]));
    }
    let rounds = rounds(arguments)?;
    let undecided = |value: &Value| match value.kind() {
        ValueKind::Unknown(ty, _) => matches!(ty, Type::List(_) | Type::Set(_) | Type::Tuple(_) | Type::Dynamic),
        ValueKind::Set(..) => known_length(value).is_none(),
        _ => false,
    };
    if arguments.iter().any(undecided) {
        return Ok(Value::unknown(Type::list(Type::String)));
    }
    let mut texts = Vec::new();
    for round in 0..rounds.unwrap_or(1) {
        let values: Vec<Value> = arguments
            .iter()
            .map(|argument| argument.as_slice().and_then(|items| items.get(round)).unwrap_or(argument).clone())
            .collect();
        if !values.iter().all(Value::is_wholly_known) {
            texts.push(Value::refined(Type::String, Refinement::not_null()));
            continue;
        }
        let text = render(spec, &values).map_err(|error| {
            let message = format!("error on format iteration {round}: {}", error.message);
            CallError { message, ..error.of_the_call() }
        })?;
        texts.push(Value::string(text));
    }
    Ok(Value::list(Type::String, texts))
}

/// The common length of all sequences among the arguments, if there are any.
fn rounds(arguments: &[Value]) -> Result<Option<usize>, CallError> {
    let mut chosen: Option<(usize, usize)> = None;
    for (at, argument) in arguments.iter().enumerate() {
        let Some(length) = known_length(argument) else { continue };
        match chosen {
            None => chosen = Some((at, length)),
            Some((first, expected)) if expected != length => {
                let message = format!(
                    "argument {} has length {length}, which is inconsistent with argument {} of length {expected}",
                    at + 1,
                    first + 1
                );
                return Err(CallError::argument(at + 1, message));
            }
            Some(_) => {}
        }
    }
    Ok(chosen.map(|(_, length)| length))
}

/// The text of a format with these values, all of them known.
fn render(spec: &str, values: &[Value]) -> Result<String, CallError> {
    let mut out = String::new();
    let mut rest = spec;
    let mut next = 1;
    let mut highest = 0;
    while let Some((literal, _)) = rest.split_once('%') {
        out.push_str(literal);
        let offset = spec.len() - rest.len() + literal.len();
        let from = rest.get(literal.len()..).unwrap_or_default();
        if let Some(after) = from.strip_prefix("%%") {
            out.push('%');
            rest = after;
            continue;
        }
        let (verb, after) = verb::parse(from).map_err(|read| unreadable(spec, offset + read))?;
        let wanted = verb.argument.unwrap_or(next);
        highest = highest.max(wanted);
        let value = values.get(wanted - 1).ok_or_else(|| {
            CallError::whole(format!(
                "not enough arguments for {:?} at {offset}: need index {wanted} but have {} total",
                verb.raw,
                values.len()
            ))
            .or_discreetly(MALFORMED)
        })?;
        let text = verb.apply(value).map_err(|reason| {
            CallError::whole(format!("unsupported value for {:?} at {offset}: {reason}", verb.raw))
                .or_discreetly(MALFORMED)
        })?;
        out.push_str(&text);
        next = wanted + 1;
        rest = after;
    }
    out.push_str(rest);
    if highest < values.len() {
        let message = match highest {
            0 => "too many arguments; no verbs in format string".to_owned(),
            _ => format!("too many arguments; only {highest} used by format string"),
        };
        return Err(CallError::argument(highest + 1, message));
    }
    Ok(out)
}

const MALFORMED: &str = "the format cannot be read, or does not fit the other arguments";

fn unreadable(spec: &str, at: usize) -> CallError {
    let message = match spec.get(at..).and_then(|rest| rest.chars().next()) {
        Some(c) => format!("unrecognized format character '{c}' at offset {at}"),
        None => format!("invalid format string starting at offset {at}"),
    };
    CallError::whole(message).or_discreetly(MALFORMED)
}
