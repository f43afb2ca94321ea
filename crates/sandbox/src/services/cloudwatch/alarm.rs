//! Alarms: keeping, describing, and evaluating them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::metric::{self, Datapoint};
use super::{Answer, State, invalid, required};
use crate::clock::Moment;
use crate::services::Context;
use crate::services::body::{Object, integer, number, objects, text, texts};
use crate::wire::ApiError;

/// An alarm.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Alarm {
    arn: String,
    /// The members of the request, less the tags.
    body: Object,
    updated: Moment,
    state: String,
    reason: String,
    /// Since when it is in this state.
    since: Moment,
    /// When somebody set the state by hand, which holds until there is newer data.
    set: Option<Moment>,
    tags: BTreeMap<String, String>,
}

impl Alarm {
    pub(super) fn is_alarming(&self) -> Option<Moment> {
        (self.state == "ALARM").then_some(self.since)
    }

    fn become_state(&mut self, state: &str, reason: String, now: Moment) {
        if self.state != state {
            (self.state, self.since) = (state.to_owned(), now);
        }
        self.reason = reason;
    }

    /// Evaluates an alarm on one metric; others stay as they are set.
    fn evaluate(&mut self, metrics: &BTreeMap<String, Vec<Datapoint>>, now: Moment) {
        let body = &self.body;
        let (Some(period), Some(periods)) = (integer(body, "Period"), integer(body, "EvaluationPeriods")) else {
            return;
        };
        if text(body, "MetricName").is_empty() {
            return;
        }
        let points = metrics.get(&metric::key(text(body, "Namespace"), body)).map(Vec::as_slice).unwrap_or_default();
        if self.set.is_some_and(|set| !points.iter().any(|point| point.time > set)) {
            return;
        }
        let name =
            if body.contains_key("Statistic") { text(body, "Statistic") } else { text(body, "ExtendedStatistic") };
        let threshold = number(body, "Threshold").unwrap_or_default();
        let missing = text(body, "TreatMissingData");
        let mut seen: i64 = 0;
        let mut breaching: i64 = 0;
        for back in 0..periods.min(1_000) {
            let until = now.plus_seconds(-(back as f64) * period as f64);
            let value = metric::statistic(points, until.plus_seconds(-(period as f64)), until, name);
            seen += i64::from(value.is_some());
            let breaches = match value {
                Some(value) => breaches(text(body, "ComparisonOperator"), value, threshold),
                None => missing == "breaching",
            };
            breaching += i64::from(breaches);
        }
        let needed = integer(body, "DatapointsToAlarm").unwrap_or(periods);
        if seen == 0 && !["breaching", "notBreaching"].contains(&missing) {
            // Nothing new: an alarm that ignores what is missing stays as it is, and so does a new one.
            if missing != "ignore" && (self.set.is_some() || self.state != "INSUFFICIENT_DATA") {
                self.become_state("INSUFFICIENT_DATA", "Insufficient Data".to_owned(), now);
            }
        } else if breaching >= needed {
            self.become_state("ALARM", format!("Threshold Crossed: {breaching} datapoints crossed {threshold}."), now);
        } else {
            self.become_state("OK", format!("Threshold not crossed: {breaching} of {needed} datapoints."), now);
        }
        self.set = None;
    }

    fn shown(&self) -> Value {
        let mut shown = self.body.clone();
        for (name, value) in [
            ("AlarmArn", json!(self.arn)),
            ("AlarmConfigurationUpdatedTimestamp", json!(self.updated.as_seconds())),
            ("StateValue", json!(self.state)),
            ("StateReason", json!(self.reason)),
            ("StateUpdatedTimestamp", json!(self.since.as_seconds())),
            ("StateTransitionedTimestamp", json!(self.since.as_seconds())),
        ] {
            shown.insert(name.to_owned(), value);
        }
        for list in ["OKActions", "AlarmActions", "InsufficientDataActions", "Dimensions"] {
            shown.entry(list).or_insert_with(|| json!([]));
        }
        shown.entry("ActionsEnabled").or_insert(json!(true));
        Value::Object(shown)
    }
}

fn breaches(operator: &str, value: f64, threshold: f64) -> bool {
    match operator {
        "GreaterThanOrEqualToThreshold" => value >= threshold,
        "GreaterThanThreshold" => value > threshold,
        "LessThanThreshold" => value < threshold,
        "LessThanOrEqualToThreshold" => value <= threshold,
        _ => false,
    }
}

impl State {
    /// Brings every alarm up to date.
    pub(super) fn evaluate(&mut self, now: Moment) {
        for alarm in self.alarms.values_mut() {
            alarm.evaluate(&self.metrics, now);
        }
    }

    pub(super) fn alarm(&self, name: &str) -> Option<&Alarm> {
        self.alarms.get(name)
    }
}

/// The rules between the members. Texts are unverified.
fn check(input: &Object) -> Result<(), ApiError> {
    let given = |name: &str| input.contains_key(name);
    let metric = given("MetricName");
    let queries = objects(input, "Metrics").next().is_some();
    if usize::from(metric) + usize::from(queries) + usize::from(given("EvaluationCriteria")) != 1 {
        return Err(invalid("Exactly one of MetricName, Metrics and EvaluationCriteria must be specified."));
    }
    if given("EvaluationCriteria") {
        return Ok(());
    }
    for member in ["ComparisonOperator", "EvaluationPeriods"] {
        if !given(member) {
            return Err(ApiError::new("MissingParameter", format!("The parameter {member} is required.")));
        }
    }
    if given("Threshold") == given("ThresholdMetricId") {
        return Err(invalid("Exactly one of Threshold and ThresholdMetricId must be specified."));
    }
    if metric {
        for member in ["Namespace", "Period"] {
            if !given(member) {
                return Err(ApiError::new("MissingParameter", format!("The parameter {member} is required.")));
            }
        }
        if given("Statistic") == given("ExtendedStatistic") {
            return Err(invalid("Exactly one of Statistic and ExtendedStatistic must be specified."));
        }
    }
    if let Some(period) = integer(input, "Period")
        && ![10, 20, 30].contains(&period)
        && (period < 60 || period % 60 != 0)
    {
        return Err(invalid("Metric period must be 10, 20, 30 or a multiple of 60."));
    }
    Ok(())
}

pub(super) fn put(context: &mut Context<'_>, input: &Object) -> Answer {
    let name = required(input, "AlarmName")?;
    check(input)?;
    let mut body = input.clone();
    let tags = tags(input);
    body.remove("Tags");
    let arn = context.arn("cloudwatch", &format!("alarm:{name}"));
    let now = context.now;
    let alarms = &mut context.region.cloudwatch.alarms;
    match alarms.get_mut(name) {
        // Tags of an alarm that exists are left alone.
        Some(alarm) => (alarm.body, alarm.updated) = (body, now),
        None => {
            let alarm = Alarm {
                arn,
                body,
                updated: now,
                state: "INSUFFICIENT_DATA".to_owned(),
                reason: "Unchecked: Initial alarm creation".to_owned(),
                since: now,
                set: None,
                tags,
            };
            alarms.insert(name.to_owned(), alarm);
        }
    }
    Ok(json!({}))
}

pub(super) fn describe(context: &mut Context<'_>, input: &Object) -> Answer {
    let names: Vec<&str> = texts(input, "AlarmNames").collect();
    let (prefix, state) = (text(input, "AlarmNamePrefix"), text(input, "StateValue"));
    let of_metrics = input.get("AlarmTypes").is_none() || texts(input, "AlarmTypes").any(|kind| kind == "MetricAlarm");
    let found = context.region.cloudwatch.alarms.iter().filter(|(name, alarm)| {
        of_metrics
            && (names.is_empty() || names.contains(&name.as_str()))
            && name.starts_with(prefix)
            && (state.is_empty() || alarm.state == state)
    });
    let start = match text(input, "NextToken") {
        "" => 0,
        token => token.parse().map_err(|_| ApiError::new("InvalidNextToken", "The next token is invalid."))?,
    };
    let size = integer(input, "MaxRecords").unwrap_or(50).clamp(1, 100);
    let size = usize::try_from(size).unwrap_or(50);
    let shown: Vec<Value> = found.map(|(_, alarm)| alarm.shown()).collect();
    let end = shown.len().min(start + size);
    let more = end < shown.len();
    let page: Vec<Value> = shown.into_iter().skip(start).take(size).collect();
    let mut answer = json!({ "MetricAlarms": page, "CompositeAlarms": [] });
    if let (true, Some(answer)) = (more, answer.as_object_mut()) {
        answer.insert("NextToken".to_owned(), json!(end.to_string()));
    }
    Ok(answer)
}

/// Names that are unknown do not matter, as on the real service.
pub(super) fn delete(context: &mut Context<'_>, input: &Object) -> Answer {
    for name in texts(input, "AlarmNames") {
        context.region.cloudwatch.alarms.remove(name);
    }
    Ok(json!({}))
}

pub(super) fn set_state(context: &mut Context<'_>, input: &Object) -> Answer {
    let (name, state) = (required(input, "AlarmName")?, required(input, "StateValue")?);
    if !["OK", "ALARM", "INSUFFICIENT_DATA"].contains(&state) {
        return Err(invalid(format!(
            "1 validation error detected: Value '{state}' at 'stateValue' failed to satisfy constraint: Member must \
             satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]"
        )));
    }
    let now = context.now;
    let alarm = context.region.cloudwatch.alarms.get_mut(name);
    let alarm = alarm.ok_or_else(|| ApiError::new("ResourceNotFound", "Alarm not found").with_status(404))?;
    alarm.become_state(state, text(input, "StateReason").to_owned(), now);
    alarm.set = Some(now);
    Ok(json!({}))
}

fn tags(input: &Object) -> BTreeMap<String, String> {
    objects(input, "Tags").map(|tag| (text(tag, "Key").to_owned(), text(tag, "Value").to_owned())).collect()
}

fn tagged<'a>(context: &'a mut Context<'_>, input: &Object) -> Result<&'a mut Alarm, ApiError> {
    let arn = required(input, "ResourceARN")?;
    let found = context.region.cloudwatch.alarms.values_mut().find(|alarm| alarm.arn == arn);
    found.ok_or_else(|| ApiError::new("ResourceNotFoundException", format!("{arn} not found")).with_status(404))
}

pub(super) fn list_tags(context: &mut Context<'_>, input: &Object) -> Answer {
    let tags = &tagged(context, input)?.tags;
    let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    Ok(json!({ "Tags": tags }))
}

pub(super) fn tag(context: &mut Context<'_>, input: &Object) -> Answer {
    tagged(context, input)?.tags.extend(tags(input));
    Ok(json!({}))
}

pub(super) fn untag(context: &mut Context<'_>, input: &Object) -> Answer {
    let keys: Vec<&str> = texts(input, "TagKeys").collect();
    tagged(context, input)?.tags.retain(|key, _| !keys.contains(&key.as_str()));
    Ok(json!({}))
}
