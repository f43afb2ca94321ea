//! The alarms that roll a deployment back: while one of them is going off, every update is rolled back.

use smform_provider::{PlannedObject, ProviderError};
use smform_types::{Diagnostic, Diagnostics, Path, Value};

use crate::clients::Clients;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::rpc::Form;

/// The names of the alarms of the endpoint's policy that are known.
fn named(endpoint: &Value) -> Vec<&str> {
    let policy = Fields(endpoint).block("deployment_config");
    let rollback = policy.and_then(|policy| policy.block("auto_rollback_configuration"));
    let alarms = rollback.into_iter().flat_map(|rollback| rollback.blocks("alarms"));
    alarms.filter_map(|alarm| alarm.text("alarm_name")).collect()
}

/// Where the alarms stand.
fn place() -> Path {
    Path::attribute("deployment_config").index(0).attr("auto_rollback_configuration")
}

/// Warns of alarms that there are not, neither in the plan nor in CloudWatch: nothing would ever roll back. What may not
/// be read is not judged.
pub(super) async fn missing(object: &PlannedObject, plan: &[PlannedObject], clients: &Clients) -> Diagnostics {
    let Some(after) = &object.after else { return Diagnostics::new() };
    let same = |name: &str| object.before.as_ref().is_some_and(|before| before.get(name) == after.get(name));
    let names = named(after);
    if names.is_empty() || same("deployment_config") && same("endpoint_config_name") {
        return Diagnostics::new();
    }
    let alarms = || plan.iter().filter(|object| *object.type_name == *"aws_cloudwatch_metric_alarm");
    let has =
        |value: Option<&Value>, name: &str| value.is_some_and(|alarm| Fields(alarm).text("alarm_name") == Some(name));
    // A name that is not known yet may be any.
    if alarms().any(|alarm| alarm.after.as_ref().is_some_and(|after| Fields(after).is_unknown("alarm_name"))) {
        return Diagnostics::new();
    }
    let absent: Vec<&str> =
        names.into_iter().filter(|name| !alarms().any(|alarm| has(alarm.after.as_ref(), name))).collect();
    let (going, unsaid): (Vec<&str>, Vec<&str>) =
        absent.into_iter().partition(|name| alarms().any(|alarm| has(alarm.before.as_ref(), name)));
    let found = match existing(&unsaid, clients, clients.region_of(after)).await {
        Ok(found) => found,
        Err(failure) => {
            tracing::debug!(reason = failure.explained(), "alarms were not read");
            unsaid.iter().map(|name| (*name).to_owned()).collect()
        }
    };
    let lacking = unsaid.into_iter().filter(|name| !found.iter().any(|found| found == name));
    let said = going
        .into_iter()
        .map(|name| (name, "is deleted by this plan"))
        .chain(lacking.map(|name| (name, "does not exist")));
    let warning = |(name, why): (&str, &str)| {
        let detail = format!(
            "Alarm \"{name}\" {why}, in {}. An update of the endpoint is not rolled back by an alarm that is not there. \
             Check the name, or add an aws_cloudwatch_metric_alarm of it.",
            clients.place(clients.region_of(after))
        );
        Diagnostic::warning("No such alarm", detail).of_attribute(place())
    };
    said.map(warning).collect()
}

/// Which of the alarms there are, of metrics or of other alarms.
async fn existing(names: &[&str], clients: &Clients, region: &str) -> Result<Vec<String>, Failure> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let form = Form::new().list("AlarmNames", names).list("AlarmTypes", ["MetricAlarm", "CompositeAlarm"]);
    let answer = clients.cloudwatch(region).query("DescribeAlarms", form).await?;
    let alarms = ["MetricAlarms", "CompositeAlarms"].into_iter().flat_map(|list| answer.members(list));
    Ok(alarms.filter_map(|alarm| alarm.text("AlarmName").map(str::to_owned)).collect())
}

/// The alarms of the endpoint's policy that are going off. What may not be read is not judged.
async fn going_off(endpoint: &Value, clients: &Clients) -> Vec<String> {
    let names = named(endpoint);
    if names.is_empty() {
        return Vec::new();
    }
    let service = clients.cloudwatch(clients.region_of(endpoint));
    let form = Form::new().list("AlarmNames", names).text("StateValue", Some("ALARM"));
    match service.listed("DescribeAlarms", form, "MetricAlarms").await {
        Ok(alarms) => alarms.iter().filter_map(|alarm| alarm.text("AlarmName")).map(str::to_owned).collect(),
        Err(failure) => {
            tracing::debug!(reason = failure.explained(), "alarms were not read");
            Vec::new()
        }
    }
}

/// What is the case as long as these go off.
fn consequence(alarms: &[String]) -> String {
    let (alarm, is) = if alarms.len() == 1 { ("Alarm", "is") } else { ("Alarms", "are") };
    format!(
        "{alarm} \"{}\" {is} in state ALARM now. As long as that lasts, SageMaker rolls back every update of the endpoint. \
         See to it first, and apply when the state is OK.",
        alarms.join("\", \"")
    )
}

/// Warns of an update that will be rolled back.
pub(super) async fn check(endpoint: &Value, clients: &Clients) -> Diagnostics {
    let alarms = going_off(endpoint, clients).await;
    if alarms.is_empty() {
        return Diagnostics::new();
    }
    let warning = Diagnostic::warning("An alarm would roll this update back", consequence(&alarms));
    warning.of_attribute(place()).into()
}

/// Adds to the error of an update what it means for the next one.
pub(super) async fn explain(error: &mut ProviderError, endpoint: &Value, clients: &Clients) {
    let alarms = going_off(endpoint, clients).await;
    if !alarms.is_empty() {
        error.detail.push_str("\n\n");
        error.detail.push_str(&consequence(&alarms));
    }
}
