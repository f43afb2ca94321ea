//! DHCP option sets: the one that Amazon provides.

use super::ids::DHCP_OPTIONS;
use super::listing::{self, Listing};
use super::state::DhcpOptions;
use super::{Answer, tag};
use crate::services::Context;
use crate::wire::query::Params;
use crate::wire::xml::Node;
use crate::world::ACCOUNT;

pub(crate) fn describe(context: &mut Context<'_>, params: &Params) -> Answer {
    const LISTING: Listing = Listing {
        set: "dhcpOptionsSet",
        kind: DHCP_OPTIONS,
        filters: &["dhcp-options-id", "key", "owner-id", "value"],
        limits: Some((5, 1000)),
        default_page: None,
    };
    let state = &context.region.ec2;
    let sets = state.dhcp_options.iter().map(|(id, set)| (id.as_str(), set));
    let values = |set: &DhcpOptions, filter: &str| match filter {
        "dhcp-options-id" => vec![set.id.clone()],
        "key" => set.options.iter().map(|(key, _)| key.clone()).collect(),
        "owner-id" => vec![ACCOUNT.to_owned()],
        "value" => set.options.iter().flat_map(|(_, values)| values.clone()).collect(),
        _ => Vec::new(),
    };
    listing::describe(&LISTING, params, &state.tags, sets, values, |set| {
        let options = set.options.iter().map(|(key, values)| {
            let values = values.iter().map(|value| Node::Structure(vec![("value", Node::text(value))]));
            Node::Structure(vec![("key", Node::text(key)), ("valueSet", Node::list(values))])
        });
        Node::Structure(vec![
            ("dhcpOptionsId", Node::text(&set.id)),
            ("ownerId", Node::text(ACCOUNT)),
            ("dhcpConfigurationSet", Node::list(options)),
            ("tagSet", tag::set(state, &set.id)),
        ])
    })
}
