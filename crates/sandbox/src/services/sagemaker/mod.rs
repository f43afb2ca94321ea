//! SageMaker: models, endpoint configurations, endpoints, inference components and their tags.

mod autoscale;
mod component;
mod deployment;
mod describe;
mod endpoint;
mod endpoint_config;
mod errors;
mod fleet;
pub(crate) mod lifecycle;
mod listing;
mod model;
mod package;
mod quota;
mod rollback;
mod shapes;
pub(crate) mod state;
mod tags;
mod validate;
mod variants;
mod vpc;

use std::collections::BTreeSet;

use serde_json::Value;

pub(crate) use self::autoscale::{scale_component, scale_variant};
use self::body::{Object, text};
pub(crate) use self::fleet::{Fleet, Variant};
pub(crate) use self::rollback::roll_back;
pub(crate) use self::shapes::INSTANCE_TYPES;
use self::shapes::{Shape, components, operations as input, packages};
pub(crate) use super::body;
use crate::services::Context;
use crate::wire::ApiError;
use crate::world::Region;

/// An operation's result.
pub(crate) type Answer = Result<Value, ApiError>;

/// An operation: its input shape, whether it changes anything, and what it does.
pub(crate) struct Operation {
    pub name: &'static str,
    shape: &'static Shape,
    pub mutates: bool,
    run: fn(&mut Context<'_>, &Object) -> Answer,
}

const fn reads(name: &'static str, shape: &'static Shape, run: fn(&mut Context<'_>, &Object) -> Answer) -> Operation {
    Operation { name, shape, mutates: false, run }
}

const fn writes(name: &'static str, shape: &'static Shape, run: fn(&mut Context<'_>, &Object) -> Answer) -> Operation {
    Operation { name, shape, mutates: true, run }
}

/// Every operation.
pub(crate) static OPERATIONS: &[Operation] = &[
    writes("CreateModel", &input::CREATE_MODEL, model::create),
    reads("DescribeModel", &input::DESCRIBE_MODEL, model::describe),
    writes("DeleteModel", &input::DELETE_MODEL, model::delete),
    reads("ListModels", &input::LIST_MODELS, listing::models),
    writes("CreateModelPackageGroup", &packages::CREATE_GROUP, package::create_group),
    reads("DescribeModelPackageGroup", &packages::GROUP, package::describe_group),
    writes("DeleteModelPackageGroup", &packages::GROUP, package::delete_group),
    writes("CreateModelPackage", &packages::CREATE, package::create),
    reads("DescribeModelPackage", &packages::NAMED, package::describe),
    writes("UpdateModelPackage", &packages::UPDATE, package::update),
    writes("DeleteModelPackage", &packages::NAMED, package::delete),
    reads("ListModelPackages", &packages::LIST, package::list),
    writes("CreateEndpointConfig", &input::CREATE_ENDPOINT_CONFIG, endpoint_config::create),
    reads("DescribeEndpointConfig", &input::DESCRIBE_ENDPOINT_CONFIG, endpoint_config::describe),
    writes("DeleteEndpointConfig", &input::DELETE_ENDPOINT_CONFIG, endpoint_config::delete),
    reads("ListEndpointConfigs", &input::LIST_ENDPOINT_CONFIGS, listing::endpoint_configs),
    writes("CreateEndpoint", &input::CREATE_ENDPOINT, endpoint::create),
    reads("DescribeEndpoint", &input::DESCRIBE_ENDPOINT, describe::endpoint),
    writes("UpdateEndpoint", &input::UPDATE_ENDPOINT, endpoint::update),
    writes(
        "UpdateEndpointWeightsAndCapacities",
        &input::UPDATE_ENDPOINT_WEIGHTS_AND_CAPACITIES,
        endpoint::update_weights_and_capacities,
    ),
    writes("DeleteEndpoint", &input::DELETE_ENDPOINT, endpoint::delete),
    reads("ListEndpoints", &input::LIST_ENDPOINTS, listing::endpoints),
    writes("CreateInferenceComponent", &components::CREATE, component::create),
    reads("DescribeInferenceComponent", &components::NAMED, component::describe),
    writes("UpdateInferenceComponent", &components::UPDATE, component::update),
    writes(
        "UpdateInferenceComponentRuntimeConfig",
        &components::UPDATE_RUNTIME_CONFIG,
        component::update_runtime_config,
    ),
    writes("DeleteInferenceComponent", &components::NAMED, component::delete),
    reads("ListInferenceComponents", &components::LIST, component::list),
    writes("AddTags", &input::ADD_TAGS, tags::add),
    writes("DeleteTags", &input::DELETE_TAGS, tags::delete),
    reads("ListTags", &input::LIST_TAGS, tags::list),
];

/// The operation of that name.
pub(crate) fn operation(name: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.name == name)
}

impl Operation {
    /// Checks a request and carries it out.
    pub(crate) fn run(&self, context: &mut Context<'_>, input: &Object) -> Answer {
        validate::check(self.shape, input)?;
        (self.run)(context, input)
    }
}

/// The names and ARNs that identify what a request is about, the resource itself first.
pub(crate) fn names(operation: &str, input: &Object) -> Vec<String> {
    let order = if operation.contains("EndpointConfig") {
        ["EndpointConfigName", "EndpointName", "ModelName", "ResourceArn", "InferenceComponentName"]
    } else {
        ["InferenceComponentName", "EndpointName", "EndpointConfigName", "ModelName", "ResourceArn"]
    };
    let own = order.iter().map(|member| text(input, member));
    let models = endpoint_config::variants(input).flat_map(variants::models);
    let models = models.chain(component::specifications(input).map(|specification| text(specification, "ModelName")));
    own.chain(models).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// The container images that a request is about, directly or through its configuration and models.
pub(crate) fn images(region: &Region, input: &Object) -> Vec<String> {
    let state = &region.sagemaker;
    let mut images: BTreeSet<String> = model::images(input).map(str::to_owned).collect();
    images.extend(component::specifications(input).filter_map(component::image).map(str::to_owned));
    let config = match text(input, "EndpointConfigName") {
        "" if input.contains_key("InferenceComponentName") => "",
        "" => state.endpoint(text(input, "EndpointName")).map(|endpoint| endpoint.config.as_str()).unwrap_or_default(),
        given => given,
    };
    let configured = state.configs.get(config).into_iter().flat_map(|config| endpoint_config::variants(&config.body));
    let named = endpoint_config::variants(input)
        .chain(configured)
        .flat_map(variants::models)
        .chain(std::iter::once(text(input, "ModelName")))
        .chain(component::specifications(input).map(|specification| text(specification, "ModelName")));
    for model in named.filter_map(|name| state.models.get(name)) {
        images.extend(model::images(&model.body).map(str::to_owned));
    }
    images.into_iter().collect()
}
