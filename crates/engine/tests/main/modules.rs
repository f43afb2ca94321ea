//! Modules: values in and out, repetition, nesting, moves.

use smform_types::Value;

use crate::support::Bench;

const CHILD: &str = r#"
    variable "name" { type = string }
    variable "size" {
      type    = number
      default = 2
      validation {
        condition     = var.size < 10
        error_message = "Too large: ${var.size}."
      }
    }
    resource "test_thing" "x" {
      name = var.name
      size = var.size
    }
    output "id" { value = test_thing.x.id }
"#;

fn files(root: &str) -> Vec<(&'static str, String)> {
    vec![("main.tf", root.to_owned()), ("child/main.tf", CHILD.to_owned())]
}

#[tokio::test]
async fn repeated_modules_have_instances_of_their_own() {
    let bench = Bench::new();
    let root = r#"
        module "m" {
          source   = "./child"
          for_each = { a = 1, b = 5 }
          name     = "thing-${each.key}"
          size     = each.value
        }
        output "ids" { value = [for m in module.m : m.id] }
        output "b" { value = module.m["b"].id }
    "#;
    let report = bench.converge_files(&files(root)).await;
    assert_eq!(report.outputs.get("b"), Some(&Value::string("thing-b")));
    assert_eq!(bench.record.lock().await.addresses(), ["module.m[\"a\"].test_thing.x", "module.m[\"b\"].test_thing.x"]);
    let size = bench.record.lock().await.value("module.m[\"b\"].test_thing.x").and_then(|x| x.get("size").cloned());
    assert_eq!(size, Some(Value::number(5)));
}

#[tokio::test]
async fn a_failed_validation_is_at_the_argument() {
    let bench = Bench::new();
    let root = "module \"m\" {\n  source = \"./child\"\n  name = \"x\"\n  size = 11\n}";
    let errors = bench.errors_files(&files(root)).await;
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert!(errors.iter().all(|error| error.contains("Too large: 11.") && error.contains("main.tf:4")), "{errors:#?}");
}

#[tokio::test]
async fn a_name_that_a_module_only_hands_on_is_changed_in_the_call() {
    let bench = Bench::new();
    let text = |image: &str| {
        let inner = "variable \"label\" {}\nvariable \"image\" {}\nresource \"test_thing\" \"x\" {\n  name  = var.label\n  image = \
                     var.image\n}\n";
        let outer = "variable \"called\" {}\nvariable \"image\" {}\nmodule \"inner\" {\n  source = \"../inner\"\n  label  = \
                     var.called\n  image  = var.image\n}\n";
        let root =
            format!("module \"outer\" {{\n  source = \"./outer\"\n  called = \"x\"\n  image  = \"{image}\"\n}}\n");
        [("main.tf", root), ("outer/main.tf", outer.to_owned()), ("inner/main.tf", inner.to_owned())]
    };
    bench.converge_files(&text("a")).await;
    bench.service.use_by("x", "endpoint \"e\"");
    let errors = bench.errors_files(&text("b")).await;
    let [error] = &errors[..] else { panic!("{errors:#?}") };
    for part in ["+  name_prefix = \"${var.label}-\"", "another name as called of module \"outer\" (main.tf, line 3)"] {
        assert!(error.contains(part), "{part}: {error}");
    }
}

#[tokio::test]
async fn a_moved_resource_is_not_made_anew() {
    let bench = Bench::new();
    bench.converge("resource \"test_thing\" \"old\" {\n name = \"n\"\n}").await;
    bench.service.forget_calls();
    let text = r#"
        resource "test_thing" "new" { name = "n" }
        moved {
          from = test_thing.old
          to   = test_thing.new
        }
    "#;
    bench.apply(text).await;
    assert_eq!(bench.service.calls(), Vec::<String>::new());
    assert_eq!(bench.record.lock().await.addresses(), ["test_thing.new"]);
    // Adding count keeps the one object as number 0.
    bench.apply("resource \"test_thing\" \"new\" {\n count = 1\n name = \"n\"\n}").await;
    assert_eq!(bench.service.calls(), Vec::<String>::new());
    assert_eq!(bench.record.lock().await.addresses(), ["test_thing.new[0]"]);
}
