use serde_json::{Value as Json, json};
use smform_types::{Path, Value};

use crate::scripted::{Impatient, scripted};

fn script(operation: &str) -> (u16, Json) {
    match operation {
        "DescribeEndpointConfig" => (
            200,
            json!({"EndpointConfigName": "c", "EndpointConfigArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/c",
                "CreationTime": 1, "DataCaptureConfig": {}, "AsyncInferenceConfig": {},
                "ProductionVariants": [{"VariantName": "v", "ModelName": "m", "InstanceType": "ml.x9.new", "InitialInstanceCount": 1}]}),
        ),
        _ => (200, json!({"Tags": [{"Key": "aws:x", "Value": "1"}, {"Key": "k", "Value": "v"}]})),
    }
}

#[tokio::test]
async fn what_is_not_told_is_the_default() {
    let ty = "aws_sagemaker_endpoint_configuration";
    let (session, object) = scripted(script, ty, json!({"id": "c"})).await;
    let config = session.read(ty, &object, &Impatient).await.unwrap().unwrap();
    for block in ["data_capture_config", "async_inference_config", "shadow_production_variants"] {
        assert_eq!(config.get(block).and_then(Value::as_slice).map(<[Value]>::len), Some(0), "{block}");
    }
    let variant = |name: &str| Path::attribute("production_variants").index(0).attr(name).lookup(&config).cloned();
    assert_eq!(variant("initial_variant_weight"), Some(Value::number(1)));
    // A type that this version does not know is kept as it is.
    assert_eq!(variant("instance_type"), Some(Value::string("ml.x9.new")));
    assert_eq!(config.get("tags").and_then(|tags| tags.get("k")), Some(&Value::string("v")));
    assert_eq!(config.get("tags_all").and_then(|tags| tags.get("aws:x")), None);
}
