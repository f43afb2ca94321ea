//! Check.
use super::Reference;
use crate::config::Module;
use smform_types::Diagnostics;

/// Errors for references to what the module does not declare.
pub fn check_references(_module: &Module, _references: &[Reference]) -> Diagnostics {
    Diagnostics::new()
}
