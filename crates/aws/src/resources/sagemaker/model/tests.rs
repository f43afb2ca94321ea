use serde_json::{Value as Json, json};
use smform_types::{Path, Value};

use crate::scripted::{Impatient, scripted};

fn describe(extra: Json) -> Json {
    let mut model = json!({"ModelName": "m", "ModelArn": "arn:aws:sagemaker:us-east-1:123456789012:model/m",
        "ExecutionRoleArn": "arn:aws:iam::123456789012:role/r", "CreationTime": 1_763_581_533.861});
    model.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    model
}

async fn read(script: fn(&str) -> (u16, Json), members: Json) -> Result<Option<Value>, String> {
    let (session, object) = scripted(script, "aws_sagemaker_model", members).await;
    session.read("aws_sagemaker_model", &object, &Impatient).await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn empty_structures_in_place_of_absent_ones_are_nothing() {
    let script = |operation: &str| match operation {
        "DescribeModel" => {
            (200, describe(json!({"PrimaryContainer": {"Image": "h.io/a:1"}, "Containers": [], "VpcConfig": {}})))
        }
        _ => (200, json!({"Tags": []})),
    };
    let model = read(script, json!({"id": "m"})).await.unwrap().unwrap();
    let count = |name: &str| model.get(name).and_then(Value::as_slice).map(<[Value]>::len);
    assert_eq!((count("primary_container"), count("container"), count("vpc_config")), (Some(1), Some(0), Some(0)));
    // The mode is filled in, and isolation that is not told is off.
    let mode = Path::attribute("primary_container").index(0).attr("mode");
    assert_eq!(mode.lookup(&model), Some(&Value::string("SingleModel")));
    assert_ne!(model.get("enable_network_isolation"), Some(&Value::bool(true)));
    let script = |operation: &str| match operation {
        "DescribeModel" => (200, describe(json!({"PrimaryContainer": {}, "Containers": [{"Image": "h.io/a:1"}]}))),
        _ => (200, json!({"Tags": []})),
    };
    let model = read(script, json!({"id": "m"})).await.unwrap().unwrap();
    assert_eq!(mode.lookup(&model), Some(&Value::string("SingleModel")));
}

#[tokio::test]
async fn only_the_known_text_means_that_it_is_gone() {
    let single = |_: &str| (400, json!({"__type": "ValidationException", "Message": "Could not find model 'arn:x'."}));
    assert_eq!(read(single, json!({"id": "m"})).await, Ok(None));
    let double = |_: &str| (400, json!({"__type": "ns#ValidationException", "message": "Could not find model \"m\"."}));
    assert_eq!(read(double, json!({"id": "m"})).await, Ok(None));
    let other = |_: &str| (400, json!({"__type": "ValidationException", "Message": "1 validation error detected"}));
    assert!(read(other, json!({"id": "m"})).await.is_err_and(|error| error.contains("1 validation error")));
}

#[tokio::test]
async fn tags_that_cannot_be_read_are_an_error() {
    let script = |operation: &str| match operation {
        "DescribeModel" => (200, describe(json!({"PrimaryContainer": {"Image": "h.io/a:1"}}))),
        _ => (
            400,
            json!({"__type": "AccessDeniedException", "message": "not authorized to perform: sagemaker:ListTags"}),
        ),
    };
    let error = read(script, json!({"id": "m"})).await.unwrap_err();
    assert!(error.contains("Allow the action sagemaker:ListTags"), "{error}");
}
