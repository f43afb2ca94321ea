//! The policies of a role: its own, and those attached to it.

use std::collections::{BTreeMap, BTreeSet};

use smform_provider::{PlannedObject, Run};
use smform_types::{Value, ValueKind};

use super::super::document::{decoded, means_the_same};
use super::super::{PROPAGATION, found, is_concurrent, is_missing};
use crate::failure::Failure;
use crate::fields::{Fields, with};
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

/// The role as read, without the policies that are not recorded with it and that other objects stand for.
pub(super) fn accounted(recorded: &Value, read: &Value, others: &[PlannedObject]) -> Value {
    let (known, role) = (of_object(recorded), Fields(read).text("name"));
    let named_by = |type_name: &'static str, argument: &'static str| -> BTreeSet<String> {
        let of_type = others.iter().filter(move |other| *other.type_name == *type_name);
        let of_role = of_type.filter_map(|other| other.after.as_ref()).filter(|o| Fields(o).text("role") == role);
        of_role.filter_map(|object| Fields(object).owned(argument)).collect()
    };
    let attached = named_by("aws_iam_role_policy_attachment", "policy_arn");
    let inline = named_by("aws_iam_role_policy", "name");
    let is_managed =
        |item: &Value| item.as_str().is_none_or(|arn| known.managed.contains(arn) || !attached.contains(arn));
    let is_inline = |item: &Value| {
        let name = Fields(item).text("name");
        name.is_none_or(|name| known.inline.contains_key(name) || !inline.contains(name))
    };
    let read = only(read.clone(), "managed_policy_arns", is_managed);
    only(read, "inline_policy", is_inline)
}

/// The object with those elements of a set that are to be kept.
fn only(object: Value, name: &str, kept: impl Fn(&Value) -> bool) -> Value {
    match object.get(name).map(Value::kind) {
        Some(ValueKind::Set(element, items)) => {
            let items = Value::set(element.clone(), items.iter().filter(|item| kept(item)).cloned());
            with(object, name, items)
        }
        _ => object,
    }
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
