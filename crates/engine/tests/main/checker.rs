//! The plan checker notices plans that no apply may obey.

use smform_engine::check::violations;
use smform_engine::plan::steps::StepGraph;
use smform_engine::plan::walk::Options;
use smform_engine::plan::{Action, Replacement};

use crate::support::Bench;

const TEXT: &str = r#"
    resource "test_thing" "model" {
      name_prefix = "model-"
      image       = "IMAGE"
    }
    resource "test_thing" "endpoint" {
      name = "endpoint"
      uses = [test_thing.model.name]
    }
"#;

#[tokio::test]
async fn sound_plans_pass_and_broken_ones_are_named() {
    let bench = Bench::new();
    bench.converge(&TEXT.replace("IMAGE", "a")).await;
    let (_, _, planned, found) = bench.plan(&TEXT.replace("IMAGE", "b"), &Options::default()).await;
    assert!(!found.has_errors());
    let sound = planned.plan;
    assert_eq!(violations(&sound), Vec::<String>::new());

    let mut without_steps = sound.clone();
    without_steps.steps = StepGraph::default();
    assert!(violations(&without_steps).iter().any(|violation| violation.contains("missing")));

    let mut out_of_order = sound.clone();
    for change in out_of_order.changes.values_mut() {
        if let Action::Replace(order) = &mut change.action {
            *order = Replacement::DeleteFirst;
        }
    }
    assert!(!violations(&out_of_order).is_empty());

    let mut nothing_known = sound;
    nothing_known.changes.values_mut().for_each(|change| change.before = None);
    assert!(violations(&nothing_known).iter().any(|violation| violation.contains("nothing is known")));
}
