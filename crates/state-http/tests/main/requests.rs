//! Reading and writing: what is sent, what is made of the answers, what is tried again.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use smform_state::{Snapshot, StateError};
use smform_types::Value;

use crate::server::Server;
use crate::{open, plain};

fn snapshot(text: &str) -> Snapshot {
    Snapshot { text: text.as_bytes().to_vec(), version: None }
}

#[test]
fn a_state_is_absent_until_it_is_written() {
    let server = Server::start();
    let state = plain(&server, &[]);
    assert_eq!(state.read().expect("readable"), None);
    for (status, body) in [(204, ""), (200, ""), (404, "nothing here")] {
        server.world().script.push_back((status, body));
        assert_eq!(state.read().expect("readable"), None, "{status}");
    }
    state.write(b"one", None).expect("written");
    assert_eq!(state.read().expect("readable"), Some(snapshot("one")));
    state.write(b"two", Some(&snapshot("one"))).expect("written");
    let sent = server.asked("POST");
    let last = sent.last().expect("one");
    assert_eq!((last.target.as_str(), last.body.as_slice()), ("/state", b"two".as_slice()));
    assert_eq!(last.header("content-type"), Some("application/json"));
    // printf two | openssl md5 -binary | base64
    assert_eq!(last.header("content-md5"), Some("uKn3Fdu2T9XFbneDxoIKYQ=="));
}

#[test]
fn what_another_run_wrote_is_not_overwritten() {
    let server = Server::start();
    let state = plain(&server, &[]);
    state.write(b"one", None).expect("written");
    server.world().state = Some(b"other".to_vec());
    let refused = state.write(b"two", Some(&snapshot("one"))).expect_err("overtaken");
    assert!(matches!(refused, StateError::Overtaken { .. }), "{refused}");
    assert_eq!(server.world().state.as_deref(), Some(b"other".as_slice()));
    // A server may lay out what it was given in its own way.
    server.world().state = Some(b"{\n  \"b\": 1,\n  \"a\": 2\n}".to_vec());
    state.write(b"two", Some(&snapshot(r#"{"a":2,"b":1}"#))).expect("the same");
}

#[test]
fn methods_headers_and_credentials_are_as_configured() {
    let server = Server::start();
    let header = Value::map(smform_types::Type::String, [("X-Team", Value::string("serving"))]);
    let more = [
        ("update_method", Value::string("PUT")),
        ("headers", header),
        ("username", Value::string("ann")),
        ("password", Value::string("s:ecret")),
    ];
    server.world().authorization = Some(format!("Basic {}", STANDARD.encode("ann:s:ecret")));
    plain(&server, &more).write(b"one", None).expect("written");
    let sent = server.asked("PUT");
    assert_eq!(sent.last().and_then(|asked| asked.header("x-team")), Some("serving"));
}

#[test]
fn refusals_say_what_to_do() {
    let server = Server::start();
    let wrong = [("username", Value::string("ann")), ("password", Value::string("wrong"))];
    server.world().authorization = Some("Basic other".to_owned());
    let refused = plain(&server, &[]).read().expect_err("no credentials").to_string();
    assert!(refused.contains("TF_HTTP_USERNAME") && refused.contains("who are you?"), "{refused}");
    let refused = plain(&server, &wrong).read().expect_err("wrong credentials").to_string();
    assert!(refused.contains("does not accept the username and password"), "{refused}");
    assert!(!refused.contains("wrong"), "{refused}");
    for (status, part) in [(403, "does not allow"), (405, "update_method"), (418, "418")] {
        server.world().script.push_back((status, "a\u{1b}[31m \n b"));
        let refused = plain(&server, &[]).read().expect_err("refused").to_string();
        assert!(refused.contains(part) && !refused.contains('\u{1b}'), "{refused}");
    }
}

#[test]
fn what_passes_is_tried_again_and_what_does_not_is_not() {
    let server = Server::start();
    server.world().state = Some(b"one".to_vec());
    let state = plain(&server, &[]);
    server.world().script.extend([(503, ""), (0, "")]);
    assert_eq!(state.read().expect("readable"), Some(snapshot("one")));
    server.world().script.extend([(500, "oops"), (500, "oops"), (500, "oops")]);
    let refused = state.read().expect_err("three times").to_string();
    assert!(refused.contains("the server failed (500") && refused.contains("oops"), "{refused}");
    let before = server.world().asked.len();
    server.world().script.extend([(429, ""), (400, "no")]);
    state.read().expect_err("once more");
    assert_eq!(server.world().asked.len(), before + 2);
    let silent = open("http://127.0.0.1:9/state", &[("retry_max", Value::number(0))]);
    let refused = silent.state("default").expect("the only one").read().expect_err("nobody there").to_string();
    assert!(refused.contains("cannot read the state http://127.0.0.1:9/state"), "{refused}");
}

#[test]
fn there_is_one_workspace() {
    let server = Server::start();
    let states = open(&server.url("/state?token=secret"), &[]);
    let refusals = [
        states.names().map(drop).expect_err("none"),
        states.create("b").expect_err("none"),
        states.delete("b").expect_err("none"),
        states.state("b").map(drop).expect_err("none"),
    ];
    for refused in refusals {
        let refused = refused.to_string();
        assert!(refused.contains("workspaces not supported") && !refused.contains("secret"), "{refused}");
    }
    let state = states.state("default").expect("the only one");
    assert!(!state.journal().to_string_lossy().contains("secret"));
    state.write(b"one", None).expect("written");
    assert_eq!(server.asked("POST").last().map(|asked| asked.target.clone()), Some("/state?token=secret".to_owned()));
}
