//! Rules across the members of an endpoint configuration and its variants.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::body::{Object, flag, integer, object, objects, text};
use super::endpoint_config::variants;
use super::errors::{is_given, refuse_if};
use super::model;
use super::state::Immutable;
use crate::wire::ApiError;

/// The models that a variant names.
pub(crate) fn models(variant: &Object) -> impl Iterator<Item = &str> {
    let overrides = objects(variant, "InstancePools").map(|pool| text(pool, "ModelNameOverride"));
    std::iter::once(text(variant, "ModelName")).chain(overrides).filter(|name| !name.is_empty())
}

/// What Describe shows although it was not sent.
pub(crate) fn fill_in_defaults(variant: &mut Object) {
    let weight = variant.get("InitialVariantWeight").and_then(Value::as_f64).unwrap_or(1.0);
    variant.insert("InitialVariantWeight".into(), Value::from(weight));
}

/// Whether a type has local NVMe disks, so that neither volume size nor volume key can be given.
fn has_local_disk(instance_type: &str) -> bool {
    let family = instance_type.split('.').nth(1).unwrap_or_default();
    ["c5d", "c6gd", "m5d", "m6gd", "r5d", "r6gd", "r7gd", "g4dn", "p4d", "p4de", "g5", "g6", "g6e", "trn1", "trn1n"]
        .contains(&family)
}

/// The rules across members of CreateEndpointConfig. Texts are unverified unless marked.
pub(crate) fn check_members(input: &Object) -> Result<(), ApiError> {
    let mut names = BTreeSet::new();
    for variant in variants(input) {
        let name = text(variant, "VariantName");
        refuse_if(!names.insert(name), || format!("The variant name \"{name}\" was non-unique within the request."))?;
        check_variant(variant, input)?;
    }
    let production = objects(input, "ProductionVariants").count();
    let shadow = objects(input, "ShadowProductionVariants").count();
    refuse_if(shadow > 0 && (production, shadow) != (1, 1), || {
        "With ShadowProductionVariants, exactly one production variant and one shadow variant must be specified.".into()
    })?;
    let serverless = variants(input).any(|v| is_given(v, "ServerlessConfig"));
    let asynchronous = is_given(input, "AsyncInferenceConfig");
    refuse_if(serverless && production + shadow > 1, || {
        "A serverless variant must be the only variant of its endpoint configuration.".into()
    })?;
    refuse_if(serverless && object(input, "DataCaptureConfig").is_some_and(|c| flag(c, "EnableCapture")), || {
        "DataCaptureConfig is not supported for serverless variants.".into()
    })?;
    refuse_if(serverless && asynchronous, || "AsyncInferenceConfig is not supported for serverless variants.".into())?;
    refuse_if(is_given(input, "CrossRegionTrafficConfig") && (serverless || asynchronous), || {
        "CrossRegionTrafficConfig is not supported for serverless variants or with AsyncInferenceConfig.".into()
    })?;
    let content_types = object(input, "DataCaptureConfig").and_then(|c| object(c, "CaptureContentTypeHeader"));
    refuse_if(
        content_types.is_some_and(|t| !is_given(t, "CsvContentTypes") && !is_given(t, "JsonContentTypes")),
        || "CaptureContentTypeHeader needs CsvContentTypes or JsonContentTypes.".into(),
    )?;
    let frequency = object(input, "MetricsConfig").and_then(|c| integer(c, "MetricPublishFrequencyInSeconds"));
    refuse_if(frequency.is_some_and(|f| ![10, 30, 60, 120, 180, 240, 300].contains(&f)), || {
        "MetricPublishFrequencyInSeconds must be one of 10, 30, 60, 120, 180, 240, 300.".into()
    })
}

fn check_variant(variant: &Object, input: &Object) -> Result<(), ApiError> {
    let name = text(variant, "VariantName");
    let instances = is_given(variant, "InstanceType");
    let pools = is_given(variant, "InstancePools");
    let serverless = object(variant, "ServerlessConfig");
    let kinds = [instances, pools, serverless.is_some()].into_iter().filter(|given| *given).count();
    refuse_if(kinds != 1, || {
        format!(
            "Exactly one of InstanceType, InstancePools and ServerlessConfig must be specified for variant \"{name}\"."
        )
    })?;
    let count = integer(variant, "InitialInstanceCount");
    refuse_if(instances && count.is_none(), || {
        format!("InitialInstanceCount must be specified with InstanceType for variant \"{name}\".")
    })?;
    refuse_if(serverless.is_some() && count.is_some(), || {
        format!("InitialInstanceCount is not supported with ServerlessConfig for variant \"{name}\".")
    })?;
    if is_given(variant, "ModelName") {
        // Seen on the real service.
        refuse_if(is_given(variant, "ManagedInstanceScaling"), || {
            "ManagedInstanceScaling is only supported for inference component endpoints.".into()
        })?;
    } else {
        refuse_if(!is_given(input, "ExecutionRoleArn"), || {
            format!("ExecutionRoleArn must be specified because variant \"{name}\" has no ModelName.")
        })?;
    }
    let instance_type = text(variant, "InstanceType");
    for (member, given) in
        [("VolumeSizeInGB", is_given(variant, "VolumeSizeInGB")), ("KmsKeyId", !text(input, "KmsKeyId").is_empty())]
    {
        refuse_if(given && has_local_disk(instance_type), || {
            format!("{member} is not supported for instance type {instance_type}, which has local disks.")
        })?;
    }
    if let Some(config) = serverless {
        let memory = integer(config, "MemorySizeInMB").unwrap_or_default();
        refuse_if(memory % 1024 != 0, || format!("MemorySizeInMB {memory} is not a multiple of 1024."))?;
        refuse_if(integer(config, "ProvisionedConcurrency") > integer(config, "MaxConcurrency"), || {
            "ProvisionedConcurrency must not exceed MaxConcurrency.".into()
        })?;
    }
    check_routing(variant)
}

fn check_routing(variant: &Object) -> Result<(), ApiError> {
    let Some(routing) = object(variant, "RoutingConfig") else { return Ok(()) };
    let prefix_aware = text(routing, "RoutingStrategy") == "PREFIX_AWARE";
    let Some(config) = object(routing, "PrefixAwareRoutingConfig") else { return Ok(()) };
    refuse_if(!prefix_aware, || {
        "PrefixAwareRoutingConfig can only be specified with RoutingStrategy PREFIX_AWARE.".into()
    })?;
    refuse_if(!is_given(config, "PrefixLength") || !is_given(config, "ConcurrencyThreshold"), || {
        "PrefixAwareRoutingConfig needs PrefixLength and ConcurrencyThreshold.".into()
    })
}

/// What a serverless variant cannot have on its model. Texts are unverified.
pub(crate) fn check_models(known: &BTreeMap<String, Immutable>, input: &Object) -> Result<(), ApiError> {
    for variant in variants(input).filter(|v| is_given(v, "ServerlessConfig")) {
        let Some(model) = known.get(text(variant, "ModelName")) else { continue };
        let name = &model.name;
        refuse_if(is_given(&model.body, "VpcConfig"), || {
            format!("VpcConfig is not supported for serverless variants (model \"{name}\").")
        })?;
        refuse_if(flag(&model.body, "EnableNetworkIsolation"), || {
            format!("Network isolation is not supported for serverless variants (model \"{name}\").")
        })?;
        refuse_if(model::containers(&model.body).any(|c| is_given(c, "ModelDataSource")), || {
            format!("ModelDataSource is not supported for serverless variants (model \"{name}\").")
        })?;
        refuse_if(model::containers(&model.body).any(|c| text(c, "Mode") == "MultiModel"), || {
            format!("Multi-model containers are not supported for serverless variants (model \"{name}\").")
        })?;
    }
    Ok(())
}
