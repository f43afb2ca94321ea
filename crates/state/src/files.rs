//! Files written so that a reader finds the old content or the new, never a part; readable by their owner only.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600)
}

// Elsewhere a new file takes the permissions of its folder.
#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Opens a file for appending, and makes it when there is none.
///
/// # Errors
/// As the file system reports.
pub fn append(path: &Path) -> io::Result<File> {
    private(OpenOptions::new().create(true).append(true)).open(path)
}

/// Opens a file for reading and writing, and makes it, empty, when there is none.
///
/// # Errors
/// As the file system reports.
pub fn touch(path: &Path) -> io::Result<File> {
    private(OpenOptions::new().create(true).read(true).write(true).truncate(false)).open(path)
}

/// Replaces a file as a whole: the new content is on disk before the name leads to it.
///
/// # Errors
/// As the file system reports; the old content is then still there.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    replace_by(path, content, |_| ()).map(drop)
}

/// Replaces a file as [`replace`] does, by one that `prepare` has seen before it has the name.
///
/// # Errors
/// As the file system reports; the old content is then still there.
pub fn replace_by(path: &Path, content: &[u8], prepare: impl FnOnce(&File)) -> io::Result<File> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary = tempfile::Builder::new().prefix(".smform-").tempfile_in(folder)?;
    temporary.write_all(content)?;
    temporary.as_file().sync_all()?;
    prepare(temporary.as_file());
    let file = temporary.persist(path).map_err(|error| error.error)?;
    sync_folder(path);
    Ok(file)
}

/// How often reading begins anew because the file was replaced in the meantime.
const ATTEMPTS: usize = 100;

/// Reads a file as it was at one moment, also when it is being replaced.
///
/// # Errors
/// As the file system reports.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    for _ in 0..ATTEMPTS {
        text.clear();
        let mut file = File::open(path)?;
        file.read_to_end(&mut text)?;
        if !is_replaced(&file) {
            break;
        }
    }
    Ok(text)
}

#[cfg(unix)]
fn is_replaced(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.metadata().is_ok_and(|file| file.nlink() == 0)
}

#[cfg(not(unix))]
fn is_replaced(_: &File) -> bool {
    false
}

/// Writes a file that is not there yet, as a whole.
///
/// # Errors
/// As the file system reports; [`io::ErrorKind::AlreadyExists`] when there is one.
pub fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.symlink_metadata().is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let mut temporary = tempfile::Builder::new().prefix(".smform-").tempfile_in(folder)?;
    temporary.write_all(content)?;
    temporary.as_file().sync_all()?;
    temporary.persist_noclobber(path).map_err(|error| error.error)?;
    sync_folder(path);
    Ok(())
}

/// Makes a folder, and those that it is in, when they are not there yet.
///
/// # Errors
/// As the file system reports.
pub fn make_folder(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)?;
    sync_folder(path);
    Ok(())
}

/// Makes a folder that only its owner may look into.
///
/// # Errors
/// As the file system reports.
pub fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path)?;
    sync_folder(path);
    Ok(())
}

/// Makes the name of a file durable, where the system allows to sync a folder; elsewhere names are durable anyway.
pub fn sync_folder(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(folder) = File::open(folder) {
        // Some systems refuse to sync a folder; there is nothing better to do there.
        let _ = folder.sync_all();
    }
}
