//! Between the blocks of a policy and the structures of the service.

use serde_json::{Map, Value as Json, json};
use smform_types::schema::Schema;
use smform_types::{Number, Type, Value};

use super::{STEPS, TRACKING, predictive};
use crate::fields::{Builder, Fields};

/// An object of those members that are there.
pub(super) fn members<const N: usize>(members: [(&str, Json); N]) -> Json {
    let given = members.into_iter().filter(|(_, value)| !value.is_null());
    Json::Object(given.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

/// A number as the service takes it; whole ones without a fraction.
pub(super) fn value(block: Fields<'_>, name: &str) -> Json {
    let number = block.get(name).and_then(Value::as_number);
    number.and_then(|number| serde_json::from_str(&number.to_string()).ok()).unwrap_or_default()
}

pub(super) fn told(value: Option<&Json>) -> Value {
    // A fraction of nothing is none: people write 70, and the service says 70.0.
    let number = value.and_then(Json::as_f64).and_then(|number| Number::parse(&number.to_string()));
    number.map_or(Value::null(Type::Number), Value::number)
}

pub(super) fn list(items: Vec<Json>) -> Json {
    if items.is_empty() { Json::Null } else { Json::Array(items) }
}

/// The dimensions of a metric, which are in blocks of different names.
fn dimensions(block: Fields<'_>, name: &str) -> Json {
    let one = |block: Fields<'_>| members([("Name", json!(block.text("name"))), ("Value", json!(block.text("value")))]);
    list(block.blocks(name).map(one).collect())
}

/// A query of metrics, with the name of the blocks for dimensions.
pub(super) fn query(query: Fields<'_>, dimension: &str) -> Json {
    let stat = query.block("metric_stat").map(|stat| {
        let metric = stat.block("metric").map(|metric| {
            members([
                ("MetricName", json!(metric.text("metric_name"))),
                ("Namespace", json!(metric.text("namespace"))),
                ("Dimensions", dimensions(metric, dimension)),
            ])
        });
        members([
            ("Metric", metric.unwrap_or_default()),
            ("Stat", json!(stat.text("stat"))),
            ("Unit", json!(stat.text("unit"))),
        ])
    });
    members([
        ("Id", json!(query.text("id"))),
        ("Expression", json!(query.text("expression"))),
        ("Label", json!(query.text("label"))),
        ("MetricStat", stat.unwrap_or_default()),
        ("ReturnData", json!(query.flag("return_data"))),
    ])
}

/// A metric that has a name.
pub(super) fn predefined(spec: Fields<'_>) -> Json {
    members([
        ("PredefinedMetricType", json!(spec.text("predefined_metric_type"))),
        ("ResourceLabel", json!(spec.text("resource_label"))),
    ])
}

/// What the block for target tracking means.
pub(super) fn tracking(policy: Fields<'_>) -> Json {
    let Some(block) = policy.block(TRACKING) else { return Json::Null };
    let predefined = block.block("predefined_metric_specification").map(predefined);
    members([
        ("TargetValue", value(block, "target_value")),
        ("PredefinedMetricSpecification", predefined.unwrap_or_default()),
        (
            "CustomizedMetricSpecification",
            block.block("customized_metric_specification").map(customized).unwrap_or_default(),
        ),
        ("ScaleInCooldown", value(block, "scale_in_cooldown")),
        ("ScaleOutCooldown", value(block, "scale_out_cooldown")),
        ("DisableScaleIn", json!(block.flag("disable_scale_in"))),
    ])
}

fn customized(block: Fields<'_>) -> Json {
    members([
        ("MetricName", json!(block.text("metric_name"))),
        ("Namespace", json!(block.text("namespace"))),
        ("Dimensions", dimensions(block, "dimensions")),
        ("Statistic", json!(block.text("statistic"))),
        ("Unit", json!(block.text("unit"))),
        ("Metrics", list(block.blocks("metrics").map(|block| query(block, "dimensions")).collect())),
    ])
}

/// What the block for steps means.
pub(super) fn steps(policy: Fields<'_>) -> Json {
    let Some(block) = policy.block(STEPS) else { return Json::Null };
    let bound = |step: Fields<'_>, name: &str| step.text(name).and_then(|text| text.parse::<f64>().ok());
    let step = |step: Fields<'_>| {
        members([
            ("MetricIntervalLowerBound", json!(bound(step, "metric_interval_lower_bound"))),
            ("MetricIntervalUpperBound", json!(bound(step, "metric_interval_upper_bound"))),
            ("ScalingAdjustment", value(step, "scaling_adjustment")),
        ])
    };
    members([
        ("AdjustmentType", json!(block.text("adjustment_type"))),
        ("StepAdjustments", list(block.blocks("step_adjustment").map(step).collect())),
        ("MinAdjustmentMagnitude", value(block, "min_adjustment_magnitude")),
        ("Cooldown", value(block, "cooldown")),
        ("MetricAggregationType", json!(block.text("metric_aggregation_type"))),
    ])
}

pub(super) fn text<'j>(json: &'j Json, name: &str) -> Option<&'j str> {
    json.get(name).and_then(Json::as_str)
}

pub(super) fn items<'j>(json: &'j Json, name: &str) -> &'j [Json] {
    json.get(name).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn described_dimensions<'b>(block: Builder<'b>, name: &'static str, from: &Json) -> Builder<'b> {
    block.blocks(name, items(from, "Dimensions"), |block, dimension| {
        block.text("name", text(dimension, "Name")).text("value", text(dimension, "Value"))
    })
}

/// A query of metrics that the service describes, with the name of the blocks for dimensions.
pub(super) fn described_query<'b>(block: Builder<'b>, query: &Json, dimension: &'static str) -> Builder<'b> {
    block
        .text("id", text(query, "Id"))
        .text("expression", text(query, "Expression"))
        .text("label", text(query, "Label"))
        .flag("return_data", Some(query.get("ReturnData").and_then(Json::as_bool) != Some(false)))
        .blocks("metric_stat", query.get("MetricStat"), |block, stat| {
            block.text("stat", text(stat, "Stat")).text("unit", text(stat, "Unit")).blocks(
                "metric",
                stat.get("Metric"),
                |block, metric| {
                    let block = block.text("metric_name", text(metric, "MetricName"));
                    described_dimensions(block.text("namespace", text(metric, "Namespace")), dimension, metric)
                },
            )
        })
}

/// A metric that has a name, as the service describes it.
pub(super) fn described_predefined<'b>(block: Builder<'b>, spec: &Json) -> Builder<'b> {
    block
        .text("predefined_metric_type", text(spec, "PredefinedMetricType"))
        .text("resource_label", text(spec, "ResourceLabel"))
}

/// A policy that the service describes.
pub(super) fn described(schema: &Schema, policy: &Json) -> Value {
    let alarms = items(policy, "Alarms").iter().filter_map(|alarm| text(alarm, "AlarmARN")).map(Value::string);
    let block = Builder::new(&schema.block)
        .text("id", text(policy, "PolicyName"))
        .text("arn", text(policy, "PolicyARN"))
        .value("alarm_arns", Value::list(Type::String, alarms))
        .text("name", text(policy, "PolicyName"))
        .text("policy_type", text(policy, "PolicyType"))
        .text("service_namespace", text(policy, "ServiceNamespace"))
        .text("resource_id", text(policy, "ResourceId"))
        .text("scalable_dimension", text(policy, "ScalableDimension"))
        .blocks(TRACKING, policy.get("TargetTrackingScalingPolicyConfiguration"), |block, tracking| {
            block
                .value("target_value", told(tracking.get("TargetValue")))
                .flag("disable_scale_in", Some(tracking.get("DisableScaleIn").and_then(Json::as_bool) == Some(true)))
                .value("scale_in_cooldown", told(tracking.get("ScaleInCooldown")))
                .value("scale_out_cooldown", told(tracking.get("ScaleOutCooldown")))
                .blocks(
                    "predefined_metric_specification",
                    tracking.get("PredefinedMetricSpecification"),
                    described_predefined,
                )
                .blocks(
                    "customized_metric_specification",
                    tracking.get("CustomizedMetricSpecification"),
                    |block, spec| {
                        let block = block
                            .text("metric_name", text(spec, "MetricName"))
                            .text("namespace", text(spec, "Namespace"))
                            .text("statistic", text(spec, "Statistic"))
                            .text("unit", text(spec, "Unit"));
                        described_dimensions(block, "dimensions", spec).blocks(
                            "metrics",
                            items(spec, "Metrics"),
                            |block, query| described_query(block, query, "dimensions"),
                        )
                    },
                )
        })
        .blocks(STEPS, policy.get("StepScalingPolicyConfiguration"), |block, steps| {
            block
                .text("adjustment_type", text(steps, "AdjustmentType"))
                .value("cooldown", told(steps.get("Cooldown")))
                .text("metric_aggregation_type", text(steps, "MetricAggregationType"))
                .value("min_adjustment_magnitude", told(steps.get("MinAdjustmentMagnitude")))
                .blocks("step_adjustment", items(steps, "StepAdjustments"), |block, step| {
                    let bound = |name: &str| step.get(name).and_then(Json::as_f64).map(|bound| bound.to_string());
                    block
                        .value("scaling_adjustment", told(step.get("ScalingAdjustment")))
                        .text("metric_interval_lower_bound", bound("MetricIntervalLowerBound").as_deref())
                        .text("metric_interval_upper_bound", bound("MetricIntervalUpperBound").as_deref())
                })
        });
    predictive::described(block, policy).finish()
}
