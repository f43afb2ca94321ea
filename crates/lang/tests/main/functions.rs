//! Calls of functions against the recorded answers of Terraform (`functions.txt`; see `record.py` there).

use std::io;
use std::path::{Path, PathBuf};

use smform_lang::eval::{Scope, Subject, Templates};
use smform_lang::functions::{FunctionContext, Phase};
use smform_lang::source::{FileSystem, Host};
use smform_types::{Diagnostic, Type, Value};

use crate::support::{Empty, answer, corpus, recorded};

/// Calls whose answer differs from Terraform's, each with the reason.
const DIFFERENT: &[(&str, &str)] = &[
    ("yamldecode(\"[-, 1]\")", "YAML 1.2 does not allow a lone dash in a flow collection"),
    ("yamldecode(\"{a: -}\")", "YAML 1.2 does not allow a lone dash in a flow collection"),
    ("yamldecode(\"[?x, :y]\")", "YAML 1.2 allows scalars to begin so in a flow collection"),
    (
        "length(setproduct([\"a\"], toset([tostring(local.unknown), \"b\"]))) < 3",
        "known earlier than Terraform knows it",
    ),
    ("regex(\"(a{100}){100}\", \"a\")", "nested repetitions have a bound of their own, and only its size counts"),
    ("yamldecode(\"a:\\n  b: \\\"x\\n  y\\\"\")", "YAML wants the lines of a quoted scalar deeper than its mapping"),
];

/// The files of the corpus, with their folder as the working directory.
struct Files(PathBuf);

impl Host for Files {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        FileSystem.read(&self.0.join(path))
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        FileSystem.list(&self.0.join(directory))
    }

    fn walk(&self, directory: &Path) -> io::Result<Vec<String>> {
        FileSystem.walk(&self.0.join(directory))
    }

    fn is_file(&self, path: &Path) -> Option<bool> {
        FileSystem.is_file(&self.0.join(path))
    }

    fn working_directory(&self) -> PathBuf {
        self.0.clone()
    }

    fn home_directory(&self) -> Option<PathBuf> {
        Some(PathBuf::from("/home/me"))
    }
}

/// A scope that knows where it is, and has the locals of `files/unknown.tf`.
struct Paths(String);

impl Scope for Paths {
    fn resolve(&self, subject: &Subject) -> Result<Value, Diagnostic> {
        match subject {
            Subject::Path(name) if &**name == "cwd" => Ok(Value::string(&self.0)),
            Subject::Path(_) => Ok(Value::string(".")),
            Subject::Local(name) if &**name == "unknown" => Ok(Value::unknown(Type::Dynamic)),
            Subject::Local(name) if &**name == "template" => Ok(Value::string("hi ${name}")),
            Subject::Local(name) if &**name == "templates" => {
                Ok(Value::tuple(["x ${name}", "%{ if name }yes%{ else }no%{ endif }"].map(Value::from)))
            }
            subject => Empty.resolve(subject),
        }
    }
}

#[test]
fn answers_are_terraforms() {
    let folder = corpus().join("files").canonicalize().expect("the files");
    let scope = Paths(folder.to_string_lossy().into_owned());
    let host = Files(folder);
    let cx = FunctionContext { host: &host, phase: Phase::Console, plan_timestamp: None, templates: &Templates };
    let mut failures = Vec::new();
    let entries = recorded("functions.txt");
    let count = entries.len();
    for (expression, recorded) in entries {
        let (ours, syntax) = answer(&expression, &scope, &cx);
        if syntax && recorded.starts_with("Error: ") {
            continue;
        }
        let same = ours == recorded;
        let excused = DIFFERENT.iter().any(|(known, _)| *known == expression);
        if same == excused {
            failures.push(format!("> {expression}\nterraform: {recorded}\nours:      {ours}\n"));
        }
    }
    assert!(count > 1400, "only {count} calls");
    assert!(failures.is_empty(), "{} of {count} differ:\n{}", failures.len(), failures.join("\n"));
}
