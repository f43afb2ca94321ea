//! The built-in functions of Terraform's language, one file per family.
//!
//! [`call`] does once what all functions need: the number of arguments, their conversion to the types of the
//! parameters, null and unknown arguments, and marks. What remains for the families is each function's own rule.

mod arguments;
mod charset;
mod choice;
mod conversion;
mod crypto;
mod csv;
mod datetime;
mod decimal;
mod encoding;
mod equality;
mod error;
mod filesystem;
mod float;
mod format;
mod glob;
mod gzip;
mod huffman;
mod lazy;
mod letters;
mod mapping;
mod network;
mod numeric;
mod paths;
mod pattern;
mod regex;
mod rsa;
mod sequence;
mod set;
mod signature;
mod string;
mod template;
mod tfvars;
mod verb;
mod yaml;
mod yaml_read;
mod yaml_scalar;
mod yaml_tabs;
mod yaml_write;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use smform_types::suggest::did_you_mean;
use smform_types::{Diagnostics, Value};

use arguments::Function;

pub use equality::equals;
pub use error::{CallError, Fault};
pub use signature::{Parameter, Shape, Signature};

use crate::source::Host;

/// When a call is made, which decides whether time and chance have a value yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// An expression is evaluated for its own sake: everything has a value, but there is no plan.
    Console,
    /// A plan is made: `timestamp`, `uuid` and `bcrypt` are not known yet.
    Plan,
    /// A plan is carried out.
    Apply,
}

/// What functions may ask of the world.
pub struct FunctionContext<'a> {
    /// Files and directories.
    pub host: &'a dyn Host,
    /// When the call is made.
    pub phase: Phase,
    /// The time of the plan, in RFC 3339, for `plantimestamp`.
    pub plan_timestamp: Option<String>,
    /// Who renders templates.
    pub templates: &'a dyn TemplateRenderer,
}

/// Renders the text of a template. The evaluator does; functions only read it.
pub trait TemplateRenderer {
    /// The value of the template `text`, which messages call `name`, with these variables and no other references.
    ///
    /// # Errors
    /// What is wrong in the template, with places in its text.
    fn render(
        &self,
        name: &str,
        text: &str,
        variables: &BTreeMap<Arc<str>, Value>,
        cx: &FunctionContext<'_>,
    ) -> Result<Value, TemplateFault>;
}

/// Why a template cannot be rendered.
#[derive(Clone, Debug)]
pub enum TemplateFault {
    /// It uses a variable that it is not given.
    MissingVariable(Diagnostics),
    /// Something else is wrong.
    Failed(Diagnostics),
}

/// Calls the function `name`, with or without `core::` in front.
///
/// # Errors
/// When there is no such function, when the arguments do not fit, or as the function says.
pub fn call(name: &str, arguments: &[Value], cx: &FunctionContext<'_>) -> Result<Value, CallError> {
    let function = find(name).ok_or_else(|| {
        let hint = did_you_mean(name, names());
        let message = format!("There is no function named \"{name}\".{hint}");
        CallError::new(Fault::NoSuchFunction, None, message)
    })?;
    arguments::call(function, arguments, cx)
}

/// Whether a function takes so many arguments, which is asked before they are evaluated.
///
/// # Errors
/// When it takes more or fewer.
pub fn check_count(name: &str, given: usize) -> Result<(), CallError> {
    find(name).map_or(Ok(()), |function| arguments::check_count(&function.signature, given))
}

/// An argument as the function takes it, so that all that do not fit can be told at once.
///
/// # Errors
/// When it cannot be converted to the type of its parameter.
pub fn fit(name: &str, at: usize, argument: Value) -> Result<Value, CallError> {
    match find(name) {
        Some(function) => arguments::fit(&function.signature, at, argument),
        None => Ok(argument),
    }
}

/// Whether there is a function of that name.
#[must_use]
pub fn exists(name: &str) -> bool {
    find(name).is_some()
}

/// The names of all functions, sorted, without `core::`, those of providers, and those that are only there to be refused.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLE.keys().copied().filter(|name| !REMOVED.contains(name) && !name.contains("::"))
}

/// The parameters and result of a function.
#[must_use]
pub fn signature(name: &str) -> Option<&'static Signature> {
    find(name).map(|function| &function.signature)
}

/// Functions that earlier versions of the language had: calling one says what to write instead.
const REMOVED: [&str; 2] = ["list", "map"];

/// The families.
const FAMILIES: &[&[Function]] = &[
    charset::FUNCTIONS,
    choice::FUNCTIONS,
    conversion::FUNCTIONS,
    crypto::FUNCTIONS,
    csv::FUNCTIONS,
    datetime::FUNCTIONS,
    encoding::FUNCTIONS,
    filesystem::FUNCTIONS,
    format::FUNCTIONS,
    lazy::FUNCTIONS,
    mapping::FUNCTIONS,
    network::FUNCTIONS,
    numeric::FUNCTIONS,
    regex::FUNCTIONS,
    sequence::FUNCTIONS,
    set::FUNCTIONS,
    string::FUNCTIONS,
    template::FUNCTIONS,
    tfvars::FUNCTIONS,
    yaml::FUNCTIONS,
];

static TABLE: LazyLock<BTreeMap<&'static str, &'static Function>> = LazyLock::new(|| {
    let functions = FAMILIES.iter().flat_map(|family| family.iter());
    functions.map(|function| (function.signature.name, function)).collect()
});

fn find(name: &str) -> Option<&'static Function> {
    TABLE.get(name.strip_prefix("core::").unwrap_or(name)).copied()
}
