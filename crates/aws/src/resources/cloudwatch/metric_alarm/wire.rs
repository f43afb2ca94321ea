//! Between the arguments of an alarm and the members of the service.

use smform_types::schema::Schema;
use smform_types::{Number, Type, Value};

use crate::fields::{Builder, Fields, text_map};
use crate::rpc::{Element, Form};

/// Lists of ARNs: the argument, and the member of the service.
const ACTIONS: [(&str, &str); 3] = [
    ("alarm_actions", "AlarmActions"),
    ("ok_actions", "OKActions"),
    ("insufficient_data_actions", "InsufficientDataActions"),
];

/// Texts, likewise.
const TEXTS: [(&str, &str); 10] = [
    ("alarm_name", "AlarmName"),
    ("alarm_description", "AlarmDescription"),
    ("comparison_operator", "ComparisonOperator"),
    ("metric_name", "MetricName"),
    ("namespace", "Namespace"),
    ("statistic", "Statistic"),
    ("extended_statistic", "ExtendedStatistic"),
    ("unit", "Unit"),
    ("threshold_metric_id", "ThresholdMetricId"),
    ("evaluate_low_sample_count_percentiles", "EvaluateLowSampleCountPercentile"),
];

/// Numbers, likewise.
const NUMBERS: [(&str, &str); 4] = [
    ("evaluation_periods", "EvaluationPeriods"),
    ("datapoints_to_alarm", "DatapointsToAlarm"),
    ("period", "Period"),
    ("evaluation_interval", "EvaluationInterval"),
];

fn number(block: Fields<'_>, name: &str) -> Option<String> {
    block.get(name).and_then(Value::as_number).map(ToString::to_string)
}

fn numbers(form: Form, block: Fields<'_>, members: &[(&str, &str)]) -> Form {
    members.iter().fold(form, |form, (name, member)| form.text(member, number(block, name).as_deref()))
}

fn texts(form: Form, block: Fields<'_>, members: &[(&str, &str)]) -> Form {
    members.iter().fold(form, |form, (name, member)| form.text(member, block.text(name)))
}

fn dimensions(form: Form, block: Fields<'_>) -> Form {
    let mut dimensions: Vec<(String, String)> = block.map("dimensions").into_iter().collect();
    dimensions.sort();
    let one = |(name, value): &(String, String)| Form::new().text("Name", Some(name)).text("Value", Some(value));
    form.structures("Dimensions", dimensions.iter().map(one))
}

fn flag(form: Form, block: Fields<'_>, name: &str, member: &str) -> Form {
    form.text(member, block.flag(name).map(|flag| if flag { "true" } else { "false" }))
}

/// The alarm as it is sent.
pub(super) fn request(alarm: Fields<'_>) -> Form {
    let form = texts(Form::new(), alarm, &TEXTS);
    let form = numbers(form, alarm, &NUMBERS);
    let form = flag(form, alarm, "actions_enabled", "ActionsEnabled");
    let form = ACTIONS.into_iter().fold(form, |form, (name, member)| form.list(member, alarm.texts(name)));
    let form = dimensions(form, alarm);
    let form = form.structures("Metrics", alarm.blocks("metric_query").map(query));
    match alarm.block("evaluation_criteria").and_then(|criteria| criteria.block("promql_criteria")) {
        Some(criteria) => {
            let promql = texts(Form::new(), criteria, &[("query", "Query")]);
            let periods = [("pending_period", "PendingPeriod"), ("recovery_period", "RecoveryPeriod")];
            form.structure("EvaluationCriteria.PromQLCriteria", numbers(promql, criteria, &periods))
        }
        None => {
            let form = texts(form, alarm, &[("treat_missing_data", "TreatMissingData")]);
            // A threshold of nothing is zero, unless another metric is the threshold.
            let threshold = number(alarm, "threshold").unwrap_or_else(|| "0".to_owned());
            form.text("Threshold", Some(threshold.as_str()).filter(|_| alarm.text("threshold_metric_id").is_none()))
        }
    }
}

fn query(query: Fields<'_>) -> Form {
    let members = [("id", "Id"), ("expression", "Expression"), ("label", "Label"), ("account_id", "AccountId")];
    let form = texts(Form::new(), query, &members);
    let form = numbers(form, query, &[("period", "Period")]);
    let form = flag(form, query, "return_data", "ReturnData");
    let Some(metric) = query.block("metric") else { return form };
    let named = texts(Form::new(), metric, &[("metric_name", "MetricName"), ("namespace", "Namespace")]);
    let stat = Form::new().structure("Metric", dimensions(named, metric));
    let stat = numbers(stat, metric, &[("period", "Period")]);
    form.structure("MetricStat", texts(stat, metric, &[("stat", "Stat"), ("unit", "Unit")]))
}

/// A number that the service tells. A fraction of nothing is none: people write 70, and the service says 70.0.
fn told(element: &Element, member: &str) -> Value {
    let number = element.text(member).and_then(|text| text.parse::<f64>().ok());
    let number = number.and_then(|number| Number::parse(&number.to_string()));
    number.map_or(Value::null(Type::Number), Value::number)
}

fn is_true(element: &Element, member: &str) -> bool {
    element.text(member).is_some_and(|text| text.eq_ignore_ascii_case("true"))
}

fn described_dimensions(element: &Element) -> Value {
    let text = |dimension: &Element, member: &str| dimension.text(member).unwrap_or_default().to_owned();
    let all: Vec<(String, String)> =
        element.members("Dimensions").map(|one| (text(one, "Name"), text(one, "Value"))).collect();
    if all.is_empty() {
        return Value::null(Type::map(Type::String));
    }
    text_map(all.iter().map(|(name, value)| (name, value)))
}

fn described_query<'b>(block: Builder<'b>, query: &Element) -> Builder<'b> {
    block
        .text("id", query.text("Id"))
        .text("expression", query.text("Expression"))
        .text("label", query.text("Label"))
        .text("account_id", query.text("AccountId"))
        .value("period", told(query, "Period"))
        .flag("return_data", Some(is_true(query, "ReturnData")))
        .blocks("metric", query.child("MetricStat"), |block, stat| {
            let metric = stat.child("Metric");
            block
                .text("metric_name", metric.and_then(|metric| metric.text("MetricName")))
                .text("namespace", metric.and_then(|metric| metric.text("Namespace")))
                .value("dimensions", described_dimensions(metric.unwrap_or(&Element::default())))
                .value("period", told(stat, "Period"))
                .text("stat", stat.text("Stat"))
                .text("unit", stat.text("Unit"))
        })
}

/// An alarm that the service describes; its tags are told elsewhere.
pub(super) fn described<'s>(schema: &'s Schema, alarm: &Element) -> Builder<'s> {
    let block = Builder::new(&schema.block);
    let block = TEXTS.into_iter().fold(block, |block, (name, member)| block.text(name, alarm.text(member)));
    let block = NUMBERS.into_iter().fold(block, |block, (name, member)| block.value(name, told(alarm, member)));
    let block = ACTIONS.into_iter().fold(block, |block, (name, member)| {
        let arns: Vec<String> = alarm.members(member).map(|arn| arn.own_text().to_owned()).collect();
        block.texts(name, &arns)
    });
    let criteria = alarm.child("EvaluationCriteria").and_then(|criteria| criteria.child("PromQLCriteria"));
    block
        .text("id", alarm.text("AlarmName"))
        .text("arn", alarm.text("AlarmArn"))
        .flag("actions_enabled", Some(alarm.text("ActionsEnabled").is_none() || is_true(alarm, "ActionsEnabled")))
        .value("threshold", told(alarm, "Threshold"))
        .value("dimensions", described_dimensions(alarm))
        .text("treat_missing_data", Some(alarm.text("TreatMissingData").unwrap_or("missing")))
        .blocks("metric_query", alarm.members("Metrics"), described_query)
        .blocks("evaluation_criteria", criteria, |block, criteria| {
            block.blocks("promql_criteria", [criteria], |block, criteria| {
                block
                    .text("query", criteria.text("Query"))
                    .value("pending_period", told(criteria, "PendingPeriod"))
                    .value("recovery_period", told(criteria, "RecoveryPeriod"))
            })
        })
}
