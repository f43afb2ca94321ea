//! The results of a test in the format of JUnit, as Terraform writes it.

use std::time::Duration;

use smform_engine::testing::Status;
use smform_types::{Diagnostic, Diagnostics, SourceMap};

use super::diagnostics::{Layout, render};
use super::style::Style;

/// How wide messages are.
const WIDTH: usize = 78;

/// A file of runs.
pub struct Suite {
    /// Its name.
    pub name: String,
    /// Its runs.
    pub cases: Vec<Case>,
}

/// A run.
pub struct Case {
    /// Its name.
    pub name: String,
    /// How it came out.
    pub status: Status,
    /// When it began, in RFC 3339, and how long it took; nothing when it was left out.
    pub time: Option<(String, Duration)>,
    /// How many assertions it has.
    pub assertions: usize,
    /// What was wrong.
    pub errors: Vec<Diagnostic>,
    /// The errors as text, then the warnings.
    pub texts: [String; 2],
}

impl Case {
    /// A run with what was found in it.
    #[must_use]
    pub fn new(
        name: &str,
        status: Status,
        time: Option<(String, Duration)>,
        assertions: usize,
        found: &Diagnostics,
        sources: &SourceMap,
    ) -> Case {
        let text = |is_error: bool| {
            let layout = Layout { style: Style::PLAIN, width: WIDTH };
            let found = found.iter().filter(|found| found.is_error() == is_error);
            found.map(|found| without_marks(&render(found, sources, layout)) + "\n").collect::<Vec<_>>().join("\n")
        };
        let errors = found.iter().filter(|found| found.is_error()).cloned().collect();
        Case { name: name.to_owned(), status, time, assertions, errors, texts: [text(true), text(false)] }
    }

    fn write(&self, file: &str, before: Option<&Case>, out: &mut String) {
        let time =
            self.time.as_ref().map(|(begun, took)| format!(" time=\"{}\" timestamp=\"{begun}\"", took.as_secs_f64()));
        let (name, file) = (escaped(&self.name), escaped(file));
        out.push_str(&format!("    <testcase name=\"{name}\" classname=\"{file}\"{}>", time.unwrap_or_default()));
        let [errors, warnings] = &self.texts;
        let mut parts = Vec::new();
        match self.status {
            Status::Pass => {}
            Status::Fail => parts.push(part("failure", &self.failure(), errors)),
            Status::Error => parts.push(part("error", "Encountered an error", errors)),
            Status::Skip => parts.push(skipped(before)),
        }
        if !warnings.is_empty() {
            parts.push(format!("<system-err>{}</system-err>", text(&format!("\n{warnings}"))));
        }
        for part in &parts {
            out.push_str(&format!("\n      {part}"));
        }
        out.push_str(if parts.is_empty() { "</testcase>\n" } else { "\n    </testcase>\n" });
    }

    /// Which assertions do not hold.
    fn failure(&self) -> String {
        let count = format!("{} of {} assertions failed:", self.errors.len(), self.assertions);
        match self.errors.as_slice() {
            [one] => format!("{count} {}", one.detail),
            errors => {
                let list: String = errors.iter().map(|error| format!("\n  - {}", error.detail)).collect();
                format!("{count}{list}")
            }
        }
    }
}

/// Without the lines that only underline, for programs that show the text in another font.
fn without_marks(text: &str) -> String {
    let is_mark = |line: &&str| line.trim_start().starts_with('^') && line.trim().chars().all(|c| c == '^');
    text.trim().lines().filter(|line| !is_mark(line)).collect::<Vec<_>>().join("\n")
}

/// Why a run was left out: the last one that was not.
fn skipped(before: Option<&Case>) -> String {
    match before.filter(|before| before.status == Status::Error) {
        Some(before) => {
            let body = format!(
                "Previous testcase \"{}\" ended in error, which caused the remaining tests in the file to be skipped",
                before.name
            );
            format!("<skipped message=\"Testcase skipped due to a previous testcase error\">{}</skipped>", text(&body))
        }
        None => "<skipped></skipped>".to_owned(),
    }
}

fn part(name: &str, message: &str, errors: &str) -> String {
    format!("<{name} message=\"{}\">{}</{name}>", escaped(message), text(&format!("\n{errors}")))
}

/// The whole file.
#[must_use]
pub fn file(suites: &[Suite]) -> String {
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><testsuites>\n".to_owned();
    for suite in suites {
        let count = |status| suite.cases.iter().filter(|case| case.status == status).count();
        out.push_str(&format!(
            "  <testsuite name=\"{}\" tests=\"{}\" skipped=\"{}\" failures=\"{}\" errors=\"{}\">\n",
            escaped(&suite.name),
            suite.cases.len(),
            count(Status::Skip),
            count(Status::Fail),
            count(Status::Error)
        ));
        for (at, case) in suite.cases.iter().enumerate() {
            let before = suite.cases.iter().take(at).rfind(|case| case.status != Status::Skip);
            case.write(&suite.name, before, &mut out);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>");
    out
}

/// Text that needs no escapes but for the mark that would end it.
fn text(text: &str) -> String {
    format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>"))
}

/// Text within quotes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\t' => out.push_str("&#x9;"),
            '\n' => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_after_an_error_says_which_one_it_was() {
        let found = Diagnostics::from(Diagnostic::error("Bad", "It is <bad>."));
        let time = Some(("2026-01-01T00:00:00Z".to_owned(), Duration::from_millis(1500)));
        let broken = Case::new("a", Status::Error, time, 1, &found, &SourceMap::default());
        let left_out = Case::new("b", Status::Skip, None, 0, &Diagnostics::new(), &SourceMap::default());
        let text = file(&[Suite { name: "x.tftest.hcl".to_owned(), cases: vec![broken, left_out] }]);
        assert!(text.contains("tests=\"2\" skipped=\"1\" failures=\"0\" errors=\"1\""), "{text}");
        assert!(
            text.contains("name=\"a\" classname=\"x.tftest.hcl\" time=\"1.5\" timestamp=\"2026-01-01T00:00:00Z\">"),
            "{text}"
        );
        assert!(text.contains("<![CDATA[\nError: Bad\n\nIt is <bad>.\n]]></error>"), "{text}");
        assert!(text.contains("Previous testcase \"a\" ended in error"), "{text}");
    }

    #[test]
    fn several_failures_are_listed() {
        let found: Diagnostics =
            ["one", "two"].map(|text| Diagnostic::error("Test assertion failed", text)).into_iter().collect();
        let case = Case::new("a", Status::Fail, None, 3, &found, &SourceMap::default());
        assert_eq!(escaped(&case.failure()), "2 of 3 assertions failed:&#xA;  - one&#xA;  - two");
    }
}
