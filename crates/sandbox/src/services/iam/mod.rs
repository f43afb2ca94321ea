//! IAM: roles with their trust, inline and attached policies, and the customer's managed policies.
//!
//! IAM belongs to no region. Error texts are those seen on the real service unless marked.

mod attachment;
mod inline;
mod policy;
mod role;
pub(crate) mod state;

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use self::state::Tags;
use crate::services::{QueryAnswer as Answer, QueryOperation};
use crate::wire::ApiError;
use crate::wire::query::Params;
use crate::wire::xml::Node;

type Run = fn(&mut crate::services::Context<'_>, &Params) -> Answer;

const fn reads(name: &'static str, run: Run) -> QueryOperation {
    QueryOperation { name, mutates: false, run }
}

const fn writes(name: &'static str, run: Run) -> QueryOperation {
    QueryOperation { name, mutates: true, run }
}

/// Every operation.
pub(crate) static OPERATIONS: &[QueryOperation] = &[
    writes("CreateRole", role::create),
    reads("GetRole", role::get),
    reads("ListRoles", role::list),
    writes("UpdateRole", role::update),
    writes("UpdateAssumeRolePolicy", role::update_trust),
    writes("DeleteRole", role::delete),
    writes("PutRolePermissionsBoundary", role::put_boundary),
    writes("DeleteRolePermissionsBoundary", role::delete_boundary),
    writes("TagRole", role::tag),
    writes("UntagRole", role::untag),
    reads("ListRoleTags", role::list_tags),
    reads("ListInstanceProfilesForRole", role::list_instance_profiles),
    writes("PutRolePolicy", inline::put),
    reads("GetRolePolicy", inline::get),
    writes("DeleteRolePolicy", inline::delete),
    reads("ListRolePolicies", inline::list),
    writes("AttachRolePolicy", attachment::attach),
    writes("DetachRolePolicy", attachment::detach),
    reads("ListAttachedRolePolicies", attachment::list),
    writes("CreatePolicy", policy::create),
    reads("GetPolicy", policy::get),
    reads("ListPolicies", policy::list),
    reads("GetPolicyVersion", policy::get_version),
    reads("ListPolicyVersions", policy::list_versions),
    reads("ListEntitiesForPolicy", policy::list_entities),
    writes("CreatePolicyVersion", policy::create_version),
    writes("SetDefaultPolicyVersion", policy::set_default),
    writes("DeletePolicyVersion", policy::delete_version),
    writes("TagPolicy", policy::tag),
    writes("UntagPolicy", policy::untag),
    writes("DeletePolicy", policy::delete),
];

/// The operation of that name.
pub(crate) fn operation(name: &str) -> Option<&'static QueryOperation> {
    OPERATIONS.iter().find(|operation| operation.name == name)
}

/// The names that identify what a request is about.
pub(crate) fn names(params: &Params) -> Vec<String> {
    ["RoleName", "PolicyName", "PolicyArn"].iter().filter_map(|name| params.get(name)).map(str::to_owned).collect()
}

fn no_such_entity(message: String) -> ApiError {
    ApiError::new("NoSuchEntity", message).with_status(404)
}

fn conflict(message: &str) -> ApiError {
    ApiError::new("DeleteConflict", message).with_status(409)
}

fn already_exists(message: String) -> ApiError {
    ApiError::new("EntityAlreadyExists", message).with_status(409)
}

/// A violated constraint, in the words of the services' common front end.
fn violation(value: &str, member: &str, constraint: &str) -> ApiError {
    let text = format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"
    );
    ApiError::new("ValidationError", text)
}

/// A name of a role or policy.
fn name<'a>(params: &'a Params, field: &str, member: &str, longest: usize) -> Result<&'a str, ApiError> {
    let name = params.required(field).map_err(|_| {
        let text = format!(
            "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
        );
        ApiError::new("ValidationError", text)
    })?;
    if name.chars().count() > longest {
        return Err(violation(name, member, &format!("Member must have length less than or equal to {longest}")));
    }
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b)) {
        let text = format!(
            "The specified value for {member} is invalid. It must contain only alphanumeric characters and/or the \
             following: +=,.@_-"
        );
        return Err(ApiError::new("ValidationError", text));
    }
    Ok(name)
}

/// A path, `/` by default.
fn path(params: &Params) -> Result<String, ApiError> {
    let path = params.get("Path").unwrap_or("/");
    let fits = path.starts_with('/') && path.ends_with('/') && path.len() <= 512;
    let printable = path.bytes().all(|b| (0x21..=0x7e).contains(&b));
    if fits && printable {
        return Ok(path.to_owned());
    }
    Err(ApiError::new(
        "ValidationError",
        "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric \
         characters and/or / characters.",
    ))
}

/// A policy document: a JSON object with statements.
fn document(params: &Params, field: &str, longest: usize) -> Result<String, ApiError> {
    let text = params.required(field)?;
    let malformed = |message: &str| ApiError::new("MalformedPolicyDocument", message);
    let parsed: serde_json::Value =
        serde_json::from_str(text).map_err(|_| malformed("This policy contains invalid Json"))?;
    if !parsed.get("Statement").is_some_and(|statement| statement.is_object() || statement.is_array()) {
        return Err(malformed("Syntax errors in policy."));
    }
    // White space does not count.
    let size = text.chars().filter(|c| !c.is_whitespace()).count();
    if size > longest {
        let text = format!("Cannot exceed quota for PolicySize: {longest}");
        return Err(ApiError::new("LimitExceeded", text).with_status(409));
    }
    Ok(text.to_owned())
}

/// A document as IAM sends it: URL-encoded, as RFC 3986 has it.
fn encoded(document: &str) -> Node {
    let form: String = form_urlencoded::byte_serialize(document.as_bytes()).collect();
    Node::text(form.replace('+', "%20"))
}

fn tags(params: &Params) -> Result<Tags, ApiError> {
    let tags: BTreeMap<String, String> = params
        .structures("Tags.member")
        .into_iter()
        .map(|tag| (tag.get("Key").unwrap_or_default().to_owned(), tag.get("Value").unwrap_or_default().to_owned()))
        .collect();
    match tags.keys().find(|key| key.is_empty() || key.chars().count() > 128) {
        Some(key) => Err(violation(key, "tags.1.member.key", "Member must have length between 1 and 128")),
        None => Ok(tags),
    }
}

fn tag_list(tags: &Tags) -> Node {
    let node = |(key, value): (&String, &String)| {
        Node::Structure(vec![("Key", Node::text(key)), ("Value", Node::text(value))])
    };
    Node::Members(tags.iter().map(node).collect())
}

/// A page of a listing by its position; `IsTruncated` and `Marker` say where the next begins.
fn page(params: &Params, member: &'static str, items: Vec<Node>) -> Answer {
    let size = params.integer("MaxItems")?.unwrap_or(100).clamp(1, 1_000);
    let start = match params.get("Marker") {
        None => 0,
        Some(marker) => marker.parse().map_err(|_| violation(marker, "marker", "Member must be a marker"))?,
    };
    let size = usize::try_from(size).unwrap_or(100);
    let end = items.len().min(start + size);
    let truncated = end < items.len();
    let shown = items.into_iter().skip(start).take(size).collect();
    let mut answer = vec![(member, Node::Members(shown)), ("IsTruncated", Node::boolean(truncated))];
    if truncated {
        answer.push(("Marker", Node::text(end.to_string())));
    }
    Ok(answer)
}

/// An id in IAM's form: a prefix for the kind, and 17 characters.
fn id(prefix: &str, seed: &str) -> String {
    let hash: String = Sha256::digest(seed.as_bytes()).iter().map(|byte| format!("{byte:02X}")).collect();
    format!("{prefix}{}", hash.get(..17).unwrap_or_default())
}
