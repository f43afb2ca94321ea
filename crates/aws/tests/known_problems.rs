use std::fs;
use std::path::Path;

/// The guide promises a test for every problem; what it names must exist.
#[test]
fn every_test_that_the_guide_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let guide = fs::read_to_string(root.join("docs/guides/known-problems.md")).unwrap();
    let rows =
        guide.lines().filter(|line| line.starts_with("| ") && !line.contains("---") && !line.ends_with("test |"));
    let mut count = 0;
    for row in rows {
        let (_, named) = row.trim_end_matches(" |").rsplit_once('|').unwrap();
        let (file, test) =
            named.trim().trim_matches('`').split_once("::").unwrap_or_else(|| panic!("no test in {row}"));
        // Whole programs are tested in Python.
        let (path, keyword) =
            if file.ends_with(".py") { (root.join(file), "def") } else { (root.join("crates").join(file), "fn") };
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(text.contains(&format!("{keyword} {test}(")), "{file} has no test {test}");
        count += 1;
    }
    assert!(count > 30, "{count}");
}
