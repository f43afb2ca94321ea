use serde_json::json;
use smform_provider::{CreateOutcome, Retry};

use crate::support::{CONFIG, ENDPOINT, MODEL, config_body, endpoint_body, model_body, serving, world};

async fn refused(code: &str, message: &str, status: u16) -> smform_provider::ProviderError {
    let world = world().await;
    let planned = world.plan(MODEL, None, &model_body("m")).await.unwrap().planned;
    world.faults(json!({"rules": [{"match": {"operation": "CreateModel"},
        "effect": {"error": {"code": code, "message": message, "status": status}}}]}));
    match world.session.create(MODEL, &planned, &world.run).await {
        CreateOutcome::Failed(error) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    for (code, message, advice) in [
        ("AccessDeniedException", "User: x is not authorized", "Allow the action sagemaker:CreateModel"),
        ("ExpiredTokenException", "The security token included in the request is expired", "aws sso login"),
        (
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
            "get-caller-identity",
        ),
        ("InvalidSignatureException", "Signature expired", "clock of this machine"),
    ] {
        let error = refused(code, message, 400).await;
        assert!(error.detail.starts_with(message) && error.detail.contains(advice), "{error}");
        assert_eq!((error.operation, error.code.as_deref()), (Some("CreateModel"), Some(code)));
        assert!(error.request_id.is_some());
        assert_eq!(error.retry, Retry::Never);
    }
}

#[tokio::test]
async fn throttling_is_waited_out_and_in_the_end_told() {
    let world = world().await;
    world.faults(
        json!({"rules": [{"match": {"operation": "CreateModel"}, "nth": 1, "times": 5, "effect": "throttle"}]}),
    );
    world.create(MODEL, &model_body("m")).await;
    let error = refused("ThrottlingException", "Rate exceeded", 400).await;
    assert!(error.detail.contains("request rate"), "{error}");
    assert_eq!(error.retry, Retry::Later);
}

#[tokio::test]
async fn a_cut_connection_is_told_as_such() {
    let world = world().await;
    let planned = world.plan(MODEL, None, &model_body("m")).await.unwrap().planned;
    world.faults(json!({"rules": [{"match": {"operation": "CreateModel"}, "effect": "drop_before"}]}));
    match world.session.create(MODEL, &planned, &world.run).await {
        CreateOutcome::Failed(error) => {
            assert!(error.detail.starts_with("SageMaker did not answer"), "{error}");
            assert_eq!(error.retry, Retry::Later);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_refused_creation_is_told_at_the_argument_that_it_is_about() {
    let (world, _) = serving().await;
    let mut image = model_body("x");
    image["primary_container"] = json!({"image": "myteam.myorg.com/i:1"});
    let elsewhere = json!({"service_namespace": "sagemaker", "resource_id": "endpoint/e/variant/Other",
        "scalable_dimension": "sagemaker:variant:DesiredInstanceCount", "min_capacity": 1, "max_capacity": 2});
    for (ty, body, at) in [
        (MODEL, image, "primary_container[0].image"),
        (CONFIG, config_body("x", "missing", 1), "production_variants[0].model_name"),
        (ENDPOINT, endpoint_body("x", "missing"), "endpoint_config_name"),
        ("aws_appautoscaling_target", elsewhere, "resource_id"),
    ] {
        match world.try_create(ty, &body).await {
            CreateOutcome::Failed(error) => {
                assert_eq!(error.attribute.as_ref().map(ToString::to_string).as_deref(), Some(at), "{error}");
            }
            other => panic!("{ty}: {other:?}"),
        }
    }
}
