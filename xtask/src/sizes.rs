//! File sizes: a file that grows past its limit has two reasons to change.

use std::path::{Path, PathBuf};

/// No hand-written file is longer.
const LIMIT: usize = 800;

pub fn run() -> Result<(), String> {
    let mut files = Vec::new();
    collect(&crate::root().join("crates"), &mut files)?;
    collect(&crate::root().join("xtask"), &mut files)?;
    let mut sizes = Vec::with_capacity(files.len());
    for path in files {
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        sizes.push((text.lines().count(), path));
    }
    sizes.sort();
    let median = sizes.get(sizes.len() / 2).map_or(0, |(lines, _)| *lines);
    let longest = sizes.last().map_or(0, |(lines, _)| *lines);
    println!("{} files, median {median} lines, longest {longest}", sizes.len());
    let long: Vec<String> = sizes
        .iter()
        .filter(|(lines, _)| *lines > LIMIT)
        .map(|(lines, path)| format!("{} has {lines} lines; at most {LIMIT} are allowed", path.display()))
        .collect();
    if long.is_empty() { Ok(()) } else { Err(long.join("\n")) }
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.is_dir() {
            collect(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(())
}
