//! Repository chores, run as `cargo xtask <chore>`:
//!
//! * `test`: every test, in Rust and with real AWS clients;
//! * `deps`: dependency directions between our crates, licences and banned crates;
//! * `sizes`: files that have grown too long;
//! * `docs`: writes the reference pages of resource types and data sources anew.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a chore reports on the terminal")]

mod deps;
mod sizes;
mod test;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let chore = arguments.next();
    let rest: Vec<String> = arguments.collect();
    let result = match chore.as_deref() {
        Some("test") => test::run(&rest),
        Some("deps") => deps::run(),
        Some("sizes") => sizes::run(),
        Some("docs") => docs(),
        _ => Err("usage: cargo xtask test|deps|sizes|docs".to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("xtask: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// The repository's root folder.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// The pages come from the schemas, which only the binary has all of: its test of them writes them when asked to.
fn docs() -> Result<(), String> {
    let mut test = Command::new(env!("CARGO"));
    run(test.args(["test", "--quiet", "-p", "smform", "reference_pages"]).env("SMFORM_WRITE_REFERENCE", "1"))
}

/// Runs a command in the root folder; an error when it cannot be started or fails.
fn run(command: &mut Command) -> Result<(), String> {
    let shown = format!("{command:?}");
    let status = command.current_dir(root()).status().map_err(|error| format!("cannot start {shown}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{shown} failed ({status})")) }
}
