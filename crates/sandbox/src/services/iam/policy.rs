//! Managed policies: the customer's, and those of AWS. They have one version, `v1`.
//!
//! Every policy of AWS that is asked for counts as existing; its document and dates are made up.

use super::state::{Policy, State};
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

const VERSION: &str = "v1";

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
        document: document(params, "PolicyDocument", LIMIT)?,
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
    let wanted = params.required("VersionId")?;
    if wanted != VERSION {
        let text = format!("Policy {} version {wanted} does not exist or is not attachable.", policy.arn);
        return Err(no_such_entity(text));
    }
    let mut members = version(&policy);
    members.push(("Document", encoded(&policy.document)));
    Ok(vec![("PolicyVersion", Node::Structure(members))])
}

pub(super) fn list_versions(context: &mut Context<'_>, params: &Params) -> Answer {
    let policy = find(context, params)?;
    page(params, "Versions", vec![Node::Structure(version(&policy))])
}

pub(super) fn delete(context: &mut Context<'_>, params: &Params) -> Answer {
    let arn = find(context, params)?.arn;
    let iam = &mut context.account.iam;
    if !iam.policies.contains_key(&arn) {
        // Unverified text.
        return Err(ApiError::new("AccessDenied", format!("Policy {arn} belongs to AWS.")).with_status(403));
    }
    if attachments(iam, &arn) > 0 {
        return Err(conflict("Cannot delete a policy attached to entities."));
    }
    iam.policies.remove(&arn);
    Ok(Vec::new())
}

fn find(context: &Context<'_>, params: &Params) -> Result<Policy, ApiError> {
    let arn = params.required("PolicyArn")?;
    let own = context.account.iam.policies.get(arn).cloned();
    own.or_else(|| of_aws(context, arn)).ok_or_else(|| no_such_entity(format!("Policy {arn} was not found.")))
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
        document: format!(r#"{{"Version": "2012-10-17", "Statement": [{statement}]}}"#),
        tags: Default::default(),
    })
}

fn attachments(iam: &State, arn: &str) -> usize {
    iam.roles.values().filter(|role| role.attached.contains(arn)).count()
}

fn node(iam: &State, policy: &Policy) -> Node {
    let created = policy.created.to_iso8601();
    let mut members = vec![
        ("PolicyName", Node::text(&policy.name)),
        ("PolicyId", Node::text(&policy.id)),
        ("Arn", Node::text(&policy.arn)),
        ("Path", Node::text(&policy.path)),
        ("DefaultVersionId", Node::text(VERSION)),
        ("AttachmentCount", Node::text(attachments(iam, &policy.arn).to_string())),
        ("PermissionsBoundaryUsageCount", Node::number(0)),
        ("IsAttachable", Node::boolean(true)),
        ("CreateDate", Node::text(&created)),
        ("UpdateDate", Node::text(created)),
        ("Tags", tag_list(&policy.tags)),
    ];
    if let Some(text) = &policy.description {
        members.push(("Description", Node::text(text)));
    }
    Node::Structure(members)
}

fn version(policy: &Policy) -> Vec<(&'static str, Node)> {
    vec![
        ("VersionId", Node::text(VERSION)),
        ("IsDefaultVersion", Node::boolean(true)),
        ("CreateDate", Node::text(policy.created.to_iso8601())),
    ]
}
