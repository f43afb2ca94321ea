//! The forms for programs.

use serde_json::Value as Json;
use smform_cli::Exit;

use crate::support::{Bench, steady};

const ONE: &str = "resource \"test_thing\" \"a\" {\n  name = \"a\"\n}\noutput \"o\" { value = test_thing.a.id }\n";

fn messages(out: &str) -> Vec<Json> {
    out.lines().map(|line| serde_json::from_str(line).expect("a JSON object per line")).collect()
}

/// The stream without times.
fn timeless(out: &str) -> String {
    let line = |mut message: Json| {
        message.as_object_mut().map(|fields| fields.remove("@timestamp"));
        format!("{message}\n")
    };
    messages(out).into_iter().map(line).collect()
}

#[test]
fn a_stream_of_messages() {
    let bench = Bench::new(ONE);
    insta::assert_snapshot!(timeless(&bench.run(&["plan", "-json"]).ok().out), @r#"
{"@level":"info","@message":"smform 0.0.0-test","@module":"terraform.ui","ui":"1.2","smform":"0.0.0-test","terraform":"1.11.4","type":"version"}
{"@level":"info","@message":"test_thing.a: Plan to create","@module":"terraform.ui","type":"planned_change","change":{"resource":{"addr":"test_thing.a","module":"","resource":"test_thing.a","implied_provider":"test","resource_type":"test_thing","resource_name":"a","resource_key":null},"action":"create"}}
{"@level":"info","@message":"Plan: 1 to add, 0 to change, 0 to destroy.","@module":"terraform.ui","type":"change_summary","changes":{"add":1,"change":0,"import":0,"remove":0,"operation":"plan"}}
{"@level":"info","@message":"Outputs: 1","@module":"terraform.ui","type":"outputs","outputs":{"o":{"sensitive":false,"action":"create"}}}
"#);
    insta::assert_snapshot!(timeless(&bench.run(&["apply", "-json", "-auto-approve"]).ok().out), @r#"
{"@level":"info","@message":"smform 0.0.0-test","@module":"terraform.ui","ui":"1.2","smform":"0.0.0-test","terraform":"1.11.4","type":"version"}
{"@level":"info","@message":"test_thing.a: Plan to create","@module":"terraform.ui","type":"planned_change","change":{"resource":{"addr":"test_thing.a","module":"","resource":"test_thing.a","implied_provider":"test","resource_type":"test_thing","resource_name":"a","resource_key":null},"action":"create"}}
{"@level":"info","@message":"Plan: 1 to add, 0 to change, 0 to destroy.","@module":"terraform.ui","type":"change_summary","changes":{"add":1,"change":0,"import":0,"remove":0,"operation":"plan"}}
{"@level":"info","@message":"Outputs: 1","@module":"terraform.ui","type":"outputs","outputs":{"o":{"sensitive":false,"action":"create"}}}
{"@level":"info","@message":"test_thing.a: Creating...","@module":"terraform.ui","type":"apply_start","hook":{"resource":{"addr":"test_thing.a","module":"","resource":"test_thing.a","implied_provider":"test","resource_type":"test_thing","resource_name":"a","resource_key":null},"action":"create"}}
{"@level":"info","@message":"test_thing.a: Creation complete after 0s [id=a]","@module":"terraform.ui","type":"apply_complete","hook":{"resource":{"addr":"test_thing.a","module":"","resource":"test_thing.a","implied_provider":"test","resource_type":"test_thing","resource_name":"a","resource_key":null},"action":"create","id_key":"id","id_value":"a","elapsed_seconds":0}}
{"@level":"info","@message":"Apply complete! Resources: 1 added, 0 changed, 0 destroyed.","@module":"terraform.ui","type":"change_summary","changes":{"add":1,"change":0,"import":0,"remove":0,"operation":"apply"}}
{"@level":"info","@message":"Outputs: 1","@module":"terraform.ui","type":"outputs","outputs":{"o":{"sensitive":false,"type":"string","value":"a"}}}
"#);
    insta::assert_snapshot!(timeless(&bench.run(&["apply", "-json", "-destroy", "-auto-approve"]).ok().out), @r#"
{"@level":"info","@message":"smform 0.0.0-test","@module":"terraform.ui","ui":"1.2","smform":"0.0.0-test","terraform":"1.11.4","type":"version"}
{"@level":"info","@message":"test_thing.a: Refreshing state... [id=a]","@module":"terraform.ui","type":"refresh_start","hook":{"resource":{"addr":"test_thing.a","module":"","resource":"test_thing.a","implied_provider":"test","resource_type":"test_thing","resource_name":"a","resource_key":null},"id_key":"id","id_value":"a"}}
{"@level":"info","@message":"test_thing.a: Refresh complete [id=a]","@module":"terraform.ui","type":"refresh_complete","hook":{"resource":{"addr":"test_thing.a","module":"","resource":"test_thing.a","implied_provider":"test","resource_type":"test_thing","resource_name":"a","resource_key":null},"id_key":"id","id_value":"a"}}
{"@level":"info","@message":"test_thing.a: Plan to delete","@module":"terraform.ui","type":"planned_change","change":{"resource":{"addr":"test_thing.a","module":"","resource":"test_thing.a","implied_provider":"test","resource_type":"test_thing","resource_name":"a","resource_key":null},"action":"delete"}}
{"@level":"info","@message":"Plan: 0 to add, 0 to change, 1 to destroy.","@module":"terraform.ui","type":"change_summary","changes":{"add":0,"change":0,"import":0,"remove":1,"operation":"plan"}}
{"@level":"info","@message":"Outputs: 1","@module":"terraform.ui","type":"outputs","outputs":{"o":{"sensitive":false,"action":"delete"}}}
{"@level":"info","@message":"test_thing.a: Destroying... [id=a]","@module":"terraform.ui","type":"apply_start","hook":{"resource":{"addr":"test_thing.a","module":"","resource":"test_thing.a","implied_provider":"test","resource_type":"test_thing","resource_name":"a","resource_key":null},"action":"delete","id_key":"id","id_value":"a"}}
{"@level":"info","@message":"test_thing.a: Destruction complete after 0s","@module":"terraform.ui","type":"apply_complete","hook":{"resource":{"addr":"test_thing.a","module":"","resource":"test_thing.a","implied_provider":"test","resource_type":"test_thing","resource_name":"a","resource_key":null},"action":"delete","elapsed_seconds":0}}
{"@level":"info","@message":"Apply complete! Resources: 0 added, 0 changed, 1 destroyed.","@module":"terraform.ui","type":"change_summary","changes":{"add":0,"change":0,"import":0,"remove":1,"operation":"apply"}}
{"@level":"info","@message":"Outputs: 0","@module":"terraform.ui","type":"outputs","outputs":{}}
"#);
    let first = messages(&bench.run(&["plan", "-json"]).ok().out);
    assert!(first.iter().all(|message| message["@timestamp"].as_str().is_some_and(|time| time.ends_with('Z'))));
}

#[test]
fn errors_in_the_stream() {
    let bench = Bench::new("resource \"test_thing\" \"a\" {\n  name = local.nope\n}\n");
    let ran = bench.run(&["plan", "-json"]);
    assert_eq!((ran.exit, ran.err.as_str()), (Exit::Failure, ""));
    let last = messages(&ran.out).pop().expect("a message");
    assert_eq!(last["type"], "diagnostic");
    assert_eq!(last["diagnostic"]["range"]["start"]["line"], 2);
    assert_eq!(last["diagnostic"]["snippet"]["code"], "  name = local.nope");
}

#[test]
fn validation() {
    let bench = Bench::new(ONE);
    assert!(bench.run(&["validate", "-no-color"]).ok().out.starts_with("Success! The configuration is valid."));
    insta::assert_snapshot!(bench.run(&["validate", "-json"]).ok().out, @r#"
{
  "format_version": "1.0",
  "valid": true,
  "error_count": 0,
  "warning_count": 0,
  "diagnostics": []
}
"#);
    bench.write("main.tf", "output \"bad\" { value = local.nope }\n");
    let ran = bench.run(&["validate", "-json"]);
    assert_eq!(ran.exit, Exit::Failure);
    insta::assert_snapshot!(ran.out, @r#"
{
  "format_version": "1.0",
  "valid": false,
  "error_count": 1,
  "warning_count": 0,
  "diagnostics": [
    {
      "severity": "error",
      "summary": "Reference to undeclared local value",
      "detail": "A local value with the name \"nope\" has not been declared.",
      "range": {
        "filename": "main.tf",
        "start": {
          "line": 1,
          "column": 24,
          "byte": 23
        },
        "end": {
          "line": 1,
          "column": 34,
          "byte": 33
        }
      },
      "snippet": {
        "context": "output \"bad\"",
        "code": "output \"bad\" { value = local.nope }",
        "start_line": 1,
        "highlight_start_offset": 23,
        "highlight_end_offset": 33,
        "values": []
      }
    }
  ]
}
"#);
}

#[test]
fn schemas_and_versions() {
    let bench = Bench::new("resource \"terraform_data\" \"a\" {}\n");
    let schemas: Json = serde_json::from_str(&bench.run(&["providers", "schema", "-json"]).ok().out).expect("JSON");
    let builtin = &schemas["provider_schemas"]["terraform.io/builtin/terraform"]["resource_schemas"]["terraform_data"];
    assert_eq!(builtin["block"]["attributes"]["input"]["type"], "dynamic");
    // Of what nothing here needs, nothing is said.
    let all: Vec<&String> = schemas["provider_schemas"].as_object().expect("an object").keys().collect();
    assert_eq!(all, ["terraform.io/builtin/terraform"]);
    bench.write("main.tf", "");
    assert_eq!(bench.run(&["providers", "schema", "-json"]).ok().out, "{\"format_version\":\"1.0\"}\n");
    assert_eq!(bench.run(&["providers", "schema"]).exit, Exit::Failure);
    let version: Json = serde_json::from_str(&bench.run(&["version", "-json"]).ok().out).expect("JSON");
    assert_eq!(version["smform_version"], "0.0.0-test");
    assert!(bench.run(&["-version"]).ok().out.starts_with("smform v0.0.0-test\n"));
}

#[test]
fn a_failed_call_is_shown_whole_with_its_signature() {
    let bench = Bench::new("output \"o\" {\n  value = substr(\"abc\",\n    \"x\",\n    1)\n}\n");
    let told: Json = serde_json::from_str(&bench.run(&["validate", "-json"]).out).expect("JSON");
    let snippet = &told["diagnostics"][0]["snippet"];
    assert_eq!(snippet["code"], "  value = substr(\"abc\",\n    \"x\",\n    1)");
    assert_eq!((&snippet["start_line"], &snippet["highlight_start_offset"]), (&Json::from(2), &Json::from(29)));
    let signature = &snippet["function_call"]["signature"];
    assert_eq!(signature["params"][1], serde_json::json!({ "name": "offset", "type": "number" }));
    assert_eq!((&signature["name"], &signature["return_type"]), (&Json::from("substr"), &Json::from("string")));
}

/// The keys of a plan are those that Terraform writes, and so are their values as far as both know the type.
#[test]
fn plan_json_as_terraform_writes_it() {
    let folder = format!("{}/tests/terraform/kinds", env!("CARGO_MANIFEST_DIR"));
    let read = |file: &str| std::fs::read_to_string(format!("{folder}/{file}")).expect("recorded");
    let bench = Bench::new(&read("main.tf"));
    bench.run(&["apply", "-auto-approve"]).ok();
    bench.run(&["plan", "-var", "v=2", "-out=p"]).ok();
    let ours: Json = serde_json::from_str(&steady(&bench.run(&["show", "-json", "p"]).ok().out)).expect("JSON");
    let theirs: Json = serde_json::from_str(&read("plan.json")).expect("JSON");
    for key in ["format_version", "variables", "planned_values", "output_changes", "applyable", "complete", "errored"] {
        assert_eq!(ours[key], theirs[key], "{key}");
    }
    let list = |json: &Json| json["resource_changes"].as_array().cloned().unwrap_or_default();
    for (ours, theirs) in list(&ours).iter().zip(&list(&theirs)) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(list(&ours).len(), list(&theirs).len());
    let resources =
        |json: &Json| json["configuration"]["root_module"]["resources"].as_array().cloned().unwrap_or_default();
    for (ours, theirs) in resources(&ours).iter().zip(&resources(&theirs)) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(ours["configuration"]["provider_config"], theirs["configuration"]["provider_config"]);
    assert_eq!(ours["configuration"]["root_module"]["outputs"], theirs["configuration"]["root_module"]["outputs"]);
}

#[test]
fn a_wrong_command_line_is_told_in_the_stream() {
    let bench = Bench::new("");
    for (flag, summary) in [
        ("-replace=module.m", "Invalid force-replace address \"module.m\""),
        ("-target=a[", "Invalid target \"a[\""),
        ("-bogus", "Failed to parse command-line flags"),
    ] {
        let ran = bench.run(&["plan", "-json", flag]);
        assert_eq!(ran.exit, Exit::Failure, "{flag}");
        assert_eq!(ran.err, "");
        let messages = messages(&ran.out);
        let [version, found] = messages.as_slice() else { panic!("{flag}: {}", ran.out) };
        assert_eq!(version["type"], "version");
        assert_eq!(found["type"], "diagnostic");
        assert_eq!(found["diagnostic"]["summary"], summary);
    }
}

#[test]
fn modules_that_runs_of_tests_are_about_are_validated() {
    let bench = Bench::new("locals { x = 1 }");
    bench.write("t.tftest.hcl", "run \"a\" {\n  module {\n    source = \"./h\"\n  }\n}\n");
    bench.write("h/main.tf", "output \"h\" { value = va.n }\n");
    let ran = bench.run(&["validate", "-no-color"]);
    assert!(
        ran.err.contains("Reference to undeclared resource\n\n  on h/main.tf line 1, in output \"h\":"),
        "{}",
        ran.all()
    );
    bench.run(&["validate", "-no-tests"]).ok();
    bench.write("h/main.tf", "output \"h\" { valu = 1 }\n");
    let ran = bench.run(&["validate", "-no-color"]);
    assert!(ran.err.contains("Missing required argument\n\n  on h/main.tf line 1"), "{}", ran.all());
}
