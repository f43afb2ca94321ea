//! The live check of a model's network: what it must reach through its VPC.

use smform_provider::PlannedObject;
use smform_types::{Diagnostics, Path, Value, image};

use crate::clients::Clients;
use crate::fields::Fields;
use crate::preflight::{self, Artifact, Place, Registry, Wanted};

/// Checks the model's network as it will be after the plan, as far as it is known.
pub(super) async fn check(planned: &Value, plan: &[PlannedObject], clients: &Clients) -> Diagnostics {
    let reached = |network: Wanted| Wanted {
        registry: containers(planned).find_map(|(_, container)| registry(container)),
        artifacts: containers(planned).flat_map(|(at, container)| artifacts(container, &at)).collect(),
        instances: instances(planned, plan),
        credentials_provider: containers(planned).find_map(|(at, container)| credentials_provider(container, &at)),
        ..network
    };
    check_block(planned, plan, clients, reached).await
}

/// Checks the network of an object's `vpc_config`, and what must be reached through it.
pub(in super::super) async fn check_block(
    planned: &Value,
    plan: &[PlannedObject],
    clients: &Clients,
    reached: impl FnOnce(Wanted) -> Wanted,
) -> Diagnostics {
    let at = Path::attribute("vpc_config").index(0);
    let network = Fields(planned).block("vpc_config").and_then(|block| Wanted::network(block, &at));
    let Some(wanted) = network.map(reached) else { return Diagnostics::new() };
    let region = clients.region_of(planned);
    let place = Place { name: &clients.place(region), partition: &clients.partition(region) };
    preflight::whole(&clients.ec2(region), &wanted, plan, place).await
}

/// How many instances the new configurations of a plan start of a model. A name that is not known yet is that of the
/// only new model whose name is not known; with several of them, nothing is counted.
fn instances(model: &Value, plan: &[PlannedObject]) -> i64 {
    let new = |ty: &'static str| {
        let of_type = plan.iter().filter(move |object| *object.type_name == *ty && object.is_new());
        of_type.filter_map(|object| object.after.as_ref())
    };
    let name = Fields(model).text("name");
    let is_only = new("aws_sagemaker_model").filter(|other| Fields(other).is_unknown("name")).count() == 1;
    let runs = |variant: &Fields<'_>| match name {
        Some(name) => variant.text("model_name") == Some(name),
        None => is_only && variant.is_unknown("model_name"),
    };
    let configurations: Vec<&Value> = new("aws_sagemaker_endpoint_configuration").collect();
    let variants = configurations.iter().flat_map(|configuration| {
        ["production_variants", "shadow_production_variants"]
            .into_iter()
            .flat_map(|name| Fields(configuration).blocks(name))
    });
    variants.filter(runs).map(|variant| i64::from(variant.int("initial_instance_count").unwrap_or(0))).sum()
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
