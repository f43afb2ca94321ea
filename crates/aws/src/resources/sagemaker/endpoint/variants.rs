//! The variants of the configurations of an endpoint, held against what is asked of them: which moves the service makes at
//! all, by which policies, and whether what names a variant names one.

use std::collections::BTreeSet;

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::operation::describe_endpoint::DescribeEndpointOutput;
use smform_provider::PlannedObject;
use smform_types::{Diagnostic, Diagnostics, Path, Value};

use super::super::endpoint_configuration::VARIANTS as BLOCKS;
use super::super::{endpoint_configuration, is_replaced};
use super::capacity::{self, BLOCK};
use super::planned::configurations;
use super::status::Status;
use crate::clients::Clients;
use crate::fields::Fields;

/// What a configuration has of variants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Shape {
    /// The names of those of production.
    production: BTreeSet<String>,
    shadow: BTreeSet<String>,
    serverless: bool,
}

impl Shape {
    /// That of a configuration of the plan; nothing when not all of its variants are known by name.
    fn planned(configuration: &Value) -> Option<Shape> {
        let named = |block: &str| {
            let all = configuration.get(block).filter(|all| all.is_known())?;
            let count = all.as_slice().map_or(0, <[Value]>::len);
            let names: BTreeSet<String> =
                Fields(configuration).blocks(block).filter_map(|variant| variant.owned("variant_name")).collect();
            (names.len() == count).then_some(names)
        };
        let serverless = BLOCKS
            .into_iter()
            .flat_map(|block| Fields(configuration).blocks(block))
            .any(|variant| variant.block("serverless_config").is_some());
        Some(Shape { production: named(BLOCKS[0])?, shadow: named(BLOCKS[1])?, serverless })
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        self.production.iter().chain(&self.shadow).map(String::as_str)
    }
}

/// What the configurations have that an endpoint may have, by the plan; nothing when one of them is not known well enough.
fn planned(endpoint: &Value, plan: &[PlannedObject]) -> Option<Vec<Shape>> {
    let mut shapes: Vec<Shape> = configurations(endpoint, plan.iter()).map(Shape::planned).collect::<Option<_>>()?;
    // One that stays is there before and after.
    shapes.dedup();
    Some(shapes)
}

/// The same, by the service where the plan does not have it.
async fn shapes(client: &Client, endpoint: &Value, plan: &[PlannedObject]) -> Vec<Shape> {
    let shapes = planned(endpoint, plan).unwrap_or_default();
    if !shapes.is_empty() {
        return shapes;
    }
    let Some(name) = Fields(endpoint).text("endpoint_config_name") else { return Vec::new() };
    let Ok(Some(found)) = endpoint_configuration::describe(client, name).await else { return Vec::new() };
    let (production, shadow) = (found.production_variants(), found.shadow_production_variants());
    let names = |variants: &[aws_sdk_sagemaker::types::ProductionVariant]| {
        variants.iter().filter_map(|variant| variant.variant_name().map(str::to_owned)).collect()
    };
    let serverless = production.iter().chain(shadow).any(|variant| variant.serverless_config().is_some());
    vec![Shape { production: names(production), shadow: names(shadow), serverless }]
}

/// Judges an endpoint of a plan by the variants that it has and gets.
pub(super) async fn check(
    object: &PlannedObject,
    live: Option<&DescribeEndpointOutput>,
    plan: &[PlannedObject],
    clients: &Clients,
) -> Diagnostics {
    let mut found = Diagnostics::new();
    let Some(after) = &object.after else { return found };
    if let Some(shapes) = planned(after, plan).filter(|shapes| !shapes.is_empty()) {
        found.extend(unknown(after, &shapes));
    }
    let before = object.before.as_ref().filter(|before| !is_replaced(before, after));
    let is_policy_new = before.is_none_or(|before| before.get("deployment_config") != after.get("deployment_config"));
    if before.is_none_or(|before| before.get("endpoint_config_name") == after.get("endpoint_config_name"))
        && is_policy_new
    {
        let shapes = planned(after, plan).unwrap_or_default();
        if !shapes.is_empty() && shapes.iter().all(|shape| shape.serverless) {
            found.extend(not_followed(after, "serverless variants"));
        }
    }
    let Some(before) = before.filter(|before| before.get("endpoint_config_name") != after.get("endpoint_config_name"))
    else {
        return found;
    };
    // One that serves nothing may not be updated at all, which is told elsewhere.
    if live.is_some_and(|live| !live.is_in_service() && !live.is_busy()) {
        return found;
    }
    let client = clients.sagemaker(clients.region_of(before));
    let (old, new) = (shapes(&client, before, plan).await, shapes(&client, after, plan).await);
    if let ([old], false) = (old.as_slice(), new.is_empty()) {
        found.extend(moved(after, old, &new));
    }
    found
}

/// Weights and counts of variants that none of the configurations has.
fn unknown(endpoint: &Value, shapes: &[Shape]) -> Diagnostics {
    let name = Fields(endpoint).text("endpoint_config_name").unwrap_or("(not named yet)");
    let wrong = |shape: &Shape| capacity::check_variants(&capacity::wishes(endpoint), name, shape.all());
    let all: Vec<Diagnostics> = shapes.iter().map(wrong).collect();
    if all.iter().any(Diagnostics::is_empty) { Diagnostics::new() } else { all.into_iter().next().unwrap_or_default() }
}

/// What the service says to the move from one configuration to what may be one of several.
fn moved(endpoint: &Value, old: &Shape, new: &[Shape]) -> Diagnostics {
    let mut found = Diagnostics::new();
    let name = Fields(endpoint).text("name").unwrap_or_default();
    let all = |is: &dyn Fn(&Shape) -> bool| new.iter().all(is);
    if !old.serverless && all(&|new| new.serverless) {
        let detail = format!(
            "Endpoint \"{name}\" has instances, and SageMaker updates no such endpoint to a serverless variant; only the \
             other way round. Give the serverless endpoint another name, so that it is there before the old one goes; or \
             replace it under its name with -replace=ADDRESS, which interrupts its service."
        );
        let error = Diagnostic::error("Instances cannot become serverless", detail);
        found.push(error.of_attribute(Path::attribute("endpoint_config_name")));
        return found;
    }
    let Some(policy) = Fields(endpoint).block("deployment_config") else { return found };
    let at = Path::attribute("deployment_config").index(0);
    let rolling = policy.block("rolling_update_policy").is_some();
    let routing = policy.block("blue_green_update_policy").and_then(|p| p.block("traffic_routing_configuration"));
    let stepwise = routing.and_then(|routing| routing.text("type")).is_some_and(|kind| kind != "ALL_AT_ONCE");
    let unused = if old.serverless || all(&|new| new.serverless) {
        Some("serverless variants")
    } else if rolling && (old.production.len() > 1 || all(&|new| new.production.len() > 1)) {
        Some("several variants, for which there are no rolling updates")
    } else {
        None
    };
    if let Some(why) = unused {
        found.extend(not_followed(endpoint, why));
    } else if (rolling || stepwise) && all(&|new| !new.all().eq(old.all())) {
        let names = |shape: &Shape| shape.all().collect::<Vec<_>>().join(", ");
        let detail = format!(
            "A policy that moves the traffic in steps needs the same variants before and after: endpoint \"{name}\" has {}, \
             and the new configuration {}. Keep the names, or leave the policy out of the update that changes them.",
            names(old),
            new.first().map(names).unwrap_or_default()
        );
        found.push(Diagnostic::error("The variants change under a deployment policy", detail).of_attribute(at));
    }
    found
}

/// Says that updates of an endpoint do not follow its policy, and why.
fn not_followed(endpoint: &Value, why: &str) -> Option<Diagnostic> {
    let policy = Fields(endpoint).block("deployment_config")?;
    let kinds = ["rolling_update_policy", "blue_green_update_policy"];
    let kind = kinds.into_iter().find(|kind| policy.block(kind).is_some())?;
    let name = Fields(endpoint).text("name").unwrap_or_default();
    let detail = format!(
        "Endpoint \"{name}\" has {why}. SageMaker makes such an update all at once, whatever the policy says, so it is \
         neither slowed down nor seen in steps. Leave the policy out."
    );
    let at = Path::attribute("deployment_config").index(0).attr(kind);
    Some(Diagnostic::warning("The deployment policy is not followed", detail).of_attribute(at))
}

/// The endpoint of a plan that gets a name.
pub(in crate::resources) fn named<'p>(plan: &'p [PlannedObject], name: &str) -> Option<&'p Value> {
    let is = |value: &&Value| Fields(value).text("name").is_some_and(|other| other.eq_ignore_ascii_case(name));
    let endpoints = plan.iter().filter(|object| *object.type_name == *"aws_sagemaker_endpoint");
    endpoints.filter_map(|object| object.after.as_ref()).find(is)
}

/// The variants that an endpoint of a plan has instead of one that is named; nothing when it may have that.
pub(in crate::resources) fn instead(plan: &[PlannedObject], endpoint: &str, variant: &str) -> Option<Vec<String>> {
    let shapes = planned(named(plan, endpoint)?, plan).filter(|shapes| !shapes.is_empty())?;
    let lacks = |shape: &Shape| shape.all().all(|name| name != variant);
    shapes.iter().all(lacks).then(|| shapes.iter().flat_map(Shape::all).map(str::to_owned).collect())
}

/// Says that an update leaves a variant fewer instances than it has now, where that does not show in the plan: the numbers
/// that autoscaling or operators have come to stand nowhere.
pub(super) fn fewer(
    object: &PlannedObject,
    live: Option<&DescribeEndpointOutput>,
    plan: &[PlannedObject],
) -> Diagnostics {
    let mut found = Diagnostics::new();
    let (Some(before), Some(after), Some(live)) = (&object.before, &object.after, live) else { return found };
    if is_replaced(before, after) || !live.is_in_service() {
        return found;
    }
    let fields = Fields(after);
    let moves = before.get("endpoint_config_name") != after.get("endpoint_config_name");
    let excluded = |block: Fields<'_>| block.text("variant_property_type") == Some("DesiredInstanceCount");
    let is_excluded = fields.blocks("exclude_retained_variant_properties").any(excluded);
    let names_any = fields.blocks("exclude_retained_variant_properties").next().is_some();
    let keeps = fields.flag("retain_all_variant_properties");
    let begin = |configuration: Option<&Value>, variant: &str| {
        let configuration = Fields(configuration?);
        let named = configuration.blocks(BLOCKS[0]).find(|block| block.text("variant_name") == Some(variant))?;
        named.int("initial_instance_count")
    };
    let (old, new) = (configurations(before, plan.iter()).next(), configurations(after, plan.iter()).next());
    let asked = |endpoint: &Value, variant: &str| {
        let block = Fields(endpoint).blocks(BLOCK).find(|block| block.text("variant_name") == Some(variant))?;
        block.int("desired_instance_count")
    };
    for variant in live.production_variants() {
        let (Some(name), Some(now)) = (variant.variant_name(), variant.desired_instance_count()) else { continue };
        let (first, then) = (begin(old, name), begin(new, name).filter(|_| moves));
        let set_back =
            keeps == Some(false) || is_excluded || keeps.is_none() && !names_any && first.is_some() && first != then;
        let then = asked(after, name).or_else(|| then.filter(|_| set_back));
        // What the plan shows as the number before needs no words.
        let shown = [asked(before, name), first.filter(|_| moves && first != begin(new, name))];
        let Some(then) = then.filter(|then| *then < now && !shown.contains(&Some(now))) else { continue };
        let detail = format!(
            "Variant \"{name}\" of endpoint \"{}\" has {now} instances now, and this plan leaves it {then}. Should {then} not \
             carry the load, ask for more.",
            fields.text("name").unwrap_or_default()
        );
        let at = if asked(after, name).is_some() { BLOCK } else { "endpoint_config_name" };
        found.push(Diagnostic::warning("Fewer instances than now", detail).of_attribute(Path::attribute(at)));
    }
    found
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use serde_json::json;

    use super::*;

    fn shape(names: &[&str], serverless: bool) -> Shape {
        let production = names.iter().map(|name| (*name).to_owned()).collect();
        Shape { production, shadow: BTreeSet::new(), serverless }
    }

    fn endpoint(policy: &serde_json::Value) -> Value {
        smform_types::json::value_from_json(
            &json!({"name": "e", "deployment_config": [policy]}),
            &smform_types::Type::Dynamic,
        )
        .unwrap()
    }

    #[test]
    fn what_the_service_does_not_do_is_told() {
        let all_at_once =
            json!({"blue_green_update_policy": [{"traffic_routing_configuration": [{"type": "ALL_AT_ONCE"}]}]});
        let canary = json!({"blue_green_update_policy": [{"traffic_routing_configuration": [{"type": "CANARY"}]}]});
        let rolling = json!({"rolling_update_policy": [{"maximum_batch_size": []}]});
        let said = |policy: &serde_json::Value, old: &Shape, new: &[Shape]| -> Vec<String> {
            moved(&endpoint(policy), old, new).iter().map(|found| found.summary.clone()).collect()
        };
        let (one, two, none) = (shape(&["a"], false), shape(&["a", "b"], false), Vec::<String>::new());
        let serverless = shape(&["a"], true);
        assert_eq!(said(&canary, &one, from_ref(&one)), none);
        assert_eq!(said(&all_at_once, &one, from_ref(&two)), none);
        assert_eq!(said(&canary, &one, from_ref(&two)), ["The variants change under a deployment policy"]);
        // It may be either.
        assert_eq!(said(&canary, &one, &[two.clone(), one.clone()]), none);
        assert_eq!(said(&rolling, &two, from_ref(&two)), ["The deployment policy is not followed"]);
        assert_eq!(said(&rolling, &one, from_ref(&one)), none);
        assert_eq!(said(&canary, &one, from_ref(&serverless)), ["Instances cannot become serverless"]);
        assert_eq!(said(&canary, &serverless, from_ref(&one)), ["The deployment policy is not followed"]);
    }
}
