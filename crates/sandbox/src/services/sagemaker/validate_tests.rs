use serde_json::json;

use super::*;
use crate::services::sagemaker::shapes::operations::CREATE_MODEL;

fn message(input: Value) -> String {
    match check(&CREATE_MODEL, input.as_object().expect("an object")) {
        Ok(()) => String::new(),
        Err(error) => format!("{}: {}", error.code, error.message),
    }
}

#[test]
fn one_message_for_all_violations() {
    assert_eq!(
        message(json!({"ModelName": "a_b"})),
        "ValidationException: 1 validation error detected: Value 'a_b' at 'modelName' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: ^[a-zA-Z0-9]([\\-a-zA-Z0-9]*[a-zA-Z0-9])?"
    );
    let text = message(json!({"VpcConfig": {"SecurityGroupIds": [], "Subnets": ["subnet_1"]}, "Nonsense": 1}));
    assert!(text.starts_with("ValidationException: 4 validation errors detected: Value '1' at 'nonsense'"), "{text}");
    assert!(text.contains("; Value null at 'modelName' failed to satisfy constraint: Member must not be null; "));
    assert!(text.contains("Value '[]' at 'vpcConfig.securityGroupIds' failed to satisfy constraint: Member must have length greater than or equal to 1"));
    assert!(text.contains("Value 'subnet_1' at 'vpcConfig.subnets.1.member' failed"), "{text}");
}

#[test]
fn wrong_types_are_serialization_errors() {
    for input in [
        json!({"ModelName": 1}),
        json!({"ModelName": "m", "VpcConfig": []}),
        json!({"ModelName": "m", "Containers": {}}),
        json!({"ModelName": "m", "EnableNetworkIsolation": "true"}),
        json!({"ModelName": "m", "PrimaryContainer": {"Environment": {"A": 1}}}),
    ] {
        assert!(message(input).starts_with("SerializationException: "));
    }
}
