//! Judging network ACLs, which know no connections: requests to the registry pass, and so do its answers to the ports
//! that a client picks.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use ipnet::{IpNet, Ipv4Net};

use super::facts::{Acl, AclEntry, Address};
use super::{Code, Facts, Findings, Registry, Wanted, Whereabouts};

/// The ports that clients on Linux pick for themselves.
const CLIENT_PORTS: RangeInclusive<i32> = 32_768..=60_999;

/// What an ACL lets pass of a range of ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Passes {
    All,
    Some,
    None,
}

/// One thing that must pass an ACL.
struct Passage<'f> {
    acl: &'f Acl,
    subnet: &'f str,
    egress: bool,
    peer: IpNet,
    ports: RangeInclusive<i32>,
}

pub(super) fn judge(wanted: &Wanted, registry: &Registry, facts: &Facts, found: &mut Findings) {
    let whereabouts = super::whereabouts(registry, facts);
    let known: &[Address] = match &whereabouts {
        Whereabouts::Known(addresses) => addresses,
        Whereabouts::Internet | Whereabouts::Unknown => &[],
    };
    let port = i32::from(registry.port);
    let mut requests = Vec::new();
    let mut answers = Vec::new();
    for (id, subnet) in wanted.known_subnets(facts) {
        let peers: Vec<IpNet> = match known {
            [] => vec![IpNet::V4(Ipv4Net::default())],
            // Within a subnet, ACLs play no part.
            known => known.iter().filter(|a| a.subnet.as_deref() != Some(id)).map(|a| a.ip.into()).collect(),
        };
        let Some(acl) = facts.acl_of(id) else { continue };
        for peer in peers {
            requests.push(Passage { acl, subnet: id, egress: true, peer, ports: port..=port });
            answers.push(Passage { acl, subnet: id, egress: false, peer, ports: CLIENT_PORTS });
        }
        let Ok(model) = subnet.cidr.parse::<IpNet>() else { continue };
        let theirs: BTreeSet<&str> = known.iter().filter_map(|a| a.subnet.as_deref()).filter(|s| *s != id).collect();
        for theirs in theirs {
            let Some(acl) = facts.acl_of(theirs) else { continue };
            requests.push(Passage { acl, subnet: theirs, egress: false, peer: model, ports: port..=port });
            answers.push(Passage { acl, subnet: theirs, egress: true, peer: model, ports: CLIENT_PORTS });
        }
    }
    report(wanted, registry, Code::AclRequest, &requests, found);
    report(wanted, registry, Code::AclAnswer, &answers, found);
}

/// What the passages through one ACL in one direction come to.
struct Verdict<'f> {
    subnets: BTreeSet<&'f str>,
    passes: Passes,
}

fn report(wanted: &Wanted, registry: &Registry, code: Code, passages: &[Passage<'_>], found: &mut Findings) {
    let mut verdicts: BTreeMap<(bool, &str), Verdict<'_>> = BTreeMap::new();
    for passage in passages {
        // Every ACL ends with a rule for the rest. One without any was not told whole.
        if !passage.acl.entries.iter().any(|entry| entry.egress == passage.egress) {
            continue;
        }
        let passes = passage.acl.passes(passage);
        verdicts
            .entry((passage.egress, &passage.acl.id))
            .and_modify(|verdict| {
                verdict.subnets.insert(passage.subnet);
                verdict.passes = if verdict.passes == passes { passes } else { Passes::Some };
            })
            .or_insert_with(|| Verdict { subnets: BTreeSet::from([passage.subnet]), passes });
    }
    for ((egress, acl), verdict) in verdicts.iter().filter(|(_, verdict)| verdict.passes != Passes::All) {
        let direction = if *egress { "outbound" } else { "inbound" };
        let (what, ports) = match code {
            Code::AclAnswer => ("answers", "ports 32768 to 60999, which clients pick for themselves".to_owned()),
            _ => ("requests", format!("port {}", registry.port)),
        };
        let amount = if verdict.passes == Passes::None { "no" } else { "not all" };
        let subnets: Vec<&str> = verdict.subnets.iter().copied().collect();
        let detail = format!(
            "The network ACL {acl} of {} lets {amount} {direction} TCP traffic to {ports} pass, so that {what} between \
             SageMaker and {} are lost. ACLs keep no track of connections: add an {direction} rule that allows it, with \
             a number below that of the rule that denies it.",
            subnets.join(", "),
            registry.host
        );
        // Only when no way is left open is the outcome certain.
        let all_shut = verdicts.iter().all(|((other, _), v)| other != egress || v.passes == Passes::None);
        if all_shut {
            found.error(code, &wanted.subnets_at, "Registry not reachable: network ACL", detail);
        } else {
            found.warning(code, &wanted.subnets_at, "Registry perhaps not reachable: network ACL", detail);
        }
    }
}

impl Acl {
    /// What passes of a range of ports: for each port, the first rule that fits decides, and without one nothing passes.
    fn passes(&self, passage: &Passage<'_>) -> Passes {
        let (first, last) = (*passage.ports.start(), *passage.ports.end());
        let rules: Vec<_> = self.entries.iter().filter(|entry| entry.fits(passage)).collect();
        // Between two edges of rules, all ports fare alike.
        let mut edges = BTreeSet::from([first]);
        for (from, to) in rules.iter().filter_map(|rule| rule.ports) {
            edges.extend([from, to.saturating_add(1)].into_iter().filter(|edge| (first..=last).contains(edge)));
        }
        let fates: BTreeSet<bool> = edges
            .into_iter()
            .map(|port| {
                let decides = |rule: &&&AclEntry| rule.ports.is_none_or(|(from, to)| (from..=to).contains(&port));
                rules.iter().find(decides).is_some_and(|rule| rule.allow)
            })
            .collect();
        match (fates.contains(&true), fates.contains(&false)) {
            (true, true) => Passes::Some,
            (true, false) => Passes::All,
            (false, _) => Passes::None,
        }
    }
}

impl AclEntry {
    /// Whether the rule is about TCP traffic with the peer, whatever the port. A rule that allows a part of the peer's
    /// addresses gets the benefit of the doubt.
    fn fits(&self, passage: &Passage<'_>) -> bool {
        let tcp = matches!(self.protocol.as_str(), "-1" | "6" | "tcp");
        let net = self.net.is_some_and(|net| net.contains(&passage.peer) || self.allow && passage.peer.contains(&net));
        self.egress == passage.egress && tcp && net
    }
}
