//! Rules across the members of component requests, and with what exists. Texts are unverified.

use super::specifications;
use crate::clock::Moment;
use crate::services::Context;
use crate::services::sagemaker::body::{Object, integer, object, text};
use crate::services::sagemaker::errors::{is_given, not_found, refuse_if, validation};
use crate::services::sagemaker::state::{Endpoint, Settled};
use crate::services::sagemaker::{endpoint, model};
use crate::wire::ApiError;

/// The members of specifications that go together.
pub(super) fn check_specifications(input: &Object) -> Result<(), ApiError> {
    let (one, several) = (is_given(input, "Specification"), is_given(input, "Specifications"));
    refuse_if(one == several, || "Exactly one of Specification and Specifications must be specified.".into())?;
    for specification in specifications(input) {
        let model = is_given(specification, "ModelName");
        let container = object(specification, "Container");
        let base = is_given(specification, "BaseInferenceComponentName");
        refuse_if(model && container.is_some_and(|container| is_given(container, "Image")), || {
            "Only one of ModelName and Container.Image can be specified in Specification.".into()
        })?;
        refuse_if(base && model, || "ModelName cannot be specified together with BaseInferenceComponentName.".into())?;
        refuse_if(!base && !model && !container.is_some_and(|container| is_given(container, "Image")), || {
            "Specification must have ModelName, Container.Image or BaseInferenceComponentName.".into()
        })?;
        let requirements = object(specification, "ComputeResourceRequirements");
        refuse_if(!base && requirements.is_none(), || {
            "ComputeResourceRequirements must be specified unless BaseInferenceComponentName is.".into()
        })?;
        if let Some(requirements) = requirements {
            let (min, max) =
                (integer(requirements, "MinMemoryRequiredInMb"), integer(requirements, "MaxMemoryRequiredInMb"));
            refuse_if(max.is_some() && min > max, || {
                "MinMemoryRequiredInMb must not exceed MaxMemoryRequiredInMb.".into()
            })?;
        }
        refuse_if(several && !is_given(specification, "InstanceType"), || {
            "InstanceType must be specified in each of Specifications.".into()
        })?;
    }
    Ok(())
}

/// A new component needs a copy; later it may be scaled to none.
pub(super) fn check_copies_of_create(input: &Object) -> Result<(), ApiError> {
    refuse_if(super::copies(input, "RuntimeConfig") == Some(0), || {
        "CopyCount must be at least 1 when an inference component is created.".into()
    })
}

/// The endpoint and the variant that are to host a new component.
pub(super) fn host(context: &Context<'_>, input: &Object) -> Result<(String, String), ApiError> {
    let endpoint = endpoint::find(context, text(input, "EndpointName"))?;
    check_in_service(endpoint, context.now)?;
    let variants = endpoint.fleet.as_ref().map(|fleet| fleet.variants.as_slice()).unwrap_or_default();
    let wanted = text(input, "VariantName");
    let variant = match (wanted, variants) {
        ("", [only]) => Some(only),
        ("", several) => {
            let base = specifications(input)
                .filter_map(|s| context.region.sagemaker.components.get(text(s, "BaseInferenceComponentName")))
                .next();
            several.iter().find(|variant| base.is_some_and(|base| base.variant == variant.name))
        }
        (name, all) => all.iter().find(|variant| variant.name == name),
    };
    let Some(variant) = variant else {
        return Err(validation(match wanted {
            "" => "VariantName must be specified for an endpoint with several variants.".to_owned(),
            _ => format!("Could not find variant \"{wanted}\" on endpoint \"{}\".", endpoint.arn),
        }));
    };
    // That components and models of a variant exclude each other has been reported.
    refuse_if(!variant.models.is_empty(), || {
        format!("Inference components are not supported on variant \"{}\", which has a ModelName.", variant.name)
    })?;
    Ok((endpoint.name.clone(), variant.name.clone()))
}

/// Models and base components must exist; a base must serve on the same endpoint.
pub(super) fn check_references(
    context: &Context<'_>,
    input: &Object,
    endpoint: &str,
    own_name: &str,
) -> Result<(), ApiError> {
    let state = &context.region.sagemaker;
    for specification in specifications(input) {
        let model = text(specification, "ModelName");
        if !model.is_empty() && !state.models.contains_key(model) {
            return Err(not_found("model", &model::arn(context, model)));
        }
        let base = text(specification, "BaseInferenceComponentName");
        if base.is_empty() {
            continue;
        }
        let found = super::find(context, base)?;
        refuse_if(found.name == own_name || !found.endpoint.eq_ignore_ascii_case(endpoint), || {
            format!("The base inference component \"{base}\" must be another one of endpoint \"{endpoint}\".")
        })?;
        let serves = found.settled == Settled::InService && found.change.is_none();
        refuse_if(!serves, || {
            format!("The base inference component \"{base}\" is {}, not InService.", found.status())
        })?;
    }
    Ok(())
}

/// Components can change only while their endpoint is in service.
pub(super) fn check_in_service(endpoint: &Endpoint, now: Moment) -> Result<(), ApiError> {
    let status = endpoint.status(now);
    refuse_if(status != "InService", || format!("Endpoint \"{}\" is {status}, not InService.", endpoint.arn))
}
