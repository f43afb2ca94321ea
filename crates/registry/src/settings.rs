//! What is asked, and from where.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Where the probe runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Vantage {
    /// Anywhere: what is not reached from here may still be reached from the VPC.
    #[default]
    Outside,
    /// On a machine with the network of the model's VPC.
    InsideVpc,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The image reference, as in a model's container.
    pub image: String,
    /// Whether the container names a credentials provider (`repository_auth_config`).
    pub credentials_provider: bool,
    /// The architecture of the instances, as manifests name it: `amd64` or `arm64`.
    pub architecture: String,
    /// The size of an instance's volume in GB, when it is known.
    pub volume_gb: Option<u64>,
}

impl Request {
    /// A question about an image for amd64 instances, without a credentials provider.
    #[must_use]
    pub fn new(image: impl Into<String>) -> Request {
        let architecture = "amd64".to_owned();
        Request { image: image.into(), credentials_provider: false, architecture, volume_gb: None }
    }
}

/// How it is asked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the probe runs.
    pub vantage: Vantage,
    /// Authorities beyond the public ones. A certificate that only they vouch for is told as such.
    pub extra_authorities: Vec<CertificateDer<'static>>,
    /// Where to connect instead of the addresses of a host and port, say through a tunnel.
    pub connect_to: BTreeMap<(String, u16), SocketAddr>,
    /// How long one step may take: resolving, connecting, the TLS handshake, one request with its answer.
    pub step: Duration,
    /// How long everything together may take.
    pub whole: Duration,
    /// The time by which certificates are judged.
    pub now: SystemTime,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            vantage: Vantage::Outside,
            extra_authorities: Vec::new(),
            connect_to: BTreeMap::new(),
            step: Duration::from_secs(5),
            whole: Duration::from_secs(30),
            now: SystemTime::now(),
        }
    }
}

/// Why a file of authorities cannot be used, as the end of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorityError(pub String);

impl std::fmt::Display for AuthorityError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AuthorityError {}

/// The certificates of a PEM file.
///
/// # Errors
/// When it holds none, or one that is not the certificate of an authority.
pub fn authorities(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, AuthorityError> {
    let mut roots = RootCertStore::empty();
    let mut found = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| AuthorityError(format!("it is not PEM: {error}")))?;
        roots.add(certificate.clone()).map_err(|error| AuthorityError(error.to_string()))?;
        found.push(certificate);
    }
    if found.is_empty() { Err(AuthorityError("it holds no certificate".to_owned())) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_refused() {
        for text in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert!(authorities(text.as_bytes()).is_err(), "{text}");
        }
    }
}
