//! Application Auto Scaling: targets and policies, and what they do to endpoints.

use http::Request;
use serde_json::{Value, json};

use crate::support::{Client, Refusal, authorization, json_reply};

const VARIANT: &str = "sagemaker:variant:DesiredInstanceCount";

async fn call(aws: &Client, operation: &str, input: Value) -> Result<Value, Refusal> {
    let request = Request::post("/")
        .header("authorization", authorization("us-east-1", "application-autoscaling"))
        .header("x-amz-target", format!("AnyScaleFrontendService.{operation}"))
        .body(input.to_string().into())
        .expect("a request");
    json_reply(&aws.sandbox.handle(request).await.expect("a reply"))
}

fn target(more: Value) -> Value {
    let mut input = json!({"ServiceNamespace": "sagemaker", "ResourceId": "endpoint/e/variant/V",
        "ScalableDimension": VARIANT});
    let members = input.as_object_mut().expect("an object");
    members.extend(more.as_object().expect("an object").clone());
    input
}

async fn counts(aws: &Client) -> (Value, Value) {
    let endpoint = aws.ok("DescribeEndpoint", json!({"EndpointName": "e"})).await;
    let variant = &endpoint["ProductionVariants"][0];
    (variant["CurrentInstanceCount"].clone(), variant["DesiredInstanceCount"].clone())
}

#[tokio::test]
async fn a_count_is_moved_into_the_range() {
    let aws = Client::new();
    aws.endpoint(1).await;
    call(&aws, "RegisterScalableTarget", target(json!({"MinCapacity": 3, "MaxCapacity": 5})))
        .await
        .expect("registered");
    assert_eq!(aws.status("e").await, "Updating");
    assert_eq!(counts(&aws).await, (json!(1), json!(3)));
    let busy = aws.refused("DeleteEndpoint", json!({"EndpointName": "e"})).await;
    assert!(busy.starts_with("Cannot update in-progress endpoint"), "{busy}");
    aws.advance(120.0);
    assert_eq!(aws.status("e").await, "InService");
    assert_eq!(counts(&aws).await, (json!(3), json!(3)));

    // An update starts from the configuration's count, and scaling corrects it again.
    aws.config("c2", "m2", 1).await;
    aws.ok("UpdateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "c2"})).await;
    aws.advance(360.0);
    assert_eq!(counts(&aws).await, (json!(1), json!(3)));
    aws.advance(120.0);

    let suspended = json!({"SuspendedState": {"DynamicScalingInSuspended": true}, "MinCapacity": 1, "MaxCapacity": 2});
    call(&aws, "RegisterScalableTarget", target(suspended)).await.expect("changed");
    assert_eq!(aws.status("e").await, "InService");
    let shown = call(&aws, "DescribeScalableTargets", json!({"ServiceNamespace": "sagemaker"})).await.expect("shown");
    assert_eq!(shown["ScalableTargets"][0]["SuspendedState"]["DynamicScalingInSuspended"], true);
    assert_eq!(shown["ScalableTargets"][0]["MaxCapacity"], 2);
}

#[tokio::test]
async fn policies_go_with_their_target() {
    let aws = Client::new();
    aws.endpoint(1).await;
    let policy = target(json!({"PolicyName": "p", "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70.0, "ScaleInCooldown": 60,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}}}));
    let early = call(&aws, "PutScalingPolicy", policy.clone()).await.expect_err("no target");
    assert_eq!(early.code, "ObjectNotFoundException");
    let missing =
        call(&aws, "RegisterScalableTarget", target(json!({"MinCapacity": 1}))).await.expect_err("no maximum");
    assert!(missing.message.contains("MaxCapacity"), "{missing:?}");
    call(&aws, "RegisterScalableTarget", target(json!({"MinCapacity": 1, "MaxCapacity": 4})))
        .await
        .expect("registered");
    let put = call(&aws, "PutScalingPolicy", policy.clone()).await.expect("put");
    assert_eq!(put["Alarms"].as_array().map(Vec::len), Some(2));
    let again = call(&aws, "PutScalingPolicy", policy.clone()).await.expect("put again");
    assert_eq!(again["PolicyARN"], put["PolicyARN"]);
    let shown = call(&aws, "DescribeScalingPolicies", target(json!({}))).await.expect("shown");
    assert_eq!(
        shown["ScalingPolicies"][0]["TargetTrackingScalingPolicyConfiguration"],
        policy["TargetTrackingScalingPolicyConfiguration"]
    );

    let mut other_type = crate::support::config_input("c2", "m1", 1);
    other_type["ProductionVariants"][0]["InstanceType"] = json!("ml.m5.xlarge");
    aws.ok("CreateEndpointConfig", other_type).await;
    let update = json!({"EndpointName": "e", "EndpointConfigName": "c2"});
    let scaled = aws.refused("UpdateEndpoint", update.clone()).await;
    assert!(scaled.contains("scalable target"), "{scaled}");
    call(&aws, "DeregisterScalableTarget", target(json!({}))).await.expect("gone");
    aws.ok("UpdateEndpoint", update).await;
    let shown = call(&aws, "DescribeScalingPolicies", target(json!({}))).await.expect("shown");
    assert_eq!(shown["ScalingPolicies"], json!([]));
    let gone = call(&aws, "DeleteScalingPolicy", target(json!({"PolicyName": "p"}))).await.expect_err("gone");
    assert_eq!(gone.code, "ObjectNotFoundException");
}
