//! Which endpoints use a configuration, so that nothing that serves is taken away.

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::types::EndpointStatus;
use futures::StreamExt as _;

use super::endpoint::describe;

/// How many endpoints are asked about at the same time.
const AT_ONCE: usize = 8;

/// The endpoints that have the configuration, or are moving to it. Empty when the service does not tell: the check is
/// a help, and must not need more permissions than the deletion itself.
pub(super) async fn of_configuration(client: &Client, config: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut pages = client.list_endpoints().into_paginator().send();
    while let Some(Ok(page)) = pages.next().await {
        let lasting = page.endpoints().iter().filter(|e| e.endpoint_status() != Some(&EndpointStatus::Deleting));
        names.extend(lasting.filter_map(|endpoint| endpoint.endpoint_name()).map(str::to_owned));
    }
    let users = futures::stream::iter(names).map(|name| async move {
        let endpoint = describe(client, &name).await.ok().flatten()?;
        let pending = endpoint.pending_deployment_summary().and_then(|pending| pending.endpoint_config_name());
        let uses = endpoint.endpoint_config_name() == Some(config) || pending == Some(config);
        // A failed endpoint serves nothing that could be lost.
        let lives = !matches!(endpoint.endpoint_status(), Some(EndpointStatus::Failed | EndpointStatus::Deleting));
        (uses && lives).then_some(name)
    });
    let mut users: Vec<String> = users.buffer_unordered(AT_ONCE).filter_map(|user| async move { user }).collect().await;
    users.sort();
    users
}
