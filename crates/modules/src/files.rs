//! Folders of modules: prepared aside, then put in place at once.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::Failure;

/// How deep a directory is copied, so that a loop of links ends.
const MAX_DEPTH: usize = 64;

/// A folder that is being filled. It is gone when dropped before it was put in place.
pub(crate) struct Staging {
    root: PathBuf,
    folder: tempfile::TempDir,
}

impl Staging {
    /// A new folder below `root`, which is made if it is not there.
    pub fn new(root: &Path) -> Result<Staging, Failure> {
        let folder =
            smform_files::make_folder(root).and_then(|()| tempfile::Builder::new().prefix(".fetch-").tempdir_in(root));
        let folder = folder.map_err(|error| at(root, &error))?;
        Ok(Staging { root: root.to_owned(), folder })
    }

    /// Where to put files. It exists and is empty.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Puts the folder in the place of the one of a name, which goes. What is in it is on disk before it has the name: a
    /// module whose files are empty would be taken for one that declares nothing.
    pub fn put(self, name: &str) -> Result<PathBuf, Failure> {
        let target = self.root.join(name);
        smform_files::sync_tree(self.path()).map_err(|error| at(&target, &error))?;
        if target.symlink_metadata().is_ok() {
            fs::remove_dir_all(&target).map_err(|error| at(&target, &error))?;
        }
        let folder = self.folder.keep();
        fs::rename(&folder, &target).map_err(|error| at(&target, &error))?;
        smform_files::sync_name(&target);
        Ok(target)
    }
}

/// Copies the content of a directory into another.
pub(crate) fn copy(from: &Path, into: &Path) -> Result<(), Failure> {
    if !from.is_dir() {
        return Err(Failure::new(format!("There is no directory {}.", from.display())));
    }
    copy_level(from, into, 0).map_err(|error| at(from, &error))
}

fn copy_level(from: &Path, into: &Path, depth: usize) -> io::Result<()> {
    if depth > MAX_DEPTH {
        return Err(io::Error::other("directories are nested too deeply"));
    }
    fs::create_dir_all(into)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = into.join(entry.file_name());
        if fs::metadata(entry.path())?.is_dir() {
            copy_level(&entry.path(), &target, depth + 1)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Writes a file so that it is there whole or as it was.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let made = folder.map_or(Ok(()), smform_files::make_folder);
    made.and_then(|()| smform_files::replace(path, text.as_bytes())).map_err(|error| at(path, &error))
}

/// A failure at a path.
pub(crate) fn at(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("{}: {error}.", path.display()))
}
