//! What a plan says of an endpoint beside its configuration, its alarms and what scales it.

use serde_json::{Value as Json, json};
use smform_provider::PlannedObject;
use smform_types::Value;

use crate::support::{CONFIG, ENDPOINT, World, config_body, endpoint_body, place, serving};

const TARGET: &str = "aws_appautoscaling_target";
const ALARM: &str = "aws_cloudwatch_metric_alarm";

/// An object of a plan.
fn object(ty: &str, before: Option<&Value>, after: Option<&Value>) -> PlannedObject {
    PlannedObject { type_name: ty.into(), before: before.cloned(), after: after.cloned() }
}

/// What is said of the endpoint that is to be as `body` says, beside other objects.
async fn said(world: &World, endpoint: &Value, body: &Json, plan: &[PlannedObject]) -> Vec<String> {
    let after = world.plan(ENDPOINT, Some(endpoint), body).await.unwrap().planned;
    let changed = object(ENDPOINT, Some(endpoint), Some(&after));
    let plan: Vec<PlannedObject> = plan.iter().cloned().chain([changed.clone()]).collect();
    let found = world.session.review(&changed, &plan, &world.run).await;
    found.iter().map(|found| format!("{:?} {}: {}", found.severity, place(found), found.summary)).collect()
}

/// The configuration that there is, and one of the plan beside it.
async fn configurations(world: &World, new: &Json) -> Vec<PlannedObject> {
    let old = world.import(CONFIG, "one").await;
    let after = world.plan(CONFIG, None, new).await.unwrap().planned;
    vec![object(CONFIG, old.as_ref(), old.as_ref()), object(CONFIG, None, Some(&after))]
}

fn renamed(name: &str) -> Json {
    let mut body = config_body("new", "m", 1);
    body["production_variants"]["variant_name"] = json!(name);
    body
}

fn scaled(variant: &str) -> Json {
    json!({"service_namespace": "sagemaker", "resource_id": format!("endpoint/e/variant/{variant}"),
        "scalable_dimension": "sagemaker:variant:DesiredInstanceCount", "min_capacity": 1, "max_capacity": 4})
}

#[tokio::test]
async fn instances_do_not_become_serverless() {
    let (world, endpoint) = serving().await;
    let serverless = json!({"name": "new", "production_variants": {"variant_name": "MyVariant", "model_name": "m",
        "serverless_config": {"memory_size_in_mb": 2048, "max_concurrency": 5}}});
    let plan = configurations(&world, &serverless).await;
    let refused = "Error endpoint_config_name: Instances cannot become serverless";
    assert_eq!(said(&world, &endpoint, &endpoint_body("e", "new"), &plan).await, [refused]);
    // Nor where the plan does not have the configuration that the endpoint has.
    assert_eq!(said(&world, &endpoint, &endpoint_body("e", "new"), &plan[1..]).await, [refused]);
    let plan = configurations(&world, &renamed("MyVariant")).await;
    assert_eq!(said(&world, &endpoint, &endpoint_body("e", "new"), &plan).await, [""; 0]);
}

#[tokio::test]
async fn a_policy_in_steps_needs_the_same_variants() {
    let (world, endpoint) = serving().await;
    let mut body = endpoint_body("e", "new");
    body["deployment_config"] = json!({"rolling_update_policy": {"wait_interval_in_seconds": 60,
        "maximum_batch_size": {"type": "CAPACITY_PERCENT", "value": 50}}});
    let plan = configurations(&world, &renamed("Other")).await;
    let refused = "Error deployment_config[0]: The variants change under a deployment policy";
    assert_eq!(said(&world, &endpoint, &body, &plan).await, [refused]);
    let two = |name: &str| {
        json!({"variant_name": name, "model_name": "m", "instance_type": "ml.t2.medium",
        "initial_instance_count": 1})
    };
    let several = json!({"name": "new", "production_variants": [two("MyVariant"), two("Other")]});
    let plan = configurations(&world, &several).await;
    let warned = "Warning deployment_config[0].rolling_update_policy: The deployment policy is not followed";
    assert_eq!(said(&world, &endpoint, &body, &plan).await, [warned]);
}

#[tokio::test]
async fn a_variant_that_is_named_must_be_there() {
    let (world, endpoint) = serving().await;
    let mut body = endpoint_body("e", "new");
    body["desired_weights_and_capacities"] = json!({"variant_name": "MyVariant", "desired_instance_count": 1});
    let plan = configurations(&world, &renamed("Other")).await;
    let refused = "Error desired_weights_and_capacities[0].variant_name: Unknown variant \"MyVariant\"";
    assert_eq!(said(&world, &endpoint, &body, &plan).await, [refused]);
    // And so must one that is scaled.
    let after = world.plan(ENDPOINT, Some(&endpoint), &endpoint_body("e", "new")).await.unwrap().planned;
    let mut plan = plan;
    plan.push(object(ENDPOINT, Some(&endpoint), Some(&after)));
    for (variant, expected) in [("MyVariant", vec!["Unknown variant \"MyVariant\""]), ("Other", vec![])] {
        let target = world.plan(TARGET, None, &scaled(variant)).await.unwrap().planned;
        let target = object(TARGET, None, Some(&target));
        let found = world.session.review(&target, &plan, &world.run).await;
        assert_eq!(found.iter().map(|found| found.summary.as_str()).collect::<Vec<_>>(), expected, "{variant}");
    }
}

#[tokio::test]
async fn a_scaled_variant_that_is_taken_away_is_refused() {
    let (world, endpoint) = serving().await;
    let target = world.create(TARGET, &scaled("MyVariant")).await;
    let mut plan = configurations(&world, &renamed("Other")).await;
    let body = endpoint_body("e", "new");
    let refused = "Error endpoint_config_name: A scaled variant is taken away";
    // By a target of nobody, and by one of the plan that stays.
    assert_eq!(said(&world, &endpoint, &body, &plan).await, [refused]);
    plan.push(object(TARGET, Some(&target), Some(&target)));
    assert_eq!(said(&world, &endpoint, &body, &plan).await, [refused]);
    // One that follows the variant goes before.
    plan.pop();
    let follows = world.plan(TARGET, None, &scaled("Other")).await.unwrap().planned;
    plan.push(object(TARGET, Some(&target), Some(&follows)));
    assert_eq!(said(&world, &endpoint, &body, &plan).await, [""; 0]);
}

#[tokio::test]
async fn an_alarm_that_is_not_there_is_warned_of() {
    let (world, endpoint) = serving().await;
    let mut body = endpoint_body("e", "two");
    body["deployment_config"] = json!({"blue_green_update_policy": {"traffic_routing_configuration":
        {"type": "ALL_AT_ONCE", "wait_interval_in_seconds": 0}},
        "auto_rollback_configuration": {"alarms": [{"alarm_name": "errors"}]}});
    let warned = "Warning deployment_config[0].auto_rollback_configuration: No such alarm";
    assert_eq!(said(&world, &endpoint, &body, &[]).await, [warned]);
    let alarm = json!({"alarm_name": "errors", "comparison_operator": "GreaterThanThreshold", "evaluation_periods": 1,
        "metric_name": "Invocation5XXErrors", "namespace": "AWS/SageMaker", "period": 60, "statistic": "Sum",
        "threshold": 1});
    // One that comes with the same plan, and one that is there.
    let after = world.plan(ALARM, None, &alarm).await.unwrap().planned;
    assert_eq!(said(&world, &endpoint, &body, &[object(ALARM, None, Some(&after))]).await, [""; 0]);
    let made = world.create(ALARM, &alarm).await;
    assert_eq!(said(&world, &endpoint, &body, &[]).await, [""; 0]);
    // One that the plan takes away.
    assert_eq!(said(&world, &endpoint, &body, &[object(ALARM, Some(&made), None)]).await, [warned]);
}

#[tokio::test]
async fn what_may_not_be_seen_is_told_once() {
    let (world, endpoint) = serving().await;
    let denied = |operation: &str| {
        json!({"match": {"operation": operation}, "effect": {"error":
        {"code": "AccessDeniedException", "message": "no"}}})
    };
    world.faults(json!({"rules": [denied("DescribeScalableTargets"), denied("ListServiceQuotas")]}));
    let plan = configurations(&world, &renamed("Other")).await;
    let body = endpoint_body("e", "new");
    let told = [
        "Warning endpoint_config_name: Quotas cannot be seen",
        "Warning endpoint_config_name: What is scaled cannot be seen",
    ];
    assert_eq!(said(&world, &endpoint, &body, &plan).await, told);
    assert_eq!(said(&world, &endpoint, &body, &plan).await, [""; 0]);
}

#[tokio::test]
async fn fewer_instances_than_now_are_told() {
    let (world, endpoint) = serving().await;
    let more = json!({"EndpointName": "e", "DesiredWeightsAndCapacities":
        [{"VariantName": "MyVariant", "DesiredInstanceCount": 4}]});
    world.ask("UpdateEndpointWeightsAndCapacities", more).await;
    world.pass(3600.0);
    let plan = configurations(&world, &config_body("new", "m", 1)).await;
    let warned = "Warning endpoint_config_name: Fewer instances than now";
    // What others gave the variant is kept, unless the endpoint says otherwise.
    assert_eq!(said(&world, &endpoint, &endpoint_body("e", "new"), &plan).await, [""; 0]);
    let mut resetting = endpoint_body("e", "new");
    resetting["retain_all_variant_properties"] = json!(false);
    assert_eq!(said(&world, &endpoint, &resetting, &plan).await, [warned]);
    // Another number in the configuration counts.
    let plan = configurations(&world, &config_body("new", "m", 2)).await;
    assert_eq!(said(&world, &endpoint, &endpoint_body("e", "new"), &plan).await, [warned]);
    let mut fixed = endpoint_body("e", "one");
    fixed["desired_weights_and_capacities"] = json!({"variant_name": "MyVariant", "desired_instance_count": 2});
    let warned = "Warning desired_weights_and_capacities: Fewer instances than now";
    assert_eq!(said(&world, &endpoint, &fixed, &plan).await, [warned]);
}

#[tokio::test]
async fn exclusions_without_effect_are_told() {
    let (world, _) = serving().await;
    let told = |all: Json, property: &str| {
        let mut body = endpoint_body("e", "one");
        body["retain_all_variant_properties"] = all;
        body["exclude_retained_variant_properties"] = json!({"variant_property_type": property});
        world.validate(ENDPOINT, &body)
    };
    let warned = ["Warning exclude_retained_variant_properties: The exclusion has no effect"];
    assert_eq!(told(json!(false), "DesiredWeight"), warned);
    assert_eq!(told(json!(true), "DataCaptureConfig"), warned);
    assert_eq!(told(json!(true), "DesiredWeight"), [""; 0]);
    assert_eq!(told(json!(null), "DesiredWeight"), [""; 0]);
    assert_eq!(told(json!("?"), "DesiredWeight"), [""; 0]);
}

#[tokio::test]
async fn a_policy_of_a_serverless_endpoint_is_warned_of() {
    let (world, _) = serving().await;
    let mut body = endpoint_body("f", "new");
    body["deployment_config"] = json!({"blue_green_update_policy": {"traffic_routing_configuration":
        {"type": "ALL_AT_ONCE", "wait_interval_in_seconds": 60}}});
    let after = world.plan(ENDPOINT, None, &body).await.unwrap().planned;
    let endpoint = object(ENDPOINT, None, Some(&after));
    let serverless = json!({"name": "new", "production_variants": {"variant_name": "v", "model_name": "m",
        "serverless_config": {"memory_size_in_mb": 2048, "max_concurrency": 5}}});
    for (configuration, expected) in [
        (&serverless, vec!["deployment_config[0].blue_green_update_policy: The deployment policy is not followed"]),
        (&renamed("v"), vec![]),
    ] {
        let after = world.plan(CONFIG, None, configuration).await.unwrap().planned;
        let plan = [endpoint.clone(), object(CONFIG, None, Some(&after))];
        let found = world.session.review(&endpoint, &plan, &world.run).await;
        let found: Vec<String> = found.iter().map(|found| format!("{}: {}", place(found), found.summary)).collect();
        assert_eq!(found, expected);
    }
}
