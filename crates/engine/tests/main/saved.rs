//! Saved plans: read back as written, refused when changed.

use std::sync::Arc;

use smform_engine::apply::RunOutcome;
use smform_engine::plan::walk::Options;
use smform_engine::snapshot::Recording;
use smform_engine::workflow::saved::{Basis, read, write};
use smform_engine::workflow::{World, apply};
use smform_types::{Type, Value};

use crate::support::Bench;

const TEXT: &str = r#"
    variable "image" { default = "a" }
    resource "test_thing" "model" {
      name_prefix = "model-"
      image       = var.image
      password    = "secret"
    }
    resource "test_thing" "endpoint" {
      name = "endpoint"
      uses = [test_thing.model.name]
    }
    output "uses" { value = test_thing.endpoint.uses[0] }
"#;

fn basis() -> Basis {
    Basis { lineage: "l".to_owned(), serial: 3, beyond: None, workspace: "default".to_owned(), sandbox: false }
}

#[tokio::test]
async fn a_saved_plan_is_applied_without_the_files_it_was_made_from() {
    let bench = Bench::new();
    let recording = Arc::new(Recording::new(Arc::new(Bench::host(&[("main.tf", TEXT)]))));
    let (world, project, planned, found) = bench.plan_host(recording.clone(), &Options::default()).await;
    assert!(!found.has_errors(), "{found:#?}");
    let (text, digest) = write(&project, &planned, &[], &recording.snapshot(), &basis());

    let saved = read(&text).expect("reads back");
    assert_eq!((saved.digest.as_str(), &saved.basis), (digest.as_str(), &basis()));
    let replay = World { host: Arc::new(saved.files.clone()), ..world };
    let (project, opened) = saved.open(&replay, bench.record.lock().await.stored()).expect("opens");
    for (object, change) in &planned.plan.changes {
        let again = opened.plan.changes.get(object).expect("is in the saved plan");
        assert_eq!((again.action, &again.before, &again.after), (change.action, &change.before, &change.after));
        assert_eq!((&again.dependencies, &again.provider), (&change.dependencies, &change.provider));
    }
    assert_eq!(opened.plan.changes.len(), planned.plan.changes.len());
    let outcome = apply(&replay, &project, &opened, bench.record.clone(), 10).await;
    assert!(matches!(&outcome, RunOutcome::Completed(report) if !report.diagnostics.has_errors()), "{outcome:#?}");
    assert_eq!(bench.service.calls(), ["create model-1", "create endpoint"]);
    assert_eq!(bench.actions(TEXT).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_changed_or_foreign_plan_is_refused() {
    let bench = Bench::new();
    let recording = Arc::new(Recording::new(Arc::new(Bench::host(&[("main.tf", TEXT)]))));
    let (_, project, planned, _) = bench.plan_host(recording.clone(), &Options::default()).await;
    let (text, _) = write(&project, &planned, &[], &recording.snapshot(), &basis());
    for wrong in [
        text.replace("\"model-\"", "\"other-\""),
        text.replace("\"serial\":3", "\"serial\":4"),
        text.chars().take(text.len() / 2).collect(),
        "{}".to_owned(),
        "PK\u{3}\u{4}".to_owned(),
    ] {
        assert!(read(&wrong).is_err(), "{}", wrong.chars().take(200).collect::<String>());
    }
}

/// Applies a plan that was saved, after something has happened in between; what was called, and the errors.
async fn applied_after(between: impl Fn(&Bench)) -> (Vec<String>, Vec<String>) {
    let text = |size: u32, image: &str| {
        format!(
            "resource \"test_thing\" \"model\" {{\n name_prefix = \"model-\"\n image = \"{image}\"\n }}\nresource \"test_thing\" \"other\" \
             {{\n name = \"other\"\n parent = \"{image}\"\n size = {size}\n }}"
        )
    };
    let bench = Bench::new();
    bench.converge(&text(1, "a").replace("parent = \"a\"", "parent = \"x\"")).await;
    bench.service.forget_calls();
    let files = text(2, "b").replace("parent = \"b\"", "parent = \"x\"");
    let recording = Arc::new(Recording::new(Arc::new(Bench::host(&[("main.tf", files)]))));
    let (world, project, planned, found) = bench.plan_host(recording.clone(), &Options::default()).await;
    assert!(!found.has_errors(), "{found:#?}");
    let (saved, _) = write(&project, &planned, &[], &recording.snapshot(), &basis());
    let saved = read(&saved).expect("reads back");
    between(&bench);
    let replay = World { host: Arc::new(saved.files.clone()), ..world };
    let (project, opened) = saved.open(&replay, bench.record.lock().await.stored()).expect("opens");
    let report = apply(&replay, &project, &opened, bench.record.clone(), 10).await.into_report();
    let errors = report.diagnostics.iter().filter(|error| error.is_error());
    let errors = errors.map(|error| format!("{}: {}", error.summary, error.detail)).collect();
    (bench.service.calls(), errors)
}

#[tokio::test]
async fn a_saved_plan_does_not_undo_unseen_what_somebody_else_has_done_since() {
    let (calls, errors) = applied_after(|bench| bench.service.resize("other", 7)).await;
    assert!(calls.is_empty(), "{calls:?}");
    let [error] = errors.as_slice() else { panic!("{errors:#?}") };
    let told = "Saved plan is stale: test_thing.other was changed by somebody else: size is no longer what it was";
    assert!(error.starts_with(told) && error.contains("plan again"), "{error}");
    let (calls, errors) = applied_after(|bench| bench.service.lose("other")).await;
    assert!(calls.is_empty() && errors[0].contains("It is gone."), "{calls:?} {errors:?}");
    let (calls, errors) = applied_after(|bench| bench.service.lead("other", "elsewhere")).await;
    let told = "It is moving to elsewhere, as it was not when the plan was made.";
    assert!(calls.is_empty() && errors[0].contains(told), "{calls:?} {errors:?}");
    // What the plan does not change, or is as it is to be already, is nobody's loss.
    for nothing in [("size", Value::number(2)), ("tags", Value::map(Type::String, [("a", Value::string("b"))]))] {
        let (calls, errors) = applied_after(|bench| bench.service.assign("other", nothing.0, &nothing.1)).await;
        assert!(errors.is_empty() && calls.contains(&"update other".to_owned()), "{calls:?} {errors:?}");
    }
}
