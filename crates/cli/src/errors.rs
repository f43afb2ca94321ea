//! How a command ends: exit codes, and the messages of those that fail.

use std::process::ExitCode;

use smform_lang::config::Config;
use smform_state::StateError;
use smform_types::{Diagnostic, Diagnostics, SourceMap};

/// The exit code of a command, as Terraform's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Exit {
    /// Everything went well.
    Success,
    /// An error, a refusal, or an interruption.
    Failure,
    /// `plan -detailed-exitcode`: there are changes.
    Changes,
    /// `fmt`: something given is missing, or cannot be read as configuration.
    Unusable,
    /// `fmt -check`: a file is not in canonical layout.
    Unformatted,
    /// No command was given.
    NoCommand,
}

impl Exit {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Exit::Success => 0,
            Exit::Failure => 1,
            Exit::Changes | Exit::Unusable => 2,
            Exit::Unformatted => 3,
            Exit::NoCommand => 127,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

/// Why a command failed, with the texts that the messages point into.
#[derive(Debug, Default)]
pub struct Failure {
    /// The messages.
    pub diagnostics: Diagnostics,
    /// The texts.
    pub sources: SourceMap,
}

impl Failure {
    /// A failure with messages about these texts.
    #[must_use]
    pub fn new(diagnostics: impl IntoIterator<Item = Diagnostic>, sources: &SourceMap) -> Failure {
        Failure { diagnostics: diagnostics.into_iter().collect(), sources: sources.clone() }
    }

    /// A failure with messages about a configuration.
    #[must_use]
    pub fn about(diagnostics: Diagnostics, config: &Config) -> Failure {
        Failure { diagnostics: within(diagnostics, config), sources: config.sources.clone() }
    }

    /// A failure with one message.
    #[must_use]
    pub fn error(summary: impl Into<String>, detail: impl Into<String>) -> Failure {
        Diagnostic::error(summary, detail).into()
    }

    /// The same, summed up in other words.
    #[must_use]
    pub fn summed_up(self, summary: &str) -> Failure {
        let told = |error: Diagnostic| Diagnostic { summary: summary.to_owned(), ..error };
        Failure { diagnostics: self.diagnostics.map(told), ..self }
    }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Failure {
        Failure { diagnostics: diagnostic.into(), sources: SourceMap::default() }
    }
}

impl From<Diagnostics> for Failure {
    fn from(diagnostics: Diagnostics) -> Failure {
        Failure { diagnostics, sources: SourceMap::default() }
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Failure {
        smform_engine::workflow::state::diagnose(&error).into()
    }
}

/// Messages, each with the block of the configuration that it stands in.
pub fn within(diagnostics: Diagnostics, config: &Config) -> Diagnostics {
    diagnostics.map(|diagnostic| match diagnostic.span {
        Some(span) if config.has_contexts(span) => {
            Diagnostic { context: config.context_at(span).map(str::to_owned), ..diagnostic }
        }
        _ => diagnostic,
    })
}

/// A file that could not be read or written.
#[must_use]
pub fn file(action: &str, path: &std::path::Path, error: &std::io::Error) -> Failure {
    // A file is written under a passing name first; what matters is why that failed, not the name.
    let cause =
        error.get_ref().and_then(std::error::Error::source).map_or_else(|| error.to_string(), ToString::to_string);
    Failure::error(format!("Cannot {action} file"), format!("{}: {cause}.", path.display()))
}
