//! Managed policies with their versions: the customer's, and those of AWS.
//!
//! Every policy of AWS that is asked for counts as existing; its document and dates are made up.

use std::collections::BTreeMap;

use super::state::{Policy, PolicyVersion, Role, State};
use super::{
    Answer, already_exists, conflict, document, encoded, id, name, no_such_entity, page, path, tag_list, tags,
    violation,
};
use crate::clock::Moment;
use crate::services::Context;
use crate::wire::ApiError;
use crate::wire::query::Params;
use crate::wire::xml::Node;
use crate::world::ACCOUNT;

/// The largest document, in characters without white space.
const LIMIT: usize = 6_144;

/// How many versions a policy may have.
const VERSIONS: usize = 5;

/// The policies of AWS that a listing has.
const LISTED: [&str; 4] = [
    "AmazonEC2ContainerRegistryReadOnly",
    "AmazonS3ReadOnlyAccess",
    "AmazonSageMakerFullAccess",
    "CloudWatchLogsFullAccess",
];

pub(super) fn create(context: &mut Context<'_>, params: &Params) -> Answer {
    let policy_name = name(params, "PolicyName", "policyName", 128)?;
    let path = path(params)?;
    let arn = format!("arn:{}:iam::{ACCOUNT}:policy{path}{policy_name}", context.scope.partition());
    let iam = &mut context.account.iam;
    if iam.policies.values().any(|policy| policy.name.eq_ignore_ascii_case(policy_name)) {
        return Err(already_exists(format!(
            "A policy called {policy_name} already exists. Duplicate names are not allowed."
        )));
    }
    let policy = Policy {
        id: id("ANPA", &format!("{arn} {}", context.now.as_millis())),
        name: policy_name.to_owned(),
        path,
        created: context.now,
        description: params.get("Description").map(str::to_owned),
        versions: first_version(context.now, document(params, "PolicyDocument", LIMIT)?),
        in_force: 1,
        newest: 1,
        tags: tags(params)?,
        arn: arn.clone(),
    };
    let node = node(iam, &policy);
    iam.policies.insert(arn, policy);
    Ok(vec![("Policy", node)])
}

pub(super) fn get(context: &mut Context<'_>, params: &Params) -> Answer {
    let policy = find(context, params)?;
    Ok(vec![("Policy", node(&context.account.iam, &policy))])
}

/// Of AWS's policies, those that models and endpoints have to do with.
pub(super) fn list(context: &mut Context<'_>, params: &Params) -> Answer {
    let scope = params.get("Scope").unwrap_or("All");
    if !["All", "AWS", "Local"].contains(&scope) {
        let constraint = "Member must satisfy enum value set: [All, AWS, Local]";
        return Err(violation(scope, "scope", constraint));
    }
    let prefix = params.get("PathPrefix").unwrap_or("/");
    let only_attached = params.boolean("OnlyAttached")? == Some(true);
    let iam = &context.account.iam;
    let own = iam.policies.values().filter(|_| scope != "AWS").cloned();
    let of_aws = LISTED.iter().filter(|_| scope != "Local").filter_map(|name| of_aws(context, &aws_arn(context, name)));
    let policies = own.chain(of_aws).filter(|policy| policy.path.starts_with(prefix));
    let policies = policies.filter(|policy| !only_attached || attachments(iam, &policy.arn) > 0);
    // As in the real service, a listing has neither tags nor descriptions.
    let bare = policies.map(|policy| node(iam, &Policy { tags: Default::default(), description: None, ..policy }));
    let nodes = bare.collect();
    page(params, "Policies", nodes)
}

pub(super) fn get_version(context: &mut Context<'_>, params: &Params) -> Answer {
    let policy = find(context, params)?;
    let (number, found) = version_of(&policy, params)?;
    let mut members = version(&policy, number, found);
    members.push(("Document", encoded(&found.document)));
    Ok(vec![("PolicyVersion", Node::Structure(members))])
}

/// Roles; there are neither users nor groups.
pub(super) fn list_entities(context: &mut Context<'_>, params: &Params) -> Answer {
    let arn = find(context, params)?.arn;
    let holders = context.account.iam.roles.values().filter(|role| role.attached.contains(&arn));
    let node =
        |role: &Role| Node::Structure(vec![("RoleName", Node::text(&role.name)), ("RoleId", Node::text(&role.id))]);
    page(params, "PolicyRoles", holders.map(node).collect())
}

/// The newest first.
pub(super) fn list_versions(context: &mut Context<'_>, params: &Params) -> Answer {
    let policy = find(context, params)?;
    let versions = policy.versions.iter().rev();
    page(
        params,
        "Versions",
        versions.map(|(number, found)| Node::Structure(version(&policy, *number, found))).collect(),
    )
}

pub(super) fn create_version(context: &mut Context<'_>, params: &Params) -> Answer {
    let now = context.now;
    let document = document(params, "PolicyDocument", LIMIT)?;
    let policy = own(context, params)?;
    if policy.versions.len() >= VERSIONS {
        let text = format!(
            "A managed policy can have up to {VERSIONS} versions. Before you create a new version, you must delete an \
             existing version."
        );
        return Err(ApiError::new("LimitExceeded", text).with_status(409));
    }
    policy.newest += 1;
    let (number, made) = (policy.newest, PolicyVersion { created: now, document });
    policy.versions.insert(number, made.clone());
    if params.boolean("SetAsDefault")? == Some(true) {
        policy.in_force = number;
    }
    Ok(vec![("PolicyVersion", Node::Structure(version(policy, number, &made)))])
}

pub(super) fn set_default(context: &mut Context<'_>, params: &Params) -> Answer {
    let policy = own(context, params)?;
    policy.in_force = version_of(policy, params)?.0;
    Ok(Vec::new())
}

pub(super) fn delete_version(context: &mut Context<'_>, params: &Params) -> Answer {
    let policy = own(context, params)?;
    let number = version_of(policy, params)?.0;
    if number == policy.in_force {
        return Err(conflict("Cannot delete the default version of a policy."));
    }
    policy.versions.remove(&number);
    Ok(Vec::new())
}

pub(super) fn tag(context: &mut Context<'_>, params: &Params) -> Answer {
    let new = tags(params)?;
    own(context, params)?.tags.extend(new);
    Ok(Vec::new())
}

pub(super) fn untag(context: &mut Context<'_>, params: &Params) -> Answer {
    let keys = params.list("TagKeys.member");
    own(context, params)?.tags.retain(|key, _| !keys.contains(&key.as_str()));
    Ok(Vec::new())
}

pub(super) fn delete(context: &mut Context<'_>, params: &Params) -> Answer {
    let policy = own(context, params)?.clone();
    let iam = &mut context.account.iam;
    if attachments(iam, &policy.arn) > 0 {
        return Err(conflict("Cannot delete a policy attached to entities."));
    }
    if policy.versions.len() > 1 {
        return Err(conflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. \
             The default version is deleted with the policy.",
        ));
    }
    iam.policies.remove(&policy.arn);
    Ok(Vec::new())
}

fn find(context: &Context<'_>, params: &Params) -> Result<Policy, ApiError> {
    let arn = params.required("PolicyArn")?;
    let own = context.account.iam.policies.get(arn).cloned();
    own.or_else(|| of_aws(context, arn)).ok_or_else(|| no_such_entity(format!("Policy {arn} was not found.")))
}

/// A policy that the customer may change.
fn own<'a>(context: &'a mut Context<'_>, params: &Params) -> Result<&'a mut Policy, ApiError> {
    let arn = find(context, params)?.arn;
    // Unverified text.
    let of_aws = || ApiError::new("AccessDenied", format!("Policy {arn} belongs to AWS.")).with_status(403);
    context.account.iam.policies.get_mut(&arn).ok_or_else(of_aws)
}

/// The version that a request names.
fn version_of<'p>(policy: &'p Policy, params: &Params) -> Result<(u32, &'p PolicyVersion), ApiError> {
    let wanted = params.required("VersionId")?;
    let number = wanted.strip_prefix('v').and_then(|number| number.parse().ok());
    let found = number.and_then(|number| policy.versions.get_key_value(&number));
    found.map(|(number, version)| (*number, version)).ok_or_else(|| {
        no_such_entity(format!("Policy {} version {wanted} does not exist or is not attachable.", policy.arn))
    })
}

fn first_version(created: Moment, document: String) -> BTreeMap<u32, PolicyVersion> {
    BTreeMap::from([(1, PolicyVersion { created, document })])
}

fn aws_arn(context: &Context<'_>, name: &str) -> String {
    format!("arn:{}:iam::aws:policy/{name}", context.scope.partition())
}

/// A policy of AWS, made up from its ARN.
fn of_aws(context: &Context<'_>, arn: &str) -> Option<Policy> {
    let filed = arn.strip_prefix(&aws_arn(context, ""))?;
    let (path, name) =
        filed.rsplit_once('/').map_or((String::from("/"), filed), |(path, name)| (format!("/{path}/"), name));
    let statement = r#"{"Effect": "Allow", "Action": ["sagemaker:*"], "Resource": "*"}"#;
    (!name.is_empty()).then(|| Policy {
        name: name.to_owned(),
        id: id("ANPA", arn),
        arn: arn.to_owned(),
        path,
        created: Moment::default(),
        description: Some("A policy of AWS".to_owned()),
        versions: first_version(
            Moment::default(),
            format!(r#"{{"Version": "2012-10-17", "Statement": [{statement}]}}"#),
        ),
        in_force: 1,
        newest: 1,
        tags: Default::default(),
    })
}

fn attachments(iam: &State, arn: &str) -> usize {
    iam.roles.values().filter(|role| role.attached.contains(arn)).count()
}

fn node(iam: &State, policy: &Policy) -> Node {
    let updated = policy.versions.get(&policy.in_force).map_or(policy.created, |version| version.created);
    let mut members = vec![
        ("PolicyName", Node::text(&policy.name)),
        ("PolicyId", Node::text(&policy.id)),
        ("Arn", Node::text(&policy.arn)),
        ("Path", Node::text(&policy.path)),
        ("DefaultVersionId", Node::text(format!("v{}", policy.in_force))),
        ("AttachmentCount", Node::text(attachments(iam, &policy.arn).to_string())),
        ("PermissionsBoundaryUsageCount", Node::number(0)),
        ("IsAttachable", Node::boolean(true)),
        ("CreateDate", Node::text(policy.created.to_iso8601())),
        ("UpdateDate", Node::text(updated.to_iso8601())),
        ("Tags", tag_list(&policy.tags)),
    ];
    if let Some(text) = &policy.description {
        members.push(("Description", Node::text(text)));
    }
    Node::Structure(members)
}

fn version(policy: &Policy, number: u32, version: &PolicyVersion) -> Vec<(&'static str, Node)> {
    vec![
        ("VersionId", Node::text(format!("v{number}"))),
        ("IsDefaultVersion", Node::boolean(number == policy.in_force)),
        ("CreateDate", Node::text(version.created.to_iso8601())),
    ]
}
