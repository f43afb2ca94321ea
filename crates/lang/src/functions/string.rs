//! Functions of strings, other than formatting, patterns and templates.

use smform_types::{Type, Value, ValueKind, graphemes};

use super::arguments::{Arguments, Function};
use super::error::CallError;
use super::letters;
use super::signature::{Parameter, Shape};

const STR: Parameter = Parameter::new("str", Shape::String);
/// The largest text that a function makes by repeating blanks.
const TEXT_LIMIT: usize = 1 << 28;

const fn of_text(name: &'static str, run: super::arguments::Run, summary: &'static str) -> Function {
    Function::new(name, &[STR], Shape::String, run, summary)
}

pub(super) const FUNCTIONS: &[Function] = &[
    of_text("chomp", chomp, "The text without the line breaks at its end."),
    of_text("lower", lower, "The text in lower-case letters."),
    of_text("strrev", strrev, "The text with its characters in reverse order."),
    of_text("title", title, "The text with the first letter of each word in upper case."),
    of_text("trimspace", trimspace, "The text without blanks at either end."),
    of_text("upper", upper, "The text in upper-case letters."),
    Function::new(
        "endswith",
        &[STR, Parameter::new("suffix", Shape::String)],
        Shape::Bool,
        |a| Ok(Value::bool(a.text(0)?.ends_with(a.text(1)?))),
        "Whether the text ends so.",
    ),
    Function::new(
        "startswith",
        &[STR.unknown(), Parameter::new("prefix", Shape::String)],
        Shape::Bool,
        startswith,
        "Whether the text begins so.",
    ),
    Function::new(
        "strcontains",
        &[STR, Parameter::new("substr", Shape::String)],
        Shape::Bool,
        |a| Ok(Value::bool(a.text(0)?.contains(a.text(1)?))),
        "Whether the text contains another.",
    ),
    Function::new(
        "indent",
        &[Parameter::new("spaces", Shape::Number), STR],
        Shape::String,
        indent,
        "The text with blanks put in front of every line but the first.",
    ),
    Function::new(
        "join",
        &[Parameter::new("separator", Shape::String)],
        Shape::String,
        join,
        "The elements of lists as one text, with a separator between them.",
    )
    .variadic(Parameter::new("lists", Shape::List(&Shape::String))),
    Function::new(
        "split",
        &[Parameter::new("separator", Shape::String), STR],
        Shape::List(&Shape::String),
        split,
        "The parts of the text between separators.",
    ),
    Function::new(
        "substr",
        &[STR, Parameter::new("offset", Shape::Number), Parameter::new("length", Shape::Number)],
        Shape::String,
        substr,
        "Some consecutive characters of the text.",
    ),
    Function::new(
        "trim",
        &[STR, Parameter::new("cutset", Shape::String)],
        Shape::String,
        trim,
        "The text without certain characters at either end.",
    ),
    Function::new(
        "trimprefix",
        &[STR, Parameter::new("prefix", Shape::String)],
        Shape::String,
        |a| Ok(Value::string(a.text(0)?.strip_prefix(a.text(1)?).unwrap_or(a.text(0)?))),
        "The text without a certain beginning.",
    ),
    Function::new(
        "trimsuffix",
        &[STR, Parameter::new("suffix", Shape::String)],
        Shape::String,
        |a| Ok(Value::string(a.text(0)?.strip_suffix(a.text(1)?).unwrap_or(a.text(0)?))),
        "The text without a certain end.",
    ),
];

fn chomp(a: &Arguments<'_>) -> Result<Value, CallError> {
    Ok(Value::string(a.text(0)?.trim_end_matches(['\r', '\n'])))
}

fn lower(a: &Arguments<'_>) -> Result<Value, CallError> {
    Ok(Value::string(a.text(0)?.chars().map(letters::lower).collect::<String>()))
}

fn upper(a: &Arguments<'_>) -> Result<Value, CallError> {
    Ok(Value::string(a.text(0)?.chars().map(letters::upper).collect::<String>()))
}

fn title(a: &Arguments<'_>) -> Result<Value, CallError> {
    let mut starts = true;
    let titled =
        a.text(0)?.chars().map(|c| if std::mem::replace(&mut starts, separates(c)) { letters::title(c) } else { c });
    Ok(Value::string(titled.collect::<String>()))
}

/// Whether a word may begin after this character: after blanks and after ASCII that is no letter, digit or underscore.
fn separates(c: char) -> bool {
    if c.is_ascii() { !c.is_ascii_alphanumeric() && c != '_' } else { c.is_whitespace() }
}

fn strrev(a: &Arguments<'_>) -> Result<Value, CallError> {
    Ok(Value::string(graphemes(a.text(0)?).into_iter().rev().collect::<String>()))
}

fn trimspace(a: &Arguments<'_>) -> Result<Value, CallError> {
    Ok(Value::string(a.text(0)?.trim()))
}

fn trim(a: &Arguments<'_>) -> Result<Value, CallError> {
    let cutset = a.text(1)?;
    Ok(Value::string(a.text(0)?.trim_matches(|c| cutset.contains(c))))
}

fn startswith(a: &Arguments<'_>) -> Result<Value, CallError> {
    let prefix = a.text(1)?;
    let ValueKind::Unknown(_, refinement) = a.value(0)?.kind() else {
        return Ok(Value::bool(a.text(0)?.starts_with(prefix)));
    };
    let known = refinement.as_ref().and_then(|refinement| refinement.prefix.as_deref()).unwrap_or_default();
    Ok(if known.starts_with(prefix) {
        Value::bool(true)
    } else if !known.is_empty() && !prefix.starts_with(known) {
        Value::bool(false)
    } else {
        Value::unknown(Type::Bool)
    })
}

fn indent(a: &Arguments<'_>) -> Result<Value, CallError> {
    let spaces =
        usize::try_from(a.whole(0)?).map_err(|_| CallError::whole("the number of spaces must not be negative"))?;
    let text = a.text(1)?;
    let breaks = text.matches('\n').count();
    if breaks == 0 {
        return Ok(a.value(1)?.clone());
    }
    if spaces.checked_mul(breaks).is_none_or(|added| added > TEXT_LIMIT) {
        return Err(CallError::whole("the indented text would be too long"));
    }
    Ok(Value::string(text.replace('\n', &format!("\n{}", " ".repeat(spaces)))))
}

fn join(a: &Arguments<'_>) -> Result<Value, CallError> {
    let separator = a.text(0)?;
    let lists = a.rest(1);
    if lists.is_empty() {
        return Err(CallError::whole("at least one list is required"));
    }
    if !lists.iter().all(Value::is_wholly_known) {
        return Ok(Value::unknown(Type::String));
    }
    let mut parts = Vec::new();
    for (at, list) in lists.iter().enumerate() {
        for (index, item) in list.as_slice().unwrap_or_default().iter().enumerate() {
            let text = item.as_str().ok_or_else(|| {
                let of = if lists.len() > 1 { format!(" of list {}", at + 1) } else { String::new() };
                CallError::argument(at + 1, format!("element {index}{of} is null; cannot concatenate null values"))
            })?;
            parts.push(text);
        }
    }
    Ok(Value::string(parts.join(separator)))
}

fn split(a: &Arguments<'_>) -> Result<Value, CallError> {
    let (separator, text) = (a.text(0)?, a.text(1)?);
    let parts: Vec<Value> = if separator.is_empty() {
        text.chars().map(|c| Value::string(c.encode_utf8(&mut [0; 4]))).collect()
    } else {
        text.split(separator).map(Value::string).collect()
    };
    Ok(Value::list(Type::String, parts))
}

fn substr(a: &Arguments<'_>) -> Result<Value, CallError> {
    let text = a.text(0)?;
    let (offset, length) = (a.whole(1)?, a.whole(2)?);
    let start = if offset < 0 {
        let total = i64::try_from(graphemes(text).len()).unwrap_or(i64::MAX);
        usize::try_from(offset.saturating_add(total)).unwrap_or(0)
    } else if length == 0 {
        return Ok(Value::string(""));
    } else {
        usize::try_from(offset).unwrap_or(usize::MAX)
    };
    // After a negative offset, a length of zero means the rest: Terraform does so, and configurations may rely on it.
    let length = if length > 0 { usize::try_from(length).unwrap_or(usize::MAX) } else { usize::MAX };
    Ok(Value::string(graphemes(text).into_iter().skip(start).take(length).collect::<String>()))
}
