//! Models, configurations, endpoints and components that an argument names as text. One that neither the plan makes nor the
//! account has would be told by the service halfway through an apply, when all before it is made.

use aws_sdk_sagemaker::Client;
use smform_provider::{PlannedObject, Use, Whole};
use smform_types::suggest::did_you_mean;
use smform_types::{Diagnostic, Diagnostics, Path, Value};

use super::{endpoint, endpoint_configuration, inference_component, model};
use crate::clients::Clients;
use crate::failure::Failure;
use crate::fields::Fields;

/// What is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::resources) enum Kind {
    Model,
    Configuration,
    Endpoint,
    Component,
}

impl Kind {
    fn type_name(self) -> &'static str {
        match self {
            Kind::Model => "aws_sagemaker_model",
            Kind::Configuration => "aws_sagemaker_endpoint_configuration",
            Kind::Endpoint => "aws_sagemaker_endpoint",
            Kind::Component => "aws_sagemaker_inference_component",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Kind::Model => "model",
            Kind::Configuration => "endpoint configuration",
            Kind::Endpoint => "endpoint",
            Kind::Component => "inference component",
        }
    }

    /// Whether the account has one of the name.
    async fn exists(self, client: &Client, name: &str) -> Result<bool, Failure> {
        Ok(match self {
            Kind::Model => model::describe(client, name).await?.is_some(),
            Kind::Configuration => endpoint_configuration::describe(client, name).await?.is_some(),
            Kind::Endpoint => endpoint::describe(client, name).await?.is_some(),
            Kind::Component => inference_component::describe(client, name).await?.is_some(),
        })
    }
}

/// A name of an object in an argument.
#[derive(Clone, Debug)]
pub(in crate::resources) struct Reference {
    pub(in crate::resources) kind: Kind,
    /// The name, or where that is made up when the object is made, how it begins.
    pub(in crate::resources) name: String,
    pub(in crate::resources) is_known: bool,
    pub(in crate::resources) at: Path,
}

/// The names in some arguments of a block; of what is not known yet, those of which the beginning is.
pub(super) fn named(block: Fields<'_>, at: &Path, arguments: &[(&str, Kind)]) -> Vec<Reference> {
    let of = |(argument, kind): &(&str, Kind)| {
        let (name, is_known) = match (block.text(argument), block.prefix(argument)) {
            (Some(name), _) => (name, true),
            (None, prefix) => (prefix?, false),
        };
        Some(Reference { kind: *kind, name: name.to_owned(), is_known, at: at.attr(argument) })
    };
    arguments.iter().filter_map(of).collect()
}

/// The models and configurations among what an object names, as what it uses; `holds` says whether they cannot go as long as
/// it is there.
pub(in crate::resources) fn uses(object: &Value, references: Vec<Reference>, holds: bool) -> Vec<Use> {
    let region = Fields(object).owned("region").unwrap_or_default();
    let is_used = |one: &Reference| one.is_known && matches!(one.kind, Kind::Model | Kind::Configuration);
    let used = references.into_iter().filter(is_used).map(|Reference { kind, name, at, .. }| {
        let of = Whole { type_name: kind.type_name(), key: vec![region.clone(), name] };
        Use { at, of, holds }
    });
    used.collect()
}

/// Refuses what an object of a plan newly names and what there is not. What may not be read is not judged, nor is it right
/// before the object is made, when the plan beside it has only what it is judged by then.
pub(in crate::resources) async fn check(
    object: &PlannedObject,
    plan: &[PlannedObject],
    clients: &Clients,
    references: impl Fn(&Value) -> Vec<Reference>,
) -> Diagnostics {
    let mut found = Diagnostics::new();
    let Some(after) = &object.after else { return found };
    if !plan.iter().any(|other| other.type_name == object.type_name) {
        return found;
    }
    let had = object.before.as_ref().filter(|_| !object.is_new()).map(&references).unwrap_or_default();
    let region = clients.region_of(after);
    for reference in references(after) {
        let Reference { kind, name, at, is_known } = &reference;
        if had.iter().any(|had| had.kind == *kind && had.name == *name) {
            continue;
        }
        let of_kind = || {
            let of_kind = plan.iter().filter(|other| *other.type_name == *kind.type_name());
            of_kind.filter_map(|other| other.after.as_ref())
        };
        let planned = || of_kind().filter(|other| clients.region_of(other) == region);
        let is_one = |other: &Value| match is_known {
            true => may_be(other, *kind, name),
            false => Fields(other).prefix("name").is_none_or(|prefix| prefix == name),
        };
        if planned().any(is_one) {
            continue;
        }
        let elsewhere = of_kind().find(|other| match is_known {
            true => Fields(other).text("name") == Some(name),
            false => Fields(other).prefix("name") == Some(name),
        });
        if let (false, Some(elsewhere)) = (is_known, elsewhere) {
            found.push(of_another_region(*kind, clients.region_of(elsewhere), region).of_attribute(at.clone()));
        }
        if !is_known {
            continue;
        }
        match kind.exists(&clients.sagemaker(region), name).await {
            Ok(true) => {}
            Ok(false) if elsewhere.is_some() => {
                let other = elsewhere.map(|other| clients.region_of(other)).unwrap_or_default();
                found.push(of_another_region(*kind, other, region).of_attribute(at.clone()));
            }
            Ok(false) => {
                let names = planned().filter_map(|other| Fields(other).text("name"));
                let (words, type_name) = (kind.words(), kind.type_name());
                let detail = format!(
                    "There is none in {}, and this plan makes none of that name.{} Check the name. To name one that the \
                     configuration makes, write {type_name}.LABEL.name, so that it is made before.",
                    clients.place(region),
                    did_you_mean(name, names)
                );
                found.push(Diagnostic::error(format!("No {words} \"{name}\""), detail).of_attribute(at.clone()));
            }
            Err(failure) => tracing::debug!(reason = failure.explained(), "what is named was not read"),
        }
    }
    found
}

/// The error of a name that stands for an object of another region.
fn of_another_region(kind: Kind, there: &str, here: &str) -> Diagnostic {
    let words = kind.words();
    let detail = format!(
        "The {words} is made in {there}, and this is in {here}, where SageMaker looks for it. Give both the same region, or refer to \
         one of {here}."
    );
    Diagnostic::error(format!("The {words} is in another region"), detail)
}

/// Whether an object of a plan has a name, or could get it: one that is made up begins with its prefix.
fn may_be(object: &Value, kind: Kind, name: &str) -> bool {
    let fields = Fields(object);
    match fields.text("name") {
        // Endpoints are not told apart by the case of letters.
        Some(other) if kind == Kind::Endpoint => other.eq_ignore_ascii_case(name),
        Some(other) => other == name,
        None => fields.text("name_prefix").is_none_or(|prefix| name.starts_with(prefix)),
    }
}

#[cfg(test)]
mod tests {
    use smform_types::Type;

    use super::*;

    #[test]
    fn a_name_that_is_made_up_may_be_any_with_its_prefix() {
        let object = |name: Value, prefix: Value| Value::object([("name", name), ("name_prefix", prefix)]);
        let (none, unknown) = (|| Value::null(Type::String), || Value::unknown(Type::String));
        let named = object(Value::string("Mine"), none());
        assert!(may_be(&named, Kind::Model, "Mine") && !may_be(&named, Kind::Model, "mine"));
        assert!(may_be(&named, Kind::Endpoint, "mine"));
        let prefixed = object(unknown(), Value::string("vpc-"));
        assert!(may_be(&prefixed, Kind::Model, "vpc-1") && !may_be(&prefixed, Kind::Model, "mine"));
        assert!(may_be(&object(unknown(), none()), Kind::Model, "mine"));
    }
}
