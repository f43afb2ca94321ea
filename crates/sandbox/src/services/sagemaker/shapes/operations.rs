//! Input shapes of the operations that the sandbox answers, transcribed from the API's service model
//! (version 2017-07-24).

use super::scalars::*;
use super::structures::*;
use super::{Shape, UNBOUNDED, optional, optional_list, required, required_list};

pub(crate) static CREATE_MODEL: Shape = Shape::Structure(&[
    required("ModelName", &MODEL_NAME),
    optional("PrimaryContainer", &CONTAINER_DEFINITION),
    optional_list("Containers", &CONTAINER_DEFINITION, 0, 15),
    optional("InferenceExecutionConfig", &INFERENCE_EXECUTION_CONFIG),
    optional("ExecutionRoleArn", &ROLE_ARN),
    optional_list("Tags", &TAG, 0, 50),
    optional("VpcConfig", &VPC_CONFIG),
    optional("EnableNetworkIsolation", &BOOLEAN),
]);

pub(crate) static DESCRIBE_MODEL: Shape = Shape::Structure(&[required("ModelName", &MODEL_NAME)]);

pub(crate) static DELETE_MODEL: Shape = Shape::Structure(&[required("ModelName", &MODEL_NAME)]);

pub(crate) static LIST_MODELS: Shape = Shape::Structure(&[
    optional("SortBy", &MODEL_SORT_KEY),
    optional("SortOrder", &ORDER_KEY),
    optional("NextToken", &PAGINATION_TOKEN),
    optional("MaxResults", &MAX_RESULTS),
    optional("NameContains", &MODEL_NAME_CONTAINS),
    optional("CreationTimeBefore", &TIMESTAMP),
    optional("CreationTimeAfter", &TIMESTAMP),
]);

pub(crate) static CREATE_ENDPOINT_CONFIG: Shape = Shape::Structure(&[
    required("EndpointConfigName", &ENDPOINT_CONFIG_NAME),
    required_list("ProductionVariants", &PRODUCTION_VARIANT, 1, 10),
    optional("DataCaptureConfig", &DATA_CAPTURE_CONFIG),
    optional_list("Tags", &TAG, 0, 50),
    optional("KmsKeyId", &KMS_KEY_ID),
    optional("AsyncInferenceConfig", &ASYNC_INFERENCE_CONFIG),
    optional("ExplainerConfig", &EXPLAINER_CONFIG),
    optional_list("ShadowProductionVariants", &PRODUCTION_VARIANT, 1, 10),
    optional("ExecutionRoleArn", &ROLE_ARN),
    optional("VpcConfig", &VPC_CONFIG),
    optional("EnableNetworkIsolation", &BOOLEAN),
    optional("MetricsConfig", &METRICS_CONFIG),
    optional("CrossRegionTrafficConfig", &CROSS_REGION_TRAFFIC_CONFIG),
]);

pub(crate) static DESCRIBE_ENDPOINT_CONFIG: Shape =
    Shape::Structure(&[required("EndpointConfigName", &ENDPOINT_CONFIG_NAME)]);

pub(crate) static DELETE_ENDPOINT_CONFIG: Shape =
    Shape::Structure(&[required("EndpointConfigName", &ENDPOINT_CONFIG_NAME)]);

pub(crate) static LIST_ENDPOINT_CONFIGS: Shape = Shape::Structure(&[
    optional("SortBy", &ENDPOINT_CONFIG_SORT_KEY),
    optional("SortOrder", &ORDER_KEY),
    optional("NextToken", &PAGINATION_TOKEN),
    optional("MaxResults", &MAX_RESULTS),
    optional("NameContains", &ENDPOINT_CONFIG_NAME_CONTAINS),
    optional("CreationTimeBefore", &TIMESTAMP),
    optional("CreationTimeAfter", &TIMESTAMP),
]);

pub(crate) static CREATE_ENDPOINT: Shape = Shape::Structure(&[
    required("EndpointName", &ENDPOINT_NAME),
    required("EndpointConfigName", &ENDPOINT_CONFIG_NAME),
    optional("DeploymentConfig", &DEPLOYMENT_CONFIG),
    optional_list("Tags", &TAG, 0, 50),
]);

pub(crate) static DESCRIBE_ENDPOINT: Shape = Shape::Structure(&[required("EndpointName", &ENDPOINT_NAME)]);

pub(crate) static UPDATE_ENDPOINT: Shape = Shape::Structure(&[
    required("EndpointName", &ENDPOINT_NAME),
    required("EndpointConfigName", &ENDPOINT_CONFIG_NAME),
    optional("RetainAllVariantProperties", &BOOLEAN),
    optional_list("ExcludeRetainedVariantProperties", &VARIANT_PROPERTY, 0, 3),
    optional("DeploymentConfig", &DEPLOYMENT_CONFIG),
    optional("RetainDeploymentConfig", &BOOLEAN),
]);

pub(crate) static UPDATE_ENDPOINT_WEIGHTS_AND_CAPACITIES: Shape = Shape::Structure(&[
    required("EndpointName", &ENDPOINT_NAME),
    required_list("DesiredWeightsAndCapacities", &DESIRED_WEIGHT_AND_CAPACITY, 1, UNBOUNDED),
]);

pub(crate) static DELETE_ENDPOINT: Shape = Shape::Structure(&[required("EndpointName", &ENDPOINT_NAME)]);

pub(crate) static LIST_ENDPOINTS: Shape = Shape::Structure(&[
    optional("SortBy", &ENDPOINT_SORT_KEY),
    optional("SortOrder", &ORDER_KEY),
    optional("NextToken", &PAGINATION_TOKEN),
    optional("MaxResults", &MAX_RESULTS),
    optional("NameContains", &ENDPOINT_NAME_CONTAINS),
    optional("CreationTimeBefore", &TIMESTAMP),
    optional("CreationTimeAfter", &TIMESTAMP),
    optional("LastModifiedTimeBefore", &TIMESTAMP),
    optional("LastModifiedTimeAfter", &TIMESTAMP),
    optional("StatusEquals", &ENDPOINT_STATUS),
]);

pub(crate) static ADD_TAGS: Shape =
    Shape::Structure(&[required("ResourceArn", &RESOURCE_ARN), required_list("Tags", &TAG, 0, 50)]);

pub(crate) static DELETE_TAGS: Shape =
    Shape::Structure(&[required("ResourceArn", &RESOURCE_ARN), required_list("TagKeys", &TAG_KEY, 1, 50)]);

pub(crate) static LIST_TAGS: Shape = Shape::Structure(&[
    required("ResourceArn", &RESOURCE_ARN),
    optional("NextToken", &NEXT_TOKEN),
    optional("MaxResults", &LIST_TAGS_MAX_RESULTS),
]);
