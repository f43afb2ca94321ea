//! Equality as the language defines it: no conversion, and unknown where the answer may still change.

use smform_types::{Refinement, Type, Value, ValueKind};

/// Whether two values are equal, marks aside; nothing when that is not known yet.
///
/// Nulls of all types are equal. Values of different types are not, even when their contents are.
#[must_use]
pub fn equals(a: &Value, b: &Value) -> Option<bool> {
    if let Some(settled) = without_parts(a, b) {
        return settled;
    }
    let (ta, tb) = (a.ty(), b.ty());
    if ta != tb {
        // A part whose type is not known yet may still make them alike.
        return if has_open_part(a) || has_open_part(b) { may_conform(a, b) } else { Some(false) };
    }
    parts(a, b)
}

/// Whether a part is unknown down to its type.
fn has_open_part(value: &Value) -> bool {
    match value.kind() {
        ValueKind::Unknown(ty, _) => *ty == Type::Dynamic,
        _ => value.children().any(has_open_part),
    }
}

/// The answer where null or unknown settle it.
fn without_parts(a: &Value, b: &Value) -> Option<Option<bool>> {
    if a.is_null() && b.is_definitely_not_null() || b.is_null() && a.is_definitely_not_null() {
        return Some(Some(false));
    }
    match (a.kind(), b.kind()) {
        (ValueKind::Unknown(..), ValueKind::Unknown(..)) => Some(None),
        (ValueKind::Unknown(ty, refinement), _) => Some(unlike(ty, refinement.as_deref(), b)),
        (_, ValueKind::Unknown(ty, refinement)) => Some(unlike(ty, refinement.as_deref(), a)),
        (ValueKind::Null(_), ValueKind::Null(_)) => Some(Some(true)),
        (ValueKind::Null(_), _) | (_, ValueKind::Null(_)) => Some(Some(false)),
        _ => None,
    }
}

/// Compares known values of the same type.
fn parts(a: &Value, b: &Value) -> Option<bool> {
    match (a.kind(), b.kind()) {
        (ValueKind::Set(_, xs), ValueKind::Set(_, ys)) => {
            if a.is_wholly_known() && b.is_wholly_known() {
                return Some(xs == ys);
            }
            None
        }
        (ValueKind::List(_, xs), ValueKind::List(_, ys)) | (ValueKind::Tuple(xs), ValueKind::Tuple(ys)) => {
            if xs.len() != ys.len() {
                return Some(false);
            }
            // As in Terraform, the first pair that is not equal, or may not be, decides.
            let differing = xs.iter().zip(ys.iter()).map(|(x, y)| same(x, y)).find(|same| *same != Some(true));
            differing.unwrap_or(Some(true))
        }
        (ValueKind::Map(_, xs), ValueKind::Map(_, ys)) | (ValueKind::Object(xs), ValueKind::Object(ys)) => {
            if !xs.keys().eq(ys.keys()) {
                return Some(false);
            }
            all(xs.values().zip(ys.values()), same)
        }
        (x, y) => Some(x == y),
    }
}

/// Compares values of the same type.
fn same(a: &Value, b: &Value) -> Option<bool> {
    without_parts(a, b).unwrap_or_else(|| parts(a, b))
}

/// Whether all pairs are equal by `compare`.
fn all<'v>(
    mut pairs: impl Iterator<Item = (&'v Value, &'v Value)>,
    compare: fn(&Value, &Value) -> Option<bool>,
) -> Option<bool> {
    let mut unknown = false;
    let different = pairs.any(|(x, y)| match compare(x, y) {
        Some(same) => !same,
        None => {
            unknown = true;
            false
        }
    });
    match (different, unknown) {
        (true, _) => Some(false),
        (false, true) => None,
        (false, false) => Some(true),
    }
}

/// Some(false) when an unknown value of a type can never be `known`.
fn unlike(ty: &Type, refinement: Option<&Refinement>, known: &Value) -> Option<bool> {
    if known.is_null() {
        return None;
    }
    if !conforms(&known.ty(), ty) {
        return Some(false);
    }
    if ty.has_dynamic() {
        return None;
    }
    refinement.is_some_and(|refinement| !includes(refinement, known)).then_some(false)
}

/// Whether a type is another one, but for the parts that this leaves open.
fn conforms(given: &Type, wanted: &Type) -> bool {
    match (given, wanted) {
        (_, Type::Dynamic) => true,
        (Type::List(given), Type::List(wanted))
        | (Type::Set(given), Type::Set(wanted))
        | (Type::Map(given), Type::Map(wanted)) => conforms(given, wanted),
        (Type::Tuple(given), Type::Tuple(wanted)) => {
            given.len() == wanted.len()
                && given.iter().zip(wanted.iter()).all(|(given, wanted)| conforms(given, wanted))
        }
        _ if !wanted.has_dynamic() => given == wanted,
        // Objects with open parts are taken to be alike.
        _ => matches!((given, wanted), (Type::Object(_), Type::Object(_))),
    }
}

fn includes(refinement: &Refinement, known: &Value) -> bool {
    let length =
        || known.as_slice().map(<[Value]>::len).or_else(|| known.as_entries().map(std::collections::BTreeMap::len));
    let within = |length: usize| {
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        refinement.min_length.is_none_or(|min| length >= min) && refinement.max_length.is_none_or(|max| length <= max)
    };
    match known.kind() {
        ValueKind::String(text) => refinement.prefix.as_ref().is_none_or(|prefix| text.starts_with(&**prefix)),
        ValueKind::Number(number) => {
            refinement.lower.as_ref().is_none_or(|(bound, open)| number > bound || *open && number == bound)
                && refinement.upper.as_ref().is_none_or(|(bound, open)| number < bound || *open && number == bound)
        }
        // A set with unknown elements may still shrink.
        ValueKind::Set(..) if !known.is_wholly_known() => true,
        _ => length().is_none_or(within),
    }
}

/// For values whose types differ where one of them is not known yet.
fn may_conform(a: &Value, b: &Value) -> Option<bool> {
    match (a.kind(), b.kind()) {
        (ValueKind::Tuple(xs), ValueKind::Tuple(ys)) if xs.len() == ys.len() => all(xs.iter().zip(ys.iter()), equals),
        (ValueKind::Object(xs), ValueKind::Object(ys)) if xs.keys().eq(ys.keys()) => {
            all(xs.values().zip(ys.values()), equals)
        }
        (ValueKind::List(..), ValueKind::List(..))
        | (ValueKind::Set(..), ValueKind::Set(..))
        | (ValueKind::Map(..), ValueKind::Map(..)) => None,
        _ => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_must_agree_and_nulls_are_alike() {
        assert_eq!(equals(&Value::number(1), &Value::string("1")), Some(false));
        assert_eq!(equals(&Value::null(Type::String), &Value::null(Type::Number)), Some(true));
        let tuple = Value::tuple([Value::number(1)]);
        assert_eq!(equals(&tuple, &Value::list(Type::Number, [Value::number(1)])), Some(false));
        assert_eq!(equals(&tuple, &tuple), Some(true));
    }

    #[test]
    fn a_type_that_is_left_open_in_part_settles_what_cannot_be() {
        let open = Value::unknown(Type::list(Type::Dynamic));
        assert_eq!(equals(&open, &Value::list(Type::String, [Value::string("a")])), None);
        assert_eq!(equals(&open, &Value::list(Type::Dynamic, [])), None);
        assert_eq!(equals(&open, &Value::tuple([])), Some(false));
        assert_eq!(equals(&open, &Value::set(Type::String, [])), Some(false));
        let pair = Value::unknown(Type::tuple([Type::Dynamic, Type::String]));
        assert_eq!(equals(&pair, &Value::tuple([Value::number(1), Value::string("b")])), None);
        assert_eq!(equals(&pair, &Value::tuple([Value::number(1), Value::number(2)])), Some(false));
    }

    #[test]
    fn what_is_known_of_an_unknown_value_can_settle_it() {
        let prefixed = Value::refined(Type::String, Refinement::with_prefix("a"));
        assert_eq!(equals(&prefixed, &Value::string("abc")), None);
        assert_eq!(equals(&prefixed, &Value::string("b")), Some(false));
        assert_eq!(equals(&prefixed, &Value::null(Type::Dynamic)), Some(false));
        let part = Value::tuple([Value::unknown(Type::Number), Value::number(1)]);
        assert_eq!(equals(&part, &Value::tuple([Value::number(1), Value::number(2)])), None);
        let other = Value::tuple([Value::number(1), Value::unknown(Type::Number)]);
        assert_eq!(equals(&other, &Value::tuple([Value::number(2), Value::number(2)])), Some(false));
        assert_eq!(equals(&part, &Value::tuple([Value::number(1), Value::number(1)])), None);
    }
}
