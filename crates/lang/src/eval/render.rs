//! Render.
use smform_types::Value;

/// The value as `console`, `output` and `state show` print it.
#[must_use]
pub fn render_value(value: &Value) -> String {
    format!("{value:?}")
}
