//! Tags of SageMaker objects, by ARN.

use std::collections::BTreeMap;

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::types::Tag;
use smform_provider::ProviderError;
use smform_types::Value;

use crate::failure::{Failure, Service, failed};
use crate::fields::{text_map, with};
use crate::tags::{TagPolicy, all_of, change};

/// The tags to send with a new object; nothing when there are none, since sending them needs a permission of its own.
pub(super) fn for_create(planned: &Value) -> Option<Vec<Tag>> {
    let tags: Vec<Tag> = all_of(planned).into_iter().map(|(key, value)| tag(key, value)).collect();
    (!tags.is_empty()).then_some(tags)
}

fn tag(key: String, value: String) -> Tag {
    Tag::builder().key(key).value(value).build()
}

/// The tags of an object.
pub(super) async fn list(client: &Client, arn: &str) -> Result<BTreeMap<String, String>, Failure> {
    let mut pages = client.list_tags().resource_arn(arn).into_paginator().items().send();
    let mut tags = BTreeMap::new();
    while let Some(tag) = pages.next().await {
        let tag = tag.map_err(failed(Service::SageMaker, "ListTags"))?;
        tags.insert(tag.key().unwrap_or_default().to_owned(), tag.value().unwrap_or_default().to_owned());
    }
    Ok(tags)
}

/// The tags of an object as data sources tell them: without those of AWS itself.
pub(super) async fn told(client: &Client, arn: Option<&str>, what: &str) -> Result<Value, ProviderError> {
    let listed = list(client, arn.unwrap_or_default()).await;
    let mut tags = listed.map_err(|failure| failure.into_error(format!("The tags of {what} could not be read")))?;
    tags.retain(|key, _| !key.starts_with("aws:"));
    Ok(text_map(&tags))
}

/// The object with its tags as they are now, given the object that is remembered.
pub(super) async fn read(
    client: &Client,
    policy: &TagPolicy,
    arn: &str,
    object: Value,
    remembered: &Value,
) -> Result<Value, Failure> {
    let live = match list(client, arn).await {
        Ok(live) => live,
        // Where there are no tags at all, there is nothing to compare: those that are remembered are taken for right.
        Err(failure) if failure.is_unsupported() => {
            tracing::warn!("the tags of {arn} were not read: {}", failure.message());
            let kept = |object, name| match remembered.get(name).filter(|tags| tags.is_wholly_known()) {
                Some(tags) => with(object, name, tags.clone()),
                None => object,
            };
            return Ok(["tags", "tags_all"].into_iter().fold(object, kept));
        }
        Err(failure) => return Err(failure),
    };
    let (tags, all) = policy.visible(&live, remembered.get("tags"));
    Ok(with(with(object, "tags", tags), "tags_all", all))
}

/// Changes the tags of an object from those of `prior` to those of `planned`; without a call if they are the same.
pub(super) async fn update(client: &Client, arn: &str, prior: &Value, planned: &Value) -> Result<(), Failure> {
    let change = change(prior, planned);
    if change.is_empty() {
        return Ok(());
    }
    if !change.remove.is_empty() {
        let call = client.delete_tags().resource_arn(arn).set_tag_keys(Some(change.remove));
        call.send().await.map_err(failed(Service::SageMaker, "DeleteTags"))?;
    }
    if !change.put.is_empty() {
        let tags = change.put.into_iter().map(|(key, value)| tag(key, value)).collect();
        let call = client.add_tags().resource_arn(arn).set_tags(Some(tags));
        call.send().await.map_err(failed(Service::SageMaker, "AddTags"))?;
    }
    Ok(())
}
