//! The inference components of an endpoint that is replaced: the service deletes no endpoint that has some.

use smform_provider::PlannedObject;
use smform_types::{Diagnostic, Diagnostics, Path};

use super::super::is_replaced;
use crate::fields::Fields;

/// Refuses to replace an endpoint under its name beside components of the same plan that stay: its deletion would be refused,
/// again and again.
pub(super) fn check(object: &PlannedObject, plan: &[PlannedObject]) -> Diagnostics {
    let Some((before, after)) = object.before.as_ref().zip(object.after.as_ref()) else { return Diagnostics::new() };
    let Some(name) = Fields(before).text("name").filter(|_| is_replaced(before, after)) else {
        return Diagnostics::new();
    };
    let stays = |object: &&PlannedObject| {
        let Some((before, after)) = object.before.as_ref().zip(object.after.as_ref()) else { return false };
        *object.type_name == *"aws_sagemaker_inference_component"
            && Fields(before).text("endpoint_name") == Some(name)
            && !is_replaced(before, after)
    };
    let staying: Vec<&str> = plan
        .iter()
        .filter(stays)
        .filter_map(|component| component.before.as_ref())
        .filter_map(|component| Fields(component).text("name"))
        .collect();
    if staying.is_empty() {
        return Diagnostics::new();
    }
    let detail = format!(
        "SageMaker deletes no endpoint that has inference components, and these would stay: {}. Have them replaced with their \
         endpoint, by this in each of their blocks:\n\n  lifecycle {{\n    replace_triggered_by = \
         [aws_sagemaker_endpoint.NAME.arn]\n  }}\n\nOr replace them once, with -replace=ADDRESS of each.",
        staying.join(", ")
    );
    Diagnostic::error("The endpoint has inference components", detail).of_attribute(Path::attribute("name")).into()
}

#[cfg(test)]
mod tests {
    use smform_types::{Type, Value};

    use super::*;

    fn planned(type_name: &str, name: &str, arn: Value) -> PlannedObject {
        let object = |arn: Value| {
            Value::object([("name", Value::string(name)), ("endpoint_name", Value::string("e")), ("arn", arn)])
        };
        PlannedObject { type_name: type_name.into(), before: Some(object("old".into())), after: Some(object(arn)) }
    }

    #[test]
    fn components_go_with_their_endpoint_or_not_at_all() {
        let new = || Value::unknown(Type::String);
        let component = |arn: Value| planned("aws_sagemaker_inference_component", "c", arn);
        let count = |endpoint: Value, component: PlannedObject| {
            let endpoint = planned("aws_sagemaker_endpoint", "e", endpoint);
            check(&endpoint, &[endpoint.clone(), component]).into_iter().count()
        };
        assert_eq!(count(new(), component("old".into())), 1);
        assert_eq!(count(new(), component(new())), 0);
        assert_eq!(count("old".into(), component("old".into())), 0);
    }
}
