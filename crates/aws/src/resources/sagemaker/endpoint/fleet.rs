//! How many instances the endpoints of a plan need at once, and of which types: a deployment adds its new fleet to the one that
//! serves, so that an update may need twice what runs.

use std::collections::{BTreeMap, BTreeSet};

use smform_provider::PlannedObject;
use smform_types::Value;

use super::super::endpoint_configuration::VARIANTS;
use super::capacity::BLOCK;
use super::planned::configurations;
use crate::fields::Fields;

/// Instances, by the types that they may be of: one, or those of the pools of a variant.
pub(super) type Fleet = BTreeMap<BTreeSet<String>, i64>;

/// What the endpoints of a plan need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Need {
    /// What serves, before and after.
    pub(super) serving: Fleet,
    /// What comes on top while deployments run.
    pub(super) on_top: Fleet,
}

pub(super) fn is_endpoint(object: &PlannedObject) -> bool {
    *object.type_name == *"aws_sagemaker_endpoint"
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
}

/// Whether a plan gives an endpoint instances that it does not have.
pub(super) fn gains(object: &PlannedObject, plan: &[&PlannedObject]) -> bool {
    let (Some(rollout), Some(after)) = (Rollout::of(object), &object.after) else { return false };
    let runs = |endpoint: &Value| fleet_of(endpoint, plan, Begins::Never);
    match (rollout, &object.before) {
        (Rollout::None, Some(before)) => {
            let had = runs(before);
            runs(after).iter().any(|(types, count)| had.get(types).is_none_or(|had| had < count))
        }
        _ => true,
    }
}

/// What all endpoints of a plan need together, as far as their configurations are in it.
pub(super) fn need(plan: &[&PlannedObject]) -> Need {
    let mut need = Need::default();
    for object in plan.iter().filter(|object| is_endpoint(object)) {
        let (Some(rollout), Some(after)) = (Rollout::of(object), &object.after) else { continue };
        match (rollout, &object.before) {
            (Rollout::Beside, Some(before)) => {
                add(&mut need.serving, &fleet_of(before, plan, Begins::Never));
                add(&mut need.on_top, &batch(after, fleet_of(after, plan, Begins::First)));
            }
            (Rollout::None, _) => add(&mut need.serving, &fleet_of(after, plan, Begins::Never)),
            _ => add(&mut need.serving, &fleet_of(after, plan, Begins::First)),
        }
    }
    need
}

fn add(sum: &mut Fleet, fleet: &Fleet) {
    for (types, count) in fleet {
        let known = sum.entry(types.clone()).or_default();
        *known = known.saturating_add(*count);
    }
}

/// Whether a fleet begins with the numbers of its configuration before it has those that the endpoint asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begins {
    First,
    Never,
}

/// The fleet of an endpoint; where its configuration could be one of several, what all of them need.
fn fleet_of(endpoint: &Value, plan: &[&PlannedObject], begins: Begins) -> Fleet {
    let least = |mut one: Fleet, other: Fleet| {
        one.retain(|types, _| other.contains_key(types));
        for (types, count) in &mut one {
            *count = other.get(types).copied().unwrap_or(0).min(*count);
        }
        one
    };
    let of = |configuration: &Value| fleet(configuration, endpoint, begins);
    configurations(endpoint, plan.iter().copied()).map(of).reduce(least).unwrap_or_default()
}

fn fleet(configuration: &Value, endpoint: &Value, begins: Begins) -> Fleet {
    let mut fleet = Fleet::new();
    for block in VARIANTS {
        for variant in Fields(configuration).blocks(block) {
            let pools = variant.blocks("instance_pools").filter_map(|pool| pool.owned("instance_type"));
            let types: BTreeSet<String> = variant.owned("instance_type").into_iter().chain(pools).collect();
            if !types.is_empty() {
                add(&mut fleet, &Fleet::from([(types, count(variant, endpoint, begins))]));
            }
        }
    }
    fleet
}

/// How many instances a variant has, or has at most while it comes to that.
fn count(variant: Fields<'_>, endpoint: &Value, begins: Begins) -> i64 {
    let scaling = variant.block("managed_instance_scaling");
    let scaling = scaling.filter(|scaling| scaling.text("status") != Some("DISABLED"));
    let least = scaling.and_then(|scaling| scaling.int("min_instance_count"));
    let first = match variant.int("initial_instance_count") {
        // Managed scaling starts more at once.
        Some(first) => first.max(least.unwrap_or(0)),
        // Pools need no number, and serve with an instance at least.
        None => least.unwrap_or_else(|| i32::from(variant.block("instance_pools").is_some())),
    };
    let named =
        |block: &Fields<'_>| block.text("variant_name").is_some_and(|name| Some(name) == variant.text("variant_name"));
    let asked = Fields(endpoint).blocks(BLOCK).find(named).and_then(|block| block.int("desired_instance_count"));
    i64::from(match (asked, begins) {
        (Some(asked), Begins::First) => asked.max(first),
        (Some(asked), Begins::Never) => asked,
        (None, _) => first,
    })
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
    fleet.into_iter().map(|(types, count)| (types, of(count))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};
    use smform_types::{Type, json::value_from_json};

    use super::*;

    fn value(json: &Json) -> Value {
        value_from_json(json, &Type::Dynamic).unwrap()
    }

    fn of_variant(name: Value, variant: &Json) -> PlannedObject {
        let after = Value::object([("name", name), ("production_variants", value(&json!([variant])))]);
        PlannedObject { type_name: "aws_sagemaker_endpoint_configuration".into(), before: None, after: Some(after) }
    }

    fn configuration(name: Value, count: i64) -> PlannedObject {
        of_variant(name, &json!({"instance_type": "ml.g5.xlarge", "initial_instance_count": count}))
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

    fn types(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn counted(plan: &[PlannedObject]) -> (i64, i64) {
        let need = need(&plan.iter().collect::<Vec<_>>());
        let of = |fleet: &Fleet| fleet.get(&types(&["ml.g5.xlarge"])).copied().unwrap_or(0);
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
    fn what_an_endpoint_asks_for_counts_as_soon_as_it_has_it() {
        let named = |name: &str, count: i64| {
            let variant =
                json!({"variant_name": "v", "instance_type": "ml.g5.xlarge", "initial_instance_count": count});
            of_variant(text(name), &variant)
        };
        let (old, new) = (named("old", 2), named("new", 3));
        let asking = |config: &str, count: i64| {
            value(&json!({"name": "e", "arn": "arn", "endpoint_config_name": config,
                BLOCK: [{"variant_name": "v", "desired_instance_count": count}]}))
        };
        let plan = |object: PlannedObject| [old.clone(), new.clone(), object];
        assert_eq!(counted(&plan(change(None, Some(asking("old", 5))))), (5, 0));
        // It begins as its configuration says.
        assert_eq!(counted(&plan(change(None, Some(asking("old", 1))))), (2, 0));
        assert_eq!(counted(&plan(change(Some(asking("old", 4)), Some(asking("new", 6))))), (4, 6));
        let more = plan(change(Some(asking("old", 1)), Some(asking("old", 6))));
        assert_eq!(counted(&more), (6, 0));
        let gaining = |plan: &[PlannedObject; 3]| gains(&plan[2], &plan.iter().collect::<Vec<_>>());
        assert!(gaining(&more));
        assert!(!gaining(&plan(change(Some(asking("old", 6)), Some(asking("old", 1))))));
    }

    #[test]
    fn pools_and_managed_scaling_decide_how_many_there_are() {
        let of = |variant: &Json| {
            let plan = [of_variant(text("c"), variant), change(None, Some(endpoint(text("c"), None)))];
            need(&plan.iter().collect::<Vec<_>>()).serving
        };
        let pools = json!([{"instance_type": "ml.g5.xlarge"}, {"instance_type": "ml.g6.xlarge"}]);
        let both = types(&["ml.g5.xlarge", "ml.g6.xlarge"]);
        assert_eq!(
            of(&json!({"initial_instance_count": 3, "instance_pools": pools})),
            Fleet::from([(both.clone(), 3)])
        );
        assert_eq!(of(&json!({"instance_pools": pools})), Fleet::from([(both, 1)]));
        let scaled = |first: Json, scaling: Json| {
            let variant = json!({"instance_type": "ml.g5.xlarge", "initial_instance_count": first,
                "managed_instance_scaling": [scaling]});
            of(&variant).values().sum::<i64>()
        };
        assert_eq!(scaled(json!(1), json!({"min_instance_count": 4})), 4);
        assert_eq!(scaled(json!(5), json!({"min_instance_count": 4})), 5);
        assert_eq!(scaled(json!(null), json!({"status": "ENABLED", "min_instance_count": 2})), 2);
        assert_eq!(scaled(json!(1), json!({"status": "DISABLED", "min_instance_count": 4})), 1);
    }
}
