//! The schema of `aws_sagemaker_endpoint_configuration`.

use smform_types::Type;
use smform_types::schema::{Attribute, Block, Constraint, NestedBlock, Schema};

use super::super::model::schema::vpc_config;
use super::instance_types::INSTANCE_TYPES;
use super::{cross_region, explainer};
use crate::constraints::{
    arn_or_none, at_least, between, content_type, destination_uri, kms_key, metric_frequency, name, name_prefix,
    role_arn_or_none, topic_arn,
};
use crate::shared::{region, timeouts};
use crate::tags::{tags, tags_all};

fn text() -> Attribute {
    Attribute::optional(Type::String).forces_replacement()
}

fn required() -> Attribute {
    Attribute::required(Type::String).forces_replacement()
}

fn number() -> Attribute {
    Attribute::optional(Type::Number).forces_replacement()
}

fn flag() -> Attribute {
    Attribute::optional(Type::Bool).forces_replacement()
}

fn text_set() -> Attribute {
    Attribute::optional(Type::set(Type::String)).forces_replacement()
}

pub(super) fn schema() -> Schema {
    let identifier = || Attribute::optional_computed(Type::String).forces_replacement();
    let mut block = Block::new(
        [
            ("id", Attribute::computed(Type::String)),
            ("arn", Attribute::computed(Type::String)),
            (
                "name",
                identifier().with(name()).describe(
                    "The name; made up if left out. With another name, a new one is made before the old one goes; under the \
                     same name, one that is in use cannot be replaced.",
                ),
            ),
            (
                "name_prefix",
                identifier().with(name_prefix()).describe(
                    "What a made-up name begins with. A change then makes a new one before the old one goes.",
                ),
            ),
            ("execution_role_arn", text().with(role_arn_or_none())),
            ("kms_key_arn", text().with(arn_or_none())),
            ("enable_network_isolation", flag()),
            ("region", region()),
            ("tags", tags()),
            ("tags_all", tags_all()),
        ],
        [
            ("production_variants", NestedBlock::list(variant(), 1, 10).forces_replacement()),
            ("shadow_production_variants", NestedBlock::list(variant(), 0, 10).forces_replacement()),
            ("data_capture_config", NestedBlock::at_most_one(data_capture()).forces_replacement()),
            ("async_inference_config", NestedBlock::at_most_one(asynchronous()).forces_replacement()),
            ("vpc_config", NestedBlock::at_most_one(vpc_config()).forces_replacement()),
            ("explainer_config", NestedBlock::at_most_one(explainer::schema()).forces_replacement()),
            ("metrics_config", NestedBlock::at_most_one(metrics()).or_computed().forces_replacement()),
            (
                "cross_region_traffic_config",
                NestedBlock::at_most_one(cross_region::schema()).forces_replacement(),
            ),
            ("timeouts", timeouts()),
        ],
    );
    block.description = "Which models an endpoint serves, and on what instances. It cannot be changed, only replaced.";
    Schema { version: 0, block }
}

fn variant() -> Block {
    let core_dump = Block::new(
        [("destination_s3_uri", required().with(destination_uri())), ("kms_key_id", text().with(kms_key()))],
        [],
    );
    let serverless = Block::new(
        [
            ("max_concurrency", Attribute::required(Type::Number).forces_replacement().with(between(1, 200))),
            ("memory_size_in_mb", Attribute::required(Type::Number).forces_replacement().with(between(1024, 6144))),
            ("provisioned_concurrency", number().with(between(1, 200))),
        ],
        [],
    );
    let strategies = Constraint::KnownValues(&["LEAST_OUTSTANDING_REQUESTS", "RANDOM", "PREFIX_AWARE", "KV_AWARE"]);
    let prefix_aware = Block::new(
        [
            ("prefix_length", Attribute::required(Type::Number).forces_replacement().with(between(1024, 65536))),
            ("concurrency_threshold", Attribute::required(Type::Number).forces_replacement().with(between(1, 1024))),
        ],
        [],
    );
    let routing = Block::new(
        [("routing_strategy", required().with(strategies))],
        [("prefix_aware_routing_config", NestedBlock::at_most_one(prefix_aware).forces_replacement())],
    );
    let scale_in = Block::new(
        [
            ("strategy", required().with(Constraint::OneOf(&["IDLE_RELEASE", "CONSOLIDATION"]))),
            ("cooldown_in_minutes", number().with(between(5, 1440))),
            ("maximum_step_size", number().with(between(1, 100))),
        ],
        [],
    );
    let scaling = Block::new(
        [
            ("status", text().with(Constraint::OneOf(&["ENABLED", "DISABLED"]))),
            ("min_instance_count", number().with(at_least(0))),
            ("max_instance_count", number().with(at_least(1))),
        ],
        [("scale_in_policy", NestedBlock::at_most_one(scale_in).forces_replacement())],
    );
    let reservation = Block::new(
        [
            ("capacity_reservation_preference", text().with(Constraint::KnownValues(&["capacity-reservations-only"]))),
            ("ml_reservation_arn", text().with(arn_or_none())),
        ],
        [],
    );
    let pool = Block::new(
        [
            ("instance_type", required().with(Constraint::KnownValues(INSTANCE_TYPES))),
            ("priority", Attribute::required(Type::Number).forces_replacement().with(between(1, 5))),
            ("model_name_override", text().with(name())),
        ],
        [],
    );
    let partitions = Attribute::required(Type::list(Type::String)).forces_replacement().with(Constraint::Items(1, 32));
    let partitions = Block::new([("accelerator_partition_types", partitions)], []);
    Block::new(
        [
            ("variant_name", Attribute::optional_computed(Type::String).forces_replacement().with(name())),
            ("model_name", text()),
            (
                "instance_type",
                text()
                    .with(Constraint::Text("an instance type of SageMaker, such as ml.m5.large", |ty| {
                        ty.starts_with("ml.")
                    }))
                    .with(Constraint::KnownValues(INSTANCE_TYPES)),
            ),
            ("initial_instance_count", number().with(at_least(1))),
            ("initial_variant_weight", number().default_value(1).with(at_least(0)).with(Constraint::Fraction)),
            (
                "accelerator_type",
                text().deprecated("Amazon Elastic Inference has been retired; the service refuses it."),
            ),
            (
                "volume_size_in_gb",
                Attribute::optional_computed(Type::Number).forces_replacement().with(between(1, 512)),
            ),
            ("model_data_download_timeout_in_seconds", number().with(between(60, 3600))),
            ("container_startup_health_check_timeout_in_seconds", number().with(between(60, 3600))),
            ("variant_instance_provision_timeout_in_seconds", number().with(between(300, 3600))),
            ("enable_ssm_access", flag()),
            (
                "inference_ami_version",
                text().with(Constraint::KnownValues(&[
                    "al2-ami-sagemaker-inference-gpu-2",
                    "al2-ami-sagemaker-inference-gpu-2-1",
                    "al2-ami-sagemaker-inference-gpu-3-1",
                    "al2-ami-sagemaker-inference-neuron-2",
                    "al2023-ami-sagemaker-inference-gpu-4-1",
                ])),
            ),
        ],
        [
            ("core_dump_config", NestedBlock::at_most_one(core_dump)),
            ("serverless_config", NestedBlock::at_most_one(serverless)),
            ("routing_config", NestedBlock::list(routing, 0, 1)),
            ("managed_instance_scaling", NestedBlock::at_most_one(scaling)),
            ("capacity_reservation_config", NestedBlock::at_most_one(reservation)),
            ("instance_pools", NestedBlock::list(pool, 0, 5).forces_replacement()),
            ("accelerator_partition_layouts", NestedBlock::list(partitions, 0, 32).forces_replacement()),
        ],
    )
}

fn metrics() -> Block {
    let told = || Attribute::optional_computed(Type::Bool).forces_replacement();
    Block::new(
        [
            ("enable_enhanced_metrics", told()),
            ("enable_detailed_observability", told()),
            (
                "metric_publish_frequency_in_seconds",
                Attribute::optional_computed(Type::Number).forces_replacement().with(metric_frequency()),
            ),
        ],
        [],
    )
}

fn data_capture() -> Block {
    let option =
        Block::new([("capture_mode", required().with(Constraint::OneOf(&["Input", "Output", "InputAndOutput"])))], []);
    let types = || text_set().with(Constraint::Items(1, 10)).with(content_type());
    let header = Block::new([("csv_content_types", types()), ("json_content_types", types())], []);
    Block::new(
        [
            ("enable_capture", flag()),
            (
                "initial_sampling_percentage",
                Attribute::required(Type::Number).forces_replacement().with(between(0, 100)),
            ),
            ("destination_s3_uri", required().with(destination_uri())),
            ("kms_key_id", text().with(kms_key())),
        ],
        [
            ("capture_options", NestedBlock::list(option, 1, 32).forces_replacement()),
            ("capture_content_type_header", NestedBlock::at_most_one(header).forces_replacement()),
        ],
    )
}

fn asynchronous() -> Block {
    let topics = Constraint::OneOf(&["SUCCESS_NOTIFICATION_TOPIC", "ERROR_NOTIFICATION_TOPIC"]);
    let notification = Block::new(
        [
            ("success_topic", text().with(topic_arn())),
            ("error_topic", text().with(topic_arn())),
            ("include_inference_response_in", text_set().with(topics)),
        ],
        [],
    );
    let output = Block::new(
        [
            ("s3_output_path", required().with(destination_uri())),
            ("s3_failure_path", text().with(destination_uri())),
            ("kms_key_id", text().with(kms_key())),
        ],
        [("notification_config", NestedBlock::at_most_one(notification).forces_replacement())],
    );
    let client = Block::new([("max_concurrent_invocations_per_instance", number().with(between(1, 1000)))], []);
    Block::new(
        [],
        [
            ("client_config", NestedBlock::at_most_one(client).forces_replacement()),
            ("output_config", NestedBlock::exactly_one(output).forces_replacement()),
        ],
    )
}
