//! Endpoints through their states: what Describe shows when, and what may be done then.

use serde_json::json;

use crate::support::{Client, IMAGE, config_input, model_input};

#[tokio::test]
async fn the_walk_of_the_private_registry() {
    let aws = Client::new();
    aws.ok("CreateModel", model_input("vpc-model")).await;
    aws.ok("CreateEndpointConfig", config_input("my-endpoint-config", "vpc-model", 1)).await;
    let created = aws
        .ok("CreateEndpoint", json!({"EndpointName": "my-endpoint", "EndpointConfigName": "my-endpoint-config"}))
        .await;
    assert_eq!(created, json!({"EndpointArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/my-endpoint"}));

    let named = json!({"EndpointName": "my-endpoint"});
    let creating = aws.ok("DescribeEndpoint", named.clone()).await;
    assert_eq!(creating["EndpointStatus"], "Creating");
    assert_eq!(creating["EndpointConfigName"], "my-endpoint-config");
    assert!(creating.get("ProductionVariants").is_none());
    assert!(creating.get("FailureReason").is_none());
    let pending = &creating["PendingDeploymentSummary"];
    assert_eq!(pending["EndpointConfigName"], "my-endpoint-config");
    assert_eq!(pending["ProductionVariants"][0]["VariantStatus"][0]["StatusMessage"], "Launching 1 instance(s).");

    aws.advance(299.0);
    assert_eq!(aws.status("my-endpoint").await, "Creating");
    aws.advance(1.0);
    let serving = aws.ok("DescribeEndpoint", named.clone()).await;
    let mut members: Vec<&str> = serving.as_object().expect("an object").keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(
        members,
        [
            "CreationTime",
            "EndpointArn",
            "EndpointConfigName",
            "EndpointName",
            "EndpointStatus",
            "LastModifiedTime",
            "ProductionVariants"
        ]
    );
    assert_eq!(serving["EndpointStatus"], "InService");
    let elapsed =
        serving["LastModifiedTime"].as_f64().expect("a time") - serving["CreationTime"].as_f64().expect("one");
    assert!((elapsed - 300.0).abs() < 0.01, "{elapsed}");
    let variant = &serving["ProductionVariants"][0];
    assert_eq!(variant["DeployedImages"][0]["SpecifiedImage"], IMAGE);
    let resolved = variant["DeployedImages"][0]["ResolvedImage"].as_str().expect("an image");
    assert!(resolved.starts_with("myteam.myorg.com/docker-local/my-inference-image@sha256:"), "{resolved}");
    assert_eq!(variant["CurrentWeight"], 1.0);
    assert_eq!((&variant["CurrentInstanceCount"], &variant["DesiredInstanceCount"]), (&json!(1), &json!(1)));

    aws.ok("DeleteEndpoint", named.clone()).await;
    assert_eq!(aws.status("my-endpoint").await, "Deleting");
    let taken = aws
        .refused("CreateEndpoint", json!({"EndpointName": "my-endpoint", "EndpointConfigName": "my-endpoint-config"}))
        .await;
    assert!(taken.starts_with("Cannot create already existing endpoint "), "{taken}");
    aws.advance(60.0);
    let gone = aws.refused("DescribeEndpoint", named).await;
    assert_eq!(gone, "Could not find endpoint \"arn:aws:sagemaker:us-east-1:123456789012:endpoint/my-endpoint\".");
    aws.ok("DeleteEndpointConfig", json!({"EndpointConfigName": "my-endpoint-config"})).await;
    aws.ok("DeleteModel", json!({"ModelName": "vpc-model"})).await;
    let operations: Vec<String> = aws.sandbox.calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(operations.first().map(String::as_str), Some("CreateModel"));
    assert_eq!(operations.last().map(String::as_str), Some("DeleteModel"));
}

#[tokio::test]
async fn describe_echoes_models_and_configurations() {
    let aws = Client::new();
    aws.config("c", "m", 2).await;
    let model = aws.ok("DescribeModel", json!({"ModelName": "m"})).await;
    assert_eq!(model["PrimaryContainer"]["Mode"], "SingleModel");
    assert_eq!(model["PrimaryContainer"]["ImageConfig"], json!({"RepositoryAccessMode": "Vpc"}));
    assert_eq!(model["EnableNetworkIsolation"], false);
    assert!(model.get("Containers").is_none() && model.get("Tags").is_none());
    let config = aws.ok("DescribeEndpointConfig", json!({"EndpointConfigName": "c"})).await;
    assert_eq!(
        config["ProductionVariants"],
        json!([{"VariantName": "V", "ModelName": "m", "InitialInstanceCount": 2, "InstanceType": "ml.m5.large",
            "InitialVariantWeight": 1.0}])
    );
    assert_eq!(config["EnableNetworkIsolation"], false);
    assert!(config.get("DataCaptureConfig").is_none());
}

#[tokio::test]
async fn an_update_shows_the_old_configuration_until_it_has_succeeded() {
    let aws = Client::new();
    aws.endpoint(1).await;
    aws.config("c2", "m2", 3).await;
    aws.ok("UpdateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "c2"})).await;
    let updating = aws.ok("DescribeEndpoint", json!({"EndpointName": "e"})).await;
    assert_eq!(updating["EndpointStatus"], "Updating");
    assert_eq!(updating["EndpointConfigName"], "c1");
    assert_eq!(updating["ProductionVariants"][0]["CurrentInstanceCount"], 1);
    assert_eq!(updating["PendingDeploymentSummary"]["EndpointConfigName"], "c2");
    assert_eq!(updating["PendingDeploymentSummary"]["ProductionVariants"][0]["DesiredInstanceCount"], 3);
    aws.advance(360.0);
    let updated = aws.ok("DescribeEndpoint", json!({"EndpointName": "e"})).await;
    assert_eq!((&updated["EndpointStatus"], &updated["EndpointConfigName"]), (&json!("InService"), &json!("c2")));
    assert_eq!(updated["ProductionVariants"][0]["CurrentInstanceCount"], 3);
    assert!(updated.get("PendingDeploymentSummary").is_none());
}

#[tokio::test]
async fn a_policy_lengthens_an_update_and_can_be_kept_for_the_next() {
    let aws = Client::new();
    aws.endpoint(4).await;
    aws.config("c2", "m2", 4).await;
    let policy = json!({"BlueGreenUpdatePolicy": {
        "TrafficRoutingConfiguration": {"Type": "LINEAR", "WaitIntervalInSeconds": 100,
            "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": 50}},
        "TerminationWaitInSeconds": 40}});
    aws.ok("UpdateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "c2", "DeploymentConfig": policy}))
        .await;
    aws.advance(360.0 + 240.0 - 1.0);
    assert_eq!(aws.status("e").await, "Updating");
    aws.advance(1.0);
    assert_eq!(aws.status("e").await, "InService");
    let endpoint = aws.ok("DescribeEndpoint", json!({"EndpointName": "e"})).await;
    assert_eq!(endpoint["LastDeploymentConfig"], policy);
    aws.ok("UpdateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "c1", "RetainDeploymentConfig": true}))
        .await;
    aws.advance(599.0);
    assert_eq!(aws.status("e").await, "Updating");
    aws.advance(1.0);
    assert_eq!(aws.status("e").await, "InService");
}

#[tokio::test]
async fn a_rolling_policy_is_not_followed_for_several_variants() {
    let aws = Client::new();
    aws.ok("CreateModel", model_input("m")).await;
    let variant = |name: &str| json!({"VariantName": name, "ModelName": "m", "InitialInstanceCount": 2, "InstanceType": "ml.m5.large"});
    for name in ["c1", "c2"] {
        let variants = json!([variant("A"), variant("B")]);
        aws.ok("CreateEndpointConfig", json!({"EndpointConfigName": name, "ProductionVariants": variants})).await;
    }
    aws.ok("CreateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "c1"})).await;
    aws.advance(300.0);
    let policy = json!({"RollingUpdatePolicy": {"WaitIntervalInSeconds": 1000,
        "MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 50}}});
    aws.ok("UpdateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "c2", "DeploymentConfig": policy}))
        .await;
    aws.advance(360.0);
    assert_eq!(aws.status("e").await, "InService");
}

#[tokio::test]
async fn a_large_fleet_finds_its_addresses_quickly() {
    let aws = Client::new();
    let started = std::time::Instant::now();
    aws.config("c", "m", 600).await;
    aws.ok("CreateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "c"})).await;
    // Two subnets of 251 free addresses each: the fleet takes what there is.
    let interfaces = aws.ec2_ok("DescribeNetworkInterfaces", &[]).await;
    let found = crate::support::texts(&interfaces, "networkInterfaceId").len();
    assert_eq!(found, 502);
    assert!(started.elapsed().as_secs() < 5);
}

#[tokio::test]
async fn counts_and_weights_are_retained_on_request() {
    let aws = Client::new();
    aws.endpoint(1).await;
    let scale = json!({"EndpointName": "e", "DesiredWeightsAndCapacities":
        [{"VariantName": "V", "DesiredWeight": 3, "DesiredInstanceCount": 5}]});
    aws.ok("UpdateEndpointWeightsAndCapacities", scale).await;
    let scaling = aws.ok("DescribeEndpoint", json!({"EndpointName": "e"})).await;
    assert_eq!(scaling["EndpointStatus"], "Updating");
    assert!(scaling.get("PendingDeploymentSummary").is_none());
    let variant = &scaling["ProductionVariants"][0];
    assert_eq!((&variant["CurrentInstanceCount"], &variant["DesiredInstanceCount"]), (&json!(1), &json!(5)));
    assert_eq!(variant["VariantStatus"][0]["Status"], "Updating");
    aws.advance(120.0);

    for (name, request, count, weight) in [
        ("c2", json!({"RetainAllVariantProperties": true}), 5, 3.0),
        (
            "c3",
            json!({"RetainAllVariantProperties": true,
                "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DesiredInstanceCount"}]}),
            2,
            3.0,
        ),
        ("c4", json!({}), 2, 1.0),
    ] {
        aws.config(name, name, 2).await;
        let mut input = request;
        input["EndpointName"] = json!("e");
        input["EndpointConfigName"] = json!(name);
        aws.ok("UpdateEndpoint", input).await;
        aws.advance(360.0);
        let variant = aws.ok("DescribeEndpoint", json!({"EndpointName": "e"})).await["ProductionVariants"][0].clone();
        assert_eq!(variant["CurrentInstanceCount"], count, "{name}");
        assert_eq!(variant["CurrentWeight"], weight, "{name}");
    }
}

#[tokio::test]
async fn what_is_in_use_can_be_deleted_with_the_damage_that_follows() {
    let aws = Client::new();
    aws.endpoint(1).await;
    aws.config("c2", "m2", 1).await;
    // A deployment whose model disappears hangs and fails.
    aws.ok("CreateEndpoint", json!({"EndpointName": "f", "EndpointConfigName": "c2"})).await;
    aws.ok("DeleteModel", json!({"ModelName": "m2"})).await;
    aws.advance(3_599.0);
    assert_eq!(aws.status("f").await, "Creating");
    aws.advance(1.0);
    let failed = aws.ok("DescribeEndpoint", json!({"EndpointName": "f"})).await;
    assert_eq!(failed["EndpointStatus"], "Failed");
    assert!(failed["FailureReason"].as_str().expect("a reason").contains("production variant V exist"));
    // Only deletion helps a failed endpoint.
    aws.refused("UpdateEndpoint", json!({"EndpointName": "f", "EndpointConfigName": "c1"})).await;
    aws.ok("DeleteEndpoint", json!({"EndpointName": "f"})).await;

    aws.ok("DeleteEndpointConfig", json!({"EndpointConfigName": "c1"})).await;
    assert_eq!(aws.status("e").await, "InService");
    aws.ok("CreateModel", model_input("m2")).await;
    let text = aws.refused("UpdateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "c2"})).await;
    assert!(text.starts_with("Could not find endpoint configuration") && text.contains("/c1\""), "{text}");
}

#[tokio::test]
async fn maintenance_keeps_an_endpoint_busy_and_changes_nothing() {
    let aws = Client::new();
    aws.endpoint(1).await;
    aws.sandbox.maintain("us-east-1", "E", 100.0).expect("in service");
    assert!(aws.sandbox.maintain("us-east-1", "e", 100.0).is_err(), "it is under maintenance already");
    assert!(aws.sandbox.maintain("us-east-1", "x", 100.0).is_err());
    let busy = aws.ok("DescribeEndpoint", json!({"EndpointName": "e"})).await;
    assert_eq!(busy["EndpointStatus"], "SystemUpdating");
    assert_eq!(busy["ProductionVariants"][0]["CurrentInstanceCount"], 1);
    let text = aws.refused("DeleteEndpoint", json!({"EndpointName": "e"})).await;
    assert!(text.starts_with("Cannot update in-progress endpoint"), "{text}");
    aws.advance(100.0);
    let after = aws.ok("DescribeEndpoint", json!({"EndpointName": "e"})).await;
    assert_eq!((&after["EndpointStatus"], &after["EndpointConfigName"]), (&json!("InService"), &json!("c1")));
    assert_eq!(after["ProductionVariants"], busy["ProductionVariants"]);
}

#[tokio::test]
async fn regions_are_separate() {
    let here = Client::new();
    let there = Client { region: "eu-west-1", ..here.clone() };
    here.config("c", "m", 1).await;
    there.refused("DescribeModel", json!({"ModelName": "m"})).await;
    there.ok("CreateModel", model_input("m")).await;
    let model = there.ok("DescribeModel", json!({"ModelName": "m"})).await;
    assert_eq!(model["ModelArn"], "arn:aws:sagemaker:eu-west-1:123456789012:model/m");
    let china = Client { region: "cn-north-1", ..here.clone() };
    let arn = china.ok("CreateModel", model_input("m")).await["ModelArn"].clone();
    assert_eq!(arn, "arn:aws-cn:sagemaker:cn-north-1:123456789012:model/m");
}
