//! Create, update, replace in both orders, delete; failures in part; drift.

use smform_engine::apply::record::Record;
use smform_engine::plan::relevant::notable_drift;
use smform_engine::plan::walk::Options;
use smform_engine::plan::{Mode, ObjectKey};
use smform_provider::Provider;
use smform_types::{Path, ResourceMode, Value};

use crate::support::Bench;

/// Three things that use each other, as model, endpoint configuration and endpoint do.
fn chain(image: &str) -> String {
    format!(
        r#"
        resource "test_thing" "model" {{
          name_prefix = "model-"
          image       = "{image}"
        }}
        resource "test_thing" "config" {{
          name_prefix = "config-"
          parent      = test_thing.model.name
        }}
        resource "test_thing" "endpoint" {{
          name = "endpoint"
          uses = [test_thing.config.name]
        }}
        output "uses" {{
          value = test_thing.endpoint.uses[0]
        }}
        "#
    )
}

#[tokio::test]
async fn drift_of_what_the_service_computes_is_news_when_something_refers_to_it() {
    let bench = Bench::new();
    let thing = "resource \"test_thing\" \"a\" { name_prefix = \"a-\" }";
    let with_output = format!("{thing}\noutput \"name\" {{ value = test_thing.a.name }}");
    bench.converge(thing).await;
    let told = async |text: &str| {
        let (world, _, planned, found) = bench.plan(text, &Options::default()).await;
        assert!(!found.has_errors(), "{found:#?}");
        (planned.plan.drift.len(), notable_drift(&planned.plan, &world.providers).count())
    };
    bench.service.assign("a-1", "name", &Value::string("b"));
    assert_eq!(told(thing).await, (1, 0));
    assert_eq!(told(&with_output).await, (1, 1));
    bench.service.resize("a-1", 5);
    assert_eq!(told(thing).await, (1, 1));
    bench.service.lose("a-1");
    assert_eq!(told(thing).await, (1, 1));
}

#[tokio::test]
async fn a_chain_is_created_in_order_and_then_left_alone() {
    let bench = Bench::new();
    let report = bench.converge(&chain("a")).await;
    assert_eq!(bench.service.calls(), ["create model-1", "create config-2", "create endpoint"]);
    assert_eq!((report.done.add, report.done.change, report.done.destroy), (3, 0, 0));
    assert_eq!(report.outputs.get("uses"), Some(&Value::string("config-2")));
}

#[tokio::test]
async fn a_changed_image_rolls_out_without_a_gap() {
    let bench = Bench::new();
    bench.converge(&chain("a")).await;
    bench.service.forget_calls();
    assert_eq!(
        bench.actions(&chain("b")).await,
        ["test_thing.config create-then-delete", "test_thing.endpoint update", "test_thing.model create-then-delete"]
    );
    bench.converge(&chain("b")).await;
    assert_eq!(
        bench.service.calls(),
        ["create model-3", "create config-4", "update endpoint", "delete config-2", "delete model-1"]
    );
}

#[tokio::test]
async fn when_the_switch_fails_the_old_ones_stay() {
    let bench = Bench::new();
    bench.converge(&chain("a")).await;
    bench.service.fail_in_part("update", "endpoint");
    let report = bench.apply(&chain("b")).await;
    assert!(report.diagnostics.has_errors());
    assert_eq!(bench.service.names(), ["config-2", "config-4", "endpoint", "model-1", "model-3"]);
    assert_eq!(
        bench.record.lock().await.addresses(),
        [
            "test_thing.config",
            "test_thing.config (deposed)",
            "test_thing.endpoint",
            "test_thing.model",
            "test_thing.model (deposed)"
        ]
    );
    // What is left to do is the switch, and then the deletion of the old ones.
    bench.service.heal();
    bench.service.forget_calls();
    bench.converge(&chain("b")).await;
    assert_eq!(bench.service.calls(), ["update endpoint", "delete config-2", "delete model-1"]);
}

#[tokio::test]
async fn only_what_depends_on_a_failure_is_skipped() {
    let bench = Bench::new();
    bench.service.fail("create", "config-2");
    let text = format!("{}\nresource \"test_thing\" \"other\" {{ name = \"other\" }}", chain("a"));
    let report = bench.apply(&text).await;
    assert!(report.diagnostics.has_errors());
    let skipped: Vec<String> = report.skipped.iter().map(ToString::to_string).collect();
    assert_eq!(skipped, ["test_thing.endpoint"]);
    assert!(bench.service.names().contains(&"other".to_owned()));
    bench.service.heal();
    bench.converge(&text).await;
}

#[tokio::test]
async fn an_object_created_in_part_is_tainted_and_replaced() {
    let bench = Bench::new();
    bench.service.fail_in_part("create", "model-1");
    let report = bench.apply(&chain("a")).await;
    assert!(report.diagnostics.has_errors());
    assert_eq!(bench.record.lock().await.addresses(), ["test_thing.model (tainted)"]);
    bench.service.heal();
    bench.converge(&chain("a")).await;
    assert!(!bench.service.names().contains(&"model-1".to_owned()));
}

#[tokio::test]
async fn replacing_under_a_fixed_name_that_is_used_is_refused_with_the_fix() {
    let bench = Bench::new();
    let text = |image: &str| {
        format!(
            r#"
            resource "test_thing" "model" {{
              name  = "vpc-model"
              image = "{image}"
            }}
            resource "test_thing" "config" {{
              name   = "config"
              parent = test_thing.model.name
            }}
            resource "test_thing" "endpoint" {{
              name = "endpoint"
              uses = [test_thing.config.name]
            }}
            "#
        )
    };
    bench.converge(&text("a")).await;
    let errors = bench.errors(&text("b")).await;
    // The configuration stands in the way as soon as the model's name is another one, so both are told at once.
    let suggested: Vec<&str> =
        errors.iter().flat_map(|error| error.lines()).filter(|line| line.starts_with("  +  ")).map(str::trim).collect();
    assert_eq!(
        suggested,
        ["+              name_prefix   = \"config-\"", "+              name_prefix  = \"vpc-model-\""],
        "{errors:#?}"
    );
}

#[tokio::test]
async fn what_is_renamed_by_hand_comes_before_the_old_one_goes() {
    let bench = Bench::new();
    let text = |name: &str| {
        format!(
            r#"
            resource "test_thing" "config" {{
              {name}
            }}
            resource "test_thing" "endpoint" {{
              name = "endpoint"
              uses = [test_thing.config.name]
            }}
            "#
        )
    };
    bench.converge(&text("name = \"cfg-1\"")).await;
    let renamed = text("name = \"cfg-2\"");
    assert_eq!(bench.actions(&renamed).await, ["test_thing.config create-then-delete", "test_thing.endpoint update"]);
    bench.service.forget_calls();
    bench.converge(&renamed).await;
    assert_eq!(bench.service.calls(), ["create cfg-2", "update endpoint", "delete cfg-1"]);
    // From a fixed name to a generated one and back.
    for other in ["name_prefix = \"cfg-\"", "name = \"cfg-3\""] {
        bench.service.forget_calls();
        bench.converge(&text(other)).await;
        let calls = bench.service.calls();
        assert!(calls[0].starts_with("create") && calls[2].starts_with("delete"), "{other}: {calls:?}");
    }
    // A name that shows only when something else is made.
    let later = r#"
        resource "terraform_data" "suffix" { input = "x" }
        resource "test_thing" "config" { name = "cfg-${terraform_data.suffix.output}" }
        resource "test_thing" "endpoint" {
          name = "endpoint"
          uses = [test_thing.config.name]
        }
    "#;
    bench.service.forget_calls();
    bench.converge(later).await;
    assert_eq!(bench.service.calls(), ["create cfg-x", "update endpoint", "delete cfg-3"]);
}

/// A configuration under a name, and an endpoint that uses it.
fn named(name: &str, image: &str) -> String {
    format!(
        r#"
        resource "test_thing" "config" {{
          name  = "{name}"
          image = "{image}"
        }}
        resource "test_thing" "endpoint" {{
          name = "endpoint"
          uses = [test_thing.config.name]
        }}
        "#
    )
}

#[tokio::test]
async fn what_was_set_aside_is_current_again_when_it_is_wanted_again() {
    let bench = Bench::new();
    bench.converge(&named("cfg-1", "a")).await;
    bench.service.fail("update", "endpoint");
    assert!(bench.apply(&named("cfg-2", "b")).await.diagnostics.has_errors());
    bench.service.heal();
    bench.service.forget_calls();
    let (_, _, planned, found) = bench.plan(&named("cfg-1", "a"), &Options::default()).await;
    assert!(found.is_empty(), "{found:#?}");
    let config = ObjectKey { address: "test_thing.config".parse().unwrap(), deposed: None };
    let change = &planned.plan.changes[&config];
    assert!(change.reinstated.is_some() && change.is_listed(), "{change:#?}");
    // Nothing that serves is touched.
    bench.converge(&named("cfg-1", "a")).await;
    assert_eq!(bench.service.calls(), ["delete cfg-2"]);
    assert_eq!(bench.record.lock().await.addresses(), ["test_thing.config", "test_thing.endpoint"]);
}

/// A run that is cut off between setting the one aside and making the other current again leaves none current.
#[tokio::test]
async fn of_two_that_are_set_aside_the_wanted_one_is_current_again() {
    let bench = Bench::new();
    bench.converge(&named("cfg-1", "a")).await;
    bench.service.fail("update", "endpoint");
    assert!(bench.apply(&named("cfg-2", "b")).await.diagnostics.has_errors());
    bench.service.heal();
    bench.service.forget_calls();
    bench.record.lock().await.depose(&"test_thing.config".parse().unwrap()).await.unwrap();
    bench.converge(&named("cfg-1", "a")).await;
    assert_eq!(bench.service.calls(), ["delete cfg-2"]);
    assert_eq!(bench.record.lock().await.addresses(), ["test_thing.config", "test_thing.endpoint"]);
}

#[tokio::test]
async fn what_was_set_aside_and_cannot_be_as_wanted_keeps_its_name_from_others() {
    let bench = Bench::new();
    bench.converge(&named("cfg-1", "a")).await;
    bench.service.fail("update", "endpoint");
    assert!(bench.apply(&named("cfg-2", "b")).await.diagnostics.has_errors());
    bench.service.heal();
    let errors = bench.errors(&named("cfg-1", "b")).await;
    let [error] = &errors[..] else { panic!("{errors:#?}") };
    assert!(
        error.contains("main.tf:3: Name of an object that was set aside") && error.contains("another name"),
        "{error}"
    );
    // Nor does what is gone keep it.
    bench.service.lose("cfg-1");
    bench.converge(&named("cfg-1", "b")).await;
    assert_eq!(bench.service.names(), ["cfg-1", "endpoint"]);
}

#[tokio::test]
async fn several_are_wanted_again_together() {
    let bench = Bench::new();
    let text = |model: &str, config: &str, image: &str| {
        let model = format!("resource \"test_thing\" \"model\" {{\n name = \"{model}\"\n image = \"{image}\"\n }}\n");
        let parent = "parent = test_thing.model.name\n          image";
        format!("{model}{}", named(config, "x").replace("image", parent))
    };
    bench.converge(&text("m-1", "cfg-1", "a")).await;
    bench.service.fail("update", "endpoint");
    assert!(bench.apply(&text("m-2", "cfg-2", "b")).await.diagnostics.has_errors());
    bench.service.heal();
    bench.service.forget_calls();
    // A model that has not been there needs another name, and so does the configuration, which is then about that.
    let errors = bench.errors(&text("m-1", "cfg-1", "c")).await;
    let [config, model] = &errors[..] else { panic!("{errors:#?}") };
    assert!(
        config.contains("test_thing.config is to be") && model.contains("test_thing.model is to be"),
        "{errors:#?}"
    );
    bench.converge(&text("m-1", "cfg-1", "a")).await;
    assert_eq!(bench.service.calls(), ["delete cfg-2", "delete m-2"]);
}

/// A model and a configuration of it, under made-up names, and an endpoint that has that.
fn made_up(image: &str, config: &str) -> String {
    format!(
        r#"
        resource "test_thing" "model" {{
          name_prefix = "m-"
          image       = "{image}"
          tags        = {{ commit = "{image}" }}
        }}
        resource "test_thing" "config" {{
          {config}
          parent = test_thing.model.name
        }}
        resource "test_thing" "endpoint" {{
          name = "endpoint"
          uses = [test_thing.config.name]
        }}
        "#
    )
}

#[tokio::test]
async fn what_was_set_aside_under_a_made_up_name_is_current_again_when_it_equals_what_is_wanted() {
    for (config, old) in [("name = \"cfg-1\"", "cfg-1"), ("name_prefix = \"cfg-\"", "cfg-2")] {
        let bench = Bench::new();
        bench.converge(&made_up("a", config)).await;
        bench.service.fail("update", "endpoint");
        let next = config.replace("cfg-1", "cfg-2");
        assert!(bench.apply(&made_up("b", &next)).await.diagnostics.has_errors());
        bench.service.heal();
        bench.service.forget_calls();
        // Something else is made as before.
        if old == "cfg-2" {
            let third = bench.actions(&made_up("c", config)).await;
            assert!(third.contains(&"test_thing.model create-then-delete".to_owned()), "{third:?}");
        }
        bench.converge(&made_up("a", config)).await;
        assert!(bench.service.calls().iter().all(|call| call.starts_with("delete")), "{:?}", bench.service.calls());
        assert_eq!(bench.service.names(), [old, "endpoint", "m-1"]);
    }
}

#[tokio::test]
async fn another_is_made_where_a_type_objects_to_going_back_to_what_was_set_aside() {
    let bench = Bench::new();
    bench.converge(&made_up("a", "name_prefix = \"cfg-\"")).await;
    bench.service.fail("update", "endpoint");
    assert!(bench.apply(&made_up("b", "name_prefix = \"cfg-\"")).await.diagnostics.has_errors());
    bench.service.heal();
    bench.service.forget_calls();
    bench.service.judge();
    bench.service.fail("use", "cfg-2");
    let report = bench.apply(&made_up("a", "name_prefix = \"cfg-\"")).await;
    assert!(!report.diagnostics.has_errors(), "{:#?}", report.diagnostics);
    assert!(bench.service.calls().contains(&"update endpoint".to_owned()), "{:?}", bench.service.calls());
}

#[tokio::test]
async fn what_a_killed_run_has_made_in_the_place_of_what_is_wanted_again_goes() {
    for exists in [true, false] {
        let bench = Bench::new();
        bench.converge(&named("cfg-1", "a")).await;
        if exists {
            bench
                .converge(&format!(
                    "{}resource \"test_thing\" \"other\" {{\n name = \"cfg-2\"\n }}",
                    named("cfg-1", "a")
                ))
                .await;
        }
        let config = "test_thing.config".parse().unwrap();
        let mut record = bench.record.lock().await;
        let other = ObjectKey { address: "test_thing.other".parse().unwrap(), deposed: None };
        record.remove(&other).await.unwrap();
        record.depose(&config).await.unwrap();
        record.intend("test_thing.config", "cfg-2", None);
        drop(record);
        bench.service.forget_calls();
        let (_, _, planned, found) = bench.plan(&named("cfg-1", "a"), &Options::default()).await;
        assert!(found.is_empty(), "{found:#?}");
        let current = ObjectKey { address: config, deposed: None };
        assert!(planned.plan.changes[&current].reinstated.is_some());
        assert_eq!(
            (planned.plan.adopted.contains_key(&current), planned.plan.absent.contains(&current)),
            (exists, !exists)
        );
        bench.converge(&named("cfg-1", "a")).await;
        assert_eq!(bench.service.calls(), if exists { &["delete cfg-2"][..] } else { &[] });
        let record = bench.record.lock().await;
        assert_eq!((record.addresses().len(), record.intents.len()), (2, 0), "{:?}", record.addresses());
    }
}

#[tokio::test]
async fn what_the_service_takes_away_with_its_whole_is_made_anew_after_it() {
    let bench = Bench::new();
    let text = "resource \"test_thing\" \"whole\" { name = \"w\" }\n\
                resource \"test_thing\" \"part\" { name = \"w/kept\" }\n\
                resource \"test_thing\" \"lost\" { name = \"w/lost\" }\n\
                resource \"test_thing\" \"other\" { name = \"o/lost\" }\n";
    bench.converge(text).await;
    bench.service.forget_calls();
    let again = Options { replace: vec!["test_thing.whole".parse().unwrap()], ..Options::default() };
    assert!(!bench.apply_with(text, &again).await.diagnostics.has_errors());
    assert_eq!(bench.service.calls(), ["delete w/lost", "delete w", "create w", "create w/lost"]);
}

#[tokio::test]
async fn a_replacement_under_its_name_is_refused_when_only_the_service_knows_of_a_user() {
    let bench = Bench::new();
    let text = |image: &str| format!("resource \"test_thing\" \"x\" {{\n name = \"x\"\n image = \"{image}\"\n}}");
    bench.converge(&text("a")).await;
    bench.service.use_by("x", "endpoint \"e\"");
    let errors = bench.errors(&text("b")).await;
    let [error] = &errors[..] else { panic!("{errors:#?}") };
    for part in ["Replacement would reuse a name that is in use", "endpoint \"e\" uses it", "name_prefix"] {
        assert!(error.contains(part), "{part}: {error}");
    }
}

#[tokio::test]
async fn what_is_gone_is_made_again_under_its_name() {
    let bench = Bench::new();
    bench.converge(&chain("a")).await;
    for lost in ["config-2", "model-1"] {
        bench.service.lose(lost);
    }
    bench.service.forget_calls();
    bench.converge(&chain("a")).await;
    assert_eq!(bench.service.calls(), ["create model-1", "create config-2"]);
    // What is otherwise than it was is something else.
    bench.service.lose("config-2");
    bench.service.forget_calls();
    bench.converge(&chain("b")).await;
    assert_eq!(bench.service.calls(), ["create model-3", "create config-4", "update endpoint", "delete model-1"]);
}

#[tokio::test]
async fn a_lone_object_with_a_fixed_name_is_deleted_first() {
    let bench = Bench::new();
    let text = |image: &str| format!("resource \"test_thing\" \"x\" {{\n name = \"x\"\n image = \"{image}\"\n}}");
    bench.converge(&text("a")).await;
    bench.service.forget_calls();
    bench.converge(&text("b")).await;
    assert_eq!(bench.service.calls(), ["delete x", "create x"]);
}

#[tokio::test]
async fn drift_is_noticed_and_mended() {
    let bench = Bench::new();
    bench.converge(&chain("a")).await;
    bench.service.resize("endpoint", 7);
    assert_eq!(bench.actions(&chain("a")).await, ["test_thing.endpoint update"]);
    bench.converge(&chain("a")).await;
    bench.service.lose("endpoint");
    assert_eq!(bench.actions(&chain("a")).await, ["test_thing.endpoint create"]);
    bench.converge(&chain("a")).await;
}

#[tokio::test]
async fn destroy_goes_backwards_and_leaves_nothing() {
    let bench = Bench::new();
    bench.converge(&chain("a")).await;
    bench.service.forget_calls();
    let options = Options { mode: Mode::Destroy, ..Options::default() };
    let report = bench.apply_with(&chain("a"), &options).await;
    assert!(!report.diagnostics.has_errors(), "{:#?}", report.diagnostics);
    assert_eq!(bench.service.calls(), ["delete endpoint", "delete config-2", "delete model-1"]);
    assert!(bench.service.names().is_empty());
    assert!(bench.record.lock().await.addresses().is_empty());
}

#[tokio::test]
async fn what_leaves_the_configuration_is_deleted_after_its_users() {
    let bench = Bench::new();
    bench.converge(&chain("a")).await;
    bench.service.forget_calls();
    bench.converge("").await;
    assert_eq!(bench.service.calls(), ["delete endpoint", "delete config-2", "delete model-1"]);
}

#[tokio::test]
async fn count_and_for_each_make_and_take_instances() {
    let bench = Bench::new();
    let text = |count: usize, names: &str| {
        format!(
            r#"
            resource "test_thing" "n" {{
              count = {count}
              name  = "n${{count.index}}"
            }}
            resource "test_thing" "e" {{
              for_each = toset([{names}])
              name     = each.key
              uses     = test_thing.n[*].name
            }}
            output "names" {{ value = [for key, thing in test_thing.e : "${{key}}=${{thing.id}}"] }}
            "#
        )
    };
    let report = bench.converge(&text(2, "\"a\", \"b\"")).await;
    let names = Value::tuple([Value::string("a=a"), Value::string("b=b")]);
    assert_eq!(report.outputs.get("names"), Some(&names));
    bench.service.forget_calls();
    assert_eq!(
        bench.actions(&text(1, "\"b\", \"c\"")).await,
        [
            "test_thing.e[\"a\"] delete",
            "test_thing.e[\"b\"] update",
            "test_thing.e[\"c\"] create",
            "test_thing.n[1] delete"
        ]
    );
    bench.converge(&text(1, "\"b\", \"c\"")).await;
    assert_eq!(bench.service.names(), ["b", "c", "n0"]);
}

#[tokio::test]
async fn data_waits_for_what_it_depends_on() {
    let bench = Bench::new();
    let text = r#"
        resource "test_thing" "x" {
          name = "x"
          size = 3
        }
        data "test_thing" "x" {
          name       = "x"
          depends_on = [test_thing.x]
        }
        output "size" { value = data.test_thing.x.size }
    "#;
    assert_eq!(bench.actions(text).await, ["data.test_thing.x read", "test_thing.x create"]);
    let report = bench.converge(text).await;
    assert_eq!(report.outputs.get("size"), Some(&Value::number(3)));
}

#[tokio::test]
async fn locals_variables_and_sensitive_outputs() {
    let bench = Bench::new();
    let text = r#"
        variable "size" { default = 4 }
        locals { doubled = var.size * 2 }
        resource "test_thing" "x" {
          name     = "x"
          size     = local.doubled
          password = "secret"
        }
        output "password" {
          value     = test_thing.x.password
          sensitive = true
        }
    "#;
    let report = bench.converge(text).await;
    let password = report.outputs.get("password").cloned();
    assert!(password.is_some_and(|password| password.has_sensitive()));
    assert_eq!(bench.record.lock().await.value("test_thing.x").and_then(|x| x.get("size")), Some(&Value::number(8)));
}

#[tokio::test]
async fn what_a_killed_run_created_is_found_and_adopted() {
    let bench = Bench::new();
    // The intent was recorded and the object made, but the run ended before the outcome was recorded.
    bench.converge(&chain("a")).await;
    let record = smform_testkit::MemoryRecord::default();
    *bench.record.lock().await = record;
    bench.record.lock().await.intend("test_thing.model", "model-1", None);
    bench.record.lock().await.intend("test_thing.endpoint", "endpoint", None);
    bench.service.forget_calls();
    let report = bench.apply(&chain("a")).await;
    assert!(!report.diagnostics.has_errors(), "{:#?}", report.diagnostics);
    assert_eq!(bench.service.calls(), ["create config-3", "update endpoint"]);
    assert_eq!(bench.actions(&chain("a")).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_a_killed_run_created_is_recorded_by_a_run_that_only_refreshes() {
    let bench = Bench::new();
    let text = "resource \"test_thing\" \"model\" {\n  name_prefix = \"model-\"\n  image = \"a\"\n}";
    bench.converge(text).await;
    *bench.record.lock().await = smform_testkit::MemoryRecord::default();
    bench.record.lock().await.intend("test_thing.model", "model-1", None);
    let report = bench.apply_with(text, &Options { mode: Mode::RefreshOnly, ..Options::default() }).await;
    assert!(!report.diagnostics.has_errors(), "{:#?}", report.diagnostics);
    assert!(bench.record.lock().await.value("test_thing.model").is_some());
    assert_eq!(bench.actions(text).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_was_created_without_an_answer_is_found_by_the_next_run() {
    let bench = Bench::new();
    bench.service.lose_answers();
    let report = bench.apply(&chain("a")).await;
    let told = format!("{:?}", report.diagnostics);
    assert!(told.contains("Whether it was created is not known"), "{told}");
    assert_eq!(bench.service.names(), ["model-1"]);
    bench.service.heal();
    bench.service.forget_calls();
    bench.converge(&chain("a")).await;
    assert_eq!(bench.service.calls(), ["create config-2", "create endpoint"]);
    // The same where it was to take the place of another.
    bench.service.lose_answers();
    bench.apply(&chain("b")).await;
    assert_eq!(bench.service.names(), ["config-2", "endpoint", "model-1", "model-3"]);
    bench.service.heal();
    bench.service.forget_calls();
    bench.converge(&chain("b")).await;
    assert_eq!(bench.service.calls(), ["create config-4", "update endpoint", "delete config-2", "delete model-1"]);
}

#[tokio::test]
async fn what_has_an_announced_name_and_is_another_object_is_left_alone() {
    let bench = Bench::new();
    let text = "resource \"test_thing\" \"model\" {\n  name = \"m\"\n  image = \"theirs\"\n}";
    bench.converge(text).await;
    let announced = |image: &str| {
        let provider = smform_testkit::provider(&bench.service);
        let schema = provider.resource_schema(ResourceMode::Managed, "test_thing").expect("the type");
        let set =
            |value: Value, name: &str, to: &str| value.update_at(&Path::attribute(name).0, &mut |_| Value::string(to));
        set(set(schema.block.empty(), "name", "m"), "image", image)
    };
    *bench.record.lock().await = smform_testkit::MemoryRecord::default();
    bench.record.lock().await.intend("test_thing.model", "m", Some(announced("ours")));
    let (_, _, planned, found) = bench.plan(&text.replace("theirs", "ours"), &Options::default()).await;
    let told = format!("{found:?}");
    assert!(told.contains("Another object has the place of an announced one") && told.contains("image"), "{told}");
    assert!(planned.plan.adopted.is_empty());
    assert_eq!(bench.actions(&text.replace("theirs", "ours")).await, ["test_thing.model create"]);
    // What is as it was announced is adopted, also where the configuration is another by now.
    *bench.record.lock().await = smform_testkit::MemoryRecord::default();
    bench.record.lock().await.intend("test_thing.model", "m", Some(announced("theirs")));
    let (_, _, planned, found) = bench.plan(text, &Options::default()).await;
    assert!(planned.plan.adopted.len() == 1 && !found.has_errors(), "{found:?}");
}

#[tokio::test]
async fn what_was_not_finished_gives_way_to_the_next_of_its_name() {
    let bench = Bench::new();
    let text = "resource \"test_thing\" \"model\" {\n  name = \"m\"\n  lifecycle { create_before_destroy = true }\n}";
    bench.service.fail_in_part("create", "m");
    assert!(bench.apply(text).await.diagnostics.has_errors());
    bench.service.heal();
    bench.service.forget_calls();
    bench.converge(text).await;
    assert_eq!(bench.service.calls(), ["delete m", "create m"]);
    // Nor does what nothing uses but what was not finished either, and goes before it.
    let chain = |image: &str| {
        format!(
            "resource \"test_thing\" \"model\" {{\n  name = \"m\"\n  image = \"{image}\"\n}}\nresource \"test_thing\" \"user\" \
             {{\n  name = \"u\"\n  uses = [test_thing.model.name]\n}}"
        )
    };
    let failed = Bench::new();
    failed.service.fail_in_part("create", "u");
    assert!(failed.apply(&chain("a")).await.diagnostics.has_errors());
    failed.service.heal();
    failed.service.forget_calls();
    failed.converge(&chain("b")).await;
    assert_eq!(failed.service.calls(), ["delete u", "delete m", "create m", "create u"]);
    // What something goes on using does not give way.
    let used =
        format!("{text}\nresource \"test_thing\" \"user\" {{\n  name = \"u\"\n  uses = [test_thing.model.name]\n}}");
    bench.converge(&used).await;
    bench.record.lock().await.taint("test_thing.model");
    let (_, _, _, found) = bench.plan(&used, &Options::default()).await;
    assert!(format!("{found:?}").contains("test_thing.user uses it"), "{found:?}");
}

#[tokio::test]
async fn a_run_with_targets_leaves_on_record_what_it_does_not_look_for() {
    let bench = Bench::new();
    let text = format!("{}\nresource \"test_thing\" \"other\" {{ name = \"other\" }}", chain("a"));
    bench.converge("resource \"test_thing\" \"model\" {\n  name_prefix = \"model-\"\n  image = \"a\"\n}").await;
    *bench.record.lock().await = smform_testkit::MemoryRecord::default();
    bench.record.lock().await.intend("test_thing.model", "model-1", None);
    bench.service.forget_calls();
    let targets = vec!["test_thing.other".parse().expect("a target")];
    for mode in [Mode::Normal, Mode::RefreshOnly, Mode::Destroy] {
        let options = Options { mode, targets: targets.clone(), ..Options::default() };
        let report = bench.apply_with(&text, &options).await;
        assert!(!report.diagnostics.has_errors(), "{:#?}", report.diagnostics);
    }
    bench.converge(&text).await;
    let made: Vec<String> = bench.service.calls().into_iter().filter(|call| call.starts_with("create model")).collect();
    assert!(made.is_empty(), "{made:?}");
    assert!(bench.record.lock().await.value("test_thing.model").is_some());
}

#[tokio::test]
async fn a_cycle_is_refused() {
    let bench = Bench::new();
    let errors = bench
        .errors("locals {\n  a = local.b\n  b = local.a\n}\nresource \"test_thing\" \"x\" {\n  name = local.a\n}")
        .await;
    let way = "local.a (main.tf:2)\n  -> local.b (main.tf:3)\n  -> local.a\n";
    assert!(errors.iter().any(|error| error.starts_with("main.tf:2: ") && error.contains(way)), "{errors:#?}");
}

#[tokio::test]
async fn what_is_used_by_something_that_comes_first_comes_first_as_well() {
    let bench = Bench::new();
    let text = |image: &str| {
        chain(image).replacen("image       =", "lifecycle {\n create_before_destroy = false\n }\n image =", 1)
    };
    bench.converge(&text("a")).await;
    bench.service.forget_calls();
    bench.converge(&text("b")).await;
    assert_eq!(
        bench.service.calls(),
        ["create model-3", "create config-4", "update endpoint", "delete config-2", "delete model-1"]
    );
}

#[tokio::test]
async fn repeated_blocks_are_destroyed_whatever_they_repeat_over() {
    for (values, repetition, one) in [
        ("locals { names = { a = 1 } }", "for_each = local.names", "test_thing.model[\"a\"]"),
        ("variable \"names\" { default = { a = 1 } }", "for_each = var.names", "test_thing.model[\"a\"]"),
        ("locals { number = 2 }", "count = local.number", "test_thing.model[0]"),
        ("variable \"number\" { default = 2 }", "count = var.number", "test_thing.model[0]"),
    ] {
        let text = format!(
            "{values}\nresource \"test_thing\" \"model\" {{\n  {repetition}\n  name_prefix = \"model-\"\n}}\n\
             resource \"test_thing\" \"config\" {{\n  name_prefix = \"config-\"\n  parent = {one}.name\n}}"
        );
        let bench = Bench::new();
        bench.converge(&text).await;
        let report = bench.apply_with(&text, &Options { mode: Mode::Destroy, ..Options::default() }).await;
        assert!(!report.diagnostics.has_errors(), "{repetition}: {:#?}", report.diagnostics);
        assert!(bench.record.lock().await.stored().objects.is_empty(), "{repetition}");
    }
}

#[tokio::test]
async fn what_goes_for_good_goes_before_what_it_used_is_changed() {
    let bench = Bench::new();
    let text = |used: &str, scaled: &str| {
        format!(
            r#"
            resource "test_thing" "endpoint" {{
              name = "endpoint"
              uses = ["{used}"]
            }}
            resource "test_thing" "other" {{ name = "other" }}
            {scaled}
            "#
        )
    };
    let target = "resource \"test_thing\" \"target\" {\n name = \"target\"\n parent = test_thing.endpoint.name\n }";
    bench.converge(&text("a", target)).await;
    bench.service.forget_calls();
    bench.converge(&text("b", "")).await;
    assert_eq!(bench.service.calls(), ["delete target", "update endpoint"]);

    // Not where something else must leave it first, which itself waits for the change.
    let policy =
        |parent: &str| format!("resource \"test_thing\" \"policy\" {{\n name = \"policy\"\n uses = [{parent}]\n }}");
    let used = format!("{target}\n{}", policy("test_thing.target.name"));
    bench.converge(&text("b", &used)).await;
    bench.service.forget_calls();
    bench.converge(&text("c", &policy("test_thing.endpoint.name"))).await;
    assert_eq!(bench.service.calls(), ["update endpoint", "update policy", "delete target"]);
}

/// What a new object takes the place of under its own name is not deleted a second time.
#[tokio::test]
async fn what_was_set_aside_and_is_the_current_object_is_not_deleted() {
    let bench = Bench::new();
    let text = |image: &str| {
        format!(
            "resource \"test_thing\" \"a\" {{\n image = \"{image}\"\n }}\nresource \"test_thing\" \"b\" {{\n name = \
             \"x${{substr(test_thing.a.id, 0, 0)}}\"\n image = \"{image}\"\n }}"
        )
    };
    bench.converge(&text("one")).await;
    bench.service.forget_calls();
    bench.converge(&text("two")).await;
    assert_eq!(bench.service.calls(), ["create thing-2", "create x", "delete thing-1"]);
    assert_eq!(bench.service.names(), ["thing-2", "x"]);
}
