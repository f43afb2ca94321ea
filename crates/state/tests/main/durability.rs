//! Journal and snapshots: what is on disk at every moment.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use smform_state::lock::LockInfo;
use smform_state::{Backend, LocalBackend, State, StateError, Store, store};

use crate::{PROVIDER, id, object, open};

#[test]
fn outcomes_survive_a_run_that_never_finishes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.tfstate");
    {
        let mut store = open(&path).expect("opens");
        store.put(&id("a.b"), PROVIDER, object("1")).expect("writes");
        store.intent(&id("a.c"), "create", Some("name-1"), PROVIDER, None).expect("writes");
        // The process ends here, without a snapshot.
        std::mem::forget(store);
    }
    let journal = folder.path().join("x.tfstate.journal");
    assert!(journal.exists());
    let state = store::read(&LocalBackend::new(&path)).expect("reads");
    assert!(state.get(&id("a.b")).is_some());
}

#[test]
fn intents_without_outcome_are_told_and_kept_until_settled() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.tfstate");
    let mut store = open(&path).expect("opens");
    store.intent(&id("a.c"), "create", Some("name-1"), PROVIDER, None).expect("writes");
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
fn parts_of_the_last_record_that_never_reached_the_disk_are_a_torn_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.tfstate");
    let mut store = open(&path).expect("opens");
    store.put(&id("a.b"), PROVIDER, object("1")).expect("writes");
    store.put(&id("a.c"), PROVIDER, object("2")).expect("writes");
    drop(store);
    let journal = folder.path().join("x.tfstate.journal");
    let whole = fs::read(&journal).expect("reads");
    let last = whole.iter().rev().skip(1).position(|byte| *byte == b'\n').expect("several lines");
    let last = whole.len() - 1 - last;
    let lost = |at: usize| {
        let mut text = whole.clone();
        text[at..at + 8].fill(0);
        fs::write(&journal, text).expect("writes");
        open(&path)
    };
    for at in last..whole.len() - 8 {
        let mut store = lost(at).expect("the record before it was the last");
        assert_eq!(store.state().objects().count(), 1);
        // What is written next follows what counted.
        store.put(&id("a.d"), PROVIDER, object("3")).expect("writes");
        drop(store);
        assert_eq!(open(&path).expect("opens").state().objects().count(), 2);
    }
    assert!(matches!(lost(last - 20), Err(StateError::Journal { line: 2, .. })));
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
fn a_damaged_state_is_left_alone_and_the_way_out_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.tfstate");
    let damage = "{\"version\": 4, \"serial\"";
    fs::write(&path, damage).expect("writes");
    let refused = || open(&path).expect_err("damaged").to_string();
    let error = refused();
    assert!(error.contains("x.tfstate") && error.contains("smform state push -force FILE"), "{error}");
    fs::write(folder.path().join("x.tfstate.backup"), "{}").expect("writes");
    assert!(refused().contains("x.tfstate.backup"), "a copy that Terraform has made");
    fs::remove_file(&path).expect("removes");
    for n in 1..=2 {
        let mut store = open(&path).expect("opens");
        store.put(&id("a.b"), PROVIDER, object(&n.to_string())).expect("writes");
        store.finish().expect("finishes");
    }
    fs::write(&path, damage).expect("writes");
    assert!(refused().contains("smform state rollback SERIAL"), "{}", refused());
    assert_eq!(fs::read_to_string(&path).expect("reads"), damage);
}

#[test]
fn what_editors_and_git_leave_in_a_state_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.tfstate");
    let refused = |text: &str| {
        fs::write(&path, text).expect("writes");
        open(&path).expect_err("no state").to_string()
    };
    let marked = refused("\u{feff}{\"version\": 4}");
    assert!(marked.contains("byte-order mark") && marked.contains("UTF-8 without one"), "{marked}");
    let both = refused("{\n<<<<<<< HEAD\n\"serial\": 1\n=======\n\"serial\": 2\n>>>>>>> theirs\n}");
    assert!(both.contains("line 2 marks a conflict that Git has left"), "{both}");
}

#[test]
fn blocks_without_objects_are_kept_until_a_run_is_seen_through() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.tfstate");
    let block = |text: &str| (id(text).address.module, id(text).address.resource);
    let ends = |put: Option<&str>, names: &[&str], provider: &str, seen_through: bool| {
        let mut store = open(&path).expect("opens");
        put.into_iter().for_each(|name| store.put(&id(name), PROVIDER, object("1")).expect("writes"));
        store.blocks(names.iter().map(|name| (block(name), provider.to_owned())).collect(), seen_through);
        store.finish().expect("finishes")
    };
    let state = ends(Some("a.b"), &["a.b", "a.c"], "p", false);
    assert_eq!(state.bare().collect::<Vec<_>>(), [&block("a.c")]);
    assert_eq!(open(&path).expect("opens").state().bare().count(), 1, "it is stored");
    let state = ends(None, &["a.b"], "other", true);
    assert_eq!(state.bare().count(), 0);
    assert_eq!(state.resources[&block("a.b")].provider, "other", "though the object is as it was");
}

#[cfg(unix)]
#[test]
fn a_device_or_a_pipe_is_written_to_and_not_replaced() {
    use std::os::unix::fs::FileTypeExt;
    let folder = tempfile::tempdir().expect("a folder");
    let (pipe, link) = (folder.path().join("pipe"), folder.path().join("link"));
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).expect("made");
    std::os::unix::fs::symlink(&pipe, &link).expect("linked");
    for path in [&pipe, &link] {
        let from = pipe.clone();
        let reader = std::thread::spawn(move || fs::read_to_string(from).expect("reads"));
        smform_files::replace(path, b"said").expect("writes");
        assert_eq!(reader.join().expect("ends"), "said");
        let backend = LocalBackend::new(path);
        let refused = backend.lock(&LockInfo::default(), Duration::ZERO).expect_err("no place for a state").to_string();
        assert!(refused.contains("it is a device or a pipe"), "{refused}");
        assert!(fs::metadata(&pipe).expect("there").file_type().is_fifo());
    }
}

#[test]
fn a_serial_after_which_none_can_follow_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.tfstate");
    let text = format!("{{\"version\": 4, \"serial\": {}, \"lineage\": \"l\"}}", u64::MAX);
    fs::write(&path, text).expect("writes");
    assert!(open(&path).expect_err("refused").to_string().contains("its serial is"));
}

#[test]
fn what_is_damaged_is_replaced_only_once_it_was_set_aside() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.tfstate");
    for text in ["{\"version\": 4, \"serial\"", "[]", "{\"version\": 4, \"serial\": \"x\"}"] {
        fs::write(&path, text).expect("writes");
        let damaged = || {
            let backend = Arc::new(LocalBackend::new(&path));
            let lock = backend.lock(&LockInfo::default(), Duration::ZERO).expect("free");
            Store::open_held(backend, Some(lock), true)
        };
        let mut store = damaged().expect("opens");
        assert!(store.is_damaged() && store.state().is_empty());
        store.replace(State { serial: 7, lineage: "l".to_owned(), ..State::default() });
        assert!(store.finish().is_err(), "not set aside");
        assert_eq!(fs::read_to_string(&path).expect("reads"), text);

        let mut store = damaged().expect("opens");
        let aside = store.set_damaged_aside().expect("saves").expect("a file");
        assert_eq!(fs::read_to_string(&aside).expect("reads"), text);
        store.replace(State { serial: 7, lineage: "l".to_owned(), ..State::default() });
        assert_eq!(store.finish().expect("finishes").serial, 7);
        assert!(!folder.path().join("x.tfstate.backup").exists(), "no copy of a state is pushed out");
        fs::remove_file(aside).expect("removes");
    }
    fs::write(&path, "{\"version\": 5}").expect("writes");
    let newer = Store::open_held(Arc::new(LocalBackend::new(&path)), None, true);
    assert!(newer.is_err(), "what a newer version wrote is no damage");
}

/// What is in the files of a folder, in bytes.
fn bytes_in(folder: &std::path::Path) -> u64 {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    entries
        .map(|entry| match entry.path() {
            path if path.is_dir() => bytes_in(&path),
            path => fs::metadata(path).expect("a file").len(),
        })
        .sum()
}

/// Everything that is written while so many objects are created on top of as many that are there: the journal, which only
/// grows, and then what a snapshot puts in its place.
fn written(count: usize) -> u64 {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.tfstate");
    let mut store = open(&path).expect("opens");
    for at in 0..count {
        store.put(&id(&format!("old.n{at}")), PROVIDER, object("old")).expect("writes");
    }
    store.finish().expect("finishes");
    let before = bytes_in(folder.path());
    let mut store = open(&path).expect("opens");
    for at in 0..count {
        let id = id(&format!("new.n{at}"));
        store.intent(&id, "create", Some("name"), PROVIDER, None).expect("writes");
        store.put(&id, PROVIDER, object("new")).expect("writes");
    }
    let journal = fs::metadata(folder.path().join("x.tfstate.journal")).expect("a journal").len();
    // Besides, there is the lock.
    assert!(bytes_in(folder.path()) < before + journal + 1000, "nothing else is written meanwhile");
    store.finish().expect("finishes");
    journal + bytes_in(folder.path())
}

#[test]
fn what_is_written_grows_with_the_objects_and_no_faster() {
    let (few, many) = (written(20), written(200));
    assert!(many < few * 11, "{few} bytes for 20 objects, {many} for 200");
    assert!(many > few * 5, "the measure sees what is written: {few}, {many}");
}

#[cfg(unix)]
#[test]
fn who_comes_by_a_link_works_on_the_file_behind_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    for name in ["ann", "bob", "shared"] {
        fs::create_dir(at(name)).expect("a folder");
    }
    for name in ["ann", "bob"] {
        std::os::unix::fs::symlink("../shared/x.tfstate", at(name).join("x.tfstate")).expect("a link");
    }
    let mut store = open(&at("ann/x.tfstate")).expect("opens");
    let refused = open(&at("bob/x.tfstate")).expect_err("one at a time");
    assert!(matches!(refused, StateError::Locked(_)), "{refused}");
    store.put(&id("a.b"), PROVIDER, object("1")).expect("writes");
    store.finish().expect("finishes");
    assert!(at("ann/x.tfstate").symlink_metadata().expect("is there").is_symlink());
    assert!(open(&at("bob/x.tfstate")).expect("opens").state().get(&id("a.b")).is_some());
}

#[cfg(unix)]
#[test]
fn what_is_replaced_stays_as_accessible_as_it_was() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.tfstate");
    let mode = |name: &str| fs::metadata(folder.path().join(name)).expect("is there").permissions().mode() & 0o777;
    let mut store = open(&path).expect("opens");
    store.put(&id("a.b"), PROVIDER, object("1")).expect("writes");
    store.finish().expect("finishes");
    assert_eq!(mode("x.tfstate"), 0o600, "a new one is private");
    // A team that works on one machine.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o664)).expect("is set");
    let mut store = open(&path).expect("opens");
    store.put(&id("a.b"), PROVIDER, object("2")).expect("writes");
    assert_eq!(mode("x.tfstate.journal"), 0o664);
    store.finish().expect("finishes");
    for name in ["x.tfstate", "x.tfstate.backup", ".x.tfstate.lock", ".x.tfstate.history/00000001"] {
        assert_eq!(mode(name), 0o664, "{name}");
    }
    assert_eq!(mode(".x.tfstate.history"), 0o775);
}

#[test]
fn what_a_killed_run_was_writing_is_cleared_away() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.tfstate");
    let left = [".x.tfstate.smform-a1", "..x.tfstate.lock.info.smform-b2", ".x.tfstate.backup.smform-c3"];
    let others = [".y.tfstate.smform-d4", "x.tfstate.smform-e5"];
    for name in left.iter().chain(&others) {
        fs::write(folder.path().join(name), "half a st").expect("writes");
    }
    drop(open(&path).expect("opens"));
    assert!(left.iter().all(|name| !folder.path().join(name).exists()));
    assert!(others.iter().all(|name| folder.path().join(name).exists()), "those of other states stay");
}
