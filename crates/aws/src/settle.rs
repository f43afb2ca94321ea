//! Settling what the service tells with what is remembered: where both mean the same, the remembered form stays, so
//! that a plan after an apply is empty whatever form the service prefers.

use std::sync::Arc;

use smform_provider::both_absent;
use smform_provider::plan::Equivalence;
use smform_types::schema::{Block, NestedBlock};
use smform_types::{Path, Step, Type, Value, ValueKind};

/// `live`, in the form of `remembered` wherever the two mean the same.
pub(crate) fn settle(block: &Block, remembered: &Value, live: Value, equivalent: Equivalence<'_>) -> Value {
    settle_block(block, remembered, &live, &Path::root(), equivalent)
}

fn settle_block(block: &Block, remembered: &Value, live: &Value, path: &Path, equivalent: Equivalence<'_>) -> Value {
    let attributes = block.attributes.iter().filter_map(|(name, attribute)| {
        let live = live.get(name)?;
        let settled = match remembered.get(name) {
            // Nothing has two forms, whoever wrote it.
            Some(known) if !attribute.is_settable() && !known.is_null() && both_absent(known, live) => known.clone(),
            // Nobody wrote it, so there is no form to keep.
            _ if !attribute.is_settable() => live.clone(),
            // Where the service or a default fills in what nobody wrote, null is no form: so far nothing was known.
            Some(known) if known.is_null() && (attribute.computed || attribute.default.is_some()) => live.clone(),
            Some(known) if same(&path.attr(name), known, live, equivalent) => known.clone(),
            _ => live.clone(),
        };
        Some((*name, settled))
    });
    let blocks = block.blocks.iter().filter_map(|(name, nested)| {
        let live = live.get(name)?;
        let settled = match remembered.get(name) {
            Some(known) if known.is_known() => settle_nested(nested, known, live, &path.attr(name), equivalent),
            _ => live.clone(),
        };
        Some((*name, settled))
    });
    Value::object(attributes.chain(blocks))
}

fn same(path: &Path, known: &Value, live: &Value, equivalent: Equivalence<'_>) -> bool {
    let alike = || known == live || both_absent(known, live) || same_entries(known, live);
    known.is_wholly_known() && (alike() || equivalent(path, known, live))
}

/// Whether two maps say the same: an entry that is null is one that nobody sends, and no map is an empty one.
pub(crate) fn same_entries(one: &Value, other: &Value) -> bool {
    let said = |map: &Value| -> Option<Vec<(Arc<str>, Value)>> {
        match map.kind() {
            ValueKind::Map(_, entries) => {
                let entries = entries.iter().filter(|(_, value)| !value.is_null());
                Some(entries.map(|(key, value)| (key.clone(), value.clone())).collect())
            }
            ValueKind::Null(Type::Map(_)) => Some(Vec::new()),
            _ => None,
        }
    };
    said(one).is_some_and(|one| said(other) == Some(one))
}

fn settle_nested(nested: &NestedBlock, known: &Value, live: &Value, path: &Path, equivalent: Equivalence<'_>) -> Value {
    let element = nested.block.ty();
    match (known.kind(), live.kind()) {
        (ValueKind::Object(_), ValueKind::Object(_)) => settle_block(&nested.block, known, live, path, equivalent),
        (ValueKind::List(_, before), ValueKind::List(_, items)) => {
            // An empty block says nothing, so the service does not send it back.
            if items.is_empty() && before.iter().all(says_nothing) {
                return known.clone();
            }
            let settled = items.iter().enumerate().map(|(at, item)| match before.get(at) {
                Some(known) => settle_block(&nested.block, known, item, &path.index(at), equivalent),
                None => item.clone(),
            });
            Value::list(element, settled)
        }
        (ValueKind::Set(_, before), ValueKind::Set(_, items)) => {
            let path = path.then(Step::Element);
            let settled = items.iter().map(|item| {
                let mut forms =
                    before.iter().map(|known| (known, settle_block(&nested.block, known, item, &path, equivalent)));
                forms.find(|(known, form)| *known == form).map_or_else(|| item.clone(), |(_, form)| form)
            });
            Value::set(element, settled)
        }
        _ => live.clone(),
    }
}

/// Whether nothing is set in a block, down to its innermost blocks.
fn says_nothing(value: &Value) -> bool {
    match value.kind() {
        ValueKind::Null(_) => true,
        ValueKind::Bool(flag) => !flag,
        ValueKind::Number(number) => number.is_zero(),
        ValueKind::String(text) => text.is_empty(),
        ValueKind::Unknown(..) => false,
        _ => value.children().all(says_nothing),
    }
}

/// `planned` with everything that is unknown taken from `live`.
pub(crate) fn fill(planned: &Value, live: &Value) -> Value {
    match (planned.kind(), live.kind()) {
        (ValueKind::Unknown(..), _) => live.clone(),
        (ValueKind::Object(entries), _) => Value::object(entries.iter().map(|(name, value)| {
            let filled = live.get(name).map_or_else(|| value.clone(), |live| fill(value, live));
            (name.clone(), filled)
        })),
        (ValueKind::List(element, items), ValueKind::List(_, others)) if items.len() == others.len() => {
            Value::list(element.clone(), items.iter().zip(others.iter()).map(|(item, live)| fill(item, live)))
        }
        _ => planned.clone(),
    }
}

/// Whether a live object has everything that was asked for. What was left out, the service may have filled in.
pub(crate) fn is_made_of(planned: &Value, live: &Value) -> bool {
    match (planned.kind(), live.kind()) {
        (ValueKind::Unknown(..), _) => true,
        (ValueKind::Object(entries), ValueKind::Object(found)) => {
            entries.iter().all(|(name, value)| found.get(name).is_none_or(|found| is_made_of(value, found)))
        }
        (ValueKind::List(_, items), ValueKind::List(_, found)) if items.len() == found.len() => {
            items.iter().zip(found.iter()).all(|(item, found)| is_made_of(item, found))
        }
        _ => planned == live || both_absent(planned, planned),
    }
}

/// A value in which nothing is unknown any more: for want of an answer, what nobody wrote counts as absent.
pub(crate) fn closed(block: &Block, value: &Value) -> Value {
    let ValueKind::Object(entries) = value.kind() else { return value.clone() };
    let absent = block.empty();
    Value::object(entries.iter().map(|(name, value)| {
        let nothing = || absent.get(name).cloned().unwrap_or_else(|| Value::null(value.ty()));
        let closed = match (value.kind(), block.blocks.get(&**name)) {
            (ValueKind::Unknown(..), _) => nothing(),
            (ValueKind::List(_, items), Some(nested)) => {
                Value::list(nested.block.ty(), items.iter().map(|item| self::closed(&nested.block, item)))
            }
            (ValueKind::Set(_, items), Some(nested)) => {
                Value::set(nested.block.ty(), items.iter().map(|item| self::closed(&nested.block, item)))
            }
            (ValueKind::Object(_), Some(nested)) => self::closed(&nested.block, value),
            _ if !value.is_wholly_known() => nothing(),
            _ => value.clone(),
        };
        (name.clone(), closed)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use smform_types::schema::Attribute;

    fn block() -> Block {
        let inner = Block::new([("mode", Attribute::optional(Type::String))], []);
        Block::new(
            [("isolated", Attribute::optional(Type::Bool)), ("weight", Attribute::optional(Type::Number))],
            [("part", NestedBlock::at_most_one(inner))],
        )
    }

    fn object(isolated: Value, weight: i64, parts: &[Value]) -> Value {
        let inner = Type::object([("mode", Type::String)]);
        Value::object([
            ("isolated", isolated),
            ("weight", Value::number(weight)),
            ("part", Value::list(inner, parts.iter().map(|mode| Value::object([("mode", mode.clone())])))),
        ])
    }

    #[test]
    fn the_remembered_form_stays_where_both_mean_the_same() {
        let remembered = object(Value::null(Type::Bool), 1, &[Value::null(Type::String)]);
        let live = object(Value::bool(false), 2, &[]);
        let settled = settle(&block(), &remembered, live, &|_, _, _| false);
        assert_eq!(settled, object(Value::null(Type::Bool), 2, &[Value::null(Type::String)]));
    }

    #[test]
    fn what_differs_is_taken_from_the_service() {
        let remembered = object(Value::bool(true), 1, &[Value::string("a")]);
        let live = object(Value::bool(false), 1, &[]);
        assert_eq!(settle(&block(), &remembered, live.clone(), &|_, _, _| false), live);
    }

    #[test]
    fn what_the_service_filled_in_is_no_difference_to_what_was_asked_for() {
        let (nothing, one, other) = (Value::null(Type::Bool), Value::string("x"), Value::string("y"));
        let asked = object(Value::unknown(Type::Bool), 1, &[]);
        assert!(is_made_of(&asked, &object(Value::bool(true), 1, std::slice::from_ref(&one))));
        let asked = object(nothing.clone(), 1, std::slice::from_ref(&one));
        assert!(is_made_of(&asked, &object(Value::bool(true), 1, std::slice::from_ref(&one))));
        assert!(!is_made_of(&asked, &object(nothing.clone(), 1, &[other])));
        assert!(!is_made_of(&asked, &object(nothing.clone(), 1, &[])));
        assert!(!is_made_of(&asked, &object(nothing, 2, &[one])));
    }

    #[test]
    fn without_an_answer_what_is_unknown_is_absent() {
        let planned = object(Value::unknown(Type::Bool), 1, &[Value::unknown(Type::String), Value::string("a")]);
        let expected = object(Value::null(Type::Bool), 1, &[Value::null(Type::String), Value::string("a")]);
        assert_eq!(closed(&block(), &planned), expected);
    }

    #[test]
    fn only_unknown_parts_are_filled() {
        let planned = object(Value::unknown(Type::Bool), 1, &[Value::unknown(Type::String)]);
        let live = object(Value::bool(true), 7, &[Value::string("x")]);
        assert_eq!(fill(&planned, &live), object(Value::bool(true), 1, &[Value::string("x")]));
    }
}
