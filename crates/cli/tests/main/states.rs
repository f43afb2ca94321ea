//! `show`, `output` and `state`.

use smform_cli::Exit;

use crate::support::{Bench, steady};

const KINDS: &str = r#"
resource "test_thing" "a" {
  name     = "a"
  password = "hunter2"
  tags     = { team = "ml" }
}
resource "terraform_data" "d" {
  for_each = toset(["x", "y"])
  input    = { text = "one\ntwo", list = [1, null, true] }
}
output "text" { value = "a\"b" }
output "number" { value = 1.5 }
output "list" { value = ["x", 2] }
output "secret" {
  value     = "hunter2"
  sensitive = true
}
"#;

fn applied() -> Bench {
    let bench = Bench::new(KINDS);
    bench.run(&["apply", "-auto-approve"]).ok();
    bench
}

#[test]
fn the_state_is_shown_without_secrets() {
    let bench = applied();
    let ran = bench.run(&["show", "-no-color"]).ok();
    assert!(!ran.out.contains("hunter2"), "{}", ran.out);
    insta::assert_snapshot!(steady(&ran.out), @r#"
# terraform_data.d["x"]:
resource "terraform_data" "d" {
    id     = "UUID"
    input  = {
        list = [
            1,
            null,
            true,
        ]
        text = <<-EOT
            one
            two
        EOT
    }
    output = {
        list = [
            1,
            null,
            true,
        ]
        text = <<-EOT
            one
            two
        EOT
    }
}

# terraform_data.d["y"]:
resource "terraform_data" "d" {
    id     = "UUID"
    input  = {
        list = [
            1,
            null,
            true,
        ]
        text = <<-EOT
            one
            two
        EOT
    }
    output = {
        list = [
            1,
            null,
            true,
        ]
        text = <<-EOT
            one
            two
        EOT
    }
}

# test_thing.a:
resource "test_thing" "a" {
    id       = "a"
    name     = "a"
    password = (sensitive value)
    size     = 1
    tags     = {
        "team" = "ml"
    }
}


Outputs:

list = [
    "x",
    2,
]
number = 1.5
secret = (sensitive value)
text = "a\"b"
"#);
    let json: serde_json::Value = serde_json::from_str(&bench.run(&["show", "-json"]).ok().out).expect("JSON");
    let resources = json["values"]["root_module"]["resources"].as_array().expect("a list").clone();
    assert_eq!(resources.len(), 3);
    assert_eq!(resources[0]["index"], "x");
    assert_eq!(resources[2]["sensitive_values"]["password"], true);
    assert_eq!(resources[2]["provider_name"], "registry.terraform.io/smform/test");
    let file = bench.run(&["show", "-no-color", "terraform.tfstate"]).ok();
    assert_eq!(file.out, ran.out);
}

#[test]
fn an_empty_state() {
    let bench = Bench::new("");
    assert_eq!(bench.run(&["show"]).ok().out, "No state.\n");
    assert_eq!(bench.run(&["show", "-json"]).ok().out, "{\"format_version\":\"1.0\"}\n");
    assert_eq!(bench.run(&["output", "-json"]).ok().out, "{}\n");
    assert!(bench.run(&["output", "-no-color", "x"]).ok().out.contains("Warning: No outputs found"));
    assert!(bench.run(&["state", "list"]).err.contains("No state file was found"));
    assert!(bench.run(&["output", "-no-color", "-json", "x"]).err.contains("Output \"x\" not found"));
    assert!(bench.run(&["state", "list", "-no-color"]).exit.code() == 1);
    assert_eq!(bench.run(&["state", "pull"]).ok().out, "");
}

#[test]
fn outputs() {
    let bench = applied();
    insta::assert_snapshot!(bench.run(&["output"]).ok().out, @r#"
list = [
  "x",
  2,
]
number = 1.5
secret = <sensitive>
text = "a\"b"
"#);
    insta::assert_snapshot!(bench.run(&["output", "-json"]).ok().out, @r#"
{
  "list": {
    "sensitive": false,
    "type": [
      "tuple",
      [
        "string",
        "number"
      ]
    ],
    "value": [
      "x",
      2
    ]
  },
  "number": {
    "sensitive": false,
    "type": "number",
    "value": 1.5
  },
  "secret": {
    "sensitive": true,
    "type": "string",
    "value": "hunter2"
  },
  "text": {
    "sensitive": false,
    "type": "string",
    "value": "a\"b"
  }
}
"#);
    assert_eq!(bench.run(&["output", "-raw", "text"]).ok().out, "a\"b");
    assert_eq!(bench.run(&["output", "-raw", "number"]).ok().out, "1.5");
    assert_eq!(bench.run(&["output", "-json", "list"]).ok().out, "[\"x\",2]\n");
    assert_eq!(bench.run(&["output", "secret"]).ok().out, "\"hunter2\"\n");
    let ran = bench.run(&["output", "-no-color", "nmber"]);
    assert!(ran.exit == Exit::Failure && ran.err.contains("Did you mean \"number\"?"), "{}", ran.all());
    assert!(bench.run(&["output", "-raw", "list"]).err.contains("Unsupported value for raw output"));
    assert!(bench.run(&["output", "-raw"]).err.contains("Output name required"));
}

#[test]
fn listing_and_showing_objects() {
    let bench = applied();
    let list = |line: &[&str]| bench.run(line).ok().out;
    assert_eq!(list(&["state", "list"]), "terraform_data.d[\"x\"]\nterraform_data.d[\"y\"]\ntest_thing.a\n");
    assert_eq!(list(&["state", "list", "-id=a"]), "test_thing.a\n");
    assert_eq!(list(&["state", "list", "terraform_data.d"]), "terraform_data.d[\"x\"]\nterraform_data.d[\"y\"]\n");
    assert_eq!(bench.run(&["state", "list", "test_thing.b"]).exit, Exit::Failure);
    insta::assert_snapshot!(list(&["state", "show", "-no-color", "test_thing.a"]), @r#"
# test_thing.a:
resource "test_thing" "a" {
    id       = "a"
    name     = "a"
    password = (sensitive value)
    size     = 1
    tags     = {
        "team" = "ml"
    }
}
"#);
    let shown: serde_json::Value =
        serde_json::from_str(&list(&["state", "show", "-json", "terraform_data.d[\"x\"]"])).expect("JSON");
    let resources = shown["values"]["root_module"]["resources"].as_array().expect("resources");
    assert_eq!(resources.len(), 1);
    assert_eq!((&resources[0]["index"], &resources[0]["type"]), (&"x".into(), &"terraform_data".into()));
    assert!(bench.run(&["state", "show", "-json", "test_thing.b"]).err.contains("Did you mean"));
    let ran = bench.run(&["state", "show", "-no-color", "test_thing.b"]);
    assert!(ran.err.contains("Did you mean \"test_thing.a\"?"), "{}", ran.err);
    assert!(bench.run(&["state", "show", "-no-color", "???"]).err.contains("Invalid address"));
    let pulled: serde_json::Value = serde_json::from_str(&list(&["state", "pull"])).expect("JSON");
    assert_eq!(pulled["version"], 4);
}

#[test]
fn a_damaged_state_is_an_error() {
    let bench = applied();
    bench.write("terraform.tfstate", "{");
    for line in [&["state", "list"][..], &["init"], &["plan"]] {
        let ran = bench.run(line);
        assert_eq!(ran.exit, Exit::Failure, "{line:?}");
        assert!(ran.err.contains("is not a readable state"), "{line:?}: {}", ran.err);
    }
}

#[test]
fn removing_and_moving() {
    let bench = applied();
    let list = || bench.run(&["state", "list"]).ok().out;
    assert_eq!(
        bench.run(&["state", "rm", "-dry-run", "terraform_data.d"]).ok().out,
        "Would remove terraform_data.d[\"x\"]\nWould remove terraform_data.d[\"y\"]\n"
    );
    assert!(
        bench.run(&["state", "rm", "terraform_data.d[\"x\"]"]).ok().out.contains("removed 1 resource instance(s).")
    );
    assert_eq!(list(), "terraform_data.d[\"y\"]\ntest_thing.a\n");
    bench.run(&["state", "mv", "terraform_data.d", "terraform_data.e"]).ok();
    bench.run(&["state", "mv", "test_thing.a", "module.m[0].test_thing.b"]).ok();
    assert_eq!(list(), "terraform_data.e[\"y\"]\nmodule.m[0].test_thing.b\n");
    for (line, text) in [
        (["rm", "test_thing.zz", "-no-color"], "holds nothing at test_thing.zz"),
        (["mv", "terraform_data.e[\"y\"]", "test_thing.x"], "keeps its type"),
        (["mv", "terraform_data.zz", "terraform_data.x"], "holds nothing at"),
    ] {
        let ran = bench.run(&[&["state"], &line[..]].concat());
        assert!(ran.exit == Exit::Failure && ran.err.contains(text), "{line:?} {}", ran.all());
    }
    bench.run(&["state", "rm", "module.m"]).ok();
    assert_eq!(list(), "terraform_data.e[\"y\"]\n");
    assert_eq!(bench.service.names(), ["a"]);
}

#[test]
fn a_configuration_that_cannot_be_read_is_told_before_a_state() {
    let bench = applied();
    let text = bench.read("main.tf");
    let lines: [&[&str]; 5] = [
        &["output", "-json"],
        &["show", "-json"],
        &["state", "list"],
        &["workspace", "list"],
        &["workspace", "new", "w"],
    ];
    bench.write("main.tf", &format!("{text}\noutput \"x\" {{\n  value = \"one\n}}\n"));
    for line in lines {
        let ran = bench.run(line);
        assert_eq!(ran.exit, Exit::Failure, "{}", ran.all());
        assert!(ran.err.contains("Invalid multi-line string") && ran.out.is_empty(), "{}", ran.all());
    }
    bench.run(&["workspace", "show"]).ok();
    // What only a plan refuses is no hindrance, nor is the version that is required.
    bench.write(
        "main.tf",
        &format!("{text}\nterraform {{ required_version = \">= 99\" }}\nlocals {{ x = var.none }}\n"),
    );
    lines.into_iter().for_each(|line| drop(bench.run(line).ok()));
}
