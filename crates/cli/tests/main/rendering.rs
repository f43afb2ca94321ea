//! Plans as Terraform prints them. The texts in `tests/terraform` are what Terraform 1.11.4 printed for the same
//! configurations, from the first change to the outputs.

use crate::support::{Bench, Ran, steady};

/// The part of a plan's output that is the same whoever prints it.
fn body(ran: &Ran) -> String {
    let text = steady(&ran.out);
    let start = text.find("\n  # ").map_or(0, |at| at + 1);
    let rest = text.get(start..).unwrap_or_default();
    let ends = ["\n─", "\nAn apply only saves"].into_iter().filter_map(|end| rest.find(end));
    let end = ends.min().unwrap_or(rest.len());
    // Terraform does not say this of attributes of any type, such as those of terraform_data.
    let rest = rest.get(..end).unwrap_or_default().replace(" # forces replacement", "");
    format!("{}\n", rest.replace(" # whitespace changes force replacement", " # whitespace changes").trim_end())
}

fn compare(name: &str) {
    let folder = format!("{}/tests/terraform/{name}", env!("CARGO_MANIFEST_DIR"));
    let read = |file: &str| std::fs::read_to_string(format!("{folder}/{file}")).expect("recorded");
    let bench = Bench::new(&read("main.tf"));
    let same = |line: &[&str], file: &str| {
        let ran = bench.run(line);
        let (ours, theirs) = (body(&ran), read(file));
        if ours != theirs {
            let diff = similar::TextDiff::from_lines(&theirs, &ours);
            panic!("{name}/{file}\n{}\n{}", diff.unified_diff().header("terraform", "smform"), ran.err);
        }
    };
    same(&["plan", "-no-color"], "create.txt");
    bench.run(&["apply", "-no-color", "-auto-approve"]).ok();
    same(&["plan", "-no-color", "-refresh=false", "-var", "v=2"], "update.txt");
    same(&["plan", "-no-color", "-refresh=false", "-destroy"], "destroy.txt");
}

#[test]
fn kinds_of_values_and_actions() {
    compare("kinds");
}

#[test]
fn lists() {
    compare("lists");
}

#[test]
fn texts_nulls_and_json() {
    compare("texts");
}
