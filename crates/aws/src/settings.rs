//! The `provider "aws"` block: its schema, and what it asks for.

use std::collections::BTreeMap;
use std::env;

use smform_types::schema::{Attribute, Block, Constraint, NestedBlock, Schema};
use smform_types::suggest::nearest;
use smform_types::{Diagnostic, Diagnostics, Path, Type, Value};

use crate::constraints::{duration, parse_duration, role_arn};
use crate::fields::Fields;
use crate::resources::ec2::data_region::known_regions;
use crate::tags::TagPolicy;

/// Services whose endpoint URL may be configured. Those that smform does not call are accepted, so that a block
/// written for Terraform need not change.
const ENDPOINTS: [&str; 16] = [
    "sagemaker",
    "ec2",
    "sts",
    "iam",
    "s3",
    "lambda",
    "logs",
    "cloudwatchlog",
    "cloudwatchlogs",
    "cloudwatch",
    "appautoscaling",
    "applicationautoscaling",
    "ecr",
    "kms",
    "sns",
    "servicequotas",
];

/// The schema of the provider block.
pub(crate) fn schema() -> Schema {
    let text = || Attribute::optional(Type::String);
    let flag = || Attribute::optional(Type::Bool);
    let texts = || Attribute::optional(Type::list(Type::String));
    let text_set = || Attribute::optional(Type::set(Type::String));
    let assume_role = Block::new(
        [
            ("role_arn", text().with(role_arn())),
            ("session_name", text()),
            ("duration", text().with(duration())),
            ("external_id", text()),
            ("policy", text()),
            ("policy_arns", text_set()),
            ("source_identity", text()),
            ("tags", Attribute::optional(Type::map(Type::String))),
            ("transitive_tag_keys", text_set()),
        ],
        [],
    );
    let web_identity = Block::new(
        [
            ("role_arn", text().with(role_arn())),
            ("session_name", text()),
            ("duration", text().with(duration())),
            ("policy", text()),
            ("policy_arns", text_set()),
            ("web_identity_token", text().sensitive()),
            ("web_identity_token_file", text()),
        ],
        [],
    );
    let default_tags = Block::new([("tags", Attribute::optional(Type::map(Type::String)))], []);
    let ignore_tags = Block::new([("keys", text_set()), ("key_prefixes", text_set())], []);
    let endpoints =
        Block { attributes: ENDPOINTS.iter().map(|service| (*service, text())).collect(), ..Block::default() };
    let mut block = Block::new(
        [
            ("region", text().describe("The AWS region, such as us-east-1; AWS_REGION or that of the profile if left out.")),
            ("profile", text().describe("A profile of the shared configuration; AWS_PROFILE if left out.")),
            ("access_key", text().sensitive()),
            ("secret_key", text().sensitive()),
            ("token", text().sensitive()),
            ("shared_config_files", texts()),
            ("shared_credentials_files", texts()),
            (
                "allowed_account_ids",
                text_set().describe(
                    "The accounts that credentials may belong to. Those of another are refused before anything is read or \
                     changed, and so are those of which AWS does not tell the account.",
                ),
            ),
            (
                "forbidden_account_ids",
                text_set().describe("The accounts that credentials may not belong to; not together with allowed_account_ids."),
            ),
            ("sts_region", text()),
            ("skip_region_validation", flag().describe("Takes any region, also one that is not known and looks misspelt.")),
            ("use_dualstack_endpoint", flag()),
            ("use_fips_endpoint", flag()),
            ("tag_policy_compliance", text()),
            ("max_retries", Attribute::optional(Type::Number).with(Constraint::Range(0.0, 1000.0))),
            ("retry_mode", text().with(Constraint::OneOf(&["standard", "adaptive"]))),
            ("token_bucket_rate_limiter_capacity", Attribute::optional(Type::Number)),
            ("http_proxy", text()),
            ("https_proxy", text()),
            ("no_proxy", text()),
            ("insecure", flag()),
            ("custom_ca_bundle", text()),
            ("ec2_metadata_service_endpoint", text()),
            ("ec2_metadata_service_endpoint_mode", text()),
            ("skip_metadata_api_check", text()),
            ("skip_credentials_validation", flag().describe("Goes on where STS does not answer, unless the accounts are restricted.")),
            (
                "skip_requesting_account_id",
                flag().describe("Does not ask STS whose credentials these are, unless the accounts are restricted."),
            ),
            ("s3_use_path_style", flag()),
            ("s3_us_east_1_regional_endpoint", text()),
            ("user_agent", texts()),
        ],
        [
            ("assume_role", NestedBlock::list(assume_role, 0, 0)),
            ("assume_role_with_web_identity", NestedBlock::at_most_one(web_identity)),
            ("default_tags", NestedBlock::at_most_one(default_tags)),
            ("ignore_tags", NestedBlock::at_most_one(ignore_tags)),
            ("endpoints", NestedBlock::set(endpoints, 0, 0)),
        ],
    );
    block.attributes.iter_mut().filter(|(name, _)| UNUSED.contains(name)).for_each(|(_, unused)| {
        unused.description = "Accepted, and without effect here.";
    });
    block.description = "Where AWS is reached, and as whom. Credentials are looked for as the AWS CLI does. Objects in the state \
                         belong to an account: they are not looked for with credentials of another.";
    Schema { version: 0, block }
}

/// Arguments that are accepted and have no effect here.
const UNUSED: [&str; 8] = [
    "sts_region",
    "tag_policy_compliance",
    "token_bucket_rate_limiter_capacity",
    "ec2_metadata_service_endpoint",
    "ec2_metadata_service_endpoint_mode",
    "skip_metadata_api_check",
    "s3_use_path_style",
    "s3_us_east_1_regional_endpoint",
];

/// A role to take on.
#[derive(Clone, Debug, Default)]
pub(crate) struct AssumeRole {
    pub(crate) role_arn: String,
    pub(crate) session_name: Option<String>,
    pub(crate) duration: Option<std::time::Duration>,
    pub(crate) external_id: Option<String>,
    pub(crate) policy: Option<String>,
    pub(crate) policy_arns: Vec<String>,
    pub(crate) tags: BTreeMap<String, String>,
}

/// What a provider block asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wishes {
    pub(crate) region: Option<String>,
    pub(crate) profile: Option<String>,
    /// Access key, secret key, session token.
    pub(crate) keys: Option<(String, String, Option<String>)>,
    pub(crate) config_files: Vec<String>,
    pub(crate) credentials_files: Vec<String>,
    pub(crate) roles: Vec<AssumeRole>,
    /// Role and the file that holds the token.
    pub(crate) web_identity: Option<(AssumeRole, String)>,
    pub(crate) allowed_accounts: Vec<String>,
    pub(crate) forbidden_accounts: Vec<String>,
    pub(crate) tags: TagPolicy,
    /// Endpoint URLs by service.
    pub(crate) endpoints: BTreeMap<String, String>,
    pub(crate) max_attempts: Option<u32>,
    pub(crate) adaptive: bool,
    pub(crate) fips: bool,
    pub(crate) dual_stack: bool,
    pub(crate) http_proxy: Option<String>,
    pub(crate) https_proxy: Option<String>,
    pub(crate) no_proxy: Option<String>,
    pub(crate) ca_bundle: Option<String>,
    pub(crate) skip_region_check: bool,
    pub(crate) skip_identity: bool,
    pub(crate) tolerate_no_identity: bool,
}

/// Reads a provider block. `lookup` finds environment variables; `variables` lists them.
///
/// # Errors
/// What it asks for that cannot be done, located by argument.
pub(crate) fn read(config: &Value, environment: &Environment) -> Result<Wishes, Diagnostics> {
    let fields = Fields(config);
    let mut found = Diagnostics::new();
    let mut refuse = |path: Path, summary: &str, detail: String| {
        found.push(Diagnostic::error(summary, detail).of_attribute(path));
    };
    for name in UNUSED.iter().filter(|name| fields.is_given(name)) {
        tracing::warn!("the argument {name} of the aws provider is accepted for compatibility and has no effect");
    }
    if fields.flag("insecure") == Some(true) {
        let detail = "smform does not talk to AWS without verifying certificates. Give the certificate authority of \
                      your proxy with custom_ca_bundle instead.";
        refuse(Path::attribute("insecure"), "Unsupported argument value", detail.to_owned());
    }
    let keys = match (fields.owned("access_key"), fields.owned("secret_key")) {
        (Some(access), Some(secret)) => Some((access, secret, fields.owned("token"))),
        (None, None) => None,
        (access, _) => {
            let (given, missing) =
                if access.is_some() { ("access_key", "secret_key") } else { ("secret_key", "access_key") };
            let detail = format!("{given} is set and {missing} is not. Give both, or neither.");
            refuse(Path::attribute(given), "Incomplete credentials", detail);
            None
        }
    };
    let mut roles = Vec::new();
    for (at, role) in fields.blocks("assume_role").enumerate() {
        let path = Path::attribute("assume_role").index(at);
        for name in ["source_identity", "transitive_tag_keys"] {
            let given = role.text(name).is_some() || !role.texts(name).is_empty();
            if given {
                let detail = format!(
                    "smform cannot pass {name} when it assumes a role. Assume the role outside, with a profile."
                );
                refuse(path.attr(name), "Unsupported argument", detail);
            }
        }
        match role.owned("role_arn") {
            Some(role_arn) => roles.push(assume_role(role, role_arn)),
            None => {
                let detail = "An assume_role block needs role_arn.";
                refuse(path, "Missing role_arn", detail.to_owned());
            }
        }
    }
    let web_identity = fields.block("assume_role_with_web_identity").and_then(|block| {
        let path = Path::attribute("assume_role_with_web_identity").index(0);
        match (block.owned("role_arn"), block.owned("web_identity_token_file")) {
            (Some(role), Some(file)) => Some((assume_role(block, role), file)),
            _ => {
                let detail = "Give role_arn and web_identity_token_file; a token in the configuration itself is not \
                              supported, since it would be in every plan.";
                refuse(path, "Incomplete web identity", detail.to_owned());
                None
            }
        }
    });
    let (allowed, forbidden) = (fields.texts("allowed_account_ids"), fields.texts("forbidden_account_ids"));
    if !allowed.is_empty() && !forbidden.is_empty() {
        let detail = "Give allowed_account_ids or forbidden_account_ids, not both.";
        refuse(Path::attribute("forbidden_account_ids"), "Conflicting arguments", detail.to_owned());
    }
    let endpoints = fields.blocks("endpoints").flat_map(|block| {
        ENDPOINTS.iter().filter_map(move |service| Some(((*service).to_owned(), block.owned(service)?)))
    });
    let attempts = fields.int("max_retries").and_then(|retries| u32::try_from(retries).ok()).map(|retries| retries + 1);
    let wishes = Wishes {
        region: fields.owned("region"),
        profile: fields.owned("profile"),
        keys,
        config_files: fields.texts("shared_config_files"),
        credentials_files: fields.texts("shared_credentials_files"),
        roles,
        web_identity,
        allowed_accounts: allowed,
        forbidden_accounts: forbidden,
        tags: tag_policy(fields, environment),
        endpoints: endpoints.collect(),
        max_attempts: attempts,
        adaptive: fields.text("retry_mode") == Some("adaptive"),
        fips: fields.flag("use_fips_endpoint") == Some(true),
        dual_stack: fields.flag("use_dualstack_endpoint") == Some(true),
        http_proxy: fields.owned("http_proxy"),
        https_proxy: fields.owned("https_proxy"),
        no_proxy: fields.owned("no_proxy"),
        ca_bundle: fields.owned("custom_ca_bundle").or_else(|| environment.get("AWS_CA_BUNDLE")),
        skip_region_check: fields.flag("skip_region_validation") == Some(true),
        skip_identity: fields.flag("skip_requesting_account_id") == Some(true),
        tolerate_no_identity: fields.flag("skip_credentials_validation") == Some(true),
    };
    found.into_result(wishes).map(|(wishes, _)| wishes)
}

fn assume_role(block: Fields<'_>, role_arn: String) -> AssumeRole {
    AssumeRole {
        role_arn,
        session_name: block.owned("session_name"),
        duration: block.text("duration").and_then(parse_duration),
        external_id: block.owned("external_id"),
        policy: block.owned("policy"),
        policy_arns: block.texts("policy_arns"),
        tags: block.map("tags").into_iter().collect(),
    }
}

fn tag_policy(fields: Fields<'_>, environment: &Environment) -> TagPolicy {
    let mut default = environment.with_prefix("TF_AWS_DEFAULT_TAGS_");
    default.extend(fields.block("default_tags").map(|block| block.map("tags")).unwrap_or_default());
    let listed = |name: &str| -> Vec<String> {
        let list = environment.get(name).unwrap_or_default();
        list.split(',').map(str::trim).filter(|key| !key.is_empty()).map(str::to_owned).collect()
    };
    let mut ignored_keys = listed("TF_AWS_IGNORE_TAGS_KEYS");
    let mut ignored_prefixes = listed("TF_AWS_IGNORE_TAGS_KEY_PREFIXES");
    if let Some(block) = fields.block("ignore_tags") {
        ignored_keys.extend(block.texts("keys"));
        ignored_prefixes.extend(block.texts("key_prefixes"));
    }
    TagPolicy { default, ignored_keys, ignored_prefixes }
}

/// Environment variables, read once so that nothing else depends on the process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The environment of this process; variables that are not text are passed over.
    pub(crate) fn of_process() -> Environment {
        let text =
            env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Environment(text.collect())
    }

    /// A variable that is set to something.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).filter(|value| !value.is_empty()).cloned()
    }

    fn with_prefix(&self, prefix: &str) -> BTreeMap<String, String> {
        let found = self.0.iter().filter_map(|(name, value)| Some((name.strip_prefix(prefix)?, value)));
        found.filter(|(key, _)| !key.is_empty()).map(|(key, value)| (key.to_owned(), value.clone())).collect()
    }
}

/// Whether a text has the form of a region's name.
pub(crate) fn has_region_form(region: &str) -> bool {
    let parts: Vec<&str> = region.split('-').collect();
    let letters = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase());
    parts.split_last().is_some_and(|(last, rest)| {
        rest.len() >= 2 && rest.iter().all(letters) && !last.is_empty() && last.chars().all(|c| c.is_ascii_digit())
    })
}

/// What is wrong with a region name, as a whole message.
pub(crate) fn region_problem(region: &str) -> Option<String> {
    if has_region_form(region) {
        return misspelt(region);
    }
    let of_zone = region.trim_end_matches(|c: char| c.is_ascii_lowercase());
    Some(if has_region_form(of_zone) {
        format!("\"{region}\" is an availability zone. Its region is \"{of_zone}\".")
    } else {
        format!("\"{region}\" is not a region, such as us-east-1.")
    })
}

/// A name of the right form with a word that no region has, when one that exists is near. Others pass: AWS adds regions,
/// with new numbers and in new countries, but places them by the same words.
fn misspelt(region: &str) -> Option<String> {
    const WORDS: [&str; 14] = [
        "central",
        "east",
        "north",
        "northeast",
        "northwest",
        "south",
        "southeast",
        "southwest",
        "west",
        "gov",
        "iso",
        "isob",
        "isoe",
        "isof",
    ];
    // Between the country and the number.
    let mut words = region.split('-').skip(1).filter(|part| !part.starts_with(|c: char| c.is_ascii_digit()));
    if words.all(|word| WORDS.contains(&word)) {
        return None;
    }
    let near = nearest(region, known_regions())?;
    Some(format!(
        "There is no region \"{region}\". Did you mean \"{near}\"? If it is new, set skip_region_validation = true."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(changes: &[(&str, Value)]) -> Value {
        changes
            .iter()
            .fold(schema().block.empty(), |config, (name, value)| crate::fields::with(config, name, value.clone()))
    }

    #[test]
    fn an_empty_block_asks_for_nothing() {
        let wishes = read(&config(&[]), &Environment::default()).unwrap_or_default();
        assert!(wishes.region.is_none() && wishes.keys.is_none() && wishes.roles.is_empty());
    }

    #[test]
    fn tags_come_from_the_environment_too() {
        let environment = Environment(BTreeMap::from([
            ("TF_AWS_DEFAULT_TAGS_team".to_owned(), "ml".to_owned()),
            ("TF_AWS_IGNORE_TAGS_KEYS".to_owned(), "a, b".to_owned()),
        ]));
        let wishes = read(&config(&[]), &environment).unwrap_or_default();
        assert_eq!(wishes.tags.default.get("team").map(String::as_str), Some("ml"));
        assert_eq!(wishes.tags.ignored_keys, ["a", "b"]);
    }

    #[test]
    fn what_cannot_be_honoured_is_refused_at_its_place() {
        let errors = read(
            &config(&[("insecure", Value::bool(true)), ("access_key", Value::string("AKIA"))]),
            &Environment::default(),
        );
        let places: Vec<String> = errors
            .err()
            .into_iter()
            .flatten()
            .filter_map(|diagnostic| diagnostic.attribute.map(|path| path.to_string()))
            .collect();
        assert_eq!(places, ["insecure", "access_key"]);
    }

    #[test]
    fn regions_are_checked_by_form() {
        for region in ["us-east-1", "ap-southeast-2", "us-gov-west-1", "cn-north-1", "us-east-3", "nz-south-1"] {
            assert_eq!(region_problem(region), None, "{region}");
        }
        assert!(region_problem("us-east-1a").is_some_and(|text| text.contains("Its region is \"us-east-1\"")));
        for region in ["", "useast1", "US-EAST-1", "us-east", "us-east-"] {
            assert!(region_problem(region).is_some(), "{region}");
        }
        assert_eq!(
            region_problem("us-esat-1").as_deref(),
            Some(
                "There is no region \"us-esat-1\". Did you mean \"us-east-1\"? If it is new, set skip_region_validation \
                 = true."
            )
        );
    }
}
