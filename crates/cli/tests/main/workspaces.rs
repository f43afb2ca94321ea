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
    // A state of nothing gives way, whatever its lineage.
    let empty = "{\"version\":4,\"serial\":7,\"lineage\":\"another\",\"outputs\":{},\"resources\":[]}";
    std::fs::create_dir_all(bench.path().join("new/others/w")).expect("a folder");
    bench.write("new/others/w/terraform.tfstate", empty);
    bench.write("backend.tf", "terraform {\n  backend \"local\" {\n  }\n}\n");
    let line = ["-backend-config=path=new/x.tfstate", "-backend-config=more.hcl", "-no-color"];
    bench.write("more.hcl", "workspace_dir = \"new/others\"\n");
    let with = |flags: &[&'static str]| [&["init"], flags, &line].concat();
    let refused = bench.run(&with(&[]));
    assert!(refused.err.contains("-migrate-state"), "{}", refused.all());
    assert_eq!(bench.answer(&with(&["-migrate-state"]), "no\n").exit, Exit::Failure);
    let output = "\"outputs\":{\"a\":{\"value\":\"1\",\"type\":\"string\"}}";
    bench.write("new/others/w/terraform.tfstate", &empty.replace("\"outputs\":{}", output));
    let refused = bench.answer(&with(&["-migrate-state"]), "yes\n");
    assert!(refused.err.contains("Workspace \"w\" was not copied"), "{}", refused.all());
    assert!(!bench.has("new/x.tfstate"), "what cannot be copied is told before anything is");
    bench.write("new/others/w/terraform.tfstate", empty);
    let moved = bench.answer(&with(&["-migrate-state"]), "yes\n").ok().out;
    assert!(moved.contains("Successfully configured the backend \"local\"!"), "{moved}");
    assert!(bench.has("new/x.tfstate") && bench.has("new/others/w/terraform.tfstate"));
    assert!(!bench.has("terraform.tfstate") && bench.has("terraform.tfstate.backup"));
    assert!(
        moved.contains("Copied to the new backend:\n  - FOLDER/terraform.tfstate to FOLDER/new/x.tfstate\n"),
        "{moved}"
    );
    // What -backend-config gave is remembered, also by an init that does not repeat it.
    bench.run(&["init"]).ok();
    assert!(bench.read(".terraform/terraform.tfstate").contains("\"path\": \"new/x.tfstate\""));
    assert_eq!(bench.run(&["state", "list"]).ok().out, "terraform_data.a\n");
    assert!(bench.run(&["plan", "-detailed-exitcode"]).ok().out.contains("No changes"));
    // And by one for a block that says more than it did.
    bench.write("backend.tf", "terraform {\n  backend \"local\" {\n    workspace_dir = \"more\"\n  }\n}\n");
    bench.run(&["init", "-migrate-state", "-force-copy"]).ok();
    assert!(bench.has("more/w/terraform.tfstate") && bench.has("new/x.tfstate"));
    bench.write("backend.tf", "terraform {\n  backend \"local\" {\n    path = \"y.tfstate\"\n  }\n}\n");
    assert!(bench.run(&["plan", "-no-color"]).err.contains("Backend configuration changed"));
    bench.run(&["init", "-reconfigure"]).ok();
    assert!(bench.run(&["state", "list"]).err.contains("No state file was found"));
    assert!(bench.has("new/x.tfstate"));
}

#[test]
fn a_state_that_a_migration_replaces_is_saved() {
    let bench = Bench::new(ONE);
    bench.run(&["apply", "-auto-approve", "-state=other.tfstate"]).ok();
    let other = bench.read("other.tfstate");
    bench.run(&["apply", "-auto-approve"]).ok();
    bench.write("backend.tf", "terraform {\n  backend \"local\" {\n    path = \"other.tfstate\"\n  }\n}\n");
    let refused = bench.answer(&["init", "-no-color", "-migrate-state"], "yes\n");
    assert!(refused.exit == Exit::Failure && refused.err.contains("-force-copy"), "{}", refused.all());
    let out = bench.run(&["init", "-no-color", "-migrate-state", "-force-copy"]).ok().out;
    let path = out.split("It was saved to ").nth(1).and_then(|rest| rest.split(".\n").next()).expect("a file");
    assert_eq!(std::fs::read_to_string(path).expect("is there"), other);
    std::fs::remove_file(path).expect("removed");
}

#[test]
fn a_migration_leaves_alone_what_stays_in_its_place() {
    let bench = Bench::new(ONE);
    bench.run(&["apply", "-auto-approve"]).ok();
    bench.run(&["workspace", "new", "dev"]).ok();
    bench.run(&["apply", "-auto-approve"]).ok();
    let dev = bench.read("terraform.tfstate.d/dev/terraform.tfstate");
    let at = |path: &str| {
        bench.write("backend.tf", &format!("terraform {{\n  backend \"local\" {{\n    path = \"{path}\"\n  }}\n}}\n"))
    };
    at("other.tfstate");
    let moved = bench.run(&["init", "-no-color", "-migrate-state", "-force-copy"]).ok().out;
    assert!(
        moved.contains("- FOLDER/terraform.tfstate to FOLDER/other.tfstate\n") && !moved.contains("dev"),
        "{moved}"
    );
    assert!(bench.has("other.tfstate") && !bench.has("terraform.tfstate"));
    at("terraform.tfstate");
    bench.run(&["init", "-migrate-state", "-force-copy"]).ok();
    // What a block named stays where it is.
    assert!(bench.has("terraform.tfstate") && bench.has("other.tfstate"));
    // The same file in other words.
    at("./../{}/terraform.tfstate"
        .replace("{}", bench.path().file_name().expect("a name").to_str().expect("text"))
        .as_str());
    bench.run(&["init", "-migrate-state", "-force-copy"]).ok();
    assert!(bench.has("terraform.tfstate"));
    assert_eq!(bench.read("terraform.tfstate.d/dev/terraform.tfstate"), dev);
}

#[test]
fn where_nothing_is_recorded_it_is_said_what_there_is() {
    let bench = Bench::new(ONE);
    let said = |line: &[&str]| bench.run(line).err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said(&["state", "list"]).contains("run an apply first"));
    bench.run(&["apply", "-auto-approve"]).ok();
    let state = bench.read("terraform.tfstate");
    bench.run(&["taint", "terraform_data.a"]).ok();
    assert!(!bench.run(&["plan", "-no-color"]).ok().out.contains("The state is gone"));
    std::fs::remove_file(bench.path().join("terraform.tfstate")).expect("removed");
    assert!(said(&["state", "list"]).contains("smform state rollback SERIAL"));
    assert!(bench.run(&["plan", "-no-color"]).ok().out.contains("Warning: The state is gone"));
    std::fs::rename(bench.path().join(".terraform.tfstate.history"), bench.path().join("h")).expect("moved");
    bench.write("terraform.sandbox.tfstate", &state);
    assert!(said(&["state", "list"]).contains("give -sandbox"));
    assert_eq!(bench.run(&["state", "list", "-sandbox"]).ok().out, "terraform_data.a\n");
    bench.write("terraform.tfstate.journal", "");
    assert!(said(&["state", "list"]).contains("A run was cut off"));
}

#[test]
fn the_sandbox_has_a_selection_of_its_own() {
    let bench = Bench::new(ONE);
    bench.run(&["workspace", "new", "-sandbox", "dev"]).ok();
    let listed = |line: &[&str]| bench.run(line).ok().out;
    assert_eq!(listed(&["workspace", "list"]), "* default\n\n");
    assert_eq!(listed(&["workspace", "show"]), "default\n");
    assert_eq!(listed(&["workspace", "list", "-sandbox"]), "  default\n* dev\n\n");
    assert_eq!(listed(&["workspace", "show", "-sandbox"]), "dev\n");
    bench.run(&["workspace", "new", "live"]).ok();
    bench.run(&["workspace", "new", "dev"]).ok();
    bench.run(&["apply", "-auto-approve"]).ok();
    assert_eq!(listed(&["workspace", "show", "-sandbox"]), "dev\n");
    assert_eq!(bench.run(&["workspace", "delete", "-sandbox", "dev"]).exit, Exit::Failure);
    bench.run(&["workspace", "select", "-sandbox", "default"]).ok();
    bench.run(&["workspace", "delete", "-sandbox", "dev"]).ok();
    assert_eq!(listed(&["workspace", "show"]), "dev\n");
    assert_eq!(listed(&["workspace", "list", "-sandbox"]), "* default\n\n");
    assert!(bench.has("terraform.tfstate.d/dev/terraform.tfstate"), "the real one of this name stays");
}

#[test]
fn validate_warns_of_a_backend_that_init_refuses() {
    for (block, part) in [("\"local\" {\n pth = 1\n}", "no argument \"pth\""), ("\"gcs\" {}", "no backend \"gcs\"")] {
        let bench = Bench::new(&format!("terraform {{\n  backend {block}\n}}\n"));
        // As Terraform's verdict, which knows no backend before init.
        let ran = bench.run(&["validate", "-no-color"]).ok();
        assert!(ran.out.contains("Warning: Unsupported") && ran.out.contains(part), "{}", ran.all());
        let refused = bench.run(&["init", "-no-color"]);
        assert!(refused.exit == Exit::Failure && refused.err.contains(part), "{}", refused.all());
    }
}

#[test]
fn no_state_is_left_behind_by_a_new_backend_block() {
    let elsewhere = "\nterraform {\n  backend \"local\" {\n    path = \"elsewhere/x.tfstate\"\n  }\n}\n";
    let refused = |bench: &Bench| {
        bench.write("main.tf", &format!("{ONE}{elsewhere}"));
        let ran = bench.run(&["plan", "-no-color"]);
        assert!(ran.err.contains("Backend initialization required"), "{}", ran.all());
    };
    // Of another workspace, while the default one has none.
    let bench = Bench::new(ONE);
    bench.run(&["workspace", "new", "a"]).ok();
    bench.run(&["apply", "-auto-approve"]).ok();
    bench.run(&["workspace", "select", "default"]).ok();
    refused(&bench);
    // What the very first run was doing when it was cut off.
    let bench = Bench::new(ONE);
    bench.write("terraform.tfstate.journal", "{\"crc\":0,\"record\":{}}\n");
    refused(&bench);
    let bench = Bench::new(&format!("{ONE}{elsewhere}"));
    bench.run(&["plan"]).ok();
}
