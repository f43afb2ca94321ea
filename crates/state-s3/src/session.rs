//! Arguments for credentials and network, which all that this crate offers has in common with a provider block.

use std::collections::BTreeMap;

use smform_state::kind::{Argument, SettingError, Settings, text};
use smform_types::{Type, Value};

/// Arguments with the meaning that they have in a provider block.
const OF_PROVIDER: [(&str, Type); 20] = [
    ("region", Type::String),
    ("profile", Type::String),
    ("access_key", Type::String),
    ("secret_key", Type::String),
    ("token", Type::String),
    ("max_retries", Type::Number),
    ("retry_mode", Type::String),
    ("http_proxy", Type::String),
    ("https_proxy", Type::String),
    ("no_proxy", Type::String),
    ("custom_ca_bundle", Type::String),
    ("insecure", Type::Bool),
    ("use_fips_endpoint", Type::Bool),
    ("use_dualstack_endpoint", Type::Bool),
    ("sts_region", Type::String),
    ("ec2_metadata_service_endpoint", Type::String),
    ("ec2_metadata_service_endpoint_mode", Type::String),
    ("skip_credentials_validation", Type::Bool),
    ("skip_requesting_account_id", Type::Bool),
    ("skip_region_validation", Type::Bool),
];

const SECRETS: [&str; 3] = ["access_key", "secret_key", "token"];

/// Lists of text with the meaning that they have in a provider block.
const LISTS_OF_PROVIDER: [&str; 4] =
    ["shared_config_files", "shared_credentials_files", "allowed_account_ids", "forbidden_account_ids"];

fn object(members: impl IntoIterator<Item = (&'static str, Type)>) -> Type {
    Type::object(members)
}

fn role() -> Vec<(&'static str, Type)> {
    vec![
        ("role_arn", Type::String),
        ("session_name", Type::String),
        ("duration", Type::String),
        ("external_id", Type::String),
        ("policy", Type::String),
        ("policy_arns", Type::set(Type::String)),
        ("source_identity", Type::String),
        ("tags", Type::map(Type::String)),
        ("transitive_tag_keys", Type::set(Type::String)),
    ]
}

fn web_identity() -> Vec<(&'static str, Type)> {
    vec![
        ("role_arn", Type::String),
        ("session_name", Type::String),
        ("duration", Type::String),
        ("policy", Type::String),
        ("policy_arns", Type::set(Type::String)),
        ("web_identity_token", Type::String),
        ("web_identity_token_file", Type::String),
    ]
}

/// The arguments.
pub(crate) fn arguments() -> Vec<Argument> {
    let mut all = vec![
        Argument::optional("assume_role", object(role())),
        Argument::optional("assume_role_with_web_identity", object(web_identity())),
        Argument::optional("shared_credentials_file", Type::String),
    ];
    all.extend(OF_PROVIDER.iter().map(|(name, ty)| {
        let argument = Argument::optional(name, ty.clone());
        if SECRETS.contains(name) { argument.sensitive() } else { argument }
    }));
    all.extend(LISTS_OF_PROVIDER.map(|name| Argument::optional(name, Type::list(Type::String))));
    all
}

/// A member of an object that was given; nothing when it is null or empty.
pub(crate) fn member(value: Option<&Value>, name: &str) -> Option<String> {
    value?.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// How often a request is tried again unless the block says otherwise, as Terraform's backend does.
const RETRIES: i64 = 5;

/// The arguments of a provider block that lead to the same credentials and network.
pub(crate) fn of(settings: &Settings) -> Result<Vec<(&'static str, Value)>, SettingError> {
    let mut arguments: Vec<(&'static str, Value)> = Vec::new();
    for name in OF_PROVIDER.iter().map(|(name, _)| *name).chain(LISTS_OF_PROVIDER) {
        if let Some(value) = settings.get(name) {
            arguments.push((name, value.clone()));
        }
    }
    if !settings.contains_key("max_retries") {
        arguments.push(("max_retries", Value::number(RETRIES)));
    }
    if let Some(file) = settings.get("shared_credentials_file") {
        arguments.push(("shared_credentials_files", Value::list(Type::String, [file.clone()])));
    }
    for (name, members) in [("assume_role", role()), ("assume_role_with_web_identity", web_identity())] {
        let Some(given) = settings.get(name) else { continue };
        if member(Some(given), "role_arn").is_none() {
            return Err(SettingError::of(name, "role_arn is missing."));
        }
        arguments.push((name, Value::list(object(members), [given.clone()])));
    }
    let sts = member(settings.get("endpoints"), "sts").or_else(|| text(settings, "sts_endpoint").map(str::to_owned));
    if let Some(url) = sts {
        let block = BTreeMap::from([("sts", Value::string(url))]);
        arguments.push(("endpoints", Value::list(object([("sts", Type::String)]), [Value::object(block)])));
    }
    Ok(arguments)
}
