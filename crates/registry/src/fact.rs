//! What a probe found out.

use std::fmt;

use serde::Serialize;

/// How much a fact matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It is as it should be, or worth knowing.
    Info,
    /// It could not be found out from here. It proves nothing.
    Unknown,
    /// SageMaker may stumble over it.
    Warning,
    /// SageMaker cannot pull the image.
    Error,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What a fact is about. The text of a code never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Code] = &[$(Code::$name,)*];

            /// The code as it is printed.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self {
                    $(Code::$name => $text,)*
                }
            }
        }
    };
}

codes! {
    /// The text is no image reference.
    ReferenceInvalid = "reference-invalid",
    /// The image is in Amazon ECR, which needs no probe.
    ReferenceEcr = "reference-ecr",
    /// The reference names no registry, so it means the default public one.
    ReferenceDefaultRegistry = "reference-default-registry",
    /// The reference has no digest, and its tag may move.
    ReferenceFloating = "reference-floating",
    /// The reference has both a tag and a digest.
    ReferenceTagAndDigest = "reference-tag-and-digest",
    /// The host, or an address it resolves to, cannot be that of a registry.
    HostUnusable = "host-unusable",
    /// The host's name has no address here.
    NameUnresolved = "name-unresolved",
    /// Nothing accepts connections, or nothing answers.
    Unreachable = "unreachable",
    /// The registry, or a host it sends to, took too long.
    Slow = "slow",
    /// The server does not speak TLS.
    TlsMissing = "tls-missing",
    /// TLS was not agreed on.
    TlsHandshake = "tls-handshake",
    /// The certificate cannot be read.
    CertificateInvalid = "certificate-invalid",
    /// No public authority vouches for the certificate.
    CertificateIssuer = "certificate-issuer",
    /// Only an authority that was named for this probe vouches for the certificate.
    CertificatePrivateAuthority = "certificate-private-authority",
    /// The certificate is for other host names.
    CertificateName = "certificate-name",
    /// The certificate has expired.
    CertificateExpired = "certificate-expired",
    /// The certificate expires soon.
    CertificateExpiring = "certificate-expiring",
    /// The certificate is not valid yet.
    CertificateNotYetValid = "certificate-not-yet-valid",
    /// Whom the certificate names, until when, and that a public authority vouches for it.
    CertificateGood = "certificate-good",
    /// The server does not offer the Docker Registry HTTP API V2.
    ApiMissing = "api-missing",
    /// The server offers the Docker Registry HTTP API V2.
    ApiV2 = "api-v2",
    /// The answer is not what the protocol says.
    AnswerInvalid = "answer-invalid",
    /// The registry failed.
    ServerError = "server-error",
    /// The registry refuses more requests for now.
    Throttled = "throttled",
    /// Pulling needs credentials.
    AuthenticationRequired = "authentication-required",
    /// A credentials provider is configured, and pulling works without.
    AuthenticationUnneeded = "authentication-unneeded",
    /// The service that hands out tokens cannot be used.
    TokenService = "token-service",
    /// Redirects go in circles, or on for too long.
    RedirectLoop = "redirect-loop",
    /// A redirect leads to where it may not.
    RedirectInvalid = "redirect-invalid",
    /// Parts of the image come from another host.
    RedirectHost = "redirect-host",
    /// The image is not there.
    ManifestMissing = "manifest-missing",
    /// The manifest could not be read for want of credentials.
    ManifestUnread = "manifest-unread",
    /// The manifest is malformed.
    ManifestInvalid = "manifest-invalid",
    /// The manifest is larger than any registry must accept.
    ManifestTooLarge = "manifest-too-large",
    /// The manifest is of the retired schema 1.
    ManifestSchema1 = "manifest-schema1",
    /// The manifest is of something other than a container image.
    ManifestNotImage = "manifest-not-image",
    /// The image is in the OCI format, or a list of images.
    MediaType = "media-type",
    /// What the reference means is there.
    ManifestFound = "manifest-found",
    /// The content is not what its digest says.
    DigestMismatch = "digest-mismatch",
    /// There is no image for the platform.
    PlatformMissing = "platform-missing",
    /// The image's platform.
    PlatformGood = "platform-good",
    /// How large the image is.
    ImageSize = "image-size",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text())
    }
}

/// One thing that was found out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// How much it matters.
    pub severity: Severity,
    /// What it is about.
    pub code: Code,
    /// What was found, in a sentence.
    pub summary: String,
    /// What it means and what to do about it; may be empty.
    pub detail: String,
}

/// Everything that was found out about an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The reference as it was given.
    pub image: String,
    /// The facts, in the order in which they were found.
    pub facts: Vec<Fact>,
    /// The digest of what the reference means now.
    pub digest: Option<String>,
    /// The same image by its digest, when the reference has none and the digest can be trusted.
    pub pinned: Option<String>,
    /// The media type of what the reference means.
    pub media_type: Option<String>,
    /// `os/architecture` of the image that SageMaker would run.
    pub platform: Option<String>,
    /// The bytes of all layers as they are sent, that is, compressed.
    pub compressed_bytes: Option<u64>,
}

impl Report {
    pub(crate) fn say(
        &mut self,
        severity: Severity,
        code: Code,
        summary: impl Into<String>,
        detail: impl Into<String>,
    ) {
        self.facts.push(Fact { severity, code, summary: summary.into(), detail: detail.into() });
    }

    /// Whether a fact with this code is there.
    #[must_use]
    pub fn has(&self, code: Code) -> bool {
        self.facts.iter().any(|fact| fact.code == code)
    }

    /// The most that any fact matters.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.facts.iter().map(|fact| fact.severity).max().unwrap_or(Severity::Info)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_has_a_text_of_its_own() {
        let texts: BTreeSet<&str> = Code::ALL.iter().map(|code| code.text()).collect();
        assert_eq!(texts.len(), Code::ALL.len());
        assert!(
            texts.iter().all(|text| text.chars().all(|c| c.is_ascii_lowercase() || c == '-' || c.is_ascii_digit()))
        );
    }

    #[test]
    fn the_worst_fact_counts() {
        let mut report = Report::default();
        assert_eq!(report.severity(), Severity::Info);
        report.say(Severity::Warning, Code::Throttled, "", "");
        report.say(Severity::Unknown, Code::Slow, "", "");
        assert_eq!(report.severity(), Severity::Warning);
    }
}
