//! A [`Host`] that holds its files in memory, for tests.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::Host;

/// Files by path. Paths are taken as written, with `.` and `..` resolved; the working directory is `/work`.
#[derive(Clone, Debug, Default)]
pub struct MemoryHost {
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl MemoryHost {
    /// A host with the given files.
    pub fn new<P: AsRef<Path>, C: AsRef<[u8]>>(files: impl IntoIterator<Item = (P, C)>) -> MemoryHost {
        let files = files.into_iter().map(|(path, content)| (resolve(path.as_ref()), content.as_ref().to_vec()));
        MemoryHost { files: files.collect() }
    }

    /// The paths of the files below a directory, relative to it.
    fn below(&self, directory: &Path) -> impl Iterator<Item = String> {
        let directory = resolve(directory);
        self.files.keys().filter_map(move |path| {
            let relative = path.strip_prefix(&directory).ok()?;
            let parts: Option<Vec<&str>> = relative.iter().map(|part| part.to_str()).collect();
            parts.map(|parts| parts.join("/"))
        })
    }

    fn exists(&self, directory: &Path) -> io::Result<()> {
        if self.below(directory).next().is_some() || resolve(directory) == self.working_directory() {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::NotFound, "no such directory"))
    }
}

fn resolve(path: &Path) -> PathBuf {
    let mut resolved = PathBuf::from("/work");
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                resolved.pop();
            }
            std::path::Component::CurDir => {}
            part => resolved.push(part),
        }
    }
    resolved
}

impl Host for MemoryHost {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.files.get(&resolve(path)).cloned().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such file"))
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        self.exists(directory)?;
        Ok(self.below(directory).filter(|path| !path.contains('/')).collect())
    }

    fn walk(&self, directory: &Path) -> io::Result<Vec<String>> {
        self.exists(directory)?;
        Ok(self.below(directory).collect())
    }

    fn is_file(&self, path: &Path) -> Option<bool> {
        if self.files.contains_key(&resolve(path)) {
            return Some(true);
        }
        self.exists(path).is_ok().then_some(false)
    }

    fn working_directory(&self) -> PathBuf {
        PathBuf::from("/work")
    }

    fn home_directory(&self) -> Option<PathBuf> {
        Some(PathBuf::from("/home"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behaves_like_a_file_system() {
        let host = MemoryHost::new([("main.tf", "a"), ("modules/x/main.tf", "b")]);
        assert_eq!(host.read(Path::new("./main.tf")).ok(), Some(b"a".to_vec()));
        assert_eq!(host.list(Path::new(".")).unwrap_or_default(), ["main.tf"]);
        assert_eq!(host.walk(Path::new("modules")).unwrap_or_default(), ["x/main.tf"]);
        assert_eq!(host.is_file(Path::new("modules/x/../x")), Some(false));
        assert!(host.list(Path::new("none")).is_err());
    }
}
