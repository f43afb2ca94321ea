use serde_json::json;
use smform_provider::{CreateOutcome, PlannedObject, UpdateOutcome};
use smform_types::Value;

use crate::support::{ENDPOINT, endpoint_body, shown, world};

const GROUP: &str = "aws_cloudwatch_log_group";
const NAME: &str = "/aws/sagemaker/Endpoints/e";

#[tokio::test]
async fn a_log_group_lives() {
    let world = world().await;
    let key = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000";
    let body = json!({"name": NAME, "retention_in_days": 30, "kms_key_id": key, "tags": {"a": "1"}});
    let made = world.create(GROUP, &body).await;
    let text = |name: &str| made.get(name).and_then(Value::as_str).unwrap_or_default();
    assert_eq!((text("id"), text("log_group_class")), (NAME, "STANDARD"));
    assert_eq!(text("arn"), format!("arn:aws:logs:us-east-1:123456789012:log-group:{NAME}"));
    assert_eq!(shown(&world.import(GROUP, NAME).await.unwrap()), shown(&made));
    match world.try_create(GROUP, &body).await {
        CreateOutcome::Failed(error) => assert!(error.detail.contains("by itself"), "{error}"),
        other => panic!("{other:?}"),
    }
    let made = world.update(GROUP, &made, &json!({"name": NAME, "tags": {"b": "2"}})).await;
    assert_eq!(world.calls("DeleteRetentionPolicy"), 1);
    assert_eq!(world.calls("DisassociateKmsKey"), 1);
    world.delete(GROUP, &made).await;
    assert!(world.import(GROUP, NAME).await.is_none());
}

#[tokio::test]
async fn a_group_that_is_to_stay_is_only_forgotten() {
    let world = world().await;
    let made = world.create(GROUP, &json!({"name": NAME, "skip_destroy": true})).await;
    world.session.delete(GROUP, &made, &world.run).await.unwrap();
    assert!(world.import(GROUP, NAME).await.is_some());
}

#[tokio::test]
async fn the_class_that_keeps_logs_for_two_days_shows_no_change() {
    let world = world().await;
    let body = json!({"name_prefix": "a-", "log_group_class": "DELIVERY"});
    let made = world.create(GROUP, &body).await;
    let read = world.session.read(GROUP, &made, &world.run).await.unwrap().unwrap();
    assert_eq!(shown(&read), shown(&made));
    assert_eq!(world.calls("PutRetentionPolicy"), 0);
}

#[tokio::test]
async fn the_group_of_a_new_endpoint_comes_before_that() {
    let world = world().await;
    let endpoint = world.plan(ENDPOINT, None, &endpoint_body("e", "c")).await.unwrap().planned;
    let plan = [PlannedObject { type_name: ENDPOINT.into(), before: None, after: Some(endpoint) }];
    let told = async |name: &str| -> Vec<String> {
        let found = world.review(GROUP, &json!({ "name": name }), &plan).await;
        found.into_iter().map(|found| found.detail).collect()
    };
    assert!(told(NAME).await.is_empty(), "nothing says that it comes after");
    *world.run.after.lock().unwrap() = Some(ENDPOINT);
    let [warning] = &told(NAME).await[..] else { panic!("no warning") };
    assert!(warning.contains("It comes after endpoint \"e\"") && warning.contains("depends_on"), "{warning}");
    assert!(told("/aws/sagemaker/Endpoints/other").await.is_empty() && told("/app/e").await.is_empty());
}

#[tokio::test]
async fn an_operation_that_is_under_way_is_waited_for_and_a_partial_creation_is_kept() {
    let world = world().await;
    let busy = json!({"code": "OperationAbortedException", "message": "A conflicting operation is in progress."});
    let refused = json!({"code": "AccessDeniedException", "message": "not allowed"});
    world.faults(json!({"rules": [
        {"match": {"operation": "CreateLogGroup"}, "nth": 1, "effect": {"error": busy}},
        {"match": {"operation": "PutRetentionPolicy"}, "nth": 1, "effect": {"error": refused}},
    ]}));
    let body = json!({"name": NAME, "retention_in_days": 7});
    let made = match world.try_create(GROUP, &body).await {
        CreateOutcome::Partial(made, error) => {
            assert!(error.summary.contains("given its retention"), "{error}");
            made
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(world.calls("CreateLogGroup"), 2);
    let read = world.session.read(GROUP, &made, &world.run).await.unwrap().unwrap();
    match world.try_update(GROUP, &read, &body).await {
        UpdateOutcome::Complete(now) => assert_eq!(now.get("retention_in_days"), Some(&Value::number(7))),
        other => panic!("{other:?}"),
    }
}
