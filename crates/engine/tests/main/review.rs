//! Judging an object beside the rest of a run: in the plan, and again when everything is known.

use crate::support::Bench;

const TEXT: &str = r#"
resource "test_thing" "a" { name_prefix = "a-" }
resource "test_thing" "b" {
  name = "b"
  uses = [test_thing.a.id]
}
resource "test_thing" "c" {
  name       = "c"
  uses       = [test_thing.a.id]
  depends_on = [test_thing.b]
}
"#;

#[tokio::test]
async fn what_is_known_only_while_applying_is_judged_then() {
    let bench = Bench::new();
    bench.service.judge();
    bench.service.fail("use", "a-1");
    let report = bench.apply(TEXT).await;
    let told: Vec<_> = report.diagnostics.iter().map(|one| (one.summary.as_str(), one.span.is_some())).collect();
    assert_eq!(told, [("Cannot use a-1", true)], "{:#?}", report.diagnostics);
    assert_eq!(bench.service.calls(), ["create a-1"], "the call that would have failed was not made");
    let judged = bench.service.judged();
    let of_b = judged.iter().filter(|line| line.starts_with("b ")).collect::<Vec<_>>();
    assert_eq!(
        of_b,
        ["b uses [?] beside [?, b uses [?], c uses [?]]", "b uses [a-1] beside [a-1, b uses [a-1], c uses [a-1]]"],
        "what is still to be made is seen with what is known by now"
    );
    bench.service.heal();
    bench.converge(TEXT).await;
    assert_eq!(bench.service.names(), ["a-1", "b", "c"]);
}

#[tokio::test]
async fn what_came_to_nothing_is_not_seen() {
    let bench = Bench::new();
    bench.service.judge();
    bench.service.fail("create", "a");
    let text = r#"
        resource "test_thing" "a" {
          name = "a"
        }
        resource "test_thing" "b" { name_prefix = "b-" }
        resource "test_thing" "between" {
          name = "between"
          uses = [test_thing.b.id]
        }
        resource "test_thing" "c" {
          name = "c"
          uses = [test_thing.between.id]
        }
    "#;
    let report = bench.apply(text).await;
    assert!(report.diagnostics.has_errors());
    assert_eq!(
        bench.service.judged().last().map(String::as_str),
        Some("c uses [between] beside [b-1, between uses [b-1], c uses [between]]")
    );
    // What does not change is not looked at again; an update is, and sees what it changes.
    bench.service.heal();
    bench.converge(text).await;
    let before = bench.service.judged().len();
    bench.apply(&text.replace("name = \"a\"", "name = \"a\"\n size = 2")).await;
    let judged = bench.service.judged().split_off(before);
    assert_eq!(judged.last().map(String::as_str), Some("a beside [a]"), "{judged:?}");
}
