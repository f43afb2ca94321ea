//! Changes of the record alone: `taint`, `state push`, `replace-provider`, `mv`, `history`, `rollback`.

use smform_cli::Exit;

use crate::support::Bench;

const TWO: &str = "resource \"terraform_data\" \"a\" { input = 1 }\nresource \"terraform_data\" \"l\" {\n  count = 2\n  input = 1\n}\n";

fn applied() -> Bench {
    let bench = Bench::new(TWO);
    bench.run(&["apply", "-auto-approve"]).ok();
    bench
}

#[test]
fn what_is_tainted_is_replaced_and_what_is_untainted_stays() {
    let bench = applied();
    for _ in 0..2 {
        let out = bench.run(&["taint", "terraform_data.a"]).ok().out;
        assert_eq!(out, "Resource instance terraform_data.a has been marked as tainted.\n");
    }
    assert!(bench.run(&["plan", "-no-color"]).ok().out.contains("terraform_data.a is tainted, so must be replaced"));
    let out = bench.run(&["untaint", "terraform_data.a"]).ok().out;
    assert_eq!(out, "Resource instance terraform_data.a has been successfully untainted.\n");
    assert!(bench.run(&["plan", "-no-color"]).ok().out.contains("No changes"));
    assert!(bench.run(&["untaint", "-no-color", "terraform_data.a"]).err.contains("is not currently tainted"));
    for address in ["terraform_data.x", "terraform_data.l", "data.x.y", "a b"] {
        assert_eq!(bench.run(&["taint", address]).exit, Exit::Failure, "{address}");
    }
    assert!(
        bench.run(&["taint", "-no-color", "-allow-missing", "terraform_data.x"]).ok().out.contains("Warning: No such")
    );
}

#[test]
fn a_push_respects_lineage_and_serial() {
    let bench = applied();
    let first = bench.read("terraform.tfstate");
    bench.run(&["taint", "terraform_data.a"]).ok();
    bench.write("old.json", &first);
    let refused = bench.run(&["state", "push", "-no-color", "old.json"]);
    assert!(refused.err.contains("newer state with serial 2"), "{}", refused.err);
    let newer = first.replacen("\"serial\": 1", "\"serial\": 9", 1);
    bench.answer(&["state", "push", "-"], &newer).ok();
    assert!(bench.read("terraform.tfstate").contains("\"serial\": 9"));
    let lineage = first.split("\"lineage\": \"").nth(1).and_then(|rest| rest.split('"').next()).expect("lineage");
    bench.write("other.json", &newer.replace(lineage, "somebody-else"));
    assert!(bench.run(&["state", "push", "-no-color", "other.json"]).err.contains("unrelated"));
    bench.run(&["state", "push", "-force", "other.json"]).ok();
    assert!(bench.read("terraform.tfstate").contains("somebody-else"));
    let before = bench.read("terraform.tfstate");
    for (name, text) in [("empty", ""), ("not", "{"), ("foreign", "[]"), ("future", "{\"version\": 5}")] {
        bench.write(name, text);
        assert_eq!(bench.run(&["state", "push", name]).exit, Exit::Failure, "{name}");
    }
    let ran = bench.run(&["state", "push", "-no-color", "not"]);
    assert!(ran.err.contains("not is not a readable state:") && !ran.err.contains(".backup"), "{}", ran.err);
    assert_eq!(bench.read("terraform.tfstate"), before);
}

#[test]
fn providers_are_replaced_after_asking() {
    let bench = applied();
    let line = ["state", "replace-provider", "-no-color", "terraform.io/builtin/terraform", "acme.corp/acme/x"];
    assert_eq!(bench.answer(&line, "no\n").exit, Exit::Failure);
    let out = bench.answer(&line, "yes\n").ok().out;
    assert!(out.contains("Changing 2 resources:\n\n  terraform_data.a\n  terraform_data.l\n"), "{out}");
    assert!(out.ends_with("Successfully replaced provider for 2 resources.\n"), "{out}");
    assert!(bench.read("terraform.tfstate").contains("provider[\\\"acme.corp/acme/x\\\"]"));
    assert_eq!(bench.run(&line).ok().out, "No matching resources found.\n");
}

#[test]
fn moves_go_across_modules_and_states() {
    let bench = applied();
    let moved = |from: &str, to: &str| bench.run(&["state", "mv", from, to]).ok().out;
    assert_eq!(
        moved("terraform_data.a", "module.m.terraform_data.a"),
        "Move \"terraform_data.a\" to \"module.m.terraform_data.a\"\nSuccessfully moved 1 object(s).\n"
    );
    moved("terraform_data.l", "module.m[\"k\"].terraform_data.l");
    moved("module.m", "module.n.module.o");
    assert_eq!(
        bench.run(&["state", "list"]).ok().out,
        "module.m[\"k\"].terraform_data.l[0]\nmodule.m[\"k\"].terraform_data.l[1]\nmodule.n.module.o.terraform_data.a\n"
    );
    moved("module.n.module.o.terraform_data.a", "terraform_data.a");
    let out = ["state", "mv", "-state-out=other.tfstate", "terraform_data.a", "terraform_data.z"];
    bench.run(&out).ok();
    assert_eq!(bench.run(&["state", "list", "-state=other.tfstate"]).ok().out, "terraform_data.z\n");
    assert!(!bench.run(&["state", "list"]).ok().out.contains("terraform_data.a"));
    let itself = ["module.m", "module.m[\"k\"].terraform_data.l", "module.m[\"k\"].terraform_data.l[0]"];
    let others = [("terraform_data.none", "terraform_data.x"), ("module.m", "terraform_data.x"), ("x", "y")];
    for (from, to) in itself.map(|address| (address, address)).into_iter().chain(others) {
        assert_eq!(bench.run(&["state", "mv", from, to]).exit, Exit::Failure, "{from}");
    }
}

#[test]
fn an_earlier_state_comes_back_as_a_new_one() {
    let bench = applied();
    bench.run(&["state", "rm", "terraform_data.a"]).ok();
    bench.run(&["taint", "terraform_data.l[0]"]).ok();
    let history = bench.run(&["state", "history"]).ok().out;
    assert_eq!(history.lines().count(), 3, "{history}");
    assert!(bench.run(&["state", "history", "-json"]).ok().out.contains("\"serial\":1"));
    assert_eq!(bench.answer(&["state", "rollback", "1"], "no\n").exit, Exit::Failure);
    let out = bench.answer(&["state", "rollback", "1"], "yes\n").ok().out;
    assert!(
        out.contains("recorded again:\n  - terraform_data.a (")
            && out.ends_with("The state of serial 1 is back, as serial 4.\n"),
        "{out}"
    );
    assert!(bench.run(&["plan", "-no-color"]).ok().out.contains("No changes"));
    assert!(bench.run(&["state", "rollback", "77"]).err.contains("No such version"));
}

const THING: &str = "variable \"name\" { default = \"one\" }\nresource \"test_thing\" \"a\" {\n  name = var.name\n  \
                     lifecycle { create_before_destroy = true }\n}\n";

#[test]
fn a_rollback_orphans_nothing() {
    let bench = Bench::new(THING);
    bench.run(&["apply", "-auto-approve"]).ok();
    bench.run(&["apply", "-auto-approve", "-var=name=two"]).ok();
    bench.write("more.tf", "resource \"test_thing\" \"b\" { name = \"three\" }\n");
    bench.run(&["apply", "-auto-approve", "-var=name=two"]).ok();
    assert_eq!(bench.service.names(), ["three", "two"]);
    let out = bench.run(&["state", "rollback", "-auto-approve", "1"]).ok().out;
    insta::assert_snapshot!(out, @r"
    Recorded now, and not in that state; these stay on record:
      - test_thing.b (three)

    Recorded now, where that state has another object; these are set aside (deposed), and the next apply deletes them:
      - test_thing.a (two)

    In that state, and not recorded now; these would be recorded again:
      - test_thing.a (one)

    The state of serial 1 is back, as serial 4.
    ");
    std::fs::remove_file(bench.path().join("more.tf")).expect("removed");
    bench.run(&["apply", "-auto-approve"]).ok();
    assert_eq!(bench.service.names(), ["one"]);
    // The very same state again: nothing is set aside that is the same object.
    let out = bench.run(&["state", "rollback", "-auto-approve", "2", "-forget"]).ok().out;
    assert!(out.contains("would be forgotten, and go on existing:\n  - test_thing.a (one)\n"), "{out}");
    bench.run(&["apply", "-auto-approve", "-var=name=two"]).ok();
    assert_eq!(bench.service.names(), ["one", "two"], "as it was asked for");
}

#[test]
fn a_damaged_state_is_rescued_and_what_it_was_is_kept() {
    let bench = Bench::new(THING);
    bench.run(&["apply", "-auto-approve"]).ok();
    let good = bench.read("terraform.tfstate");
    bench.run(&["apply", "-auto-approve", "-var=name=two"]).ok();
    let aside = |out: &str| {
        let path = out.split("It was saved to ").nth(1).and_then(|rest| rest.split(".\n").next()).expect("a file");
        let text = std::fs::read_to_string(path).expect("is there");
        std::fs::remove_file(path).expect("removed");
        text
    };
    bench.write("terraform.tfstate", &good[..200]);
    let refused = bench.run(&["plan", "-no-color"]);
    assert!(refused.exit == Exit::Failure && refused.err.contains("smform state rollback SERIAL"), "{}", refused.err);
    // What the last run had written is there, too.
    let history = bench.run(&["state", "history"]).ok().out;
    assert!(history.contains("\n1 ") && history.contains("\n2 "), "{history}");
    let out = bench.run(&["state", "rollback", "-auto-approve", "2"]).ok().out;
    assert!(out.ends_with("The state of serial 2 is back, as serial 4.\n"), "{out}");
    assert_eq!(aside(&out), good[..200]);
    assert!(bench.run(&["plan", "-var=name=two"]).ok().out.contains("No changes"));

    // Empty is damaged, where something was there.
    bench.write("terraform.tfstate", "");
    let refused = bench.run(&["apply", "-no-color", "-auto-approve"]);
    assert!(refused.exit == Exit::Failure && refused.err.contains("it is empty"), "{}", refused.err);
    let out = bench.run(&["state", "rollback", "-auto-approve", "4"]).ok().out;
    assert!(out.ends_with("The state of serial 4 is back, as serial 6.\n"), "{out}");

    bench.write("terraform.tfstate", &good[..200]);
    bench.write("good.json", &good);
    assert_eq!(bench.run(&["state", "push", "good.json"]).exit, Exit::Failure);
    let out = bench.run(&["state", "push", "-force", "good.json"]).ok().out;
    assert_eq!(aside(&out), good[..200]);
    assert_eq!(bench.read("terraform.tfstate"), good);
}

#[test]
fn moves_leave_no_dependencies_on_what_has_moved() {
    let bench = Bench::new(
        "resource \"terraform_data\" \"a\" {}\nresource \"terraform_data\" \"l\" { count = 2 }\n\
         resource \"terraform_data\" \"z\" { input = [terraform_data.a.id, terraform_data.l[*].id] }\n",
    );
    bench.run(&["apply", "-auto-approve"]).ok();
    let dependencies = || {
        let state: serde_json::Value = serde_json::from_str(&bench.read("terraform.tfstate")).expect("JSON");
        let resources = state["resources"].as_array().expect("a list").clone();
        let last = resources.iter().find(|one| one["name"] == "z").expect("is there").clone();
        let needed = last["instances"][0]["dependencies"].as_array().cloned().unwrap_or_default();
        needed.iter().filter_map(|one| Some(one.as_str()?.to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(dependencies(), ["terraform_data.a", "terraform_data.l"]);
    bench.run(&["state", "mv", "terraform_data.z", "terraform_data.y"]).ok();
    bench.run(&["state", "mv", "terraform_data.y", "terraform_data.z"]).ok();
    assert_eq!(dependencies(), ["terraform_data.a", "terraform_data.l"], "what depends on others has moved");
    let out = bench.run(&["state", "mv", "terraform_data.a", "module.m[\"k\"].terraform_data.b"]).ok().out;
    assert!(out.starts_with(r#"Move "terraform_data.a" to "module.m[\"k\"].terraform_data.b""#), "{out}");
    assert!(dependencies().is_empty(), "what others depend on has moved");
}

#[test]
fn the_older_flags_say_where_a_state_goes_and_where_its_copy() {
    let bench = applied();
    let first = bench.read("terraform.tfstate");
    bench.run(&["state", "rm", "-backup=mine", "-ignore-remote-version", "terraform_data.l[1]"]).ok();
    assert!(bench.read("mine") == first && !bench.has("terraform.tfstate.backup"));
    let second = bench.read("terraform.tfstate");
    bench.run(&["taint", "-state-out=out.tfstate", "terraform_data.a"]).ok();
    assert_eq!(bench.read("terraform.tfstate"), second, "what was read stays as it is");
    assert!(bench.read("out.tfstate").contains("tainted") && !bench.has("out.tfstate.backup"));
    bench.run(&["apply", "-auto-approve", "-state=out.tfstate", "-state-out=next.tfstate", "-backup=-"]).ok();
    assert!(bench.read("out.tfstate").contains("tainted"));
    assert!(!bench.read("next.tfstate").contains("tainted") && !bench.has("next.tfstate.backup"));
    let listed = bench.run(&["state", "list", "-state=next.tfstate", "terraform_data.l", "terraform_data.a"]).ok().out;
    assert_eq!(listed, "terraform_data.l[0]\nterraform_data.l[1]\nterraform_data.a\n");
    // Nothing changes, and yet it is written.
    bench.run(&["refresh", "-state=next.tfstate", "-state-out=last.tfstate"]).ok();
    assert!(bench.read("last.tfstate").contains("terraform_data"));
    bench
        .run(&[
            "state",
            "mv",
            "-state-out=last.tfstate",
            "-backup=b1",
            "-backup-out=b2",
            "terraform_data.l",
            "terraform_data.k",
        ])
        .ok();
    assert!(
        bench.read("b1") == second
            && !bench.read("b2").contains("\"k\"")
            && bench.read("last.tfstate").contains("\"k\"")
    );
}

#[test]
fn without_a_state_there_is_nothing_to_work_on() {
    let bench = Bench::new(TWO);
    for command in [
        &["list"][..],
        &["show", "terraform_data.a"],
        &["rm", "terraform_data.a"],
        &["mv", "terraform_data.a", "terraform_data.b"],
        &["replace-provider", "a", "b"],
    ] {
        let ran = bench.run(&[&["state"], command].concat());
        assert!(ran.exit == Exit::Failure && ran.err.contains("No state file was found"), "{command:?} {}", ran.all());
    }
    assert_eq!(bench.run(&["state", "pull"]).ok().out, "");
    assert!(!bench.has("terraform.tfstate"));
    bench.run(&["apply", "-auto-approve"]).ok();
    assert_eq!(bench.run(&["state", "rm", "-dry-run", "terraform_data.x"]).ok().out, "Would have removed nothing.\n");
    let refused = bench.run(&["state", "list", "-no-color", "a b"]);
    assert!(refused.exit == Exit::Failure && !refused.all().contains(".."), "{}", refused.all());
    bench.run(&["state", "rm", "terraform_data.a", "terraform_data.x"]).ok();
    assert!(bench.run(&["state", "rm", "terraform_data.x"]).err.contains("Invalid target address"));
}

#[test]
fn attributes_of_an_older_state_are_made_whole_by_the_schema() {
    let bench = Bench::new("resource \"terraform_data\" \"a\" {}\n");
    let older = "{\"version\": 3, \"serial\": 4, \"lineage\": \"l\", \"modules\": [{\"path\": [\"root\"], \"resources\": \
                 {\"terraform_data.a\": {\"primary\": {\"id\": \"x-1\", \"attributes\": {\"id\": \"x-1\"}}}}}]}";
    bench.write("terraform.tfstate", older);
    let shown = bench.run(&["state", "show", "-no-color", "terraform_data.a"]).ok().out;
    assert!(shown.contains("\"x-1\""), "{shown}");
    assert!(bench.run(&["plan", "-no-color"]).ok().out.contains("No changes"));
    bench.run(&["taint", "terraform_data.a"]).ok();
    assert!(bench.read("terraform.tfstate").contains("\"attributes_flat\""), "nothing is lost by other commands");
    bench.run(&["apply", "-auto-approve"]).ok();
    assert!(!bench.read("terraform.tfstate").contains("\"attributes_flat\""));
}

#[test]
fn what_cannot_be_recorded_is_not_done() {
    let bench = applied();
    // Where the copy of the older state is to go there is a folder.
    bench.write("terraform.tfstate.backup/x", "");
    for command in [
        ["state", "rm", "-backup=terraform.tfstate.backup", "terraform_data.a"].as_slice(),
        &["taint", "terraform_data.a"],
    ] {
        let ran = bench.run(command);
        assert_eq!((ran.exit, ran.out.as_str()), (Exit::Failure, ""), "{}", ran.err);
    }
    std::fs::remove_dir_all(bench.path().join("terraform.tfstate.backup")).expect("removable");
    assert!(bench.run(&["plan", "-no-color"]).ok().out.contains("No changes"));
}

#[test]
fn commands_on_the_state_keep_what_they_replace_under_the_time() {
    let bench = Bench::new("resource \"terraform_data\" \"a\" {}\n");
    bench.run(&["apply", "-auto-approve"]).ok();
    let before = bench.read("terraform.tfstate");
    bench.run(&["state", "mv", "terraform_data.a", "terraform_data.b"]).ok();
    let names = std::fs::read_dir(bench.folder.path()).expect("a folder").flatten();
    let names: Vec<String> = names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let copy = names.iter().find(|name| name.starts_with("terraform.tfstate.") && name.ends_with(".backup"));
    let copy = copy.expect("a copy");
    let time = copy.trim_start_matches("terraform.tfstate.").trim_end_matches(".backup");
    assert!(time.len() == 10 && time.bytes().all(|byte| byte.is_ascii_digit()), "{copy}");
    assert_eq!(bench.read(copy), before);
}

#[test]
fn a_rollback_to_what_is_recorded_changes_nothing() {
    let bench = applied();
    bench.run(&["taint", "terraform_data.a"]).ok();
    bench.run(&["untaint", "terraform_data.a"]).ok();
    let before = bench.read("terraform.tfstate");
    let out = bench.run(&["state", "rollback", "-auto-approve", "1"]).ok().out;
    assert!(
        out.ends_with("What is recorded, with serial 3, is what the state of serial 1 says. Nothing was changed.\n"),
        "{out}"
    );
    assert_eq!(bench.read("terraform.tfstate"), before);
}
