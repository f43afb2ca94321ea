//! Input shapes of model packages and their groups: those members that have to do with serving.

use super::patterns::is_arn_or_name;
use super::scalars::*;
use super::structures::{MODEL_DATA_SOURCE, TAG};
use super::{
    Shape, UNBOUNDED, checked, one_of, optional, optional_list, optional_map, pattern, required, required_list,
};

static ARN_OR_NAME: Shape = checked(
    1,
    170,
    r"(arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:[a-z\-]*\/)?([a-zA-Z0-9]([a-zA-Z0-9-]){0,62})(?<!-)",
    is_arn_or_name,
);
static ENTITY_NAME: Shape = pattern(1, 63, r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}");
static DESCRIPTION: Shape = pattern(0, 1024, r"[\p{L}\p{M}\p{Z}\p{S}\p{N}\p{P}]*");
static PACKAGE_ARN: Shape =
    pattern(1, 2048, r"arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]{9,16}:[0-9]{12}:model-package/[\S]{1,2048}");
static APPROVAL: Shape = one_of(&["Approved", "Rejected", "PendingManualApproval"]);
static IMAGE_DIGEST: Shape = pattern(0, 72, r"[Ss][Hh][Aa]256:[0-9a-fA-F]{64}");
static FRAMEWORK_VERSION: Shape = pattern(3, 10, r"[0-9]\.[A-Za-z0-9.-]+");
static CONTENT_TYPE: Shape = pattern(0, 256, r".*");
static MIME_TYPE: Shape = pattern(0, 1024, r"[-\w]+\/.+");
static APPROVAL_DESCRIPTION: Shape = pattern(0, 1024, r".*");
// The service repeats the limit of the length in the pattern, which would make a very large automaton of it.
static SOURCE_URI: Shape = pattern(0, 1024, r"[\p{L}\p{M}\p{Z}\p{N}\p{P}]*");
static CLIENT_TOKEN: Shape = pattern(1, 36, r"[a-zA-Z0-9-]+");
static PROPERTY_KEY: Shape = pattern(1, 128, r"([\p{L}\p{Z}\p{N}_.:\/=+\-@]*)");
static PROPERTY_VALUE: Shape = pattern(0, 256, r"([\p{L}\p{Z}\p{N}_.:\/=+\-@]*)");
static PACKAGE_TYPE: Shape = one_of(&["Versioned", "Unversioned", "Both"]);

static CONTAINER: Shape = Shape::Structure(&[
    optional("ContainerHostname", &CONTAINER_HOSTNAME),
    optional("Image", &CONTAINER_IMAGE),
    optional("ImageDigest", &IMAGE_DIGEST),
    optional("ModelDataUrl", &URL),
    optional("ModelDataSource", &MODEL_DATA_SOURCE),
    optional_map("Environment", &ENVIRONMENT_KEY, &ENVIRONMENT_VALUE, 100),
    optional("Framework", &STRING),
    optional("FrameworkVersion", &FRAMEWORK_VERSION),
    optional("NearestModelName", &STRING),
]);

static SPECIFICATION: Shape = Shape::Structure(&[
    required_list("Containers", &CONTAINER, 1, 15),
    optional_list("SupportedTransformInstanceTypes", &STRING, 1, UNBOUNDED),
    optional_list("SupportedRealtimeInferenceInstanceTypes", &PRODUCTION_VARIANT_INSTANCE_TYPE, 0, UNBOUNDED),
    optional_list("SupportedContentTypes", &CONTENT_TYPE, 0, UNBOUNDED),
    optional_list("SupportedResponseMIMETypes", &MIME_TYPE, 0, UNBOUNDED),
]);

pub(crate) static CREATE_GROUP: Shape = Shape::Structure(&[
    required("ModelPackageGroupName", &ENTITY_NAME),
    optional("ModelPackageGroupDescription", &DESCRIPTION),
    optional_list("Tags", &TAG, 0, 50),
]);

pub(crate) static GROUP: Shape = Shape::Structure(&[required("ModelPackageGroupName", &ARN_OR_NAME)]);

pub(crate) static CREATE: Shape = Shape::Structure(&[
    optional("ModelPackageName", &ENTITY_NAME),
    optional("ModelPackageGroupName", &ARN_OR_NAME),
    optional("ModelPackageDescription", &DESCRIPTION),
    optional("InferenceSpecification", &SPECIFICATION),
    optional("ModelApprovalStatus", &APPROVAL),
    optional("SourceUri", &SOURCE_URI),
    optional_map("CustomerMetadataProperties", &PROPERTY_KEY, &PROPERTY_VALUE, 50),
    optional("ClientToken", &CLIENT_TOKEN),
    optional_list("Tags", &TAG, 0, 50),
]);

pub(crate) static NAMED: Shape = Shape::Structure(&[required("ModelPackageName", &VERSIONED_ARN_OR_NAME)]);

pub(crate) static UPDATE: Shape = Shape::Structure(&[
    required("ModelPackageArn", &PACKAGE_ARN),
    optional("ModelApprovalStatus", &APPROVAL),
    optional("ApprovalDescription", &APPROVAL_DESCRIPTION),
    optional("ClientToken", &CLIENT_TOKEN),
]);

pub(crate) static LIST: Shape = Shape::Structure(&[
    optional("CreationTimeAfter", &TIMESTAMP),
    optional("CreationTimeBefore", &TIMESTAMP),
    optional("MaxResults", &MAX_RESULTS),
    optional("NameContains", &MODEL_NAME_CONTAINS),
    optional("ModelApprovalStatus", &APPROVAL),
    optional("ModelPackageGroupName", &ARN_OR_NAME),
    optional("ModelPackageType", &PACKAGE_TYPE),
    optional("NextToken", &NEXT_TOKEN),
    optional("SortBy", &MODEL_SORT_KEY),
    optional("SortOrder", &ORDER_KEY),
]);
