//! Between the value of an `aws_sagemaker_endpoint_configuration` and the structures of the API: variants. The rest is
//! in `wire_data`.

use aws_sdk_sagemaker::types::{
    AcceleratorPartitionLayout, CapacityReservationPreference, InstancePool, ManagedInstanceScalingScaleInStrategy,
    ManagedInstanceScalingStatus, PrefixAwareRoutingConfig, ProductionVariant, ProductionVariantAcceleratorType,
    ProductionVariantCapacityReservationConfig, ProductionVariantCoreDumpConfig, ProductionVariantInferenceAmiVersion,
    ProductionVariantInstanceType, ProductionVariantManagedInstanceScaling,
    ProductionVariantManagedInstanceScalingScaleInPolicy, ProductionVariantRoutingConfig,
    ProductionVariantServerlessConfig, RoutingStrategy,
};

use crate::fields::{Builder, Fields};

/// A variant as it is sent.
pub(super) fn variant(fields: Fields<'_>) -> ProductionVariant {
    let with_model = fields.text("model_name").is_some();
    ProductionVariant::builder()
        .set_variant_name(fields.owned("variant_name"))
        .set_model_name(fields.owned("model_name"))
        .set_instance_type(fields.text("instance_type").map(ProductionVariantInstanceType::from))
        .set_initial_instance_count(fields.count("initial_instance_count"))
        // Weight and SSM access belong to a model; a variant for inference components has neither.
        .set_initial_variant_weight(fields.float("initial_variant_weight").filter(|_| with_model))
        .set_enable_ssm_access(fields.flag("enable_ssm_access").filter(|_| with_model))
        .set_accelerator_type(fields.text("accelerator_type").map(ProductionVariantAcceleratorType::from))
        .set_volume_size_in_gb(fields.count("volume_size_in_gb"))
        .set_model_data_download_timeout_in_seconds(fields.count("model_data_download_timeout_in_seconds"))
        .set_container_startup_health_check_timeout_in_seconds(
            fields.count("container_startup_health_check_timeout_in_seconds"),
        )
        .set_inference_ami_version(fields.text("inference_ami_version").map(ProductionVariantInferenceAmiVersion::from))
        .set_core_dump_config(fields.block("core_dump_config").map(core_dump))
        .set_serverless_config(fields.block("serverless_config").map(serverless))
        .set_routing_config(fields.block("routing_config").map(routing))
        .set_managed_instance_scaling(fields.block("managed_instance_scaling").and_then(scaling))
        .set_capacity_reservation_config(fields.block("capacity_reservation_config").and_then(reservation))
        .set_variant_instance_provision_timeout_in_seconds(
            fields.count("variant_instance_provision_timeout_in_seconds"),
        )
        .set_instance_pools(some(fields.blocks("instance_pools").map(pool)))
        .set_accelerator_partition_layouts(some(fields.blocks("accelerator_partition_layouts").map(partitions)))
        .build()
}

/// The texts of a list or set, or nothing when there are none.
pub(super) fn some_texts(fields: Fields<'_>, name: &str) -> Option<Vec<String>> {
    let texts = fields.texts(name);
    (!texts.is_empty()).then_some(texts)
}

/// Nothing for none.
fn some<T>(items: impl Iterator<Item = T>) -> Option<Vec<T>> {
    let items: Vec<T> = items.collect();
    (!items.is_empty()).then_some(items)
}

fn pool(fields: Fields<'_>) -> InstancePool {
    InstancePool::builder()
        .set_instance_type(fields.text("instance_type").map(ProductionVariantInstanceType::from))
        .set_priority(fields.count("priority"))
        .set_model_name_override(fields.owned("model_name_override"))
        .build()
}

fn partitions(fields: Fields<'_>) -> AcceleratorPartitionLayout {
    AcceleratorPartitionLayout::builder()
        .set_accelerator_partition_types(Some(fields.texts("accelerator_partition_types")))
        .build()
}

fn core_dump(fields: Fields<'_>) -> ProductionVariantCoreDumpConfig {
    ProductionVariantCoreDumpConfig::builder()
        .set_destination_s3_uri(fields.owned("destination_s3_uri"))
        .set_kms_key_id(fields.owned("kms_key_id"))
        .build()
}

fn serverless(fields: Fields<'_>) -> ProductionVariantServerlessConfig {
    ProductionVariantServerlessConfig::builder()
        .set_max_concurrency(fields.count("max_concurrency"))
        .set_memory_size_in_mb(fields.count("memory_size_in_mb"))
        .set_provisioned_concurrency(fields.count("provisioned_concurrency"))
        .build()
}

fn routing(fields: Fields<'_>) -> ProductionVariantRoutingConfig {
    let prefix = fields.block("prefix_aware_routing_config").map(|prefix| {
        PrefixAwareRoutingConfig::builder()
            .set_prefix_length(prefix.count("prefix_length"))
            .set_concurrency_threshold(prefix.count("concurrency_threshold"))
            .build()
    });
    ProductionVariantRoutingConfig::builder()
        .set_routing_strategy(fields.text("routing_strategy").map(RoutingStrategy::from))
        .set_prefix_aware_routing_config(prefix)
        .build()
}

/// Nothing for a block in which nothing is set.
fn scaling(fields: Fields<'_>) -> Option<ProductionVariantManagedInstanceScaling> {
    let policy = fields.block("scale_in_policy").map(|policy| {
        ProductionVariantManagedInstanceScalingScaleInPolicy::builder()
            .set_strategy(policy.text("strategy").map(ManagedInstanceScalingScaleInStrategy::from))
            .set_cooldown_in_minutes(policy.count("cooldown_in_minutes"))
            .set_maximum_step_size(policy.count("maximum_step_size"))
            .build()
    });
    let scaling = ProductionVariantManagedInstanceScaling::builder()
        .set_status(fields.text("status").map(ManagedInstanceScalingStatus::from))
        .set_min_instance_count(fields.int("min_instance_count"))
        .set_max_instance_count(fields.count("max_instance_count"))
        .set_scale_in_policy(policy)
        .build();
    (scaling != ProductionVariantManagedInstanceScaling::builder().build()).then_some(scaling)
}

/// Nothing for a block in which nothing is set.
fn reservation(fields: Fields<'_>) -> Option<ProductionVariantCapacityReservationConfig> {
    let reservation = ProductionVariantCapacityReservationConfig::builder()
        .set_capacity_reservation_preference(
            fields.text("capacity_reservation_preference").map(CapacityReservationPreference::from),
        )
        .set_ml_reservation_arn(fields.owned("ml_reservation_arn"))
        .build();
    (reservation != ProductionVariantCapacityReservationConfig::builder().build()).then_some(reservation)
}

/// A variant as the service describes it.
pub(super) fn describe_variant<'b>(block: Builder<'b>, variant: &ProductionVariant) -> Builder<'b> {
    block
        .text("variant_name", variant.variant_name())
        .text("model_name", variant.model_name())
        .text("instance_type", variant.instance_type().map(ProductionVariantInstanceType::as_str))
        .int("initial_instance_count", variant.initial_instance_count())
        // A weight that is left out is 1.
        .float("initial_variant_weight", Some(variant.initial_variant_weight().unwrap_or(1.0)))
        .text("accelerator_type", variant.accelerator_type().map(ProductionVariantAcceleratorType::as_str))
        .int("volume_size_in_gb", variant.volume_size_in_gb())
        .int("model_data_download_timeout_in_seconds", variant.model_data_download_timeout_in_seconds())
        .int(
            "container_startup_health_check_timeout_in_seconds",
            variant.container_startup_health_check_timeout_in_seconds(),
        )
        .flag("enable_ssm_access", variant.enable_ssm_access())
        .int("variant_instance_provision_timeout_in_seconds", variant.variant_instance_provision_timeout_in_seconds())
        .blocks("instance_pools", variant.instance_pools(), |block, pool| {
            block
                .text("instance_type", pool.instance_type().map(ProductionVariantInstanceType::as_str))
                .int("priority", pool.priority())
                .text("model_name_override", pool.model_name_override())
        })
        .blocks("accelerator_partition_layouts", variant.accelerator_partition_layouts(), |block, layout| {
            block.texts("accelerator_partition_types", layout.accelerator_partition_types())
        })
        .text("inference_ami_version", variant.inference_ami_version().map(|version| version.as_str()))
        .blocks("core_dump_config", variant.core_dump_config(), |block, config| {
            block.text("destination_s3_uri", config.destination_s3_uri()).text("kms_key_id", config.kms_key_id())
        })
        .blocks("serverless_config", variant.serverless_config(), |block, config| {
            block
                .int("max_concurrency", config.max_concurrency())
                .int("memory_size_in_mb", config.memory_size_in_mb())
                .int("provisioned_concurrency", config.provisioned_concurrency())
        })
        .blocks("routing_config", variant.routing_config(), |block, config| {
            block.text("routing_strategy", config.routing_strategy().map(RoutingStrategy::as_str)).blocks(
                "prefix_aware_routing_config",
                config.prefix_aware_routing_config(),
                |block, prefix| {
                    block
                        .int("prefix_length", prefix.prefix_length())
                        .int("concurrency_threshold", prefix.concurrency_threshold())
                },
            )
        })
        .blocks("managed_instance_scaling", variant.managed_instance_scaling(), |block, scaling| {
            block
                .text("status", scaling.status().map(ManagedInstanceScalingStatus::as_str))
                .int("min_instance_count", scaling.min_instance_count())
                .int("max_instance_count", scaling.max_instance_count())
                .blocks("scale_in_policy", scaling.scale_in_policy(), |block, policy| {
                    block
                        .text("strategy", policy.strategy().map(ManagedInstanceScalingScaleInStrategy::as_str))
                        .int("cooldown_in_minutes", policy.cooldown_in_minutes())
                        .int("maximum_step_size", policy.maximum_step_size())
                })
        })
        .blocks("capacity_reservation_config", variant.capacity_reservation_config(), |block, reservation| {
            block
                .text(
                    "capacity_reservation_preference",
                    reservation.capacity_reservation_preference().map(CapacityReservationPreference::as_str),
                )
                .text("ml_reservation_arn", reservation.ml_reservation_arn())
        })
}
