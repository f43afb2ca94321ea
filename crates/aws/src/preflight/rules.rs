//! Judging security group rules: the models' groups let traffic out to the registry's port, and the registry's group
//! lets it in.

use ipnet::IpNet;

use super::{Code, Facts, Findings, Registry, Rule, Wanted, Whereabouts, softened, whereabouts};

pub(super) fn judge(wanted: &Wanted, registry: &Registry, facts: &Facts, place: &str, found: &mut Findings) {
    if let (Some((id, at)), Some(groups)) = (&registry.group, &facts.groups)
        && !groups.contains_key(id)
    {
        let detail = format!(
            "There is no {id} in {place}. Leave security_group_id out when the registry is in another account."
        );
        found.error(Code::GroupMissing, at, "Security group of the registry not found", detail);
        return;
    }
    let Some(rules) = &facts.rules else { return };
    if wanted.more_groups {
        // A group that is not known yet may open the way. It is judged when it is, unless the plan says enough of it.
        if wanted.made_groups && !facts.shut.is_empty() {
            let mut judged = Findings::default();
            outbound(wanted, registry, facts, rules, &mut judged);
            if judged.diagnostics.has_errors() && !wanted.groups.iter().any(|id| facts.unsettled.contains(id)) {
                shut(wanted, registry, facts, found);
            }
        }
        return;
    }
    // Groups that were not found have been reported; their rules cannot be judged.
    let seen = |id: &String| facts.groups.as_ref().is_none_or(|groups| groups.contains_key(id));
    if !wanted.groups.iter().all(seen) {
        return;
    }
    let weighed = |judged: Findings, ids: &[String]| {
        if ids.iter().any(|id| facts.unsettled.contains(id)) {
            let why = "The plan changes rules of the group in a way that is not known yet.";
            softened(judged.diagnostics, why)
        } else {
            judged.diagnostics
        }
    };
    let mut judged = Findings::default();
    outbound(wanted, registry, facts, rules, &mut judged);
    found.diagnostics.extend(weighed(judged, &wanted.groups));
    let mut judged = Findings::default();
    inbound(wanted, registry, facts, rules, &mut judged);
    let group: Vec<String> = registry.group.iter().map(|(id, _)| id.clone()).collect();
    found.diagnostics.extend(weighed(judged, &group));
}

impl Rule {
    /// Whether it is about TCP to a port.
    pub(super) fn admits(&self, port: u16) -> bool {
        let tcp = matches!(self.protocol.as_str(), "tcp" | "6");
        let port = i32::from(port);
        self.protocol == "-1" || tcp && (self.from == -1 || (self.from..=self.to).contains(&port))
    }
}

/// B08: some rule of the models' groups lets traffic out to the registry's port.
fn outbound(wanted: &Wanted, registry: &Registry, facts: &Facts, rules: &[Rule], found: &mut Findings) {
    let whereabouts = whereabouts(registry, facts);
    let leads_there = |rule: &Rule| {
        // An address may be the registry's, whatever its name resolves to in the VPC; a group is it or is not.
        let net = rule.cidr.as_ref().or(rule.cidr6.as_ref()).and_then(|net| net.parse::<IpNet>().ok());
        let by_address = match (net, &whereabouts) {
            (Some(net), Whereabouts::Known(addresses)) => addresses.iter().any(|address| net.contains(&address.ip)),
            (net, _) => net.is_some() || rule.prefix_list.is_some(),
        };
        let by_group = match (&rule.peer, &registry.group) {
            (Some(peer), Some((group, _))) => peer == group,
            // Public registries are in no group.
            (peer, None) => peer.is_some() && whereabouts != Whereabouts::Internet,
            (None, Some(_)) => false,
        };
        by_address || by_group
    };
    let open = rules.iter().any(|rule| {
        rule.egress && wanted.groups.contains(&rule.group) && rule.admits(registry.port) && leads_there(rule)
    });
    if !open {
        let target = registry.group.as_ref().map_or("the registry's addresses", |(group, _)| group.as_str());
        let detail = format!(
            "No outbound rule of {} allows TCP port {} to {}, so the image cannot be pulled from {}. Add an egress rule \
             for TCP port {} to {target}.",
            wanted.groups.join(", "),
            registry.port,
            target,
            registry.host,
            registry.port
        );
        found.error(Code::GroupOutbound, &wanted.groups_at, "Registry not reachable: no outbound rule", detail);
    }
}

/// The same of groups that the plan makes, without a rule of their own.
fn shut(wanted: &Wanted, registry: &Registry, facts: &Facts, found: &mut Findings) {
    let names = facts.shut.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    let others = match wanted.groups.as_slice() {
        [] => String::new(),
        others => format!(", no rule of {} leads there", others.join(", ")),
    };
    let port = registry.port;
    let detail = format!(
        "This plan makes no egress rule for {names}{others}, and a group without one lets nothing out, so the image cannot be pulled \
         from {}. Add an egress rule for TCP port {port}.",
        registry.host
    );
    found.error(Code::GroupOutbound, &wanted.groups_at, "Registry not reachable: no outbound rule", detail);
}

/// B09: the registry's group lets the models in, by their groups or by their subnets' addresses.
fn inbound(wanted: &Wanted, registry: &Registry, facts: &Facts, rules: &[Rule], found: &mut Findings) {
    let Some((group, at)) = &registry.group else { return };
    let entering: Vec<&Rule> =
        rules.iter().filter(|rule| !rule.egress && rule.group == *group && rule.admits(registry.port)).collect();
    if entering.iter().any(|rule| rule.peer.as_ref().is_some_and(|peer| wanted.groups.contains(peer))) {
        return;
    }
    // What a prefix list holds is not looked up, so it may be the subnets.
    if entering.iter().any(|rule| rule.prefix_list.is_some()) {
        return;
    }
    let allowed: Vec<IpNet> =
        entering.iter().filter_map(|rule| rule.cidr.as_ref().or(rule.cidr6.as_ref())?.parse().ok()).collect();
    let subnets: Vec<(&String, IpNet)> = facts
        .subnets
        .iter()
        .flatten()
        .filter(|(id, _)| wanted.subnets.contains(id))
        .filter_map(|(id, subnet)| Some((id, subnet.cidr.parse().ok()?)))
        .collect();
    let uncovered: Vec<&str> = subnets
        .iter()
        .filter(|(_, subnet)| !allowed.iter().any(|net| net.contains(subnet)))
        .map(|(id, _)| id.as_str())
        .collect();
    if !subnets.is_empty() && uncovered.is_empty() {
        return;
    }
    let partly = uncovered.len() < subnets.len()
        || subnets.iter().any(|(_, subnet)| allowed.iter().any(|net| subnet.contains(net)));
    let advice =
        format!("Add an ingress rule to {group} for TCP port {} from {}.", registry.port, wanted.groups.join(", "));
    if partly {
        let detail = format!(
            "{group} admits TCP port {} from only a part of the addresses of {}. {advice}",
            registry.port,
            uncovered.join(", ")
        );
        found.warning(Code::GroupInbound, at, "Registry reachable from a part of the subnets only", detail);
    } else {
        let detail = format!(
            "No inbound rule of {group} admits TCP port {} from {} or from the addresses of the subnets, so the image \
             cannot be pulled from {}. {advice}",
            registry.port,
            wanted.groups.join(", "),
            registry.host
        );
        found.error(Code::GroupInbound, at, "Registry not reachable: no inbound rule", detail);
    }
}
