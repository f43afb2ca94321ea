//! Saved plans.

use smform_cli::Exit;

use crate::support::{Bench, steady};

const ONE: &str =
    "variable \"size\" { default = 1 }\nresource \"test_thing\" \"a\" {\n  name = \"a\"\n  size = var.size\n}\n";

#[test]
fn a_saved_plan_is_applied_once_without_asking() {
    let bench = Bench::new(ONE);
    insta::assert_snapshot!(steady(&bench.run(&["plan", "-no-color", "-out=p"]).ok().out), @r#"

Resource actions are indicated with the following symbols:
  + create

smform will perform the following actions:

  # test_thing.a will be created
  + resource "test_thing" "a" {
      + id   = (known after apply)
      + name = "a"
      + size = 1
    }

Plan: 1 to add, 0 to change, 0 to destroy.

─────────────────────────────────────────────────────────────────────────────

Saved the plan to: p
Digest: sha256:SHA256

To perform exactly these actions:
    smform apply -expect-digest=sha256:SHA256 p
"#);
    // What is on disk now does not matter any more.
    bench.write("main.tf", "resource \"test_thing\" \"other\" {}");
    bench.run(&["apply", "-no-color", "p"]).ok();
    assert_eq!(bench.service.names(), ["a"]);
    let ran = bench.run(&["apply", "-no-color", "p"]);
    assert_eq!(ran.exit, Exit::Failure);
    assert!(ran.err.contains("Error: Saved plan is stale"), "{}", ran.err);
}

#[test]
fn only_the_expected_plan_is_applied() {
    let bench = Bench::new(ONE);
    let out = bench.run(&["plan", "-no-color", "-out=p"]).ok().out;
    let digest = out.lines().find_map(|line| line.strip_prefix("Digest: ")).expect("a digest").to_owned();
    let ran = bench.run(&["apply", "-no-color", "-expect-digest=sha256:0000", "p"]);
    assert!(ran.err.contains("Not the expected plan"), "{}", ran.err);
    for empty in ["-expect-digest=", "-expect-digest=sha256:"] {
        let ran = bench.run(&["apply", "-no-color", empty, "p"]);
        assert!(ran.err.contains("it is empty: give"), "{}", ran.all());
    }
    let text = bench.read("p");
    bench.write("q", &text.replace("\"a\"", "\"b\""));
    let ran = bench.run(&["apply", "-no-color", "q"]);
    assert!(ran.err.contains("does not match its digest"), "{}", ran.err);
    // The name of the algorithm may be left out.
    let digits = digest.strip_prefix("sha256:").expect("a name");
    bench.run(&["apply", &format!("-expect-digest={digits}"), "p"]).ok();
}

#[test]
fn an_empty_name_saves_nothing() {
    let bench = Bench::new(ONE);
    let out = bench.run(&["plan", "-no-color", "-out="]).ok().out;
    assert!(out.contains("1 to add") && !out.contains("Saved the plan"), "{out}");
}

#[test]
fn programs_are_told_of_a_saved_plan_only_what_is_done() {
    let bench = Bench::new("resource \"terraform_data\" \"a\" {}\nresource \"terraform_data\" \"b\" {}\n");
    bench.run(&["apply", "-auto-approve"]).ok();
    let moved = "moved {\n  from = terraform_data.a\n  to = terraform_data.c\n}\n";
    let blocks = "resource \"terraform_data\" \"c\" {}\nresource \"terraform_data\" \"d\" {}\n";
    bench.write("main.tf", &format!("{moved}{blocks}output \"o\" {{\n  value = 1\n}}\n"));
    bench.run(&["plan", "-out=p"]).ok();
    let out = bench.run(&["apply", "-json", "p"]).ok().out;
    let kinds: Vec<String> = out
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("an event"))
        .map(|event| format!("{} {}", event["type"].as_str().unwrap_or_default(), event["change"]["action"]))
        .filter(|kind| !kind.starts_with("apply_") && !kind.starts_with("version"))
        .collect();
    let expected = ["planned_change \"delete\"", "planned_change \"create\"", "change_summary null", "outputs null"];
    assert_eq!(kinds, expected, "{out}");
}

#[test]
fn the_line_to_paste_is_whole() {
    let bench = Bench::new(ONE);
    let out = bench.run(&["plan", "-no-color", "-out=my plan", "-markdown-into=plan.md"]).ok().out;
    let line = out.lines().find_map(|line| line.trim().strip_prefix("smform apply ")).expect("a line to paste");
    assert!(
        bench.read("plan.md").contains(&format!("\n```sh\nsmform apply {line}\n```\n")),
        "{}",
        bench.read("plan.md")
    );
    let words = shell_words::split(&format!("apply {line}")).expect("words");
    bench.run(&words.iter().map(String::as_str).collect::<Vec<_>>()).ok();
    assert_eq!(bench.service.names(), ["a"]);
}

#[test]
fn planning_options_do_not_change_a_saved_plan() {
    for option in ["-destroy", "-refresh-only", "-target=test_thing.b", "-replace=test_thing.a", "-refresh=false"] {
        let bench = Bench::new(ONE);
        bench.run(&["plan", "-var", "size=3", "-out=p"]).ok();
        let ran = bench.run(&["apply", "-no-color", option, "p"]);
        assert!(ran.out.contains("Planning options with a saved plan are not used"), "{option} {}", ran.all());
        assert_eq!(bench.service.names(), ["a"], "{option} {}", ran.all());
    }
}

#[test]
fn other_values_than_those_of_a_saved_plan_are_refused() {
    let bench = Bench::new(ONE);
    bench.run(&["plan", "-var", "size=3", "-out=p"]).ok();
    let ran = bench.run(&["apply", "-no-color", "-var", "size=4", "p"]);
    assert!(ran.err.contains("Can't change variable"), "{}", ran.all());
    bench.run(&["apply", "-var", "size=3", "p"]).ok();
}

#[test]
fn a_saved_plan_is_shown() {
    let bench = Bench::new(ONE);
    bench.run(&["plan", "-out=p"]).ok();
    insta::assert_snapshot!(steady(&bench.run(&["show", "-no-color", "p"]).ok().out), @r#"

Resource actions are indicated with the following symbols:
  + create

smform will perform the following actions:

  # test_thing.a will be created
  + resource "test_thing" "a" {
      + id   = (known after apply)
      + name = "a"
      + size = 1
    }

Plan: 1 to add, 0 to change, 0 to destroy.

Digest: sha256:SHA256
"#);
    let json: serde_json::Value = serde_json::from_str(&bench.run(&["show", "-json", "p"]).ok().out).expect("JSON");
    assert_eq!(json["format_version"], "1.2");
    assert_eq!(json["resource_changes"][0]["change"]["actions"][0], "create");
    assert_eq!(json["planned_values"]["root_module"]["resources"][0]["values"]["size"], 1);
    assert_eq!(
        json["configuration"]["root_module"]["resources"][0]["expressions"]["size"]["references"][0],
        "var.size"
    );
    bench.write("junk", "not a plan");
    assert!(bench.run(&["show", "-no-color", "junk"]).err.contains("neither a saved plan nor a state"));
    assert!(bench.run(&["show", "-no-color", "absent"]).err.contains("Failed to read the given file"));
}

#[test]
fn a_plan_of_terraform_is_told_as_such() {
    let bench = Bench::new(ONE);
    std::fs::write(bench.path().join("tf.plan"), b"PK\x03\x04\x14\x00\x08\x00\xff\xfe tfplan").expect("written");
    for command in ["show", "apply"] {
        let ran = bench.run(&[command, "-no-color", "tf.plan"]);
        assert_eq!(ran.exit, Exit::Failure);
        let said = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("Plans of Terraform can be applied only by Terraform."), "{}", ran.all());
        assert!(said.contains("Not a usable saved plan"), "{}", ran.all());
    }
}

#[test]
fn modules_that_are_missing_are_fetched_and_belong_to_the_saved_plan() {
    let elsewhere = Bench::new("resource \"test_thing\" \"a\" {\n  name = \"fetched\"\n}\n");
    let call =
        |name: &str| format!("module \"{name}\" {{\n  source = {:?}\n}}\n", elsewhere.path().display().to_string());
    let bench = Bench::new(&call("one"));
    let ran = bench.run(&["validate", "-no-color"]);
    assert!(ran.err.contains("Module not installed"), "{}", ran.err);
    let ran = bench.run(&["plan", "-no-color", "-out=p"]).ok();
    assert!(ran.err.contains("for module one"), "{}", ran.err);
    assert!(bench.has(".terraform/modules/one/main.tf"));
    std::fs::remove_dir_all(bench.path().join(".terraform")).expect("removed");
    bench.run(&["apply", "-no-color", "p"]).ok();
    assert_eq!(bench.service.names(), ["fetched"]);
    bench.run(&["init", "-no-color"]).ok();
    bench.run(&["validate", "-no-color"]).ok();
}

#[test]
fn a_plan_and_an_apply_that_disagree_about_the_sandbox() {
    let mut bench = Bench::new("output \"o\" { value = 1 }");
    bench.run(&["plan", "-out=p"]).ok();
    let ran = bench.run(&["apply", "-no-color", "-sandbox", "p"]);
    assert!(ran.err.contains("This plan was not made with -sandbox; leave -sandbox out."), "{}", ran.all());
    bench.environment.insert("SMFORM_SANDBOX".to_owned(), "1".to_owned());
    let ran = bench.run(&["apply", "-no-color", "p"]);
    assert!(ran.err.contains("SMFORM_SANDBOX is on. Unset it"), "{}", ran.all());
    assert!(!bench.has("terraform.tfstate"));
}

#[test]
fn ephemeral_values_are_not_kept_and_must_be_given_again() {
    let bench = Bench::new(
        "variable \"e\" {\n  type      = string\n  ephemeral = true\n}\nresource \"terraform_data\" \"a\" {\n  input = \
         ephemeralasnull(var.e)\n}\n",
    );
    bench.write("given.tfvars", "e = \"unforgettable\"\n");
    bench.run(&["plan", "-no-color", "-out=p", "-var-file=given.tfvars"]).ok();
    let saved: serde_json::Value = serde_json::from_str(&bench.read("p")).expect("a saved plan");
    assert_eq!(saved["variables"], serde_json::json!({}));
    assert_eq!(saved["files"]["files"]["given.tfvars"], serde_json::json!(""));
    assert!(!saved.to_string().contains("unforgettable"));
    let ran = bench.run(&["apply", "-no-color", "p"]);
    assert_eq!(ran.exit, Exit::Failure);
    assert!(ran.err.contains("Error: No value for required variable"), "{}", ran.err);
    bench.run(&["apply", "-no-color", "-var", "e=unforgettable", "p"]).ok();
    assert!(!bench.read("terraform.tfstate").contains("unforgettable"));
}

#[test]
fn a_saved_plan_shows_the_same_when_the_state_has_moved_on() {
    let text = "resource \"terraform_data\" \"a\" { input = 1 }\nresource \"terraform_data\" \"b\" { input = 1 }\n\
                output \"o\" {\n  value     = \"x\"\n  sensitive = true\n}\n";
    let bench = Bench::new(text);
    bench.run(&["apply", "-auto-approve"]).ok();
    bench.write("main.tf", &text.replace('1', "2").replace("\"x\"", "\"y\""));
    bench.run(&["plan", "-target=terraform_data.a", "-out=p"]).ok();
    let before = [&["show", "-json", "p"][..], &["show", "-no-color", "p"]].map(|line| bench.run(line).ok().out);
    assert!(before[0].contains("\"outputs\":{\"o\":{\"sensitive\":true"), "{}", before[0]);
    bench.run(&["apply", "p"]).ok();
    let after = [&["show", "-json", "p"][..], &["show", "-no-color", "p"]].map(|line| bench.run(line).ok().out);
    assert_eq!(before, after);
}

#[test]
fn a_plan_without_changes_is_saved_without_a_word() {
    let bench = Bench::new("output \"o\" { value = 1 }");
    bench.run(&["apply", "-auto-approve"]).ok();
    let ran = bench.run(&["plan", "-no-color", "-out=p"]).ok();
    assert!(bench.has("p") && ran.out.contains("No changes.") && !ran.out.contains("Saved"), "{}", ran.out);
}
