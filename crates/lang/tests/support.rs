//! What the tests share.

use std::path::PathBuf;

use smform_lang::eval::{Scope, Subject};
use smform_types::{Diagnostic, Value};

/// The folder of the corpora.
pub fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/lang")
}

/// A scope of an empty module.
pub struct Empty;

impl Scope for Empty {
    fn resolve(&self, subject: &Subject) -> Result<Value, Diagnostic> {
        let summary = match subject {
            Subject::Variable(_) => "Reference to undeclared input variable",
            Subject::Local(_) => "Reference to undeclared local value",
            Subject::Resource(_) => "Reference to undeclared resource",
            Subject::Module(_) => "Reference to undeclared module",
            Subject::EachKey | Subject::EachValue => "Reference to \"each\" in context without for_each",
            Subject::CountIndex => "Reference to \"count\" in non-counted context",
            Subject::SelfObject => "Invalid \"self\" reference",
            Subject::Path(_) => "Invalid \"path\" attribute",
            Subject::Terraform(_) => "Invalid \"terraform\" attribute",
            Subject::Output(_) => "Invalid reference",
        };
        Err(Diagnostic::error(summary, ""))
    }
}
