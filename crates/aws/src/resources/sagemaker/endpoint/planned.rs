//! The configurations of the endpoints of a plan.

use smform_provider::PlannedObject;
use smform_types::Value;

use crate::fields::Fields;

/// The configurations that an endpoint may have, as far as they are in the plan. A name that is not known yet is that of
/// a configuration of the same plan, which may be one of several.
pub(in crate::resources) fn configurations<'p>(
    endpoint: &Value,
    plan: impl Iterator<Item = &'p PlannedObject>,
) -> impl Iterator<Item = &'p Value> {
    let wanted = Fields(endpoint).owned("endpoint_config_name");
    let configurations = plan.filter(|object| *object.type_name == *"aws_sagemaker_endpoint_configuration");
    let versions = configurations.flat_map(|object| object.before.iter().chain(&object.after));
    versions.filter(move |version| match &wanted {
        Some(name) => Fields(version).text("name") == Some(name),
        None => Fields(version).is_unknown("name"),
    })
}
