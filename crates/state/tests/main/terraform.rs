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
    let bare = codec::read(b"{\"version\": 4, \"serial\": 1}", "the.tfstate".as_ref()).unwrap();
    assert!(bare.lineage.is_empty(), "as with Terraform, it gets one when it is written");
    assert!(message("hello").contains("the.tfstate"));
    for (text, wrong) in [
        ("{\"version\": -1}", "its version is not a whole number from 0 on but -1"),
        ("{\"version\": \"4\"}", "its version is not a whole number from 0 on but \"4\""),
        ("{\"version\": 4, \"serial\": -5}", "its serial is not a whole number from 0 on but -5"),
        ("{\"version\": 4, \"serial\": 1.5}", "but 1.5"),
        ("{\"version\": 4, \"serial\": 5, \"lineage\": 3}", "its lineage is not a text but 3"),
    ] {
        assert!(message(text).contains(wrong), "{}", message(text));
    }
}

/// A state with these instances of one resource, each in an entry of its own where `apart`.
fn with_instances(instances: &[&str], apart: bool) -> String {
    let resource = |instances: &str| {
        format!(
            "{{\"mode\": \"managed\", \"type\": \"a\", \"name\": \"b\", \"provider\": \"p\", \"instances\": [{instances}]}}"
        )
    };
    let resources = if apart {
        instances.iter().map(|one| resource(one)).collect::<Vec<_>>().join(",")
    } else {
        resource(&instances.join(","))
    };
    format!("{{\"version\": 4, \"serial\": 1, \"lineage\": \"l\", \"resources\": [{resources}]}}")
}

#[test]
fn an_instance_that_stands_there_twice_is_refused() {
    let (zero, one) = ("{\"index_key\": 0, \"attributes\": {}}", "{\"index_key\": 1, \"attributes\": {}}");
    let deposed = "{\"index_key\": 0, \"deposed\": \"0a1b2c3d\", \"attributes\": {}}";
    for apart in [false, true] {
        let read = |instances: &[&str]| codec::read(with_instances(instances, apart).as_bytes(), Path::new("x"));
        assert_eq!(read(&[zero, one, deposed]).expect("each once").objects().count(), 3);
        let refused = |instances: &[&str]| read(instances).expect_err("twice").to_string();
        assert!(refused(&[zero, one, zero]).contains("duplicate resource instance: a.b[0] appears"));
        assert!(refused(&[deposed, deposed]).contains("a.b[0] (deposed object 0a1b2c3d) appears"));
    }
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
