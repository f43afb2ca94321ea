//! The lock on a local state.
//!
//! Two things are locked. A file of our own beside the state (`.NAME.lock`) excludes other runs of smform: it is stable,
//! while the state file is replaced by every write. The state file itself is locked the way Terraform locks it (a POSIX
//! record lock), so that Terraform is kept out as well and we notice it. Both locks end with the process.
//!
//! A record lock has two traps. It ends when the process closes any handle of the file, so whoever holds it reads the file
//! through the handle that is locked. And it is on the file, not on its name: what replaces the file is locked before it
//! has the name, and the file that is replaced is made unusable for those who wait with it open.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use smform_files as files;

use crate::backend::{Held, beside};
use crate::error::StateError;
use crate::host;

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

impl LockInfo {
    /// What the process that runs a command writes down. `command` is what the user gave.
    #[must_use]
    pub fn of_process(operation: &str, command: &str) -> LockInfo {
        LockInfo {
            id: uuid::Uuid::new_v4().to_string(),
            operation: operation.to_owned(),
            info: format!("{command}, process {}", std::process::id()),
            who: format!("{}@{}", host::user(), host::name()),
            ..LockInfo::default()
        }
    }

    /// The process, when one of this machine wrote it down.
    #[must_use]
    pub fn local_process(&self) -> Option<u32> {
        let (_, host) = self.who.rsplit_once('@')?;
        let (_, process) = self.info.rsplit_once("process ")?;
        if host == host::name() { process.parse().ok() } else { None }
    }

    /// Whether the holder was a process of this machine that has ended.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.local_process().and_then(host::is_running) == Some(false)
    }
}

/// A lock that somebody else holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The state.
    pub path: PathBuf,
    /// What the holder wrote down, if that can be read.
    pub info: Option<LockInfo>,
    /// Whether the lock ends with the process that holds it.
    pub ends_with_process: bool,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the state {} is locked by another run", self.path.display())?;
        let Some(info) = &self.info else {
            return write!(f, "\nIt left no word of itself. Wait for it to end, or give -lock-timeout to wait longer");
        };
        let lines = [
            ("ID", &info.id),
            ("Path", &info.path),
            ("Operation", &info.operation),
            ("Who", &info.who),
            ("Version", &info.version),
            ("Created", &info.created),
            ("Info", &info.info),
        ];
        for (name, value) in lines.into_iter().filter(|(_, value)| !value.is_empty()) {
            write!(f, "\n  {:<11}{value}", format!("{name}:"))?;
        }
        write!(f, "\n\n")?;
        match (info.is_stale(), self.ends_with_process) {
            (true, false) => write!(
                f,
                "That process has ended on this machine without giving the lock back, so nobody holds it any more. Take it \
                 away with: smform force-unlock {}",
                info.id
            ),
            (_, true) => write!(f, "Wait for it to end, or give -lock-timeout to wait longer"),
            (false, false) => write!(
                f,
                "Wait for it to end, or give -lock-timeout to wait longer. Only if you know that it has ended without giving \
                 the lock back, take it away with: smform force-unlock {}",
                info.id
            ),
        }
    }
}

/// Tries to lock until that succeeds, fails for another reason than a holder, or `timeout` has passed (zero: one try).
///
/// # Errors
/// As `attempt`.
pub fn retry<T>(timeout: Duration, mut attempt: impl FnMut() -> Result<T, StateError>) -> Result<T, StateError> {
    let mut pauses = pauses(timeout);
    loop {
        let result = attempt();
        match pauses.next() {
            Some(pause) if matches!(result, Err(StateError::Locked(_))) => std::thread::sleep(pause),
            _ => return result,
        }
    }
}

/// The pauses between tries to lock: ever longer ones, until `timeout` has passed.
pub fn pauses(timeout: Duration) -> impl Iterator<Item = Duration> {
    let (mut waited, mut pause) = (Duration::ZERO, Duration::from_millis(50));
    std::iter::from_fn(move || {
        let next = pause.min(timeout.saturating_sub(waited));
        waited += next;
        pause = (pause * 2).min(Duration::from_secs(2));
        (!next.is_zero()).then_some(next)
    })
}

/// The state file while it is locked, for those who read and replace it.
#[derive(Clone, Debug, Default)]
pub struct LockedFile(Arc<Mutex<Option<Locked>>>);

/// A state file that is locked.
#[derive(Debug)]
pub(crate) struct Locked {
    pub(crate) file: File,
    /// Whether there was none: it was made, empty, to be locked.
    pub(crate) is_made: bool,
}

impl LockedFile {
    /// The file; nothing when there is no lock.
    pub(crate) fn get(&self) -> MutexGuard<'_, Option<Locked>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A lock that is held; it ends when this is dropped.
#[derive(Debug)]
pub struct Lock {
    state: PathBuf,
    info: PathBuf,
    /// Our own file.
    own: Option<File>,
    file: LockedFile,
}

impl Lock {
    /// Locks a state, trying again until `timeout` has passed (zero: a single try). `file` holds the state file from then on.
    ///
    /// # Errors
    /// When somebody else holds the lock, or the file system refuses.
    pub fn acquire(path: &Path, info: &LockInfo, timeout: Duration, file: &LockedFile) -> Result<Lock, StateError> {
        retry(timeout, || Lock::try_acquire(path, info, file))
    }

    /// Clears what a killed holder left behind. Locks of files end with their process, so there is nothing more to
    /// take away, and a lock that is held cannot be.
    ///
    /// # Errors
    /// When the lock is held, there is none, or it has another id.
    pub fn force(path: &Path, id: &str) -> Result<(), StateError> {
        let left = Lock::left(path, id)?;
        drop(Lock::try_acquire(path, &left, &LockedFile::default())?);
        Ok(())
    }

    /// The lock on `path`, held or left behind, if it has this id.
    ///
    /// # Errors
    /// When there is none, or it has another id.
    pub fn left(path: &Path, id: &str) -> Result<LockInfo, StateError> {
        let info_path = beside(path, ".", ".lock.info");
        let Some(left) = read_info(&info_path) else { return Err(StateError::NotLocked { path: path.to_owned() }) };
        if left.id != id {
            return Err(StateError::OtherLock { path: path.to_owned(), given: id.to_owned(), held: left.id });
        }
        Ok(left)
    }

    fn try_acquire(path: &Path, info: &LockInfo, file: &LockedFile) -> Result<Lock, StateError> {
        let info_path = beside(path, ".", ".lock.info");
        let locked = || {
            let info = read_info(&info_path);
            StateError::Locked(Box::new(Holder { path: path.to_owned(), info, ends_with_process: true }))
        };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(StateError::io("make the folder of", path))?;
        }
        let own_path = beside(path, ".", ".lock");
        let own = files::touch(&own_path).map_err(|error| match error.kind() {
            std::io::ErrorKind::ReadOnlyFilesystem | std::io::ErrorKind::PermissionDenied => StateError::Refused {
                action: "open the lock file",
                path: own_path.clone(),
                reason: format!("{error}. A command that only reads works with -lock=false"),
            },
            _ => StateError::io("open the lock file", &own_path)(error),
        })?;
        match own.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Err(locked()),
            Err(std::fs::TryLockError::Error(error)) => return Err(StateError::io("lock", &own_path)(error)),
        }
        let is_made = !path.exists() || is_empty(path) && is_left_empty(path);
        let note = || {
            let noted = Noted { info: info.clone(), made_state: is_made };
            let text = serde_json::to_vec(&noted).unwrap_or_default();
            files::replace(&info_path, &text).map_err(StateError::io("write", &info_path))
        };
        // Before there is a file of which it would have to tell; beside one that is there, another may have its own word.
        if is_made {
            note()?;
        }
        let state = files::touch(path).map_err(StateError::io("open", path))?;
        if !record_lock(&state) {
            return Err(locked());
        }
        // Whoever may write the state may lock it.
        files::share(&own, path);
        files::sweep(&[path, &info_path, &beside(path, "", ".backup")]);
        if !is_made {
            note()?;
        }
        *file.get() = Some(Locked { file: state, is_made });
        Ok(Lock { state: path.to_owned(), info: info_path, own: Some(own), file: file.clone() })
    }
}

impl Held for Lock {
    fn release(&mut self) -> Result<(), StateError> {
        let Some(own) = self.own.take() else { return Ok(()) };
        // What remains of a failed removal does no harm: the lock itself ends with the open files. An empty state file goes
        // before the word that says why it is empty, without which it would look like a state that was lost.
        let is_made = self.file.get().as_ref().is_some_and(|locked| locked.is_made);
        if is_made && is_empty(&self.state) {
            let _ = std::fs::remove_file(&self.state);
        }
        let _ = std::fs::remove_file(&self.info);
        *self.file.get() = None;
        // Closing alone would not do: a process that is being started holds copies of every open file for a moment.
        let _ = own.unlock();
        Ok(())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Releasing a lock on files cannot fail.
        let _ = self.release();
    }
}

/// What is written down beside a state while it is locked.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Noted {
    #[serde(flatten)]
    info: LockInfo,
    /// Whether there was no state: the file was made, empty, to be locked.
    #[serde(default)]
    made_state: bool,
}

fn is_empty(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.len() == 0)
}

/// Whether an empty state file is one that a killed run has made to lock it, so that there was none.
pub(crate) fn is_left_empty(state: &Path) -> bool {
    let noted = std::fs::read(beside(state, ".", ".lock.info")).ok();
    noted.and_then(|text| serde_json::from_slice::<Noted>(&text).ok()).is_some_and(|noted| noted.made_state)
}

fn read_info(path: &Path) -> Option<LockInfo> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

/// Takes Terraform's kind of lock on an open state file; whether that succeeded.
#[cfg(unix)]
pub(crate) fn record_lock(file: &File) -> bool {
    use rustix::fs::{FlockOperation, fcntl_lock};
    match fcntl_lock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => true,
        // A file system without record locks cannot have another holder either.
        Err(error) => error != rustix::io::Errno::AGAIN && error != rustix::io::Errno::ACCESS,
    }
}

// Terraform locks a region of the file there; our own lock file must do.
#[cfg(not(unix))]
pub(crate) fn record_lock(_: &File) -> bool {
    true
}

/// What stands in a state file that was replaced while Terraform had it open, waiting for the lock: a state of a version
/// that it refuses. What it would write to that file would be lost.
#[cfg(unix)]
const REPLACED: &str = "{\"version\": 5, \"terraform_version\": \"another run, which has replaced the file meanwhile: \
                        run this again\", \"serial\": 0, \"lineage\": \"\"}\n";

/// Makes a state file that was replaced unusable, once it has no name any more.
#[cfg(unix)]
pub(crate) fn retire(old: &File) {
    use std::os::unix::fs::{FileExt, MetadataExt};
    if old.metadata().is_ok_and(|file| file.nlink() == 0) {
        // Nobody depends on this but those who wait; should it fail, they are where they would be without it.
        let _ = old.set_len(0).and_then(|()| old.write_all_at(REPLACED.as_bytes(), 0));
    }
}

// There the file cannot be replaced while Terraform has it open.
#[cfg(not(unix))]
pub(crate) fn retire(_: &File) {}
