//! Prefix lists that AWS manages: S3 and DynamoDB.

use super::ids::PREFIX_LIST;
use super::listing::{self, Listing};
use super::{Answer, filter::TagMap};
use crate::services::Context;
use crate::wire::query::Params;
use crate::wire::xml::Node;

/// Id, service and blocks.
static LISTS: [(&str, &str, &[&str]); 2] = [
    ("pl-63a5400a", "s3", &["3.5.0.0/19", "18.34.0.0/19", "52.216.0.0/15", "54.231.0.0/16"]),
    ("pl-02cd2c6b", "dynamodb", &["3.218.180.0/22", "52.94.0.0/22", "52.119.224.0/20"]),
];

/// The list of the service that a gateway endpoint leads to.
pub(crate) fn of_service(service: &str) -> &'static str {
    LISTS.iter().find(|(_, name, _)| service.ends_with(name)).map_or("pl-63a5400a", |(id, ..)| id)
}

/// Whether there is such a list.
pub(crate) fn exists(id: &str) -> bool {
    LISTS.iter().any(|(known, ..)| *known == id)
}

pub(crate) fn describe(context: &mut Context<'_>, params: &Params) -> Answer {
    const LISTING: Listing = Listing {
        set: "prefixListSet",
        kind: PREFIX_LIST,
        filters: &["prefix-list-id", "prefix-list-name"],
        limits: Some((5, 1000)),
        default_page: None,
    };
    let region = context.scope.region.as_str();
    let name = |service: &str| format!("com.amazonaws.{region}.{service}");
    let lists = LISTS.iter().map(|list| (list.0, list));
    let values = |(id, service, _): &(&str, &str, &[&str]), filter: &str| match filter {
        "prefix-list-id" => vec![(*id).to_owned()],
        "prefix-list-name" => vec![name(service)],
        _ => Vec::new(),
    };
    listing::describe(&LISTING, params, &TagMap::new(), lists, values, |(id, service, cidrs)| {
        Node::Structure(vec![
            ("prefixListId", Node::text(*id)),
            ("prefixListName", Node::text(name(service))),
            ("cidrSet", Node::list(cidrs.iter().map(|cidr| Node::text(*cidr)))),
        ])
    })
}
