//! `get`: modules.

use std::path::Path;

use smform_lang::config::LocalModules;

use crate::args::Get;
use crate::errors::{Exit, Failure};
use crate::session::Session;

/// Reads every module once, so that what is missing is told here. Modules in local folders are read where they are.
///
/// # Errors
/// When a module cannot be read.
pub fn run(session: &Session, _: &Get) -> Result<Exit, Failure> {
    let (config, found) = smform_lang::config::load(&session.host, Path::new("."), &LocalModules);
    if found.has_errors() {
        return Err(Failure::about(found, &config));
    }
    for address in config.modules.keys().filter(|address| !address.is_root()) {
        session.console.out(&format!("- {address}\n"));
    }
    Ok(Exit::Success)
}
