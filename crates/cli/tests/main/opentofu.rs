//! States that OpenTofu has encrypted, each beside the configuration that it had: encryption of version 1.12.6, from `clear.json`.
//! The one of `new_passphrase` was encrypted by what is the fallback there.

use std::path::{Path, PathBuf};

use serde_json::Value;
use smform_cli::Exit;

use crate::support::Bench;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/main/opentofu")
}

fn state(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).expect("readable")).expect("JSON")
}

/// The configuration of a case, with the state as OpenTofu has left it.
fn bench(case: &Path) -> Bench {
    let bench = Bench::new("");
    for (from, to) in [("main.tf", "main.tf"), ("main.tf.json", "main.tf.json"), ("state.json", "terraform.tfstate")] {
        if let Ok(text) = std::fs::read_to_string(case.join(from)) {
            bench.write(to, &text);
        }
    }
    bench
}

/// What is recorded, but for the version of the program, which is that of the last one.
fn pulled(bench: &Bench) -> Value {
    recorded(serde_json::from_str(&bench.run(&["state", "pull"]).ok().out).expect("JSON"))
}

fn recorded(mut state: Value) -> Value {
    assert!(state["terraform_version"].take().is_string(), "{state}");
    state
}

#[test]
fn every_state_is_read() {
    let clear = recorded(state(&folder().join("clear.json")));
    let entries = std::fs::read_dir(folder()).expect("a folder").map(|entry| entry.expect("an entry").path());
    let cases: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    assert!(cases.len() > 10, "{cases:?}");
    for case in cases {
        let bench = bench(&case);
        assert!(!bench.read("terraform.tfstate").contains("terraform_data"), "{case:?} is not encrypted");
        assert_eq!(pulled(&bench), clear, "{case:?}");
    }
}

#[test]
fn what_was_read_is_written_so_that_the_next_run_reads_it() {
    for case in ["chain", "new_passphrase", "json"] {
        let bench = bench(&folder().join(case));
        bench.run(&["state", "rm", "terraform_data.a"]).ok();
        assert!(!bench.read("terraform.tfstate").contains("hunter2"), "{case}");
        let state = pulled(&bench);
        assert_eq!((&state["serial"], &state["resources"]), (&2.into(), &Value::Array(Vec::new())), "{case}");
    }
}

#[test]
fn another_passphrase_and_changed_bytes_are_told() {
    let case = folder().join("sha256");
    let whole = state(&case.join("state.json"));
    let refused = |passphrase: &str, state: &Value| {
        let bench = bench(&case);
        let configuration = bench.read("main.tf");
        assert!(configuration.contains("correct horse battery"));
        bench.write("main.tf", &configuration.replace("correct horse battery", passphrase));
        bench.write("terraform.tfstate", &state.to_string());
        let ran = bench.run(&["state", "pull", "-no-color"]);
        assert_eq!((ran.exit, ran.out.as_str()), (Exit::Failure, ""), "{}", ran.err);
        ran.err.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(refused("another passphrase", &whole).contains("another passphrase or key"));
    let with = |place: &str, value: Value| {
        let mut changed = whole.clone();
        *changed.pointer_mut(place).expect("there") = value;
        refused("correct horse battery", &changed)
    };
    // A character of base64 is part of a byte: of the nonce, of the data, and of the tag.
    let changed = |place: &str, at: usize| {
        let text = whole.pointer(place).and_then(Value::as_str).expect("text");
        let other = if &text[at..=at] == "A" { "B" } else { "A" };
        with(place, format!("{}{other}{}", &text[..at], &text[at + 1..]).into())
    };
    let length = whole["encrypted_data"].as_str().expect("text").len();
    for at in [0, length / 2, length - 5] {
        assert!(changed("/encrypted_data", at).contains("the data was changed"), "{at}");
    }
    // How the key is derived: damaged, and that of another state.
    assert!(changed("/meta/key_provider.pbkdf2.team", 0).contains("metadata of key_provider.pbkdf2.team is damaged"));
    let other = state(&folder().join("iterations_and_salt/state.json"))["meta"].clone();
    assert!(with("/meta", other).contains("the key does not fit"));
    assert!(with("/serial", 7.into()).contains("its serial is not the one that was encrypted"));
    assert!(with("/lineage", "another".into()).contains("its lineage is not the one that was encrypted"));
}
