use serde_json::{Value as Json, json};
use smform_provider::UpdateOutcome;
use smform_types::Value;

use aws_sdk_sagemaker::operation::describe_endpoint_config::DescribeEndpointConfigOutput;
use aws_sdk_sagemaker::types::{ProductionVariant, ProductionVariantServerlessConfig, VariantPropertyType};

use super::update::retention;
use crate::fields::with;
use crate::scripted::{Impatient, scripted};

const ENDPOINT: &str = "aws_sagemaker_endpoint";

fn endpoint(status: &str, config: &str) -> Json {
    json!({"EndpointName": "e", "EndpointArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/e",
        "EndpointConfigName": config, "EndpointStatus": status, "CreationTime": 1, "LastModifiedTime": 2, "DataCaptureConfig": {}})
}

#[tokio::test]
async fn an_endpoint_that_is_being_deleted_still_exists() {
    let script = |operation: &str| match operation {
        "DescribeEndpoint" => (200, endpoint("Deleting", "c")),
        _ => (200, json!({"Tags": []})),
    };
    let (session, object) = scripted(script, ENDPOINT, json!({"id": "e"})).await;
    assert!(session.read(ENDPOINT, &object, &Impatient).await.unwrap().is_some());
}

#[tokio::test]
async fn a_missing_configuration_is_not_a_missing_endpoint() {
    let script = |_: &str| {
        (400, json!({"__type": "ValidationException", "message": "Could not find endpoint configuration \"c\"."}))
    };
    let (session, object) = scripted(script, ENDPOINT, json!({"id": "e"})).await;
    assert!(session.read(ENDPOINT, &object, &Impatient).await.is_err());
    assert!(session.delete(ENDPOINT, &object, &Impatient).await.is_err());
}

#[tokio::test]
async fn a_service_without_updates_is_told_as_such() {
    let script = |operation: &str| match operation {
        "DescribeEndpoint" => (200, endpoint("InService", "old")),
        "UpdateEndpoint" => (500, json!("<!doctype html><title>500 Internal Server Error</title>")),
        _ => (400, json!({"__type": "ValidationException", "message": "Could not find endpoint configuration 'x'."})),
    };
    let members = json!({"id": "e", "name": "e", "arn": "arn:x", "endpoint_config_name": "old"});
    let (session, prior) = scripted(script, ENDPOINT, members).await;
    let planned = with(prior.clone(), "endpoint_config_name", Value::string("new"));
    match session.update(ENDPOINT, &prior, &planned, &Impatient).await {
        UpdateOutcome::Failed(error) => {
            assert!(
                error.detail.contains("HTTP status 500") && error.detail.contains("may not implement UpdateEndpoint"),
                "{error}"
            );
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn no_update_is_asked_for_when_the_endpoint_is_there_already() {
    let script = |operation: &str| match operation {
        "DescribeEndpoint" => (200, endpoint("InService", "new")),
        operation => panic!("{operation} was called"),
    };
    let members = json!({"id": "e", "name": "e", "arn": "arn:x", "endpoint_config_name": "old"});
    let (session, prior) = scripted(script, ENDPOINT, members).await;
    let planned = with(prior.clone(), "endpoint_config_name", Value::string("new"));
    assert!(matches!(session.update(ENDPOINT, &prior, &planned, &Impatient).await, UpdateOutcome::Complete(_)));
}

fn config(variants: &[(&str, i32, Option<f32>)]) -> DescribeEndpointConfigOutput {
    let variants = variants.iter().map(|(name, count, weight)| {
        let variant = ProductionVariant::builder().variant_name(*name).initial_instance_count(*count);
        variant.set_initial_variant_weight(*weight).build()
    });
    DescribeEndpointConfigOutput::builder()
        .endpoint_config_name("c")
        .endpoint_config_arn("arn:x")
        .creation_time(aws_smithy_types::DateTime::from_secs(1))
        .set_production_variants(Some(variants.collect()))
        .build()
}

#[test]
fn only_what_the_new_configuration_changes_is_not_kept() {
    let old = config(&[("v", 1, None)]);
    assert_eq!(retention(&old, &config(&[("v", 1, Some(1.0))])), Some(vec![]));
    assert_eq!(retention(&old, &config(&[("v", 2, None)])), Some(vec![VariantPropertyType::DesiredInstanceCount]));
    assert_eq!(retention(&old, &config(&[("v", 1, Some(0.5))])), Some(vec![VariantPropertyType::DesiredWeight]));
    // A variant of another name has nothing to keep.
    assert_eq!(retention(&old, &config(&[("w", 5, None)])), Some(vec![]));
    let serverless = ProductionVariant::builder()
        .variant_name("v")
        .serverless_config(ProductionVariantServerlessConfig::builder().max_concurrency(1).build())
        .build();
    let serverless = DescribeEndpointConfigOutput::builder()
        .endpoint_config_name("c")
        .endpoint_config_arn("arn:x")
        .creation_time(aws_smithy_types::DateTime::from_secs(1))
        .production_variants(serverless)
        .build();
    assert_eq!(retention(&serverless, &old), None);
}
