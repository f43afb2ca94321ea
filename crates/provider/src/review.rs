//! A whole plan, for what a type can only judge beside the other changes.

use std::sync::Arc;

use smform_types::Value;

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

impl PlannedObject {
    /// Whether it is made by the plan, be it in place of another.
    #[must_use]
    pub fn is_new(&self) -> bool {
        let id = |object: &Option<Value>| object.as_ref().and_then(|object| object.get("id").cloned());
        self.after.is_some() && (id(&self.before).is_none() || id(&self.before) != id(&self.after))
    }
}
