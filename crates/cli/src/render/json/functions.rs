//! Signatures of functions as JSON: what `metadata functions -json` prints, and `providers schema -json` of providers.

use serde_json::{Map, Value as Json, json};
use smform_lang::functions::{self, Parameter, Signature};
use smform_types::json::type_to_json;

use super::object;

/// The built-in functions, each also by its name in the namespace of the language.
#[must_use]
pub fn all() -> Json {
    let signatures = functions::names().filter_map(functions::signature);
    let named = signatures.flat_map(|signature| {
        let json = described(signature);
        [(signature.name.to_owned(), json.clone()), (format!("core::{}", signature.name), json)]
    });
    json!({ "format_version": "1.0", "function_signatures": named.collect::<Map<String, Json>>() })
}

/// The functions that the built-in provider brings along.
#[must_use]
pub fn of_builtin() -> Json {
    const PREFIX: &str = "provider::terraform::";
    let names = ["decode_tfvars", "encode_expr", "encode_tfvars"];
    let found = names.into_iter().filter_map(|name| {
        let signature = functions::signature(&format!("{PREFIX}{name}"))?;
        Some((name.to_owned(), described(signature)))
    });
    Json::Object(found.collect())
}

fn described(signature: &Signature) -> Json {
    let parameters: Vec<Json> = signature.parameters.iter().map(parameter).collect();
    object([
        ("description", Some(signature.summary.into())),
        ("return_type", Some(type_to_json(&signature.returns.ty()))),
        ("parameters", (!parameters.is_empty()).then_some(Json::Array(parameters))),
        ("variadic_parameter", signature.variadic.as_ref().map(parameter)),
    ])
}

fn parameter(parameter: &Parameter) -> Json {
    object([
        ("name", Some(parameter.name.into())),
        ("is_nullable", parameter.null.then_some(Json::Bool(true))),
        ("type", Some(type_to_json(&parameter.shape.ty()))),
    ])
}
