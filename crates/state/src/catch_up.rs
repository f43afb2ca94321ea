//! What a journal says on top of a snapshot.
//!
//! Usually the journal is of the runs that began from this snapshot, and its facts are simply true. But after a run was cut
//! off, somebody else may have written the state: a colleague whose machine does not have the journal, or Terraform, which
//! does not read it. Facts that are older than the snapshot must not undo what is in it. What they still tell is which
//! objects were created, and none of these may be forgotten.

use std::collections::BTreeMap;

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
        pending.retain(|intent| !is_settled(intent, None, state, &known));
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

/// What a state holds, by type and the text by which a service knows it: of each the region, the ARN and the provider
/// configuration. In another region, or another account, another object may have the same name.
pub(crate) struct Known(BTreeMap<(String, String), Vec<Place>>);

struct Place {
    region: Option<String>,
    arn: Option<String>,
    provider: String,
}

impl Known {
    /// Whether an object is among them.
    fn has(&self, type_name: &str, object: &Object) -> bool {
        let differ = |one: &Option<String>, other: Option<&str>| {
            one.as_deref().zip(other).is_some_and(|(one, other)| one != other)
        };
        let (region, arn) = (text(object, "region"), text(object, "arn"));
        self.of(type_name, &identifier(object)).any(|place| !differ(&place.region, region) && !differ(&place.arn, arn))
    }

    /// Whether what was to be created by a provider configuration is among them. What an identifier says beside the name of
    /// the object is its region, after an `@`.
    fn has_created(&self, type_name: &str, identifier: &str, provider: &str) -> bool {
        let is_here = |place: &Place, region: Option<&str>| {
            let known = place.region.as_deref();
            place.provider == provider && (region.is_none() || known.is_none() || known == region)
        };
        let named = identifier.rsplit_once('@');
        self.of(type_name, identifier).any(|place| is_here(place, None))
            || named.is_some_and(|(name, region)| self.of(type_name, name).any(|place| is_here(place, Some(region))))
    }

    fn of(&self, type_name: &str, identifier: &str) -> impl Iterator<Item = &Place> {
        self.0.get(&(type_name.to_owned(), identifier.to_owned())).into_iter().flatten()
    }
}

pub(crate) fn known(state: &State) -> Known {
    let mut known = BTreeMap::new();
    for (id, resource, object) in state.objects() {
        let owned = |name| text(object, name).map(str::to_owned);
        let place = Place { region: owned("region"), arn: owned("arn"), provider: resource.provider.clone() };
        let key = (id.address.resource.type_name.to_string(), identifier(object));
        known.entry(key).or_insert_with(Vec::new).push(place);
    }
    Known(known)
}

fn text<'o>(object: &'o Object, name: &str) -> Option<&'o str> {
    object.attributes.get(name).and_then(Json::as_str)
}

pub(crate) fn identifier(object: &Object) -> String {
    text(object, "id").unwrap_or_default().to_owned()
}

/// Records what older facts say was created and the state does not hold: at its address, or set aside where another
/// object has that now, to be deleted.
fn keep_created(past: &State, state: &mut State, known: &Known) {
    for (id, resource, object) in past.objects() {
        let identifier = identifier(object);
        let current = ObjectId { address: id.address.clone(), deposed: None };
        let is_taken = state.get(&current).is_some();
        let is_known = known.has(&id.address.resource.type_name, object);
        // Nothing tells two objects without an identifier apart.
        if id.address.resource.mode != ResourceMode::Managed || is_known || identifier.is_empty() && is_taken {
            continue;
        }
        let at = if is_taken { ObjectId { deposed: Some(key_of(&identifier)), ..current } } else { current };
        state.put(&at, &resource.provider, object.clone());
    }
}

/// Whether what an older intent was about is known to a state; `made` is what came of it, as far as that was announced.
pub(crate) fn is_settled(intent: &Intent, made: Option<&Object>, state: &State, known: &Known) -> bool {
    let Some(id) = intent.object.parse() else { return true };
    let type_name = &id.address.resource.type_name;
    match (made, intent.identifier.as_deref().filter(|_| intent.operation == "create")) {
        (Some(object), _) => known.has(type_name, object),
        // At its own address it may have got another provider configuration since.
        (None, Some(name)) => {
            let is_it = |object: &Object| name == identifier(object) || name.starts_with(&(identifier(object) + "@"));
            known.has_created(type_name, name, &intent.provider) || state.get(&id).is_some_and(is_it)
        }
        (None, None) => state.get(&id).is_none(),
    }
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
#[must_use]
pub fn key_of(identifier: &str) -> String {
    format!("{:08x}", crc32fast::hash(identifier.as_bytes()))
}
