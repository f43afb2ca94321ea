//! `console` on standard input, with answers that Terraform was seen to give.

use crate::support::Bench;

const MAIN: &str = r#"
variable "v" { default = "d" }
variable "req" {}
variable "sec" {
  default   = "s"
  sensitive = true
}
locals { l = [1, 2] }
resource "terraform_data" "a" { input = var.v }
resource "terraform_data" "c" {
  count = 2
  input = count.index
}
module "m" {
  source = "./m"
  x      = 3
}
"#;

fn bench() -> Bench {
    let bench = Bench::new(MAIN);
    bench.write("m/m.tf", "variable \"x\" {}\noutput \"y\" { value = var.x + 1 }\n");
    bench
}

fn answer(bench: &Bench, text: &str) -> String {
    let ran = bench.answer(&["console", "-no-color"], &format!("{text}\n"));
    if ran.exit.code() == 0 { ran.out } else { format!("{}{}", ran.out, ran.err) }
}

#[test]
fn values_of_the_configuration() {
    let bench = bench();
    for (expression, expected) in [
        ("1 + 1", "2\n"),
        ("var.v == \"d\"", "true\n"),
        ("var.req", "(known after apply)\n"),
        ("var.sec", "(sensitive value)\n"),
        ("module.m", "{\n  \"y\" = 4\n}\n"),
        ("terraform_data.a.id", "(known after apply)\n"),
        ("terraform_data.c", "(known after apply)\n"),
        ("terraform_data.c[5]", "(known after apply)\n"),
        ("type(local.l)", "tuple([\n    number,\n    number,\n])\n"),
        ("", "\n"),
        ("1\n2", "2\n"),
        ("exit\n1", ""),
    ] {
        assert_eq!(answer(&bench, expression), expected, "{expression}");
    }
}

#[test]
fn objects_are_what_the_state_records() {
    let bench = bench();
    bench.run(&["apply", "-auto-approve", "-var", "req=r"]).ok();
    assert_eq!(answer(&bench, "terraform_data.a.output"), "\"d\"\n");
    assert_eq!(answer(&bench, "terraform_data.c[*].output"), "[\n  0,\n  1,\n]\n");
    assert!(answer(&bench, "terraform_data.c[5]").contains("Error: Invalid index"));
}

#[test]
fn a_mistake_is_shown_with_its_place_and_ends_it() {
    let bench = bench();
    for (expression, summary) in [
        ("local.zz", "Error: Reference to undeclared local value"),
        ("module.m.nope", "Error: Unsupported attribute"),
        ("terraform_data.a.nope", "Error: Unsupported attribute"),
        ("data.x.y", "Error: Reference to undeclared resource"),
        ("each.key", "Error: Reference to \"each\" in context without for_each"),
        ("1 +", "Error: "),
        ("plantimestamp()", "Error: "),
    ] {
        let ran = bench.answer(&["console", "-no-color"], &format!("{expression}\n1\n"));
        assert_eq!(ran.exit.code(), 1, "{expression}");
        assert_eq!(ran.out, "", "{expression}");
        assert!(ran.err.contains(summary) && ran.err.contains("<console-input> line 1"), "{}", ran.all());
    }
}

#[test]
fn a_plan_says_what_objects_will_be() {
    let bench = bench();
    bench.run(&["apply", "-auto-approve", "-var", "req=r"]).ok();
    let planned = |text: &str| {
        let line = ["console", "-no-color", "-plan", "-var", "req=r", "-var", "v=new"];
        bench.answer(&line, &format!("{text}\n")).ok().out
    };
    assert_eq!(planned("terraform_data.a.input"), "\"new\"\n");
    assert_eq!(planned("terraform_data.a.output"), "(known after apply)\n");
    assert_eq!(planned("terraform_data.c[1].output"), "1\n");
    // Outputs are not referred to by name.
    assert!(answer(&bench, "output.o").contains("Reference to undeclared resource"));
}
