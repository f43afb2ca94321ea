//! Two answers to the same step, side by side.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value as Json, json};

/// Text with what differs from run to run replaced by something constant, as `record.py` does.
pub fn steady(text: &str) -> String {
    static RULES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        let rules = [
            (
                r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
                "00000000-0000-0000-0000-000000000000",
            ),
            (r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", "2000-01-01T00:00:00Z"),
            (r#"(deposed object |"deposed(?:_key)?": ?")[0-9a-f]{8}\b"#, "${1}00000000"),
            (r"\bafter \d+s\b", "after 0s"),
            (r#""elapsed_seconds": ?\d+"#, "\"elapsed_seconds\":0"),
        ];
        rules.map(|(rule, instead)| (Regex::new(rule).expect("a rule"), instead)).into()
    });
    RULES.iter().fold(text.to_owned(), |text, (rule, instead)| rule.replace_all(&text, *instead).into_owned())
}

/// The lines of a text that are compared: changes, outputs and summaries in their order, then progress, sorted.
pub fn kept(text: &str) -> Vec<String> {
    #[derive(PartialEq)]
    enum Part {
        None,
        Changes,
        PlannedOutputs,
        Outputs,
    }
    static PROGRESS: LazyLock<Regex> = LazyLock::new(|| {
        let words = "Creat|Modif|Destr|Read|Import|Provision|Still |\\(local-exec";
        Regex::new(&format!("^\\S.*?( \\(deposed object \\w+\\))?: ({words})")).expect("a rule")
    });
    static SUMMARY: LazyLock<Regex> =
        LazyLock::new(|| Regex::new("^(No changes|Apply complete!|Destroy complete!)[^.!]*").expect("a rule"));
    let (mut body, mut progress, mut part) = (Vec::new(), Vec::new(), Part::None);
    for line in text.lines() {
        if matches!(part, Part::None | Part::PlannedOutputs) {
            match line {
                line if line.starts_with("  # ") || line.starts_with(" # ") => part = Part::Changes,
                "Changes to Outputs:" => part = Part::PlannedOutputs,
                "Outputs:" => part = Part::Outputs,
                _ => {}
            }
        }
        let is_progress = PROGRESS.is_match(line);
        match part {
            Part::None if is_progress => progress.push(line.to_owned()),
            Part::None if SUMMARY.is_match(line) => body.push(line.to_owned()),
            Part::None => {}
            Part::Changes if line.starts_with("This is a refresh-only plan") => {
                while body.last().is_some_and(String::is_empty) {
                    body.pop();
                }
                part = Part::None;
            }
            Part::PlannedOutputs if line.is_empty() || is_progress => {
                part = Part::None;
                progress.extend(is_progress.then(|| line.to_owned()));
            }
            Part::Changes | Part::PlannedOutputs | Part::Outputs => {
                body.push(line.to_owned());
                if part == Part::Changes && line.starts_with("Plan: ") {
                    part = Part::None;
                }
            }
        }
    }
    progress.sort();
    body.extend(progress);
    body
}

/// The events that are compared, without what differs from run to run, in a fixed order.
pub fn events(events: Vec<Json>) -> Vec<Json> {
    let mut kept: Vec<Json> = Vec::new();
    for mut event in events {
        let kind = event["type"].as_str().unwrap_or_default().to_owned();
        for name in ["@timestamp", "@module", "@level"] {
            event.as_object_mut().map(|event| event.remove(name));
        }
        match kind.as_str() {
            "diagnostic" => kept.push(message(&event["diagnostic"]).into()),
            // What is read when is each program's own affair.
            "version" | "log" | "apply_progress" | "refresh_start" | "refresh_complete" => {}
            _ => kept.push(sorted(event)),
        }
    }
    kept.sort_by_cached_key(Json::to_string);
    kept
}

/// With the members of every object in order of name.
pub fn sorted(json: Json) -> Json {
    match json {
        Json::Object(members) => {
            let members: std::collections::BTreeMap<String, Json> =
                members.into_iter().map(|(name, value)| (name, sorted(value))).collect();
            Json::Object(members.into_iter().collect())
        }
        Json::Array(items) => items.into_iter().map(sorted).collect(),
        json => json,
    }
}

fn message(diagnostic: &Json) -> String {
    let place = diagnostic.get("range").map(|range| {
        let at = |name: &str| format!("{},{}", range[name]["line"], range[name]["column"]);
        format!(" {}:{}-{}", range["filename"].as_str().unwrap_or_default(), at("start"), at("end"))
    });
    let text = |name: &str| diagnostic[name].as_str().unwrap_or_default();
    format!("{}{}: {}", text("severity"), place.unwrap_or_default(), text("summary"))
}

/// Everything that is not as recorded.
#[derive(Default)]
pub struct Differences {
    cases: BTreeSet<String>,
    lines: Vec<String>,
}

impl Differences {
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Those of both.
    #[must_use]
    pub fn with(mut self, other: Differences) -> Differences {
        self.cases.extend(other.cases);
        self.lines.extend(other.lines);
        self
    }

    /// How many cases have any.
    pub fn cases(&self) -> usize {
        self.cases.len()
    }

    /// Compares one step.
    pub fn step(&mut self, case: &str, command: &str, expected: &Json, got: &Map<String, Json>) {
        let mut lines = Vec::new();
        let none = Map::new();
        for (name, expected) in expected.as_object().unwrap_or(&none).iter().filter(|(name, _)| *name != "command") {
            match (expected, got.get(name)) {
                // Terraform has no answer, either.
                (Json::Null, _) => {}
                (_, None) => lines.push(format!("{name}: missing")),
                (Json::Array(expected), Some(Json::Array(got))) => sequence(name, expected, got, &mut lines),
                (expected, Some(got)) => compare(name, expected, got, &mut lines),
            }
        }
        lines.extend(got.keys().filter(|name| expected.get(name).is_none()).map(|name| format!("{name}: not wanted")));
        if !lines.is_empty() {
            self.cases.insert(case.to_owned());
            self.lines.push(format!("{case}: {command}"));
            self.lines.extend(lines.into_iter().map(|line| format!("    {line}")));
        }
    }
}

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "not as Terraform has it (- Terraform, + smform):\n{}", self.lines.join("\n"))
    }
}

/// Lines or events that only one side has.
fn sequence(name: &str, expected: &[Json], got: &[Json], lines: &mut Vec<String>) {
    // Where a text names the program, each names itself.
    let text = |item: &Json| item.as_str().map_or_else(|| item.to_string(), |text| text.replace("Terraform", "smform"));
    let (expected, got): (Vec<String>, Vec<String>) =
        (expected.iter().map(text).collect(), got.iter().map(text).collect());
    let of = |items: &[String]| items.iter().map(|item| format!("{item}\n")).collect::<String>();
    let (expected, got) = (of(&expected), of(&got));
    for change in similar::TextDiff::from_lines(&expected, &got).iter_all_changes() {
        let sign = match change.tag() {
            similar::ChangeTag::Equal => continue,
            similar::ChangeTag::Delete => '-',
            similar::ChangeTag::Insert => '+',
        };
        lines.push(format!("{name}: {sign} {}", change.value().trim_end_matches('\n')));
    }
}

fn compare(path: &str, expected: &Json, got: &Json, lines: &mut Vec<String>) {
    match (expected, got) {
        (Json::Object(expected), Json::Object(got)) => {
            let names: BTreeSet<&String> = expected.keys().chain(got.keys()).collect();
            for name in names {
                let path = format!("{path}.{name}");
                match (expected.get(name), got.get(name)) {
                    (Some(expected), Some(got)) => compare(&path, expected, got, lines),
                    (Some(expected), None) => lines.push(format!("{path}: - {expected}")),
                    (None, Some(got)) => lines.push(format!("{path}: + {got}")),
                    (None, None) => {}
                }
            }
        }
        (Json::Array(expected), Json::Array(got)) if expected.len() == got.len() => {
            for (at, (expected, got)) in expected.iter().zip(got).enumerate() {
                compare(&format!("{path}[{at}]"), expected, got, lines);
            }
        }
        _ if expected == got => {}
        _ => lines.push(format!("{path}: - {expected} + {got}")),
    }
}

#[test]
fn a_difference_is_found_wherever_it_is() {
    let expected = json!({ "command": "plan", "exit": 0, "text": ["a", "b"], "plan": { "x": [1, { "y": 2 }] } });
    let same = json!({ "exit": 0, "text": ["a", "b"], "plan": { "x": [1, { "y": 2 }] } });
    let other = json!({ "exit": 1, "text": ["a"], "plan": { "x": [1, { "y": 3, "z": 1 }] }, "state": {} });
    let mut found = Differences::default();
    found.step("case", "plan", &expected, same.as_object().expect("an object"));
    assert!(found.is_empty(), "{found}");
    found.step("case", "plan", &expected, other.as_object().expect("an object"));
    let wanted =
        ["case: plan", "    exit: - 0 + 1", "    text: - b", "    plan.x[1].y: - 2 + 3", "    plan.x[1].z: + 1"];
    assert_eq!(found.lines, [&wanted[..], &["    state: not wanted"]].concat());
}
