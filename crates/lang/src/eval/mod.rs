//! Evaluation: expressions, templates and bodies to values.

mod access;
mod body;
mod call;
mod check;
mod condition;
mod conditional;
mod defaults;
mod describe;
mod dynamic;
mod evaluator;
mod interpolate;
mod iterate;
mod operators;
mod references;
mod render;
mod spans;
mod statics;
mod templates;

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_types::{Diagnostic, InstanceKey, ResourceAddress, Span, Value};

pub use access::missing_step;
pub use check::check_references;
pub use condition::ConditionResult;
pub use describe::statement;
pub use evaluator::Evaluator;
pub use references::{malformed, malformed_in_body, names_anything, parse_reference, references, references_in_body};
pub use render::{quoted, render_value, type_text};
pub use spans::attribute_span;
pub use statics::{
    bare_keyword, keyword, static_bool, static_evaluated, static_reference, static_string, static_value, unquoted,
    warn_of_quotes,
};
pub use templates::Templates;

/// Defaults of optional attributes in a type constraint, at any depth.
#[derive(Clone, Debug, Default)]
pub struct TypeDefaults {
    /// Defaults of the attributes of an object at this level.
    pub attributes: BTreeMap<Arc<str>, Value>,
    /// Defaults further down: by attribute name, by tuple index as text, or under the empty name for elements.
    pub children: BTreeMap<Arc<str>, TypeDefaults>,
}

/// What a reference is to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A resource or data block as a whole: one object, or a list or map of them with `count` or `for_each`.
    Resource(ResourceAddress),
    /// `var.name`.
    Variable(Arc<str>),
    /// `local.name`.
    Local(Arc<str>),
    /// `module.name` as a whole.
    Module(Arc<str>),
    /// `ephemeral.type.name`.
    Ephemeral(Arc<str>, Arc<str>),
    /// `output.name`, in tests.
    Output(Arc<str>),
    /// `each.key`.
    EachKey,
    /// `each.value`.
    EachValue,
    /// `count.index`.
    CountIndex,
    /// `path.module`, `path.root`, `path.cwd`.
    Path(Arc<str>),
    /// `terraform.workspace` and the like.
    Terraform(Arc<str>),
    /// `self`.
    SelfObject,
}

/// A reference in an expression: what it is to, and where.
#[derive(Clone, Debug)]
pub struct Reference {
    /// What it is to.
    pub subject: Subject,
    /// The instance that a static index right after a resource or module selects, if any.
    pub key: Option<InstanceKey>,
    /// The place of that index.
    pub key_place: Option<Span>,
    /// The attribute steps that follow, as far as they are static.
    pub rest: smform_types::Path,
    /// The places of those steps.
    pub steps: Vec<Span>,
    /// The part that names the subject.
    pub head: Span,
    /// The whole reference.
    pub span: Span,
}

/// Who answers references: the phase that evaluates.
pub trait Scope {
    /// The value that a subject stands for.
    ///
    /// # Errors
    /// When there is no such thing here, as a message for the user; the evaluator adds the place.
    fn resolve(&self, subject: &Subject) -> Result<Value, Diagnostic>;

    /// Whether functions of the built-in provider can be called by this name for it: a module has to require it.
    fn is_builtin(&self, local: &str) -> bool {
        local == "terraform"
    }
}
