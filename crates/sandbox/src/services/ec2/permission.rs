//! IP permissions: rules with equal protocol and ports, grouped as requests and DescribeSecurityGroups write them.

use ipnet::{Ipv4Net, Ipv6Net};

use super::ids::{GROUP, PREFIX_LIST};
use super::state::{Group, Peer, Rule, RuleSpec, State};
use super::{group, invalid};
use crate::wire::ApiError;
use crate::wire::query::Params;
use crate::wire::xml::Node;
use crate::world::ACCOUNT;

/// A rule that a request names, not yet part of a group.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Draft {
    pub spec: RuleSpec,
    pub description: Option<String>,
}

fn malformed(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidPermission.Malformed", message)
}

/// The rules that a request names, in `IpPermissions.N` or in the older flat members, one per peer.
pub(crate) fn read(state: &State, group: &Group, params: &Params) -> Result<Vec<Draft>, ApiError> {
    let mut permissions = params.structures("IpPermissions");
    if permissions.is_empty() {
        permissions.push(flat(params)?);
    }
    let mut drafts = Vec::new();
    for permission in &permissions {
        let (protocol, from, to) = range(permission)?;
        let peers = peers(state, group, permission)?;
        if peers.is_empty() {
            return Err(malformed("Permission must have at least one source or destination"));
        }
        for (peer, description) in peers {
            if let Some(text) = &description {
                group::check_text("description", text)?;
            }
            drafts.push(Draft { spec: RuleSpec { protocol: protocol.clone(), from, to, peer }, description });
        }
    }
    Ok(drafts)
}

/// The flat members as one permission.
fn flat(params: &Params) -> Result<Params, ApiError> {
    let mut text = form_urlencoded::Serializer::new(String::new());
    let mut any = false;
    for (from, to) in [
        ("IpProtocol", "IpProtocol"),
        ("FromPort", "FromPort"),
        ("ToPort", "ToPort"),
        ("CidrIp", "IpRanges.1.CidrIp"),
        ("SourceSecurityGroupName", "Groups.1.GroupName"),
        ("SourceSecurityGroupOwnerId", "Groups.1.UserId"),
    ] {
        if let Some(value) = params.get(from) {
            any = true;
            text.append_pair(to, value);
        }
    }
    if !any {
        return Err(ApiError::new("MissingParameter", "The request must contain the parameter ipPermissions"));
    }
    Ok(Params::parse("", text.finish().as_bytes()))
}

/// Protocol and ports in canonical form.
pub(crate) fn range(permission: &Params) -> Result<(String, i64, i64), ApiError> {
    let protocol = match permission.required("IpProtocol")?.to_ascii_lowercase().as_str() {
        "-1" | "all" => "-1".to_owned(),
        "tcp" | "6" => "tcp".to_owned(),
        "udp" | "17" => "udp".to_owned(),
        "icmp" | "1" => "icmp".to_owned(),
        "icmpv6" | "58" => "icmpv6".to_owned(),
        other => match other.parse::<u8>() {
            Ok(number) => number.to_string(),
            Err(_) => {
                return Err(malformed(format!(
                    "Unsupported IP protocol \"{other}\" - supported: [tcp, udp, icmp, icmpv6, -1 or a number]"
                )));
            }
        },
    };
    let (from, to) = (permission.integer("FromPort")?, permission.integer("ToPort")?);
    match protocol.as_str() {
        "tcp" | "udp" => {
            let (Some(from), Some(to)) = (from, to) else {
                return Err(malformed(format!(
                    "The parameters FromPort and ToPort must be given for protocol {protocol}"
                )));
            };
            for port in [from, to] {
                if !(0..=65_535).contains(&port) {
                    return Err(invalid(format!("Invalid value '{port}' for portRange. Must be from 0 to 65535.")));
                }
            }
            if from > to {
                return Err(invalid(format!("Invalid {} port range ({from},{to})", protocol.to_ascii_uppercase())));
            }
            Ok((protocol, from, to))
        }
        "icmp" | "icmpv6" => {
            let (kind, code) = (from.unwrap_or(-1), to.unwrap_or(-1));
            if !(-1..=255).contains(&kind) || !(-1..=255).contains(&code) || (kind == -1 && code != -1) {
                return Err(invalid(format!("Invalid ICMP type and code ({kind},{code})")));
            }
            Ok((protocol, kind, code))
        }
        _ => Ok((protocol, -1, -1)),
    }
}

fn peers(state: &State, group: &Group, permission: &Params) -> Result<Vec<(Peer, Option<String>)>, ApiError> {
    let mut peers = Vec::new();
    let description = |params: &Params| params.get("Description").map(str::to_owned);
    for range in permission.structures("IpRanges") {
        peers.push((Peer::Ipv4(ipv4(range.required("CidrIp")?)?), description(&range)));
    }
    for range in permission.structures("Ipv6Ranges") {
        peers.push((Peer::Ipv6(ipv6(range.required("CidrIpv6")?)?), description(&range)));
    }
    for list in permission.structures("PrefixListIds") {
        peers.push((prefix_list(list.required("PrefixListId")?)?, description(&list)));
    }
    for pair in permission.structures("Groups") {
        let account = pair.get("UserId").filter(|id| !id.is_empty()).unwrap_or(ACCOUNT);
        let id = match (pair.get("GroupId"), pair.get("GroupName")) {
            (Some(id), _) if account != ACCOUNT => {
                GROUP.check(id)?;
                id.to_owned()
            }
            (Some(id), _) => GROUP.find(id, |id| state.groups.get(id))?.id.clone(),
            (None, Some(name)) => {
                let same_vpc = |other: &&Group| other.name == name && other.vpc_id == group.vpc_id;
                state.groups.values().find(same_vpc).ok_or_else(|| GROUP.not_found(&[name]))?.id.clone()
            }
            (None, None) => return Err(malformed("A group pair needs GroupId or GroupName")),
        };
        peers.push((Peer::Group { id, account: account.to_owned() }, description(&pair)));
    }
    Ok(peers)
}

/// An IPv4 block in canonical form.
pub(crate) fn ipv4(text: &str) -> Result<String, ApiError> {
    text.parse::<Ipv4Net>()
        .map(|net| net.trunc().to_string())
        .map_err(|_| invalid(format!("CIDR block {text} is malformed")))
}

/// An IPv6 block in canonical form.
pub(crate) fn ipv6(text: &str) -> Result<String, ApiError> {
    text.parse::<Ipv6Net>()
        .map(|net| net.trunc().to_string())
        .map_err(|_| invalid(format!("CIDR block {text} is malformed")))
}

/// A prefix list that exists.
pub(crate) fn prefix_list(id: &str) -> Result<Peer, ApiError> {
    PREFIX_LIST.check(id)?;
    if super::prefix_list::exists(id) { Ok(Peer::PrefixList(id.to_owned())) } else { Err(PREFIX_LIST.not_found(&[id])) }
}

/// Rules as a list of permissions.
pub(crate) fn set<'a>(rules: impl Iterator<Item = &'a Rule>) -> Node {
    let mut grouped: Vec<(&RuleSpec, Vec<&Rule>)> = Vec::new();
    for rule in rules {
        let same = |spec: &RuleSpec| {
            (&spec.protocol, spec.from, spec.to) == (&rule.spec.protocol, rule.spec.from, rule.spec.to)
        };
        match grouped.iter_mut().find(|(spec, _)| same(spec)) {
            Some((_, members)) => members.push(rule),
            None => grouped.push((&rule.spec, vec![rule])),
        }
    }
    Node::list(grouped.into_iter().map(|(spec, rules)| node(spec, &rules)))
}

fn node(spec: &RuleSpec, rules: &[&Rule]) -> Node {
    let mut members = vec![("ipProtocol", Node::text(&spec.protocol))];
    if matches!(spec.protocol.as_str(), "tcp" | "udp" | "icmp" | "icmpv6") {
        members.push(("fromPort", Node::number(spec.from)));
        members.push(("toPort", Node::number(spec.to)));
    }
    type Members = Vec<(&'static str, Node)>;
    let list = |pick: fn(&Peer) -> Option<Members>| {
        Node::list(rules.iter().filter_map(|rule| {
            let mut members = pick(&rule.spec.peer)?;
            members.extend(rule.description.as_ref().map(|text| ("description", Node::text(text))));
            Some(Node::Structure(members))
        }))
    };
    members.push((
        "groups",
        list(|peer| match peer {
            Peer::Group { id, account } => Some(vec![("userId", Node::text(account)), ("groupId", Node::text(id))]),
            _ => None,
        }),
    ));
    members.push((
        "ipRanges",
        list(|peer| match peer {
            Peer::Ipv4(cidr) => Some(vec![("cidrIp", Node::text(cidr))]),
            _ => None,
        }),
    ));
    members.push((
        "ipv6Ranges",
        list(|peer| match peer {
            Peer::Ipv6(cidr) => Some(vec![("cidrIpv6", Node::text(cidr))]),
            _ => None,
        }),
    ));
    members.push((
        "prefixListIds",
        list(|peer| match peer {
            Peer::PrefixList(id) => Some(vec![("prefixListId", Node::text(id))]),
            _ => None,
        }),
    ));
    Node::Structure(members)
}

/// A rule as the error about a duplicate names it.
pub(crate) fn shown(spec: &RuleSpec) -> String {
    let peer = match &spec.peer {
        Peer::Ipv4(text) | Peer::Ipv6(text) | Peer::PrefixList(text) | Peer::Group { id: text, .. } => text,
    };
    let protocol = spec.protocol.to_ascii_uppercase();
    match spec.protocol.as_str() {
        "-1" => format!("peer: {peer}, ALL, ALLOW"),
        // Unverified for ICMP.
        "icmp" | "icmpv6" => format!("peer: {peer}, {protocol}, type: {}, code: {}, ALLOW", spec.from, spec.to),
        "tcp" | "udp" => format!("peer: {peer}, {protocol}, from port: {}, to port: {}, ALLOW", spec.from, spec.to),
        _ => format!("peer: {peer}, {protocol}, ALLOW"),
    }
}
