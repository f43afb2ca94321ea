//! Why a call fails, and how that is told.

use smform_types::Diagnostic;

use super::signature;

/// What kind of mistake a failed call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no such function.
    NoSuchFunction,
    /// An argument is missing.
    TooFew,
    /// There is one argument too many.
    TooMany,
    /// One argument does not fit.
    Argument,
    /// The arguments fit, but the function fails.
    Call,
}

/// Why a call fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    /// What kind of mistake it is.
    pub fault: Fault,
    /// The argument at fault, counted from zero; nothing when the call as a whole is.
    pub argument: Option<usize>,
    /// What is wrong. For the faults `Argument` and `Call` a phrase without full stop, otherwise full sentences.
    /// It never shows a sensitive value.
    pub message: String,
    /// What to say instead when an argument must not be shown, for messages that quote from one.
    pub(super) discreet: Option<&'static str>,
}

impl CallError {
    pub(super) fn new(fault: Fault, argument: Option<usize>, message: impl Into<String>) -> CallError {
        CallError { fault, argument, message: message.into(), discreet: None }
    }

    pub(super) fn whole(message: impl Into<String>) -> CallError {
        CallError::new(Fault::Call, None, message)
    }

    pub(super) fn argument(at: usize, message: impl Into<String>) -> CallError {
        CallError::new(Fault::Argument, Some(at), message)
    }

    /// The same, with the call as a whole to blame, where Terraform does not say which argument is.
    pub(super) fn of_the_call(self) -> CallError {
        CallError { fault: Fault::Call, argument: None, ..self }
    }

    /// The same, for a message that quotes from an argument: `message` takes its place when that must not be shown.
    pub(super) fn or_discreetly(self, message: &'static str) -> CallError {
        CallError { discreet: Some(message), ..self }
    }

    /// The error for arguments of which one must not be shown.
    pub(super) fn about_secrets(self) -> CallError {
        match self.discreet {
            Some(message) => CallError { message: message.to_owned(), ..self },
            None => self,
        }
    }

    /// The error as a message to the user about a call of the function `name`, still without a place.
    #[must_use]
    pub fn diagnostic(&self, name: &str) -> Diagnostic {
        let message = &self.message;
        let (summary, detail) = match self.fault {
            Fault::NoSuchFunction => ("Call to unknown function", message.clone()),
            Fault::TooFew => ("Not enough function arguments", message.clone()),
            Fault::TooMany => ("Too many function arguments", message.clone()),
            Fault::Call => ("Error in function call", format!("Call to function \"{name}\" failed: {message}.")),
            Fault::Argument => {
                let parameter = self.argument.and_then(|at| super::signature(name)?.parameter(at));
                let parameter = parameter.map_or("argument", |parameter: &signature::Parameter| parameter.name);
                ("Invalid function argument", format!("Invalid value for \"{parameter}\" parameter: {message}."))
            }
        };
        Diagnostic { function: Some(name.to_owned()), ..Diagnostic::error(summary, detail) }
    }
}
