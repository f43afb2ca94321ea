//! The schema of `aws_sagemaker_endpoint`.

use smform_types::Type;
use smform_types::schema::{Attribute, Block, Constraint, NestedBlock, Schema};

use super::capacity::BLOCK;
use crate::constraints::{alarm_name, at_least, between, name};
use crate::shared::{region, timeouts};
use crate::tags::{tags, tags_all};

pub(super) fn schema() -> Schema {
    let properties = Constraint::OneOf(&["DesiredInstanceCount", "DesiredWeight", "DataCaptureConfig"]);
    let excluded = Block::new([("variant_property_type", Attribute::required(Type::String).with(properties))], []);
    let mut block = Block::new(
        [
            ("id", Attribute::computed(Type::String)),
            ("arn", Attribute::computed(Type::String)),
            (
                "name",
                Attribute::optional_computed(Type::String)
                    .forces_replacement()
                    .with(name())
                    .describe("The name by which clients invoke the endpoint; made up if left out."),
            ),
            (
                "endpoint_config_name",
                Attribute::required(Type::String)
                    .with(name())
                    .describe("What the endpoint serves. A change moves it over without interruption."),
            ),
            (
                "retain_all_variant_properties",
                Attribute::optional(Type::Bool).describe(
                    "Whether an update keeps the counts and weights that autoscaling or operators gave the variants. If \
                     left out, they are kept, except where the new configuration itself changes them. Where it changes \
                     only some variants, and others have been scaled, these stay and those are set when the update has \
                     ended.",
                ),
            ),
            (
                "retain_deployment_config",
                Attribute::optional(Type::Bool)
                    .describe("Whether an update without deployment_config uses that of the last one."),
            ),
            ("region", region()),
            ("tags", tags()),
            ("tags_all", tags_all()),
        ],
        [
            ("deployment_config", NestedBlock::at_most_one(deployment())),
            (BLOCK, NestedBlock::list(wish(), 0, 0)),
            ("exclude_retained_variant_properties", NestedBlock::set(excluded, 0, 3)),
            ("timeouts", timeouts()),
        ],
    );
    block.description = "A real-time endpoint: instances that serve the models of an endpoint configuration.";
    Schema { version: 0, block }
}

/// Weights and counts of a variant, changed on the running endpoint. The AWS provider has no such block; its members are
/// named after those of UpdateEndpointWeightsAndCapacities.
fn wish() -> Block {
    let serverless = Block::new(
        [
            ("max_concurrency", Attribute::optional(Type::Number).with(between(1, 200))),
            ("provisioned_concurrency", Attribute::optional(Type::Number).with(between(1, 200))),
        ],
        [],
    );
    let mut block = Block::new(
        [
            ("variant_name", Attribute::required(Type::String).with(name())),
            ("desired_weight", Attribute::optional(Type::Number).with(at_least(0)).with(Constraint::Fraction)),
            ("desired_instance_count", Attribute::optional(Type::Number).with(at_least(0))),
        ],
        [("serverless_update_config", NestedBlock::at_most_one(serverless))],
    );
    block.description = "What a variant is to have on the running endpoint, whatever its configuration began with. A \
                         change is made in place. What is left out is left to the configuration, operators and \
                         autoscaling.";
    block
}

fn deployment() -> Block {
    let alarm = Block::new([("alarm_name", Attribute::required(Type::String).with(alarm_name()))], []);
    let rollback = Block::new([], [("alarms", NestedBlock::set(alarm, 0, 10))]);
    let interval = || Attribute::required(Type::Number).with(between(0, 3600));
    let longest = || Attribute::optional(Type::Number).with(between(600, 28800));
    let size = || {
        let kinds = Constraint::OneOf(&["INSTANCE_COUNT", "CAPACITY_PERCENT"]);
        Block::new(
            [
                ("type", Attribute::required(Type::String).with(kinds)),
                ("value", Attribute::required(Type::Number).with(at_least(1))),
            ],
            [],
        )
    };
    let routing = Block::new(
        [
            ("type", Attribute::required(Type::String).with(Constraint::OneOf(&["ALL_AT_ONCE", "CANARY", "LINEAR"]))),
            ("wait_interval_in_seconds", interval()),
        ],
        [("canary_size", NestedBlock::at_most_one(size())), ("linear_step_size", NestedBlock::at_most_one(size()))],
    );
    let blue_green = Block::new(
        [
            ("termination_wait_in_seconds", Attribute::optional(Type::Number).default_value(0).with(between(0, 3600))),
            ("maximum_execution_timeout_in_seconds", longest()),
        ],
        [("traffic_routing_configuration", NestedBlock::exactly_one(routing))],
    );
    let rolling = Block::new(
        [("wait_interval_in_seconds", interval()), ("maximum_execution_timeout_in_seconds", longest())],
        [
            ("maximum_batch_size", NestedBlock::exactly_one(size())),
            ("rollback_maximum_batch_size", NestedBlock::at_most_one(size())),
        ],
    );
    Block::new(
        [],
        [
            ("auto_rollback_configuration", NestedBlock::at_most_one(rollback)),
            ("blue_green_update_policy", NestedBlock::at_most_one(blue_green)),
            ("rolling_update_policy", NestedBlock::at_most_one(rolling)),
        ],
    )
}
