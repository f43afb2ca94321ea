//! A component and the variant that is to host it, as both are planned. The service tells of a mismatch only when the
//! endpoint is in service.

use smform_provider::PlannedObject;
use smform_types::{Diagnostic, Diagnostics, Path, Value};

use super::super::endpoint::planned::configurations;
use crate::fields::Fields;

/// Judges a component by the variants of its endpoint's configuration, as far as the plan has them.
pub(super) fn check(component: &Value, plan: &[PlannedObject]) -> Diagnostics {
    let fields = Fields(component);
    let (Some(wanted), Some(endpoint)) = (fields.text("variant_name"), endpoint_of(fields, plan)) else {
        return Diagnostics::new();
    };
    let is_planned = |version: &&Value| plan.iter().any(|object| object.after.as_ref() == Some(version));
    let mut configurations = configurations(endpoint, plan.iter()).filter(is_planned);
    let (Some(configuration), None) = (configurations.next(), configurations.next()) else { return Diagnostics::new() };
    let variants: Vec<Fields<'_>> = Fields(configuration).blocks("production_variants").collect();
    let names: Vec<&str> = variants.iter().filter_map(|variant| variant.text("variant_name")).collect();
    if names.len() < variants.len() || variants.is_empty() {
        return Diagnostics::new();
    }
    let detail = match variants.iter().find(|variant| variant.text("variant_name") == Some(wanted)) {
        None => format!("The configuration of its endpoint has no variant \"{wanted}\", but {}.", names.join(", ")),
        Some(variant) if variant.is_given("model_name") => format!(
            "The variant \"{wanted}\" serves a model of its own, and such a variant hosts no components. Leave model_name out \
             of the variant, and give its configuration an execution_role_arn."
        ),
        Some(_) => return Diagnostics::new(),
    };
    let error = Diagnostic::error("The variant cannot host the inference component", detail);
    error.of_attribute(Path::attribute("variant_name")).into()
}

/// The endpoint of a component, as it will be, where the plan has it. A name that is not known yet is that of the only
/// endpoint whose name is not known.
fn endpoint_of<'p>(component: Fields<'_>, plan: &'p [PlannedObject]) -> Option<&'p Value> {
    let endpoints = plan.iter().filter(|object| *object.type_name == *"aws_sagemaker_endpoint");
    let mut endpoints = endpoints.filter_map(|object| object.after.as_ref());
    match component.text("endpoint_name") {
        Some(name) => endpoints.find(|endpoint| Fields(endpoint).text("name") == Some(name)),
        None if component.is_unknown("endpoint_name") => {
            let mut unnamed = endpoints.filter(|endpoint| Fields(endpoint).is_unknown("name"));
            unnamed.next().filter(|_| unnamed.next().is_none())
        }
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use smform_types::Type;

    use super::*;

    fn plan(model: Value) -> Vec<PlannedObject> {
        let variant = Value::object([("variant_name", Value::string("A")), ("model_name", model)]);
        let variants = Value::list(variant.ty(), [variant]);
        let named = |name: &str| ("name", Value::string(name));
        let object = |type_name: &str, after: Value| PlannedObject {
            type_name: type_name.into(),
            before: None,
            after: Some(after),
        };
        vec![
            object(
                "aws_sagemaker_endpoint_configuration",
                Value::object([named("c"), ("production_variants", variants)]),
            ),
            object("aws_sagemaker_endpoint", Value::object([named("e"), ("endpoint_config_name", Value::string("c"))])),
        ]
    }

    #[test]
    fn a_component_stands_on_a_variant_without_a_model() {
        let component = |variant: &str| {
            Value::object([("endpoint_name", Value::string("e")), ("variant_name", Value::string(variant))])
        };
        let details = |variant: &str, model: Value| -> Vec<String> {
            check(&component(variant), &plan(model)).into_iter().map(|error| error.detail).collect()
        };
        assert!(details("A", Value::null(Type::String)).is_empty());
        assert!(details("A", Value::string("m"))[0].contains("hosts no components"));
        assert!(details("Z", Value::null(Type::String))[0].contains("has no variant \"Z\""));
    }
}
