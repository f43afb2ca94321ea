//! The same for the types around the three: components, alarms, groups of logs, scaling, roles.

use serde_json::{Value as Json, json};

use super::samples::ECR;
use crate::support::ROLE;

pub const COMPONENT: &str = "aws_sagemaker_inference_component";
pub const ALARM: &str = "aws_cloudwatch_metric_alarm";
pub const LOG_GROUP: &str = "aws_cloudwatch_log_group";
pub const TARGET: &str = "aws_appautoscaling_target";
pub const POLICY: &str = "aws_appautoscaling_policy";
pub const IAM_ROLE: &str = "aws_iam_role";
pub const MANAGED_POLICY: &str = "aws_iam_policy";
pub const ROLE_POLICY: &str = "aws_iam_role_policy";
pub const ATTACHMENT: &str = "aws_iam_role_policy_attachment";

const DIMENSION: &str = "sagemaker:variant:DesiredInstanceCount";

/// A configuration without the argument, if it can be without.
pub fn base(ty: &str, path: &[&str]) -> Json {
    match ty {
        COMPONENT => component(path),
        ALARM => alarm(path),
        TARGET => target(path),
        POLICY => policy(path),
        IAM_ROLE => role(path),
        ROLE_POLICY => {
            let mut base = json!({"role": "host", "name": "rt", "policy": document("s3:GetObject")});
            if path == ["name_prefix"] {
                base["name"] = Json::Null;
            }
            base
        }
        LOG_GROUP => {
            let mut base = json!({"name": "/aws/sagemaker/Endpoints/rt"});
            if path == ["name_prefix"] {
                base["name"] = Json::Null;
            }
            base
        }
        MANAGED_POLICY => {
            let mut base = json!({"name": "rt", "policy": document("s3:GetObject")});
            if path == ["name_prefix"] {
                base["name"] = Json::Null;
            }
            base
        }
        ATTACHMENT => json!({"role": "host", "policy_arn": "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"}),
        other => panic!("no base for {other}"),
    }
}

/// Two values.
pub fn values(ty: &str, path: &[&str]) -> Option<(Json, Json)> {
    if path == ["region"] {
        return Some((json!("us-east-1"), json!("us-east-1")));
    }
    match ty {
        COMPONENT => component_values(path),
        ALARM => alarm_values(path),
        TARGET | POLICY => scaling_values(path),
        _ => role_values(path),
    }
}

/// What an import is told.
pub fn import_id(ty: &str, text: impl Fn(&str) -> String) -> String {
    let of_target = || ["service_namespace", "resource_id", "scalable_dimension"].map(&text).join("/");
    match ty {
        TARGET => format!("{}@{}", of_target(), text("region")),
        POLICY => format!("{}/{}@{}", of_target(), text("name"), text("region")),
        ATTACHMENT => format!("{}/{}", text("role"), text("policy_arn")),
        IAM_ROLE | ROLE_POLICY | MANAGED_POLICY => text("id"),
        _ => format!("{}@{}", text("id"), text("region")),
    }
}

/// A policy that allows one action.
pub fn document(action: &str) -> Json {
    let statement = json!({"Effect": "Allow", "Action": action, "Resource": "*"});
    json!(json!({"Version": "2012-10-17", "Statement": [statement]}).to_string())
}

/// A policy by which a service may assume a role.
pub fn trust(service: &str) -> Json {
    let statement = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}});
    json!(json!({"Version": "2012-10-17", "Statement": [statement]}).to_string())
}

fn component(path: &[&str]) -> Json {
    let needs = json!({"min_memory_required_in_mb": 1024});
    let mut one = json!({"container": {"image": ECR}, "compute_resource_requirements": needs});
    match path {
        // One of an image, a model and a component to adapt must be there.
        [_, "model_name"] => {
            one["container"] = Json::Null;
            one["model_name"] = json!("plain");
        }
        [_, "base_inference_component_name"] => one = json!({"base_inference_component_name": "foundation"}),
        [_, "container", "container_metrics_config", ..] => {
            one["container"]["container_metrics_config"] = json!({"metrics_endpoint": {"metrics_endpoint_path": "/m"}});
        }
        [_, "scheduling_config", ..] => one["scheduling_config"] = json!({"placement_strategy": "SPREAD"}),
        _ => {}
    }
    if let [_, "scheduling_config", "availability_zone_balance", ..] = path {
        one["scheduling_config"]["availability_zone_balance"] = json!({"enforcement_mode": "PERMISSIVE"});
    }
    let mut base =
        json!({"name": "rt", "endpoint_name": "hosts", "variant_name": "v", "runtime_config": {"copy_count": 1}});
    if path.first() == Some(&"specifications") {
        let other = json!({"container": {"image": ECR}, "instance_type": "ml.m5.4xlarge", "compute_resource_requirements": needs});
        one["instance_type"] = json!("ml.m5.2xlarge");
        base["specifications"] = json!([one, other]);
    } else {
        base["specification"] = one;
    }
    if path.last() == Some(&"base_inference_component_name") {
        // What adapts another has no copies of its own.
        base["runtime_config"] = Json::Null;
    }
    if path.first() == Some(&"deployment_config") {
        let batch = json!({"type": "COPY_COUNT", "value": 1});
        base["deployment_config"] =
            json!({"rolling_update_policy": {"maximum_batch_size": batch, "wait_interval_in_seconds": 30}});
        if path.contains(&"rollback_maximum_batch_size") {
            base["deployment_config"]["rolling_update_policy"]["rollback_maximum_batch_size"] = batch;
        }
    }
    base
}

fn component_values(path: &[&str]) -> Option<(Json, Json)> {
    Some(match path {
        ["endpoint_name"] => (json!("hosts"), json!("hosts-2")),
        ["variant_name"] => (json!("v"), json!("v")),
        ["runtime_config", "copy_count"] => (json!(2), json!(1)),
        [_, "model_name"] => (json!("plain"), json!("other")),
        [_, "base_inference_component_name"] => (json!("foundation"), json!("foundation-2")),
        [_, "instance_type"] => (json!("ml.m5.2xlarge"), json!("ml.m5.xlarge")),
        [.., "artifact_url"] => (json!("s3://bucket/a.tar.gz"), json!("s3://bucket/b.tar.gz")),
        [.., "environment"] => (json!({"A": "1"}), json!({"A": "2", "B": ""})),
        [.., "image"] => (json!(ECR), json!(ECR.replace(":1", ":2"))),
        [.., "metrics_endpoint_path"] => (json!("/metrics"), json!("/v2/metrics")),
        [.., "min_memory_required_in_mb"] => (json!(2048), json!(1024)),
        [.., "max_memory_required_in_mb"] => (json!(4096), json!(2048)),
        [.., "number_of_cpu_cores_required"] => (json!(1.5), json!(1)),
        [.., "number_of_accelerator_devices_required"] => (json!(2), json!(1)),
        [.., "accelerator_partition_type"] => (json!("mig-3g.40gb"), json!("mig-1g.10gb")),
        [.., "alarm_name"] => (json!("a"), json!("b")),
        [.., "type"] => (json!("COPY_COUNT"), json!("CAPACITY_PERCENT")),
        [.., "maximum_batch_size" | "rollback_maximum_batch_size", "value"] => (json!(10), json!(20)),
        [.., "maximum_execution_timeout_in_seconds"] => (json!(1200), json!(3600)),
        _ => return None,
    })
}

fn alarm(path: &[&str]) -> Json {
    let thresholds = json!({"alarm_name": "rt", "comparison_operator": "GreaterThanThreshold", "evaluation_periods": 5,
        "threshold": 1});
    let mut base = thresholds.clone();
    let one = json!({"metric_name": "m", "namespace": "N", "period": 60, "statistic": "Sum"});
    let metric = json!({"metric_name": "m", "namespace": "N", "period": 60, "stat": "Sum"});
    match path {
        ["evaluation_criteria" | "evaluation_interval", ..] => {
            return json!({"alarm_name": "rt", "evaluation_interval": 60,
                "evaluation_criteria": {"promql_criteria": {"query": "up"}}});
        }
        ["metric_query" | "threshold_metric_id", rest @ ..] => {
            let mut first = json!({"id": "q", "expression": "1"});
            if rest.first() == Some(&"metric") {
                first = json!({"id": "q", "metric": metric});
            }
            base["metric_query"] = json!([first, {"id": "m", "expression": "2", "return_data": true}]);
            if path == ["threshold_metric_id"] {
                base["threshold"] = Json::Null;
            }
            return base;
        }
        _ => base.as_object_mut().unwrap().extend(one.as_object().unwrap().clone()),
    }
    if matches!(path, ["extended_statistic" | "evaluate_low_sample_count_percentiles"]) {
        base["statistic"] = Json::Null;
        base["extended_statistic"] = json!("p50");
    }
    base
}

fn alarm_values(path: &[&str]) -> Option<(Json, Json)> {
    let topic = |name: &str| json!(format!("arn:aws:sns:us-east-1:123456789012:{name}"));
    Some(match path {
        ["alarm_name"] => (json!("rt"), json!("rt 2")),
        ["alarm_actions" | "ok_actions" | "insufficient_data_actions"] => {
            (json!([topic("a")]), json!([topic("b"), topic("a")]))
        }
        ["alarm_description"] => (json!("<one> & \"two\""), json!("three")),
        ["threshold"] => (json!(1.5), json!(70)),
        ["threshold_metric_id"] => (json!("m"), json!("q")),
        ["extended_statistic"] => (json!("p99.9"), json!("tm(10%:90%)")),
        ["metric_query", "id"] => (json!("one"), json!("two_2")),
        [.., "expression"] => (json!("2 * 3"), json!("7")),
        [.., "account_id"] => (json!("123456789012"), json!("210987654321")),
        [.., "stat"] => (json!("Average"), json!("p90")),
        [.., "dimensions"] => (json!({"A": "1", "B": "2"}), json!({"A": "3"})),
        [.., "query"] => (json!("up == 0"), json!("sum(up) < 3")),
        [.., "period" | "evaluation_interval"] => (json!(120), json!(30)),
        ["datapoints_to_alarm" | "evaluation_periods"] => (json!(3), json!(2)),
        [.., "unit"] => (json!("Count"), json!("None")),
        [.., "metric_name" | "namespace" | "label"] => (json!("one"), json!("two")),
        _ => return None,
    })
}

fn target(path: &[&str]) -> Json {
    let mut base = json!({"service_namespace": "sagemaker", "resource_id": "endpoint/e/variant/MyVariant",
        "scalable_dimension": DIMENSION, "min_capacity": 4, "max_capacity": 4});
    if path == ["min_capacity"] {
        base["max_capacity"] = json!(5);
    }
    base
}

fn policy(path: &[&str]) -> Json {
    let mut base = json!({"name": "rt", "service_namespace": "sagemaker", "resource_id": "endpoint/e/variant/MyVariant",
        "scalable_dimension": DIMENSION, "policy_type": "TargetTrackingScaling"});
    let metric = json!({"metric_name": "m", "namespace": "N"});
    match path {
        ["step_scaling_policy_configuration", ..] => {
            base["policy_type"] = json!("StepScaling");
            base["step_scaling_policy_configuration"] = json!({"adjustment_type": "ChangeInCapacity",
                "step_adjustment": [{"scaling_adjustment": 1}]});
        }
        ["predictive_scaling_policy_configuration", rest @ ..] => {
            base["policy_type"] = json!("PredictiveScaling");
            let mut specification = json!({"target_value": 40});
            match rest {
                [_, name, "metric_data_query", more @ ..] => {
                    let mut query = json!({"id": "q", "expression": "1"});
                    if more.first() == Some(&"metric_stat") {
                        query = json!({"id": "q", "metric_stat": {"stat": "Sum", "metric": metric}});
                    }
                    if more.contains(&"dimension") {
                        query["metric_stat"]["metric"]["dimension"] = json!([{"name": "A", "value": "1"}]);
                    }
                    specification[*name] = json!({"metric_data_query": [query]});
                }
                [_, name, ..] if name.starts_with("predefined") => {
                    specification[*name] = json!({"predefined_metric_type": "ECSServiceCPUUtilization"});
                }
                _ => {}
            }
            base["predictive_scaling_policy_configuration"] = json!({"metric_specification": [specification]});
        }
        ["target_tracking_scaling_policy_configuration", "customized_metric_specification", rest @ ..] => {
            let mut custom = json!({"metric_name": "m", "namespace": "N", "statistic": "Sum"});
            if let ["metrics", more @ ..] = rest {
                let mut query = json!({"id": "q", "expression": "1"});
                if more.first() == Some(&"metric_stat") {
                    query = json!({"id": "q", "metric_stat": {"stat": "Sum", "metric": metric}});
                }
                if more.contains(&"dimensions") {
                    query["metric_stat"]["metric"]["dimensions"] = json!([{"name": "A", "value": "1"}]);
                }
                custom = json!({"metrics": [query]});
            } else if rest.first() == Some(&"dimensions") {
                custom["dimensions"] = json!([{"name": "A", "value": "1"}]);
            }
            base["target_tracking_scaling_policy_configuration"] =
                json!({"target_value": 70, "customized_metric_specification": custom});
        }
        _ => {
            let metric = json!({"predefined_metric_type": "SageMakerVariantInvocationsPerInstance"});
            base["target_tracking_scaling_policy_configuration"] =
                json!({"target_value": 70, "predefined_metric_specification": metric});
        }
    }
    base
}

fn scaling_values(path: &[&str]) -> Option<(Json, Json)> {
    Some(match path {
        ["service_namespace"] => (json!("sagemaker"), json!("sagemaker")),
        ["scalable_dimension"] => (json!(DIMENSION), json!(DIMENSION)),
        ["resource_id"] => (json!("endpoint/e/variant/MyVariant"), json!("endpoint/e-2/variant/MyVariant")),
        ["min_capacity"] => (json!(3), json!(4)),
        ["max_capacity"] => (json!(6), json!(5)),
        ["role_arn"] => (json!(ROLE), json!("arn:aws:iam::123456789012:role/Other")),
        // Another type has another block: see the tests of scaling.
        ["policy_type"] => (json!("TargetTrackingScaling"), json!("TargetTrackingScaling")),
        [.., "target_value"] => (json!(70.5), json!(60)),
        ["target_tracking_scaling_policy_configuration", .., "predefined_metric_type"] => {
            let metric = "SageMakerVariantConcurrentRequestsPerModelHighResolution";
            (json!(metric), json!("SageMakerVariantInvocationsPerInstance"))
        }
        [.., "predefined_metric_type"] => (json!("ECSServiceMemoryUtilization"), json!("ECSServiceCPUUtilization")),
        [.., "scale_in_cooldown" | "scale_out_cooldown" | "cooldown" | "min_adjustment_magnitude"] => {
            (json!(60), json!(2))
        }
        [.., "scaling_adjustment"] => (json!(2), json!(-1)),
        [.., "metric_interval_lower_bound" | "metric_interval_upper_bound"] => (json!("1.50"), json!("")),
        [.., "expression"] => (json!("2 * 3"), json!("7")),
        [.., "stat"] => (json!("Average"), json!("p90")),
        [.., "unit"] => (json!("Percent"), json!("Count")),
        [.., "id" | "label" | "name" | "value" | "metric_name" | "namespace" | "resource_label"] => {
            (json!("one"), json!("two"))
        }
        _ => return None,
    })
}

fn role(path: &[&str]) -> Json {
    let mut base = json!({"name": "rt", "assume_role_policy": trust("sagemaker.amazonaws.com")});
    match path {
        ["name_prefix"] => base["name"] = Json::Null,
        ["inline_policy", ..] => {
            base["inline_policy"] = json!([{"name": "one", "policy": document("s3:GetObject")}]);
        }
        _ => {}
    }
    base
}

fn role_values(path: &[&str]) -> Option<(Json, Json)> {
    Some(match path {
        ["log_group_class"] => (json!("INFREQUENT_ACCESS"), json!("STANDARD")),
        ["retention_in_days"] => (json!(14), json!(0)),
        ["skip_destroy"] => (json!(false), json!(false)),
        ["assume_role_policy"] => (trust("sagemaker.amazonaws.com"), trust("lambda.amazonaws.com")),
        ["description"] => (json!("one & two"), json!("three")),
        ["path"] => (json!("/a/"), json!("/b/c/")),
        ["max_session_duration"] => (json!(7200), json!(43200)),
        ["permissions_boundary"] => {
            let arn = |name: &str| json!(format!("arn:aws:iam::123456789012:policy/{name}"));
            (arn("one"), arn("two"))
        }
        ["managed_policy_arns"] => {
            let arn = |name: &str| json!(format!("arn:aws:iam::aws:policy/{name}"));
            (json!([arn("AmazonSageMakerFullAccess")]), json!([arn("AmazonS3ReadOnlyAccess")]))
        }
        ["inline_policy", "name"] => (json!("one"), json!("two")),
        [.., "policy"] => (document("s3:GetObject"), document("s3:PutObject")),
        ["role"] => (json!("host"), json!("host-2")),
        ["policy_arn"] => {
            let arn = |name: &str| json!(format!("arn:aws:iam::aws:policy/{name}"));
            (arn("AmazonSageMakerFullAccess"), arn("AmazonS3ReadOnlyAccess"))
        }
        _ => return None,
    })
}
