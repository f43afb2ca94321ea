//! The schema of `aws_appautoscaling_policy`, and its rules between arguments.

use smform_types::schema::{Attribute, Block, Constraint, NestedBlock, Schema};
use smform_types::suggest::did_you_mean;
use smform_types::{Diagnostic, Diagnostics, Path, Type};

use super::super::subject;
use super::{PREDICTIVE, STEPS, TRACKING, predictive};
use crate::fields::Fields;
use crate::shared::region;

/// SageMaker's metrics, and the dimension that each of them can scale.
const METRICS: [(&str, &str); 5] = [
    ("SageMakerVariantInvocationsPerInstance", "sagemaker:variant:DesiredInstanceCount"),
    ("SageMakerVariantConcurrentRequestsPerModelHighResolution", "sagemaker:variant:DesiredInstanceCount"),
    ("SageMakerVariantProvisionedConcurrencyUtilization", "sagemaker:variant:DesiredProvisionedConcurrency"),
    ("SageMakerInferenceComponentInvocationsPerCopy", "sagemaker:inference-component:DesiredCopyCount"),
    (
        "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution",
        "sagemaker:inference-component:DesiredCopyCount",
    ),
];

pub(super) fn text() -> Attribute {
    Attribute::optional(Type::String)
}

pub(super) fn needed() -> Attribute {
    Attribute::required(Type::String)
}

pub(super) fn number() -> Attribute {
    Attribute::optional(Type::Number)
}

pub(super) fn schema() -> Schema {
    let told = || Attribute::computed(Type::String);
    let mut block = Block::new(
        [
            ("id", told().describe("The name.")),
            ("arn", told()),
            ("alarm_arns", Attribute::computed(Type::list(Type::String))),
            ("name", needed().forces_replacement().with(Constraint::Length(1, 255))),
            (
                "policy_type",
                text().default_value("StepScaling").with(Constraint::OneOf(&[
                    "StepScaling",
                    "TargetTrackingScaling",
                    "PredictiveScaling",
                ])),
            ),
            ("region", region()),
        ],
        [
            (TRACKING, NestedBlock::at_most_one(tracking())),
            (STEPS, NestedBlock::at_most_one(steps())),
            (PREDICTIVE, NestedBlock::at_most_one(predictive::schema())),
        ],
    );
    block.attributes.extend(subject());
    block.description = "How Application Auto Scaling scales a registered target.";
    Schema { version: 0, block }
}

fn tracking() -> Block {
    let predefined = Block::new(
        [
            ("predefined_metric_type", needed().describe("Such as SageMakerVariantInvocationsPerInstance.")),
            ("resource_label", text().with(Constraint::Length(0, 1023))),
        ],
        [],
    );
    Block::new(
        [
            ("target_value", Attribute::required(Type::Number).with(Constraint::Fraction)),
            ("disable_scale_in", Attribute::optional(Type::Bool).default_value(false)),
            ("scale_in_cooldown", number().describe("In seconds.")),
            ("scale_out_cooldown", number().describe("In seconds.")),
        ],
        [
            ("predefined_metric_specification", NestedBlock::at_most_one(predefined)),
            ("customized_metric_specification", NestedBlock::at_most_one(customized())),
        ],
    )
}

fn dimensions() -> NestedBlock {
    NestedBlock::set(Block::new([("name", needed()), ("value", needed())], []), 0, 0)
}

fn customized() -> Block {
    let metric = Block::new([("metric_name", needed()), ("namespace", needed())], [("dimensions", dimensions())]);
    let stat = Block::new([("stat", needed()), ("unit", text())], [("metric", NestedBlock::exactly_one(metric))]);
    let query = Block::new(
        [
            ("id", needed().with(Constraint::Length(1, 255))),
            ("expression", text().with(Constraint::Length(0, 2047))),
            ("label", text().with(Constraint::Length(0, 2047))),
            ("return_data", Attribute::optional(Type::Bool).default_value(true)),
        ],
        [("metric_stat", NestedBlock::at_most_one(stat))],
    );
    let statistics: &[&str] = &["Average", "Minimum", "Maximum", "SampleCount", "Sum"];
    Block::new(
        [
            ("metric_name", text()),
            ("namespace", text()),
            ("statistic", text().with(Constraint::OneOf(statistics))),
            ("unit", text()),
        ],
        [("dimensions", dimensions()), ("metrics", NestedBlock::set(query, 0, 0))],
    )
}

fn steps() -> Block {
    let bound = || {
        text().with(Constraint::Text("a number as text, or nothing for an open end", |text| {
            text.is_empty() || text.parse::<f64>().is_ok_and(f64::is_finite)
        }))
    };
    let step = Block::new(
        [
            ("scaling_adjustment", Attribute::required(Type::Number)),
            ("metric_interval_lower_bound", bound()),
            ("metric_interval_upper_bound", bound()),
        ],
        [],
    );
    let kinds: &[&str] = &["ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"];
    Block::new(
        [
            ("adjustment_type", text().with(Constraint::OneOf(kinds))),
            ("cooldown", number().describe("In seconds.")),
            ("metric_aggregation_type", text().with(Constraint::OneOf(&["Average", "Minimum", "Maximum"]))),
            ("min_adjustment_magnitude", number()),
        ],
        [("step_adjustment", NestedBlock::set(step, 0, 0))],
    )
}

/// Rules between the arguments, as far as these are known.
pub(super) fn check(config: Fields<'_>) -> Diagnostics {
    let mut found = Diagnostics::new();
    let mut refuse = |summary: &str, detail: String, at: Path| {
        found.push(Diagnostic::error(summary, detail).of_attribute(at));
    };
    let kind = config.text("policy_type").unwrap_or("StepScaling");
    let wanted = match kind {
        "TargetTrackingScaling" => TRACKING,
        "PredictiveScaling" => PREDICTIVE,
        _ => STEPS,
    };
    let has = |name: &str| config.is_unknown(name) || config.block(name).is_some();
    let is_known = !config.is_unknown("policy_type");
    if is_known && !has(wanted) {
        let detail = format!("A policy of the type {kind} needs a block {wanted}.");
        refuse("Policy without its block", detail, Path::attribute("policy_type"));
    }
    let others = [TRACKING, STEPS, PREDICTIVE].into_iter().filter(|other| *other != wanted);
    for other in others.filter(|other| is_known && config.block(other).is_some()) {
        let detail = format!("A policy of the type {kind} has no block {other}.");
        refuse("Conflicting arguments", detail, Path::attribute(other));
    }
    let Some(tracking) = config.block(TRACKING) else { return found };
    let at = Path::attribute(TRACKING).index(0);
    let specifications = ["predefined_metric_specification", "customized_metric_specification"];
    let given = specifications.iter().filter(|name| tracking.block(name).is_some()).count();
    let open = specifications.iter().any(|name| tracking.is_unknown(name));
    if given > 1 || (given == 0 && !open) {
        let detail = format!("Give one of {}.", specifications.join(" and "));
        refuse("Which metric?", detail, at.clone());
    }
    if let Some(custom) = tracking.block("customized_metric_specification") {
        let simple = ["metric_name", "namespace", "statistic"];
        let named: Vec<&str> = simple.into_iter().filter(|name| custom.is_given(name)).collect();
        let queries = custom.blocks("metrics").next().is_some();
        let at = at.attr("customized_metric_specification").index(0);
        if queries && simple.iter().any(|name| custom.is_set(name)) {
            let detail = format!("Give metrics, or {}, not both.", simple.join(", "));
            refuse("Conflicting arguments", detail, at);
        } else if !queries && !custom.is_unknown("metrics") && named.len() < simple.len() {
            refuse("Which metric?", format!("Give {}, or metrics.", simple.join(", ")), at);
        }
    }
    // The service takes a metric that never tells anything about its target.
    let metric = tracking.block("predefined_metric_specification").and_then(|spec| spec.text("predefined_metric_type"));
    let dimension = config.text("scalable_dimension");
    let known = metric.and_then(|metric| METRICS.into_iter().find(|(name, _)| *name == metric));
    if let (Some("sagemaker"), Some(metric), Some(dimension)) = (config.text("service_namespace"), metric, dimension) {
        let at = at.attr("predefined_metric_specification").index(0).attr("predefined_metric_type");
        let fitting = || METRICS.iter().filter(|(_, of)| *of == dimension).map(|(name, _)| *name);
        if known.is_some_and(|(_, of)| of != dimension) {
            let fitting: Vec<&str> = fitting().collect();
            let detail = format!(
                "{metric} does not go with {dimension}: the policy would never do anything. Use {}.",
                fitting.join(" or ")
            );
            found.push(Diagnostic::warning("The metric does not fit the dimension", detail).of_attribute(at));
        } else if known.is_none() {
            let hint = did_you_mean(metric, METRICS.map(|(name, _)| name));
            let fitting: Vec<&str> = fitting().collect();
            let detail = format!(
                "{metric} is none of the metrics by which {dimension} is scaled, {}.{hint}",
                fitting.join(", ")
            );
            found.push(Diagnostic::warning("Unknown metric", detail).of_attribute(at));
        }
    }
    found
}
