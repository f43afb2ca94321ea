//! The arguments of the backend, as Terraform 1.11 names them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smform_state::kind::{Argument, SettingError, Settings, Surroundings, is_on, text};
use smform_types::{Type, Value};

use crate::session::{self, member};

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
        text("iam_endpoint"),
        Argument::optional("endpoints", Type::object(ENDPOINTS.map(|service| (service, Type::String)))),
        text("dynamodb_table"),
        text("dynamodb_endpoint"),
        switch("encrypt"),
        switch("use_lockfile"),
        switch("use_path_style"),
        switch("force_path_style"),
        switch("skip_metadata_api_check"),
        switch("skip_s3_checksum"),
    ];
    all.extend(session::arguments());
    all
}

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
            session: session::of(settings)?,
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
