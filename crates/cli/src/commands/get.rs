//! `get`: modules.

use smform_lang::config::values::VariableInput;
use smform_modules::Update;

use super::modules;
use crate::args::Get;
use crate::errors::{Exit, Failure};
use crate::session::Session;

/// Fetches the modules that are missing, and lists all of them. Those in local folders are used where they are.
///
/// # Errors
/// When a module cannot be had.
pub fn run(session: &Session, args: &Get, inputs: Vec<VariableInput>) -> Result<Exit, Failure> {
    let update = if args.update { Update::All } else { Update::Missing };
    if args.update {
        modules::forget(session)?;
    }
    let config = session.install_modules(update, inputs)?;
    for line in modules::lines(&modules::list(session, &config, &args.test_directory)?) {
        session.console.out(&format!("{line}\n"));
    }
    Ok(Exit::Success)
}
