//! Names that are written as text, of what neither the plan makes nor the account has.

use serde_json::{Value as Json, json};
use smform_provider::PlannedObject;
use smform_types::{Path, Value};

use crate::support::{CONFIG, ENDPOINT, MODEL, World, config_body, endpoint_body, model_body, place, serving};

const COMPONENT: &str = "aws_sagemaker_inference_component";

fn object(ty: &str, before: Option<&Value>, after: &Value) -> PlannedObject {
    PlannedObject { type_name: ty.into(), before: before.cloned(), after: Some(after.clone()) }
}

/// What is said of an object that is to be as `body` says, beside others.
async fn said(world: &World, ty: &str, before: Option<&Value>, body: &Json, plan: &[PlannedObject]) -> Vec<String> {
    let after = world.plan(ty, before, body).await.unwrap().planned;
    let object = object(ty, before, &after);
    let plan: Vec<PlannedObject> = plan.iter().cloned().chain([object.clone()]).collect();
    let found = world.session.review(&object, &plan, &world.run).await;
    found.iter().filter(|found| found.is_error()).map(|found| format!("{}: {}", place(found), found.summary)).collect()
}

async fn planned(world: &World, ty: &str, body: &Json) -> PlannedObject {
    object(ty, None, &world.plan(ty, None, body).await.unwrap().planned)
}

#[tokio::test]
async fn a_configuration_that_is_not_there_is_told_by_the_plan() {
    let (world, endpoint) = serving().await;
    let wrong = ["endpoint_config_name: No endpoint configuration \"tow\""];
    let body = endpoint_body("f", "tow");
    assert_eq!(said(&world, ENDPOINT, None, &body, &[]).await, wrong);
    assert_eq!(said(&world, ENDPOINT, Some(&endpoint), &endpoint_body("e", "tow"), &[]).await, wrong);
    assert_eq!(said(&world, ENDPOINT, None, &endpoint_body("f", "two"), &[]).await, [""; 0]);
    // One that the plan makes, or may make, is there when its turn comes.
    for (name, prefix, expected) in [
        (json!("tow"), json!(null), 0),
        (json!(null), json!("t"), 0),
        (json!(null), json!("x"), 1),
        (json!("?"), json!(null), 0),
    ] {
        let mut new = config_body("", "m", 1);
        (new["name"], new["name_prefix"]) = (name.clone(), prefix.clone());
        let new = planned(&world, CONFIG, &new).await;
        assert_eq!(said(&world, ENDPOINT, None, &body, &[new]).await.len(), expected, "{name} {prefix}");
    }
    // What an endpoint has lost is told otherwise.
    world.ask("DeleteEndpointConfig", json!({"EndpointConfigName": "one"})).await;
    assert_eq!(said(&world, ENDPOINT, Some(&endpoint), &endpoint_body("e", "one"), &[]).await, [""; 0]);
}

#[tokio::test]
async fn a_model_that_is_not_there_is_told_by_the_plan() {
    let (world, _) = serving().await;
    let mut body = config_body("new", "n", 1);
    let wrong = ["production_variants[0].model_name: No model \"n\""];
    assert_eq!(said(&world, CONFIG, None, &body, &[]).await, wrong);
    let model = planned(&world, MODEL, &model_body("n")).await;
    assert_eq!(said(&world, CONFIG, None, &body, &[model]).await, [""; 0]);
    // Nothing is said of what may not be seen, nor right before the configuration is made.
    world.faults(json!({"rules": [{"match": {"operation": "DescribeModel"},
        "effect": {"error": {"code": "AccessDeniedException", "message": "no"}}}]}));
    assert_eq!(said(&world, CONFIG, None, &body, &[]).await, [""; 0]);
    world.faults(json!({"rules": []}));
    assert!(world.review(CONFIG, &body, &[]).await.is_empty());
    body["production_variants"] = json!({"variant_name": "v", "model_name": "m", "instance_pools": [
        {"instance_type": "ml.g5.xlarge", "priority": 1},
        {"instance_type": "ml.g6.xlarge", "priority": 2, "model_name_override": "n"}]});
    let at = "production_variants[0].instance_pools[1].model_name_override";
    assert_eq!(said(&world, CONFIG, None, &body, &[]).await, [format!("{at}: No model \"n\"")]);
}

#[tokio::test]
async fn what_a_component_names_is_told_by_the_plan() {
    let world = crate::inference_component::hosting().await;
    let mut body = crate::inference_component::body(1, 1024);
    let made = world.create(COMPONENT, &body).await;
    body["specification"]["model_name"] = json!("n");
    let no_model = "specification[0].model_name: No model \"n\"";
    assert_eq!(said(&world, COMPONENT, Some(&made), &body, &[]).await, [no_model]);
    (body["name"], body["endpoint_name"]) = (json!("other"), json!("f"));
    let no_endpoint = "endpoint_name: No endpoint \"f\"";
    assert_eq!(said(&world, COMPONENT, None, &body, &[]).await, [no_endpoint, no_model]);
    let plan =
        [planned(&world, ENDPOINT, &endpoint_body("F", "c")).await, planned(&world, MODEL, &model_body("n")).await];
    assert_eq!(said(&world, COMPONENT, None, &body, &plan).await, [""; 0]);
    let adapter =
        json!({"name": "a", "endpoint_name": "e", "specification": {"base_inference_component_name": "base"}});
    let at = "specification[0].base_inference_component_name";
    assert_eq!(said(&world, COMPONENT, None, &adapter, &[]).await, [format!("{at}: No inference component \"base\"")]);
}

#[tokio::test]
async fn what_refers_to_another_region_is_told_by_the_plan() {
    let (world, _) = serving().await;
    let there = |body: &Json| {
        let mut body = body.clone();
        body["region"] = json!("eu-west-1");
        body
    };
    let wrong = ["endpoint_config_name: The endpoint configuration is in another region"];
    let elsewhere = planned(&world, CONFIG, &there(&config_body("tow", "m", 1))).await;
    assert_eq!(said(&world, ENDPOINT, None, &endpoint_body("f", "tow"), &[elsewhere]).await, wrong);
    // A name that is made up is known by its beginning.
    let mut made_up = model_body("");
    (made_up["name"], made_up["name_prefix"]) = (json!(null), json!("m-"));
    let (here, elsewhere) = (planned(&world, MODEL, &made_up).await, planned(&world, MODEL, &there(&made_up)).await);
    let body = config_body("new", "?", 1);
    let refers = |model: &PlannedObject| {
        let name = model.after.as_ref().and_then(|model| model.get("name")).cloned().unwrap();
        let at = Path::attribute("production_variants").index(0).attr("model_name");
        move |planned: Value| planned.update_at(&at.0, &mut |_| name.clone())
    };
    for (model, plan, expected) in [
        (&elsewhere, vec![elsewhere.clone()], 1),
        (&here, vec![elsewhere.clone(), here.clone()], 0),
        (&here, vec![here.clone()], 0),
    ] {
        let after = refers(model)(world.plan(CONFIG, None, &body).await.unwrap().planned);
        let object = object(CONFIG, None, &after);
        let plan: Vec<PlannedObject> = plan.into_iter().chain([object.clone()]).collect();
        let found = world.session.review(&object, &plan, &world.run).await;
        let errors: Vec<String> = found.iter().filter(|found| found.is_error()).map(place).collect();
        assert_eq!(errors.len(), expected, "{found:#?}");
        assert!(errors.iter().all(|at| at == "production_variants[0].model_name"), "{errors:?}");
    }
}

#[tokio::test]
async fn an_endpoint_holds_its_configuration_and_through_it_the_models() {
    let (world, endpoint) = serving().await;
    let uses = |ty: &str, object: &Value| {
        let uses = world.session.uses(ty, object)?.into_iter();
        Some(uses.map(|one| format!("{} {} {}", one.at, one.of.key.join("/"), one.holds)).collect::<Vec<_>>())
    };
    assert_eq!(uses(ENDPOINT, &endpoint).unwrap(), ["endpoint_config_name us-east-1/one true"]);
    let config = world.import(CONFIG, "one").await.unwrap();
    assert_eq!(uses(CONFIG, &config).unwrap(), ["production_variants[0].model_name us-east-1/m false"]);
    let key = world.session.unique_name(CONFIG, &config).unwrap().key;
    assert_eq!(world.session.uses(ENDPOINT, &endpoint).unwrap()[0].of.key, key);
    assert!(uses("aws_subnet", &endpoint).is_none());
}
