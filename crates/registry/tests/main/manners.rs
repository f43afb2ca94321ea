//! How the registry answers, or does not.

use std::time::Duration;

use smform_registry::{Request, Severity::*, Vantage, probe};

use crate::support::*;

fn unauthorized(challenge: &str) -> Answer {
    let mut answer = answer(401, "application/json", "{}");
    answer.headers_mut().insert("www-authenticate", challenge.parse().unwrap());
    answer
}

fn redirect(to: &str) -> Answer {
    let mut answer = answer(307, "text/plain", "");
    answer.headers_mut().insert("location", to.parse().unwrap());
    answer
}

#[tokio::test]
async fn references_that_cannot_be_pulled_are_told_without_asking() {
    for (image, wanted) in [
        ("https://registry.example.com/a", vec![(Error, "reference-invalid")]),
        ("", vec![(Error, "reference-invalid")]),
        ("registry.example.com/Team/model", vec![(Error, "reference-invalid")]),
        ("localhost:5000/a", vec![(Error, "host-unusable")]),
        ("127.0.0.1:5000/a", vec![(Error, "host-unusable")]),
        ("169.254.169.254/a", vec![(Error, "host-unusable")]),
        ("[::1]:5000/a", vec![(Error, "host-unusable")]),
        ("123456789012.dkr.ecr.us-east-1.amazonaws.com/a:1", vec![(Unknown, "reference-ecr")]),
    ] {
        assert_eq!(told(&probe(&Request::new(image), &settings_of_none()).await), wanted, "{image}");
    }
}

fn settings_of_none() -> smform_registry::Settings {
    smform_registry::Settings { step: Duration::from_secs(2), ..Default::default() }
}

#[tokio::test]
async fn what_is_not_reached_from_outside_is_unknown_and_from_inside_an_error() {
    let authority = Authority::new();
    let closed = serve_raw(b"").await;
    let mut refused = settings(&authority, &closed);
    let refused_at = closed.address;
    drop(closed);
    // The listener is closed once its task has ended.
    while tokio::net::TcpStream::connect(refused_at).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut nameless = settings_of_none();
    for (vantage, severity) in [(Vantage::Outside, Unknown), (Vantage::InsideVpc, Error)] {
        (refused.vantage, nameless.vantage) = (vantage, vantage);
        assert_eq!(told(&probe(&request(":1"), &refused).await), [(severity, "unreachable")]);
        let nowhere = Request::new("registry.invalid/team/model:1");
        assert_eq!(told(&probe(&nowhere, &nameless).await), [(severity, "name-unresolved")]);
    }
}

#[tokio::test]
async fn a_dead_server_is_unknown_after_the_time_limit() {
    let authority = Authority::new();
    let server = serve_raw(b"").await;
    let mut settings = settings(&authority, &server);
    settings.step = Duration::from_millis(200);
    settings.vantage = Vantage::InsideVpc;
    assert_eq!(told(&probe(&request(":1"), &settings).await), [(Unknown, "slow")]);
    settings.step = Duration::from_secs(60);
    settings.whole = Duration::from_millis(200);
    assert_eq!(told(&probe(&request(":1"), &settings).await), [(Unknown, "slow")]);
}

#[tokio::test]
async fn a_slow_answer_keeps_what_was_found_before() {
    let authority = Authority::new();
    // The manifest never comes: what a busy machine does to a limit cannot let it in.
    let server = serve(authority.good(), |path, _| match path {
        "/v2/" => answer(200, "application/json", "{}"),
        _ => silence(),
    })
    .await;
    let mut settings = settings(&authority, &server);
    settings.step = Duration::from_secs(3);
    let report = probe(&request(":1"), &settings).await;
    assert_eq!(told(&report), [(Unknown, "slow")]);
    assert!(report.facts.iter().any(|fact| fact.code.text() == "api-v2"));
}

#[tokio::test]
async fn a_server_that_is_no_registry_is_told() {
    for (status, media_type, body) in [
        (404, "text/plain", "not found"),
        (200, "text/html", "<html>log in</html>"),
        (401, "text/html", "<html>log in</html>"),
        (204, "text/plain", ""),
    ] {
        let report = ask(move |_, _| answer(status, media_type, body)).await;
        assert_eq!(told(&report), [(Warning, "api-missing")], "{status}");
    }
    for (status, wanted) in
        [(429, (Warning, "throttled")), (503, (Warning, "server-error")), (403, (Error, "authentication-required"))]
    {
        let report = ask(move |_, _| answer(status, "application/json", "garbage")).await;
        assert_eq!(told(&report), [wanted], "{status}");
    }
}

#[tokio::test]
async fn credentials_are_an_error_unless_a_provider_is_configured() {
    for challenge in [r#"Basic realm="registry""#, "Negotiate", r#"Bearer realm="http://plain.example.com/""#] {
        let held = one_image();
        let report = ask(move |path, _| match path {
            "/v2/" => held.answer(path),
            _ => unauthorized(challenge),
        })
        .await;
        assert_eq!(told(&report).last(), Some(&(Error, "authentication-required")), "{challenge}");
        let mut asked = request(":1");
        asked.credentials_provider = true;
        let report = ask_for(&asked, move |_, _| unauthorized(r#"Basic realm="registry""#)).await;
        assert_eq!(told(&report), [(Unknown, "manifest-unread")]);
    }
    let mut asked = request(":1");
    asked.credentials_provider = true;
    let held = one_image();
    let report = ask_for(&asked, move |path, _| held.answer(path)).await;
    assert!(report.has(smform_registry::Code::AuthenticationUnneeded));
}

#[tokio::test]
async fn a_token_for_anyone_is_fetched_and_sent_to_the_registry_alone() {
    let held = one_image();
    let authority = Authority::new();
    let challenge = format!(r#"Bearer realm="https://{HOST}/token",service="reg",scope="repository:team/model:pull""#);
    let answers = move |path: &str, authorization: &str| match path {
        _ if path.starts_with("/token?") => answer(200, "application/json", r#"{"token":"anyone"}"#),
        "/elsewhere" => {
            assert_eq!(authorization, "");
            answer(200, "application/json", "{}")
        }
        _ if authorization != "Bearer anyone" => unauthorized(&challenge),
        _ if path.contains("/blobs/") => redirect("https://blobs.example.com/elsewhere"),
        _ => held.answer(path),
    };
    let server = serve(authority.identity(&[HOST, "blobs.example.com"], (2025, 2026)), answers).await;
    let mut settings = settings(&authority, &server);
    settings.connect_to.insert(("blobs.example.com".to_owned(), 443), server.address);
    let report = probe(&request(":1"), &settings).await;
    assert_eq!(told(&report), [(Warning, "redirect-host"), (Error, "digest-mismatch")]);
    let wanted = "/token?service=reg&scope=repository%3Ateam%2Fmodel%3Apull";
    assert_eq!(server.paths().iter().filter(|path| path.as_str() == wanted).count(), 1);
    let elsewhere: Vec<_> =
        server.seen.lock().unwrap().iter().filter(|(path, _)| path == "/elsewhere").cloned().collect();
    assert_eq!(elsewhere, [("/elsewhere".to_owned(), String::new())]);
}

#[tokio::test]
async fn redirects_are_bounded_and_stay_on_https() {
    for (target, wanted) in [
        ("/v2/", (Warning, "redirect-loop")),
        ("http://registry.example.com/v2/", (Warning, "redirect-invalid")),
        ("ftp://registry.example.com/", (Warning, "redirect-invalid")),
        ("https://", (Warning, "redirect-invalid")),
        ("https://127.0.0.1:1/v2/", (Unknown, "host-unusable")),
    ] {
        assert_eq!(told(&ask(move |_, _| redirect(target)).await), [wanted], "{target}");
    }
}

#[tokio::test]
async fn answers_without_bounds_are_not_read() {
    let held = one_image();
    let report = ask(move |path, _| match path {
        "/v2/" => held.answer(path),
        _ => answer(200, DOCKER, vec![b' '; 5 * 1024 * 1024]),
    })
    .await;
    assert_eq!(told(&report), [(Warning, "manifest-too-large")]);
}

#[tokio::test]
async fn the_words_of_a_server_do_not_reach_the_terminal_raw() {
    let held = one_image();
    let report = ask(move |path, _| match path {
        "/v2/" => held.answer(path),
        _ => answer(404, "application/json", r#"{"errors":[{"code":"X","message":"a\u001b[31mb\nc"}]}"#),
    })
    .await;
    assert!(report.facts.iter().all(|fact| !fact.summary.contains(char::is_control)), "{report:?}");
}
