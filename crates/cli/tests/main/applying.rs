//! `apply`, `destroy` and `refresh`.

use std::sync::Arc;

use smform_cli::{Exit, SandboxHost, SandboxOptions, Sandboxed};
use smform_engine::providers::Providers;
use smform_provider::{Provider, SystemClock};
use smform_testkit::{Service, provider};
use smform_types::Diagnostic;
use tokio_util::sync::CancellationToken;

use crate::support::{Bench, Ran, steady};

const CHAIN: &str = r#"
resource "test_thing" "a" { name = "a" }
resource "test_thing" "b" {
  name = "b"
  uses = [test_thing.a.id]
}
resource "test_thing" "c" {
  name = "c"
  uses = [test_thing.b.id]
}
output "last" { value = test_thing.c.id }
output "secret" {
  value     = "s"
  sensitive = true
}
"#;

/// The lines about elapsed time are the same on every machine, since nothing here takes a second.
#[test]
fn asks_and_applies() {
    let bench = Bench::new(CHAIN);
    let ran = bench.answer(&["apply", "-no-color"], "yes\n");
    let from = ran.out.find("\nDo you want").unwrap_or(0);
    insta::assert_snapshot!(ran.out.get(from..).unwrap_or_default(), @r#"

Do you want to perform these actions?
  smform will perform the actions described above.
  Only 'yes' will be accepted to approve.

  Enter a value: 
test_thing.a: Creating...
test_thing.a: Creation complete after 0s [id=a]
test_thing.b: Creating...
test_thing.b: Creation complete after 0s [id=b]
test_thing.c: Creating...
test_thing.c: Creation complete after 0s [id=c]

Apply complete! Resources: 3 added, 0 changed, 0 destroyed.

Outputs:

last = "c"
secret = <sensitive>
"#);
    assert_eq!(ran.exit, Exit::Success);
    assert_eq!(bench.service.names(), ["a", "b", "c"]);
    insta::assert_snapshot!(bench.answer(&["apply", "-no-color"], "yes\n").all(), @r#"
test_thing.a: Refreshing state... [id=a]
test_thing.b: Refreshing state... [id=b]
test_thing.c: Refreshing state... [id=c]

No changes. Your infrastructure matches the configuration.

The real objects are what the configuration says, so no changes are needed.

Apply complete! Resources: 0 added, 0 changed, 0 destroyed.

Outputs:

last = "c"
secret = <sensitive>
--- exit 0
"#);
}

#[test]
fn only_yes_is_a_yes() {
    let bench = Bench::new(CHAIN);
    for answer in ["no\n", "y\n", "YES\n", "\n", " yes\n"] {
        let ran = bench.answer(&["apply", "-no-color"], answer);
        assert_eq!(ran.exit, Exit::Failure, "{answer:?}");
        assert!(ran.out.contains("Apply cancelled."), "{answer:?}");
    }
    let ran = bench.run(&["apply", "-no-color"]);
    assert_eq!(ran.exit, Exit::Failure);
    assert!(ran.err.contains("error asking for approval: EOF"), "{}", ran.err);
    // A line that does not end is no answer.
    let ran = bench.answer(&["apply", "-no-color"], "yes");
    assert_eq!(ran.exit, Exit::Failure);
    assert!(ran.err.contains("error asking for approval: EOF"), "{}", ran.err);
    assert_eq!(bench.service.calls(), [""; 0]);
    // -input is about variables only.
    assert!(bench.answer(&["apply", "-no-color", "-input=false"], "yes\n").ok().out.contains("Apply complete!"));
}

#[test]
fn a_failure_is_reported_object_by_object() {
    let bench = Bench::new(CHAIN);
    bench.service.fail("create", "b");
    let ran = bench.run(&["apply", "-no-color", "-auto-approve"]);
    let from = ran.out.find("test_thing.a: Creating").unwrap_or(0);
    insta::assert_snapshot!(format!("{}--- stderr\n{}", ran.out.get(from..).unwrap_or_default(), ran.err), @r#"
test_thing.a: Creating...
test_thing.a: Creation complete after 0s [id=a]
test_thing.b: Creating...

Not everything was done.

Done, and recorded in the state:
  test_thing.a (created)

Failed:
  test_thing.b

Not begun:
  test_thing.c (to be created)

Apply again to continue from here.
--- stderr

Error: Cannot create b

  with test_thing.b,
  on main.tf line 3:
   3: resource "test_thing" "b" {
      ^^^^^^^^^^^^^^^^^^^^^^^^^

The script says so.
"#);
    assert_eq!(ran.exit, Exit::Failure);
    bench.service.heal();
    assert!(bench.run(&["apply", "-auto-approve", "-no-color"]).ok().out.contains("2 added, 0 changed, 0 destroyed."));
}

#[test]
fn destroys() {
    let bench = Bench::new(CHAIN);
    bench.run(&["apply", "-auto-approve"]).ok();
    let ran = bench.answer(&["destroy", "-no-color"], "yes\n");
    let from = ran.out.find("\nDo you really").unwrap_or(0);
    insta::assert_snapshot!(ran.out.get(from..).unwrap_or_default(), @r#"

Do you really want to destroy all resources?
  smform will destroy everything shown above. There is no undo.
  Only 'yes' will be accepted to approve.

  Enter a value: 
test_thing.c: Destroying... [id=c]
test_thing.c: Destruction complete after 0s
test_thing.b: Destroying... [id=b]
test_thing.b: Destruction complete after 0s
test_thing.a: Destroying... [id=a]
test_thing.a: Destruction complete after 0s

Destroy complete! Resources: 3 destroyed.
"#);
    assert!(bench.service.names().is_empty());
    insta::assert_snapshot!(bench.run(&["destroy", "-no-color"]).all(), @r#"

No changes. No objects need to be destroyed.

The state holds no objects: none were created, or all are deleted already.

Destroy complete! Resources: 0 destroyed.
--- exit 0
"#);
}

#[test]
fn refresh_records_what_is() {
    let bench = Bench::new(CHAIN);
    bench.run(&["apply", "-auto-approve"]).ok();
    bench.service.resize("a", 9);
    let ran = bench.run(&["refresh", "-no-color"]).ok();
    assert!(bench.run(&["state", "show", "-no-color", "test_thing.a"]).out.contains("size = 9"));
    // What was read and the outputs are all that there is to say, as Terraform has it.
    let is_read = |line: &str| line.contains(": Refreshing state... [id=");
    let said: Vec<&str> = ran.out.lines().filter(|line| !is_read(line)).collect();
    assert_eq!(said, ["", "Outputs:", "", "last = \"c\"", "secret = <sensitive>"], "{}", ran.all());
    let ran = bench.run(&["refresh", "-json"]).ok();
    for absent in ["change_summary", "resource_drift", "planned_change"] {
        assert!(!ran.out.contains(absent), "{}", ran.all());
    }
    assert!(
        ran.out.contains("\"type\":\"refresh_complete\"") && ran.out.contains("\"type\":\"outputs\""),
        "{}",
        ran.all()
    );
}

#[test]
fn an_interrupt_before_the_answer_cancels() {
    let bench = Bench::new(CHAIN);
    bench.cancel.cancel();
    let ran = bench.answer(&["apply", "-no-color"], "yes\n");
    assert_eq!(ran.exit, Exit::Failure);
    assert_eq!(bench.service.calls(), [""; 0]);
}

#[test]
fn a_lock_of_another_run_is_waited_for_and_told() {
    let bench = Bench::new(CHAIN);
    let path = bench.path().join("terraform.tfstate");
    let info = smform_state::lock::LockInfo { operation: "OperationTypePlan".to_owned(), ..Default::default() };
    let held =
        smform_state::lock::Lock::acquire(&path, &info, std::time::Duration::ZERO, &Default::default()).expect("free");
    let ran = bench.run(&["apply", "-auto-approve", "-no-color", "-lock-timeout=600ms"]);
    assert_eq!(ran.exit, Exit::Failure);
    assert!(ran.waited, "{}", ran.all());
    assert!(ran.err.contains("OperationTypePlan"), "{}", ran.err);
    drop(held);
    bench.run(&["apply", "-auto-approve"]).ok();
}

struct Imitation(Service);

#[async_trait::async_trait]
impl SandboxHost for Imitation {
    fn open(&self, options: &SandboxOptions) -> Result<Sandboxed, Diagnostic> {
        std::fs::write(&options.file, "{}").map_err(|error| Diagnostic::error("No file", error.to_string()))?;
        let test: Arc<dyn Provider> = Arc::new(provider(&self.0));
        Ok(Sandboxed { providers: Providers::new([test]), clock: Arc::new(SystemClock) })
    }

    async fn serve(
        &self,
        listen: std::net::SocketAddr,
        _: &SandboxOptions,
        ready: &(dyn Fn(std::net::SocketAddr) + Send + Sync),
        _: CancellationToken,
    ) -> Result<(), Diagnostic> {
        ready(listen);
        Ok(())
    }
}

#[test]
fn the_sandbox_says_so_and_keeps_to_itself() {
    let mut bench = Bench::new("resource \"test_thing\" \"a\" { name = \"a\" }\n");
    let ran = bench.run(&["plan", "-sandbox", "-no-color"]);
    assert!(ran.err.contains("carries no sandbox"), "{}", ran.all());
    let inside = Service::default();
    bench.sandbox = Some(Arc::new(Imitation(inside.clone())));
    let ran = bench.answer(&["apply", "-sandbox", "-no-color"], "yes\n").ok();
    assert!(ran.out.starts_with("sandbox: "), "{}", ran.out);
    assert!(ran.out.contains("Do you want to perform these actions in the sandbox?"), "{}", ran.out);
    assert_eq!((inside.names().len(), bench.service.names().len()), (1, 0));
    assert!(bench.has("terraform.sandbox.tfstate") && bench.has("terraform.sandbox.json"));
    assert!(!bench.has("terraform.tfstate"));
    bench.environment.insert("SMFORM_SANDBOX".to_owned(), "1".to_owned());
    assert_eq!(bench.run(&["state", "list"]).ok().out, "test_thing.a\n");
    let says_so = |ran: Ran| ran.err.starts_with("Sandbox: ") && !ran.out.contains("andbox: ");
    for line in [&["state", "list"][..], &["show"], &["output"], &["console"], &["workspace", "list"]] {
        assert!(says_so(bench.run(line).ok()), "{line:?}");
    }
    bench.environment.clear();
    assert!(says_so(bench.run(&["state", "list", "-sandbox"]).ok()));
    assert_eq!(bench.run(&["workspace", "list"]).ok().err, "");
    bench.environment.insert("SMFORM_SANDBOX".to_owned(), "1".to_owned());
    assert!(bench.run(&["plan", "-json"]).ok().out.contains("sandbox: "));
    insta::assert_snapshot!(bench.run(&["sandbox", "-no-color", "-listen=127.0.0.1:4599"]).all(), @r#"
sandbox: serving http://127.0.0.1:4599, its world is FOLDER/terraform.sandbox.json

For other AWS clients:

  export AWS_ENDPOINT_URL=http://127.0.0.1:4599
  export AWS_ACCESS_KEY_ID=sandbox
  export AWS_SECRET_ACCESS_KEY=sandbox
  export AWS_REGION=us-east-1

Interrupt to end it.
--- exit 0
"#);
    let ran = bench.run(&["sandbox", "-listen=0.0.0.0:1"]);
    assert!(ran.err.contains("loopback"), "{}", ran.all());
}

#[test]
fn a_fresh_plan_of_the_sandbox_is_not_for_the_real_services() {
    let mut bench = Bench::new("resource \"test_thing\" \"a\" { name = \"a\" }\n");
    bench.sandbox = Some(Arc::new(Imitation(Service::default())));
    bench.run(&["plan", "-sandbox", "-out=p"]).ok();
    let ran = bench.run(&["apply", "-no-color", "p"]);
    assert!(ran.err.contains("This plan was made with -sandbox; add -sandbox."), "{}", steady(&ran.all()));
    bench.run(&["apply", "-sandbox", "p"]).ok();
}

#[test]
fn the_old_object_of_a_half_done_replacement_is_told_from_the_new_one() {
    let config = |name: &str, size: u8| {
        format!(
            "resource \"test_thing\" \"a\" {{\n  name = \"{name}\"\n  lifecycle {{ create_before_destroy = true }}\n}}\n\
             resource \"test_thing\" \"b\" {{\n  name = \"b\"\n  size = {size}\n  depends_on = [test_thing.a]\n}}\n"
        )
    };
    let bench = Bench::new(&config("a", 1));
    bench.run(&["apply", "-auto-approve"]).ok();
    bench.write("main.tf", &config("new", 2));
    bench.service.fail("update", "b");
    let ran = bench.run(&["apply", "-no-color", "-auto-approve"]);
    assert_eq!(ran.exit, Exit::Failure);
    let wanted = "  test_thing.a (created)\n\nFailed:\n  test_thing.b\n\nNot begun:\n  test_thing.a (deposed object, to be destroyed)\n";
    assert!(ran.out.contains(wanted), "{}", ran.all());
    bench.service.fail("delete", "b");
    let ran = bench.run(&["destroy", "-no-color", "-auto-approve"]);
    assert_eq!(ran.exit, Exit::Failure);
    assert!(ran.out.contains("Destroy again to continue from here."), "{}", ran.all());
}

/// Terraform's plan takes it, and its apply finds a cycle.
#[test]
fn a_provisioner_names_its_object_by_address() {
    let bench = Bench::new(
        r#"
resource "terraform_data" "a" {
  input = "x"
  provisioner "local-exec" {
    command = "echo got ${terraform_data.a.output}"
  }
}
"#,
    );
    let ran = bench.run(&["apply", "-no-color", "-auto-approve"]);
    assert!(ran.out.contains("terraform_data.a (local-exec): got x"), "{}", ran.all());
}

#[test]
fn a_provisioner_for_another_machine_is_valid_and_not_planned() {
    let bench = Bench::new(
        r#"
resource "terraform_data" "a" {
  provisioner "remote-exec" {
    inline = ["true"]
  }
}
"#,
    );
    let ran = bench.run(&["validate", "-no-color"]);
    assert_eq!(ran.exit, Exit::Success, "{}", ran.all());
    assert!(ran.all().contains("Warning: Provisioner is not supported"), "{}", ran.all());
    let ran = bench.run(&["plan", "-no-color"]);
    assert_eq!(ran.exit, Exit::Failure, "{}", ran.all());
    assert!(ran.all().contains("Error: Provisioner is not supported"), "{}", ran.all());
}

#[test]
fn an_object_with_provisioners_for_another_machine_is_kept_and_goes() {
    let bench = Bench::new("resource \"terraform_data\" \"a\" {}\n");
    bench.run(&["apply", "-auto-approve"]).ok();
    let block = |when: &str| {
        format!(
            "resource \"terraform_data\" \"a\" {{\n  provisioner \"remote-exec\" {{\n    inline = [\"true\"]\n{when}  }}\n}}\n"
        )
    };
    let refused = |line: &[&str]| {
        let ran = bench.run(line);
        assert_eq!(ran.exit, Exit::Failure, "{line:?}: {}", ran.all());
        assert!(ran.all().contains("Provisioner is not supported"), "{line:?}: {}", ran.all());
    };
    bench.write("main.tf", &block(""));
    assert!(bench.run(&["plan"]).ok().out.contains("No changes"));
    refused(&["plan", "-replace=terraform_data.a"]);
    bench.run(&["plan", "-destroy"]).ok();
    bench.write("main.tf", &block("    when = destroy\n"));
    assert!(bench.run(&["plan"]).ok().out.contains("No changes"));
    refused(&["destroy", "-auto-approve"]);
    bench.run(&["taint", "terraform_data.a"]).ok();
    bench.run(&["destroy", "-auto-approve"]).ok();
}

#[test]
fn a_backend_whose_place_the_sandbox_takes_need_not_be_complete() {
    let mut bench = Bench::new("resource \"terraform_data\" \"a\" {}\n");
    bench.sandbox = Some(Arc::new(Imitation(Service::default())));
    for arguments in ["", "dynamodb_table = \"locks\""] {
        bench.write("backend.tf", &format!("terraform {{\n  backend \"s3\" {{\n    {arguments}\n  }}\n}}\n"));
        bench.run(&["init", "-sandbox"]).ok();
        bench.run(&["plan", "-sandbox"]).ok();
        assert_eq!(bench.run(&["init"]).exit, Exit::Failure);
    }
}

#[test]
fn the_sandbox_tells_of_a_state_that_a_change_of_the_backend_leaves() {
    let mut bench = Bench::new("resource \"terraform_data\" \"a\" {}\n");
    bench.sandbox = Some(Arc::new(Imitation(Service::default())));
    let at = |path: &str| {
        bench.write("backend.tf", &format!("terraform {{\n  backend \"local\" {{\n    path = \"{path}\"\n  }}\n}}\n"))
    };
    let says = |part: &str| {
        let out = bench.run(&["plan", "-sandbox", "-no-color"]).ok().out;
        let words = out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words.contains("Warning: The state of the sandbox is elsewhere"), !part.is_empty(), "{out}");
        assert!(words.contains(part), "{out}");
    };
    bench.run(&["apply", "-sandbox", "-auto-approve"]).ok();
    says("");
    at("one.tfstate");
    bench.run(&["init", "-sandbox"]).ok();
    says("in FOLDER/terraform.sandbox.tfstate, and");
    bench.run(&["apply", "-sandbox", "-auto-approve"]).ok();
    says("");
    at("two.tfstate");
    says("in FOLDER/one.sandbox.tfstate, and");
    std::fs::remove_file(bench.path().join("one.sandbox.tfstate")).expect("removed");
    says("");
}
