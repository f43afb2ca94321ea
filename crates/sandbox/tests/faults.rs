//! Faults on demand.

use serde_json::json;

use crate::support::{Client, model_input, script_of};

async fn update(aws: &Client) {
    aws.config("c2", "m2", 1).await;
    aws.ok("UpdateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "c2"})).await;
}

fn set(aws: &Client, effect: serde_json::Value) {
    aws.sandbox.set_faults(script_of(json!({"rules": [{"effect": effect}]}))).expect("usable");
}

#[tokio::test]
async fn throttles_and_errors_do_nothing() {
    let aws = Client::with_faults(json!({"rules": [
        {"match": {"operation": "CreateModel"}, "times": 1, "effect": "throttle"},
        {"match": {"operation": "CreateModel"}, "nth": 2,
         "effect": {"error": {"code": "ExpiredTokenException", "message": "The security token included in the request is expired", "status": 403}}},
        {"match": {"service": "ec2"}, "times": 1, "effect": "throttle"}
    ]}));
    let first = aws.call("CreateModel", model_input("m")).await.expect_err("throttled");
    assert_eq!(
        (first.status, first.code.as_str(), first.message.as_str()),
        (400, "ThrottlingException", "Rate exceeded")
    );
    let second = aws.call("CreateModel", model_input("m")).await.expect_err("expired");
    assert_eq!((second.status, second.code.as_str()), (403, "ExpiredTokenException"));
    aws.refused("DescribeModel", json!({"ModelName": "m"})).await;
    aws.ok("CreateModel", model_input("m")).await;
    let throttled = aws.ec2("DescribeVpcs", &[]).await.expect_err("throttled");
    assert_eq!((throttled.status, throttled.code.as_str()), (503, "RequestLimitExceeded"));
    aws.ec2_ok("DescribeVpcs", &[]).await;
    let outcomes: Vec<String> = aws.sandbox.calls().into_iter().map(|call| call.outcome).collect();
    assert_eq!(
        outcomes,
        ["ThrottlingException", "ExpiredTokenException", "ValidationException", "ok", "RequestLimitExceeded", "ok"]
    );
}

#[tokio::test]
async fn lost_replies_and_late_errors_are_done() {
    let aws = Client::with_faults(json!({"rules": [
        {"match": {"name": "lost"}, "nth": 1, "effect": "lost_reply"},
        {"match": {"name": "late"}, "nth": 1, "effect": {"error_after_accept": {"code": "InternalFailure", "status": 500}}},
        {"match": {"name": "cut"}, "nth": 1, "effect": "drop_before"}
    ]}));
    aws.send("CreateModel", &model_input("lost")).await.expect_err("cut");
    aws.ok("DescribeModel", json!({"ModelName": "lost"})).await;
    let late = aws.call("CreateModel", model_input("late")).await.expect_err("an error");
    assert_eq!((late.status, late.code.as_str()), (500, "InternalFailure"));
    aws.ok("DescribeModel", json!({"ModelName": "late"})).await;
    aws.send("CreateModel", &model_input("cut")).await.expect_err("cut");
    aws.refused("DescribeModel", json!({"ModelName": "cut"})).await;
}

#[tokio::test]
async fn a_failed_container_fails_a_create() {
    let aws = Client::with_faults(json!({"rules": [
        {"match": {"image": "my-inference-image"}, "effect": {"failed_container": {}}}
    ]}));
    aws.config("c1", "m1", 1).await;
    aws.ok("CreateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "c1"})).await;
    aws.advance(899.0);
    assert_eq!(aws.status("e").await, "Creating");
    aws.advance(1.0);
    let failed = aws.ok("DescribeEndpoint", json!({"EndpointName": "e"})).await;
    assert_eq!(failed["EndpointStatus"], "Failed");
    assert_eq!(
        failed["FailureReason"],
        "The primary container for production variant V did not pass the ping health check. Please check CloudWatch \
         logs for this endpoint."
    );
    assert!(failed.get("ProductionVariants").is_none() && failed.get("PendingDeploymentSummary").is_none());
    aws.ok("DeleteEndpoint", json!({"EndpointName": "e"})).await;
    assert!(aws.ok("DescribeEndpoint", json!({"EndpointName": "e"})).await.get("FailureReason").is_none());
    aws.advance(60.0);
    aws.refused("DescribeEndpoint", json!({"EndpointName": "e"})).await;
}

#[tokio::test]
async fn an_update_rolls_back_with_and_without_a_reason_and_a_success_clears_it() {
    let aws = Client::new();
    aws.endpoint(1).await;
    set(&aws, json!({"failed_container": {"variant": "V", "reason": "no such image"}}));
    update(&aws).await;
    aws.advance(1_200.0);
    let back = aws.ok("DescribeEndpoint", json!({"EndpointName": "e"})).await;
    assert_eq!((&back["EndpointStatus"], &back["EndpointConfigName"]), (&json!("InService"), &json!("c1")));
    assert_eq!(back["FailureReason"], "no such image");
    assert!(back.get("PendingDeploymentSummary").is_none());

    set(&aws, json!("silent_rollback"));
    aws.ok("UpdateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "c2"})).await;
    aws.advance(1_200.0);
    let back = aws.ok("DescribeEndpoint", json!({"EndpointName": "e"})).await;
    assert_eq!((&back["EndpointStatus"], &back["EndpointConfigName"]), (&json!("InService"), &json!("c1")));
    assert!(back.get("FailureReason").is_none());

    set(&aws, json!({"rollback_failed": {}}));
    aws.ok("UpdateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "c2"})).await;
    aws.advance(1_200.0);
    let stranded = aws.ok("DescribeEndpoint", json!({"EndpointName": "e"})).await;
    assert_eq!(stranded["EndpointStatus"], "UpdateRollbackFailed");
    assert!(stranded["FailureReason"].is_string());

    set(&aws, json!({"slow": {"factor": 2}}));
    aws.ok("UpdateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "c2"})).await;
    aws.advance(719.0);
    assert_eq!(aws.status("e").await, "Updating");
    aws.advance(1.0);
    let updated = aws.ok("DescribeEndpoint", json!({"EndpointName": "e"})).await;
    assert_eq!((&updated["EndpointStatus"], &updated["EndpointConfigName"]), (&json!("InService"), &json!("c2")));
    assert!(updated.get("FailureReason").is_none());
}

#[tokio::test]
async fn a_failed_change_of_counts_is_undone() {
    let aws = Client::new();
    aws.endpoint(1).await;
    set(&aws, json!({"failed_container": {}}));
    let scale = json!({"EndpointName": "e",
        "DesiredWeightsAndCapacities": [{"VariantName": "V", "DesiredInstanceCount": 2}]});
    aws.ok("UpdateEndpointWeightsAndCapacities", scale).await;
    assert_eq!(aws.status("e").await, "Updating");
    aws.advance(90.0);
    assert_eq!(aws.status("e").await, "RollingBack");
    aws.advance(30.0);
    let back = aws.ok("DescribeEndpoint", json!({"EndpointName": "e"})).await;
    assert_eq!(back["EndpointStatus"], "InService");
    assert_eq!(back["ProductionVariants"][0]["DesiredInstanceCount"], 1);
}

#[tokio::test]
async fn stuck_operations_never_end() {
    let aws = Client::with_faults(json!({"rules": [{"match": {"operation": "DeleteEndpoint"}, "effect": "stuck"}]}));
    aws.endpoint(1).await;
    aws.ok("DeleteEndpoint", json!({"EndpointName": "e"})).await;
    aws.advance(1e9);
    assert_eq!(aws.status("e").await, "Deleting");
    set(&aws, json!("stuck"));
    aws.ok("CreateEndpoint", json!({"EndpointName": "f", "EndpointConfigName": "c1"})).await;
    aws.advance(1e9);
    assert_eq!(aws.status("f").await, "Creating");
}

#[tokio::test]
async fn a_deletion_can_fail_and_be_tried_again() {
    let aws = Client::new();
    aws.endpoint(1).await;
    let rule =
        json!({"match": {"operation": "DeleteEndpoint"}, "nth": 1, "effect": {"failed_container": {"reason": "no"}}});
    aws.sandbox.set_faults(script_of(json!({"rules": [rule]}))).expect("usable");
    aws.ok("DeleteEndpoint", json!({"EndpointName": "e"})).await;
    assert_eq!(aws.status("e").await, "Deleting");
    aws.advance(60.0);
    let failed = aws.ok("DescribeEndpoint", json!({"EndpointName": "e"})).await;
    assert_eq!((&failed["EndpointStatus"], &failed["FailureReason"]), (&json!("Failed"), &json!("no")));
    aws.ok("DeleteEndpoint", json!({"EndpointName": "e"})).await;
    aws.advance(60.0);
    aws.refused("DescribeEndpoint", json!({"EndpointName": "e"})).await;
}

#[tokio::test]
async fn latency_is_virtual() {
    let aws = Client::with_faults(json!({"rules": [{"effect": {"latency": {"seconds": 3600}}}]}));
    aws.sandbox.set_speed(1e6).expect("a speed");
    let before = aws.sandbox.clock().now();
    aws.ok("ListModels", json!({})).await;
    assert!(aws.sandbox.clock().now().seconds_since(before) >= 3_600.0);
}
