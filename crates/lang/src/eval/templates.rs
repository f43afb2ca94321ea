//! Templates of functions.
use crate::functions::{FunctionContext, TemplateRenderer};
use smform_types::{Diagnostic, Diagnostics, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Renders templates for `templatefile` and `templatestring`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Templates;

impl TemplateRenderer for Templates {
    fn render(
        &self,
        name: &str,
        _: &str,
        _: &BTreeMap<Arc<str>, Value>,
        _: &FunctionContext<'_>,
    ) -> Result<Value, Diagnostics> {
        Err(Diagnostic::error("Invalid template", name).into())
    }
}
