//! Metrics that clients put, and what an alarm sees of them.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Answer, invalid, required};
use crate::clock::Moment;
use crate::services::Context;
use crate::services::body::{Object, object, objects, text};
use crate::wire::ApiError;

/// How many datapoints of a metric are kept.
const KEPT: usize = 2_000;

/// What was put at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Datapoint {
    pub time: Moment,
    count: f64,
    sum: f64,
    min: f64,
    max: f64,
}

/// What a metric is kept by.
pub(super) fn key(namespace: &str, metric: &Object) -> String {
    let mut dimensions: Vec<String> = objects(metric, "Dimensions")
        .map(|dimension| format!("{}={}", text(dimension, "Name"), text(dimension, "Value")))
        .collect();
    dimensions.sort();
    format!("{namespace}\n{}\n{}", text(metric, "MetricName"), dimensions.join("\n"))
}

pub(super) fn put(context: &mut Context<'_>, input: &Object) -> Answer {
    let namespace = required(input, "Namespace")?;
    let mut points = Vec::new();
    for datum in objects(input, "MetricData") {
        required(datum, "MetricName")?;
        points.push((key(namespace, datum), datapoint(datum, context.now)?));
    }
    if points.is_empty() {
        return Err(ApiError::new("MissingParameter", "The parameter MetricData is required."));
    }
    for (key, point) in points {
        let metric = context.region.cloudwatch.metrics.entry(key).or_default();
        metric.push(point);
        let surplus = metric.len().saturating_sub(KEPT);
        metric.drain(..surplus);
    }
    Ok(json!({}))
}

/// A number, which forms have as text.
fn decimal(value: Option<&Value>) -> Option<f64> {
    let number = value.and_then(|value| value.as_f64().or_else(|| f64::from_str(value.as_str()?).ok()));
    number.filter(|number| number.is_finite())
}

fn datapoint(datum: &Object, now: Moment) -> Result<Datapoint, ApiError> {
    let time = match datum.get("Timestamp") {
        None => now,
        Some(Value::String(text)) => {
            let time = jiff::Timestamp::from_str(text).map_err(|_| invalid(format!("{text} is no timestamp.")))?;
            Moment::from_millis(time.as_millisecond())
        }
        Some(number) => Moment::default().plus_seconds(decimal(Some(number)).unwrap_or_default()),
    };
    if let Some(set) = object(datum, "StatisticValues") {
        let member = |name: &str| decimal(set.get(name)).ok_or_else(|| invalid(format!("{name} is no number.")));
        let (count, sum) = (member("SampleCount")?, member("Sum")?);
        return Ok(Datapoint { time, count, sum, min: member("Minimum")?, max: member("Maximum")? });
    }
    let list = |name: &str| datum.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let counts = list("Counts");
    let mut values: Vec<(f64, f64)> = decimal(datum.get("Value")).map(|value| (value, 1.0)).into_iter().collect();
    for (at, value) in list("Values").iter().enumerate() {
        let value = decimal(Some(value)).ok_or_else(|| invalid("Values holds something that is no number."))?;
        values.push((value, decimal(counts.get(at)).unwrap_or(1.0)));
    }
    if values.is_empty() {
        return Err(ApiError::new(
            "MissingParameter",
            "At least one of Value, Values and StatisticValues is required.",
        ));
    }
    let extreme = |pick: fn(f64, f64) -> f64| values.iter().map(|(value, _)| *value).reduce(pick).unwrap_or_default();
    Ok(Datapoint {
        time,
        count: values.iter().map(|(_, count)| count).sum(),
        sum: values.iter().map(|(value, count)| value * count).sum(),
        min: extreme(f64::min),
        max: extreme(f64::max),
    })
}

/// The statistic of what was put in a period; none if there is nothing. Percentiles are taken for the maximum.
pub(super) fn statistic(points: &[Datapoint], from: Moment, until: Moment, name: &str) -> Option<f64> {
    let within = || points.iter().filter(|point| from < point.time && point.time <= until);
    let sum = |of: fn(&Datapoint) -> f64| within().map(of).sum::<f64>();
    within().next()?;
    Some(match name {
        "SampleCount" => sum(|point| point.count),
        "Sum" => sum(|point| point.sum),
        "Minimum" => within().map(|point| point.min).fold(f64::INFINITY, f64::min),
        "Average" => sum(|point| point.sum) / sum(|point| point.count).max(1.0),
        _ => within().map(|point| point.max).fold(f64::NEG_INFINITY, f64::max),
    })
}
