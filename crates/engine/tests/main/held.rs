//! What is in use goes on being used: it is not deleted under what names it, and what nothing uses goes at once.

use smform_engine::plan::walk::Options;

use crate::support::Bench;

/// A model, a configuration that names it, and an endpoint that has that, each by text.
fn text(model: &str, config: &str, served: &str, rule: &str) -> String {
    let model = if model.is_empty() {
        String::new()
    } else {
        format!("resource \"test_thing\" \"model\" {{\n  name = \"{model}\"\n}}\n")
    };
    let config = if config.is_empty() {
        String::new()
    } else {
        format!("resource \"test_thing\" \"config\" {{\n  name   = \"{config}\"\n  parent = \"m-1\"\n}}\n")
    };
    format!(
        "{model}{config}resource \"test_thing\" \"endpoint\" {{\n  name = \"endpoint\"\n  uses = [\"{served}\"]\n  {rule}\n}}\n"
    )
}

#[tokio::test]
async fn what_an_object_goes_on_using_by_its_name_is_not_destroyed() {
    let bench = Bench::new();
    bench.converge(&text("m-1", "cfg-1", "cfg-1", "")).await;
    // Its block is gone.
    let errors = bench.errors(&text("m-1", "", "cfg-1", "")).await;
    let [error] = &errors[..] else { panic!("{errors:#?}") };
    for part in [
        "main.tf:6: What is in use would be destroyed: test_thing.endpoint goes on using test_thing.config \"cfg-1\"",
        "Keep the block of test_thing.config",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
    // It gets another name.
    let errors = bench.errors(&text("m-1", "cfg-2", "cfg-1", "")).await;
    let [error] = &errors[..] else { panic!("{errors:#?}") };
    assert!(error.contains("moves to the new one") && error.contains("test_thing.config.name"), "{error}");
    // What is used by what is used.
    let errors = bench.errors(&text("", "cfg-1", "cfg-1", "")).await;
    let [error] = &errors[..] else { panic!("{errors:#?}") };
    assert!(
        error.starts_with("main.tf:3: ") && error.contains("test_thing.config goes on using test_thing.model"),
        "{error}"
    );
    // Not where nothing uses that, and not what only leaves the state.
    bench.converge("resource \"test_thing\" \"config\" {\n name = \"cfg-1\"\n parent = \"m-1\"\n }").await;
    let bench = Bench::new();
    bench.converge(&text("m-1", "cfg-1", "cfg-1", "")).await;
    let forgotten = "removed {\n from = test_thing.config\n lifecycle { destroy = false }\n }\n";
    bench.converge(&format!("{}{forgotten}", text("m-1", "", "cfg-1", ""))).await;
    assert_eq!(bench.service.names(), ["cfg-1", "endpoint", "m-1"]);
}

#[tokio::test]
async fn what_an_object_uses_that_ignores_the_change_stays() {
    let bench = Bench::new();
    let text = |version: u32, rule: &str| {
        format!(
            r#"
            resource "test_thing" "model" {{ name = "m-{version}" }}
            resource "test_thing" "config" {{
              name   = "cfg-{version}"
              parent = test_thing.model.name
            }}
            resource "test_thing" "endpoint" {{
              name = "endpoint"
              uses = [test_thing.config.name]
              {rule}
            }}
            "#
        )
    };
    let ignoring = "lifecycle { ignore_changes = [uses] }";
    bench.converge(&text(1, ignoring)).await;
    bench.service.forget_calls();
    let (_, _, planned, found) = bench.plan(&text(2, ignoring), &Options::default()).await;
    let told: Vec<&str> = found.iter().map(|found| found.summary.as_str()).collect();
    assert_eq!((told, planned.plan.counts().destroy), (vec!["What is replaced stays in use"], 0));
    let (_, _, _, all) = bench.plan(&text(2, "lifecycle { ignore_changes = all }"), &Options::default()).await;
    let way_out = [found, all].map(|found| found.iter().map(|one| one.detail.clone()).collect::<String>());
    assert!(way_out[0].contains("take uses[0] out of ignore_changes"), "{}", way_out[0]);
    assert!(way_out[1].contains("name what it is to ignore in place of all, without uses[0]"), "{}", way_out[1]);
    // Nor does it stand in the way of what follows.
    for version in [2, 3] {
        bench.converge(&text(version, ignoring)).await;
    }
    assert_eq!(
        bench.service.calls(),
        ["create m-2", "create cfg-2", "create m-3", "create cfg-3", "delete cfg-2", "delete m-2"]
    );
    assert_eq!(bench.service.names(), ["cfg-1", "cfg-3", "endpoint", "m-1", "m-3"]);
    // It goes when it is left.
    bench.converge(&text(3, "")).await;
    assert_eq!(bench.service.names(), ["cfg-3", "endpoint", "m-3"]);
}

#[tokio::test]
async fn what_never_served_goes_although_the_next_rollout_fails_as_well() {
    let bench = Bench::new();
    let text = |version: u32| {
        format!(
            r#"
            resource "test_thing" "model" {{
              name_prefix = "m{version}-"
            }}
            resource "test_thing" "config" {{
              name_prefix = "cfg-"
              parent      = test_thing.model.name
            }}
            resource "test_thing" "endpoint" {{
              name = "endpoint"
              uses = [test_thing.config.name]
            }}
            "#
        )
    };
    bench.converge(&text(1)).await;
    bench.service.fail("update", "endpoint");
    for version in 2..6 {
        assert!(bench.apply(&text(version)).await.diagnostics.has_errors());
        // What serves, and what was to serve.
        assert_eq!(bench.service.names().len(), 5, "{:?}", bench.service.names());
    }
    bench.service.heal();
    bench.converge(&text(6)).await;
    assert_eq!(bench.service.names().len(), 3, "{:?}", bench.service.names());
    // Something of which nobody knows what it uses may use it.
    let other = "resource \"terraform_data\" \"other\" {\n input = test_thing.config.name\n }";
    let bench = Bench::new();
    bench.converge(&format!("{}{other}", text(1))).await;
    bench.service.fail("update", "endpoint");
    for version in 2..4 {
        assert!(bench.apply(&format!("{}{other}", text(version))).await.diagnostics.has_errors());
    }
    assert_eq!(bench.service.names().len(), 7, "{:?}", bench.service.names());
}

#[tokio::test]
async fn what_targets_leave_out_goes_on_using_what_was_set_aside() {
    let bench = Bench::new();
    let text = |version: u32| {
        format!(
            "resource \"test_thing\" \"model\" {{\n  name = \"m-{version}\"\n}}\n\
             resource \"test_thing\" \"config\" {{\n  name   = \"cfg-{version}\"\n  parent = test_thing.model.name\n}}\n\
             resource \"test_thing\" \"endpoint\" {{\n  name = \"endpoint\"\n  uses = [test_thing.config.name]\n}}\n"
        )
    };
    bench.converge(&text(1)).await;
    bench.service.fail("update", "endpoint");
    assert!(bench.apply(&text(2)).await.diagnostics.has_errors());
    bench.service.heal();
    bench.service.forget_calls();
    let only_model = Options { targets: vec!["test_thing.model".parse().unwrap()], ..Options::default() };
    // What was set aside serves, and so does what is replaced in front of what serves.
    for (version, calls) in [(2, &[][..]), (3, &["create m-3", "delete m-2"])] {
        let (_, _, _, found) = bench.plan(&text(version), &only_model).await;
        let [warning] = &found.iter().collect::<Vec<_>>()[..] else { panic!("{found:#?}") };
        for object in
            ["test_thing.model (deposed object 00000001) \"m-1\"", "test_thing.config (deposed object 00000002)"]
        {
            assert!(warning.detail.contains(object), "{object}: {warning:#?}");
        }
        assert!(!bench.apply_with(&text(version), &only_model).await.diagnostics.has_errors());
        assert_eq!(bench.service.calls(), calls, "{version}");
    }
    // What nobody uses goes, since a target names it.
    assert_eq!(bench.service.names(), ["cfg-1", "cfg-2", "endpoint", "m-1", "m-3"]);
    bench.converge(&text(3)).await;
    assert_eq!(bench.service.names(), ["cfg-3", "endpoint", "m-3"]);
}
