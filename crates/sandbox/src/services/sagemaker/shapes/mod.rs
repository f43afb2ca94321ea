//! The SageMaker API's shapes as data: what a request may hold, and within which limits.

pub(crate) mod components;
mod instance_types;
pub(crate) mod operations;
pub(crate) mod packages;
pub(crate) mod patterns;
mod scalars;
mod structures;

pub(crate) use instance_types::INSTANCE_TYPES;
use patterns::Pattern;

/// "No upper limit" for lengths.
pub(crate) const UNBOUNDED: usize = usize::MAX;

/// What one value may be.
pub(crate) enum Shape {
    /// An object with known members.
    Structure(&'static [Member]),
    /// A string, its length in characters.
    Text { min: usize, max: usize, rule: TextRule },
    /// A whole number. The API's integers have 32 bits.
    Integer { min: i32, max: i32 },
    /// A number without an upper limit.
    Float { min: f64 },
    /// `true` or `false`.
    Boolean,
    /// Seconds since 1970, with a fraction.
    Timestamp,
}

/// What a string may hold besides its length.
pub(crate) enum TextRule {
    Any,
    OneOf(&'static [&'static str]),
    Matching(Pattern),
}

/// A member of a structure.
pub(crate) struct Member {
    pub name: &'static str,
    pub required: bool,
    pub kind: Kind,
}

/// Whether a member holds one value, a list or a map.
pub(crate) enum Kind {
    One(&'static Shape),
    List { of: &'static Shape, min: usize, max: usize },
    Map { key: &'static Shape, value: &'static Shape, max: usize },
}

const fn required(name: &'static str, shape: &'static Shape) -> Member {
    Member { name, required: true, kind: Kind::One(shape) }
}

const fn optional(name: &'static str, shape: &'static Shape) -> Member {
    Member { name, required: false, kind: Kind::One(shape) }
}

const fn required_list(name: &'static str, of: &'static Shape, min: usize, max: usize) -> Member {
    Member { name, required: true, kind: Kind::List { of, min, max } }
}

const fn optional_list(name: &'static str, of: &'static Shape, min: usize, max: usize) -> Member {
    Member { name, required: false, kind: Kind::List { of, min, max } }
}

const fn optional_map(name: &'static str, key: &'static Shape, value: &'static Shape, max: usize) -> Member {
    Member { name, required: false, kind: Kind::Map { key, value, max } }
}

const fn text(min: usize, max: usize) -> Shape {
    Shape::Text { min, max, rule: TextRule::Any }
}

const fn one_of(values: &'static [&'static str]) -> Shape {
    Shape::Text { min: 0, max: UNBOUNDED, rule: TextRule::OneOf(values) }
}

const fn pattern(min: usize, max: usize, source: &'static str) -> Shape {
    Shape::Text { min, max, rule: TextRule::Matching(Pattern::regex(source)) }
}

const fn checked(min: usize, max: usize, source: &'static str, check: fn(&str) -> bool) -> Shape {
    Shape::Text { min, max, rule: TextRule::Matching(Pattern::by_hand(source, check)) }
}

const fn integer(min: i32, max: i32) -> Shape {
    Shape::Integer { min, max }
}

const fn float(min: f64) -> Shape {
    Shape::Float { min }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(shape: &Shape, seen: &mut Vec<&'static str>) {
        match shape {
            Shape::Structure(members) => {
                for member in *members {
                    match &member.kind {
                        Kind::One(shape) | Kind::List { of: shape, .. } => walk(shape, seen),
                        Kind::Map { key, value, .. } => {
                            walk(key, seen);
                            walk(value, seen);
                        }
                    }
                }
            }
            Shape::Text { rule: TextRule::Matching(pattern), .. } => {
                assert!(pattern.is_usable(), "{}", pattern.source());
                seen.push(pattern.source());
            }
            _ => {}
        }
    }

    #[test]
    fn every_pattern_compiles() {
        let mut seen = Vec::new();
        for shape in [
            &operations::CREATE_MODEL,
            &operations::CREATE_ENDPOINT_CONFIG,
            &operations::CREATE_ENDPOINT,
            &operations::LIST_MODELS,
            &operations::ADD_TAGS,
            &operations::LIST_TAGS,
            &packages::CREATE,
            &packages::CREATE_GROUP,
            &packages::LIST,
            &packages::UPDATE,
        ] {
            walk(shape, &mut seen);
        }
        assert!(seen.len() > 60, "{}", seen.len());
    }

    /// Values that the service accepts and refuses, shape by shape.
    #[test]
    fn patterns_accept_and_refuse() {
        let long = |letter: &str, length: usize| letter.repeat(length);
        let vectors: &[(&Shape, &[&str], &[&str])] = &[
            (
                &scalars::MODEL_NAME,
                &["a", "a-b", "a--b", "A1", &long("a", 63)],
                &["-a", "a-", "a_b", "a.b", "", &long("a", 64)],
            ),
            (
                &scalars::ENDPOINT_NAME,
                &["a", "a--b", &long("a", 63)],
                &["-a", "a-", "a_b", "a.b", &long("a", 64), &format!("a{}b", long("-", 100))],
            ),
            (
                &scalars::CONTAINER_IMAGE,
                &["x", "reg.example.org:5000/team/img:1.0"],
                &["has space", "", &long("a", 256)],
            ),
            (
                &scalars::ROLE_ARN,
                &[
                    "arn:aws:iam::123456789012:role/r",
                    "arn:aws:iam::123456789012:role/service-role/r",
                    "arn:aws-us-gov:iam::123456789012:role/r",
                    "arn:aws:iam::123456789012:roler",
                ],
                &[
                    "arn:aws:iam::12345678901:role/r",
                    "arn:aws:iam::123456789012:user/u",
                    "arn:aws:iam::123456789012:role/r x",
                ],
            ),
            (&scalars::SUBNET_ID, &["subnet-0123456789abcdef0", "zork"], &["subnet_1", "", &long("x", 33)]),
            (&scalars::S3_MODEL_URI, &["s3://b/k", "s3://b", "https://h/k"], &["s3:///k", "S3://b/k", "http://h/k"]),
            (&scalars::DESTINATION_S3_URI, &["s3://b/k", "s3://b"], &["s3:///k", "s3://"]),
            (&scalars::ENVIRONMENT_KEY, &["A", "_A1"], &["1A", "A-B", "A.B", ""]),
            (
                &scalars::TAG_KEY,
                &["k", "aws:x", "a b", "é", "a/b=c+d-e@f", &long("é", 128)],
                &["a*b", "a\tb", &long("k", 129)],
            ),
            (&scalars::METRICS_ENDPOINT_PATH, &["/metrics"], &["/a/../b", "metrics", "/a..b", "/a b"]),
            (
                &scalars::VERSIONED_ARN_OR_NAME,
                &["pkg", "pkg/1", "arn:aws:sagemaker:us-east-1:123456789012:model-package/pkg/3"],
                &["pkg-", &long("p", 64)],
            ),
            (
                &scalars::KMS_KEY_ID,
                &["", "alias/x", "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"],
                &["a b"],
            ),
            (&scalars::ENDPOINT_NAME_CONTAINS, &["a", "-"], &["a_b", ""]),
            (&scalars::ALARM_NAME, &["a", "a b"], &[" "]),
            (
                &scalars::RESOURCE_ARN,
                &["arn:aws:sagemaker:us-east-1:123456789012:endpoint/e"],
                &["arn:aws:iam::123456789012:role/r"],
            ),
            (&scalars::CLARIFY_MIME_TYPE, &["text/csv", "application/json"], &["text"]),
            (&scalars::ACCELERATOR_PARTITION_TYPE, &["mig-3g.40gb", "mig-1g.10gb+me"], &["mig"]),
            (
                &scalars::SNS_TOPIC_ARN,
                &["arn:aws:sns:us-east-1:123456789012:t", "arn:aws:sns:us-east-1:123456789012:t.fifo"],
                &["x"],
            ),
            (&scalars::ENVIRONMENT_VALUE, &["", "a\nb"], &[&long("v", 1025)]),
            (
                &scalars::PRODUCTION_VARIANT_INSTANCE_TYPE,
                &["ml.t2.medium", "ml.g5.xlarge"],
                &["m5.large", "ml.t3.large"],
            ),
        ];
        for (shape, accepted, refused) in vectors {
            let Shape::Text { min, max, rule } = shape else { panic!("a text shape") };
            let accepts = |value: &str| {
                (*min..=*max).contains(&value.chars().count())
                    && match rule {
                        TextRule::Any => true,
                        TextRule::OneOf(values) => values.contains(&value),
                        TextRule::Matching(pattern) => pattern.accepts(value),
                    }
            };
            for value in *accepted {
                assert!(accepts(value), "{value:?} must be accepted");
            }
            for value in *refused {
                assert!(!accepts(value), "{value:?} must be refused");
            }
        }
    }
}
