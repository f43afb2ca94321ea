//! Expressions against the recorded answers of Terraform (`expressions.txt`; see `record.py` there).

use smform_lang::eval::{Evaluator, Templates, render_value};
use smform_lang::functions::{FunctionContext, Phase};
use smform_lang::source::FileSystem;
use smform_lang::syntax::parse_expression;
use smform_types::{Diagnostics, SourceId};

use crate::support::{Empty, corpus};

/// Expressions whose answer differs from Terraform's for a reason.
const DIFFERENT: &[(&str, &str)] = &[];

/// Our answer, and whether it is a complaint about syntax.
fn answer(text: &str) -> (String, bool) {
    let cx = FunctionContext { host: &FileSystem, phase: Phase::Console, plan_timestamp: None, templates: &Templates };
    let evaluator = Evaluator::new(&Empty, &cx);
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

/// Whether two answers agree. Errors agree when they have a summary in common; complaints about syntax are worded our
/// own way, so that both having one is enough.
fn agree(ours: &str, syntax: bool, recorded: &str) -> bool {
    if recorded.starts_with("Error: ") && ours.starts_with("Error: ") {
        return syntax || recorded.lines().any(|line| ours.lines().any(|our| our == line));
    }
    ours == recorded
}

#[test]
fn answers_are_terraforms() {
    let text = std::fs::read_to_string(corpus().join("expressions.txt")).expect("the recording");
    let mut failures = Vec::new();
    let mut count = 0;
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(first) = line.strip_prefix("> ") else { continue };
        let mut expression = first.to_owned();
        while let Some(more) = lines.peek().and_then(|line| line.strip_prefix("> ")) {
            expression.push('\n');
            expression.push_str(more);
            lines.next();
        }
        let mut recorded = Vec::new();
        // An answer of several lines may hold an empty one; the entry ends where another begins.
        let mut blank = 0;
        while let Some(line) = lines.peek().filter(|line| !line.starts_with("> ") && !line.starts_with("# ")) {
            blank = if line.is_empty() { blank + 1 } else { 0 };
            recorded.push(*line);
            lines.next();
        }
        recorded.truncate(recorded.len().saturating_sub(blank));
        let recorded = recorded.join("\n");
        let (ours, syntax) = answer(&expression);
        let excused = DIFFERENT.iter().any(|(known, _)| *known == expression);
        if agree(&ours, syntax, &recorded) == excused {
            failures.push(format!("> {expression}\nterraform: {recorded}\nours:      {ours}\n"));
        }
        count += 1;
    }
    assert!(count > 300, "only {count} expressions");
    assert!(failures.is_empty(), "{} of {count} differ:\n{}", failures.len(), failures.join("\n"));
}
