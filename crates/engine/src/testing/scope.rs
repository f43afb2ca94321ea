//! What references stand for in test files: the values of a run, the outputs of earlier runs, and variables that the
//! module under test does not have.

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_lang::config::testing::named;
use smform_lang::eval::{Scope, Subject};
use smform_types::suggest::did_you_mean;
use smform_types::{Diagnostic, Value};

/// The scope of a test file.
pub struct TestScope<'a> {
    /// The module that was run; nothing before.
    pub module: Option<&'a dyn Scope>,
    /// Whether the module declares a variable.
    pub declares: &'a dyn Fn(&str) -> bool,
    /// Variables of the file and of the run.
    pub variables: &'a BTreeMap<Arc<str>, Value>,
    /// The outputs of the runs so far.
    pub runs: &'a BTreeMap<Arc<str>, Value>,
    /// The names of all runs of the file.
    pub all: &'a [Arc<str>],
}

impl Scope for TestScope<'_> {
    fn resolve(&self, subject: &Subject) -> Result<Value, Diagnostic> {
        if let Some(name) = named(subject, "run") {
            return self.runs.get(name).cloned().ok_or_else(|| no_run(name, self.all));
        }
        match (subject, self.module) {
            (Subject::Variable(name), Some(module)) if (self.declares)(name) => module.resolve(subject),
            (Subject::Variable(name), _) if self.variables.contains_key(name) => {
                self.variables.get(name).cloned().ok_or_else(|| unavailable(subject))
            }
            (_, Some(module)) => module.resolve(subject),
            (_, None) => Err(unavailable(subject)),
        }
    }
}

/// The error for a reference to a run that has no outputs.
#[must_use]
pub fn no_run(name: &str, all: &[Arc<str>]) -> Diagnostic {
    if all.iter().any(|known| **known == *name) {
        let detail = format!(
            "The run block \"{name}\" has not executed yet. You can only reference run blocks that are in the same test \
             file and that stand before."
        );
        return Diagnostic::error("Reference to unavailable run block", detail);
    }
    let hint = did_you_mean(name, all.iter().map(|known| &**known));
    let detail = format!("The run block \"{name}\" does not exist within this test file.{hint}");
    Diagnostic::error("Reference to unknown run block", detail)
}

fn unavailable(subject: &Subject) -> Diagnostic {
    let detail = match subject {
        Subject::Variable(name) => format!(
            "There is no variable \"{name}\" here: of the file's variables and of those given from outside none has this \
             name."
        ),
        _ => "Values of variables may refer to earlier runs (run.name.output) and to variables of the file or given from \
              outside (var.name)."
            .to_owned(),
    };
    Diagnostic::error("Reference to unavailable variable", detail)
}
