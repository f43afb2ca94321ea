//! `null_resource`: nothing but triggers.

use smform_provider::ProviderError;
use smform_types::schema::{Attribute, Block, Schema};
use smform_types::{Type, Value};

use crate::kept::{Make, set, trigger};

pub struct Null;

impl Make for Null {
    fn name(&self) -> &'static str {
        "null_resource"
    }

    fn schema(&self) -> Schema {
        let mut block = Block::new(
            [
                ("id", Attribute::computed(Type::String).describe("A random number.")),
                ("triggers", trigger("A change makes a new object.")),
            ],
            [],
        );
        block.description = "Does nothing. `terraform_data` does the same without a provider of its own.";
        Schema { version: 0, block }
    }

    fn make(&self, planned: Value) -> Result<Value, ProviderError> {
        let id = rand::random_range(0..i64::MAX);
        Ok(set(planned, "id", Value::string(id.to_string())))
    }

    fn adopt(&self, empty: Value, identifier: &str) -> Result<Value, ProviderError> {
        Ok(set(empty, "id", Value::string(identifier)))
    }
}
