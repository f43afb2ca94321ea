use serde_json::{Value as Json, json};
use smform_provider::UpdateOutcome;
use smform_types::Value;

use aws_sdk_sagemaker::operation::describe_endpoint::DescribeEndpointOutput;
use aws_sdk_sagemaker::operation::describe_endpoint_config::DescribeEndpointConfigOutput;
use aws_sdk_sagemaker::types::{
    EndpointStatus, ProductionVariant, ProductionVariantServerlessConfig, ProductionVariantSummary, VariantPropertyType,
};

use super::capacity::Wish;
use super::retention::{Retention, compare};
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

/// An endpoint whose variants have these counts, and weight 1.
fn running(counts: &[(&str, i32)]) -> DescribeEndpointOutput {
    let variants = counts.iter().map(|(name, count)| {
        let variant = ProductionVariantSummary::builder().variant_name(*name);
        variant.desired_instance_count(*count).desired_weight(1.0).build()
    });
    let at = aws_smithy_types::DateTime::from_secs(1);
    let endpoint = DescribeEndpointOutput::builder().endpoint_name("e").endpoint_arn("arn:x");
    let endpoint = endpoint.endpoint_status(EndpointStatus::InService).creation_time(at).last_modified_time(at);
    endpoint.set_production_variants(Some(variants.collect())).build()
}

fn excluding(excluded: impl Into<Vec<VariantPropertyType>>) -> Option<Retention> {
    Some(Retention { excluded: excluded.into(), afterwards: Vec::new() })
}

#[test]
fn only_what_the_new_configuration_changes_is_not_kept() {
    let old = config(&[("v", 1, None)]);
    let live = running(&[("v", 4)]);
    assert_eq!(compare(&old, &config(&[("v", 1, Some(1.0))]), &live), excluding([]));
    let counts = excluding([VariantPropertyType::DesiredInstanceCount]);
    assert_eq!(compare(&old, &config(&[("v", 2, None)]), &live), counts);
    let weights = excluding([VariantPropertyType::DesiredWeight]);
    assert_eq!(compare(&old, &config(&[("v", 1, Some(0.5))]), &live), weights);
    // A variant of another name has nothing to keep.
    assert_eq!(compare(&old, &config(&[("w", 5, None)]), &live), excluding([]));
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
    assert_eq!(compare(&serverless, &old, &live), None);
}

#[test]
fn what_others_gave_a_variant_outlasts_a_change_of_another_one() {
    let old = config(&[("a", 1, None), ("b", 1, None)]);
    let new = config(&[("a", 1, None), ("b", 3, Some(2.0))]);
    let weights = vec![VariantPropertyType::DesiredWeight];
    let afterwards = vec![Wish::of_count("b".to_owned(), 3)];
    let scaled = compare(&old, &new, &running(&[("a", 4), ("b", 1)]));
    assert_eq!(scaled, Some(Retention { excluded: weights.clone(), afterwards }));
    // What stands in the configuration anyway may be set again, and so may what it changes; a variant that is not
    // described has nothing to lose.
    let both = [VariantPropertyType::DesiredInstanceCount, VariantPropertyType::DesiredWeight];
    for live in [running(&[("a", 1), ("b", 1)]), running(&[("a", 1), ("b", 5)]), running(&[])] {
        assert_eq!(compare(&old, &new, &live), excluding(both.clone()));
    }
}
