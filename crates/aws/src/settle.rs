//! Settling what the service tells with what is remembered: where both mean the same, the remembered form stays, so
//! that a plan after an apply is empty whatever form the service prefers.

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_provider::both_absent;
use smform_provider::plan::Equivalence;
use smform_types::schema::{Block, NestedBlock};
use smform_types::{Path, Step, Value, ValueKind};

/// `live`, in the form of `remembered` wherever the two mean the same.
pub(crate) fn settle(block: &Block, remembered: &Value, live: Value, equivalent: Equivalence<'_>) -> Value {
    settle_block(block, remembered, &live, &Path::root(), equivalent)
}

fn settle_block(block: &Block, remembered: &Value, live: &Value, path: &Path, equivalent: Equivalence<'_>) -> Value {
    let attributes = block.attributes.iter().filter_map(|(name, attribute)| {
        let live = live.get(name)?;
        let settled = match remembered.get(name) {
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

/// Whether two maps say the same: an entry that is null is one that nobody sends.
pub(crate) fn same_entries(one: &Value, other: &Value) -> bool {
    let (ValueKind::Map(_, one), ValueKind::Map(_, other)) = (one.kind(), other.kind()) else { return false };
    let said = |entries: &BTreeMap<Arc<str>, Value>| -> Vec<(Arc<str>, Value)> {
        let entries = entries.iter().filter(|(_, value)| !value.is_null());
        entries.map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    said(one) == said(other)
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

#[cfg(test)]
mod tests {
    use super::*;
    use smform_types::Type;
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
    fn only_unknown_parts_are_filled() {
        let planned = object(Value::unknown(Type::Bool), 1, &[Value::unknown(Type::String)]);
        let live = object(Value::bool(true), 7, &[Value::string("x")]);
        assert_eq!(fill(&planned, &live), object(Value::bool(true), 1, &[Value::string("x")]));
    }
}
