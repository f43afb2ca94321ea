//! The messages of `test -json`: one JSON object per line.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};
use smform_engine::plan::ObjectKey;
use smform_engine::testing::{RunReport, Status};
use smform_lang::config::testing::{TestFile, TestRun};

use super::stream::{Message, message};
use super::{plan, schema, state};
use crate::render::test::{Counts, word};

/// The name of an outcome here.
const fn status(status: Status) -> &'static str {
    match status {
        Status::Skip => "skip",
        Status::Pass => "pass",
        Status::Fail => "fail",
        Status::Error => "error",
    }
}

fn about(mut message: Message, file: &str, run: Option<&str>) -> Message {
    message.insert("@testfile".to_owned(), file.into());
    if let Some(run) = run {
        message.insert("@testrun".to_owned(), run.into());
    }
    message
}

/// What is going to be run.
#[must_use]
pub fn found(files: &[&TestFile]) -> Message {
    let runs: usize = files.iter().map(|file| file.runs.len()).sum();
    let names = |file: &TestFile| {
        let names = file.runs.iter().map(|run| run.name.text.to_string()).collect::<Vec<_>>();
        if names.is_empty() { Json::Null } else { json!(names) }
    };
    let all: BTreeMap<&str, Json> = files.iter().map(|file| (file.name.as_str(), names(file))).collect();
    let plural = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let text = format!("Found {} and {}", plural(files.len(), "file"), plural(runs, "run block"));
    message("info", &text, "test_abstract", [("test_abstract", json!(all))])
}

/// A moment of a file: `starting`, `teardown`, or how it ended.
#[must_use]
pub fn file(file: &str, ended: Option<Status>, progress: &str) -> Message {
    let words = match ended {
        Some(status) => word(status),
        None if progress == "teardown" => "tearing down",
        None => "in progress",
    };
    let mut fields = json!({ "path": file, "progress": progress });
    if let (Some(ended), Some(object)) = (ended, fields.as_object_mut()) {
        object.insert("status".to_owned(), status(ended).into());
    }
    about(message("info", &format!("{file}... {words}"), "test_file", [("test_file", fields)]), file, None)
}

/// A moment of a run: `starting`, `teardown`, or how it ended.
#[must_use]
pub fn run(file: &str, run: &str, ended: Option<Status>, progress: &str) -> Message {
    let words = match ended {
        Some(status) => word(status),
        None if progress == "teardown" => "tearing down",
        None => "in progress",
    };
    let mut fields = json!({ "path": file, "run": run, "progress": progress });
    if let Some(object) = fields.as_object_mut() {
        match ended {
            Some(ended) => object.insert("status".to_owned(), status(ended).into()),
            None => object.insert("elapsed".to_owned(), 0.into()),
        };
    }
    about(message("info", &format!("  {run:?}... {words}"), "test_run", [("test_run", fields)]), file, Some(run))
}

/// The plan or the state of a run, for `-verbose`.
#[must_use]
pub fn verbose(file: &TestFile, run: &TestRun, report: &RunReport) -> Option<Message> {
    let (project, world) = (report.project.as_ref()?, report.world.as_ref()?);
    let take = |from: &Json, names: &[&str], into: &mut Map<String, Json>| {
        for name in names {
            if let Some(value) = from.get(*name) {
                into.insert((*name).to_owned(), value.clone());
            }
        }
    };
    let mut fields = Map::new();
    let (what, kind) = if let Some(planned) = &report.planned {
        let json = plan::plan(project, planned, &world.providers);
        fields.insert("plan_format_version".to_owned(), json.get("format_version").cloned().unwrap_or_default());
        let names = ["output_changes", "resource_changes", "resource_drift", "relevant_attributes"];
        take(&json, &names, &mut fields);
        ("plan", "test_plan")
    } else {
        let (recorded, stored) = report.state.as_ref()?;
        let value = |id: &smform_state::ObjectId| {
            let key = ObjectKey { address: id.address.clone(), deposed: id.deposed.clone() };
            stored.objects.get(&key).map(|found| found.value.clone())
        };
        let json = state::state(recorded, &value, &world.providers);
        fields.insert("state_format_version".to_owned(), json.get("format_version").cloned().unwrap_or_default());
        if let Some(values) = json.get("values") {
            take(values, &["root_module", "outputs"], &mut fields);
        }
        ("state", "test_state")
    };
    // Terraform adds the schemas of the providers that are concerned.
    let mut concerned = BTreeSet::new();
    providers_in(&Json::Object(fields.clone()), &mut concerned);
    let schemas = schema::providers(&world.providers, |source| concerned.contains(source));
    fields.insert("provider_format_version".to_owned(), schemas.get("format_version").cloned().unwrap_or_default());
    take(&schemas, &["provider_schemas"], &mut fields);
    let text = format!("-verbose flag enabled, printing {what}");
    let message = message("info", &text, kind, [(kind, Json::Object(fields))]);
    Some(about(message, &file.name, Some(&run.name.text)))
}

/// The names of the providers of all objects in a text.
fn providers_in(json: &Json, into: &mut BTreeSet<String>) {
    match json {
        Json::Object(fields) => {
            if let Some(name) = fields.get("provider_name").and_then(Json::as_str) {
                into.insert(name.to_owned());
            }
            fields.values().for_each(|value| providers_in(value, into));
        }
        Json::Array(items) => items.iter().for_each(|item| providers_in(item, into)),
        _ => {}
    }
}

/// A message about a run.
#[must_use]
pub fn within(found: Message, file: &str, run: Option<&str>) -> Message {
    about(found, file, run)
}

/// What could not be destroyed.
#[must_use]
pub fn left(file: &str, run: &str, objects: &[ObjectKey]) -> Message {
    let failed: Vec<Json> = objects
        .iter()
        .map(|object| match &object.deposed {
            Some(key) => json!({ "instance": object.address.to_string(), "deposed_key": key }),
            None => json!({ "instance": object.address.to_string() }),
        })
        .collect();
    let text = format!(
        "smform left some resources in state after executing {file}/{run}, they need to be cleaned up manually."
    );
    let fields = json!({ "failed_resources": failed });
    about(message("error", &text, "test_cleanup", [("test_cleanup", fields)]), file, Some(run))
}

/// The end.
#[must_use]
pub fn summary(counts: &Counts) -> Message {
    let fields = json!({
        "status": status(counts.worst()),
        "passed": counts.passed, "failed": counts.failed, "errored": counts.errored, "skipped": counts.skipped,
    });
    message("info", &counts.text(), "test_summary", [("test_summary", fields)])
}
