//! The providers without a service, as published modules use them.

use crate::support::Bench;

const ALL: &str = r#"
resource "random_id" "a" {
  byte_length = 4
  prefix      = "x-"
}
resource "random_string" "a" {
  length  = 8
  special = false
  upper   = false
  numeric = false
}
resource "random_password" "a" {
  length = 20
}
resource "random_pet" "a" {
  length = 3
  prefix = "my"
}
resource "random_uuid" "a" {}
resource "random_integer" "a" {
  min = 5000000000
  max = 5000000009
}
resource "null_resource" "a" {
  triggers = { id = random_id.a.hex }
}
resource "time_sleep" "a" {
  create_duration = "1ms"
  triggers        = { id = null_resource.a.id }
}
output "id" { value = random_id.a.hex }
output "string" { value = random_string.a.result }
output "pet" { value = random_pet.a.id }
output "integer" { value = random_integer.a.result }
"#;

fn output(bench: &Bench, name: &str) -> String {
    bench.run(&["output", "-raw", name]).ok().out
}

#[test]
fn they_are_made_once_and_kept() {
    let bench = Bench::new(ALL);
    bench.run(&["apply", "-auto-approve", "-no-color"]).ok();
    let made: Vec<String> = ["id", "string", "pet", "integer"].map(|name| output(&bench, name)).into();
    assert!(made[0].starts_with("x-") && made[0].len() == 10, "{made:?}");
    assert!(made[1].len() == 8 && made[1].chars().all(|letter| letter.is_ascii_lowercase()), "{made:?}");
    assert!(made[2].starts_with("my-") && made[2].matches('-').count() >= 3, "{made:?}");
    assert!(made[3].len() == 10 && made[3].starts_with("500000000"), "{made:?}");
    let again = bench.run(&["plan", "-detailed-exitcode", "-no-color"]).ok();
    assert!(again.out.contains("No changes."), "{}", again.all());
    bench.run(&["destroy", "-auto-approve", "-no-color"]).ok();
    assert_eq!(bench.run(&["state", "list"]).ok().out, "");
}

#[test]
fn a_changed_keeper_makes_a_new_one_and_a_password_is_not_shown() {
    let text = |keeper: &str| {
        format!(
            "resource \"random_password\" \"a\" {{\n  length  = 12\n  keepers = {{ v = \"{keeper}\" }}\n}}\n\
             output \"p\" {{\n  value     = random_password.a.result\n  sensitive = true\n}}\n"
        )
    };
    let bench = Bench::new(&text("1"));
    bench.run(&["apply", "-auto-approve", "-no-color"]).ok();
    let first = output(&bench, "p");
    bench.write("main.tf", &text("2"));
    let applied = bench.run(&["apply", "-auto-approve", "-no-color"]).ok();
    assert!(applied.out.contains("# forces replacement"), "{}", applied.all());
    assert!(!applied.out.contains(&first), "{}", applied.all());
    assert_ne!(output(&bench, "p"), first);
}

#[test]
fn an_impossible_text_is_refused_before_anything_is_made() {
    let bench = Bench::new("resource \"random_string\" \"a\" {\n  length    = 2\n  min_upper = 3\n}\n");
    let ran = bench.run(&["plan", "-no-color"]);
    assert_eq!(ran.exit.code(), 1);
    assert!(ran.err.contains("main.tf line 1"), "{}", ran.all());
    assert!(ran.err.contains("come to 3"), "{}", ran.all());
}
