//! IAM: roles, their policies, and policies as documents. IAM belongs to no region.

pub(crate) mod data_policy;
pub(crate) mod data_policy_document;
pub(crate) mod data_role;
pub(super) mod document;
pub(crate) mod policy;
pub(crate) mod role;
pub(crate) mod role_policy;
pub(crate) mod role_policy_attachment;
pub(super) mod trust;

use std::time::Duration;

use smform_types::schema::Constraint;

use crate::failure::Failure;

/// How long IAM may take until everybody sees a change.
const PROPAGATION: Duration = Duration::from_secs(120);

/// `Ok(None)` for what IAM does not know.
fn found<T>(result: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(failure) if is_missing(&failure) => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn is_missing(failure: &Failure) -> bool {
    failure.code() == "NoSuchEntity"
}

/// Whether somebody else is changing the same thing.
fn is_concurrent(failure: &Failure) -> bool {
    failure.code() == "ConcurrentModification"
}

/// A time as Terraform writes it, in whole seconds; other text as it is.
fn date(text: &str) -> String {
    let time = text.parse::<jiff::Timestamp>();
    time.map_or_else(|_| text.to_owned(), |time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// A name of a role or a policy: the characters that IAM allows, its length aside.
fn name() -> Constraint {
    Constraint::Text("letters, digits and + = , . @ _ -", |text| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c))
    })
}

/// Where a role or a policy is filed.
fn path() -> Constraint {
    Constraint::Text("a path that begins and ends with /, at most 512 characters", |text| {
        text.len() <= 512
            && text.starts_with('/')
            && text.ends_with('/')
            && text.bytes().all(|byte| (0x21..=0x7e).contains(&byte))
    })
}
