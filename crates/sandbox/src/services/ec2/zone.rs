//! Availability zones.

use super::filter::Filters;
use super::state::Zone;
use super::{Answer, invalid};
use crate::services::Context;
use crate::wire::query::Params;
use crate::wire::xml::Node;

const FILTERS: &[&str] = &[
    "group-long-name",
    "group-name",
    "message",
    "opt-in-status",
    "parent-zone-id",
    "parent-zone-name",
    "region-name",
    "state",
    "zone-id",
    "zone-name",
    "zone-type",
];

pub(crate) fn describe(context: &mut Context<'_>, params: &Params) -> Answer {
    let region = context.scope.region.as_str();
    let zones = &context.region.ec2.zones;
    let (names, zone_ids) = (params.list("ZoneName"), params.list("ZoneId"));
    for name in &names {
        if !zones.iter().any(|zone| zone.name == *name) {
            return Err(invalid(format!("Invalid availability zone: [{name}]")));
        }
    }
    for id in &zone_ids {
        if !zones.iter().any(|zone| zone.id == *id) {
            return Err(invalid(format!("Invalid availability zone-id: [{id}]")));
        }
    }
    let filters = Filters::parse(params, FILTERS)?;
    let group = format!("{region}-zg-1");
    let values = |zone: &Zone, filter: &str| match filter {
        "group-name" => vec![group.clone()],
        "opt-in-status" => vec!["opt-in-not-required".to_owned()],
        "region-name" => vec![region.to_owned()],
        "state" => vec!["available".to_owned()],
        "zone-id" => vec![zone.id.clone()],
        "zone-name" => vec![zone.name.clone()],
        "zone-type" => vec!["availability-zone".to_owned()],
        _ => Vec::new(),
    };
    let shown = zones.iter().filter(|zone| {
        (names.is_empty() || names.contains(&zone.name.as_str()))
            && (zone_ids.is_empty() || zone_ids.contains(&zone.id.as_str()))
            && filters.pass(None, |filter| values(zone, filter))
    });
    let nodes = shown.map(|zone| {
        Node::Structure(vec![
            ("zoneName", Node::text(&zone.name)),
            ("zoneId", Node::text(&zone.id)),
            ("zoneState", Node::text("available")),
            ("zoneType", Node::text("availability-zone")),
            ("regionName", Node::text(region)),
            ("groupName", Node::text(&group)),
            ("networkBorderGroup", Node::text(region)),
            ("optInStatus", Node::text("opt-in-not-required")),
            ("messageSet", Node::list([])),
        ])
    });
    Ok(vec![("availabilityZoneInfo", Node::list(nodes))])
}
