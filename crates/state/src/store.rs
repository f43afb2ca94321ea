//! A state that is held open: locked, with every outcome on disk as it happens.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use smform_files as files;
use smform_types::json::parse;
use smform_types::{InstanceAddress, ModuleInstance, ResourceAddress};

use crate::announced::Announced;
use crate::backend::{Backend, Held, Snapshot, beside};
use crate::catch_up::catch_up;
use crate::codec::{self, is_blank};
use crate::encryption::is_encrypted;
use crate::error::StateError;
use crate::journal::{self, Intent, Journal, Record};
use crate::lock::LockInfo;
use crate::model::{Object, ObjectId, Output, Resource, State};

/// An open state.
#[derive(Debug)]
pub struct Store {
    backend: Arc<dyn Backend>,
    state: State,
    /// The snapshot as read, to be backed up before it is replaced.
    snapshot: Option<Snapshot>,
    /// The state as of that snapshot, which tells whether anything changed.
    before: State,
    pending: Vec<Intent>,
    journal: Option<Journal>,
    /// Whether a fact of this run is missing in the journal.
    is_torn: bool,
    /// The lowest serial that the next snapshot may have.
    next_serial: u64,
    /// When the snapshot was read or last written.
    settled: Instant,
    lock: Option<Box<dyn Held>>,
    announced: Announced,
    /// Whether there is to be a snapshot in the end, be it empty.
    established: bool,
    /// Why what is stored is no state, if it is none.
    damage: Option<StateError>,
    /// Whether what is stored is no state and was set aside.
    set_aside: bool,
}

/// Reads a state without locking it, with what a journal says on top.
///
/// # Errors
/// When it cannot be read.
pub fn read(backend: &dyn Backend) -> Result<State, StateError> {
    let (snapshot, mut state) = read_snapshot(backend).map_err(|error| rescuable(backend, error))?;
    bring_up_to_date(backend, &snapshot.unwrap_or_default().text, &mut state)?;
    Ok(state)
}

/// The last snapshot, and what it says.
fn read_snapshot(backend: &dyn Backend) -> Result<(Option<Snapshot>, State), StateError> {
    let snapshot = backend.read()?;
    let text = snapshot.as_ref().map(|snapshot| snapshot.text.as_slice());
    if text.is_some_and(is_blank) && !backend.kept()?.is_empty() {
        let reason = "it is empty, though there was a state in it. To begin anew, remove it";
        return Err(StateError::damaged(&backend.place(), reason));
    }
    let state = codec::read(text.unwrap_or_default(), &backend.place())?;
    Ok((snapshot, state))
}

/// Brings what a snapshot says up to what is on record beside it: in the journal, and in what was announced. Returns what
/// has no outcome yet.
fn bring_up_to_date(
    backend: &dyn Backend,
    snapshot: &[u8],
    state: &mut State,
) -> Result<(Vec<Intent>, Announced), StateError> {
    let records = records(backend)?;
    let run_of = |record: &Record| match record {
        Record::Begin { run, .. } => Some(run.clone()).filter(|run| !run.is_empty()),
        _ => None,
    };
    let runs = records.iter().filter_map(run_of).collect();
    let mut pending = catch_up(records, snapshot, state);
    let announced = Announced::read(backend, snapshot, &runs, state, &mut pending)?;
    Ok((pending, announced))
}

/// The facts in the journal of a state.
fn records(backend: &dyn Backend) -> Result<Vec<Record>, StateError> {
    let path = backend.journal();
    let damaged = |at: usize| StateError::Journal { path: path.clone(), line: at + 1 };
    let lines = journal::read(&path)?;
    let record = |(at, line): (usize, String)| {
        let line = backend.unseal(line)?;
        if is_encrypted(line.as_bytes()) {
            return Err(StateError::Encrypted { path: format!("The journal {}", path.display()).into() });
        }
        parse(line.as_bytes()).map_err(|_| damaged(at))
    };
    lines.into_iter().enumerate().map(record).collect()
}

impl Store {
    /// Opens a state and locks it (unless `lock` is nothing), waiting up to the timeout given with it.
    ///
    /// # Errors
    /// When it is locked, or cannot be read.
    pub fn open(backend: Arc<dyn Backend>, lock: Option<(&LockInfo, Duration)>) -> Result<Store, StateError> {
        let lock = match lock {
            Some((info, timeout)) => Some(backend.lock(info, timeout)?),
            None => None,
        };
        Store::open_held(backend, lock, false)
    }

    /// Opens a state of which the lock is held already, if there is to be one. It may be damaged where whatever is written
    /// then takes the place of what is stored, which must be set aside before.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open_held(
        backend: Arc<dyn Backend>,
        lock: Option<Box<dyn Held>>,
        may_be_damaged: bool,
    ) -> Result<Store, StateError> {
        let (snapshot, mut state, damage) = match read_snapshot(backend.as_ref()) {
            Ok((snapshot, state)) => (snapshot, state, None),
            Err(error) if may_be_damaged && error.is_damage() => {
                (backend.read_stored()?, State::default(), Some(error))
            }
            Err(error) => return Err(rescuable(backend.as_ref(), error)),
        };
        let text = snapshot.as_ref().map(|snapshot| snapshot.text.as_slice()).unwrap_or_default();
        let before = state.clone();
        let (pending, announced) = bring_up_to_date(backend.as_ref(), text, &mut state)?;
        let next_serial = before.serial + 1;
        let settled = Instant::now();
        Ok(Store {
            backend,
            state,
            snapshot,
            before,
            pending,
            journal: None,
            is_torn: false,
            next_serial,
            settled,
            lock,
            announced,
            established: false,
            damage,
            set_aside: false,
        })
    }

    /// Has a snapshot written in the end even where nothing is recorded and there was none: as with Terraform, what
    /// was applied once has a state.
    pub const fn establish(&mut self) {
        self.established = true;
    }

    /// Whether nothing is stored, nor recorded otherwise.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.before.lineage.is_empty() && self.damage.is_none() && self.state.is_empty()
    }

    /// Whether what is stored is no state.
    #[must_use]
    pub const fn is_damaged(&self) -> bool {
        self.damage.is_some()
    }

    /// Saves what is stored and is no state to a file of its own, so that something else may take its place. Returns the
    /// file; nothing where the state is in order.
    ///
    /// # Errors
    /// When it cannot be saved.
    pub fn set_damaged_aside(&mut self) -> Result<Option<PathBuf>, StateError> {
        let (Some(error), Some(snapshot)) = (self.damage.take(), &self.snapshot) else { return Ok(None) };
        if is_blank(&snapshot.text) {
            return Ok(None);
        }
        match save("damaged", &snapshot.text) {
            Some((path, _)) => {
                self.set_aside = true;
                Ok(Some(path))
            }
            None => {
                self.damage = Some(error);
                Err(self.unsaved())
            }
        }
    }

    /// Saves a copy of the snapshot to a file of its own, and returns the file; nothing where there is no snapshot.
    ///
    /// # Errors
    /// When it cannot be saved.
    pub fn save_copy(&self) -> Result<Option<PathBuf>, StateError> {
        let Some(snapshot) = self.snapshot.as_ref().filter(|snapshot| !is_blank(&snapshot.text)) else {
            return Ok(None);
        };
        let text = self.backend.sealed_copy(&snapshot.text)?;
        save("replaced", &text).map(|(path, _)| Some(path)).ok_or_else(|| self.unsaved())
    }

    fn unsaved(&self) -> StateError {
        let reason = "there is no folder that it could be written to".to_owned();
        StateError::Refused { action: "set aside what is stored in", path: self.place(), reason }
    }

    /// The state as known now.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// A checksum of what is known beyond the snapshot: what a run did that was cut off, as its journal or its announcements
    /// tell. Nothing where the snapshot says it all.
    #[must_use]
    pub fn beyond_snapshot(&self) -> Option<String> {
        if self.pending.is_empty() && !self.is_changed() {
            return None;
        }
        let mut sum = crc32fast::Hasher::new();
        sum.update(codec::write(&self.state).as_bytes());
        sum.update(format!("{:?}", self.pending).as_bytes());
        Some(format!("{:08x}", sum.finalize()))
    }

    /// Whether more is known than the snapshot says.
    fn is_changed(&self) -> bool {
        State { serial: self.before.serial, ..self.state.clone() } != self.before
    }

    /// Operations of an earlier run that have no outcome: whether they took effect is not known.
    #[must_use]
    pub fn pending(&self) -> &[Intent] {
        &self.pending
    }

    /// Whether an operation of an earlier run on this object has no outcome.
    #[must_use]
    pub fn is_pending(&self, id: &ObjectId) -> bool {
        self.pending.iter().any(|intent| intent.is_of(id))
    }

    /// What a run on another machine had created before it was cut off: it is recorded, as it was announced.
    #[must_use]
    pub fn taken_up(&self) -> &[ObjectId] {
        self.announced.taken_up()
    }

    /// Why creations could not be announced beside a state that is kept elsewhere, if that is so.
    #[must_use]
    pub fn unannounced(&self) -> Option<&str> {
        self.announced.note()
    }

    /// Where the state is, for messages.
    #[must_use]
    pub fn place(&self) -> PathBuf {
        self.backend.place()
    }

    /// The id of the lock, where it stays if the process ends now.
    #[must_use]
    pub fn lasting_lock(&self) -> Option<String> {
        self.lock.as_ref().and_then(|lock| lock.lasting())
    }

    /// The state that is held.
    #[must_use]
    pub fn backend(&self) -> &Arc<dyn Backend> {
        &self.backend
    }

    /// Appends a fact to the journal.
    fn append(&mut self, record: &Record) -> Result<(), StateError> {
        if self.state.lineage.is_empty() {
            self.state.lineage = uuid::Uuid::new_v4().to_string();
        }
        let begin = Record::Begin {
            serial: self.before.serial,
            lineage: self.state.lineage.clone(),
            pid: std::process::id(),
            run: self.announced.run.clone(),
        };
        let text = |record: &Record| {
            let text = serde_json::to_string(record).map_err(|error| StateError::Refused {
                action: "write the journal",
                path: self.backend.journal(),
                reason: error.to_string(),
            })?;
            self.backend.seal(text)
        };
        if self.journal.is_none() {
            let path = self.backend.journal();
            if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                files::make_folder(folder).map_err(StateError::io("make the folder of", &path))?;
            }
            let mut journal = Journal::open(&path)?;
            journal.append(&text(&begin)?)?;
            self.journal = Some(journal);
        }
        let text = text(record)?;
        self.journal.as_mut().map_or(Ok(()), |journal| journal.append(&text))
    }

    /// Records a fact. What has happened is part of the state in memory even when the journal cannot be written: the
    /// snapshot at the end, or the copy that rescues it, still has it. After a fact that is missing in the journal nothing
    /// more is written there: that an object has no operation left, without what came of it, would make it forgotten.
    fn write(&mut self, record: Record) -> Result<(), StateError> {
        let written = match self.is_torn {
            false => self.append(&record),
            true => Err(StateError::Refused {
                action: "write the journal",
                path: self.backend.journal(),
                reason: "an earlier record could not be written".to_owned(),
            }),
        };
        self.is_torn |= written.is_err();
        if let (Record::Intent(intent), true) = (&record, written.is_ok()) {
            self.announced.announce(self.backend.as_ref(), intent);
        }
        if let (Record::Put { object, .. }, true) = (&record, written.is_ok()) {
            self.announced.made(self.backend.as_ref(), object, &record);
        }
        if let (Record::Unchanged { object }, true) = (&record, written.is_ok()) {
            self.announced.give_up(self.backend.as_ref(), object);
        }
        if let Record::Relocate { from, to } = &record {
            let followed: Vec<Intent> = self.pending.iter().filter_map(|one| one.following(from, to)).collect();
            self.announced.follow(self.backend.as_ref(), from, &followed);
        }
        let is_intent = matches!(record, Record::Intent(_));
        if written.is_ok() || !is_intent {
            journal::replay(record, &mut self.state, &mut self.pending);
        }
        if !is_intent {
            self.settle_when_due();
        }
        written
    }

    /// Brings a state that is kept elsewhere up to date, if that was not done for a while. What cannot be written now is told
    /// at the end, when it is tried again; the run goes on by its journal.
    pub fn settle_when_due(&mut self) {
        if self.backend.interval().is_none_or(|interval| self.settled.elapsed() < interval) {
            return;
        }
        if let Err(error) = self.settle() {
            tracing::warn!("the state was not brought up to date in between: {error}");
        }
        self.settled = Instant::now();
    }

    /// Writes a snapshot of what is known now, if it is something new.
    fn settle(&mut self) -> Result<(), StateError> {
        let is_missing = self.snapshot.as_ref().is_none_or(|snapshot| snapshot.text.is_empty());
        let changed = (self.established && is_missing)
            || self.is_changed()
            || self.next_serial > self.before.serial + 1
            || !self.backend.is_current();
        if !changed {
            return Ok(());
        }
        if self.state.lineage.is_empty() {
            self.state.lineage = uuid::Uuid::new_v4().to_string();
        }
        codec::TERRAFORM_VERSION.clone_into(&mut self.state.terraform_version);
        self.state.serial = self.next_serial;
        let text = codec::write(&self.state);
        if let Err(error) = self.replace_snapshot(text.as_bytes()) {
            self.state.serial = self.before.serial;
            return Err(error);
        }
        self.before = self.state.clone();
        self.next_serial = self.before.serial + 1;
        Ok(())
    }

    /// Records that an operation is about to begin; `arguments` are the configuration of what it creates.
    ///
    /// # Errors
    /// When it cannot be written; the operation must then not begin.
    pub fn intent(
        &mut self,
        id: &ObjectId,
        operation: &str,
        identifier: Option<&str>,
        provider: &str,
        arguments: Option<Json>,
    ) -> Result<(), StateError> {
        self.write(Record::Intent(Intent {
            object: id.into(),
            operation: operation.to_owned(),
            identifier: identifier.map(str::to_owned),
            provider: provider.to_owned(),
            arguments,
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
        if self.state.get(id) == Some(&object) && !self.is_pending(id) {
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

    /// Has what has no outcome of some objects follow them to other addresses, before the state in which they are there takes
    /// the place of this one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn follow<'m>(
        &mut self,
        moves: impl IntoIterator<Item = (&'m ObjectId, &'m ObjectId)>,
    ) -> Result<(), StateError> {
        let mut left: Vec<_> = moves.into_iter().filter(|(from, _)| self.is_pending(from)).collect();
        // What goes to where another one still is follows after that.
        while !left.is_empty() {
            let at = left.iter().position(|(_, to)| !left.iter().any(|(from, _)| from == to)).unwrap_or(0);
            let (from, to) = left.remove(at);
            self.relocate(from, to)?;
        }
        Ok(())
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

    /// Records the providers of resource blocks, as Terraform has it: of a run that was seen through no block without
    /// objects is left, and of any other those are that it came to. No fact hangs on it, so it only goes to the snapshot.
    pub fn blocks(&mut self, blocks: BTreeMap<(ModuleInstance, ResourceAddress), String>, seen_through: bool) {
        for (at, provider) in blocks {
            match self.state.resources.get_mut(&at) {
                Some(resource) => resource.provider = provider,
                None => drop(self.state.resources.insert(at, Resource { provider, ..Resource::default() })),
            }
        }
        if seen_through {
            self.state.resources.retain(|_, resource| !resource.objects.is_empty());
        }
    }

    /// Replaces everything that is recorded by another state, whose serial is kept if it is the higher one. Operations
    /// without outcome stay on record. Nothing is written before the end.
    pub fn replace(&mut self, state: State) {
        self.next_serial = state.serial.max(self.before.serial + 1);
        self.state = state;
    }

    /// Writes a new snapshot, if anything changed, ends the journal and gives the lock back. While operations are
    /// without outcome the journal stays, so that the next run follows them up.
    ///
    /// # Errors
    /// When it cannot be written: the journal then still holds everything, and the snapshot was rescued to a file of its
    /// own if that was possible. When the lock cannot be given back.
    pub fn finish(mut self) -> Result<State, StateError> {
        if let Err(source) = self.settle() {
            self.state.serial = self.next_serial;
            return Err(match self.backend.sealed_copy(codec::write(&self.state).as_bytes()) {
                Ok(copy) => rescue(&self.backend.place(), &copy, source),
                Err(_) => source,
            });
        }
        self.announced.withdraw(self.backend.as_ref(), &self.pending);
        if self.pending.is_empty() {
            let path = self.backend.journal();
            match self.journal.take() {
                Some(journal) => journal.remove()?,
                // The journal of an earlier run, whose facts the snapshot now holds.
                None if path.exists() => Journal::open(&path)?.remove()?,
                None => {}
            }
        }
        if let Some(mut lock) = self.lock.take() {
            let path = self.backend.place();
            lock.release().map_err(|source| StateError::NotReleased { path, source: Box::new(source) })?;
        }
        Ok(self.state)
    }

    fn replace_snapshot(&mut self, text: &[u8]) -> Result<(), StateError> {
        if let Some(error) = self.damage.take() {
            return Err(error);
        }
        // What is no state was set aside, and must not push out a copy of a state.
        let is_aside = std::mem::take(&mut self.set_aside);
        if let Some(old) = self.snapshot.as_ref().filter(|old| !old.text.is_empty() && !is_aside) {
            self.backend.back_up(old)?;
        }
        if self.journal.is_some() || self.backend.journal().exists() {
            // Where there is no space for it the snapshot may still be written: what the journal says is older then, and
            // undoes nothing of it.
            if let Err(error) = self.append(&Record::Snapshot { crc: crc32fast::hash(text) }) {
                tracing::warn!("the new state is not marked in the journal: {error}");
            }
        }
        self.announced.settle(self.backend.as_ref(), crc32fast::hash(text), &self.pending);
        let version = self.backend.write(text, self.snapshot.as_ref())?;
        self.snapshot = Some(Snapshot { text: text.to_vec(), version });
        self.announced.withdraw(self.backend.as_ref(), &self.pending);
        Ok(())
    }
}

/// How many rescued snapshots may lie in one folder.
const RESCUES: usize = 100;

/// Saves a text to a file of its own, named after what it is, and tells which others of that name there were. One that an
/// earlier run has saved stays as it is: it may be all that is left of that run.
fn save(stem: &str, text: &[u8]) -> Option<(PathBuf, Vec<PathBuf>)> {
    let folders = [std::env::current_dir().ok(), Some(std::env::temp_dir())];
    let name = |at| if at == 1 { format!("{stem}.tfstate") } else { format!("{stem}.{at}.tfstate") };
    for folder in folders.into_iter().flatten() {
        let mut others = Vec::new();
        for path in (1..=RESCUES).map(|at| folder.join(name(at))) {
            match files::create(&path, text) {
                Ok(()) => return Some((path, others)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => others.push(path),
                Err(_) => break,
            }
        }
    }
    None
}

/// Saves a snapshot that could not be written where it belongs.
fn rescue(place: &std::path::Path, snapshot: &[u8], source: StateError) -> StateError {
    match save("errored", snapshot) {
        Some((rescued, others)) => {
            StateError::Rescued { path: place.to_owned(), rescued, others, source: Box::new(source) }
        }
        None => source,
    }
}

/// An error about a stored text that is no state, with the way out that there is here.
fn rescuable(backend: &dyn Backend, error: StateError) -> StateError {
    error.with_way_out(|| {
        let place = backend.place();
        let flag = if place.to_string_lossy().ends_with(".sandbox.tfstate") { " -sandbox" } else { "" };
        let copy = beside(&place, "", ".backup");
        if backend.kept().is_ok_and(|kept| !kept.is_empty()) {
            format!(
                "Earlier states are kept: list them with: smform state history{flag}\nBring one back with: smform state \
                 rollback{flag} SERIAL\nWhat is stored now is then set aside in a file of its own"
            )
        } else if copy.is_file() {
            format!("There is a copy of what was replaced last. Put it back with: smform state push{flag} -force {}", copy.display())
        } else {
            format!("If you have a copy of it, put that in its place with: smform state push{flag} -force FILE")
        }
    })
}
