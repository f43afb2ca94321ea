//! What must hold between a plan and what came of it: what was known may not change, what was unknown may only become
//! known.

use smform_types::{Path, Value, ValueKind};

/// The places at which `result` is not what `planned` said. Marks do not count.
#[must_use]
pub fn differences(planned: &Value, result: &Value) -> Vec<Path> {
    let mut found = Vec::new();
    compare(planned, result, &Path::root(), &mut found);
    found
}

fn compare(planned: &Value, result: &Value, path: &Path, found: &mut Vec<Path>) {
    if !planned.is_known() {
        return;
    }
    match (planned.kind(), result.kind()) {
        (ValueKind::Object(before), ValueKind::Object(after))
        | (ValueKind::Map(_, before), ValueKind::Map(_, after)) => {
            for (name, value) in before.iter() {
                match after.get(name) {
                    Some(other) => compare(value, other, &path.attr(name), found),
                    None => found.push(path.attr(name)),
                }
            }
            found.extend(after.keys().filter(|name| !before.contains_key(*name)).map(|name| path.attr(name)));
        }
        (ValueKind::List(_, before), ValueKind::List(_, after))
        | (ValueKind::Tuple(before), ValueKind::Tuple(after))
            if before.len() == after.len() =>
        {
            for (at, (value, other)) in before.iter().zip(after.iter()).enumerate() {
                compare(value, other, &path.index(at), found);
            }
        }
        // Elements of a set that are not wholly known cannot be told apart.
        (ValueKind::Set(..), ValueKind::Set(..)) if !planned.is_wholly_known() => {}
        _ => {
            if planned.clone().unmark_deep().0 != result.clone().unmark_deep().0 {
                found.push(path.clone());
            }
        }
    }
}

/// The value with null in place of everything that is still unknown, and the places where that was.
#[must_use]
pub fn without_unknown(value: Value) -> (Value, Vec<Path>) {
    let mut found = Vec::new();
    value.visit(&mut |path, part| {
        if !part.is_known() {
            found.push(path.clone());
        }
    });
    if found.is_empty() {
        return (value, found);
    }
    let known = value.map_deep(&mut |part| if part.is_known() { part } else { Value::null(part.ty()) });
    (known, found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use smform_types::Type;

    #[test]
    fn known_values_must_stay_and_unknown_ones_may_become_anything() {
        let planned = Value::object([
            ("a", Value::string("x")),
            ("b", Value::unknown(Type::String)),
            ("c", Value::list(Type::String, [Value::string("1"), Value::unknown(Type::String)])),
        ]);
        let result = |a: &str, first: &str| {
            let list = Value::list(Type::String, [Value::string(first), Value::string("z")]);
            Value::object([("a", Value::string(a)), ("b", Value::string("y")), ("c", list)])
        };
        assert!(differences(&planned, &result("x", "1")).is_empty());
        assert_eq!(differences(&planned, &result("q", "2")), [Path::attribute("a"), Path::attribute("c").index(0)]);
    }

    #[test]
    fn what_is_left_unknown_becomes_null() {
        let (value, places) = without_unknown(Value::object([("a", Value::unknown(Type::String))]));
        assert_eq!(value, Value::object([("a", Value::null(Type::String))]));
        assert_eq!(places, [Path::attribute("a")]);
    }
}
