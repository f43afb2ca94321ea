//! What a provider reports when a call fails.

use std::fmt;

use smform_types::{Diagnostic, Path};

/// Whether trying again can help. Set by the provider where the answer is understood, never guessed from text later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retry {
    /// The same call would fail again.
    Never,
    /// The service asked to slow down, or the network failed before an answer came.
    Later,
}

/// A failed operation of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderError {
    /// One line: what could not be done.
    pub summary: String,
    /// Sentences: why, in the service's own words where it gave any, and what to do.
    pub detail: String,
    /// The API operation, such as `CreateModel`.
    pub operation: Option<&'static str>,
    /// The service's error code.
    pub code: Option<String>,
    /// The service's request id, for support cases.
    pub request_id: Option<String>,
    /// Whether trying again can help.
    pub retry: Retry,
    /// The attribute concerned, if one is.
    pub attribute: Option<Path>,
    /// Whether the service goes on with what was asked of it: only the wait for it has ended.
    pub under_way: bool,
    /// Whether it is not known if what was asked was done: no answer came.
    pub open: bool,
}

impl ProviderError {
    /// An error that trying again does not mend.
    #[must_use]
    pub fn new(summary: impl Into<String>, detail: impl Into<String>) -> ProviderError {
        ProviderError {
            summary: summary.into(),
            detail: detail.into(),
            operation: None,
            code: None,
            request_id: None,
            retry: Retry::Never,
            attribute: None,
            under_way: false,
            open: false,
        }
    }

    /// The same; the service goes on with what was asked of it.
    #[must_use]
    pub fn still_under_way(mut self) -> ProviderError {
        self.under_way = true;
        self
    }

    /// The same; what was asked may have been done all the same.
    #[must_use]
    pub fn left_open(mut self) -> ProviderError {
        self.open = true;
        self
    }

    /// The same, about an attribute.
    #[must_use]
    pub fn of_attribute(mut self, path: Path) -> ProviderError {
        self.attribute = Some(path);
        self
    }

    /// As a message to the user, with the operation and request id that a support case needs.
    #[must_use]
    pub fn into_diagnostic(self) -> Diagnostic {
        let mut detail = self.detail;
        let facts: Vec<String> = [
            self.operation.map(|operation| format!("operation {operation}")),
            self.code.map(|code| format!("code {code}")),
            self.request_id.map(|id| format!("request id {id}")),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !facts.is_empty() {
            detail = format!("{detail}\n\n({})", facts.join(", "));
        }
        let diagnostic = Diagnostic::error(self.summary, detail.trim_start().to_owned());
        match self.attribute {
            Some(path) => diagnostic.of_attribute(path),
            None => diagnostic,
        }
    }
}

impl fmt::Display for ProviderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.summary)?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}

impl std::error::Error for ProviderError {}
