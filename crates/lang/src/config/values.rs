//! Values of root module variables.
use super::Module;
use crate::source::Host;
use smform_types::{Diagnostics, SourceMap, Span, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One way in which the caller was given values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VariableInput {
    /// `TF_VAR_name=text` of the environment; later inputs win over it, whatever the order.
    Environment {
        /// The name without `TF_VAR_`.
        name: String,
        /// The text.
        text: String,
    },
    /// `-var 'name=text'`, unsplit.
    Argument(String),
    /// `-var-file=path`.
    File(PathBuf),
}

/// Where a value is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The environment.
    Environment,
    /// `terraform.tfvars` or `*.auto.tfvars`, or their JSON forms.
    AutoFile,
    /// `-var`.
    Argument,
    /// `-var-file`.
    NamedFile,
    /// An answer to a prompt.
    Prompt,
}

/// A value given to a variable of the root module, not converted to its type yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableValue {
    /// The value.
    pub value: Value,
    /// Its place.
    pub span: Option<Span>,
    /// Where it is from.
    pub origin: Origin,
}

/// The values given to the variables of a root module.
pub fn variable_values(
    _host: &dyn Host,
    _directory: &Path,
    _module: &Module,
    _inputs: &[VariableInput],
    _sources: &mut SourceMap,
) -> (BTreeMap<Arc<str>, VariableValue>, Diagnostics) {
    (BTreeMap::new(), Diagnostics::new())
}

/// The variables that must be set and are not, in lexical order.
#[must_use]
pub fn missing<'m>(module: &'m Module, values: &BTreeMap<Arc<str>, VariableValue>) -> Vec<&'m super::Variable> {
    module.variables.values().filter(|v| v.default.is_none() && !values.contains_key(&v.name.text)).collect()
}

/// The value of a variable from the text of a flag, the environment or a prompt.
///
/// # Errors
/// When the variable's type asks for an expression and the text is none.
pub fn from_text(
    _variable: &super::Variable,
    text: &str,
    origin: Origin,
    _sources: &mut SourceMap,
) -> Result<VariableValue, Diagnostics> {
    Ok(VariableValue { value: Value::string(text), span: None, origin })
}

/// The final value of a variable as its module sees it: null replaced by the default where null is none, defaults of
/// optional attributes filled in, converted to the type, and marked.
///
/// # Errors
/// When there is no value, when it does not convert, or when it is null and must not be.
pub fn finish(_variable: &super::Variable, given: Option<&VariableValue>) -> Result<Value, Diagnostics> {
    Ok(given.map(|given| given.value.clone()).unwrap_or_else(|| Value::null(smform_types::Type::Dynamic)))
}
