//! Variants that Application Auto Scaling scales: SageMaker refuses to take them away or to give them another instance type
//! while they are registered, which otherwise shows when the new model and configuration exist already.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use smform_provider::PlannedObject;
use smform_types::{Diagnostic, Diagnostics, Path, Value};

use super::super::is_replaced;
use super::planned::configurations;
use crate::clients::Clients;
use crate::failure::Failure;
use crate::fields::Fields;

const COUNT: &str = "sagemaker:variant:DesiredInstanceCount";

/// A variant whose instance type changes.
#[derive(Debug, PartialEq, Eq)]
struct Move<'v> {
    variant: &'v str,
    from: &'v str,
    to: &'v str,
}

/// Refuses what the service refuses of variants while they are scaled, by a target of the plan or by another one: another
/// instance type, or to be taken away. Warns of numbers of instances that autoscaling has its say in.
pub(super) async fn check(object: &PlannedObject, plan: &[PlannedObject], clients: &Clients) -> Diagnostics {
    let mut found = Diagnostics::new();
    let Some(after) = &object.after else { return found };
    let name = Fields(after).text("name").unwrap_or_default();
    let resource = |variant: &str| format!("endpoint/{name}/variant/{variant}");
    // A replaced endpoint has no scaled variants yet.
    let before = object.before.as_ref().filter(|before| !is_replaced(before, after));
    let updated = before.filter(|before| before.get("endpoint_config_name") != after.get("endpoint_config_name"));
    let (moves, counts, removed) = match updated {
        Some(before) => (moves(before, after, plan), begins(before, after, plan), removed(before, after, plan)),
        None => (Vec::new(), Vec::new(), Vec::new()),
    };
    let counted = counted(after);
    let variants =
        moves.iter().map(|moved| moved.variant).chain(counts.iter().chain(&counted).map(|(variant, _)| *variant));
    let asked: BTreeSet<String> = variants.chain(removed.iter().copied()).map(resource).collect();
    if asked.is_empty() {
        return found;
    }
    let stays = |target: &PlannedObject| {
        let both = target.before.as_ref().zip(target.after.as_ref());
        both.is_some_and(|(before, after)| {
            !is_replaced(before, after) && before.get("resource_id") == after.get("resource_id")
        })
    };
    let mut scaled = of_plan(plan, |target| target.before.as_ref().filter(|_| stays(target)));
    let mut unsaid = asked.difference(&scaled).cloned().peekable();
    if before.is_some() && unsaid.peek().is_some() {
        let unsaid: Vec<String> = unsaid.collect();
        match live(&unsaid, clients, clients.region_of(after)).await {
            Ok(live) => scaled.extend(live),
            Err(failure) => found.extend(unseen(&failure, clients)),
        }
    }
    // What the plan scales no longer: a target goes before its endpoint is changed.
    let gone = of_plan(plan, |target| target.before.as_ref().filter(|_| !stays(target)));
    scaled.retain(|resource| !gone.contains(resource));
    for moved in moves.iter().filter(|moved| scaled.contains(&resource(moved.variant))) {
        let detail = format!(
            "Variant \"{}\" of endpoint \"{name}\" changes from {} to {}, and it is a scalable target. SageMaker refuses \
             such an update. Give the variant's aws_appautoscaling_target lifecycle {{ replace_triggered_by = \
             [aws_sagemaker_endpoint_configuration.LABEL] }} and its policies replace_triggered_by = \
             [aws_appautoscaling_target.LABEL]: then they go before the update and come back after it. For once, and without a change to \
             the files, plan with -replace=ADDRESS of that target, whose policies go with it. A target that is in no configuration \
             has to be deregistered first.",
            moved.variant, moved.from, moved.to
        );
        let error = Diagnostic::error("The instance type of a scaled variant changes", detail);
        found.push(error.of_attribute(Path::attribute("endpoint_config_name")));
    }
    for variant in removed.iter().filter(|variant| scaled.contains(&resource(variant))) {
        let detail = format!(
            "The new configuration of endpoint \"{name}\" has no variant \"{variant}\" any more, which is a scalable target. \
             SageMaker refuses such an update. Let the resource_id of the variant's aws_appautoscaling_target follow the \
             name of the variant, or take the target out of the configuration: either way it goes before the update. One \
             that is in no configuration has to be deregistered first."
        );
        let error = Diagnostic::error("A scaled variant is taken away", detail);
        found.push(error.of_attribute(Path::attribute("endpoint_config_name")));
    }
    for (variant, count) in counts.iter().filter(|(variant, _)| scaled.contains(&resource(variant))) {
        // Excluding the number from what is retained is what asks for it.
        let keep = if Fields(after).flag("retain_all_variant_properties") == Some(true) {
            "take DesiredInstanceCount out of exclude_retained_variant_properties"
        } else {
            "leave initial_instance_count as it is, or set retain_all_variant_properties = true"
        };
        let detail = format!(
            "The new configuration gives variant \"{variant}\" of endpoint \"{name}\" another initial_instance_count, so \
             the update begins with {count} instances, whatever number autoscaling has come to; from there autoscaling \
             goes on. To keep its number, {keep}."
        );
        let warning = Diagnostic::warning("The number of instances of a scaled variant is set back", detail);
        found.push(warning.of_attribute(Path::attribute("endpoint_config_name")));
    }
    scaled.extend(of_plan(plan, |target| target.after.as_ref()));
    for (variant, count) in counted.iter().filter(|(variant, _)| scaled.contains(&resource(variant))) {
        let detail = format!(
            "Variant \"{variant}\" of endpoint \"{name}\" is a scalable target, and desired_instance_count asks for {count} \
             instances. Autoscaling goes on from there, at once where that is outside of min_capacity and max_capacity, and \
             every later apply sets the number back to {count}. Leave desired_instance_count out, and give the target the \
             capacities that are wanted."
        );
        let warning = Diagnostic::warning("The number of instances of a scaled variant is fixed", detail);
        found.push(warning.of_attribute(Path::attribute("desired_weights_and_capacities")));
    }
    found
}

/// The variants whose number of instances an endpoint asks for, with that.
fn counted(endpoint: &Value) -> Vec<(&str, i32)> {
    let blocks = Fields(endpoint).blocks("desired_weights_and_capacities");
    blocks.filter_map(|block| Some((block.text("variant_name")?, block.int("desired_instance_count")?))).collect()
}

/// The variants that an update gives the number of instances with which the new configuration begins, since it is
/// another one than before.
fn begins<'p>(before: &Value, after: &Value, plan: &'p [PlannedObject]) -> Vec<(&'p str, i32)> {
    let excluded = |block: Fields<'_>| block.text("variant_property_type") == Some("DesiredInstanceCount");
    let keeps = Fields(after).flag("retain_all_variant_properties") == Some(true);
    if keeps && !Fields(after).blocks("exclude_retained_variant_properties").any(excluded) {
        return Vec::new();
    }
    let Some((old, new)) = configurations_of(before, after, plan) else { return Vec::new() };
    let count = |variant: Fields<'p>| Some((variant.text("variant_name")?, variant.int("initial_instance_count")?));
    let old: Vec<_> = Fields(old).blocks("production_variants").filter_map(count).collect();
    let new = Fields(new).blocks("production_variants").filter_map(count);
    new.filter(|(variant, count)| old.iter().any(|(name, before)| name == variant && before != count)).collect()
}

/// The configuration of an endpoint before and the one after, as far as the plan has them.
fn configurations_of<'p>(before: &Value, after: &Value, plan: &'p [PlannedObject]) -> Option<(&'p Value, &'p Value)> {
    configurations(before, plan.iter()).next().zip(configurations(after, plan.iter()).next())
}

/// The variants that have one instance type in the configuration before and another in the one after.
fn moves<'p>(before: &Value, after: &Value, plan: &'p [PlannedObject]) -> Vec<Move<'p>> {
    let Some((old, new)) = configurations_of(before, after, plan) else { return Vec::new() };
    let type_of = |variant: Fields<'p>| Some((variant.text("variant_name")?, variant.text("instance_type")?));
    let new: Vec<(&str, &str)> = Fields(new).blocks("production_variants").filter_map(type_of).collect();
    let old = Fields(old).blocks("production_variants").filter_map(type_of);
    old.filter_map(|(variant, from)| {
        let (_, to) = new.iter().find(|(name, to)| *name == variant && *to != from)?;
        Some(Move { variant, from, to })
    })
    .collect()
}

/// The variants of the configuration before that the one after does not have.
fn removed<'p>(before: &Value, after: &Value, plan: &'p [PlannedObject]) -> Vec<&'p str> {
    let Some((old, new)) = configurations_of(before, after, plan) else { return Vec::new() };
    let named = |configuration: &'p Value| Fields(configuration).blocks("production_variants");
    let new: Vec<Option<&str>> = named(new).map(|variant| variant.text("variant_name")).collect();
    // A name that is not known yet may be any.
    if new.is_empty() || new.contains(&None) {
        return Vec::new();
    }
    named(old).filter_map(|variant| variant.text("variant_name")).filter(|name| !new.contains(&Some(*name))).collect()
}

/// Says once that nobody may see what is scaled: nothing is then said of targets outside of the plan.
fn unseen(failure: &Failure, clients: &Clients) -> Option<Diagnostic> {
    tracing::debug!(reason = failure.explained(), "scalable targets were not read");
    if !failure.is_denied() || !clients.is_first(failure.operation()) {
        return None;
    }
    let detail = format!(
        "Whether autoscaling has a say in what this plan changes is known only of targets that are in it. {}",
        failure.explained()
    );
    Some(
        Diagnostic::warning("What is scaled cannot be seen", detail)
            .of_attribute(Path::attribute("endpoint_config_name")),
    )
}

/// The variants that targets of the plan scale, as the chosen side of each tells.
fn of_plan(plan: &[PlannedObject], side: impl Fn(&PlannedObject) -> Option<&Value>) -> BTreeSet<String> {
    let targets = plan.iter().filter(|object| *object.type_name == *"aws_appautoscaling_target").filter_map(side);
    let counted = targets.filter(|target| Fields(target).text("scalable_dimension") == Some(COUNT));
    counted.filter_map(|target| Fields(target).owned("resource_id")).collect()
}

/// What is scaled.
async fn live(resources: &[String], clients: &Clients, region: &str) -> Result<BTreeSet<String>, Failure> {
    let body = json!({"ServiceNamespace": "sagemaker", "ResourceIds": resources, "ScalableDimension": COUNT});
    let found = clients.scaling(region).listed_json("DescribeScalableTargets", body, "ScalableTargets").await?;
    let text = |target: &Json| target.get("ResourceId").and_then(Json::as_str).map(str::to_owned);
    Ok(found.iter().filter_map(text).collect())
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
