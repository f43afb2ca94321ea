//! Every test: Rust's, then the whole program with real clients (boto3, the AWS CLI, moto) from Python.
//!
//! The Python packages are installed, at pinned versions, in a virtual environment below `target/`.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs all tests, or with `rust` or `clients` only one half of them.
pub fn run(only: &[String]) -> Result<(), String> {
    let half = only.first().map(String::as_str);
    if half.is_none_or(|half| half == "rust") {
        crate::run(Command::new(cargo()).args(["test", "--workspace", "--quiet"]))?;
    }
    if half.is_none_or(|half| half == "clients") {
        clients(only.get(1..).unwrap_or_default())?;
    }
    Ok(())
}

fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

fn clients(arguments: &[String]) -> Result<(), String> {
    // With the tests, since their dependencies' features are others than the program's: alone, it would be built anew,
    // and the two large SDK crates with it.
    crate::run(Command::new(cargo()).args(["build", "--quiet", "--workspace", "--bins", "--tests"]))?;
    let target = target_folder()?;
    let binary = target.join("debug").join(format!("smform{}", std::env::consts::EXE_SUFFIX));
    let python = environment(&target)?;
    crate::run(
        Command::new(python)
            .args(["-m", "pytest", "--quiet", "-p", "no:cacheprovider", "tests/clients"])
            .args(arguments)
            .env("SMFORM", binary)
            .env("PYTHONDONTWRITEBYTECODE", "1"),
    )
}

fn target_folder() -> Result<PathBuf, String> {
    let output = Command::new(cargo())
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(crate::root())
        .output()
        .map_err(|error| format!("cannot run cargo metadata: {error}"))?;
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo metadata: {error}"))?;
    let folder = metadata.get("target_directory").and_then(serde_json::Value::as_str);
    folder.map(PathBuf::from).ok_or_else(|| "cargo metadata names no target folder".to_owned())
}

/// The Python of the virtual environment, which is made when it is missing or its requirements have changed.
fn environment(target: &Path) -> Result<PathBuf, String> {
    let folder = target.join("venv");
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let wanted = crate::root().join("tests/clients/requirements.txt");
    let stamp = folder.join("requirements.txt");
    let read = |path: &Path| std::fs::read(path).unwrap_or_default();
    if python.exists() && read(&stamp) == read(&wanted) {
        return Ok(python);
    }
    crate::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    crate::run(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(&wanted),
    )?;
    std::fs::copy(&wanted, &stamp).map_err(|error| format!("cannot write {}: {error}", stamp.display()))?;
    Ok(python)
}
