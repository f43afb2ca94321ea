use std::sync::atomic::Ordering;

use serde_json::{Value as Json, json};
use smform_provider::{PlannedObject, UpdateOutcome};
use smform_types::Value;

use crate::support::{CONFIG, ENDPOINT, MODEL, World, config_body, endpoint_body, model_body, serving, shown, world};

fn wanting(wishes: Json) -> Json {
    let mut body = endpoint_body("e", "one");
    body["desired_weights_and_capacities"] = wishes;
    body
}

fn count_and_weight(object: &Value) -> String {
    shown(object.get("desired_weights_and_capacities").unwrap())
}

#[tokio::test]
async fn counts_and_weights_change_in_place() {
    let (world, endpoint) = serving().await;
    let body = wanting(json!([{"variant_name": "MyVariant", "desired_instance_count": 3, "desired_weight": 0.8}]));
    let now = world.update(ENDPOINT, &endpoint, &body).await;
    assert_eq!(world.calls("UpdateEndpointWeightsAndCapacities"), 1);
    assert_eq!(world.calls("UpdateEndpoint"), 0);
    // Left to others again, they stay as they are.
    let now = world.update(ENDPOINT, &now, &endpoint_body("e", "one")).await;
    assert_eq!(world.calls("UpdateEndpointWeightsAndCapacities"), 1);
    world.delete(ENDPOINT, &now).await;
}

#[tokio::test]
async fn an_endpoint_is_created_with_them() {
    let (world, _) = serving().await;
    let mut body = endpoint_body("f", "one");
    body["desired_weights_and_capacities"] = json!([{"variant_name": "MyVariant", "desired_instance_count": 2}]);
    world.create(ENDPOINT, &body).await;
    assert_eq!(world.calls("UpdateEndpointWeightsAndCapacities"), 1);
}

#[tokio::test]
async fn only_what_is_wanted_is_compared() {
    let (world, endpoint) = serving().await;
    let body = wanting(json!([{"variant_name": "MyVariant", "desired_weight": 2}]));
    let now = world.update(ENDPOINT, &endpoint, &body).await;
    world
        .ask(
            "UpdateEndpointWeightsAndCapacities",
            json!({"EndpointName": "e", "DesiredWeightsAndCapacities": [
            {"VariantName": "MyVariant", "DesiredInstanceCount": 5, "DesiredWeight": 7.0}]}),
        )
        .await;
    world.pass(3600.0);
    let read = world.session.read(ENDPOINT, &now, &world.run).await.unwrap().unwrap();
    let drifted = count_and_weight(&read);
    assert!(
        drifted.contains("\"desired_weight\": 7") && drifted.contains("\"desired_instance_count\": null"),
        "{drifted}"
    );
    let back = world.update(ENDPOINT, &read, &body).await;
    assert!(count_and_weight(&back).contains("\"desired_weight\": 2"));
}

/// A configuration of the variants a and b, of which b has this count and weight.
fn two_variants(name: &str, count: i64, weight: f64) -> Json {
    let variant = |name: &str, count: i64, weight: f64| {
        json!({"variant_name": name, "model_name": "m", "instance_type": "ml.t2.medium",
            "initial_instance_count": count, "initial_variant_weight": weight})
    };
    json!({"name": name, "production_variants": [variant("a", 1, 1.0), variant("b", count, weight)]})
}

/// A configuration of two variants, and an endpoint on it.
async fn of_two() -> (World, Value) {
    let world = world().await;
    world.create(MODEL, &model_body("m")).await;
    world.create(CONFIG, &two_variants("one", 1, 1.0)).await;
    let endpoint = world.create(ENDPOINT, &endpoint_body("e", "one")).await;
    (world, endpoint)
}

#[tokio::test]
async fn one_call_carries_the_capacity_of_one_variant() {
    let (world, endpoint) = of_two().await;
    let wish = |name: &str| json!({"variant_name": name, "desired_instance_count": 2, "desired_weight": 4});
    world.update(ENDPOINT, &endpoint, &wanting(json!([wish("a"), wish("b")]))).await;
    assert_eq!(world.calls("UpdateEndpointWeightsAndCapacities"), 2);
}

/// An endpoint of two variants, a scaled by others, and another configuration that changes b only.
async fn scaled_beside_a_change() -> (World, Value) {
    let (world, endpoint) = of_two().await;
    let wanted = json!([{"VariantName": "a", "DesiredInstanceCount": 4, "DesiredWeight": 5.0}]);
    let body = json!({"EndpointName": "e", "DesiredWeightsAndCapacities": wanted});
    world.ask("UpdateEndpointWeightsAndCapacities", body).await;
    world.pass(3600.0);
    world.create(CONFIG, &two_variants("two", 3, 2.0)).await;
    (world, endpoint)
}

/// The counts and weights that the variants of the endpoint have.
async fn live(world: &World) -> Vec<(String, i64, f64)> {
    let answer = world.ask("DescribeEndpoint", json!({"EndpointName": "e"})).await;
    let of = |variant: &Json| {
        let weight = variant["CurrentWeight"].as_f64().unwrap();
        (variant["VariantName"].as_str().unwrap().to_owned(), variant["CurrentInstanceCount"].as_i64().unwrap(), weight)
    };
    answer["ProductionVariants"].as_array().unwrap().iter().map(of).collect()
}

fn of_a_and_b(a: (i64, f64), b: (i64, f64)) -> Vec<(String, i64, f64)> {
    vec![("a".to_owned(), a.0, a.1), ("b".to_owned(), b.0, b.1)]
}

#[tokio::test]
async fn a_configuration_that_changes_one_variant_leaves_the_others_as_they_were_scaled() {
    let (world, endpoint) = scaled_beside_a_change().await;
    let now = world.update(ENDPOINT, &endpoint, &endpoint_body("e", "two")).await;
    assert_eq!(live(&world).await, of_a_and_b((4, 5.0), (3, 2.0)));
    assert_eq!((world.calls("UpdateEndpoint"), world.calls("UpdateEndpointWeightsAndCapacities")), (1, 2));
    // What the endpoint itself wants of a variant goes before what the configuration starts it with.
    world.create(CONFIG, &two_variants("three", 1, 2.0)).await;
    let mut body = endpoint_body("e", "three");
    body["desired_weights_and_capacities"] = json!([{"variant_name": "b", "desired_instance_count": 2}]);
    world.update(ENDPOINT, &now, &body).await;
    assert_eq!(live(&world).await, of_a_and_b((4, 5.0), (2, 2.0)));
}

#[tokio::test]
async fn a_configuration_that_changes_one_variant_is_one_update_where_nobody_scaled_the_others() {
    let (world, endpoint) = of_two().await;
    world.create(CONFIG, &two_variants("two", 3, 2.0)).await;
    world.update(ENDPOINT, &endpoint, &endpoint_body("e", "two")).await;
    assert_eq!(live(&world).await, of_a_and_b((1, 1.0), (3, 2.0)));
    assert_eq!(world.calls("UpdateEndpointWeightsAndCapacities"), 0);
}

#[tokio::test]
async fn what_an_interrupted_update_left_for_afterwards_is_told_and_set_by_the_next_one() {
    let (world, endpoint) = scaled_beside_a_change().await;
    *world.run.cancel_at.lock().unwrap() = Some("Updating".to_owned());
    let now = match world.try_update(ENDPOINT, &endpoint, &endpoint_body("e", "two")).await {
        UpdateOutcome::Partial(now, error) => {
            assert!(error.detail.contains("b: desired_instance_count = 3, desired_weight = 2"), "{error}");
            now
        }
        other => panic!("{other:?}"),
    };
    *world.run.cancel_at.lock().unwrap() = None;
    world.run.cancelled.store(false, Ordering::Relaxed);
    world.update(ENDPOINT, &now, &endpoint_body("e", "two")).await;
    assert_eq!(world.calls("UpdateEndpoint"), 1);
    assert_eq!(live(&world).await, of_a_and_b((4, 5.0), (3, 2.0)));
}

#[tokio::test]
async fn what_a_killed_run_left_for_afterwards_is_set_by_the_next_one() {
    let (world, endpoint) = scaled_beside_a_change().await;
    *world.run.cancel_at.lock().unwrap() = Some("Updating".to_owned());
    assert!(matches!(
        world.try_update(ENDPOINT, &endpoint, &endpoint_body("e", "two")).await,
        UpdateOutcome::Partial(..)
    ));
    *world.run.cancel_at.lock().unwrap() = None;
    world.run.cancelled.store(false, Ordering::Relaxed);
    // Nobody waits, and the update ends: variant b is as it was scaled before.
    world.pass(7200.0);
    assert_eq!(live(&world).await, of_a_and_b((4, 5.0), (1, 1.0)));
    let body = endpoint_body("e", "two");
    let now = world.session.read(ENDPOINT, &endpoint, &world.run).await.unwrap().unwrap();
    let plan = world.plan(ENDPOINT, Some(&now), &body).await.unwrap();
    assert!(plan.unsettled && plan.replace.is_empty());
    let told: Vec<&str> = plan.diagnostics.iter().map(|told| told.summary.as_str()).collect();
    assert_eq!(told, ["The update of endpoint \"e\" is not complete"]);
    world.update(ENDPOINT, &now, &body).await;
    assert_eq!(live(&world).await, of_a_and_b((4, 5.0), (3, 2.0)));
    assert_eq!(world.calls("UpdateEndpoint"), 1);
    // Then there is nothing left, whatever the journal says.
    assert!(!world.plan(ENDPOINT, Some(&now), &body).await.unwrap().unsettled);
}

#[tokio::test]
async fn what_could_not_be_set_after_an_update_is_told() {
    let (world, endpoint) = scaled_beside_a_change().await;
    let denied = json!({"code": "AccessDeniedException", "message": "No.", "status": 400});
    let rule = json!({"match": {"operation": "UpdateEndpointWeightsAndCapacities"}, "effect": {"error": denied}});
    world.faults(json!({"rules": [rule]}));
    match world.try_update(ENDPOINT, &endpoint, &endpoint_body("e", "two")).await {
        UpdateOutcome::Partial(now, error) => {
            assert_eq!(now.get("endpoint_config_name"), Some(&Value::string("two")));
            assert!(error.detail.contains("b: desired_instance_count = 3, desired_weight = 2"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(live(&world).await, of_a_and_b((4, 5.0), (1, 1.0)));
}

#[tokio::test]
async fn a_change_that_is_undone_is_an_error_and_the_state_keeps_what_is_live() {
    let (world, endpoint) = serving().await;
    world.faults(json!({"rules": [{"match": {"operation": "UpdateEndpointWeightsAndCapacities"}, "effect": {"failed_container": {}}}]}));
    let body = wanting(json!([{"variant_name": "MyVariant", "desired_instance_count": 3}]));
    match world.try_update(ENDPOINT, &endpoint, &body).await {
        UpdateOutcome::Partial(now, error) => {
            assert!(error.detail.contains("then undid it"), "{error}");
            assert!(error.detail.contains("MyVariant: 1 of 1 instances"), "{error}");
            assert!(count_and_weight(&now).contains("\"desired_instance_count\": 1"));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn wishes_are_checked() {
    let (world, endpoint) = serving().await;
    let check = |wishes: Json| world.validate(ENDPOINT, &wanting(wishes));
    let at = "desired_weights_and_capacities";
    assert_eq!(check(json!([{"variant_name": "a"}])), [format!("Error {at}[0]: Nothing is wanted of the variant")]);
    assert_eq!(
        check(json!([{"variant_name": "a", "desired_weight": 1}, {"variant_name": "a", "desired_weight": 2}])),
        [format!("Error {at}[1].variant_name: Variant named twice")]
    );
    assert_eq!(
        check(
            json!([{"variant_name": "a", "desired_instance_count": 1, "serverless_update_config": {"max_concurrency": 5}}])
        ),
        [format!("Error {at}[0]: Conflicting arguments")]
    );
    let unknown = wanting(json!([{"variant_name": "other", "desired_weight": 1}]));
    let found = world.plan(ENDPOINT, Some(&endpoint), &unknown).await.unwrap_err();
    assert!(found.iter().any(|d| d.detail.contains("it has: MyVariant")), "{found:?}");
}

#[tokio::test]
async fn a_configuration_that_changes_only_counts_says_what_that_costs() {
    let (world, _) = serving().await;
    let before = world.import(CONFIG, "one").await.unwrap();
    let said = async |name: &str, model: &str, count: u32| {
        let plan = world.replacing(CONFIG, &before, &crate::support::config_body(name, model, count)).await;
        plan.diagnostics.iter().map(|warning| warning.summary.clone()).collect::<Vec<_>>()
    };
    let only = ["Only weights or counts of variants change"];
    assert_eq!(said("one", "m", 2).await, only);
    // A name that comes with the change tells nothing.
    assert_eq!(said("other", "m", 2).await, only);
    assert_eq!(said("other", "m", 1).await, [""; 0]);
    assert_eq!(said("one", "other", 2).await, [""; 0]);
}

#[tokio::test]
async fn a_plan_that_needs_more_than_the_quota_says_so() {
    let world = world().await;
    let planned = |ty: &str, before: Option<Value>, body: &Json| PlannedObject {
        type_name: ty.into(),
        before,
        after: Some(world.config(ty, body)),
    };
    let quota = |count: u64| {
        let mut settings = world.sandbox.settings();
        settings.instance_quotas.by_type.insert("ml.t2.medium".to_owned(), count);
        world.sandbox.set_settings(settings).unwrap();
    };
    let plan =
        [planned(CONFIG, None, &config_body("one", "m", 3)), planned(ENDPOINT, None, &endpoint_body("e", "one"))];
    quota(3);
    assert!(world.session.review(&plan[1], &plan, &world.run).await.is_empty());
    quota(2);
    let found = world.session.review(&plan[1], &plan, &world.run).await;
    let found: Vec<(&str, bool)> = found.iter().map(|one| (one.summary.as_str(), one.is_error())).collect();
    assert_eq!(found, [("Not enough quota for the instances", false)]);
    // Pages are read as far as they are needed.
    assert_eq!(world.calls("ListServiceQuotas"), 2);
    let mut body = config_body("two", "m", 3);
    body["production_variants"]["instance_type"] = json!("ml.trn1n.32xlarge");
    let plan = [planned(CONFIG, None, &body), planned(ENDPOINT, None, &endpoint_body("e", "two"))];
    assert!(world.session.review(&plan[1], &plan, &world.run).await.is_empty());
    assert!(world.calls("ListServiceQuotas") > 3);
    // Without permission, nothing is said and nothing is tried twice.
    world.faults(json!({"rules": [{
        "match": {"service": "service-quotas"},
        "effect": {"error": {"code": "ThrottlingException", "message": "Rate exceeded", "status": 400}},
    }]}));
    let before = world.calls("ListServiceQuotas");
    assert!(world.session.review(&plan[1], &plan, &world.run).await.is_empty());
    assert_eq!(world.calls("ListServiceQuotas"), before + 1);
}
