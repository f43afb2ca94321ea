//! Defaults.
use super::TypeDefaults;
use smform_types::Value;

impl TypeDefaults {
    /// The value with defaults.
    #[must_use]
    pub fn apply(&self, value: Value) -> Value {
        value
    }
}
