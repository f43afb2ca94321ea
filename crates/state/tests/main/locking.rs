//! One run at a time.

use std::time::Duration;

use smform_state::StateError;
use smform_state::lock::{Lock, LockInfo};

#[test]
fn the_second_is_told_who_the_first_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.tfstate");
    let info = LockInfo { who: "ann@host".to_owned(), operation: "apply".to_owned(), ..LockInfo::default() };
    let held = Lock::acquire(&path, &info, Duration::ZERO).expect("free");
    let refused = Lock::acquire(&path, &info, Duration::from_millis(80)).expect_err("held");
    assert!(matches!(refused, StateError::Locked(_)));
    assert!(refused.to_string().contains("ann@host"), "{refused}");
    drop(held);
    drop(Lock::acquire(&path, &info, Duration::ZERO).expect("free again"));
    assert!(!path.exists(), "a lock on no state leaves no state behind");
}

#[test]
fn a_lock_that_is_waited_for_is_had_in_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.tfstate");
    let held = Lock::acquire(&path, &LockInfo::default(), Duration::ZERO).expect("free");
    let release = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        drop(held);
    });
    Lock::acquire(&path, &LockInfo::default(), Duration::from_secs(20)).expect("had in time");
    release.join().expect("ends");
}
