//! Which endpoints use a configuration or a model, so that nothing that serves is taken away.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::types::{EndpointStatus, ProductionVariant};
use futures::{Stream, StreamExt as _};
use smform_provider::Run;

use super::{endpoint, endpoint_configuration};
use crate::waiters::Wait;

/// How many objects are asked about at the same time.
const AT_ONCE: usize = 8;

/// How long an endpoint may go on using what is to be deleted before it begins to leave it. Where nothing but a name
/// connects the two, both are worked on at the same time.
const BEGINS: Duration = Duration::from_secs(20);

/// How long the move of an endpoint away from what is to be deleted may take.
const MOVES: Duration = Duration::from_secs(60 * 60);

/// An endpoint that serves, or is about to.
struct Serving {
    name: String,
    /// The configuration that it has.
    config: Option<String>,
    /// The one that it moves to.
    next: Option<String>,
}

/// An endpoint that uses an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct User {
    pub(super) name: String,
    /// Whether it is moving to something else.
    leaves: bool,
}

/// The endpoints that have the configuration, or are moving to it. Empty when the service does not tell: the check is
/// a help, and must not need more permissions than the deletion itself.
pub(super) async fn of_configuration(client: &Client, config: &str) -> Vec<User> {
    using(serving(client).await, &BTreeSet::from([config.to_owned()]))
}

/// The endpoints whose configuration names the model. Empty when the service does not tell.
pub(super) async fn of_model(client: &Client, model: &str) -> Vec<User> {
    let serving = serving(client).await;
    let configs: BTreeSet<String> =
        serving.iter().flat_map(|endpoint| endpoint.config.iter().chain(&endpoint.next)).cloned().collect();
    let asked = futures::stream::iter(configs).map(|name| async move {
        let config = endpoint_configuration::describe(client, &name).await.ok().flatten()?;
        let mut variants = config.production_variants().iter().chain(config.shadow_production_variants());
        variants.any(|variant| names(variant, model)).then_some(name)
    });
    let configs = collected(asked).await.into_iter().collect();
    using(serving, &configs)
}

/// The endpoints that have one of the configurations, or are moving to one, in the order of their names.
fn using(serving: Vec<Serving>, configs: &BTreeSet<String>) -> Vec<User> {
    let is_one = |config: &Option<String>| config.as_ref().is_some_and(|config| configs.contains(config));
    let users = serving.into_iter().filter(|endpoint| is_one(&endpoint.config) || is_one(&endpoint.next));
    let users = users.map(|endpoint| {
        let leaves = endpoint.next.is_some() && !is_one(&endpoint.next);
        User { name: endpoint.name, leaves }
    });
    users.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Waits until no endpoint uses an object, as long as those that do are leaving it.
///
/// # Errors
/// The endpoints that stay.
pub(super) async fn released<F: Future<Output = Vec<User>>>(
    run: &dyn Run,
    mut ask: impl FnMut() -> F,
) -> Result<(), Vec<String>> {
    let mut begins = Wait::new(run, BEGINS);
    let mut moves = Wait::new(run, MOVES);
    loop {
        let users = ask().await;
        let names = || users.iter().map(|user| user.name.clone()).collect::<Vec<_>>();
        if users.is_empty() {
            return Ok(());
        }
        run.progress(&format!("in use by endpoint {}", names().join(", ")));
        let wait = if users.iter().all(|user| user.leaves) { &mut moves } else { &mut begins };
        wait.pause().await.map_err(|_| names())?;
    }
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
        let (config, next) = (endpoint.endpoint_config_name().map(str::to_owned), pending.map(str::to_owned));
        let lives = !matches!(endpoint.endpoint_status(), Some(EndpointStatus::Failed | EndpointStatus::Deleting));
        lives.then_some(Serving { name, config, next })
    });
    collected(asked).await
}

/// The answers that there were, from a few calls at a time.
async fn collected<T>(asked: impl Stream<Item = impl Future<Output = Option<T>>>) -> Vec<T> {
    asked.buffer_unordered(AT_ONCE).filter_map(|found| async move { found }).collect().await
}
