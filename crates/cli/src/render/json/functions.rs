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

/// The signature of a function as messages about its calls have it.
#[must_use]
pub fn signature(called_as: &str) -> Option<Json> {
    let signature = functions::signature(called_as.strip_prefix("core::").unwrap_or(called_as))?;
    let parameter =
        |parameter: &Parameter| json!({ "name": parameter.name, "type": type_to_json(&parameter.shape.ty()) });
    let parameters: Vec<Json> = signature.parameters.iter().map(parameter).collect();
    Some(object([
        ("name", called_as.rsplit("::").next().map(Json::from)),
        ("params", Some(Json::Array(parameters))),
        ("return_type", Some(type_to_json(&signature.returns.ty()))),
        ("variadic_param", signature.variadic.as_ref().map(parameter)),
    ]))
}

/// The functions that the built-in provider brings along.
#[must_use]
pub fn of_builtin() -> Json {
    const PREFIX: &str = "provider::terraform::";
    let names = ["decode_tfvars", "encode_expr", "encode_tfvars"];
    let found = names.into_iter().filter_map(|name| {
        let signature = functions::signature(&format!("{PREFIX}{name}"))?;
        let mut json = described(signature);
        if let Json::Object(parts) = &mut json {
            // What each does fits into one line.
            parts.insert("summary".to_owned(), signature.summary.trim_end_matches('.').into());
        }
        Some((name.to_owned(), json))
    });
    Json::Object(found.collect())
}

fn described(signature: &Signature) -> Json {
    // These two take expressions rather than values, so that null is no matter of theirs.
    let lazy = matches!(signature.name, "can" | "try");
    let parameter = |parameter: &Parameter| self::parameter(parameter, lazy);
    let parameters: Vec<Json> = signature.parameters.iter().map(parameter).collect();
    object([
        ("description", Some(signature.summary.into())),
        ("return_type", Some(type_to_json(&signature.returns.ty()))),
        ("parameters", (!parameters.is_empty()).then_some(Json::Array(parameters))),
        ("variadic_parameter", signature.variadic.as_ref().map(parameter)),
    ])
}

fn parameter(parameter: &Parameter, lazy: bool) -> Json {
    object([
        ("name", Some(parameter.name.into())),
        ("is_nullable", (parameter.null && !lazy).then_some(Json::Bool(true))),
        ("type", Some(type_to_json(&parameter.shape.ty()))),
    ])
}
