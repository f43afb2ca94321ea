//! What the data sources of EC2 share: `filter` blocks and tags as the service's filters, and "exactly one".

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{Filter, Tag};
use smform_provider::ProviderError;
use smform_types::schema::{Attribute, Block, NestedBlock};
use smform_types::{Type, Value};

use crate::clients::Clients;
use crate::fields::{Fields, text_map};

/// The schema of `filter`.
pub(super) fn filter_block() -> NestedBlock {
    let block = Block::new(
        [
            ("name", Attribute::required(Type::String).describe("The service's name of the filter, such as vpc-id.")),
            ("values", Attribute::required(Type::set(Type::String)).describe("Any of these.")),
        ],
        [],
    );
    NestedBlock::set(block, 0, 0)
}

/// The filters that a configuration asks for: arguments that stand for a filter of the service, then tags, then
/// `filter` blocks.
pub(super) fn filters(config: &Value, arguments: &[(&str, Option<&str>)]) -> Vec<Filter> {
    let fields = Fields(config);
    let one = |name: &str, values: Vec<String>| Filter::builder().name(name).set_values(Some(values)).build();
    let given = arguments.iter().filter_map(|(name, value)| value.map(|value| one(name, vec![value.to_owned()])));
    let mut filters: Vec<Filter> = given.collect();
    let mut tags: Vec<(String, String)> = fields.map("tags").into_iter().collect();
    tags.sort();
    filters.extend(tags.into_iter().map(|(key, value)| one(&format!("tag:{key}"), vec![value])));
    filters.extend(fields.blocks("filter").filter_map(|block| Some(one(block.text("name")?, block.texts("values")))));
    filters
}

/// The one item that matches.
///
/// # Errors
/// When none does, or several do; the message says where it was looked.
pub(super) fn exactly_one<T>(found: Vec<T>, what: &str, clients: &Clients, region: &str) -> Result<T, ProviderError> {
    let place = clients.place(region);
    let count = found.len();
    let mut found = found.into_iter();
    match (found.next(), count) {
        (Some(one), 1) => Ok(one),
        (None, _) => Err(ProviderError::new(
            format!("No {what} matches"),
            format!("There is none with these arguments in {place}. Check them, and the account and region."),
        )),
        (Some(_), _) => Err(ProviderError::new(
            format!("More than one {what} matches"),
            format!(
                "There are {count} with these arguments in {place}, and exactly one is needed. Add a filter, or give the id."
            ),
        )),
    }
}

/// A filter for one value.
pub(super) fn filter(name: &str, value: &str) -> Filter {
    Filter::builder().name(name).values(value).build()
}

/// Tags by key, those of AWS itself left out.
pub(super) fn own_tags(tags: &[Tag]) -> BTreeMap<String, String> {
    let own = tags.iter().filter_map(|tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned())));
    own.filter(|(key, _)| !key.starts_with("aws:")).collect()
}

/// Tags as a value, those of AWS itself left out.
pub(super) fn tags_value(tags: &[Tag]) -> Value {
    text_map(&own_tags(tags))
}

/// The ARN of an object of EC2.
pub(super) fn arn(clients: &Clients, region: &str, owner: &str, resource: &str) -> String {
    format!("arn:{}:ec2:{region}:{owner}:{resource}", clients.partition(region))
}
