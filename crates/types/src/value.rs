//! Values: what expressions evaluate to, including what is not known yet and what must not be shown.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use unicode_normalization::{UnicodeNormalization, is_nfc_quick};

use crate::marks::Marks;
use crate::number::Number;
use crate::path::{Path, Step};
use crate::refinement::Refinement;
use crate::ty::Type;

/// A value with its marks. Cloning is cheap: contents are shared.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Value {
    kind: ValueKind,
    marks: Marks,
}

/// The value itself, without marks.
///
/// The derived order is total, so that values can be keys. Sets have an order of their own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ValueKind {
    /// Absent, of a type.
    Null(Type),
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// Text in normal form C.
    String(Arc<str>),
    /// A list with its element type.
    List(Type, Arc<[Value]>),
    /// A set with its element type: sorted, without duplicates, elements without marks.
    Set(Type, Arc<[Value]>),
    /// A map with its element type.
    Map(Type, Arc<BTreeMap<Arc<str>, Value>>),
    /// A tuple.
    Tuple(Arc<[Value]>),
    /// An object.
    Object(Arc<BTreeMap<Arc<str>, Value>>),
    /// Not known yet, of a type, with what is known of it all the same.
    Unknown(Type, Option<Box<Refinement>>),
}

impl Value {
    /// A null of a type.
    #[must_use]
    pub const fn null(ty: Type) -> Value {
        Value::unmarked(ValueKind::Null(ty))
    }

    /// A value of a type that is not known yet.
    #[must_use]
    pub const fn unknown(ty: Type) -> Value {
        Value::unmarked(ValueKind::Unknown(ty, None))
    }

    /// An unknown value of which something is known; the value itself where that leaves only one.
    #[must_use]
    pub fn refined(ty: Type, refinement: Refinement) -> Value {
        if refinement.not_null
            && let Some(settled) = settled(&ty, &refinement)
        {
            return settled;
        }
        let refinement = (!refinement.is_empty()).then(|| Box::new(refinement));
        Value::unmarked(ValueKind::Unknown(ty, refinement))
    }

    /// A bool.
    #[must_use]
    pub const fn bool(value: bool) -> Value {
        Value::unmarked(ValueKind::Bool(value))
    }

    /// A number.
    #[must_use]
    pub fn number(value: impl Into<Number>) -> Value {
        Value::unmarked(ValueKind::Number(value.into()))
    }

    /// A string, brought to normal form C.
    #[must_use]
    pub fn string(text: impl AsRef<str>) -> Value {
        Value::unmarked(ValueKind::String(normalize(text.as_ref())))
    }

    /// A list. Every element must already be of the element type (see [`crate::unify_values`]).
    #[must_use]
    pub fn list(element: Type, elements: impl IntoIterator<Item = Value>) -> Value {
        Value::unmarked(ValueKind::List(element, elements.into_iter().collect()))
    }

    /// A set. Duplicates are dropped; marks of elements become marks of the set, since an element that cannot be
    /// told apart cannot carry a mark of its own.
    #[must_use]
    pub fn set(element: Type, elements: impl IntoIterator<Item = Value>) -> Value {
        let mut marks = Marks::NONE;
        let mut elements: Vec<Value> = elements
            .into_iter()
            .map(|element| {
                let (element, inner) = element.unmark_deep();
                marks |= inner;
                element
            })
            .collect();
        crate::set_order::sort(&mut elements);
        elements.dedup_by(|a, b| a == b && a.is_wholly_known() && crate::set_order::compare(a, b).is_eq());
        Value { kind: ValueKind::Set(element, elements.into()), marks }
    }

    /// A map. Every element must already be of the element type.
    #[must_use]
    pub fn map<K: Into<Arc<str>>>(element: Type, elements: impl IntoIterator<Item = (K, Value)>) -> Value {
        let elements = elements.into_iter().map(|(key, value)| (key.into(), value)).collect();
        Value::unmarked(ValueKind::Map(element, Arc::new(elements)))
    }

    /// A tuple.
    #[must_use]
    pub fn tuple(elements: impl IntoIterator<Item = Value>) -> Value {
        Value::unmarked(ValueKind::Tuple(elements.into_iter().collect()))
    }

    /// An object.
    #[must_use]
    pub fn object<K: Into<Arc<str>>>(attributes: impl IntoIterator<Item = (K, Value)>) -> Value {
        let attributes = attributes.into_iter().map(|(key, value)| (key.into(), value)).collect();
        Value::unmarked(ValueKind::Object(Arc::new(attributes)))
    }

    /// A value of a kind, without marks.
    #[must_use]
    pub const fn unmarked(kind: ValueKind) -> Value {
        Value { kind, marks: Marks::NONE }
    }

    /// What the value is, whatever its marks. The caller must carry the marks on; see [`Value::with_marks`].
    #[must_use]
    pub const fn kind(&self) -> &ValueKind {
        &self.kind
    }

    /// What the value is, by value.
    #[must_use]
    pub fn into_kind(self) -> ValueKind {
        self.kind
    }

    /// The marks of the value itself (not of its parts).
    #[must_use]
    pub const fn marks(&self) -> Marks {
        self.marks
    }

    /// The marks of the value and of everything in it.
    #[must_use]
    pub fn marks_deep(&self) -> Marks {
        self.children().fold(self.marks, |marks, child| marks | child.marks_deep())
    }

    /// The same value with more marks.
    #[must_use]
    pub fn with_marks(mut self, marks: Marks) -> Value {
        self.marks |= marks;
        self
    }

    /// The same value with exactly these marks (of its own; its parts keep theirs).
    #[must_use]
    pub fn with_only_marks(mut self, marks: Marks) -> Value {
        self.marks = marks;
        self
    }

    /// The value without marks of its own, and those marks.
    #[must_use]
    pub fn unmark(mut self) -> (Value, Marks) {
        let marks = std::mem::take(&mut self.marks);
        (self, marks)
    }

    /// The value without any marks, its parts included, and all those marks together.
    #[must_use]
    pub fn unmark_deep(self) -> (Value, Marks) {
        let marks = self.marks_deep();
        if marks.is_empty() {
            return (self, marks);
        }
        (self.map_deep(&mut |value| value.with_only_marks(Marks::NONE)), marks)
    }

    /// The value without marks, and each place that was marked, in path order.
    #[must_use]
    pub fn unmark_with_paths(self) -> (Value, Vec<(Path, Marks)>) {
        let mut found = Vec::new();
        if self.marks_deep().is_empty() {
            return (self, found);
        }
        self.visit(&mut |path, value| {
            if !value.marks.is_empty() {
                found.push((path.clone(), value.marks));
            }
        });
        (self.unmark_deep().0, found)
    }

    /// The value with marks put at the given places. Places that do not exist are passed over.
    #[must_use]
    pub fn mark_paths(self, marks: &[(Path, Marks)]) -> Value {
        marks.iter().fold(self, |value, (path, marks)| {
            let marks = *marks;
            value.update_at(&path.0, &mut |part| part.with_marks(marks))
        })
    }

    /// The value with its part at `steps` replaced by what `change` makes of it; unchanged where they lead nowhere.
    #[must_use]
    pub fn update_at(self, steps: &[Step], change: &mut dyn FnMut(Value) -> Value) -> Value {
        let Some((step, rest)) = steps.split_first() else { return change(self) };
        let marks = self.marks;
        let kind = match (self.kind, step) {
            (ValueKind::List(ty, mut items), Step::Index(at)) => {
                update_item(&mut items, *at, rest, change);
                ValueKind::List(ty, items)
            }
            (ValueKind::Tuple(mut items), Step::Index(at)) => {
                update_item(&mut items, *at, rest, change);
                ValueKind::Tuple(items)
            }
            (ValueKind::Map(ty, mut items), Step::Key(key) | Step::Attribute(key)) => {
                update_entry(&mut items, key, rest, change);
                ValueKind::Map(ty, items)
            }
            (ValueKind::Object(mut items), Step::Attribute(key) | Step::Key(key)) => {
                update_entry(&mut items, key, rest, change);
                ValueKind::Object(items)
            }
            (kind, _) => kind,
        };
        Value { kind, marks }
    }

    /// The type of the value.
    #[must_use]
    pub fn ty(&self) -> Type {
        match &self.kind {
            ValueKind::Null(ty) | ValueKind::Unknown(ty, _) => ty.clone(),
            ValueKind::Bool(_) => Type::Bool,
            ValueKind::Number(_) => Type::Number,
            ValueKind::String(_) => Type::String,
            ValueKind::List(element, _) => Type::list(element.clone()),
            ValueKind::Set(element, _) => Type::set(element.clone()),
            ValueKind::Map(element, _) => Type::map(element.clone()),
            ValueKind::Tuple(elements) => Type::tuple(elements.iter().map(Value::ty)),
            ValueKind::Object(attributes) => {
                Type::object(attributes.iter().map(|(name, value)| (Arc::clone(name), value.ty())))
            }
        }
    }

    /// Whether it is null.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self.kind, ValueKind::Null(_))
    }

    /// Whether the value itself is known (its parts may not be).
    #[must_use]
    pub const fn is_known(&self) -> bool {
        !matches!(self.kind, ValueKind::Unknown(..))
    }

    /// Whether the value and everything in it is known.
    #[must_use]
    pub fn is_wholly_known(&self) -> bool {
        self.is_known() && self.children().all(Value::is_wholly_known)
    }

    /// Whether the value, or anything in it, is sensitive.
    #[must_use]
    pub fn has_sensitive(&self) -> bool {
        self.marks_deep().contains(Marks::SENSITIVE)
    }

    /// Whether it certainly will not be null: known and not null, or refined so.
    #[must_use]
    pub fn is_definitely_not_null(&self) -> bool {
        match &self.kind {
            ValueKind::Null(_) => false,
            ValueKind::Unknown(_, refinement) => refinement.as_ref().is_some_and(|refinement| refinement.not_null),
            _ => true,
        }
    }

    /// The text of a known string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            ValueKind::String(text) => Some(text),
            _ => None,
        }
    }

    /// A known bool.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        match self.kind {
            ValueKind::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// A known number.
    #[must_use]
    pub const fn as_number(&self) -> Option<&Number> {
        match &self.kind {
            ValueKind::Number(number) => Some(number),
            _ => None,
        }
    }

    /// A known whole number that fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number().and_then(Number::to_i64)
    }

    /// The elements of a known list, set or tuple.
    #[must_use]
    pub fn as_slice(&self) -> Option<&[Value]> {
        match &self.kind {
            ValueKind::List(_, items) | ValueKind::Set(_, items) | ValueKind::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// The entries of a known map or object.
    #[must_use]
    pub fn as_entries(&self) -> Option<&BTreeMap<Arc<str>, Value>> {
        match &self.kind {
            ValueKind::Map(_, items) | ValueKind::Object(items) => Some(items),
            _ => None,
        }
    }

    /// An attribute of an object or an element of a map.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.as_entries().and_then(|entries| entries.get(name))
    }

    /// An element of a list or tuple.
    #[must_use]
    pub fn get_index(&self, at: usize) -> Option<&Value> {
        match &self.kind {
            ValueKind::List(_, items) | ValueKind::Tuple(items) => items.get(at),
            _ => None,
        }
    }

    /// The direct parts of the value.
    pub fn children(&self) -> impl Iterator<Item = &Value> {
        let items = self.as_slice().unwrap_or_default().iter();
        items.chain(self.as_entries().into_iter().flat_map(BTreeMap::values))
    }

    /// The value with `change` made to every part and then to itself, from the inside out.
    #[must_use]
    pub fn map_deep(self, change: &mut dyn FnMut(Value) -> Value) -> Value {
        let marks = self.marks;
        let kind = match self.kind {
            ValueKind::List(ty, items) => ValueKind::List(ty, map_items(&items, change)),
            ValueKind::Tuple(items) => ValueKind::Tuple(map_items(&items, change)),
            ValueKind::Set(ty, items) => {
                let changed = Value::set(ty, items.iter().map(|item| item.clone().map_deep(change)));
                return change(changed.with_marks(marks));
            }
            ValueKind::Map(ty, items) => ValueKind::Map(ty, map_entries(&items, change)),
            ValueKind::Object(items) => ValueKind::Object(map_entries(&items, change)),
            kind => kind,
        };
        change(Value { kind, marks })
    }

    /// Calls `see` for the value and each part, from the outside in, in path order.
    pub fn visit(&self, see: &mut dyn FnMut(&Path, &Value)) {
        self.visit_from(&mut Path::root(), see);
    }

    fn visit_from(&self, path: &mut Path, see: &mut dyn FnMut(&Path, &Value)) {
        see(path, self);
        let mut part = |step: Step, value: &Value| {
            path.0.push(step);
            value.visit_from(path, see);
            path.0.pop();
        };
        match &self.kind {
            ValueKind::List(_, items) | ValueKind::Tuple(items) => {
                items.iter().enumerate().for_each(|(at, item)| part(Step::Index(at), item));
            }
            ValueKind::Set(_, items) => items.iter().for_each(|item| part(Step::Element, item)),
            ValueKind::Map(_, items) => items.iter().for_each(|(key, item)| part(Step::Key(key.to_string()), item)),
            ValueKind::Object(items) => {
                items.iter().for_each(|(key, item)| part(Step::Attribute(key.to_string()), item));
            }
            _ => {}
        }
    }

    /// Whether both are the same value, marks aside, where unknown parts are never the same as anything.
    #[must_use]
    pub fn same_known(&self, other: &Value) -> bool {
        self.is_wholly_known()
            && other.is_wholly_known()
            && self.clone().unmark_deep().0 == other.clone().unmark_deep().0
    }

    /// The order in which sets hold and iterate values.
    #[must_use]
    pub fn set_order(&self, other: &Value) -> Ordering {
        crate::set_order::compare(self, other)
    }
}

/// The value that a refined unknown one, which is not null, can only be; a collection of it where only its length is
/// settled.
fn settled(ty: &Type, known: &Refinement) -> Option<Value> {
    if let (Some((lower, true)), Some((upper, true))) = (&known.lower, &known.upper) {
        return (lower == upper).then(|| Value::number(lower.clone()));
    }
    let length = known.min_length.filter(|length| known.max_length == Some(*length))?;
    match (ty, length) {
        (Type::List(element), length) => {
            let unknown = std::iter::repeat_n(Value::unknown(Type::clone(element)), usize::try_from(length).ok()?);
            Some(Value::list(Type::clone(element), unknown))
        }
        (Type::Set(element), 0) => Some(Value::set(Type::clone(element), [])),
        (Type::Set(element), 1) => Some(Value::set(Type::clone(element), [Value::unknown(Type::clone(element))])),
        (Type::Map(element), 0) => Some(Value::map::<&str>(Type::clone(element), [])),
        _ => None,
    }
}

fn update_item(items: &mut Arc<[Value]>, at: usize, rest: &[Step], change: &mut dyn FnMut(Value) -> Value) {
    if let Some(item) = Arc::make_mut(items).get_mut(at) {
        let old = std::mem::replace(item, Value::null(Type::Dynamic));
        *item = old.update_at(rest, change);
    }
}

fn update_entry(
    items: &mut Arc<BTreeMap<Arc<str>, Value>>,
    key: &str,
    rest: &[Step],
    change: &mut dyn FnMut(Value) -> Value,
) {
    if let Some(item) = Arc::make_mut(items).get_mut(key) {
        let old = std::mem::replace(item, Value::null(Type::Dynamic));
        *item = old.update_at(rest, change);
    }
}

fn map_items(items: &[Value], change: &mut dyn FnMut(Value) -> Value) -> Arc<[Value]> {
    items.iter().map(|item| item.clone().map_deep(change)).collect()
}

fn map_entries(
    items: &BTreeMap<Arc<str>, Value>,
    change: &mut dyn FnMut(Value) -> Value,
) -> Arc<BTreeMap<Arc<str>, Value>> {
    Arc::new(items.iter().map(|(key, item)| (Arc::clone(key), item.clone().map_deep(change))).collect())
}

/// Text in Unicode normal form C, as every string of the language is.
#[must_use]
pub fn normalize(text: &str) -> Arc<str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == unicode_normalization::IsNormalized::Yes {
        text.into()
    } else {
        text.nfc().collect::<String>().into()
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::string(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::string(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::number(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_in_normal_form_c() {
        assert_eq!(Value::string("e\u{301}"), Value::string("é"));
    }

    #[test]
    fn sets_are_sorted_distinct_and_take_the_marks_of_their_elements() {
        let secret = Value::string("a").with_marks(Marks::SENSITIVE);
        let set = Value::set(Type::String, [Value::string("b"), secret, Value::string("b")]);
        assert_eq!(set.marks(), Marks::SENSITIVE);
        assert_eq!(set.as_slice(), Some(&[Value::string("a"), Value::string("b")][..]));
    }

    #[test]
    fn two_unknown_elements_of_a_set_may_differ() {
        let set = Value::set(Type::String, [Value::unknown(Type::String), Value::unknown(Type::String)]);
        assert_eq!(set.as_slice().map(<[Value]>::len), Some(2));
    }

    #[test]
    fn marks_go_out_and_back_in_by_path() {
        let value = Value::object([
            ("a", Value::string("x").with_marks(Marks::SENSITIVE)),
            ("b", Value::list(Type::String, [Value::string("y").with_marks(Marks::EPHEMERAL)])),
        ]);
        let (plain, marks) = value.clone().unmark_with_paths();
        assert!(plain.marks_deep().is_empty());
        assert_eq!(marks.len(), 2);
        assert_eq!(plain.mark_paths(&marks), value);
    }
}
