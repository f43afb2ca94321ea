//! `regex`, `regexall` and `replace`.

use ::regex::Captures;
use smform_types::{Type, Value};

use super::arguments::{Arguments, Function};
use super::error::CallError;
use super::pattern::Pattern;
use super::signature::{Parameter, Shape};

const PATTERN: Parameter = Parameter::new("pattern", Shape::String);
const STRING: Parameter = Parameter::new("string", Shape::String);

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "regex",
        &[PATTERN, STRING],
        Shape::Any,
        regex,
        "The first match of a pattern: a string, or its groups as a tuple or object.",
    )
    .typed(match_type),
    Function::new("regexall", &[PATTERN, STRING], Shape::List(&Shape::Any), regexall, "All matches of a pattern.")
        .typed(|arguments| match_type(arguments).map(Type::list)),
    Function::new(
        "replace",
        &[
            Parameter::new("str", Shape::String),
            Parameter::new("substr", Shape::String),
            Parameter::new("replace", Shape::String),
        ],
        Shape::String,
        replace,
        "The text with another in place of each occurrence of a text or, between slashes, a pattern.",
    ),
];

fn compile(a: &Arguments<'_>) -> Result<Pattern, CallError> {
    let pattern = a.text(0)?;
    Pattern::compile(pattern).map_err(|reason| {
        CallError::argument(0, format!("invalid regexp pattern: {reason} in {pattern:?}")).or_discreetly(INVALID)
    })
}

const INVALID: &str = "invalid regexp pattern";

fn match_type(arguments: &[Value]) -> Result<Type, CallError> {
    let Some(pattern) = arguments.first().and_then(Value::as_str) else { return Ok(Type::Dynamic) };
    let pattern = Pattern::compile(pattern)
        .map_err(|reason| CallError::argument(0, format!("invalid regexp pattern: {reason}")).or_discreetly(INVALID))?;
    type_of(&pattern)
}

/// What a match is: a string without groups, a tuple of the groups, or an object of named groups.
fn type_of(pattern: &Pattern) -> Result<Type, CallError> {
    let named: Vec<&str> = pattern.names.iter().flatten().map(String::as_str).collect();
    match (pattern.names.len(), named.len()) {
        (0, _) => Ok(Type::String),
        (all, 0) => Ok(Type::tuple(std::iter::repeat_n(Type::String, all))),
        (all, some) if all == some => Ok(Type::object(named.into_iter().map(|name| (name, Type::String)))),
        _ => Err(CallError::argument(0, "invalid regexp pattern: cannot mix both named and unnamed capture groups")),
    }
}

fn value_of(pattern: &Pattern, ty: &Type, captures: &Captures<'_>) -> Value {
    let group =
        |at: usize| captures.get(at).map_or_else(|| Value::null(Type::String), |group| Value::string(group.as_str()));
    let groups = (1..).zip(&pattern.names);
    match ty {
        Type::Tuple(_) => Value::tuple(groups.map(|(at, _)| group(at))),
        Type::Object(_) => Value::object(groups.map(|(at, name)| (name.as_deref().unwrap_or_default(), group(at)))),
        _ => group(0),
    }
}

fn regex(a: &Arguments<'_>) -> Result<Value, CallError> {
    let pattern = compile(a)?;
    let ty = type_of(&pattern)?;
    let captures = pattern
        .regex
        .captures(a.text(1)?)
        .ok_or_else(|| CallError::whole("pattern did not match any part of the given string"))?;
    Ok(value_of(&pattern, &ty, &captures))
}

fn regexall(a: &Arguments<'_>) -> Result<Value, CallError> {
    let pattern = compile(a)?;
    let ty = type_of(&pattern)?;
    let matches = pattern.regex.captures_iter(a.text(1)?).map(|captures| value_of(&pattern, &ty, &captures));
    let matches: Vec<Value> = matches.collect();
    Ok(Value::list(ty, matches))
}

fn replace(a: &Arguments<'_>) -> Result<Value, CallError> {
    let (text, search, by) = (a.text(0)?, a.text(1)?, a.text(2)?);
    let pattern = search.strip_prefix('/').and_then(|search| search.strip_suffix('/'));
    let Some(pattern) = pattern else { return Ok(Value::string(text.replace(search, by))) };
    let pattern = Pattern::compile(pattern).map_err(|reason| {
        CallError::whole(format!("invalid regexp pattern: {reason} in {pattern:?}")).or_discreetly(INVALID)
    })?;
    let replaced = pattern.regex.replace_all(text, |captures: &Captures<'_>| expand(&pattern, by, captures));
    Ok(Value::string(replaced))
}

/// The replacement with `$1`, `${1}`, `$name` and `${name}` standing for groups and `$$` for a dollar sign. The name
/// is as long as it can be; a group that did not match, or does not exist, stands for nothing.
fn expand(pattern: &Pattern, template: &str, captures: &Captures<'_>) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((literal, after)) = rest.split_once('$') {
        out.push_str(literal);
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let word = |text: &str| {
            let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
            text.split_at_checked(end).map(|(name, after)| (name.to_owned(), after.len())).unwrap_or_default()
        };
        let braced = after.strip_prefix('{').map(|inside| {
            let (name, left) = word(inside);
            (name, inside.get(inside.len() - left..).and_then(|left| left.strip_prefix('}')))
        });
        let (name, following) = match braced {
            Some((name, following)) => (name, following),
            None => {
                let (name, left) = word(after);
                (name, after.get(after.len() - left..))
            }
        };
        match following.filter(|_| !name.is_empty()) {
            Some(following) => {
                out.push_str(group(pattern, &name, captures));
                rest = following;
            }
            None => {
                out.push('$');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn group<'t>(pattern: &Pattern, name: &str, captures: &Captures<'t>) -> &'t str {
    let digits = name.bytes().all(|byte| byte.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
    let at = if digits {
        name.parse().ok()
    } else {
        pattern.names.iter().position(|other| other.as_deref() == Some(name)).map(|at| at + 1)
    };
    at.and_then(|at| captures.get(at)).map_or("", |group| group.as_str())
}
