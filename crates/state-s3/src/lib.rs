//! What AWS offers for states: the backend `s3`, states in a bucket that are locked and replaced by conditional writes;
//! and `kms`, keys to encrypt states with, wherever they are.
//!
//! `settings` reads the arguments and `bucket` has the requests. The lock is the
//! object `KEY.tflock` that Terraform 1.11 makes with `use_lockfile`, so either program respects the other's. Beyond
//! that every write of a state asks that the object still has the `ETag` that was read.

mod bucket;
mod kms;
mod session;
mod settings;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use smform_state::backend::{DEFAULT_WORKSPACE, with_default};
use smform_state::kind::{Argument, Kind, SettingError, Settings, Surroundings};
use smform_state::lock::{Holder, LockInfo, retry};
use smform_state::{Backend, Held, Kept, Snapshot, State, StateError, Workspaces, codec};

use bucket::{Bucket, Condition, Refusal};
use settings::Wishes;

pub use kms::AwsKms;

/// The backend `s3`.
#[derive(Debug)]
pub struct S3;

impl Kind for S3 {
    fn name(&self) -> &'static str {
        "s3"
    }

    fn arguments(&self) -> Vec<Argument> {
        settings::arguments()
    }

    fn open(&self, given: &Settings, surroundings: &Surroundings) -> Result<Arc<dyn Workspaces>, SettingError> {
        let wishes = Wishes::read(given, surroundings)?;
        Ok(Arc::new(S3Workspaces { bucket: Arc::new(Bucket::new(wishes)), surroundings: surroundings.clone() }))
    }
}

/// The states below a key.
#[derive(Debug)]
struct S3Workspaces {
    bucket: Arc<Bucket>,
    surroundings: Surroundings,
}

impl S3Workspaces {
    fn prefix(&self) -> String {
        format!("{}/", self.bucket.wishes.workspace_key_prefix)
    }

    fn key(&self, workspace: &str) -> String {
        let key = &self.bucket.wishes.key;
        if workspace == DEFAULT_WORKSPACE { key.clone() } else { format!("{}{workspace}/{key}", self.prefix()) }
    }

    fn one(&self, workspace: &str) -> S3Backend {
        let key = self.key(workspace);
        let place = self.bucket.place(&key);
        let journal = self.surroundings.journal(&place.to_string_lossy());
        S3Backend { bucket: Arc::clone(&self.bucket), key, journal }
    }
}

impl Workspaces for S3Workspaces {
    fn names(&self) -> Result<Vec<String>, StateError> {
        let prefix = self.prefix();
        let keys = self.bucket.list(&prefix).map_err(|refusal| self.bucket.error("list", &prefix, refusal))?;
        let ending = format!("/{}", self.bucket.wishes.key);
        let name = |key: &String| Some(key.strip_prefix(&prefix)?.strip_suffix(&ending)?.to_owned());
        let names = keys.iter().filter_map(name).filter(|name| !name.is_empty() && !name.contains('/'));
        Ok(with_default(names.collect()))
    }

    fn state(&self, workspace: &str) -> Result<Arc<dyn Backend>, StateError> {
        Ok(Arc::new(self.one(workspace)))
    }

    fn create(&self, workspace: &str) -> Result<(), StateError> {
        let lineage = LockInfo::of_process("", "").id;
        let text = codec::write(&State { lineage, serial: 1, ..State::default() });
        self.one(workspace).write(text.as_bytes(), None).map(drop)
    }

    fn reach(&self) -> Result<(), StateError> {
        self.names().map(drop)
    }

    fn delete(&self, workspace: &str) -> Result<(), StateError> {
        let one = self.one(workspace);
        let left = one.announced()?.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        one.withdraw(&left)?;
        let key = self.key(workspace);
        self.bucket.delete(&key).map_err(|refusal| self.bucket.error("delete", &key, refusal))
    }
}

/// The state of one workspace.
#[derive(Clone, Debug)]
struct S3Backend {
    bucket: Arc<Bucket>,
    key: String,
    journal: PathBuf,
}

impl S3Backend {
    fn lock_key(&self) -> String {
        format!("{}.tflock", self.key)
    }

    /// What the keys of announcements begin with.
    fn announcements(&self) -> String {
        format!("{}.begun/", self.key)
    }

    fn error(&self, action: &'static str, refusal: Refusal) -> StateError {
        self.bucket.error(action, &self.key, refusal)
    }

    /// What the holder of the lock wrote down; nothing when nobody holds it.
    fn holder(&self) -> Result<Option<LockInfo>, StateError> {
        let read =
            self.bucket.read(&self.lock_key(), None).map_err(|refusal| self.error("read the lock on", refusal))?;
        // What cannot be read as a lock holds all the same; it is known by the name of its object.
        let unreadable = || LockInfo {
            id: self.bucket.place(&self.lock_key()).to_string_lossy().into_owned(),
            info: "the object of the lock is empty or damaged, and does not tell who made it".to_owned(),
            ..LockInfo::default()
        };
        let info = |text: &[u8]| serde_json::from_slice(text).ok().filter(|info: &LockInfo| !info.id.is_empty());
        Ok(read.map(|lock| info(&lock.text).unwrap_or_else(unreadable)))
    }

    fn try_lock(&self, info: &LockInfo) -> Result<S3Lock, StateError> {
        let text = serde_json::to_vec(info).unwrap_or_default();
        match self.bucket.write(&self.lock_key(), &text, Condition::Absent) {
            Ok(_) => Ok(S3Lock { state: self.clone(), id: Some(info.id.clone()) }),
            Err(Refusal::Condition) => {
                let info = self.holder()?;
                let holder = Holder { path: self.place(), info, ends_with_process: false };
                Err(StateError::Locked(Box::new(holder)))
            }
            Err(refusal) => Err(self.error("lock", refusal)),
        }
    }
}

impl Backend for S3Backend {
    fn place(&self) -> PathBuf {
        self.bucket.place(&self.key)
    }

    fn journal(&self) -> PathBuf {
        self.journal.clone()
    }

    fn read(&self) -> Result<Option<Snapshot>, StateError> {
        self.bucket.read(&self.key, None).map_err(|refusal| self.error("read the state", refusal))
    }

    // As often as Terraform does. The journal is on this machine, which may be one that lives for a single run.
    fn interval(&self) -> Option<Duration> {
        Some(Duration::from_secs(20))
    }

    fn write(&self, text: &[u8], replaced: Option<&Snapshot>) -> Result<Option<String>, StateError> {
        let condition = match replaced {
            None => Condition::Absent,
            Some(snapshot) => snapshot.version.clone().map_or(Condition::None, Condition::Same),
        };
        self.bucket.write(&self.key, text, condition).map_err(|refusal| match refusal {
            Refusal::Condition => StateError::Overtaken { path: self.place() },
            refusal => self.error("write the state", refusal),
        })
    }

    // A bucket with versions keeps what is replaced.
    fn back_up(&self, _: &Snapshot) -> Result<(), StateError> {
        Ok(())
    }

    fn keeping(&self) -> Option<String> {
        let bucket = &self.bucket.wishes.bucket;
        let (is_on, condition) = match self.bucket.has_versioning() {
            Ok(is_on) => (is_on, ""),
            // It may not be asked, or the service answers in another way.
            Err(_) => (false, "Unless it is on: "),
        };
        (!is_on).then(|| {
            format!(
                "{condition}Switch versioning on in the bucket, which then keeps what is replaced:\n\naws s3api put-bucket-versioning \
                 --bucket {bucket} --versioning-configuration Status=Enabled"
            )
        })
    }

    fn kept(&self) -> Result<Vec<Kept>, StateError> {
        self.bucket.versions(&self.key).map_err(|refusal| self.error("list the versions of", refusal))
    }

    fn read_kept(&self, name: &str) -> Result<Vec<u8>, StateError> {
        let read =
            self.bucket.read(&self.key, Some(name)).map_err(|refusal| self.error("read a version of", refusal))?;
        Ok(read.map(|version| version.text).unwrap_or_default())
    }

    fn announce(&self, name: &str, record: &str) -> Result<bool, StateError> {
        let key = format!("{}{name}", self.announcements());
        let written = self.bucket.write(&key, record.as_bytes(), Condition::None);
        written.map(|_| true).map_err(|refusal| self.error("announce what is created beside", refusal))
    }

    fn announced(&self) -> Result<Vec<(String, String)>, StateError> {
        let failed = |refusal| self.error("read what was announced beside", refusal);
        let prefix = self.announcements();
        let mut found = Vec::new();
        for key in self.bucket.list(&prefix).map_err(failed)? {
            let Some(read) = self.bucket.read(&key, None).map_err(failed)? else { continue };
            let name = key.strip_prefix(&prefix).unwrap_or_default().to_owned();
            found.push((name, String::from_utf8_lossy(&read.text).into_owned()));
        }
        Ok(found)
    }

    fn withdraw(&self, names: &[String]) -> Result<(), StateError> {
        let keys: Vec<String> = names.iter().map(|name| format!("{}{name}", self.announcements())).collect();
        self.bucket.delete_all(&keys).map_err(|refusal| self.error("withdraw what was announced beside", refusal))
    }

    fn lock(&self, info: &LockInfo, timeout: Duration) -> Result<Box<dyn Held>, StateError> {
        if !self.bucket.wishes.use_lockfile {
            return Ok(Box::new(S3Lock { state: self.clone(), id: None }));
        }
        Ok(Box::new(retry(timeout, || self.try_lock(info))?))
    }

    fn check_unlock(&self, id: &str) -> Result<(), StateError> {
        let Some(held) = self.holder()? else { return Err(StateError::NotLocked { path: self.place() }) };
        if held.id != id {
            return Err(StateError::OtherLock { path: self.place(), given: id.to_owned(), held: held.id });
        }
        Ok(())
    }

    fn force_unlock(&self, id: &str) -> Result<(), StateError> {
        self.check_unlock(id)?;
        self.bucket.delete(&self.lock_key()).map_err(|refusal| self.error("unlock", refusal))
    }
}

/// A lock that is held, or none where none is asked for.
#[derive(Debug)]
struct S3Lock {
    state: S3Backend,
    id: Option<String>,
}

impl Held for S3Lock {
    fn release(&mut self) -> Result<(), StateError> {
        match self.id.take() {
            Some(id) => self.state.force_unlock(&id),
            None => Ok(()),
        }
    }

    fn lasting(&self) -> Option<String> {
        self.id.clone()
    }
}

impl Drop for S3Lock {
    fn drop(&mut self) {
        // Whoever can tell the user of a failure has released it before.
        let _ = self.release();
    }
}
