//! The live check of a model's network: what it must reach through its VPC.

use smform_provider::PlannedObject;
use smform_types::{Diagnostics, Path, Value, image};

use crate::clients::Clients;
use crate::fields::Fields;
use crate::preflight::{self, Artifact, Place, Registry, Wanted};

/// Checks the model's network as it will be after the plan, as far as it is known.
pub(super) async fn check(planned: &Value, plan: &[PlannedObject], clients: &Clients) -> Diagnostics {
    let at = Path::attribute("vpc_config").index(0);
    let network = Fields(planned).block("vpc_config").and_then(|block| Wanted::network(block, &at));
    let Some(network) = network else { return Diagnostics::new() };
    let region = clients.region_of(planned);
    let wanted = Wanted {
        registry: containers(planned).find_map(|(_, container)| registry(container)),
        artifacts: containers(planned).flat_map(|(at, container)| artifacts(container, &at)).collect(),
        credentials_provider: containers(planned).find_map(|(at, container)| credentials_provider(container, &at)),
        ..network
    };
    let place = Place { name: &clients.place(region), partition: &clients.partition(region) };
    preflight::whole(&clients.ec2(region), &wanted, plan, place).await
}

/// The model's containers and where they stand.
fn containers(planned: &Value) -> impl Iterator<Item = (Path, Fields<'_>)> {
    ["primary_container", "container"].into_iter().flat_map(move |block| {
        let containers = Fields(planned).blocks(block).enumerate();
        containers.map(move |(at, container)| (Path::attribute(block).index(at), container))
    })
}

/// The registry from which a container's image is pulled through the model's network.
fn registry(container: Fields<'_>) -> Option<Registry> {
    let mode = container.block("image_config")?.text("repository_access_mode")?;
    let image = image::parse(container.text("image")?).ok()?;
    (mode == "Vpc").then(|| Registry {
        host: image.host.unwrap_or("docker.io").to_owned(),
        port: image.port.unwrap_or(443),
        group: None,
    })
}

/// The hosts of the registries from which a model's images are pulled through its network; nothing when that is not
/// known of all of them.
pub(crate) fn registries(model: &Value) -> Option<Vec<String>> {
    let mut hosts = Vec::new();
    for block in ["primary_container", "container"] {
        if Fields(model).0.get(block).is_some_and(|value| !value.is_known()) {
            return None;
        }
    }
    for (_, container) in containers(model) {
        if container.is_unknown("image") || container.is_unknown("image_config") {
            return None;
        }
        hosts.extend(registry(container).map(|registry| registry.host));
    }
    Some(hosts)
}

/// What a container has in S3.
fn artifacts(container: Fields<'_>, at: &Path) -> Vec<Artifact> {
    let whole = container.text("model_data_url").and_then(|uri| Artifact::of(uri, at.attr("model_data_url")));
    let sources = ["model_data_source", "additional_model_data_source"].into_iter().flat_map(|block| {
        container.blocks(block).enumerate().filter_map(move |(index, source)| {
            let at = at.attr(block).index(index).attr("s3_data_source").index(0).attr("s3_uri");
            Artifact::of(source.block("s3_data_source")?.text("s3_uri")?, at)
        })
    });
    whole.into_iter().chain(sources).collect()
}

/// Where the function stands that hands out the credentials of a container's registry.
fn credentials_provider(container: Fields<'_>, at: &Path) -> Option<Path> {
    let auth = container.block("image_config")?.block("repository_auth_config")?;
    auth.text("repository_credentials_provider_arn")?;
    let at = at.attr("image_config").index(0).attr("repository_auth_config").index(0);
    Some(at.attr("repository_credentials_provider_arn"))
}
