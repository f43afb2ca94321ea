//! For every argument, a configuration in which it makes sense and two values for it.

use serde_json::{Value as Json, json};
use smform_types::Type;
use smform_types::schema::{Attribute, Constraint};

use super::{around, network};
use crate::support::{CONFIG, ENDPOINT, GROUP, IMAGE, MODEL, REGISTRY_GROUP, ROLE, SUBNETS};

pub const ECR: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/img:1";
const KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const OTHER_KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/9999abcd-12ab-34cd-56ef-1234567890ab";
const OTHER_ROLE: &str = "arn:aws:iam::123456789012:role/Other";
const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:good";
const OTHER_TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:bad";

/// A configuration without the argument, if it can be without, and two values.
pub struct Sample {
    pub base: Json,
    pub first: Json,
    pub second: Json,
}

pub fn sample(ty: &str, path: &[&str], attribute: &Attribute) -> Option<Sample> {
    let (base, values) = match ty {
        MODEL => (model(path), model_values(path)),
        CONFIG => (configuration(path), configuration_values(path)),
        ENDPOINT => (endpoint(path), endpoint_values(path)),
        ty if network::ALL.contains(&ty) => (network::base(ty, path), network::values(ty, path)),
        _ => (around::base(ty, path), around::values(ty, path)),
    };
    let values = values.or_else(|| shared_values(path)).or_else(|| of_schema(attribute));
    values.map(|(first, second)| Sample { base, first, second })
}

/// Whether the service takes the argument in no configuration at all, though the schema has it for symmetry.
pub fn is_impossible(path: &[&str]) -> bool {
    // A serverless variant is the only one, and so has no shadow.
    matches!(path, ["shadow_production_variants", "serverless_config", ..])
}

/// Two values that the constraints of the schema name.
fn of_schema(attribute: &Attribute) -> Option<(Json, Json)> {
    if attribute.ty == Type::Bool {
        return Some((json!(true), json!(false)));
    }
    attribute.constraints.iter().find_map(|constraint| match constraint {
        Constraint::OneOf([a, b, ..]) | Constraint::KnownValues([a, b, ..]) => Some((json!(a), json!(b))),
        Constraint::OneOf([a]) | Constraint::KnownValues([a]) => Some((json!(a), json!(a))),
        Constraint::OneOfNumbers([a, b, ..]) => Some((json!(a), json!(b))),
        // One end may be the default, or what absence means.
        Constraint::Range(min, _) => Some((json!(min + 2.0), json!(min + 1.0))),
        _ => None,
    })
}

fn shared_values(path: &[&str]) -> Option<(Json, Json)> {
    Some(match path {
        ["region"] => (json!("us-east-1"), json!("us-east-1")),
        ["tags"] => (json!({"a": "1", "b": "2"}), json!({"b": "3", "c": ""})),
        ["timeouts", _] => (json!("90m"), json!("2h30m")),
        ["name"] => (json!("rt"), json!("rt-2")),
        ["name_prefix"] => (json!("a-"), json!("b-")),
        ["execution_role_arn"] => (json!(ROLE), json!(OTHER_ROLE)),
        [.., "subnets"] => (json!(SUBNETS), json!([SUBNETS[1]])),
        [.., "security_group_ids"] => (json!([GROUP]), json!([GROUP, REGISTRY_GROUP])),
        [.., "kms_key_arn" | "kms_key_id"] => (json!(KEY), json!(OTHER_KEY)),
        _ => return None,
    })
}

fn model(path: &[&str]) -> Json {
    let network = json!({"subnets": SUBNETS, "security_group_ids": [GROUP]});
    let s3 = json!({"s3_uri": "s3://bucket/models/", "s3_data_type": "S3Prefix", "compression_type": "None"});
    let mut container = json!({"image": ECR});
    let mut base = json!({"name": "rt", "execution_role_arn": ROLE});
    match path {
        ["name_prefix"] => base["name"] = Json::Null,
        ["vpc_config", ..] => base["vpc_config"] = network,
        [_, "image_config", "repository_auth_config", ..] => {
            container = json!({"image": IMAGE, "image_config": {"repository_access_mode": "Vpc"}});
            base["vpc_config"] = network;
        }
        [_, "image_config", ..] => base["vpc_config"] = network,
        [_, "multi_model_config" | "mode", ..] => {
            container = json!({"image": ECR, "mode": "MultiModel", "model_data_url": "s3://bucket/models/"});
        }
        // An image would have to be in that region too.
        ["region"] | [_, "model_package_name" | "inference_specification_name"] => {
            container = json!({"model_package_name": "package"});
        }
        [_, "model_data_source", _, "compression_type" | "s3_data_type"] => {
            container["model_data_source"] = json!({"s3_data_source": {"s3_uri": "s3://bucket/models/", "s3_data_type": "S3Object", "compression_type": "None"}});
        }
        [_, "model_data_source", ..] => container["model_data_source"] = json!({"s3_data_source": s3}),
        [_, "additional_model_data_source", ..] => {
            container["additional_model_data_source"] = json!({"channel_name": "draft", "s3_data_source": s3});
            if let [.., "compression_type" | "s3_data_type"] = path {
                container["additional_model_data_source"]["s3_data_source"]["s3_data_type"] = json!("S3Object");
            }
        }
        [_, "container_metrics_config", ..] => {
            container["container_metrics_config"] = json!({"metrics_endpoint": {"metrics_endpoint_path": "/metrics"}});
        }
        _ => {}
    }
    if matches!(path, ["container" | "inference_execution_config", ..]) {
        let mut other = json!({"container_hostname": "other", "image": ECR});
        container["container_hostname"] = json!("first");
        if container["mode"] == json!("MultiModel") {
            other["mode"] = json!("SingleModel");
        }
        base["container"] = json!([container, other]);
    } else {
        base["primary_container"] = container;
    }
    base
}

fn model_values(path: &[&str]) -> Option<(Json, Json)> {
    Some(match path {
        ["region"] => (json!("eu-west-1"), json!("us-east-1")),
        [_, "container_hostname"] => (json!("a"), json!("b")),
        [_, "environment"] => (json!({"A": "1", "B": ""}), json!({"A": "2"})),
        [_, "image"] => (json!(ECR), json!(ECR.replace(":1", ":2"))),
        [_, "image_config", "repository_auth_config", _] => {
            let function = "arn:aws:lambda:us-east-1:123456789012:function:Auth";
            (json!(function), json!(format!("{function}2")))
        }
        [_, "inference_specification_name"] => (json!("s"), json!("t")),
        ["primary_container" | "container", "mode"] => (json!("MultiModel"), json!("SingleModel")),
        [_, "model_data_url"] => (json!("s3://bucket/a.tar.gz"), json!("s3://bucket/b.tar.gz")),
        [_, "model_package_name"] => {
            (json!("arn:aws:sagemaker:us-east-1:123456789012:model-package/pkg/3"), json!("package/2"))
        }
        [.., "s3_uri"] => (json!("s3://bucket/a/"), json!("s3://bucket/b/")),
        [.., "s3_data_type"] => (json!("S3Object"), json!("S3Prefix")),
        [.., "manifest_s3_uri"] => (json!("s3://bucket/manifest"), json!("s3://bucket/manifest-2")),
        [.., "etag" | "manifest_etag"] => (json!("0123"), json!("4567")),
        [.., "hub_content_arn"] => {
            let arn = "arn:aws:sagemaker:us-east-1:aws:hub-content/SageMakerPublicHub/Model/m/1.0.0";
            (json!(arn), json!(arn.replace("1.0.0", "2.0.0")))
        }
        [.., "channel_name"] => (json!("draft"), json!("adapters")),
        [.., "metrics_endpoint_path"] => (json!("/metrics"), json!("/v2/metrics")),
        _ => return None,
    })
}

fn configuration(path: &[&str]) -> Json {
    let mut base = json!({
        "name": "rt",
        "production_variants": {"variant_name": "v", "model_name": "plain", "instance_type": "ml.m5.xlarge",
            "initial_instance_count": 1},
    });
    let (list, member) = match path {
        [list @ ("production_variants" | "shadow_production_variants"), member, ..] => (*list, *member),
        _ => ("production_variants", ""),
    };
    let mut variant = base["production_variants"].clone();
    if list == "shadow_production_variants" {
        variant["variant_name"] = json!("s");
    }
    match member {
        "serverless_config" => {
            variant = json!({"variant_name": variant["variant_name"], "model_name": "plain",
                "serverless_config": {"max_concurrency": 20, "memory_size_in_mb": 1024}});
        }
        "managed_instance_scaling" => {
            variant["model_name"] = Json::Null;
            base["execution_role_arn"] = json!(ROLE);
            variant["managed_instance_scaling"] = json!({"status": "ENABLED", "max_instance_count": 8});
            if let [.., "scale_in_policy", _] = path {
                variant["managed_instance_scaling"]["scale_in_policy"] = json!({"strategy": "IDLE_RELEASE"});
            }
        }
        "instance_pools" | "variant_instance_provision_timeout_in_seconds" => {
            variant = json!({"variant_name": variant["variant_name"], "model_name": "plain",
                "instance_pools": [{"instance_type": "ml.m5.xlarge", "priority": 1}]});
        }
        "routing_config" if path.contains(&"prefix_aware_routing_config") => {
            variant["routing_config"] = json!({"routing_strategy": "PREFIX_AWARE",
                "prefix_aware_routing_config": {"prefix_length": 2048, "concurrency_threshold": 8}});
        }
        "core_dump_config" => variant["core_dump_config"] = json!({"destination_s3_uri": "s3://bucket/dumps"}),
        "capacity_reservation_config" => {
            variant["instance_type"] = json!("ml.p5.48xlarge");
        }
        _ => {}
    }
    base[list] = variant;
    match path {
        ["name_prefix"] => base["name"] = Json::Null,
        ["vpc_config", ..] => base["vpc_config"] = json!({"subnets": SUBNETS, "security_group_ids": [GROUP]}),
        ["data_capture_config", ..] => {
            base["data_capture_config"] = json!({"initial_sampling_percentage": 10,
                "destination_s3_uri": "s3://bucket/capture", "capture_options": [{"capture_mode": "Input"}]});
        }
        ["async_inference_config", ..] => {
            base["async_inference_config"] = json!({"output_config": {"s3_output_path": "s3://bucket/out"}});
        }
        ["cross_region_traffic_config", ..] => {
            base["cross_region_traffic_config"] = json!({"max_invocations_per_second_per_instance": 7,
                "max_cross_region_percent_per_endpoint": 9});
        }
        ["explainer_config", _, "shap_config", "text_config", ..] => {
            base["explainer_config"] = json!({"clarify_explainer_config": {"shap_config": {
                "shap_baseline_config": {"shap_baseline": "1"}, "text_config": {"language": "en", "granularity": "token"}}}});
        }
        ["explainer_config", ..] => {
            base["explainer_config"] = json!({"clarify_explainer_config": {"shap_config": {
                "shap_baseline_config": {"mime_type": "text/csv"}}}});
        }
        _ => {}
    }
    base
}

fn configuration_values(path: &[&str]) -> Option<(Json, Json)> {
    Some(match path {
        // Its model would have to be in that region too.
        ["region"] => (json!("us-east-1"), json!("us-east-1")),
        [.., "variant_name"] => (json!("x"), json!("y")),
        [.., "model_name" | "model_name_override"] => (json!("plain"), json!("other")),
        [.., "instance_pools", "instance_type"] => (json!("ml.m5.xlarge"), json!("ml.m5.2xlarge")),
        [_, "instance_type"] => (json!("ml.m5.2xlarge"), json!("ml.m5.4xlarge")),
        [.., "initial_variant_weight"] => (json!(0.8), json!(0.2)),
        [.., "accelerator_type"] => (json!("ml.eia2.medium"), json!("ml.eia2.large")),
        [.., "memory_size_in_mb"] => (json!(2048), json!(4096)),
        [.., "destination_s3_uri" | "s3_output_path" | "s3_failure_path"] => {
            (json!("s3://bucket/one"), json!("https://bucket.s3.amazonaws.com/two"))
        }
        [.., "routing_strategy"] => (json!("RANDOM"), json!("KV_AWARE")),
        [.., "ml_reservation_arn"] => {
            let arn = "arn:aws:sagemaker:us-east-1:123456789012:training-plan/plan";
            (json!(arn), json!(format!("{arn}-2")))
        }
        [.., "accelerator_partition_types"] => (json!(["mig-3g.40gb"]), json!(["mig-1g.10gb", "mig-3g.40gb"])),
        [.., "csv_content_types"] => (json!(["text/csv"]), json!(["text/csv", "text/x-csv"])),
        [.., "json_content_types"] => (json!(["application/json"]), json!(["application/jsonlines"])),
        [.., "success_topic" | "error_topic"] => (json!(TOPIC), json!(OTHER_TOPIC)),
        [.., "include_inference_response_in"] => {
            (json!(["SUCCESS_NOTIFICATION_TOPIC"]), json!(["SUCCESS_NOTIFICATION_TOPIC", "ERROR_NOTIFICATION_TOPIC"]))
        }
        [.., "min_instance_count"] => (json!(2), json!(1)),
        ["explainer_config", .., "label_headers" | "feature_headers"] => (json!(["a"]), json!(["b", "a"])),
        ["explainer_config", .., "feature_types"] => (json!(["text"]), json!(["numerical", "text"])),
        [.., "shap_baseline_uri"] => (json!("s3://bucket/a"), json!("s3://bucket/b")),
        [.., "mime_type"] => (json!("text/csv"), json!("application/json")),
        [.., "seed"] => (json!(-7), json!(42)),
        [.., "language"] => (json!("en"), json!("de")),
        [
            "explainer_config",
            ..,
            "content_template"
            | "enable_explanations"
            | "features_attribute"
            | "label_attribute"
            | "probability_attribute"
            | "shap_baseline",
        ] => (json!("`a`"), json!("b")),
        _ => return None,
    })
}

fn endpoint(path: &[&str]) -> Json {
    let mut base = json!({"name": "rt", "endpoint_config_name": "one"});
    let routing = |kind: &str| json!({"type": kind, "wait_interval_in_seconds": 60});
    let size = json!({"type": "CAPACITY_PERCENT", "value": 25});
    match path {
        ["deployment_config", "rolling_update_policy", ..] => {
            base["deployment_config"] = json!({"rolling_update_policy": {
                "wait_interval_in_seconds": 60, "maximum_batch_size": size, "rollback_maximum_batch_size": size}});
        }
        ["deployment_config", .., "canary_size", _] => {
            let mut routing = routing("CANARY");
            routing["canary_size"] = size;
            base["deployment_config"] = json!({"blue_green_update_policy": {"traffic_routing_configuration": routing}});
        }
        ["deployment_config", .., "linear_step_size", _] => {
            let mut routing = routing("LINEAR");
            routing["linear_step_size"] = size;
            base["deployment_config"] = json!({"blue_green_update_policy": {"traffic_routing_configuration": routing}});
        }
        ["deployment_config", ..] => {
            let routing = routing("ALL_AT_ONCE");
            base["deployment_config"] = json!({"blue_green_update_policy": {"traffic_routing_configuration": routing}});
        }
        ["desired_weights_and_capacities", "serverless_update_config", ..] => {
            base["endpoint_config_name"] = json!("serverless");
            base["desired_weights_and_capacities"] = json!({"variant_name": "MyVariant", "desired_weight": 1});
        }
        ["desired_weights_and_capacities", ..] => {
            base["desired_weights_and_capacities"] = json!({"variant_name": "MyVariant", "desired_weight": 1});
        }
        _ => {}
    }
    base
}

fn endpoint_values(path: &[&str]) -> Option<(Json, Json)> {
    Some(match path {
        ["region"] => (json!("us-east-1"), json!("us-east-1")),
        ["endpoint_config_name"] => (json!("one"), json!("two")),
        [.., "alarm_name"] => (json!("a"), json!("b")),
        // The other kinds need a size, and have it in the samples of the sizes.
        [.., "traffic_routing_configuration", "type"] => (json!("ALL_AT_ONCE"), json!("ALL_AT_ONCE")),
        [.., "canary_size" | "linear_step_size" | "maximum_batch_size" | "rollback_maximum_batch_size", "value"] => {
            (json!(20), json!(40))
        }
        [.., "maximum_batch_size" | "rollback_maximum_batch_size" | "canary_size" | "linear_step_size", "type"] => {
            (json!("CAPACITY_PERCENT"), json!("CAPACITY_PERCENT"))
        }
        [.., "maximum_execution_timeout_in_seconds"] => (json!(28800), json!(3600)),
        ["desired_weights_and_capacities", "variant_name"] => (json!("MyVariant"), json!("MyVariant")),
        [.., "desired_weight"] => (json!(0.8), json!(3)),
        [.., "max_concurrency"] => (json!(60), json!(70)),
        _ => return None,
    })
}
