//! Full-match patterns of the service model, compiled on first use.

use std::sync::OnceLock;

use regex::Regex;

/// A pattern as the service model writes it, and how to test it.
pub(crate) struct Pattern {
    source: &'static str,
    check: Option<fn(&str) -> bool>,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// A pattern that a linear-time engine can run.
    pub(crate) const fn regex(source: &'static str) -> Pattern {
        Pattern { source, check: None, compiled: OnceLock::new() }
    }

    /// A pattern with look-around, tested by a function.
    pub(crate) const fn by_hand(source: &'static str, check: fn(&str) -> bool) -> Pattern {
        Pattern { source, check: Some(check), compiled: OnceLock::new() }
    }

    /// The pattern's text, for messages.
    pub(crate) fn source(&self) -> &'static str {
        self.source
    }

    /// Whether the whole of `text` matches. A pattern that does not compile matches nothing; a test compiles them all.
    pub(crate) fn accepts(&self, text: &str) -> bool {
        match self.check {
            Some(check) => check(text),
            None => self.compiled().is_some_and(|regex| regex.is_match(text)),
        }
    }

    fn compiled(&self) -> Option<&Regex> {
        // The service's engine reads \d, \s and \S as ASCII.
        self.compiled
            .get_or_init(|| {
                let ascii = self
                    .source
                    .replace(r"[\s\S]", r"(?s:.)")
                    .replace(r"[\S\s]", r"(?s:.)")
                    .replace(r"[\S]", r"[^ \t\n\x0B\f\r]")
                    .replace(r"\d", "[0-9]");
                Regex::new(&format!("^(?:{ascii})$")).ok()
            })
            .as_ref()
    }
}

/// `(arn:…/)?name(?<!-)`: the same without a version.
pub(crate) fn is_arn_or_name(text: &str) -> bool {
    is_versioned_arn_or_name(&format!("{text}/1"))
}

/// `(?!\s*$).+`: one line that is not only blanks.
pub(crate) fn is_alarm_name(text: &str) -> bool {
    !text.is_empty() && !text.contains('\n') && text.contains(|c: char| !c.is_ascii_whitespace() && c != '\u{b}')
}

/// `/(?!.*\.\.)[a-zA-Z0-9/_.\-]+`: a path without two dots in a row.
pub(crate) fn is_metrics_endpoint_path(text: &str) -> bool {
    text.strip_prefix('/').is_some_and(|rest| {
        !rest.is_empty()
            && !rest.contains("..")
            && rest.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '.' | '-'))
    })
}

/// `(arn:…/)?name(?<!-)(/version)?`: a name or ARN whose name part does not end in a hyphen.
pub(crate) fn is_versioned_arn_or_name(text: &str) -> bool {
    static PREFIX: Pattern = Pattern::regex(r"arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:[a-z\-]*");
    static NAME: Pattern = Pattern::regex(r"[a-zA-Z0-9][a-zA-Z0-9-]{0,62}");
    let is_name = |name: &str| NAME.accepts(name) && !name.ends_with('-');
    let is_version = |v: &str| (1..=9).contains(&v.len()) && v.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<&str> = text.split('/').collect();
    match parts.as_slice() {
        [name] => is_name(name),
        [first, second] => (is_name(first) && is_version(second)) || (PREFIX.accepts(first) && is_name(second)),
        [prefix, name, version] => PREFIX.accepts(prefix) && is_name(name) && is_version(version),
        _ => false,
    }
}

#[cfg(test)]
impl Pattern {
    /// Whether the pattern can be used at all.
    pub(crate) fn is_usable(&self) -> bool {
        self.check.is_some() || self.compiled().is_some()
    }
}
