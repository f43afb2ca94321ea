//! The plan: what will change, and the explicit graph of steps that an apply interprets.
//!
//! [`walk`] visits the configuration in dependency order, reading and asking providers; [`decide`] judges one instance,
//! purely; [`order`] settles in which order replacements are made; [`steps`] lays out the step graph; [`review`] has the
//! whole looked at once more.

pub mod accounted;
pub mod along;
pub mod before_destroy;
pub mod codec;
mod data;
pub mod decide;
pub mod held;
pub mod imports;
pub mod instance;
mod instances;
pub mod moves;
pub mod names;
pub mod order;
pub mod outputs;
mod recognized;
pub mod reinstate;
pub mod relevant;
mod renamed;
mod resource;
pub mod review;
pub mod steps;
pub mod stored;
pub mod target;
mod trigger;
pub mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use smform_types::{Diagnostics, InstanceAddress, Path, ResourceConfigAddress, Value};

use crate::checks::Checks;
use crate::graph::ProviderKey;
use crate::plan::steps::StepGraph;

/// What kind of plan is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Bring everything to what the configuration says.
    #[default]
    Normal,
    /// Delete everything.
    Destroy,
    /// Only record what is.
    RefreshOnly,
}

/// One stored object: the current one at an address, or a deposed one that a replacement left behind.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey {
    /// The address.
    pub address: InstanceAddress,
    /// The key of a deposed object: eight hexadecimal digits.
    pub deposed: Option<String>,
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.address)?;
        self.deposed.as_ref().map_or(Ok(()), |key| write!(f, " (deposed object {key})"))
    }
}

/// In which order the two halves of a replacement are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Replacement {
    /// Delete the old one, then create the new one.
    DeleteFirst,
    /// Create the new one, move everything over, then delete the old one.
    CreateFirst,
}

/// What is to be done to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Nothing.
    NoOp,
    /// Create it.
    Create,
    /// Read it during apply (data sources).
    Read,
    /// Change it in place.
    Update,
    /// Replace it.
    Replace(Replacement),
    /// Delete it.
    Delete,
    /// Drop it from the state without touching it.
    Forget,
}

/// Why an action was chosen, where it is not plain. Names are those of Terraform's plan JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// An attribute changed that cannot be changed in place.
    CannotUpdate,
    /// The object is tainted.
    Tainted,
    /// `-replace`.
    Requested,
    /// `replace_triggered_by`.
    Triggered,
    /// Its block is gone.
    NoConfiguration,
    /// `count` or `for_each` was added or removed.
    WrongRepetition,
    /// Its index is out of `count`.
    CountIndex,
    /// Its key is not in `for_each`.
    EachKey,
    /// Its module instance is gone.
    NoModule,
    /// It was moved to where the configuration has no block.
    NoMoveTarget,
    /// A data source whose configuration is not known yet.
    ConfigUnknown,
    /// A data source that depends on a pending change.
    DependencyPending,
    /// A data source in a `check` block, which every apply reads anew.
    CheckNested,
}

impl Reason {
    /// The name in plan JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Reason::CannotUpdate => "replace_because_cannot_update",
            Reason::Tainted => "replace_because_tainted",
            Reason::Requested => "replace_by_request",
            Reason::Triggered => "replace_by_triggers",
            Reason::NoConfiguration => "delete_because_no_resource_config",
            Reason::WrongRepetition => "delete_because_wrong_repetition",
            Reason::CountIndex => "delete_because_count_index",
            Reason::EachKey => "delete_because_each_key",
            Reason::NoModule => "delete_because_no_module",
            Reason::NoMoveTarget => "delete_because_no_move_target",
            Reason::ConfigUnknown => "read_because_config_unknown",
            Reason::DependencyPending => "read_because_dependency_pending",
            Reason::CheckNested => "read_because_check_nested",
        }
    }
}

/// What is planned for one object.
#[derive(Clone, Debug)]
pub struct Change {
    /// The object.
    pub object: ObjectKey,
    /// Where it was before a move.
    pub previous_address: Option<InstanceAddress>,
    /// The provider configuration that works on it.
    pub provider: ProviderKey,
    /// What is to be done.
    pub action: Action,
    /// Why.
    pub reason: Option<Reason>,
    /// The object as it is (as just read).
    pub before: Option<Value>,
    /// The object as it will be, with unknown parts.
    pub after: Option<Value>,
    /// The attributes that force a replacement.
    pub replace_paths: Vec<Path>,
    /// What the object depends on; recorded with it.
    pub dependencies: BTreeSet<ResourceConfigAddress>,
    /// What the object as it is depends on; it goes before them.
    pub old_dependencies: BTreeSet<ResourceConfigAddress>,
    /// Whether a replacement creates first; the effective value, recorded with the object.
    pub create_before_destroy: bool,
    /// By which identifier the object was found, when an `import` block brings it into the state.
    pub importing: Option<String>,
    /// The key under which the object was set aside, when it becomes the current one again.
    pub reinstated: Option<String>,
    /// What somebody was moving the object to when it was planned, which no attribute tells.
    pub moving: Option<String>,
    /// Whether what is to go, or what a replacement sets aside, is left to a later run, since it only came along with what
    /// targets name.
    pub old_stays: bool,
    /// Whether what a replacement sets aside stays because it is in use.
    pub held: bool,
    /// Whether nothing uses the object that goes, nor has used it: it need not wait until anything has moved.
    pub unused: bool,
    /// Whether what uses the object changes before it is deleted, since a service may hold on to it until then. Of all other
    /// objects the order is Terraform's.
    pub after_users: bool,
    /// The block that was written for the imported object, when the configuration had none.
    pub generated: Option<String>,
}

impl Change {
    /// Whether the object that the plan found goes away.
    #[must_use]
    pub fn deletes(&self) -> bool {
        matches!(self.action, Action::Delete | Action::Replace(_))
    }

    /// Whether there is anything to tell: it is changed, moved, imported or current again.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        let stays = self.previous_address.is_none() && self.importing.is_none() && self.reinstated.is_none();
        self.action != Action::NoOp || !stays
    }

    /// Whether an object is made or changed.
    #[must_use]
    pub fn makes(&self) -> bool {
        matches!(self.action, Action::Create | Action::Update | Action::Replace(_))
    }
}

/// What the state says of an object besides its attributes. Every run that looks at the object sets it right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ties {
    /// What it depends on.
    pub dependencies: BTreeSet<ResourceConfigAddress>,
    /// Whether a replacement creates first.
    pub create_before_destroy: bool,
}

/// A difference between the state and what was read.
#[derive(Clone, Debug)]
pub struct Drift {
    /// The object.
    pub object: ObjectKey,
    /// Where it was before a move. A plan that only refreshes tells of moves here, since it plans no changes.
    pub previous: Option<InstanceAddress>,
    /// As recorded.
    pub before: Value,
    /// As read; nothing when it is gone.
    pub after: Option<Value>,
}

impl Drift {
    /// What has happened to the object: nothing but a move, an update, or a deletion.
    #[must_use]
    pub fn action(&self) -> Action {
        match &self.after {
            None => Action::Delete,
            Some(after) if *after == self.before => Action::NoOp,
            Some(_) => Action::Update,
        }
    }
}

/// What is planned for a root output.
#[derive(Clone, Debug)]
pub struct OutputChange {
    /// As recorded; nothing when there was none.
    pub before: Option<Value>,
    /// As it will be, possibly unknown; nothing when it goes away.
    pub after: Option<Value>,
    /// Whether it is, or was, declared sensitive: it may be shown only when neither is the case.
    pub sensitive: bool,
    /// What happens to it, as far as is known: nothing, or it is created, updated or deleted.
    pub action: Action,
}

impl OutputChange {
    /// Whether the value changes, as far as is known.
    #[must_use]
    pub fn is_change(&self) -> bool {
        self.action != Action::NoOp
    }
}

/// How far planning came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Extent {
    /// Nothing was planned, since the configuration cannot be used.
    #[default]
    Nothing,
    /// Planning ended in errors: only for showing.
    Partial,
    /// Everything was planned.
    Whole,
}

/// A finished plan.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// What kind it is.
    pub mode: Mode,
    /// How far planning came. Only a whole plan can be applied.
    pub extent: Extent,
    /// Every object, those that do not change included.
    pub changes: BTreeMap<ObjectKey, Change>,
    /// Every root output.
    pub outputs: BTreeMap<Arc<str>, OutputChange>,
    /// What was found to differ from the state.
    pub drift: Vec<Drift>,
    /// What the state is to say of objects besides their attributes, where that differs.
    pub ties: BTreeMap<ObjectKey, Ties>,
    /// Whether what is recorded was read before it was planned.
    pub refreshed: bool,
    /// Objects that an earlier run began to create and that were found to exist; an apply records them.
    pub adopted: BTreeMap<ObjectKey, Value>,
    /// Objects that an earlier run may have begun to create and that were looked for in vain. Those that a target has
    /// left out are neither here nor adopted: they stay on record until a run looks for them.
    pub absent: BTreeSet<ObjectKey>,
    /// Data sources of which nothing is recorded when everything, or what targets name, is destroyed.
    pub unrecorded: BTreeSet<InstanceAddress>,
    /// What an apply does, and in what order.
    pub steps: StepGraph,
    /// What it is limited to; nothing when it is about everything.
    pub targets: Vec<target::Target>,
    /// Whether an apply only records what was read, whatever is planned.
    pub record_only: bool,
    /// The attributes that contribute to the changes.
    pub relevant: BTreeSet<relevant::Relevant>,
    /// How conditions came out.
    pub checks: Checks,
    /// When it was made: RFC 3339, UTC.
    pub timestamp: String,
    /// Warnings of the planning.
    pub warnings: Diagnostics,
}

impl Plan {
    /// Whether targets leave a part of the configuration out.
    #[must_use]
    pub fn is_targeted(&self) -> bool {
        !self.targets.is_empty()
    }

    /// The changes in the order in which they are listed: outer modules before inner ones, then by address.
    #[must_use]
    pub fn listed(&self) -> Vec<&Change> {
        let mut changes: Vec<&Change> = self.changes.values().collect();
        changes.sort_by_key(|change| (change.object.address.module.0.len(), &change.object));
        changes
    }

    /// Whether an apply would change an object, an output, or only what the state says.
    #[must_use]
    pub fn is_applyable(&self) -> bool {
        let adopted = !self.adopted.is_empty();
        let objects = adopted || self.changes.values().any(Change::is_listed);
        let outputs = self.outputs.values().any(OutputChange::is_change);
        match self.mode {
            Mode::RefreshOnly => {
                // What is not known, or in part, would be recorded with nulls.
                let set = |change: &OutputChange| {
                    let is_read = change.after.as_ref().is_some_and(Value::is_wholly_known);
                    // What has become null is recorded no more.
                    let is_gone = change.before.is_some() && change.after.as_ref().is_some_and(Value::is_null);
                    change.is_change() && is_read || is_gone
                };
                let differs = |drift: &Drift| drift.action() != Action::NoOp;
                let is_read = adopted || self.drift.iter().any(differs) || !self.ties.is_empty();
                is_read || self.outputs.values().any(set)
            }
            _ => objects || outputs || !self.unrecorded.is_empty(),
        }
    }

    /// Whether there is something to record that cannot be: outputs that are not known yet, or that are declared no more,
    /// where nothing else has changed. As in Terraform, only a plan that records what is comes to this.
    #[must_use]
    pub fn is_unrecordable(&self) -> bool {
        self.mode == Mode::RefreshOnly && !self.is_applyable() && self.outputs.values().any(OutputChange::is_change)
    }

    /// How many objects are added, changed and destroyed; a replacement counts as one added and one destroyed.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for change in self.changes.values() {
            counts.import += usize::from(change.importing.is_some());
            match change.action {
                Action::Create => counts.add += 1,
                Action::Update => counts.change += 1,
                Action::Delete => counts.destroy += 1,
                Action::Replace(_) => {
                    counts.add += 1;
                    counts.destroy += usize::from(!change.held);
                }
                Action::NoOp | Action::Read | Action::Forget => {}
            }
        }
        counts
    }
}

/// How many objects are concerned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Imported.
    pub import: usize,
    /// Created, replacements included.
    pub add: usize,
    /// Changed in place.
    pub change: usize,
    /// Deleted, replacements included.
    pub destroy: usize,
}
