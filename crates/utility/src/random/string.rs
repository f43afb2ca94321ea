//! `random_string` and `random_password`: characters of chosen kinds. They differ in what is shown.

use rand::seq::{IndexedRandom as _, SliceRandom as _};
use serde_json::{Value as Json, json};
use smform_provider::ProviderError;
use smform_types::schema::{Attribute, Block, Constraint, Schema};
use smform_types::{Diagnostic, Diagnostics, Number, Type, Value};

use super::keepers;
use crate::kept::{Make, set, text, whole};

/// The kinds of characters: argument, argument for the least number of them, characters.
const KINDS: [(&str, &str, &str); 4] = [
    ("lower", "min_lower", "abcdefghijklmnopqrstuvwxyz"),
    ("upper", "min_upper", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    ("numeric", "min_numeric", "0123456789"),
    ("special", "min_special", "!@#$%&*()-_=+[]{}<>:?"),
];

/// Cost of the bcrypt hash, as the provider of Terraform has it.
const BCRYPT_COST: u32 = 10;

/// The longest text; a longer one is a mistake.
const LONGEST: f64 = 65536.0;

pub enum Text {
    String,
    Password,
}

impl Make for Text {
    fn name(&self) -> &'static str {
        match self {
            Text::String => "random_string",
            Text::Password => "random_password",
        }
    }

    fn schema(&self) -> Schema {
        let flag = |description| {
            Attribute::optional_computed(Type::Bool)
                .default_value(Value::bool(true))
                .forces_replacement()
                .describe(description)
        };
        let least = |description| {
            Attribute::optional_computed(Type::Number)
                .default_value(Value::number(Number::ZERO))
                .with(Constraint::Range(0.0, LONGEST))
                .forces_replacement()
                .describe(description)
        };
        let result = Attribute::computed(Type::String).describe("The text.");
        let mut attributes = vec![
            ("keepers", keepers()),
            (
                "length",
                Attribute::required(Type::Number)
                    .with(Constraint::Range(1.0, LONGEST))
                    .forces_replacement()
                    .describe("How many characters."),
            ),
            ("lower", flag("Whether there may be lower-case letters.")),
            ("upper", flag("Whether there may be upper-case letters.")),
            ("numeric", flag("Whether there may be digits.")),
            ("number", flag("The former name of numeric.").deprecated("Use numeric.")),
            ("special", flag("Whether there may be punctuation.")),
            ("min_lower", least("At least so many lower-case letters.")),
            ("min_upper", least("At least so many upper-case letters.")),
            ("min_numeric", least("At least so many digits.")),
            ("min_special", least("At least so much punctuation.")),
            (
                "override_special",
                Attribute::optional(Type::String).forces_replacement().describe("The punctuation to choose from."),
            ),
        ];
        let (version, description) = match self {
            Text::String => {
                attributes.push(("id", Attribute::computed(Type::String).describe("The same as result.")));
                attributes.push(("result", result));
                (2, "A random text. For a secret, use random_password, which is not shown.")
            }
            Text::Password => {
                let hash = Attribute::computed(Type::String).sensitive().describe("The bcrypt hash of the text.");
                attributes.push(("id", Attribute::computed(Type::String).describe("Always \"none\".")));
                attributes.push(("result", result.sensitive()));
                attributes.push(("bcrypt_hash", hash));
                (3, "A random text that is never shown, but is in the state.")
            }
        };
        let mut block = Block { attributes: attributes.into_iter().collect(), ..Block::default() };
        block.description = description;
        Schema { version, block }
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        // What is not known yet may turn out to be null.
        let is_set = |name| config.get(name).is_some_and(|value| value.is_known() && !value.is_null());
        if is_set("number") && is_set("numeric") {
            let detail = "number is the former name of numeric. Give numeric only.";
            return Diagnostic::error("Conflicting arguments", detail).into();
        }
        let least: usize = KINDS.iter().filter_map(|(_, least, _)| whole(config, least)).sum();
        if let Some(length) = whole(config, "length")
            && length < least
        {
            let detail = format!("The least numbers of characters come to {least}, and length is {length}.");
            return Diagnostic::error("Text too short", detail).into();
        }
        Diagnostics::new()
    }

    /// `number` and `numeric` are one.
    fn complete(&self, config: Value) -> Value {
        let of = |name| config.get(name).filter(|value| !value.is_null()).cloned();
        let numeric = of("numeric").or_else(|| of("number")).unwrap_or_else(|| Value::bool(true));
        set(set(config, "numeric", numeric.clone()), "number", numeric)
    }

    fn make(&self, planned: Value) -> Result<Value, ProviderError> {
        let made = generate(&planned)?;
        self.with_text(planned, &made)
    }

    fn adopt(&self, empty: Value, identifier: &str) -> Result<Value, ProviderError> {
        let length = i64::try_from(identifier.chars().count()).unwrap_or(i64::MAX);
        let mut value = set(empty, "length", Value::number(Number::from(length)));
        for (kind, least, _) in KINDS {
            value = set(set(value, kind, Value::bool(true)), least, Value::number(Number::ZERO));
        }
        value = set(value, "number", Value::bool(true));
        self.with_text(value, identifier)
    }

    /// Before `numeric` there was only `number`; before the hash there was none.
    fn upgrade(&self, mut attributes: Json) -> Json {
        if let Some(object) = attributes.as_object_mut() {
            let number = object.get("number").cloned().unwrap_or(json!(true));
            object.entry("numeric").or_insert(number);
            if matches!(self, Text::Password) && !object.contains_key("bcrypt_hash") {
                let text = object.get("result").and_then(Json::as_str).unwrap_or_default();
                let hash = bcrypt::hash(text.as_bytes(), BCRYPT_COST).ok();
                object.insert("bcrypt_hash".to_owned(), json!(hash));
            }
        }
        attributes
    }
}

impl Text {
    fn with_text(&self, object: Value, made: &str) -> Result<Value, ProviderError> {
        let object = set(object, "result", Value::string(made));
        match self {
            Text::String => Ok(set(object, "id", Value::string(made))),
            Text::Password => {
                // bcrypt reads 72 bytes and no more.
                let head = made.as_bytes().get(..72).unwrap_or(made.as_bytes());
                let hash = bcrypt::hash(head, BCRYPT_COST)
                    .map_err(|error| ProviderError::new("Password cannot be hashed", error.to_string()))?;
                Ok(set(set(object, "id", Value::string("none")), "bcrypt_hash", Value::string(hash)))
            }
        }
    }
}

fn generate(planned: &Value) -> Result<String, ProviderError> {
    let mut rng = rand::rng();
    let special = text(planned, "override_special");
    let mut all: Vec<char> = Vec::new();
    let mut made: Vec<char> = Vec::new();
    for (kind, least, usual) in KINDS {
        let usual = if kind == "special" && !special.is_empty() { special } else { usual };
        let letters: Vec<char> = usual.chars().collect();
        made.extend((0..whole(planned, least).unwrap_or_default()).filter_map(|_| letters.choose(&mut rng)));
        if planned.get(kind).and_then(Value::as_bool).unwrap_or(true) {
            all.extend(letters);
        }
    }
    let length = whole(planned, "length").unwrap_or_default();
    if all.is_empty() && made.len() < length {
        let detail = "lower, upper, numeric and special are all false, so there is nothing to choose from.";
        return Err(ProviderError::new("No characters to choose from", detail));
    }
    made.extend((made.len()..length).filter_map(|_| all.choose(&mut rng)));
    made.shuffle(&mut rng);
    Ok(made.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(arguments: &[(&str, Value)]) -> Value {
        let config = arguments
            .iter()
            .fold(Text::String.schema().block.empty(), |object, (name, value)| set(object, name, value.clone()));
        Text::String.complete(config)
    }

    #[test]
    fn texts_have_the_wanted_characters_and_length() {
        let off = || Value::bool(false);
        let wanted = planned(&[
            ("length", Value::number(Number::from(40_i64))),
            ("special", off()),
            ("upper", off()),
            ("number", off()),
            ("min_numeric", Value::number(Number::from(3_i64))),
        ]);
        let made = generate(&wanted).unwrap();
        assert_eq!(made.chars().count(), 40);
        assert_eq!(made.chars().filter(char::is_ascii_digit).count(), 3);
        assert!(made.chars().all(|letter| letter.is_ascii_digit() || letter.is_ascii_lowercase()), "{made}");
        assert_ne!(made, generate(&wanted).unwrap());
    }

    #[test]
    fn nothing_to_choose_from_and_too_short_are_errors() {
        let off = || Value::bool(false);
        let length = ("length", Value::number(Number::from(4_i64)));
        let none =
            planned(&[length.clone(), ("lower", off()), ("upper", off()), ("numeric", off()), ("special", off())]);
        assert!(generate(&none).is_err());
        let short = planned(&[length, ("min_upper", Value::number(Number::from(5_i64)))]);
        assert!(Text::String.validate(&set(short, "number", Value::null(Type::Bool))).has_errors());
    }

    #[test]
    fn the_two_names_of_one_argument_exclude_each_other_when_both_are_known() {
        let check = |numeric: Value| {
            let config = Text::String.schema().block.empty();
            Text::String.validate(&set(set(config, "number", Value::bool(true)), "numeric", numeric)).has_errors()
        };
        assert!(check(Value::bool(true)));
        assert!(!check(Value::null(Type::Bool)) && !check(Value::unknown(Type::Bool)));
    }

    #[test]
    fn a_password_is_hashed_and_an_old_one_gets_its_hash() {
        let made = Text::Password.adopt(Text::Password.schema().block.empty(), "secret").unwrap();
        assert!(bcrypt::verify("secret", text(&made, "bcrypt_hash")).unwrap());
        let old = Text::Password.upgrade(json!({"number": false, "result": "secret"}));
        assert_eq!(old.get("numeric"), Some(&json!(false)));
        assert!(bcrypt::verify("secret", old.get("bcrypt_hash").and_then(Json::as_str).unwrap()).unwrap());
    }
}
