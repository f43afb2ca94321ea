//! `random_pet`: words that are easier to say than an identifier.

use petname::Petnames;
use smform_provider::ProviderError;
use smform_types::schema::{Attribute, Block, Constraint, Schema};
use smform_types::{Number, Type, Value};

use super::keepers;
use crate::kept::{Make, set, text, whole};

pub struct Pet;

impl Make for Pet {
    fn name(&self) -> &'static str {
        "random_pet"
    }

    fn schema(&self) -> Schema {
        let mut block = Block::new(
            [
                ("id", Attribute::computed(Type::String).describe("The name.")),
                ("keepers", keepers()),
                (
                    "length",
                    Attribute::optional_computed(Type::Number)
                        .default_value(Value::number(Number::from(2_i64)))
                        .with(Constraint::Range(1.0, 100.0))
                        .forces_replacement()
                        .describe("How many words."),
                ),
                ("prefix", Attribute::optional(Type::String).forces_replacement().describe("What it begins with.")),
                (
                    "separator",
                    Attribute::optional_computed(Type::String)
                        .default_value(Value::string("-"))
                        .forces_replacement()
                        .describe("What is between the words."),
                ),
            ],
            [],
        );
        block.description = "A random name of words.";
        Schema { version: 0, block }
    }

    fn make(&self, planned: Value) -> Result<Value, ProviderError> {
        let separator = text(&planned, "separator");
        let words = whole(&planned, "length").and_then(|words| u8::try_from(words).ok()).unwrap_or(2);
        let mut name = text(&planned, "prefix").to_owned();
        if !name.is_empty() {
            name.push_str(separator);
        }
        Petnames::medium().namer(words, separator).generate_into(&mut name, &mut rand::rng());
        Ok(set(planned, "id", Value::string(name)))
    }

    fn adopt(&self, _: Value, identifier: &str) -> Result<Value, ProviderError> {
        Err(ProviderError::new(
            "random_pet cannot be imported",
            format!(
                "{identifier:?} does not say which of its words are the prefix. Give the name as a literal instead."
            ),
        ))
    }
}
