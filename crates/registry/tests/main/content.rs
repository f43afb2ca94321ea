//! What the registry holds.

use serde_json::json;
use smform_registry::Severity::*;

use crate::support::*;

#[tokio::test]
async fn a_good_image_is_told_with_its_digest_and_a_pinned_reference() {
    let content = one_image();
    let report = ask(move |path, _| content.answer(path)).await;
    assert_eq!(told(&report), []);
    let digest = report.digest.clone().unwrap();
    assert_eq!(report.pinned, Some(format!("{HOST}/team/model@{digest}")));
    assert_eq!(report.compressed_bytes, Some(5_000_000));
    assert_eq!(report.media_type.as_deref(), Some(DOCKER));
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["facts"][0]["severity"], "warning");
    assert_eq!(json["facts"][0]["code"], "certificate-private-authority");
}

#[tokio::test]
async fn a_floating_tag_is_a_warning_and_a_digest_is_not() {
    let mut content = Content::default();
    let digest = content.image("latest", DOCKER, "amd64", 1);
    for (reference, wanted) in [("", true), (":latest", true), (format!("@{digest}").as_str(), false)] {
        let content = content.clone();
        let report = ask_for(&request(reference), move |path, _| content.answer(path)).await;
        let expected = if wanted { vec![(Warning, "reference-floating")] } else { vec![] };
        assert_eq!(told(&report), expected, "{reference}");
        assert_eq!(report.pinned.is_some(), wanted, "{reference}");
    }
}

#[tokio::test]
async fn a_missing_image_is_an_error_with_what_the_registry_says() {
    let content = one_image();
    let report = ask_for(&request(":2"), move |path, _| content.answer(path)).await;
    assert_eq!(told(&report), [(Error, "manifest-missing")]);
    assert!(report.facts.iter().any(|fact| fact.summary.contains("MANIFEST_UNKNOWN: manifest unknown")));
}

#[tokio::test]
async fn an_index_is_followed_to_the_platform() {
    let mut content = Content::default();
    let amd64 = content.image("x", OCI, "amd64", 7);
    let arm64 = content.image("y", OCI, "arm64", 9);
    let entry = |digest: &str, os: &str, architecture: &str| json!({"mediaType": OCI, "digest": digest, "size": 1, "platform": {"os": os, "architecture": architecture}});
    let attestation = entry(&sha256(b"attestation"), "unknown", "unknown");
    let both = json!([entry(&arm64, "linux", "arm64"), entry(&amd64, "linux", "amd64"), attestation]);
    let digest = content.manifest("1", OCI_INDEX, &json!({"schemaVersion": 2, "manifests": both}));
    let lone = json!([entry(&arm64, "linux", "arm64"), attestation]);
    content.manifest("2", OCI_INDEX, &json!({"schemaVersion": 2, "manifests": lone}));

    let held = content.clone();
    let report = ask(move |path, _| held.answer(path)).await;
    assert_eq!(told(&report), [(Warning, "media-type")]);
    assert_eq!(report.digest, Some(digest));
    assert_eq!(report.compressed_bytes, Some(7));

    let held = content.clone();
    let report = ask_for(&request(":2"), move |path, _| held.answer(path)).await;
    assert_eq!(told(&report), [(Warning, "media-type"), (Error, "platform-missing")]);
    assert!(report.facts.iter().any(|fact| fact.summary.ends_with("platforms: linux/arm64")), "{report:?}");

    let mut arm = request(":2");
    arm.architecture = "arm64".to_owned();
    let report = ask_for(&arm, move |path, _| content.answer(path)).await;
    assert_eq!(told(&report), [(Warning, "media-type")]);
    assert_eq!(report.platform.as_deref(), Some("linux/arm64"));
}

#[tokio::test]
async fn an_image_for_other_instances_is_an_error() {
    let mut content = Content::default();
    content.image("1", DOCKER, "arm64", 1);
    let report = ask(move |path, _| content.answer(path)).await;
    assert_eq!(told(&report), [(Error, "platform-missing")]);
}

#[tokio::test]
async fn content_that_is_not_what_its_digest_says_is_an_error() {
    let content = one_image();
    let pinned = request(&format!("@sha256:{}", "0".repeat(64)));
    let report = ask_for(&pinned, move |path, _| match path {
        "/v2/" => content.answer(path),
        _ => content.answer("/v2/team/model/manifests/1"),
    })
    .await;
    assert_eq!(told(&report)[..1], [(Error, "digest-mismatch")]);
    assert_eq!(report.digest, None);

    let content = one_image();
    let report = ask(move |path, _| {
        let mut answer = content.answer(path);
        answer.headers_mut().insert("docker-content-digest", sha256(b"other").parse().unwrap());
        answer
    })
    .await;
    assert_eq!(told(&report), [(Error, "digest-mismatch")]);
    assert_eq!(report.pinned, None);
}

#[tokio::test]
async fn manifests_of_other_kinds_are_told_apart() {
    let chart = json!({"config": {"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": "sha256:0"}});
    for (body, code) in [
        (json!({"schemaVersion": 1, "fsLayers": []}), "manifest-schema1"),
        (chart, "manifest-not-image"),
        (json!({"schemaVersion": 2}), "manifest-invalid"),
        (json!("text"), "manifest-invalid"),
        (json!({"manifests": [{"digest": "sha256:0"}], "schemaVersion": 2}), "platform-missing"),
    ] {
        let mut content = Content::default();
        content.manifest("1", DOCKER, &body);
        let report = ask(move |path, _| content.answer(path)).await;
        assert_eq!(told(&report), [(Error, code)], "{body}");
    }
}

#[tokio::test]
async fn an_image_without_its_configuration_is_an_error() {
    let content = one_image();
    let report = ask(move |path, _| match path.contains("/blobs/") {
        true => answer(404, "application/json", "{}"),
        false => content.answer(path),
    })
    .await;
    assert_eq!(told(&report), [(Error, "manifest-invalid")]);
}

#[tokio::test]
async fn an_image_that_may_not_fit_is_a_warning() {
    let gb = 1_000_000_000;
    for (bytes, volume, wanted) in [
        (171 * gb, None, true),
        (170 * gb, None, false),
        (11 * gb, Some(30), true),
        (9 * gb, Some(30), false),
        (u64::MAX, Some(512), true),
    ] {
        let mut content = Content::default();
        content.image("1", DOCKER, "amd64", bytes);
        let mut asked = request(":1");
        asked.volume_gb = volume;
        let report = ask_for(&asked, move |path, _| content.answer(path)).await;
        assert_eq!(told(&report) == [(Warning, "image-size")], wanted, "{bytes} {volume:?} {report:?}");
    }
}
