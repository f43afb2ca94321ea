//! Application Auto Scaling: what may be scaled, and by what. Written for SageMaker first; other namespaces are passed
//! on as they are.

mod idle;
pub(crate) mod policy;
pub(crate) mod target;

use std::time::Duration;

use serde_json::{Value as Json, json};
use smform_types::schema::{Attribute, Constraint};
use smform_types::suggest::did_you_mean;
use smform_types::{Diagnostic, Diagnostics, Path, Type, Value};

use crate::failure::Failure;
use crate::fields::Fields;

/// How long the service may take to see a role, or a target that was just registered.
const PROPAGATION: Duration = Duration::from_secs(120);

/// The dimensions of SageMaker, and how the resources that they belong to are written.
const OF_SAGEMAKER: [(&str, &str); 3] = [
    ("sagemaker:variant:DesiredInstanceCount", "endpoint/ENDPOINT/variant/VARIANT"),
    ("sagemaker:variant:DesiredProvisionedConcurrency", "endpoint/ENDPOINT/variant/VARIANT"),
    ("sagemaker:inference-component:DesiredCopyCount", "inference-component/COMPONENT"),
];

/// The services that are scaled.
const NAMESPACES: [&str; 15] = [
    "appstream",
    "cassandra",
    "comprehend",
    "custom-resource",
    "dynamodb",
    "ec2",
    "ecs",
    "elasticache",
    "elasticmapreduce",
    "kafka",
    "lambda",
    "neptune",
    "rds",
    "sagemaker",
    "workspaces",
];

/// The three arguments that say what is scaled.
fn subject() -> [(&'static str, Attribute); 3] {
    let fixed = || Attribute::required(Type::String).forces_replacement().with(Constraint::Length(1, 1600));
    [
        ("service_namespace", fixed().describe("sagemaker, or another service.")),
        (
            "resource_id",
            fixed().describe("For SageMaker, endpoint/ENDPOINT/variant/VARIANT or inference-component/COMPONENT."),
        ),
        ("scalable_dimension", fixed().describe("For SageMaker, such as sagemaker:variant:DesiredInstanceCount.")),
    ]
}

/// What is scaled, as requests have it.
fn named(object: &Value) -> Json {
    let text = |name: &str| Fields(object).text(name).unwrap_or_default();
    json!({
        "ServiceNamespace": text("service_namespace"),
        "ResourceId": text("resource_id"),
        "ScalableDimension": text("scalable_dimension"),
    })
}

/// A request with more members; null ones are left out.
fn with_members<const N: usize>(mut request: Json, members: [(&str, Json); N]) -> Json {
    if let Some(request) = request.as_object_mut() {
        let given = members.into_iter().filter(|(_, value)| !value.is_null());
        request.extend(given.map(|(name, value)| (name.to_owned(), value)));
    }
    request
}

/// Whether a resource of SageMaker and its dimension fit, as far as they are known: the service says only that it finds
/// nothing.
fn check(config: &Value) -> Diagnostics {
    let fields = Fields(config);
    let mut found = Diagnostics::new();
    let (namespace, dimension) = (fields.text("service_namespace"), fields.text("scalable_dimension"));
    if let Some(namespace) = namespace.filter(|namespace| !NAMESPACES.contains(namespace)) {
        let of_sagemaker = dimension.is_some_and(|dimension| dimension.starts_with("sagemaker:"));
        let hint = did_you_mean(namespace, NAMESPACES);
        let detail = format!("Application Auto Scaling is not known to scale a service \"{namespace}\".{hint}");
        let summary = "Unknown service namespace";
        let message =
            if of_sagemaker { Diagnostic::error(summary, detail) } else { Diagnostic::warning(summary, detail) };
        return message.of_attribute(Path::attribute("service_namespace")).into();
    }
    if namespace != Some("sagemaker") {
        return found;
    }
    let Some(dimension) = dimension else { return found };
    let Some((_, form)) = OF_SAGEMAKER.iter().find(|(known, _)| *known == dimension) else {
        let known: Vec<&str> = OF_SAGEMAKER.iter().map(|(known, _)| *known).collect();
        let detail = format!("SageMaker has no dimension \"{dimension}\". It has {}.", known.join(", "));
        let at = Path::attribute("scalable_dimension");
        return Diagnostic::error("Unknown dimension", detail).of_attribute(at).into();
    };
    if let Some(resource) = fields.text("resource_id") {
        let (parts, wanted): (Vec<&str>, Vec<&str>) = (resource.split('/').collect(), form.split('/').collect());
        let fits = |(part, wanted): (&&str, &&str)| {
            if wanted.chars().all(|c| c.is_ascii_uppercase()) { !part.is_empty() } else { part == wanted }
        };
        if parts.len() != wanted.len() || !parts.iter().zip(&wanted).all(fits) {
            let detail = format!("With {dimension}, the resource is written {form}; it is \"{resource}\" here.");
            let at = Path::attribute("resource_id");
            found.push(Diagnostic::error("The resource does not fit its dimension", detail).of_attribute(at));
        }
    }
    found
}

/// What an import identifier begins with: the namespace, the resource, which has slashes itself, and the dimension.
fn identified(identifier: &str) -> Option<(&str, &str, &str)> {
    let (namespace, rest) = identifier.split_once('/')?;
    let (resource, dimension) = rest.rsplit_once('/')?;
    let whole = [namespace, resource, dimension].iter().all(|part| !part.is_empty());
    (whole && dimension.contains(':')).then_some((namespace, resource, dimension))
}

fn is_missing(failure: &Failure) -> bool {
    failure.code() == "ObjectNotFoundException"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_come_apart() {
        assert_eq!(
            identified("sagemaker/endpoint/e/variant/v/sagemaker:variant:DesiredInstanceCount"),
            Some(("sagemaker", "endpoint/e/variant/v", "sagemaker:variant:DesiredInstanceCount"))
        );
        for bad in ["", "sagemaker", "sagemaker/x", "a/b/c", "//a:b", "sagemaker//a:b"] {
            assert_eq!(identified(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_resource_fits_its_dimension() {
        let config = |resource: &str, dimension: &str| {
            Value::object([
                ("service_namespace", Value::string("sagemaker")),
                ("resource_id", Value::string(resource)),
                ("scalable_dimension", Value::string(dimension)),
            ])
        };
        let count = "sagemaker:variant:DesiredInstanceCount";
        assert!(check(&config("endpoint/e/variant/v", count)).is_empty());
        assert!(check(&config("inference-component/c", "sagemaker:inference-component:DesiredCopyCount")).is_empty());
        for (resource, dimension) in [
            ("endpoint/e", count),
            ("endpoint//variant/v", count),
            ("inference-component/c", count),
            ("endpoint/e/variant/v", "x"),
        ] {
            assert_eq!(check(&config(resource, dimension)).len(), 1, "{resource} {dimension}");
        }
        let of = |namespace: &str, dimension: &str| {
            let config = config("endpoint/e/variant/v", dimension);
            let found = check(&crate::fields::with(config, "service_namespace", Value::string(namespace)));
            found.iter().map(|found| (found.is_error(), found.detail.contains("\"sagemaker\""))).collect::<Vec<_>>()
        };
        assert_eq!(of("sagemker", count), [(true, true)]);
        assert_eq!(of("quantum", "quantum:fleet:DesiredCount"), [(false, false)]);
        assert_eq!(of("ecs", "ecs:service:DesiredCount"), []);
    }
}
