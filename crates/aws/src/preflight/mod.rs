//! Live checks of the way from SageMaker through a VPC to a private registry, by EC2 Describe calls only. They tell
//! before an apply what SageMaker would tell many minutes into it. What the caller may not see is a note, never a
//! failure.

mod acls;
mod ask;
mod code;
mod facts;
mod ids;
mod network;
mod pending;
mod policy;
mod routes;
mod rules;
mod services;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use aws_sdk_ec2::Client;
use ipnet::IpNet;
use smform_provider::PlannedObject;
use smform_types::{Diagnostic, Diagnostics, Path, Severity, Value, ValueKind};

use crate::fields::Fields;

use code::Code;
use facts::{Address, Facts, Rule, Subnet};
pub(crate) use ids::{check_group_id, check_ids};
pub(crate) use pending::TYPES as JUDGED_BESIDE;

/// What is to be checked.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) subnets: Vec<String>,
    pub(crate) groups: Vec<String>,
    /// Whether there are more groups, whose ids are not known yet.
    pub(crate) more_groups: bool,
    /// Whether those are groups that the plan makes.
    pub(crate) made_groups: bool,
    /// Where the subnets stand in the configuration.
    pub(crate) subnets_at: Path,
    /// Where the groups stand in the configuration.
    pub(crate) groups_at: Path,
    pub(crate) registry: Option<Registry>,
    /// What the model has in S3.
    pub(crate) artifacts: Vec<Artifact>,
    /// How many instances the plan starts in the subnets.
    pub(crate) instances: i64,
    /// Where the function that hands out the registry's credentials stands in the configuration.
    pub(crate) credentials_provider: Option<Path>,
}

/// An object in S3, or the beginning of the names of several.
#[derive(Clone, Debug)]
pub(crate) struct Artifact {
    pub(crate) bucket: String,
    pub(crate) key: String,
    /// Where it stands in the configuration.
    pub(crate) at: Path,
}

impl Artifact {
    /// Takes an address such as `s3://bucket/key` apart.
    pub(crate) fn of(uri: &str, at: Path) -> Option<Artifact> {
        let (bucket, key) = uri.strip_prefix("s3://")?.split_once('/')?;
        Some(Artifact { bucket: bucket.to_owned(), key: key.to_owned(), at })
    }

    fn uri(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.key)
    }
}

impl Wanted {
    /// The subnets and groups of a block at a path; nothing when the subnets are not known yet.
    pub(crate) fn network(block: Fields<'_>, at: &Path) -> Option<Wanted> {
        (!block.is_unknown("subnets")).then(|| Wanted {
            subnets: block.texts("subnets"),
            groups: block.texts("security_group_ids"),
            more_groups: block.is_unknown("security_group_ids"),
            made_groups: are_made(block, "security_group_ids"),
            subnets_at: at.attr("subnets"),
            groups_at: at.attr("security_group_ids"),
            registry: None,
            artifacts: Vec::new(),
            instances: 0,
            credentials_provider: None,
        })
    }

    /// Whether services of AWS must be reachable.
    fn needs_services(&self) -> bool {
        !self.artifacts.is_empty() || self.credentials_provider.is_some()
    }

    /// The subnets that were found.
    fn known_subnets<'f>(&'f self, facts: &'f Facts) -> impl Iterator<Item = (&'f str, &'f Subnet)> {
        let known = facts.subnets.iter().flatten().filter(|(id, _)| self.subnets.contains(id));
        known.map(|(id, subnet)| (id.as_str(), subnet))
    }
}

/// Whether all groups in an argument that are not known yet are objects of the plan, of which the beginning of the id is known.
fn are_made(block: Fields<'_>, argument: &str) -> bool {
    let items = block.0.get(argument).and_then(Value::as_slice).unwrap_or_default();
    let mut unknown = items.iter().filter(|item| !item.is_known()).map(Value::kind).peekable();
    let is_made =
        |kind: &ValueKind| matches!(kind, ValueKind::Unknown(_, Some(known)) if known.prefix.as_deref() == Some(GROUP));
    unknown.peek().is_some() && unknown.all(is_made)
}

/// How the id of a security group begins.
pub(crate) const GROUP: &str = "sg-";

/// The registry that must be reachable.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The registry's own group and where it stands in the configuration.
    pub(crate) group: Option<(String, Path)>,
}

impl Registry {
    /// Whether the host is written as an address.
    fn is_address(&self) -> bool {
        self.ip().is_some()
    }

    fn ip(&self) -> Option<IpAddr> {
        self.host.trim_matches(['[', ']']).parse().ok()
    }
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

impl Findings {
    fn error(&mut self, code: Code, at: &Path, summary: impl Into<String>, detail: impl AsRef<str>) {
        let detail = format!("{} [{}]", detail.as_ref(), code.text());
        self.diagnostics.push(Diagnostic::error(summary, detail).of_attribute(at.clone()));
    }

    fn warning(&mut self, code: Code, at: &Path, summary: impl Into<String>, detail: impl AsRef<str>) {
        let detail = format!("{} [{}]", detail.as_ref(), code.text());
        self.diagnostics.push(Diagnostic::warning(summary, detail).of_attribute(at.clone()));
    }
}

/// Findings of which none is an error, for a reason that is told before the code.
pub(crate) fn softened(found: Diagnostics, why: &str) -> Diagnostics {
    found.map(|finding| {
        if !finding.is_error() {
            return finding;
        }
        let detail = match finding.detail.rsplit_once(" [") {
            Some((detail, code)) => format!("{detail} {why} [{code}"),
            None => format!("{} {why}", finding.detail),
        };
        Diagnostic { severity: Severity::Warning, detail, ..finding }
    })
}

/// Where EC2 is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'p> {
    /// Account and region, for messages.
    pub(crate) name: &'p str,
    /// The partition, as ARNs have it.
    pub(crate) partition: &'p str,
}

/// Judges the subnets and groups by themselves.
pub(crate) async fn network(ec2: &Client, wanted: &Wanted, place: Place<'_>) -> Findings {
    let facts = ask::gather(ec2, wanted).await;
    let mut found = Findings::default();
    unseen(wanted, &facts, &mut found);
    network::judge(wanted, &facts, place.name, &mut found);
    found
}

/// What is found on the ways out of a network.
pub(crate) struct Ways {
    /// By the rules and VPC endpoints as they are.
    pub(crate) now: Diagnostics,
    /// By those as they will be after the plan.
    pub(crate) after: Diagnostics,
}

/// Judges the ways out of a network.
pub(crate) async fn ways(ec2: &Client, wanted: &Wanted, plan: &[PlannedObject], place: Place<'_>) -> Ways {
    let facts = ask::gather(ec2, wanted).await;
    let judged = |facts: &Facts| {
        let mut found = Findings::default();
        unseen(wanted, facts, &mut found);
        judge_ways(wanted, facts, place, &mut found);
        found.diagnostics
    };
    Ways { now: judged(&facts), after: judged(&pending::after(facts, plan)) }
}

/// Judges all of it at once.
pub(crate) async fn whole(ec2: &Client, wanted: &Wanted, plan: &[PlannedObject], place: Place<'_>) -> Diagnostics {
    judge(wanted, &pending::after(ask::gather(ec2, wanted).await, plan), place).diagnostics
}

/// What the facts mean for what is wanted.
fn judge(wanted: &Wanted, facts: &Facts, place: Place<'_>) -> Findings {
    let mut found = Findings::default();
    unseen(wanted, facts, &mut found);
    network::judge(wanted, facts, place.name, &mut found);
    judge_ways(wanted, facts, place, &mut found);
    found
}

fn judge_ways(wanted: &Wanted, facts: &Facts, place: Place<'_>, found: &mut Findings) {
    if let Some(registry) = &wanted.registry {
        network::names(wanted, registry, facts, found);
        rules::judge(wanted, registry, facts, place.name, found);
        routes::judge(wanted, registry, facts, found);
        acls::judge(wanted, registry, facts, found);
    }
    services::judge(wanted, facts, place.partition, found);
}

/// What could not be asked for is told once, with the first reason in full.
fn unseen(wanted: &Wanted, facts: &Facts, found: &mut Findings) {
    let Some((first, others)) = facts.unseen.split_first() else { return };
    let mut detail = format!("Some checks were left out. {}", first.explained());
    let (denied, failed): (Vec<_>, Vec<_>) = others.iter().partition(|other| other.is_denied());
    for failure in failed.iter().filter(|failure| failure.explained() != first.explained()) {
        detail.push_str(&format!(" {}", failure.explained()));
    }
    let mut actions: Vec<String> = denied.iter().map(|failure| failure.action()).collect();
    actions.sort();
    actions.dedup();
    if !actions.is_empty() {
        detail.push_str(&format!(" Not allowed either: {}.", actions.join(", ")));
    }
    found.warning(Code::Unseen, &wanted.subnets_at, "Part of the network could not be checked", detail);
}

/// Where the registry is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Whereabouts {
    /// At one of these addresses.
    Known(Vec<Address>),
    /// On the internet, going by its name.
    Internet,
    /// Its name may stand for anything.
    Unknown,
}

fn whereabouts(registry: &Registry, facts: &Facts) -> Whereabouts {
    if let Some(ip) = registry.ip() {
        return Whereabouts::Known(vec![Address { ip, subnet: None }]);
    }
    if !facts.interfaces.is_empty() {
        return Whereabouts::Known(facts.interfaces.clone());
    }
    if is_public_registry(&registry.host) { Whereabouts::Internet } else { Whereabouts::Unknown }
}

/// Whether a host is one of the public registries.
fn is_public_registry(host: &str) -> bool {
    const HOSTS: [&str; 13] = [
        "docker.io",
        "ghcr.io",
        "gcr.io",
        "mcr.microsoft.com",
        "nvcr.io",
        "public.ecr.aws",
        "quay.io",
        "registry.access.redhat.com",
        "registry.gitlab.com",
        "registry.k8s.io",
        "registry.redhat.io",
        "index.docker.io",
        "registry-1.docker.io",
    ];
    let host = host.to_ascii_lowercase();
    HOSTS.contains(&host.as_str()) || host.ends_with(".gcr.io") || host.ends_with("-docker.pkg.dev")
}

/// Whether two networks have addresses in common; `true` when one cannot be read.
fn overlap(one: &str, other: &str) -> bool {
    match (one.parse::<IpNet>(), other.parse::<IpNet>()) {
        (Ok(one), Ok(other)) => one.contains(&other) || other.contains(&one),
        _ => true,
    }
}
