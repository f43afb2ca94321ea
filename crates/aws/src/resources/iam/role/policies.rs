//! The policies of a role: its own, and those attached to it.

use std::collections::{BTreeMap, BTreeSet};

use smform_provider::Run;
use smform_types::Value;

use super::super::document::{decoded, means_the_same};
use super::super::{PROPAGATION, found, is_missing};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::retry::while_passing;
use crate::rpc::{Form, Rpc};

/// What a role may have, by name and by ARN.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Policies {
    pub(super) inline: BTreeMap<String, String>,
    pub(super) managed: BTreeSet<String>,
}

fn of_role(role: &str) -> Form {
    Form::new().text("RoleName", Some(role))
}

/// The policies that an object names. What is unknown is left to others.
pub(super) fn of_object(object: &Value) -> Policies {
    let fields = Fields(object);
    let inline =
        fields.blocks("inline_policy").filter_map(|block| Some((block.owned("name")?, block.owned("policy")?)));
    Policies { inline: inline.collect(), managed: fields.texts("managed_policy_arns").into_iter().collect() }
}

/// The policies that a role has. A document that is gone since its name was listed is left out.
pub(super) async fn live(client: &Rpc, role: &str) -> Result<Policies, Failure> {
    let mut policies = Policies::default();
    for name in client.listed("ListRolePolicies", of_role(role), "PolicyNames").await? {
        let name = name.own_text();
        if let Some(document) = inline(client, role, name).await? {
            policies.inline.insert(name.to_owned(), document);
        }
    }
    let attached = client.listed("ListAttachedRolePolicies", of_role(role), "AttachedPolicies").await?;
    policies.managed = attached.iter().filter_map(|policy| policy.text("PolicyArn")).map(str::to_owned).collect();
    Ok(policies)
}

/// One of the role's own policies.
pub(in super::super) async fn inline(client: &Rpc, role: &str, name: &str) -> Result<Option<String>, Failure> {
    let form = of_role(role).text("PolicyName", Some(name));
    let answer = found(client.query("GetRolePolicy", form).await)?;
    Ok(answer.map(|answer| decoded(answer.text("PolicyDocument").unwrap_or_default())))
}

/// Gives the role a policy of its own.
pub(in super::super) async fn put(client: &Rpc, role: &str, name: &str, document: &str) -> Result<(), Failure> {
    let form = of_role(role).text("PolicyName", Some(name)).text("PolicyDocument", Some(document));
    client.query("PutRolePolicy", form).await.map(drop)
}

/// Takes one of the role's own policies away; fine when it is gone.
pub(in super::super) async fn remove(client: &Rpc, role: &str, name: &str) -> Result<(), Failure> {
    let form = of_role(role).text("PolicyName", Some(name));
    found(client.query("DeleteRolePolicy", form).await).map(drop)
}

/// Attaches a policy. One that was just made may not be seen everywhere yet.
pub(in super::super) async fn attach(client: &Rpc, role: &str, arn: &str, run: &dyn Run) -> Result<(), Failure> {
    let waiting = "waiting for another change of the role";
    while_passing(run, PROPAGATION, is_concurrent, waiting, || {
        let form = of_role(role).text("PolicyArn", Some(arn));
        async move { client.query("AttachRolePolicy", form).await.map(drop) }
    })
    .await
}

/// Detaches a policy; fine when it is detached.
pub(in super::super) async fn detach(client: &Rpc, role: &str, arn: &str) -> Result<(), Failure> {
    let form = of_role(role).text("PolicyArn", Some(arn));
    found(client.query("DetachRolePolicy", form).await).map(drop)
}

/// Whether somebody else is changing the same thing.
pub(super) fn is_concurrent(failure: &Failure) -> bool {
    failure.code() == "ConcurrentModification"
}

/// Brings the policies of a role from one set to another. What is gone already is what was wanted.
pub(super) async fn change(
    client: &Rpc,
    role: &str,
    from: &Policies,
    to: &Policies,
    run: &dyn Run,
) -> Result<(), Failure> {
    for arn in from.managed.difference(&to.managed) {
        detach(client, role, arn).await?;
    }
    for arn in to.managed.difference(&from.managed) {
        attach(client, role, arn, run).await?;
    }
    for (name, document) in &to.inline {
        if !from.inline.get(name).is_some_and(|before| means_the_same(before, document)) {
            put(client, role, name, document).await?;
        }
    }
    for name in from.inline.keys().filter(|name| !to.inline.contains_key(*name)) {
        remove(client, role, name).await?;
    }
    Ok(())
}

/// Takes a role out of its instance profiles, without which it cannot be deleted.
pub(super) async fn leave_profiles(client: &Rpc, role: &str) -> Result<(), Failure> {
    let profiles = match client.listed("ListInstanceProfilesForRole", of_role(role), "InstanceProfiles").await {
        Err(failure) if is_missing(&failure) => return Ok(()),
        listed => listed?,
    };
    for profile in profiles.iter().filter_map(|profile| profile.text("InstanceProfileName")) {
        let form = of_role(role).text("InstanceProfileName", Some(profile));
        found(client.query("RemoveRoleFromInstanceProfile", form).await)?;
    }
    Ok(())
}
