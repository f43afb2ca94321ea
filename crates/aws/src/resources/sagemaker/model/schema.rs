//! The schema of `aws_sagemaker_model`.

use smform_types::Type;
use smform_types::schema::{Attribute, Block, Constraint, NestedBlock, Schema};

use crate::constraints::{
    channel_name, function_arn, metric_frequency, metrics_path, model_package, model_uri, name, name_prefix, role_arn,
};
use crate::shared::{region, timeouts};
use crate::tags::{tags, tags_all};

pub(in super::super) fn schema() -> Schema {
    let execution = Block::new([("mode", required().with(Constraint::OneOf(&["Serial", "Direct"])))], []);
    let mut block = Block::new(
        [
            ("id", Attribute::computed(Type::String)),
            ("arn", Attribute::computed(Type::String)),
            (
                "name",
                Attribute::optional_computed(Type::String).forces_replacement().with(name()).describe(
                    "The name; made up if left out. With another name, a new model is made before the old one goes; \
                         under the same name, one that is in use cannot be replaced.",
                ),
            ),
            (
                "name_prefix",
                Attribute::optional_computed(Type::String).forces_replacement().with(name_prefix()).describe(
                    "What a made-up name begins with. A change then makes a new model before the old one goes.",
                ),
            ),
            (
                "execution_role_arn",
                required()
                    .with(role_arn())
                    .describe("The role with which SageMaker pulls images and reads model data."),
            ),
            ("enable_network_isolation", Attribute::optional(Type::Bool).forces_replacement()),
            ("region", region()),
            ("tags", tags()),
            ("tags_all", tags_all()),
        ],
        [
            ("primary_container", NestedBlock::at_most_one(container())),
            ("container", NestedBlock::list(container(), 0, 15)),
            ("inference_execution_config", NestedBlock::at_most_one(execution).or_computed().forces_replacement()),
            ("vpc_config", NestedBlock::at_most_one(vpc_config()).forces_replacement()),
            ("timeouts", timeouts()),
        ],
    );
    block.description = "What SageMaker runs: container images, model data, a role, and the network to reach them. It \
                         cannot be changed, only replaced.";
    Schema { version: 0, block }
}

fn required() -> Attribute {
    Attribute::required(Type::String).forces_replacement()
}

/// The network in which containers run.
pub(in super::super) fn vpc_config() -> Block {
    let ids = || Attribute::required(Type::set(Type::String)).forces_replacement();
    Block::new(
        [
            ("subnets", ids().with(Constraint::Items(1, 16))),
            ("security_group_ids", ids().with(Constraint::Items(1, 5))),
        ],
        [],
    )
}

fn container() -> Block {
    let text = || Attribute::optional(Type::String).forces_replacement();
    let registry_auth = Block::new([("repository_credentials_provider_arn", required().with(function_arn()))], []);
    let image_config = Block::new(
        [(
            "repository_access_mode",
            required()
                .with(Constraint::OneOf(&["Platform", "Vpc"]))
                .describe("Platform for Amazon ECR; Vpc for a private registry that the model's VPC reaches."),
        )],
        [("repository_auth_config", NestedBlock::at_most_one(registry_auth))],
    );
    let cache = Block::new([("model_cache_setting", text().with(Constraint::OneOf(&["Enabled", "Disabled"])))], []);
    let data_source = Block::new([], [("s3_data_source", NestedBlock::list(s3_data_source(), 1, 1))]);
    let additional = Block::new(
        [("channel_name", required().with(channel_name()))],
        [("s3_data_source", NestedBlock::list(s3_data_source(), 1, 1))],
    );
    let metrics = Block::new(
        [
            ("metrics_endpoint_path", required().with(Constraint::Length(1, 256)).with(metrics_path())),
            (
                "metric_publish_frequency_in_seconds",
                Attribute::optional(Type::Number).forces_replacement().default_value(60).with(metric_frequency()),
            ),
        ],
        [],
    );
    let metrics = Block::new([], [("metrics_endpoint", NestedBlock::at_most_one(metrics).forces_replacement())]);
    Block::new(
        [
            ("container_hostname", text().with(name())),
            ("environment", Attribute::optional(Type::map(Type::String)).forces_replacement()),
            ("image", text().describe("The image: host/repository:tag or host/repository@digest.")),
            ("inference_specification_name", text().with(name())),
            ("mode", text().default_value("SingleModel").with(Constraint::OneOf(&["SingleModel", "MultiModel"]))),
            ("model_data_url", text().with(model_uri())),
            ("model_package_name", text().with(model_package())),
        ],
        [
            ("image_config", NestedBlock::at_most_one(image_config)),
            ("model_data_source", NestedBlock::at_most_one(data_source).or_computed()),
            ("additional_model_data_source", NestedBlock::list(additional, 0, 5).or_computed()),
            ("multi_model_config", NestedBlock::at_most_one(cache).forces_replacement()),
            ("container_metrics_config", NestedBlock::at_most_one(metrics).forces_replacement()),
        ],
    )
}

fn s3_data_source() -> Block {
    let text = || Attribute::optional(Type::String).forces_replacement();
    let hub = Block::new([("hub_content_arn", required().with(Constraint::Length(1, 255)))], []);
    let access = Block::new([("accept_eula", Attribute::required(Type::Bool).forces_replacement())], []);
    Block::new(
        [
            ("s3_uri", required().with(model_uri())),
            ("s3_data_type", required().with(Constraint::OneOf(&["S3Prefix", "S3Object"]))),
            ("compression_type", required().with(Constraint::OneOf(&["None", "Gzip"]))),
            ("manifest_s3_uri", text().with(model_uri())),
            ("etag", text()),
            ("manifest_etag", text()),
        ],
        [
            ("model_access_config", NestedBlock::at_most_one(access).forces_replacement()),
            ("hub_access_config", NestedBlock::at_most_one(hub).forces_replacement()),
        ],
    )
}
