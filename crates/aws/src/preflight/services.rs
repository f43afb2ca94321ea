//! Judging the way to AWS's own services: to S3 for the model's artifacts, and to Lambda for the registry's credentials.
//! They lie behind a VPC endpoint or behind the internet.

use super::facts::{Endpoint, Subnet, Via};
use super::policy::{self, Verdict};
use super::routes::{INTERNET, Way, way};
use super::{Code, Facts, Findings, Wanted};

/// The way from one subnet.
enum Path<'f> {
    Endpoint(&'f Endpoint),
    Internet,
    /// Through a transit gateway or the like: what is behind it is not known.
    Elsewhere,
    None,
}

/// The interface endpoints that what is wanted would go through.
pub(super) fn interface_endpoints<'f>(wanted: &'f Wanted, facts: &'f Facts) -> impl Iterator<Item = &'f Endpoint> {
    let services = [(!wanted.artifacts.is_empty(), ".s3"), (wanted.credentials_provider.is_some(), ".lambda")];
    let suffixes = services.into_iter().filter_map(|(needed, suffix)| needed.then_some(suffix));
    suffixes.flat_map(|suffix| of_service(facts, suffix).filter(|endpoint| !endpoint.gateway))
}

fn of_service<'f>(facts: &'f Facts, suffix: &'static str) -> impl Iterator<Item = &'f Endpoint> {
    facts.endpoints.iter().flatten().filter(move |endpoint| endpoint.service.ends_with(suffix))
}

fn path<'f>(facts: &'f Facts, suffix: &'static str, id: &str, subnet: &Subnet) -> Option<Path<'f>> {
    facts.endpoints.as_ref()?;
    let table = facts.table_of(id, &subnet.vpc_id)?;
    let routed = of_service(facts, suffix).find(|endpoint| endpoint.gateway && endpoint.tables.contains(&table.id));
    let named = || of_service(facts, suffix).find(|e| !e.gateway && e.private_dns && e.vpc_id == subnet.vpc_id);
    if let Some(endpoint) = routed.or_else(named) {
        return Some(Path::Endpoint(endpoint));
    }
    Some(match way(facts, table, &subnet.vpc_id, INTERNET) {
        Way::Open => Path::Internet,
        _ if table.routes.iter().any(|route| matches!(route.via, Via::Other(_)) && !route.blackhole) => Path::Elsewhere,
        _ => Path::None,
    })
}

pub(super) fn judge(wanted: &Wanted, facts: &Facts, partition: &str, found: &mut Findings) {
    if let Some(first) = wanted.artifacts.first() {
        let endpoints = way_to(wanted, facts, ".s3", found, |subnets| {
            let detail = format!(
                "From {subnets} there is no way to Amazon S3, where {} is: no VPC endpoint for S3 in the subnets' route \
                 table, and no NAT gateway. Add a gateway endpoint for S3 to the route table.",
                first.uri()
            );
            (Code::S3Unreachable, "No way to the model's artifacts", detail)
        });
        for endpoint in &endpoints {
            policies(wanted, endpoint, partition, found);
        }
    }
    if wanted.credentials_provider.is_some() {
        way_to(wanted, facts, ".lambda", found, |subnets| {
            let detail = format!(
                "From {subnets} there is no way to AWS Lambda, which hands out the registry's credentials: no VPC \
                 endpoint for Lambda with private DNS, and no NAT gateway. Add an interface endpoint for Lambda."
            );
            (Code::LambdaUnreachable, "No way to the registry's credentials", detail)
        });
    }
}

/// Reports subnets without a way to a service; the endpoints that the others use.
fn way_to<'f>(
    wanted: &Wanted,
    facts: &'f Facts,
    suffix: &'static str,
    found: &mut Findings,
    missing: impl Fn(&str) -> (Code, &'static str, String),
) -> Vec<&'f Endpoint> {
    let (mut without, mut used) = (Vec::new(), Vec::<&Endpoint>::new());
    for (id, subnet) in wanted.known_subnets(facts) {
        match path(facts, suffix, id, subnet) {
            Some(Path::None) => without.push(id),
            Some(Path::Endpoint(endpoint)) if used.iter().all(|known| known.id != endpoint.id) => used.push(endpoint),
            _ => {}
        }
    }
    if !without.is_empty() {
        let (code, summary, detail) = missing(&without.join(", "));
        found.warning(code, &wanted.subnets_at, summary, detail);
    }
    for endpoint in used.iter().filter(|endpoint| !endpoint.gateway) {
        admission(wanted, facts, endpoint, found);
    }
    used
}

/// The group of an interface endpoint lets the model in.
fn admission(wanted: &Wanted, facts: &Facts, endpoint: &Endpoint, found: &mut Findings) {
    let Some(rules) = facts.rules.as_ref().filter(|_| !wanted.more_groups) else { return };
    let is_known = |group: &String| facts.ruled.contains(group) && !facts.unsettled.contains(group);
    if endpoint.groups.is_empty() || !endpoint.groups.iter().all(is_known) {
        return;
    }
    let admitted = rules.iter().any(|rule| {
        let peer = match (&rule.peer, rule.cidr.as_ref().or(rule.cidr6.as_ref())) {
            (Some(peer), _) => wanted.groups.contains(peer),
            (None, Some(net)) => wanted.known_subnets(facts).any(|(_, subnet)| super::overlap(net, &subnet.cidr)),
            (None, None) => rule.prefix_list.is_some(),
        };
        !rule.egress && endpoint.groups.contains(&rule.group) && rule.admits(443) && peer
    });
    if !admitted {
        let groups: Vec<&str> = endpoint.groups.iter().map(String::as_str).collect();
        let detail = format!(
            "{} ({}) is reached through network interfaces whose group {} has no inbound rule for TCP port 443 from {}. \
             Add one.",
            endpoint.id,
            endpoint.service,
            groups.join(", "),
            wanted.groups.join(", ")
        );
        found.warning(Code::EndpointGroup, &wanted.groups_at, "VPC endpoint closed to the model", detail);
    }
}

/// The policy of an endpoint for S3 lets the artifacts through.
fn policies(wanted: &Wanted, endpoint: &Endpoint, partition: &str, found: &mut Findings) {
    let Some(document) = &endpoint.policy else { return };
    for artifact in &wanted.artifacts {
        let object = format!("arn:{partition}:s3:::{}/{}", artifact.bucket, artifact.key);
        if policy::judge(document, "s3:GetObject", &object) == Verdict::Denied {
            let detail = format!(
                "The policy of the VPC endpoint {} does not allow s3:GetObject on {}, so the model's artifacts cannot be \
                 downloaded. Add the bucket {} to the policy.",
                endpoint.id,
                artifact.uri(),
                artifact.bucket
            );
            found.warning(Code::EndpointPolicy, &artifact.at, "VPC endpoint closed for the bucket", detail);
        }
    }
}
