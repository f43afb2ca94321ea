//! A state that is held open: locked, with every outcome on disk as it happens.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value as Json;
use smform_types::InstanceAddress;

use crate::backend::Backend;
use crate::codec;
use crate::error::StateError;
use crate::journal::{self, Intent, Journal, Record};
use crate::lock::LockInfo;
use crate::model::{Object, ObjectId, Output, State};

/// An open state.
#[derive(Debug)]
pub struct Store {
    backend: Box<dyn Backend>,
    state: State,
    /// The snapshot as read, to be backed up before it is replaced.
    snapshot: Option<Vec<u8>>,
    /// The state as of that snapshot, which tells whether anything changed.
    before: State,
    pending: Vec<Intent>,
    journal: Option<Journal>,
    _lock: Option<Box<dyn std::fmt::Debug + Send>>,
}

/// Reads a state without locking it, with what a journal says on top.
///
/// # Errors
/// When it cannot be read.
pub fn read(backend: &dyn Backend) -> Result<State, StateError> {
    let snapshot = backend.read()?;
    let mut state = codec::read(snapshot.as_deref().unwrap_or_default(), &backend.place())?;
    for record in journal::read(&backend.journal())? {
        journal::replay(record, &mut state, &mut Vec::new());
    }
    Ok(state)
}

impl Store {
    /// Opens a state and locks it (unless `lock` is nothing), waiting up to the timeout given with it.
    ///
    /// # Errors
    /// When it is locked, or cannot be read.
    pub fn open(backend: Box<dyn Backend>, lock: Option<(&LockInfo, Duration)>) -> Result<Store, StateError> {
        let held = match lock {
            Some((info, timeout)) => Some(backend.lock(info, timeout)?),
            None => None,
        };
        let snapshot = backend.read()?;
        let mut state = codec::read(snapshot.as_deref().unwrap_or_default(), &backend.place())?;
        let before = state.clone();
        let mut pending = Vec::new();
        for record in journal::read(&backend.journal())? {
            journal::replay(record, &mut state, &mut pending);
        }
        Ok(Store { backend, state, snapshot, before, pending, journal: None, _lock: held })
    }

    /// The state as known now.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Operations of an earlier run that have no outcome: whether they took effect is not known.
    #[must_use]
    pub fn pending(&self) -> &[Intent] {
        &self.pending
    }

    /// Where the state is, for messages.
    #[must_use]
    pub fn place(&self) -> PathBuf {
        self.backend.place()
    }

    fn write(&mut self, record: Record) -> Result<(), StateError> {
        if self.journal.is_none() {
            let mut journal = Journal::open(&self.backend.journal())?;
            if self.state.lineage.is_empty() {
                self.state.lineage = uuid::Uuid::new_v4().to_string();
            }
            journal.append(&Record::Begin {
                serial: self.state.serial,
                lineage: self.state.lineage.clone(),
                pid: std::process::id(),
            })?;
            self.journal = Some(journal);
        }
        if let Some(journal) = &mut self.journal {
            journal.append(&record)?;
        }
        journal::replay(record, &mut self.state, &mut self.pending);
        Ok(())
    }

    /// Records that an operation is about to begin.
    ///
    /// # Errors
    /// When it cannot be written; the operation must then not begin.
    pub fn intent(
        &mut self,
        id: &ObjectId,
        operation: &str,
        identifier: Option<&str>,
        provider: &str,
    ) -> Result<(), StateError> {
        self.write(Record::Intent(Intent {
            object: id.into(),
            operation: operation.to_owned(),
            identifier: identifier.map(str::to_owned),
            provider: provider.to_owned(),
        }))
    }

    /// Records that an operation ended without a change.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn unchanged(&mut self, id: &ObjectId) -> Result<(), StateError> {
        self.write(Record::Unchanged { object: id.into() })
    }

    /// Records what an object is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(&mut self, id: &ObjectId, provider: &str, object: Object) -> Result<(), StateError> {
        if self.state.get(id) == Some(&object) && !self.pending.iter().any(|i| i.object.parse().as_ref() == Some(id)) {
            return Ok(());
        }
        self.write(Record::Put { object: id.into(), provider: provider.to_owned(), content: Box::new(object) })
    }

    /// Records that an object is gone.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn remove(&mut self, id: &ObjectId) -> Result<(), StateError> {
        self.write(Record::Remove { object: id.into() })
    }

    /// Gives an object another address.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn relocate(&mut self, from: &ObjectId, to: &ObjectId) -> Result<(), StateError> {
        self.write(Record::Relocate { from: from.into(), to: to.into() })
    }

    /// Sets the current object at an address aside; returns its key, nothing when there is none.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn depose(&mut self, address: &InstanceAddress) -> Result<Option<String>, StateError> {
        let current = ObjectId { address: address.clone(), deposed: None };
        if self.state.get(&current).is_none() {
            return Ok(None);
        }
        let mut key: String = uuid::Uuid::new_v4().simple().to_string();
        key.truncate(8);
        let to = ObjectId { address: address.clone(), deposed: Some(key.clone()) };
        self.relocate(&current, &to)?;
        Ok(Some(key))
    }

    /// Records the root outputs, if they changed.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn outputs(&mut self, outputs: BTreeMap<String, Output>) -> Result<(), StateError> {
        if self.state.outputs == outputs { Ok(()) } else { self.write(Record::Outputs { outputs }) }
    }

    /// Records how conditions came out, if that changed: an array in the format of the state, or null.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn checks(&mut self, results: Json) -> Result<(), StateError> {
        if self.state.check_results == results { Ok(()) } else { self.write(Record::Checks { results }) }
    }

    /// Writes a new snapshot, if anything changed, and ends the journal. While operations are without outcome the
    /// journal stays, so that the next run follows them up.
    ///
    /// # Errors
    /// When it cannot be written: the journal then still holds everything, and the snapshot was rescued to a file of its
    /// own if that was possible.
    pub fn finish(mut self) -> Result<State, StateError> {
        let changed = State { serial: self.before.serial, ..self.state.clone() } != self.before;
        if changed {
            self.state.serial = self.before.serial + 1;
            codec::TERRAFORM_VERSION.clone_into(&mut self.state.terraform_version);
            let text = codec::write(&self.state);
            if let Some(old) = self.snapshot.as_ref().filter(|old| !old.is_empty()) {
                self.backend.back_up(old)?;
            }
            if let Err(source) = self.backend.write(text.as_bytes()) {
                return Err(rescue(&self.backend.place(), text.as_bytes(), source));
            }
        }
        if self.pending.is_empty() {
            let path = self.backend.journal();
            match self.journal.take() {
                Some(journal) => journal.remove()?,
                // The journal of an earlier run, whose facts the snapshot now holds.
                None if path.exists() => Journal::open(&path)?.remove()?,
                None => {}
            }
        }
        Ok(self.state)
    }
}

/// Saves a snapshot that could not be written where it belongs.
fn rescue(place: &std::path::Path, snapshot: &[u8], source: StateError) -> StateError {
    let folders = [std::env::current_dir().ok(), Some(std::env::temp_dir())];
    for folder in folders.into_iter().flatten() {
        let rescued = folder.join("errored.tfstate");
        if crate::files::replace(&rescued, snapshot).is_ok() {
            return StateError::Rescued { path: place.to_owned(), rescued, source: Box::new(source) };
        }
    }
    source
}
