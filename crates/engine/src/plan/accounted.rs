//! Differences between the state and what was read that other objects of the state account for. They are nobody else's
//! change, and are not told as one.

use std::sync::Arc;

use smform_provider::PlannedObject;
use smform_types::Value;

use super::Drift;
use super::stored::Stored;
use crate::providers::Providers;
use crate::values::Values;

/// The drift without what other objects account for.
pub fn accounted(drift: Vec<Drift>, providers: &Providers, stored: &Stored, values: &Values) -> Vec<Drift> {
    let plain = |value: &Value| value.clone().unmark_deep().0;
    let others: Vec<PlannedObject> = if drift.is_empty() {
        Vec::new()
    } else {
        let current = stored.objects.iter().filter(|(object, _)| object.deposed.is_none());
        let seen = current.map(|(object, recorded)| PlannedObject {
            type_name: Arc::clone(&object.address.resource.type_name),
            before: Some(plain(&recorded.value)),
            after: Some(plain(values.instance(&object.address).unwrap_or(&recorded.value))),
        });
        seen.collect()
    };
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
    if kept == read {
        return Some(drift);
    }
    let after = kept.mark_paths(&marks);
    (drift.previous.is_some() || after != drift.before).then(|| Drift { after: Some(after), ..drift })
}
