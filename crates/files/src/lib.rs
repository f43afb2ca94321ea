//! Files and folders written so that they are on disk when a function returns, and that a reader finds the old content or
//! the new, never a part. A new one is readable by its owner only;
//! one that takes the place of another is as accessible as that was.

use std::ffi::OsString;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

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

/// The file that a path leads to: where symbolic links end, whether there is a file or not.
#[must_use]
pub fn resolved(path: &Path) -> PathBuf {
    let mut place = path.to_owned();
    // As many links as systems follow.
    for _ in 0..40 {
        let Ok(target) = std::fs::read_link(&place) else { break };
        place = match place.parent() {
            Some(folder) => folder.join(target),
            None => target,
        };
    }
    place
}

/// What follows the name of a file in that of what is to take its place.
const UNFINISHED: &str = ".smform-";

/// How the names of files begin that are to take the place of `path`.
fn unfinished(path: &Path) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push(UNFINISHED);
    prefix
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Removes what killed processes have left of files that were to take the place of these, which are all in one folder. To
/// be called by the only one that writes them.
pub fn sweep(paths: &[&Path]) {
    let Some(Ok(entries)) = paths.first().map(|path| std::fs::read_dir(folder_of(path))) else { return };
    let prefixes: Vec<OsString> = paths.iter().map(|path| unfinished(path)).collect();
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        if prefixes.iter().any(|prefix| name.as_encoded_bytes().starts_with(prefix.as_encoded_bytes())) {
            // What stays does no harm.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Gives a file or folder the group of another file, and lets the group and others do with it what they may do with that
/// one, as far as the system allows.
#[cfg(unix)]
pub fn share(file: &File, like: &Path) {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let (Ok(like), Ok(own)) = (std::fs::metadata(like), file.metadata()) else { return };
    let is_in_group =
        own.gid() == like.gid() || rustix::fs::fchown(file, None, Some(rustix::fs::Gid::from_raw(like.gid()))).is_ok();
    let mut mode = like.mode() & 0o777;
    if own.is_dir() {
        mode |= (mode & 0o444) >> 2;
    }
    if !is_in_group {
        mode &= 0o707;
    }
    if own.mode() & 0o777 != mode {
        // Whoever does not own it leaves it as it is.
        let _ = file.set_permissions(std::fs::Permissions::from_mode(mode));
    }
}

/// Elsewhere a file takes the permissions of its folder.
#[cfg(not(unix))]
pub fn share(_: &File, _: &Path) {}

/// Replaces a file as a whole: the new content is on disk before the name leads to it. What is at the end of a symbolic link
/// is replaced there. What is no file, such as a device or a pipe, is written to.
///
/// # Errors
/// As the file system reports; the old content is then still there.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    if is_special(path) {
        return OpenOptions::new().write(true).open(path)?.write_all(content);
    }
    replace_by(path, content, |_| ()).map(drop)
}

/// Whether a path leads to something that is neither a file nor a folder, such as a device, which must not be replaced.
#[must_use]
pub fn is_special(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// Replaces a file as [`replace`] does, by one that `prepare` has seen before it has the name.
///
/// # Errors
/// As the file system reports; the old content is then still there. What is no file is not replaced.
pub fn replace_by(path: &Path, content: &[u8], prepare: impl FnOnce(&File)) -> io::Result<File> {
    if is_special(path) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a device or a pipe, not a file"));
    }
    let path = resolved(path);
    let mut temporary = tempfile::Builder::new().prefix(&unfinished(&path)).tempfile_in(folder_of(&path))?;
    temporary.write_all(content)?;
    share(temporary.as_file(), &path);
    temporary.as_file().sync_all()?;
    prepare(temporary.as_file());
    let file = temporary.persist(&path).map_err(|error| error.error)?;
    sync_name(&path);
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
    if path.symlink_metadata().is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let mut temporary = tempfile::Builder::new().prefix(&unfinished(path)).tempfile_in(folder_of(path))?;
    temporary.write_all(content)?;
    temporary.as_file().sync_all()?;
    temporary.persist_noclobber(path).map_err(|error| error.error)?;
    sync_name(path);
    Ok(())
}

/// Makes a folder, and those that it is in, when they are not there yet.
///
/// # Errors
/// As the file system reports.
pub fn make_folder(path: &Path) -> io::Result<()> {
    make_folder_by(path, DirBuilder::new().recursive(true))
}

/// Makes a folder that only its owner may look into.
///
/// # Errors
/// As the file system reports.
pub fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    make_folder_by(path, &builder)
}

/// Makes folders, and the name of each durable.
fn make_folder_by(path: &Path, builder: &DirBuilder) -> io::Result<()> {
    let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let missing: Vec<&Path> = path.ancestors().take_while(is_missing).collect();
    builder.create(path)?;
    missing.into_iter().for_each(sync_name);
    Ok(())
}

/// Makes everything in a folder durable, names and contents. What a link leads to is not looked at.
///
/// # Errors
/// As the file system reports.
pub fn sync_tree(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            sync_tree(&entry.path())?;
        } else if kind.is_file() {
            match File::open(entry.path())?.sync_all() {
                // Some systems sync only what is open for writing.
                Err(error) if error.kind() != io::ErrorKind::PermissionDenied => return Err(error),
                _ => {}
            }
        }
    }
    sync_names(folder);
    Ok(())
}

/// Makes the name of a file or folder durable.
pub fn sync_name(path: &Path) {
    sync_names(folder_of(path));
}

/// Makes the names in a folder durable, where the system allows to sync a folder; elsewhere names are durable anyway.
fn sync_names(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        // Some systems refuse to sync a folder; there is nothing better to do there.
        let _ = folder.sync_all();
    }
}
