//! The sandbox's state file: one JSON document, replaced whole, with an advisory lock beside it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::world::World;

/// Why a sandbox could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the same state open.
    #[error(
        "the sandbox state {} is in use by {}: wait until it ends, or end it. If it is `smform sandbox`, work with it instead: \
         leave -sandbox off (and SMFORM_SANDBOX unset), and set AWS_ENDPOINT_URL to the address that it has printed",
        .path.display(), .holder.map_or_else(|| "another process".to_owned(), |id| format!("another process, {id}"))
    )]
    InUse {
        /// The state file.
        path: PathBuf,
        /// The id of the process, where it is known.
        holder: Option<u32>,
    },
    /// The file is not a sandbox state. It has not been touched.
    #[error("the sandbox state {} is damaged ({problem}); nothing was changed: repair it, or move it away to start afresh", .path.display())]
    Damaged {
        /// The state file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A file could not be read or written.
    #[error("cannot {what} {}: {source}", .path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A setting given by the caller cannot be used.
    #[error("{0}")]
    Invalid(String),
}

/// A locked state file. The lock lasts as long as this value.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    _lock: File,
}

impl Store {
    /// Locks the state at `path`, waiting at most `patience` for another process, and reads it if it exists.
    pub(crate) fn open(path: &Path, patience: Duration) -> Result<(Store, Option<World>), OpenError> {
        let io = |what, path: &Path| {
            let path = path.to_owned();
            move |source| OpenError::Io { what, path, source }
        };
        let folder = folder_of(path);
        fs::create_dir_all(folder).map_err(io("create the folder", folder))?;
        let lock_path = beside(path, "lock");
        let mut lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .map_err(io("open the lock file", &lock_path))?;
        let give_up = Instant::now() + patience;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if Instant::now() < give_up => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(OpenError::InUse { path: path.to_owned(), holder: holder(&lock_path) });
                }
                Err(TryLockError::Error(e)) => return Err(io("lock", &lock_path)(e)),
            }
        }
        // Who holds the lock is written down for those who find it held; nothing depends on it.
        let _ = lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id()));
        let world = match fs::read(path) {
            Ok(bytes) => Some(
                serde_json::from_slice::<World>(&bytes)
                    .map_err(|e| e.to_string())
                    .and_then(World::checked)
                    .map_err(|problem| OpenError::Damaged { path: path.to_owned(), problem })?,
            ),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(io("read", path)(e)),
        };
        Ok((Store { path: path.to_owned(), _lock: lock }, world))
    }

    /// Replaces the file. It is never seen half written; its mode is 0600 where modes exist.
    pub(crate) fn save(&self, world: &World) -> io::Result<()> {
        // tempfile creates its files readable by their owner only.
        let mut file = tempfile::NamedTempFile::new_in(folder_of(&self.path))?;
        {
            let mut writer = BufWriter::new(file.as_file_mut());
            serde_json::to_writer(&mut writer, world).map_err(io::Error::other)?;
            writer.write_all(b"\n")?;
            writer.flush()?;
        }
        file.persist(&self.path).map_err(|e| e.error)?;
        Ok(())
    }

    /// The state file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// The id of the process that holds a lock file, as it has written it.
fn holder(lock_path: &Path) -> Option<u32> {
    fs::read_to_string(lock_path).ok()?.trim().parse().ok()
}

/// The path of a file that belongs to the state file: its name with another ending added.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    path.with_file_name(name)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_opener_is_told_who_is_in_the_way() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("sandbox.json");
        let (first, world) = Store::open(&path, Duration::ZERO).expect("opens");
        assert!(world.is_none());
        let error = Store::open(&path, Duration::from_millis(50)).expect_err("is locked");
        assert!(matches!(&error, OpenError::InUse { path: p, .. } if *p == path), "{error}");
        // Where a lock keeps others from reading the file, the holder is not known.
        if cfg!(unix) {
            assert!(error.to_string().contains(&format!("another process, {}:", std::process::id())), "{error}");
        }
        assert!(error.to_string().contains("AWS_ENDPOINT_URL"), "{error}");
        drop(first);
        Store::open(&path, Duration::ZERO).expect("opens again");
    }

    #[test]
    fn a_damaged_file_is_named_and_kept() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("sandbox.json");
        for text in ["", "{", "[]", "{\"version\": 99}", "nul\0"] {
            fs::write(&path, text).expect("written");
            let error = Store::open(&path, Duration::ZERO).expect_err("is damaged");
            assert!(error.to_string().contains("sandbox.json"), "{error}");
            assert_eq!(fs::read_to_string(&path).expect("read"), text);
        }
    }
}
