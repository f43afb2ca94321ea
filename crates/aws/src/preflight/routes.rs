//! Judging routes: every subnet has a way to the registry. SageMaker's network interfaces have no public address, so an
//! internet gateway is none.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use super::facts::{Route, RouteTable, Via};
use super::{Code, Facts, Findings, Registry, Wanted, Whereabouts};

/// Stands for any address of the internet; it is one of those that documentation may use.
pub(super) const INTERNET: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1));

/// How a subnet reaches an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    /// Nothing is known to be in the way.
    Open,
    /// No route leads there.
    Missing,
    /// The route's target is gone.
    Blackhole(String),
    /// Through this internet gateway, which does not carry private addresses.
    InternetGateway(String),
    /// Through this NAT gateway, which does not work for a reason.
    NatUnfit(String, String),
    /// Through the internet gateway of this VPC, which lets nothing pass.
    Blocked(String),
}

pub(super) fn judge(wanted: &Wanted, registry: &Registry, facts: &Facts, found: &mut Findings) {
    let whereabouts = super::whereabouts(registry, facts);
    let targets: Vec<IpAddr> = match &whereabouts {
        Whereabouts::Known(addresses) => addresses.iter().map(|address| address.ip).collect(),
        Whereabouts::Internet | Whereabouts::Unknown => vec![INTERNET],
    };
    let unsure = whereabouts == Whereabouts::Unknown;
    let mut open = false;
    let mut obstacles: BTreeMap<Way, Vec<&str>> = BTreeMap::new();
    for (id, subnet) in wanted.known_subnets(facts) {
        let Some(table) = facts.table_of(id, &subnet.vpc_id) else { return };
        let mut ways: Vec<Way> = targets.iter().map(|ip| way(facts, table, &subnet.vpc_id, *ip)).collect();
        ways.sort();
        // A name may stand for something behind a peering: then the way to the internet is not asked for.
        let elsewhere =
            unsure && table.routes.iter().any(|route| matches!(route.via, Via::Other(_)) && !route.blackhole);
        match ways.into_iter().find(|way| *way != Way::Open) {
            Some(way) if !elsewhere => obstacles.entry(way).or_default().push(id),
            _ => open = true,
        }
    }
    for (way, subnets) in &obstacles {
        let (code, summary, why, advice) = explained(way);
        let target = match &whereabouts {
            Whereabouts::Known(addresses) => {
                let ips: Vec<String> = addresses.iter().map(|address| address.ip.to_string()).collect();
                format!("{} ({})", registry.host, ips.join(", "))
            }
            Whereabouts::Internet | Whereabouts::Unknown => registry.host.clone(),
        };
        let subnets = subnets.join(", ");
        // What a name stands for is certain only when its address is known.
        if matches!(whereabouts, Whereabouts::Known(_)) && !open && obstacles.len() == 1 {
            let detail = format!("From {subnets} to {target}, {why}, so the image cannot be pulled. {advice}");
            found.error(code, &wanted.subnets_at, format!("Registry not reachable: {summary}"), detail);
        } else if unsure {
            let detail = format!(
                "From {subnets} to the internet, {why}. Where {target} is could not be found out: if it is in the VPC, \
                 all is well, which the network interfaces of its security group tell where an smform_vpc_config names \
                 that; otherwise the image cannot be pulled. {advice}"
            );
            found.warning(code, &wanted.subnets_at, format!("Registry perhaps not reachable: {summary}"), detail);
        } else {
            let detail = format!("From {subnets} to {target}, {why}. {advice}");
            found.warning(code, &wanted.subnets_at, format!("Registry perhaps not reachable: {summary}"), detail);
        }
    }
}

fn explained(way: &Way) -> (Code, &'static str, String, &'static str) {
    let nat = "Add a route to a NAT gateway that is in a public subnet, or choose subnets that have one.";
    match way {
        Way::Open | Way::Missing => (
            Code::RouteMissing,
            "no route",
            "no route leads".to_owned(),
            "Add a route to the subnets' route table: to a NAT gateway, a peering connection or a transit gateway.",
        ),
        Way::Blackhole(target) => (
            Code::RouteBlackhole,
            "blackhole route",
            format!("the route leads to {target}, which is gone"),
            "Replace the route's target.",
        ),
        Way::InternetGateway(id) => (
            Code::RouteInternetGateway,
            "only an internet gateway",
            format!(
                "the route leads to the internet gateway {id}, and SageMaker's network interfaces have no public address"
            ),
            nat,
        ),
        Way::NatUnfit(id, why) => {
            (Code::NatUnfit, "NAT gateway unfit", format!("the route leads to the NAT gateway {id}, which {why}"), nat)
        }
        Way::Blocked(vpc) => (
            Code::PublicAccessBlocked,
            "public access blocked",
            format!("the route leads to the internet, and {vpc} blocks public access in both directions"),
            "Let traffic out: block only inbound public access, or exclude the subnets.",
        ),
    }
}

/// How a table's subnets reach an address.
pub(super) fn way(facts: &Facts, table: &RouteTable, vpc: &str, ip: IpAddr) -> Way {
    let Some(route) = best(table, ip) else {
        // Prefix lists other than those of gateway endpoints may hold the address.
        let perhaps = table.routes.iter().any(|r| r.to.is_none() && !matches!(r.via, Via::Endpoint(_)));
        return if perhaps { Way::Open } else { Way::Missing };
    };
    match &route.via {
        Via::Local | Via::Endpoint(_) => Way::Open,
        via if route.blackhole => Way::Blackhole(name(via).to_owned()),
        Via::InternetGateway(id) => Way::InternetGateway(id.clone()),
        Via::Nat(id) => through_nat(facts, vpc, id, ip),
        Via::Other(_) => Way::Open,
    }
}

fn name(via: &Via) -> &str {
    match via {
        Via::Local => "local",
        Via::InternetGateway(id) | Via::Nat(id) | Via::Endpoint(id) | Via::Other(id) if !id.is_empty() => id,
        _ => "a target",
    }
}

fn through_nat(facts: &Facts, vpc: &str, id: &str, ip: IpAddr) -> Way {
    // What could not be asked for is not held against it.
    let Some(nat) = facts.nats.get(id) else { return Way::Open };
    let unfit = |why: String| Way::NatUnfit(id.to_owned(), why);
    if nat.state != "available" {
        return unfit(format!("is {}", nat.state));
    }
    let Some(table) = facts.table_of(&nat.subnet, vpc) else { return Way::Open };
    let onward = best(table, ip).filter(|route| !route.blackhole).map(|route| &route.via);
    match onward {
        Some(Via::InternetGateway(_)) if !nat.public => {
            unfit("is private, so that the internet gateway behind it carries nothing".to_owned())
        }
        Some(Via::InternetGateway(_)) if is_private(ip) => Way::Missing,
        Some(Via::InternetGateway(_)) if facts.blocked.contains(vpc) => Way::Blocked(vpc.to_owned()),
        Some(Via::Nat(_)) => unfit(format!("is in {}, which sends its traffic to a NAT gateway again", nat.subnet)),
        Some(_) => Way::Open,
        None => unfit(format!("is in {}, from where no route leads on to an internet gateway", nat.subnet)),
    }
}

/// The route with the longest prefix.
fn best(table: &RouteTable, ip: IpAddr) -> Option<&Route> {
    let fitting = table.routes.iter().filter_map(|route| Some((route.to.filter(|net| net.contains(&ip))?, route)));
    fitting.max_by_key(|(net, _)| net.prefix_len()).map(|(_, route)| route)
}

fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private(),
        IpAddr::V6(ip) => ip.is_unique_local(),
    }
}
