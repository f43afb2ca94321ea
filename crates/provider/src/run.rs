//! What a provider may ask of the run that calls it: time, cancellation, progress and the journal.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use crate::error::ProviderError;
use smform_types::Value;

/// Time. Every wait of a provider goes through it, so that simulated minutes cost nothing.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The present.
    fn now(&self) -> SystemTime;

    /// Waits so long on this clock.
    async fn sleep(&self, duration: Duration);
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// One operation on one instance, as the engine runs it.
#[async_trait]
pub trait Run: Send + Sync {
    /// The clock to wait on.
    fn clock(&self) -> &dyn Clock;

    /// The address of the instance; empty where there is none.
    fn address(&self) -> String {
        String::new()
    }

    /// Whether the user asked to stop. Long waits look at it and return early with what is known.
    fn is_cancelled(&self) -> bool;

    /// Says what the object is doing, for the progress display: a service status such as `Creating`.
    fn progress(&self, status: &str);

    /// Makes durable, before a creating call, the identifier that the object will have, so that a killed run can be
    /// followed up. Must be called before every call that creates something under a chosen name.
    ///
    /// # Errors
    /// When the journal cannot be written; the call must then not be made.
    async fn intend(&self, identifier: &str) -> Result<(), ProviderError>;

    /// Makes durable, before a changing call, what will be left to do to the object after it, in the type's own words, so that
    /// the next run does it if this one does not come to that; nothing when that is given up. Forgotten when the change is
    /// complete.
    ///
    /// # Errors
    /// When the journal cannot be written; the call must then not be made.
    async fn owe(&self, what: Option<&str>) -> Result<(), ProviderError> {
        let _ = what;
        Ok(())
    }

    /// What an earlier run has left to do to the object, or this one so far.
    fn owed(&self) -> Option<String> {
        None
    }

    /// The ids of the type's recorded objects. While an object is looked for that a killed run may have created, these are
    /// known not to be it.
    fn recorded(&self) -> &[String] {
        &[]
    }

    /// Whether the configuration has the object come after those of a type.
    fn comes_after(&self, type_name: &str) -> bool {
        let _ = type_name;
        false
    }

    /// What the plan has found the object to be moving to: see [`crate::ResourceType::moving`].
    fn moving(&self) -> Option<String> {
        None
    }

    /// Makes durable that the object exists, though it is not ready yet. Recorded as tainted until the operation
    /// completes.
    ///
    /// # Errors
    /// When the journal cannot be written.
    async fn created(&self, object: &Value) -> Result<(), ProviderError>;
}

/// What every operation of a resource type gets: the provider's clients and the run.
pub struct Context<'a, C> {
    /// The configured clients.
    pub clients: &'a C,
    /// The run.
    pub run: &'a dyn Run,
}
