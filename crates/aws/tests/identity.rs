use std::sync::Arc;

use serde_json::{Value as Json, json};
use smform_aws::{Settings, provider};
use smform_provider::{Identity, Provider, Session, SystemClock};
use smform_sandbox::{Options, Sandbox};
use smform_types::Diagnostics;

use crate::support::{InProcess, MODEL, from_json, model_body, place, world, world_with};

async fn configure(block: Json) -> Result<Arc<dyn Session>, Diagnostics> {
    configure_with(block, json!({"rules": []})).await
}

async fn configure_with(block: Json, faults: Json) -> Result<Arc<dyn Session>, Diagnostics> {
    let faults = serde_json::from_value(faults).unwrap();
    let sandbox = Sandbox::open(Options { faults, ..Options::default() }).unwrap();
    let provider = provider(Settings { transport: Some(Arc::new(InProcess(sandbox))), ..Settings::default() });
    let config = from_json(&provider.schema().block, &block);
    provider.configure(config, Arc::new(SystemClock)).await
}

#[tokio::test]
async fn a_session_knows_whose_objects_it_works_on() {
    let identity = |account: &str, region: &str| Identity { account: account.to_owned(), region: region.to_owned() };
    let session = configure(json!({})).await.unwrap();
    assert_eq!(session.identity(), Some(identity("123456789012", "us-east-1")));
    let session = configure(json!({"region": "eu-west-1", "allowed_account_ids": ["123456789012"]})).await.unwrap();
    assert_eq!(session.identity(), Some(identity("123456789012", "eu-west-1")));
    assert_eq!(configure(json!({"skip_requesting_account_id": true})).await.unwrap().identity(), None);
}

#[tokio::test]
async fn the_wrong_account_or_region_is_refused_at_its_place() {
    for (block, at, text) in [
        (json!({"allowed_account_ids": ["111111111111"]}), "allowed_account_ids", "belong to account 123456789012"),
        (json!({"forbidden_account_ids": ["123456789012"]}), "forbidden_account_ids", "forbidden here"),
        (json!({"region": "us-east-1a"}), "region", "Its region is \"us-east-1\""),
    ] {
        let errors = configure(block).await.err().unwrap();
        let first = errors.iter().next().unwrap();
        assert_eq!(place(first), at);
        assert!(first.detail.contains(text), "{first:?}");
    }
}

#[tokio::test]
async fn what_knows_no_identities_is_used_without_unless_they_are_guarded() {
    let unknown = json!({"code": "InvalidAction", "message": "GetCallerIdentity is unknown"});
    let faults = json!({"rules": [{"match": {"operation": "GetCallerIdentity"}, "effect": {"error": unknown}}]});
    assert_eq!(configure_with(json!({}), faults.clone()).await.unwrap().identity(), None);
    assert!(configure_with(json!({"allowed_account_ids": ["123456789012"]}), faults).await.is_err());
}

#[tokio::test]
async fn an_object_of_another_account_or_region_is_not_looked_for() {
    let world = world().await;
    let made = world.create(MODEL, &model_body("m")).await;
    let calls = world.calls("DescribeModel");
    let text = |value: &str| smform_types::Value::string(value);
    let with =
        |name: &str, value: &str| made.clone().update_at(&smform_types::Path::attribute(name).0, &mut |_| text(value));
    let theirs = with("arn", "arn:aws:sagemaker:us-east-1:999999999999:model/m");
    let error = world.session.read(MODEL, &theirs, &world.run).await.unwrap_err();
    assert_eq!(error.summary, "Wrong AWS account");
    assert!(error.detail.contains("999999999999") && error.detail.contains("123456789012"), "{error}");
    assert_eq!(world.calls("DescribeModel"), calls);
    // The region comes from nowhere in particular here.
    let plan = world.plan(MODEL, Some(&with("region", "eu-west-1")), &model_body("m")).await.unwrap();
    assert!(plan.diagnostics.iter().any(|found| found.summary == "Wrong AWS region"), "{:?}", plan.diagnostics);
    // What is written is meant.
    let world = world_with(json!({"region": "us-east-1"})).await;
    let plan = world.plan(MODEL, Some(&with("region", "eu-west-1")), &model_body("m")).await.unwrap();
    assert!(!plan.diagnostics.has_errors() && !plan.replace.is_empty(), "{:?}", plan.diagnostics);
}
