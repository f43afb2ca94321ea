//! The alarms that roll a deployment back: while one of them is going off, every update is rolled back.

use smform_provider::ProviderError;
use smform_types::{Diagnostic, Diagnostics, Path, Value};

use crate::clients::Clients;
use crate::fields::Fields;
use crate::rpc::Form;

/// The alarms of the endpoint's policy that are going off. What may not be read is not judged.
async fn going_off(endpoint: &Value, clients: &Clients) -> Vec<String> {
    let policy = Fields(endpoint).block("deployment_config");
    let rollback = policy.and_then(|policy| policy.block("auto_rollback_configuration"));
    let names: Vec<&str> = rollback
        .into_iter()
        .flat_map(|rollback| rollback.blocks("alarms"))
        .filter_map(|a| a.text("alarm_name"))
        .collect();
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
    warning.of_attribute(Path::attribute("deployment_config").index(0).attr("auto_rollback_configuration")).into()
}

/// Adds to the error of an update what it means for the next one.
pub(super) async fn explain(error: &mut ProviderError, endpoint: &Value, clients: &Clients) {
    let alarms = going_off(endpoint, clients).await;
    if !alarms.is_empty() {
        error.detail.push_str("\n\n");
        error.detail.push_str(&consequence(&alarms));
    }
}
