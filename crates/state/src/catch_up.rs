//! What a journal says on top of a snapshot.
//!
//! Usually the journal is of the runs that began from this snapshot, and its facts are simply true. But after a run was cut
//! off, somebody else may have written the state: a colleague whose machine does not have the journal, or Terraform, which
//! does not read it. Facts that are older than the snapshot must not undo what is in it. What they still tell is which
//! objects were created, and none of these may be forgotten.

use std::collections::BTreeSet;

use serde_json::Value as Json;
use smform_types::ResourceMode;

use crate::journal::{Id, Intent, Record, replay};
use crate::model::{Object, ObjectId, State};

/// Brings a state that was read from a snapshot up to what a journal says, and returns the intents without outcome.
/// `snapshot` is the text that the state was read from.
pub fn catch_up(records: Vec<Record>, snapshot: &[u8], state: &mut State) -> Vec<Intent> {
    let crc = crc32fast::hash(snapshot);
    let written = records.iter().rposition(|record| *record == Record::Snapshot { crc });
    let begun = records.iter().position(|record| begins_from(record, state));
    let current = written.or(begun).unwrap_or(records.len());
    let mut records = records.into_iter();
    let (mut pending, mut past) = (Vec::new(), State::default());
    for record in records.by_ref().take(current) {
        replay(record, &mut past, &mut pending);
    }
    if written.is_none() && current > 0 {
        let known = known(state);
        pending.retain(|intent| !is_settled(intent, state, &known));
        keep_created(&past, state, &known);
        pending = pending.into_iter().map(|intent| beside(intent, state)).collect();
    }
    for record in records {
        replay(record, state, &mut pending);
    }
    pending
}

/// Whether a run began from this very state.
fn begins_from(record: &Record, state: &State) -> bool {
    let Record::Begin { serial, lineage, .. } = record else { return false };
    *serial == state.serial && (state.lineage.is_empty() || *lineage == state.lineage)
}

/// What a state holds, by type and the text by which a service knows it.
pub(crate) type Known = BTreeSet<(String, String)>;

pub(crate) fn known(state: &State) -> Known {
    let entry =
        |(id, _, object): (ObjectId, _, &Object)| (id.address.resource.type_name.to_string(), identifier(object));
    state.objects().map(entry).collect()
}

pub(crate) fn identifier(object: &Object) -> String {
    object.attributes.get("id").and_then(Json::as_str).unwrap_or_default().to_owned()
}

/// Records what older facts say was created and the state does not hold: at its address, or set aside where another
/// object has that now, to be deleted.
fn keep_created(past: &State, state: &mut State, known: &Known) {
    for (id, resource, object) in past.objects() {
        let identifier = identifier(object);
        let current = ObjectId { address: id.address.clone(), deposed: None };
        let is_taken = state.get(&current).is_some();
        let is_known = known.contains(&(id.address.resource.type_name.to_string(), identifier.clone()));
        // Nothing tells two objects without an identifier apart.
        if id.address.resource.mode != ResourceMode::Managed || is_known || identifier.is_empty() && is_taken {
            continue;
        }
        let at = if is_taken { ObjectId { deposed: Some(key_of(&identifier)), ..current } } else { current };
        state.put(&at, &resource.provider, object.clone());
    }
}

/// Whether what an older intent was about is known to a state. What an identifier says beside the name of the object,
/// such as its region, follows an `@`.
pub(crate) fn is_settled(intent: &Intent, state: &State, known: &Known) -> bool {
    let Some(id) = intent.object.parse() else { return true };
    let Some(identifier) = intent.identifier.as_deref().filter(|_| intent.operation == "create") else {
        return state.get(&id).is_none();
    };
    let name = identifier.split_once('@').map_or(identifier, |(name, _)| name);
    let is_known = |name: &str| known.contains(&(id.address.resource.type_name.to_string(), name.to_owned()));
    is_known(identifier) || is_known(name)
}

/// A creation whose outcome is not known, as that of an object which is set aside, where another one has its address: if it
/// took place, what it made is only left over.
fn beside(intent: Intent, state: &State) -> Intent {
    let Some(current) = intent.object.parse().filter(|id| id.deposed.is_none()) else { return intent };
    match (&intent.identifier, state.get(&current)) {
        (Some(identifier), Some(other)) if intent.operation == "create" && !other.tainted => {
            let aside = ObjectId { deposed: Some(key_of(identifier)), ..current };
            Intent { object: Id::from(&aside), ..intent }
        }
        _ => intent,
    }
}

/// Sets aside what stands at the address of an object that is being created.
pub(crate) fn set_aside(intent: &Intent, state: &mut State) {
    let Some(current) = intent.object.parse().filter(|id| id.deposed.is_none()) else { return };
    if let Some(object) = state.get(&current) {
        let deposed = Some(key_of(&identifier(object)));
        state.relocate(&current, &ObjectId { deposed, ..current.clone() });
    }
}

/// The key under which an object is set aside: always the same for the same object.
pub(crate) fn key_of(identifier: &str) -> String {
    format!("{:08x}", crc32fast::hash(identifier.as_bytes()))
}
