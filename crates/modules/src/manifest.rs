//! `modules.json`, the list of modules that Terraform keeps beside them.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use smform_lang::config::MANIFEST;

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

/// Lists a module, in the place of what was listed for the same call. A list that cannot be read begins anew.
pub(crate) fn add(base: &Path, key: &str, source: &str, directory: &str) -> Result<(), Failure> {
    let path = base.join(MANIFEST);
    let mut manifest: Manifest = match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_default(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Manifest::default(),
        Err(error) => return Err(files::at(&path, &error)),
    };
    let root = || Entry { key: String::new(), source: String::new(), version: None, directory: ".".to_owned() };
    if !manifest.modules.iter().any(|entry| entry.key.is_empty()) {
        manifest.modules.push(root());
    }
    manifest.modules.retain(|entry| entry.key != key);
    let (key, source, directory) = (key.to_owned(), source.to_owned(), directory.to_owned());
    manifest.modules.push(Entry { key, source, version: None, directory });
    manifest.modules.sort_by(|a, b| a.key.cmp(&b.key));
    let text = serde_json::to_string(&manifest).map_err(|error| Failure::new(format!("{error}.")))?;
    files::replace(&path, &text)
}
