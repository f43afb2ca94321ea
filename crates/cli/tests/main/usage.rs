//! The command line itself.

use std::io::{self, Cursor, Write};

use smform_cli::{Exit, Terminal};

use crate::support::Bench;

#[test]
fn no_command_and_help() {
    let bench = Bench::new("");
    let ran = bench.run(&[]);
    assert_eq!(ran.exit.code(), 127);
    assert!(ran.out.contains("Usage: smform <COMMAND>"), "{}", ran.out);
    assert_eq!(bench.run(&["-help"]).ok().out, ran.out);
    assert!(bench.run(&["plan", "-help"]).ok().out.contains("-detailed-exitcode"));
    assert!(bench.run(&["plan", "-h"]).ok().out.contains("-detailed-exitcode"));
}

#[test]
fn what_is_not_known_is_told() {
    let bench = Bench::new("");
    insta::assert_snapshot!(bench.run(&["paln"]).all().replace('\u{1b}', "^"), @r#"
--- stderr
^[31m╷^[0m
^[31m│^[0m ^[1m^[31mError:^[0m^[0m ^[1msmform has no command named "paln"^[0m
^[31m│^[0m 
^[31m│^[0m Did you mean "plan"?
^[31m│^[0m To see all commands: smform -help
^[31m╵^[0m
--- exit 1
"#);
    insta::assert_snapshot!(bench.run(&["plan", "-no-color", "-detailed-exit"]).all(), @r#"
--- stderr

Error: Failed to parse command-line flags

Unexpected argument '-detailed-exit' found.
tip: a similar argument exists: '-detailed-exitcode'
--- exit 1
"#);
    insta::assert_snapshot!(bench.run(&["plan", "-no-color", "-lock-timeout=soon"]).all(), @r#"
--- stderr

Error: Failed to parse command-line flags

Invalid value 'soon' for '-lock-timeout <DURATION>': "soon" is not a
duration, which is written like 10s or 1m30s.
--- exit 1
"#);
    insta::assert_snapshot!(bench.run(&["plan", "-no-color", "-input=maybe"]).all(), @r#"
--- stderr

Error: Failed to parse command-line flags

Invalid value 'maybe' for '-input[=<BOOL>]': write true or false.
--- exit 1
"#);
    insta::assert_snapshot!(bench.run(&["plan", "-no-color", "-target=what is this"]).all(), @r#"
--- stderr

Error: Invalid target "what is this"

Invalid value 'what is this' for '-target <ADDRESS>': "what is this" is not
an address: a name may contain only letters, digits, underscores and dashes.
--- exit 1
"#);
}

#[test]
fn a_misspelt_yes_does_not_mean_the_real_account() {
    let mut bench = Bench::new("output \"o\" { value = 1 }");
    for (text, sandboxed) in [("TRUE", true), ("y", true), ("On", true), ("No", false), ("0", false), ("", false)] {
        bench.environment.insert("SMFORM_SANDBOX".to_owned(), text.to_owned());
        let ran = bench.run(&["plan", "-no-color"]);
        assert_eq!(ran.err.contains("No sandbox"), sandboxed, "{text}: {}", ran.all());
        assert_eq!(ran.exit == Exit::Success, !sandboxed, "{text}: {}", ran.all());
    }
    for text in ["2", "ture", "sandbox"] {
        bench.environment.insert("SMFORM_SANDBOX".to_owned(), text.to_owned());
        let ran = bench.run(&["apply", "-auto-approve", "-no-color"]);
        assert_eq!(ran.exit, Exit::Failure, "{text}");
        let wanted = format!("SMFORM_SANDBOX is \"{text}\". Set it to true or false, or unset it.");
        assert!(ran.err.contains(&wanted), "{}", ran.err);
        assert!(!bench.has("terraform.tfstate"));
    }
}

#[test]
fn a_group_without_a_command_prints_its_help() {
    let bench = Bench::new("");
    let ran = bench.run(&["state"]);
    assert_eq!(ran.exit, Exit::Failure);
    assert!(ran.out.contains("Usage: smform state <COMMAND>") && ran.err.is_empty(), "{}", ran.all());
    assert!(bench.run(&["help", "state", "list"]).ok().out.contains("Usage: smform state list"));
}

#[test]
fn what_is_wrong_before_the_command_is_plain_as_well() {
    let bench = Bench::new("");
    for line in [&["-chdir=nope", "plan", "-no-color"][..], &["paln", "-no-color"]] {
        let ran = bench.run(line);
        assert_eq!(ran.exit, Exit::Failure);
        assert!(!ran.err.is_empty() && !ran.err.contains('\u{1b}'), "{}", ran.err);
    }
}

#[test]
fn another_directory() {
    let bench = Bench::new("output \"here\" { value = \"outer\" }");
    bench.write("sub/main.tf", "output \"here\" { value = path.cwd }\noutput \"root\" { value = path.root }\n");
    let ran = bench.run(&["-chdir=sub", "apply", "-no-color", "-auto-approve"]).ok();
    assert!(ran.out.contains("here = \"FOLDER\"\nroot = \".\"\n"), "{}", ran.out);
    assert!(bench.has("sub/terraform.tfstate"));
    assert!(bench.run(&["-chdir=absent", "plan"]).err.contains("not a directory"));
}

#[test]
fn arguments_of_the_environment() {
    let mut bench = Bench::new("output \"o\" { value = 1 }");
    bench.environment.insert("TF_CLI_ARGS".to_owned(), "-no-color".to_owned());
    bench.environment.insert("TF_CLI_ARGS_plan".to_owned(), "-detailed-exitcode".to_owned());
    let ran = bench.run(&["plan"]);
    assert_eq!(ran.exit, Exit::Changes);
    assert!(!ran.out.contains('\u{1b}'));
}

#[test]
fn a_workspace_has_a_state_of_its_own() {
    let mut bench = Bench::new("output \"w\" { value = terraform.workspace }");
    bench.environment.insert("TF_WORKSPACE".to_owned(), "blue".to_owned());
    assert!(bench.run(&["apply", "-auto-approve", "-no-color"]).ok().out.contains("w = \"blue\""));
    assert!(bench.has("terraform.tfstate.d/blue/terraform.tfstate"));
    bench.environment.insert("TF_WORKSPACE".to_owned(), "../x".to_owned());
    assert!(bench.run(&["plan"]).err.contains("Invalid workspace name"));
}

/// A reader that has gone.
struct Gone;

impl Write for Gone {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_broken_pipe_is_no_error() {
    let bench = Bench::new("resource \"test_thing\" \"a\" { name = \"a\" }");
    let terminal = Terminal {
        stdin: Box::new(Cursor::new(Vec::new())),
        stdout: Box::new(Gone),
        stderr: Box::new(Gone),
        width: None,
        live: None,
        secret: None,
    };
    assert_eq!(bench.on(terminal, &["apply", "-auto-approve"]), Exit::Success);
    assert_eq!(bench.service.names(), ["a"]);
}

#[test]
fn wrappers_prepare_a_directory_with_init() {
    let bench = Bench::new("module \"m\" { source = \"./m\" }\n");
    bench.write("m/m.tf", "output \"o\" { value = 1 }\n");
    let flags = ["-input=false", "-upgrade", "-get=true", "-lockfile=readonly", "-plugin-dir=x", "-cloud=true"];
    let ran = bench.run(&[&["init", "-no-color"], flags.as_slice()].concat()).ok();
    assert!(ran.out.contains("- m in m\n") && ran.out.contains("successfully initialized!"), "{}", ran.all());
    assert!(bench.read(".terraform/modules/modules.json").contains(r#"{"Key":"m","Source":"./m","Dir":"m"}"#));
    let lines = bench.run(&["init", "-json"]).ok().out;
    let codes: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["message_code"].clone())
        .collect();
    assert_eq!(codes.first(), Some(&serde_json::Value::Null));
    assert_eq!(codes.last(), Some(&"output_init_success_cli_message".into()));
    assert!(
        bench.run(&["init", "-no-color", "-backend-config=path=x"]).ok().out.contains("Missing backend configuration")
    );
    bench.write("main.tf", "module \"m\" { source = \"./gone\" }\n");
    let broken = bench.run(&["init", "-json"]);
    assert!(broken.exit.code() == 1 && broken.err.is_empty(), "{}", broken.all());
    assert!(broken.out.contains("Module not installed"), "{}", broken.all());
}

#[test]
fn init_refuses_test_files_that_cannot_be_read() {
    let bench = Bench::new("output \"o\" { value = 1 }\n");
    bench.write("a.tftest.hcl", "run \"r\" {\n  expect_failures = [local.x]\n}\n");
    bench.run(&["init", "-no-color"]).ok();
    bench.write("a.tftest.hcl", "run \"r\" {\n  nope = 1\n}\n");
    let ran = bench.run(&["init", "-no-color"]);
    assert!(ran.exit.code() == 1 && ran.err.contains("a.tftest.hcl line 2"), "{}", ran.all());
}

#[test]
fn init_begins_with_a_copy_of_a_module() {
    let bench = Bench::new("output \"o\" { value = 1 }\n");
    bench.write("deeper/other.tf", "output \"p\" { value = 2 }\n");
    bench.write("new/.keep", "");
    std::fs::remove_file(bench.path().join("new/.keep")).expect("removed");
    bench.run(&["-chdir=new", "init", "-from-module=../deeper"]).ok();
    assert!(bench.has("new/other.tf") && !bench.has("new/main.tf"));
    let again = bench.run(&["-chdir=new", "init", "-no-color", "-from-module=../deeper"]);
    assert!(again.err.contains("already contains files"), "{}", again.all());
}

#[test]
fn the_results_of_a_test_are_written_for_junit() {
    let bench = Bench::new("variable \"a\" { default = 1 }\noutput \"o\" { value = var.a }\n");
    bench.write(
        "a.tftest.hcl",
        r#"
run "holds" {
  assert {
    condition     = output.o == 1
    error_message = "no"
  }
}
run "does_not" {
  variables { a = 2 }
  assert {
    condition     = output.o == 1
    error_message = "o is ${output.o}"
  }
}
"#,
    );
    let ran = bench.run(&["test", "-no-color", "-junit-xml=results.xml", "-var", "other=1"]);
    assert!(ran.out.contains("Failure! 1 passed, 1 failed."), "{}", ran.all());
    let xml = bench.read("results.xml");
    assert!(xml.contains("tests=\"2\" skipped=\"0\" failures=\"1\" errors=\"0\""), "{xml}");
    assert!(
        xml.contains("<failure message=\"1 of 1 assertions failed: o is 2\"><![CDATA[\nError: Test assertion failed\n"),
        "{xml}"
    );
    // A filter names files as they are listed, and mistakes are told to programs, too.
    assert!(bench.run(&["test", "-no-color", "-filter=./a.tftest.hcl"]).ok().out.contains("0 passed, 0 failed."));
    bench.write("b.tftest.hcl", "run \"x\" {\n");
    let broken = bench.run(&["test", "-json"]);
    assert!(broken.exit.code() == 1 && broken.err.is_empty() && broken.out.contains("\"type\":\"diagnostic\""));
}

#[test]
fn every_command_takes_no_color() {
    let mut bench = Bench::new("resource \"terraform_data\" \"a\" {}\n");
    bench.run(&["apply", "-auto-approve"]).ok();
    bench.environment.insert("TF_CLI_ARGS".to_owned(), "-no-color".to_owned());
    for line in [
        &["state", "list"][..],
        &["state", "pull"],
        &["state", "history"],
        &["workspace", "list"],
        &["workspace", "show"],
        &["version"],
        &["providers"],
        &["graph"],
        &["metadata", "functions", "-json"],
        &["providers", "schema", "-json"],
    ] {
        bench.run(line).ok();
    }
}

#[test]
fn what_wrappers_call_is_taken() {
    let bench =
        Bench::new("variable \"which\" {\n  const = true\n}\nmodule \"m\" {\n  source = \"./${var.which}\"\n}\n");
    bench.write("a/main.tf", "output \"o\" {\n  value = 1\n}\n");
    bench.write("values.tfvars", "which = \"a\"\n");
    for words in [
        &["init", "-var", "which=a"][..],
        &["init", "-var-file=values.tfvars"],
        &["get", "-var", "which=a"],
        &["validate", "-var", "which=a"],
        &["validate", "-var-file=values.tfvars"],
        &["test", "-compact-warnings", "-var", "which=a"],
        &["plan", "-var", "which=a", "-state-out=x", "-backup=y"],
        &["providers", "lock", "-platform=linux_amd64", "-platform=darwin_arm64"],
    ] {
        bench.run(words).ok();
    }
    assert_eq!(bench.run(&["logout"]).ok().out, "No credentials for app.terraform.io are stored.\n");
    assert!(bench.run(&["validate"]).exit != smform_cli::Exit::Success);
}

#[test]
fn providers_of_modules_that_tests_run_are_shown() {
    let bench = Bench::new("");
    bench.write("setup/main.tf", "resource \"terraform_data\" \"s\" {}\n");
    bench.write("a.tftest.hcl", "run \"r\" {\n  module {\n    source = \"./setup\"\n  }\n}\n");
    let out = bench.run(&["providers"]).ok().out;
    let tree = "└── test.a\n    └── run.r\n        └── provider[terraform.io/builtin/terraform]\n";
    assert!(out.contains(tree), "{out}");
    // What a run takes must be there.
    bench.write("a.tftest.hcl", "run \"r\" {\n  module {\n    source = \"./nope\"\n  }\n}\n");
    let ran = bench.run(&["validate"]);
    assert!(ran.err.contains("Unreadable module directory") && ran.err.contains("a.tftest.hcl line 3"), "{}", ran.err);
}
