//! Configurations with their expected messages: `tests/lang/*.tf`, and folders there for cases of several files.
//!
//! A file says what it expects in comments at its end, a folder in `expected.txt`: one line for each message,
//! `error main.tf:3:5-9 Summary` (line, first column, column after the last; with `4:2` as the end when it is on
//! another line), in the order of the messages. `expect:` begins the comments. With `BLESS=1` in the environment the
//! expectations are rewritten; review what changed.

use std::fs;
use std::path::{Path, PathBuf};

use smform_lang::config::{Config, LocalModules, load};
use smform_lang::source::FileSystem;
use smform_types::{Diagnostic, Diagnostics};

use crate::module::check;
use crate::support::corpus;

const MARK: &str = "# expect:";

fn describe(error: &Diagnostic, config: &Config) -> String {
    let severity = if error.is_error() { "error" } else { "warning" };
    let place = error.span.and_then(|span| {
        let source = config.sources.get(span.source)?;
        let (start, end) = (source.position(span.start as usize), source.position(span.end as usize));
        let name = Path::new(&*source.name).file_name()?.to_string_lossy().into_owned();
        let end = if start.line == end.line { end.column.to_string() } else { format!("{}:{}", end.line, end.column) };
        Some(format!("{name}:{}:{}-{end}", start.line, start.column))
    });
    let place = place.unwrap_or_else(|| "nowhere".to_owned());
    let values: Vec<String> =
        error.values.iter().map(|value| format!("{} {}", value.traversal, value.statement)).collect();
    let values = if values.is_empty() { String::new() } else { format!(" | {}", values.join("; ")) };
    format!("{severity} {place} {}{values}", error.summary)
}

fn messages(directory: &Path) -> String {
    let (config, mut errors) = load(&FileSystem, directory, &LocalModules);
    errors.extend(config.deferred.clone());
    if !errors.has_errors() {
        errors.extend(check(&config));
    }
    assert_well_formed(&errors);
    errors.iter().map(|error| describe(error, &config) + "\n").collect()
}

/// What holds of every message.
fn assert_well_formed(errors: &Diagnostics) {
    for error in errors {
        assert!(error.span.is_some(), "no place: {error:?}");
        assert!(!error.summary.ends_with('.'), "a summary has no full stop: {error:?}");
        assert!(error.detail.trim_end().ends_with(['.', '?', '!', '}']), "a detail is in sentences: {error:?}");
    }
}

/// Writes other expectations in the place of those there.
type Rewrite = Box<dyn Fn(&str)>;

/// The expected messages, and how to write others in their place.
fn expectation(path: &Path) -> (String, Rewrite) {
    if path.is_dir() {
        let file = path.join("expected.txt");
        let expected = fs::read_to_string(&file).unwrap_or_default();
        return (expected, Box::new(move |new| fs::write(&file, new).expect("writable")));
    }
    let text = fs::read_to_string(path).expect("readable");
    let (config, expected) = text.split_once(MARK).unwrap_or((&text, ""));
    let expected =
        expected.lines().filter_map(|line| line.strip_prefix("# ")).map(|line| format!("{line}\n")).collect();
    let (config, path) = (config.to_owned(), path.to_owned());
    let write = move |new: &str| {
        let lines: String = new.lines().map(|line| format!("# {line}\n")).collect();
        fs::write(&path, format!("{}\n\n{MARK}\n{lines}", config.trim_end_matches('\n'))).expect("writable");
    };
    (expected, Box::new(write))
}

#[test]
fn configurations_give_the_expected_messages() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut failures = Vec::new();
    let mut cases: Vec<PathBuf> =
        fs::read_dir(corpus()).expect("the corpus").flatten().map(|entry| entry.path()).collect();
    cases.retain(|path| {
        path.join("expected.txt").exists() || path.extension().is_some_and(|extension| extension == "tf")
    });
    cases.sort();
    assert!(cases.len() > 30, "only {} cases", cases.len());
    for case in cases {
        let (expected, rewrite) = expectation(&case);
        let found = if case.is_dir() {
            messages(&case)
        } else {
            let directory = tempfile::tempdir().expect("a directory");
            fs::copy(&case, directory.path().join(case.file_name().expect("named"))).expect("copied");
            messages(directory.path())
        };
        if found != expected {
            if bless {
                rewrite(&found);
            } else {
                failures.push(format!("{}\nexpected:\n{expected}found:\n{found}", case.display()));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
