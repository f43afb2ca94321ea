//! Functions of IP network prefixes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use num_bigint::BigInt;
use smform_types::{Type, Value};

use super::arguments::{Arguments, Function};
use super::error::CallError;
use super::signature::{Parameter, Shape};

const PREFIX: Parameter = Parameter::new("prefix", Shape::String);
const NEWBITS: Parameter = Parameter::new("newbits", Shape::Number);

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "cidrhost",
        &[PREFIX, Parameter::new("hostnum", Shape::Number)],
        Shape::String,
        cidrhost,
        "The address of a numbered host in a network.",
    ),
    Function::new("cidrnetmask", &[PREFIX], Shape::String, cidrnetmask, "The mask of an IPv4 network."),
    Function::new(
        "cidrsubnet",
        &[PREFIX, NEWBITS, Parameter::new("netnum", Shape::Number)],
        Shape::String,
        cidrsubnet,
        "A numbered subnet of a network.",
    ),
    Function::new(
        "cidrsubnets",
        &[PREFIX],
        Shape::List(&Shape::String),
        cidrsubnets,
        "Consecutive subnets of a network, each as large as asked.",
    )
    .variadic(NEWBITS),
];

/// A network: an address whose bits after the prefix are zero, and the length of the prefix.
#[derive(Clone, Copy)]
struct Network {
    bits: u128,
    prefix: u32,
    /// 32 or 128.
    width: u32,
}

impl Network {
    /// A network in the notation `address/length`. IPv4 octets may have leading zeros, which say nothing of their base.
    fn parse(text: &str) -> Option<Network> {
        let (address, length) = text.split_once('/')?;
        if length.is_empty() || length.len() > 8 || !length.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (bits, width) = if address.contains(':') {
            (address.parse::<Ipv6Addr>().ok()?.to_bits(), 128)
        } else {
            (u128::from(parse_v4(address)?), 32)
        };
        let prefix = length.parse().ok().filter(|prefix| *prefix <= width)?;
        let network = Network { bits, prefix, width };
        Some(Network { bits: bits & !network.host_mask(), ..network })
    }

    /// Whether it is a network of IPv4 addresses within IPv6. Terraform counts within it as in IPv4, but in twelve bytes
    /// more.
    fn is_mapped(self) -> bool {
        self.width == 128 && self.bits >> 32 == 0xffff
    }

    fn host_bits(self) -> u32 {
        self.width - self.prefix
    }

    /// The bits that tell hosts apart.
    fn host_mask(self) -> u128 {
        1u128.checked_shl(self.host_bits()).map_or(u128::MAX, |hosts| hosts - 1)
    }

    fn last(self) -> u128 {
        self.bits | self.host_mask()
    }

    fn address(self, bits: u128) -> IpAddr {
        match u32::try_from(bits) {
            Ok(bits) if self.width == 32 => IpAddr::V4(Ipv4Addr::from_bits(bits)),
            _ => IpAddr::V6(Ipv6Addr::from_bits(bits)),
        }
    }

    fn notation(self) -> String {
        if self.is_mapped() {
            let bits = self.bits & u128::from(u32::MAX);
            return Network { bits, prefix: self.prefix.saturating_sub(96), width: 32 }.notation();
        }
        format!("{}/{}", self.address(self.bits), self.prefix)
    }
}

fn parse_v4(text: &str) -> Option<u32> {
    let mut bits = 0;
    let mut count = 0;
    for octet in text.split('.') {
        if octet.is_empty() || octet.len() > 8 || !octet.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        bits = bits << 8 | u32::from(octet.parse::<u8>().ok()?);
        count += 1;
    }
    (count == 4).then_some(bits)
}

fn network(a: &Arguments<'_>) -> Result<Network, CallError> {
    Network::parse(a.text(0)?)
        .ok_or_else(|| CallError::whole(format!("invalid CIDR expression: invalid CIDR address: {}", a.quoted(0))))
}

fn whole(a: &Arguments<'_>, at: usize) -> Result<BigInt, CallError> {
    a.number(at)?.to_bigint().ok_or_else(|| CallError::whole("value must be a whole number"))
}

fn cidrhost(a: &Arguments<'_>) -> Result<Value, CallError> {
    let network = network(a)?;
    let number = whole(a, 1)?;
    let mask = BigInt::from(network.host_mask());
    // Negative numbers count from the end: -1 is the last address.
    let host = if number.sign() == num_bigint::Sign::Minus { &mask + 1u8 + &number } else { number.clone() };
    let host = if host > mask { None } else { u128::try_from(&host).ok() };
    let host = host.ok_or_else(|| {
        CallError::whole(format!("prefix of {} does not accommodate a host numbered {number}", network.prefix))
    })?;
    let address = if network.is_mapped() {
        let address = Ipv6Addr::from_bits(network.bits | host.checked_shl(96).unwrap_or(0));
        address.to_ipv4_mapped().map_or(IpAddr::V6(address), IpAddr::V4)
    } else {
        network.address(network.bits | host)
    };
    Ok(Value::string(address.to_string()))
}

fn cidrnetmask(a: &Arguments<'_>) -> Result<Value, CallError> {
    let network = network(a)?;
    if network.width != 32 && !network.is_mapped() {
        return Err(CallError::whole(format!("IPv6 addresses cannot have a netmask: {}", a.quoted(0))));
    }
    let mask = (u128::MAX >> (128 - network.width)) & !network.host_mask();
    Ok(Value::string(network.address(mask).to_string()))
}

fn cidrsubnet(a: &Arguments<'_>) -> Result<Value, CallError> {
    let network = network(a)?;
    let new_bits = a.whole(1)?;
    let number = whole(a, 2)?;
    let prefix = i64::from(network.prefix).checked_add(new_bits).and_then(|prefix| u32::try_from(prefix).ok());
    let prefix = prefix.filter(|prefix| *prefix <= network.width).ok_or_else(|| {
        let message = format!("insufficient address space to extend prefix of {} by {new_bits}", network.prefix);
        CallError::whole(message)
    })?;
    let limit = BigInt::from(1u8) << new_bits.max(0);
    if new_bits >= 0 && number >= limit {
        return Err(CallError::whole(format!(
            "prefix extension of {new_bits} does not accommodate a subnet numbered {number}"
        )));
    }
    // As in Terraform, a negative number is not refused, whatever it leads to.
    let combined = (number << (network.width - prefix)) | BigInt::from(network.bits);
    let (_, magnitude) = combined.into_parts();
    let all = u128::MAX >> (128 - network.width);
    let bits = u128::try_from(magnitude).map_err(|_| CallError::whole("the result is not an address"))? & all;
    Ok(Value::string(Network { bits, prefix, ..network }.notation()))
}

fn cidrsubnets(a: &Arguments<'_>) -> Result<Value, CallError> {
    let network = network(a).map_err(|error| CallError::argument(0, error.message))?;
    let mut subnets = Vec::new();
    // The first address that is still free; nothing when the whole network is used up.
    let mut free = Some(network.bits);
    let mut previous = network;
    for at in 1..a.len() {
        let new_bits = a.whole(at).map_err(|error| CallError::argument(at, error.message))?;
        if new_bits < 1 {
            return Err(CallError::argument(at, "must extend prefix by at least one bit"));
        }
        if new_bits > 32 {
            return Err(CallError::argument(at, "may not extend prefix by more than 32 bits"));
        }
        let prefix = network.prefix + u32::try_from(new_bits).unwrap_or(32);
        if prefix > network.width {
            let protocol = if network.width == 32 { "IPv4" } else { "IPv6" };
            let message = format!("would extend prefix to {prefix} bits, which is too long for an {protocol} address");
            return Err(CallError::argument(at, message));
        }
        // As in Terraform, which looks for what comes after the network before this one.
        if network.is_mapped() || network.bits == 0 {
            let message = format!("not enough remaining address space for a subnet with a prefix of {prefix} bits");
            return Err(CallError::argument(at, message));
        }
        let subnet = Network { bits: 0, prefix, ..network };
        // Rounded up to where a subnet of this size can begin.
        let start = free
            .and_then(|free| free.checked_add(subnet.host_mask()))
            .map(|free| free & !subnet.host_mask())
            .filter(|start| *start <= network.last())
            .ok_or_else(|| {
                let message = format!(
                    "not enough remaining address space for a subnet with a prefix of {prefix} bits after {}",
                    previous.notation()
                );
                CallError::argument(at, message)
            })?;
        previous = Network { bits: start, ..subnet };
        free = previous.last().checked_add(1);
        subnets.push(Value::string(previous.notation()));
    }
    Ok(Value::list(Type::String, subnets))
}
