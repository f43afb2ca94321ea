//! Checks of the constraints that a schema states, on a decoded configuration.

use smform_types::schema::{Attribute, Block, Constraint, NestedBlock};
use smform_types::suggest::did_you_mean;
use smform_types::{Diagnostic, Diagnostics, Path, Type, Value, ValueKind};

/// Checks every attribute in `config` against the constraints of `block`, nested blocks included. Null and unknown
/// values are passed over.
pub fn check(block: &Block, config: &Value) -> Diagnostics {
    let mut found = Diagnostics::new();
    check_block(block, config, &Path::root(), &mut found);
    found
}

fn check_block(block: &Block, config: &Value, path: &Path, found: &mut Diagnostics) {
    for (name, attribute) in &block.attributes {
        if let Some(value) = config.get(name) {
            check_attribute(name, attribute, value, &path.attr(name), found);
        }
    }
    for (name, nested) in &block.blocks {
        if let Some(value) = config.get(name) {
            check_nested(nested, value, &path.attr(name), found);
        }
    }
}

fn check_nested(nested: &NestedBlock, value: &Value, path: &Path, found: &mut Diagnostics) {
    match value.kind() {
        ValueKind::Object(_) => check_block(&nested.block, value, path, found),
        ValueKind::List(_, items) => {
            items.iter().enumerate().for_each(|(at, item)| check_block(&nested.block, item, &path.index(at), found));
        }
        ValueKind::Set(_, items) => {
            let path = path.then(smform_types::path::Step::Element);
            items.iter().for_each(|item| check_block(&nested.block, item, &path, found));
        }
        ValueKind::Map(_, items) => items.iter().for_each(|(key, item)| {
            check_block(&nested.block, item, &path.then(smform_types::path::Step::Key(key.to_string())), found);
        }),
        _ => {}
    }
}

fn check_attribute(name: &str, attribute: &Attribute, value: &Value, path: &Path, found: &mut Diagnostics) {
    if value.is_null() || !value.is_known() {
        return;
    }
    if let Some(reason) = attribute.deprecated {
        found.push(Diagnostic::warning(format!("Argument {name} is deprecated"), reason).of_attribute(path.clone()));
    }
    let mut broken = Vec::new();
    if attribute.ty == Type::Number && !attribute.constraints.iter().any(|one| matches!(one, Constraint::Fraction)) {
        broken.extend(not_whole(name, value).map(|diagnostic| diagnostic.of_attribute(path.clone())));
    }
    for constraint in &attribute.constraints {
        // A rule for text or numbers applies to each element of a collection of them.
        let parts: Vec<&Value> = match (constraint, value.as_slice()) {
            (Constraint::Items(..), _) | (_, None) => vec![value],
            (_, Some(items)) => items.iter().collect(),
        };
        for part in parts.into_iter().filter(|part| part.is_known() && !part.is_null()) {
            if let Some(diagnostic) = violation(name, constraint, part) {
                broken.push(diagnostic.of_attribute(path.clone()));
            }
        }
    }
    // That a value is not a known one says nothing more about a value that cannot be right.
    let is_wrong = broken.iter().any(Diagnostic::is_error);
    found.extend(broken.into_iter().filter(|diagnostic| diagnostic.is_error() || !is_wrong));
}

/// The error for a number that a service could not be told: what cannot be sent would be left out without a word.
fn not_whole(name: &str, value: &Value) -> Option<Diagnostic> {
    value.as_number()?;
    if value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()) {
        return None;
    }
    let detail = format!("It must be a whole number, and no more than {}; it is {}.", i32::MAX, shown(value));
    Some(Diagnostic::error(format!("Invalid value for {name}"), detail))
}

fn violation(name: &str, constraint: &Constraint, value: &Value) -> Option<Diagnostic> {
    let invalid = |detail: String| Some(Diagnostic::error(format!("Invalid value for {name}"), detail));
    let shown = || shown(value);
    match constraint {
        Constraint::OneOf(allowed) => {
            let text = value.as_str()?;
            let hint = did_you_mean(text, allowed.iter().copied());
            if allowed.contains(&text) {
                None
            } else {
                invalid(format!("{} is not one of: {}.{hint}", shown(), allowed.join(", ")))
            }
        }
        Constraint::KnownValues(known) => {
            let text = value.as_str()?;
            let hint = did_you_mean(text, known.iter().copied());
            let detail = format!(
                "{} is not among the values known when this version was built. The service decides; if it is new, \
                 this warning can be ignored.{hint}",
                shown()
            );
            (!known.contains(&text)).then(|| Diagnostic::warning(format!("Unknown value for {name}"), detail))
        }
        Constraint::Length(min, max) => {
            let length = value.as_str()?.chars().count();
            if (*min..=*max).contains(&length) {
                return None;
            }
            invalid(format!("It must have {min} to {max} characters; {} has {length}.", shown()))
        }
        Constraint::OneOfNumbers(allowed) => {
            let number = value.as_number()?.to_f64();
            if allowed.iter().any(|allowed| f64::from(*allowed) == number) {
                return None;
            }
            let allowed: Vec<String> = allowed.iter().map(ToString::to_string).collect();
            invalid(format!("{} is not one of: {}.", shown(), allowed.join(", ")))
        }
        Constraint::Fraction => None,
        Constraint::Range(min, max) => {
            let number = value.as_number()?.to_f64();
            if (*min..=*max).contains(&number) {
                return None;
            }
            invalid(if max.is_finite() {
                format!("It must be between {min} and {max}; it is {}.", shown())
            } else {
                format!("It must be {min} or more; it is {}.", shown())
            })
        }
        Constraint::Items(min, max) => {
            let count =
                value.as_slice().map(<[Value]>::len).or_else(|| value.as_entries().map(|entries| entries.len()))?;
            if (*min..=*max).contains(&count) {
                return None;
            }
            invalid(format!("It must have {min} to {max} elements; it has {count}."))
        }
        Constraint::Text(required, test) => {
            let text = value.as_str()?;
            if test(text) { None } else { invalid(format!("It must be {required}; {} is not.", shown())) }
        }
    }
}

/// A primitive value for a message, or a placeholder for a sensitive one.
fn shown(value: &Value) -> String {
    if value.has_sensitive() {
        return "the sensitive value".to_owned();
    }
    match value.kind() {
        ValueKind::String(text) => format!("{text:?}"),
        ValueKind::Number(number) => number.to_string(),
        ValueKind::Bool(value) => value.to_string(),
        _ => "the value".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smform_types::Marks;

    fn block() -> Block {
        Block::new(
            [
                ("mode", Attribute::optional(Type::String).with(Constraint::OneOf(&["SingleModel", "MultiModel"]))),
                ("count", Attribute::optional(Type::Number).with(Constraint::Range(1.0, f64::INFINITY))),
                ("subnets", Attribute::optional(Type::set(Type::String)).with(Constraint::Items(1, 2))),
            ],
            [],
        )
    }

    fn messages(config: &Value) -> Vec<String> {
        check(&block(), config).iter().map(|found| format!("{}: {}", found.summary, found.detail)).collect()
    }

    #[test]
    fn what_cannot_be_told_a_service_is_refused() {
        let block = Block::new(
            [
                ("count", Attribute::optional(Type::Number)),
                ("weight", Attribute::optional(Type::Number).with(Constraint::Fraction)),
            ],
            [],
        );
        let number = |text: &str| Value::number(smform_types::Number::parse(text).expect("a number"));
        let found = |count: Value| {
            let config = Value::object([("count", count), ("weight", number("0.5"))]);
            check(&block, &config).iter().map(|message| message.detail.clone()).collect::<Vec<_>>()
        };
        assert!(found(number("2")).is_empty() && found(number("2.0")).is_empty() && found(number("-3")).is_empty());
        assert!(found(Value::null(Type::Number)).is_empty() && found(Value::unknown(Type::Number)).is_empty());
        for text in ["1.5", "1e20", "2147483648"] {
            let told = found(number(text));
            assert!(told.len() == 1 && told.iter().all(|told| told.contains("a whole number")), "{text} {told:?}");
        }
    }

    #[test]
    fn violations_name_the_attribute_and_the_rule() {
        let config = Value::object([
            ("mode", Value::string("SingelModel")),
            ("count", Value::number(0)),
            ("subnets", Value::set(Type::String, [])),
        ]);
        assert_eq!(
            messages(&config),
            [
                "Invalid value for count: It must be 1 or more; it is 0.",
                "Invalid value for mode: \"SingelModel\" is not one of: SingleModel, MultiModel. Did you mean \"SingleModel\"?",
                "Invalid value for subnets: It must have 1 to 2 elements; it has 0.",
            ]
        );
    }

    #[test]
    fn a_value_that_cannot_be_right_is_not_called_unknown_too() {
        let test = Constraint::Text("a type such as ml.a", |text| text.starts_with("ml."));
        let attribute = Attribute::optional(Type::String).with(test).with(Constraint::KnownValues(&["ml.a"]));
        let block = Block::new([("ty", attribute)], []);
        let told = |text: &str| -> Vec<String> {
            let found = check(&block, &Value::object([("ty", Value::string(text))]));
            found.iter().map(|found| found.summary.clone()).collect()
        };
        assert_eq!(told("a"), ["Invalid value for ty"]);
        assert_eq!(told("ml.b"), ["Unknown value for ty"]);
    }

    #[test]
    fn unknown_null_and_sensitive_values_are_handled() {
        let config = Value::object([
            ("mode", Value::string("x").with_marks(Marks::SENSITIVE)),
            ("count", Value::unknown(Type::Number)),
            ("subnets", Value::null(Type::set(Type::String))),
        ]);
        assert_eq!(
            messages(&config),
            ["Invalid value for mode: the sensitive value is not one of: SingleModel, MultiModel."]
        );
    }
}
