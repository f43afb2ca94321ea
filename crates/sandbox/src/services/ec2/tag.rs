//! Tags of EC2 resources.

use super::filter::Filters;
use super::ids::{self, Kind};
use super::listing::Page;
use super::state::{State, Tags};
use super::{Answer, interface};
use crate::services::Context;
use crate::wire::ApiError;
use crate::wire::query::Params;
use crate::wire::xml::Node;

/// How many tags a resource may have.
const LIMIT: usize = 50;
/// How many resources one call may name.
const RESOURCES: usize = 1000;

/// A resource's tags as every resource shows them.
pub(crate) fn set(state: &State, id: &str) -> Node {
    Node::list(
        state
            .tags_of(id)
            .map(|(key, value)| Node::Structure(vec![("key", Node::text(key)), ("value", Node::text(value))])),
    )
}

/// The tags that a create call gives to the resource of that kind. Other kinds are refused.
pub(crate) fn of_create(params: &Params, kind: &Kind) -> Result<Tags, ApiError> {
    let mut tags = Tags::new();
    for specification in params.structures("TagSpecification") {
        let wanted = specification.required("ResourceType")?;
        if wanted != kind.tag_type {
            return Err(ApiError::new(
                "InvalidParameterValue",
                format!("'{wanted}' is not a valid taggable resource type for this operation."),
            ));
        }
        tags.extend(read(&specification)?.into_iter().map(|(key, value)| (key, value.unwrap_or_default())));
    }
    check_count(&tags)?;
    Ok(tags)
}

/// Gives tags to a resource that was just made.
pub(crate) fn attach(state: &mut State, id: &str, tags: Tags) {
    if !tags.is_empty() {
        state.tags.insert(id.to_owned(), tags);
    }
}

fn read(params: &Params) -> Result<Vec<(String, Option<String>)>, ApiError> {
    params
        .structures("Tag")
        .into_iter()
        .map(|tag| {
            let key = tag.required("Key")?;
            let value = tag.get("Value");
            // Reserved prefix: the code is documented, the text unverified.
            if key.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:")) {
                let text = "Tag keys starting with 'aws:' are reserved for internal use";
                return Err(ApiError::new("InvalidTagKey.Malformed", text));
            }
            if key.chars().count() > 127 || value.is_some_and(|value| value.chars().count() > 255) {
                let text = "Tag key exceeds the maximum length of 127 characters, or its value that of 255";
                return Err(ApiError::new("InvalidParameterValue", text));
            }
            Ok((key.to_owned(), value.map(str::to_owned)))
        })
        .collect()
}

fn check_count(tags: &Tags) -> Result<(), ApiError> {
    if tags.len() > LIMIT {
        let text = "The maximum number of Tags for a resource has been reached.";
        return Err(ApiError::new("TagLimitExceeded", text));
    }
    Ok(())
}

pub(crate) fn create(context: &mut Context<'_>, params: &Params) -> Answer {
    let resources = resources(context, params)?;
    let new = read(params)?;
    if new.is_empty() {
        return Err(ApiError::new("MissingParameter", "The request must contain the parameter Tag"));
    }
    let mut changed = Vec::new();
    for id in resources {
        let mut tags = context.region.ec2.tags.get(id).cloned().unwrap_or_default();
        tags.extend(new.iter().map(|(key, value)| (key.clone(), value.clone().unwrap_or_default())));
        check_count(&tags)?;
        changed.push((id.to_owned(), tags));
    }
    context.region.ec2.tags.extend(changed);
    Ok(vec![("return", Node::boolean(true))])
}

pub(crate) fn delete(context: &mut Context<'_>, params: &Params) -> Answer {
    let resources: Vec<String> = resources(context, params)?.into_iter().map(str::to_owned).collect();
    let given = read(params)?;
    for id in &resources {
        let Some(tags) = context.region.ec2.tags.get_mut(id) else { continue };
        if given.is_empty() {
            tags.clear();
        }
        for (key, value) in &given {
            // A key alone removes any value; a value, even an empty one, removes only that.
            if value.as_ref().is_none_or(|value| tags.get(key) == Some(value)) {
                tags.shift_remove(key);
            }
        }
    }
    Ok(vec![("return", Node::boolean(true))])
}

fn resources<'a>(context: &Context<'_>, params: &'a Params) -> Result<Vec<&'a str>, ApiError> {
    let ids = params.list("ResourceId");
    if ids.is_empty() {
        return Err(ApiError::new("MissingParameter", "The request must contain the parameter resourceIdSet"));
    }
    if ids.len() > RESOURCES {
        let text = format!("A request may name at most {RESOURCES} resources.");
        return Err(ApiError::new("InvalidParameterValue", text));
    }
    for id in &ids {
        let kind = kind_of(id).ok_or_else(|| ApiError::new("InvalidID", format!("The ID '{id}' is not valid")))?;
        kind.check(id)?;
        if !exists(context, kind, id) {
            return Err(kind.not_found(&[id]));
        }
    }
    Ok(ids)
}

fn kind_of(id: &str) -> Option<&'static Kind> {
    static KINDS: [Kind; 11] = ids::ALL;
    KINDS.iter().find(|kind| id.strip_prefix(kind.prefix).is_some_and(|rest| rest.starts_with('-')))
}

fn exists(context: &Context<'_>, kind: &Kind, id: &str) -> bool {
    let state = &context.region.ec2;
    match kind.prefix {
        "vpc" => state.vpcs.contains_key(id),
        "subnet" => state.subnets.contains_key(id),
        "sg" => state.groups.contains_key(id),
        "sgr" => state.rules.contains_key(id),
        "rtb" => state.route_tables.contains_key(id),
        "acl" => state.acls.contains_key(id),
        "igw" => state.internet_gateways.contains_key(id),
        "nat" => state.nat_gateways.contains_key(id),
        "vpce" => state.vpc_endpoints.contains_key(id),
        "dopt" => state.dhcp_options.contains_key(id),
        "eni" => interface::any(context.region, |interface| interface.id == id),
        _ => false,
    }
}

pub(crate) fn describe(context: &mut Context<'_>, params: &Params) -> Answer {
    let filters = Filters::parse(params, &["key", "resource-id", "resource-type", "value"])?;
    let state = &context.region.ec2;
    let all = state.tags.iter().flat_map(|(id, tags)| tags.iter().map(move |(key, value)| (id, key, value)));
    let found: Vec<(String, Node)> = all
        .filter_map(|(id, key, value)| {
            let kind = kind_of(id).map(|kind| kind.tag_type).unwrap_or_default();
            let own = Tags::from([(key.clone(), value.clone())]);
            let passes = filters.pass(Some(&own), |name| match name {
                "key" => vec![key.clone()],
                "resource-id" => vec![id.clone()],
                "resource-type" => vec![kind.to_owned()],
                "value" => vec![value.clone()],
                _ => Vec::new(),
            });
            passes.then(|| {
                let node = Node::Structure(vec![
                    ("key", Node::text(key)),
                    ("resourceId", Node::text(id)),
                    ("resourceType", Node::text(kind)),
                    ("value", Node::text(value)),
                ]);
                (format!("{id} {key}"), node)
            })
        })
        .collect();
    let page = Page::read(params, "tagSet", Some((5, 1000)), None)?;
    let (shown, token) = page.cut(found, |(key, _)| key);
    let mut answer = vec![("tagSet", Node::list(shown.into_iter().map(|(_, node)| node)))];
    answer.extend(token.map(|token| ("nextToken", Node::text(token))));
    Ok(answer)
}
