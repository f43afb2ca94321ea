//! The lock on a local state.
//!
//! Two things are locked. A file of our own beside the state (`.NAME.lock`) excludes other runs of smform: it is stable,
//! while the state file is replaced by every write. The state file itself is locked the way Terraform locks it (a POSIX
//! record lock), so that Terraform is kept out as well and we notice it. Both locks end with the process.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::StateError;
use crate::files;

/// Who holds a lock, as Terraform writes it down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct LockInfo {
    /// Identifies this holding of the lock.
    #[serde(rename = "ID")]
    pub id: String,
    /// What it is held for, such as `OperationTypeApply`.
    pub operation: String,
    /// More about it: the process.
    pub info: String,
    /// `user@host`.
    pub who: String,
    /// The version of the program.
    pub version: String,
    /// Since when, RFC 3339.
    pub created: String,
    /// The state.
    pub path: String,
}

/// A lock that somebody else holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The state.
    pub path: PathBuf,
    /// What the holder wrote down, if that can be read.
    pub info: Option<LockInfo>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the state {} is locked by another run", self.path.display())?;
        if let Some(info) = &self.info {
            write!(f, ": {} by {} since {}", info.operation, info.who, info.created)?;
            if !info.info.is_empty() {
                write!(f, " ({})", info.info)?;
            }
            write!(f, ", lock {}", info.id)?;
        }
        write!(f, ". Wait for it to end, or give -lock-timeout to wait longer")
    }
}

/// A lock that is held; it ends when this is dropped.
#[derive(Debug)]
pub struct Lock {
    state: PathBuf,
    info: PathBuf,
    _own: File,
    _state: Option<File>,
    made_state: bool,
}

impl Lock {
    /// Locks a state, trying again until `timeout` has passed (zero: a single try).
    ///
    /// # Errors
    /// When somebody else holds the lock, or the file system refuses.
    pub fn acquire(path: &Path, info: &LockInfo, timeout: Duration) -> Result<Lock, StateError> {
        let mut waited = Duration::ZERO;
        let mut pause = Duration::from_millis(50);
        loop {
            match Lock::try_acquire(path, info) {
                Err(StateError::Locked(_)) if waited < timeout => {
                    let next = pause.min(timeout - waited);
                    std::thread::sleep(next);
                    waited += next;
                    pause = (pause * 2).min(Duration::from_secs(2));
                }
                result => return result,
            }
        }
    }

    fn try_acquire(path: &Path, info: &LockInfo) -> Result<Lock, StateError> {
        let info_path = beside(path, ".lock.info");
        let locked = || {
            let info = std::fs::read(&info_path).ok().and_then(|text| serde_json::from_slice(&text).ok());
            StateError::Locked(Box::new(Holder { path: path.to_owned(), info }))
        };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(StateError::io("make the folder of", path))?;
        }
        let own_path = beside(path, ".lock");
        let own = files::touch(&own_path).map_err(StateError::io("open the lock file", &own_path))?;
        match own.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Err(locked()),
            Err(std::fs::TryLockError::Error(error)) => return Err(StateError::io("lock", &own_path)(error)),
        }
        let made_state = !path.exists();
        let state = files::touch(path).map_err(StateError::io("open", path))?;
        if !record_lock(&state) {
            return Err(locked());
        }
        let text = serde_json::to_vec(info).unwrap_or_default();
        files::replace(&info_path, &text).map_err(StateError::io("write", &info_path))?;
        Ok(Lock { state: path.to_owned(), info: info_path, _own: own, _state: Some(state), made_state })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // What remains of a failed removal does no harm: the lock itself ends with the open files.
        let _ = std::fs::remove_file(&self.info);
        if self.made_state && std::fs::metadata(&self.state).is_ok_and(|file| file.len() == 0) {
            let _ = std::fs::remove_file(&self.state);
        }
    }
}

/// A hidden file beside the state: `.NAME` and an ending.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{name}{ending}"))
}

/// Takes Terraform's kind of lock on an open state file; whether that succeeded.
#[cfg(unix)]
fn record_lock(file: &File) -> bool {
    use rustix::fs::{FlockOperation, fcntl_lock};
    match fcntl_lock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => true,
        // A file system without record locks cannot have another holder either.
        Err(error) => error != rustix::io::Errno::AGAIN && error != rustix::io::Errno::ACCESS,
    }
}

// Terraform locks a region of the file there; our own lock file must do.
#[cfg(not(unix))]
fn record_lock(_: &File) -> bool {
    true
}
