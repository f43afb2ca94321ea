//! `random_id`: random bytes, in the usual notations.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use num_bigint::BigUint;
use rand::Rng as _;
use smform_provider::ProviderError;
use smform_types::schema::{Attribute, Block, Constraint, Schema};
use smform_types::{Number, Type, Value};

use super::keepers;
use crate::kept::{Make, set, text, whole};

pub struct Id;

impl Make for Id {
    fn name(&self) -> &'static str {
        "random_id"
    }

    fn schema(&self) -> Schema {
        let computed = |description| Attribute::computed(Type::String).describe(description);
        let mut block = Block::new(
            [
                ("b64_std", computed("In base64, with the prefix.")),
                ("b64_url", computed("In base64 for URLs and file names, with the prefix.")),
                (
                    "byte_length",
                    Attribute::required(Type::Number)
                        .with(Constraint::Range(1.0, 65536.0))
                        .forces_replacement()
                        .describe("How many bytes."),
                ),
                ("dec", computed("In decimal digits, with the prefix.")),
                ("hex", computed("In hexadecimal digits, with the prefix.")),
                ("id", computed("In base64 for URLs and file names, without the prefix.")),
                ("keepers", keepers()),
                (
                    "prefix",
                    Attribute::optional(Type::String).forces_replacement().describe("What the notations begin with."),
                ),
            ],
            [],
        );
        block.description = "Random bytes as text.";
        Schema { version: 0, block }
    }

    fn make(&self, planned: Value) -> Result<Value, ProviderError> {
        let mut bytes = vec![0; whole(&planned, "byte_length").unwrap_or_default()];
        rand::rng().fill_bytes(&mut bytes);
        Ok(noted(planned, &bytes))
    }

    /// `BASE64` or `PREFIX,BASE64`, in base64 for URLs.
    fn adopt(&self, empty: Value, identifier: &str) -> Result<Value, ProviderError> {
        let (prefix, id) = identifier.rsplit_once(',').map_or((None, identifier), |(prefix, id)| (Some(prefix), id));
        let bytes = URL_SAFE_NO_PAD.decode(id).map_err(|error| {
            let detail = format!("{identifier:?} is not BASE64 or PREFIX,BASE64 in base64 for URLs: {error}.");
            ProviderError::new("Malformed import identifier", detail)
        })?;
        let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        let mut value = set(empty, "byte_length", Value::number(Number::from(length)));
        if let Some(prefix) = prefix {
            value = set(value, "prefix", Value::string(prefix));
        }
        Ok(noted(value, &bytes))
    }
}

fn noted(object: Value, bytes: &[u8]) -> Value {
    let prefix = text(&object, "prefix").to_owned();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let id = URL_SAFE_NO_PAD.encode(bytes);
    let notations = [
        ("b64_std", STANDARD.encode(bytes)),
        ("b64_url", id.clone()),
        ("dec", BigUint::from_bytes_be(bytes).to_string()),
        ("hex", hex),
    ];
    let object = set(object, "id", Value::string(id));
    notations
        .into_iter()
        .fold(object, |object, (name, text)| set(object, name, Value::string(format!("{prefix}{text}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_is_written_in_every_notation() {
        let made = Id.adopt(Id.schema().block.empty(), "a-,_-8").unwrap();
        let of = |name| text(&made, name).to_owned();
        assert_eq!(["id", "b64_url", "b64_std", "hex", "dec"].map(of), ["_-8", "a-_-8", "a-/+8=", "a-ffef", "a-65519"]);
        assert_eq!(whole(&made, "byte_length"), Some(2));
        assert!(Id.adopt(Id.schema().block.empty(), "not base64!").is_err());
    }
}
