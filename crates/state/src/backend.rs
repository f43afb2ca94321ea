//! Backends: where snapshots of a state are kept.

use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::StateError;
use crate::files;
use crate::lock::{Lock, LockInfo};

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
    fn read(&self) -> Result<Option<Vec<u8>>, StateError>;

    /// Replaces the snapshot as a whole.
    ///
    /// # Errors
    /// When it cannot be written; the old one is then still there.
    fn write(&self, snapshot: &[u8]) -> Result<(), StateError>;

    /// Keeps a copy of a snapshot that is about to be replaced.
    ///
    /// # Errors
    /// When it cannot be written.
    fn back_up(&self, snapshot: &[u8]) -> Result<(), StateError>;

    /// Locks the state until the result is dropped.
    ///
    /// # Errors
    /// When somebody else holds the lock after `timeout`.
    fn lock(&self, info: &LockInfo, timeout: Duration) -> Result<Box<dyn Debug + Send>, StateError>;
}

/// A file on this machine.
#[derive(Clone, Debug)]
pub struct LocalBackend {
    path: PathBuf,
}

impl LocalBackend {
    /// The state in a file.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> LocalBackend {
        LocalBackend { path: path.into() }
    }

    /// The file of a workspace: the file itself for `default`, otherwise one below `workspace_dir`.
    #[must_use]
    pub fn of_workspace(path: &Path, workspace_dir: &Path, workspace: &str) -> LocalBackend {
        if workspace == "default" {
            return LocalBackend::new(path);
        }
        let name = path.file_name().unwrap_or("terraform.tfstate".as_ref());
        LocalBackend::new(workspace_dir.join(workspace).join(name))
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(ending);
        name.into()
    }
}

impl Backend for LocalBackend {
    fn place(&self) -> PathBuf {
        self.path.clone()
    }

    fn journal(&self) -> PathBuf {
        self.beside(".journal")
    }

    fn read(&self) -> Result<Option<Vec<u8>>, StateError> {
        match std::fs::read(&self.path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StateError::io("read the state", &self.path)(error)),
        }
    }

    fn write(&self, snapshot: &[u8]) -> Result<(), StateError> {
        files::replace(&self.path, snapshot).map_err(StateError::io("write the state", &self.path))
    }

    fn back_up(&self, snapshot: &[u8]) -> Result<(), StateError> {
        let path = self.beside(".backup");
        files::replace(&path, snapshot).map_err(StateError::io("write", &path))
    }

    fn lock(&self, info: &LockInfo, timeout: Duration) -> Result<Box<dyn Debug + Send>, StateError> {
        Ok(Box::new(Lock::acquire(&self.path, info, timeout)?))
    }
}
