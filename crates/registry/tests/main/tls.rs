//! Certificates, and servers without.

use std::time::{Duration, SystemTime};

use smform_registry::{Report, Severity::*, authorities, probe};

use crate::support::*;

async fn probed(identity: Identity, authority: &Authority, now: u64) -> Report {
    let content = one_image();
    let server = serve(identity, move |path, _| content.answer(path)).await;
    let mut settings = settings(authority, &server);
    settings.now = SystemTime::UNIX_EPOCH + Duration::from_secs(now);
    probe(&request(":1"), &settings).await
}

#[tokio::test]
async fn a_certificate_of_the_named_authority_is_accepted_with_a_warning() {
    let authority = Authority::new();
    let report = probed(authority.good(), &authority, JUNE).await;
    assert_eq!(told(&report), []);
    assert_eq!(report.severity(), Warning);
    assert!(report.facts.iter().any(|fact| fact.code.text() == "certificate-private-authority"));
    assert_eq!(report.platform.as_deref(), Some("linux/amd64"));
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_an_error_and_the_image_is_looked_at_all_the_same() {
    let report = probed(Authority::new().good(), &Authority::new(), JUNE).await;
    assert_eq!(told(&report), [(Error, "certificate-issuer")]);
    assert!(report.digest.is_some());
    assert_eq!(report.pinned, None, "a digest that was read from who knows whom is not to be pinned");
}

#[tokio::test]
async fn a_certificate_that_has_signed_itself_is_called_so() {
    let report = probed(self_signed(&[HOST], (2025, 2026)), &Authority::new(), JUNE).await;
    assert_eq!(told(&report), [(Error, "certificate-issuer")]);
    assert!(report.facts.iter().any(|fact| fact.summary.contains("signed itself")), "{report:?}");
}

#[tokio::test]
async fn everything_wrong_with_a_certificate_is_told_at_once() {
    let authority = Authority::new();
    let other = authority.identity(&["other.example.com", "more.example.com"], (2024, 2025));
    let report = probed(other, &authority, JUNE).await;
    assert_eq!(told(&report), [(Error, "certificate-expired"), (Error, "certificate-name")]);
    let text: Vec<&str> = report.facts.iter().map(|fact| fact.summary.as_str()).collect();
    assert!(text.iter().any(|text| text.contains("2025-01-01")), "{text:?}");
    assert!(text.iter().any(|text| text.contains("other.example.com, more.example.com")), "{text:?}");

    let stranger = self_signed(&["other.example.com"], (2024, 2025));
    let codes = told(&probed(stranger, &authority, JUNE).await);
    let wanted = ["certificate-expired", "certificate-issuer", "certificate-name"].map(|code| (Error, code));
    assert_eq!(codes, wanted);
}

#[tokio::test]
async fn validity_is_judged_by_the_given_time() {
    let authority = Authority::new();
    let day = 24 * 60 * 60;
    let new_year_2025 = 1_735_689_600;
    let new_year_2026 = 1_767_225_600;
    for (now, wanted) in [
        (new_year_2025 - day, vec![(Error, "certificate-not-yet-valid")]),
        (new_year_2025 + day, vec![]),
        (new_year_2026 - 15 * day, vec![]),
        (new_year_2026 - 13 * day, vec![(Warning, "certificate-expiring")]),
        (new_year_2026 + day, vec![(Error, "certificate-expired")]),
    ] {
        assert_eq!(told(&probed(authority.good(), &authority, now).await), wanted, "{now}");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_called_so() {
    let authority = Authority::new();
    let server = serve_raw(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let report = probe(&request(":1"), &settings(&authority, &server)).await;
    assert_eq!(told(&report), [(Error, "tls-missing")]);
}

#[tokio::test]
async fn garbage_in_place_of_a_handshake_is_an_error() {
    let authority = Authority::new();
    let server = serve_raw(b"\x16\x03\x03\x00\x05hello, who is there?").await;
    let report = probe(&request(":1"), &settings(&authority, &server)).await;
    assert_eq!(told(&report), [(Error, "tls-handshake")]);
}

#[test]
fn an_authority_is_read_from_pem() {
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
    assert_eq!(authorities(certificate.pem().as_bytes()).map(|found| found.len()), Ok(1));
}
