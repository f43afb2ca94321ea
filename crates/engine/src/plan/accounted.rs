//! Differences between the state and what was read that are nobody else's change, and are not told as one: those that other
//! objects of the state account for, and what an older version of the provider did not record.

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_provider::PlannedObject;
use smform_types::schema::Block;
use smform_types::{Path, Value};

use super::stored::Stored;
use super::{Drift, ObjectKey};
use crate::providers::Providers;

/// The drift without what other objects account for.
pub fn accounted(drift: Vec<Drift>, providers: &Providers, stored: &Stored) -> Vec<Drift> {
    if drift.is_empty() {
        return drift;
    }
    let plain = |value: &Value| value.clone().unmark_deep().0;
    let read: BTreeMap<&ObjectKey, Option<&Value>> =
        drift.iter().map(|drift| (&drift.object, drift.after.as_ref())).collect();
    let seen = stored.objects.iter().map(|(object, recorded)| PlannedObject {
        type_name: Arc::clone(&object.address.resource.type_name),
        before: Some(plain(&recorded.value)),
        after: read.get(object).copied().unwrap_or(Some(&recorded.value)).map(plain),
    });
    let others: Vec<PlannedObject> = seen.collect();
    drift.into_iter().filter_map(|drift| left(drift, providers, &others)).collect()
}

/// What is left of a difference; nothing when all of it is accounted for.
fn left(drift: Drift, providers: &Providers, others: &[PlannedObject]) -> Option<Drift> {
    let resource = &drift.object.address.resource;
    let Some(after) = &drift.after else { return Some(drift) };
    let Some(provider) = providers.offering(resource.mode, &resource.type_name) else { return Some(drift) };
    let (read, marks) = after.clone().unmark_with_paths();
    let recorded = drift.before.clone().unmark_deep().0;
    let kept = provider.accounted(&resource.type_name, &recorded, &read, others);
    let schema = provider.resource_schema(resource.mode, &resource.type_name);
    let kept = schema.map_or(kept.clone(), |schema| unsaid(&schema.block, &recorded, kept));
    if kept == read {
        return Some(drift);
    }
    let after = kept.mark_paths(&marks);
    (drift.previous.is_some() || after != drift.before).then_some(Drift { after: Some(after), ..drift })
}

/// What was read, without what the service fills in and the record says nothing of: so far nothing was known of it.
fn unsaid(block: &Block, recorded: &Value, read: Value) -> Value {
    let filled = block.attributes.iter().filter(|(_, attribute)| attribute.computed).map(|(name, _)| *name);
    let nothing = filled.filter_map(|name| Some((name, recorded.get(name).filter(|known| known.is_null())?.clone())));
    nothing.fold(read, |read, (name, null)| read.update_at(&Path::attribute(name).0, &mut |_| null.clone()))
}
