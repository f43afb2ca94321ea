//! From a given value to the value that a module sees.

use smform_types::{Diagnostic, Diagnostics, Marks, Value, convert};

use super::{VariableValue, is_bare_null};
use crate::config::Variable;

/// The summary of what is said of a variable that must be set and is not.
pub const NO_VALUE: &str = "No value for required variable";

/// The value of a variable as its module sees it: the default where nothing or an unwanted null is given, defaults of
/// optional attributes filled in, converted to the type, and marked.
///
/// Serves root variables and the arguments of module calls alike. Validations are not evaluated here.
///
/// # Errors
/// When there is neither a value nor a default, when the value does not convert, or when it is null and must not be.
pub fn finish(variable: &Variable, given: Option<&VariableValue>) -> Result<Value, Diagnostics> {
    let name = &variable.name.text;
    let given_null = given.is_some_and(|given| given.value.is_null());
    let chosen = match (given, &variable.default) {
        (Some(given), Some(default)) if given_null && !variable.nullable => {
            default.clone().with_marks(given.value.marks())
        }
        (Some(given), _) => given.value.clone(),
        (None, Some(default)) => default.clone(),
        (None, None) => {
            let detail = format!("The root module's variable \"{name}\" is not set, and has no default value.");
            return Err(Diagnostic::error(NO_VALUE, detail).at(variable.span).into());
        }
    };
    let place = given.and_then(|given| given.span).unwrap_or(variable.span);
    let fail =
        |detail: String| Diagnostics::from(Diagnostic::error("Invalid value for input variable", detail).at(place));
    let defaulted = if is_bare_null(&chosen) { chosen } else { variable.defaults.apply(chosen) };
    let value = convert(defaulted, &variable.ty).map_err(|error| {
        let how = if variable.sensitive { " (The value is not shown: the variable is sensitive.)" } else { "" };
        fail(format!("The given value is not suitable for var.{name}: {error}.{how}"))
    })?;
    if value.is_null() && !variable.nullable {
        let detail = format!("The variable \"{name}\" must not be null: it has nullable = false.");
        return Err(Diagnostic::error("Required variable not set", detail).at(place).into());
    }
    let mut marks = Marks::NONE;
    if variable.sensitive {
        marks |= Marks::SENSITIVE;
    }
    if variable.ephemeral {
        marks |= Marks::EPHEMERAL;
    }
    Ok(value.with_marks(marks))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use smform_types::{ModuleAddress, Type};

    use super::*;
    use crate::config::values::Origin;
    use crate::config::{LocalModules, load};
    use crate::source::MemoryHost;

    fn finished(block: &str, given: Option<Value>) -> Result<Value, Diagnostics> {
        let host = MemoryHost::new([("main.tf", format!("variable \"v\" {{\n{block}\n}}\n"))]);
        let (config, errors) = load(&host, Path::new("."), &LocalModules);
        assert!(errors.is_empty(), "{errors:?}");
        let given = given.map(|value| VariableValue { value, span: None, origin: Origin::Argument });
        let variable = config.modules.get(&ModuleAddress::root()).and_then(|module| module.variables.get("v"));
        finish(variable.expect("declared"), given.as_ref())
    }

    #[test]
    fn order_of_treatment_is_terraforms() {
        let null = || Some(Value::null(Type::Dynamic));
        assert_eq!(finished("default = \"x\"\nnullable = false", null()), Ok(Value::string("x")));
        assert_eq!(finished("default = \"x\"\ntype = string", null()), Ok(Value::null(Type::String)));
        let refused = finished("nullable = false", null()).expect_err("a null that is not wanted");
        assert_eq!(refused.iter().next().map(|error| error.summary.as_str()), Some("Required variable not set"));
        assert!(finished("", None).is_err());
        assert_eq!(finished("type = number", Some(Value::string("1"))), Ok(Value::number(1)));
        assert!(finished("type = number", Some(Value::string("x"))).is_err());
        let object = finished(
            "type = object({ a = optional(string, \"d\") })\nsensitive = true",
            Some(Value::object([("a", Value::null(Type::Dynamic))])),
        );
        let expected = Value::object([("a", Value::string("d"))]).with_marks(Marks::SENSITIVE);
        assert_eq!(object, Ok(expected));
    }
}
