//! The cases of `tests/terraform`: what smform makes of each is held against what Terraform made of it.
//!
//! `record.py` there says what a case looks like and records Terraform's side. `CASE=prefix` limits the test to some.

mod compare;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Map, Value as Json};

use crate::support::{Bench, Ran};
use compare::Differences;

/// One line of a case that does something.
enum Act {
    Write(String, String),
    Remove(String),
    Run(String),
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/terraform")
}

fn read_case(text: &str) -> Vec<Act> {
    let mut acts: Vec<Act> = Vec::new();
    let mut writing = false;
    for line in text.split_inclusive('\n') {
        if let Some(command) = line.strip_prefix("$ ") {
            acts.push(Act::Run(command.trim_end().to_owned()));
            writing = false;
        } else if let Some((name, rest)) = line.strip_prefix("-- ").and_then(|line| line.split_once(" --")) {
            writing = rest.trim().is_empty();
            acts.push(if writing { Act::Write(name.to_owned(), String::new()) } else { Act::Remove(name.to_owned()) });
        } else if let (true, Some(Act::Write(_, content))) = (writing, acts.last_mut()) {
            content.push_str(line);
        }
    }
    acts
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).expect("made");
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copied");
        }
    }
}

/// The events of a command with -json, in a copy of the folder.
fn events(bench: &Bench, words: &[&str]) -> Vec<Json> {
    let other = Bench::new("");
    copy(bench.path(), other.path());
    let ran = other.run(&[words, &["-json"]].concat());
    let lines = ran.out.lines().map(|line| serde_json::from_str(&compare::steady(line)).expect("an event"));
    compare::events(lines.collect())
}

fn json(text: &str) -> Json {
    serde_json::from_str(&compare::steady(text)).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn state(bench: &Bench) -> Option<Json> {
    let mut state = json(&std::fs::read_to_string(bench.path().join("terraform.tfstate")).ok()?);
    for name in ["terraform_version", "lineage", "serial"] {
        state.as_object_mut()?.remove(name);
    }
    for resource in state["resources"].as_array_mut()? {
        for instance in resource["instances"].as_array_mut()? {
            let paths = instance["sensitive_attributes"].as_array_mut()?;
            paths.sort_by_cached_key(|path| compare::sorted(path.clone()).to_string());
        }
    }
    let order = |items: &mut Vec<Json>| items.sort_by_cached_key(|item| compare::sorted(item.clone()).to_string());
    if let Some(results) = state["check_results"].as_array_mut() {
        results.iter_mut().filter_map(|result| result["objects"].as_array_mut()).for_each(order);
        order(results);
    }
    Some(state)
}

/// What the recorder records, of smform.
fn run(bench: &Bench, command: &str) -> Map<String, Json> {
    let words: Vec<String> = shell_words::split(command).expect("words");
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (name, rest) = words.split_first().expect("a command");
    let mut step = Map::new();
    let ended = |ran: Ran, step: &mut Map<String, Json>| {
        step.insert("exit".to_owned(), ran.exit.code().into());
        step.insert("text".to_owned(), compare::kept(&compare::steady(&ran.out)).into());
    };
    match *name {
        "plan" => {
            let options = [&["plan", "-input=false"], rest].concat();
            step.insert("events".to_owned(), events(bench, &options).into());
            ended(bench.run(&[&options[..], &["-no-color", "-out=saved.plan"]].concat()), &mut step);
            if bench.has("saved.plan") {
                let mut plan = json(&bench.run(&["show", "-json", "saved.plan"]).out);
                plan.as_object_mut().map(|plan| plan.remove("terraform_version"));
                let prior = plan.get_mut("prior_state").and_then(Json::as_object_mut);
                prior.map(|prior| prior.remove("terraform_version"));
                if let Some(relevant) = plan.get_mut("relevant_attributes").and_then(Json::as_array_mut) {
                    relevant.sort_by_cached_key(|item| compare::sorted(item.clone()).to_string());
                }
                step.insert("plan".to_owned(), plan);
                std::fs::remove_file(bench.path().join("saved.plan")).expect("removed");
            }
        }
        "apply" | "destroy" | "refresh" => {
            let approved: &[&str] = if *name == "refresh" { &[] } else { &["-auto-approve"] };
            let options = [&[*name, "-input=false"], approved, rest].concat();
            step.insert("events".to_owned(), events(bench, &options).into());
            ended(bench.run(&[&options[..], &["-no-color"]].concat()), &mut step);
            if let Some(state) = state(bench) {
                step.insert("state".to_owned(), state);
            }
        }
        _ => {
            let ran = bench.run(&words);
            step.insert("exit".to_owned(), ran.exit.code().into());
            if words.contains(&"-json") {
                let mut told = json(&ran.out);
                told.as_object_mut().map(|told| told.remove("terraform_version"));
                step.insert("json".to_owned(), told);
            } else {
                // Terraform underlines nothing where there is no colour.
                let is_underline = |line: &&str| line.ends_with('^') && line.trim().chars().all(|c| c == '^');
                let text = compare::steady(&ran.out);
                let lines: Vec<&str> = text.lines().filter(|line| !is_underline(line)).collect();
                step.insert("text".to_owned(), lines.into());
            }
        }
    }
    step
}

fn replay(name: &str, found: &mut Differences) {
    let read = |path: String| std::fs::read_to_string(folder().join(path)).expect("readable");
    let recorded: Vec<Json> = serde_json::from_str(&read(format!("recorded/{name}.json"))).expect("a recording");
    let mut recorded = recorded.iter();
    let bench = Bench::new("");
    for act in read_case(&read(format!("cases/{name}.txt"))) {
        match act {
            Act::Write(file, content) => bench.write(&file, &content),
            Act::Remove(file) => std::fs::remove_file(bench.path().join(file)).expect("removed"),
            Act::Run(command) => {
                let expected = recorded.next().expect("as many steps as recorded");
                let words = shell_words::split(&command).expect("words").join(" ");
                assert_eq!(expected["command"], words, "{name} is not as recorded: run record.py");
                found.step(name, &command, expected, &run(&bench, &command));
            }
        }
    }
    assert!(recorded.next().is_none(), "{name} has fewer steps than recorded: run record.py");
}

#[test]
fn every_case_comes_out_as_terraform_has_it() {
    let prefix = std::env::var("CASE").unwrap_or_default();
    let mut names: Vec<String> = std::fs::read_dir(folder().join("cases"))
        .expect("the cases")
        .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()))
        .filter(|name| name.starts_with(&prefix))
        .collect();
    names.sort();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = Differences::default();
        while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
            replay(name, &mut found);
        }
        found
    };
    let found = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        let found = workers.into_iter().map(|worker| worker.join().expect("a worker"));
        found.fold(Differences::default(), Differences::with)
    });
    assert!(found.is_empty(), "{} cases, {} of them {found}", names.len(), found.cases());
}
