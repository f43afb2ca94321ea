//! The messages of `-json` runs: one JSON object per line.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value as Json, json};
use smform_engine::events::{Operation, ProvisionMoment};
use smform_engine::plan::{Action, Change, Counts, Drift, ObjectKey, OutputChange, Plan, Reason};
use smform_types::json::{plain, type_to_json};
use smform_types::{Diagnostic, InstanceAddress, Severity, SourceMap, Value};

use super::{diagnostic, key, object};
use crate::render::lines::{self, Moment, Recorded};
use crate::render::style::Style;

/// One message without its time, which whoever writes it adds.
pub type Message = Map<String, Json>;

pub(super) fn message(
    level: &str,
    text: &str,
    kind: &str,
    fields: impl IntoIterator<Item = (&'static str, Json)>,
) -> Message {
    let mut out = Map::new();
    let mut put = |name: &str, value: Json| out.insert(name.to_owned(), value);
    put("@level", level.into());
    put("@message", text.into());
    put("@module", "terraform.ui".into());
    for (name, value) in fields {
        put(name, value);
    }
    put("type", kind.into());
    out
}

/// The first message: versions.
#[must_use]
pub fn version(version: &str) -> Message {
    let terraform = smform_state::codec::TERRAFORM_VERSION;
    message(
        "info",
        &format!("smform {version}"),
        "version",
        [("terraform", terraform.into()), ("smform", version.into()), ("ui", "1.2".into())],
    )
}

/// A message without any fields of its own.
#[must_use]
pub fn log(text: &str) -> Message {
    message("info", text, "log", [])
}

/// A step of `init`, which programs know by its code.
#[must_use]
pub fn init(text: &str, code: &'static str) -> Message {
    message("info", text, "init_output", [("message_code", code.into())])
}

/// A diagnostic.
#[must_use]
pub fn diagnostic(found: &Diagnostic, sources: &SourceMap) -> Message {
    let (level, word) = match found.severity {
        Severity::Error => ("error", "Error"),
        Severity::Warning => ("warn", "Warning"),
    };
    let text = format!("{word}: {}", found.summary);
    message(level, &text, "diagnostic", [("diagnostic", diagnostic::diagnostic(found, sources))])
}

fn resource(address: &InstanceAddress) -> Json {
    let type_name = &*address.resource.type_name;
    let within = InstanceAddress { module: smform_types::ModuleInstance::root(), ..address.clone() };
    json!({
        "addr": address.to_string(),
        "module": address.module.to_string(),
        "resource": within.to_string(),
        "implied_provider": type_name.split('_').next().unwrap_or(type_name),
        "resource_type": type_name,
        "resource_name": &*address.resource.name,
        "resource_key": address.key.as_ref().map_or(Json::Null, key),
    })
}

const fn short_action(action: Action) -> &'static str {
    match action {
        Action::NoOp => "noop",
        Action::Create => "create",
        Action::Read => "read",
        Action::Update => "update",
        Action::Replace(_) => "replace",
        Action::Delete => "delete",
        Action::Forget => "remove",
    }
}

fn short_reason(reason: Reason) -> &'static str {
    match reason {
        Reason::CannotUpdate => "cannot_update",
        Reason::Tainted => "tainted",
        Reason::Requested => "requested",
        Reason::Triggered => "replace_triggered_by",
        other => other.as_str(),
    }
}

/// A difference from the state.
#[must_use]
pub fn drift(drift: &Drift) -> Message {
    let address = &drift.object.address;
    let action = match drift.action() {
        Action::NoOp => "move",
        action => short_action(action),
    };
    let fields = object([
        ("resource", Some(resource(address))),
        ("previous_resource", drift.previous.as_ref().map(resource)),
        ("action", Some(action.into())),
    ]);
    let text = format!("{address}: Drift detected ({action})");
    message("info", &text, "resource_drift", [("change", fields)])
}

/// A planned change; nothing for an object that stays as and where it is.
#[must_use]
pub fn planned(change: &Change) -> Option<Message> {
    let moved = change.previous_address.as_ref();
    let action = match (change.action, moved) {
        (Action::NoOp, _) if change.importing.is_some() => "import",
        (Action::NoOp, None) => return None,
        (Action::NoOp, Some(_)) => "move",
        (action, _) => short_action(action),
    };
    let address = &change.object.address;
    let fields = object([
        ("resource", Some(resource(address))),
        ("previous_resource", moved.map(resource)),
        ("action", Some(action.into())),
        ("importing", change.importing.as_ref().map(|id| json!({ "id": id }))),
        ("generated_config", change.generated.as_deref().map(Json::from)),
        ("reason", change.reason.map(|reason| short_reason(reason).into())),
    ]);
    Some(message("info", &format!("{address}: Plan to {action}"), "planned_change", [("change", fields)]))
}

/// The numbers of a plan, or of what was done.
#[must_use]
pub fn summary(counts: Counts, operation: &'static str) -> Message {
    let text = match operation {
        "plan" => crate::render::plan::summary(counts, Style::PLAIN).trim_end().to_owned(),
        _ => lines::complete(counts, operation == "destroy", Style::PLAIN).trim().to_owned(),
    };
    let changes = json!({
        "add": counts.add, "change": counts.change, "import": counts.import, "remove": counts.destroy,
        "operation": operation,
    });
    message("info", &text, "change_summary", [("changes", changes)])
}

/// The outputs of a plan.
#[must_use]
pub fn planned_outputs(outputs: &BTreeMap<Arc<str>, OutputChange>) -> Message {
    let entries: Map<String, Json> = outputs
        .iter()
        .map(|(name, output)| {
            let action = short_action(output.action);
            (name.to_string(), json!({ "sensitive": output.sensitive, "action": action }))
        })
        .collect();
    message("info", &format!("Outputs: {}", entries.len()), "outputs", [("outputs", entries.into())])
}

/// The outputs after an apply; the values of sensitive ones are left out.
#[must_use]
pub fn outputs(outputs: &BTreeMap<Arc<str>, Value>, sensitive: &dyn Fn(&str) -> bool) -> Message {
    let entries: Map<String, Json> = outputs
        .iter()
        .map(|(name, value)| {
            let hidden = sensitive(name) || value.has_sensitive();
            let entry = object([
                ("sensitive", Some(hidden.into())),
                ("type", Some(type_to_json(&value.ty()))),
                ("value", (!hidden).then(|| plain(value))),
            ]);
            (name.to_string(), entry)
        })
        .collect();
    message("info", &format!("Outputs: {}", entries.len()), "outputs", [("outputs", entries.into())])
}

/// A moment of the work on an object.
#[must_use]
pub fn hook(
    moment: Moment,
    object_key: &ObjectKey,
    operation: Operation,
    id: Option<&str>,
    elapsed: Duration,
) -> Message {
    let verb = match (operation, moment) {
        (Operation::Refresh, Moment::Start) => "refresh_start",
        (Operation::Refresh, _) => "refresh_complete",
        (_, Moment::Start) => "apply_start",
        (_, Moment::Still) => "apply_progress",
        (_, Moment::Done) => "apply_complete",
        (_, Moment::Failed) => "apply_errored",
    };
    let action = match operation {
        Operation::Refresh => None,
        Operation::Read => Some("read"),
        Operation::Create => Some("create"),
        Operation::Update => Some("update"),
        Operation::Delete => Some("delete"),
        Operation::Import => Some("import"),
    };
    // A deposed object goes by its address here, and one that is gone has no identifier.
    let object_key = &ObjectKey { address: object_key.address.clone(), deposed: None };
    let id = id.filter(|_| operation != Operation::Delete || matches!(moment, Moment::Start | Moment::Still));
    let timed = moment != Moment::Start && operation != Operation::Refresh;
    let hook = object([
        ("resource", Some(resource(&object_key.address))),
        ("action", action.map(Json::from)),
        ("id_key", id.map(|_| "id".into())),
        ("id_value", id.map(Json::from)),
        ("elapsed_seconds", timed.then(|| elapsed.as_secs().into())),
    ]);
    let text = lines::line(moment, object_key, operation, id, elapsed, Style::PLAIN);
    // Here data sources are refreshed, in Terraform's words.
    let text = match operation {
        Operation::Read => text.replacen(": Reading", ": Refreshing", 1).replacen(": Read ", ": Refresh ", 1),
        _ => text,
    };
    message("info", text.trim_end(), verb, [("hook", hook)])
}

/// What came of a run that did not do everything, as people are told at its end. Terraform has no such message, and knows
/// nothing of what it would say: that the service goes on with an object, or that what was done is not in the state.
#[must_use]
pub fn report(actions: &lines::Actions, outcomes: lines::Outcomes<'_>) -> Message {
    let each = |fates: Vec<lines::Fate>| {
        let fates = fates.into_iter().map(|fate| {
            object([
                ("resource", Some(resource(&fate.object.address))),
                ("deposed", fate.object.deposed.map(Json::from)),
                ("outcome", fate.what.map(Json::from)),
            ])
        });
        Json::Array(fates.collect())
    };
    let recorded = match outcomes.recorded {
        Recorded::State => json!({ "in": "state" }),
        Recorded::Journal { path, lock } => json!({ "in": "journal", "path": path.to_string_lossy(), "lock": lock }),
        Recorded::Elsewhere => json!({ "in": null }),
    };
    let fates = lines::fates(actions, outcomes);
    let lines::Fates { done, under_way, failed, left } = &fates;
    let text = format!(
        "{} done, {} under way, {} failed, {} not begun",
        done.len(),
        under_way.len(),
        failed.len(),
        left.len()
    );
    let fields = object([
        ("recorded", Some(recorded)),
        ("done", Some(each(fates.done))),
        ("under_way", Some(each(fates.under_way))),
        ("failed", Some(each(fates.failed))),
        ("not_begun", Some(each(fates.left))),
    ]);
    message("error", &text, "apply_report", [("report", fields)])
}

/// That an object which is only looked at is waited for. Terraform has no such message, as it does not wait.
#[must_use]
pub fn waiting(object_key: &ObjectKey, status: &str, elapsed: Duration) -> Message {
    let address = &object_key.address;
    let hook = object([
        ("resource", Some(resource(address))),
        ("status", Some(status.into())),
        ("elapsed_seconds", Some(elapsed.as_secs().into())),
    ]);
    let text = lines::waiting(object_key, status, elapsed, Style::PLAIN);
    message("info", text.trim_end(), "refresh_progress", [("hook", hook)])
}

/// A moment of a provisioner of an object.
#[must_use]
pub fn provision(object_key: &ObjectKey, kind: &str, moment: &ProvisionMoment) -> Message {
    let address = &object_key.address;
    let (verb, text, output) = match moment {
        ProvisionMoment::Started => ("provision_start", format!("{address}: Provisioning with '{kind}'..."), None),
        ProvisionMoment::Line(line) => {
            ("provision_progress", format!("{address}: ({kind}): {line}"), Some(line.as_str()))
        }
        ProvisionMoment::Finished => ("provision_complete", format!("{address}: ({kind}) Provisioning complete"), None),
        ProvisionMoment::Failed => ("provision_errored", format!("{address}: ({kind}) Provisioning errored"), None),
    };
    let hook = object([
        ("resource", Some(resource(address))),
        ("provisioner", Some(kind.into())),
        ("output", output.map(Json::from)),
    ]);
    message("info", &text, verb, [("hook", hook)])
}

/// The messages of a saved plan that is applied: what is done to objects, as Terraform has it without what they were found
/// to be, and without those that only have another address.
pub fn changes(plan: &Plan) -> impl Iterator<Item = Message> {
    plan.listed().into_iter().filter(|change| change.action != Action::NoOp).filter_map(planned)
}

/// Every message of a finished plan, in order.
#[must_use]
pub fn plan(plan: &Plan) -> Vec<Message> {
    let drift = plan.drift.iter().map(drift);
    let changes = plan.listed().into_iter().filter_map(planned);
    let mut out: Vec<Message> = drift.chain(changes).collect();
    out.push(summary(plan.counts(), "plan"));
    if !plan.outputs.is_empty() {
        out.push(planned_outputs(&plan.outputs));
    }
    out
}
