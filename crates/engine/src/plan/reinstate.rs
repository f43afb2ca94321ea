//! Objects that were set aside and are what the configuration wants again: after a rollout that did not succeed, its author
//! goes back to what serves. Such an object becomes the current one again, and the one that took its place is set aside.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smform_lang::config::Config;
use smform_lang::eval::attribute_span;
use smform_types::{Diagnostic, Diagnostics, InstanceAddress, Path, ResourceConfigAddress, Step, Value};

use super::review::review;
use super::stored::{Stored, text_of};
use super::walk::{Adopt, Found, Walk, walk};
use super::{Action, Change, Mode, ObjectKey, Reason};
use crate::apply::conform::differences;
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
    let mut taken = take_back(inputs, found, true).await;
    if taken.has_made_up && !taken.found.diagnostics.has_errors() {
        let Found { changes, sessions, .. } = &taken.found;
        let (config, conduct) = (inputs.setting.config, &inputs.conduct);
        // Another object under another made-up name may do where a type objects to going back, as an endpoint does that
        // serves both.
        if review(config, changes, sessions, conduct, inputs.options.parallelism).await.has_errors() {
            let found = walk(&Walk { conduct: silent(inputs), ..*inputs }).await;
            taken = take_back(inputs, found, false).await;
        }
    }
    (taken.found, taken.stored)
}

/// What a walk has found once objects are current again.
struct Taken {
    found: Found,
    /// The record that it started from, where it is another one.
    stored: Option<Stored>,
    /// Whether an object is current again that is not wanted by its name.
    has_made_up: bool,
}

/// An object that is to be current again.
struct Chosen {
    key: String,
    /// Whether it is not wanted by its name, since that is to be made up.
    made_up: bool,
    /// What an earlier run was creating in its place, if that exists, and what that depends on.
    adopted: Option<(Value, BTreeSet<ResourceConfigAddress>)>,
    /// Whether an earlier run was creating something in its place that does not exist.
    absent: bool,
}

/// Walks until everything that is wanted again and can be as wanted is current.
async fn take_back(inputs: &Walk<'_>, found: Found, made_up: bool) -> Taken {
    let (mut chosen, mut unfit) = (BTreeMap::<InstanceAddress, Chosen>::new(), BTreeSet::new());
    let (mut found, mut stored) = (found, None);
    loop {
        let missed = chosen.keys().filter(|address| !is_kept(&found.changes, address));
        let missed: Vec<InstanceAddress> = missed.cloned().collect();
        let mut wanted = wanted_again(&found, stored.as_ref().unwrap_or(inputs.stored), made_up);
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
        for (address, Chosen { key, adopted, .. }) in &chosen {
            changed.take_back(address, key, adopted.as_ref());
        }
        found = walk(&Walk { stored: &changed, conduct: silent(inputs), ..*inputs }).await;
        stored = Some(changed);
    }
    let has_made_up = chosen.values().any(|chosen| chosen.made_up);
    for (address, Chosen { key, adopted, absent, .. }) in chosen {
        let current = ObjectKey { address, deposed: None };
        if let Some(change) = found.changes.get_mut(&current) {
            change.reinstated = Some(key);
        }
        // As far as the last walk knows, that was settled.
        found.adopted.extend(adopted.map(|(value, _)| (current.clone(), value)));
        found.absent.extend(absent.then_some(current));
    }
    Taken { found, stored, has_made_up }
}

/// What is read once more was told before.
pub(super) fn silent(inputs: &Walk<'_>) -> Conduct {
    Conduct { observer: Arc::new(Silent), ..inputs.conduct.clone() }
}

/// Whether an object stays, changed or not.
fn is_kept(changes: &BTreeMap<ObjectKey, Change>, address: &InstanceAddress) -> bool {
    let change = changes.get(&ObjectKey { address: address.clone(), deposed: None });
    change.is_some_and(|change| matches!(change.action, Action::NoOp | Action::Update))
}

/// The addresses at which an object is to be made as one that was set aside there: under its name, or with `made_up` with the
/// same arguments under any name.
fn wanted_again(found: &Found, stored: &Stored, made_up: bool) -> BTreeMap<InstanceAddress, Chosen> {
    let deposed = stored.objects.iter().filter_map(|(object, recorded)| {
        let current = ObjectKey { deposed: None, ..object.clone() };
        let (change, key) = (found.changes.get(&current)?, object.deposed.clone()?);
        let value = found.adopted.get(&current);
        let absent = found.absent.contains(&current);
        // What may exist at the address, although it is not recorded, would be forgotten.
        if stored.candidates.contains_key(&current) && value.is_none() && !absent {
            return None;
        }
        let by_name = has_its_name(change, &recorded.value);
        let is_wanted = by_name || made_up && !recorded.tainted && is_like(change, &recorded.value, &found.changes);
        if !is_wanted {
            return None;
        }
        let adopted = value.map(|value| (value.clone(), change.dependencies.clone()));
        Some((current.address, Chosen { key, made_up: !by_name, adopted, absent }))
    });
    deposed.collect()
}

/// Whether a change makes an object under a name that is to be made up, and everything else is as another object has it. Tags
/// are changed in place. What depends on an object that is made as well cannot be.
fn is_like(change: &Change, other: &Value, changes: &BTreeMap<ObjectKey, Change>) -> bool {
    let is_made = match change.action {
        Action::Create => true,
        Action::Replace(_) => change.reason == Some(Reason::CannotUpdate),
        _ => false,
    };
    let Some(after) = change.after.as_ref().filter(|_| is_made) else { return false };
    let needs_new = || {
        let mut made = changes.values().filter(|one| matches!(one.action, Action::Create | Action::Replace(_)));
        made.any(|one| change.dependencies.contains(&one.object.address.config()))
    };
    let is_tags = |path: &Path| matches!(path.0.first(), Some(Step::Attribute(name)) if name.starts_with("tags"));
    after.get("name").is_some_and(|name| !name.is_known())
        && differences(after, other).iter().all(is_tags)
        && !needs_new()
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
            "{address} is to be \"{}\" again. That object exists, was set aside (deposed) when another took its place, and cannot be what the configuration wants now without being made anew: a new one would collide \
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
