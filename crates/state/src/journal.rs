//! The journal: an append-only file of facts beside the state, one JSON line each, with a checksum.
//!
//! A fact is on disk before the call that it announces, or right after the call that it reports. After a run that was
//! killed, replaying the journal over the last snapshot gives what is known, and the intents without outcome.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use smform_files as files;
use smform_types::InstanceAddress;

use crate::error::StateError;
use crate::model::{Object, ObjectId, Output, State};

/// A fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Record {
    /// A run begins; `serial` and `lineage` are of the snapshot that it started from.
    Begin {
        /// Serial of the snapshot.
        serial: u64,
        /// Lineage of the snapshot; a new one for a new state.
        lineage: String,
        /// The process.
        pid: u32,
        /// The run, as in the names of what it has announced elsewhere.
        #[serde(default)]
        run: String,
    },
    /// An operation is about to begin.
    Intent(Intent),
    /// An operation ended without a change, and nothing is left to do to the object.
    Unchanged {
        /// The object.
        object: Id,
    },
    /// An object is so.
    Put {
        /// The object.
        object: Id,
        /// The provider configuration.
        provider: String,
        /// What it is.
        content: Box<Object>,
    },
    /// An object is gone.
    Remove {
        /// The object.
        object: Id,
    },
    /// An object has another address, or was set aside, or brought back.
    Relocate {
        /// What it was.
        from: Id,
        /// What it is.
        to: Id,
    },
    /// A snapshot that holds everything so far is about to be written. Where it was, only intents of what comes before
    /// still count.
    Snapshot {
        /// The checksum of its text.
        crc: u32,
    },
    /// The snapshot with this checksum settles what was announced under these names; never in the journal itself.
    Settled {
        /// The checksum of its text.
        crc: u32,
        /// The names.
        names: Vec<String>,
    },
    /// The root outputs are these.
    Outputs {
        /// By name.
        outputs: BTreeMap<String, Output>,
    },
    /// Conditions came out so.
    Checks {
        /// In the format of the state.
        results: Json,
    },
}

/// The operation of an intent that says what is left to do to an object. It stands beside that of a change, and outlives the
/// change until the object is said to owe nothing any more.
pub const OWE: &str = "owe";

/// An operation that is about to begin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// The object.
    pub object: Id,
    /// `create`, `update`, `delete`, or [`OWE`].
    pub operation: String,
    /// The name or id by which the service knows the object, once that is chosen; what is left to do, of [`OWE`].
    pub identifier: Option<String>,
    /// The provider configuration.
    pub provider: String,
    /// The configuration of what is about to be created, by which it is told from what somebody else gives the same name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Json>,
}

impl Intent {
    /// Whether it is about an object.
    #[must_use]
    pub fn is_of(&self, id: &ObjectId) -> bool {
        self.object == Id::from(id)
    }

    /// The intent as it is when an object has become another one; nothing when it stays. What is left to do goes with the
    /// object in any case, all else with a move: what is begun at the address of an object that is set aside is about another.
    #[must_use]
    pub fn following(&self, from: &Id, to: &Id) -> Option<Intent> {
        let goes = self.object == *from && (from.address != to.address || self.operation == OWE);
        goes.then(|| Intent { object: to.clone(), ..self.clone() })
    }
}

/// An object's identity as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Id {
    address: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deposed: Option<String>,
}

impl Id {
    /// The identity; nothing when the text is no address.
    #[must_use]
    pub fn parse(&self) -> Option<ObjectId> {
        let address: InstanceAddress = self.address.parse().ok()?;
        Some(ObjectId { address, deposed: self.deposed.clone() })
    }
}

impl From<&ObjectId> for Id {
    fn from(id: &ObjectId) -> Id {
        Id { address: id.address.to_string(), deposed: id.deposed.clone() }
    }
}

#[derive(Serialize, Deserialize)]
struct Line {
    crc: u32,
    record: Box<serde_json::value::RawValue>,
}

/// A journal that is open for writing.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Bytes up to the end of the last whole line.
    end: u64,
}

impl Journal {
    /// Opens a journal for appending; makes it, readable by its owner only, when there is none. A torn last line, which
    /// was never acted upon, is cut off.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn open(path: &Path) -> Result<Journal, StateError> {
        let open = || -> std::io::Result<(File, u64)> {
            let file = files::append(path)?;
            // As accessible as the state beside it.
            files::share(&file, &path.with_extension(""));
            let whole = u64::try_from(whole(&std::fs::read(path)?).len()).unwrap_or(u64::MAX);
            if whole < file.metadata()?.len() {
                file.set_len(whole)?;
            }
            Ok((file, whole))
        };
        let (file, end) = open().map_err(StateError::io("open the journal", path))?;
        files::sync_name(path);
        Ok(Journal { path: path.to_owned(), file, end })
    }

    /// Appends a fact, as text without line breaks, and makes it durable at a cost that depends on the fact alone.
    ///
    /// # Errors
    /// When the file system refuses, such as on a full disk: the journal is then as it was.
    pub fn append(&mut self, record: &str) -> Result<(), StateError> {
        let crc = crc32fast::hash(record.as_bytes());
        let line = format!("{{\"crc\":{crc},\"record\":{record}}}\n");
        let written = (&self.file).write_all(line.as_bytes()).and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => {
                self.end += u64::try_from(line.len()).unwrap_or(0);
                Ok(())
            }
            Err(error) => {
                // Should even that fail, reading passes over a torn last line.
                let _ = self.file.set_len(self.end);
                Err(StateError::io("write the journal", &self.path)(error))
            }
        }
    }

    /// Removes the journal, when a snapshot holds all that it said.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn remove(self) -> Result<(), StateError> {
        std::fs::remove_file(&self.path).map_err(StateError::io("remove the journal", &self.path))?;
        files::sync_name(&self.path);
        Ok(())
    }
}

/// The facts in a journal, as text; none when there is no journal. A torn last line was never acted upon and is passed
/// over.
///
/// # Errors
/// When it cannot be read, or a line before the last is damaged.
pub fn read(path: &Path) -> Result<Vec<String>, StateError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StateError::io("read the journal", path)(error)),
    };
    let damaged = |at: usize| StateError::Journal { path: path.to_owned(), line: at + 1 };
    let lines = whole(&bytes).split_inclusive(|byte| *byte == b'\n').enumerate();
    lines.map(|(at, line)| parse(line).ok_or_else(|| damaged(at))).collect()
}

/// A journal up to its torn last line, which was being written when the machine stopped: it has no line break, or parts of it
/// never reached the disk. There the file then has what the system puts in their place, zeros mostly, but never just text.
fn whole(journal: &[u8]) -> &[u8] {
    let up_to_break = |text: &[u8]| text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let is_text = |line: &[u8]| std::str::from_utf8(line).is_ok_and(|line| !line.trim_end().contains(char::is_control));
    let (ended, _) = journal.split_at(up_to_break(journal));
    let (before, last) = ended.split_at(up_to_break(ended.strip_suffix(b"\n").unwrap_or_default()));
    if parse(last).is_none() && !is_text(last) { before } else { ended }
}

fn parse(line: &[u8]) -> Option<String> {
    let line: Line = serde_json::from_slice(line).ok()?;
    let text = line.record.get();
    (crc32fast::hash(text.as_bytes()) == line.crc).then(|| text.to_owned())
}

/// Makes a fact part of a state, and keeps account of intents without outcome.
pub fn replay(record: Record, state: &mut State, pending: &mut Vec<Intent>) {
    let settle = |pending: &mut Vec<Intent>, object: &Id| pending.retain(|intent| intent.object != *object);
    match record {
        Record::Begin { lineage, .. } => {
            if state.lineage.is_empty() {
                state.lineage = lineage;
            }
        }
        Record::Intent(intent) => {
            let owes = |one: &Intent| one.operation == OWE;
            pending.retain(|other| other.object != intent.object || owes(other) != owes(&intent));
            pending.push(intent);
        }
        Record::Unchanged { object } => settle(pending, &object),
        Record::Put { object, provider, content } => {
            // An object that is recorded as unfinished is still being worked on.
            if !content.tainted {
                pending.retain(|intent| intent.object != object || intent.operation == OWE);
            }
            if let Some(id) = object.parse() {
                state.put(&id, &provider, *content);
            }
        }
        Record::Remove { object } => {
            settle(pending, &object);
            if let Some(id) = object.parse() {
                state.remove(&id);
            }
        }
        Record::Relocate { from, to } => {
            for intent in pending.iter_mut() {
                if let Some(followed) = intent.following(&from, &to) {
                    *intent = followed;
                }
            }
            if let (Some(from), Some(to)) = (from.parse(), to.parse()) {
                state.relocate(&from, &to);
            }
        }
        Record::Outputs { outputs } => state.outputs = outputs,
        Record::Checks { results } => state.check_results = results,
        Record::Snapshot { .. } | Record::Settled { .. } => {}
    }
}
