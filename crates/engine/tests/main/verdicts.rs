//! Small configurations against the recorded verdicts of Terraform (`tests/lang/verdicts.txt`; see
//! `record_verdicts.py` there).

use std::path::PathBuf;

use crate::support::Bench;

/// Cases that end otherwise, by a line that only they have, each with the reason.
const DIFFERENT: &[(&str, &str)] = &[
    ("deprecated = \"x\"", "an argument of later versions"),
    ("local.x == 2 && var.v == 1", "one operand is enough in later versions"),
    ("provider \"nope\" {}", "modules configure providers that smform does not have, to no effect"),
    ("m/main.tf\nimport {", "later versions import in child modules"),
];

struct Case {
    refused: bool,
    text: String,
    files: Vec<(String, String)>,
}

fn cases() -> Vec<Case> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/lang/verdicts.txt");
    let text = std::fs::read_to_string(path).expect("the recording");
    let mut cases = Vec::new();
    for case in format!("\n{text}").split("\n=== ").skip(1) {
        let (verdict, files) = case.split_once('\n').expect("a verdict and files");
        let file = |file: &str| {
            let (name, text) = file.split_once('\n').unwrap_or((file, ""));
            (name.to_owned(), format!("{text}\n"))
        };
        let files: Vec<_> = format!("\n{files}").split("\n--- ").skip(1).map(file).collect();
        cases.push(Case { refused: verdict == "refused", text: format!("{case}\n="), files });
    }
    cases
}

#[test]
fn verdicts_are_terraforms() {
    let cases = cases();
    assert!(cases.len() > 300, "only {} cases", cases.len());
    let mut failures = Vec::new();
    for case in &cases {
        let files: Vec<(&str, &str)> = case.files.iter().map(|(name, text)| (&**name, &**text)).collect();
        let errors: Vec<_> =
            Bench::new().validate_files(&files).into_iter().filter(|(is_error, _, _)| *is_error).collect();
        let excused = DIFFERENT.iter().any(|(mark, _)| case.text.contains(mark));
        if errors.is_empty() == case.refused && !excused || errors.iter().any(|(_, located, _)| !located) {
            failures.push(format!("terraform: {}\nours:      {errors:?}\n", case.text));
        }
    }
    assert!(failures.is_empty(), "{} of {} differ:\n{}", failures.len(), cases.len(), failures.join("\n"));
}
