//! The service's messages by situation, word for word where they are known.

use serde_json::{Value, json};
use smform_sandbox::Settings;

use crate::support::{Client, ROLE, config_input, model_input};

const PREFIX: &str = "arn:aws:sagemaker:us-east-1:123456789012";

fn with(mut input: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    match input.pointer_mut(parent).expect("a parent") {
        Value::Array(items) => items[name.parse::<usize>().expect("an index")] = value,
        parent => parent[name] = value,
    }
    input
}

#[tokio::test]
async fn not_found() {
    let aws = Client::new();
    for operation in ["DescribeModel", "DeleteModel"] {
        let text = aws.refused(operation, json!({"ModelName": "x"})).await;
        assert_eq!(text, format!("Could not find model \"{PREFIX}:model/x\"."));
    }
    let text = aws.refused("CreateEndpointConfig", config_input("c", "x", 1)).await;
    assert_eq!(text, format!("Could not find model \"{PREFIX}:model/x\"."));
    for (operation, input) in [
        ("DescribeEndpointConfig", json!({"EndpointConfigName": "x"})),
        ("DeleteEndpointConfig", json!({"EndpointConfigName": "x"})),
        ("CreateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "x"})),
    ] {
        let text = aws.refused(operation, input).await;
        assert_eq!(text, format!("Could not find endpoint configuration \"{PREFIX}:endpoint-config/x\"."));
    }
    for (operation, input) in [
        ("DescribeEndpoint", json!({"EndpointName": "x"})),
        ("DeleteEndpoint", json!({"EndpointName": "x"})),
        ("UpdateEndpoint", json!({"EndpointName": "x", "EndpointConfigName": "c"})),
        (
            "UpdateEndpointWeightsAndCapacities",
            json!({"EndpointName": "x", "DesiredWeightsAndCapacities": [{"VariantName": "V"}]}),
        ),
    ] {
        let text = aws.refused(operation, input).await;
        assert_eq!(text, format!("Could not find endpoint \"{PREFIX}:endpoint/x\"."));
    }
    aws.endpoint(1).await;
    let text = aws.refused("UpdateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "x"})).await;
    assert_eq!(text, format!("Could not find endpoint configuration \"{PREFIX}:endpoint-config/x\"."));
}

#[tokio::test]
async fn names_that_are_taken() {
    let aws = Client::new();
    aws.endpoint(1).await;
    let text = aws.refused("CreateModel", model_input("m1")).await;
    assert_eq!(text, format!("Cannot create already existing model \"{PREFIX}:model/m1\"."));
    let text = aws.refused("CreateEndpointConfig", config_input("c1", "nobody", 1)).await;
    assert_eq!(text, format!("Cannot create already existing endpoint configuration \"{PREFIX}:endpoint-config/c1\"."));
    // Endpoint names are unique ignoring case.
    let text = aws.refused("CreateEndpoint", json!({"EndpointName": "E", "EndpointConfigName": "nothing"})).await;
    assert_eq!(text, format!("Cannot create already existing endpoint \"{PREFIX}:endpoint/e\"."));
    assert_eq!(aws.ok("DescribeEndpoint", json!({"EndpointName": "E"})).await["EndpointName"], "e");
}

#[tokio::test]
async fn busy_endpoints() {
    let aws = Client::new();
    aws.config("c1", "m1", 1).await;
    aws.config("c2", "m2", 1).await;
    aws.ok("CreateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "c1"})).await;
    let refusals = async |state: &str| {
        for (operation, input) in [
            ("UpdateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "c2"})),
            ("DeleteEndpoint", json!({"EndpointName": "e"})),
            (
                "UpdateEndpointWeightsAndCapacities",
                json!({"EndpointName": "e", "DesiredWeightsAndCapacities": [{"VariantName": "V", "DesiredWeight": 2}]}),
            ),
        ] {
            let text = aws.refused(operation, input).await;
            assert_eq!(text, format!("Cannot update in-progress endpoint \"{PREFIX}:endpoint/e\"."), "{state}");
        }
    };
    refusals("Creating").await;
    aws.advance(300.0);
    let text = aws.refused("UpdateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "c1"})).await;
    assert!(text.starts_with("Cannot update endpoint with the currently in use endpoint configuration \""), "{text}");
    aws.ok("UpdateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "c2"})).await;
    refusals("Updating").await;
}

#[tokio::test]
async fn variants_that_do_not_fit() {
    let aws = Client::new();
    aws.endpoint(1).await;
    let scale = |variants: Value| json!({"EndpointName": "e", "DesiredWeightsAndCapacities": variants});
    let operation = "UpdateEndpointWeightsAndCapacities";
    let text = aws.refused(operation, scale(json!([{"VariantName": "X"}]))).await;
    assert_eq!(
        text,
        format!(
            "The variant name(s) \"X\" is/are not present within endpoint configuration \"{PREFIX}:endpoint-config/c1\"."
        )
    );
    let text = aws.refused(operation, scale(json!([{"VariantName": "V"}, {"VariantName": "V"}]))).await;
    assert_eq!(text, "The variant name \"V\" was non-unique within the request.");
}

#[tokio::test]
async fn containers() {
    let aws = Client::new();
    let input = model_input("m");
    let refused =
        async |pointer: &str, value: Value| aws.refused("CreateModel", with(input.clone(), pointer, value)).await;
    let text = refused("/PrimaryContainer/ImageConfig", json!({"RepositoryAccessMode": "Platform"})).await;
    assert_eq!(
        text,
        "Using non-ECR image \"myteam.myorg.com/docker-local/my-inference-image:latest\" without Vpc repository access \
         mode is not supported."
    );
    let content = "Specify one of either Image and Model Data URL or ModelPackageName in container definition.";
    assert_eq!(refused("/PrimaryContainer/ModelPackageName", json!("p")).await, content);
    assert_eq!(refused("/PrimaryContainer", json!({})).await, content);
    let text = refused("/Containers", json!([{"Image": "x"}])).await;
    assert!(text.contains("PrimaryContainer and Containers"), "{text}");
    let text = refused("/PrimaryContainer", Value::Null).await;
    assert!(text.contains("Either PrimaryContainer or Containers"), "{text}");
    let text = refused("/VpcConfig", Value::Null).await;
    assert!(text.contains("VpcConfig must be specified"), "{text}");
    let text = refused(
        "/PrimaryContainer/Environment",
        json!((0..40).map(|n| (format!("K{n}"), "v".repeat(1000))).collect::<std::collections::BTreeMap<_, _>>()),
    )
    .await;
    assert!(text.contains("32768 bytes"), "{text}");
    let text = refused("/VpcConfig/Subnets", json!(["subnet-0123456789abcdef0", "subnet-00000000000000000"])).await;
    assert_eq!(text, "The subnet ID 'subnet-00000000000000000' does not exist");
    let text = refused("/VpcConfig/SecurityGroupIds", json!(["zork"])).await;
    assert_eq!(text, "The security group 'zork' does not exist");
    let ecr = json!({"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/img:1"});
    aws.ok("CreateModel", with(input.clone(), "/PrimaryContainer", ecr)).await;
}

#[tokio::test]
async fn roles() {
    let mut settings = Settings::default();
    settings.unassumable_roles.insert(ROLE.to_owned());
    let aws = Client::with(settings);
    let expected = |role: &str| {
        format!(
            "The execution role ARN \"{role}\" is invalid. Please ensure that the role exists and that its trust \
             relationship policy allows the action \"sts:AssumeRole\" for the service principal \
             \"sagemaker.amazonaws.com\"."
        )
    };
    assert_eq!(aws.refused("CreateModel", model_input("m")).await, expected(ROLE));
    let foreign = "arn:aws:iam::210987654321:role/r";
    let input = with(model_input("m"), "/ExecutionRoleArn", json!(foreign));
    assert_eq!(aws.refused("CreateModel", input).await, expected(foreign));
    // Those of this account that IAM has never known are simply there.
    let other = "arn:aws:iam::123456789012:role/other";
    aws.ok("CreateModel", with(model_input("m"), "/ExecutionRoleArn", json!(other))).await;
}

#[tokio::test]
async fn quotas() {
    let mut settings = Settings::default();
    settings.instance_quotas.by_type.insert("ml.m5.large".to_owned(), 3);
    let aws = Client::with(settings);
    aws.endpoint(2).await;
    aws.config("c2", "m2", 2).await;
    let refusal = aws
        .call("CreateEndpoint", json!({"EndpointName": "f", "EndpointConfigName": "c2"}))
        .await
        .expect_err("refused");
    assert_eq!((refusal.status, refusal.code.as_str()), (400, "ResourceLimitExceeded"));
    assert_eq!(
        refusal.message,
        "The account-level service limit 'ml.m5.large for endpoint usage' is 3 Instances, with current utilization of 2 \
         Instances and a request delta of 2 Instances. Please use AWS Service Quotas to request an increase for this \
         quota. If AWS Service Quotas is not available, contact AWS support to request an increase for this quota."
    );
    let scale = |count: u64| {
        json!({"EndpointName": "e",
            "DesiredWeightsAndCapacities": [{"VariantName": "V", "DesiredInstanceCount": count}]})
    };
    let refusal = aws.call("UpdateEndpointWeightsAndCapacities", scale(4)).await.expect_err("refused");
    assert_eq!(refusal.code, "ResourceLimitExceeded");
    aws.ok("UpdateEndpointWeightsAndCapacities", scale(3)).await;
}

#[tokio::test]
async fn configurations() {
    let aws = Client::new();
    aws.ok("CreateModel", model_input("m")).await;
    let refused = async |pointer: &str, value: Value| {
        aws.refused("CreateEndpointConfig", with(config_input("c", "m", 1), pointer, value)).await
    };
    let text = refused("/ProductionVariants/0/ManagedInstanceScaling", json!({"Status": "ENABLED"})).await;
    assert_eq!(text, "ManagedInstanceScaling is only supported for inference component endpoints.");
    let variant = config_input("c", "m", 1)["ProductionVariants"][0].clone();
    for (pointer, value, part) in [
        ("/ProductionVariants", json!([variant, variant]), "was non-unique"),
        ("/ProductionVariants/0/InstanceType", Value::Null, "Exactly one of"),
        ("/ProductionVariants/0/InitialInstanceCount", Value::Null, "InitialInstanceCount must"),
        ("/ProductionVariants/0/ModelName", Value::Null, "ExecutionRoleArn must"),
        (
            "/ProductionVariants/0/ServerlessConfig",
            json!({"MemorySizeInMB": 2048, "MaxConcurrency": 1}),
            "Exactly one of",
        ),
        (
            "/ProductionVariants/0",
            json!({"VariantName": "V", "ModelName": "m",
            "ServerlessConfig": {"MemorySizeInMB": 2000, "MaxConcurrency": 1}}),
            "multiple of 1024",
        ),
        (
            "/ProductionVariants/0",
            json!({"VariantName": "V", "ModelName": "m",
            "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 1}}),
            "VpcConfig is not supported",
        ),
        ("/ShadowProductionVariants", json!([variant, variant]), "was non-unique"),
        ("/MetricsConfig", json!({"MetricPublishFrequencyInSeconds": 11}), "must be one of 10, 30"),
        (
            "/ProductionVariants/0/RoutingConfig",
            json!({"RoutingStrategy": "RANDOM",
            "PrefixAwareRoutingConfig": {}}),
            "PREFIX_AWARE",
        ),
        ("/Tags", json!([{"Key": "aws:x", "Value": ""}]), "reserved"),
        ("/Tags", json!([{"Key": "x", "Value": ""}, {"Key": "x", "Value": "1"}]), "Duplicate tag key"),
    ] {
        let text = refused(pointer, value).await;
        assert!(text.contains(part), "{pointer}: {text}");
    }
    let disks = with(config_input("c", "m", 1), "/ProductionVariants/0/InstanceType", json!("ml.g5.xlarge"));
    let text = aws
        .refused("CreateEndpointConfig", with(disks.clone(), "/ProductionVariants/0/VolumeSizeInGB", json!(30)))
        .await;
    assert!(text.contains("VolumeSizeInGB is not supported"), "{text}");
    aws.ok("CreateEndpointConfig", with(disks, "/KmsKeyId", json!(""))).await;
}

#[tokio::test]
async fn tags() {
    let aws = Client::new();
    let arn =
        aws.ok("CreateModel", with(model_input("m"), "/Tags", json!([{"Key": "a", "Value": "1"}]))).await["ModelArn"]
            .clone();
    let added = aws
        .ok("AddTags", json!({"ResourceArn": arn, "Tags": [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}]}))
        .await;
    let expected = json!({"Tags": [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}]});
    assert_eq!(added, expected);
    assert_eq!(aws.ok("ListTags", json!({"ResourceArn": arn})).await, expected);
    aws.ok("DeleteTags", json!({"ResourceArn": arn, "TagKeys": ["a", "nothing"]})).await;
    assert_eq!(aws.ok("ListTags", json!({"ResourceArn": arn})).await, json!({"Tags": [{"Key": "b", "Value": ""}]}));
    let many: Vec<Value> = (0..50).map(|n| json!({"Key": format!("k{n}"), "Value": "v"})).collect();
    let text = aws.refused("AddTags", json!({"ResourceArn": arn, "Tags": many})).await;
    assert!(text.contains("must not exceed 50"), "{text}");
    let text = aws.refused("ListTags", json!({"ResourceArn": format!("{PREFIX}:endpoint/x")})).await;
    assert_eq!(text, "Resource does not exist.");
}
