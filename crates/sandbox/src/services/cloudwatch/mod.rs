//! CloudWatch: alarms on metrics that clients put, and what alarms do to deployments.
//!
//! The service speaks JSON to recent clients and the query protocol to older ones; requests of the latter are brought
//! into the form of the former. No service puts metrics of its own here.

mod alarm;
mod effect;
mod form;
mod metric;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use self::effect::settle;
pub(crate) use self::form::of_query;
use crate::services::body::{Object, text, texts};
use crate::services::{Context, JsonOperation};
use crate::wire::ApiError;

/// The service as clients name it.
pub(crate) const SERVICE: &str = "cloudwatch";
/// The service as signatures name it.
pub(crate) const SIGNED_FOR: &str = "monitoring";
/// What operations are prefixed with on the wire.
pub(crate) const TARGET: &str = "GraniteServiceVersion20100801";

/// An operation's result.
type Answer = Result<Value, ApiError>;
type Run = fn(&mut Context<'_>, &Object) -> Answer;

const fn reads(name: &'static str, run: Run) -> JsonOperation {
    JsonOperation { name, mutates: false, run }
}

const fn writes(name: &'static str, run: Run) -> JsonOperation {
    JsonOperation { name, mutates: true, run }
}

/// Every operation.
pub(crate) static OPERATIONS: &[JsonOperation] = &[
    writes("PutMetricAlarm", alarm::put),
    reads("DescribeAlarms", alarm::describe),
    writes("DeleteAlarms", alarm::delete),
    writes("SetAlarmState", alarm::set_state),
    writes("PutMetricData", metric::put),
    reads("ListTagsForResource", alarm::list_tags),
    writes("TagResource", alarm::tag),
    writes("UntagResource", alarm::untag),
];

/// The alarms and metrics of a region.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct State {
    /// By name.
    alarms: BTreeMap<String, alarm::Alarm>,
    /// By namespace, name and dimensions.
    metrics: BTreeMap<String, Vec<metric::Datapoint>>,
}

/// The operation of that name.
pub(crate) fn operation(name: &str) -> Option<&'static JsonOperation> {
    OPERATIONS.iter().find(|operation| operation.name == name)
}

/// The names that identify what a request is about.
pub(crate) fn names(input: &Object) -> Vec<String> {
    let own = ["AlarmName", "Namespace", "ResourceARN"].map(|member| text(input, member));
    let all = own.into_iter().chain(texts(input, "AlarmNames"));
    all.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", message)
}

fn required<'a>(input: &'a Object, member: &str) -> Result<&'a str, ApiError> {
    match text(input, member) {
        "" => Err(ApiError::new("MissingParameter", format!("The parameter {member} is required."))),
        given => Ok(given),
    }
}
