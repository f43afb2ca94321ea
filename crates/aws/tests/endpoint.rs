use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value as Json, json};
use smform_provider::{CreateOutcome, PlannedObject, ReplaceOrder, Run as _, UpdateOutcome};
use smform_types::{Path, Value};

use crate::support::{CONFIG, ENDPOINT, MODEL, World, config_body, endpoint_body, model_body, serving, shown, world};

fn text<'v>(object: &'v Value, name: &str) -> &'v str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[tokio::test]
async fn an_endpoint_lives() {
    let (world, endpoint) = serving().await;
    let begun = world.run.begun.lock().unwrap().clone();
    assert_eq!(begun.len(), 1);
    assert_eq!(text(&begun[0], "arn"), text(&endpoint, "arn"));
    assert!(world.run.progress.lock().unwrap().iter().any(|status| status.contains("Creating")));
    assert_eq!(shown(&world.import(ENDPOINT, "e").await.unwrap()), shown(&endpoint));
    let moved = world.update(ENDPOINT, &endpoint, &endpoint_body("e", "two")).await;
    assert_eq!(text(&moved, "endpoint_config_name"), "two");
    assert_eq!(world.calls("UpdateEndpoint"), 1);
    let mut tagged = endpoint_body("e", "two");
    tagged["tags"] = json!({"a": "1"});
    let moved = world.update(ENDPOINT, &moved, &tagged).await;
    assert_eq!(world.calls("UpdateEndpoint"), 1);
    world.delete(ENDPOINT, &moved).await;
}

#[tokio::test]
async fn a_failed_endpoint_is_recorded_with_its_reason() {
    let world = world().await;
    world.create(MODEL, &model_body("m")).await;
    world.create(CONFIG, &config_body("c", "m", 1)).await;
    world.faults(json!({"rules": [{"match": {"operation": "CreateEndpoint"}, "effect": {"failed_container": {}}}]}));
    let failed = match world.try_create(ENDPOINT, &endpoint_body("e", "c")).await {
        CreateOutcome::Partial(value, error) => {
            assert_eq!(error.summary, "Endpoint \"e\" failed");
            for part in ["did not pass the ping health check", "GET /ping", "/aws/sagemaker/Endpoints/e"] {
                assert!(error.detail.contains(part), "{part}: {error}");
            }
            assert!(value.is_wholly_known());
            value
        }
        other => panic!("{other:?}"),
    };
    let plan = world.plan(ENDPOINT, Some(&failed), &endpoint_body("e", "c")).await.unwrap();
    assert_eq!(plan.replace, [Path::attribute("endpoint_config_name")]);
    assert!(plan.diagnostics.iter().any(|note| note.summary == "Endpoint \"e\" does not serve"));
    world.delete(ENDPOINT, &failed).await;
}

#[tokio::test]
async fn a_failed_endpoint_of_the_same_name_is_explained_and_replaced() {
    let world = world().await;
    world.create(MODEL, &model_body("m")).await;
    world.create(CONFIG, &config_body("c", "m", 1)).await;
    world.faults(
        json!({"rules": [{"match": {"operation": "CreateEndpoint"}, "nth": 1, "effect": {"failed_container": {}}}]}),
    );
    assert!(matches!(world.try_create(ENDPOINT, &endpoint_body("e", "c")).await, CreateOutcome::Partial(..)));
    let plan = world.plan(ENDPOINT, None, &endpoint_body("e", "c")).await.unwrap();
    let note = plan.diagnostics.iter().next().unwrap();
    assert_eq!(note.summary, "A failed endpoint \"e\" exists");
    assert!(note.detail.contains("ping health check") && note.detail.contains("deleted, and created anew"), "{note:?}");
    world.create(ENDPOINT, &endpoint_body("e", "c")).await;
    // One that serves is left alone.
    match world.try_create(ENDPOINT, &endpoint_body("e", "c")).await {
        CreateOutcome::Failed(error) => assert!(error.detail.contains("status InService"), "{error}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_endpoint_whose_role_was_not_visible_yet_is_made_again() {
    let world = world().await;
    world.create(MODEL, &model_body("m")).await;
    world.create(CONFIG, &config_body("c", "m", 1)).await;
    let reason = format!(
        "The execution role ARN \"{}\" is invalid. Please ensure that the role exists and that its trust relationship \
         policy allows the action \"sts:AssumeRole\" for the service principal \"sagemaker.amazonaws.com\".",
        crate::support::ROLE
    );
    let rule =
        json!({"match": {"operation": "CreateEndpoint"}, "nth": 1, "effect": {"failed_container": {"reason": reason}}});
    world.faults(json!({"rules": [rule]}));
    world.create(ENDPOINT, &endpoint_body("e", "c")).await;
    assert_eq!((world.calls("CreateEndpoint"), world.calls("DeleteEndpoint")), (2, 1));
    // A role that stays invisible is an error in the end.
    let rule = json!({"match": {"operation": "CreateEndpoint"}, "effect": {"failed_container": {"reason": reason}}});
    world.faults(json!({"rules": [rule]}));
    match world.try_create(ENDPOINT, &endpoint_body("f", "c")).await {
        CreateOutcome::Partial(_, error) => assert!(error.detail.contains("trust policy"), "{error}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.calls("CreateEndpoint"), 5);
}

#[tokio::test]
async fn the_import_of_an_endpoint_that_is_being_created_waits_for_it() {
    let world = world().await;
    world.create(MODEL, &model_body("m")).await;
    world.create(CONFIG, &config_body("c", "m", 1)).await;
    world.ask("CreateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "c"})).await;
    let found = world.import(ENDPOINT, "e").await.unwrap();
    world.assert_settled(ENDPOINT, &found, &endpoint_body("e", "c")).await;
    let live = world.ask("DescribeEndpoint", json!({"EndpointName": "e"})).await;
    assert_eq!(live["EndpointStatus"], "InService");
}

#[tokio::test]
async fn a_configuration_that_serves_is_not_deleted() {
    let (world, endpoint) = serving().await;
    let config = world.import(CONFIG, "one").await.unwrap();
    let error = world.session.delete(CONFIG, &config, &world.run).await.unwrap_err();
    assert!(error.summary.contains("is in use") && error.detail.contains("endpoint \"e\"."), "{error}");
    assert_eq!(world.calls("DeleteEndpointConfig"), 0);
    world.delete(ENDPOINT, &endpoint).await;
    world.delete(CONFIG, &config).await;
}

#[tokio::test]
async fn a_configuration_is_not_deleted_when_its_endpoints_cannot_be_seen() {
    let (world, _) = serving().await;
    let answers = |operation: &str, code: &str| {
        let error = json!({"code": code, "message": "no"});
        world.faults(json!({"rules": [{"match": {"operation": operation}, "effect": {"error": error}}]}));
    };
    let config = world.import(CONFIG, "two").await.unwrap();
    for operation in ["ListEndpoints", "DescribeEndpoint"] {
        answers(operation, "AccessDeniedException");
        let error = world.session.delete(CONFIG, &config, &world.run).await.unwrap_err();
        assert_eq!(error.summary, "Endpoint configuration \"two\" could not be deleted");
        assert!(error.detail.contains(&format!("Allow the action sagemaker:{operation} in")), "{error}");
        assert_eq!(error.detail.contains("Endpoint \"e\": no"), operation == "DescribeEndpoint", "{error}");
    }
    assert_eq!(world.calls("DeleteEndpointConfig"), 0);
    // An imitation of the service that has no endpoints has none that use it. Components are not asked for where none
    // can be.
    answers("ListEndpoints", "UnknownOperationException");
    world.delete(CONFIG, &config).await;
    answers("ListInferenceComponents", "AccessDeniedException");
    world.create(MODEL, &model_body("free")).await;
    let free = world.import(MODEL, "free").await.unwrap();
    world.delete(MODEL, &free).await;
}

#[tokio::test]
async fn what_an_endpoint_is_leaving_is_waited_for() {
    let (world, _) = serving().await;
    world.create(MODEL, &model_body("n")).await;
    world.create(CONFIG, &config_body("three", "n", 1)).await;
    let (model, config) = (world.import(MODEL, "m").await.unwrap(), world.import(CONFIG, "one").await.unwrap());
    world.ask("UpdateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "three"})).await;
    world.delete(CONFIG, &config).await;
    world.delete(MODEL, &model).await;
    assert!(world.run.progress.lock().unwrap().iter().any(|status| status == "in use by endpoint \"e\""));
    assert_eq!(world.ask("DescribeEndpoint", json!({"EndpointName": "e"})).await["EndpointConfigName"], "three");
}

async fn rolled_back(effect: Json) -> (World, Value, String) {
    let (world, endpoint) = serving().await;
    world.faults(json!({"rules": [{"match": {"operation": "UpdateEndpoint"}, "effect": effect}]}));
    match world.try_update(ENDPOINT, &endpoint, &endpoint_body("e", "two")).await {
        UpdateOutcome::Partial(value, error) => (world, value, error.to_string()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_rollback_is_an_error_and_the_state_keeps_what_is_live() {
    let (world, now, error) = rolled_back(json!({"failed_container": {}})).await;
    assert_eq!(text(&now, "endpoint_config_name"), "one");
    assert!(error.contains("was rolled back") && error.contains("still serves \"one\""), "{error}");
    assert!(error.contains("ping health check"), "{error}");
    assert!(error.contains("Variants: MyVariant: 1 of 1 instances, weight 1"), "{error}");
    assert!(error.contains("Last seen before: Updating (MyVariant: Launching 1 instance(s)"), "{error}");
    // The reason stays, and is no failure of the next update.
    world.faults(json!({}));
    world.update(ENDPOINT, &now, &endpoint_body("e", "two")).await;
}

#[tokio::test]
async fn a_rollback_without_a_reason_is_an_error_too() {
    let (_, now, error) = rolled_back(json!("silent_rollback")).await;
    assert_eq!(text(&now, "endpoint_config_name"), "one");
    assert!(error.contains("SageMaker gives no reason"), "{error}");
}

#[tokio::test]
async fn a_failed_rollback_is_told_from_a_rollback() {
    let (world, now, error) = rolled_back(json!({"rollback_failed": {}})).await;
    assert!(error.contains("The rollback of endpoint \"e\" failed"), "{error}");
    assert!(error.contains("UpdateRollbackFailed") && error.contains("goes on serving"), "{error}");
    // The next plan says so, too, and an update to another configuration brings it out of that.
    world.faults(json!({}));
    let plan = world.plan(ENDPOINT, Some(&now), &endpoint_body("e", "two")).await.unwrap();
    let notes: Vec<&str> = plan.diagnostics.iter().map(|note| note.summary.as_str()).collect();
    assert_eq!(notes, ["Endpoint \"e\" serves two configurations at once"]);
    assert!(plan.uses_more, "the one that failed, too");
    // Until then, what may be the other configuration must not go.
    let config = world.import(CONFIG, "two").await.unwrap();
    let judged = async |config_name: &str| {
        let after = world.plan(ENDPOINT, Some(&now), &endpoint_body("e", config_name)).await.unwrap().planned;
        let object = PlannedObject { type_name: ENDPOINT.into(), before: Some(now.clone()), after: Some(after) };
        let going = PlannedObject { type_name: CONFIG.into(), before: Some(config.clone()), after: None };
        let found = world.session.review(&object, &[object.clone(), going], &world.run).await;
        found.into_iter().filter(|found| found.is_error()).map(|found| found.summary).collect::<Vec<_>>()
    };
    assert_eq!(judged("one").await, ["Endpoint \"e\" may serve what is deleted"]);
    world.create(CONFIG, &config_body("three", "m", 1)).await;
    assert_eq!(judged("three").await, [""; 0]);
    world.update(ENDPOINT, &now, &endpoint_body("e", "two")).await;
}

#[tokio::test]
async fn an_interrupted_update_is_taken_up_again() {
    let (world, endpoint) = serving().await;
    let planned = world.plan(ENDPOINT, Some(&endpoint), &endpoint_body("e", "two")).await.unwrap().planned;
    *world.run.cancel_at.lock().unwrap() = Some("Updating".to_owned());
    let outcome = world.session.update(ENDPOINT, &endpoint, &planned, &world.run).await;
    let now = match outcome {
        UpdateOutcome::Partial(now, error) => {
            assert!(error.to_string().contains("Apply again to go on waiting"), "{error}");
            now
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(text(&now, "endpoint_config_name"), "one");
    *world.run.cancel_at.lock().unwrap() = None;
    world.run.cancelled.store(false, Ordering::Relaxed);
    world.update(ENDPOINT, &now, &endpoint_body("e", "two")).await;
    assert_eq!(world.calls("UpdateEndpoint"), 1);
}

#[tokio::test]
async fn a_rollback_that_nobody_saw_is_told_by_the_next_plan() {
    let (world, endpoint) = serving().await;
    world.faults(json!({"rules": [{"match": {"operation": "UpdateEndpoint"}, "effect": {"failed_container": {}}}]}));
    *world.run.cancel_at.lock().unwrap() = Some("Updating".to_owned());
    let outcome = world.try_update(ENDPOINT, &endpoint, &endpoint_body("e", "two")).await;
    assert!(matches!(outcome, UpdateOutcome::Partial(..)), "{outcome:?}");
    world.pass(3600.0);
    let told = async |config: &str| {
        let plan = world.plan(ENDPOINT, Some(&endpoint), &endpoint_body("e", config)).await.unwrap();
        plan.diagnostics.iter().map(|note| format!("{}: {}", note.summary, note.detail)).collect::<Vec<_>>()
    };
    // A configuration of the same plan has no name yet.
    for config in ["two", "?"] {
        let notes = told(config).await;
        let [note] = notes.as_slice() else { panic!("{notes:?}") };
        for part in ["An earlier update of endpoint \"e\" failed", "serves \"one\"", "ping health check"] {
            assert!(note.contains(part), "{part}: {note}");
        }
    }
    // Who goes back to what is live has nothing to be told.
    assert_eq!(told("one").await, [""; 0]);
}

#[tokio::test]
async fn an_interrupted_creation_says_how_it_goes_on() {
    let world = world().await;
    world.create(MODEL, &model_body("m")).await;
    world.create(CONFIG, &config_body("c", "m", 1)).await;
    let planned = world.plan(ENDPOINT, None, &endpoint_body("e", "c")).await.unwrap().planned;
    world.run.cancelled.store(true, Ordering::Relaxed);
    match world.session.create(ENDPOINT, &planned, &world.run).await {
        CreateOutcome::Partial(value, error) => {
            assert!(value.is_wholly_known());
            assert!(error.to_string().contains("The next run goes on waiting for it"), "{error}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn timeouts_are_obeyed() {
    let world = world().await;
    world.create(MODEL, &model_body("m")).await;
    world.create(CONFIG, &config_body("c", "m", 1)).await;
    let mut body = endpoint_body("e", "c");
    body["timeouts"] = json!({"create": "30s"});
    match world.try_create(ENDPOINT, &body).await {
        CreateOutcome::Partial(_, error) => assert!(error.to_string().contains("longer than 30 seconds"), "{error}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_busy_endpoint_is_waited_for() {
    let (world, endpoint) = serving().await;
    world.sandbox.maintain("us-east-1", "e", 300.0).unwrap();
    let moved = world.update(ENDPOINT, &endpoint, &endpoint_body("e", "two")).await;
    world.sandbox.maintain("us-east-1", "e", 300.0).unwrap();
    world.delete(ENDPOINT, &moved).await;
    assert!(world.run.progress.lock().unwrap().iter().any(|status| status.contains("SystemUpdating")));
}

#[tokio::test]
async fn an_endpoint_that_leaves_what_is_wanted_is_brought_back() {
    let (world, endpoint) = serving().await;
    world.ask("UpdateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "two"})).await;
    let plan = world.plan(ENDPOINT, Some(&endpoint), &endpoint_body("e", "one")).await.unwrap();
    assert!(plan.unsettled && plan.planned == endpoint);
    let [warning] = plan.diagnostics.iter().collect::<Vec<_>>()[..] else { panic!("{:?}", plan.diagnostics) };
    assert_eq!(warning.summary, "Endpoint \"e\" is moving to another configuration");
    assert!(warning.detail.contains("has it move to \"two\""), "{}", warning.detail);
    // The move is waited for, and undone; that it has ended before the apply makes no difference.
    for wait in [0.0, 3600.0] {
        world.pass(wait);
        world.update(ENDPOINT, &endpoint, &endpoint_body("e", "one")).await;
        world.ask("UpdateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "two"})).await;
    }
    assert_eq!(world.calls("UpdateEndpoint"), 5);
    // Who wants where it goes has nothing to fear.
    world.update(ENDPOINT, &endpoint, &endpoint_body("e", "two")).await;
    assert_eq!(world.calls("UpdateEndpoint"), 5);
}

/// What an update comes to that finds the endpoint on its way to a configuration.
async fn updated_on_the_way(seen: Option<&str>, ended: bool) -> (World, UpdateOutcome) {
    let (world, endpoint) = serving().await;
    world.create(CONFIG, &config_body("three", "m", 1)).await;
    let plan = world.plan(ENDPOINT, Some(&endpoint), &endpoint_body("e", "two")).await.unwrap();
    assert_eq!(plan.moving, None);
    world.ask("UpdateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "three"})).await;
    let live = world.session.moving(ENDPOINT, &endpoint, &plan.planned, &world.run).await;
    assert_eq!(live.as_deref(), Some("three"));
    assert_eq!(world.plan(ENDPOINT, Some(&endpoint), &endpoint_body("e", "two")).await.unwrap().moving, live);
    if ended {
        world.pass(3600.0);
    }
    *world.run.moving.lock().unwrap() = seen.map(str::to_owned);
    let outcome = world.session.update(ENDPOINT, &endpoint, &plan.planned, &world.run).await;
    (world, outcome)
}

#[tokio::test]
async fn an_update_does_not_undo_somebody_elses_that_the_plan_has_not_seen() {
    for ended in [false, true] {
        let (world, outcome) = updated_on_the_way(None, ended).await;
        let (UpdateOutcome::Failed(error) | UpdateOutcome::Partial(_, error)) = &outcome else { panic!("{outcome:?}") };
        assert_eq!(error.summary, "Endpoint \"e\" was moved by somebody else");
        let what = if ended { "has moved it to \"three\"" } else { "is moving it to \"three\"" };
        assert!(error.detail.contains(what) && error.detail.contains("Plan again"), "{error}");
        assert_eq!(world.calls("UpdateEndpoint"), 1);
        // What it serves by then goes on record.
        let now = match &outcome {
            UpdateOutcome::Partial(now, _) => text(now, "endpoint_config_name"),
            _ => "one",
        };
        assert_eq!(now, if ended { "three" } else { "one" });
    }
    let (world, outcome) = updated_on_the_way(Some("three"), false).await;
    let UpdateOutcome::Complete(now) = outcome else { panic!("{outcome:?}") };
    assert_eq!((text(&now, "endpoint_config_name"), world.calls("UpdateEndpoint")), ("two", 2));
}

#[tokio::test]
async fn an_interrupted_deletion_is_told_and_gone_on_with() {
    let (world, endpoint) = serving().await;
    *world.run.cancel_at.lock().unwrap() = Some("Deleting".to_owned());
    let error = world.session.delete(ENDPOINT, &endpoint, &world.run).await.unwrap_err();
    assert_eq!(error.summary, "Endpoint \"e\" is not deleted yet");
    assert!(error.under_way && error.detail.starts_with("The wait was interrupted."), "{error}");
    assert!(!error.detail.contains("60 minutes"), "{error}");
    // Who keeps it after all gets a new one.
    *world.run.cancel_at.lock().unwrap() = None;
    world.run.cancelled.store(false, Ordering::Relaxed);
    let plan = world.plan(ENDPOINT, Some(&endpoint), &endpoint_body("e", "one")).await.unwrap();
    assert_eq!(plan.replace.len(), 1);
    let plan = world.replacing(ENDPOINT, &endpoint, &endpoint_body("e", "one")).await;
    let notes: Vec<&str> = plan.diagnostics.iter().map(|note| note.summary.as_str()).collect();
    assert_eq!(notes, ["Endpoint \"e\" is being deleted"]);
    world.delete(ENDPOINT, &endpoint).await;
    assert_eq!(world.calls("DeleteEndpoint"), 3);
}

#[tokio::test]
async fn an_endpoint_is_made_again_as_soon_as_the_old_one_is_gone() {
    let (world, endpoint) = serving().await;
    world.session.delete(ENDPOINT, &endpoint, &world.run).await.unwrap();
    let endpoint = world.create(ENDPOINT, &endpoint_body("e", "one")).await;
    // One that somebody else is deleting is waited for.
    world.ask("DeleteEndpoint", json!({"EndpointName": "e"})).await;
    let again = world.create(ENDPOINT, &endpoint_body("e", "two")).await;
    assert_eq!(text(&again, "arn"), text(&endpoint, "arn"));
    assert!(world.run.progress.lock().unwrap().iter().any(|status| status.contains("is gone")));
}

#[tokio::test]
async fn an_endpoint_of_another_name_comes_first() {
    let (world, endpoint) = serving().await;
    let order = async |name: &str| world.replacing(ENDPOINT, &endpoint, &endpoint_body(name, "one")).await.order;
    assert_eq!(order("f").await, ReplaceOrder::CreateFirst);
    assert_eq!(order("?").await, ReplaceOrder::CreateFirst);
    // Names are the same whatever the case of their letters.
    for name in ["E", "e"] {
        let ReplaceOrder::NameFirst(same) = order(name).await else { panic!("{name} is free") };
        assert_eq!(same.instead, format!("name = \"{name}-2\""));
    }
}

/// A policy whose first step is so many instances.
fn canary(instances: u32) -> Json {
    json!({"blue_green_update_policy": {"traffic_routing_configuration": {"type": "CANARY",
        "wait_interval_in_seconds": 60, "canary_size": {"type": "INSTANCE_COUNT", "value": instances}}}})
}

#[tokio::test]
async fn sizes_in_instances_are_held_against_the_fleet() {
    let (world, endpoint) = serving().await;
    let four = world.create(CONFIG, &config_body("four", "m", 4)).await;
    let plan = [PlannedObject { type_name: CONFIG.into(), before: Some(four.clone()), after: Some(four) }];
    let review = async |before: Option<&Value>, config: &str, instances: u32| {
        let mut body = endpoint_body("e", config);
        body["deployment_config"] = canary(instances);
        let after = world.plan(ENDPOINT, before, &body).await.unwrap().planned;
        let object = PlannedObject { type_name: ENDPOINT.into(), before: before.cloned(), after: Some(after) };
        let found = world.session.review(&object, &plan, &world.run).await;
        found.iter().map(|found| format!("{:?} {}", found.severity, found.detail)).collect::<Vec<_>>()
    };
    let too_large = "It must be 1 to 50 percent of the endpoint's instances; it is 3 instances, and the endpoint gets ";
    assert_eq!(review(Some(&endpoint), "four", 2).await, [""; 0]);
    assert_eq!(review(Some(&endpoint), "four", 3).await, [format!("Error {too_large}1 to 4.")]);
    assert_eq!(review(None, "four", 3).await, [format!("Error {too_large}4.")]);
    // Of a configuration that the plan does not have, nothing is known.
    assert_eq!(review(Some(&endpoint), "two", 3).await, [""; 0]);
    // The service agrees.
    let mut body = endpoint_body("e", "four");
    body["deployment_config"] = canary(3);
    assert!(matches!(world.try_update(ENDPOINT, &endpoint, &body).await, UpdateOutcome::Failed(_)));
    body["deployment_config"] = canary(2);
    world.update(ENDPOINT, &endpoint, &body).await;
}

#[tokio::test]
async fn a_rolling_update_goes_in_batches() {
    let (world, endpoint) = serving().await;
    world.create(CONFIG, &config_body("three", "m", 4)).await;
    world.create(CONFIG, &config_body("four", "m", 4)).await;
    let moved = world.update(ENDPOINT, &endpoint, &endpoint_body("e", "three")).await;
    let mut body = endpoint_body("e", "four");
    body["deployment_config"] = json!({"rolling_update_policy": {"wait_interval_in_seconds": 60,
        "maximum_batch_size": {"type": "INSTANCE_COUNT", "value": 2}}});
    world.run.progress.lock().unwrap().clear();
    world.update(ENDPOINT, &moved, &body).await;
    let mut progress = world.run.progress.lock().unwrap().clone();
    progress.dedup();
    let batches = progress.iter().filter(|status| status.contains("Baking")).count();
    assert_eq!(batches, 2, "{progress:#?}");
}

#[tokio::test]
async fn some_variant_gets_traffic() {
    let (world, endpoint) = serving().await;
    let mut body = endpoint_body("e", "one");
    body["desired_weights_and_capacities"] = json!({"variant_name": "MyVariant", "desired_weight": 0});
    let plan = world.plan(ENDPOINT, Some(&endpoint), &body).await.unwrap();
    assert_eq!(
        plan.diagnostics.iter().map(|told| told.summary.as_str()).collect::<Vec<_>>(),
        ["No variant gets traffic"]
    );
}

#[tokio::test]
async fn lost_replies_do_no_harm() {
    let (world, endpoint) = serving().await;
    world.faults(json!({"rules": [{"match": {"operation": "UpdateEndpoint"}, "nth": 1, "effect": "lost_reply"}]}));
    let moved = world.update(ENDPOINT, &endpoint, &endpoint_body("e", "two")).await;
    world.faults(json!({"rules": [{"match": {"operation": "DeleteEndpoint"}, "nth": 1, "effect": "lost_reply"}]}));
    world.delete(ENDPOINT, &moved).await;
    world.faults(json!({"rules": [{"match": {"operation": "CreateEndpoint"}, "nth": 1, "effect": "lost_reply"}]}));
    world.create(ENDPOINT, &endpoint_body("f", "two")).await;
}

#[tokio::test]
async fn a_configuration_may_take_a_moment_to_be_seen() {
    let (world, endpoint) = serving().await;
    let unseen = |operation: &str| {
        json!({"rules": [{"match": {"operation": operation}, "nth": 1, "times": 2, "effect": {"error": {
        "code": "ValidationException",
        "message": "Could not find endpoint configuration \"arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/two\"."}}}]})
    };
    world.faults(unseen("UpdateEndpoint"));
    world.update(ENDPOINT, &endpoint, &endpoint_body("e", "two")).await;
    world.faults(unseen("CreateEndpoint"));
    world.create(ENDPOINT, &endpoint_body("f", "two")).await;
}

#[tokio::test]
async fn a_configuration_that_is_not_there_is_an_error() {
    let (world, endpoint) = serving().await;
    match world.try_update(ENDPOINT, &endpoint, &endpoint_body("e", "nowhere")).await {
        UpdateOutcome::Failed(error) => {
            assert!(error.detail.contains("Is \"nowhere\" in the same region"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(world.try_create(ENDPOINT, &endpoint_body("f", "nowhere")).await, CreateOutcome::Failed(_)));
}

#[tokio::test]
async fn a_policy_alone_waits_for_the_next_update() {
    let (world, endpoint) = serving().await;
    let mut body = endpoint_body("e", "one");
    body["deployment_config"] = json!({
        "auto_rollback_configuration": {"alarms": [{"alarm_name": "b"}, {"alarm_name": "a"}]},
        "blue_green_update_policy": {
            "traffic_routing_configuration": {
                "type": "CANARY", "wait_interval_in_seconds": 60,
                "canary_size": {"type": "CAPACITY_PERCENT", "value": 50},
            },
            "maximum_execution_timeout_in_seconds": 1200,
        },
    });
    let plan = world.plan(ENDPOINT, Some(&endpoint), &body).await.unwrap();
    let notes: Vec<&str> = plan.diagnostics.iter().map(|note| note.summary.as_str()).collect();
    assert_eq!(notes, ["The deployment policy takes effect with the next update"]);
    let now = world.update(ENDPOINT, &endpoint, &body).await;
    assert_eq!(world.calls("UpdateEndpoint"), 0);
    world.create(CONFIG, &config_body("three", "m", 2)).await;
    body["endpoint_config_name"] = json!("three");
    let now = world.update(ENDPOINT, &now, &body).await;
    // What an import finds is the policy that was used.
    assert_eq!(shown(&world.import(ENDPOINT, "e").await.unwrap()), shown(&now));
}

#[tokio::test]
async fn policies_are_checked_offline() {
    let world = world().await;
    let check = |policy: Json| {
        let mut body = endpoint_body("e", "c");
        body["deployment_config"] = policy;
        world.validate(ENDPOINT, &body)
    };
    let canary = |kind: &str, value: u32| {
        json!({"blue_green_update_policy": {"traffic_routing_configuration": {
        "type": kind, "wait_interval_in_seconds": 300, "canary_size": {"type": "CAPACITY_PERCENT", "value": value}}}})
    };
    assert_eq!(check(canary("CANARY", 50)), Vec::<String>::new());
    let at = "deployment_config[0].blue_green_update_policy[0]";
    assert_eq!(
        check(canary("CANARY", 51)),
        [format!("Error {at}.traffic_routing_configuration[0].canary_size[0].value: Invalid value for value")]
    );
    assert_eq!(
        check(canary("ALL_AT_ONCE", 10)),
        [format!("Error {at}.traffic_routing_configuration[0].canary_size: Conflicting arguments")]
    );
    assert_eq!(check(json!({})), ["Error deployment_config[0]: One deployment policy is needed"]);
    let rolling = |value: u32, most: u32| {
        json!({"rolling_update_policy": {"wait_interval_in_seconds": 100,
        "maximum_execution_timeout_in_seconds": most, "maximum_batch_size": {"type": "CAPACITY_PERCENT", "value": value}}})
    };
    assert_eq!(check(rolling(10, 1001)), Vec::<String>::new());
    assert_eq!(
        check(rolling(10, 1000)),
        [
            "Error deployment_config[0].rolling_update_policy[0].maximum_execution_timeout_in_seconds: Invalid value for maximum_execution_timeout_in_seconds"
        ]
    );
    assert_eq!(
        check(rolling(4, 28800)),
        ["Error deployment_config[0].rolling_update_policy[0].maximum_batch_size[0].value: Invalid value for value"]
    );
}

/// The count and weight of the endpoint's first variant.
async fn counts(world: &World, name: &str) -> (i64, f64) {
    let answer = world.ask("DescribeEndpoint", json!({"EndpointName": name})).await;
    let variant = &answer["ProductionVariants"][0];
    (variant["DesiredInstanceCount"].as_i64().unwrap(), variant["DesiredWeight"].as_f64().unwrap())
}

async fn scale(world: &World, count: i64) {
    let wanted = json!([{"VariantName": "MyVariant", "DesiredInstanceCount": count, "DesiredWeight": 3.0}]);
    let body = json!({"EndpointName": "e", "DesiredWeightsAndCapacities": wanted});
    world.ask("UpdateEndpointWeightsAndCapacities", body).await;
}

#[tokio::test]
async fn what_autoscaling_moved_is_kept_unless_the_configuration_changes_it() {
    let (world, endpoint) = serving().await;
    scale(&world, 4).await;
    let now = world.update(ENDPOINT, &endpoint, &endpoint_body("e", "two")).await;
    assert_eq!(counts(&world, "e").await, (4, 3.0));
    world.create(CONFIG, &config_body("more", "m", 2)).await;
    world.update(ENDPOINT, &now, &endpoint_body("e", "more")).await;
    assert_eq!(counts(&world, "e").await, (2, 3.0));
}

#[tokio::test]
async fn a_denied_deletion_names_the_action_that_is_missing() {
    let (world, endpoint) = serving().await;
    world.faults(json!({"rules": [{
        "match": {"operation": "DeleteEndpoint"},
        "effect": {"error": {"code": "AccessDeniedException", "status": 400, "message":
            "User: arn:aws:iam::123456789012:user/u is not authorized to perform: \
             application-autoscaling:DeregisterScalableTarget on resource: arn:aws:r because no policy allows it"}},
    }]}));
    let error = world.session.delete(ENDPOINT, &endpoint, &world.run).await.unwrap_err();
    assert!(error.detail.contains("Allow the action application-autoscaling:DeregisterScalableTarget"), "{error}");
}

#[tokio::test]
async fn what_was_just_made_may_take_a_moment_to_be_seen() {
    let world = world().await;
    let unseen = |operation: &str, what: &str, nth: u32| {
        let error = json!({"code": "ValidationException", "message": format!("Could not find {what} \"x\".")});
        json!({"match": {"operation": operation}, "nth": nth, "effect": {"error": error}})
    };
    // The first time is the look before.
    world.faults(json!({"rules": [unseen("DescribeModel", "model", 2), unseen("DescribeModel", "model", 3),
        unseen("CreateEndpointConfig", "model", 1),
        unseen("DescribeEndpointConfig", "endpoint configuration", 2),
        // For an endpoint, the plan looks as well.
        unseen("DescribeEndpoint", "endpoint", 3), unseen("DescribeEndpoint", "endpoint", 4)]}));
    world.create(MODEL, &model_body("m")).await;
    world.create(CONFIG, &config_body("c", "m", 1)).await;
    world.create(ENDPOINT, &endpoint_body("e", "c")).await;
    assert_eq!(world.calls("CreateEndpoint"), 1);
}

#[tokio::test]
async fn a_session_that_expires_does_not_end_a_creation() {
    let world = world().await;
    world.create(MODEL, &model_body("m")).await;
    world.create(CONFIG, &config_body("c", "m", 1)).await;
    let expired = json!({"code": "ExpiredTokenException", "message": "The security token is expired"});
    world.faults(
        json!({"rules": [{"match": {"operation": "DescribeEndpoint"}, "nth": 4, "effect": {"error": expired}}]}),
    );
    let begun = match world.try_create(ENDPOINT, &endpoint_body("e", "c")).await {
        CreateOutcome::Partial(value, error) if error.under_way => value,
        other => panic!("{other:?}"),
    };
    let done = world.session.resume(ENDPOINT, &begun, &world.run).await.unwrap().unwrap();
    world.assert_settled(ENDPOINT, &done, &endpoint_body("e", "c")).await;
    assert_eq!(world.calls("CreateEndpoint"), 1);
}

#[tokio::test]
async fn another_endpoint_of_the_name_is_not_waited_for() {
    let (world, endpoint) = serving().await;
    let other = json!({"EndpointName": "E", "EndpointConfigName": "two"});
    let asked = async {
        // As soon as the name is free again, somebody takes it.
        while world.session.read(ENDPOINT, &endpoint, &world.run).await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
        world.ask("CreateEndpoint", other).await
    };
    let (deleted, _) = tokio::join!(world.session.delete(ENDPOINT, &endpoint, &world.run), asked);
    deleted.unwrap();
    assert_eq!(world.ask("DescribeEndpoint", json!({"EndpointName": "e"})).await["EndpointConfigName"], "two");
}

#[tokio::test]
async fn the_wait_follows_from_the_policy() {
    let (world, endpoint) = serving().await;
    let mut body = endpoint_body("e", "two");
    body["deployment_config"] = json!({"blue_green_update_policy": {"termination_wait_in_seconds": 3600,
        "traffic_routing_configuration": {"type": "ALL_AT_ONCE", "wait_interval_in_seconds": 3600}}});
    let before = world.run.clock().now();
    world.update(ENDPOINT, &endpoint, &body).await;
    let took = world.run.clock().now().duration_since(before).unwrap();
    assert!(took > Duration::from_secs(2 * 60 * 60), "{took:?}");
}
