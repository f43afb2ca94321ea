//! Between the value of an `aws_sagemaker_model` and the structures of the API.

use aws_sdk_sagemaker::operation::describe_model::DescribeModelOutput;
use aws_sdk_sagemaker::types::{
    AdditionalModelDataSource, ContainerDefinition, ContainerMetricsConfig, ContainerMode, ImageConfig,
    InferenceExecutionConfig, InferenceExecutionMode, InferenceHubAccessConfig, MetricsEndpoint, ModelAccessConfig,
    ModelCacheSetting, ModelCompressionType, ModelDataSource, MultiModelConfig, RepositoryAccessMode,
    RepositoryAuthConfig, S3ModelDataSource, S3ModelDataType, VpcConfig,
};
use smform_types::schema::Schema;
use smform_types::{Type, Value};

use crate::fields::{Builder, Fields, text_map};
use crate::naming::prefix_value;

/// A container as it is sent.
pub(super) fn container(fields: Fields<'_>) -> ContainerDefinition {
    let environment = fields.map("environment");
    let additional: Vec<_> = fields.blocks("additional_model_data_source").map(additional).collect();
    ContainerDefinition::builder()
        .set_container_hostname(fields.owned("container_hostname"))
        .set_image(fields.owned("image"))
        .set_image_config(fields.block("image_config").map(image_config))
        .mode(fields.text("mode").map_or(ContainerMode::SingleModel, ContainerMode::from))
        .set_model_data_url(fields.owned("model_data_url"))
        .set_model_data_source(fields.block("model_data_source").and_then(data_source))
        .set_additional_model_data_sources((!additional.is_empty()).then_some(additional))
        .set_environment((!environment.is_empty()).then_some(environment))
        .set_model_package_name(fields.owned("model_package_name"))
        .set_inference_specification_name(fields.owned("inference_specification_name"))
        .set_multi_model_config(fields.block("multi_model_config").and_then(multi_model))
        .set_container_metrics_config(fields.block("container_metrics_config").and_then(metrics))
        .build()
}

fn image_config(fields: Fields<'_>) -> ImageConfig {
    let auth =
        fields.block("repository_auth_config").and_then(|auth| auth.owned("repository_credentials_provider_arn"));
    ImageConfig::builder()
        .set_repository_access_mode(fields.text("repository_access_mode").map(RepositoryAccessMode::from))
        .set_repository_auth_config(
            auth.map(|arn| RepositoryAuthConfig::builder().repository_credentials_provider_arn(arn).build()),
        )
        .build()
}

fn multi_model(fields: Fields<'_>) -> Option<MultiModelConfig> {
    let setting = fields.text("model_cache_setting").map(ModelCacheSetting::from)?;
    Some(MultiModelConfig::builder().model_cache_setting(setting).build())
}

fn metrics(fields: Fields<'_>) -> Option<ContainerMetricsConfig> {
    let endpoint = fields.block("metrics_endpoint")?;
    let endpoint = MetricsEndpoint::builder()
        .set_metrics_endpoint_path(endpoint.owned("metrics_endpoint_path"))
        .set_metric_publish_frequency_in_seconds(endpoint.count("metric_publish_frequency_in_seconds"))
        .build();
    Some(ContainerMetricsConfig::builder().metrics_endpoints(endpoint).build())
}

fn data_source(fields: Fields<'_>) -> Option<ModelDataSource> {
    Some(ModelDataSource::builder().s3_data_source(s3(fields.block("s3_data_source")?)).build())
}

fn additional(fields: Fields<'_>) -> AdditionalModelDataSource {
    AdditionalModelDataSource::builder()
        .set_channel_name(fields.owned("channel_name"))
        .set_s3_data_source(fields.block("s3_data_source").map(s3))
        .build()
}

fn s3(fields: Fields<'_>) -> S3ModelDataSource {
    let access = fields.block("model_access_config").and_then(|access| access.flag("accept_eula"));
    let hub = fields.block("hub_access_config").and_then(|hub| hub.owned("hub_content_arn"));
    S3ModelDataSource::builder()
        .set_s3_uri(fields.owned("s3_uri"))
        .set_s3_data_type(fields.text("s3_data_type").map(S3ModelDataType::from))
        .set_compression_type(fields.text("compression_type").map(ModelCompressionType::from))
        .set_model_access_config(access.map(|accept| ModelAccessConfig::builder().accept_eula(accept).build()))
        .set_hub_access_config(hub.map(|arn| InferenceHubAccessConfig::builder().hub_content_arn(arn).build()))
        .set_manifest_s3_uri(fields.owned("manifest_s3_uri"))
        .set_e_tag(fields.owned("etag"))
        .set_manifest_etag(fields.owned("manifest_etag"))
        .build()
}

/// The network of the model, if it has one.
pub(in super::super) fn vpc_config(fields: Fields<'_>) -> Option<VpcConfig> {
    let block = fields.block("vpc_config")?;
    Some(
        VpcConfig::builder()
            .set_subnets(Some(block.texts("subnets")))
            .set_security_group_ids(Some(block.texts("security_group_ids")))
            .build(),
    )
}

/// How several containers work together, if that is said.
pub(super) fn execution_config(fields: Fields<'_>) -> Option<InferenceExecutionConfig> {
    let mode = fields.block("inference_execution_config")?.text("mode").map(InferenceExecutionMode::from)?;
    Some(InferenceExecutionConfig::builder().mode(mode).build())
}

/// A model as the service describes it. `remembered` tells whether a single container is the primary one.
pub(in super::super) fn describe(schema: &Schema, model: &DescribeModelOutput, remembered: &Value) -> Value {
    let listed = Fields(remembered).blocks("container").count() > 0;
    let mut containers: Vec<&ContainerDefinition> = model.containers().iter().collect();
    let mut primary: Vec<&ContainerDefinition> = model.primary_container().into_iter().filter(|c| says(c)).collect();
    // The service may give a single container back in either form.
    if listed && containers.is_empty() {
        containers = std::mem::take(&mut primary);
    } else if !listed && primary.is_empty() && containers.len() == 1 && !remembered.get("id").is_none_or(Value::is_null)
    {
        primary = std::mem::take(&mut containers);
    }
    let name = model.model_name().unwrap_or_default();
    let network = model.vpc_config().filter(|vpc| !vpc.subnets().is_empty());
    Builder::new(&schema.block)
        .text("id", Some(name))
        .text("name", Some(name))
        .value("name_prefix", prefix_value(name))
        .text("arn", model.model_arn())
        .text("execution_role_arn", model.execution_role_arn())
        .flag("enable_network_isolation", Some(model.enable_network_isolation() == Some(true)))
        .blocks("primary_container", primary, describe_container)
        .blocks("container", containers, describe_container)
        .blocks("inference_execution_config", model.inference_execution_config(), |block, config| {
            block.text("mode", config.mode().map(InferenceExecutionMode::as_str))
        })
        .blocks("vpc_config", network, |block, vpc| {
            block.texts("subnets", vpc.subnets()).texts("security_group_ids", vpc.security_group_ids())
        })
        .finish()
}

/// Whether a container says anything at all; some imitations of the service send an empty one instead of none.
fn says(container: &ContainerDefinition) -> bool {
    *container != ContainerDefinition::builder().build()
}

fn describe_container<'b>(block: Builder<'b>, container: &ContainerDefinition) -> Builder<'b> {
    let environment = container.environment().filter(|environment| !environment.is_empty());
    block
        .text("container_hostname", container.container_hostname())
        .value("environment", environment.map_or(Value::null(Type::map(Type::String)), text_map))
        .text("image", container.image())
        .text("inference_specification_name", container.inference_specification_name())
        .text("mode", Some(container.mode().map_or("SingleModel", ContainerMode::as_str)))
        .text("model_data_url", container.model_data_url())
        .text("model_package_name", container.model_package_name())
        .blocks("image_config", container.image_config(), |block, config| {
            block
                .text("repository_access_mode", config.repository_access_mode().map(RepositoryAccessMode::as_str))
                .blocks("repository_auth_config", config.repository_auth_config(), |block, auth| {
                    block.text("repository_credentials_provider_arn", auth.repository_credentials_provider_arn())
                })
        })
        .blocks("model_data_source", container.model_data_source(), |block, source| {
            block.blocks("s3_data_source", source.s3_data_source(), describe_s3)
        })
        .blocks("additional_model_data_source", container.additional_model_data_sources(), |block, source| {
            block.text("channel_name", source.channel_name()).blocks(
                "s3_data_source",
                source.s3_data_source(),
                describe_s3,
            )
        })
        .blocks("multi_model_config", container.multi_model_config(), |block, config| {
            block.text("model_cache_setting", config.model_cache_setting().map(ModelCacheSetting::as_str))
        })
        .blocks("container_metrics_config", container.container_metrics_config(), |block, config| {
            block.blocks("metrics_endpoint", config.metrics_endpoints(), |block, endpoint| {
                block
                    .text("metrics_endpoint_path", endpoint.metrics_endpoint_path())
                    .int("metric_publish_frequency_in_seconds", endpoint.metric_publish_frequency_in_seconds())
            })
        })
}

fn describe_s3<'b>(block: Builder<'b>, source: &S3ModelDataSource) -> Builder<'b> {
    block
        .text("s3_uri", source.s3_uri())
        .text("s3_data_type", source.s3_data_type().map(S3ModelDataType::as_str))
        .text("compression_type", source.compression_type().map(ModelCompressionType::as_str))
        .text("manifest_s3_uri", source.manifest_s3_uri())
        .text("etag", source.e_tag())
        .text("manifest_etag", source.manifest_etag())
        .blocks("model_access_config", source.model_access_config(), |block, access| {
            block.flag("accept_eula", access.accept_eula())
        })
        .blocks("hub_access_config", source.hub_access_config(), |block, hub| {
            block.text("hub_content_arn", hub.hub_content_arn())
        })
}
