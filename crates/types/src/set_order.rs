//! The order in which sets hold and show their elements.
//!
//! Strings go by code point, numbers by size, false before true, then what is not known, then null. Elements of other
//! types go by a text made of their contents, as in Terraform, so that states and plans list them in the same order.

use std::cmp::Ordering;

use crate::number::Number;
use crate::value::{Value, ValueKind};

/// The order of two elements of one set. Only equal elements are equal in it.
pub(crate) fn compare(a: &Value, b: &Value) -> Ordering {
    let rank = |value: &Value| match value.kind() {
        ValueKind::Null(_) => 2,
        ValueKind::Unknown(..) => 1,
        _ => 0,
    };
    rank(a).cmp(&rank(b)).then_with(|| match (a.as_number(), b.as_number()) {
        // A set tells the two zeros apart, although they are equal.
        (Some(x), Some(y)) => x.cmp(y).then_with(|| y.has_minus().cmp(&x.has_minus())),
        _ if is_structure(a) && is_structure(b) => text(a).cmp(&text(b)).then_with(|| a.cmp(b)),
        _ => a.cmp(b),
    })
}

/// Sorts the elements of a set.
pub(crate) fn sort(elements: &mut [Value]) {
    if elements.iter().all(is_structure) {
        elements.sort_by_cached_key(|value| (text(value), value.clone()));
    } else {
        elements.sort_by(compare);
    }
}

fn is_structure(value: &Value) -> bool {
    matches!(
        value.kind(),
        ValueKind::List(..) | ValueKind::Set(..) | ValueKind::Map(..) | ValueKind::Tuple(_) | ValueKind::Object(_)
    )
}

fn text(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    let (open, close) = match value.kind() {
        ValueKind::Unknown(..) => return out.push('?'),
        ValueKind::Null(_) => return out.push('~'),
        ValueKind::Bool(value) => return out.push(if *value { 'T' } else { 'F' }),
        ValueKind::Number(number) => return out.push_str(&short(number)),
        ValueKind::String(text) => return out.push_str(&format!("{text:?}")),
        ValueKind::List(..) | ValueKind::Set(..) => ('[', ']'),
        ValueKind::Map(..) => ('{', '}'),
        ValueKind::Tuple(_) | ValueKind::Object(_) => ('<', '>'),
    };
    out.push(open);
    match value.kind() {
        ValueKind::Map(_, entries) => {
            for (key, item) in entries.iter() {
                out.push_str(&format!("{key:?}:"));
                write(item, out);
                out.push(';');
            }
        }
        _ => {
            for item in value.children() {
                write(item, out);
                out.push(';');
            }
        }
    }
    out.push(close);
}

/// A number in at most ten digits, with an exponent when it is large or small.
fn short(number: &Number) -> String {
    let exact = number.to_string();
    if exact.len() <= 10 && !exact.contains('.') || number.is_infinite() {
        return exact;
    }
    let text = format!("{:.9e}", number.to_f64());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..10).contains(&exponent) {
        let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    let places = usize::try_from(9 - exponent).unwrap_or(0);
    let fixed = format!("{:.places$}", number.to_f64());
    if fixed.contains('.') { fixed.trim_end_matches('0').trim_end_matches('.').to_owned() } else { fixed }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ty::Type;

    #[test]
    fn structures_go_by_their_text_and_null_goes_last() {
        let objects = Value::set(
            Type::object([("a", Type::Number)]),
            [9, 10].map(|number| Value::object([("a", Value::number(number))])),
        );
        let first = objects.as_slice().and_then(<[Value]>::first).and_then(|object| object.get("a")).cloned();
        assert_eq!(first, Some(Value::number(10)));
        let strings = Value::set(Type::String, [Value::null(Type::String), Value::string("a")]);
        assert_eq!(strings.as_slice(), Some(&[Value::string("a"), Value::null(Type::String)][..]));
    }

    #[test]
    fn the_unknown_goes_before_null_and_zeros_are_told_apart() {
        let [unknown, null] = [Value::unknown(Type::String), Value::null(Type::String)];
        let strings = Value::set(Type::String, [null.clone(), unknown.clone(), Value::string("a")]);
        assert_eq!(strings.as_slice(), Some(&[Value::string("a"), unknown, null][..]));
        let zero = Number::from(0_i64);
        let zeros = [zero.clone(), zero.negate(), zero.negate()].map(Value::number);
        let numbers = Value::set(Type::Number, zeros.clone());
        let texts = numbers.as_slice().unwrap_or_default().iter().filter_map(Value::as_number).map(Number::to_string);
        assert_eq!(texts.collect::<Vec<_>>(), ["-0", "0"]);
        let objects = Value::set(Type::object([("a", Type::Number)]), zeros.map(|zero| Value::object([("a", zero)])));
        assert_eq!(objects.as_slice().map(<[Value]>::len), Some(2));
    }

    #[test]
    fn numbers_are_shortened_to_ten_digits() {
        let short_text = |text: &str| Number::parse(text).map(|number| short(&number)).unwrap_or_default();
        let texts = ["1.5", "-1", "12345678901", "0.00001", "1234567890.5", "0.1"].map(short_text);
        assert_eq!(texts, ["1.5", "-1", "1.23456789e+10", "1e-05", "1234567890", "0.1"]);
    }
}
