//! Variants that Application Auto Scaling scales: SageMaker refuses to give them another instance type while they are
//! registered, which otherwise shows when the new model and configuration exist already.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use smform_provider::PlannedObject;
use smform_types::{Diagnostic, Diagnostics, Path, Value};

use crate::clients::Clients;
use crate::fields::Fields;

const COUNT: &str = "sagemaker:variant:DesiredInstanceCount";

/// A variant whose instance type changes.
#[derive(Debug, PartialEq, Eq)]
struct Move<'v> {
    variant: &'v str,
    from: &'v str,
    to: &'v str,
}

/// Warns of variants that get another instance type while they are scaled, by a target of the plan or by another one.
pub(super) async fn check(object: &PlannedObject, plan: &[PlannedObject], clients: &Clients) -> Diagnostics {
    let mut found = Diagnostics::new();
    let Some((before, after)) = object.before.as_ref().zip(object.after.as_ref()) else { return found };
    let name = Fields(before).text("id").unwrap_or_default();
    // A replaced endpoint has no scaled variants yet.
    if before.get("arn") != after.get("arn") || before.get("endpoint_config_name") == after.get("endpoint_config_name")
    {
        return found;
    }
    let moves = moves(before, after, plan);
    if moves.is_empty() {
        return found;
    }
    let resource = |moved: &Move<'_>| format!("endpoint/{name}/variant/{}", moved.variant);
    let mut scaled: BTreeSet<String> = of_plan(plan);
    if moves.iter().any(|moved| !scaled.contains(&resource(moved))) {
        let asked: Vec<String> = moves.iter().map(resource).collect();
        scaled.extend(live(&asked, clients, clients.region_of(before)).await);
    }
    let gone = leaving(plan);
    scaled.retain(|resource| !gone.contains(resource));
    for moved in moves.iter().filter(|moved| scaled.contains(&resource(moved))) {
        let detail = format!(
            "Variant \"{}\" of endpoint \"{name}\" changes from {} to {}, and it is a scalable target. SageMaker refuses \
             such an update. Take the variant's aws_appautoscaling_target and its policies out of the configuration and \
             apply that first (or deregister the target); put them back after the update.",
            moved.variant, moved.from, moved.to
        );
        let warning = Diagnostic::warning("The instance type of a scaled variant changes", detail);
        found.push(warning.of_attribute(Path::attribute("endpoint_config_name")));
    }
    found
}

/// The variants that have one instance type in the configuration before and another in the one after.
fn moves<'p>(before: &Value, after: &Value, plan: &'p [PlannedObject]) -> Vec<Move<'p>> {
    let configurations = || plan.iter().filter(|object| *object.type_name == *"aws_sagemaker_endpoint_configuration");
    let named = |config: &&Value, endpoint: &Value| match Fields(endpoint).text("endpoint_config_name") {
        Some(name) => Fields(config).text("name") == Some(name),
        None => Fields(config).is_unknown("name"),
    };
    let old = configurations().filter_map(|object| object.before.as_ref()).find(|config| named(config, before));
    let new = configurations().filter_map(|object| object.after.as_ref()).find(|config| named(config, after));
    let Some((old, new)) = old.zip(new) else { return Vec::new() };
    let type_of = |variant: Fields<'p>| Some((variant.text("variant_name")?, variant.text("instance_type")?));
    let new: Vec<(&str, &str)> = Fields(new).blocks("production_variants").filter_map(type_of).collect();
    let old = Fields(old).blocks("production_variants").filter_map(type_of);
    old.filter_map(|(variant, from)| {
        let (_, to) = new.iter().find(|(name, to)| *name == variant && *to != from)?;
        Some(Move { variant, from, to })
    })
    .collect()
}

/// What the plan scales, before and after.
fn of_plan(plan: &[PlannedObject]) -> BTreeSet<String> {
    counted(plan, |target| target.after.is_some())
}

/// What the plan scales no longer: a target goes before its endpoint is changed.
fn leaving(plan: &[PlannedObject]) -> BTreeSet<String> {
    counted(plan, |target| target.after.is_none())
}

/// The variants that were scaled by those of the plan's targets.
fn counted(plan: &[PlannedObject], which: fn(&PlannedObject) -> bool) -> BTreeSet<String> {
    let targets = plan.iter().filter(|object| *object.type_name == *"aws_appautoscaling_target" && which(object));
    let before = targets.filter_map(|object| object.before.as_ref());
    let counted = before.filter(|target| Fields(target).text("scalable_dimension") == Some(COUNT));
    counted.filter_map(|target| Fields(target).owned("resource_id")).collect()
}

/// What is scaled, as far as the service tells.
async fn live(resources: &[String], clients: &Clients, region: &str) -> BTreeSet<String> {
    let body = json!({"ServiceNamespace": "sagemaker", "ResourceIds": resources, "ScalableDimension": COUNT});
    match clients.scaling(region).listed_json("DescribeScalableTargets", body, "ScalableTargets").await {
        Ok(found) => {
            let text = |target: &Json| target.get("ResourceId").and_then(Json::as_str).map(str::to_owned);
            found.iter().filter_map(text).collect()
        }
        Err(failure) => {
            tracing::debug!(reason = failure.explained(), "scalable targets were not read");
            BTreeSet::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use smform_types::Type;

    use super::*;

    fn configuration(name: Value, instance_type: &str) -> Value {
        let variant =
            Value::object([("variant_name", Value::string("v")), ("instance_type", Value::string(instance_type))]);
        Value::object([("name", name), ("production_variants", Value::tuple([variant]))])
    }

    fn endpoint(config: Value) -> Value {
        Value::object([("endpoint_config_name", config)])
    }

    #[test]
    fn a_changed_type_is_found_by_the_names_of_variants() {
        let unknown = || Value::unknown(Type::String);
        let plan = |to: &str| {
            let object = |before, after| PlannedObject {
                type_name: "aws_sagemaker_endpoint_configuration".into(),
                before: Some(before),
                after: Some(after),
            };
            let other = configuration(Value::string("other"), "ml.t2.large");
            vec![
                object(other.clone(), other),
                object(configuration(Value::string("old"), "ml.t2.medium"), configuration(unknown(), to)),
            ]
        };
        let (before, after) = (endpoint(Value::string("old")), endpoint(unknown()));
        assert_eq!(moves(&before, &after, &plan("ml.t2.medium")), []);
        let expected = Move { variant: "v", from: "ml.t2.medium", to: "ml.m5.large" };
        assert_eq!(moves(&before, &after, &plan("ml.m5.large")), [expected]);
        // A configuration that the plan does not hold says nothing.
        assert_eq!(moves(&endpoint(Value::string("elsewhere")), &after, &plan("ml.m5.large")), []);
    }
}
