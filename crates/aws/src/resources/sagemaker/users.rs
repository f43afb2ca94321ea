//! Which endpoints use a configuration or a model, so that nothing that serves is taken away.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::types::{EndpointStatus, ProductionVariant};
use futures::{Stream, StreamExt as _};

use super::{endpoint, endpoint_configuration};

/// How many objects are asked about at the same time.
const AT_ONCE: usize = 8;

/// An endpoint that serves, or is about to.
struct Serving {
    name: String,
    /// The configuration that it has, and the one that it moves to.
    configs: BTreeSet<String>,
}

/// The endpoints that have the configuration, or are moving to it. Empty when the service does not tell: the check is
/// a help, and must not need more permissions than the deletion itself.
pub(super) async fn of_configuration(client: &Client, config: &str) -> Vec<String> {
    let serving = serving(client).await;
    let users = serving.into_iter().filter(|endpoint| endpoint.configs.contains(config));
    sorted(users.map(|endpoint| endpoint.name))
}

/// The endpoints whose configuration names the model. Empty when the service does not tell.
pub(super) async fn of_model(client: &Client, model: &str) -> Vec<String> {
    let mut of_config: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for endpoint in serving(client).await {
        for config in endpoint.configs {
            of_config.entry(config).or_default().push(endpoint.name.clone());
        }
    }
    let asked = futures::stream::iter(of_config).map(|(config, endpoints)| async move {
        let config = endpoint_configuration::describe(client, &config).await.ok().flatten()?;
        let mut variants = config.production_variants().iter().chain(config.shadow_production_variants());
        variants.any(|variant| names(variant, model)).then_some(endpoints)
    });
    sorted(collected(asked).await.into_iter().flatten())
}

/// Whether a variant runs the model, in any of its pools.
fn names(variant: &ProductionVariant, model: &str) -> bool {
    let pools = variant.instance_pools().iter().filter_map(|pool| pool.model_name_override());
    variant.model_name().into_iter().chain(pools).any(|name| name == model)
}

/// Every endpoint that is not on its way out. A failed endpoint serves nothing that could be lost.
async fn serving(client: &Client) -> Vec<Serving> {
    let mut names = Vec::new();
    let mut pages = client.list_endpoints().into_paginator().send();
    while let Some(Ok(page)) = pages.next().await {
        let lasting = page.endpoints().iter().filter(|e| e.endpoint_status() != Some(&EndpointStatus::Deleting));
        names.extend(lasting.filter_map(|endpoint| endpoint.endpoint_name()).map(str::to_owned));
    }
    let asked = futures::stream::iter(names).map(|name| async move {
        let endpoint = endpoint::describe(client, &name).await.ok().flatten()?;
        let pending = endpoint.pending_deployment_summary().and_then(|pending| pending.endpoint_config_name());
        let configs = endpoint.endpoint_config_name().into_iter().chain(pending).map(str::to_owned).collect();
        let lives = !matches!(endpoint.endpoint_status(), Some(EndpointStatus::Failed | EndpointStatus::Deleting));
        lives.then_some(Serving { name, configs })
    });
    collected(asked).await
}

/// The answers that there were, from a few calls at a time.
async fn collected<T>(asked: impl Stream<Item = impl Future<Output = Option<T>>>) -> Vec<T> {
    asked.buffer_unordered(AT_ONCE).filter_map(|found| async move { found }).collect().await
}

/// Names in order, each once.
fn sorted(names: impl Iterator<Item = String>) -> Vec<String> {
    names.collect::<BTreeSet<_>>().into_iter().collect()
}
