//! The state file, and time that passes while nobody has it open.

use std::time::Duration;

use serde_json::json;
use smform_sandbox::{OpenError, Options, Sandbox};

use crate::support::Client;

fn at(path: &std::path::Path) -> Options {
    Options { path: Some(path.to_owned()), patience: Duration::from_millis(50), ..Options::default() }
}

#[tokio::test]
async fn the_world_survives_and_time_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("deep").join("sandbox.json");
    {
        let aws = Client::open(at(&path));
        aws.config("c1", "m1", 1).await;
        aws.ok("CreateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "c1"})).await;
        assert_eq!(aws.status("e").await, "Creating");
    }
    drop(Sandbox::open(Options { speed: Some(10_000.0), ..at(&path) }).expect("opens"));
    std::thread::sleep(Duration::from_millis(40));
    // 300 virtual seconds are over after 30 real milliseconds, spent while nothing ran.
    let aws = Client { sandbox: Sandbox::open(at(&path)).expect("opens"), region: "us-east-1" };
    assert_eq!(aws.sandbox.clock().speed(), 10_000.0);
    assert_eq!(aws.status("e").await, "InService");
    let text = std::fs::read_to_string(folder.path().join("deep/sandbox.json.calls.jsonl")).expect("a log");
    let sequences: Vec<u64> = text
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).expect("JSON")["sequence"].as_u64().expect("a number")
        })
        .collect();
    assert_eq!(sequences, [1, 2, 3, 4, 5], "two processes, one log");
}

#[tokio::test]
async fn ec2_and_settings_survive() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("s.json");
    let id = {
        let aws = Client::open(at(&path));
        let mut settings = aws.sandbox.settings();
        settings.durations.create = 7.0;
        aws.sandbox.set_settings(settings).expect("saved");
        let xml = aws
            .ec2_ok(
                "CreateSecurityGroup",
                &[("GroupName", "g"), ("GroupDescription", "d"), ("VpcId", "vpc-0123456789abcdef0")],
            )
            .await;
        crate::support::texts(&xml, "groupId").remove(0)
    };
    let aws = Client::open(at(&path));
    assert_eq!(aws.sandbox.settings().durations.create, 7.0);
    assert!(aws.ec2_ok("DescribeSecurityGroups", &[("GroupId.1", &id)]).await.contains("<groupName>g</groupName>"));
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("s.json");
    Client::open(at(&path)).config("c", "m", 1).await;
    for name in ["s.json", "s.json.calls.jsonl"] {
        let mode = std::fs::metadata(folder.path().join(name)).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_second_process_and_a_damaged_file_are_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("s.json");
    let first = Client::open(at(&path));
    assert!(matches!(Sandbox::open(at(&path)), Err(OpenError::InUse { .. })));
    drop(first);
    std::fs::write(&path, "{\"version\": 1, ").expect("written");
    let error = Sandbox::open(at(&path)).expect_err("damaged");
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("s.json"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).expect("kept"), "{\"version\": 1, ");
}

#[tokio::test]
async fn what_cannot_be_saved_has_not_happened() {
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("gone");
    let path = inner.join("s.json");
    let aws = Client::open(Options { speed: None, ..at(&path) });
    std::fs::remove_dir_all(&inner).expect("removed");
    let refusal = aws.call("CreateModel", crate::support::model_input("m")).await.expect_err("not saved");
    assert_eq!((refusal.status, refusal.code.as_str()), (500, "InternalFailure"));
    assert!(refusal.message.contains("s.json"), "{}", refusal.message);
    aws.refused("DescribeModel", json!({"ModelName": "m"})).await;
}

#[test]
fn unusable_options_are_refused() {
    for speed in [-1.0, f64::NAN, f64::INFINITY] {
        let error = Sandbox::open(Options { speed: Some(speed), ..Options::default() }).expect_err("refused");
        assert!(matches!(error, OpenError::Invalid(_)), "{error}");
    }
    assert!(Sandbox::open(Options::default()).expect("opens").advance(-1.0).is_err());
}
