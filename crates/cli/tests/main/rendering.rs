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

/// Lists and texts of thousands of parts, all of them different, take no noticeable time.
#[test]
fn large_differences() {
    let list = |from: usize| (from..from + 3_000).map(|n| format!("\"{n}\"")).collect::<Vec<_>>().join(",");
    let text = |word: &str| (0..3_000).map(|n| format!("{word} {n}\\n")).collect::<String>();
    let config = |list: String, text: String| {
        format!("resource \"terraform_data\" \"d\" {{\n  input = {{ list = [{list}], text = \"{text}\" }}\n}}\n")
    };
    let bench = Bench::new(&config(list(0), text("a")));
    bench.run(&["apply", "-auto-approve"]).ok();
    bench.write("main.tf", &config(format!("{},\"x\"", list(1_500)), text("b")));
    let start = std::time::Instant::now();
    let ran = bench.run(&["plan", "-no-color", "-refresh=false"]).ok();
    assert!(ran.out.contains("+ \"x\",") && ran.out.contains("- a 2999") && ran.out.contains("+ b 2999"));
    assert!(start.elapsed() < std::time::Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn what_steers_a_terminal_is_not_printed() {
    let bench = Bench::new("output \"o\" { value = \"one\\n\\u001b[31mtwo\" }\noutput \"\u{1b}[1m\" { value = 1 }\n");
    let ran = bench.run(&["plan", "-no-color"]);
    assert!(!ran.all().contains('\u{1b}'), "{:?}", ran.all());
    bench.write("main.tf", "output \"o\" { value = \"one\\n\\u001b[31mtwo\" }\n");
    let ran = bench.run(&["plan", "-no-color"]).ok();
    assert!(ran.out.contains("+ o = \"one\\n\\x1b[31mtwo\""), "{:?}", ran.out);
}
