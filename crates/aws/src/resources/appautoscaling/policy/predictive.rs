//! The block for predictive scaling, which other services have and SageMaker has not: its schema, its rules, and
//! its form in the API.

use serde_json::{Value as Json, json};
use smform_types::schema::{Attribute, Block, Constraint, NestedBlock};
use smform_types::{Diagnostic, Diagnostics, Path, Type};

use super::PREDICTIVE;
use super::schema::{needed, number, text};
use super::wire::{
    described_predefined, described_query, items, list, members, predefined, query, text as text_of, told, value,
};
use crate::constraints::between;
use crate::fields::{Builder, Fields};

/// The blocks for the dimensions of a metric; those of target tracking have a name of their own.
const DIMENSION: &str = "dimension";

/// Metrics by name: the block, and the member of the service.
const PREDEFINED: [(&str, &str); 3] = [
    ("predefined_load_metric_specification", "PredefinedLoadMetricSpecification"),
    ("predefined_metric_pair_specification", "PredefinedMetricPairSpecification"),
    ("predefined_scaling_metric_specification", "PredefinedScalingMetricSpecification"),
];

/// Metrics by queries, likewise.
const CUSTOMIZED: [(&str, &str); 3] = [
    ("customized_capacity_metric_specification", "CustomizedCapacityMetricSpecification"),
    ("customized_load_metric_specification", "CustomizedLoadMetricSpecification"),
    ("customized_scaling_metric_specification", "CustomizedScalingMetricSpecification"),
];

pub(super) fn schema() -> Block {
    let by_name = || {
        let label = text().with(Constraint::Length(0, 1023));
        NestedBlock::at_most_one(Block::new([("predefined_metric_type", needed()), ("resource_label", label)], []))
    };
    let metrics = PREDEFINED.map(|(name, _)| (name, by_name()));
    let queries = CUSTOMIZED.map(|(name, _)| (name, NestedBlock::at_most_one(customized())));
    let mut metric =
        Block::new([("target_value", Attribute::required(Type::Number).with(Constraint::Fraction))], metrics);
    metric.blocks.extend(queries);
    let breach: &[&str] = &["HonorMaxCapacity", "IncreaseMaxCapacity"];
    let mode = Attribute::optional_computed(Type::String);
    let buffer = Attribute::optional_computed(Type::Number).with(between(0, 3600));
    Block::new(
        [
            ("mode", mode.with(Constraint::OneOf(&["ForecastOnly", "ForecastAndScale"]))),
            ("max_capacity_breach_behavior", text().with(Constraint::OneOf(breach))),
            ("max_capacity_buffer", number().with(between(0, 100)).describe("In percent.")),
            ("scheduling_buffer_time", buffer.describe("In seconds.")),
        ],
        [("metric_specification", NestedBlock::list(metric, 1, 0))],
    )
}

fn customized() -> Block {
    let dimension = NestedBlock::set(Block::new([("name", needed()), ("value", needed())], []), 0, 0);
    let metric = Block::new([("metric_name", text()), ("namespace", text())], [("dimension", dimension)]);
    let stat = Block::new([("stat", needed()), ("unit", text())], [("metric", NestedBlock::exactly_one(metric))]);
    let query = Block::new(
        [
            ("id", needed().with(Constraint::Length(1, 255))),
            ("expression", text().with(Constraint::Length(0, 2048))),
            ("label", text().with(Constraint::Length(0, 2048))),
            ("return_data", Attribute::optional(Type::Bool).default_value(true)),
        ],
        [("metric_stat", NestedBlock::at_most_one(stat))],
    );
    Block::new([], [("metric_data_query", NestedBlock::list(query, 1, 10))])
}

/// SageMaker scales by targets and steps only, as far as is known.
pub(super) fn check(config: Fields<'_>) -> Diagnostics {
    if config.text("policy_type") != Some("PredictiveScaling") || config.text("service_namespace") != Some("sagemaker")
    {
        return Diagnostics::new();
    }
    let detail = "As far as is known, Application Auto Scaling predicts for other services, not for SageMaker: the service \
                  will refuse the policy. Use TargetTrackingScaling, or StepScaling.";
    Diagnostic::warning("SageMaker has no predictive scaling", detail)
        .of_attribute(Path::attribute("policy_type"))
        .into()
}

/// What the block means.
pub(super) fn request(policy: Fields<'_>) -> Json {
    let Some(block) = policy.block(PREDICTIVE) else { return Json::Null };
    members([
        ("MetricSpecifications", list(block.blocks("metric_specification").map(metric).collect())),
        ("Mode", json!(block.text("mode"))),
        ("MaxCapacityBreachBehavior", json!(block.text("max_capacity_breach_behavior"))),
        ("MaxCapacityBuffer", value(block, "max_capacity_buffer")),
        ("SchedulingBufferTime", value(block, "scheduling_buffer_time")),
    ])
}

fn metric(block: Fields<'_>) -> Json {
    let mut metric = members([("TargetValue", value(block, "target_value"))]);
    for (name, member) in PREDEFINED {
        if let Some(spec) = block.block(name) {
            metric[member] = predefined(spec);
        }
    }
    for (name, member) in CUSTOMIZED {
        if let Some(spec) = block.block(name) {
            let queries = spec.blocks("metric_data_query").map(|block| query(block, DIMENSION));
            metric[member] = json!({ "MetricDataQueries": queries.collect::<Vec<_>>() });
        }
    }
    metric
}

/// The block as the service describes it.
pub(super) fn described<'b>(block: Builder<'b>, policy: &Json) -> Builder<'b> {
    block.blocks(PREDICTIVE, policy.get("PredictiveScalingPolicyConfiguration"), |block, predictive| {
        block
            .text("mode", text_of(predictive, "Mode"))
            .text("max_capacity_breach_behavior", text_of(predictive, "MaxCapacityBreachBehavior"))
            .value("max_capacity_buffer", told(predictive.get("MaxCapacityBuffer")))
            .value("scheduling_buffer_time", told(predictive.get("SchedulingBufferTime")))
            .blocks("metric_specification", items(predictive, "MetricSpecifications"), |block, metric| {
                let block = block.value("target_value", told(metric.get("TargetValue")));
                let block = PREDEFINED
                    .into_iter()
                    .fold(block, |block, (name, member)| block.blocks(name, metric.get(member), described_predefined));
                CUSTOMIZED.into_iter().fold(block, |block, (name, member)| {
                    block.blocks(name, metric.get(member), |block, spec| {
                        block.blocks("metric_data_query", items(spec, "MetricDataQueries"), |block, query| {
                            described_query(block, query, DIMENSION)
                        })
                    })
                })
            })
    })
}
