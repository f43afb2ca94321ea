//! Conditions with messages: `validation`, `precondition`, `postcondition`, `assert`.

use smform_types::{Diagnostic, Diagnostics, Marks, Severity, Type, convert};

use super::evaluator::Evaluator;
use crate::config::Condition;

/// The outcome of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConditionResult {
    /// It holds.
    Pass,
    /// It does not.
    Fail {
        /// What its author says about it, when that is known and may be shown.
        message: Option<String>,
    },
    /// Not known yet.
    Unknown,
}

impl ConditionResult {
    /// What people are told of a condition that does not hold.
    #[must_use]
    pub fn explanation(message: Option<String>) -> String {
        message.unwrap_or_else(|| {
            "The condition does not hold. Its message is not known yet, or refers to values that must not be shown."
                .to_owned()
        })
    }
}

impl Evaluator<'_> {
    /// Checks a condition. Errors in the condition itself are diagnostics; the result is then `Unknown`. What is wrong
    /// with the message is told even when the condition holds.
    pub fn condition(&self, condition: &Condition) -> (ConditionResult, Diagnostics) {
        self.check(condition, true).unwrap_or_else(|diagnostics| (ConditionResult::Unknown, diagnostics))
    }

    /// Checks the validation rule of a variable, whose message counts only when the condition does not hold.
    pub fn validation(&self, condition: &Condition) -> (ConditionResult, Diagnostics) {
        match self.check(condition, false) {
            // That the message must not be shown is an error here.
            Ok((ConditionResult::Fail { message: None }, notes)) => {
                let what = notes
                    .iter()
                    .next()
                    .map(|note| if note.summary.contains("sensitive") { "a sensitive" } else { "an ephemeral" });
                let message =
                    what.map(|what| format!("The error message included {what} value, so it will not be displayed."));
                (ConditionResult::Fail { message }, notes.map(|note| Diagnostic { severity: Severity::Error, ..note }))
            }
            Ok(result) => result,
            Err(diagnostics) => (ConditionResult::Unknown, diagnostics),
        }
    }

    fn check(&self, condition: &Condition, always: bool) -> Result<(ConditionResult, Diagnostics), Diagnostics> {
        let expr = &condition.condition;
        let invalid = |detail: String| {
            self.failed(Diagnostic::error("Invalid condition result", detail), expr, super::evaluator::Env::default())
        };
        // Where the condition cannot be evaluated, the message mostly cannot be, for a reason of its own.
        let value = self.expr(expr).map_err(|mut errors| {
            errors.extend(self.message(condition).err().unwrap_or_default());
            errors
        });
        let (value, _) = value?.unmark();
        if value.is_null() {
            return Err(invalid("Condition expression must return either true or false, not null.".to_owned()));
        }
        // What is not known yet is not judged by its type either.
        let result = if value.is_known() {
            let value = convert(value, &Type::Bool);
            value.map_err(|error| invalid(format!("Invalid condition result value: {error}.")))?.as_bool()
        } else {
            None
        };
        if result == Some(false) {
            let (message, diagnostics) = self.message(condition)?;
            return Ok((ConditionResult::Fail { message }, diagnostics));
        }
        let diagnostics = if always { self.message(condition)?.1 } else { Diagnostics::new() };
        Ok((if result.is_some() { ConditionResult::Pass } else { ConditionResult::Unknown }, diagnostics))
    }

    /// The message of a condition that does not hold; nothing when it is not known yet, or may not be shown.
    fn message(&self, condition: &Condition) -> Result<(Option<String>, Diagnostics), Diagnostics> {
        let expr = &condition.error_message;
        let value = self.expr(expr)?;
        let marks = value.marks_deep();
        if marks.contains(Marks::SENSITIVE) || marks.contains(Marks::EPHEMERAL) {
            let what = if marks.contains(Marks::SENSITIVE) { "sensitive" } else { "ephemeral" };
            let detail = format!(
                "The error expression used to explain this condition refers to {what} values, so smform will not show \
                 the message. Remove them, or wrap them in nonsensitive() where they may be shown."
            );
            let note = Diagnostic::warning(format!("Error message refers to {what} values"), detail).at(expr.span);
            return Ok((None, note.into()));
        }
        let text = convert(value, &Type::String).ok().filter(|text| !text.is_null());
        match text {
            Some(text) => Ok((text.as_str().map(|text| text.trim().to_owned()), Diagnostics::new())),
            None => {
                let detail = "The error message must be a string, and not null.";
                Err(Diagnostic::error("Invalid error message", detail).at(expr.span).into())
            }
        }
    }
}
