//! `yamlencode` and `yamldecode`.

use smform_types::{Type, Value};

use super::arguments::{Arguments, Function};
use super::error::CallError;
use super::signature::{Parameter, Shape};
use super::{yaml_read, yaml_write};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "yamldecode",
        &[Parameter::new("src", Shape::String)],
        Shape::Any,
        yamldecode,
        "The value that a YAML document stands for.",
    )
    .typed(|_| Ok(Type::Dynamic))
    .nullable(),
    Function::new(
        "yamlencode",
        &[Parameter::new("value", Shape::Any).null().unknown().dynamic()],
        Shape::String,
        yamlencode,
        "The value as YAML.",
    )
    .nullable(),
];

fn yamldecode(a: &Arguments<'_>) -> Result<Value, CallError> {
    yaml_read::read(a.text(0)?)
        .map_err(|error| CallError::whole(error).or_discreetly("the text is not a YAML document that can be read"))
}

fn yamlencode(a: &Arguments<'_>) -> Result<Value, CallError> {
    let value = a.value(0)?;
    if !value.is_wholly_known() {
        return Ok(Value::unknown(Type::String));
    }
    Ok(Value::string(yaml_write::write(value)))
}
