//! Backend `local`: files on this machine.

use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use smform_files as files;

use crate::backend::{Backend, DEFAULT_WORKSPACE, Held, Kept, Snapshot, Workspaces, beside, with_default};
use crate::error::StateError;
use crate::lock::{Lock, LockInfo, Locked, LockedFile, is_left_empty, record_lock, retire};

/// How many snapshots are kept beside the state.
const KEPT: usize = 20;

/// A state in a file.
#[derive(Clone, Debug)]
pub struct LocalBackend {
    path: PathBuf,
    locked: LockedFile,
    /// Where the state is read from, if not from the file that it is written to.
    source: Option<PathBuf>,
    backup: Option<PathBuf>,
}

impl LocalBackend {
    /// The state in a file. Where symbolic links lead to it, everything beside it is beside the file itself, so that all who
    /// come by a link share one lock.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> LocalBackend {
        let path: PathBuf = path.into();
        let path = files::resolved(&path);
        LocalBackend { locked: LockedFile::default(), source: None, backup: Some(beside(&path, "", ".backup")), path }
    }

    /// The same, read from another file, which stays as it is.
    #[must_use]
    pub fn read_from(self, source: PathBuf) -> LocalBackend {
        LocalBackend { source: Some(source).filter(|source| *source != self.path), ..self }
    }

    /// The same, with the last copy of what is replaced in a file of its own; nothing for none beside the history.
    #[must_use]
    pub fn backed_up_to(self, backup: Option<PathBuf>) -> LocalBackend {
        LocalBackend { backup, ..self }
    }

    /// Where the state is written.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of snapshots that are kept.
    fn history(&self) -> PathBuf {
        beside(&self.path, ".", ".history")
    }

    /// What is in the file now; nothing when there is none.
    fn current(&self) -> Result<Vec<u8>, StateError> {
        let here = LocalBackend { source: None, ..self.clone() };
        Ok(here.read()?.unwrap_or_default().text)
    }

    /// Writes a file that is as accessible as the state.
    fn copy(&self, path: &Path, text: &[u8]) -> Result<(), StateError> {
        let written = match files::is_special(path) {
            true => files::replace(path, text),
            false => files::replace_by(path, text, |file| files::share(file, &self.path)).map(drop),
        };
        written.map_err(StateError::io("write", path))
    }

    /// Keeps a snapshot, unless it is the newest of those that are kept, and drops the oldest.
    fn keep(&self, text: &[u8]) -> Result<(), StateError> {
        let (all, folder) = (self.all_kept()?, self.history());
        let is_text = |newest: &&Kept| self.read_kept(&newest.name).is_ok_and(|kept| kept == text);
        if let Some(newest) = all.first().filter(is_text) {
            // The state may have become accessible to others since.
            if let Ok(file) = std::fs::File::open(folder.join(&newest.name)) {
                files::share(&file, &self.path);
            }
            return Ok(());
        }
        files::private_folder(&folder).map_err(StateError::io("make the folder", &folder))?;
        if let Ok(folder) = std::fs::File::open(&folder) {
            files::share(&folder, &self.path);
        }
        let newest = all.first().and_then(|kept| kept.name.parse::<u64>().ok()).unwrap_or(0);
        let path = folder.join(format!("{:08}", newest + 1));
        files::sweep(&[&path]);
        self.copy(&path, text)?;
        for old in all.iter().skip(KEPT - 1) {
            let path = folder.join(&old.name);
            std::fs::remove_file(&path).map_err(StateError::io("remove", &path))?;
        }
        Ok(())
    }

    /// All snapshots that are kept, that of the state itself included, the newest first.
    fn all_kept(&self) -> Result<Vec<Kept>, StateError> {
        let folder = self.history();
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(StateError::io("list", &folder)(error)),
        };
        let mut kept: Vec<Kept> = entries
            .filter_map(Result::ok)
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
                let time = entry.metadata().and_then(|metadata| metadata.modified()).ok();
                is_number.then_some(Kept { name, time })
            })
            .collect();
        kept.sort_by(|a, b| b.name.cmp(&a.name));
        Ok(kept)
    }
}

impl Backend for LocalBackend {
    fn place(&self) -> PathBuf {
        self.path.clone()
    }

    fn journal(&self) -> PathBuf {
        beside(&self.path, "", ".journal")
    }

    fn read(&self) -> Result<Option<Snapshot>, StateError> {
        let path = self.source.as_ref().unwrap_or(&self.path);
        let mut is_made = false;
        let read = match self.locked.get().as_mut() {
            Some(Locked { file, is_made: made }) if self.source.is_none() => {
                is_made = *made;
                let mut text = Vec::new();
                file.rewind().and_then(|()| file.read_to_end(&mut text)).map(|_| text)
            }
            _ => files::read(path),
        };
        match read {
            Ok(text) if text.is_empty() && (is_made || is_left_empty(path)) => Ok(None),
            Ok(text) => Ok(Some(Snapshot { text, version: None })),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StateError::io("read the state", path)(error)),
        }
    }

    fn write(&self, text: &[u8], _: Option<&Snapshot>) -> Result<Option<String>, StateError> {
        let mut locked = self.locked.get();
        let is_locked = locked.is_some();
        let lock = |file: &std::fs::File| {
            if is_locked {
                record_lock(file);
            }
        };
        let new = files::replace_by(&self.path, text, lock);
        let new = new.map_err(StateError::io("write the state", &self.path))?;
        if let Some(old) = locked.as_mut() {
            retire(&std::mem::replace(&mut old.file, new));
        }
        drop(locked);
        // A copy of its own, since what damages a file does not damage another. The state is written without it.
        if let Err(error) = self.keep(text) {
            tracing::warn!("no copy of the new state was kept: {error}");
        }
        Ok(None)
    }

    fn back_up(&self, snapshot: &Snapshot) -> Result<(), StateError> {
        let replaced = match &self.source {
            // What was read stays where it is.
            Some(_) => self.current()?,
            None => snapshot.text.clone(),
        };
        if replaced.is_empty() {
            return Ok(());
        }
        self.keep(&replaced)?;
        let Some(path) = &self.backup else { return Ok(()) };
        self.copy(path, &replaced)
    }

    fn kept(&self) -> Result<Vec<Kept>, StateError> {
        let mut kept = self.all_kept()?;
        // The newest may be what is in the state, for the day on which that is damaged.
        if let Some(newest) = kept.first()
            && self.read_kept(&newest.name)? == self.current()?
        {
            kept.remove(0);
        }
        Ok(kept)
    }

    fn read_kept(&self, name: &str) -> Result<Vec<u8>, StateError> {
        let path = self.history().join(name);
        std::fs::read(&path).map_err(StateError::io("read", &path))
    }

    // What is read from elsewhere is written here in any case.
    fn is_current(&self) -> bool {
        self.source.is_none()
    }

    fn lock(&self, info: &LockInfo, timeout: Duration) -> Result<Box<dyn Held>, StateError> {
        if files::is_special(&self.path) {
            let reason = "it is a device or a pipe, which keeps nothing. Name a file".to_owned();
            return Err(StateError::Refused { action: "keep a state in", path: self.path.clone(), reason });
        }
        Ok(Box::new(Lock::acquire(&self.path, info, timeout, &self.locked)?))
    }

    fn check_unlock(&self, id: &str) -> Result<(), StateError> {
        Lock::left(&self.path, id).map(drop)
    }

    fn force_unlock(&self, id: &str) -> Result<(), StateError> {
        Lock::force(&self.path, id)
    }
}

/// The files of all workspaces.
#[derive(Clone, Debug)]
pub struct LocalWorkspaces {
    /// The file of the default workspace.
    pub path: PathBuf,
    /// The folder of the others, each in a folder of its own.
    pub folder: PathBuf,
    /// The name of their files.
    pub name: String,
}

impl LocalWorkspaces {
    fn path_of(&self, workspace: &str) -> PathBuf {
        if workspace == DEFAULT_WORKSPACE {
            return self.path.clone();
        }
        self.folder_of(workspace).join(&self.name)
    }

    fn folder_of(&self, workspace: &str) -> PathBuf {
        self.folder.join(workspace)
    }
}

impl Workspaces for LocalWorkspaces {
    fn names(&self) -> Result<Vec<String>, StateError> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(with_default(Vec::new())),
            Err(error) => return Err(StateError::io("list", &self.folder)(error)),
        };
        let folders = entries.filter_map(Result::ok).filter(|entry| entry.path().is_dir());
        Ok(with_default(folders.filter_map(|entry| entry.file_name().into_string().ok()).collect()))
    }

    fn state(&self, workspace: &str) -> Result<Arc<dyn Backend>, StateError> {
        Ok(Arc::new(LocalBackend::new(self.path_of(workspace))))
    }

    fn create(&self, workspace: &str) -> Result<(), StateError> {
        let folder = self.folder_of(workspace);
        files::make_folder(&folder).map_err(StateError::io("make the folder", &folder))
    }

    fn delete(&self, workspace: &str) -> Result<(), StateError> {
        let folder = self.folder_of(workspace);
        remove_folder(&folder).map_err(StateError::io("remove", &folder))
    }
}

fn remove_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::remove_dir_all(folder)?;
    files::sync_name(folder);
    Ok(())
}
