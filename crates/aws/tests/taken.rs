//! Names that are taken right after one has looked: by somebody else, unless an attempt of the call had no answer.

use serde_json::{Value as Json, json};
use smform_provider::PlannedObject;
use smform_types::Value;

use crate::support::{CONFIG, ENDPOINT, GROUP, MODEL, World, config_body, endpoint_body, model_body, serving, world};

const COMPONENT: &str = "aws_sagemaker_inference_component";
const SG: &str = "aws_security_group";
const SUBNET: &str = "aws_subnet";
const ROLE: &str = "aws_iam_role";
const ROLE_POLICY: &str = "aws_iam_role_policy";
const INGRESS: &str = "aws_vpc_security_group_ingress_rule";
const RULE: &str = "aws_security_group_rule";
const VPC: &str = "vpc-0123456789abcdef0";

fn lost(operation: &str) -> Json {
    json!({"match": {"operation": operation}, "nth": 1, "effect": "lost_reply"})
}

/// A creation of what is there as it is wanted, and was not when one looked, is refused.
async fn refused(world: &World, ty: &str, body: &Json, look: &str, said: &str) {
    let error = world.raced(ty, body, look, &[]).await;
    assert!(error.to_string().contains(said), "{ty}: {error}");
}

/// The same is one's own when it is there since an attempt whose answer was lost.
async fn ours(world: &World, ty: &str, body: &Json, create: &str) {
    world.faults(json!({"rules": [lost(create)]}));
    let before = world.calls(create);
    world.create(ty, body).await;
    assert_eq!(world.calls(create) - before, 2, "{ty}");
}

#[tokio::test]
async fn what_somebody_else_made_is_not_taken_over() {
    let (world, _) = serving().await;
    refused(&world, MODEL, &model_body("m"), "DescribeModel", "Model \"m\" already exists").await;
    let config = config_body("one", "m", 1);
    refused(&world, CONFIG, &config, "DescribeEndpointConfig", "configuration \"one\" already exists").await;
    refused(&world, ENDPOINT, &endpoint_body("e", "one"), "DescribeEndpoint", "\"e\" already exists").await;
    ours(&world, MODEL, &model_body("n"), "CreateModel").await;
    ours(&world, CONFIG, &config_body("three", "n", 1), "CreateEndpointConfig").await;
    ours(&world, ENDPOINT, &endpoint_body("f", "three"), "CreateEndpoint").await;
}

/// What the plan says of a new object, beside what it has otherwise.
async fn said(world: &World, ty: &str, body: &Json, before: Option<&Value>) -> Vec<String> {
    let after = world.plan(ty, None, body).await.unwrap().planned;
    let object = PlannedObject { type_name: ty.into(), before: None, after: Some(after) };
    let holder = before.map(|before| PlannedObject { type_name: ty.into(), before: Some(before.clone()), after: None });
    let plan: Vec<PlannedObject> = [object.clone()].into_iter().chain(holder).collect();
    let found = world.session.review(&object, &plan, &world.run).await;
    found.iter().filter(|found| found.is_error()).map(|found| format!("{}: {}", found.summary, found.detail)).collect()
}

#[tokio::test]
async fn a_name_that_is_taken_is_told_by_the_plan() {
    let (world, endpoint) = serving().await;
    let target = json!({"service_namespace": "sagemaker", "resource_id": "endpoint/e/variant/MyVariant",
        "scalable_dimension": "sagemaker:variant:DesiredInstanceCount", "min_capacity": 1, "max_capacity": 2});
    world.create("aws_appautoscaling_target", &target).await;
    for (ty, body, id) in [
        (MODEL, model_body("m"), "m"),
        (CONFIG, config_body("one", "m", 1), "one"),
        (ENDPOINT, endpoint_body("e", "one"), "e"),
        // Endpoints are not told apart by the case of letters.
        (ENDPOINT, endpoint_body("E", "one"), "e"),
        (
            "aws_appautoscaling_target",
            target,
            "sagemaker/endpoint/e/variant/MyVariant/sagemaker:variant:DesiredInstanceCount",
        ),
    ] {
        let found = said(&world, ty, &body, None).await;
        let [found] = found.as_slice() else { panic!("{ty}: {found:?}") };
        assert!(found.contains("already exists") && found.contains(&format!("id = \"{id}\"\n  }}")), "{found}");
    }
    let group = |name: &str, vpc: &str| json!({"name": name, "vpc_id": vpc, "description": "d"});
    world.create(SG, &group("web", VPC)).await;
    let found = said(&world, SG, &group("web", VPC), None).await;
    assert!(found.len() == 1 && found[0].contains("already exists") && found[0].contains("id = \"sg-"), "{found:?}");
    assert!(said(&world, SG, &group("other", VPC), None).await.is_empty());
    assert!(said(&world, SG, &group("web", "vpc-0aaaaaaaaaaaaaaaa"), None).await.is_empty());
    assert!(said(&world, MODEL, &model_body("M"), None).await.is_empty());
    // A policy of a role is one of that role only.
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "sagemaker.amazonaws.com"}}]});
    world.create(ROLE, &json!({"name": "r", "assume_role_policy": trust.to_string()})).await;
    let allow =
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]});
    let policy = |role: &str| json!({"role": role, "name": "p", "policy": allow.to_string()});
    world.create(ROLE_POLICY, &policy("r")).await;
    let found = said(&world, ROLE_POLICY, &policy("r"), None).await;
    assert!(found.len() == 1 && found[0].contains("already exists") && found[0].contains("id = \"r:p\""), "{found:?}");
    assert!(said(&world, ROLE_POLICY, &policy("s"), None).await.is_empty());
    // What the plan takes away gives up its name, and so does an endpoint that goes anyway.
    assert!(said(&world, ENDPOINT, &endpoint_body("E", "one"), Some(&endpoint)).await.is_empty());
    world.ask("DeleteEndpoint", json!({"EndpointName": "e"})).await;
    assert!(said(&world, ENDPOINT, &endpoint_body("e", "one"), None).await.is_empty());
}

#[tokio::test]
async fn a_lost_answer_is_remembered_while_a_refusal_passes() {
    let (world, _) = serving().await;
    let unseen =
        json!({"code": "ValidationException", "message": "Could not find endpoint configuration \"arn:x:two\"."});
    let second = json!({"match": {"operation": "CreateEndpoint"}, "nth": 2, "effect": {"error": unseen}});
    world.faults(json!({"rules": [lost("CreateEndpoint"), second]}));
    world.create(ENDPOINT, &endpoint_body("f", "two")).await;
    assert_eq!(world.calls("CreateEndpoint"), 4);
}

#[tokio::test]
async fn a_component_of_somebody_else_is_not_taken_over() {
    let world = crate::inference_component::hosting().await;
    let body = crate::inference_component::body(1, 1024);
    ours(&world, COMPONENT, &body, "CreateInferenceComponent").await;
    let look = "DescribeInferenceComponent";
    refused(&world, COMPONENT, &body, look, "Inference component \"ic\" already exists").await;
    // After an attempt without an answer, too, when it is another one.
    let cut = json!({"match": {"operation": "CreateInferenceComponent"}, "nth": 1, "effect": "drop_before"});
    let other = crate::inference_component::body(1, 2048);
    let error = world.raced(COMPONENT, &other, look, &[cut]).await;
    assert_eq!(error.summary, "Inference component \"ic\" already exists");
}

#[tokio::test]
async fn a_network_of_somebody_else_is_not_taken_over() {
    let world = world().await;
    let group = |description: &str| json!({"name": "web", "vpc_id": VPC, "description": description});
    let look = "DescribeSecurityGroups";
    ours(&world, SG, &group("a"), "CreateSecurityGroup").await;
    refused(&world, SG, &group("a"), look, "Security group \"web\" already exists").await;
    let cut = json!({"match": {"operation": "CreateSecurityGroup"}, "nth": 1, "effect": "drop_before"});
    let error = world.raced(SG, &group("b"), look, &[cut]).await;
    assert!(error.summary.contains("already exists"), "{error}");
    let subnet = |network: &str| json!({"vpc_id": VPC, "cidr_block": network});
    ours(&world, SUBNET, &subnet("10.0.200.0/24"), "CreateSubnet").await;
    refused(&world, SUBNET, &subnet("10.0.200.0/24"), "DescribeSubnets", "10.0.200.0/24 already exists").await;
}

#[tokio::test]
async fn a_rule_of_somebody_else_is_not_taken_over() {
    let world = world().await;
    let authorize = "AuthorizeSecurityGroupIngress";
    let single = json!({"security_group_id": GROUP, "ip_protocol": "tcp", "from_port": 8443, "to_port": 8443,
        "cidr_ipv4": "10.1.0.0/16"});
    ours(&world, INGRESS, &single, authorize).await;
    refused(&world, INGRESS, &single, "DescribeSecurityGroupRules", "The rule exists in").await;
    let several = json!({"type": "ingress", "security_group_id": GROUP, "protocol": "tcp", "from_port": 9443,
        "to_port": 9443, "cidr_blocks": ["10.2.0.0/16"]});
    ours(&world, RULE, &several, authorize).await;
    refused(&world, RULE, &several, "DescribeSecurityGroups", "already exists").await;
}

#[tokio::test]
async fn a_role_of_somebody_else_is_not_taken_over() {
    let world = world().await;
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "sagemaker.amazonaws.com"}}]});
    let body = json!({"name": "r", "assume_role_policy": trust.to_string()});
    ours(&world, ROLE, &body, "CreateRole").await;
    refused(&world, ROLE, &body, "GetRole", "Role \"r\" already exists").await;
}
