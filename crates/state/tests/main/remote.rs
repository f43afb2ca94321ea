//! A state that is kept elsewhere: written in between, and never over what another has written.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use smform_state::lock::LockInfo;
use smform_state::{Backend, Held, Kept, Snapshot, StateError, Store, codec, store};

use crate::{PROVIDER, id, object};

/// A place with versions, which is brought up to date by every fact.
#[derive(Debug)]
struct Remote {
    content: Mutex<Option<Snapshot>>,
    written: AtomicU64,
    journal: PathBuf,
}

impl Backend for Remote {
    fn place(&self) -> PathBuf {
        "remote://state".into()
    }

    fn journal(&self) -> PathBuf {
        self.journal.clone()
    }

    fn read(&self) -> Result<Option<Snapshot>, StateError> {
        Ok(self.content.lock().unwrap().clone())
    }

    fn write(&self, text: &[u8], replaced: Option<&Snapshot>) -> Result<Option<String>, StateError> {
        let mut content = self.content.lock().unwrap();
        let version = |snapshot: Option<&Snapshot>| snapshot.and_then(|snapshot| snapshot.version.clone());
        if version(content.as_ref()) != version(replaced) {
            return Err(StateError::Overtaken { path: self.place() });
        }
        let version = Some(self.written.fetch_add(1, Ordering::Relaxed).to_string());
        *content = Some(Snapshot { text: text.to_vec(), version: version.clone() });
        Ok(version)
    }

    fn interval(&self) -> Option<Duration> {
        Some(Duration::ZERO)
    }

    fn back_up(&self, _: &Snapshot) -> Result<(), StateError> {
        Ok(())
    }

    fn kept(&self) -> Result<Vec<Kept>, StateError> {
        Ok(Vec::new())
    }

    fn read_kept(&self, _: &str) -> Result<Vec<u8>, StateError> {
        Ok(Vec::new())
    }

    fn lock(&self, _: &LockInfo, _: Duration) -> Result<Box<dyn Held>, StateError> {
        Err(StateError::NotLocked { path: self.place() })
    }

    fn force_unlock(&self, _: &str) -> Result<(), StateError> {
        Ok(())
    }
}

fn remote(folder: &tempfile::TempDir) -> Arc<Remote> {
    let journal = folder.path().join("journal");
    Arc::new(Remote { content: Mutex::default(), written: AtomicU64::default(), journal })
}

#[test]
fn what_happened_is_elsewhere_before_the_run_ends() {
    let folder = tempfile::tempdir().unwrap();
    let remote = remote(&folder);
    let mut run = Store::open(remote.clone(), None).unwrap();
    run.intent(&id("a.b"), "create", None, PROVIDER).unwrap();
    assert!(remote.read().unwrap().is_none());
    run.put(&id("a.b"), PROVIDER, object("1")).unwrap();
    run.put(&id("a.c"), PROVIDER, object("2")).unwrap();
    run.intent(&id("a.d"), "create", None, PROVIDER).unwrap();
    // The machine is gone, and with it the journal.
    std::mem::forget(run);
    let text = remote.read().unwrap().unwrap().text;
    let state = codec::read(&text, &remote.place()).unwrap();
    assert_eq!((state.objects().count(), state.serial), (2, 2));

    // With the journal nothing is done twice, and what has no outcome is known.
    let mut next = Store::open(remote.clone(), None).unwrap();
    assert_eq!((next.state().objects().count(), next.pending().len()), (2, 1));
    next.put(&id("a.d"), PROVIDER, object("3")).unwrap();
    let last = next.finish().unwrap();
    assert_eq!((last.objects().count(), last.serial), (3, 3));
    assert!(!remote.journal.exists());
    assert_eq!(store::read(remote.as_ref()).unwrap(), last);
}

#[test]
fn what_another_has_written_is_not_overwritten_in_between_either() {
    let folder = tempfile::tempdir().unwrap();
    let remote = remote(&folder);
    let mut run = Store::open(remote.clone(), None).unwrap();
    run.put(&id("a.b"), PROVIDER, object("1")).unwrap();
    let theirs = Snapshot { version: Some("theirs".to_owned()), ..remote.read().unwrap().unwrap() };
    *remote.content.lock().unwrap() = Some(theirs.clone());
    run.put(&id("a.c"), PROVIDER, object("2")).unwrap();
    assert_eq!(remote.read().unwrap(), Some(theirs));
    assert_eq!(run.state().objects().count(), 2);
}
