//! The copies of a component that Application Auto Scaling scales: how many there are is its say, as it is with the instances of
//! a variant.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use smform_provider::PlannedObject;
use smform_types::{Diagnostic, Path, Value};

use super::in_each;
use crate::clients::Clients;
use crate::failure::Failure;
use crate::fields::{Fields, with};

const BLOCK: &str = "runtime_config";
const COUNT: &str = "copy_count";
const DIMENSION: &str = "sagemaker:inference-component:DesiredCopyCount";

/// What the service tells of copies, which scaling changes.
const TOLD: [&str; 4] = [COUNT, "current_copy_count", "desired_copy_count", "placement_status"];

fn resource(name: &str) -> String {
    format!("inference-component/{name}")
}

/// How many copies a component asks for.
pub(super) fn count(component: &Value) -> Option<i32> {
    Fields(component).block(BLOCK)?.int(COUNT)
}

/// A planned component with the number of copies that autoscaling has come to, where it has one, and what is to be said of
/// that. Where the service does not tell what is scaled, the plan stays as it is.
pub(super) async fn kept(prior: &Value, planned: Value, clients: &Clients) -> (Value, Option<Diagnostic>) {
    let (Some(name), Some(now), Some(wanted)) = (Fields(prior).text("name"), count(prior), count(&planned)) else {
        return (planned, None);
    };
    if now == wanted {
        return (planned, None);
    }
    match is_scaled(name, clients, clients.region_of(prior)).await {
        Ok(true) => {
            let detail = format!(
                "Component \"{name}\" is a scalable target, and autoscaling has come to {now}. That stays; copy_count = \
                 {wanted} is what a new component begins with. For more or fewer copies, change min_capacity and max_capacity."
            );
            let warning = Diagnostic::warning("Autoscaling decides how many copies there are", detail);
            let planned = in_each(planned, &[BLOCK], &|block| with(block, COUNT, Value::number(i64::from(now))));
            (planned, Some(warning.of_attribute(Path::attribute(BLOCK).index(0).attr(COUNT))))
        }
        Ok(false) => (planned, None),
        Err(failure) => {
            tracing::debug!(reason = failure.explained(), "scalable targets were not read");
            (planned, None)
        }
    }
}

async fn is_scaled(name: &str, clients: &Clients, region: &str) -> Result<bool, Failure> {
    let resource = resource(name);
    let body = json!({"ServiceNamespace": "sagemaker", "ResourceIds": [&resource], "ScalableDimension": DIMENSION});
    let found = clients.scaling(region).listed_json("DescribeScalableTargets", body, "ScalableTargets").await?;
    Ok(found.iter().any(|target| target.get("ResourceId").and_then(Json::as_str) == Some(&resource)))
}

/// What was read, without what a target of the state has done to the copies: that is no change by somebody else.
pub(super) fn accounted(recorded: &Value, read: &Value, others: &[PlannedObject]) -> Value {
    let Some(name) = Fields(recorded).text("name").map(resource) else { return read.clone() };
    let targets = others.iter().filter(|object| *object.type_name == *"aws_appautoscaling_target");
    let scaled: BTreeSet<&str> = targets
        .filter_map(|target| target.before.as_ref())
        .filter(|target| Fields(target).text("scalable_dimension") == Some(DIMENSION))
        .filter_map(|target| Fields(target).text("resource_id"))
        .collect();
    let before = recorded.get(BLOCK).and_then(Value::as_slice).and_then(<[Value]>::first);
    let Some(before) = before.filter(|_| scaled.contains(name.as_str())) else { return read.clone() };
    in_each(read.clone(), &[BLOCK], &|block| {
        let told = TOLD.iter().filter_map(|name| Some((*name, before.get(name)?.clone())));
        told.fold(block, |block, (name, value)| with(block, name, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(copies: i64) -> Value {
        let block = Value::object([(COUNT, Value::number(copies))]);
        Value::object([("name", Value::string("c")), (BLOCK, Value::list(block.ty(), [block]))])
    }

    #[test]
    fn what_a_target_of_the_state_did_is_no_change_by_somebody_else() {
        let target = |resource: &str| PlannedObject {
            type_name: "aws_appautoscaling_target".into(),
            before: Some(Value::object([
                ("scalable_dimension", Value::string(DIMENSION)),
                ("resource_id", Value::string(resource)),
            ])),
            after: None,
        };
        let (recorded, read) = (component(1), component(3));
        assert_eq!(accounted(&recorded, &read, &[target("inference-component/c")]), recorded);
        assert_eq!(accounted(&recorded, &read, &[target("inference-component/d")]), read);
        assert_eq!(accounted(&recorded, &read, &[]), read);
    }
}
