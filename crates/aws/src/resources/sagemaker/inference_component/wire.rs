//! Between the value of an `aws_sagemaker_inference_component` and the structures of the API.

use aws_sdk_sagemaker::types::{
    Alarm, AutoRollbackConfig, AvailabilityZoneBalanceEnforcementMode, ContainerMetricsConfig,
    InferenceComponentAvailabilityZoneBalance, InferenceComponentCapacitySize, InferenceComponentCapacitySizeType,
    InferenceComponentComputeResourceRequirements, InferenceComponentContainerSpecification,
    InferenceComponentDataCacheConfig, InferenceComponentDeploymentConfig, InferenceComponentPlacementStrategy,
    InferenceComponentRollingUpdatePolicy, InferenceComponentRuntimeConfig, InferenceComponentRuntimeConfigSummary,
    InferenceComponentSchedulingConfig, InferenceComponentSpecification, InferenceComponentSpecificationSummary,
    InferenceComponentStartupParameters, MetricsEndpoint, ProductionVariantInstanceType,
};
use smform_types::{Type, Value};

use super::schema::placement;
use crate::fields::{Builder, Fields, text_map};

/// A specification as it is sent.
pub(super) fn specification(fields: Fields<'_>) -> InferenceComponentSpecification {
    let resources = fields.block("compute_resource_requirements").map(|block| {
        InferenceComponentComputeResourceRequirements::builder()
            .set_min_memory_required_in_mb(block.int("min_memory_required_in_mb"))
            .set_max_memory_required_in_mb(block.count("max_memory_required_in_mb"))
            .set_number_of_cpu_cores_required(block.float("number_of_cpu_cores_required"))
            .set_number_of_accelerator_devices_required(block.float("number_of_accelerator_devices_required"))
            .set_accelerator_partition_type(block.owned("accelerator_partition_type"))
            .build()
    });
    let startup = fields.block("startup_parameters").map(|block| {
        InferenceComponentStartupParameters::builder()
            .set_model_data_download_timeout_in_seconds(block.count("model_data_download_timeout_in_seconds"))
            .set_container_startup_health_check_timeout_in_seconds(
                block.count("container_startup_health_check_timeout_in_seconds"),
            )
            .build()
    });
    let cache = fields.block("data_cache_config").and_then(|block| block.flag("enable_caching"));
    InferenceComponentSpecification::builder()
        .set_model_name(fields.owned("model_name"))
        .set_instance_type(fields.text("instance_type").map(ProductionVariantInstanceType::from))
        .set_base_inference_component_name(fields.owned("base_inference_component_name"))
        .set_compute_resource_requirements(resources)
        .set_container(fields.block("container").map(container))
        .set_data_cache_config(cache.map(|on| InferenceComponentDataCacheConfig::builder().enable_caching(on).build()))
        .set_scheduling_config(fields.block("scheduling_config").map(scheduling))
        .set_startup_parameters(startup)
        .build()
}

fn container(fields: Fields<'_>) -> InferenceComponentContainerSpecification {
    let environment = fields.map("environment");
    let metrics = fields.block("container_metrics_config").and_then(|config| config.block("metrics_endpoint"));
    let metrics = metrics.map(|endpoint| {
        let endpoint = MetricsEndpoint::builder()
            .set_metrics_endpoint_path(endpoint.owned("metrics_endpoint_path"))
            .set_metric_publish_frequency_in_seconds(endpoint.count("metric_publish_frequency_in_seconds"))
            .build();
        ContainerMetricsConfig::builder().metrics_endpoints(endpoint).build()
    });
    InferenceComponentContainerSpecification::builder()
        .set_image(fields.owned("image"))
        .set_artifact_url(fields.owned("artifact_url"))
        .set_environment((!environment.is_empty()).then_some(environment))
        .set_container_metrics_config(metrics)
        .build()
}

fn scheduling(fields: Fields<'_>) -> InferenceComponentSchedulingConfig {
    let balance = fields.block("availability_zone_balance").map(|balance| {
        InferenceComponentAvailabilityZoneBalance::builder()
            .set_enforcement_mode(balance.text("enforcement_mode").map(AvailabilityZoneBalanceEnforcementMode::from))
            .set_max_imbalance(balance.int("max_imbalance"))
            .build()
    });
    InferenceComponentSchedulingConfig::builder()
        .set_placement_strategy(fields.text("placement_strategy").map(InferenceComponentPlacementStrategy::from))
        .set_availability_zone_balance(balance)
        .build()
}

/// How many copies there shall be, if that is said.
pub(super) fn runtime(component: Fields<'_>) -> Option<InferenceComponentRuntimeConfig> {
    let count = component.block("runtime_config")?.int("copy_count")?;
    Some(InferenceComponentRuntimeConfig::builder().copy_count(count).build())
}

/// The policy of updates as it is sent.
pub(super) fn deployment(component: Fields<'_>) -> Option<InferenceComponentDeploymentConfig> {
    let config = component.block("deployment_config")?;
    let size = |size: Fields<'_>| {
        InferenceComponentCapacitySize::builder()
            .set_type(size.text("type").map(InferenceComponentCapacitySizeType::from))
            .set_value(size.int("value"))
            .build()
    };
    let rolling = config.block("rolling_update_policy").map(|policy| {
        InferenceComponentRollingUpdatePolicy::builder()
            .set_maximum_batch_size(policy.block("maximum_batch_size").map(size))
            .set_rollback_maximum_batch_size(policy.block("rollback_maximum_batch_size").map(size))
            .set_wait_interval_in_seconds(policy.int("wait_interval_in_seconds"))
            .set_maximum_execution_timeout_in_seconds(policy.count("maximum_execution_timeout_in_seconds"))
            .build()
    });
    let rollback = config.block("auto_rollback_configuration").map(|rollback| {
        let alarms = rollback.blocks("alarms");
        let alarms = alarms.map(|alarm| Alarm::builder().set_alarm_name(alarm.owned("alarm_name")).build());
        AutoRollbackConfig::builder().set_alarms(Some(alarms.collect())).build()
    });
    let call = InferenceComponentDeploymentConfig::builder();
    Some(call.set_rolling_update_policy(rolling).set_auto_rollback_configuration(rollback).build())
}

/// How many copies run, and where.
pub(super) fn describe_runtime<'b>(block: Builder<'b>, told: &InferenceComponentRuntimeConfigSummary) -> Builder<'b> {
    let placed = told.placement_status().iter().map(|placed| {
        let ty = placed.instance_type().map(ProductionVariantInstanceType::as_str);
        let copies = placed.current_copy_count().map(i64::from);
        Value::object([
            ("current_copy_count", copies.map_or(Value::null(Type::Number), Value::number)),
            ("instance_type", ty.map_or(Value::null(Type::String), Value::string)),
        ])
    });
    block
        .int("copy_count", told.desired_copy_count())
        .int("current_copy_count", told.current_copy_count())
        .int("desired_copy_count", told.desired_copy_count())
        .value("placement_status", Value::list(placement(), placed))
}

/// A specification as the service describes it.
pub(super) fn describe<'b>(block: Builder<'b>, told: &InferenceComponentSpecificationSummary) -> Builder<'b> {
    block
        .text("model_name", told.model_name())
        .text("instance_type", told.instance_type().map(ProductionVariantInstanceType::as_str))
        .text("base_inference_component_name", told.base_inference_component_name())
        .blocks("compute_resource_requirements", told.compute_resource_requirements(), |block, resources| {
            block
                .int("min_memory_required_in_mb", resources.min_memory_required_in_mb())
                .int("max_memory_required_in_mb", resources.max_memory_required_in_mb())
                .float("number_of_cpu_cores_required", resources.number_of_cpu_cores_required())
                .float("number_of_accelerator_devices_required", resources.number_of_accelerator_devices_required())
                .text("accelerator_partition_type", resources.accelerator_partition_type())
        })
        .blocks("container", told.container(), |block, container| {
            let environment = container.environment().filter(|environment| !environment.is_empty());
            block
                .text("image", container.deployed_image().and_then(|image| image.specified_image()))
                .text("resolved_image", container.deployed_image().and_then(|image| image.resolved_image()))
                .text("artifact_url", container.artifact_url())
                .value("environment", environment.map_or(Value::null(Type::map(Type::String)), text_map))
                .blocks("container_metrics_config", container.container_metrics_config(), |block, config| {
                    block.blocks("metrics_endpoint", config.metrics_endpoints(), |block, endpoint| {
                        block
                            .text("metrics_endpoint_path", endpoint.metrics_endpoint_path())
                            .int("metric_publish_frequency_in_seconds", endpoint.metric_publish_frequency_in_seconds())
                    })
                })
        })
        .blocks("data_cache_config", told.data_cache_config(), |block, cache| {
            block.flag("enable_caching", cache.enable_caching())
        })
        .blocks("scheduling_config", told.scheduling_config(), |block, scheduling| {
            block
                .text(
                    "placement_strategy",
                    scheduling.placement_strategy().map(InferenceComponentPlacementStrategy::as_str),
                )
                .blocks("availability_zone_balance", scheduling.availability_zone_balance(), |block, balance| {
                    block
                        .text(
                            "enforcement_mode",
                            balance.enforcement_mode().map(AvailabilityZoneBalanceEnforcementMode::as_str),
                        )
                        .int("max_imbalance", balance.max_imbalance())
                })
        })
        .blocks("startup_parameters", told.startup_parameters(), |block, startup| {
            block.int("model_data_download_timeout_in_seconds", startup.model_data_download_timeout_in_seconds()).int(
                "container_startup_health_check_timeout_in_seconds",
                startup.container_startup_health_check_timeout_in_seconds(),
            )
        })
}
