//! One run at a time.

use std::time::Duration;

use smform_state::StateError;
use smform_state::backend::Backend;
use smform_state::lock::{Lock, LockInfo, LockedFile};
use smform_state::{LocalBackend, Store, store};

#[test]
fn the_second_is_told_who_the_first_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.tfstate");
    let info = LockInfo { who: "ann@host".to_owned(), operation: "apply".to_owned(), ..LockInfo::default() };
    let held = Lock::acquire(&path, &info, Duration::ZERO, &LockedFile::default()).expect("free");
    let refused = Lock::acquire(&path, &info, Duration::from_millis(80), &LockedFile::default()).expect_err("held");
    assert!(matches!(refused, StateError::Locked(_)));
    assert!(refused.to_string().contains("ann@host"), "{refused}");
    drop(held);
    drop(Lock::acquire(&path, &info, Duration::ZERO, &LockedFile::default()).expect("free again"));
    assert!(!path.exists(), "a lock on no state leaves no state behind");
}

#[test]
fn a_lock_that_is_waited_for_is_had_in_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.tfstate");
    let held = Lock::acquire(&path, &LockInfo::default(), Duration::ZERO, &LockedFile::default()).expect("free");
    let release = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        drop(held);
    });
    Lock::acquire(&path, &LockInfo::default(), Duration::from_secs(20), &LockedFile::default()).expect("had in time");
    release.join().expect("ends");
}

/// Another process (where there is Python), which locks a file as Terraform does: what it has read, unless it was refused.
/// With `waiting` it has had the file open since before `meanwhile`.
#[cfg(unix)]
fn elsewhere(path: &std::path::Path, waiting: bool, meanwhile: impl FnOnce()) -> Option<Option<String>> {
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Command, Stdio};
    let script = "import fcntl, sys\nfile = None\n\
                  def begin():\n  global file\n  file = open(sys.argv[1], 'r+')\n\
                  if sys.argv[2] == 'waiting': begin()\n\
                  print('ready', flush=True)\ninput()\n\
                  if file is None: begin()\n\
                  try:\n  fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)\n  print('locked', file.read())\n\
                  except OSError: print('refused')\n";
    let mut process = Command::new("python3")
        .args(["-c", script])
        .arg(path)
        .arg(if waiting { "waiting" } else { "new" })
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut said = BufReader::new(process.stdout.take().expect("a pipe")).lines();
    assert_eq!(said.next().expect("a line").expect("text"), "ready");
    meanwhile();
    process.stdin.take().expect("a pipe").write_all(b"\n").expect("is read");
    let said = said.map(|line| line.expect("text")).collect::<Vec<_>>().join("\n");
    assert!(process.wait().expect("ends").success());
    Some(said.strip_prefix("locked").map(str::to_owned))
}

#[cfg(unix)]
#[test]
fn a_state_that_is_read_and_written_stays_locked_for_terraform() {
    use smform_state::{Backend, LocalBackend};
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.tfstate");
    std::fs::write(&path, "{}").expect("writes");
    let backend = LocalBackend::new(&path);
    let mut held = backend.lock(&LockInfo::default(), Duration::ZERO).expect("free");
    assert_eq!(backend.read().expect("reads").expect("there").text, b"{}");
    let Some(refused) = elsewhere(&path, false, || ()) else { return };
    assert_eq!(refused, None, "reading must not end the lock");
    let had = elsewhere(&path, true, || drop(backend.write(b"[1]", None).expect("writes"))).flatten();
    assert!(had.is_some_and(|read| read.contains("\"version\": 5")), "what was replaced is no state any more");
    assert_eq!(elsewhere(&path, false, || ()), Some(None), "what took the place of the file is locked, too");
    assert_eq!(backend.read().expect("reads").expect("there").text, b"[1]");
    held.release().expect("ends");
    assert!(elsewhere(&path, false, || ()).flatten().is_some_and(|read| read.contains("[1]")));
}

#[cfg(unix)]
#[test]
fn a_copy_of_a_state_under_another_name_is_left_alone() {
    use smform_state::{Backend, LocalBackend};
    let folder = tempfile::tempdir().expect("a folder");
    let (path, copy) = (folder.path().join("x.tfstate"), folder.path().join("copy"));
    std::fs::write(&path, "{}").expect("writes");
    std::fs::hard_link(&path, &copy).expect("links");
    let backend = LocalBackend::new(&path);
    let _held = backend.lock(&LockInfo::default(), Duration::ZERO).expect("free");
    backend.write(b"[1]", None).expect("writes");
    assert_eq!(std::fs::read(&copy).expect("reads"), b"{}");
}

#[test]
fn a_file_that_a_killed_run_has_made_to_lock_it_is_no_emptied_state() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.tfstate");
    let mut run = crate::open(&path).expect("opens");
    run.put(&crate::id("a.b"), crate::PROVIDER, crate::object("1")).expect("writes");
    run.finish().expect("finishes");
    // Somebody begins anew, and is killed before there is a state.
    std::fs::remove_file(&path).expect("removed");
    let backend = LocalBackend::new(&path);
    std::mem::forget(backend.lock(&LockInfo::default(), Duration::ZERO).expect("free"));
    let noted = std::fs::read(folder.path().join(".x.tfstate.lock.info")).expect("there");
    assert!(path.exists() && store::read(&LocalBackend::new(&path)).expect("reads").is_empty());
    drop(backend);
    // As after the end of that process, which a test cannot have: the file is what it was, and nobody holds it.
    let again = folder.path().join("y.tfstate");
    std::fs::write(&again, "").expect("writes");
    std::fs::write(folder.path().join(".y.tfstate.lock.info"), noted).expect("writes");
    let held = LocalBackend::new(&again);
    let lock = held.lock(&LockInfo::default(), Duration::ZERO).expect("free");
    assert!(held.read().expect("reads").is_none());
    drop(lock);
    assert!(!again.exists(), "as it was");
    assert!(Store::open(std::sync::Arc::new(held), None).expect("opens").is_missing());
}
