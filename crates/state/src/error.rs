//! What can go wrong with a state. Every message names the file and the way out.

use std::io;
use std::path::{Path, PathBuf};

/// A state that cannot be read, written or locked.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, such as `read`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Not JSON.
    #[error("{} is not a readable state: {reason}. Nothing was changed. {way_out}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
        /// What to do.
        way_out: String,
    },
    /// JSON, but not a state.
    #[error("{} is not a Terraform state: {reason}. Nothing was changed. {way_out}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is missing or wrong.
        reason: String,
        /// What to do.
        way_out: String,
    },
    /// Encrypted, and read without a key.
    #[error(
        "{} is encrypted. Nothing was changed. Give the encryption block that it was written with, or TF_ENCRYPTION",
        path.display()
    )]
    Encrypted {
        /// The file.
        path: PathBuf,
    },
    /// A version that is not supported.
    #[error("{} has state format version {version}; smform reads the versions 1 to 4. {way_out}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version.
        version: u64,
        /// What to do.
        way_out: &'static str,
    },
    /// The journal has a damaged record before its end.
    #[error(
        "the journal {} is damaged at line {line}, so it is not certain what the last run did. Nothing was changed. Compare \
         the state with what exists, then remove the journal to go on with the state as it is",
        path.display()
    )]
    Journal {
        /// The journal.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// Somebody else holds the lock.
    #[error("{0}")]
    Locked(Box<crate::lock::Holder>),
    /// There is no lock to take away.
    #[error("the state {} is not locked, so there is nothing to unlock", path.display())]
    NotLocked {
        /// The state.
        path: PathBuf,
    },
    /// The lock is another one than was meant.
    #[error("the lock on {} has the id {held}, not {given}. Give the id that the message about the lock shows", path.display())]
    OtherLock {
        /// The state.
        path: PathBuf,
        /// The id that was given.
        given: String,
        /// The id of the lock.
        held: String,
    },
    /// The new state is written, but its lock could not be given back.
    #[error("the new state is in {}, but {}", path.display(), lost(source))]
    NotReleased {
        /// The state.
        path: PathBuf,
        /// Why.
        source: Box<StateError>,
    },
    /// The backend refused.
    #[error("cannot {action} {}: {reason}", path.display())]
    Refused {
        /// What was tried, such as `read the state`.
        action: &'static str,
        /// The place.
        path: PathBuf,
        /// Why, and the way out.
        reason: String,
    },
    /// Somebody else has written the state since it was read.
    #[error(
        "the state {} was changed by another run since this one has read it, so it was not overwritten", path.display()
    )]
    Overtaken {
        /// The place.
        path: PathBuf,
    },
    /// The new state could not be written, but it was rescued.
    #[error(
        "cannot write the state to {}: {source}. It was saved to {} instead: mend the cause, then run \
         any command that changes the state, which takes up the journal, or give the saved one with: smform state push {}{}",
        path.display(), rescued.display(), rescued.display(), older(others)
    )]
    Rescued {
        /// The state.
        path: PathBuf,
        /// Where it was saved.
        rescued: PathBuf,
        /// What earlier runs have saved beside it.
        others: Vec<PathBuf>,
        /// Why it could not be written.
        source: Box<StateError>,
    },
}

/// What became of a lock that could not be given back.
fn lost(source: &StateError) -> String {
    let taken = "the lock of this run was taken away from it while it was at work";
    let advice = "Another run may have read the older state: have it plan again";
    match source {
        StateError::OtherLock { held, .. } => format!("{taken}, and the lock {held} is there now. {advice}"),
        StateError::NotLocked { .. } => format!("{taken}. {advice}"),
        other => format!("its lock may still be there: {other}"),
    }
}

/// A warning not to take the wrong file.
fn older(others: &[PathBuf]) -> String {
    let names: Vec<String> = others.iter().map(|path| path.display().to_string()).collect();
    if names.is_empty() {
        String::new()
    } else {
        format!(". Not the one of an earlier run, which was left as it is: {}", names.join(", "))
    }
}

impl StateError {
    /// A text that is not JSON.
    pub fn damaged(path: &Path, reason: impl Into<String>) -> StateError {
        StateError::Damaged { path: path.to_owned(), reason: reason.into(), way_out: "Check the path".to_owned() }
    }

    /// JSON that is not a state.
    pub fn foreign(path: &Path, reason: impl Into<String>) -> StateError {
        StateError::Foreign { path: path.to_owned(), reason: reason.into(), way_out: "Check the path".to_owned() }
    }

    /// The same, with another way out where it is that the text is no state.
    #[must_use]
    pub fn with_way_out(self, instead: impl FnOnce() -> String) -> StateError {
        match self {
            StateError::Damaged { path, reason, .. } => StateError::Damaged { path, reason, way_out: instead() },
            StateError::Foreign { path, reason, .. } => StateError::Foreign { path, reason, way_out: instead() },
            other => other,
        }
    }

    /// Whether the text begins with the name of a file or place.
    #[must_use]
    pub const fn begins_with_name(&self) -> bool {
        use StateError::{Damaged, Encrypted, Foreign, Version};
        matches!(self, Damaged { .. } | Encrypted { .. } | Foreign { .. } | Version { .. })
    }

    /// Whether it is that what is stored is no state, so that something else may take its place.
    #[must_use]
    pub const fn is_damage(&self) -> bool {
        matches!(self, StateError::Damaged { .. } | StateError::Foreign { .. })
    }

    /// An I/O error with what was tried.
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StateError {
        let path = path.to_owned();
        move |source| StateError::Io { action, path, source }
    }
}
