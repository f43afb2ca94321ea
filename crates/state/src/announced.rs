//! Creations that are announced beside a state that is kept elsewhere.
//!
//! The journal is on the machine of the run, which may be thrown away when the run is killed. The state elsewhere is brought
//! up to date every now and then only. So that nothing which was created in between is lost, each creation is announced
//! before it begins, by a record of its own, which then becomes what was created, and is withdrawn once a snapshot has it.
//! That costs two small writes for each creation, whatever the size of the state. What is left to do to an object is announced
//! likewise, until it is done.
//!
//! A run that ends between the snapshot and the withdrawal leaves announcements behind that the snapshot has settled; a
//! record of what it settles is announced before it is written.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use serde_json::Value as Json;

use crate::backend::Backend;
use crate::catch_up::{identifier, is_settled, key_of, known, set_aside};
use crate::error::StateError;
use crate::journal::{Id, Intent, OWE, Record};
use crate::model::{ObjectId, State};

/// What the name of an announcement ends with that is about what is left to do to an object.
const LEFT: &str = "-left";

/// The announcements of a state: those of this run, and what earlier ones have left.
#[derive(Debug)]
pub(crate) struct Announced {
    /// The run.
    pub(crate) run: String,
    /// By name, with the object that is about to be created.
    open: BTreeMap<String, Option<Id>>,
    next: usize,
    /// Why nothing more is announced.
    refused: Option<String>,
    /// What earlier runs had created whole, and is recorded since only an announcement tells of it.
    taken_up: Vec<ObjectId>,
}

impl Announced {
    /// Reads what earlier runs have left, and adds to a state and its open intents what is not known of it here. `runs` are
    /// those whose journal is on this machine.
    pub(crate) fn read(
        backend: &dyn Backend,
        snapshot: &[u8],
        runs: &BTreeSet<String>,
        state: &mut State,
        pending: &mut Vec<Intent>,
    ) -> Result<Announced, StateError> {
        // Names are in the order of the runs.
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let run = format!("{:016}-{:.8}", now.as_micros(), uuid::Uuid::new_v4().simple());
        let mut announced = Announced { run, open: BTreeMap::new(), next: 0, refused: None, taken_up: Vec::new() };
        let found = match backend.announced() {
            Ok(found) => found,
            Err(error) => {
                announced.refused = Some(error.to_string());
                return Ok(announced);
            }
        };
        let (mut begun, mut settled) = (Vec::new(), BTreeSet::new());
        for (name, text) in found {
            announced.open.insert(name.clone(), None);
            // What cannot be read was made by a later version, or never finished.
            match serde_json::from_str(&backend.unseal(text)?) {
                Ok(Record::Intent(intent)) => begun.push((name, intent, None)),
                Ok(Record::Put { object, provider, content }) => {
                    let identifier = content.attributes.get("id").and_then(Json::as_str).map(str::to_owned);
                    let operation = "create".to_owned();
                    begun.push((
                        name,
                        Intent { object, operation, identifier, provider, arguments: None },
                        Some(*content),
                    ));
                }
                Ok(Record::Settled { crc, names }) if crc == crc32fast::hash(snapshot) => settled.extend(names),
                _ => {}
            }
        }
        let here = |name: &str| runs.iter().any(|run| name.starts_with(run.as_str()));
        begun.retain(|(name, ..)| !settled.contains(name));
        // What the journal here tells of is open as long as it has no outcome.
        let (told, begun): (Vec<_>, Vec<_>) = begun.into_iter().partition(|(name, ..)| here(name));
        for (name, intent, made) in told {
            let is_same = |one: &Intent| {
                let is_known_so = made.is_some() || one.identifier == intent.identifier;
                one.object == intent.object && one.operation == intent.operation && is_known_so
            };
            if pending.iter().any(is_same) {
                announced.open.insert(name, Some(intent.object));
            }
        }
        // Of several for one object, the last is what was going on.
        let mut newer: BTreeSet<ObjectId> = BTreeSet::new();
        let (owed, begun): (Vec<_>, Vec<_>) = begun.into_iter().partition(|(_, intent, _)| intent.operation == OWE);
        for (name, intent, _) in owed.into_iter().rev() {
            let is_there = intent.object.parse().is_some_and(|id| state.get(&id).is_some());
            let is_known = |one: &Intent| one.object == intent.object && one.operation == OWE;
            if is_there && !pending.iter().any(is_known) {
                announced.open.insert(name, Some(intent.object.clone()));
                pending.push(intent);
            }
        }
        for (name, intent, made) in begun.into_iter().rev() {
            let is_settled = is_settled(&intent, made.as_ref(), state, &known(state));
            let recorded = intent.object.parse().and_then(|id| state.get(&id));
            let is_waited_for = is_settled && recorded.is_some_and(|object| object.tainted);
            let is_known = is_settled && !is_waited_for;
            let is_newer_known = intent.object.parse().is_some_and(|id| newer.contains(&id))
                || pending.iter().any(|one| one.object == intent.object && one.operation != OWE);
            if is_known {
                continue;
            }
            let is_same = |one: &Intent| {
                one.object == intent.object && one.operation != OWE && one.identifier == intent.identifier
            };
            if made.is_none() && pending.iter().any(is_same) {
                // A later run was about to create the same.
                announced.open.insert(name, Some(intent.object));
                continue;
            }
            if is_newer_known {
                // What a run before had made at this address, or may have, is only left over, and is to be deleted.
                let known_as = made.as_ref().map(identifier).or_else(|| intent.identifier.clone());
                let (Some(id), Some(known_as)) = (intent.object.parse(), known_as) else { continue };
                let aside = ObjectId { deposed: Some(key_of(&known_as)), ..id };
                match made {
                    Some(object) => {
                        state.put(&aside, &intent.provider, object);
                        announced.taken_up.push(aside);
                    }
                    None => {
                        let object = Id::from(&aside);
                        announced.open.insert(name, Some(object.clone()));
                        pending.push(Intent { object, ..intent });
                    }
                }
                continue;
            }
            newer.extend(intent.object.parse());
            if !is_settled {
                // The run was replacing what is there.
                set_aside(&intent, state);
            }
            let is_made = made.as_ref().is_some_and(|object| !object.tainted);
            if let (Some(id), Some(object)) = (intent.object.parse(), made) {
                state.put(&id, &intent.provider, object);
            }
            // What was made whole needs no following up, only a snapshot.
            if is_made {
                announced.taken_up.extend(intent.object.parse());
            } else {
                announced.open.insert(name, Some(intent.object.clone()));
                pending.push(intent);
            }
        }
        Ok(announced)
    }

    /// Announces a creation, or what is left to do to an object.
    pub(crate) fn announce(&mut self, backend: &dyn Backend, intent: &Intent) {
        let owes = intent.operation == OWE;
        if self.refused.is_none() && (intent.operation == "create" || owes) && intent.identifier.is_some() {
            let name = self.name();
            let name = if owes { name + LEFT } else { name };
            self.put(backend, name, &Record::Intent(intent.clone()), Some(intent.object.clone()));
        }
    }

    /// Announces what came of a creation that was announced: by this run, or by an earlier one, whose object this run has found.
    pub(crate) fn made(&mut self, backend: &dyn Backend, object: &Id, record: &Record) {
        let of_it = self.open.iter().filter(|(name, other)| other.as_ref() == Some(object) && !name.ends_with(LEFT));
        let names: Vec<&String> = of_it.map(|(name, _)| name).collect();
        let name = names.iter().find(|name| name.starts_with(&self.run)).or(names.last());
        if let (Some(name), None) = (name, &self.refused) {
            let name = (*name).clone();
            self.put(backend, name, record, Some(object.clone()));
        }
    }

    /// Announces again what has followed an object to another address. What was announced of it at the old one is settled by the
    /// next snapshot, which has the object at the new one.
    pub(crate) fn follow(&mut self, backend: &dyn Backend, from: &Id, followed: &[Intent]) {
        for intent in followed {
            let is_same = |name: &str| name.ends_with(LEFT) == (intent.operation == OWE);
            let former = self.open.iter_mut().filter(|(name, object)| object.as_ref() == Some(from) && is_same(name));
            let mut was_announced = false;
            for (_, object) in former {
                *object = None;
                was_announced = true;
            }
            if was_announced {
                self.announce(backend, intent);
            }
        }
    }

    fn name(&mut self) -> String {
        self.next += 1;
        format!("{}-{:06}", self.run, self.next)
    }

    /// What a snapshot settles that is about to be written: the announcements of all that is not open any more.
    pub(crate) fn settle(&mut self, backend: &dyn Backend, crc: u32, pending: &[Intent]) {
        let names = self.settled(pending);
        if self.refused.is_none() && !names.is_empty() {
            let name = self.name();
            self.put(backend, name, &Record::Settled { crc, names }, None);
        }
    }

    /// Withdraws what the snapshot has settled. What is left behind is passed over by the next run.
    pub(crate) fn withdraw(&mut self, backend: &dyn Backend, pending: &[Intent]) {
        let names = self.settled(pending);
        if names.is_empty() {
            return;
        }
        match backend.withdraw(&names) {
            Ok(()) => self.open.retain(|name, _| !names.contains(name)),
            Err(error) => tracing::warn!("what was announced beside the state was not withdrawn: {error}"),
        }
    }

    /// Withdraws what is announced of an object that turned out not to be there.
    pub(crate) fn give_up(&mut self, backend: &dyn Backend, object: &Id) {
        let names = self.open.iter().filter(|(_, other)| other.as_ref() == Some(object));
        let names: Vec<String> = names.map(|(name, _)| name.clone()).collect();
        if !names.is_empty() && backend.withdraw(&names).is_ok() {
            self.open.retain(|name, _| !names.contains(name));
        }
    }

    /// What earlier runs had created and only announcements told of.
    pub(crate) fn taken_up(&self) -> &[ObjectId] {
        &self.taken_up
    }

    /// What the user should know: why creations were not announced.
    pub(crate) fn note(&self) -> Option<&str> {
        self.refused.as_deref()
    }

    fn settled(&self, pending: &[Intent]) -> Vec<String> {
        let is_open = |object: &Id| pending.iter().any(|intent| intent.object == *object);
        let names = self.open.iter().filter(|(_, object)| !object.as_ref().is_some_and(is_open));
        names.map(|(name, _)| name.clone()).collect()
    }

    fn put(&mut self, backend: &dyn Backend, name: String, record: &Record, object: Option<Id>) {
        let text = serde_json::to_string(record).unwrap_or_default();
        match backend.seal(text).and_then(|text| backend.announce(&name, &text)) {
            Ok(true) => drop(self.open.insert(name, object)),
            Ok(false) => {}
            Err(error) => self.refused = Some(error.to_string()),
        }
    }
}
