//! The services' rules for single values, as constraints of schemas: patterns, lengths and value lists of the public
//! API models, so that mistakes show before anything is called.

use smform_types::schema::Constraint;

/// A name of a SageMaker model, configuration, endpoint, variant or container.
pub(crate) fn name() -> Constraint {
    Constraint::Text("1 to 63 letters, digits and hyphens, neither first nor last a hyphen", is_name)
}

/// A prefix for such a name, to which 26 characters are added.
pub(crate) fn name_prefix() -> Constraint {
    Constraint::Text("1 to 37 letters, digits and hyphens, the first not a hyphen", |text| {
        (1..=37).contains(&text.len()) && is_hyphenated(text) && !text.starts_with('-')
    })
}

/// Any ARN.
pub(crate) fn arn() -> Constraint {
    Constraint::Text("an ARN, arn:partition:service:region:account:resource", is_arn)
}

/// An ARN, or an empty text for none: what modules give for what they leave out.
pub(crate) fn arn_or_none() -> Constraint {
    Constraint::Text("an ARN, arn:partition:service:region:account:resource", |text| text.is_empty() || is_arn(text))
}

/// The ARN of an IAM role, or an empty text for none.
pub(crate) fn role_arn_or_none() -> Constraint {
    Constraint::Text("the ARN of an IAM role, such as arn:aws:iam::123456789012:role/name", |text| {
        text.is_empty() || is_role_arn(text)
    })
}

/// The ARN of an IAM role.
pub(crate) fn role_arn() -> Constraint {
    Constraint::Text("the ARN of an IAM role, such as arn:aws:iam::123456789012:role/name", is_role_arn)
}

/// The ARN of a Lambda function, with or without a qualifier.
pub(crate) fn function_arn() -> Constraint {
    Constraint::Text(
        "the ARN of a Lambda function, such as arn:aws:lambda:us-east-1:123456789012:function:name",
        is_function_arn,
    )
}

/// The ARN of an SNS topic, or an empty text for none.
pub(crate) fn topic_arn() -> Constraint {
    Constraint::Text("the ARN of an SNS topic, such as arn:aws:sns:us-east-1:123456789012:name", |text| {
        text.is_empty()
            || arn_parts(text).is_some_and(|arn| {
                arn.service == "sns"
                    && is_account(arn.account)
                    && is_of(arn.resource, |c| c.is_ascii_alphanumeric() || "_.-".contains(c))
            })
    })
}

/// Where a model is read from.
pub(crate) fn model_uri() -> Constraint {
    Constraint::Text("s3://bucket/key or https://host/path, at most 1024 characters", |text| {
        text.chars().count() <= 1024
            && after_scheme(text).is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
    })
}

/// Where data is written to.
pub(crate) fn destination_uri() -> Constraint {
    Constraint::Text("s3://bucket/prefix, at most 512 characters", |text| {
        text.chars().count() <= 512 && after_scheme(text).is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
    })
}

/// The content type of captured data.
pub(crate) fn content_type() -> Constraint {
    Constraint::Text("a content type such as text/csv, at most 256 characters", |text| {
        text.len() <= 256
            && text.split_once('/').is_some_and(|(kind, subtype)| {
                let begins = |part: &str| part.starts_with(|c: char| c.is_ascii_alphanumeric());
                begins(kind)
                    && !kind.ends_with('-')
                    && is_hyphenated(kind)
                    && begins(subtype)
                    && !subtype.ends_with('-')
                    && is_of(subtype, |c| c.is_ascii_alphanumeric() || "-.".contains(c))
            })
    })
}

/// A model package, by ARN, name, or name and version; or an empty text for none.
pub(crate) fn model_package() -> Constraint {
    Constraint::Text("the ARN, the name, or the name and version (name/3) of a model package", |text| {
        let name = match arn_parts(text) {
            Some(arn) if arn.service == "sagemaker" && is_account(arn.account) => {
                arn.resource.split_once('/').map_or("", |(_, name)| name)
            }
            Some(_) => return false,
            None => text,
        };
        let (name, version) = name.split_once('/').map_or((name, None), |(name, version)| (name, Some(version)));
        let versioned = version
            .is_none_or(|version| (1..=9).contains(&version.len()) && version.bytes().all(|b| b.is_ascii_digit()));
        text.is_empty() || text.len() <= 176 && is_name(name) && versioned
    })
}

/// The name of a channel of additional model data.
pub(crate) fn channel_name() -> Constraint {
    Constraint::Text("1 to 64 letters, digits and . _ -", |text| {
        (1..=64).contains(&text.len()) && is_of(text, |c| c.is_ascii_alphanumeric() || "._-".contains(c))
    })
}

/// A KMS key by id, alias or ARN.
pub(crate) fn kms_key() -> Constraint {
    Constraint::Text("a KMS key id, alias or ARN, at most 2048 characters", |text| {
        text.len() <= 2048 && text.chars().all(|c| c.is_ascii_alphanumeric() || ":/_-".contains(c))
    })
}

/// The name of a CloudWatch alarm.
pub(crate) fn alarm_name() -> Constraint {
    Constraint::Text("1 to 255 characters, not only blanks", |text| {
        (1..=255).contains(&text.chars().count()) && !text.trim().is_empty()
    })
}

/// The path at which a container tells its metrics.
pub(crate) fn metrics_path() -> Constraint {
    Constraint::Text("a path that begins with /", |text| text.starts_with('/'))
}

/// How often metrics are published, in seconds.
pub(crate) fn metric_frequency() -> Constraint {
    Constraint::OneOfNumbers(&[10, 30, 60, 120, 180, 240, 300])
}

/// A whole number between two bounds.
pub(crate) fn between(min: i32, max: i32) -> Constraint {
    Constraint::Range(f64::from(min), f64::from(max))
}

/// A whole number of at least so much.
pub(crate) fn at_least(min: i32) -> Constraint {
    Constraint::Range(f64::from(min), f64::INFINITY)
}

/// A length of time as Go writes it: `90m`, `1h30m`, `45s`.
pub(crate) fn duration() -> Constraint {
    Constraint::Text("a duration such as 90m, 1h30m or 45s", |text| parse_duration(text).is_some())
}

/// The length of time that such a text means.
pub(crate) fn parse_duration(text: &str) -> Option<std::time::Duration> {
    let mut seconds = 0.0_f64;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at_checked(digits)?;
        let number: f64 = number.parse().ok()?;
        let end = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(end)?;
        seconds += number
            * match unit {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 0.001,
                _ => return None,
            };
        rest = tail;
    }
    std::time::Duration::try_from_secs_f64(seconds).ok()
}

fn is_of(text: &str, allowed: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(allowed)
}

fn is_hyphenated(text: &str) -> bool {
    is_of(text, |c| c.is_ascii_alphanumeric() || c == '-')
}

/// Whether text can be the name of a SageMaker object.
pub(crate) fn is_name(text: &str) -> bool {
    (1..=63).contains(&text.len()) && is_hyphenated(text) && !text.starts_with('-') && !text.ends_with('-')
}

fn after_scheme(text: &str) -> Option<&str> {
    text.strip_prefix("s3://").or_else(|| text.strip_prefix("https://"))
}

pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// The parts of an ARN.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arn<'a> {
    pub(crate) partition: &'a str,
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
    pub(crate) account: &'a str,
    pub(crate) resource: &'a str,
}

/// Takes an ARN apart; nothing for anything else.
pub(crate) fn arn_parts(text: &str) -> Option<Arn<'_>> {
    let mut parts = text.splitn(6, ':');
    let head = parts.next()?;
    let (partition, service, region, account, resource) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let plain = |text: &str| text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let fits = head == "arn"
        && partition.starts_with("aws")
        && plain(partition)
        && !service.is_empty()
        && plain(service)
        && plain(region)
        && (account.is_empty() || account == "aws" || is_account(account))
        && !resource.is_empty()
        && !resource.contains(char::is_whitespace);
    fits.then_some(Arn { partition, service, region, account, resource })
}

fn is_arn(text: &str) -> bool {
    (20..=2048).contains(&text.len()) && arn_parts(text).is_some()
}

fn is_role_arn(text: &str) -> bool {
    (20..=2048).contains(&text.len())
        && arn_parts(text).is_some_and(|arn| {
            arn.service == "iam"
                && arn.region.is_empty()
                && is_account(arn.account)
                && arn.resource.strip_prefix("role").is_some_and(|name| {
                    is_of(name.strip_prefix('/').unwrap_or(name), |c| {
                        c.is_ascii_alphanumeric() || "_+=,.@-/".contains(c)
                    })
                })
        })
}

fn is_function_arn(text: &str) -> bool {
    arn_parts(text).is_some_and(|arn| {
        let mut parts = arn.resource.split(':');
        let (kind, name, qualifier) = (parts.next(), parts.next(), parts.next());
        let plain = |part: &str| is_of(part, |c| c.is_ascii_alphanumeric() || "-_$".contains(c));
        arn.service == "lambda"
            && !arn.region.is_empty()
            && is_account(arn.account)
            && kind == Some("function")
            && name.is_some_and(plain)
            && qualifier.is_none_or(plain)
            && parts.next().is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(constraint: &Constraint, text: &str) -> bool {
        match constraint {
            Constraint::Text(_, test) => test(text),
            _ => false,
        }
    }

    fn check(constraint: &Constraint, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(accepts(constraint, text), "{text:?} is refused");
        }
        for text in bad {
            assert!(!accepts(constraint, text), "{text:?} is accepted");
        }
    }

    #[test]
    fn names_follow_the_pattern_of_the_api() {
        let long = "a".repeat(64);
        check(&name(), &["a", "a-b", "a--b", "A1", &"a".repeat(63)], &["-a", "a-", "a_b", "a.b", "", &long, "é"]);
        check(&name_prefix(), &["a", "a-", "vpc-model-"], &["-a", "", "a_", &"a".repeat(38)]);
    }

    #[test]
    fn arns() {
        let role = |name: &str| format!("arn:aws:iam::123456789012:{name}");
        check(
            &role_arn(),
            &[&role("role/r"), &role("role/service-role/r"), &role("roler"), "arn:aws-us-gov:iam::123456789012:role/r"],
            &["arn:aws:iam::12345678901:role/r", &role("user/u"), &role("role/r x"), "", "role/r"],
        );
        check(
            &function_arn(),
            &["arn:aws:lambda:us-east-1:123456789012:function:f", "arn:aws:lambda:us-east-1:123456789012:function:f:1"],
            &["arn:aws:lambda:us-east-1:123456789012:layer:f", "f", "arn:aws:lambda:us-east-1:123456789012:function"],
        );
        check(
            &topic_arn(),
            &["arn:aws:sns:us-east-1:123456789012:t.fifo", ""],
            &["x", "arn:aws:sqs:us-east-1:123456789012:t"],
        );
        check(&role_arn_or_none(), &[&role("role/r"), ""], &["role/r", " "]);
        check(&arn_or_none(), &["arn:aws:kms:us-east-1:123456789012:key/k", ""], &["key/k", " "]);
    }

    #[test]
    fn addresses_of_data() {
        check(&model_uri(), &["s3://b/k", "s3://b", "https://h/k"], &["s3:///k", "S3://b/k", "http://h/k", "s3://"]);
        check(&destination_uri(), &["s3://b/k", "s3://b"], &["s3:///k", "s3://"]);
        check(&content_type(), &["text/csv", "application/vnd.x-1"], &["text", "/csv", "text/", "te xt/csv"]);
    }

    #[test]
    fn packages_channels_keys_and_alarms() {
        check(
            &model_package(),
            &["", "pkg", "pkg/1", "arn:aws:sagemaker:us-east-1:123456789012:model-package/pkg/3"],
            &["pkg-", &"p".repeat(64), "pkg/x", "arn:aws:iam::123456789012:role/r"],
        );
        check(&channel_name(), &["a.b_c-d"], &["", "a b"]);
        check(&kms_key(), &["", "alias/x"], &["a b"]);
        check(&alarm_name(), &["a", "a b"], &["", " "]);
    }

    #[test]
    fn durations_are_those_of_go() {
        for (text, seconds) in [("90m", 5400), ("1h30m", 5400), ("45s", 45), ("1.5h", 5400)] {
            assert_eq!(parse_duration(text).map(|duration| duration.as_secs()), Some(seconds), "{text}");
        }
        for text in ["", "90", "m", "1x", "-5m", "1h 30m", "1..2s"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
