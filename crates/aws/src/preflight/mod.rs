//! Live checks of the way from SageMaker through a VPC to a private registry, by EC2 Describe calls only. They tell
//! before an apply what SageMaker would tell many minutes into it. What the caller may not see is a note, never a
//! failure.

mod facts;
mod ids;
mod network;
mod pending;
mod rules;
#[cfg(test)]
mod tests;

use aws_sdk_ec2::Client;
use smform_provider::PlannedObject;
use smform_types::{Diagnostic, Diagnostics, Path};

#[cfg(test)]
use facts::Group;
use facts::{Facts, Rule, Subnet};
pub(crate) use ids::{check_group_id, check_ids};

/// What is to be checked.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) subnets: Vec<String>,
    pub(crate) groups: Vec<String>,
    /// Where the subnets stand in the configuration.
    pub(crate) subnets_at: Path,
    /// Where the groups stand in the configuration.
    pub(crate) groups_at: Path,
}

/// The registry that must be reachable.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The registry's own group and where it stands in the configuration.
    pub(crate) group: Option<(String, Path)>,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    /// The VPC of the subnets, when it is the same for all.
    pub(crate) vpc_id: Option<String>,
    /// The zone names of the subnets, sorted, each once.
    pub(crate) zones: Vec<String>,
    pub(crate) diagnostics: Diagnostics,
}

/// Judges the subnets and groups by themselves. `place` says where was asked, for messages.
pub(crate) async fn network(ec2: &Client, wanted: &Wanted, place: &str) -> Findings {
    judge(wanted, &facts::of_network(ec2, wanted).await, place)
}

/// Judges the way to a registry, by the rules as they will be after the plan.
pub(crate) async fn way(
    ec2: &Client,
    wanted: &Wanted,
    registry: &Registry,
    plan: &[PlannedObject],
    place: &str,
) -> Diagnostics {
    let facts = facts::of_way(ec2, wanted, registry).await;
    let mut found = unseen(&facts);
    rules::judge(wanted, registry, &pending::after(facts, plan), place, &mut found);
    found
}

fn judge(wanted: &Wanted, facts: &Facts, place: &str) -> Findings {
    let mut found = Findings { diagnostics: unseen(facts), ..Findings::default() };
    network::judge(wanted, facts, place, &mut found);
    found
}

fn unseen(facts: &Facts) -> Diagnostics {
    let summary = "Part of the network could not be checked";
    facts.unseen.iter().map(|unseen| Diagnostic::warning(summary, unseen.clone())).collect()
}
