//! `random_uuid`.

use smform_provider::ProviderError;
use smform_types::schema::{Attribute, Block, Schema};
use smform_types::{Type, Value};

use super::keepers;
use crate::kept::{Make, set};

pub struct Uuid;

impl Make for Uuid {
    fn name(&self) -> &'static str {
        "random_uuid"
    }

    fn schema(&self) -> Schema {
        let mut block = Block::new(
            [
                ("id", Attribute::computed(Type::String).describe("The same as result.")),
                ("keepers", keepers()),
                ("result", Attribute::computed(Type::String).describe("The UUID.")),
            ],
            [],
        );
        block.description = "A random UUID of version 4.";
        Schema { version: 0, block }
    }

    fn make(&self, planned: Value) -> Result<Value, ProviderError> {
        Ok(both(planned, &uuid::Uuid::new_v4().to_string()))
    }

    fn adopt(&self, empty: Value, identifier: &str) -> Result<Value, ProviderError> {
        match uuid::Uuid::parse_str(identifier) {
            Ok(uuid) => Ok(both(empty, &uuid.to_string())),
            Err(error) => Err(ProviderError::new(
                "Malformed import identifier",
                format!("{identifier:?} is not a UUID: {error}."),
            )),
        }
    }
}

fn both(object: Value, uuid: &str) -> Value {
    set(set(object, "id", Value::string(uuid)), "result", Value::string(uuid))
}
