//! Tags of EC2's objects, by id.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};
use smform_types::Value;

use crate::failure::{Failure, Service, failed};
use crate::tags;

fn tag(key: String, value: String) -> Tag {
    Tag::builder().key(key).value(value).build()
}

/// The tags to send with a new object; nothing when there are none, since sending them needs a permission of its own.
pub(super) fn for_create(kind: ResourceType, planned: &Value) -> Option<Vec<TagSpecification>> {
    let tags: Vec<Tag> = tags::all_of(planned).into_iter().map(|(key, value)| tag(key, value)).collect();
    (!tags.is_empty()).then(|| vec![TagSpecification::builder().resource_type(kind).set_tags(Some(tags)).build()])
}

/// Changes the tags of an object from those of `prior` to those of `planned`; without a call if they are the same.
pub(super) async fn update(client: &Client, id: &str, prior: &Value, planned: &Value) -> Result<(), Failure> {
    let change = tags::change(prior, planned);
    if !change.remove.is_empty() {
        let tags = change.remove.into_iter().map(|key| Tag::builder().key(key).build()).collect();
        let call = client.delete_tags().resources(id).set_tags(Some(tags));
        call.send().await.map_err(failed(Service::Ec2, "DeleteTags"))?;
    }
    if !change.put.is_empty() {
        let tags = change.put.into_iter().map(|(key, value)| tag(key, value)).collect();
        let call = client.create_tags().resources(id).set_tags(Some(tags));
        call.send().await.map_err(failed(Service::Ec2, "CreateTags"))?;
    }
    Ok(())
}
