//! The order of the questions: the reference, the API, the manifest, the platform, the size. Each answer adds facts to
//! the report; a question whose answer the next one needs ends the probe.

mod ecr;
mod explain;
mod image;

use std::collections::BTreeSet;

use smform_types::image::{Image, parse, unreachable_host};
use tokio::time::timeout;
use url::Url;

use crate::auth::{self, Challenge};
use crate::certificate;
use crate::fact::{Code, Report, Severity};
use crate::http::{self, Answer, place, seconds, server_name};
use crate::settings::{Request, Settings, Vantage};

/// The registry that a reference without one means.
const DEFAULT_REGISTRY: &str = "registry-1.docker.io";

/// Asks the registry of an image for everything that SageMaker will need of it. Ends within `settings.whole`. Must be
/// called within a tokio runtime.
pub async fn probe(request: &Request, settings: &Settings) -> Report {
    let mut report = Report { image: request.image.clone(), ..Report::default() };
    let Some((image, base)) = reference(&request.image, &mut report) else { return report };
    let mut probe = Probe {
        request,
        settings,
        image,
        base,
        report: &mut report,
        token: None,
        judged: BTreeSet::new(),
        trusted: true,
    };
    if timeout(settings.whole, probe.run()).await.is_err() {
        let summary = format!("The probe did not end within {}", seconds(settings.whole));
        report.say(Severity::Unknown, Code::Slow, summary, "What is missing above could not be found out.");
    }
    report
}

/// What a reference says by itself. Nothing when there is nothing to ask for.
fn reference<'a>(text: &'a str, report: &mut Report) -> Option<(Image<'a>, Url)> {
    let image = match parse(text) {
        Ok(image) => image,
        Err(why) => {
            let summary = format!("\"{}\" is not an image reference: {why}", explain::clean(text));
            report.say(Severity::Error, Code::ReferenceInvalid, summary, "");
            return None;
        }
    };
    if image.is_ecr() {
        ecr::judge(&image, report);
        return None;
    }
    if let Some((host, why)) = image.host.and_then(|host| Some((host, unreachable_host(host)?))) {
        let summary = format!("{host} cannot be a registry in the VPC: {why}");
        report.say(Severity::Error, Code::HostUnusable, summary, "Name the registry as the VPC resolves it.");
        return None;
    }
    if image.host.is_none() {
        report.say(
            Severity::Warning,
            Code::ReferenceDefaultRegistry,
            "The reference names no registry, so it means Docker Hub",
            "The VPC needs a way to the internet to reach it, and it limits how much is pulled anonymously.",
        );
    }
    tag_and_digest(&image, report);
    let authority = match (image.host, image.port) {
        (None, _) => DEFAULT_REGISTRY.to_owned(),
        (Some(host), port) => {
            let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
            port.map_or(host.clone(), |port| format!("{host}:{port}"))
        }
    };
    match Url::parse(&format!("https://{authority}/v2/")) {
        Ok(base) => Some((image, base)),
        Err(error) => {
            let summary = format!("\"{}\" is not a host: {error}", explain::clean(&authority));
            report.say(Severity::Error, Code::ReferenceInvalid, summary, "");
            None
        }
    }
}

fn tag_and_digest(image: &Image<'_>, report: &mut Report) {
    if image.tag.is_some() && image.digest.is_some() {
        report.say(
            Severity::Warning,
            Code::ReferenceTagAndDigest,
            "The reference has both a tag and a digest",
            "SageMaker documents one or the other. Leave the tag out.",
        );
    }
}

/// A tag may move; how to name the image so that it does not.
fn floating(image: &Image<'_>, pin: &str, report: &mut Report) {
    let severity = if matches!(image.tag, None | Some("latest")) { Severity::Warning } else { Severity::Info };
    let shown = image.tag.unwrap_or("latest");
    let detail = format!(
        "Instances that are added later may run other code than those before, and a plan does not see a new push. {pin}"
    );
    report.say(
        severity,
        Code::ReferenceFloating,
        format!("The tag \"{shown}\" may come to mean another image"),
        detail,
    );
}

struct Probe<'a> {
    request: &'a Request,
    settings: &'a Settings,
    image: Image<'a>,
    /// `https://registry/v2/`.
    base: Url,
    report: &'a mut Report,
    /// An anonymous token.
    token: Option<String>,
    /// The hosts whose certificates were judged.
    judged: BTreeSet<String>,
    /// Whether what was read can be believed: every certificate so far was good.
    trusted: bool,
}

impl Probe<'_> {
    async fn run(&mut self) {
        if self.api().await.is_some() && self.image().await.is_some() {
            self.floating();
        }
    }

    fn say(&mut self, severity: Severity, code: Code, summary: impl Into<String>, detail: impl Into<String>) {
        self.report.say(severity, code, summary, detail);
    }

    /// Whether something else may answer in the VPC, where a name can mean another server.
    fn if_inside(&self, outside: Severity) -> Severity {
        if self.settings.vantage == Vantage::InsideVpc { Severity::Error } else { outside }
    }

    /// The version check, which every registry answers.
    async fn api(&mut self) -> Option<()> {
        let url = self.base.clone();
        let answer = self.get(&url, "application/json", None).await?;
        let place = place(&answer.url);
        let shape = answer.media_type();
        let says_so = answer.header("docker-distribution-api-version").contains("registry/2");
        let status = answer.status.as_u16();
        match status {
            200 if says_so || shape != "text/html" => {}
            401 if says_so || !auth::challenges(&answer.headers).is_empty() => {}
            403 | 429 | 500..=599 => {
                self.refused(&answer, "the version check");
                return None;
            }
            _ => {
                let what = if shape == "text/html" { "a web page" } else { "something else" };
                let severity = self.if_inside(Severity::Warning);
                self.say(
                    severity,
                    Code::ApiMissing,
                    format!("{place} does not offer the Docker Registry HTTP API V2: /v2/ answers {status} with {what}"),
                    "SageMaker pulls from registries with this API only. If a proxy or a user interface answers here, name \
                     the registry behind it.",
                );
                return None;
            }
        }
        self.say(Severity::Info, Code::ApiV2, format!("{place} offers the Docker Registry HTTP API V2"), "");
        Some(())
    }

    /// Asks for a URL, tells of the certificates of every host on the way, and why there is no answer.
    async fn get(&mut self, url: &Url, accept: &str, token: Option<&str>) -> Option<Answer> {
        match http::get(self.settings, url, accept, token).await {
            Ok(answer) => {
                self.certificates(&answer.chains);
                Some(answer)
            }
            Err(failed) => {
                self.certificates(&failed.chains);
                self.failed(&failed);
                None
            }
        }
    }

    fn certificates(&mut self, chains: &[(Url, crate::tls::Chain)]) {
        for (url, chain) in chains {
            let place = place(url);
            let Some(name) = server_name(url) else { continue };
            if !self.judged.insert(place.clone()) {
                continue;
            }
            let found = certificate::judge(chain, &name, &self.settings.extra_authorities, self.settings.now);
            self.judged_certificate(url, &place, &found);
        }
    }

    /// Asks for a URL as a client without credentials does: with an anonymous token when the registry wants one.
    async fn get_anonymously(&mut self, url: &Url, accept: &str) -> Option<Answer> {
        let token = self.token.clone();
        let answer = self.get(url, accept, token.as_deref()).await?;
        if answer.status.as_u16() != 401 || token.is_some() {
            return Some(answer);
        }
        let Some(token) = self.fetch_token(&answer).await else { return Some(answer) };
        let answer = self.get(url, accept, Some(&token)).await?;
        self.token = Some(token);
        Some(answer)
    }

    /// A token that the service named in a challenge gives to anyone.
    async fn fetch_token(&mut self, answer: &Answer) -> Option<String> {
        let bearer = auth::challenges(&answer.headers).into_iter().find_map(|challenge| match challenge {
            Challenge::Bearer { realm, service, scope } => Some((realm, service, scope)),
            Challenge::Other(_) => None,
        });
        let (realm, service, scope) = bearer?;
        let repository = self.repository();
        let url = match auth::token_url(&realm, service.as_deref(), scope.as_deref(), &repository) {
            Ok(url) => url,
            Err(why) => {
                let summary = format!("The token service \"{}\" cannot be asked: {why}", explain::clean(&realm));
                self.say(Severity::Error, Code::TokenService, summary, "");
                return None;
            }
        };
        let result = http::get(self.settings, &url, "application/json", None).await;
        let place = place(&url);
        match result {
            Ok(answer) => {
                self.certificates(&answer.chains);
                let status = answer.status.as_u16();
                match auth::token(&answer.body) {
                    Some(token) if status == 200 => return Some(token),
                    // It wants credentials: that is told when the manifest is refused.
                    _ if matches!(status, 400 | 401 | 403) => {}
                    _ => {
                        let severity = self.if_inside(Severity::Warning);
                        let summary = format!("The token service {place} answers {status} without a token");
                        self.say(severity, Code::TokenService, summary, "");
                    }
                }
            }
            Err(failed) => {
                self.certificates(&failed.chains);
                let severity = self.if_inside(Severity::Warning);
                let summary = format!("The token service {place} gives no answer: {}", explain::brief(&failed.why));
                self.say(
                    severity,
                    Code::TokenService,
                    summary,
                    "It must be reachable from the VPC as the registry is.",
                );
            }
        }
        None
    }

    /// The path of the repository below `/v2/`.
    fn repository(&self) -> String {
        match self.image.host {
            None if !self.image.repository.contains('/') => format!("library/{}", self.image.repository),
            _ => self.image.repository.to_owned(),
        }
    }

    /// Advice to pin a tag.
    fn floating(&mut self) {
        if self.image.digest.is_some() {
            return;
        }
        let Some(digest) = self.report.digest.clone().filter(|_| self.trusted) else { return };
        let suffix = self.image.tag.map(|tag| format!(":{tag}")).unwrap_or_default();
        let bare = self.request.image.strip_suffix(suffix.as_str()).unwrap_or(&self.request.image);
        let pinned = format!("{bare}@{digest}");
        floating(&self.image, &format!("To pin it:\n    {pinned}"), self.report);
        self.report.pinned = Some(pinned);
    }
}
