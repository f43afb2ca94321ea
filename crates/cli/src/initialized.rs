//! The backend that `init` has settled, in `.terraform/terraform.tfstate` as Terraform writes it.
//!
//! It remembers what `-backend-config` gave, and notices a change of the backend that would leave a state behind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};
use smform_engine::workflow::backend::{Configured, LOCAL, arguments, local, setting};
use smform_state::codec::TERRAFORM_VERSION;
use smform_state::kind::{Kind, Settings};
use smform_state::{LocalWorkspaces, Workspaces as _, fingerprint};
use smform_types::Diagnostic;
use smform_types::json::{implied, to_text, value_to_json};

use crate::errors::{Failure, file};

/// The record of `init`.
#[derive(Clone, Debug, PartialEq)]
pub struct Initialized {
    /// What is used: the block with what `-backend-config` added.
    pub effective: Configured,
    /// What the block said then; nothing when Terraform wrote the record.
    pub block: Option<Map<String, Json>>,
}

const NAME: &str = "terraform.tfstate";

impl Initialized {
    /// Reads the record; nothing when there is none, or it is of no backend.
    ///
    /// # Errors
    /// When it cannot be read, or names a backend that smform does not have.
    pub fn read(data: &Path, kinds: &[Arc<dyn Kind>]) -> Result<Option<Initialized>, Failure> {
        let path = data.join(NAME);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(file("read", &path, &error)),
        };
        let unreadable = |why: &str| {
            let detail = format!(
                "{}, which remembers the initialized backend, {why}. Write it anew with: smform init -reconfigure",
                path.display()
            );
            Failure::error("Backend initialization required", detail)
        };
        let json: Json = serde_json::from_slice(&text).map_err(|_| unreadable("is damaged"))?;
        let Some(backend) = json.get("backend").filter(|backend| !backend.is_null()) else { return Ok(None) };
        let kind = backend.get("type").and_then(Json::as_str).ok_or_else(|| unreadable("names no backend"))?;
        let arguments = arguments(kind, kinds)
            .ok_or_else(|| unreadable(&format!("names the backend \"{kind}\", which smform does not have")))?;
        let mut settings = Settings::new();
        for (name, value) in backend.get("config").and_then(Json::as_object).into_iter().flatten() {
            let argument = arguments.iter().find(|argument| argument.name == name);
            // Terraform writes every argument that it knows, those without value as null.
            let Some(argument) = argument.filter(|_| !value.is_null()) else { continue };
            if let Some(value) = setting(argument, implied(value)).map_err(|error| unreadable(&error.detail))? {
                settings.insert(name.clone(), value);
            }
        }
        let block = backend.get("block").and_then(Json::as_object).cloned();
        let effective = Configured { kind: kind.to_owned(), settings, span: None };
        Ok(Some(Initialized { effective, block }))
    }

    /// Writes the record.
    ///
    /// # Errors
    /// As the file system reports.
    pub fn write(
        data: &Path,
        effective: &Configured,
        block: &Configured,
        kinds: &[Arc<dyn Kind>],
    ) -> Result<(), Failure> {
        let path = data.join(NAME);
        let known = arguments(&block.kind, kinds).unwrap_or_default();
        let record = json!({
            "version": 3,
            "terraform_version": TERRAFORM_VERSION,
            "backend": {
                "type": effective.kind,
                "config": as_json(&effective.settings),
                // What Terraform compares; with another value it asks to be initialized.
                "hash": fingerprint::of_block(&block.kind, &known, &block.settings),
                "block": as_json(&block.settings),
            },
        });
        let text = format!("{}\n", to_text(&record, Some(4)));
        let written = smform_files::make_folder(data).and_then(|()| smform_files::replace(&path, text.as_bytes()));
        written.map_err(|error| file("write", &path, &error))
    }

    /// Removes the record, when there is one.
    ///
    /// # Errors
    /// As the file system reports.
    pub fn remove(data: &Path) -> Result<(), Failure> {
        let path = data.join(NAME);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(file("remove", &path, &error)),
            _ => Ok(()),
        }
    }

    /// Adds to what a block says what was given beside it, if it says what it said then. Where it says something else, what was
    /// given beside it still counts, where it is about the same kind of backend and the block says nothing of it now.
    pub fn complete(&self, said: &mut Configured) {
        if self.fits(said) {
            said.settings.clone_from(&self.effective.settings);
            return;
        }
        let Some(block) = self.block.as_ref().filter(|_| said.kind == self.effective.kind) else { return };
        for (name, value) in self.effective.settings.iter().filter(|(name, _)| !block.contains_key(*name)) {
            said.settings.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }

    /// Whether the block still says what it said when the backend was initialized.
    #[must_use]
    pub fn fits(&self, said: &Configured) -> bool {
        if said.kind != self.effective.kind {
            return false;
        }
        match &self.block {
            Some(block) => *block == as_json(&said.settings),
            None => said.settings.iter().all(|(name, value)| self.effective.settings.get(name) == Some(value)),
        }
    }
}

fn as_json(settings: &Settings) -> Map<String, Json> {
    let sorted: BTreeMap<&String, Json> =
        settings.iter().map(|(name, value)| (name, value_to_json(value, &value.ty()))).collect();
    sorted.into_iter().map(|(name, value)| (name.clone(), value)).collect()
}

/// The backend to use: what was initialized while the block still says the same, else what the block says while
/// nothing would be left behind.
///
/// # Errors
/// When the backend has changed; without a place.
pub fn check(
    said: Configured,
    initialized: Option<Initialized>,
    default: &LocalWorkspaces,
    directory: &Path,
) -> Result<Configured, Diagnostic> {
    let way_out = "To take the state along, run: smform init -migrate-state\nTo go on with what is in the new place and leave \
                   the old one as it is, run: smform init -reconfigure";
    match initialized {
        Some(initialized) if initialized.fits(&said) => Ok(Configured { span: said.span, ..initialized.effective }),
        Some(initialized) => {
            let detail = format!(
                "The backend was initialized as \"{}\" and the configuration now says \"{}\"{}. Nothing was read or \
                 changed.\n\n{way_out}",
                initialized.effective.kind,
                said.kind,
                if initialized.effective.kind == said.kind { " with other arguments" } else { "" }
            );
            Err(Diagnostic::error("Backend configuration changed", detail))
        }
        None => {
            let elsewhere = said.kind != LOCAL || local(&said.settings, directory).path != default.path;
            let is_there = said.kind == LOCAL && local(&said.settings, directory).path.exists();
            if let Some(left) = left_behind(default).filter(|_| elsewhere && !is_there) {
                let detail = format!(
                    "The configuration keeps its state in backend \"{}\", and there is a state in {} that would be left \
                     behind. Nothing was read or changed.\n\n{way_out}",
                    said.kind,
                    left.display()
                );
                return Err(Diagnostic::error("Backend initialization required", detail));
            }
            Ok(said)
        }
    }
}

/// The first file, of any workspace, that holds a state, or what a run was doing that was cut off.
fn left_behind(default: &LocalWorkspaces) -> Option<PathBuf> {
    let is_filled = |path: &PathBuf| std::fs::metadata(path).is_ok_and(|file| file.len() > 0);
    let states = default.names().unwrap_or_default().into_iter().filter_map(|name| default.state(&name).ok());
    let mut files = states.flat_map(|state| [state.place(), state.journal()]);
    files.find(is_filled)
}
