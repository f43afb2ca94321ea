use std::sync::Arc;

use serde_json::{Value as Json, json};
use smform_aws::{Settings, provider};
use smform_provider::{Identity, Provider, Session, SystemClock};
use smform_sandbox::{Options, Sandbox};
use smform_types::Diagnostics;

use crate::support::{InProcess, from_json, place};

async fn configure(block: Json) -> Result<Arc<dyn Session>, Diagnostics> {
    let sandbox = Sandbox::open(Options::default()).unwrap();
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
