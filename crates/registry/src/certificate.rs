//! Judging a server's certificates, each question on its own: who vouches for them, for how long, and for which name.
//! The public authorities are those that browsers know (webpki-roots), not those of this machine: a company's own
//! authority that is installed here is unknown to SageMaker.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, RootCertStore};

/// A certificate that ends within this time is worth a warning.
const SOON: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// What is to be said about certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// The server's certificate cannot be read, as the end of a sentence.
    Unreadable(String),
    /// It has signed itself.
    SelfSigned,
    /// No authority vouches for it; why, as the end of a sentence.
    UnknownIssuer(String),
    /// Only an authority beyond the public ones vouches for it.
    ExtraAuthority,
    /// It ended at this time, in seconds since 1970.
    Expired(Option<u64>),
    /// It begins at this time, in seconds since 1970.
    NotYetValid(Option<u64>),
    /// It ends soon, at this time, in seconds since 1970.
    Expiring(Option<u64>),
    /// It is for these names and not for the one that was asked for.
    OtherName(Vec<String>),
}

/// Judges the certificates of a server; nothing when all is well.
pub(crate) fn judge(
    chain: &[CertificateDer<'_>],
    name: &ServerName<'_>,
    extra: &[CertificateDer<'static>],
    now: SystemTime,
) -> Vec<Finding> {
    let Some((own, intermediates)) = chain.split_first() else {
        return vec![Finding::Unreadable("the server showed none".to_owned())];
    };
    let parsed = match ParsedCertificate::try_from(own) {
        Ok(parsed) => parsed,
        Err(error) => return vec![Finding::Unreadable(error.to_string())],
    };
    let mut found = Vec::new();
    let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let public = Anchors { certificate: &parsed, intermediates, roots: public_roots() };
    match public.validity(now, &mut found) {
        Ok(()) => {}
        Err(why) => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(extra.iter().cloned());
            let extra = Anchors { certificate: &parsed, intermediates, roots: &roots };
            let mut by_extra = Vec::new();
            if !roots.is_empty() && extra.validity(now, &mut by_extra).is_ok() {
                found = by_extra;
                found.push(Finding::ExtraAuthority);
            } else if is_self_signed(own) {
                found.push(Finding::SelfSigned);
            } else {
                found.push(Finding::UnknownIssuer(why));
            }
        }
    }
    match verify_server_name(&parsed, name) {
        Ok(()) => {}
        Err(rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext { presented, .. })) => {
            found.push(Finding::OtherName(presented.iter().map(|name| plain(name)).collect()));
        }
        Err(_) => found.push(Finding::OtherName(Vec::new())),
    }
    found
}

/// A certificate and those who may vouch for it.
struct Anchors<'a> {
    certificate: &'a ParsedCertificate<'a>,
    intermediates: &'a [CertificateDer<'a>],
    roots: &'a RootCertStore,
}

impl Anchors<'_> {
    fn at(&self, time: Duration) -> Result<(), rustls::Error> {
        verify_server_cert_signed_by_trust_anchor(
            self.certificate,
            self.roots,
            self.intermediates,
            UnixTime::since_unix_epoch(time),
            ring::default_provider().signature_verification_algorithms.all,
        )
    }

    /// Whether they vouch for it at all, at a time at which it is valid; when that is not now, `found` says so.
    fn validity(&self, now: Duration, found: &mut Vec<Finding>) -> Result<(), String> {
        let day = Duration::from_secs(24 * 60 * 60);
        let Err(error) = self.at(now) else {
            if let Err(error) = self.at(now.saturating_add(SOON)) {
                found.push(Finding::Expiring(not_after(&error)));
            }
            return Ok(());
        };
        let other_time = match &error {
            rustls::Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
                let end = not_after(&error);
                found.push(Finding::Expired(end));
                end.map_or(now.saturating_sub(day), |end| Duration::from_secs(end.saturating_sub(1)))
            }
            rustls::Error::InvalidCertificate(CertificateError::NotValidYet) => {
                found.push(Finding::NotYetValid(None));
                now.saturating_add(day)
            }
            rustls::Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. }) => {
                found.push(Finding::NotYetValid(Some(not_before.as_secs())));
                Duration::from_secs(not_before.as_secs().saturating_add(1))
            }
            _ => return Err(reason(&error)),
        };
        self.at(other_time).map_err(|error| reason(&error))
    }
}

fn not_after(error: &rustls::Error) -> Option<u64> {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. }) => {
            Some(not_after.as_secs())
        }
        _ => None,
    }
}

fn reason(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "its issuer is unknown, or an intermediate certificate is missing".to_owned()
        }
        other => other.to_string(),
    }
}

fn is_self_signed(certificate: &CertificateDer<'_>) -> bool {
    webpki::EndEntityCert::try_from(certificate).is_ok_and(|parsed| parsed.issuer() == parsed.subject())
}

/// A name as certificates are spoken of: `DnsName("a.io")` is `a.io`.
fn plain(name: &str) -> String {
    name.split('"').nth(1).unwrap_or(name).to_owned()
}

fn public_roots() -> &'static RootCertStore {
    static ROOTS: OnceLock<RootCertStore> = OnceLock::new();
    ROOTS.get_or_init(|| RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() })
}
