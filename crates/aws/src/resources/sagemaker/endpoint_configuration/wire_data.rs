//! Between the value of an `aws_sagemaker_endpoint_configuration` and the structures of the API: data capture,
//! asynchronous inference, and the whole as it is described.

use aws_sdk_sagemaker::operation::describe_endpoint_config::DescribeEndpointConfigOutput;
use aws_sdk_sagemaker::types::{
    AsyncInferenceClientConfig, AsyncInferenceConfig, AsyncInferenceNotificationConfig, AsyncInferenceOutputConfig,
    AsyncNotificationTopicTypes, CaptureContentTypeHeader, CaptureMode, CaptureOption, DataCaptureConfig,
    MetricsConfig,
};
use serde_json::Value as Json;
use smform_types::Value;
use smform_types::schema::Schema;

use super::wire::{describe_variant, some_texts};
use super::{cross_region, explainer};
use crate::fields::{Builder, Fields};
use crate::naming::prefix_value;

/// Data capture as it is sent.
pub(super) fn data_capture(fields: Fields<'_>) -> DataCaptureConfig {
    let options = fields.blocks("capture_options").map(|option| {
        CaptureOption::builder().set_capture_mode(option.text("capture_mode").map(CaptureMode::from)).build()
    });
    let header = fields.block("capture_content_type_header").and_then(|header| {
        let (csv, json) = (some_texts(header, "csv_content_types"), some_texts(header, "json_content_types"));
        (csv.is_some() || json.is_some()).then(|| {
            CaptureContentTypeHeader::builder().set_csv_content_types(csv).set_json_content_types(json).build()
        })
    });
    DataCaptureConfig::builder()
        .set_enable_capture(fields.flag("enable_capture"))
        .set_initial_sampling_percentage(fields.int("initial_sampling_percentage"))
        .set_destination_s3_uri(fields.owned("destination_s3_uri"))
        .set_kms_key_id(fields.owned("kms_key_id"))
        .set_capture_options(Some(options.collect()))
        .set_capture_content_type_header(header)
        .build()
}

/// Asynchronous inference as it is sent.
pub(super) fn asynchronous(fields: Fields<'_>) -> AsyncInferenceConfig {
    let client = fields.block("client_config").and_then(|client| {
        let most = client.count("max_concurrent_invocations_per_instance")?;
        Some(AsyncInferenceClientConfig::builder().max_concurrent_invocations_per_instance(most).build())
    });
    let output = fields.block("output_config").map(|output| {
        AsyncInferenceOutputConfig::builder()
            .set_s3_output_path(output.owned("s3_output_path"))
            .set_s3_failure_path(output.owned("s3_failure_path"))
            .set_kms_key_id(output.owned("kms_key_id"))
            .set_notification_config(output.block("notification_config").and_then(notification))
            .build()
    });
    AsyncInferenceConfig::builder().set_client_config(client).set_output_config(output).build()
}

/// Nothing for a block in which nothing is set.
fn notification(fields: Fields<'_>) -> Option<AsyncInferenceNotificationConfig> {
    let topics = some_texts(fields, "include_inference_response_in");
    let topics = topics.map(|topics| topics.iter().map(|topic| topic.as_str().into()).collect());
    let config = AsyncInferenceNotificationConfig::builder()
        .set_success_topic(fields.owned("success_topic"))
        .set_error_topic(fields.owned("error_topic"))
        .set_include_inference_response_in(topics)
        .build();
    (config != AsyncInferenceNotificationConfig::builder().build()).then_some(config)
}

/// Metrics as they are sent.
pub(super) fn metrics(fields: Fields<'_>) -> MetricsConfig {
    MetricsConfig::builder()
        .set_enable_enhanced_metrics(fields.flag("enable_enhanced_metrics"))
        .set_enable_detailed_observability(fields.flag("enable_detailed_observability"))
        .set_metric_publish_frequency_in_seconds(fields.count("metric_publish_frequency_in_seconds"))
        .build()
}

/// Whether metrics are as the service sets them for a configuration that says nothing of them.
fn is_usual(metrics: &MetricsConfig) -> bool {
    metrics.enable_enhanced_metrics() != Some(true)
        && metrics.enable_detailed_observability() != Some(false)
        && metrics.metric_publish_frequency_in_seconds().is_none_or(|seconds| seconds == 60)
}

/// A configuration as the service describes it, with what it says of traffic to other regions. `remembered` tells whether
/// metrics were configured.
pub(super) fn describe(
    schema: &Schema,
    config: &DescribeEndpointConfigOutput,
    traffic: Option<&Json>,
    remembered: &Value,
) -> Value {
    // What the service sets by itself is no part of a configuration that is known to say nothing of it.
    let unasked = Fields(remembered).text("name").is_some() && Fields(remembered).block("metrics_config").is_none();
    let metrics = config.metrics_config().filter(|metrics| !unasked || !is_usual(metrics));
    let network = config.vpc_config().filter(|vpc| !vpc.subnets().is_empty());

    let name = config.endpoint_config_name().unwrap_or_default();
    // Some imitations of the service send an empty structure instead of none.
    let capture = config.data_capture_config().filter(|capture| **capture != DataCaptureConfig::builder().build());
    let asynchronous = config.async_inference_config().filter(|config| config.output_config().is_some());
    Builder::new(&schema.block)
        .text("id", Some(name))
        .text("name", Some(name))
        .value("name_prefix", prefix_value(name))
        .text("arn", config.endpoint_config_arn())
        .text("execution_role_arn", config.execution_role_arn())
        .text("kms_key_arn", config.kms_key_id())
        .blocks("production_variants", config.production_variants(), describe_variant)
        .blocks("shadow_production_variants", config.shadow_production_variants(), describe_variant)
        .blocks("data_capture_config", capture, describe_capture)
        .blocks("async_inference_config", asynchronous, describe_async)
        .flag("enable_network_isolation", Some(config.enable_network_isolation() == Some(true)))
        .blocks("vpc_config", network, |block, vpc| {
            block.texts("subnets", vpc.subnets()).texts("security_group_ids", vpc.security_group_ids())
        })
        .blocks("explainer_config", config.explainer_config(), explainer::describe)
        .blocks("metrics_config", metrics, |block, metrics| {
            block
                .flag("enable_enhanced_metrics", metrics.enable_enhanced_metrics())
                .flag("enable_detailed_observability", metrics.enable_detailed_observability())
                .int("metric_publish_frequency_in_seconds", metrics.metric_publish_frequency_in_seconds())
        })
        .blocks("cross_region_traffic_config", traffic, cross_region::describe)
        .finish()
}

fn describe_capture<'b>(block: Builder<'b>, config: &DataCaptureConfig) -> Builder<'b> {
    block
        .flag("enable_capture", config.enable_capture())
        .int("initial_sampling_percentage", config.initial_sampling_percentage())
        .text("destination_s3_uri", config.destination_s3_uri())
        .text("kms_key_id", config.kms_key_id())
        .blocks("capture_options", config.capture_options(), |block, option| {
            block.text("capture_mode", option.capture_mode().map(CaptureMode::as_str))
        })
        .blocks("capture_content_type_header", config.capture_content_type_header(), |block, header| {
            block
                .texts("csv_content_types", header.csv_content_types())
                .texts("json_content_types", header.json_content_types())
        })
}

fn describe_async<'b>(block: Builder<'b>, config: &AsyncInferenceConfig) -> Builder<'b> {
    let client = config.client_config().filter(|client| client.max_concurrent_invocations_per_instance().is_some());
    block
        .blocks("client_config", client, |block, client| {
            block.int("max_concurrent_invocations_per_instance", client.max_concurrent_invocations_per_instance())
        })
        .blocks("output_config", config.output_config(), |block, output| {
            block
                .text("s3_output_path", output.s3_output_path())
                .text("s3_failure_path", output.s3_failure_path())
                .text("kms_key_id", output.kms_key_id())
                .blocks("notification_config", output.notification_config(), |block, notification| {
                    let topics = notification.include_inference_response_in();
                    let topics: Vec<String> =
                        topics.iter().map(AsyncNotificationTopicTypes::as_str).map(str::to_owned).collect();
                    block
                        .text("success_topic", notification.success_topic())
                        .text("error_topic", notification.error_topic())
                        .texts("include_inference_response_in", &topics)
                })
        })
}
