//! Validation finds what can be known to be wrong without state or calls.

use smform_engine::plan::walk::Options;

use crate::support::Bench;

#[tokio::test]
async fn valid_configurations_pass_with_everything_unknown() {
    let bench = Bench::new();
    let text = r#"
        variable "names" { type = list(string) }
        resource "test_thing" "x" {
          for_each = toset(var.names)
          name     = each.value
          size     = length(each.key)
        }
        resource "test_thing" "y" {
          count = length(var.names)
          name  = "y${count.index}"
          uses  = [for thing in test_thing.x : thing.name]
        }
        output "first" { value = test_thing.y[0].id }
    "#;
    assert_eq!(bench.validate(text), Vec::<String>::new());
}

#[tokio::test]
async fn mistakes_are_found_each_at_its_place() {
    let bench = Bench::new();
    let text = r#"
        resource "test_thing" "x" {
          nmae = "a"
          size = "big"
        }
        output "o" { value = test_thing.x.idd }
    "#;
    let errors = bench.validate(text);
    for part in ["main.tf:3", "Did you mean \"name\"", "main.tf:4", "number"] {
        assert!(errors.iter().any(|error| error.contains(part)), "{part} is not in {errors:#?}");
    }
}

#[tokio::test]
async fn a_provider_that_does_not_have_the_type_is_refused() {
    let errors = Bench::new().validate("resource \"test_thing\" \"x\" {\n  provider = terraform\n}");
    assert!(errors.iter().any(|error| error.contains("\"terraform\" has no resource type")), "{errors:#?}");
}

#[tokio::test]
async fn what_only_a_plan_refuses_of_modules_is_left_to_it() {
    let files = [
        ("main.tf", "module \"m\" {\n  source = \"./m\"\n  a = each.key\n}\noutput \"o\" { value = module.m[0].o }"),
        ("m/main.tf", "variable \"a\" {}\noutput \"o\" { value = 1 }"),
    ];
    let (bench, warnings) = (Bench::new(), ["Reference to \"each\"", "Invalid index"]);
    let told: Vec<String> = bench.validate_files(&files).into_iter().map(|(_, _, text)| text).collect();
    assert_eq!(told.len(), 2, "{told:#?}");
    for warning in warnings {
        assert!(told.iter().any(|told| told.contains(warning)), "{warning} is not in {told:#?}");
    }
    assert!(bench.errors_files(&files).await.iter().any(|error| error.contains("each")));
}

#[tokio::test]
async fn a_type_that_nobody_offers_is_named_with_the_nearest_one() {
    let errors = Bench::new().validate("resource \"test_thingg\" \"x\" {}");
    assert!(errors.iter().any(|error| error.contains("Did you mean \"test_thing\"")), "{errors:#?}");
}

#[tokio::test]
async fn what_files_alone_show_to_be_wrong_is_told_before_anything_is_read() {
    for wrong in ["imagee = \"b\"", "uses = 1", "image = nothing(1)", "image = var.missing"] {
        let text = format!("resource \"test_thing\" \"a\" {{}}\nresource \"test_thing\" \"b\" {{\n  {wrong}\n}}");
        let (_, _, planned, found) = Bench::new().plan(&text, &Options::default()).await;
        assert!(found.has_errors(), "{wrong}");
        assert!(planned.plan.changes.is_empty(), "{wrong}");
    }
    let unset = "resource \"test_thing\" \"a\" {}\nvariable \"unset\" {}";
    let (_, _, planned, found) = Bench::new().plan(unset, &Options::default()).await;
    assert_eq!(found.iter().map(|d| d.summary.as_str()).collect::<Vec<_>>(), ["No value for required variable"]);
    assert!(planned.plan.changes.is_empty());
}

#[test]
fn a_deprecated_output_warns_where_it_is_used() {
    let child =
        "output \"old\" {\n  value      = 1\n  deprecated = \"Use new.\"\n}\noutput \"new\" {\n  value = 1\n}\n";
    let main = "module \"m\" {\n  source = \"./m\"\n}\nlocals {\n  a = module.m.new\n  b = module.m.old\n}\n";
    let found = Bench::new().validate_files(&[("main.tf", main), ("m/main.tf", child)]);
    let shown: Vec<&str> = found.iter().map(|(_, _, text)| text.as_str()).collect();
    assert_eq!(shown, ["main.tf:6: Output \"old\" of module.m is deprecated: Use new."]);
    assert!(found.iter().all(|(is_error, _, _)| !is_error));
}

#[test]
fn whether_a_plan_is_applied_goes_nowhere_that_is_stored() {
    let found = Bench::new().validate("output \"a\" {\n  value = terraform.applying\n}\n");
    assert!(found.iter().any(|text| text.contains("Ephemeral value not allowed")), "{found:?}");
    let found = Bench::new().validate("locals {\n  a = terraform.applying ? 1 : 2\n}\n");
    assert_eq!(found, Vec::<String>::new());
}

/// Rules that only the service has are about objects: a block, or a module, of which nothing comes does not break them.
#[tokio::test]
async fn a_block_without_instances_breaks_no_rule_of_objects() {
    let thing =
        |head: &str| format!("resource \"test_thing\" \"a\" {{\n{head}\n  name = \"a\"\n  uses = [\"a\"]\n}}\n");
    let told = "Thing uses itself: \"a\" cannot use itself.";
    let bench = Bench::new();
    for (head, line) in [("", 4), ("count = 2", 4), ("for_each = toset([\"x\", \"y\"])", 4)] {
        let text = thing(head);
        assert_eq!(bench.validate(&text), [format!("main.tf:{line}: {told}")], "{head}");
        assert_eq!(bench.errors(&text).await, [format!("main.tf:{line}: {told}")], "{head}");
    }
    for head in ["count = 0", "for_each = {}", "for_each = toset([])"] {
        assert_eq!(bench.validate(&thing(head)), [""; 0], "{head}");
        assert_eq!(bench.errors(&thing(head)).await, [""; 0], "{head}");
    }
    // The rules of the schema hold all the same.
    let wrong = "resource \"test_thing\" \"a\" {\n  count = 0\n  size  = \"big\"\n}\n";
    assert_eq!(bench.validate(wrong).len(), 1);
    // What is not known in `validate` is known in a plan, which tells it once, however many instances there are.
    for (value, errors) in [(0, 0), (1, 1), (3, 1)] {
        let text = format!("variable \"n\" {{\n  default = {value}\n}}\n{}", thing("count = var.n"));
        assert_eq!(bench.validate(&text), [""; 0]);
        assert_eq!(bench.errors(&text).await.len(), errors, "{value}");
    }
}

#[tokio::test]
async fn a_module_that_is_not_called_breaks_no_rule_of_objects() {
    let part = "resource \"test_thing\" \"a\" {\n  name = \"a\"\n  uses = [\"a\"]\n}\n";
    let middle = "module \"part\" {\n  source = \"../part\"\n}\n";
    for (repetition, errors) in [("", 1), ("count = 1", 1), ("count = 0", 0), ("for_each = {}", 0)] {
        let main = format!("module \"m\" {{\n  source = \"./m\"\n  {repetition}\n}}\n");
        let files = [("main.tf", main.as_str()), ("m/main.tf", middle), ("part/main.tf", part)];
        let bench = Bench::new();
        assert_eq!(bench.validate_files(&files).len(), errors, "{repetition}");
        assert_eq!(bench.errors_files(&files).await.len(), errors, "{repetition}");
    }
}

#[tokio::test]
async fn infinity_is_refused_where_it_would_be_stored_and_nowhere_else() {
    let bench = Bench::new();
    let text = r#"
        variable "n" { default = 0 }
        locals { least = log(var.n, 10) }
        resource "terraform_data" "x" {
          input = {
            list = [1, local.least]
          }
        }
        output "o" { value = [local.least] }
        output "fine" { value = local.least < 1 }
    "#;
    let errors = bench.errors(text).await;
    assert_eq!(errors.len(), 2, "{errors:#?}");
    assert!(errors.iter().all(|error| error.contains("Infinite number")), "{errors:#?}");
    for place in ["main.tf:6", "main.tf:9"] {
        assert!(errors.iter().any(|error| error.contains(place)), "{place} is not in {errors:#?}");
    }
    // As Terraform has it, only the plan refuses it.
    let text = "output \"o\" { value = log(0, 10) }";
    assert!(bench.validate_files(&[("main.tf", text)]).iter().all(|(is_error, ..)| !is_error));
    assert_eq!(bench.actions("output \"o\" { value = log(1, 10) }").await, Vec::<String>::new());
}
