//! A whole plan, for what a type can only judge beside the other changes.

use std::sync::Arc;

use smform_types::{Path, Value};

/// An object of a plan, as a review sees it. Values are without marks; those to come may have unknown parts.
#[derive(Clone, Debug)]
pub struct PlannedObject {
    /// The type name, such as `aws_sagemaker_model`.
    pub type_name: Arc<str>,
    /// The object as it is; nothing when it is to be created.
    pub before: Option<Value>,
    /// The object as it will be, the same when it does not change; nothing when it is to be deleted.
    pub after: Option<Value>,
}

/// What a configuration stands beside when it is checked without any call. Values are without marks, and may have unknown
/// parts.
#[derive(Clone, Copy, Debug)]
pub struct Beside<'a> {
    /// The `provider` block; all null when there is none.
    pub provider: &'a Value,
    /// The other blocks of the same provider block which make one object each, as what is to be made.
    pub others: &'a [PlannedObject],
}

/// A name that an object alone can have at a time, in its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UniqueName {
    /// The attribute that says the name.
    pub attribute: Path,
    /// The name, as it is written.
    pub name: String,
    /// What is compared: all that the name is unique within, and the name.
    pub key: Vec<String>,
}

/// Another object that an object is a part of: it keeps that from some changes as long as it is there, and can be made
/// once that is as it needs it, whether or not the configuration refers to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// The type of the other object.
    pub type_name: &'static str,
    /// What [`UniqueName::key`] is of that.
    pub key: Vec<String>,
}

/// Another object that an object uses by its name, whether or not the configuration refers to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The argument that names it.
    pub at: Path,
    /// Which one it is, as [`UniqueName::key`] has it.
    pub of: Whole,
    /// Whether it cannot go as long as this object is there. Otherwise only what holds this object holds it, too.
    pub holds: bool,
}

impl PlannedObject {
    /// Whether it is made by the plan, be it in place of another.
    #[must_use]
    pub fn is_new(&self) -> bool {
        let id = |object: &Option<Value>| object.as_ref().and_then(|object| object.get("id").cloned());
        self.after.is_some() && (id(&self.before).is_none() || id(&self.before) != id(&self.after))
    }
}
