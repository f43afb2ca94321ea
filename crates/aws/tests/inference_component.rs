use std::sync::atomic::Ordering;

use serde_json::{Value as Json, json};
use smform_provider::{CreateOutcome, ReplaceOrder, UpdateOutcome};

use crate::support::{CONFIG, ENDPOINT, MODEL, ROLE, World, endpoint_body, shown, world};

const COMPONENT: &str = "aws_sagemaker_inference_component";
const ECR: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/img:1";

/// An endpoint that hosts components.
pub async fn hosting() -> World {
    let world = world().await;
    world.create(MODEL, &json!({"name": "m", "execution_role_arn": ROLE, "primary_container": {"image": ECR}})).await;
    let variant = json!({"variant_name": "v", "instance_type": "ml.g5.2xlarge", "initial_instance_count": 1});
    world.create(CONFIG, &json!({"name": "c", "execution_role_arn": ROLE, "production_variants": variant})).await;
    world.create(ENDPOINT, &endpoint_body("e", "c")).await;
    world
}

pub fn body(copies: u32, memory: u32) -> Json {
    json!({"name": "ic", "endpoint_name": "e", "variant_name": "v", "runtime_config": {"copy_count": copies},
        "specification": {"model_name": "m", "compute_resource_requirements": {"min_memory_required_in_mb": memory}}})
}

#[tokio::test]
async fn a_component_lives() {
    let world = hosting().await;
    let made = world.create(COMPONENT, &body(1, 1024)).await;
    assert_eq!(shown(&world.import(COMPONENT, "ic").await.unwrap()), shown(&made));
    let more = world.update(COMPONENT, &made, &body(2, 1024)).await;
    assert_eq!((world.calls("UpdateInferenceComponentRuntimeConfig"), world.calls("UpdateInferenceComponent")), (1, 0));
    let mut tagged = body(2, 2048);
    tagged["tags"] = json!({"a": "1"});
    let larger = world.update(COMPONENT, &more, &tagged).await;
    assert_eq!(world.calls("UpdateInferenceComponent"), 1);
    assert!(matches!(world.try_create(COMPONENT, &tagged).await, CreateOutcome::Failed(_)));
    world.delete(COMPONENT, &larger).await;
}

#[tokio::test]
async fn a_component_of_another_name_comes_first() {
    let world = hosting().await;
    let made = world.create(COMPONENT, &body(1, 1024)).await;
    let mut other = body(1, 1024);
    other["variant_name"] = json!("w");
    match world.replacing(COMPONENT, &made, &other).await.order {
        ReplaceOrder::SameName(same) => assert_eq!(same.instead, "name = \"ic-2\""),
        order => panic!("{order:?}"),
    }
    for name in ["ic-2", "?"] {
        other["name"] = json!(name);
        assert_eq!(world.replacing(COMPONENT, &made, &other).await.order, ReplaceOrder::CreateFirst);
    }
}

#[tokio::test]
async fn a_component_begins_with_a_copy_and_may_then_have_none() {
    let world = hosting().await;
    let errors = world.plan(COMPONENT, None, &body(0, 1024)).await.unwrap_err();
    assert_eq!(errors.iter().map(|e| e.summary.as_str()).collect::<Vec<_>>(), ["A new component needs a copy"]);
    let made = world.create(COMPONENT, &body(1, 1024)).await;
    world.update(COMPONENT, &made, &body(0, 1024)).await;
}

#[tokio::test]
async fn what_runs_and_where_is_told() {
    let world = hosting().await;
    let mut body = body(1, 1024);
    body["specification"] =
        json!({"container": {"image": ECR}, "compute_resource_requirements": {"min_memory_required_in_mb": 1024}});
    let made = world.create(COMPONENT, &body).await;
    let told = |object: &smform_types::Value, list: &str, name: &str| {
        let block = object.get(list).and_then(|list| list.get_index(0)).cloned();
        let inner = block.as_ref().and_then(|block| block.get("container")).and_then(|list| list.get_index(0)).cloned();
        inner.or(block).and_then(|block| block.get(name).cloned())
    };
    let seen = |list: &str, name: &str| told(&made, list, name).as_ref().map(shown).unwrap_or_default();
    let placed = seen("runtime_config", "placement_status");
    assert!(placed.contains("ml.g5.2xlarge") && placed.contains('1'), "{placed}");
    let image = seen("specification", "resolved_image");
    assert!(image.contains("@sha256:"), "{image}");
    let time = |object: &smform_types::Value, name: &str| object.get(name).map(shown).unwrap_or_default();
    assert!(time(&made, "creation_time").contains("T"), "{}", time(&made, "creation_time"));
    // An update asks the registry again, and is a modification.
    body["specification"]["compute_resource_requirements"]["min_memory_required_in_mb"] = json!(2048);
    let plan = world.plan(COMPONENT, Some(&made), &body).await.unwrap();
    for (list, name) in [("specification", "resolved_image"), ("runtime_config", "placement_status")] {
        assert!(told(&plan.planned, list, name).is_some_and(|value| !value.is_known()), "{list} {name}");
    }
    let larger = world.update(COMPONENT, &made, &body).await;
    assert_ne!(time(&larger, "last_modified_time"), time(&made, "last_modified_time"));
    assert_eq!(time(&larger, "creation_time"), time(&made, "creation_time"));
}

#[tokio::test]
async fn a_policy_goes_with_a_change_of_the_copies() {
    let world = hosting().await;
    let made = world.create(COMPONENT, &body(2, 1024)).await;
    let mut more = body(3, 1024);
    more["deployment_config"] = json!({"rolling_update_policy": {
        "maximum_batch_size": {"type": "CAPACITY_PERCENT", "value": 50}, "wait_interval_in_seconds": 60}});
    world.update(COMPONENT, &made, &more).await;
    assert_eq!((world.calls("UpdateInferenceComponentRuntimeConfig"), world.calls("UpdateInferenceComponent")), (0, 1));
    let told = world.ask("DescribeInferenceComponent", json!({"InferenceComponentName": "ic"})).await;
    assert_eq!(told["LastDeploymentConfig"]["RollingUpdatePolicy"]["MaximumBatchSize"]["Value"], 50);
}

#[tokio::test]
async fn an_endpoint_that_hosts_components_names_them() {
    let world = hosting().await;
    let made = world.create(COMPONENT, &body(1, 1024)).await;
    let endpoint = world.import(ENDPOINT, "e").await.unwrap();
    let error = world.session.delete(ENDPOINT, &endpoint, &world.run).await.unwrap_err();
    assert!(error.detail.contains("Delete its inference components first: ic."), "{error}");
    // One that is already on its way out is waited for.
    world.ask("DeleteInferenceComponent", json!({"InferenceComponentName": "ic"})).await;
    world.delete(ENDPOINT, &endpoint).await;
    world.delete(COMPONENT, &made).await;
}

#[tokio::test]
async fn a_model_that_a_component_runs_is_not_deleted() {
    let world = hosting().await;
    let made = world.create(COMPONENT, &body(1, 1024)).await;
    let model = world.import(MODEL, "m").await.unwrap();
    let delete = async || world.session.delete(MODEL, &model, &world.run).await;
    let error = delete().await.unwrap_err();
    assert_eq!(error.summary, "Model \"m\" is in use");
    assert!(error.detail.contains("serves it: inference component \"ic\"."), "{error}");
    match world.replacing(MODEL, &model, &json!({"name": "m", "execution_role_arn": ROLE})).await.order {
        ReplaceOrder::SameName(same) => assert_eq!(same.users, ["inference component \"ic\""]),
        order => panic!("{order:?}"),
    }
    // Nor is it deleted when that cannot be seen, whatever looks is denied.
    for operation in [
        "ListEndpoints",
        "DescribeEndpoint",
        "DescribeEndpointConfig",
        "ListInferenceComponents",
        "DescribeInferenceComponent",
    ] {
        let denied = json!({"code": "AccessDeniedException", "message": "no"});
        world.faults(json!({"rules": [{"match": {"operation": operation}, "effect": {"error": denied}}]}));
        let error = delete().await.unwrap_err();
        assert!(error.detail.contains("cannot see what uses it"), "{error}");
        assert!(error.detail.contains(&format!("Allow the action sagemaker:{operation} in")), "{error}");
    }
    world.faults(json!({"rules": []}));
    assert_eq!(world.calls("DeleteModel"), 0);
    // A component on its way out is no user, though its endpoint stays.
    world.ask("DeleteInferenceComponent", json!({"InferenceComponentName": "ic"})).await;
    delete().await.unwrap();
    world.delete(COMPONENT, &made).await;
}

#[tokio::test]
async fn a_rolled_back_update_is_an_error() {
    let world = hosting().await;
    let made = world.create(COMPONENT, &body(1, 1024)).await;
    world.faults(
        json!({"rules": [{"match": {"operation": "UpdateInferenceComponent"}, "effect": {"failed_container": {}}}]}),
    );
    match world.try_update(COMPONENT, &made, &body(1, 4096)).await {
        UpdateOutcome::Partial(now, error) => {
            assert!(error.summary.contains("was rolled back"), "{error}");
            let specification = now.get("specification").and_then(|s| s.get_index(0)).unwrap();
            assert!(shown(specification).contains("1024"), "{}", shown(specification));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn components_are_checked_offline() {
    let world = world().await;
    let check = |specification: Json| {
        let body = json!({"name": "ic", "endpoint_name": "e", "specification": specification});
        world.validate(COMPONENT, &body).len()
    };
    let resources = json!({"min_memory_required_in_mb": 1024});
    assert_eq!(check(json!({"model_name": "m", "compute_resource_requirements": resources})), 0);
    assert_eq!(check(json!({"compute_resource_requirements": resources})), 1);
    assert_eq!(check(json!({"model_name": "m"})), 1);
    assert_eq!(check(json!({"base_inference_component_name": "b"})), 0);
    assert_eq!(world.validate(COMPONENT, &json!({"name": "ic", "endpoint_name": "e"})).len(), 1);
}

#[tokio::test]
async fn what_a_component_cannot_have_is_told_offline() {
    let world = world().await;
    let of = |image: &str| {
        json!({"name": "ic", "endpoint_name": "e", "variant_name": "v",
        "runtime_config": {"copy_count": 1}, "specification": {"container": {"image": image},
        "compute_resource_requirements": {"min_memory_required_in_mb": 1024}}})
    };
    let at = "specification[0].container[0].image";
    let refused = [format!("Error {at}: Invalid inference component")];
    assert_eq!(world.validate(COMPONENT, &of("myteam.myorg.com/i:1")), refused);
    assert_eq!(world.validate(COMPONENT, &of("123456789012.dkr.ecr.us-east-1.amazonaws.com/i:1")), [""; 0]);
    let elsewhere = world.plan(COMPONENT, None, &of("123456789012.dkr.ecr.eu-west-1.amazonaws.com/i:1")).await.unwrap();
    let told: Vec<&str> = elsewhere.diagnostics.iter().map(|told| told.summary.as_str()).collect();
    assert_eq!(told, ["Image of another region"]);
    let mut memory = body(1, 2048);
    memory["specification"]["compute_resource_requirements"]["max_memory_required_in_mb"] = json!(1024);
    let at = "specification[0].compute_resource_requirements[0].max_memory_required_in_mb";
    assert_eq!(world.validate(COMPONENT, &memory), [format!("Error {at}: Invalid inference component")]);
}

#[tokio::test]
async fn a_component_that_failed_since_is_told() {
    let world = hosting().await;
    let made = world.create(COMPONENT, &body(1, 1024)).await;
    let failed =
        made.update_at(&smform_types::Path::attribute("status").0, &mut |_| smform_types::Value::string("Failed"));
    let plan = world.plan(COMPONENT, Some(&failed), &body(1, 1024)).await.unwrap();
    let told: Vec<&str> = plan.diagnostics.iter().map(|told| told.summary.as_str()).collect();
    assert_eq!(told, ["Inference component \"ic\" does not serve"]);
}

#[tokio::test]
async fn an_interrupted_update_is_not_sent_a_second_time() {
    let world = hosting().await;
    let made = world.create(COMPONENT, &body(1, 1024)).await;
    let wanted = body(2, 2048);
    *world.run.cancel_at.lock().unwrap() = Some("Updating".to_owned());
    let outcome = world.try_update(COMPONENT, &made, &wanted).await;
    let UpdateOutcome::Partial(now, error) = outcome else { panic!("{outcome:?}") };
    assert!(error.under_way && error.detail.contains("run the command again to go on waiting"), "{error}");
    *world.run.cancel_at.lock().unwrap() = None;
    world.run.cancelled.store(false, Ordering::Relaxed);
    let now = world.update(COMPONENT, &now, &wanted).await;
    assert_eq!((world.calls("UpdateInferenceComponent"), world.calls("UpdateInferenceComponentRuntimeConfig")), (1, 0));
    // One that came to nothing is sent again.
    let rejected =
        json!({"match": {"operation": "UpdateInferenceComponent"}, "nth": 1, "effect": {"failed_container": {}}});
    world.faults(json!({"rules": [rejected]}));
    *world.run.cancel_at.lock().unwrap() = Some("Updating".to_owned());
    assert!(matches!(world.try_update(COMPONENT, &now, &body(2, 4096)).await, UpdateOutcome::Partial(..)));
    *world.run.cancel_at.lock().unwrap() = None;
    world.run.cancelled.store(false, Ordering::Relaxed);
    world.update(COMPONENT, &now, &body(2, 4096)).await;
    assert_eq!(world.calls("UpdateInferenceComponent"), 3);
}

#[tokio::test]
async fn an_update_whose_answer_was_lost_is_waited_for() {
    let world = hosting().await;
    let made = world.create(COMPONENT, &body(1, 1024)).await;
    let operation = "UpdateInferenceComponentRuntimeConfig";
    world.faults(json!({"rules": [{"match": {"operation": operation}, "nth": 1, "effect": "lost_reply"}]}));
    world.update(COMPONENT, &made, &body(2, 1024)).await;
    // The attempt that was told that one is under way.
    assert_eq!(world.calls(operation), 2);
}
