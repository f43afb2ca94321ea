//! Objects that were set aside and are what the configuration wants again: after a rollout that did not succeed, its author
//! goes back to what serves. Such an object becomes the current one again, and the one that took its place is set aside.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smform_lang::config::Config;
use smform_lang::eval::attribute_span;
use smform_types::{Diagnostic, Diagnostics, InstanceAddress, Path, Value};

use super::stored::{Stored, text_of};
use super::walk::{Adopt, Found, Walk, walk};
use super::{Action, Change, Mode, ObjectKey};
use crate::blocks::block_context;
use crate::events::Silent;
use crate::run::Conduct;

/// Walks, and walks again with what is to be current again in its place; with the record that the last walk started from,
/// where it is another one.
pub async fn walk_with_these(inputs: &Walk<'_>) -> (Found, Option<Stored>) {
    let found = walk(inputs).await;
    if inputs.options.mode != Mode::Normal || inputs.options.adopt != Adopt::Nothing {
        return (found, None);
    }
    let (mut chosen, mut unfit) = (BTreeMap::new(), BTreeSet::new());
    let (mut found, mut stored) = (found, None);
    loop {
        let missed = chosen.keys().filter(|address| !is_kept(&found.changes, address));
        let missed: Vec<InstanceAddress> = missed.cloned().collect();
        let mut wanted = wanted_again(&found.changes, stored.as_ref().unwrap_or(inputs.stored));
        wanted.retain(|address, _| !unfit.contains(address) && !chosen.contains_key(address));
        if missed.is_empty() && wanted.is_empty() || inputs.conduct.cancel.is_cancelled() {
            break;
        }
        chosen.extend(wanted);
        for address in missed {
            chosen.remove(&address);
            unfit.insert(address);
        }
        let mut changed = inputs.stored.clone();
        chosen.iter().for_each(|(address, key)| changed.reinstate(address, key));
        // What is read once more was told before.
        let conduct = Conduct { observer: Arc::new(Silent), ..inputs.conduct.clone() };
        found = walk(&Walk { stored: &changed, conduct, ..*inputs }).await;
        stored = Some(changed);
    }
    for (address, key) in chosen {
        if let Some(change) = found.changes.get_mut(&ObjectKey { address, deposed: None }) {
            change.reinstated = Some(key);
        }
    }
    (found, stored)
}

/// Whether an object stays, changed or not.
fn is_kept(changes: &BTreeMap<ObjectKey, Change>, address: &InstanceAddress) -> bool {
    let change = changes.get(&ObjectKey { address: address.clone(), deposed: None });
    change.is_some_and(|change| matches!(change.action, Action::NoOp | Action::Update))
}

/// The addresses at which an object is to be made under the name of one that was set aside there, each with its key.
fn wanted_again(changes: &BTreeMap<ObjectKey, Change>, stored: &Stored) -> BTreeMap<InstanceAddress, String> {
    let deposed = stored.objects.iter().filter_map(|(object, recorded)| {
        let current = ObjectKey { deposed: None, ..object.clone() };
        // What may exist at the address, although it is not recorded, would be forgotten.
        let change = changes.get(&current).filter(|_| !stored.candidates.contains_key(&current))?;
        has_its_name(change, &recorded.value).then(|| Some((current.address, object.deposed.clone()?)))?
    });
    deposed.collect()
}

/// Whether a change makes an object under the name, and in the region, of another one.
fn has_its_name(change: &Change, other: &Value) -> bool {
    let is_made = matches!(change.action, Action::Create | Action::Replace(_));
    let Some(after) = change.after.as_ref().filter(|_| is_made) else { return false };
    text_of(other, "name").is_some_and(|name| text_of(after, "name") == Some(name))
        && text_of(after, "region") == text_of(other, "region")
}

/// Refuses to create under a name that a deposed object has which cannot be the current one again.
pub fn refuse(config: &Config, changes: &BTreeMap<ObjectKey, Change>) -> Diagnostics {
    let mut found = Diagnostics::new();
    for deposed in changes.values().filter(|change| change.object.deposed.is_some() && change.action == Action::Delete)
    {
        let address = &deposed.object.address;
        let current = changes.get(&ObjectKey { address: address.clone(), deposed: None });
        let Some(before) = &deposed.before else { continue };
        if !current.is_some_and(|current| has_its_name(current, before)) {
            continue;
        }
        let detail = format!(
            "{address} is to be \"{}\" again. That object exists, was set aside (deposed) when another took its place in a run that \
             did not succeed, and cannot be what the configuration wants now without being made anew: a new one would collide \
             with it. Give the new one another name.",
            text_of(before, "name").unwrap_or_default()
        );
        let error = Diagnostic::error("Name of an object that was set aside", detail).about(address);
        found.push(match config.resource(&address.config()) {
            Some(block) => {
                let span = attribute_span(&block.body, &Path::attribute("name")).unwrap_or(block.span);
                error.at(span).within(block_context(block))
            }
            None => error,
        });
    }
    found
}
