//! Deleting a security group, which must wait for what still uses it: SageMaker leaves network interfaces behind for
//! minutes after an endpoint is gone.

use std::time::Duration;

use aws_sdk_ec2::Client;
use smform_provider::{ProviderError, Run};
use smform_types::Value;

use super::super::filters::filter;
use super::describe;
use crate::failure::{Failure, Service, failed};
use crate::shared::limit;
use crate::waiters::{Wait, in_words};

/// How long to wait for users of the group to go away, unless the configuration says otherwise.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

/// How long to wait when only rules of other groups are in the way, which do not go away by themselves.
const PATIENCE_WITH_RULES: Duration = Duration::from_secs(60);

/// Deletes the group and waits until the service no longer knows it.
pub(super) async fn delete(client: &Client, id: &str, prior: &Value, run: &dyn Run) -> Result<(), ProviderError> {
    let within = limit(prior, "delete", PATIENCE);
    let mut wait = Wait::new(run, within);
    let mut wait_for_rules = Wait::new(run, PATIENCE_WITH_RULES.min(within));
    let summary = || format!("Security group {id} could not be deleted");
    loop {
        let answer = client.delete_security_group().group_id(id).send().await;
        match answer.map_err(failed(Service::Ec2, "DeleteSecurityGroup")) {
            Ok(_) => break,
            Err(failure) if failure.code() == "InvalidGroup.NotFound" => return Ok(()),
            Err(failure) if matches!(failure.code(), "DependencyViolation" | "InvalidGroup.InUse") => {
                let users = users(client, id).await;
                run.progress(&format!("in use by {}", users.in_words()));
                let waited = if users.only_rules() { wait_for_rules.pause().await } else { wait.pause().await };
                if waited.is_err() {
                    return Err(in_use(failure, id, &users, within));
                }
            }
            Err(failure) => return Err(failure.into_error(summary())),
        }
    }
    while describe(client, id).await.map_err(|failure| failure.into_error(summary()))?.is_some() {
        wait.pause().await.map_err(|_| {
            let detail = format!("Its deletion was accepted, and it is still there after {}.", in_words(within));
            ProviderError::new(summary(), detail)
        })?;
    }
    Ok(())
}

/// What still uses a group.
#[derive(Default)]
struct Users {
    interfaces: Vec<String>,
    groups: Vec<String>,
}

impl Users {
    fn only_rules(&self) -> bool {
        self.interfaces.is_empty() && !self.groups.is_empty()
    }

    fn in_words(&self) -> String {
        let mut parts = Vec::new();
        if !self.interfaces.is_empty() {
            parts.push(format!("network interfaces {}", self.interfaces.join(", ")));
        }
        if !self.groups.is_empty() {
            parts.push(format!("rules of {}", self.groups.join(", ")));
        }
        if parts.is_empty() { "something that EC2 does not name".to_owned() } else { parts.join(" and ") }
    }
}

/// What still uses the group, as far as the caller may see it.
async fn users(client: &Client, id: &str) -> Users {
    let mut users = Users::default();
    if let Ok(answer) = client.describe_network_interfaces().filters(filter("group-id", id)).send().await {
        for interface in answer.network_interfaces() {
            let about = interface.description().filter(|about| !about.is_empty());
            let about = about.map(|about| format!(" ({about})")).unwrap_or_default();
            users.interfaces.push(format!("{}{about}", interface.network_interface_id().unwrap_or_default()));
        }
    }
    for name in ["ip-permission.group-id", "egress.ip-permission.group-id"] {
        let Ok(answer) = client.describe_security_groups().filters(filter(name, id)).send().await else { continue };
        for group in answer.security_groups() {
            let other = group.group_id().unwrap_or_default().to_owned();
            if other != id && !users.groups.contains(&other) {
                users.groups.push(other);
            }
        }
    }
    users
}

fn in_use(failure: Failure, id: &str, users: &Users, within: Duration) -> ProviderError {
    let advice = if users.only_rules() {
        "Remove those rules, then run the command again."
    } else {
        "SageMaker removes the interfaces of a deleted endpoint by itself, usually within minutes: run the command \
         again later, or allow more time in a timeouts block. Interfaces of anything else must be removed first."
    };
    let mut error = failure.into_error(format!("Security group {id} is still in use"));
    let waited = if users.only_rules() { String::new() } else { format!(" after {}", in_words(within)) };
    error.detail = format!("It is{waited} still used by {}. {advice}", users.in_words());
    error
}
