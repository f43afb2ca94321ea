//! Shapes of inference components, transcribed from the API's service model (version 2017-07-24).

use super::scalars::*;
use super::structures::{AUTO_ROLLBACK_CONFIG, CONTAINER_METRICS_CONFIG, TAG};
use super::{Shape, float, integer, one_of, optional, optional_list, optional_map, pattern, required};

static NAME: Shape = pattern(0, 63, r"[a-zA-Z0-9]([\-a-zA-Z0-9]*[a-zA-Z0-9])?");
static NAME_CONTAINS: Shape = pattern(0, 63, r"[a-zA-Z0-9-]+");
static CAPACITY_SIZE_TYPE: Shape = one_of(&["COPY_COUNT", "CAPACITY_PERCENT"]);
static COPY_COUNT: Shape = integer(0, i32::MAX);
static CPU_CORES: Shape = float(0.25);
static ACCELERATOR_DEVICES: Shape = float(1.0);
static MEMORY_IN_MB: Shape = integer(128, i32::MAX);
static PLACEMENT_STRATEGY: Shape = one_of(&["SPREAD", "BINPACK"]);
static ENFORCEMENT_MODE: Shape = one_of(&["PERMISSIVE"]);
static MAX_IMBALANCE: Shape = integer(0, 100);
static SORT_KEY: Shape = one_of(&["Name", "CreationTime", "Status"]);
static STATUS: Shape = one_of(&["InService", "Creating", "Updating", "Failed", "Deleting"]);

static CAPACITY_SIZE: Shape =
    Shape::Structure(&[required("Type", &CAPACITY_SIZE_TYPE), required("Value", &CAPACITY_SIZE_VALUE)]);

static COMPUTE_RESOURCE_REQUIREMENTS: Shape = Shape::Structure(&[
    optional("NumberOfCpuCoresRequired", &CPU_CORES),
    optional("NumberOfAcceleratorDevicesRequired", &ACCELERATOR_DEVICES),
    required("MinMemoryRequiredInMb", &MEMORY_IN_MB),
    optional("MaxMemoryRequiredInMb", &MEMORY_IN_MB),
    optional("AcceleratorPartitionType", &ACCELERATOR_PARTITION_TYPE),
]);

static CONTAINER_SPECIFICATION: Shape = Shape::Structure(&[
    optional("Image", &CONTAINER_IMAGE),
    optional("ArtifactUrl", &URL),
    optional_map("Environment", &ENVIRONMENT_KEY, &ENVIRONMENT_VALUE, 100),
    optional("ContainerMetricsConfig", &CONTAINER_METRICS_CONFIG),
]);

static STARTUP_PARAMETERS: Shape = Shape::Structure(&[
    optional("ModelDataDownloadTimeoutInSeconds", &PRODUCTION_VARIANT_MODEL_DATA_DOWNLOAD_TIMEOUT_IN_SECONDS),
    optional(
        "ContainerStartupHealthCheckTimeoutInSeconds",
        &PRODUCTION_VARIANT_CONTAINER_STARTUP_HEALTH_CHECK_TIMEOUT_IN_SECONDS,
    ),
]);

static DATA_CACHE_CONFIG: Shape = Shape::Structure(&[required("EnableCaching", &BOOLEAN)]);

static AVAILABILITY_ZONE_BALANCE: Shape =
    Shape::Structure(&[required("EnforcementMode", &ENFORCEMENT_MODE), optional("MaxImbalance", &MAX_IMBALANCE)]);

static SCHEDULING_CONFIG: Shape = Shape::Structure(&[
    required("PlacementStrategy", &PLACEMENT_STRATEGY),
    optional("AvailabilityZoneBalance", &AVAILABILITY_ZONE_BALANCE),
]);

static SPECIFICATION: Shape = Shape::Structure(&[
    optional("InstanceType", &PRODUCTION_VARIANT_INSTANCE_TYPE),
    optional("ModelName", &MODEL_NAME),
    optional("Container", &CONTAINER_SPECIFICATION),
    optional("StartupParameters", &STARTUP_PARAMETERS),
    optional("ComputeResourceRequirements", &COMPUTE_RESOURCE_REQUIREMENTS),
    optional("BaseInferenceComponentName", &NAME),
    optional("DataCacheConfig", &DATA_CACHE_CONFIG),
    optional("SchedulingConfig", &SCHEDULING_CONFIG),
]);

static RUNTIME_CONFIG: Shape = Shape::Structure(&[required("CopyCount", &COPY_COUNT)]);

static ROLLING_UPDATE_POLICY: Shape = Shape::Structure(&[
    required("MaximumBatchSize", &CAPACITY_SIZE),
    required("WaitIntervalInSeconds", &WAIT_INTERVAL_IN_SECONDS),
    optional("MaximumExecutionTimeoutInSeconds", &MAXIMUM_EXECUTION_TIMEOUT_IN_SECONDS),
    optional("RollbackMaximumBatchSize", &CAPACITY_SIZE),
]);

static DEPLOYMENT_CONFIG: Shape = Shape::Structure(&[
    required("RollingUpdatePolicy", &ROLLING_UPDATE_POLICY),
    optional("AutoRollbackConfiguration", &AUTO_ROLLBACK_CONFIG),
]);

pub(crate) static CREATE: Shape = Shape::Structure(&[
    required("InferenceComponentName", &NAME),
    required("EndpointName", &ENDPOINT_NAME),
    optional("VariantName", &VARIANT_NAME),
    optional("Specification", &SPECIFICATION),
    optional_list("Specifications", &SPECIFICATION, 1, 5),
    optional("RuntimeConfig", &RUNTIME_CONFIG),
    optional_list("Tags", &TAG, 0, 50),
]);

pub(crate) static NAMED: Shape = Shape::Structure(&[required("InferenceComponentName", &NAME)]);

pub(crate) static UPDATE: Shape = Shape::Structure(&[
    required("InferenceComponentName", &NAME),
    optional("Specification", &SPECIFICATION),
    optional_list("Specifications", &SPECIFICATION, 1, 5),
    optional("RuntimeConfig", &RUNTIME_CONFIG),
    optional("DeploymentConfig", &DEPLOYMENT_CONFIG),
]);

pub(crate) static UPDATE_RUNTIME_CONFIG: Shape =
    Shape::Structure(&[required("InferenceComponentName", &NAME), required("DesiredRuntimeConfig", &RUNTIME_CONFIG)]);

pub(crate) static LIST: Shape = Shape::Structure(&[
    optional("SortBy", &SORT_KEY),
    optional("SortOrder", &ORDER_KEY),
    optional("NextToken", &PAGINATION_TOKEN),
    optional("MaxResults", &MAX_RESULTS),
    optional("NameContains", &NAME_CONTAINS),
    optional("CreationTimeBefore", &TIMESTAMP),
    optional("CreationTimeAfter", &TIMESTAMP),
    optional("LastModifiedTimeBefore", &TIMESTAMP),
    optional("LastModifiedTimeAfter", &TIMESTAMP),
    optional("StatusEquals", &STATUS),
    optional("EndpointNameEquals", &ENDPOINT_NAME),
    optional("VariantNameEquals", &VARIANT_NAME),
]);
