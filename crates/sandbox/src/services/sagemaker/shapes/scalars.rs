//! Scalar shapes of the operations that the sandbox answers: lengths, ranges, patterns and enumerations, transcribed
//! from the API's service model (version 2017-07-24).

use super::instance_types::INSTANCE_TYPES;
use super::patterns::{is_alarm_name, is_metrics_endpoint_path, is_versioned_arn_or_name};
use super::{Shape, UNBOUNDED, checked, float, integer, one_of, pattern, text};

pub(crate) static ACCELERATOR_PARTITION_TYPE: Shape = pattern(0, 32, r"mig-[0-9]+g\.[0-9]+gb([+-][a-z0-9.]+)*");
pub(crate) static ACCEPT_EULA: Shape = Shape::Boolean;
pub(crate) static ADDITIONAL_MODEL_CHANNEL_NAME: Shape = pattern(1, 64, r"[A-Za-z0-9\.\-_]+");
pub(crate) static ALARM_NAME: Shape = checked(1, 255, r"(?!\s*$).+", is_alarm_name);
pub(crate) static ASYNC_NOTIFICATION_TOPIC_TYPES: Shape =
    one_of(&["SUCCESS_NOTIFICATION_TOPIC", "ERROR_NOTIFICATION_TOPIC"]);
pub(crate) static BOOLEAN: Shape = Shape::Boolean;
pub(crate) static CAPACITY_RESERVATION_PREFERENCE: Shape = one_of(&["capacity-reservations-only"]);
pub(crate) static CAPACITY_SIZE_TYPE: Shape = one_of(&["INSTANCE_COUNT", "CAPACITY_PERCENT"]);
pub(crate) static CAPACITY_SIZE_VALUE: Shape = integer(1, i32::MAX);
pub(crate) static CAPTURE_MODE: Shape = one_of(&["Input", "Output", "InputAndOutput"]);
pub(crate) static CLARIFY_CONTENT_TEMPLATE: Shape = pattern(1, 64, r".*");
pub(crate) static CLARIFY_ENABLE_EXPLANATIONS: Shape = pattern(1, 64, r".*");
pub(crate) static CLARIFY_FEATURE_TYPE: Shape = one_of(&["numerical", "categorical", "text"]);
pub(crate) static CLARIFY_FEATURES_ATTRIBUTE: Shape = pattern(1, 64, r".*");
pub(crate) static CLARIFY_HEADER: Shape = pattern(1, 64, r".*");
pub(crate) static CLARIFY_LABEL_ATTRIBUTE: Shape = pattern(1, 64, r".*");
pub(crate) static CLARIFY_LABEL_INDEX: Shape = integer(0, i32::MAX);
pub(crate) static CLARIFY_MAX_PAYLOAD_IN_MB: Shape = integer(1, 25);
pub(crate) static CLARIFY_MAX_RECORD_COUNT: Shape = integer(1, i32::MAX);
pub(crate) static CLARIFY_MIME_TYPE: Shape =
    pattern(0, 255, r"[a-zA-Z0-9](-*[a-zA-Z0-9])*\/[a-zA-Z0-9](-*[a-zA-Z0-9+.])*");
pub(crate) static CLARIFY_PROBABILITY_ATTRIBUTE: Shape = pattern(1, 64, r".*");
pub(crate) static CLARIFY_PROBABILITY_INDEX: Shape = integer(0, i32::MAX);
pub(crate) static CLARIFY_SHAP_BASELINE: Shape = pattern(1, 4096, r"[\s\S]+");
pub(crate) static CLARIFY_SHAP_NUMBER_OF_SAMPLES: Shape = integer(1, i32::MAX);
pub(crate) static CLARIFY_SHAP_SEED: Shape = integer(i32::MIN, i32::MAX);
pub(crate) static CLARIFY_SHAP_USE_LOGIT: Shape = Shape::Boolean;
pub(crate) static CLARIFY_TEXT_GRANULARITY: Shape = one_of(&["token", "sentence", "paragraph"]);
pub(crate) static CLARIFY_TEXT_LANGUAGE: Shape = one_of(&[
    "af", "sq", "ar", "hy", "eu", "bn", "bg", "ca", "zh", "hr", "cs", "da", "nl", "en", "et", "fi", "fr", "de", "el",
    "gu", "he", "hi", "hu", "is", "id", "ga", "it", "kn", "ky", "lv", "lt", "lb", "mk", "ml", "mr", "ne", "nb", "fa",
    "pl", "pt", "ro", "ru", "sa", "sr", "tn", "si", "sk", "sl", "es", "sv", "tl", "ta", "tt", "te", "tr", "uk", "ur",
    "yo", "lij", "xx",
]);
pub(crate) static CONTAINER_HOSTNAME: Shape = pattern(0, 63, r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}");
pub(crate) static CONTAINER_IMAGE: Shape = pattern(0, 255, r"[\S]+");
pub(crate) static CONTAINER_MODE: Shape = one_of(&["SingleModel", "MultiModel"]);
pub(crate) static CROSS_REGION_MAX_INVOCATIONS_PER_SECOND_PER_INSTANCE: Shape = integer(1, 10000);
pub(crate) static CROSS_REGION_PERCENT_PER_ENDPOINT: Shape = integer(1, 100);
pub(crate) static CSV_CONTENT_TYPE: Shape =
    pattern(1, 256, r"[a-zA-Z0-9](-*[a-zA-Z0-9])*\/[a-zA-Z0-9](-*[a-zA-Z0-9.])*");
pub(crate) static DESTINATION_S3_URI: Shape = pattern(0, 512, r"(https|s3)://([^/])/?(.*)");
pub(crate) static ENABLE_CAPTURE: Shape = Shape::Boolean;
pub(crate) static ENABLE_DETAILED_OBSERVABILITY: Shape = Shape::Boolean;
pub(crate) static ENABLE_ENHANCED_METRICS: Shape = Shape::Boolean;
pub(crate) static ENDPOINT_CONFIG_NAME: Shape = pattern(0, 63, r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}");
pub(crate) static ENDPOINT_CONFIG_NAME_CONTAINS: Shape = pattern(0, 63, r"[a-zA-Z0-9-]+");
pub(crate) static ENDPOINT_CONFIG_SORT_KEY: Shape = one_of(&["Name", "CreationTime"]);
pub(crate) static ENDPOINT_NAME: Shape = pattern(0, 63, r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}");
pub(crate) static ENDPOINT_NAME_CONTAINS: Shape = pattern(0, 63, r"[a-zA-Z0-9-]+");
pub(crate) static ENDPOINT_SORT_KEY: Shape = one_of(&["Name", "CreationTime", "Status"]);
pub(crate) static ENDPOINT_STATUS: Shape = one_of(&[
    "OutOfService",
    "Creating",
    "Updating",
    "SystemUpdating",
    "RollingBack",
    "InService",
    "Deleting",
    "Failed",
    "UpdateRollbackFailed",
]);
pub(crate) static ENVIRONMENT_KEY: Shape = pattern(0, 1024, r"[a-zA-Z_][a-zA-Z0-9_]*");
pub(crate) static ENVIRONMENT_VALUE: Shape = pattern(0, 1024, r"[\S\s]*");
pub(crate) static HUB_CONTENT_ARN: Shape = pattern(0, 255, r".*");
pub(crate) static INFERENCE_EXECUTION_MODE: Shape = one_of(&["Serial", "Direct"]);
pub(crate) static INFERENCE_SPECIFICATION_NAME: Shape = pattern(1, 63, r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}");
pub(crate) static INITIAL_TASK_COUNT: Shape = integer(1, i32::MAX);
pub(crate) static INSTANCE_POOL_PRIORITY: Shape = integer(1, 5);
pub(crate) static JSON_CONTENT_TYPE: Shape =
    pattern(1, 256, r"[a-zA-Z0-9](-*[a-zA-Z0-9])*\/[a-zA-Z0-9](-*[a-zA-Z0-9.])*");
pub(crate) static KMS_KEY_ID: Shape = pattern(0, 2048, r"[a-zA-Z0-9:/_-]*");
pub(crate) static LIST_TAGS_MAX_RESULTS: Shape = integer(50, i32::MAX);
pub(crate) static MANAGED_INSTANCE_SCALING_COOLDOWN_IN_MINUTES: Shape = integer(5, 1440);
pub(crate) static MANAGED_INSTANCE_SCALING_MAX_INSTANCE_COUNT: Shape = integer(1, i32::MAX);
pub(crate) static MANAGED_INSTANCE_SCALING_MAXIMUM_STEP_SIZE: Shape = integer(1, 100);
pub(crate) static MANAGED_INSTANCE_SCALING_MIN_INSTANCE_COUNT: Shape = integer(0, i32::MAX);
pub(crate) static MANAGED_INSTANCE_SCALING_SCALE_IN_STRATEGY: Shape = one_of(&["IDLE_RELEASE", "CONSOLIDATION"]);
pub(crate) static MANAGED_INSTANCE_SCALING_STATUS: Shape = one_of(&["ENABLED", "DISABLED"]);
pub(crate) static MAX_CONCURRENT_INVOCATIONS_PER_INSTANCE: Shape = integer(1, 1000);
pub(crate) static MAX_RESULTS: Shape = integer(1, 100);
pub(crate) static MAXIMUM_EXECUTION_TIMEOUT_IN_SECONDS: Shape = integer(600, 28800);
pub(crate) static METRIC_PUBLISH_FREQUENCY_IN_SECONDS: Shape = integer(i32::MIN, i32::MAX);
pub(crate) static METRICS_ENDPOINT_PATH: Shape =
    checked(0, 256, r"/(?!.*\.\.)[a-zA-Z0-9/_.\-]+", is_metrics_endpoint_path);
pub(crate) static ML_RESERVATION_ARN: Shape =
    pattern(20, 258, r"arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:[a-z0-9\-]{1,14}/.*");
pub(crate) static MODEL_CACHE_SETTING: Shape = one_of(&["Enabled", "Disabled"]);
pub(crate) static MODEL_COMPRESSION_TYPE: Shape = one_of(&["None", "Gzip"]);
pub(crate) static MODEL_NAME: Shape = pattern(0, 63, r"[a-zA-Z0-9]([\-a-zA-Z0-9]*[a-zA-Z0-9])?");
pub(crate) static MODEL_NAME_CONTAINS: Shape = pattern(0, 63, r"[a-zA-Z0-9-]+");
pub(crate) static MODEL_SORT_KEY: Shape = one_of(&["Name", "CreationTime"]);
pub(crate) static NEXT_TOKEN: Shape = pattern(0, 8192, r".*");
pub(crate) static ORDER_KEY: Shape = one_of(&["Ascending", "Descending"]);
pub(crate) static PAGINATION_TOKEN: Shape = pattern(0, 8192, r".*");
pub(crate) static PREFIX_AWARE_ROUTING_CONCURRENCY_THRESHOLD: Shape = integer(1, 1024);
pub(crate) static PREFIX_AWARE_ROUTING_PREFIX_LENGTH: Shape = integer(1024, 65536);
pub(crate) static PRODUCTION_VARIANT_ACCELERATOR_TYPE: Shape =
    one_of(&["ml.eia1.medium", "ml.eia1.large", "ml.eia1.xlarge", "ml.eia2.medium", "ml.eia2.large", "ml.eia2.xlarge"]);
pub(crate) static PRODUCTION_VARIANT_CONTAINER_STARTUP_HEALTH_CHECK_TIMEOUT_IN_SECONDS: Shape = integer(60, 3600);
pub(crate) static PRODUCTION_VARIANT_INFERENCE_AMI_VERSION: Shape = one_of(&[
    "al2-ami-sagemaker-inference-gpu-2",
    "al2-ami-sagemaker-inference-gpu-2-1",
    "al2-ami-sagemaker-inference-gpu-3-1",
    "al2-ami-sagemaker-inference-neuron-2",
    "al2023-ami-sagemaker-inference-gpu-4-1",
]);
pub(crate) static PRODUCTION_VARIANT_INSTANCE_TYPE: Shape = one_of(INSTANCE_TYPES);
pub(crate) static PRODUCTION_VARIANT_MODEL_DATA_DOWNLOAD_TIMEOUT_IN_SECONDS: Shape = integer(60, 3600);
pub(crate) static PRODUCTION_VARIANT_SSM_ACCESS: Shape = Shape::Boolean;
pub(crate) static PRODUCTION_VARIANT_VOLUME_SIZE_IN_GB: Shape = integer(1, 512);
pub(crate) static REPOSITORY_ACCESS_MODE: Shape = one_of(&["Platform", "Vpc"]);
pub(crate) static REPOSITORY_CREDENTIALS_PROVIDER_ARN: Shape = pattern(1, 2048, r".*");
pub(crate) static RESOURCE_ARN: Shape = pattern(0, 256, r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:[0-9]{12}:.+");
pub(crate) static ROLE_ARN: Shape = pattern(20, 2048, r"arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+");
pub(crate) static ROUTING_STRATEGY: Shape =
    one_of(&["LEAST_OUTSTANDING_REQUESTS", "RANDOM", "PREFIX_AWARE", "KV_AWARE"]);
pub(crate) static S3_MODEL_DATA_TYPE: Shape = one_of(&["S3Prefix", "S3Object"]);
pub(crate) static S3_MODEL_URI: Shape = pattern(0, 1024, r"(https|s3)://([^/]+)/?(.*)");
pub(crate) static SAMPLING_PERCENTAGE: Shape = integer(0, 100);
pub(crate) static SECURITY_GROUP_ID: Shape = pattern(0, 32, r"[-0-9a-zA-Z]+");
pub(crate) static SERVERLESS_MAX_CONCURRENCY: Shape = integer(1, 200);
pub(crate) static SERVERLESS_MEMORY_SIZE_IN_MB: Shape = integer(1024, 6144);
pub(crate) static SERVERLESS_PROVISIONED_CONCURRENCY: Shape = integer(1, 200);
pub(crate) static SNS_TOPIC_ARN: Shape = pattern(0, 2048, r"arn:aws[a-z\-]*:sns:[a-z0-9\-]*:[0-9]{12}:[a-zA-Z0-9_.-]+");
pub(crate) static STRING: Shape = text(0, UNBOUNDED);
pub(crate) static SUBNET_ID: Shape = pattern(0, 32, r"[-0-9a-zA-Z]+");
pub(crate) static TAG_KEY: Shape = pattern(1, 128, r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)");
pub(crate) static TAG_VALUE: Shape = pattern(0, 256, r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)");
pub(crate) static TASK_COUNT: Shape = integer(0, i32::MAX);
pub(crate) static TERMINATION_WAIT_IN_SECONDS: Shape = integer(0, 3600);
pub(crate) static TIMESTAMP: Shape = Shape::Timestamp;
pub(crate) static TRAFFIC_ROUTING_CONFIG_TYPE: Shape = one_of(&["ALL_AT_ONCE", "CANARY", "LINEAR"]);
pub(crate) static URL: Shape = pattern(0, 1024, r"(https|s3)://([^/]+)/?(.*)");
pub(crate) static VARIANT_INSTANCE_PROVISION_TIMEOUT_IN_SECONDS: Shape = integer(300, 3600);
pub(crate) static VARIANT_NAME: Shape = pattern(0, 63, r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}");
pub(crate) static VARIANT_PROPERTY_TYPE: Shape =
    one_of(&["DesiredInstanceCount", "DesiredWeight", "DataCaptureConfig"]);
pub(crate) static VARIANT_WEIGHT: Shape = float(0.0);
pub(crate) static VERSIONED_ARN_OR_NAME: Shape = checked(
    1,
    176,
    r"(arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:[a-z\-]*\/)?([a-zA-Z0-9]([a-zA-Z0-9-]){0,62})(?<!-)(\/[0-9]{1,9})?",
    is_versioned_arn_or_name,
);
pub(crate) static WAIT_INTERVAL_IN_SECONDS: Shape = integer(0, 3600);
