//! Conditions with messages: `validation`, `precondition`, `postcondition`, `assert`.

use smform_types::{Diagnostic, Diagnostics, Marks, Type, convert};

use super::evaluator::Evaluator;
use crate::config::Condition;

/// The outcome of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConditionResult {
    /// It holds.
    Pass,
    /// It does not.
    Fail {
        /// What its author says about it; free of sensitive content.
        message: String,
    },
    /// Not known yet.
    Unknown,
}

impl Evaluator<'_> {
    /// Checks a condition. Errors in the condition itself are diagnostics; the result is then `Unknown`.
    pub fn condition(&self, condition: &Condition) -> (ConditionResult, Diagnostics) {
        match self.check(condition) {
            Ok(result) => result,
            Err(diagnostics) => (ConditionResult::Unknown, diagnostics),
        }
    }

    fn check(&self, condition: &Condition) -> Result<(ConditionResult, Diagnostics), Diagnostics> {
        let expr = &condition.condition;
        let invalid = |detail: String| {
            self.failed(Diagnostic::error("Invalid condition result", detail), expr, super::evaluator::Env::default())
        };
        let (value, _) = self.expr(expr)?.unmark();
        if value.is_null() {
            return Err(invalid("Condition expression must return either true or false, not null.".to_owned()));
        }
        let value = convert(value, &Type::Bool)
            .map_err(|error| invalid(format!("Invalid condition result value: {error}.")))?;
        Ok(match value.as_bool() {
            None => (ConditionResult::Unknown, Diagnostics::new()),
            Some(true) => (ConditionResult::Pass, Diagnostics::new()),
            Some(false) => {
                let (message, diagnostics) = self.message(condition);
                (ConditionResult::Fail { message }, diagnostics)
            }
        })
    }

    /// The message of a condition that does not hold.
    fn message(&self, condition: &Condition) -> (String, Diagnostics) {
        let expr = &condition.error_message;
        let mut diagnostics = Diagnostics::new();
        let Some(value) = diagnostics.take(self.expr(expr)) else {
            return ("The error message of this condition could not be evaluated.".to_owned(), diagnostics);
        };
        let marks = value.marks_deep();
        if marks.contains(Marks::SENSITIVE) || marks.contains(Marks::EPHEMERAL) {
            let what = if marks.contains(Marks::SENSITIVE) { "sensitive" } else { "ephemeral" };
            let detail = format!(
                "The error expression used to explain this condition refers to {what} values, so smform will not show \
                 the message. Remove them, or wrap them in nonsensitive() where they may be shown."
            );
            diagnostics
                .push(Diagnostic::warning(format!("Error message refers to {what} values"), detail).at(expr.span));
            return (format!("The error message was withheld because it refers to {what} values."), diagnostics);
        }
        let text = convert(value, &Type::String).ok().and_then(|text| text.as_str().map(str::to_owned));
        match text {
            Some(text) => (text.trim().to_owned(), diagnostics),
            None => {
                let detail = "The error message must be a string that is known.";
                diagnostics.push(Diagnostic::error("Invalid error message", detail).at(expr.span));
                ("The error message of this condition is not known.".to_owned(), diagnostics)
            }
        }
    }
}
