//! Defaults of optional attributes.

use std::sync::Arc;

use smform_types::{Value, ValueKind};

use super::TypeDefaults;

impl TypeDefaults {
    /// Whether there are none at any depth.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.attributes.is_empty() && self.children.values().all(TypeDefaults::is_empty)
    }

    /// The value with defaults for attributes that are absent or null, at every depth. Null and unknown values stay
    /// as they are. To be applied before the conversion to the type.
    #[must_use]
    pub fn apply(&self, value: Value) -> Value {
        if self.is_empty() || !value.is_known() || value.is_null() {
            return value;
        }
        let (value, marks) = value.unmark();
        let elements = self.children.get("");
        let element = |item: &Value| elements.map_or_else(|| item.clone(), |defaults| defaults.apply(item.clone()));
        let result = match value.kind() {
            ValueKind::Object(items) | ValueKind::Map(_, items) => {
                let mut items: std::collections::BTreeMap<Arc<str>, Value> = (**items).clone();
                for (name, default) in &self.attributes {
                    if items.get(name).is_none_or(Value::is_null) {
                        items.insert(Arc::clone(name), default.clone());
                    }
                }
                for (name, item) in &mut items {
                    let defaults = self.children.get(name).or(elements);
                    if let Some(defaults) = defaults {
                        *item = defaults.apply(item.clone());
                    }
                }
                // The elements may differ in type now; the conversion that follows makes them one again.
                Value::object(items)
            }
            ValueKind::Tuple(items) => Value::tuple(items.iter().enumerate().map(|(at, item)| {
                let own = self.children.get(at.to_string().as_str());
                own.map_or_else(|| element(item), |defaults| defaults.apply(item.clone()))
            })),
            ValueKind::List(_, items) | ValueKind::Set(_, items) => Value::tuple(items.iter().map(element)),
            _ => value,
        };
        result.with_marks(marks)
    }
}

#[cfg(test)]
mod tests {
    use smform_types::Type;

    use super::*;

    #[test]
    fn absent_and_null_attributes_are_filled_in_at_every_depth() {
        let inner = TypeDefaults {
            attributes: [("a".into(), Value::number(1)), ("b".into(), Value::string("x"))].into(),
            ..TypeDefaults::default()
        };
        let outer = TypeDefaults { children: [("".into(), inner)].into(), ..TypeDefaults::default() };
        let given = Value::tuple([
            Value::object([("a", Value::null(Type::Dynamic))]),
            Value::object([("b", Value::string("y"))]),
            Value::null(Type::Dynamic),
        ]);
        let filled = outer.apply(given);
        let expected = |b: &str| Value::object([("a", Value::number(1)), ("b", Value::string(b))]);
        assert_eq!(filled, Value::tuple([expected("x"), expected("y"), Value::null(Type::Dynamic)]));
    }
}
