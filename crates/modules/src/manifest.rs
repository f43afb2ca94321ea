//! `modules.json`, the list of modules that Terraform keeps beside them.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use smform_lang::config::{MANIFEST, MODULES};

use crate::Failure;
use crate::files;

#[derive(Default, Deserialize, Serialize)]
struct Manifest {
    #[serde(rename = "Modules", default)]
    modules: Vec<Entry>,
}

#[derive(Deserialize, Serialize)]
struct Entry {
    #[serde(rename = "Key")]
    key: String,
    #[serde(rename = "Source")]
    source: String,
    #[serde(rename = "Version", default, skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(rename = "Dir")]
    directory: String,
}

/// A module of a configuration, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The names of the calls that lead to it, joined by dots.
    pub key: String,
    /// Its source.
    pub source: String,
    /// Its version, of a registry.
    pub version: Option<String>,
    /// Where it is, seen from the configuration.
    pub directory: String,
}

/// A list that cannot be read begins anew.
fn read(path: &Path) -> Result<Manifest, Failure> {
    match fs::read(path) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_default()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Manifest::default()),
        Err(error) => Err(files::at(path, &error)),
    }
}

fn write(path: &Path, mut manifest: Manifest) -> Result<(), Failure> {
    if !manifest.modules.iter().any(|entry| entry.key.is_empty()) {
        let (key, source) = (String::new(), String::new());
        manifest.modules.push(Entry { key, source, version: None, directory: ".".to_owned() });
    }
    manifest.modules.sort_by(|a, b| a.key.cmp(&b.key));
    let text = serde_json::to_string(&manifest).map_err(|error| Failure::new(format!("{error}.")))?;
    files::replace(path, &text)
}

/// Lists a module, in the place of what was listed for the same call.
pub(crate) fn add(base: &Path, key: &str, source: &str, directory: &str) -> Result<(), Failure> {
    let path = base.join(MANIFEST);
    let mut manifest = read(&path)?;
    manifest.modules.retain(|entry| entry.key != key);
    let (key, source, directory) = (key.to_owned(), source.to_owned(), directory.to_owned());
    manifest.modules.push(Entry { key, source, version: None, directory });
    write(&path, manifest)
}

/// Lists all modules of a configuration, for programs that look for them there. Returns those that were not listed, or
/// were listed otherwise.
pub(crate) fn list(base: &Path, modules: &[Listed]) -> Result<Vec<Listed>, Failure> {
    let path = base.join(MANIFEST);
    let before = read(&path)?;
    let is_known = |listed: &Listed| {
        before.modules.iter().any(|entry| {
            (&entry.key, &entry.source, &entry.directory) == (&listed.key, &listed.source, &listed.directory)
        })
    };
    let new: Vec<Listed> = modules.iter().filter(|listed| !is_known(listed)).cloned().collect();
    let stale = before
        .modules
        .iter()
        .any(|entry| !entry.key.is_empty() && !modules.iter().any(|listed| listed.key == entry.key));
    if new.is_empty() && !stale {
        return Ok(new);
    }
    let entries = modules.iter().cloned().map(|listed| {
        let Listed { key, source, version, directory } = listed;
        Entry { key, source, version, directory }
    });
    write(&path, Manifest { modules: entries.collect() })?;
    Ok(new)
}

/// Takes the modules that were not fetched off the list.
pub(crate) fn forget(base: &Path) -> Result<(), Failure> {
    let path = base.join(MANIFEST);
    let mut manifest = read(&path)?;
    let before = manifest.modules.len();
    manifest.modules.retain(|entry| entry.key.is_empty() || entry.directory.starts_with(MODULES));
    if manifest.modules.len() == before { Ok(()) } else { write(&path, manifest) }
}
