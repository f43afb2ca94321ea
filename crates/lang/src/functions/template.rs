//! Functions that render templates, with the help of the evaluator.

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_types::{Diagnostics, Type, Value, ValueKind};

use super::TemplateFault;
use super::arguments::{Arguments, Function};
use super::error::CallError;
use super::filesystem::read_text;
use super::signature::{Parameter, Shape};
use crate::syntax::is_identifier;

const VARS: Parameter = Parameter::new("vars", Shape::Any);

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "templatefile",
        &[Parameter::new("path", Shape::String), VARS],
        Shape::Any,
        templatefile,
        "The text of a file, rendered as a template.",
    )
    .typed(|_| Ok(Type::Dynamic)),
    Function::new(
        "templatestring",
        &[Parameter::new("template", Shape::String), VARS],
        Shape::String,
        templatestring,
        "A text from elsewhere, rendered as a template.",
    ),
];

fn templatefile(a: &Arguments<'_>) -> Result<Value, CallError> {
    let variables = variables(a)?;
    let text = read_text(a, 0)?;
    let name = a.quoted(0);
    render(a, name.trim_matches('"'), &text, variables)
}

fn templatestring(a: &Arguments<'_>) -> Result<Value, CallError> {
    let value = render(a, "<templatestring argument>", a.text(0)?, variables(a)?)?;
    smform_types::convert(value, &Type::String)
        .map_err(|error| CallError::whole(format!("the result of the template is not text: {error}")))
}

/// The variables of a template, whose names must be usable in it.
fn variables<'a>(a: &'a Arguments<'_>) -> Result<&'a BTreeMap<Arc<str>, Value>, CallError> {
    let variables =
        a.value(1)?.as_entries().ok_or_else(|| CallError::argument(1, "invalid vars value: must be a map"))?;
    match variables.keys().find(|name| !is_identifier(name)) {
        None => Ok(variables),
        Some(name) => Err(CallError::argument(
            1,
            format!(
                "invalid template variable name {name:?}: must start with a letter, followed by zero or more \
                 letters, digits, and underscores"
            ),
        )),
    }
}

fn render(
    a: &Arguments<'_>,
    name: &str,
    text: &str,
    variables: &BTreeMap<Arc<str>, Value>,
) -> Result<Value, CallError> {
    let value = a.cx.templates.render(name, text, variables, a.cx).map_err(|fault| match fault {
        TemplateFault::MissingVariable(diagnostics) => CallError::argument(1, in_one_line(&diagnostics)),
        TemplateFault::Failed(diagnostics) => CallError::whole(in_one_line(&diagnostics)),
    })?;
    if matches!(value.kind(), ValueKind::Null(_)) {
        return Err(CallError::whole(format!("{name}: the result of the template is null")));
    }
    Ok(value)
}

/// The first error, and how many more there are.
fn in_one_line(diagnostics: &Diagnostics) -> String {
    let mut errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
    let Some(first) = errors.next() else { return "the template cannot be rendered".to_owned() };
    let mut message = first.summary.clone();
    if !first.detail.is_empty() {
        message = format!("{message}; {}", first.detail.trim_end_matches('.'));
    }
    match errors.count() {
        0 => message,
        1 => format!("{message}, and 1 other problem"),
        more => format!("{message}, and {more} other problems"),
    }
}
