//! Networks of VPCs and subnets that come from pools of IPAM. EC2 does not tell of a network from which pool it is, nor
//! what length was asked for.

use smform_types::{Diagnostic, Diagnostics, Path, Value};

use crate::fields::Fields;

/// The arguments that say where a network is from.
pub(super) struct Names {
    pub(super) network: &'static str,
    pub(super) pool: &'static str,
    pub(super) length: &'static str,
}

pub(super) const IPV4: Names =
    Names { network: "cidr_block", pool: "ipv4_ipam_pool_id", length: "ipv4_netmask_length" };
pub(super) const IPV6: Names =
    Names { network: "ipv6_cidr_block", pool: "ipv6_ipam_pool_id", length: "ipv6_netmask_length" };

/// What an import could not find out, and the configuration says now.
const ASKED: [&str; 4] = [IPV4.pool, IPV4.length, IPV6.pool, IPV6.length];

/// The object with what was asked for at its creation, which is not told again.
pub(super) fn remembered(live: Value, remembered: &Value) -> Value {
    ASKED.iter().fold(live, |live, name| match remembered.get(name) {
        Some(value) => crate::fields::with(live, name, value.clone()),
        None => live,
    })
}

/// Rules between the arguments. `refuse` takes an argument and what is wrong with it.
pub(super) fn check(fields: Fields<'_>, names: &Names, mut refuse: impl FnMut(&str, String)) {
    if !fields.is_set(names.length) {
        return;
    }
    if fields.is_set(names.network) {
        refuse(names.length, format!("Give {} or {}, not both.", names.network, names.length));
    } else if !fields.is_given(names.pool) {
        refuse(names.length, format!("A length needs the pool that the network is taken from: give {}.", names.pool));
    }
}

/// Whether a network that exists may be from the pool that is named for it now, and was not before: as after an import.
/// Then it stays.
pub(super) fn may_be_from(prior: &Value, planned: &Value, names: &Names) -> bool {
    let (before, after) = (Fields(prior), Fields(planned));
    let network = before.text(names.network);
    let length = network.and_then(|network| Some(network.parse::<ipnet::IpNet>().ok()?.prefix_len()));
    let fits = after.int(names.length).is_none_or(|wanted| length.is_some_and(|length| i32::from(length) == wanted));
    let same = after.text(names.network).is_none() || after.text(names.network) == network;
    let unknown = before.text(names.pool).is_none() && before.int(names.length).is_none();
    network.is_some() && unknown && after.text(names.pool).is_some() && fits && same
}

/// What is said when it may.
pub(super) fn note(names: &Names) -> Diagnostics {
    let detail = format!(
        "{} is recorded, and the network stays as it is: EC2 does not tell from which pool it comes.",
        names.pool
    );
    Diagnostic::warning("Pool of an existing network", detail).of_attribute(Path::attribute(names.pool)).into()
}

/// The replacements that are left when the network stays.
pub(super) fn without_asked(replace: Vec<Path>, names: &Names) -> Vec<Path> {
    let asked = [names.pool, names.length].map(Path::attribute);
    replace.into_iter().filter(|path| !asked.contains(path)).collect()
}
