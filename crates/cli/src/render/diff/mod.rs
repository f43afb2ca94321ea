//! The difference between two values as people review it: computed as a tree by `compute`, printed by `print`.

mod block;
mod compute;
mod pair;
mod print;
mod text;

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_types::Value;

pub use block::block;
pub use compute::value;
pub use print::{Options, render};

/// What happens to a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    NoOp,
    /// It appears.
    Create,
    /// It changes.
    Update,
    /// It goes away.
    Delete,
}

/// One part of a difference.
#[derive(Clone, Debug)]
pub struct Diff {
    /// What it is.
    pub kind: Kind,
    /// What happens to it.
    pub action: Action,
    /// Whether that makes a new object necessary.
    pub replace: bool,
}

/// What a part is. Marks have been taken into account: no sensitive value is in it, except below `Sensitive`, which
/// holds none.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A number, bool or null.
    Plain {
        /// As it is.
        before: Option<Value>,
        /// As it will be.
        after: Option<Value>,
    },
    /// A string on both sides, or on the only one.
    Text {
        /// As it is.
        before: Option<Arc<str>>,
        /// As it will be.
        after: Option<Arc<str>>,
    },
    /// Known only after apply.
    Unknown {
        /// As it is, deleted.
        before: Option<Box<Diff>>,
    },
    /// Not to be shown.
    Sensitive {
        /// Whether it is sensitive as it is.
        before: bool,
        /// Whether it will be.
        after: bool,
        /// Whether the value itself changes.
        changes: bool,
    },
    /// Something of another kind.
    TypeChange {
        /// What goes away.
        before: Box<Diff>,
        /// What appears.
        after: Box<Diff>,
    },
    /// An object.
    Object(BTreeMap<Arc<str>, Diff>),
    /// A map.
    Map(BTreeMap<Arc<str>, Diff>),
    /// A list or tuple.
    List(Vec<Diff>),
    /// A set.
    Set(Vec<Diff>),
    /// A block.
    Block(BlockDiff),
}

/// The difference of a block.
#[derive(Clone, Debug, Default)]
pub struct BlockDiff {
    /// Its attributes; those that are null on both sides are left out.
    pub attributes: BTreeMap<Arc<str>, Diff>,
    /// Its nested blocks by type.
    pub blocks: BTreeMap<Arc<str>, Vec<NestedDiff>>,
}

/// The difference of one nested block.
#[derive(Clone, Debug)]
pub struct NestedDiff {
    /// Its label, for blocks told apart by one.
    pub label: Option<Arc<str>>,
    /// The difference.
    pub diff: Diff,
    /// Whether the number of blocks makes a new object necessary.
    pub replace: bool,
}

impl Diff {
    fn new(kind: Kind, action: Action, replace: bool) -> Diff {
        Diff { kind, action, replace }
    }
}

/// What happens to a container, from what happens to its parts.
fn action_of<'d>(before: bool, after: bool, parts: impl IntoIterator<Item = &'d Diff>) -> Action {
    match (before, after) {
        (false, true) => Action::Create,
        (true, false) => Action::Delete,
        _ if parts.into_iter().all(|part| part.action == Action::NoOp) => Action::NoOp,
        _ => Action::Update,
    }
}
