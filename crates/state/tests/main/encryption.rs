//! What is encrypted on disk while a run goes on, and after one that was cut off or could not write.

use std::sync::Arc;

use smform_state::encryption::backend::EncryptedBackend;
use smform_state::encryption::keys::{Pbkdf2, Secret, Settings};
use smform_state::encryption::{Method, Target, is_encrypted};
use smform_state::{Backend, LocalBackend, Store};

use crate::{PROVIDER, id, object};

fn encrypted(path: &std::path::Path, passphrase: &str) -> Arc<EncryptedBackend> {
    // As few iterations as it takes for a test.
    let settings = Settings { iterations: 10, ..Settings::default() };
    let keys = Pbkdf2::new("k".to_owned(), Secret::Passphrase(passphrase.to_owned()), settings);
    let method = Method::AesGcm { name: "m".to_owned(), keys: Arc::new(keys), aad: vec![1, 2] };
    let target = Target { method, fallbacks: Vec::new() };
    Arc::new(EncryptedBackend::new(Arc::new(LocalBackend::new(path)), Arc::new(target)))
}

#[test]
fn the_journal_of_a_run_that_was_cut_off_tells_nobody_but_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("terraform.tfstate");
    let backend = encrypted(&path, "one");
    let mut run = Store::open(backend.clone(), None).unwrap();
    run.put(&id("a.first"), PROVIDER, object("s3cr3t")).unwrap();
    run.finish().unwrap();
    let mut run = Store::open(backend.clone(), None).unwrap();
    run.put(&id("a.second"), PROVIDER, object("s3cr3t")).unwrap();
    run.intent(&id("a.third"), "create", Some("s3cr3t"), PROVIDER, None).unwrap();
    std::mem::forget(run);
    for file in [path.clone(), backend.journal()] {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(!text.is_empty() && !text.contains("s3cr3t") && !text.contains("a.second"), "{text}");
    }
    let refused = Store::open(encrypted(&path, "two"), None).unwrap_err().to_string();
    assert!(refused.contains("another passphrase or key"), "{refused}");
    let next = Store::open(encrypted(&path, "one"), None).unwrap();
    assert_eq!((next.state().objects().count(), next.pending().len()), (2, 1));
}

#[test]
fn a_journal_that_needs_a_key_is_not_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("terraform.tfstate");
    // The first run, cut off: there is no state that could tell.
    let mut run = Store::open(encrypted(&path, "one"), None).unwrap();
    run.intent(&id("a.b"), "create", Some("name"), PROVIDER, None).unwrap();
    drop(run);
    let refused = Store::open(Arc::new(LocalBackend::new(&path)), None).unwrap_err().to_string();
    assert!(refused.contains("journal is encrypted") && !refused.contains("remove"), "{refused}");
}

#[test]
fn what_is_replaced_or_rescued_is_encrypted_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("terraform.tfstate");
    let backend = encrypted(&path, "one");
    for name in ["a.first", "a.second"] {
        let mut run = Store::open(backend.clone(), None).unwrap();
        run.put(&id(name), PROVIDER, object("s3cr3t")).unwrap();
        run.finish().unwrap();
    }
    assert!(is_encrypted(&std::fs::read(folder.path().join("terraform.tfstate.backup")).unwrap()));
    let kept = backend.kept().unwrap();
    assert!(!kept.is_empty());
    let text = String::from_utf8(backend.read_kept(&kept[0].name).unwrap()).unwrap();
    assert!(text.contains("s3cr3t") && text.contains("first"), "{text}");
    let copy = backend.sealed_copy(text.as_bytes()).unwrap();
    assert!(is_encrypted(&copy) && !String::from_utf8(copy).unwrap().contains("s3cr3t"));
}
