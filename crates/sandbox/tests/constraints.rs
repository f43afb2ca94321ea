//! Constraints of the service model, as requests meet them.

use serde_json::{Value, json};

use crate::support::{Client, config_input, model_input};

#[tokio::test]
async fn names_and_enumerations() {
    let aws = Client::new();
    let long = "a".repeat(64);
    for name in ["-a", "a-", "a_b", "a.b", "", long.as_str()] {
        let text = aws
            .refused("CreateModel", {
                let mut input = model_input("m");
                input["ModelName"] = json!(name);
                input
            })
            .await;
        assert!(text.contains(&format!("Value '{name}' at 'modelName' failed to satisfy constraint: ")), "{text}");
    }
    let both = aws.refused("DescribeEndpoint", json!({"EndpointName": "_".repeat(64)})).await;
    assert!(both.starts_with("2 validation errors detected: "), "{both}");
    assert!(both.contains("Member must have length less than or equal to 63; Value"), "{both}");
    let mut config = config_input("c", "m", 1);
    config["ProductionVariants"][0]["InstanceType"] = json!("ml.t3.large");
    config["ProductionVariants"][0]["InitialInstanceCount"] = json!(0);
    let text = aws.refused("CreateEndpointConfig", config).await;
    assert!(text.starts_with("2 validation errors detected: "), "{text}");
    assert!(
        text.contains("Value 'ml.t3.large' at 'productionVariants.1.member.instanceType' failed to satisfy constraint: Member must satisfy enum value set: ["),
        "{text}"
    );
    assert!(
        text.contains("Value '0' at 'productionVariants.1.member.initialInstanceCount' failed to satisfy constraint: Member must have value greater than or equal to 1"),
        "{text}"
    );
}

#[tokio::test]
async fn lists_maps_and_missing_members() {
    let aws = Client::new();
    let mut input = model_input("m");
    input["VpcConfig"]["SecurityGroupIds"] = json!(["a", "b", "c", "d", "e", "f"]);
    let text = aws.refused("CreateModel", input).await;
    assert_eq!(
        text,
        "1 validation error detected: Value '[a, b, c, d, e, f]' at 'vpcConfig.securityGroupIds' failed to satisfy \
         constraint: Member must have length less than or equal to 5"
    );
    let text = aws.refused("CreateEndpoint", json!({})).await;
    assert_eq!(
        text,
        "2 validation errors detected: Value null at 'endpointName' failed to satisfy constraint: Member must not be \
         null; Value null at 'endpointConfigName' failed to satisfy constraint: Member must not be null"
    );
    let mut input = model_input("m");
    input["PrimaryContainer"]["Environment"] = json!({"1A": "x"});
    let text = aws.refused("CreateModel", input).await;
    assert!(
        text.contains("'primaryContainer.environment' failed to satisfy constraint: Map keys must satisfy"),
        "{text}"
    );
    let mut input = model_input("m");
    input["PrimaryContainer"]["image"] = json!("x");
    let text = aws.refused("CreateModel", input).await;
    assert!(text.contains("Value 'x' at 'primaryContainer.image' failed"), "{text}");
}

#[tokio::test]
async fn role_arns_short_and_wrong() {
    let aws = Client::new();
    for role in ["arn:aws:iam::12345678901:role/r", "arn:aws:iam::123456789012:user/u", "short"] {
        let mut input = model_input("m");
        input["ExecutionRoleArn"] = json!(role);
        let text = aws.refused("CreateModel", input).await;
        assert!(text.contains(&format!("Value '{role}' at 'executionRoleArn'")), "{text}");
    }
    let mut input = model_input("m");
    input["ExecutionRoleArn"] = json!("arn:aws:iam::123456789012:user/u");
    let text = aws.refused("CreateModel", input).await;
    assert!(text.ends_with(r"pattern: arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+"), "{text}");
}

#[tokio::test]
async fn wrong_types_do_not_reach_the_constraints() {
    let aws = Client::new();
    for (operation, input) in [
        ("CreateModel", json!({"ModelName": ["m"]})),
        ("CreateModel", json!({"ModelName": {"a": 1}})),
        ("ListModels", json!({"MaxResults": "5"})),
        ("ListModels", json!({"MaxResults": 5.5})),
        ("ListModels", json!({"MaxResults": 99_999_999_999_u64})),
        ("ListModels", json!({"CreationTimeAfter": "yesterday"})),
        ("AddTags", json!({"ResourceArn": "x", "Tags": "y"})),
    ] {
        let refusal = aws.call(operation, input.clone()).await.expect_err("refused");
        assert_eq!(refusal.code, "SerializationException", "{operation} {input}");
    }
}

/// Whatever JSON is sent, the answer is an answer.
#[tokio::test]
async fn odd_values_never_break_the_sandbox() {
    let aws = Client::new();
    aws.endpoint(1).await;
    let odd: [Value; 9] = [
        Value::Null,
        json!(true),
        json!(-1),
        serde_json::from_str("1e400").expect("a number"),
        json!(""),
        json!("\u{0}é\u{1f980}"),
        json!([]),
        json!([[[{}]]]),
        json!({"": {"": []}}),
    ];
    let templates = [
        ("CreateModel", model_input("x")),
        ("CreateEndpointConfig", config_input("x", "m1", 1)),
        (
            "CreateEndpoint",
            json!({"EndpointName": "x", "EndpointConfigName": "c1", "DeploymentConfig":
            {"RollingUpdatePolicy": {"MaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 1}, "WaitIntervalInSeconds": 1}}}),
        ),
        ("UpdateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "c1"})),
        (
            "UpdateEndpointWeightsAndCapacities",
            json!({"EndpointName": "e", "DesiredWeightsAndCapacities":
            [{"VariantName": "V", "DesiredWeight": 1.5}]}),
        ),
        ("ListEndpoints", json!({"MaxResults": 1, "NextToken": "", "SortBy": "Status"})),
        (
            "AddTags",
            json!({"ResourceArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/e",
            "Tags": [{"Key": "k", "Value": "v"}]}),
        ),
    ];
    let mut answered = 0;
    for (operation, template) in &templates {
        for pointer in pointers(template) {
            for value in &odd {
                let mut input = template.clone();
                *input.pointer_mut(&pointer).expect("a place") = value.clone();
                // A reply of any kind will do; a panic would not.
                let _ = aws.call(operation, input).await;
                answered += 1;
            }
        }
    }
    assert!(answered > 300, "{answered}");
}

fn pointers(value: &Value) -> Vec<String> {
    let mut found = vec![String::new()];
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (name, child) in children {
        found.extend(pointers(child).into_iter().map(|rest| format!("/{name}{rest}")));
    }
    found
}
