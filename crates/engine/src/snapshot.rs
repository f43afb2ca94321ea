//! The files that a plan has seen: recorded while planning, replayed when the saved plan is applied.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json, json};
use smform_lang::source::Host;

/// Everything that was asked of a file system, with the answers.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    files: BTreeMap<String, Vec<u8>>,
    listings: BTreeMap<String, Vec<String>>,
    trees: BTreeMap<String, Vec<String>>,
    kinds: BTreeMap<String, Option<bool>>,
    working_directory: PathBuf,
    home_directory: Option<PathBuf>,
}

impl Snapshot {
    /// As JSON; file contents in base64, since they need not be text.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let files: Map<String, Json> =
            self.files.iter().map(|(path, bytes)| (path.clone(), Json::String(STANDARD.encode(bytes)))).collect();
        json!({
            "files": files,
            "listings": self.listings,
            "trees": self.trees,
            "kinds": self.kinds,
            "working_directory": self.working_directory.to_string_lossy(),
            "home_directory": self.home_directory.as_ref().map(|path| path.to_string_lossy()),
        })
    }

    /// Empties a values file, known by the path that is shown of it: what it holds must not be kept.
    pub fn forget(&mut self, shown: &str) {
        let is_it = |path: &str| path == shown || path.strip_prefix("./") == Some(shown);
        for (path, bytes) in self.files.iter_mut().filter(|(path, _)| is_it(path)) {
            *bytes = if path.ends_with(".json") { b"{}".to_vec() } else { Vec::new() };
        }
    }

    /// From what [`Snapshot::to_json`] wrote; nothing for anything else.
    #[must_use]
    pub fn from_json(json: &Json) -> Option<Snapshot> {
        let names = |name: &str| -> Option<BTreeMap<String, Vec<String>>> {
            serde_json::from_value(json.get(name)?.clone()).ok()
        };
        let files = json.get("files")?.as_object()?.iter();
        let files = files.map(|(path, text)| Some((path.clone(), STANDARD.decode(text.as_str()?).ok()?)));
        Some(Snapshot {
            files: files.collect::<Option<_>>()?,
            listings: names("listings")?,
            trees: names("trees")?,
            kinds: serde_json::from_value(json.get("kinds")?.clone()).ok()?,
            working_directory: json.get("working_directory")?.as_str()?.into(),
            home_directory: json.get("home_directory").and_then(Json::as_str).map(PathBuf::from),
        })
    }
}

fn key(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn absent(path: &Path) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("{} is not part of the saved plan", path.display()))
}

/// A saved plan's files stand in for those on disk, which may have changed since.
impl Host for Snapshot {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.files.get(&key(path)).cloned().ok_or_else(|| absent(path))
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        self.listings.get(&key(directory)).cloned().ok_or_else(|| absent(directory))
    }

    fn walk(&self, directory: &Path) -> io::Result<Vec<String>> {
        self.trees.get(&key(directory)).cloned().ok_or_else(|| absent(directory))
    }

    fn is_file(&self, path: &Path) -> Option<bool> {
        self.kinds.get(&key(path)).copied().flatten()
    }

    fn working_directory(&self) -> PathBuf {
        self.working_directory.clone()
    }

    fn home_directory(&self) -> Option<PathBuf> {
        self.home_directory.clone()
    }
}

/// A host that remembers what was asked of another one.
pub struct Recording {
    inner: Arc<dyn Host>,
    seen: Mutex<Snapshot>,
}

impl Recording {
    /// Records what is asked of `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn Host>) -> Recording {
        let seen = Snapshot {
            working_directory: inner.working_directory(),
            home_directory: inner.home_directory(),
            ..Snapshot::default()
        };
        Recording { inner, seen: Mutex::new(seen) }
    }

    /// What was seen so far.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds a file of a directory that is not there yet, as if it had been listed and read: the plan was made with it.
    /// When the directory has one of the name, another name is chosen.
    pub fn add_file(&self, directory: &Path, name: &str, text: &str) {
        self.note(|seen| {
            let listing = seen.listings.entry(key(directory)).or_default();
            let mut name = name.to_owned();
            while listing.contains(&name) {
                name.insert_str(0, "generated_");
            }
            listing.push(name.clone());
            listing.sort();
            seen.files.insert(key(&directory.join(name)), text.as_bytes().to_vec());
        });
    }

    fn note(&self, note: impl FnOnce(&mut Snapshot)) {
        note(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Host for Recording {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let bytes = self.inner.read(path)?;
        self.note(|seen| {
            seen.files.insert(key(path), bytes.clone());
        });
        Ok(bytes)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let names = self.inner.list(directory)?;
        self.note(|seen| {
            seen.listings.insert(key(directory), names.clone());
        });
        Ok(names)
    }

    fn walk(&self, directory: &Path) -> io::Result<Vec<String>> {
        let names = self.inner.walk(directory)?;
        self.note(|seen| {
            seen.trees.insert(key(directory), names.clone());
        });
        Ok(names)
    }

    fn is_file(&self, path: &Path) -> Option<bool> {
        let kind = self.inner.is_file(path);
        self.note(|seen| {
            seen.kinds.insert(key(path), kind);
        });
        kind
    }

    fn working_directory(&self) -> PathBuf {
        self.inner.working_directory()
    }

    fn home_directory(&self) -> Option<PathBuf> {
        self.inner.home_directory()
    }
}
