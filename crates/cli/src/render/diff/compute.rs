//! From two values to a difference.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smform_types::{Marks, Path, Type, Value, ValueKind};

use super::pair::{Pair, pair_list, pair_set};
use super::{Action, Diff, Kind, action_of, text};

/// Where a part is, and which places make a new object necessary.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub replace: &'a [Path],
    pub path: &'a Path,
}

impl Place<'_> {
    pub(super) fn forces(self) -> bool {
        self.replace.contains(self.path)
    }
}

/// The difference of two values of a type. Absent is not the same as null inside of objects. With [`Type::Dynamic`]
/// the values speak for themselves, as in outputs.
#[must_use]
pub fn value(before: Option<&Value>, after: Option<&Value>, ty: &Type, replace: &[Path], path: &Path) -> Diff {
    whole(before, after, ty, Place { replace, path })
}

/// The difference of a whole argument or output. As in Terraform, an empty text that becomes unknown is shown as null.
pub(super) fn whole(before: Option<&Value>, after: Option<&Value>, ty: &Type, at: Place<'_>) -> Diff {
    let mut diff = part(before, after, ty, at);
    if let Kind::Unknown { before: Some(was) } = &mut diff.kind
        && before.and_then(Value::as_str) == Some("")
    {
        was.kind = Kind::Plain { before: None, after: None };
    }
    diff
}

pub(super) fn part(before: Option<&Value>, after: Option<&Value>, ty: &Type, at: Place<'_>) -> Diff {
    let hidden = |value: Option<&Value>| value.is_some_and(|value| !value.marks().is_empty());
    if hidden(before) || hidden(after) {
        let shown = |value: Option<&Value>| value.map(|value| value.clone().unmark_deep().0);
        let within = part(shown(before).as_ref(), shown(after).as_ref(), ty, at).action;
        return sensitive(is_sensitive(before), is_sensitive(after), within, at);
    }
    if after.is_some_and(|value| !value.is_known()) {
        return unknown(before, ty, at);
    }
    match ty {
        // Terraform says nothing about replacement inside of values whose type is not fixed.
        Type::Dynamic => dynamic(before, after, Place { replace: &[], ..at }),
        Type::Object(object) => {
            let types = object.attributes.iter().map(|(name, ty)| (name.clone(), ty)).collect();
            self::object(present(before), present(after), &types, at)
        }
        Type::Map(element) => map(present(before), present(after), element, at),
        Type::List(element) => list(present(before), present(after), element, at),
        Type::Set(element) => set(present(before), present(after), element, at),
        Type::Tuple(types) => tuple(present(before), present(after), types, at),
        Type::Bool | Type::Number | Type::String => leaf(before, after, at),
    }
}

/// Null counts as absent where a container is expected.
fn present(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

pub(super) fn is_sensitive(value: Option<&Value>) -> bool {
    value.is_some_and(|value| value.marks().contains(Marks::SENSITIVE))
}

/// A part that must not be shown, from whether it was sensitive and will be, and what happens to the value itself. That it
/// may be shown from now on, or no longer, is a change as well.
pub(super) fn sensitive(was: bool, will: bool, within: Action, at: Place<'_>) -> Diff {
    let action = if within == Action::NoOp && was != will { Action::Update } else { within };
    let kind = Kind::Sensitive { before: was, after: will, changes: within != Action::NoOp };
    Diff::new(kind, action, at.forces())
}

fn unknown(before: Option<&Value>, ty: &Type, at: Place<'_>) -> Diff {
    let nowhere = Place { replace: &[], path: at.path };
    match present(before) {
        None => Diff::new(Kind::Unknown { before: None }, Action::Create, at.forces()),
        Some(before) => {
            let before = Box::new(part(Some(before), None, ty, nowhere));
            Diff::new(Kind::Unknown { before: Some(before) }, Action::Update, at.forces())
        }
    }
}

fn leaf(before: Option<&Value>, after: Option<&Value>, at: Place<'_>) -> Diff {
    let action = match (before, after) {
        (None, None) => Action::NoOp,
        (None, Some(_)) => Action::Create,
        (Some(_), None) => Action::Delete,
        (Some(before), Some(after)) if before.kind() == after.kind() || before.is_null() && after.is_null() => {
            Action::NoOp
        }
        (Some(_), Some(_)) => Action::Update,
    };
    let as_text = |value: Option<&Value>| match value.map(Value::kind) {
        Some(ValueKind::String(text)) => Some(Some(text.clone())),
        None => Some(None),
        Some(_) => None,
    };
    // A text that takes several lines is shown on its own, where nothing was or nothing comes.
    let is_long = |value: &Value| value.as_str().is_some_and(text::is_long);
    if let (Some(old), Some(new)) = (before, after)
        && (is_long(old) && new.is_null() || old.is_null() && is_long(new))
    {
        let nowhere = Place { replace: &[], path: at.path };
        let (before, after) = (leaf(before, None, nowhere), leaf(None, after, nowhere));
        let kind = Kind::TypeChange { before: Box::new(before), after: Box::new(after) };
        return Diff::new(kind, action, at.forces());
    }
    let kind = match (as_text(before), as_text(after)) {
        (Some(before), Some(after)) if before.is_some() || after.is_some() => Kind::Text { before, after },
        _ => Kind::Plain { before: before.cloned(), after: after.cloned() },
    };
    Diff::new(kind, action, at.forces())
}

/// What a value looks like when no type says more.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Null,
    Bool,
    Number,
    String,
    Sequence,
    Mapping,
}

fn shape(value: &Value) -> Shape {
    match value.kind() {
        ValueKind::Null(_) | ValueKind::Unknown(..) => Shape::Null,
        ValueKind::Bool(_) => Shape::Bool,
        ValueKind::Number(_) => Shape::Number,
        ValueKind::String(_) => Shape::String,
        ValueKind::List(..) | ValueKind::Set(..) | ValueKind::Tuple(_) => Shape::Sequence,
        ValueKind::Map(..) | ValueKind::Object(_) => Shape::Mapping,
    }
}

fn dynamic(before: Option<&Value>, after: Option<&Value>, at: Place<'_>) -> Diff {
    let shapes = (before.map(shape), after.map(shape));
    let one = match shapes {
        (None, None) => Shape::Null,
        (Some(one), None) | (None, Some(one)) => one,
        (Some(old), Some(new)) if old == new => new,
        (Some(old), Some(new)) => {
            let nowhere = Place { replace: &[], path: at.path };
            let simple = |shape| !matches!(shape, Shape::Sequence | Shape::Mapping);
            // A text may stand on several lines, on its own or as what it holds.
            let texts = old == Shape::String && new != Shape::Null || new == Shape::String && old != Shape::Null;
            if simple(old) && simple(new) && !texts {
                return leaf(before, after, at);
            }
            let (before, after) = (dynamic(before, None, nowhere), dynamic(None, after, nowhere));
            let kind = Kind::TypeChange { before: Box::new(before), after: Box::new(after) };
            return Diff::new(kind, Action::Update, at.forces());
        }
    };
    match one {
        Shape::Sequence => list(before, after, &Type::Dynamic, at),
        Shape::Mapping => {
            let names = [before, after].into_iter().flatten().filter_map(Value::as_entries);
            let types = names.flat_map(|entries| entries.keys().map(|name| (name.clone(), &Type::Dynamic))).collect();
            let diff = object(before, after, &types, at);
            debug_assert!(matches!(diff.kind, Kind::Object(_)));
            diff
        }
        _ => leaf(before, after, at),
    }
}

fn object(before: Option<&Value>, after: Option<&Value>, types: &BTreeMap<Arc<str>, &Type>, at: Place<'_>) -> Diff {
    let mut parts = BTreeMap::new();
    for (name, ty) in types {
        let (old, new) = (before.and_then(|value| value.get(name)), after.and_then(|value| value.get(name)));
        let path = at.path.attr(name);
        let diff = part(old, new, ty, Place { path: &path, ..at });
        let nothing = present(old).is_none() && present(new).is_none();
        if nothing && diff.action == Action::NoOp && **ty != Type::Dynamic {
            continue;
        }
        parts.insert(name.clone(), diff);
    }
    let action = action_of(before.is_some(), after.is_some(), parts.values());
    Diff::new(Kind::Object(parts), action, at.forces())
}

fn map(before: Option<&Value>, after: Option<&Value>, element: &Type, at: Place<'_>) -> Diff {
    let keys = [before, after].into_iter().flatten().filter_map(Value::as_entries).flat_map(BTreeMap::keys);
    let keys: BTreeSet<Arc<str>> = keys.cloned().collect();
    let parts = keys.into_iter().map(|key| {
        let (old, new) = (before.and_then(|value| value.get(&key)), after.and_then(|value| value.get(&key)));
        let path = at.path.then(smform_types::Step::Key(key.to_string()));
        let diff = part(old, new, element, Place { path: &path, ..at });
        (key, diff)
    });
    let parts: BTreeMap<Arc<str>, Diff> = parts.collect();
    let action = action_of(before.is_some(), after.is_some(), parts.values());
    Diff::new(Kind::Map(parts), action, at.forces())
}

fn items(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_slice).unwrap_or_default()
}

/// The differences of paired elements. Where the two sides have moved apart, a place is that of the new side.
pub(super) fn elements(
    before: &[Value],
    after: &[Value],
    pairs: Vec<Pair>,
    element: &Type,
    at: Place<'_>,
    step: impl Fn(usize) -> smform_types::Step,
) -> Vec<Diff> {
    let diff = |Pair(old, new): Pair| {
        let path = at.path.then(step(new.or(old).unwrap_or_default()));
        let (old, new) = (old.and_then(|at| before.get(at)), new.and_then(|at| after.get(at)));
        part(old, new, element, Place { path: &path, ..at })
    };
    pairs.into_iter().map(diff).collect()
}

fn list(before: Option<&Value>, after: Option<&Value>, element: &Type, at: Place<'_>) -> Diff {
    let (old, new) = (items(before), items(after));
    let parts = elements(old, new, pair_list(old, new), element, at, smform_types::Step::Index);
    let action = action_of(before.is_some(), after.is_some(), &parts);
    Diff::new(Kind::List(parts), action, at.forces())
}

fn set(before: Option<&Value>, after: Option<&Value>, element: &Type, at: Place<'_>) -> Diff {
    let (old, new) = (items(before), items(after));
    let parts = elements(old, new, pair_set(old, new), element, at, |_| smform_types::Step::Element);
    let action = action_of(before.is_some(), after.is_some(), &parts);
    Diff::new(Kind::Set(parts), action, at.forces())
}

fn tuple(before: Option<&Value>, after: Option<&Value>, types: &[Type], at: Place<'_>) -> Diff {
    let (old, new) = (items(before), items(after));
    let parts = (0..old.len().max(new.len())).map(|index| {
        let path = at.path.index(index);
        let ty = types.get(index).unwrap_or(&Type::Dynamic);
        part(old.get(index), new.get(index), ty, Place { path: &path, ..at })
    });
    let parts: Vec<Diff> = parts.collect();
    let action = action_of(before.is_some(), after.is_some(), &parts);
    Diff::new(Kind::List(parts), action, at.forces())
}
