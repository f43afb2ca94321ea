//! Kinds of backends other than `local`, which the binary brings along, and what a configuration says to them.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::Arc;

use smform_types::{Type, Value};

use crate::backend::Workspaces;

/// An argument of a backend.
#[derive(Clone, Debug)]
pub struct Argument {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub ty: Type,
    /// Whether it must be given.
    pub required: bool,
    /// Whether its value must not be shown.
    pub sensitive: bool,
    /// Whether Terraform has it only since a later version than 1.11.
    pub later: bool,
}

impl Argument {
    /// An argument that may be left out.
    #[must_use]
    pub const fn optional(name: &'static str, ty: Type) -> Argument {
        Argument { name, ty, required: false, sensitive: false, later: false }
    }

    /// An argument that must be given.
    #[must_use]
    pub const fn required(name: &'static str, ty: Type) -> Argument {
        Argument { name, ty, required: true, sensitive: false, later: false }
    }

    /// The same, with a value that must not be shown.
    #[must_use]
    pub fn sensitive(self) -> Argument {
        Argument { sensitive: true, ..self }
    }

    /// The same, of a later version of Terraform than 1.11.
    #[must_use]
    pub fn later(self) -> Argument {
        Argument { later: true, ..self }
    }
}

/// What surrounds a backend on this machine.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The folder for what the program keeps of a configuration: `.terraform`.
    pub data: PathBuf,
    /// The environment variables.
    pub environment: BTreeMap<String, String>,
}

impl Surroundings {
    /// A variable of the environment; an empty one counts as absent.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// Where the journal of a state is that is kept elsewhere.
    #[must_use]
    pub fn journal(&self, place: &str) -> PathBuf {
        let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
        let crc = crc32fast::hash(place.as_bytes());
        let name: String = place.chars().map(safe).collect();
        // The end of a place says more than its beginning, and names of files have a limit.
        let tail: String = name.chars().rev().take(80).collect::<Vec<_>>().into_iter().rev().collect();
        self.data.join("journals").join(format!("{tail}-{crc:08x}.journal"))
    }
}

/// The arguments that were given, converted to their types.
pub type Settings = BTreeMap<String, Value>;

/// A backend cannot be used as configured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct SettingError {
    /// The argument that it is about, if it is about one.
    pub argument: Option<&'static str>,
    /// What is wrong, and what to write instead.
    pub detail: String,
}

impl SettingError {
    /// An error about an argument.
    pub fn of(argument: &'static str, detail: impl Into<String>) -> SettingError {
        SettingError { argument: Some(argument), detail: detail.into() }
    }

    /// An error about the whole.
    pub fn new(detail: impl Into<String>) -> SettingError {
        SettingError { argument: None, detail: detail.into() }
    }
}

/// A kind of backend.
pub trait Kind: Debug + Send + Sync {
    /// Its name, such as `s3`.
    fn name(&self) -> &'static str;

    /// The arguments that it takes.
    fn arguments(&self) -> Vec<Argument>;

    /// The states that these arguments lead to. Nothing is asked of the service before a state is used.
    ///
    /// # Errors
    /// When arguments are missing or do not fit each other.
    fn open(&self, settings: &Settings, surroundings: &Surroundings) -> Result<Arc<dyn Workspaces>, SettingError>;
}

/// The text of a setting; nothing when it is absent or null.
#[must_use]
pub fn text<'a>(settings: &'a Settings, name: &str) -> Option<&'a str> {
    settings.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// A switch among the settings; absent is off.
#[must_use]
pub fn is_on(settings: &Settings, name: &str) -> bool {
    settings.get(name).and_then(Value::as_bool).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn journals_of_different_places_have_different_names() {
        let surroundings = Surroundings::default();
        let one = surroundings.journal("s3://bucket/a/b");
        assert_ne!(one, surroundings.journal("s3://bucket/a_b"));
        assert!(one.to_string_lossy().contains("bucket_a_b"));
        let long = surroundings.journal(&"x".repeat(5000));
        assert!(long.file_name().is_some_and(|name| name.len() < 120));
    }
}
