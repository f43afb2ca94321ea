//! Models and configurations that were deleted behind the back of what uses them, and replacements under a name that is
//! in use.

use serde_json::{Value as Json, json};
use smform_provider::{CreateOutcome, PlannedObject, ReplaceOrder};
use smform_types::{Diagnostic, Value};

use crate::support::{CONFIG, ENDPOINT, MODEL, World, config_body, endpoint_body, model_body, serving, shown};

fn made(type_name: &str, after: Value) -> PlannedObject {
    PlannedObject { type_name: type_name.into(), before: None, after: Some(after) }
}

/// What is said of the endpoint beside a plan, when it is to have a configuration.
async fn said(world: &World, endpoint: &Value, config: &str, plan: &[PlannedObject]) -> Vec<Diagnostic> {
    let after = world.plan(ENDPOINT, Some(endpoint), &endpoint_body("e", config)).await.unwrap().planned;
    let object = PlannedObject { type_name: ENDPOINT.into(), before: Some(endpoint.clone()), after: Some(after) };
    world.session.review(&object, plan, &world.run).await.into_iter().collect()
}

fn summaries(found: &[Diagnostic]) -> Vec<String> {
    found.iter().map(|found| format!("{:?} {}", found.severity, found.summary)).collect()
}

const LOST_CONFIGURATION: &str = "Endpoint \"e\" has lost its configuration";
const LOST_MODEL: &str = "Endpoint \"e\" has lost a model";

async fn lose_configuration(world: &World) {
    world.ask("DeleteEndpointConfig", json!({"EndpointConfigName": "one"})).await;
}

#[tokio::test]
async fn what_was_deleted_behind_an_endpoint_is_told() {
    let (world, endpoint) = serving().await;
    let notes = async || summaries(&said(&world, &endpoint, "one", &[]).await);
    assert_eq!(notes().await, Vec::<String>::new());
    world.ask("DeleteModel", json!({"ModelName": "m"})).await;
    assert_eq!(notes().await, [format!("Warning {LOST_MODEL}")]);
    lose_configuration(&world).await;
    assert_eq!(notes().await, [format!("Warning {LOST_CONFIGURATION}")]);
    // Who may not look is told nothing.
    let denied = json!({"code": "AccessDeniedException", "message": "no"});
    world.faults(json!({"rules": [{"match": {"operation": "DescribeEndpointConfig"}, "effect": {"error": denied}}]}));
    assert_eq!(notes().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_lost_configuration_comes_back_under_its_name() {
    let (world, _) = serving().await;
    let mut body = config_body("one", "m", 1);
    (body["name"], body["name_prefix"]) = (Json::Null, json!("cfg-"));
    let old = world.create(CONFIG, &body).await;
    let name = old.get("name").and_then(Value::as_str).unwrap().to_owned();
    let endpoint = world.create(ENDPOINT, &endpoint_body("e2", &name)).await;
    world.ask("DeleteEndpointConfig", json!({"EndpointConfigName": name})).await;
    let planned = world.restoring(CONFIG, &old, &body).await.planned;
    assert_eq!(shown(&planned), shown(&old));
    match world.session.create(CONFIG, &planned, &world.run).await {
        CreateOutcome::Complete(again) => assert_eq!(shown(&again), shown(&old)),
        other => panic!("{other:?}"),
    }
    // The endpoint can be updated again.
    world.update(ENDPOINT, &endpoint, &endpoint_body("e2", "two")).await;
    // What is otherwise than it was is another one.
    body["production_variants"]["initial_instance_count"] = json!(2);
    let other = world.restoring(CONFIG, &old, &body).await.planned;
    assert!(!other.get("name").unwrap().is_known());
}

#[tokio::test]
async fn a_lost_model_comes_back_under_its_name() {
    let (world, endpoint) = serving().await;
    let mut body = model_body("m");
    (body["name"], body["name_prefix"]) = (Json::Null, json!("m-"));
    let old = world.create(MODEL, &body).await;
    world.delete(MODEL, &old).await;
    assert_eq!(shown(&world.restoring(MODEL, &old, &body).await.planned), shown(&old));
    body["primary_container"]["image"] = json!("myteam.myorg.com/docker-local/my-inference-image:2");
    assert!(!world.restoring(MODEL, &old, &body).await.planned.get("name").unwrap().is_known());
    // Under a fixed name, another model would serve beside the one that was lost.
    let old = world.import(MODEL, "m").await.unwrap();
    world.ask("DeleteModel", json!({"ModelName": "m"})).await;
    let again = made(MODEL, world.restoring(MODEL, &old, &model_body("m")).await.planned);
    assert_eq!(summaries(&said(&world, &endpoint, "one", &[again]).await), [format!("Warning {LOST_MODEL}")]);
    body["name_prefix"] = Json::Null;
    body["name"] = json!("m");
    let other = made(MODEL, world.restoring(MODEL, &old, &body).await.planned);
    let found = said(&world, &endpoint, "one", &[other]).await;
    assert_eq!(summaries(&found), [format!("Error {LOST_MODEL}")]);
    assert!(found[0].detail.contains("name_prefix"), "{}", found[0].detail);
}

#[tokio::test]
async fn an_update_that_the_service_would_refuse_is_refused_by_the_plan() {
    let (world, endpoint) = serving().await;
    let old = world.import(CONFIG, "one").await.unwrap();
    lose_configuration(&world).await;
    let found = said(&world, &endpoint, "two", &[]).await;
    assert_eq!(summaries(&found), [format!("Error {LOST_CONFIGURATION}")]);
    assert!(found[0].detail.contains("Bring it back first"), "{}", found[0].detail);
    // Together with what is lost, it goes.
    let again = made(CONFIG, world.restoring(CONFIG, &old, &config_body("one", "m", 1)).await.planned);
    assert_eq!(
        summaries(&said(&world, &endpoint, "two", std::slice::from_ref(&again)).await),
        [format!("Warning {LOST_CONFIGURATION}")]
    );
    // Of another one under the same name, the endpoint would not learn.
    let other = made(CONFIG, world.restoring(CONFIG, &old, &config_body("one", "m", 2)).await.planned);
    assert_eq!(summaries(&said(&world, &endpoint, "one", &[other]).await), [format!("Error {LOST_CONFIGURATION}")]);
    // A new endpoint needs nothing of that.
    let mut after = world.plan(ENDPOINT, None, &endpoint_body("e", "two")).await.unwrap().planned;
    after = after.update_at(&smform_types::Path::attribute("id").0, &mut |_| Value::string("e"));
    let object = PlannedObject { type_name: ENDPOINT.into(), before: Some(endpoint.clone()), after: Some(after) };
    assert!(world.session.review(&object, &[], &world.run).await.is_empty());
    // The service agrees.
    match world.try_update(ENDPOINT, &endpoint, &endpoint_body("e", "two")).await {
        smform_provider::UpdateOutcome::Failed(error) => {
            assert!(error.detail.contains("without it SageMaker does not update"), "{error}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_renamed_comes_first_and_what_keeps_its_name_tells_who_uses_it() {
    let (world, _) = serving().await;
    let model = world.import(MODEL, "m").await.unwrap();
    let used = world.import(CONFIG, "one").await.unwrap();
    let free = world.import(CONFIG, "two").await.unwrap();
    let order = async |ty: &str, old: &Value, body: &Json| world.replacing(ty, old, body).await.order;
    let users = |order: ReplaceOrder| match order {
        ReplaceOrder::SameName(same) => same.users,
        other => panic!("{other:?}"),
    };
    assert_eq!(order(CONFIG, &used, &config_body("three", "m", 1)).await, ReplaceOrder::DeleteLast);
    assert_eq!(order(CONFIG, &used, &config_body("?", "m", 1)).await, ReplaceOrder::DeleteLast);
    assert_eq!(order(MODEL, &model, &model_body("n")).await, ReplaceOrder::DeleteLast);
    // No configuration needs to say that the endpoint uses them.
    assert_eq!(users(order(CONFIG, &used, &config_body("one", "m", 2)).await), ["endpoint \"e\""]);
    assert_eq!(users(order(CONFIG, &free, &config_body("two", "m", 2)).await), Vec::<String>::new());
    assert_eq!(users(order(MODEL, &model, &model_body("m")).await), ["endpoint \"e\""]);
}
