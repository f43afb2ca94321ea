//! A layer over a backend that encrypts whatever leaves the process: states, copies of them, and the journal.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{Opened, Target, damage};
use crate::backend::{Backend, Held, Kept, Snapshot, Workspaces};
use crate::codec::is_blank;
use crate::error::StateError;
use crate::lock::LockInfo;

/// The states of a backend, encrypted.
#[derive(Debug)]
pub struct EncryptedWorkspaces {
    inner: Arc<dyn Workspaces>,
    target: Arc<Target>,
}

impl EncryptedWorkspaces {
    /// The states of a backend, encrypted as a target says.
    #[must_use]
    pub fn new(inner: Arc<dyn Workspaces>, target: Arc<Target>) -> EncryptedWorkspaces {
        EncryptedWorkspaces { inner, target }
    }
}

impl Workspaces for EncryptedWorkspaces {
    fn names(&self) -> Result<Vec<String>, StateError> {
        self.inner.names()
    }

    fn state(&self, workspace: &str) -> Result<Arc<dyn Backend>, StateError> {
        Ok(Arc::new(EncryptedBackend::new(self.inner.state(workspace)?, Arc::clone(&self.target))))
    }

    fn create(&self, workspace: &str) -> Result<(), StateError> {
        self.inner.create(workspace)?;
        // Some backends mark a workspace by an empty state, which they write themselves.
        let state = EncryptedBackend::new(self.inner.state(workspace)?, Arc::clone(&self.target));
        if let Some(written) = state.inner.read()?.filter(|snapshot| !snapshot.text.is_empty()) {
            state.inner.write(&state.encrypted(&written.text)?, Some(&written))?;
        }
        Ok(())
    }

    fn reach(&self) -> Result<(), StateError> {
        self.inner.reach()
    }

    fn delete(&self, workspace: &str) -> Result<(), StateError> {
        self.inner.delete(workspace)
    }
}

/// A state in clear, and as it is stored.
#[derive(Debug)]
struct Pair {
    clear: Snapshot,
    stored: Snapshot,
    /// Whether it is encrypted as it would be now.
    is_current: bool,
}

/// A state, encrypted.
#[derive(Debug)]
pub struct EncryptedBackend {
    inner: Arc<dyn Backend>,
    target: Arc<Target>,
    /// What was read or written last: what is replaced is known to the backend as it is stored.
    last: Mutex<Option<Pair>>,
}

impl EncryptedBackend {
    /// A state, encrypted as a target says.
    #[must_use]
    pub fn new(inner: Arc<dyn Backend>, target: Arc<Target>) -> EncryptedBackend {
        EncryptedBackend { inner, target, last: Mutex::default() }
    }

    fn refused(&self, action: &'static str) -> impl Fn(String) -> StateError + '_ {
        move |reason| StateError::Refused { action, path: self.inner.place(), reason }
    }

    fn encrypted(&self, text: &[u8]) -> Result<Vec<u8>, StateError> {
        self.target.encrypt_state(text).map_err(self.refused("encrypt the state"))
    }

    fn opened(&self, stored: &[u8]) -> Result<Opened, StateError> {
        // Taking a lock leaves an empty file behind.
        if is_blank(stored) {
            return Ok(Opened { clear: stored.to_vec(), is_current: true });
        }
        self.target.open(stored).map_err(self.refused("decrypt the state"))
    }

    fn stored(&self, clear: &Snapshot) -> Snapshot {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().filter(|pair| pair.clear == *clear).map_or_else(|| clear.clone(), |pair| pair.stored.clone())
    }

    fn remember(&self, pair: Pair) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(pair);
    }
}

impl Backend for EncryptedBackend {
    fn place(&self) -> PathBuf {
        self.inner.place()
    }

    fn journal(&self) -> PathBuf {
        self.inner.journal()
    }

    fn read(&self) -> Result<Option<Snapshot>, StateError> {
        let Some(stored) = self.inner.read()? else { return Ok(None) };
        if let Some(reason) = damage(&stored.text) {
            return Err(StateError::damaged(&self.inner.place(), reason));
        }
        let Opened { clear, is_current } = self.opened(&stored.text)?;
        let clear = Snapshot { text: clear, version: stored.version.clone() };
        self.remember(Pair { clear: clear.clone(), stored, is_current });
        Ok(Some(clear))
    }

    fn read_stored(&self) -> Result<Option<Snapshot>, StateError> {
        self.inner.read()
    }

    fn write(&self, text: &[u8], replaced: Option<&Snapshot>) -> Result<Option<String>, StateError> {
        let encrypted = self.encrypted(text)?;
        let version = self.inner.write(&encrypted, replaced.map(|clear| self.stored(clear)).as_ref())?;
        let clear = Snapshot { text: text.to_vec(), version: version.clone() };
        let stored = Snapshot { text: encrypted, version: version.clone() };
        self.remember(Pair { clear, stored, is_current: true });
        Ok(version)
    }

    fn interval(&self) -> Option<Duration> {
        self.inner.interval()
    }

    fn back_up(&self, snapshot: &Snapshot) -> Result<(), StateError> {
        // As it is stored, if nobody else can read that: the place may know it, and keep it already.
        let last =
            self.last.lock().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(|pair| {
                (pair.is_current && pair.clear.text == snapshot.text).then(|| pair.stored.text.clone())
            });
        let text = last.map_or_else(|| self.encrypted(&snapshot.text), Ok)?;
        self.inner.back_up(&Snapshot { text, version: snapshot.version.clone() })
    }

    fn keeping(&self) -> Option<String> {
        self.inner.keeping()
    }

    fn kept(&self) -> Result<Vec<Kept>, StateError> {
        self.inner.kept()
    }

    fn read_kept(&self, name: &str) -> Result<Vec<u8>, StateError> {
        self.opened(&self.inner.read_kept(name)?).map(|opened| opened.clear)
    }

    fn lock(&self, info: &LockInfo, timeout: Duration) -> Result<Box<dyn Held>, StateError> {
        self.inner.lock(info, timeout)
    }

    fn check_unlock(&self, id: &str) -> Result<(), StateError> {
        self.inner.check_unlock(id)
    }

    fn force_unlock(&self, id: &str) -> Result<(), StateError> {
        self.inner.force_unlock(id)
    }

    fn announce(&self, name: &str, record: &str) -> Result<bool, StateError> {
        self.inner.announce(name, record)
    }

    fn announced(&self) -> Result<Vec<(String, String)>, StateError> {
        self.inner.announced()
    }

    fn withdraw(&self, names: &[String]) -> Result<(), StateError> {
        self.inner.withdraw(names)
    }

    fn seal(&self, record: String) -> Result<String, StateError> {
        let sealed = self.target.encrypt(record.as_bytes()).map_err(self.refused("encrypt the journal of"))?;
        String::from_utf8(sealed).map_err(|error| self.refused("encrypt the journal of")(error.to_string()))
    }

    fn unseal(&self, record: String) -> Result<String, StateError> {
        let clear = self.target.decrypt(record.as_bytes()).map_err(self.refused("decrypt the journal of"))?;
        String::from_utf8(clear).map_err(|error| self.refused("decrypt the journal of")(error.to_string()))
    }

    fn is_current(&self) -> bool {
        self.inner.is_current()
            && self.last.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_none_or(|pair| pair.is_current)
    }

    fn sealed_copy(&self, snapshot: &[u8]) -> Result<Vec<u8>, StateError> {
        self.encrypted(snapshot)
    }
}
