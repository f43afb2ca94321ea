//! Attributes as Terraform wrote them up to 0.11: a flat map of texts, such as `tags.%`, `tags.Name`, `subnets.#` and
//! `subnets.0`, made whole by a schema.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value as Json};
use smform_types::Type;

/// What is under a name, by its type; null when there is nothing.
pub(super) fn whole(flat: &Map<String, Json>, ty: &Type) -> Json {
    match ty {
        Type::Object(object) => object_at(flat, "", &object.attributes),
        _ => Json::Null,
    }
}

fn object_at(flat: &Map<String, Json>, prefix: &str, attributes: &BTreeMap<Arc<str>, Type>) -> Json {
    let member = |(name, ty): (&Arc<str>, &Type)| (name.to_string(), at(flat, &format!("{prefix}{name}"), ty));
    Json::Object(attributes.iter().map(member).collect())
}

fn at(flat: &Map<String, Json>, name: &str, ty: &Type) -> Json {
    let text = || flat.get(name).and_then(Json::as_str);
    match ty {
        Type::String | Type::Dynamic => text().map_or(Json::Null, Json::from),
        Type::Bool => text().map_or(Json::Null, |text| Json::Bool(matches!(text, "true" | "1"))),
        Type::Number => text().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Json::Null),
        Type::List(element) | Type::Set(element) => {
            if !flat.contains_key(&format!("{name}.#")) {
                return Json::Null;
            }
            // Elements of lists go by their numbers, those of sets by the sums of their content.
            let mut keys: Vec<String> = below(flat, name, "#").into_iter().collect();
            keys.sort_by_key(|key| key.parse::<u64>().unwrap_or(u64::MAX));
            keys.iter().map(|key| at(flat, &format!("{name}.{key}"), element)).collect()
        }
        Type::Map(element) => {
            // The count is under another name in states of versions 1 and 2.
            if !flat.contains_key(&format!("{name}.%")) && !flat.contains_key(&format!("{name}.#")) {
                return Json::Null;
            }
            let prefix = format!("{name}.");
            let keys = flat.keys().filter_map(|key| key.strip_prefix(&prefix)).filter(|key| !matches!(*key, "%" | "#"));
            Json::Object(keys.map(|key| (key.to_owned(), at(flat, &format!("{name}.{key}"), element))).collect())
        }
        Type::Object(object) => {
            let prefix = format!("{name}.");
            match flat.keys().any(|key| key.starts_with(&prefix)) {
                true => object_at(flat, &prefix, &object.attributes),
                false => Json::Null,
            }
        }
        Type::Tuple(_) => Json::Null,
    }
}

/// The first parts of what follows a name, but for the count.
fn below(flat: &Map<String, Json>, name: &str, count: &str) -> BTreeSet<String> {
    let prefix = format!("{name}.");
    let rest = flat.keys().filter_map(|key| key.strip_prefix(&prefix));
    rest.filter_map(|rest| rest.split('.').next()).filter(|part| *part != count).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_flat_map_is_made_whole() {
        let rule = Type::object([("port", Type::Number), ("open", Type::Bool)]);
        let ty = Type::object([
            ("id", Type::String),
            ("absent", Type::String),
            ("tags", Type::map(Type::String)),
            ("none", Type::map(Type::String)),
            ("labels", Type::map(Type::String)),
            ("names", Type::list(Type::String)),
            ("empty", Type::list(Type::String)),
            ("timeouts", Type::object([("create", Type::String)])),
            ("limits", Type::object([("create", Type::String), ("delete", Type::String)])),
            ("rules", Type::set(rule)),
        ]);
        let flat = json!({
            "id": "i-1", "tags.%": "2", "tags.a.b": "x", "tags.c": "y", "names.#": "11", "names.0": "p", "names.2": "r",
            "names.10": "z", "empty.#": "0", "labels.#": "1", "labels.k": "v", "limits.create": "5m", "rules.#": "1", "rules.123.port": "443", "rules.123.open": "true",
        });
        let expected = json!({
            "absent": null, "empty": [], "id": "i-1", "labels": { "k": "v" }, "limits": { "create": "5m", "delete": null }, "names": ["p", "r", "z"], "none": null,
            "rules": [{ "open": true, "port": 443 }], "tags": { "a.b": "x", "c": "y" }, "timeouts": null,
        });
        assert_eq!(whole(flat.as_object().unwrap(), &ty), expected);
    }
}
