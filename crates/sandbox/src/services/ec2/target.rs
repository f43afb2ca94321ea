//! What a VPC endpoint leads to, and how it is addressed: services, resource configurations and service networks.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::endpoint_service::shared;
use super::invalid;
use super::state::{DnsOptions, State, VpcEndpoint};
use crate::wire::ApiError;
use crate::wire::query::Params;
use crate::wire::xml::Node;

/// What a request for a new endpoint wants to reach.
pub(super) struct Target {
    pub kind: String,
    /// Empty when it is no service.
    pub service: String,
    pub service_region: Option<String>,
    pub arn: Option<String>,
}

/// Reads what a request wants to reach. Services of AWS exist, whatever their name; so do resource configurations and
/// service networks.
pub(super) fn read(params: &Params, region: &str) -> Result<Target, ApiError> {
    let kind = params.get("VpcEndpointType").unwrap_or("Gateway").to_owned();
    let of_kind = |member: &str, part: &str| {
        let arn = params.required(member)?;
        if arn.contains(part) {
            Ok(arn.to_owned())
        } else {
            Err(invalid(format!("Value ({arn}) is not an ARN of {part}")))
        }
    };
    let arn = match kind.as_str() {
        "Resource" => Some(of_kind("ResourceConfigurationArn", ":resourceconfiguration/rcfg-")?),
        "ServiceNetwork" => Some(of_kind("ServiceNetworkArn", ":servicenetwork/sn-")?),
        "Gateway" | "Interface" | "GatewayLoadBalancer" => None,
        other => return Err(invalid(format!("Value ({other}) for parameter vpcEndpointType is invalid."))),
    };
    if arn.is_some() {
        return Ok(Target { kind, service: String::new(), service_region: None, arn });
    }
    let service = params.required("ServiceName")?.to_owned();
    let service_region = params.get("ServiceRegion").filter(|other| *other != region).map(str::to_owned);
    let there = service_region.as_deref().unwrap_or(region);
    let is_shared = shared(&service, there).is_some();
    let offered = match kind.as_str() {
        "Gateway" => service_region.is_none() && (service.ends_with(".s3") || service.ends_with(".dynamodb")),
        "GatewayLoadBalancer" => is_shared,
        _ => true,
    };
    if !service.starts_with(&format!("com.amazonaws.{there}.")) && !is_shared {
        let text = format!("The Vpc Endpoint Service '{service}' does not exist");
        return Err(ApiError::new("InvalidServiceName", text));
    }
    if !offered {
        let text = format!("Endpoint type ({kind}) does not match available service types ([Interface]).");
        return Err(ApiError::new("InvalidParameter", text));
    }
    Ok(Target { kind, service, service_region, arn: None })
}

/// One of the values that a member may have; nothing when it is not given.
fn one_of(params: &Params, member: &str, known: &[&str]) -> Result<Option<String>, ApiError> {
    match params.get(member) {
        Some(text) if !known.contains(&text) => {
            Err(invalid(format!("Value ({text}) for parameter {member} is invalid.")))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

/// How a request wants an endpoint to be addressed and its names to be resolved.
pub(super) struct Addressing {
    addresses: Option<String>,
    dns: DnsOptions,
}

impl Addressing {
    pub(super) fn read(params: &Params) -> Result<Addressing, ApiError> {
        let options = params.structure("DnsOptions");
        let preferences = [
            "VERIFIED_DOMAINS_ONLY",
            "ALL_DOMAINS",
            "VERIFIED_DOMAINS_AND_SPECIFIED_DOMAINS",
            "SPECIFIED_DOMAINS_ONLY",
        ];
        let preference = one_of(&options, "PrivateDnsPreference", &preferences)?;
        let domains: Vec<String> = options.list("PrivateDnsSpecifiedDomain").into_iter().map(str::to_owned).collect();
        let specified = preference.as_deref().is_some_and(|preference| preference.contains("SPECIFIED"));
        if preference.is_some() && specified == domains.is_empty() {
            return Err(invalid(
                "PrivateDnsSpecifiedDomains go with a preference for specified domains, and with no other",
            ));
        }
        let dns = DnsOptions {
            records: one_of(&options, "DnsRecordIpType", &["dualstack", "ipv4", "ipv6", "service-defined"])?,
            inbound_only: options.boolean("PrivateDnsOnlyForInboundResolverEndpoint")?,
            preference,
            domains,
        };
        Ok(Addressing { addresses: one_of(params, "IpAddressType", &["ipv4", "dualstack", "ipv6"])?, dns })
    }

    /// Sets what is given; the rest stays.
    pub(super) fn apply(self, endpoint: &mut VpcEndpoint) {
        endpoint.addresses = self.addresses.or(endpoint.addresses.take());
        let known = std::mem::take(&mut endpoint.dns);
        let domains = if self.dns.preference.is_some() { self.dns.domains } else { known.domains };
        endpoint.dns = DnsOptions {
            records: self.dns.records.or(known.records),
            inbound_only: self.dns.inbound_only.or(known.inbound_only),
            preference: self.dns.preference.or(known.preference),
            domains,
        };
    }
}

/// How names are resolved, as it is shown.
pub(super) fn dns_options(endpoint: &VpcEndpoint) -> Node {
    let dns = &endpoint.dns;
    let mut members = vec![("dnsRecordIpType", Node::text(dns.records.as_deref().unwrap_or("ipv4")))];
    members.extend(dns.inbound_only.map(|only| ("privateDnsOnlyForInboundResolverEndpoint", Node::boolean(only))));
    members.extend(dns.preference.as_ref().map(|preference| ("privateDnsPreference", Node::text(preference))));
    if !dns.domains.is_empty() {
        members.push(("privateDnsSpecifiedDomainSet", Node::list(dns.domains.iter().map(Node::text))));
    }
    Node::Structure(members)
}

/// Addresses that a request wants in subnets of an endpoint.
pub(super) struct Fixed(Vec<(String, Option<Ipv4Addr>, Option<Ipv6Addr>)>);

impl Fixed {
    pub(super) fn read(state: &State, params: &Params, subnets: &[String]) -> Result<Fixed, ApiError> {
        let mut fixed = Vec::new();
        for wanted in params.structures("SubnetConfiguration") {
            let id = wanted.required("SubnetId")?;
            let net = state.subnets.get(id).filter(|_| subnets.iter().any(|known| known == id));
            let Some(subnet) = net else { return Err(invalid(format!("{id} is not a subnet of the endpoint"))) };
            let refused =
                |text: &str| invalid(format!("Address {text} does not fall within the subnet's address range"));
            let v4 = wanted.get("Ipv4").map(|text| {
                let address: Option<Ipv4Addr> = text.parse().ok();
                address.filter(|a| subnet.cidr.is_some_and(|net| net.contains(a))).ok_or_else(|| refused(text))
            });
            let v6 = wanted.get("Ipv6").map(|text| {
                let address: Option<Ipv6Addr> = text.parse().ok();
                let inside = |a: &Ipv6Addr| subnet.ipv6.as_ref().is_some_and(|net| net.cidr.contains(a));
                address.filter(inside).ok_or_else(|| refused(text))
            });
            fixed.push((id.to_owned(), v4.transpose()?, v6.transpose()?));
        }
        Ok(Fixed(fixed))
    }

    pub(super) fn apply(self, endpoint: &mut VpcEndpoint) {
        for (subnet, v4, v6) in self.0 {
            for interface in endpoint.interfaces.iter_mut().filter(|interface| interface.subnet_id == subnet) {
                interface.address = v4.unwrap_or(interface.address);
                interface.ipv6 = v6.or(interface.ipv6);
            }
        }
    }
}
