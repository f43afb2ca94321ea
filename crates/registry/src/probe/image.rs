//! What the image is: its manifest, its digest, its platform and its size.

use super::{Probe, explain};
use crate::digest;
use crate::fact::{Code, Severity};
use crate::http::{Answer, place};
use crate::manifest::{self, Descriptor, Manifest};

/// An instance's volume holds at most this many GB (`ProductionVariant.VolumeSizeInGB`).
const LARGEST_VOLUME_GB: u64 = 512;
/// Layers unpacked, beside the layers as they came: a rule of thumb.
const UNPACKED: u64 = 3;
const GB: u64 = 1_000_000_000;

impl Probe<'_> {
    /// Everything about the image; nothing when its manifest could not be read.
    pub(super) async fn image(&mut self) -> Option<()> {
        let reference = self.image.digest.or(self.image.tag).unwrap_or("latest").to_owned();
        let answer = self.manifest(&reference).await?;
        self.digest(&answer);
        let found = self.read(&answer)?;
        let kind = manifest::media_type(&answer.media_type(), &found);
        if let Some(what) = manifest::unproven(&kind) {
            self.say(
                Severity::Warning,
                Code::MediaType,
                format!("The reference means {what} ({kind})"),
                "SageMaker does not document these for private registries, and refuses the OCI format from ECR. To be \
                 sure, build one image for one platform with Docker media types and without attestations: docker buildx \
                 build --provenance=false --output type=image,oci-mediatypes=false,push=true",
            );
        }
        self.report.media_type = Some(kind);
        let found = match found {
            Manifest::Index(entries) => self.one_of(&entries).await?,
            one => one,
        };
        match found {
            Manifest::Image { config, layers } => {
                self.size(&layers);
                self.platform(&config).await;
                Some(())
            }
            Manifest::Index(_) => {
                let summary = "The list of images holds another list for the platform";
                self.say(Severity::Error, Code::ManifestInvalid, summary, "");
                None
            }
            Manifest::Schema1 => {
                self.say(
                    Severity::Error,
                    Code::ManifestSchema1,
                    "The manifest is of schema 1, which is retired",
                    "Push the image again with a current docker or buildah.",
                );
                None
            }
            Manifest::Other(kind) => {
                let summary = format!("The reference means no container image, but {}", explain::clean(&kind));
                self.say(Severity::Error, Code::ManifestNotImage, summary, "");
                None
            }
        }
    }

    /// Fetches a manifest by tag or digest.
    async fn manifest(&mut self, reference: &str) -> Option<Answer> {
        let repository = self.repository();
        let Ok(url) = self.base.join(&format!("{repository}/manifests/{reference}")) else { return None };
        let answer = self.get_anonymously(&url, manifest::ACCEPT).await?;
        match answer.status.as_u16() {
            200 => {
                if self.request.credentials_provider && !self.report.has(Code::AuthenticationUnneeded) {
                    self.say(
                        Severity::Info,
                        Code::AuthenticationUnneeded,
                        "The image can be pulled without credentials",
                        "repository_auth_config may be left out, unless the registry lets only some addresses in.",
                    );
                }
                Some(answer)
            }
            404 => {
                let said = explain::error_of(&answer);
                let shown = explain::clean(reference);
                self.say(
                    Severity::Error,
                    Code::ManifestMissing,
                    format!("{} has no image {repository} with {shown}{said}", place(&answer.url)),
                    "Push it first, or correct the reference.",
                );
                None
            }
            _ => {
                self.refused(&answer, "the manifest");
                None
            }
        }
    }

    /// Whether the content is what its digest says.
    fn digest(&mut self, answer: &Answer) {
        let actual = digest::of(&answer.body, "sha256").unwrap_or_default();
        let told = explain::clean(answer.header("docker-content-digest"));
        let wrong_for = |wanted: &str| digest::matches(&answer.body, wanted) == Some(false);
        if let Some(wanted) = self.image.digest.filter(|wanted| wrong_for(wanted)) {
            let summary = format!("The registry sends something other than {wanted}: its digest is {actual}");
            self.say(Severity::Error, Code::DigestMismatch, summary, "The registry or a cache before it is damaged.");
            return;
        }
        if !told.is_empty() && wrong_for(&told) {
            let summary = format!("The registry calls the manifest {told}, and its digest is {actual}");
            self.say(Severity::Error, Code::DigestMismatch, summary, "The registry or a cache before it is damaged.");
            return;
        }
        let digest = self.image.digest.map_or(actual, str::to_owned);
        self.say(Severity::Info, Code::ManifestFound, format!("The image is there: {digest}"), "");
        self.report.digest = Some(digest);
    }

    fn read(&mut self, answer: &Answer) -> Option<Manifest> {
        manifest::parse(&answer.body)
            .map_err(|why| {
                let summary = format!("The manifest cannot be read: {}", explain::clean(&why));
                self.say(Severity::Error, Code::ManifestInvalid, summary, "");
            })
            .ok()
    }

    /// The image of an index that the instances would run.
    async fn one_of(&mut self, entries: &[Descriptor]) -> Option<Manifest> {
        let wanted = &self.request.architecture;
        let entry = match manifest::choose(entries, wanted) {
            Ok(entry) => entry,
            Err(others) => {
                let others = if others.is_empty() { "none".to_owned() } else { explain::clean(&others.join(", ")) };
                let summary = format!("There is no image for linux/{wanted}; platforms: {others}");
                self.say(
                    Severity::Error,
                    Code::PlatformMissing,
                    summary,
                    "Build it for the instances of the endpoint.",
                );
                return None;
            }
        };
        let answer = self.manifest(&entry.digest).await?;
        if digest::matches(&answer.body, &entry.digest) != Some(true) {
            let summary = format!("The image for linux/{wanted} is not what its digest says");
            self.say(Severity::Error, Code::DigestMismatch, summary, "The registry or a cache before it is damaged.");
            return None;
        }
        self.read(&answer)
    }

    /// The platform, from the image's own configuration: an index may say otherwise, and it is what runs.
    async fn platform(&mut self, config: &Descriptor) {
        let repository = self.repository();
        let Ok(url) = self.base.join(&format!("{repository}/blobs/{}", explain::clean(&config.digest))) else { return };
        let Some(answer) = self.get_anonymously(&url, "*/*").await else { return };
        if answer.url.origin() != url.origin() {
            self.say(
                Severity::Warning,
                Code::RedirectHost,
                format!("The parts of the image come from {}", place(&answer.url)),
                "That host, too, must be reachable from the VPC: its name, its port, its route.",
            );
        }
        match answer.status.as_u16() {
            200 => {}
            404 => {
                let summary = "The image's configuration is missing from the registry";
                self.say(Severity::Error, Code::ManifestInvalid, summary, "Push the image again.");
                return;
            }
            _ => return self.refused(&answer, "the image's configuration"),
        }
        if digest::matches(&answer.body, &config.digest) == Some(false) {
            let summary = "The image's configuration is not what its digest says";
            return self.say(Severity::Error, Code::DigestMismatch, summary, "Push the image again.");
        }
        let Some(found) = manifest::platform(&answer.body) else {
            let summary = "The image's configuration names no platform";
            return self.say(Severity::Warning, Code::ManifestInvalid, summary, "");
        };
        let shown = explain::clean(&format!("{}/{}", found.os, found.architecture));
        if found.os == "linux" && found.architecture == self.request.architecture {
            self.say(Severity::Info, Code::PlatformGood, format!("The image is for {shown}"), "");
        } else {
            let summary =
                format!("The image is for {shown}, and the instances run linux/{}", self.request.architecture);
            self.say(Severity::Error, Code::PlatformMissing, summary, "Build it for the instances of the endpoint.");
        }
        self.report.platform = Some(shown);
    }

    fn size(&mut self, layers: &[Descriptor]) {
        let bytes = manifest::compressed(layers);
        self.report.compressed_bytes = Some(bytes);
        let shown = size(bytes);
        let volume = self.request.volume_gb.unwrap_or(LARGEST_VOLUME_GB);
        if bytes.saturating_mul(UNPACKED) > volume.saturating_mul(GB) {
            let summary = format!("The image is {shown} compressed, and may not fit on a volume of {volume} GB");
            let detail = "Unpacked, an image takes about three times as much. Make it smaller or the volume larger \
                          (volume_size_in_gb), and allow for the time to pull it.";
            self.say(Severity::Warning, Code::ImageSize, summary, detail);
        } else {
            self.say(Severity::Info, Code::ImageSize, format!("The image is {shown} compressed"), "");
        }
    }
}

/// Bytes as people write them.
fn size(bytes: u64) -> String {
    let tenths = |unit: u64| format!("{}.{}", bytes / unit, bytes % unit * 10 / unit);
    match bytes {
        1_000_000_000.. => format!("{} GB", tenths(GB)),
        1_000_000.. => format!("{} MB", tenths(1_000_000)),
        1_000.. => format!("{} kB", tenths(1_000)),
        _ => format!("{bytes} B"),
    }
}
