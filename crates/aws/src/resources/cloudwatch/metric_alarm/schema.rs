//! The schema of `aws_cloudwatch_metric_alarm`, and its rules between arguments.

use smform_types::schema::{Attribute, Block, Constraint, NestedBlock, Schema};
use smform_types::{Diagnostic, Diagnostics, Path, Type};

use crate::constraints::{alarm_name, at_least, between};
use crate::fields::Fields;
use crate::shared::region;
use crate::tags;

const OPERATORS: &[&str] = &[
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
];

const UNITS: &[&str] = &[
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
];

/// What describes one metric; none of it goes with queries or criteria.
const OF_ONE_METRIC: [&str; 7] =
    ["metric_name", "namespace", "period", "statistic", "extended_statistic", "dimensions", "unit"];

/// What belongs to alarms with a threshold.
const OF_THRESHOLDS: [&str; 5] =
    ["comparison_operator", "evaluation_periods", "datapoints_to_alarm", "threshold", "threshold_metric_id"];

fn text() -> Attribute {
    Attribute::optional(Type::String)
}

fn number() -> Attribute {
    Attribute::optional(Type::Number)
}

fn unit() -> Attribute {
    text().with(Constraint::KnownValues(UNITS))
}

fn dimensions() -> Attribute {
    Attribute::optional(Type::map(Type::String))
}

fn statistic(text: &str) -> bool {
    // Percentiles, trimmed and winsorized means, and the like: p90, tm99, TM(10%:90%), PR(:300).
    !text.is_empty() && text.len() <= 30 && text.chars().all(|c| c.is_ascii_alphanumeric() || "().:%".contains(c))
}

/// The forms of a statistic that is no plain one: IQM; p, tm, wm, tc or ts with a percentage; TM, WM, PR, TC or TS with
/// bounds of which one may be left out.
fn extended_statistic(text: &str) -> bool {
    let number = |text: &str| {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits(whole) && digits(part)
    };
    let percentage =
        |text: &str| number(text) && text.parse::<f64>().is_ok_and(|percentage| (0.0..=100.0).contains(&percentage));
    let bound = |text: &str| text.is_empty() || number(text.strip_suffix('%').unwrap_or(text));
    let bounds = |text: &str| {
        let inner = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
        let bounds = inner.and_then(|inner| inner.split_once(':'));
        bounds.is_some_and(|(low, high)| bound(low) && bound(high) && !(low.is_empty() && high.is_empty()))
    };
    let after = |names: &[&str], fits: &dyn Fn(&str) -> bool| {
        names.iter().any(|name| text.strip_prefix(name).is_some_and(fits))
    };
    text == "IQM"
        || after(&["p", "tm", "wm", "tc", "ts"], &percentage)
        || after(&["TM", "WM", "PR", "TC", "TS"], &bounds)
}

pub(super) fn schema() -> Schema {
    let told = || Attribute::computed(Type::String);
    let arns = || Attribute::optional(Type::set(Type::String)).with(Constraint::Items(0, 5));
    let mut block = Block::new(
        [
            ("id", told().describe("The name.")),
            ("arn", told()),
            ("alarm_name", Attribute::required(Type::String).forces_replacement().with(alarm_name())),
            ("alarm_description", text().with(Constraint::Length(0, 1024))),
            ("actions_enabled", Attribute::optional(Type::Bool).default_value(true)),
            ("alarm_actions", arns()),
            ("ok_actions", arns()),
            ("insufficient_data_actions", arns()),
            ("comparison_operator", text().with(Constraint::OneOf(OPERATORS))),
            ("evaluation_periods", number().with(at_least(1))),
            ("datapoints_to_alarm", number().with(at_least(1))),
            ("threshold", number().with(Constraint::Fraction)),
            ("threshold_metric_id", text().with(Constraint::Length(1, 255))),
            ("metric_name", text().with(Constraint::Length(1, 255))),
            ("namespace", text().with(namespace())),
            ("period", number().describe("In seconds: 10, 20, 30, or a multiple of 60.")),
            ("statistic", text().with(Constraint::OneOf(&["SampleCount", "Average", "Sum", "Minimum", "Maximum"]))),
            (
                "extended_statistic",
                text().with(Constraint::Text(
                    "a percentile or another statistic, such as p90, tm99, IQM or TM(10%:90%)",
                    extended_statistic,
                )),
            ),
            ("dimensions", dimensions()),
            ("unit", unit()),
            (
                "treat_missing_data",
                text().default_value("missing").with(Constraint::OneOf(&[
                    "missing",
                    "ignore",
                    "breaching",
                    "notBreaching",
                ])),
            ),
            (
                "evaluate_low_sample_count_percentiles",
                Attribute::optional_computed(Type::String).with(Constraint::OneOf(&["evaluate", "ignore"])),
            ),
            ("evaluation_interval", number().describe("In seconds; goes with evaluation_criteria.")),
            ("region", region()),
            ("tags", tags::tags()),
            ("tags_all", tags::tags_all()),
        ],
        [
            ("metric_query", NestedBlock::set(query(), 0, 0)),
            ("evaluation_criteria", NestedBlock::at_most_one(criteria())),
        ],
    );
    block.description = "An alarm of CloudWatch, such as those that roll the deployment of an endpoint back.";
    Schema { version: 1, block }
}

fn namespace() -> Constraint {
    Constraint::Text("1 to 255 characters, of which the first is no colon", |text| {
        (1..=255).contains(&text.chars().count()) && !text.starts_with(':')
    })
}

fn query() -> Block {
    let metric = Block::new(
        [
            ("metric_name", Attribute::required(Type::String).with(Constraint::Length(1, 255))),
            ("namespace", text().with(namespace())),
            ("period", Attribute::required(Type::Number)),
            ("stat", Attribute::required(Type::String).with(Constraint::Text("a statistic", statistic))),
            ("unit", unit()),
            ("dimensions", dimensions()),
        ],
        [],
    );
    let id = Constraint::Text("a small letter, then letters, digits and _", |text| {
        text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.len() <= 255
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    });
    Block::new(
        [
            ("id", Attribute::required(Type::String).with(id)),
            ("expression", text().with(Constraint::Length(0, 2048))),
            ("label", text()),
            ("account_id", text().with(Constraint::Length(1, 255))),
            ("period", number()),
            ("return_data", Attribute::optional(Type::Bool).default_value(false)),
        ],
        [("metric", NestedBlock::at_most_one(metric))],
    )
}

fn criteria() -> Block {
    let seconds = || number().with(between(0, 86_400)).describe("In seconds.");
    let promql = Block::new(
        [
            ("query", Attribute::required(Type::String).with(Constraint::Length(1, 10_000))),
            ("pending_period", seconds()),
            ("recovery_period", seconds()),
        ],
        [],
    );
    Block::new([], [("promql_criteria", NestedBlock::exactly_one(promql))])
}

/// Rules between the arguments, as far as these are known.
pub(super) fn check(config: Fields<'_>) -> Diagnostics {
    let mut found = Diagnostics::new();
    let mut refuse = |summary: &str, detail: String, at: Path| {
        found.push(Diagnostic::error(summary, detail).of_attribute(at));
    };
    let kinds = ["metric_name", "metric_query", "evaluation_criteria"];
    let open = kinds.iter().any(|name| config.is_unknown(name));
    let given: Vec<&str> = kinds
        .into_iter()
        .filter(|name| if *name == "metric_name" { config.is_set(name) } else { config.block(name).is_some() })
        .collect();
    if given.len() > 1 || (given.is_empty() && !open) {
        let at = Path::attribute(given.get(1).copied().unwrap_or("metric_name"));
        refuse("What is watched?", format!("Give one of {}.", kinds.join(", ")), at);
        return found;
    }
    let watched = given.first().copied().unwrap_or("metric_name");
    if watched != "metric_name" && !open {
        for name in config.set_of(&OF_ONE_METRIC) {
            refuse("Conflicting arguments", format!("{name} does not go with {watched}."), Path::attribute(name));
        }
    }
    if watched == "evaluation_criteria" {
        for name in config.set_of(&OF_THRESHOLDS) {
            refuse("Conflicting arguments", format!("{name} does not go with {watched}."), Path::attribute(name));
        }
        if !config.is_given("evaluation_interval") {
            let detail = "evaluation_criteria needs evaluation_interval.".to_owned();
            refuse("Missing argument", detail, Path::attribute("evaluation_criteria"));
        }
    } else if !open {
        let missing = ["comparison_operator", "evaluation_periods"].into_iter().filter(|name| !config.is_given(name));
        for name in missing {
            refuse("Missing argument", format!("{watched} needs {name}."), Path::attribute(watched));
        }
        if config.is_set("evaluation_interval") {
            let detail = "evaluation_interval goes with evaluation_criteria only.".to_owned();
            refuse("Conflicting arguments", detail, Path::attribute("evaluation_interval"));
        }
        if config.is_set("threshold") && config.is_set("threshold_metric_id") {
            let detail = "Give threshold, or threshold_metric_id, not both.".to_owned();
            refuse("Conflicting arguments", detail, Path::attribute("threshold_metric_id"));
        }
    }
    // A name that is not known yet may be null where the other kinds may still come.
    let may_be_another = kinds.iter().skip(1).any(|name| config.is_unknown(name));
    if watched == "metric_name" && (config.is_set("metric_name") || !may_be_another) {
        let statistics = ["statistic", "extended_statistic"];
        let set = config.set_of(&statistics);
        if set.len() > 1 || !statistics.iter().any(|name| config.is_given(name)) {
            let at = Path::attribute(set.get(1).copied().unwrap_or("metric_name"));
            refuse("Which statistic?", "Give statistic, or extended_statistic.".to_owned(), at);
        }
        for name in ["namespace", "period"].into_iter().filter(|name| !config.is_given(name)) {
            refuse("Missing argument", format!("metric_name needs {name}."), Path::attribute("metric_name"));
        }
    }
    if let (Some(points), Some(periods)) = (config.int("datapoints_to_alarm"), config.int("evaluation_periods"))
        && points > periods
    {
        let detail = format!("It is at most evaluation_periods, which is {periods}; it is {points}.");
        refuse("Invalid value for datapoints_to_alarm", detail, Path::attribute("datapoints_to_alarm"));
    }
    for (name, at) in
        [("period", Path::attribute("period")), ("evaluation_interval", Path::attribute("evaluation_interval"))]
    {
        period(config.int(name), name, at, &mut refuse);
    }
    check_queries(config, &mut refuse);
    found
}

fn check_queries(config: Fields<'_>, refuse: &mut impl FnMut(&str, String, Path)) {
    let at = Path::attribute("metric_query");
    let mut returns = config.is_unknown("metric_query");
    let mut any = false;
    for query in config.blocks("metric_query") {
        any = true;
        returns |= query.flag("return_data") == Some(true) || query.is_unknown("return_data");
        let id = query.text("id").unwrap_or_default();
        let metric = query.block("metric");
        let open = query.is_unknown("metric") || query.is_unknown("expression");
        if !open && metric.is_some() == query.text("expression").is_some() {
            refuse("Which metric?", format!("Give the query \"{id}\" an expression, or a metric block."), at.clone());
        }
        period(query.int("period"), "period", at.clone(), refuse);
        period(metric.and_then(|metric| metric.int("period")), "period", at.clone(), refuse);
    }
    if any && !returns {
        let detail = "The alarm watches the query that has return_data = true, and none has.".to_owned();
        refuse("No query returns data", detail, at);
    }
}

fn period(seconds: Option<i32>, name: &str, at: Path, refuse: &mut impl FnMut(&str, String, Path)) {
    if let Some(seconds) =
        seconds.filter(|seconds| ![10, 20, 30].contains(seconds) && (*seconds < 60 || seconds % 60 != 0))
    {
        let detail = format!("It must be 10, 20, 30, or a multiple of 60 seconds; it is {seconds}.");
        refuse(&format!("Invalid value for {name}"), detail, at);
    }
}
