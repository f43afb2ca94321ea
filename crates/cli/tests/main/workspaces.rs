//! `workspace`, the backend `local`, and locks, as commands.

use smform_cli::Exit;

use crate::support::Bench;

const ONE: &str = "resource \"terraform_data\" \"a\" { input = terraform.workspace }\noutput \"ws\" { value = terraform.workspace }\n";

#[test]
fn each_workspace_has_a_state_of_its_own() {
    let bench = Bench::new(ONE);
    assert_eq!(bench.run(&["workspace", "list"]).ok().out, "* default\n\n");
    let made = bench.run(&["workspace", "new", "-no-color", "a"]).ok().out;
    assert!(made.starts_with("Created and switched to workspace \"a\"!"), "{made}");
    assert_eq!(bench.run(&["workspace", "show"]).ok().out, "a\n");
    bench.run(&["apply", "-auto-approve"]).ok();
    assert!(bench.has("terraform.tfstate.d/a/terraform.tfstate") && !bench.has("terraform.tfstate"));
    assert_eq!(bench.run(&["output", "-raw", "ws"]).ok().out, "a");
    assert_eq!(bench.run(&["workspace", "list"]).ok().out, "  default\n* a\n\n");
    assert_eq!(bench.run(&["workspace", "new", "a"]).exit, Exit::Failure);
    assert_eq!(bench.run(&["workspace", "delete", "a"]).exit, Exit::Failure);
    let switched = bench.run(&["workspace", "select", "-no-color", "default"]).ok().out;
    assert_eq!(switched, "Switched to workspace \"default\".\n");
    let refused = bench.run(&["workspace", "delete", "-no-color", "a"]);
    assert!(
        refused.err.contains("Workspace is not empty") && refused.err.contains("- terraform_data.a"),
        "{}",
        refused.err
    );
    let deleted = bench.run(&["workspace", "delete", "-force", "-no-color", "a"]).ok().out;
    assert!(
        deleted.contains("Deleted workspace \"a\"!") && deleted.contains("WARNING: \"a\" was non-empty."),
        "{deleted}"
    );
    assert!(!bench.has("terraform.tfstate.d/a"));
}

#[test]
fn the_environment_chooses_and_then_nothing_else_does() {
    let mut bench = Bench::new(ONE);
    bench.environment.insert("TF_WORKSPACE".to_owned(), "q".to_owned());
    assert_eq!(bench.run(&["workspace", "show"]).ok().out, "q\n");
    assert!(bench.run(&["workspace", "new", "z"]).err.contains("TF_WORKSPACE"));
    assert!(bench.run(&["workspace", "select", "default"]).err.contains("TF_WORKSPACE"));
    assert!(bench.run(&["workspace", "select", "q"]).err.contains("TF_WORKSPACE"));
}

#[test]
fn names_cannot_lead_elsewhere() {
    let bench = Bench::new(ONE);
    for name in ["../x", "a b", "", ".", "..", "a/b", "ä"] {
        let ran = bench.run(&["workspace", "new", name]);
        assert!(ran.err.contains("is not allowed"), "{name}: {}", ran.all());
    }
    for name in ["nope", "default"] {
        assert_eq!(bench.run(&["workspace", "delete", name]).exit, Exit::Failure);
    }
    assert!(bench.run(&["workspace", "select", "nope"]).err.contains("-or-create"));
    bench.run(&["workspace", "select", "-or-create", "b"]).ok();
}

#[test]
fn a_new_workspace_can_begin_with_a_copy() {
    let bench = Bench::new(ONE);
    bench.run(&["apply", "-auto-approve"]).ok();
    bench.run(&["workspace", "new", "-state=terraform.tfstate", "copy"]).ok();
    assert_eq!(bench.run(&["state", "list"]).ok().out, "terraform_data.a\n");
}

#[test]
fn the_local_backend_has_a_path_and_a_folder_of_workspaces() {
    let backend = "terraform {\n  backend \"local\" {\n    path          = \"here/my.tfstate\"\n    workspace_dir = \"others\"\n  }\n}\n";
    let bench = Bench::new(&format!("{backend}{ONE}"));
    bench.run(&["apply", "-auto-approve"]).ok();
    assert!(bench.has("here/my.tfstate"));
    bench.run(&["workspace", "new", "w"]).ok();
    bench.run(&["apply", "-auto-approve"]).ok();
    assert!(bench.has("others/w/terraform.tfstate"));
}

#[test]
fn a_state_is_not_left_behind_by_a_change_of_the_backend() {
    let bench = Bench::new(ONE);
    bench.run(&["apply", "-auto-approve"]).ok();
    bench.write("backend.tf", "terraform {\n  backend \"local\" {\n    path = \"new.tfstate\"\n  }\n}\n");
    let refused = bench.run(&["plan", "-no-color"]);
    assert_eq!(refused.exit, Exit::Failure);
    assert!(refused.err.contains("init -migrate-state"), "{}", refused.err);
}

#[test]
fn a_lock_names_its_holder_and_a_file_lock_cannot_be_taken_away() {
    use smform_state::lock::{Lock, LockInfo};
    let bench = Bench::new(ONE);
    let path = bench.path().join("terraform.tfstate");
    let info = LockInfo::of_process("OperationTypeApply", "smform apply");
    let held = Lock::acquire(&path, &info, std::time::Duration::ZERO, &Default::default()).expect("free");
    let refused = bench.run(&["plan", "-no-color"]);
    for part in ["OperationTypeApply", &info.who, "smform apply, process", &info.id] {
        assert!(refused.err.contains(part), "{part}: {}", refused.err);
    }
    assert_eq!(bench.run(&["force-unlock", "-force", &info.id]).exit, Exit::Failure);
    bench.run(&["plan", "-lock=false"]).ok();
    drop(held);
    assert!(bench.run(&["force-unlock", "-force", "abc"]).err.contains("not locked"));
    let ran = bench.answer(&["force-unlock", "abc"], "yes\n");
    assert!(ran.err.contains("not locked") && !ran.out.contains("Do you really"), "{}", ran.all());
    // What a killed holder of a file lock leaves behind.
    bench.write(".terraform.tfstate.lock.info", "{\"ID\":\"left\",\"Who\":\"x@y\"}");
    assert!(bench.run(&["force-unlock", "-force", "other"]).err.contains("left"));
    assert_eq!(bench.answer(&["force-unlock", "left"], "no\n").exit, Exit::Failure);
    bench.answer(&["force-unlock", "left"], "yes\n").ok();
    assert!(!bench.has(".terraform.tfstate.lock.info"));
}

#[test]
fn init_takes_the_states_of_all_workspaces_along() {
    let bench = Bench::new(ONE);
    bench.run(&["apply", "-auto-approve"]).ok();
    bench.run(&["workspace", "new", "w"]).ok();
    bench.run(&["apply", "-auto-approve"]).ok();
    bench.write("backend.tf", "terraform {\n  backend \"local\" {\n  }\n}\n");
    let line = ["-backend-config=path=new/x.tfstate", "-backend-config=more.hcl", "-no-color"];
    bench.write("more.hcl", "workspace_dir = \"new/others\"\n");
    let with = |flags: &[&'static str]| [&["init"], flags, &line].concat();
    let refused = bench.run(&with(&[]));
    assert!(refused.err.contains("-migrate-state"), "{}", refused.all());
    assert_eq!(bench.answer(&with(&["-migrate-state"]), "no\n").exit, Exit::Failure);
    let moved = bench.answer(&with(&["-migrate-state"]), "yes\n").ok().out;
    assert!(moved.contains("Successfully configured the backend \"local\"!"), "{moved}");
    assert!(bench.has("new/x.tfstate") && bench.has("new/others/w/terraform.tfstate"));
    assert!(!bench.has("terraform.tfstate") && bench.has("terraform.tfstate.backup"));
    // What -backend-config gave is remembered.
    assert_eq!(bench.run(&["state", "list"]).ok().out, "terraform_data.a\n");
    assert!(bench.run(&["plan", "-detailed-exitcode"]).ok().out.contains("No changes"));
    bench.write("backend.tf", "terraform {\n  backend \"local\" {\n    path = \"y.tfstate\"\n  }\n}\n");
    assert!(bench.run(&["plan", "-no-color"]).err.contains("Backend configuration changed"));
    bench.run(&["init", "-reconfigure"]).ok();
    assert!(bench.run(&["state", "list"]).err.contains("No state file was found"));
    assert!(bench.has("new/x.tfstate"));
}
