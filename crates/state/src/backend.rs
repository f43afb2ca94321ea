//! Backends: where the states of all workspaces are kept.

use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::error::StateError;
use crate::lock::LockInfo;

/// The workspace that always exists.
pub const DEFAULT_WORKSPACE: &str = "default";

/// A snapshot as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Its text.
    pub text: Vec<u8>,
    /// What the place calls this version, such as an ETag; a place without versions has none.
    pub version: Option<String>,
}

/// A snapshot that is kept, beside the one that is the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// How the place names it.
    pub name: String,
    /// When it was written; for a local file, when it was kept.
    pub time: Option<SystemTime>,
}

/// A lock that is held. It ends with the value; whoever can tell the user of a failure ends it with `release`.
pub trait Held: Debug + Send {
    /// Ends the lock.
    ///
    /// # Errors
    /// When it may still be held.
    fn release(&mut self) -> Result<(), StateError>;

    /// The id of the lock, where the lock stays when the process ends without releasing it.
    fn lasting(&self) -> Option<String> {
        None
    }
}

/// Where snapshots of one state are kept. The journal is always a local file.
pub trait Backend: Debug + Send + Sync {
    /// How messages name the place.
    fn place(&self) -> PathBuf;

    /// Where the journal of this state is.
    fn journal(&self) -> PathBuf;

    /// The last snapshot; nothing when there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    fn read(&self) -> Result<Option<Snapshot>, StateError>;

    /// What is stored in the place of the last snapshot, where that is damaged: not decrypted, and perhaps no state.
    ///
    /// # Errors
    /// When it cannot be read.
    fn read_stored(&self) -> Result<Option<Snapshot>, StateError> {
        self.read()
    }

    /// Replaces the snapshot as a whole, and returns the version of the new one where there are versions. `replaced` is
    /// what was read; a place with versions refuses to replace another.
    ///
    /// # Errors
    /// When it cannot be written; the old one is then still there.
    fn write(&self, text: &[u8], replaced: Option<&Snapshot>) -> Result<Option<String>, StateError>;

    /// How often the snapshot is replaced while a run goes on; only at its end where the journal is beside it.
    fn interval(&self) -> Option<Duration> {
        None
    }

    /// Keeps a copy of a snapshot that is about to be replaced.
    ///
    /// # Errors
    /// When it cannot be written.
    fn back_up(&self, snapshot: &Snapshot) -> Result<(), StateError>;

    /// What must be done so that snapshots are kept, where none is.
    fn keeping(&self) -> Option<String> {
        None
    }

    /// The snapshots that are kept beside the one that is the state, the newest first: what it replaced, and where the place
    /// keeps copies of what is written, also what a damaged one was.
    ///
    /// # Errors
    /// When they cannot be listed.
    fn kept(&self) -> Result<Vec<Kept>, StateError>;

    /// A snapshot that was kept, by its name.
    ///
    /// # Errors
    /// When it cannot be read.
    fn read_kept(&self, name: &str) -> Result<Vec<u8>, StateError>;

    /// Locks the state until the result is dropped.
    ///
    /// # Errors
    /// When somebody else holds the lock after `timeout`.
    fn lock(&self, info: &LockInfo, timeout: Duration) -> Result<Box<dyn Held>, StateError>;

    /// Whether there is a lock with this id to take away, as far as the backend can tell without trying.
    ///
    /// # Errors
    /// When there is no lock, or it has another id.
    fn check_unlock(&self, _id: &str) -> Result<(), StateError> {
        Ok(())
    }

    /// Takes away the lock of somebody else, who must be known to have ended.
    ///
    /// # Errors
    /// When there is no lock, it has another id, or it cannot be taken away.
    fn force_unlock(&self, id: &str) -> Result<(), StateError>;

    /// Keeps a record beside the snapshot, for whoever takes the state up without the journal. Whether there is a place for
    /// that: a journal beside the snapshot needs none.
    ///
    /// # Errors
    /// When it cannot be written.
    fn announce(&self, _name: &str, _record: &str) -> Result<bool, StateError> {
        Ok(false)
    }

    /// The records that are kept beside the snapshot, by name, in the order of their names.
    ///
    /// # Errors
    /// When they cannot be read.
    fn announced(&self) -> Result<Vec<(String, String)>, StateError> {
        Ok(Vec::new())
    }

    /// Removes records that are kept beside the snapshot.
    ///
    /// # Errors
    /// When some may still be there.
    fn withdraw(&self, _names: &[String]) -> Result<(), StateError> {
        Ok(())
    }

    /// A record of the journal as it is written to disk: without line breaks.
    ///
    /// # Errors
    /// When it cannot be made unreadable to others, where that is asked for.
    fn seal(&self, record: String) -> Result<String, StateError> {
        Ok(record)
    }

    /// The record that [`Backend::seal`] has written.
    ///
    /// # Errors
    /// When it cannot be read.
    fn unseal(&self, record: String) -> Result<String, StateError> {
        Ok(record)
    }

    /// Whether what was read is stored as it would be written now; if not, it is written even when nothing changes.
    fn is_current(&self) -> bool {
        true
    }

    /// A snapshot as it is written to any file, such as the one that rescues it.
    ///
    /// # Errors
    /// When it cannot be made unreadable to others, where that is asked for.
    fn sealed_copy(&self, snapshot: &[u8]) -> Result<Vec<u8>, StateError> {
        Ok(snapshot.to_vec())
    }
}

/// The states of all workspaces of one backend.
pub trait Workspaces: Debug + Send + Sync {
    /// The names of the workspaces, sorted, `default` first; it is there even before it has a state.
    ///
    /// # Errors
    /// When they cannot be listed, or the backend has only one.
    fn names(&self) -> Result<Vec<String>, StateError>;

    /// The state of a workspace, which need not exist.
    ///
    /// # Errors
    /// When the backend has only one and this is another.
    fn state(&self, workspace: &str) -> Result<Arc<dyn Backend>, StateError>;

    /// Makes a workspace, with an empty state.
    ///
    /// # Errors
    /// When it cannot be made.
    fn create(&self, workspace: &str) -> Result<(), StateError>;

    /// Asks the place whether it is there and may be used, as far as that goes without touching a state.
    ///
    /// # Errors
    /// When it cannot be used as configured.
    fn reach(&self) -> Result<(), StateError> {
        Ok(())
    }

    /// Deletes a workspace with its state.
    ///
    /// # Errors
    /// When it cannot be deleted.
    fn delete(&self, workspace: &str) -> Result<(), StateError>;
}

/// Names with the default workspace in front.
#[must_use]
pub fn with_default(mut names: Vec<String>) -> Vec<String> {
    names.retain(|name| name != DEFAULT_WORKSPACE);
    names.sort();
    names.dedup();
    names.insert(0, DEFAULT_WORKSPACE.to_owned());
    names
}

/// A path beside another: its name with a prefix and an ending.
pub(crate) fn beside(path: &Path, prefix: &str, ending: &str) -> PathBuf {
    let mut name = std::ffi::OsString::from(prefix);
    name.push(path.file_name().unwrap_or_default());
    name.push(ending);
    path.with_file_name(name)
}
