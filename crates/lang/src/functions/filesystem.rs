//! Functions of files and of paths.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine;
use smform_types::{Type, Value};

use super::arguments::{Arguments, Function, ascii};
use super::encoding::BASE64;
use super::error::CallError;
use super::glob::Pattern;
use super::paths;
use super::signature::{Parameter, Shape};

const PATH: Parameter = Parameter::new("path", Shape::String);

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("abspath", &[PATH], Shape::String, abspath, "The path from the root of the file system."),
    Function::new(
        "basename",
        &[PATH],
        Shape::String,
        |a| Ok(Value::string(paths::base(a.text(0)?))),
        "The last part of the path.",
    ),
    Function::new(
        "dirname",
        &[PATH],
        Shape::String,
        |a| Ok(Value::string(paths::directory(a.text(0)?))),
        "The path without its last part.",
    ),
    Function::new("file", &[PATH], Shape::String, file, "The text of a file."),
    Function::new("filebase64", &[PATH], Shape::String, filebase64, "The bytes of a file, in base64."),
    Function::new("fileexists", &[PATH], Shape::Bool, fileexists, "Whether there is a file at the path."),
    Function::new(
        "fileset",
        &[PATH, Parameter::new("pattern", Shape::String)],
        Shape::Set(&Shape::String),
        fileset,
        "The files below a directory whose paths match a pattern.",
    ),
    Function::new(
        "pathexpand",
        &[PATH],
        Shape::String,
        |a| expand(a, a.text(0)?).map(Value::string).map_err(CallError::whole),
        "The path with the home directory for a leading ~.",
    ),
];

/// A path with the home directory in place of a leading `~`; other paths as they are.
fn expand(a: &Arguments<'_>, path: &str) -> Result<String, String> {
    let Some(rest) = path.strip_prefix('~') else { return Ok(path.to_owned()) };
    if !rest.is_empty() && !rest.starts_with(['/', '\\']) {
        return Err("cannot expand user-specific home dir".to_owned());
    }
    let home = a.cx.host.home_directory().ok_or_else(|| "the home directory is not known".to_owned())?;
    Ok(paths::clean(&format!("{}/{rest}", home.to_string_lossy())))
}

/// Where a path argument leads: `~` expanded, relative paths as seen from the working directory.
fn locate(a: &Arguments<'_>, at: usize) -> Result<String, CallError> {
    let expanded = expand(a, a.text(at)?);
    expanded
        .map(|path| paths::clean(&path))
        .map_err(|reason| CallError::argument(at, format!("failed to expand ~: {reason}")))
}

/// The bytes of the file that an argument names.
pub(super) fn read(a: &Arguments<'_>, at: usize) -> Result<Vec<u8>, CallError> {
    let path = locate(a, at)?;
    a.cx.host.read(Path::new(&path)).map_err(|error| {
        let message = match error.kind() {
            io::ErrorKind::NotFound => format!(
                "no file exists at {}; this function works only with files that are distributed as part of the \
                 configuration source code, so if a resource in this configuration creates the file, use an \
                 attribute of that resource instead",
                a.quoted(at)
            ),
            _ => format!("failed to read file {}: {}", a.quoted(at), reason(&error)),
        };
        CallError::argument(at, message)
    })
}

/// What an I/O error says, without the path, which may be sensitive.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        kind => kind.to_string(),
    }
}

/// The text of the file that an argument names.
pub(super) fn read_text(a: &Arguments<'_>, at: usize) -> Result<String, CallError> {
    String::from_utf8(read(a, at)?).map_err(|_| {
        CallError::whole(format!(
            "contents of {} are not valid UTF-8; use filebase64 to obtain the contents in base64, or filemd5, \
             filesha256 and the like to obtain a digest",
            a.quoted(at)
        ))
    })
}

fn file(a: &Arguments<'_>) -> Result<Value, CallError> {
    read_text(a, 0).map(Value::string)
}

fn filebase64(a: &Arguments<'_>) -> Result<Value, CallError> {
    Ok(ascii(&BASE64.encode(read(a, 0)?)))
}

fn fileexists(a: &Arguments<'_>) -> Result<Value, CallError> {
    let path = locate(a, 0).map_err(CallError::of_the_call)?;
    match a.cx.host.is_file(Path::new(&path)) {
        // A part of the path that is a file, and no directory, is a mistake, not something missing.
        None if paths::ancestors(&path).any(|above| a.cx.host.is_file(Path::new(&above)) == Some(true)) => {
            Err(CallError::whole(format!("failed to stat {}: not a directory", a.quoted(0))))
        }
        None => Ok(Value::bool(false)),
        Some(true) => Ok(Value::bool(true)),
        Some(false) => Err(CallError::whole(format!("{} is not a regular file", a.quoted(0)))),
    }
}

fn abspath(a: &Arguments<'_>) -> Result<Value, CallError> {
    let path = a.text(0)?;
    let absolute =
        if Path::new(path).is_absolute() { PathBuf::from(path) } else { a.cx.host.working_directory().join(path) };
    Ok(Value::string(paths::clean(&absolute.to_string_lossy())))
}

fn fileset(a: &Arguments<'_>) -> Result<Value, CallError> {
    let directory = locate(a, 0)?;
    let pattern = paths::clean(&format!("{directory}/{}", a.text(1)?));
    let wrong = |_| CallError::whole(format!("failed to glob pattern {}: syntax error in pattern", a.quoted(1)));
    let pattern = Pattern::new(&pattern);
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(Vec::new()),
        _ => Err(CallError::whole(format!("failed to list {}: {}", a.quoted(0), reason(&error)))),
    };
    let root = Path::new(&pattern.root);
    let names = if pattern.is_deep() { a.cx.host.walk(root) } else { a.cx.host.list(root) };
    let mut found = BTreeSet::new();
    for name in names.or_else(failed)? {
        if pattern.matches(&name).map_err(wrong)? {
            found.insert(paths::relative(&directory, &paths::join(&pattern.root, &name)));
        }
    }
    Ok(Value::set(Type::String, found.into_iter().map(Value::string)))
}
