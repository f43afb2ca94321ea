//! `fmt`: rewrites configuration files in canonical layout.

use std::path::{Path, PathBuf};

use similar::TextDiff;
use smform_lang::format::format;
use smform_lang::syntax::parse_native;

use crate::args::Fmt;
use crate::errors::{Exit, Failure, file};
use crate::session::Session;

/// The ends of the names of files that have a canonical layout.
const KINDS: [&str; 4] = [".tf", ".tfvars", ".tftest.hcl", ".tfmock.hcl"];

/// How standard input is named among files.
const STANDARD_INPUT: &str = "<stdin>";

/// Formats files, the files of folders, or standard input (`-`). A file that cannot be read, is not valid, or cannot be
/// written is told of, and the others are formatted nonetheless.
pub fn run(session: &Session, args: &Fmt) -> Exit {
    let input = args.targets.first().is_some_and(|target| target.as_os_str() == "-");
    let reports = Reports { list: args.list && !input, write: args.write && !input && !args.check, diff: args.diff };
    let recursive = args.recursive;
    let mut work =
        Work { session, reports, recursive, text: String::new(), changed: false, failed: Failure::default() };
    if input {
        let text = session.console.read_all();
        match text {
            Ok(text) => work.text(STANDARD_INPUT, &text, None),
            Err(error) => work.fail(file("read", Path::new(STANDARD_INPUT), &error)),
        }
    } else if args.targets.is_empty() {
        work.folder(Path::new(""));
    } else {
        for target in &args.targets {
            // As with Terraform, a target that is not there ends the work.
            if !work.target(target) {
                break;
            }
        }
    }
    let failed = work.failed.diagnostics.has_errors();
    if !args.check || (args.list && !input && !failed) {
        session.console.out(&work.text);
    }
    if failed {
        let _ = session.fail(&work.failed, session.style(args.no_color));
        return Exit::Unusable;
    }
    if args.check && work.changed { Exit::Unformatted } else { Exit::Success }
}

/// What is done with a file that is not in canonical layout.
#[derive(Clone, Copy)]
struct Reports {
    list: bool,
    write: bool,
    diff: bool,
}

struct Work<'a> {
    session: &'a Session,
    reports: Reports,
    recursive: bool,
    /// What is to be printed.
    text: String,
    changed: bool,
    /// What went wrong, with the texts of all files.
    failed: Failure,
}

impl Work<'_> {
    fn fail(&mut self, failure: Failure) {
        self.failed.diagnostics.extend(failure.diagnostics);
    }

    /// Whether the target is there.
    fn target(&mut self, target: &Path) -> bool {
        let target = &relative(&self.session.path(target), &self.session.host.base);
        let path = self.session.path(target);
        let shown = target.display();
        if path.is_dir() {
            self.folder(target);
        } else if !path.exists() {
            self.fail(Failure::error(format!("No file or directory at {shown}"), "Check the path."));
            return false;
        } else if is_kind(target) {
            self.file(target);
        } else {
            let detail = format!("{shown} is none of them.");
            self.fail(Failure::error("Only .tf, .tfvars, and .tftest.hcl files can be formatted", detail));
        }
        true
    }

    fn folder(&mut self, folder: &Path) {
        let entries = match std::fs::read_dir(self.session.path(folder)) {
            Ok(entries) => entries,
            Err(error) => return self.fail(file("read", folder, &error)),
        };
        let mut names: Vec<PathBuf> = entries.flatten().map(|entry| entry.file_name().into()).collect();
        names.sort();
        for name in names.into_iter().filter(|name| !is_ignored(name)) {
            let path = folder.join(&name);
            if self.session.path(&path).is_dir() {
                if self.recursive {
                    self.folder(&path);
                }
            } else if is_kind(&name) {
                self.file(&path);
            }
        }
    }

    fn file(&mut self, path: &Path) {
        match self.session.read(path) {
            Ok(text) => self.text(&path.display().to_string(), &text, Some(path)),
            Err(failure) => self.fail(failure),
        }
    }

    fn text(&mut self, name: &str, text: &str, path: Option<&Path>) {
        let source = self.failed.sources.add(name, text);
        let (_, found) = parse_native(text, source);
        if found.has_errors() {
            return self.fail(found.into());
        }
        let formatted = format(text);
        if formatted != text {
            self.changed = true;
            if self.reports.list {
                self.line(name);
            }
            if let Some(path) = path.filter(|_| self.reports.write)
                && let Err(failure) = self.write(path, &formatted)
            {
                return self.fail(failure);
            }
            if self.reports.diff {
                let diff = TextDiff::from_lines(text, &formatted);
                let (old, new) = (format!("old/{name}"), format!("new/{name}"));
                self.line(&diff.unified_diff().context_radius(3).header(&old, &new).to_string());
            }
        }
        if !self.reports.list && !self.reports.write && !self.reports.diff {
            self.line(&formatted);
        }
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        if !text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    /// Replaces a file as a whole, with the permissions that it has.
    fn write(&self, path: &Path, text: &str) -> Result<(), Failure> {
        let place = self.session.path(path);
        let failed = |error: std::io::Error| file("write", path, &error);
        // A link stays a link.
        let place = place.canonicalize().map_err(failed)?;
        let permissions = std::fs::metadata(&place).map_err(failed)?.permissions();
        smform_files::replace(&place, text.as_bytes()).map_err(failed)?;
        std::fs::set_permissions(&place, permissions).map_err(failed)
    }
}

/// A path as seen from a folder: how Terraform names files, however they were given.
fn relative(path: &Path, folder: &Path) -> PathBuf {
    let (path, folder) = (smform_lang::config::normal(path), smform_lang::config::normal(folder));
    let shared = path.components().zip(folder.components()).take_while(|(one, other)| one == other).count();
    let up = folder.components().skip(shared).map(|_| "..");
    up.map(std::ffi::OsStr::new).chain(path.components().skip(shared).map(|part| part.as_os_str())).collect()
}

fn is_kind(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    KINDS.iter().any(|kind| name.ends_with(kind))
}

/// What editors leave behind, and what is hidden.
fn is_ignored(name: &Path) -> bool {
    let name = name.to_string_lossy();
    name.starts_with('.') || name.ends_with('~') || (name.starts_with('#') && name.ends_with('#'))
}
