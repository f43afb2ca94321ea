//! The file system as seen from the directory of a command.

use std::io;
use std::path::{Path, PathBuf};

use smform_lang::source::{FileSystem, Host};

/// Resolves relative paths against a directory of its own, so that `-chdir` changes nothing in the process.
#[derive(Clone, Debug)]
pub struct Directory {
    /// Where relative paths start.
    pub base: PathBuf,
    /// Where the command was started, which `path.cwd` says.
    pub original: PathBuf,
}

impl Host for Directory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        FileSystem.read(&self.base.join(path))
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        FileSystem.list(&self.base.join(directory))
    }

    fn walk(&self, directory: &Path) -> io::Result<Vec<String>> {
        FileSystem.walk(&self.base.join(directory))
    }

    fn is_file(&self, path: &Path) -> Option<bool> {
        FileSystem.is_file(&self.base.join(path))
    }

    fn working_directory(&self) -> PathBuf {
        self.original.clone()
    }

    fn home_directory(&self) -> Option<PathBuf> {
        FileSystem.home_directory()
    }
}
