//! The `checks` part of a plan: how conditions came out.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use smform_engine::checks::{self, Checks, Outcome, Subject};

use super::{key, mode, object};

/// Every block that has conditions, by address; nothing when there is none.
#[must_use]
pub fn checks(checks: &Checks) -> Option<Json> {
    let mut entries: Vec<(String, Json)> = checks
        .0
        .iter()
        .map(|((module, subject), objects)| {
            let shown = checks::address(&module.to_string(), subject, None);
            let mut address = identify(subject);
            if !module.is_root() {
                address.insert("module".to_owned(), module.to_string().into());
            }
            address.insert("to_display".to_owned(), shown.clone().into());
            let instances = objects.as_ref().filter(|objects| !objects.is_empty());
            let entry = object([
                ("address", Some(address.into())),
                ("status", Some(Checks::status(objects.as_ref()).as_str().into())),
                ("instances", instances.map(|objects| self::instances(subject, objects))),
            ]);
            (shown, entry)
        })
        .collect();
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    let entries: Vec<Json> = entries.into_iter().map(|(_, entry)| entry).collect();
    (!entries.is_empty()).then(|| entries.into())
}

fn identify(subject: &Subject) -> Map<String, Json> {
    let mut out = Map::new();
    let mut put = |name: &str, value: Json| out.insert(name.to_owned(), value);
    let (kind, name) = match subject {
        Subject::Variable(name) => ("var", name),
        Subject::Output(name) => ("output_value", name),
        Subject::Check(name) => ("check", name),
        Subject::Resource(resource) => {
            put("mode", mode(resource.mode).into());
            put("type", resource.type_name.to_string().into());
            ("resource", &resource.name)
        }
    };
    put("kind", kind.into());
    put("name", name.to_string().into());
    out
}

fn instances(subject: &Subject, objects: &BTreeMap<checks::Object, Outcome>) -> Json {
    let instance = |((at, instance_key), outcome): (&checks::Object, &Outcome)| {
        let address = object([
            ("to_display", Some(checks::address(&at.to_string(), subject, instance_key.as_ref()).into())),
            ("module", (!at.is_root()).then(|| at.to_string().into())),
            ("instance_key", instance_key.as_ref().map(key)),
        ]);
        let problems: Vec<Json> = outcome.messages.iter().map(|message| json!({ "message": message })).collect();
        object([
            ("address", Some(address)),
            ("status", Some(outcome.status.as_str().into())),
            ("problems", (!problems.is_empty()).then(|| problems.into())),
        ])
    };
    objects.iter().map(instance).collect()
}
