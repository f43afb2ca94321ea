//! States that Terraform wrote.

use std::path::Path;

use smform_state::codec;

const WRITTEN_BY_TERRAFORM: &str = include_str!("fixtures/written_by_terraform.json");

#[test]
fn a_state_of_terraform_is_written_back_byte_for_byte() {
    let state = codec::read(WRITTEN_BY_TERRAFORM.as_bytes(), Path::new("x")).expect("reads");
    assert_eq!(state.objects().count(), 7);
    assert_eq!(codec::write(&state), WRITTEN_BY_TERRAFORM);
}

#[test]
fn what_is_not_understood_is_kept() {
    let text = WRITTEN_BY_TERRAFORM.replacen("\"serial\"", "\"future\": {\"a\": [1]},\n  \"serial\"", 1).replacen(
        "\"schema_version\": 0,",
        "\"schema_version\": 0,\n          \"identity\": {\"name\": \"x\"},",
        1,
    );
    let state = codec::read(text.as_bytes(), Path::new("x")).expect("reads");
    let written = codec::write(&state);
    assert!(written.contains("\"future\"") && written.contains("\"identity\""));
    assert_eq!(codec::read(written.as_bytes(), Path::new("x")).expect("reads"), state);
}

#[test]
fn other_versions_and_other_files_are_refused_in_their_own_words() {
    let message = |text: &str| codec::read(text.as_bytes(), Path::new("the.tfstate")).expect_err("refused").to_string();
    assert!(message("{\"version\": 0}").contains("version 0"), "{}", message("{\"version\": 0}"));
    assert!(message("{\"version\": 3, \"modules\": 1}").contains("modules are not a list"));
    assert!(message("{\"version\": 3, \"modules\": [{\"path\": []}]}").contains("a module has no path"));
    assert!(message("{\"version\": 5}").contains("newer smform"));
    assert!(message("{\"a\": 1}").contains("no version"));
    assert!(message("[]").contains("not an object"));
    assert!(message("{\"version\": 4,\n \"serial\": ").contains("line 2"));
    assert!(message("{\"version\": 4, \"serial\": 1}").contains("no lineage"));
    assert!(message("hello").contains("the.tfstate"));
}

#[test]
fn tainted_and_deposed_objects_read_back() {
    let text = WRITTEN_BY_TERRAFORM.replacen(
        "\"index_key\": \"a\",",
        "\"index_key\": \"a\",\n          \"status\": \"tainted\",\n          \"deposed\": \"0a1b2c3d\",",
        1,
    );
    let state = codec::read(text.as_bytes(), Path::new("x")).expect("reads");
    let found: Vec<bool> =
        state.objects().filter(|(id, ..)| id.deposed.as_deref() == Some("0a1b2c3d")).map(|(.., o)| o.tainted).collect();
    assert_eq!(found, [true]);
    assert_eq!(codec::write(&state), text);
}

#[test]
fn states_of_older_versions_are_rewritten_as_terraform_does_it() {
    let older = include_str!("fixtures/version_3.json");
    let state = codec::read(older.as_bytes(), Path::new("x")).expect("reads");
    let written = codec::write(&state);
    // Terraform names providers `-/aws` first, and asks to be told which ones these are.
    let theirs = include_str!("fixtures/version_3_upgraded.json")
        .replace("registry.terraform.io/-/", "registry.terraform.io/hashicorp/");
    let json = |text: &str| {
        let mut json: serde_json::Value = serde_json::from_str(text).expect("JSON");
        json["terraform_version"] = serde_json::Value::Null;
        json
    };
    assert_eq!(json(&written), json(&theirs));
    assert_eq!(codec::read(written.as_bytes(), Path::new("x")).expect("reads"), state);
    let first = "{\"version\": 1, \"serial\": 3, \"modules\": [{\"path\": [\"root\"], \"outputs\": {\"o\": \"hi\"}, \"resources\": \
                 {\"terraform_data.a\": {\"primary\": {\"id\": \"x\", \"attributes\": {\"id\": \"x\"}, \"tainted\": true}}}}]}";
    let state = codec::read(first.as_bytes(), Path::new("x")).expect("reads");
    assert_eq!((state.serial, state.outputs.len()), (3, 1));
    assert!(state.objects().all(|(_, _, object)| object.tainted));
}
