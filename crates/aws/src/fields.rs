//! Between values and the API's structures: reading the arguments of a block, and building the value of one.

use std::collections::{BTreeMap, HashMap};

use smform_types::schema::{Attribute, Block};
use smform_types::{Number, Type, Value, ValueKind};

/// The arguments of a block. Null, unknown and empty text count as not given.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'v>(pub(crate) &'v Value);

impl<'v> Fields<'v> {
    /// An argument, if it is known and not null.
    pub(crate) fn get(self, name: &str) -> Option<&'v Value> {
        self.0.get(name).filter(|value| value.is_known() && !value.is_null())
    }

    /// Whether an argument is not known yet, wholly or in part.
    pub(crate) fn is_unknown(self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_wholly_known())
    }

    /// Whether an argument is given, known or not. An empty text is none, as `text` has it.
    pub(crate) fn is_given(self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null() && value.as_str() != Some(""))
    }

    /// Whether an argument is certain to be given. A conflict takes this of both sides, since what is not known yet may turn
    /// out to be null, as where a module hands on whatever its variables say.
    pub(crate) fn is_set(self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.as_str() != Some(""))
    }

    /// Those of some arguments that are certain to be given.
    pub(crate) fn set_of<'n>(self, names: &[&'n str]) -> Vec<&'n str> {
        names.iter().copied().filter(|name| self.is_set(name)).collect()
    }

    pub(crate) fn text(self, name: &str) -> Option<&'v str> {
        self.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// How a text that is not known yet will begin.
    pub(crate) fn prefix(self, name: &str) -> Option<&'v str> {
        match self.0.get(name)?.kind() {
            ValueKind::Unknown(_, Some(known)) => known.prefix.as_deref(),
            _ => None,
        }
    }

    pub(crate) fn owned(self, name: &str) -> Option<String> {
        self.text(name).map(str::to_owned)
    }

    pub(crate) fn flag(self, name: &str) -> Option<bool> {
        self.get(name).and_then(Value::as_bool)
    }

    /// A whole number.
    pub(crate) fn int(self, name: &str) -> Option<i32> {
        self.get(name).and_then(Value::as_i64).and_then(|number| i32::try_from(number).ok())
    }

    /// A whole number above zero; zero is how an absent one may be stored.
    pub(crate) fn count(self, name: &str) -> Option<i32> {
        self.int(name).filter(|number| *number > 0)
    }

    /// A number in the precision that the API has.
    pub(crate) fn float(self, name: &str) -> Option<f32> {
        self.get(name).and_then(Value::as_number).map(single)
    }

    /// The known elements of a list or set of text.
    pub(crate) fn texts(self, name: &str) -> Vec<String> {
        let items = self.get(name).and_then(Value::as_slice).unwrap_or_default();
        items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// The known entries of a map of text.
    pub(crate) fn map(self, name: &str) -> HashMap<String, String> {
        let entries = self.get(name).and_then(Value::as_entries).into_iter().flatten();
        entries.filter_map(|(key, value)| Some((key.to_string(), value.as_str()?.to_owned()))).collect()
    }

    /// Nested blocks.
    pub(crate) fn blocks(self, name: &str) -> impl Iterator<Item = Fields<'v>> {
        let items = self.get(name).and_then(Value::as_slice).unwrap_or_default();
        items.iter().filter(|item| item.is_known() && !item.is_null()).map(Fields)
    }

    /// The first nested block.
    pub(crate) fn block(self, name: &str) -> Option<Fields<'v>> {
        match self.get(name) {
            Some(value) if value.as_entries().is_some() => Some(Fields(value)),
            _ => self.blocks(name).next(),
        }
    }
}

/// A number in single precision, as the API keeps weights.
#[expect(clippy::cast_possible_truncation, reason = "the rounding is the point")]
pub(crate) fn single(number: &Number) -> f32 {
    number.to_f64() as f32
}

/// The value of a block, built member by member; what is not set is null or empty.
pub(crate) struct Builder<'s> {
    block: &'s Block,
    values: BTreeMap<&'static str, Value>,
}

impl<'s> Builder<'s> {
    pub(crate) fn new(block: &'s Block) -> Builder<'s> {
        Builder { block, values: BTreeMap::new() }
    }

    /// Sets a member to a value of its type.
    pub(crate) fn value(mut self, name: &'static str, value: Value) -> Self {
        self.values.insert(name, value);
        self
    }

    pub(crate) fn text(self, name: &'static str, text: Option<&str>) -> Self {
        self.value(name, text.map_or(Value::null(Type::String), Value::string))
    }

    pub(crate) fn flag(self, name: &'static str, flag: Option<bool>) -> Self {
        self.value(name, flag.map_or(Value::null(Type::Bool), Value::bool))
    }

    pub(crate) fn int(self, name: &'static str, number: Option<i32>) -> Self {
        self.value(name, number.map_or(Value::null(Type::Number), |number| Value::number(i64::from(number))))
    }

    /// A single-precision number as the shortest decimal that means it, which is what people write.
    pub(crate) fn float(self, name: &'static str, number: Option<f32>) -> Self {
        let number = number.and_then(|number| Number::parse(&number.to_string()));
        self.value(name, number.map_or(Value::null(Type::Number), Value::number))
    }

    /// A list or set of text, as the schema says; null when there is none.
    pub(crate) fn texts(self, name: &'static str, texts: &[String]) -> Self {
        let ty = self.block.attributes.get(name).map_or_else(|| Type::set(Type::String), |a| a.ty.clone());
        let value = if texts.is_empty() {
            Value::null(ty)
        } else if matches!(ty, Type::List(_)) {
            Value::list(Type::String, texts.iter().map(Value::string))
        } else {
            Value::set(Type::String, texts.iter().map(Value::string))
        };
        self.value(name, value)
    }

    /// Nested blocks, one for each item.
    pub(crate) fn blocks<T>(
        self,
        name: &'static str,
        items: impl IntoIterator<Item = T>,
        build: impl for<'b> Fn(Builder<'b>, T) -> Builder<'b>,
    ) -> Self {
        let Some(nested) = self.block.blocks.get(name) else { return self };
        let items: Vec<Value> =
            items.into_iter().map(|item| build(Builder::new(&nested.block), item).finish()).collect();
        let element = nested.block.ty();
        let value = match nested.nesting {
            smform_types::schema::Nesting::Set => Value::set(element, items),
            _ => Value::list(element, items),
        };
        self.value(name, value)
    }

    /// The value.
    pub(crate) fn finish(mut self) -> Value {
        let attributes = self.block.attributes.iter().map(|(name, Attribute { ty, .. })| {
            (*name, self.values.remove(name).unwrap_or_else(|| Value::null(ty.without_optional())))
        });
        let mut members: Vec<(&'static str, Value)> = attributes.collect();
        for (name, nested) in &self.block.blocks {
            members.push((*name, self.values.remove(name).unwrap_or_else(|| nested.empty())));
        }
        Value::object(members)
    }
}

/// A map of text as a value.
pub(crate) fn text_map<'t>(entries: impl IntoIterator<Item = (&'t String, &'t String)>) -> Value {
    Value::map(Type::String, entries.into_iter().map(|(key, value)| (key.as_str(), Value::string(value))))
}

/// The value with a member replaced.
pub(crate) fn with(value: Value, name: &str, member: Value) -> Value {
    value.update_at(&smform_types::Path::attribute(name).0, &mut |_| member.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_reads_as_not_given() {
        let value = Value::object([
            ("empty", Value::string("")),
            ("null", Value::null(Type::Number)),
            ("unknown", Value::unknown(Type::String)),
            ("zero", Value::number(0)),
            ("big", Value::number(i64::MAX)),
        ]);
        let fields = Fields(&value);
        assert_eq!((fields.text("empty"), fields.text("unknown"), fields.text("missing")), (None, None, None));
        assert_eq!((fields.int("zero"), fields.count("zero"), fields.int("big")), (Some(0), None, None));
        assert!(fields.is_given("unknown") && fields.is_unknown("unknown"));
        assert_eq!(fields.set_of(&["empty", "null", "unknown", "zero", "missing"]), ["zero"]);
        assert!(!fields.is_given("null") && !fields.is_given("empty") && fields.is_given("zero"));
    }

    #[test]
    fn a_float_is_written_as_its_shortest_decimal() {
        let block = Block::new([("w", Attribute::optional(Type::Number))], []);
        let value = Builder::new(&block).float("w", Some(0.8)).finish();
        assert_eq!(value.get("w").and_then(Value::as_number).map(ToString::to_string).as_deref(), Some("0.8"));
        assert!(Builder::new(&block).float("w", Some(f32::NAN)).finish().get("w").is_some_and(Value::is_null));
    }
}
