//! Manifests, lists of them, and image configurations, as the OCI image specification and its forerunner of Docker
//! describe them.

use serde::Deserialize;

const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// Every type that a manifest may have, for `Accept`. Those of schema 1 come last, to be recognised.
pub(crate) const ACCEPT: &str = "application/vnd.docker.distribution.manifest.v2+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, \
     application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.v1+prettyjws;q=0.1, \
     application/vnd.docker.distribution.manifest.v1+json;q=0.1";

/// A reference to content.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    #[serde(default)]
    pub(crate) media_type: String,
    pub(crate) digest: String,
    #[serde(default)]
    pub(crate) size: u64,
    pub(crate) platform: Option<Platform>,
}

/// What an image runs on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Platform {
    #[serde(default)]
    pub(crate) os: String,
    #[serde(default)]
    pub(crate) architecture: String,
}

/// What a reference means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Manifest {
    /// Images for several platforms.
    Index(Vec<Descriptor>),
    /// One image.
    Image { config: Descriptor, layers: Vec<Descriptor> },
    /// One image in the retired form.
    Schema1,
    /// Something else: the type of its configuration.
    Other(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema_version: Option<u64>,
    manifests: Option<Vec<Descriptor>>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
}

/// Reads a manifest. What it holds decides what it is: registries are careless with `Content-Type`.
///
/// # Errors
/// Why it is none, as the end of a sentence.
pub(crate) fn parse(body: &[u8]) -> Result<Manifest, String> {
    let document: Document = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    if document.schema_version == Some(1) {
        return Ok(Manifest::Schema1);
    }
    match (document.manifests, document.config, document.layers) {
        (Some(manifests), None, None) => Ok(Manifest::Index(manifests)),
        (None, Some(config), layers) if is_config(&config.media_type) => {
            Ok(Manifest::Image { config, layers: layers.unwrap_or_default() })
        }
        (None, Some(config), _) => Ok(Manifest::Other(config.media_type)),
        _ => Err("it has neither a config nor manifests".to_owned()),
    }
}

fn is_config(media_type: &str) -> bool {
    // Old builders leave the type out.
    ["", "application/vnd.docker.container.image.v1+json", "application/vnd.oci.image.config.v1+json"]
        .contains(&media_type)
}

/// What is to be said of a media type for SageMaker, which documents Docker's single manifests only.
pub(crate) fn unproven(media_type: &str) -> Option<&'static str> {
    match media_type {
        OCI_MANIFEST => Some("an image in the OCI format"),
        OCI_INDEX => Some("an index of images in the OCI format"),
        DOCKER_LIST => Some("a list of images for several platforms"),
        _ => None,
    }
}

/// The media type of a manifest: the header's, or what the document is.
pub(crate) fn media_type(header: &str, manifest: &Manifest) -> String {
    if [DOCKER_MANIFEST, DOCKER_LIST, OCI_MANIFEST, OCI_INDEX].contains(&header) {
        return header.to_owned();
    }
    match manifest {
        Manifest::Index(entries) if entries.iter().all(|entry| entry.media_type == DOCKER_MANIFEST) => DOCKER_LIST,
        Manifest::Index(_) => OCI_INDEX,
        Manifest::Image { config, .. } if config.media_type.starts_with("application/vnd.oci.") => OCI_MANIFEST,
        Manifest::Image { .. } => DOCKER_MANIFEST,
        Manifest::Schema1 | Manifest::Other(_) => header,
    }
    .to_owned()
}

/// The entry of an index for Linux on an architecture; or else which platforms there are.
pub(crate) fn choose<'a>(entries: &'a [Descriptor], architecture: &str) -> Result<&'a Descriptor, Vec<String>> {
    let fits = |platform: &Platform| platform.os == "linux" && platform.architecture == architecture;
    entries.iter().find(|entry| entry.platform.as_ref().is_some_and(fits)).ok_or_else(|| {
        let platforms = entries.iter().filter_map(|entry| entry.platform.as_ref());
        // Builders put attestations beside the images, as of an unknown platform.
        let real = platforms.filter(|platform| platform.os != "unknown");
        real.map(|platform| format!("{}/{}", platform.os, platform.architecture)).collect()
    })
}

/// The platform that an image's configuration names; nothing when it names none.
pub(crate) fn platform(config: &[u8]) -> Option<Platform> {
    let platform: Platform = serde_json::from_slice(config).ok()?;
    (!platform.os.is_empty() && !platform.architecture.is_empty()).then_some(platform)
}

/// The bytes of all layers together.
pub(crate) fn compressed(layers: &[Descriptor]) -> u64 {
    layers.iter().fold(0, |sum: u64, layer| sum.saturating_add(layer.size))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(platforms: &[(&str, &str)]) -> Vec<Descriptor> {
        let entry = |(os, architecture): &(&str, &str)| Descriptor {
            media_type: DOCKER_MANIFEST.to_owned(),
            digest: format!("{os}-{architecture}"),
            size: 1,
            platform: Some(Platform { os: (*os).to_owned(), architecture: (*architecture).to_owned() }),
        };
        platforms.iter().map(entry).collect()
    }

    #[test]
    fn what_is_sent_decides_what_it_is() {
        assert_eq!(parse(br#"{"schemaVersion":1,"fsLayers":[]}"#), Ok(Manifest::Schema1));
        assert!(
            matches!(parse(br#"{"schemaVersion":2,"manifests":[]}"#), Ok(Manifest::Index(list)) if list.is_empty())
        );
        let image = parse(br#"{"config":{"digest":"sha256:a"},"layers":[{"digest":"sha256:b","size":7}]}"#);
        assert!(matches!(&image, Ok(Manifest::Image { layers, .. }) if compressed(layers) == 7));
        assert_eq!(image.map(|image| media_type("text/plain", &image)).as_deref(), Ok(DOCKER_MANIFEST));
        let chart = br#"{"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":"sha256:a"}}"#;
        assert!(matches!(parse(chart), Ok(Manifest::Other(kind)) if kind.contains("helm")));
        for garbage in
            ["", "[]", "{}", "null", r#"{"config":{}}"#, r#"{"config":{"digest":"a"},"layers":[{"size":-1}]}"#]
        {
            assert!(parse(garbage.as_bytes()).is_err(), "{garbage}");
        }
    }

    #[test]
    fn the_platform_is_chosen_and_attestations_are_passed_over() {
        let entries = index(&[("unknown", "unknown"), ("windows", "amd64"), ("linux", "arm64")]);
        assert_eq!(choose(&entries, "amd64"), Err(vec!["windows/amd64".to_owned(), "linux/arm64".to_owned()]));
        assert_eq!(choose(&entries, "arm64").map(|entry| entry.digest.as_str()), Ok("linux-arm64"));
        assert_eq!(choose(&[], "amd64"), Err(Vec::new()));
    }

    #[test]
    fn sizes_do_not_overflow() {
        let layer = |size| Descriptor { media_type: String::new(), digest: String::new(), size, platform: None };
        assert_eq!(compressed(&[layer(u64::MAX), layer(1)]), u64::MAX);
    }
}
