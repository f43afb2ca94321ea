//! One operation on one object, as a provider sees it: time, cancellation, progress and, when applying, the journal.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use smform_provider::{Clock, ProviderError, Run};
use smform_types::{ResourceConfigAddress, Value};
use tokio_util::sync::CancellationToken;

use crate::events::{Event, Observer, Operation};
use crate::plan::ObjectKey;

/// What all operations of a run share.
#[derive(Clone)]
pub struct Conduct {
    /// The clock that everything waits on.
    pub clock: Arc<dyn Clock>,
    /// Set when the user asks to stop.
    pub cancel: CancellationToken,
    /// Who is told what happens.
    pub observer: Arc<dyn Observer>,
    /// Where commands are run: the directory of the configuration.
    pub directory: PathBuf,
}

impl Conduct {
    /// The end of some work, or nothing when the user asks to stop before; then the work is given up where it is. Only
    /// for what changes nothing.
    pub async fn unless_cancelled<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => None,
            done = work => Some(done),
        }
    }

    /// Begins an operation and says so.
    #[must_use]
    pub fn begin(&self, object: ObjectKey, operation: Operation, id: Option<String>) -> Task {
        self.observer.notice(Event::Started { object: object.clone(), operation, id });
        self.quiet(object, operation)
    }

    /// Begins an operation that is not worth an event.
    #[must_use]
    pub fn quiet(&self, object: ObjectKey, operation: Operation) -> Task {
        let clock = Interruptible { inner: Arc::clone(&self.clock), cancel: self.cancel.clone() };
        Task {
            conduct: self.clone(),
            clock,
            object,
            operation,
            start: self.clock.now(),
            owed: None,
            recorded: Vec::new(),
            needs: BTreeSet::new(),
        }
    }
}

/// A clock whose waits end early when the user asks to stop.
struct Interruptible {
    inner: Arc<dyn Clock>,
    cancel: CancellationToken,
}

#[async_trait]
impl Clock for Interruptible {
    fn now(&self) -> SystemTime {
        self.inner.now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::select! {
            () = self.inner.sleep(duration) => {}
            () = self.cancel.cancelled() => {}
        }
    }
}

/// An operation that has begun.
pub struct Task {
    conduct: Conduct,
    clock: Interruptible,
    object: ObjectKey,
    operation: Operation,
    start: SystemTime,
    owed: Option<String>,
    recorded: Vec<String>,
    needs: BTreeSet<ResourceConfigAddress>,
}

impl Task {
    /// The same, with what an earlier run has left to do to the object.
    #[must_use]
    pub fn owing(self, owed: Option<String>) -> Task {
        Task { owed, ..self }
    }

    /// The same, with the ids of the type's recorded objects, which are none that is looked for.
    #[must_use]
    pub fn beside(self, recorded: Vec<String>) -> Task {
        Task { recorded, ..self }
    }

    /// The same, with what the configuration has the object come after.
    #[must_use]
    pub fn needing(self, needs: BTreeSet<ResourceConfigAddress>) -> Task {
        Task { needs, ..self }
    }

    /// Time since the start, on the run's clock.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.clock.now().duration_since(self.start).unwrap_or_default()
    }

    /// What all operations of the run share.
    #[must_use]
    pub const fn conduct(&self) -> &Conduct {
        &self.conduct
    }

    /// Says that it succeeded.
    pub fn finished(&self, id: Option<String>) {
        let (object, operation, elapsed) = (self.object.clone(), self.operation, self.elapsed());
        self.conduct.observer.notice(Event::Finished { object, operation, id, elapsed });
    }

    /// Says that it failed.
    pub fn failed(&self) {
        self.not_done(false);
    }

    /// Says that it did not succeed, and whether the service goes on with it all the same.
    pub fn not_done(&self, under_way: bool) {
        let (object, operation, elapsed) = (self.object.clone(), self.operation, self.elapsed());
        self.conduct.observer.notice(Event::Failed { object, operation, under_way, elapsed });
    }

    /// Says how far the service is.
    pub fn report(&self, status: &str) {
        let (object, operation, elapsed) = (self.object.clone(), self.operation, self.elapsed());
        self.conduct.observer.notice(Event::Progress { object, operation, status: status.to_owned(), elapsed });
    }
}

/// While reading and planning nothing is created, so there is nothing to journal.
#[async_trait]
impl Run for Task {
    fn clock(&self) -> &dyn Clock {
        &self.clock
    }

    fn address(&self) -> String {
        self.object.address.to_string()
    }

    fn is_cancelled(&self) -> bool {
        self.conduct.cancel.is_cancelled()
    }

    fn progress(&self, status: &str) {
        self.report(status);
    }

    fn owed(&self) -> Option<String> {
        self.owed.clone()
    }

    fn recorded(&self) -> &[String] {
        &self.recorded
    }

    fn comes_after(&self, type_name: &str) -> bool {
        self.needs.iter().any(|needed| *needed.resource.type_name == *type_name)
    }

    async fn intend(&self, _: &str) -> Result<(), ProviderError> {
        Err(not_while_planning())
    }

    async fn created(&self, _: &Value) -> Result<(), ProviderError> {
        Err(not_while_planning())
    }
}

fn not_while_planning() -> ProviderError {
    ProviderError::new("Provider tried to create while planning", "This is a defect of smform; nothing was created.")
}
