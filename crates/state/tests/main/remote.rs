//! A state that is kept elsewhere: written in between, and never over what another has written.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use smform_state::journal::{Intent, OWE};
use smform_state::lock::LockInfo;
use smform_state::{Backend, Held, Kept, Object, ObjectId, Snapshot, State, StateError, Store, codec, store};

use crate::{PROVIDER, id, object};

/// A place with versions, which is brought up to date by every fact.
#[derive(Debug)]
struct Remote {
    content: Mutex<Option<Snapshot>>,
    written: AtomicU64,
    journal: PathBuf,
    announced: Mutex<BTreeMap<String, String>>,
    /// Whether nothing may be announced.
    denied: bool,
    interval: Duration,
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

    fn announce(&self, name: &str, record: &str) -> Result<bool, StateError> {
        if self.denied {
            return Err(StateError::NotLocked { path: self.place() });
        }
        self.announced.lock().unwrap().insert(name.to_owned(), record.to_owned());
        Ok(true)
    }

    fn announced(&self) -> Result<Vec<(String, String)>, StateError> {
        Ok(self.announced.lock().unwrap().clone().into_iter().collect())
    }

    fn withdraw(&self, names: &[String]) -> Result<(), StateError> {
        self.announced.lock().unwrap().retain(|name, _| !names.contains(name));
        Ok(())
    }

    fn interval(&self) -> Option<Duration> {
        Some(self.interval)
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
    let (content, announced) = (Mutex::default(), Mutex::default());
    Arc::new(Remote {
        content,
        written: AtomicU64::default(),
        journal,
        announced,
        denied: false,
        interval: Duration::ZERO,
    })
}

#[test]
fn what_happened_is_elsewhere_before_the_run_ends() {
    let folder = tempfile::tempdir().unwrap();
    let remote = remote(&folder);
    let mut run = Store::open(remote.clone(), None).unwrap();
    run.intent(&id("a.b"), "create", None, PROVIDER, None).unwrap();
    assert!(remote.read().unwrap().is_none());
    run.put(&id("a.b"), PROVIDER, object("1")).unwrap();
    run.put(&id("a.c"), PROVIDER, object("2")).unwrap();
    run.intent(&id("a.d"), "create", None, PROVIDER, None).unwrap();
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

/// An object that a service knows by an identifier.
fn known(identifier: &str) -> Object {
    Object { attributes: serde_json::json!({ "id": identifier }), ..object("x") }
}

#[test]
fn what_a_lost_machine_was_creating_is_followed_up_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let remote = remote(&folder);
    let mut first = Store::open(remote.clone(), None).unwrap();
    first.put(&id("a.replaced"), PROVIDER, known("old")).unwrap();
    first.finish().unwrap();
    let mut run = Store::open(remote.clone(), None).unwrap();
    run.intent(&id("a.done"), "create", Some("done-1"), PROVIDER, None).unwrap();
    run.put(&id("a.done"), PROVIDER, known("done-1")).unwrap();
    assert!(remote.announced().unwrap().is_empty(), "a snapshot has told of it");
    run.intent(&id("a.failed"), "create", Some("failed-1"), PROVIDER, None).unwrap();
    run.unchanged(&id("a.failed")).unwrap();
    run.intent(&id("a.new"), "create", Some("new-1"), PROVIDER, None).unwrap();
    run.intent(&id("a.replaced"), "create", Some("replaced-2"), PROVIDER, None).unwrap();
    run.intent(&id("a.done"), "update", Some("done-1"), PROVIDER, None).unwrap();
    std::mem::forget(run);
    std::fs::remove_file(&remote.journal).unwrap();

    let mut next = Store::open(remote.clone(), None).unwrap();
    let mut pending: Vec<_> = next.pending().iter().filter_map(|intent| intent.identifier.as_deref()).collect();
    pending.sort_unstable();
    assert_eq!(pending, ["new-1", "replaced-2"]);
    assert!(next.state().get(&id("a.replaced")).is_none(), "what was being replaced is set aside");
    assert_eq!(next.state().objects().filter(|(id, ..)| id.deposed.is_some()).count(), 1);
    next.put(&id("a.new"), PROVIDER, known("new-1")).unwrap();
    next.unchanged(&id("a.replaced")).unwrap();
    next.finish().unwrap();
    assert!(remote.announced().unwrap().is_empty());
}

#[test]
fn what_a_lost_machine_has_left_to_do_is_known_elsewhere_until_it_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let remote = remote(&folder);
    let mut run = Store::open(remote.clone(), None).unwrap();
    run.put(&id("a.b"), PROVIDER, known("b")).unwrap();
    run.intent(&id("a.b"), "update", Some("b"), PROVIDER, None).unwrap();
    run.intent(&id("a.b"), OWE, Some("{1}"), PROVIDER, None).unwrap();
    // What the update has made of it is no outcome of what is left.
    run.put(&id("a.b"), PROVIDER, known("b")).unwrap();
    run.put(&id("a.c"), PROVIDER, known("c")).unwrap();
    std::mem::forget(run);
    std::fs::remove_file(&remote.journal).unwrap();

    let mut next = Store::open(remote.clone(), None).unwrap();
    let owed = |store: &Store| store.pending().iter().map(|one| one.operation.clone()).collect::<Vec<_>>();
    assert_eq!(owed(&next), [OWE]);
    next.intent(&id("a.b"), "update", Some("b"), PROVIDER, None).unwrap();
    assert_eq!(owed(&next).len(), 2);
    next.put(&id("a.b"), PROVIDER, known("b")).unwrap();
    assert_eq!(owed(&next), [OWE]);
    next.unchanged(&id("a.b")).unwrap();
    next.finish().unwrap();
    assert!(remote.announced().unwrap().is_empty());
    assert!(Store::open(remote, None).unwrap().pending().is_empty());
}

#[test]
fn what_is_left_to_do_to_an_object_that_moves_is_known_at_its_new_address() {
    let folder = tempfile::tempdir().unwrap();
    let remote = remote(&folder);
    let open = || Store::open(remote.clone(), None).unwrap();
    let pending = |store: &Store| {
        let of = |one: &Intent| (one.object.parse().unwrap(), one.operation.clone(), one.identifier.clone().unwrap());
        let mut all: Vec<_> = store.pending().iter().map(of).collect();
        all.sort();
        all
    };
    let mut run = open();
    for address in ["a.left", "a.begun"] {
        run.put(&id(address), PROVIDER, known(address)).unwrap();
    }
    run.intent(&id("a.left"), OWE, Some("{1}"), PROVIDER, None).unwrap();
    run.intent(&id("a.begun"), "create", Some("a.begun"), PROVIDER, None).unwrap();
    run.put(&id("a.begun"), PROVIDER, Object { tainted: true, ..known("a.begun") }).unwrap();
    std::mem::forget(run);
    for lost in [false, true] {
        // The next run moves both, and is cut off.
        let mut run = open();
        for (from, to) in [("a.left", "b.left"), ("a.begun", "b.begun")] {
            run.relocate(&id(from), &id(to)).unwrap();
        }
        let expected = [
            (id("b.begun"), "create".to_owned(), "a.begun".to_owned()),
            (id("b.left"), OWE.to_owned(), "{1}".to_owned()),
        ];
        assert_eq!(pending(&run), expected);
        std::mem::forget(run);
        if lost {
            std::fs::remove_file(&remote.journal).unwrap();
        }
        let mut next = open();
        assert_eq!(pending(&next), expected, "lost: {lost}");
        for (from, to) in [("b.left", "a.left"), ("b.begun", "a.begun")] {
            next.relocate(&id(from), &id(to)).unwrap();
        }
        next.finish().unwrap();
    }
    let mut last = open();
    last.unchanged(&id("a.left")).unwrap();
    last.put(&id("a.begun"), PROVIDER, known("a.begun")).unwrap();
    assert_eq!(pending(&last), []);
    last.finish().unwrap();
    assert!(remote.announced().unwrap().is_empty());
    assert!(open().pending().is_empty());
}

#[test]
fn what_is_begun_follows_moves_that_overlap() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = Store::open(remote(&folder), None).unwrap();
    for address in ["a.b", "a.c"] {
        run.put(&id(address), PROVIDER, known(address)).unwrap();
        run.intent(&id(address), "update", Some(address), PROVIDER, None).unwrap();
    }
    run.follow([(&id("a.b"), &id("a.c")), (&id("a.c"), &id("a.d"))]).unwrap();
    let followed = |address: &str, was: &str| {
        run.pending().iter().any(|one| one.is_of(&id(address)) && one.identifier.as_deref() == Some(was))
    };
    assert!(followed("a.c", "a.b") && followed("a.d", "a.c") && run.pending().len() == 2);
}

#[test]
fn what_is_begun_at_the_address_of_what_is_set_aside_stays_there() {
    let folder = tempfile::tempdir().unwrap();
    let remote = remote(&folder);
    let mut run = Store::open(remote, None).unwrap();
    run.put(&id("a.b"), PROVIDER, known("old")).unwrap();
    run.intent(&id("a.b"), "create", Some("new"), PROVIDER, None).unwrap();
    run.intent(&id("a.b"), OWE, Some("{1}"), PROVIDER, None).unwrap();
    run.depose(&id("a.b").address).unwrap();
    let at = |operation: &str| {
        let intent = run.pending().iter().find(|one| one.operation == operation).unwrap();
        intent.object.parse().unwrap().deposed.is_some()
    };
    assert!(!at("create") && at(OWE));
}

#[test]
fn what_several_lost_machines_had_created_at_one_address_is_all_known() {
    let folder = tempfile::tempdir().unwrap();
    // Nothing but its end brings the state up to date.
    let remote = Arc::new(Remote { interval: Duration::from_secs(3600), ..Arc::into_inner(remote(&folder)).unwrap() });
    let cut_off = |identifier: &str, is_made: bool| {
        let mut run = Store::open(remote.clone(), None).unwrap();
        run.intent(&id("a.b"), "create", Some(identifier), PROVIDER, None).unwrap();
        if is_made {
            run.put(&id("a.b"), PROVIDER, known(identifier)).unwrap();
        }
        std::mem::forget(run);
        std::fs::remove_file(&remote.journal).unwrap();
    };
    let identifiers = |state: &State| {
        let told =
            |(id, _, object): (ObjectId, _, &Object)| (object.attributes["id"].to_string(), id.deposed.is_some());
        state.objects().map(told).collect::<Vec<_>>()
    };
    cut_off("one", true);
    cut_off("two", true);
    // The last one has the address; the one before is left over.
    let next = Store::open(remote.clone(), None).unwrap();
    let mut both = identifiers(next.state());
    both.sort();
    assert_eq!(both, [("\"one\"".to_owned(), true), ("\"two\"".to_owned(), false)]);
    std::mem::forget(next);
    // Nor is what was made forgotten when it is not known what came of another at its address.
    cut_off("three", false);
    let next = Store::open(remote.clone(), None).unwrap();
    assert_eq!(next.pending().iter().filter_map(|intent| intent.identifier.as_deref()).collect::<Vec<_>>(), ["three"]);
    let mut left = identifiers(next.state());
    left.sort();
    assert_eq!(left, [("\"one\"".to_owned(), true), ("\"two\"".to_owned(), true)]);
    std::mem::forget(next);
    // What has no answer is looked for, also when another one has its address by now.
    cut_off("four", true);
    let next = Store::open(remote.clone(), None).unwrap();
    let [three] = next.pending() else { panic!("{:?}", next.pending()) };
    let aside = three.object.parse().unwrap();
    assert_eq!((three.identifier.as_deref(), aside.deposed.is_some()), (Some("three"), true));
    assert_eq!(next.state().get(&id("a.b")).unwrap().attributes["id"], "four");
}

#[test]
fn what_two_lost_machines_were_about_to_create_under_one_name_is_one_object() {
    let folder = tempfile::tempdir().unwrap();
    let remote = remote(&folder);
    for _ in 0..2 {
        let mut run = Store::open(remote.clone(), None).unwrap();
        run.intent(&id("a.b"), "create", Some("name"), PROVIDER, None).unwrap();
        std::mem::forget(run);
        std::fs::remove_file(&remote.journal).unwrap();
    }
    let mut next = Store::open(remote.clone(), None).unwrap();
    let [one] = next.pending() else { panic!("{:?}", next.pending()) };
    assert_eq!((one.object.parse(), one.identifier.as_deref()), (Some(id("a.b")), Some("name")));
    next.put(&id("a.b"), PROVIDER, known("name")).unwrap();
    next.finish().unwrap();
    assert!(remote.announced().unwrap().is_empty());
}

#[test]
fn what_a_lost_machine_had_created_is_recorded_elsewhere_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    // Nothing but its end brings the state up to date.
    let remote = Arc::new(Remote { interval: Duration::from_secs(3600), ..Arc::into_inner(remote(&folder)).unwrap() });
    let mut run = Store::open(remote.clone(), None).unwrap();
    for (address, made) in [("a.whole", known("sg-1")), ("a.begun", Object { tainted: true, ..known("e-1") })] {
        run.intent(&id(address), "create", Some("vpc/name"), PROVIDER, None).unwrap();
        run.put(&id(address), PROVIDER, made).unwrap();
    }
    std::mem::forget(run);
    std::fs::remove_file(&remote.journal).unwrap();
    assert!(remote.read().unwrap().is_none());
    let seen = store::read(remote.as_ref()).unwrap();
    let next = Store::open(remote.clone(), None).unwrap();
    assert_eq!(next.state().get(&id("a.whole")), Some(&known("sg-1")));
    assert_eq!(&seen, next.state(), "whoever only looks sees the same");
    assert_eq!(next.taken_up(), [id("a.whole")]);
    assert!(next.state().get(&id("a.begun")).is_some_and(|object| object.tainted));
    assert_eq!(next.pending().len(), 1, "what was begun is waited for");
    next.finish().unwrap();
    assert_eq!(remote.announced().unwrap().len(), 1);
    assert_eq!(Store::open(remote, None).unwrap().pending().len(), 1, "also when a snapshot tells of it");
}

#[test]
fn what_takes_long_does_not_keep_the_state_elsewhere_from_being_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let short = Duration::from_millis(50);
    let remote = Arc::new(Remote { interval: short, ..Arc::into_inner(remote(&folder)).unwrap() });
    let mut run = Store::open(remote.clone(), None).unwrap();
    run.put(&id("a.b"), PROVIDER, known("b")).unwrap();
    std::thread::sleep(short);
    run.settle_when_due();
    let there = remote.read().unwrap().unwrap();
    assert!(String::from_utf8_lossy(&there.text).contains("\"b\""));
    run.finish().unwrap();
}

#[test]
fn what_a_run_finds_half_made_is_one_object_for_the_next_run_too() {
    let folder = tempfile::tempdir().unwrap();
    let remote = remote(&folder);
    let mut killed = Store::open(remote.clone(), None).unwrap();
    killed.intent(&id("a.b"), "create", Some("vpc/name@us-west-2"), PROVIDER, None).unwrap();
    std::mem::forget(killed);
    std::fs::remove_file(&remote.journal).unwrap();
    // A run that only refreshes finds it, and does not finish it.
    let mut found = Store::open(remote.clone(), None).unwrap();
    found.put(&id("a.b"), PROVIDER, Object { tainted: true, ..known("sg-1") }).unwrap();
    found.finish().unwrap();
    let _ = std::fs::remove_file(&remote.journal);
    let next = Store::open(remote, None).unwrap();
    assert_eq!(next.state().objects().count(), 1, "it is not set aside as another one");
    assert_eq!((next.pending().len(), next.state().get(&id("a.b")).unwrap().tainted), (1, true));
}

#[test]
fn a_name_in_another_region_or_account_is_another_object() {
    const WEST: &str = "provider[\"registry.terraform.io/hashicorp/aws\"].west";
    let folder = tempfile::tempdir().unwrap();
    let remote = remote(&folder);
    let at = |region: &str| {
        let arn = format!("arn:aws:sagemaker:{region}:1:model/both");
        Object { attributes: serde_json::json!({ "id": "both", "region": region, "arn": arn }), ..object("x") }
    };
    let mut run = Store::open(remote.clone(), None).unwrap();
    run.put(&id("a.east"), PROVIDER, at("us-east-1")).unwrap();
    run.put(&id("a.role"), PROVIDER, known("role")).unwrap();
    run.intent(&id("a.west"), "create", Some("both@us-west-2"), PROVIDER, None).unwrap();
    run.intent(&id("a.other"), "create", Some("role"), WEST, None).unwrap();
    run.intent(&id("a.third"), "create", Some("both@eu-west-1"), PROVIDER, None).unwrap();
    run.put(&id("a.third"), PROVIDER, Object { tainted: true, ..at("eu-west-1") }).unwrap();
    std::mem::forget(run);
    std::fs::remove_file(&remote.journal).unwrap();
    let next = Store::open(remote, None).unwrap();
    let mut pending: Vec<_> = next.pending().iter().map(|intent| intent.object.parse().unwrap()).collect();
    pending.sort();
    assert_eq!(pending, [id("a.other"), id("a.third"), id("a.west")]);
}

#[test]
fn what_a_snapshot_has_settled_is_not_followed_up_again() {
    let folder = tempfile::tempdir().unwrap();
    let remote = remote(&folder);
    let mut run = Store::open(remote.clone(), None).unwrap();
    run.intent(&id("a.new"), "create", Some("group/of/it"), PROVIDER, None).unwrap();
    let begun = remote.announced().unwrap();
    // The name that was intended is not the one that the service gives.
    run.put(&id("a.new"), PROVIDER, known("sg-1")).unwrap();
    let [(name, _)] = begun.as_slice() else { panic!("one is announced") };
    let crc = crc32fast::hash(&remote.read().unwrap().unwrap().text);
    let settled = format!("{{\"fact\":\"settled\",\"crc\":{crc},\"names\":[\"{name}\"]}}");
    std::mem::forget(run);
    std::fs::remove_file(&remote.journal).unwrap();
    // The run had ended between the snapshot and the withdrawal.
    remote.announced.lock().unwrap().extend(begun.clone());
    assert_eq!(Store::open(remote.clone(), None).unwrap().pending().len(), 1);
    remote.announced.lock().unwrap().insert("z".to_owned(), settled);
    let next = Store::open(remote.clone(), None).unwrap();
    assert!(next.pending().is_empty() && next.state().get(&id("a.new")).is_some());
    next.finish().unwrap();
    assert!(remote.announced().unwrap().is_empty());
}

#[test]
fn a_run_goes_on_where_nothing_may_be_announced_and_tells() {
    let folder = tempfile::tempdir().unwrap();
    let remote = Arc::new(Remote { denied: true, ..Arc::into_inner(remote(&folder)).unwrap() });
    let mut run = Store::open(remote, None).unwrap();
    assert_eq!(run.unannounced(), None);
    run.intent(&id("a.new"), "create", Some("new-1"), PROVIDER, None).unwrap();
    assert!(run.unannounced().is_some());
    run.put(&id("a.new"), PROVIDER, known("new-1")).unwrap();
    run.finish().unwrap();
}
