//! The guide for users names every code.

use smform_registry::Code;

#[test]
fn the_guide_has_a_row_for_every_code_and_no_other() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guides/private-registry.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (_, table) = text.split_once("## What it finds").unwrap();
    let rows: Vec<&str> = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.text()).collect();
    assert_eq!(rows, codes);
}
