//! What happens in a run, as it happens. Human output, JSON output and progress displays are consumers of these.

use std::sync::Arc;
use std::time::Duration;

use smform_types::{Diagnostic, InstanceAddress};

use crate::plan::ObjectKey;

/// What is being done to one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Its live state is read.
    Refresh,
    /// A data source is read.
    Read,
    /// It is created.
    Create,
    /// It is changed in place.
    Update,
    /// It is deleted.
    Delete,
    /// It is found by its identifier.
    Import,
}

/// One event.
#[derive(Clone, Debug)]
pub enum Event {
    /// Work on an object begins.
    Started {
        /// The object.
        object: ObjectKey,
        /// The work.
        operation: Operation,
        /// The object's `id`, where it has one.
        id: Option<String>,
    },
    /// The service says how far it is.
    Progress {
        /// The object.
        object: ObjectKey,
        /// The work.
        operation: Operation,
        /// The service's status, such as `Creating`.
        status: String,
        /// Time since the start, on the run's clock.
        elapsed: Duration,
    },
    /// Work on an object succeeded.
    Finished {
        /// The object.
        object: ObjectKey,
        /// The work.
        operation: Operation,
        /// The object's `id`, where it has one.
        id: Option<String>,
        /// Time since the start, on the run's clock.
        elapsed: Duration,
    },
    /// Work on an object failed, or nobody waits for its end any more.
    Failed {
        /// The object.
        object: ObjectKey,
        /// The work.
        operation: Operation,
        /// Whether the service goes on with it.
        under_way: bool,
        /// Time since the start, on the run's clock.
        elapsed: Duration,
    },
    /// A provisioner of an object runs.
    Provision {
        /// The object.
        object: ObjectKey,
        /// Which provisioner, such as `local-exec`.
        kind: Arc<str>,
        /// What happens.
        moment: ProvisionMoment,
    },
    /// A message that should not wait for the end of the run.
    Note(Diagnostic),
    /// The user asked to stop: what runs is finished, nothing new is started.
    Stopping,
}

/// A moment of a provisioner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProvisionMoment {
    /// It begins.
    Started,
    /// It printed a line.
    Line(String),
    /// It succeeded.
    Finished,
    /// It failed.
    Failed,
}

/// Who wants to know. Called from several tasks at once; must not block.
pub trait Observer: Send + Sync {
    /// Takes notice.
    fn notice(&self, event: Event);
}

/// An observer that wants to know nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn notice(&self, _: Event) {}
}

/// The `id` attribute of an object, for display.
#[must_use]
pub fn id_of(value: &smform_types::Value) -> Option<String> {
    value.get("id").filter(|id| !id.has_sensitive()).and_then(smform_types::Value::as_str).map(str::to_owned)
}

/// The current object at an address, for events.
#[must_use]
pub fn current(address: &InstanceAddress) -> ObjectKey {
    ObjectKey { address: address.clone(), deposed: None }
}
