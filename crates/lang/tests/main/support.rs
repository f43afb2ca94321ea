//! What the tests share.

use std::path::PathBuf;

use smform_lang::eval::{Evaluator, Scope, Subject, render_value};
use smform_lang::functions::FunctionContext;
use smform_lang::syntax::parse_expression;
use smform_types::{Diagnostic, Diagnostics, SourceId, Value};

/// The folder of the corpora.
pub fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/lang")
}

/// The expressions of a recording, each with Terraform's answer.
pub fn recorded(name: &str) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(corpus().join(name)).expect("the recording");
    let mut entries = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(first) = line.strip_prefix("> ") else { continue };
        let mut expression = first.to_owned();
        while let Some(more) = lines.peek().and_then(|line| line.strip_prefix("> ")) {
            expression.push('\n');
            expression.push_str(more);
            lines.next();
        }
        let mut answer = Vec::new();
        // An answer of several lines may hold an empty one; the entry ends where another begins.
        let mut blank = 0;
        while let Some(line) = lines.peek().filter(|line| !line.starts_with("> ") && !line.starts_with("# ")) {
            blank = if line.is_empty() { blank + 1 } else { 0 };
            answer.push(*line);
            lines.next();
        }
        answer.truncate(answer.len().saturating_sub(blank));
        entries.push((expression, answer.join("\n")));
    }
    entries
}

/// What the console answers to an expression, and whether it is a complaint about syntax.
pub fn answer(text: &str, scope: &dyn Scope, cx: &FunctionContext<'_>) -> (String, bool) {
    let evaluator = Evaluator::new(scope, cx);
    match parse_expression(text, SourceId(0)) {
        Err(errors) => (summaries(&errors), true),
        Ok(expr) => {
            let evaluated = match evaluator.type_call(&expr) {
                Some(result) => result,
                None => evaluator.expr(&expr).map(|value| render_value(&value)),
            };
            (evaluated.unwrap_or_else(|errors| summaries(&errors)), false)
        }
    }
}

fn summaries(errors: &Diagnostics) -> String {
    errors.iter().map(|error| format!("Error: {}", error.summary)).collect::<Vec<_>>().join("\n")
}

/// A scope of an empty module.
pub struct Empty;

impl Scope for Empty {
    fn resolve(&self, subject: &Subject) -> Result<Value, Diagnostic> {
        let summary = match subject {
            Subject::Variable(_) => "Reference to undeclared input variable",
            Subject::Local(_) => "Reference to undeclared local value",
            Subject::Resource(_) | Subject::Ephemeral(..) => "Reference to undeclared resource",
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
