//! What a plan needs of the account's quotas for instances, judged before a new fleet is begun.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::types::EndpointStatus;
use futures::stream::{self, StreamExt as _};
use serde_json::{Value as Json, json};
use smform_provider::PlannedObject;
use smform_types::{Diagnostic, Diagnostics, Path};

use super::super::endpoint_configuration;
use super::fleet::{Fleet, Need, gains, is_endpoint, need};
use crate::clients::Clients;
use crate::fields::Fields;

/// How many endpoints are asked about at the same time.
const AT_ONCE: usize = 8;

/// What an account may have, by type.
type Quotas = BTreeMap<String, i64>;

/// Compares what a plan needs with the quotas of the endpoint's region. It is told once in each region, at the first
/// endpoint that gets instances; where the quotas may not be read, that is told once.
pub(super) async fn check(endpoint: &PlannedObject, plan: &[PlannedObject], clients: &Clients) -> Diagnostics {
    let Some(after) = &endpoint.after else { return Diagnostics::new() };
    let region = clients.region_of(after);
    let here: Vec<&PlannedObject> = plan.iter().filter(|object| is_in(object, region, clients)).collect();
    let first = here.iter().find(|object| is_endpoint(object) && gains(object, &here));
    if first.is_none_or(|first| first.after.as_ref() != Some(after)) {
        return Diagnostics::new();
    }
    let need = need(&here);
    let types: BTreeSet<&String> = need.serving.keys().chain(need.on_top.keys()).flatten().collect();
    match quotas(clients, region, &types).await {
        Ok(quotas) => {
            let others = if is_close(&need, &quotas) { others(clients, region, plan).await } else { Quotas::new() };
            judge(&need, &quotas, &others, region)
        }
        Err(failure) => {
            tracing::debug!(reason = failure.explained(), "service quotas were not read");
            // Imitations of AWS, and a service that does not answer, are no fault of the caller's.
            if !failure.is_denied() || !clients.is_first(failure.operation()) {
                return Diagnostics::new();
            }
            let detail = format!(
                "Whether the account may have as many instances as this plan needs was not checked. {}",
                failure.explained()
            );
            let warning = Diagnostic::warning("Quotas cannot be seen", detail);
            warning.of_attribute(Path::attribute("endpoint_config_name")).into()
        }
    }
}

fn is_in(object: &PlannedObject, region: &str, clients: &Clients) -> bool {
    object.after.as_ref().or(object.before.as_ref()).is_some_and(|value| clients.region_of(value) == region)
}

/// The applied quotas of some instance types for endpoints. Stops at the page that completes them.
async fn quotas(clients: &Clients, region: &str, types: &BTreeSet<&String>) -> Result<Quotas, crate::failure::Failure> {
    let service = clients.quotas(region);
    let mut body = json!({"ServiceCode": "sagemaker", "MaxResults": 100});
    let mut found = Quotas::new();
    while found.len() < types.len() {
        let answer = service.json("ListServiceQuotas", &body).await?;
        let listed = answer.get("Quotas").and_then(Json::as_array).into_iter().flatten();
        found.extend(listed.filter_map(applied).filter(|(instance_type, _)| types.contains(instance_type)));
        match answer.get("NextToken").filter(|token| token.as_str().is_some_and(|token| !token.is_empty())) {
            Some(token) if body.get("NextToken") != Some(token) => body["NextToken"] = token.clone(),
            _ => break,
        }
    }
    Ok(found)
}

/// The instance type and value of a quota for endpoints.
fn applied(quota: &Json) -> Option<(String, i64)> {
    let instance_type = quota.get("QuotaName")?.as_str()?.strip_suffix(" for endpoint usage")?;
    let value = quota.get("Value")?;
    // The service gives a fraction, of which only whole instances count.
    let whole = value.as_f64()?.floor().to_string().parse().ok()?;
    Some((instance_type.to_owned(), whole))
}

/// How many instances a plan needs of all that are of some types, or of fewer of them.
fn count(fleet: &Fleet, types: &BTreeSet<String>) -> i64 {
    let parts = fleet.iter().filter(|(other, _)| other.is_subset(types));
    parts.fold(0i64, |sum, (_, count)| sum.saturating_add(*count))
}

/// Whether a plan needs so much of a quota by itself that it is worth asking what other endpoints use.
fn is_close(need: &Need, quotas: &Quotas) -> bool {
    quotas.iter().any(|(name, quota)| {
        let types = BTreeSet::from([name.clone()]);
        let needed = count(&need.serving, &types).saturating_add(count(&need.on_top, &types));
        needed <= *quota && needed.saturating_mul(2) > *quota
    })
}

/// The instances of the endpoints that are none of the plan, by type. What may not be asked is none.
async fn others(clients: &Clients, region: &str, plan: &[PlannedObject]) -> Quotas {
    let client = clients.sagemaker(region);
    let ours = plan.iter().filter(|object| is_endpoint(object)).flat_map(|object| [&object.before, &object.after]);
    let ours: BTreeSet<String> =
        ours.flatten().filter_map(|one| Some(Fields(one).text("name")?.to_ascii_lowercase())).collect();
    let mut names = Vec::new();
    let mut pages = client.list_endpoints().into_paginator().send();
    while let Some(Ok(page)) = pages.next().await {
        let listed = page.endpoints().iter().filter(|one| one.endpoint_status() != Some(&EndpointStatus::Failed));
        names.extend(listed.filter_map(|one| one.endpoint_name().map(str::to_owned)));
    }
    names.retain(|name| !ours.contains(&name.to_ascii_lowercase()));
    let running = stream::iter(names).map(|name| running(&client, name)).buffer_unordered(AT_ONCE);
    let fleets: Vec<Vec<(String, i64)>> = running.collect().await;
    let mut found = Quotas::new();
    for (instance_type, count) in fleets.into_iter().flatten() {
        let sum = found.entry(instance_type).or_default();
        *sum = sum.saturating_add(count);
    }
    found
}

/// The instances of an endpoint, by the type that its configuration gives each variant.
async fn running(client: &Client, name: String) -> Vec<(String, i64)> {
    let Ok(Some(endpoint)) = super::describe(client, &name).await else { return Vec::new() };
    let config = endpoint.endpoint_config_name().unwrap_or_default();
    let Ok(Some(config)) = endpoint_configuration::describe(client, config).await else { return Vec::new() };
    let variants = config.production_variants().iter().chain(config.shadow_production_variants());
    let counts = variants.filter_map(|variant| {
        let mut running = endpoint.production_variants().iter().chain(endpoint.shadow_production_variants());
        let running = running.find(|one| one.variant_name() == variant.variant_name())?;
        let count = running.current_instance_count().max(running.desired_instance_count())?;
        Some((variant.instance_type()?.as_str().to_owned(), i64::from(count)))
    });
    counts.collect()
}

/// Compares what is needed of each type, and of the types of pools together: whatever of these has room gives instances.
fn judge(need: &Need, quotas: &Quotas, others: &Quotas, region: &str) -> Diagnostics {
    let mut found = Diagnostics::new();
    let kinds: BTreeSet<&BTreeSet<String>> = need.serving.keys().chain(need.on_top.keys()).collect();
    for types in kinds {
        // What can only be of some of these types is, too.
        let Some(limits) = types.iter().map(|name| quotas.get(name).copied()).collect::<Option<Vec<i64>>>() else {
            continue;
        };
        let quota = limits.iter().fold(0i64, |sum, quota| sum.saturating_add(*quota));
        let (serving, on_top) = (count(&need.serving, types), count(&need.on_top, types));
        let total = serving.saturating_add(on_top);
        let used = types.iter().filter_map(|name| others.get(name)).fold(0i64, |sum, count| sum.saturating_add(*count));
        if total.saturating_add(used) <= quota {
            continue;
        }
        let parts = if on_top > 0 {
            format!(
                " ({serving} that serve, and {on_top} of the new fleet that a deployment adds before the old one goes)"
            )
        } else {
            String::new()
        };
        let beside = if used > 0 { format!(", other endpoints there have {used}") } else { String::new() };
        let advice = if on_top > 0 && serving.saturating_add(used) <= quota {
            ", or give deployment_config a rolling_update_policy with batches that fit"
        } else {
            ""
        };
        let named = |name: &String, limit: i64| format!("\"{name} for endpoint usage\" is {limit}");
        let named: Vec<String> = types.iter().zip(limits).map(|(name, limit)| named(name, limit)).collect();
        let types = types.iter().map(String::as_str).collect::<Vec<_>>().join(" or ");
        let detail = format!(
            "The endpoints of this plan need {total} instances of {types} in {region}{parts}{beside}, and the quota {}; SageMaker \
             would answer ResourceLimitExceeded. Ask for more in Service Quotas{advice}.",
            named.join(", and ")
        );
        let found_at = Path::attribute("endpoint_config_name");
        found.push(Diagnostic::warning("Not enough quota for the instances", detail).of_attribute(found_at));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn details(need: &Need, quotas: &[(&str, i64)]) -> Vec<String> {
        let quotas: Quotas = quotas.iter().map(|(name, quota)| ((*name).to_owned(), *quota)).collect();
        judge(need, &quotas, &Quotas::new(), "r").iter().map(|one| one.detail.clone()).collect()
    }

    #[test]
    fn what_is_above_the_quota_is_told_with_its_parts() {
        let fleet = |count| Fleet::from([(types(&["ml.g5.xlarge"]), count)]);
        let need = Need { serving: fleet(2), on_top: fleet(3) };
        let found = |quota| details(&need, &[("ml.g5.xlarge", quota)]);
        assert!(found(5).is_empty());
        let told = found(4);
        assert!(
            told.iter().any(|detail| detail.contains("need 5 instances") && detail.contains("rolling")),
            "{told:?}"
        );
        let told = found(1);
        assert!(told.len() == 1 && told.iter().all(|detail| !detail.contains("rolling")), "{told:?}");
    }

    #[test]
    fn what_others_have_counts_where_it_is_close() {
        let need = Need { serving: Fleet::from([(types(&["ml.g5.xlarge"]), 2)]), on_top: Fleet::new() };
        let quotas = |quota| Quotas::from([("ml.g5.xlarge".to_owned(), quota)]);
        assert!(is_close(&need, &quotas(3)) && is_close(&need, &quotas(2)));
        assert!(!is_close(&need, &quotas(4)) && !is_close(&need, &quotas(1)));
        let others = |count| Quotas::from([("ml.g5.xlarge".to_owned(), count)]);
        assert!(judge(&need, &quotas(3), &others(1), "r").is_empty());
        let told = judge(&need, &quotas(3), &others(2), "r");
        assert!(
            told.iter().any(|one| one.detail.contains("in r, other endpoints there have 2, and the quota")),
            "{told:?}"
        );
    }

    #[test]
    fn pools_take_from_whatever_has_room() {
        let both = types(&["ml.g5.xlarge", "ml.g6.xlarge"]);
        let serving = Fleet::from([(both, 3), (types(&["ml.g5.xlarge"]), 2)]);
        let need = Need { serving, on_top: Fleet::new() };
        let told = |g5, g6| details(&need, &[("ml.g5.xlarge", g5), ("ml.g6.xlarge", g6)]);
        assert!(told(2, 3).is_empty() && told(5, 0).is_empty());
        let found = told(2, 2);
        assert!(found.len() == 1 && found[0].contains("need 5 instances of ml.g5.xlarge or ml.g6.xlarge"), "{found:?}");
        assert!(found[0].contains("\"ml.g5.xlarge for endpoint usage\" is 2, and \"ml.g6.xlarge"), "{found:?}");
        assert!(told(1, 4)[0].contains("need 2 instances of ml.g5.xlarge in"));
        // A quota that is not told is not judged.
        assert!(details(&need, &[("ml.g5.xlarge", 2)]).is_empty());
    }

    #[test]
    fn quotas_are_known_by_their_names() {
        let quota = |name: &str| applied(&json!({"QuotaName": name, "Value": 4.0}));
        assert_eq!(quota("ml.g5.xlarge for endpoint usage"), Some(("ml.g5.xlarge".to_owned(), 4)));
        assert_eq!(quota("ml.g5.xlarge for training job usage"), None);
    }
}
