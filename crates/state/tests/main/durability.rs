//! Journal and snapshots: what is on disk at every moment.

use std::fs;
use std::io::Write;

use smform_state::{StateError, store};

use crate::{PROVIDER, id, object, open};

#[test]
fn outcomes_survive_a_run_that_never_finishes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.tfstate");
    {
        let mut store = open(&path).expect("opens");
        store.put(&id("a.b"), PROVIDER, object("1")).expect("writes");
        store.intent(&id("a.c"), "create", Some("name-1"), PROVIDER).expect("writes");
        // The process ends here, without a snapshot.
        std::mem::forget(store);
    }
    let journal = folder.path().join("x.tfstate.journal");
    assert!(journal.exists());
    let state = store::read(&smform_state::LocalBackend::new(&path)).expect("reads");
    assert!(state.get(&id("a.b")).is_some());
}

#[test]
fn intents_without_outcome_are_told_and_kept_until_settled() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.tfstate");
    let mut store = open(&path).expect("opens");
    store.intent(&id("a.c"), "create", Some("name-1"), PROVIDER).expect("writes");
    drop(store);
    let mut store = open(&path).expect("opens");
    assert_eq!(store.pending().len(), 1);
    assert_eq!(store.pending().first().and_then(|intent| intent.identifier.as_deref()), Some("name-1"));
    store.put(&id("a.b"), PROVIDER, object("1")).expect("writes");
    store.finish().expect("finishes");
    assert_eq!(open(&path).expect("opens").pending().len(), 1);
    let mut store = open(&path).expect("opens");
    store.unchanged(&id("a.c")).expect("writes");
    store.finish().expect("finishes");
    assert!(!folder.path().join("x.tfstate.journal").exists());
    assert!(open(&path).expect("opens").pending().is_empty());
}

#[test]
fn a_torn_last_record_is_passed_over_and_a_damaged_one_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.tfstate");
    let mut store = open(&path).expect("opens");
    store.put(&id("a.b"), PROVIDER, object("1")).expect("writes");
    store.put(&id("a.c"), PROVIDER, object("2")).expect("writes");
    drop(store);
    let journal = folder.path().join("x.tfstate.journal");
    let whole = fs::read(&journal).expect("reads");
    for cut in 1..whole.len() {
        fs::write(&journal, &whole[..cut]).expect("writes");
        let store = open(&path).expect("every prefix of a journal can be read");
        assert!(store.state().objects().count() <= 2);
    }
    // Still valid JSON, with another address: only the checksum can tell.
    let damaged = String::from_utf8(whole).expect("text").replacen("a.b", "a.d", 1);
    fs::write(&journal, &damaged).expect("writes");
    assert!(matches!(open(&path), Err(StateError::Journal { line: 2, .. })));
}

#[test]
fn a_journal_grows_by_the_fact_and_not_by_the_state() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.tfstate");
    let mut store = open(&path).expect("opens");
    let journal = folder.path().join("x.tfstate.journal");
    let mut sizes = Vec::new();
    for n in 0..200 {
        store.put(&id(&format!("a.b{n:03}")), PROVIDER, object("1")).expect("writes");
        sizes.push(fs::metadata(&journal).expect("there").len());
    }
    let growth: Vec<u64> = sizes.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(growth.iter().all(|bytes| *bytes < 400), "{growth:?}");
}

#[test]
fn a_snapshot_is_private_backed_up_and_raises_the_serial_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.tfstate");
    for n in 1..=2 {
        let mut store = open(&path).expect("opens");
        store.put(&id("a.b"), PROVIDER, object(&n.to_string())).expect("writes");
        store.put(&id("a.c"), PROVIDER, object(&n.to_string())).expect("writes");
        assert_eq!(store.finish().expect("finishes").serial, n);
    }
    let before = fs::read(&path).expect("reads");
    open(&path).expect("opens").finish().expect("finishes");
    assert_eq!(fs::read(&path).expect("reads"), before, "a run that changes nothing writes nothing");
    assert!(folder.path().join("x.tfstate.backup").exists());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_damaged_state_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.tfstate");
    let mut file = fs::File::create(&path).expect("creates");
    write!(file, "{{\"version\": 4, \"serial\"").expect("writes");
    let error = open(&path).expect_err("damaged").to_string();
    assert!(error.contains("x.tfstate") && error.contains("backup"), "{error}");
    assert_eq!(fs::read_to_string(&path).expect("reads"), "{\"version\": 4, \"serial\"");
}
