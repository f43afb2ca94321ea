//! `import`.

use smform_cli::Exit;

use crate::support::Bench;

const KINDS: &str = r#"
variable "who" {}
provider "test" {}
resource "test_thing" "a" {
  name     = "a"
  password = "hunter2"
}
resource "test_thing" "many" {
  for_each = toset(["x", "y"])
  name     = "many-${each.key}"
  parent   = test_thing.a.id
}
output "name" { value = test_thing.a.name }
"#;

/// A bench on which everything exists, and nothing of it is recorded.
fn forgotten() -> Bench {
    let bench = Bench::new(KINDS);
    bench.write("terraform.tfvars", "who = \"me\"\n");
    bench.run(&["apply", "-auto-approve"]).ok();
    std::fs::remove_file(bench.path().join("terraform.tfstate")).expect("removed");
    bench
}

#[test]
fn what_exists_is_recorded_as_it_is() {
    let bench = forgotten();
    // The arguments may still have to be written.
    let empty = KINDS.replace("  name     = \"a\"\n  password = \"hunter2\"\n", "");
    bench.write("main.tf", &empty);
    let ran = bench.run(&["import", "-no-color", "test_thing.a", "a"]).ok();
    assert!(ran.out.contains("Import successful!"), "{}", ran.out);
    assert!(!ran.out.contains("Resource targeting"), "{}", ran.out);
    assert!(!ran.out.contains("may be incomplete"), "{}", ran.out);
    bench.write("main.tf", KINDS);
    for key in ["x", "y"] {
        let address = format!("test_thing.many[\"{key}\"]");
        bench.run(&["import", &address, &format!("many-{key}")]).ok();
    }
    let state = bench.read("terraform.tfstate");
    assert!(state.contains("\"test_thing.a\""), "dependencies are recorded: {state}");
    let plan = bench.run(&["plan", "-no-color", "-detailed-exitcode"]).ok();
    assert!(plan.out.contains("No changes."), "{}", plan.out);
    assert!(bench.service.calls().iter().all(|call| !call.starts_with("update")), "{:?}", bench.service.calls());
}

#[test]
fn what_cannot_be_recorded_is_refused() {
    let bench = forgotten();
    bench.run(&["import", "test_thing.a", "a"]).ok();
    let before = bench.read("terraform.tfstate");
    for (address, id, wanted) in [
        ("test_thing.a", "a", "already managed"),
        ("test_thing.b", "a", "resource \"test_thing\" \"b\" {"),
        ("test_thing.many[\"z\"]", "many-x", "no instance test_thing.many[\"z\"]"),
        ("test_thing.many[\"x\"]", "nobody", "Cannot import non-existent remote object"),
        ("data.test_thing.a", "a", "data resource"),
        ("module.none.test_thing.a", "a", "module.none"),
        ("module.none", "a", "Invalid address"),
        ("test_thing.many[\"x\"]", "", "No identifier"),
    ] {
        let ran = bench.run(&["import", "-no-color", address, id]);
        assert_eq!(ran.exit, Exit::Failure, "{address}");
        let said = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(&wanted.split_whitespace().collect::<Vec<_>>().join(" ")), "{address}: {said}");
    }
    assert_eq!(bench.read("terraform.tfstate"), before);
}

#[test]
fn an_unknown_type_is_told_before_a_block_is_asked_for() {
    let bench = Bench::new("");
    let ran = bench.run(&["import", "-no-color", "aws_foo.x", "id"]);
    assert!(ran.exit == Exit::Failure && ran.err.contains("smform has no resource type \"aws_foo\""), "{}", ran.all());
    assert!(!ran.err.contains("Write its block"), "{}", ran.err);
}
