//! Inference components: their life on an endpoint, what is refused, and how updates fail.

use serde_json::{Value, json};

use crate::support::{Client, IMAGE, ROLE, model_input};

fn host_config(name: &str) -> Value {
    json!({
        "EndpointConfigName": name, "ExecutionRoleArn": ROLE,
        "ProductionVariants": [{"VariantName": "V", "InitialInstanceCount": 1, "InstanceType": "ml.g5.2xlarge",
            "ManagedInstanceScaling": {"Status": "ENABLED", "MinInstanceCount": 1, "MaxInstanceCount": 2}}],
    })
}

fn component(name: &str, model: &str) -> Value {
    json!({
        "InferenceComponentName": name, "EndpointName": "e", "VariantName": "V",
        "Specification": {"ModelName": model,
            "ComputeResourceRequirements": {"NumberOfAcceleratorDevicesRequired": 1.0, "MinMemoryRequiredInMb": 1024}},
        "RuntimeConfig": {"CopyCount": 2},
    })
}

/// An endpoint `e` for components in service, and models `m1` and `m2`.
async fn host() -> Client {
    let aws = Client::new();
    aws.ok("CreateEndpointConfig", host_config("c")).await;
    aws.ok("CreateModel", model_input("m1")).await;
    aws.ok("CreateModel", model_input("m2")).await;
    aws.ok("CreateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "c"})).await;
    aws.advance(300.0);
    aws
}

async fn described(aws: &Client, name: &str) -> Value {
    aws.ok("DescribeInferenceComponent", json!({"InferenceComponentName": name})).await
}

#[tokio::test]
async fn a_component_lives_from_creating_to_gone() {
    let aws = host().await;
    let created = aws.ok("CreateInferenceComponent", component("ic", "m1")).await;
    let arn = "arn:aws:sagemaker:us-east-1:123456789012:inference-component/ic";
    assert_eq!(created, json!({"InferenceComponentArn": arn}));
    let creating = described(&aws, "ic").await;
    assert_eq!(creating["InferenceComponentStatus"], "Creating");
    assert_eq!(creating["RuntimeConfig"], json!({"DesiredCopyCount": 2, "CurrentCopyCount": 0}));
    let busy = aws.refused("DeleteInferenceComponent", json!({"InferenceComponentName": "ic"})).await;
    assert!(busy.contains("in-progress"), "{busy}");

    aws.advance(240.0);
    let serving = described(&aws, "ic").await;
    assert_eq!(serving["InferenceComponentStatus"], "InService");
    let copies = |desired: u64| {
        let placed = json!([{"InstanceType": "ml.g5.2xlarge", "CurrentCopyCount": 2}]);
        json!({"DesiredCopyCount": desired, "CurrentCopyCount": 2, "PlacementStatus": placed})
    };
    assert_eq!(serving["RuntimeConfig"], copies(2));
    assert_eq!(serving["Specification"], component("ic", "m1")["Specification"]);
    assert_eq!((&serving["VariantName"], &serving["EndpointName"]), (&json!("V"), &json!("e")));

    let scale = json!({"InferenceComponentName": "ic", "DesiredRuntimeConfig": {"CopyCount": 0}});
    aws.ok("UpdateInferenceComponentRuntimeConfig", scale).await;
    let scaling = described(&aws, "ic").await;
    assert_eq!(scaling["InferenceComponentStatus"], "Updating");
    assert_eq!(scaling["RuntimeConfig"], copies(0));
    aws.advance(60.0);
    assert_eq!(described(&aws, "ic").await["RuntimeConfig"]["CurrentCopyCount"], 0);

    let hosted = aws.refused("DeleteEndpoint", json!({"EndpointName": "e"})).await;
    assert!(hosted.contains("\"ic\""), "{hosted}");
    aws.ok("DeleteInferenceComponent", json!({"InferenceComponentName": "ic"})).await;
    assert_eq!(described(&aws, "ic").await["InferenceComponentStatus"], "Deleting");
    aws.advance(30.0);
    let gone = aws.refused("DescribeInferenceComponent", json!({"InferenceComponentName": "ic"})).await;
    assert_eq!(gone, "Could not find inference component \"ic\".");
    aws.ok("DeleteEndpoint", json!({"EndpointName": "e"})).await;
}

#[tokio::test]
async fn a_rolling_update_waits_between_batches_and_rolls_back() {
    let aws = host().await;
    aws.ok("CreateInferenceComponent", component("ic", "m1")).await;
    aws.advance(240.0);
    let policy = json!({"RollingUpdatePolicy": {"WaitIntervalInSeconds": 100,
        "MaximumBatchSize": {"Type": "COPY_COUNT", "Value": 1}}});
    let mut update = json!({"InferenceComponentName": "ic", "DeploymentConfig": policy,
        "Specification": component("ic", "m2")["Specification"]});
    aws.ok("UpdateInferenceComponent", update.clone()).await;
    aws.advance(439.0);
    let updating = described(&aws, "ic").await;
    assert_eq!(updating["InferenceComponentStatus"], "Updating");
    assert_eq!(updating["Specification"]["ModelName"], "m1", "what serves is shown until the update is over");
    aws.advance(1.0);
    let updated = described(&aws, "ic").await;
    assert_eq!(updated["Specification"]["ModelName"], "m2");
    assert_eq!(updated["LastDeploymentConfig"], policy);

    let script = json!({"rules": [{"match": {"operation": "UpdateInferenceComponent"}, "nth": 1,
        "effect": {"failed_container": {"reason": "no GPU"}}},
        {"match": {"operation": "UpdateInferenceComponent"}, "nth": 2, "effect": {"rollback_failed": {}}}]});
    aws.sandbox.set_faults(crate::support::script_of(script)).expect("a script");
    update["Specification"]["ModelName"] = json!("m1");
    aws.ok("UpdateInferenceComponent", update.clone()).await;
    aws.advance(440.0);
    let rolled_back = described(&aws, "ic").await;
    assert_eq!(rolled_back["InferenceComponentStatus"], "InService");
    assert_eq!(rolled_back["Specification"]["ModelName"], "m2");
    assert_eq!(rolled_back["FailureReason"], "no GPU");
    aws.ok("UpdateInferenceComponent", update).await;
    aws.advance(440.0);
    assert_eq!(described(&aws, "ic").await["InferenceComponentStatus"], "Failed");
}

#[tokio::test]
async fn a_failed_creation_stays_until_deleted() {
    let aws = host().await;
    let script = json!({"rules": [{"match": {"name": "ic"}, "effect": {"failed_container": {}}}]});
    aws.sandbox.set_faults(crate::support::script_of(script)).expect("a script");
    aws.ok("CreateInferenceComponent", component("ic", "m1")).await;
    aws.advance(240.0);
    let failed = described(&aws, "ic").await;
    assert_eq!(failed["InferenceComponentStatus"], "Failed");
    assert!(failed["FailureReason"].as_str().is_some_and(|reason| reason.contains("ping health check")));
    aws.ok("DeleteInferenceComponent", json!({"InferenceComponentName": "ic"})).await;
    aws.advance(30.0);
    aws.refused("DescribeInferenceComponent", json!({"InferenceComponentName": "ic"})).await;
}

#[tokio::test]
async fn an_adapter_keeps_its_base() {
    let aws = host().await;
    aws.ok("CreateInferenceComponent", component("base", "m1")).await;
    let adapter = json!({"InferenceComponentName": "adapter", "EndpointName": "e", "Specification": {
        "BaseInferenceComponentName": "base", "Container": {"ArtifactUrl": "s3://bucket/adapter.tar.gz"}}});
    let early = aws.refused("CreateInferenceComponent", adapter.clone()).await;
    assert!(early.contains("Creating, not InService"), "{early}");
    aws.advance(240.0);
    aws.ok("CreateInferenceComponent", adapter).await;
    aws.advance(240.0);
    let shown = described(&aws, "adapter").await;
    assert_eq!(shown["VariantName"], "V");
    assert!(shown.get("RuntimeConfig").is_none());
    let kept = aws.refused("DeleteInferenceComponent", json!({"InferenceComponentName": "base"})).await;
    assert!(kept.contains("adapter"), "{kept}");
    let listed = aws
        .ok("ListInferenceComponents", json!({"EndpointNameEquals": "E", "SortBy": "Name", "SortOrder": "Ascending"}))
        .await;
    let names: Vec<&Value> = listed["InferenceComponents"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|component| &component["InferenceComponentName"])
        .collect();
    assert_eq!(names, ["adapter", "base"]);
}

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    let aws = host().await;
    let mut image = component("ic", "m1");
    image["Specification"] = json!({"Container": {"Image": IMAGE},
        "ComputeResourceRequirements": {"MinMemoryRequiredInMb": 128}});
    let refusals = [
        (json!({"InferenceComponentName": "ic", "EndpointName": "e"}), "Exactly one of"),
        (with(&component("ic", "m1"), "/RuntimeConfig/CopyCount", json!(0)), "at least 1"),
        (with(&component("ic", "m1"), "/VariantName", json!("W")), "Could not find variant"),
        (with(&component("ic", "m1"), "/EndpointName", json!("other")), "Could not find endpoint"),
        (with(&component("ic", "nope"), "/VariantName", json!("V")), "Could not find model"),
        (
            with(&component("ic", "m1"), "/Specification/ComputeResourceRequirements/MinMemoryRequiredInMb", json!(1)),
            "greater than or equal to 128",
        ),
    ];
    for (input, part) in refusals {
        let message = aws.refused("CreateInferenceComponent", input).await;
        assert!(message.contains(part), "{message}");
    }
    aws.ok("CreateInferenceComponent", image.clone()).await;
    let taken = aws.refused("CreateInferenceComponent", image).await;
    assert!(taken.starts_with("Cannot create already existing inference component"), "{taken}");
    aws.advance(240.0);
    let shown = described(&aws, "ic").await;
    assert_eq!(shown["Specification"]["Container"]["DeployedImage"]["SpecifiedImage"], IMAGE);

    let with_model = Client::new();
    with_model.endpoint(1).await;
    let refused = with_model.refused("CreateInferenceComponent", component("ic", "m1")).await;
    assert!(refused.contains("has a ModelName"), "{refused}");
}

fn with(input: &Value, pointer: &str, value: Value) -> Value {
    let mut input = input.clone();
    *input.pointer_mut(pointer).expect("a member") = value;
    input
}
