//! An endpoint whose update failed, and the rollback of that, too: it serves two configurations, of which the service names one.

use aws_sdk_sagemaker::operation::describe_endpoint::DescribeEndpointOutput;
use aws_sdk_sagemaker::types::EndpointStatus;
use smform_provider::PlannedObject;
use smform_types::{Diagnostic, Path};

use super::super::is_replaced;
use crate::fields::Fields;

/// Refuses to delete what may be the other configuration that an endpoint serves, as long as it does not move to a third one.
pub(super) fn check(
    object: &PlannedObject,
    live: &DescribeEndpointOutput,
    plan: &[PlannedObject],
) -> Option<Diagnostic> {
    let (before, after) = object.before.as_ref().zip(object.after.as_ref())?;
    let config = |value| Fields(value).text("endpoint_config_name");
    let stays = !is_replaced(before, after) && config(before) == config(after);
    if live.endpoint_status() != Some(&EndpointStatus::UpdateRollbackFailed) || !stays {
        return None;
    }
    let serves = |variant: &str| live.production_variants().iter().any(|live| live.variant_name() == Some(variant));
    let other =
        plan.iter().filter(|other| *other.type_name == *"aws_sagemaker_endpoint_configuration").find_map(|other| {
            let going = other
                .before
                .as_ref()
                .filter(|going| other.after.as_ref().is_none_or(|after| is_replaced(going, after)))?;
            let variants = Fields(going).blocks("production_variants");
            let is_like = variants.into_iter().any(|variant| variant.text("variant_name").is_some_and(serves));
            Fields(going).text("name").filter(|name| is_like && Some(*name) != config(before))
        })?;
    let name = Fields(after).text("name").unwrap_or_default();
    let detail = format!(
        "An update of endpoint \"{name}\" failed, and so did its rollback, so that it serves with instances of two configurations. \
         \"{other}\", which this plan deletes, may be one of them. Bring the endpoint out of that first, by an update to a \
         configuration with another name."
    );
    let error = Diagnostic::error(format!("Endpoint \"{name}\" may serve what is deleted"), detail);
    Some(error.of_attribute(Path::attribute("endpoint_config_name")))
}
