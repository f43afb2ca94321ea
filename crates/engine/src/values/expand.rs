//! `count` and `for_each`: from their values to the instances of a block.

use std::collections::BTreeMap;

use smform_lang::config::Repetition;
use smform_lang::eval::Evaluator;
use smform_types::{Diagnostic, Diagnostics, Marks, Type, Value, ValueKind, convert};

use super::Instances;

/// Evaluates the repetition of a block.
///
/// # Errors
/// When the value is of the wrong kind, or not known before something is applied.
pub fn expand(evaluator: &Evaluator<'_>, repetition: &Repetition) -> Result<Instances, Diagnostics> {
    match expand_known(evaluator, repetition)? {
        Some(instances) => Ok(instances),
        None => {
            let expr = match repetition {
                Repetition::ForEach(expr) | Repetition::Count(expr) => Some(expr),
                Repetition::Single => None,
            };
            let error = unknown(repetition);
            Err(match expr {
                Some(expr) => evaluator.about_unknown(error, expr).into(),
                None => error.into(),
            })
        }
    }
}

/// Evaluates the repetition of a block; nothing when it is not known yet.
///
/// # Errors
/// When the value is of the wrong kind.
pub fn expand_known(evaluator: &Evaluator<'_>, repetition: &Repetition) -> Result<Option<Instances>, Diagnostics> {
    match repetition {
        Repetition::Single => Ok(Some(Instances::Single)),
        Repetition::Count(expr) => {
            let value = evaluator.expr(expr)?;
            count(value).map_err(|error| evaluator.about(error, expr).into())
        }
        Repetition::ForEach(expr) => {
            let value = evaluator.expr(expr)?;
            for_each(value).map_err(|error| evaluator.about(error, expr).into())
        }
    }
}

fn unknown(repetition: &Repetition) -> Diagnostic {
    match repetition {
        Repetition::ForEach(expr) => Diagnostic::error(
            "Invalid for_each argument",
            "The keys depend on something that is known only after apply, so the instances cannot be planned. Use keys \
             that are written in the configuration, or apply first what they depend on, with -target.",
        )
        .at(expr.span),
        Repetition::Count(_) | Repetition::Single => Diagnostic::error(
            "Invalid count argument",
            "The value depends on something that is known only after apply, so the number of instances cannot be \
             planned. Apply first what it depends on, with -target, and then the rest.",
        )
        .at(if let Repetition::Count(expr) = repetition { Some(expr.span) } else { None }),
    }
}

fn count(value: Value) -> Result<Option<Instances>, Diagnostic> {
    let invalid = |detail: &str| Diagnostic::error("Invalid count argument", detail);
    let (value, marks) = value.unmark();
    if marks.contains(Marks::EPHEMERAL) {
        return Err(invalid("The number of instances is kept in the state, so an ephemeral value cannot decide it."));
    }
    if value.is_null() {
        return Err(invalid("The value is null. Give a whole number, 0 for no instance."));
    }
    if !value.is_known() {
        return match value.ty() {
            Type::Dynamic | Type::Number | Type::String => Ok(None),
            ty => {
                let detail = format!("A number is required, and this is a {}.", ty.friendly());
                Err(Diagnostic::error("Incorrect value type", detail))
            }
        };
    }
    let number = convert(value, &Type::Number)
        .map_err(|error| Diagnostic::error("Incorrect value type", format!("{error}.")))?;
    match number.as_number() {
        Some(number) if number.is_negative() => Err(invalid("The value must be 0 or more.")),
        Some(number) if !number.is_whole() => Err(invalid("The value must be a whole number.")),
        Some(number) => match number.to_i64().and_then(|count| u64::try_from(count).ok()) {
            Some(count) if count <= 1_000_000 => Ok(Some(Instances::Count(count))),
            _ => Err(invalid("The value is too large: at most 1,000,000 instances.")),
        },
        None => Err(invalid("A number is required.")),
    }
}

fn for_each(value: Value) -> Result<Option<Instances>, Diagnostic> {
    let invalid = |detail: String| Diagnostic::error("Invalid for_each argument", detail);
    if value.marks().contains(Marks::SENSITIVE) {
        return Err(invalid(
            "The keys become part of addresses, which are shown, so a sensitive value cannot be used. Use nonsensitive() \
             if the keys may be shown."
                .to_owned(),
        ));
    }
    if value.marks().contains(Marks::EPHEMERAL) {
        return Err(invalid("The keys are kept in the state, so an ephemeral value cannot be used.".to_owned()));
    }
    match value.kind() {
        ValueKind::Null(_) => Err(invalid("The value is null. Give a map, or a set of strings.".to_owned())),
        ValueKind::Unknown(Type::Map(_) | Type::Object(_) | Type::Set(_) | Type::Dynamic, _) => Ok(None),
        ValueKind::Map(_, entries) | ValueKind::Object(entries) => Ok(Some(Instances::Each(BTreeMap::clone(entries)))),
        ValueKind::Set(_, items) => {
            let mut entries = BTreeMap::new();
            for item in items.iter() {
                if !item.is_known() {
                    return Ok(None);
                }
                let ValueKind::String(text) = item.kind() else {
                    let detail = format!(
                        "A set must be of strings; this one has an element of type {}.",
                        if item.is_null() { "null".to_owned() } else { item.ty().friendly() }
                    );
                    return Err(Diagnostic::error("Invalid for_each set argument", detail));
                };
                entries.insert(text.clone(), item.clone());
            }
            Ok(Some(Instances::Each(entries)))
        }
        _ => {
            let is = value.ty().friendly();
            let hint = if matches!(value.kind(), ValueKind::List(..) | ValueKind::Tuple(_)) {
                " Use toset() if its elements are strings and the order does not matter."
            } else {
                ""
            };
            Err(invalid(format!("The value must be a map, or a set of strings; it is a {is}.{hint}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_whole_known_and_not_negative() {
        assert_eq!(count(Value::string("3")), Ok(Some(Instances::Count(3))));
        assert_eq!(count(Value::unknown(Type::Number)), Ok(None));
        for bad in [Value::number(-1), Value::null(Type::Number), Value::string("x"), Value::bool(true)] {
            assert!(count(bad.clone()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn for_each_takes_maps_and_sets_of_strings() {
        let set = Value::set(Type::String, [Value::string("a")]);
        assert_eq!(for_each(set).map(|instances| instances.map(|instances| instances.keys().len())), Ok(Some(1)));
        assert_eq!(for_each(Value::unknown(Type::map(Type::String))), Ok(None));
        let bad = [
            Value::tuple([Value::string("a")]),
            Value::set(Type::Number, [Value::number(1)]),
            Value::object([("a", Value::number(1))]).with_marks(Marks::SENSITIVE),
            Value::unknown(Type::list(Type::String)),
        ];
        for bad in bad {
            assert!(for_each(bad.clone()).is_err(), "{bad:?}");
        }
    }
}
