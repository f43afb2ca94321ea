//! Failures that a run expects: conditions of named objects that must not hold.

use smform_lang::config::testing::Expected;
use smform_lang::config::{Condition, Config, Resource};
use smform_lang::eval::Subject;
use smform_types::{Diagnostic, Diagnostics, ResourceAddress, ResourceMode, Severity, Span};

use crate::checks::is_of_check;

/// What a message of a condition is about: something of the root module.
struct Failure {
    subject: Subject,
    address: Option<String>,
}

/// Takes out the messages that were expected, and adds an error for each expectation that was not met. A failed check
/// that was not expected is an error here.
pub fn settle(found: Diagnostics, expected: &[(Expected, Span)], config: &Config) -> Diagnostics {
    let mut met = vec![false; expected.len()];
    let mut left = Diagnostics::new();
    for message in found {
        let failure = failure(&message, config);
        let mut wanted = false;
        for ((expected, _), met) in expected.iter().zip(&mut met) {
            if failure.as_ref().is_some_and(|failure| fits(expected, failure)) {
                *met = true;
                wanted = true;
            }
        }
        if !wanted {
            left.push(if is_of_check(&message) {
                Diagnostic { severity: Severity::Error, ..message }
            } else {
                message
            });
        }
    }
    for ((expected, span), _) in expected.iter().zip(&met).filter(|(_, met)| !**met) {
        let detail = format!("The checkable object, {}, was expected to report an error but did not.", shown(expected));
        left.push(Diagnostic::error("Missing expected failure", detail).at(*span));
    }
    left
}

/// Explains expected failures that came too early: while planning, when the run is to apply.
pub fn explain(found: Diagnostics, expected: &[(Expected, Span)], config: &Config) -> Diagnostics {
    let mut out = Diagnostics::new();
    for message in found {
        let failure = failure(&message, config).filter(|_| message.is_error());
        let known =
            expected.iter().find(|(expected, _)| failure.as_ref().is_some_and(|failure| fits(expected, failure)));
        if let Some((expected, span)) = known {
            let detail = format!(
                "A custom condition within {} failed during the planning stage and prevented the requested apply \
                 operation. While this was an expected failure, the apply operation could not be executed and so the \
                 overall test case will be marked as a failure and the original diagnostic included in the test report.",
                shown(expected)
            );
            // As Terraform has it, only the expectation about an output is pointed to.
            let place = Some(*span).filter(|_| matches!(expected.subject, Subject::Output(_)));
            out.push(Diagnostic::warning("Expected failure while planning", detail).at(place));
        }
        out.push(message);
    }
    out
}

fn shown(expected: &Expected) -> String {
    let key = expected.key.as_ref().map(ToString::to_string).unwrap_or_default();
    match &expected.subject {
        Subject::Variable(name) => format!("var.{name}"),
        Subject::Output(name) => format!("output.{name}"),
        Subject::Resource(address) => format!("{address}{key}"),
        _ => String::new(),
    }
}

fn fits(expected: &Expected, failure: &Failure) -> bool {
    expected.subject == failure.subject
        && match (&expected.key, &expected.subject) {
            (Some(_), Subject::Resource(_)) => failure.address.as_deref() == Some(shown(expected).as_str()),
            _ => true,
        }
}

fn failure(message: &Diagnostic, config: &Config) -> Option<Failure> {
    let root = config.root()?;
    let own = |name: &str| message.context.as_deref()?.strip_prefix(name)?.strip_suffix('"').map(str::to_owned);
    let is_root = message.address.as_deref().is_none_or(|address| !address.starts_with("module."));
    if message.summary == "Invalid value for variable" {
        let name = own("variable \"")?;
        let subject = Subject::Variable(root.variables.get_key_value(name.as_str())?.0.clone());
        return Some(Failure { subject, address: None });
    }
    if is_of_check(message) {
        let name = own("check \"")?;
        let (name, check) = root.checks.get_key_value(name.as_str())?;
        let inside = message.span.is_some_and(|span| {
            check.asserts.iter().any(|assert| assert.condition.span == span) || message.address.is_some() && is_root
        });
        let address = ResourceAddress::new(ResourceMode::Managed, "check", name.clone());
        return inside.then_some(Failure { subject: Subject::Resource(address), address: None });
    }
    let at = |conditions: &[Condition]| conditions.iter().any(|known| Some(known.condition.span) == message.span);
    if let Some((name, _)) = root.outputs.iter().find(|(_, output)| at(&output.preconditions)) {
        return Some(Failure { subject: Subject::Output(name.clone()), address: None });
    }
    let guarded = |block: &&Resource| at(&block.lifecycle.preconditions) || at(&block.lifecycle.postconditions);
    let block = root.resources.values().find(guarded).filter(|_| is_root)?;
    Some(Failure { subject: Subject::Resource(block.address.clone()), address: message.address.clone() })
}
