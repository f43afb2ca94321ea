//! What a serverless variant cannot serve: the models of the same plan are held against it. The service refuses the variant
//! when the model has been made already.

use smform_provider::PlannedObject;
use smform_types::{Diagnostic, Diagnostics, Path, Value};

use crate::fields::Fields;

/// Judges the serverless variants of a configuration by the models that are planned beside it.
pub(super) fn check(configuration: &Value, plan: &[PlannedObject]) -> Diagnostics {
    let mut found = Diagnostics::new();
    for (at, variant) in Fields(configuration).blocks("production_variants").enumerate() {
        if variant.block("serverless_config").is_none() {
            continue;
        }
        let Some(model) = model_of(variant, plan) else { continue };
        if let Some(obstacle) = obstacle(Fields(model)) {
            let detail = format!(
                "The model of this variant has {obstacle}, and a serverless variant cannot serve such a model. Leave that out \
                 of the model, or give the variant instance_type and initial_instance_count in place of serverless_config."
            );
            let error = Diagnostic::error("A serverless variant cannot serve the model", detail);
            found.push(error.of_attribute(Path::attribute("production_variants").index(at).attr("model_name")));
        }
    }
    found
}

/// The model that a variant serves, as it will be, where the plan has it. A name that is not known yet is that of the only
/// model whose name is not known.
pub(super) fn model_of<'p>(variant: Fields<'_>, plan: &'p [PlannedObject]) -> Option<&'p Value> {
    let models = plan.iter().filter(|object| *object.type_name == *"aws_sagemaker_model");
    let mut models = models.filter_map(|object| object.after.as_ref());
    match variant.text("model_name") {
        Some(name) => models.find(|model| Fields(model).text("name") == Some(name)),
        None if variant.is_unknown("model_name") => {
            let mut unnamed = models.filter(|model| Fields(model).is_unknown("name"));
            unnamed.next().filter(|_| unnamed.next().is_none())
        }
        None => None,
    }
}

/// What of a model a serverless variant cannot do with.
fn obstacle(model: Fields<'_>) -> Option<&'static str> {
    if model.block("vpc_config").is_some() {
        return Some("a vpc_config");
    }
    if model.flag("enable_network_isolation") == Some(true) {
        return Some("enable_network_isolation = true");
    }
    model.blocks("primary_container").chain(model.blocks("container")).find_map(|container| {
        let access = container.block("image_config").and_then(|image| image.text("repository_access_mode"));
        if access == Some("Vpc") {
            Some("an image in a private registry")
        } else if container.text("mode") == Some("MultiModel") {
            Some("mode = \"MultiModel\"")
        } else {
            container.block("model_data_source").map(|_| "a model_data_source")
        }
    })
}

#[cfg(test)]
mod tests {
    use smform_types::Type;

    use super::*;

    fn object(type_name: &str, after: Value) -> PlannedObject {
        PlannedObject { type_name: type_name.into(), before: None, after: Some(after) }
    }

    fn model(name: Value, isolated: bool) -> PlannedObject {
        let model = Value::object([("name", name), ("enable_network_isolation", Value::bool(isolated))]);
        object("aws_sagemaker_model", model)
    }

    fn serving(name: Value) -> Value {
        let memory = Value::object([("memory_size_in_mb", Value::number(1024))]);
        let serverless = Value::list(memory.ty(), [memory]);
        let variant = Value::object([("model_name", name), ("serverless_config", serverless)]);
        Value::object([("production_variants", Value::list(variant.ty(), [variant]))])
    }

    #[test]
    fn the_model_is_found_by_its_name_or_as_the_only_one_without() {
        let (named, unnamed) = (Value::string("m"), Value::unknown(Type::String));
        let count =
            |variant: &Value, plan: &[PlannedObject]| check(&serving(variant.clone()), plan).into_iter().count();
        assert_eq!(count(&named, &[model(named.clone(), true)]), 1);
        assert_eq!(count(&named, &[model(named.clone(), false)]), 0);
        assert_eq!(count(&named, &[model(Value::string("other"), true)]), 0);
        assert_eq!(count(&unnamed, &[model(unnamed.clone(), true)]), 1);
        assert_eq!(count(&unnamed, &[model(unnamed.clone(), true), model(unnamed.clone(), true)]), 0);
        assert_eq!(count(&unnamed, &[model(named, true)]), 0);
    }
}
