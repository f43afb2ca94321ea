//! What can be said about a model from its configuration alone: the service's rules between arguments, and the rules
//! of private registries.

use smform_types::image::{self, Image};
use smform_types::{Diagnostic, Diagnostics, Path, Value};

use crate::fields::Fields;

/// Checks a configuration. Unknown parts are passed over.
pub(super) fn check(config: &Value) -> Diagnostics {
    let model = Fields(config);
    let mut found = Diagnostics::new();
    let primary: Vec<Fields<'_>> = model.blocks("primary_container").collect();
    let listed: Vec<Fields<'_>> = model.blocks("container").collect();
    let unsure = model.is_unknown_block("primary_container") || model.is_unknown_block("container");
    if !unsure {
        match (primary.is_empty(), listed.is_empty()) {
            (true, true) => found.push(Diagnostic::error(
                "Model without a container",
                "Add a primary_container block, or container blocks for a pipeline.",
            )),
            (false, false) => found.push(
                Diagnostic::error(
                    "Conflicting blocks",
                    "A model has either one primary_container, or container blocks for a pipeline, not both.",
                )
                .of_attribute(Path::attribute("container").index(0)),
            ),
            _ => {}
        }
    }
    let network = Network {
        given: model.0.get("vpc_config").is_none_or(|value| !value.is_known()) || model.block("vpc_config").is_some(),
    };
    let several = !listed.is_empty();
    let places = [("primary_container", &primary), ("container", &listed)];
    for (name, containers) in places {
        for (at, fields) in containers.iter().enumerate() {
            let container = Container { fields: *fields, at: Path::attribute(name).index(at) };
            container.check(&network, &mut found);
        }
    }
    pipeline(model, &primary, &listed, &mut found);
    environment_size(primary.iter().chain(&listed), several, &mut found);
    identifiers(model, &mut found);
    found
}

impl Fields<'_> {
    /// Whether it is not known how many blocks of a kind there are.
    fn is_unknown_block(self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_known())
    }
}

/// What is known of the model's network.
struct Network {
    /// It has, or may have, a `vpc_config`.
    given: bool,
}

struct Container<'v> {
    fields: Fields<'v>,
    at: Path,
}

impl Container<'_> {
    fn check(&self, network: &Network, found: &mut Diagnostics) {
        self.content(found);
        self.data(found);
        self.environment(found);
        let mode = self.access_mode();
        if self.auth_given() && mode == Some(Mode::Platform) {
            let at = self.at.attr("image_config").index(0).attr("repository_auth_config");
            found.push(
                Diagnostic::error(
                    "Registry credentials without Vpc mode",
                    "repository_auth_config is only allowed with repository_access_mode = \"Vpc\"; images in Amazon ECR \
                     are pulled with the execution role.",
                )
                .of_attribute(at),
            );
        }
        if mode == Some(Mode::Vpc) && !network.given {
            let shown = self.fields.text("image").map(|image| format!(" \"{image}\"")).unwrap_or_default();
            let at = self.at.attr("image_config").index(0).attr("repository_access_mode");
            found.push(
                Diagnostic::error(
                    "Private registry without a VPC",
                    format!(
                        "The image{shown} uses repository access mode Vpc, but the model has no vpc_config; SageMaker \
                         pulls the image through the model's VPC. Add a vpc_config block with the subnets and security \
                         groups from which the registry is reachable."
                    ),
                )
                .of_attribute(at),
            );
        }
        if let Some(text) = self.fields.text("image") {
            match image::parse(text) {
                Err(why) => found.push(
                    Diagnostic::error(
                        "Invalid image reference",
                        format!("\"{text}\" is not an image reference: {why}."),
                    )
                    .of_attribute(self.at.attr("image")),
                ),
                Ok(image) => self.image(text, &image, mode, found),
            }
        }
    }

    /// The access mode; nothing when it is not known yet.
    fn access_mode(&self) -> Option<Mode> {
        if self.fields.is_unknown_block("image_config") {
            return None;
        }
        let Some(config) = self.fields.block("image_config") else { return Some(Mode::Platform) };
        if config.is_unknown("repository_access_mode") {
            return None;
        }
        Some(if config.text("repository_access_mode") == Some("Vpc") { Mode::Vpc } else { Mode::Platform })
    }

    fn auth_given(&self) -> bool {
        self.fields.block("image_config").is_some_and(|config| config.block("repository_auth_config").is_some())
    }

    fn image(&self, text: &str, image: &Image<'_>, mode: Option<Mode>, found: &mut Diagnostics) {
        let at = self.at.attr("image");
        let mut say = |diagnostic: Diagnostic| found.push(diagnostic.of_attribute(at.clone()));
        if let Some(why) = image.host.and_then(image::unreachable_host) {
            let host = image.host.unwrap_or_default();
            say(Diagnostic::error("Unusable registry host", format!("{host} cannot be a registry in the VPC: {why}.")));
            return;
        }
        match mode {
            Some(Mode::Platform) if !image.is_ecr() => say(Diagnostic::error(
                "Private registry without Vpc mode",
                format!(
                    "The image \"{text}\" is not in a private Amazon ECR repository. Add image_config {{ \
                     repository_access_mode = \"Vpc\" }} and a vpc_config from which its registry is reachable. \
                     Otherwise CreateModel answers: Using non-ECR image without Vpc repository access mode is not \
                     supported."
                ),
            )),
            Some(Mode::Vpc) if image.is_ecr() => say(Diagnostic::warning(
                "Vpc mode for an image in ECR",
                format!(
                    "The image \"{text}\" is in Amazon ECR, for which Platform mode is enough. Vpc mode is meant for \
                     private registries."
                ),
            )),
            Some(Mode::Vpc) if image.host.is_none() => say(Diagnostic::warning(
                "Image in the default public registry",
                format!(
                    "\"{text}\" names no registry, so it is pulled from the default public one. The VPC needs a way to \
                     the internet for it, and anonymous pulls are limited. Write the registry's host in front."
                ),
            )),
            _ => {}
        }
        if mode == Some(Mode::Vpc) {
            host(image, &mut say);
        }
        match (image.tag, image.digest) {
            (Some(_), Some(_)) => say(Diagnostic::warning(
                "Image with tag and digest",
                format!("\"{text}\" has a tag and a digest; only one of the two is documented. The digest is enough."),
            )),
            (None | Some("latest"), None) => say(Diagnostic::warning(
                "Floating image tag",
                format!(
                    "\"{text}\" can mean another image tomorrow: instances that are added later may run different code, \
                     and a plan does not see a new push. Name a fixed tag or a digest (@sha256:...)."
                ),
            )),
            _ => {}
        }
    }

    /// What the container is made of: an image, or a model package.
    fn content(&self, found: &mut Diagnostics) {
        let (image, package) = ("image", "model_package_name");
        let fields = self.fields;
        let mut refuse = |summary: &str, detail: &str, at: Path| {
            found.push(Diagnostic::error(summary, detail).of_attribute(at));
        };
        if !fields.is_given(image) && !fields.is_given(package) {
            refuse("Container without an image", "Give image, or model_package_name.", self.at.clone());
        }
        if !fields.is_set(package) {
            return;
        }
        let data = fields.is_set("model_data_url") || fields.block("model_data_source").is_some();
        let detail = if fields.is_set(image) {
            "A container has either image or model_package_name, which brings its own image."
        } else if data {
            "A container with model_package_name takes its model data from the package; leave model data out."
        } else {
            return;
        };
        refuse("Conflicting arguments", detail, self.at.attr(package));
    }

    fn data(&self, found: &mut Diagnostics) {
        let many = self.fields.text("mode") == Some("MultiModel");
        let source = self.fields.block("model_data_source");
        if self.fields.is_set("model_data_url") && source.is_some() {
            found.push(
                Diagnostic::error("Conflicting arguments", "Give model_data_url or model_data_source, not both.")
                    .of_attribute(self.at.attr("model_data_url")),
            );
        }
        if many && source.is_some() {
            found.push(
                Diagnostic::error(
                    "Model data source with MultiModel mode",
                    "With mode = \"MultiModel\", give the common prefix of the models as model_data_url.",
                )
                .of_attribute(self.at.attr("model_data_source")),
            );
        }
        if let Some(url) = self.fields.text("model_data_url").filter(|url| !many && !url.ends_with(".tar.gz")) {
            found.push(
                Diagnostic::warning(
                    "Model data is not an archive",
                    format!("\"{url}\" should name one .tar.gz object. For uncompressed data, use model_data_source."),
                )
                .of_attribute(self.at.attr("model_data_url")),
            );
        }
        let sources = source.into_iter().map(|source| (source, self.at.attr("model_data_source").index(0)));
        let more = self.fields.blocks("additional_model_data_source").enumerate();
        let more = more.map(|(at, source)| (source, self.at.attr("additional_model_data_source").index(at)));
        for (source, at) in sources.chain(more) {
            if let Some(s3) = source.block("s3_data_source") {
                s3_source(s3, &at.attr("s3_data_source").index(0), found);
            }
        }
    }

    fn environment(&self, found: &mut Diagnostics) {
        let at = self.at.attr("environment");
        let Some(entries) = self.fields.get("environment").and_then(Value::as_entries) else { return };
        let mut refuse =
            |detail: String| found.push(Diagnostic::error("Invalid environment", detail).of_attribute(at.clone()));
        if entries.len() > 100 {
            refuse(format!("There are {} variables; the service allows 100.", entries.len()));
        }
        for (key, value) in entries {
            let first = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
            if !first || key.len() > 1024 || !key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                refuse(format!(
                    "\"{key}\" is not the name of a variable: at most 1024 letters, digits and underscores, the first \
                     not a digit."
                ));
            }
            if value.as_str().is_some_and(|value| value.chars().count() > 1024) {
                refuse(format!("The value of \"{key}\" is longer than 1024 characters."));
            }
        }
        let secrets = entries.iter().filter(|(key, value)| looks_secret(key) && may_be_secret(value));
        let secrets: Vec<&str> = secrets.map(|(key, _)| &**key).collect();
        if !secrets.is_empty() {
            found.push(
                Diagnostic::warning(
                    "Environment variable that looks like a secret",
                    format!(
                        "{} can be read by anyone who may describe the model, and is in the state. Let the container \
                         fetch it from AWS Secrets Manager instead.",
                        secrets.join(", ")
                    ),
                )
                .of_attribute(at),
            );
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Platform,
    Vpc,
}

/// Whether a variable is named like a secret. `TOKENS` are counted, as in `MAX_TOTAL_TOKENS`, which every server of language
/// models takes.
fn looks_secret(key: &str) -> bool {
    let key = key.to_ascii_uppercase().replace("TOKENS", "");
    ["PASSWORD", "SECRET", "TOKEN", "API_KEY", "PRIVATE_KEY"].iter().any(|word| key.contains(word))
}

/// Whether a variable may hold a secret: null, empty texts, numbers and flags are none.
fn may_be_secret(value: &Value) -> bool {
    let is_plain = |text: &str| text.is_empty() || text.parse::<f64>().is_ok() || text.parse::<bool>().is_ok();
    !value.is_null() && !value.as_str().is_some_and(is_plain)
}

/// What the host of a private registry tells about its certificate.
fn host(image: &Image<'_>, say: &mut impl FnMut(Diagnostic)) {
    let Some(host) = image.host else { return };
    if image::is_address(host) {
        say(Diagnostic::warning(
            "Registry by address",
            format!(
                "SageMaker needs a certificate of a public authority, which is hardly ever issued for an address such as \
                 {host}. Give the registry a name."
            ),
        ));
    } else if image::is_internal_name(host) {
        say(Diagnostic::warning(
            "Registry with an internal name",
            format!(
                "SageMaker needs a certificate of a public authority, and none certifies \"{host}\". Give the registry a \
                 public name that the VPC resolves to its private address."
            ),
        ));
    }
    if image.port == Some(80) {
        say(Diagnostic::warning(
            "Registry on port 80",
            "SageMaker speaks HTTPS to registries; port 80 suggests plain HTTP.".to_owned(),
        ));
    }
}

fn s3_source(s3: Fields<'_>, at: &Path, found: &mut Diagnostics) {
    let (kind, uri) = (s3.text("s3_data_type"), s3.text("s3_uri"));
    if kind == Some("S3Prefix") && uri.is_some_and(|uri| !uri.ends_with('/')) {
        let detail = "With s3_data_type = \"S3Prefix\", s3_uri must end in \"/\".";
        found.push(Diagnostic::error("Invalid value for s3_uri", detail).of_attribute(at.attr("s3_uri")));
    }
    if kind == Some("S3Prefix") && s3.text("compression_type") == Some("Gzip") {
        let detail = "Compressed data is one object: use s3_data_type = \"S3Object\", or compression_type = \"None\".";
        found.push(Diagnostic::error("Conflicting arguments", detail).of_attribute(at.attr("compression_type")));
    }
}

/// Rules for several containers.
fn pipeline(model: Fields<'_>, primary: &[Fields<'_>], listed: &[Fields<'_>], found: &mut Diagnostics) {
    let mode = model.block("inference_execution_config").and_then(|config| config.text("mode"));
    if mode.is_some() && !primary.is_empty() && listed.is_empty() {
        found.push(
            Diagnostic::error(
                "Execution mode without a pipeline",
                "inference_execution_config belongs to container blocks; a primary_container runs alone.",
            )
            .of_attribute(Path::attribute("inference_execution_config").index(0)),
        );
    }
    if listed.len() < 2 || listed.iter().any(|container| container.is_unknown("container_hostname")) {
        return;
    }
    let names: Vec<Option<&str>> = listed.iter().map(|container| container.text("container_hostname")).collect();
    let mut refuse = |at: usize, detail: &str| {
        let at = Path::attribute("container").index(at).attr("container_hostname");
        found.push(Diagnostic::error("Container host names", detail).of_attribute(at));
    };
    let without = names.iter().position(Option::is_none);
    if let Some(at) = without.filter(|_| names.iter().any(Option::is_some)) {
        refuse(at, "Give container_hostname for all containers of a pipeline, or for none.");
    }
    let is_second =
        |(at, name): &(usize, &Option<&str>)| name.is_some() && names.iter().take(*at).any(|one| one == *name);
    if let Some((at, _)) = names.iter().enumerate().find(is_second) {
        refuse(at, "Every container of a pipeline needs its own container_hostname.");
    }
    if let Some(at) = without.filter(|_| mode == Some("Direct")) {
        refuse(
            at,
            "With inference_execution_config mode \"Direct\", callers choose a container by its container_hostname, so each needs one.",
        );
    }
}

fn environment_size<'v>(containers: impl Iterator<Item = &'v Fields<'v>>, several: bool, found: &mut Diagnostics) {
    let size: usize =
        containers.flat_map(|container| container.map("environment")).map(|(key, value)| key.len() + value.len()).sum();
    if size > 32 * 1024 {
        let at = if several { "container" } else { "primary_container" };
        found.push(
            Diagnostic::error(
                "Environment too large",
                format!("All names and values of environment variables together have {size} bytes; the service allows 32768."),
            )
            .of_attribute(Path::attribute(at).index(0).attr("environment")),
        );
    }
}

/// Ids of subnets and groups that do not look like ids, and too few subnets.
fn identifiers(model: Fields<'_>, found: &mut Diagnostics) {
    let Some(network) = model.block("vpc_config") else { return };
    found.extend(crate::preflight::check_ids(network, &Path::attribute("vpc_config").index(0)));
}
