//! The real file system as a [`Host`].

use std::io;
use std::path::{Path, PathBuf};

use super::Host;

/// Deepest directory that [`FileSystem::walk`] goes into, so that a loop of links ends.
const MAX_DEPTH: usize = 64;

/// The file system of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileSystem;

impl Host for FileSystem {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(directory)? {
            let entry = entry?;
            // Follows links: a linked file is as good as a file.
            let is_file = std::fs::metadata(entry.path()).is_ok_and(|metadata| metadata.is_file());
            if is_file && let Ok(name) = entry.file_name().into_string() {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    fn walk(&self, directory: &Path) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        walk_into(directory, "", 0, &mut found)?;
        found.sort();
        Ok(found)
    }

    fn is_file(&self, path: &Path) -> Option<bool> {
        std::fs::metadata(path).ok().map(|metadata| metadata.is_file())
    }

    fn working_directory(&self) -> PathBuf {
        std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."))
    }

    fn home_directory(&self) -> Option<PathBuf> {
        std::env::home_dir().filter(|path| !path.as_os_str().is_empty())
    }
}

fn walk_into(directory: &Path, prefix: &str, depth: usize, found: &mut Vec<String>) -> io::Result<()> {
    if depth > MAX_DEPTH {
        return Ok(());
    }
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let Ok(metadata) = std::fs::metadata(entry.path()) else { continue };
        if metadata.is_dir() {
            walk_into(&entry.path(), &format!("{prefix}{name}/"), depth + 1, found)?;
        } else if metadata.is_file() {
            found.push(format!("{prefix}{name}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_files_only_and_walks_all() -> io::Result<()> {
        let directory = tempfile::tempdir()?;
        std::fs::write(directory.path().join("b.tf"), "")?;
        std::fs::create_dir(directory.path().join("sub"))?;
        std::fs::write(directory.path().join("sub/a.tf"), "x")?;
        assert_eq!(FileSystem.list(directory.path())?, ["b.tf"]);
        assert_eq!(FileSystem.walk(directory.path())?, ["b.tf", "sub/a.tf"]);
        assert_eq!(FileSystem.is_file(&directory.path().join("sub")), Some(false));
        assert_eq!(FileSystem.is_file(&directory.path().join("none")), None);
        Ok(())
    }
}
