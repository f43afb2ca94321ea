//! Structure shapes of the operations that the sandbox answers, transcribed from the API's service model
//! (version 2017-07-24).

use super::scalars::*;
use super::{Shape, optional, optional_list, optional_map, required, required_list};

pub(crate) static ACCELERATOR_PARTITION_LAYOUT: Shape =
    Shape::Structure(&[optional_list("AcceleratorPartitionTypes", &ACCELERATOR_PARTITION_TYPE, 0, 32)]);

pub(crate) static ADDITIONAL_MODEL_DATA_SOURCE: Shape = Shape::Structure(&[
    required("ChannelName", &ADDITIONAL_MODEL_CHANNEL_NAME),
    required("S3DataSource", &S3_MODEL_DATA_SOURCE),
]);

pub(crate) static ALARM: Shape = Shape::Structure(&[optional("AlarmName", &ALARM_NAME)]);

pub(crate) static ASYNC_INFERENCE_CLIENT_CONFIG: Shape =
    Shape::Structure(&[optional("MaxConcurrentInvocationsPerInstance", &MAX_CONCURRENT_INVOCATIONS_PER_INSTANCE)]);

pub(crate) static ASYNC_INFERENCE_CONFIG: Shape = Shape::Structure(&[
    optional("ClientConfig", &ASYNC_INFERENCE_CLIENT_CONFIG),
    required("OutputConfig", &ASYNC_INFERENCE_OUTPUT_CONFIG),
]);

pub(crate) static ASYNC_INFERENCE_NOTIFICATION_CONFIG: Shape = Shape::Structure(&[
    optional("SuccessTopic", &SNS_TOPIC_ARN),
    optional("ErrorTopic", &SNS_TOPIC_ARN),
    optional_list("IncludeInferenceResponseIn", &ASYNC_NOTIFICATION_TOPIC_TYPES, 0, 2),
]);

pub(crate) static ASYNC_INFERENCE_OUTPUT_CONFIG: Shape = Shape::Structure(&[
    optional("KmsKeyId", &KMS_KEY_ID),
    optional("S3OutputPath", &DESTINATION_S3_URI),
    optional("NotificationConfig", &ASYNC_INFERENCE_NOTIFICATION_CONFIG),
    optional("S3FailurePath", &DESTINATION_S3_URI),
]);

pub(crate) static AUTO_ROLLBACK_CONFIG: Shape = Shape::Structure(&[optional_list("Alarms", &ALARM, 1, 10)]);

pub(crate) static BLUE_GREEN_UPDATE_POLICY: Shape = Shape::Structure(&[
    required("TrafficRoutingConfiguration", &TRAFFIC_ROUTING_CONFIG),
    optional("TerminationWaitInSeconds", &TERMINATION_WAIT_IN_SECONDS),
    optional("MaximumExecutionTimeoutInSeconds", &MAXIMUM_EXECUTION_TIMEOUT_IN_SECONDS),
]);

pub(crate) static CAPACITY_SIZE: Shape =
    Shape::Structure(&[required("Type", &CAPACITY_SIZE_TYPE), required("Value", &CAPACITY_SIZE_VALUE)]);

pub(crate) static CAPTURE_CONTENT_TYPE_HEADER: Shape = Shape::Structure(&[
    optional_list("CsvContentTypes", &CSV_CONTENT_TYPE, 1, 10),
    optional_list("JsonContentTypes", &JSON_CONTENT_TYPE, 1, 10),
]);

pub(crate) static CAPTURE_OPTION: Shape = Shape::Structure(&[required("CaptureMode", &CAPTURE_MODE)]);

pub(crate) static CLARIFY_EXPLAINER_CONFIG: Shape = Shape::Structure(&[
    optional("EnableExplanations", &CLARIFY_ENABLE_EXPLANATIONS),
    optional("InferenceConfig", &CLARIFY_INFERENCE_CONFIG),
    required("ShapConfig", &CLARIFY_SHAP_CONFIG),
]);

pub(crate) static CLARIFY_INFERENCE_CONFIG: Shape = Shape::Structure(&[
    optional("FeaturesAttribute", &CLARIFY_FEATURES_ATTRIBUTE),
    optional("ContentTemplate", &CLARIFY_CONTENT_TEMPLATE),
    optional("MaxRecordCount", &CLARIFY_MAX_RECORD_COUNT),
    optional("MaxPayloadInMB", &CLARIFY_MAX_PAYLOAD_IN_MB),
    optional("ProbabilityIndex", &CLARIFY_PROBABILITY_INDEX),
    optional("LabelIndex", &CLARIFY_LABEL_INDEX),
    optional("ProbabilityAttribute", &CLARIFY_PROBABILITY_ATTRIBUTE),
    optional("LabelAttribute", &CLARIFY_LABEL_ATTRIBUTE),
    optional_list("LabelHeaders", &CLARIFY_HEADER, 1, 16),
    optional_list("FeatureHeaders", &CLARIFY_HEADER, 1, 256),
    optional_list("FeatureTypes", &CLARIFY_FEATURE_TYPE, 1, 256),
]);

pub(crate) static CLARIFY_SHAP_BASELINE_CONFIG: Shape = Shape::Structure(&[
    optional("MimeType", &CLARIFY_MIME_TYPE),
    optional("ShapBaseline", &CLARIFY_SHAP_BASELINE),
    optional("ShapBaselineUri", &URL),
]);

pub(crate) static CLARIFY_SHAP_CONFIG: Shape = Shape::Structure(&[
    required("ShapBaselineConfig", &CLARIFY_SHAP_BASELINE_CONFIG),
    optional("NumberOfSamples", &CLARIFY_SHAP_NUMBER_OF_SAMPLES),
    optional("UseLogit", &CLARIFY_SHAP_USE_LOGIT),
    optional("Seed", &CLARIFY_SHAP_SEED),
    optional("TextConfig", &CLARIFY_TEXT_CONFIG),
]);

pub(crate) static CLARIFY_TEXT_CONFIG: Shape = Shape::Structure(&[
    required("Language", &CLARIFY_TEXT_LANGUAGE),
    required("Granularity", &CLARIFY_TEXT_GRANULARITY),
]);

pub(crate) static CONTAINER_DEFINITION: Shape = Shape::Structure(&[
    optional("ContainerHostname", &CONTAINER_HOSTNAME),
    optional("Image", &CONTAINER_IMAGE),
    optional("ImageConfig", &IMAGE_CONFIG),
    optional("Mode", &CONTAINER_MODE),
    optional("ModelDataUrl", &URL),
    optional("ModelDataSource", &MODEL_DATA_SOURCE),
    optional_list("AdditionalModelDataSources", &ADDITIONAL_MODEL_DATA_SOURCE, 0, 5),
    optional_map("Environment", &ENVIRONMENT_KEY, &ENVIRONMENT_VALUE, 100),
    optional("ModelPackageName", &VERSIONED_ARN_OR_NAME),
    optional("InferenceSpecificationName", &INFERENCE_SPECIFICATION_NAME),
    optional("MultiModelConfig", &MULTI_MODEL_CONFIG),
    optional("ContainerMetricsConfig", &CONTAINER_METRICS_CONFIG),
]);

pub(crate) static CONTAINER_METRICS_CONFIG: Shape =
    Shape::Structure(&[optional_list("MetricsEndpoints", &METRICS_ENDPOINT, 0, 1)]);

pub(crate) static CROSS_REGION_TRAFFIC_CONFIG: Shape = Shape::Structure(&[
    required("MaxInvocationsPerSecondPerInstance", &CROSS_REGION_MAX_INVOCATIONS_PER_SECOND_PER_INSTANCE),
    required("MaxCrossRegionPercentPerEndpoint", &CROSS_REGION_PERCENT_PER_ENDPOINT),
]);

pub(crate) static DATA_CAPTURE_CONFIG: Shape = Shape::Structure(&[
    optional("EnableCapture", &ENABLE_CAPTURE),
    required("InitialSamplingPercentage", &SAMPLING_PERCENTAGE),
    required("DestinationS3Uri", &DESTINATION_S3_URI),
    optional("KmsKeyId", &KMS_KEY_ID),
    required_list("CaptureOptions", &CAPTURE_OPTION, 1, 32),
    optional("CaptureContentTypeHeader", &CAPTURE_CONTENT_TYPE_HEADER),
]);

pub(crate) static DEPLOYMENT_CONFIG: Shape = Shape::Structure(&[
    optional("BlueGreenUpdatePolicy", &BLUE_GREEN_UPDATE_POLICY),
    optional("RollingUpdatePolicy", &ROLLING_UPDATE_POLICY),
    optional("AutoRollbackConfiguration", &AUTO_ROLLBACK_CONFIG),
]);

pub(crate) static DESIRED_WEIGHT_AND_CAPACITY: Shape = Shape::Structure(&[
    required("VariantName", &VARIANT_NAME),
    optional("DesiredWeight", &VARIANT_WEIGHT),
    optional("DesiredInstanceCount", &TASK_COUNT),
    optional("ServerlessUpdateConfig", &PRODUCTION_VARIANT_SERVERLESS_UPDATE_CONFIG),
]);

pub(crate) static EXPLAINER_CONFIG: Shape =
    Shape::Structure(&[optional("ClarifyExplainerConfig", &CLARIFY_EXPLAINER_CONFIG)]);

pub(crate) static IMAGE_CONFIG: Shape = Shape::Structure(&[
    required("RepositoryAccessMode", &REPOSITORY_ACCESS_MODE),
    optional("RepositoryAuthConfig", &REPOSITORY_AUTH_CONFIG),
]);

pub(crate) static INFERENCE_EXECUTION_CONFIG: Shape = Shape::Structure(&[required("Mode", &INFERENCE_EXECUTION_MODE)]);

pub(crate) static INFERENCE_HUB_ACCESS_CONFIG: Shape = Shape::Structure(&[required("HubContentArn", &HUB_CONTENT_ARN)]);

pub(crate) static INSTANCE_POOL: Shape = Shape::Structure(&[
    required("InstanceType", &PRODUCTION_VARIANT_INSTANCE_TYPE),
    optional("ModelNameOverride", &MODEL_NAME),
    required("Priority", &INSTANCE_POOL_PRIORITY),
]);

pub(crate) static METRICS_CONFIG: Shape = Shape::Structure(&[
    optional("EnableEnhancedMetrics", &ENABLE_ENHANCED_METRICS),
    optional("EnableDetailedObservability", &ENABLE_DETAILED_OBSERVABILITY),
    optional("MetricPublishFrequencyInSeconds", &METRIC_PUBLISH_FREQUENCY_IN_SECONDS),
]);

pub(crate) static METRICS_ENDPOINT: Shape = Shape::Structure(&[
    required("MetricsEndpointPath", &METRICS_ENDPOINT_PATH),
    optional("MetricPublishFrequencyInSeconds", &METRIC_PUBLISH_FREQUENCY_IN_SECONDS),
]);

pub(crate) static MODEL_ACCESS_CONFIG: Shape = Shape::Structure(&[required("AcceptEula", &ACCEPT_EULA)]);

pub(crate) static MODEL_DATA_SOURCE: Shape = Shape::Structure(&[optional("S3DataSource", &S3_MODEL_DATA_SOURCE)]);

pub(crate) static MULTI_MODEL_CONFIG: Shape = Shape::Structure(&[optional("ModelCacheSetting", &MODEL_CACHE_SETTING)]);

pub(crate) static PREFIX_AWARE_ROUTING_CONFIG: Shape = Shape::Structure(&[
    optional("PrefixLength", &PREFIX_AWARE_ROUTING_PREFIX_LENGTH),
    optional("ConcurrencyThreshold", &PREFIX_AWARE_ROUTING_CONCURRENCY_THRESHOLD),
]);

pub(crate) static PRODUCTION_VARIANT: Shape = Shape::Structure(&[
    required("VariantName", &VARIANT_NAME),
    optional("ModelName", &MODEL_NAME),
    optional("InitialInstanceCount", &INITIAL_TASK_COUNT),
    optional("InstanceType", &PRODUCTION_VARIANT_INSTANCE_TYPE),
    optional_list("InstancePools", &INSTANCE_POOL, 1, 5),
    optional("VariantInstanceProvisionTimeoutInSeconds", &VARIANT_INSTANCE_PROVISION_TIMEOUT_IN_SECONDS),
    optional("InitialVariantWeight", &VARIANT_WEIGHT),
    optional("AcceleratorType", &PRODUCTION_VARIANT_ACCELERATOR_TYPE),
    optional("CoreDumpConfig", &PRODUCTION_VARIANT_CORE_DUMP_CONFIG),
    optional("ServerlessConfig", &PRODUCTION_VARIANT_SERVERLESS_CONFIG),
    optional("VolumeSizeInGB", &PRODUCTION_VARIANT_VOLUME_SIZE_IN_GB),
    optional("ModelDataDownloadTimeoutInSeconds", &PRODUCTION_VARIANT_MODEL_DATA_DOWNLOAD_TIMEOUT_IN_SECONDS),
    optional(
        "ContainerStartupHealthCheckTimeoutInSeconds",
        &PRODUCTION_VARIANT_CONTAINER_STARTUP_HEALTH_CHECK_TIMEOUT_IN_SECONDS,
    ),
    optional("EnableSSMAccess", &PRODUCTION_VARIANT_SSM_ACCESS),
    optional("ManagedInstanceScaling", &PRODUCTION_VARIANT_MANAGED_INSTANCE_SCALING),
    optional("RoutingConfig", &PRODUCTION_VARIANT_ROUTING_CONFIG),
    optional("InferenceAmiVersion", &PRODUCTION_VARIANT_INFERENCE_AMI_VERSION),
    optional("CapacityReservationConfig", &PRODUCTION_VARIANT_CAPACITY_RESERVATION_CONFIG),
    optional_list("AcceleratorPartitionLayouts", &ACCELERATOR_PARTITION_LAYOUT, 1, 32),
]);

pub(crate) static PRODUCTION_VARIANT_CAPACITY_RESERVATION_CONFIG: Shape = Shape::Structure(&[
    optional("CapacityReservationPreference", &CAPACITY_RESERVATION_PREFERENCE),
    optional("MlReservationArn", &ML_RESERVATION_ARN),
]);

pub(crate) static PRODUCTION_VARIANT_CORE_DUMP_CONFIG: Shape =
    Shape::Structure(&[required("DestinationS3Uri", &DESTINATION_S3_URI), optional("KmsKeyId", &KMS_KEY_ID)]);

pub(crate) static PRODUCTION_VARIANT_MANAGED_INSTANCE_SCALING: Shape = Shape::Structure(&[
    optional("Status", &MANAGED_INSTANCE_SCALING_STATUS),
    optional("MinInstanceCount", &MANAGED_INSTANCE_SCALING_MIN_INSTANCE_COUNT),
    optional("MaxInstanceCount", &MANAGED_INSTANCE_SCALING_MAX_INSTANCE_COUNT),
    optional("ScaleInPolicy", &PRODUCTION_VARIANT_MANAGED_INSTANCE_SCALING_SCALE_IN_POLICY),
]);

pub(crate) static PRODUCTION_VARIANT_MANAGED_INSTANCE_SCALING_SCALE_IN_POLICY: Shape = Shape::Structure(&[
    required("Strategy", &MANAGED_INSTANCE_SCALING_SCALE_IN_STRATEGY),
    optional("MaximumStepSize", &MANAGED_INSTANCE_SCALING_MAXIMUM_STEP_SIZE),
    optional("CooldownInMinutes", &MANAGED_INSTANCE_SCALING_COOLDOWN_IN_MINUTES),
]);

pub(crate) static PRODUCTION_VARIANT_ROUTING_CONFIG: Shape = Shape::Structure(&[
    required("RoutingStrategy", &ROUTING_STRATEGY),
    optional("PrefixAwareRoutingConfig", &PREFIX_AWARE_ROUTING_CONFIG),
]);

pub(crate) static PRODUCTION_VARIANT_SERVERLESS_CONFIG: Shape = Shape::Structure(&[
    required("MemorySizeInMB", &SERVERLESS_MEMORY_SIZE_IN_MB),
    required("MaxConcurrency", &SERVERLESS_MAX_CONCURRENCY),
    optional("ProvisionedConcurrency", &SERVERLESS_PROVISIONED_CONCURRENCY),
]);

pub(crate) static PRODUCTION_VARIANT_SERVERLESS_UPDATE_CONFIG: Shape = Shape::Structure(&[
    optional("MaxConcurrency", &SERVERLESS_MAX_CONCURRENCY),
    optional("ProvisionedConcurrency", &SERVERLESS_PROVISIONED_CONCURRENCY),
]);

pub(crate) static REPOSITORY_AUTH_CONFIG: Shape =
    Shape::Structure(&[required("RepositoryCredentialsProviderArn", &REPOSITORY_CREDENTIALS_PROVIDER_ARN)]);

pub(crate) static ROLLING_UPDATE_POLICY: Shape = Shape::Structure(&[
    required("MaximumBatchSize", &CAPACITY_SIZE),
    required("WaitIntervalInSeconds", &WAIT_INTERVAL_IN_SECONDS),
    optional("MaximumExecutionTimeoutInSeconds", &MAXIMUM_EXECUTION_TIMEOUT_IN_SECONDS),
    optional("RollbackMaximumBatchSize", &CAPACITY_SIZE),
]);

pub(crate) static S3_MODEL_DATA_SOURCE: Shape = Shape::Structure(&[
    required("S3Uri", &S3_MODEL_URI),
    required("S3DataType", &S3_MODEL_DATA_TYPE),
    required("CompressionType", &MODEL_COMPRESSION_TYPE),
    optional("ModelAccessConfig", &MODEL_ACCESS_CONFIG),
    optional("HubAccessConfig", &INFERENCE_HUB_ACCESS_CONFIG),
    optional("ManifestS3Uri", &S3_MODEL_URI),
    optional("ETag", &STRING),
    optional("ManifestEtag", &STRING),
]);

pub(crate) static TAG: Shape = Shape::Structure(&[required("Key", &TAG_KEY), required("Value", &TAG_VALUE)]);

pub(crate) static TRAFFIC_ROUTING_CONFIG: Shape = Shape::Structure(&[
    required("Type", &TRAFFIC_ROUTING_CONFIG_TYPE),
    required("WaitIntervalInSeconds", &WAIT_INTERVAL_IN_SECONDS),
    optional("CanarySize", &CAPACITY_SIZE),
    optional("LinearStepSize", &CAPACITY_SIZE),
]);

pub(crate) static VARIANT_PROPERTY: Shape =
    Shape::Structure(&[required("VariantPropertyType", &VARIANT_PROPERTY_TYPE)]);

pub(crate) static VPC_CONFIG: Shape = Shape::Structure(&[
    required_list("SecurityGroupIds", &SECURITY_GROUP_ID, 1, 5),
    required_list("Subnets", &SUBNET_ID, 1, 16),
]);
