//! A wish to stop, while a provider does not answer.

use smform_engine::plan::walk::Options;
use smform_engine::workflow::apply;

use crate::support::Bench;

const THING: &str = "resource \"test_thing\" \"a\" { name = \"a\" }";

/// The errors of a plan that the user stops while it waits.
async fn stopped(bench: &Bench) -> Vec<String> {
    let (errors, ()) = tokio::join!(bench.errors(THING), async {
        tokio::task::yield_now().await;
        bench.cancel.cancel();
    });
    errors
}

#[tokio::test]
async fn connecting_is_given_up() {
    let bench = Bench::new();
    bench.service.fall_silent("configure");
    assert_eq!(stopped(&bench).await, ["Interrupted: The plan was not finished. Nothing was changed."]);
}

#[tokio::test]
async fn reading_is_given_up() {
    let bench = Bench::new();
    bench.converge(THING).await;
    bench.service.fall_silent("read");
    assert_eq!(stopped(&bench).await, ["Interrupted: The plan was not finished. Nothing was changed."]);
}

#[tokio::test]
async fn an_apply_that_cannot_connect_does_nothing() {
    let bench = Bench::new();
    let (world, project, mut planned, found) = bench.plan(THING, &Options::default()).await;
    assert!(!found.has_errors(), "{found:#?}");
    // A saved plan comes without connections.
    planned.sessions.clear();
    bench.service.fall_silent("configure");
    let (outcome, ()) = tokio::join!(apply(&world, &project, &planned, bench.record.clone(), 10), async {
        tokio::task::yield_now().await;
        bench.cancel.cancel();
    });
    let report = outcome.into_report();
    assert!(!report.diagnostics.has_errors() && report.skipped.len() == 1, "{:?}", report.diagnostics);
    assert!(bench.service.calls().is_empty());
}
