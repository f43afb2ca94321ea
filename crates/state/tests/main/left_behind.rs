//! Journals of runs that were cut off, when somebody else has written the state since.

use smform_state::{LocalBackend, Object, ObjectId, State, StateError, Store, codec, store};

use crate::{PROVIDER, id, object, open};

/// An object that a service knows by an identifier.
fn known(identifier: &str) -> Object {
    Object { attributes: serde_json::json!({ "id": identifier }), ..object("x") }
}

/// What is recorded, by address, deposed key and identifier.
fn recorded(state: &State) -> Vec<(String, Option<String>, String)> {
    let id_of = |object: &Object| object.attributes["id"].as_str().unwrap_or_default().to_owned();
    state.objects().map(|(id, _, object)| (id.address.to_string(), id.deposed, id_of(object))).collect()
}

/// A state of serial 1 with two objects, and the journal of a run that has replaced one, created another and was cut off
/// while it created a third.
fn cut_off(path: &std::path::Path) -> Result<(), StateError> {
    let mut first = open(path)?;
    first.put(&id("a.kept"), PROVIDER, known("kept-1"))?;
    first.put(&id("a.replaced"), PROVIDER, known("replaced-1"))?;
    first.finish()?;
    let mut run = open(path)?;
    run.remove(&id("a.replaced"))?;
    run.put(&id("a.replaced"), PROVIDER, known("replaced-2"))?;
    run.put(&id("a.new"), PROVIDER, known("new-1"))?;
    run.put(&id("a.kept"), PROVIDER, Object { tainted: true, ..known("kept-1") })?;
    run.intent(&id("a.begun"), "create", Some("begun-1"), PROVIDER, None)?;
    drop(run);
    Ok(())
}

/// Writes the state as somebody does who does not know the journal.
fn written_since(path: &std::path::Path, change: impl FnOnce(&mut State)) {
    let mut state = codec::read(&std::fs::read(path).expect("reads"), path).expect("a state");
    change(&mut state);
    state.serial += 1;
    std::fs::write(path, codec::write(&state)).expect("writes");
}

#[test]
fn older_facts_do_not_undo_what_was_written_since_and_forget_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.tfstate");
    cut_off(&path).expect("writes");
    written_since(&path, |state| state.put(&id("a.replaced"), PROVIDER, known("replaced-3")));
    let state = store::read(&LocalBackend::new(&path)).expect("reads");
    let set_aside = |state: &State| {
        let deposed: Vec<_> = recorded(state).into_iter().filter(|(_, deposed, _)| deposed.is_some()).collect();
        deposed.into_iter().map(|(address, _, identifier)| (address, identifier)).collect::<Vec<_>>()
    };
    assert_eq!(set_aside(&state), [("a.replaced".to_owned(), "replaced-2".to_owned())]);
    let current: Vec<_> = recorded(&state).into_iter().filter(|(_, deposed, _)| deposed.is_none()).collect();
    let current: Vec<_> =
        current.iter().map(|(address, _, identifier)| (address.as_str(), identifier.as_str())).collect();
    assert_eq!(current, [("a.kept", "kept-1"), ("a.new", "new-1"), ("a.replaced", "replaced-3")]);
    assert!(state.get(&id("a.kept")).is_some_and(|object| !object.tainted), "what is newer counts");
    assert_eq!(state.serial, 2);

    // The next run is cut off, too, and the one after it knows all of this still.
    let mut run = open(&path).expect("opens");
    assert_eq!(run.pending().iter().map(|intent| intent.identifier.as_deref()).collect::<Vec<_>>(), [Some("begun-1")]);
    run.put(&id("a.later"), PROVIDER, known("later-1")).expect("writes");
    drop(run);
    let mut last = open(&path).expect("opens");
    assert_eq!(recorded(last.state()).len(), 5);
    assert_eq!(last.pending().len(), 1);
    let (_, deposed, _) =
        recorded(last.state()).into_iter().find(|(_, deposed, _)| deposed.is_some()).expect("set aside");
    last.remove(&ObjectId { deposed, ..id("a.replaced") }).expect("writes");
    last.put(&id("a.begun"), PROVIDER, known("begun-1")).expect("writes");
    last.finish().expect("finishes");
    assert!(!folder.path().join("x.tfstate.journal").exists());
    let state = store::read(&LocalBackend::new(&path)).expect("reads");
    assert_eq!((set_aside(&state).len(), recorded(&state).len(), state.serial), (0, 5, 3));
}

#[test]
fn what_was_being_created_in_place_of_another_object_is_looked_for_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.tfstate");
    let mut first = open(&path).expect("opens");
    first.put(&id("a.m"), PROVIDER, known("m-1")).expect("writes");
    first.finish().expect("finishes");
    let mut run = open(&path).expect("opens");
    run.depose(&id("a.m").address).expect("writes");
    run.intent(&id("a.m"), "create", Some("m-2"), PROVIDER, None).expect("writes");
    drop(run);
    written_since(&path, |state| state.put(&id("a.other"), PROVIDER, known("other-1")));
    let looked_for = || {
        let store = open(&path).expect("opens");
        let pending =
            store.pending().iter().map(|intent| (intent.object.parse().expect("an id"), intent.identifier.clone()));
        (pending.collect::<Vec<_>>(), recorded(store.state()))
    };
    let (pending, known) = looked_for();
    let [(object, identifier)] = pending.as_slice() else { panic!("{pending:?}") };
    assert!(object.address == id("a.m").address && object.deposed.is_some(), "{object:?}");
    assert_eq!(identifier.as_deref(), Some("m-2"));
    let of = |address: &str, identifier: &str| (address.to_owned(), None, identifier.to_owned());
    assert_eq!(known, [of("a.m", "m-1"), of("a.other", "other-1")]);
    assert_eq!(looked_for().0, pending, "always the same one");
    let mut next = open(&path).expect("opens");
    next.unchanged(object).expect("writes");
    next.finish().expect("finishes");
    assert!(open(&path).expect("opens").pending().is_empty(), "it was not there");
}

#[test]
fn what_somebody_else_has_recorded_since_is_not_recorded_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.tfstate");
    cut_off(&path).expect("writes");
    // A colleague has imported what was created, and given it other addresses.
    written_since(&path, |state| {
        for (address, identifier) in [("a.other", "new-1"), ("a.found", "begun-1"), ("a.replaced", "replaced-2")] {
            state.put(&id(address), PROVIDER, known(identifier));
        }
    });
    let next: Store = open(&path).expect("opens");
    let found: Vec<_> =
        recorded(next.state()).into_iter().map(|(address, _, identifier)| (address, identifier)).collect();
    let expected = [("a.found", "begun-1"), ("a.kept", "kept-1"), ("a.other", "new-1"), ("a.replaced", "replaced-2")];
    assert_eq!(found, expected.map(|(address, identifier)| (address.to_owned(), identifier.to_owned())));
    assert!(next.pending().is_empty());
}

#[test]
fn a_journal_beside_a_state_that_was_moved_away_still_tells_what_exists() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.tfstate");
    cut_off(&path).expect("writes");
    std::fs::remove_file(&path).expect("removes");
    let next = open(&path).expect("opens");
    let found: Vec<_> = recorded(next.state()).into_iter().map(|(_, _, identifier)| identifier).collect();
    assert_eq!(found, ["kept-1", "new-1", "replaced-2"]);
    assert_eq!(next.pending().len(), 1);
}
