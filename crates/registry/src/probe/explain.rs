//! Failures and certificates, in words, with how much they matter from where the probe runs.

use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use url::Url;

use super::Probe;
use crate::auth::{self, Challenge};
use crate::certificate::Finding;
use crate::fact::{Code, Severity};
use crate::http::{Answer, Failed, LIMIT, Trouble, place, seconds};
use crate::settings::Vantage;
use crate::tls::TlsError;

const PUBLIC_ONLY: &str = "SageMaker trusts public certificate authorities only: give the registry a certificate of one, and \
                           let it send the intermediate certificates too.";

impl Probe<'_> {
    /// Why there is no answer.
    pub(super) fn failed(&mut self, failed: &Failed) {
        let place = &failed.place;
        let unknown = self.if_inside(Severity::Unknown);
        let warning = self.if_inside(Severity::Warning);
        let from_vpc = if self.settings.vantage == Vantage::InsideVpc {
            "SageMaker pulls through the VPC: check its resolver, routes, security groups and network ACLs."
        } else {
            "This proves nothing: a registry in a VPC is usually reached from there only. Run smform registry check \
             -inside-vpc on a machine in the VPC."
        };
        let brief = brief(&failed.why);
        let (severity, code, summary, detail) = match &failed.why {
            Trouble::Unresolved(_) => (unknown, Code::NameUnresolved, format!("{place}: {brief}"), from_vpc.to_owned()),
            Trouble::Unusable(..) => (unknown, Code::HostUnusable, format!("{place}: {brief}"), from_vpc.to_owned()),
            Trouble::Unreachable(..) => (unknown, Code::Unreachable, format!("{place}: {brief}"), from_vpc.to_owned()),
            Trouble::Slow(_) => {
                let detail = format!("Nothing came within {}.", seconds(self.settings.step));
                (Severity::Unknown, Code::Slow, format!("{place}: {brief}"), detail)
            }
            Trouble::Tls(TlsError::Missing) => {
                let detail = "SageMaker pulls over HTTPS only.".to_owned();
                (Severity::Error, Code::TlsMissing, format!("{place}: {brief}"), detail)
            }
            Trouble::Tls(TlsError::Handshake(_)) => {
                let detail = "The server must offer TLS 1.2 or 1.3 for this host name.".to_owned();
                (Severity::Error, Code::TlsHandshake, format!("{place}: {brief}"), detail)
            }
            Trouble::NotHttp(_) => (warning, Code::AnswerInvalid, format!("{place}: {brief}"), String::new()),
            Trouble::TooLarge => {
                let detail = "Registries need not accept larger manifests, nor clients read them.".to_owned();
                (warning, Code::ManifestTooLarge, format!("{place}: {brief}"), detail)
            }
            Trouble::Loop(_) => (warning, Code::RedirectLoop, format!("{place}: {brief}"), String::new()),
            Trouble::Redirect(..) => (warning, Code::RedirectInvalid, format!("{place}: {brief}"), String::new()),
        };
        self.say(severity, code, summary, detail);
    }

    /// A status that refuses.
    pub(super) fn refused(&mut self, answer: &Answer, what: &str) {
        let place = place(&answer.url);
        let status = answer.status.as_u16();
        let said = error_of(answer);
        match status {
            401 | 403 if self.request.credentials_provider => self.say(
                Severity::Unknown,
                Code::ManifestUnread,
                format!("{place} wants credentials for {what}"),
                "The configured credentials provider hands them to SageMaker; the probe has none, so the image itself was \
                 not looked at.",
            ),
            401 | 403 => {
                let schemes: Vec<String> = auth::challenges(&answer.headers)
                    .into_iter()
                    .map(|challenge| match challenge {
                        Challenge::Bearer { .. } => "Bearer".to_owned(),
                        Challenge::Other(scheme) => clean(&scheme),
                    })
                    .collect();
                let by = if schemes.is_empty() { String::new() } else { format!(" ({})", schemes.join(", ")) };
                self.say(
                    Severity::Error,
                    Code::AuthenticationRequired,
                    format!("{place} wants credentials for {what}{by}: {status}{said}"),
                    "Let the registry serve pulls from the VPC without, or name a Lambda function that hands credentials \
                     to SageMaker: image_config.repository_auth_config.repository_credentials_provider_arn.",
                );
            }
            429 => self.say(
                Severity::Warning,
                Code::Throttled,
                format!("{place} refuses more requests for now: {status}{said}"),
                "A fleet that starts pulls the image once for each instance.",
            ),
            500..=599 => {
                let severity = self.if_inside(Severity::Warning);
                self.say(severity, Code::ServerError, format!("{place} fails to answer {what}: {status}{said}"), "");
            }
            _ => {
                let severity = self.if_inside(Severity::Warning);
                self.say(severity, Code::AnswerInvalid, format!("{place} answers {what} with {status}{said}"), "");
            }
        }
    }

    /// What the certificates of a host tell.
    pub(super) fn judged_certificate(&mut self, url: &Url, place: &str, found: &[Finding]) {
        if found.is_empty() {
            let summary = format!("The certificate of {place} is for this host, valid, and of a public authority");
            return self.say(Severity::Info, Code::CertificateGood, summary, "");
        }
        let host = url.host_str().unwrap_or_default();
        for finding in found {
            let mut severity = Severity::Error;
            let (code, summary, detail) = match finding {
                Finding::Unreadable(why) => {
                    (Code::CertificateInvalid, format!("The certificate of {place} cannot be read: {why}"), PUBLIC_ONLY)
                }
                Finding::SelfSigned => {
                    (Code::CertificateIssuer, format!("The certificate of {place} has signed itself"), PUBLIC_ONLY)
                }
                Finding::UnknownIssuer(why) => (
                    Code::CertificateIssuer,
                    format!("No public authority vouches for the certificate of {place}: {why}"),
                    PUBLIC_ONLY,
                ),
                Finding::ExtraAuthority => {
                    severity = Severity::Warning;
                    let summary = format!("Only an authority of the CA file vouches for the certificate of {place}");
                    (Code::CertificatePrivateAuthority, summary, PUBLIC_ONLY)
                }
                Finding::Expired(end) => {
                    let summary = format!("The certificate of {place} expired{}", on(*end));
                    (Code::CertificateExpired, summary, "Renew it.")
                }
                Finding::NotYetValid(begin) => {
                    let begin = begin.map(|at| format!(" before {}", day(at))).unwrap_or_default();
                    let summary = format!("The certificate of {place} is not valid yet{begin}");
                    (Code::CertificateNotYetValid, summary, "Compare the clock of this machine.")
                }
                Finding::Expiring(end) => {
                    severity = Severity::Warning;
                    let summary = format!("The certificate of {place} expires{}", on(*end));
                    (Code::CertificateExpiring, summary, "Instances that are added after that cannot pull. Renew it.")
                }
                Finding::OtherName(names) => {
                    let names = if names.is_empty() { "other names".to_owned() } else { clean(&names.join(", ")) };
                    let summary = format!("The certificate of {place} is for {names}, not for {host}");
                    (
                        Code::CertificateName,
                        summary,
                        "The name in the image reference must be one of the certificate's.",
                    )
                }
            };
            self.trusted &= severity != Severity::Error;
            self.say(severity, code, summary, detail);
        }
    }
}

/// A failure as the end of a sentence.
pub(super) fn brief(why: &Trouble) -> String {
    match why {
        Trouble::Unresolved(said) => format!("the name has no address here ({})", clean(said)),
        Trouble::Unusable(address, why) => format!("the name resolves to {address}, and {why}"),
        Trouble::Unreachable(address, said) => {
            let private = if is_private(*address) { "the private address " } else { "" };
            format!("no connection to {private}{address}: {}", clean(said))
        }
        Trouble::Slow(step) => format!("{step} takes too long"),
        Trouble::Tls(TlsError::Missing) => "the server does not speak TLS".to_owned(),
        Trouble::Tls(TlsError::Handshake(said)) => format!("TLS was not agreed on: {}", clean(said)),
        Trouble::NotHttp(said) => format!("the answer is not HTTP: {}", clean(said)),
        Trouble::TooLarge => format!("the answer is larger than {} MiB", LIMIT / (1024 * 1024)),
        Trouble::Loop(last) => format!("redirects do not end; the last leads to {}", clean(last.as_str())),
        Trouble::Redirect(target, why) => format!("the redirect to \"{}\" is not followed: {why}", clean(target)),
    }
}

fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        // 100.64.0.0/10 is shared address space (RFC 6598), which VPCs use too.
        IpAddr::V4(v4) => v4.is_private() || (v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64),
        IpAddr::V6(v6) => v6.is_unique_local(),
    }
}

/// What the body of a refusal says: its first error, in brackets.
pub(super) fn error_of(answer: &Answer) -> String {
    #[derive(Deserialize)]
    struct Refusal {
        errors: Vec<One>,
    }
    #[derive(Deserialize)]
    struct One {
        #[serde(default)]
        code: String,
        #[serde(default)]
        message: String,
    }
    let refusal: Option<Refusal> = serde_json::from_slice(&answer.body).ok();
    let first = refusal.and_then(|refusal| refusal.errors.into_iter().next());
    first.map(|one| format!(" ({}: {})", clean(&one.code), clean(&one.message))).unwrap_or_default()
}

/// Text of a server, fit for a terminal: short, and without control characters.
pub(super) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

fn on(at: Option<u64>) -> String {
    at.map(|at| format!(" on {}", day(at))).unwrap_or_default()
}

/// A day as `2026-01-31`, in UTC.
fn day(seconds: u64) -> String {
    let time: SystemTime = UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH);
    let time = jiff::Timestamp::try_from(time).unwrap_or_default();
    time.strftime("%Y-%m-%d").to_string()
}
