//! What uses a configuration or a model, so that nothing that serves is taken away: endpoints, and the inference
//! components on them.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::operation::describe_inference_component::DescribeInferenceComponentOutput;
use aws_sdk_sagemaker::types::{EndpointStatus, InferenceComponentStatus, ProductionVariant};
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use smform_provider::{ProviderError, Run};

use super::{endpoint, endpoint_configuration, inference_component, is_missing};
use crate::failure::{Failure, Service, failed};
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

impl Serving {
    /// The configurations that it needs.
    fn configs(&self) -> impl Iterator<Item = &String> {
        self.config.iter().chain(&self.next)
    }
}

/// What uses an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct User {
    kind: &'static str,
    name: String,
    /// Whether it is moving to something else.
    leaves: bool,
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} \"{}\"", self.kind, self.name)
    }
}

/// Why an object is not to be deleted.
pub(super) enum Held {
    /// What uses it, in words.
    Used(String),
    /// What uses it cannot be seen.
    Unseen(Failure),
}

/// The error of a deletion that was not asked for, since the service would do it whatever uses the object.
pub(super) fn unseen(failure: Failure, summary: String) -> ProviderError {
    let mut error = failure.into_error(summary);
    error.detail = format!("It was not deleted, because smform cannot see what uses it: {}", error.detail);
    error
}

/// The endpoints that have the configuration, or are moving to it.
pub(super) async fn of_configuration(client: &Client, config: &str) -> Result<Vec<User>, Failure> {
    let users: BTreeSet<User> = using(&serving(client).await?, &BTreeSet::from([config.to_owned()])).collect();
    Ok(users.into_iter().collect())
}

/// The endpoints whose configuration names the model, and the components that do.
pub(super) async fn of_model(client: &Client, model: &str) -> Result<Vec<User>, Failure> {
    let serving = serving(client).await?;
    let configs: BTreeSet<String> = serving.iter().flat_map(Serving::configs).cloned().collect();
    let asked = futures::stream::iter(configs).map(|name| async move {
        let Some(config) = endpoint_configuration::describe(client, &name).await? else {
            // It was deleted, and tells no more what is on the endpoint.
            return Ok(Some((name, false, true)));
        };
        let variants = || config.production_variants().iter().chain(config.shadow_production_variants());
        let runs = variants().any(|variant| names(variant, model));
        let hosts = variants().any(|variant| variant.model_name().is_none());
        Ok(Some((name, runs, hosts)))
    });
    let told: Vec<(String, bool, bool)> = collected(asked).await?;
    let runs = told.iter().filter(|(_, runs, _)| *runs).map(|(name, ..)| name.clone()).collect();
    let hosts: BTreeSet<&String> = told.iter().filter(|(.., hosts)| *hosts).map(|(name, ..)| name).collect();
    let mut users: BTreeSet<User> = using(&serving, &runs).collect();
    for endpoint in serving.iter().filter(|endpoint| endpoint.configs().any(|config| hosts.contains(config))) {
        users.extend(components(client, &endpoint.name, model).await?);
    }
    Ok(users.into_iter().collect())
}

/// The components on an endpoint that run the model.
async fn components(client: &Client, endpoint: &str, model: &str) -> Result<Vec<User>, Failure> {
    let mut found = Vec::new();
    let mut pages = client.list_inference_components().endpoint_name_equals(endpoint).into_paginator().send();
    while let Some(page) = pages.next().await {
        match page.map_err(failed(Service::SageMaker, "ListInferenceComponents")) {
            Ok(page) => found.extend(page.inference_components().iter().filter_map(|component| {
                let stays = component.inference_component_status() != Some(&InferenceComponentStatus::Deleting);
                component.inference_component_name().filter(|_| stays).map(str::to_owned)
            })),
            Err(failure) if is_missing(&failure, "endpoint") || knows_none(&failure) => break,
            Err(failure) => return Err(failure),
        }
    }
    let asked = futures::stream::iter(found).map(|name| async move {
        let told = inference_component::describe(client, &name).await?.filter(|told| runs(told, model));
        Ok(told.map(|told| {
            let leaves = told.inference_component_status() == Some(&InferenceComponentStatus::Updating);
            User { kind: "inference component", name, leaves }
        }))
    });
    collected(asked).await
}

/// Whether a component runs the model, or would start copies of it.
fn runs(component: &DescribeInferenceComponentOutput, model: &str) -> bool {
    let copies = component.runtime_config().and_then(|copies| copies.current_copy_count()).unwrap_or_default();
    let lives = match component.inference_component_status() {
        Some(InferenceComponentStatus::Deleting) => false,
        Some(InferenceComponentStatus::Failed) => copies > 0,
        _ => true,
    };
    let mut models = component
        .specification()
        .into_iter()
        .chain(component.specifications())
        .filter_map(|specification| specification.model_name());
    lives && models.any(|name| name == model)
}

/// The endpoints that have one of the configurations, or are moving to one.
fn using(serving: &[Serving], configs: &BTreeSet<String>) -> impl Iterator<Item = User> {
    let users = serving.iter().filter(|endpoint| endpoint.configs().any(|config| configs.contains(config)));
    users.map(|endpoint| {
        let leaves = endpoint.next.as_ref().is_some_and(|next| !configs.contains(next));
        User { kind: "endpoint", name: endpoint.name.clone(), leaves }
    })
}

/// Waits until nothing uses an object, as long as what does is leaving it.
///
/// # Errors
/// What stays, or why that is not known.
pub(super) async fn released<F: Future<Output = Result<Vec<User>, Failure>>>(
    run: &dyn Run,
    mut ask: impl FnMut() -> F,
) -> Result<(), Held> {
    let mut begins = Wait::new(run, BEGINS);
    let mut moves = Wait::new(run, MOVES);
    loop {
        let users = ask().await.map_err(Held::Unseen)?;
        if users.is_empty() {
            return Ok(());
        }
        let names = users.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        run.progress(&format!("in use by {names}"));
        let wait = if users.iter().all(|user| user.leaves) { &mut moves } else { &mut begins };
        wait.pause().await.map_err(|_| Held::Used(names))?;
    }
}

/// Whether a variant runs the model, in any of its pools.
fn names(variant: &ProductionVariant, model: &str) -> bool {
    let pools = variant.instance_pools().iter().filter_map(|pool| pool.model_name_override());
    variant.model_name().into_iter().chain(pools).any(|name| name == model)
}

/// Every endpoint that serves, or is about to: one that is on its way out, or has failed, has nothing that could be lost, and
/// the list tells that. When it was last changed tells nothing of what it has, since a configuration may have been made
/// again under its name.
async fn serving(client: &Client) -> Result<Vec<Serving>, Failure> {
    let mut names = Vec::new();
    let mut pages = client.list_endpoints().into_paginator().send();
    while let Some(page) = pages.next().await {
        match page.map_err(failed(Service::SageMaker, "ListEndpoints")) {
            Ok(page) => names.extend(page.endpoints().iter().filter_map(|endpoint| {
                let stays =
                    !matches!(endpoint.endpoint_status(), Some(EndpointStatus::Failed | EndpointStatus::Deleting));
                endpoint.endpoint_name().filter(|_| stays).map(str::to_owned)
            })),
            Err(failure) if knows_none(&failure) => break,
            Err(failure) => return Err(failure),
        }
    }
    let asked = futures::stream::iter(names).map(|name| async move {
        let described = endpoint::describe(client, &name).await;
        let described = described.map_err(|failure| failure.about(&format!("Endpoint \"{name}\"")));
        let Some(endpoint) = described? else { return Ok(None) };
        let pending = endpoint.pending_deployment_summary().and_then(|pending| pending.endpoint_config_name());
        let (config, next) = (endpoint.endpoint_config_name().map(str::to_owned), pending.map(str::to_owned));
        let lives = !matches!(endpoint.endpoint_status(), Some(EndpointStatus::Failed | EndpointStatus::Deleting));
        Ok(lives.then_some(Serving { name, config, next }))
    });
    collected(asked).await
}

/// Whether there are none, since what answers is an imitation of the service without them.
fn knows_none(failure: &Failure) -> bool {
    failure.is_unsupported() && !failure.is_open()
}

/// What there was in the answers, from a few calls at a time.
async fn collected<T, F>(asked: impl Stream<Item = F>) -> Result<Vec<T>, Failure>
where
    F: Future<Output = Result<Option<T>, Failure>>,
{
    let answers: Vec<Option<T>> = asked.buffer_unordered(AT_ONCE).try_collect().await?;
    Ok(answers.into_iter().flatten().collect())
}
