//! Which backend a configuration says, and opening the state in it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use smform_lang::config::{Backend as Block, Config};
use smform_lang::eval::static_string;
use smform_state::backend::LocalBackend;
use smform_state::lock::LockInfo;
use smform_state::{Backend, Store};
use smform_types::{Diagnostic, Diagnostics, ModuleAddress};

use super::state::diagnose;

/// Where the state is when nothing else is said.
const DEFAULT_PATH: &str = "terraform.tfstate";
/// Where the states of other workspaces are when nothing else is said.
const DEFAULT_WORKSPACE_DIR: &str = "terraform.tfstate.d";

/// The backend of a configuration. A state file that the user names on the command line goes first.
///
/// # Errors
/// When the block is of a type that smform does not have, or has arguments that it does not take.
pub fn backend(config: &Config, workspace: &str, named: Option<&Path>) -> Result<Box<dyn Backend>, Diagnostics> {
    if let Some(path) = named {
        return Ok(Box::new(LocalBackend::new(path)));
    }
    let block = config.modules.get(&ModuleAddress::root()).and_then(|module| module.backend.as_ref());
    let (path, workspace_dir) = match block {
        Some(block) => local_settings(block)?,
        None => (None, None),
    };
    let within = |path: PathBuf| config.directory.join(path);
    let path = within(path.unwrap_or_else(|| DEFAULT_PATH.into()));
    let workspace_dir = within(workspace_dir.unwrap_or_else(|| DEFAULT_WORKSPACE_DIR.into()));
    Ok(Box::new(LocalBackend::of_workspace(&path, &workspace_dir, workspace)))
}

fn local_settings(block: &Block) -> Result<(Option<PathBuf>, Option<PathBuf>), Diagnostics> {
    let context = format!("backend \"{}\"", block.kind.text);
    if &*block.kind.text != "local" {
        let detail = format!(
            "This version of smform keeps state in local files: backend \"local\". It has no backend \"{}\".",
            block.kind.text
        );
        return Err(Diagnostic::error("Unsupported backend type", detail).at(block.span).within(context).into());
    }
    let mut found = Diagnostics::new();
    let (mut path, mut workspace_dir) = (None, None);
    for attribute in &block.body.attributes {
        let setting = match &*attribute.name.text {
            "path" => &mut path,
            "workspace_dir" => &mut workspace_dir,
            name => {
                let hint = smform_types::suggest::did_you_mean(name, ["path", "workspace_dir"]);
                let detail = format!("Backend \"local\" has no argument \"{name}\".{hint}");
                found.push(Diagnostic::error("Unsupported argument", detail).at(attribute.name.span));
                continue;
            }
        };
        *setting = found.take(static_string(&attribute.expr)).map(PathBuf::from);
    }
    for nested in &block.body.blocks {
        let detail = format!("Backend \"local\" has no blocks of type \"{}\".", nested.kind.text);
        found.push(Diagnostic::error("Unsupported block type", detail).at(nested.header));
    }
    let found = found.map(|diagnostic| diagnostic.within(context.clone()));
    found.into_result((path, workspace_dir)).map(|(settings, _)| settings)
}

/// Opens a state, locked unless `lock` is nothing.
///
/// # Errors
/// When it is locked by another run, or cannot be read.
pub fn open(backend: Box<dyn Backend>, lock: Option<(&LockInfo, Duration)>) -> Result<Store, Diagnostic> {
    Store::open(backend, lock).map_err(|error| diagnose(&error))
}
