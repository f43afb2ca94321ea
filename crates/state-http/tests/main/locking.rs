//! Locks: taken, refused, lost, given back.

use std::time::Duration;

use smform_state::lock::LockInfo;
use smform_state::{State, StateError, Store};
use smform_types::Value;

use crate::server::Server;
use crate::{locking, plain};

fn info(id: &str) -> LockInfo {
    LockInfo { id: id.to_owned(), ..LockInfo::of_process("OperationTypeApply", "smform apply") }
}

#[test]
fn a_lock_is_written_as_terraform_writes_it_and_named_by_what_is_written() {
    let server = Server::start();
    let state = locking(&server);
    let mut held = state.lock(&info("abc"), Duration::ZERO).expect("free");
    let written: serde_json::Value =
        serde_json::from_slice(server.world().lock.as_deref().expect("held")).expect("JSON");
    for name in ["ID", "Operation", "Info", "Who", "Version", "Created", "Path"] {
        assert!(written.get(name).is_some_and(serde_json::Value::is_string), "{name}: {written}");
    }
    state.write(b"one", None).expect("written");
    assert_eq!(server.asked("POST").last().map(|asked| asked.target.clone()), Some("/state?ID=abc".to_owned()));
    held.release().expect("given back");
    assert!(server.world().lock.is_none());
    drop(held);
    assert_eq!(server.asked("UNLOCK").len(), 1);
}

#[test]
fn the_methods_of_gitlab_carry_the_lock_both_ways() {
    let server = Server::start();
    let lock = || Value::string(server.url("/lock"));
    let more = [
        ("lock_address", lock()),
        ("unlock_address", lock()),
        ("lock_method", Value::string("POST")),
        ("unlock_method", Value::string("DELETE")),
    ];
    let state = plain(&server, &more);
    let mut held = state.lock(&info("abc"), Duration::ZERO).expect("free");
    assert!(state.lock(&info("def"), Duration::ZERO).is_err());
    state.write(b"one", None).expect("written");
    held.release().expect("given back");
    let asked = server.asked("DELETE");
    let body = asked.first().map(|asked| String::from_utf8_lossy(&asked.body).into_owned()).unwrap_or_default();
    assert!(body.contains("\"ID\":\"abc\""), "{body}");
    assert!(server.world().lock.is_none());
}

#[test]
fn the_holder_is_respected_and_named() {
    let server = Server::start();
    // As Terraform writes it.
    let holder = r#"{"ID":"8a3c","Operation":"OperationTypePlan","Info":"","Who":"bob@build","Version":"1.11.0","Created":"2025-01-01T00:00:00Z","Path":""}"#;
    server.world().lock = Some(holder.as_bytes().to_vec());
    let state = locking(&server);
    let refused = state.lock(&info("abc"), Duration::from_millis(120)).expect_err("held").to_string();
    for part in ["bob@build", "8a3c", "OperationTypePlan", "force-unlock 8a3c"] {
        assert!(refused.contains(part), "{part}: {refused}");
    }
    assert!(server.asked("LOCK").len() > 1, "it is waited for");
    // A server that does not say who holds it, and one that says 409.
    for (status, body) in [(423, "locked"), (409, "")] {
        server.world().script.push_back((status, body));
        let refused = state.lock(&info("abc"), Duration::ZERO).expect_err("held");
        assert!(matches!(refused, StateError::Locked(_)), "{refused}");
    }
    assert!(state.write(b"one", None).expect_err("held").to_string().contains("locked by another run"));
}

#[test]
fn a_lock_whose_answer_was_lost_is_had() {
    let server = Server::start();
    server.world().script.push_back((0, ""));
    let held = locking(&server).lock(&info("abc"), Duration::ZERO).expect("had");
    assert_eq!(server.asked("LOCK").len(), 2);
    drop(held);
    assert!(server.world().lock.is_none());
}

#[test]
fn a_lock_is_taken_away_by_its_id_alone() {
    let server = Server::start();
    server.world().lock = Some(br#"{"ID":"left"}"#.to_vec());
    let state = locking(&server);
    let refused = state.force_unlock("other").expect_err("another").to_string();
    assert!(refused.contains("left") && refused.contains("other"), "{refused}");
    state.force_unlock("left").expect("taken away");
    assert!(server.world().lock.is_none());
    assert!(plain(&server, &[]).force_unlock("x").expect_err("no address").to_string().contains("unlock_address"));
}

#[test]
fn a_lost_lock_is_told_and_the_state_rescued() {
    let server = Server::start();
    let mut store = Store::open(locking(&server), Some((&info("abc"), Duration::ZERO))).expect("free");
    store.replace(State { lineage: "l".to_owned(), ..State::default() });
    server.world().lock = Some(br#"{"ID":"thief"}"#.to_vec());
    let refused = store.finish().expect_err("the server refuses").to_string();
    let rescued = std::env::current_dir().expect("a folder").join("errored.tfstate");
    assert!(refused.contains("state push") && refused.contains("locked by another run"), "{refused}");
    let text = std::fs::read_to_string(&rescued).expect("rescued");
    std::fs::remove_file(&rescued).expect("removed");
    assert!(text.contains("\"lineage\": \"l\""), "{text}");
    assert!(server.world().state.is_none());
}
