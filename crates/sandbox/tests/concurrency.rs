//! Many clients at once.

use serde_json::json;

use crate::support::{Client, model_input};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_creates_wins_and_nothing_is_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("s.json");
    let aws = Client::open(smform_sandbox::Options { path: Some(path.clone()), ..Default::default() });
    let tasks: Vec<_> = (0..64)
        .map(|number| {
            let aws = aws.clone();
            tokio::spawn(async move {
                let own = aws.call("CreateModel", model_input(&format!("own-{number}"))).await.is_ok();
                let shared = aws.call("CreateModel", model_input("shared")).await.is_ok();
                aws.ok("ListModels", json!({"MaxResults": 100})).await;
                (own, shared)
            })
        })
        .collect();
    let mut winners = 0;
    for task in tasks {
        let (own, shared) = task.await.expect("no panic");
        assert!(own);
        winners += usize::from(shared);
    }
    assert_eq!(winners, 1);
    drop(aws);
    let again = Client::open(smform_sandbox::Options { path: Some(path), ..Default::default() });
    let listed = again.ok("ListModels", json!({"MaxResults": 100})).await;
    assert_eq!(listed["Models"].as_array().map(Vec::len), Some(65));
}

#[tokio::test]
async fn latency_of_one_call_does_not_hold_up_another() {
    let aws =
        Client::with_faults(json!({"rules": [{"match": {"name": "slow"}, "effect": {"latency": {"seconds": 60}}}]}));
    let slow = tokio::spawn({
        let aws = aws.clone();
        async move { aws.ok("CreateModel", model_input("slow")).await }
    });
    tokio::task::yield_now().await;
    aws.ok("CreateModel", model_input("quick")).await;
    assert!(!slow.is_finished());
    aws.advance(60.0);
    slow.await.expect("no panic");
}
