//! Requests of the query protocol in the form that the JSON protocol has.

use serde_json::{Map, Value};

use crate::services::body::Object;
use crate::wire::query::Params;

const NUMBERS: [&str; 9] = [
    "Period",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "Threshold",
    "EvaluationInterval",
    "PendingPeriod",
    "RecoveryPeriod",
    "MaxRecords",
    "StorageResolution",
];

const FLAGS: [&str; 2] = ["ActionsEnabled", "ReturnData"];

/// The request that a form makes.
pub(crate) fn of_query(params: &Params) -> Object {
    let mut request = Value::Object(Map::new());
    for (name, text) in params.iter().filter(|(name, _)| !["Action", "Version"].contains(name)) {
        let path: Vec<&str> = name.split('.').collect();
        // Nothing that this service takes goes deeper.
        if path.len() <= 16 {
            put(&mut request, &path, typed(path.last().copied().unwrap_or_default(), text));
        }
    }
    match lists(request) {
        Value::Object(request) => request,
        _ => Map::new(),
    }
}

fn typed(name: &str, text: &str) -> Value {
    let number = || text.parse().ok().and_then(serde_json::Number::from_f64);
    if FLAGS.contains(&name) && ["true", "false"].contains(&text) {
        return Value::Bool(text == "true");
    }
    if NUMBERS.contains(&name) {
        return text.parse::<i64>().ok().map(Value::from).or_else(|| number().map(Value::Number)).unwrap_or_default();
    }
    Value::from(text)
}

fn put(into: &mut Value, path: &[&str], value: Value) {
    match (path, into) {
        ([name], Value::Object(members)) => {
            members.insert((*name).to_owned(), value);
        }
        ([name, rest @ ..], Value::Object(members)) => {
            let child = members.entry((*name).to_owned()).or_insert_with(|| Value::Object(Map::new()));
            put(child, rest, value);
        }
        _ => {}
    }
}

/// Makes lists of `member.1`, `member.2`, …
fn lists(value: Value) -> Value {
    let Value::Object(mut members) = value else { return value };
    match members.remove("member") {
        Some(Value::Object(items)) if members.is_empty() => {
            let numbered = items.into_iter().filter_map(|(number, item)| Some((number.parse::<u32>().ok()?, item)));
            let mut numbered: Vec<(u32, Value)> = numbered.collect();
            numbered.sort_by_key(|(number, _)| *number);
            numbered.into_iter().map(|(_, item)| lists(item)).collect()
        }
        _ => members.into_iter().map(|(name, member)| (name, lists(member))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_form_becomes_a_request() {
        let params = Params::parse(
            "",
            b"Action=PutMetricAlarm&AlarmName=a&Threshold=2.5&Period=60&ActionsEnabled=true&Dimensions.member.2.Name=y\
              &Dimensions.member.1.Name=x&Dimensions.member.1.Value=1&OKActions.member.1=arn\
              &Metrics.member.1.MetricStat.Metric.MetricName=m",
        );
        let expected = json!({"AlarmName": "a", "Threshold": 2.5, "Period": 60, "ActionsEnabled": true,
            "Dimensions": [{"Name": "x", "Value": "1"}, {"Name": "y"}], "OKActions": ["arn"],
            "Metrics": [{"MetricStat": {"Metric": {"MetricName": "m"}}}]});
        assert_eq!(Value::Object(of_query(&params)), expected);
    }
}
