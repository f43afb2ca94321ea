//! What `test` prints for people.

use smform_engine::testing::Status;

use super::style::{Paint, Style};

/// The word for an outcome.
#[must_use]
pub const fn word(status: Status) -> &'static str {
    match status {
        Status::Skip => "skip",
        Status::Pass => "pass",
        Status::Fail | Status::Error => "fail",
    }
}

/// The word, painted.
#[must_use]
pub fn painted(status: Status, style: Style) -> String {
    match status {
        Status::Pass => style.paint(Paint::Green, word(status)),
        Status::Fail | Status::Error => style.paint(Paint::Red, word(status)),
        Status::Skip => style.dim(word(status)),
    }
}

/// How many runs came out how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Those that passed.
    pub passed: usize,
    /// Those with assertions that do not hold.
    pub failed: usize,
    /// Those that could not be carried out.
    pub errored: usize,
    /// Those that were not looked at.
    pub skipped: usize,
    /// Whether something else went wrong.
    pub broken: bool,
}

impl Counts {
    /// Adds a run.
    pub fn add(&mut self, status: Status) {
        match status {
            Status::Pass => self.passed += 1,
            Status::Fail => self.failed += 1,
            Status::Error => self.errored += 1,
            Status::Skip => self.skipped += 1,
        }
    }

    /// How the whole came out.
    #[must_use]
    pub const fn worst(&self) -> Status {
        if self.errored > 0 || self.broken {
            Status::Error
        } else if self.failed > 0 {
            Status::Fail
        } else if self.passed == 0 && self.skipped > 0 {
            Status::Skip
        } else {
            Status::Pass
        }
    }

    /// One line.
    #[must_use]
    pub fn text(&self) -> String {
        let word = if matches!(self.worst(), Status::Fail | Status::Error) { "Failure!" } else { "Success!" };
        let skipped = if self.skipped > 0 { format!(", {} skipped", self.skipped) } else { String::new() };
        format!("{word} {} passed, {} failed{skipped}.", self.passed, self.failed + self.errored)
    }

    /// The line, painted.
    #[must_use]
    pub fn painted(&self, style: Style) -> String {
        let text = self.text();
        let paint = if matches!(self.worst(), Status::Fail | Status::Error) { Paint::Red } else { Paint::Green };
        match text.split_once(' ') {
            Some((word, rest)) => format!("{} {rest}", style.paint(paint, word)),
            None => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_counts_runs() {
        let mut counts = Counts::default();
        assert_eq!(counts.text(), "Success! 0 passed, 0 failed.");
        [Status::Pass, Status::Fail, Status::Error, Status::Skip].into_iter().for_each(|status| counts.add(status));
        assert_eq!(counts.text(), "Failure! 1 passed, 2 failed, 1 skipped.");
        assert_eq!(counts.worst(), Status::Error);
    }
}
