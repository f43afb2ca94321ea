use serde_json::{Value as Json, json};
use smform_provider::{CreateOutcome, PlannedObject};
use smform_types::Value;

use crate::support::{CONFIG, ENDPOINT, World, config_body, endpoint_body, serving, shown, world};

const TARGET: &str = "aws_appautoscaling_target";
const POLICY: &str = "aws_appautoscaling_policy";
const SUBJECT: &str = "endpoint/e/variant/MyVariant";
const COUNT: &str = "sagemaker:variant:DesiredInstanceCount";

fn subject() -> Json {
    json!({"service_namespace": "sagemaker", "resource_id": SUBJECT, "scalable_dimension": COUNT})
}

fn with(mut body: Json, more: Json) -> Json {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn target(min: u32, max: u32) -> Json {
    with(subject(), json!({"min_capacity": min, "max_capacity": max}))
}

fn tracking(value: f64) -> Json {
    let block = json!({"target_value": value, "scale_in_cooldown": 300,
        "predefined_metric_specification": {"predefined_metric_type": "SageMakerVariantInvocationsPerInstance"}});
    let more = json!({"name": "p", "policy_type": "TargetTrackingScaling",
        "target_tracking_scaling_policy_configuration": block});
    with(subject(), more)
}

async fn count(world: &World) -> Json {
    world.ask("DescribeEndpoint", json!({"EndpointName": "e"})).await["ProductionVariants"][0]["DesiredInstanceCount"]
        .clone()
}

fn text<'v>(object: &'v Value, name: &str) -> &'v str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[tokio::test]
async fn a_target_lives() {
    let (world, endpoint) = serving().await;
    let body = with(target(2, 4), json!({"tags": {"a": "1"}}));
    let made = world.create(TARGET, &body).await;
    assert_eq!(text(&made, "id"), SUBJECT);
    assert!(text(&made, "arn").contains(":scalable-target/"));
    world.assert_settled(TARGET, &made, &body).await;
    let id = format!("sagemaker/{SUBJECT}/{COUNT}");
    assert_eq!(shown(&world.import(TARGET, &id).await.unwrap()), shown(&made));
    // The target moves the count inside its range, and that is no drift of the endpoint.
    assert_eq!(count(&world).await, json!(2));
    world.assert_settled(ENDPOINT, &endpoint, &crate::support::endpoint_body("e", "one")).await;
    // A second one for the same is somebody else's.
    match world.try_create(TARGET, &body).await {
        CreateOutcome::Failed(error) => assert!(error.detail.contains(&format!("import ADDRESS {id}")), "{error}"),
        other => panic!("{other:?}"),
    }
    let more = json!({"suspended_state": {"dynamic_scaling_in_suspended": true}, "tags": {"b": "2"}});
    let changed = with(target(1, 6), more);
    let made = world.update(TARGET, &made, &changed).await;
    world.assert_settled(TARGET, &made, &changed).await;
    world.delete(TARGET, &made).await;
    assert!(world.import(TARGET, &id).await.is_none());
}

#[tokio::test]
async fn policies_live() {
    let (world, _) = serving().await;
    let made = world.create(TARGET, &target(1, 4)).await;
    let policy = world.create(POLICY, &tracking(70.0)).await;
    world.assert_settled(POLICY, &policy, &tracking(70.0)).await;
    assert_eq!(policy.get("alarm_arns").and_then(Value::as_slice).map(<[Value]>::len), Some(2));
    let id = format!("sagemaker/{SUBJECT}/{COUNT}/p");
    assert_eq!(shown(&world.import(POLICY, &id).await.unwrap()), shown(&policy));
    let policy = world.update(POLICY, &policy, &tracking(70.5)).await;
    let custom = json!({"target_value": 5, "customized_metric_specification": {
        "metric_name": "ApproximateBacklogSizePerInstance", "namespace": "AWS/SageMaker", "statistic": "Average",
        "dimensions": [{"name": "EndpointName", "value": "e"}]}});
    let mut body = tracking(1.0);
    body["target_tracking_scaling_policy_configuration"] = custom;
    let policy = world.update(POLICY, &policy, &body).await;
    world.assert_settled(POLICY, &policy, &body).await;
    // Steps, whose open ends are left out or empty.
    let steps = json!({"adjustment_type": "ChangeInCapacity", "cooldown": 60, "metric_aggregation_type": "Maximum",
        "step_adjustment": [{"metric_interval_lower_bound": "0", "metric_interval_upper_bound": "10.5",
            "scaling_adjustment": 1}, {"metric_interval_lower_bound": "10.50", "scaling_adjustment": 2}]});
    let body = with(subject(), json!({"name": "s", "step_scaling_policy_configuration": steps}));
    let stepped = world.create(POLICY, &body).await;
    assert_eq!(text(&stepped, "policy_type"), "StepScaling");
    world.assert_settled(POLICY, &stepped, &body).await;
    world.delete(POLICY, &stepped).await;
    world.delete(POLICY, &policy).await;
    world.delete(TARGET, &made).await;
}

#[tokio::test]
async fn mistakes_are_found_offline() {
    let world = world().await;
    assert_eq!(world.validate(TARGET, &target(1, 2)), [""; 0]);
    assert_eq!(world.validate(TARGET, &target(3, 2)), ["Error min_capacity: Capacities do not fit"]);
    let mut wrong = target(1, 2);
    wrong["resource_id"] = json!("endpoint/e");
    assert_eq!(world.validate(TARGET, &wrong), ["Error resource_id: The resource does not fit its dimension"]);
    wrong["scalable_dimension"] = json!("sagemaker:variant:Count");
    assert_eq!(world.validate(TARGET, &wrong), ["Error scalable_dimension: Unknown dimension"]);
    assert_eq!(world.validate(POLICY, &tracking(1.0)), [""; 0]);
    let mut wrong = tracking(1.0);
    wrong["policy_type"] = json!("StepScaling");
    assert_eq!(
        world.validate(POLICY, &wrong),
        [
            "Error policy_type: Policy without its block",
            "Error target_tracking_scaling_policy_configuration: Conflicting arguments"
        ]
    );
    // The service takes a metric that tells nothing about the target, and then nothing ever happens.
    let mut wrong = tracking(1.0);
    let metric = json!("SageMakerVariantProvisionedConcurrencyUtilization");
    wrong["target_tracking_scaling_policy_configuration"]["predefined_metric_specification"]["predefined_metric_type"] =
        metric;
    let at =
        "target_tracking_scaling_policy_configuration[0].predefined_metric_specification[0].predefined_metric_type";
    assert_eq!(world.validate(POLICY, &wrong), [format!("Warning {at}: The metric does not fit the dimension")]);
}

#[tokio::test]
async fn names_of_services_and_metrics_are_checked() {
    let world = world().await;
    let mut wrong = target(1, 2);
    wrong["service_namespace"] = json!("sagemker");
    assert_eq!(world.validate(TARGET, &wrong), ["Error service_namespace: Unknown service namespace"]);
    let mut wrong = tracking(1.0);
    let metric = json!("SageMakerInvocationsPerInstance");
    wrong["target_tracking_scaling_policy_configuration"]["predefined_metric_specification"]["predefined_metric_type"] =
        metric;
    let at =
        "target_tracking_scaling_policy_configuration[0].predefined_metric_specification[0].predefined_metric_type";
    assert_eq!(world.validate(POLICY, &wrong), [format!("Warning {at}: Unknown metric")]);
}

#[tokio::test]
async fn a_prediction_is_kept_but_warned_of() {
    let (world, _) = serving().await;
    let made = world.create(TARGET, &target(1, 4)).await;
    let pair = json!({"predefined_metric_type": "ECSServiceMemoryUtilization"});
    let block = json!({"mode": "ForecastOnly", "scheduling_buffer_time": 60,
        "metric_specification": [{"target_value": 40, "predefined_metric_pair_specification": pair}]});
    let body = with(
        subject(),
        json!({"name": "p", "policy_type": "PredictiveScaling",
        "predictive_scaling_policy_configuration": block}),
    );
    assert_eq!(world.validate(POLICY, &body), ["Warning policy_type: SageMaker has no predictive scaling"]);
    let policy = world.create(POLICY, &body).await;
    world.delete(POLICY, &policy).await;
    world.delete(TARGET, &made).await;
}

#[tokio::test]
async fn another_instance_type_of_a_scaled_variant_is_refused() {
    let (world, endpoint) = serving().await;
    world.create(TARGET, &target(1, 4)).await;
    let old = world.import(CONFIG, "one").await;
    let mut larger = config_body("two", "m", 1);
    larger["production_variants"]["instance_type"] = json!("ml.m5.large");
    let after = world.plan(CONFIG, None, &larger).await.unwrap().planned;
    let configuration =
        |before: Option<Value>, after: Option<Value>| PlannedObject { type_name: CONFIG.into(), before, after };
    let plan = [configuration(old, None), configuration(None, Some(after))];
    let moved = world.plan(ENDPOINT, Some(&endpoint), &endpoint_body("e", "two")).await.unwrap().planned;
    let object = PlannedObject { type_name: ENDPOINT.into(), before: Some(endpoint), after: Some(moved) };
    let found = world.session.review(&object, &plan, &world.run).await;
    let found: Vec<_> = found.iter().map(|note| (note.is_error(), note.summary.as_str())).collect();
    assert_eq!(found, [(true, "The instance type of a scaled variant changes")]);
    // A target that the plan takes away goes before the endpoint is changed.
    let gone =
        world.import(TARGET, "sagemaker/endpoint/e/variant/MyVariant/sagemaker:variant:DesiredInstanceCount").await;
    let before = gone.unwrap();
    let again = world.plan(TARGET, None, &target(1, 4)).await.unwrap().planned;
    let [old, new] = plan;
    // Also one that comes back after it.
    for (after, expected) in [(None, 0), (Some(again), 0), (Some(before.clone()), 1)] {
        let gone = PlannedObject { type_name: TARGET.into(), before: Some(before.clone()), after };
        let plan = [old.clone(), new.clone(), gone];
        assert_eq!(world.session.review(&object, &plan, &world.run).await.len(), expected);
    }
}

#[tokio::test]
async fn what_could_never_scale_is_told() {
    let (world, _) = serving().await;
    assert_eq!(world.validate(TARGET, &target(2, 2)), ["Warning max_capacity: Nothing is left to scale"]);
    let object =
        |ty: &str, after: &Value| PlannedObject { type_name: ty.into(), before: None, after: Some(after.clone()) };
    let planned = async |ty: &str, body: &Json| object(ty, &world.plan(ty, None, body).await.unwrap().planned);
    let said = async |judged: &PlannedObject, plan: &[PlannedObject]| {
        let plan: Vec<PlannedObject> = plan.iter().cloned().chain([judged.clone()]).collect();
        let found = world.session.review(judged, &plan, &world.run).await;
        found.iter().map(|told| format!("{:?} {}", told.severity, told.summary)).collect::<Vec<_>>()
    };
    let mut body = target(1, 4);
    // What is there outside of the plan.
    assert_eq!(said(&planned(TARGET, &body).await, &[]).await, [""; 0]);
    body["resource_id"] = json!("endpoint/e/variant/Other");
    assert_eq!(said(&planned(TARGET, &body).await, &[]).await, ["Error Unknown variant \"Other\""]);
    body["resource_id"] = json!("endpoint/f/variant/v");
    assert_eq!(said(&planned(TARGET, &body).await, &[]).await, ["Error No endpoint \"f\""]);
    // A serverless variant has no instances, and others no provisioned concurrency.
    let endpoint = planned(ENDPOINT, &endpoint_body("f", "new")).await;
    let serverless = json!({"name": "new", "production_variants": {"variant_name": "v", "model_name": "m",
        "serverless_config": {"memory_size_in_mb": 2048, "max_concurrency": 5}}});
    let mut instances = config_body("new", "m", 1);
    instances["production_variants"]["variant_name"] = json!("v");
    let concurrency = "sagemaker:variant:DesiredProvisionedConcurrency";
    for (configuration, dimension, expected) in [
        (&serverless, COUNT, vec!["Warning The dimension does not fit the variant"]),
        (&serverless, concurrency, vec![]),
        (&instances, COUNT, vec![]),
        (&instances, concurrency, vec!["Warning The dimension does not fit the variant"]),
    ] {
        body["scalable_dimension"] = json!(dimension);
        let plan = [endpoint.clone(), planned(CONFIG, configuration).await];
        assert_eq!(said(&planned(TARGET, &body).await, &plan).await, expected, "{dimension}");
    }
    // Requests of an asynchronous endpoint wait in a queue, and are not counted as others are.
    let mut policy = tracking(1.0);
    policy["resource_id"] = json!("endpoint/f/variant/v");
    let plan = [endpoint.clone(), planned(CONFIG, &instances).await];
    assert_eq!(said(&planned(POLICY, &policy).await, &plan).await, [""; 0]);
    instances["async_inference_config"] = json!({"output_config": {"s3_output_path": "s3://b/o"}});
    let plan = [endpoint, planned(CONFIG, &instances).await];
    let expected = ["Warning The endpoint does not publish the metric"];
    assert_eq!(said(&planned(POLICY, &policy).await, &plan).await, expected);
}

#[tokio::test]
async fn a_number_of_instances_that_autoscaling_has_its_say_in_is_warned_of() {
    let (world, endpoint) = serving().await;
    let target_body = target(1, 4);
    let old = world.import(CONFIG, "one").await;
    let after = world.plan(CONFIG, None, &config_body("two", "m", 3)).await.unwrap().planned;
    let configuration =
        |before: Option<Value>, after: Option<Value>| PlannedObject { type_name: CONFIG.into(), before, after };
    let mut plan = vec![configuration(old, None), configuration(None, Some(after))];
    let said = async |body: &Json, plan: &[PlannedObject]| {
        let after = world.plan(ENDPOINT, Some(&endpoint), body).await.unwrap().planned;
        let object = PlannedObject { type_name: ENDPOINT.into(), before: Some(endpoint.clone()), after: Some(after) };
        let found = world.session.review(&object, plan, &world.run).await;
        found.iter().map(|found| found.summary.clone()).collect::<Vec<_>>()
    };
    let mut fixed = endpoint_body("e", "one");
    fixed["desired_weights_and_capacities"] = json!({"variant_name": "MyVariant", "desired_instance_count": 2});
    let moved = endpoint_body("e", "two");
    // Nothing is scaled yet.
    assert_eq!(said(&fixed, &plan).await, [""; 0]);
    assert_eq!(said(&moved, &plan).await, [""; 0]);
    // By a target that comes with the same plan, and by one that is there.
    let new = world.plan(TARGET, None, &target_body).await.unwrap().planned;
    plan.push(PlannedObject { type_name: TARGET.into(), before: None, after: Some(new) });
    let is_fixed = "The number of instances of a scaled variant is fixed";
    assert_eq!(said(&fixed, &plan).await, [is_fixed]);
    assert_eq!(said(&moved, &plan).await, [""; 0]);
    plan.pop();
    world.create(TARGET, &target_body).await;
    assert_eq!(said(&fixed, &plan).await, [is_fixed]);
    assert_eq!(said(&moved, &plan).await, ["The number of instances of a scaled variant is set back"]);
    let mut keeping = moved.clone();
    keeping["retain_all_variant_properties"] = json!(true);
    assert_eq!(said(&keeping, &plan).await, [""; 0]);
}

#[tokio::test]
async fn a_target_goes_with_its_endpoint() {
    let (world, endpoint) = serving().await;
    let target = world.create(TARGET, &target(1, 4)).await;
    assert!(world.session.goes_with_whole(TARGET, &target));
    assert_eq!(
        world.session.part_of(TARGET, &target).map(|whole| whole.key),
        world.session.unique_name(ENDPOINT, &endpoint).map(|unique| unique.key)
    );
    // As the service has it.
    world.session.delete(ENDPOINT, &endpoint, &world.run).await.unwrap();
    assert!(world.session.read(TARGET, &target, &world.run).await.unwrap().is_none());
}

#[tokio::test]
async fn a_scaled_endpoint_moves_to_another_configuration_and_stays_scaled() {
    let (world, endpoint) = serving().await;
    let body = target(2, 4);
    let target = world.create(TARGET, &body).await;
    assert_eq!(count(&world).await, json!(2));
    // The new configuration begins with one instance, as the old one did; autoscaling had two.
    let moved = world.update(ENDPOINT, &endpoint, &endpoint_body("e", "two")).await;
    assert_eq!(count(&world).await, json!(2));
    world.assert_settled(TARGET, &target, &body).await;
    world.assert_settled(ENDPOINT, &moved, &endpoint_body("e", "two")).await;
}

#[tokio::test]
async fn a_target_that_does_not_refer_to_its_endpoint_waits_for_it() {
    let (world, endpoint) = serving().await;
    world.delete(ENDPOINT, &endpoint).await;
    // Nobody makes one.
    match world.try_create(TARGET, &target(1, 4)).await {
        CreateOutcome::Failed(error) => assert!(error.detail.contains("does not exist"), "{error}"),
        other => panic!("{other:?}"),
    }
    world.ask("CreateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "one"})).await;
    world.create(TARGET, &target(1, 4)).await;
    assert!(world.run.progress.lock().unwrap().iter().any(|status| status == "waiting for the endpoint to settle"));
}

#[tokio::test]
async fn a_target_that_autoscaling_is_changing_is_deregistered_after_that() {
    let (world, _) = serving().await;
    let made = world.create(TARGET, &target(1, 4)).await;
    let busy = json!({"code": "ConcurrentUpdateException", "message": "Another update is in progress.", "status": 400});
    let rule =
        json!({"match": {"operation": "DeregisterScalableTarget"}, "nth": 1, "times": 2, "effect": {"error": busy}});
    world.faults(json!({"rules": [rule]}));
    world.session.delete(TARGET, &made, &world.run).await.unwrap();
    assert_eq!(world.calls("DeregisterScalableTarget"), 3);
}
