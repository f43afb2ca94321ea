//! Evaluator.
use super::Scope;
use crate::config::Condition;
use crate::functions::FunctionContext;
use crate::syntax::{Body, Expr};
use smform_types::{Diagnostics, Value, schema};

/// Evaluates.
#[derive(Clone, Copy)]
pub struct Evaluator<'a> {
    /// Answers references.
    pub scope: &'a dyn Scope,
    /// What functions may ask for.
    pub functions: &'a FunctionContext<'a>,
}

/// The outcome of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConditionResult {
    /// It holds.
    Pass,
    /// It does not.
    Fail {
        /// What the author says about it.
        message: String,
    },
    /// Not known yet.
    Unknown,
}

impl<'a> Evaluator<'a> {
    /// An evaluator.
    #[must_use]
    pub fn new(scope: &'a dyn Scope, functions: &'a FunctionContext<'a>) -> Evaluator<'a> {
        Evaluator { scope, functions }
    }
    /// The value of an expression.
    ///
    /// # Errors
    /// Located.
    pub fn expr(&self, _expr: &Expr) -> Result<Value, Diagnostics> {
        Err(Diagnostics::new())
    }
    /// The value of a body by its schema.
    pub fn body(&self, _body: &Body, schema: &schema::Block) -> (Value, Diagnostics) {
        (schema.empty(), Diagnostics::new())
    }
    /// Checks a condition. Errors of the condition itself are diagnostics, and the result is then `Unknown`.
    pub fn condition(&self, _condition: &Condition) -> (ConditionResult, Diagnostics) {
        (ConditionResult::Unknown, Diagnostics::new())
    }
}
