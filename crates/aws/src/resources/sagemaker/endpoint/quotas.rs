//! What a plan needs of the account's quotas for instances, judged before a new fleet is begun: a deployment adds its new
//! fleet to the one that serves, so that an update may need twice what runs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};
use smform_provider::PlannedObject;
use smform_types::{Diagnostic, Diagnostics, Path, Value};

use super::planned::configurations;
use crate::clients::Clients;
use crate::fields::Fields;

/// Instances, by type.
type Fleet = BTreeMap<String, i64>;

/// What the endpoints of a plan need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Need {
    /// What serves, before and after.
    serving: Fleet,
    /// What comes on top while deployments run.
    on_top: Fleet,
}

/// Compares what a plan needs with the quotas of the endpoint's region. It is told once in each region, at the first
/// endpoint that gets a new fleet; where the quotas may not be read, that is told once.
pub(super) async fn check(endpoint: &PlannedObject, plan: &[PlannedObject], clients: &Clients) -> Diagnostics {
    let Some(after) = &endpoint.after else { return Diagnostics::new() };
    let region = clients.region_of(after);
    let here: Vec<&PlannedObject> = plan.iter().filter(|object| is_in(object, region, clients)).collect();
    let first = here.iter().find(|object| is_endpoint(object) && Rollout::of(object).is_some_and(Rollout::is_new));
    if first.is_none_or(|first| first.after.as_ref() != Some(after)) {
        return Diagnostics::new();
    }
    let need = need(&here);
    let types: BTreeSet<&String> = need.serving.keys().chain(need.on_top.keys()).collect();
    match quotas(clients, region, &types).await {
        Ok(quotas) => judge(&need, &quotas, region),
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

fn is_endpoint(object: &PlannedObject) -> bool {
    *object.type_name == *"aws_sagemaker_endpoint"
}

fn is_in(object: &PlannedObject, region: &str, clients: &Clients) -> bool {
    object.after.as_ref().or(object.before.as_ref()).is_some_and(|value| clients.region_of(value) == region)
}

/// What a plan does to the fleet of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rollout {
    /// It stays.
    None,
    /// There was none, or the old one goes first.
    Fresh,
    /// The new one is added to the old one.
    Beside,
}

impl Rollout {
    /// Nothing for an endpoint that goes.
    fn of(object: &PlannedObject) -> Option<Rollout> {
        let after = object.after.as_ref()?;
        let Some(before) = &object.before else { return Some(Rollout::Fresh) };
        let same = |name: &str| before.get(name) == after.get(name);
        Some(match (same("arn"), same("endpoint_config_name")) {
            (true, true) => Rollout::None,
            // Another endpoint of the same name: the old one must be gone before.
            (false, _) if same("name") => Rollout::Fresh,
            _ => Rollout::Beside,
        })
    }

    fn is_new(self) -> bool {
        self != Rollout::None
    }
}

/// What all endpoints of a plan need together, as far as their configurations are in it.
fn need(plan: &[&PlannedObject]) -> Need {
    let mut need = Need::default();
    for object in plan.iter().filter(|object| is_endpoint(object)) {
        let (Some(rollout), Some(after)) = (Rollout::of(object), &object.after) else { continue };
        let fleet = fleet_of(after, plan);
        match (rollout, &object.before) {
            (Rollout::Beside, Some(before)) => {
                add(&mut need.serving, &fleet_of(before, plan));
                add(&mut need.on_top, &batch(after, fleet));
            }
            _ => add(&mut need.serving, &fleet),
        }
    }
    need
}

fn add(sum: &mut Fleet, fleet: &Fleet) {
    for (instance_type, count) in fleet {
        let known = sum.entry(instance_type.clone()).or_default();
        *known = known.saturating_add(*count);
    }
}

/// The fleet of an endpoint's configuration; where it could be one of several, what all of them need.
fn fleet_of(endpoint: &Value, plan: &[&PlannedObject]) -> Fleet {
    let least = |mut one: Fleet, other: Fleet| {
        one.retain(|instance_type, _| other.contains_key(instance_type));
        for (instance_type, count) in &mut one {
            *count = other.get(instance_type).copied().unwrap_or(0).min(*count);
        }
        one
    };
    configurations(endpoint, plan.iter().copied()).map(fleet).reduce(least).unwrap_or_default()
}

fn fleet(configuration: &Value) -> Fleet {
    let mut fleet = Fleet::new();
    for block in ["production_variants", "shadow_production_variants"] {
        for variant in Fields(configuration).blocks(block) {
            let Some(instance_type) = variant.owned("instance_type") else { continue };
            let count = i64::from(variant.int("initial_instance_count").unwrap_or(0));
            add(&mut fleet, &Fleet::from([(instance_type, count)]));
        }
    }
    fleet
}

/// What of a new fleet is added at once: all of it, or the batch of a rolling update.
fn batch(endpoint: &Value, fleet: Fleet) -> Fleet {
    let policy = Fields(endpoint).block("deployment_config").and_then(|config| config.block("rolling_update_policy"));
    let Some(size) = policy.and_then(|policy| policy.block("maximum_batch_size")) else { return fleet };
    let value = i64::from(size.int("value").unwrap_or(0));
    let of = |count: i64| match size.text("type") {
        Some("INSTANCE_COUNT") => value.min(count),
        Some("CAPACITY_PERCENT") => count.saturating_mul(value).saturating_add(99) / 100,
        _ => count,
    };
    fleet.into_iter().map(|(instance_type, count)| (instance_type, of(count))).collect()
}

/// The applied quotas of some instance types for endpoints. Stops at the page that completes them.
async fn quotas(clients: &Clients, region: &str, types: &BTreeSet<&String>) -> Result<Fleet, crate::failure::Failure> {
    let service = clients.quotas(region);
    let mut body = json!({"ServiceCode": "sagemaker", "MaxResults": 100});
    let mut found = Fleet::new();
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

fn judge(need: &Need, quotas: &Fleet, region: &str) -> Diagnostics {
    let mut found = Diagnostics::new();
    for (instance_type, quota) in quotas {
        let count = |fleet: &Fleet| fleet.get(instance_type).copied().unwrap_or(0);
        let (serving, on_top) = (count(&need.serving), count(&need.on_top));
        let total = serving.saturating_add(on_top);
        if total <= *quota {
            continue;
        }
        let parts = if on_top > 0 {
            format!(
                " ({serving} that serve, and {on_top} of the new fleet that a deployment adds before the old one goes)"
            )
        } else {
            String::new()
        };
        let advice = if on_top > 0 && serving <= *quota {
            ", or give deployment_config a rolling_update_policy with batches that fit"
        } else {
            ""
        };
        let detail = format!(
            "The endpoints of this plan need {total} instances of {instance_type} in {region}{parts}, and the quota \
             \"{instance_type} for endpoint usage\" is {quota}; SageMaker would answer ResourceLimitExceeded. Ask for more \
             in Service Quotas{advice}."
        );
        let found_at = Path::attribute("endpoint_config_name");
        found.push(Diagnostic::warning("Not enough quota for the instances", detail).of_attribute(found_at));
    }
    found
}

#[cfg(test)]
mod tests {
    use smform_types::Type;

    use super::*;

    fn configuration(name: Value, count: i64) -> PlannedObject {
        let variant = Value::object([
            ("instance_type", Value::string("ml.g5.xlarge")),
            ("initial_instance_count", Value::from(count)),
        ]);
        let variants = Value::tuple([variant]);
        let after = Value::object([("name", name), ("production_variants", variants)]);
        PlannedObject { type_name: "aws_sagemaker_endpoint_configuration".into(), before: None, after: Some(after) }
    }

    fn endpoint(config: Value, policy: Option<(&str, i64)>) -> Value {
        let size = |(kind, value): (&str, i64)| {
            let size = Value::object([("type", Value::string(kind)), ("value", Value::from(value))]);
            let policy = Value::object([("maximum_batch_size", Value::tuple([size]))]);
            Value::object([("rolling_update_policy", Value::tuple([policy]))])
        };
        Value::object([
            ("name", Value::string("e")),
            ("arn", Value::string("arn")),
            ("endpoint_config_name", config),
            ("deployment_config", Value::tuple(policy.map(size))),
        ])
    }

    fn change(before: Option<Value>, after: Option<Value>) -> PlannedObject {
        PlannedObject { type_name: "aws_sagemaker_endpoint".into(), before, after }
    }

    fn text(text: &str) -> Value {
        Value::string(text)
    }

    fn counted(plan: &[PlannedObject]) -> (i64, i64) {
        let need = need(&plan.iter().collect::<Vec<_>>());
        let of = |fleet: &Fleet| fleet.get("ml.g5.xlarge").copied().unwrap_or(0);
        (of(&need.serving), of(&need.on_top))
    }

    #[test]
    fn a_new_fleet_comes_beside_the_old_one() {
        let unknown = || Value::unknown(Type::String);
        let (old, new) = (|| configuration(text("old"), 2), || configuration(unknown(), 3));
        let updated = |policy| change(Some(endpoint(text("old"), None)), Some(endpoint(unknown(), policy)));
        assert_eq!(counted(&[old(), new(), change(None, Some(endpoint(unknown(), None)))]), (3, 0));
        assert_eq!(counted(&[old(), new(), updated(None)]), (2, 3));
        assert_eq!(counted(&[old(), new(), updated(Some(("CAPACITY_PERCENT", 50)))]), (2, 2));
        assert_eq!(counted(&[old(), new(), updated(Some(("INSTANCE_COUNT", 1)))]), (2, 1));
        // Another endpoint that stays as it is.
        let kept = change(Some(endpoint(text("old"), None)), Some(endpoint(text("old"), None)));
        assert_eq!(counted(&[old(), new(), kept.clone(), updated(None)]), (4, 3));
        // One that goes.
        assert_eq!(counted(&[old(), change(kept.before, None)]), (0, 0));
        // Which configuration it will be is open: the smaller one at least.
        let larger = configuration(unknown(), 9);
        assert_eq!(counted(&[new(), larger, change(None, Some(endpoint(unknown(), None)))]), (3, 0));
        // A fixed name makes room first.
        let again = crate::fields::with(endpoint(unknown(), None), "arn", unknown());
        assert_eq!(counted(&[old(), new(), change(Some(endpoint(text("old"), None)), Some(again))]), (3, 0));
    }

    #[test]
    fn what_is_above_the_quota_is_told_with_its_parts() {
        let fleet = |count| Fleet::from([("ml.g5.xlarge".to_owned(), count)]);
        let need = Need { serving: fleet(2), on_top: fleet(3) };
        assert!(judge(&need, &fleet(5), "r").is_empty());
        let found: Vec<String> = judge(&need, &fleet(4), "r").iter().map(|one| one.detail.clone()).collect();
        assert!(
            found.iter().any(|detail| detail.contains("need 5 instances") && detail.contains("rolling")),
            "{found:?}"
        );
        let found: Vec<String> = judge(&need, &fleet(1), "r").iter().map(|one| one.detail.clone()).collect();
        assert!(found.iter().all(|detail| !detail.contains("rolling")), "{found:?}");
    }

    #[test]
    fn quotas_are_known_by_their_names() {
        let quota = |name: &str| applied(&json!({"QuotaName": name, "Value": 4.0}));
        assert_eq!(quota("ml.g5.xlarge for endpoint usage"), Some(("ml.g5.xlarge".to_owned(), 4)));
        assert_eq!(quota("ml.g5.xlarge for training job usage"), None);
    }
}
