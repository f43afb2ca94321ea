//! Diagnostics: what is wrong, where, and what to write instead.

use crate::path::Path;
use crate::span::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The command cannot go on to change anything.
    Error,
    /// The command goes on.
    Warning,
}

/// The value of one reference inside the expression that a diagnostic is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpressionValue {
    /// The reference as written, such as `var.image`.
    pub traversal: String,
    /// What it is, such as `is "x"`, already free of sensitive content.
    pub statement: String,
}

/// One message to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// One short line without a full stop.
    pub summary: String,
    /// Full sentences: why, and what to write instead. May be empty.
    pub detail: String,
    /// The exact range to underline.
    pub span: Option<Span>,
    /// The header of the construct around it, such as `resource "aws_vpc" "main"`.
    pub context: Option<String>,
    /// The address of the object concerned, such as `aws_vpc.main[0]`.
    pub address: Option<String>,
    /// The attribute concerned, when only a provider knows of it; resolved to a span by the evaluator.
    pub attribute: Option<Path>,
    /// Values of the references in the expression concerned.
    pub values: Vec<ExpressionValue>,
    /// The name of the function whose call failed, if that is the case.
    pub function: Option<String>,
    /// The construct around the place that is needed to see what is meant, such as the whole call of a function.
    pub around: Option<Span>,
    /// Whether it is told only when every block is in order by itself.
    pub deferred: bool,
}

impl Diagnostic {
    fn new(severity: Severity, summary: impl Into<String>, detail: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity,
            summary: summary.into(),
            detail: detail.into(),
            span: None,
            context: None,
            address: None,
            attribute: None,
            values: Vec::new(),
            function: None,
            around: None,
            deferred: false,
        }
    }

    /// An error without a place.
    #[must_use]
    pub fn error(summary: impl Into<String>, detail: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Error, summary, detail)
    }

    /// A warning without a place.
    #[must_use]
    pub fn warning(summary: impl Into<String>, detail: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Warning, summary, detail)
    }

    /// The same, at a place; a place that is already known is kept, since the innermost one is the most exact.
    #[must_use]
    pub fn at(mut self, span: impl Into<Option<Span>>) -> Diagnostic {
        self.span = self.span.or(span.into());
        self
    }

    /// The same, within a construct; the innermost one is kept.
    #[must_use]
    pub fn within(mut self, context: impl Into<String>) -> Diagnostic {
        self.context.get_or_insert_with(|| context.into());
        self
    }

    /// The same, about an object.
    #[must_use]
    pub fn about(mut self, address: impl ToString) -> Diagnostic {
        self.address.get_or_insert_with(|| address.to_string());
        self
    }

    /// The same, about an attribute of the object.
    #[must_use]
    pub fn of_attribute(mut self, path: Path) -> Diagnostic {
        self.attribute.get_or_insert(path);
        self
    }

    /// The same, for when every block is in order by itself: it is about what blocks say of each other.
    #[must_use]
    pub fn deferred(mut self) -> Diagnostic {
        self.deferred = true;
        self
    }

    /// Whether it is an error.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Messages collected on the way. Collecting does not stop the work; asking for errors does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "diagnostics that are dropped are never shown"]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// No messages.
    pub const fn new() -> Diagnostics {
        Diagnostics(Vec::new())
    }

    /// Adds one message.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Adds all messages of another collection.
    pub fn extend(&mut self, other: impl IntoIterator<Item = Diagnostic>) {
        self.0.extend(other);
    }

    /// Whether any is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(Diagnostic::is_error)
    }

    /// Whether there is none at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// In the order added.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// Every message, changed by `f`.
    pub fn map(self, f: impl FnMut(Diagnostic) -> Diagnostic) -> Diagnostics {
        Diagnostics(self.0.into_iter().map(f).collect())
    }

    /// Takes the value of a result, or adds its error and yields nothing.
    pub fn take<T>(&mut self, result: Result<T, impl IntoIterator<Item = Diagnostic>>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(errors) => {
                self.extend(errors);
                None
            }
        }
    }

    /// `Ok(value)` when there is no error, with the messages otherwise. Warnings are returned with the value.
    ///
    /// # Errors
    /// The messages themselves, when at least one is an error.
    pub fn into_result<T>(self, value: T) -> Result<(T, Diagnostics), Diagnostics> {
        if self.has_errors() { Err(self) } else { Ok((value, self)) }
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Diagnostics {
        Diagnostics(vec![diagnostic])
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(iter: I) -> Diagnostics {
        Diagnostics(iter.into_iter().collect())
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// One diagnostic is a collection of one, so that `?` and [`Diagnostics::take`] accept both.
impl IntoIterator for Diagnostic {
    type Item = Diagnostic;
    type IntoIter = std::iter::Once<Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        std::iter::once(self)
    }
}
