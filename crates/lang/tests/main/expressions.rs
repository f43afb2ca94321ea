//! Expressions against the recorded answers of Terraform (`expressions.txt`; see `record.py` there).

use smform_lang::eval::Templates;
use smform_lang::functions::{FunctionContext, Phase};
use smform_lang::source::FileSystem;

use crate::support::{Empty, answer, recorded};

/// Expressions whose answer differs from Terraform's for a reason.
const DIFFERENT: &[(&str, &str)] = &[
    ("convert(\"1\", number)", "a function of later versions"),
    ("var", "that it is no reference is said once"),
    ("local[\"a\"]", "that it is no reference is said once"),
];

/// Whether two answers agree. Errors agree when their summaries do, in any order; complaints about syntax are worded our
/// own way, so that both having one is enough.
fn agree(ours: &str, syntax: bool, recorded: &str) -> bool {
    if recorded.starts_with("Error: ") && ours.starts_with("Error: ") {
        let summaries = |text: &str| text.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
        return syntax || summaries(ours) == summaries(recorded);
    }
    ours == recorded
}

#[test]
fn answers_are_terraforms() {
    let cx = FunctionContext { host: &FileSystem, phase: Phase::Console, plan_timestamp: None, templates: &Templates };
    let mut failures = Vec::new();
    let entries = recorded("expressions.txt");
    let count = entries.len();
    for (expression, recorded) in entries {
        let (ours, syntax) = answer(&expression, &Empty, &cx);
        let excused = DIFFERENT.iter().any(|(known, _)| *known == expression);
        if agree(&ours, syntax, &recorded) == excused {
            failures.push(format!("> {expression}\nterraform: {recorded}\nours:      {ours}\n"));
        }
    }
    assert!(count > 300, "only {count} expressions");
    assert!(failures.is_empty(), "{} of {count} differ:\n{}", failures.len(), failures.join("\n"));
}
