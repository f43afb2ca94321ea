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
use smform_types::InstanceAddress;

use crate::error::StateError;
use crate::files;
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
    },
    /// An operation is about to begin.
    Intent(Intent),
    /// An operation ended without a change.
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

/// An operation that is about to begin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// The object.
    pub object: Id,
    /// `create`, `update`, `delete`.
    pub operation: String,
    /// The name or id by which the service knows the object, once that is chosen.
    pub identifier: Option<String>,
    /// The provider configuration.
    pub provider: String,
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
}

impl Journal {
    /// Opens a journal for appending; makes it, readable by its owner only, when there is none.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn open(path: &Path) -> Result<Journal, StateError> {
        let file = files::append(path).map_err(StateError::io("open the journal", path))?;
        files::sync_folder(path);
        Ok(Journal { path: path.to_owned(), file })
    }

    /// Appends a fact and makes it durable, at a cost that depends on the fact alone.
    ///
    /// # Errors
    /// When the file system refuses; the fact must then not be acted upon.
    pub fn append(&mut self, record: &Record) -> Result<(), StateError> {
        let refused = StateError::io("write the journal", &self.path);
        let write = || -> std::io::Result<()> {
            let text = serde_json::to_string(record)?;
            let crc = crc32fast::hash(text.as_bytes());
            writeln!(&self.file, "{{\"crc\":{crc},\"record\":{text}}}")?;
            self.file.sync_data()
        };
        write().map_err(refused)
    }

    /// Removes the journal, when a snapshot holds all that it said.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn remove(self) -> Result<(), StateError> {
        std::fs::remove_file(&self.path).map_err(StateError::io("remove the journal", &self.path))?;
        files::sync_folder(&self.path);
        Ok(())
    }
}

/// The facts in a journal; none when there is no journal. A torn last line was never acted upon and is passed over.
///
/// # Errors
/// When it cannot be read, or a line before the last is damaged.
pub fn read(path: &Path) -> Result<Vec<Record>, StateError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StateError::io("read the journal", path)(error)),
    };
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    let mut records = Vec::new();
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
        match parse(line) {
            Some(record) => records.push(record),
            None if at + 1 == lines.len() => {}
            None => return Err(StateError::Journal { path: path.to_owned(), line: at + 1 }),
        }
    }
    Ok(records)
}

fn parse(line: &[u8]) -> Option<Record> {
    let line: Line = serde_json::from_slice(line).ok()?;
    if crc32fast::hash(line.record.get().as_bytes()) != line.crc {
        return None;
    }
    serde_json::from_str(line.record.get()).ok()
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
            settle(pending, &intent.object);
            pending.push(intent);
        }
        Record::Unchanged { object } => settle(pending, &object),
        Record::Put { object, provider, content } => {
            // An object that is recorded as unfinished is still being worked on.
            if !content.tainted {
                settle(pending, &object);
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
            if let (Some(from), Some(to)) = (from.parse(), to.parse()) {
                state.relocate(&from, &to);
            }
        }
        Record::Outputs { outputs } => state.outputs = outputs,
        Record::Checks { results } => state.check_results = results,
    }
}
