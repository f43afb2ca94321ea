//! Where texts come from: the files of a directory, behind a trait so that tests need none.

mod files;
mod filesystem;
mod memory;

use std::io;
use std::path::{Path, PathBuf};

pub use files::{ModuleFiles, is_json, module_files, read_text};
pub use filesystem::FileSystem;
pub use memory::MemoryHost;

/// The outside world as the language sees it.
pub trait Host: Send + Sync {
    /// The bytes of a file.
    ///
    /// # Errors
    /// As the file system reports.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// The names of the regular files in a directory, sorted.
    ///
    /// # Errors
    /// As the file system reports.
    fn list(&self, directory: &Path) -> io::Result<Vec<String>>;

    /// Every regular file below a directory, as paths relative to it with forward slashes, sorted.
    ///
    /// # Errors
    /// As the file system reports.
    fn walk(&self, directory: &Path) -> io::Result<Vec<String>>;

    /// What is at a path: nothing, a regular file (`Some(true)`), or something else (`Some(false)`).
    fn is_file(&self, path: &Path) -> Option<bool>;

    /// The working directory, absolute.
    fn working_directory(&self) -> PathBuf;

    /// The user's home directory, if there is one.
    fn home_directory(&self) -> Option<PathBuf>;
}
