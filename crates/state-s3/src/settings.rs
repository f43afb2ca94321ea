//! The arguments of the backend, as Terraform 1.11 names them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smform_state::kind::{Argument, SettingError, Settings, Surroundings, is_on, text};
use smform_types::{Type, Value};

/// What the arguments ask for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wishes {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) workspace_key_prefix: String,
    pub(crate) endpoint: Option<String>,
    pub(crate) path_style: bool,
    pub(crate) use_lockfile: bool,
    pub(crate) encryption: Encryption,
    pub(crate) acl: Option<String>,
    pub(crate) skip_checksum: bool,
    /// Arguments of a provider block that ask for the same credentials and network.
    pub(crate) session: Vec<(&'static str, Value)>,
}

/// How the service encrypts the objects.
#[derive(Clone, Debug, Default)]
pub(crate) enum Encryption {
    /// As the bucket is set up.
    #[default]
    Bucket,
    /// With a key of S3.
    S3,
    /// With a key of AWS KMS.
    Kms(String),
    /// With a key that goes with every request, in base64, and its MD5 sum.
    Customer(String, String),
}

const ENDPOINTS: [&str; 5] = ["s3", "sts", "iam", "sso", "dynamodb"];

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

pub(crate) fn arguments() -> Vec<Argument> {
    let text = |name| Argument::optional(name, Type::String);
    let switch = |name| Argument::optional(name, Type::Bool);
    let mut all = vec![
        Argument::required("bucket", Type::String),
        Argument::required("key", Type::String),
        text("workspace_key_prefix"),
        text("kms_key_id"),
        text("sse_customer_key").sensitive(),
        text("acl"),
        text("endpoint"),
        text("sts_endpoint"),
        Argument::optional("endpoints", object(ENDPOINTS.map(|service| (service, Type::String)))),
        Argument::optional("assume_role", object(role())),
        Argument::optional("assume_role_with_web_identity", object(web_identity())),
        text("dynamodb_table"),
        text("dynamodb_endpoint"),
        text("shared_credentials_file"),
        switch("encrypt"),
        switch("use_lockfile"),
        switch("use_path_style"),
        switch("force_path_style"),
        switch("skip_metadata_api_check"),
        switch("skip_s3_checksum"),
    ];
    all.extend(OF_PROVIDER.iter().map(|(name, ty)| {
        let argument = Argument::optional(name, ty.clone());
        if SECRETS.contains(name) { argument.sensitive() } else { argument }
    }));
    all.extend(LISTS_OF_PROVIDER.map(|name| Argument::optional(name, Type::list(Type::String))));
    all
}

fn member(value: Option<&Value>, name: &str) -> Option<String> {
    value?.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// How often a request is tried again unless the block says otherwise, as Terraform's backend does.
const RETRIES: i64 = 5;

impl Wishes {
    pub(crate) fn read(settings: &Settings, surroundings: &Surroundings) -> Result<Wishes, SettingError> {
        let owned = |name: &str| text(settings, name).map(str::to_owned);
        let needed = |name| owned(name).ok_or_else(|| SettingError::of(name, "it may not be empty."));
        let (bucket, key) = (needed("bucket")?, needed("key")?);
        if key.starts_with('/') || key.ends_with('/') {
            return Err(SettingError::of("key", "it may not begin or end with a slash."));
        }
        let prefix = owned("workspace_key_prefix").unwrap_or_else(|| "env:".to_owned());
        if prefix.starts_with('/') || prefix.ends_with('/') {
            return Err(SettingError::of("workspace_key_prefix", "it may not begin or end with a slash."));
        }
        if owned("dynamodb_table").is_some() {
            let detail = "smform locks with an object beside the state, not with a table of DynamoDB. Write \
                          use_lockfile = true in its place; Terraform 1.10 and later take part in that lock. While runs of \
                          older versions go on, they would not notice each other.";
            return Err(SettingError::of("dynamodb_table", detail));
        }
        let endpoints = settings.get("endpoints");
        let variable = |name: &str| surroundings.variable(name).map(str::to_owned);
        Ok(Wishes {
            bucket,
            key,
            workspace_key_prefix: prefix,
            endpoint: member(endpoints, "s3").or_else(|| owned("endpoint")).or_else(|| variable("AWS_S3_ENDPOINT")),
            path_style: is_on(settings, "use_path_style") || is_on(settings, "force_path_style"),
            use_lockfile: is_on(settings, "use_lockfile"),
            encryption: encryption(settings, surroundings)?,
            acl: owned("acl"),
            skip_checksum: is_on(settings, "skip_s3_checksum"),
            session: session(settings)?,
        })
    }
}

fn encryption(settings: &Settings, surroundings: &Surroundings) -> Result<Encryption, SettingError> {
    let customer = text(settings, "sse_customer_key").or_else(|| surroundings.variable("AWS_SSE_CUSTOMER_KEY"));
    match (text(settings, "kms_key_id"), customer) {
        (Some(_), Some(_)) => {
            Err(SettingError::of("kms_key_id", "give kms_key_id or sse_customer_key (AWS_SSE_CUSTOMER_KEY), not both."))
        }
        (Some(key), None) => Ok(Encryption::Kms(key.to_owned())),
        (None, Some(key)) => {
            let bytes = STANDARD.decode(key).ok().filter(|bytes| bytes.len() == 32);
            let bytes = bytes.ok_or_else(|| SettingError::of("sse_customer_key", "it must be 32 bytes in base64."))?;
            Ok(Encryption::Customer(key.to_owned(), STANDARD.encode(md5(&bytes))))
        }
        (None, None) if is_on(settings, "encrypt") => Ok(Encryption::S3),
        (None, None) => Ok(Encryption::Bucket),
    }
}

fn md5(bytes: &[u8]) -> Vec<u8> {
    use md5::Digest as _;
    md5::Md5::digest(bytes).to_vec()
}

/// The arguments of a provider block that lead to the same credentials and network.
fn session(settings: &Settings) -> Result<Vec<(&'static str, Value)>, SettingError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &[(&str, Value)]) -> Result<Wishes, SettingError> {
        let base = [("bucket", Value::string("b")), ("key", Value::string("dir/state"))];
        let all = base.iter().chain(given).map(|(name, value)| ((*name).to_owned(), value.clone()));
        Wishes::read(&all.collect(), &Surroundings::default())
    }

    fn refused(given: &[(&str, Value)]) -> Option<&'static str> {
        read(given).err().and_then(|error| error.argument)
    }

    #[test]
    fn what_does_not_fit_is_refused_by_name() {
        let text = |text: &str| Value::string(text);
        assert_eq!(refused(&[("key", text("/a"))]), Some("key"));
        assert_eq!(refused(&[("workspace_key_prefix", text("a/"))]), Some("workspace_key_prefix"));
        assert_eq!(refused(&[("dynamodb_table", text("locks"))]), Some("dynamodb_table"));
        assert_eq!(refused(&[("sse_customer_key", text("c2hvcnQ="))]), Some("sse_customer_key"));
        assert_eq!(refused(&[("kms_key_id", text("k")), ("sse_customer_key", text("x"))]), Some("kms_key_id"));
        let nobody = Value::object([("role_arn", Value::null(Type::String))]);
        assert_eq!(refused(&[("assume_role", nobody)]), Some("assume_role"));
    }

    #[test]
    fn a_customers_key_goes_with_its_sum() {
        let key = STANDARD.encode([7; 32]);
        let wishes = read(&[("sse_customer_key", Value::string(key.as_str()))]);
        let Ok(Wishes { encryption: Encryption::Customer(given, sum), .. }) = wishes else { panic!("{wishes:?}") };
        assert_eq!((given, STANDARD.decode(sum).map(|sum| sum.len())), (key, Ok(16)));
    }

    #[test]
    fn credentials_and_network_are_those_of_a_provider_block() {
        let wishes = read(&[("region", Value::string("eu-west-1")), ("profile", Value::string("team"))]);
        let names: Vec<&str> =
            wishes.map(|wishes| wishes.session.into_iter().map(|(name, _)| name).collect()).unwrap_or_default();
        assert_eq!(names, ["region", "profile", "max_retries"]);
    }
}
