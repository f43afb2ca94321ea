//! Paths of sensitive attributes, as the state writes them.

use serde_json::{Value as Json, json};
use smform_types::Path;
use smform_types::path::Step;

/// Paths as JSON: each an array of steps. Places inside sets are recorded by the set, since elements have no address.
#[must_use]
pub fn to_json(paths: &[Path]) -> Json {
    let mut written: Vec<Json> = Vec::new();
    for path in paths {
        let steps = path.0.iter().take_while(|step| !matches!(step, Step::Element));
        let steps: Json = steps.map(step_to_json).collect();
        if !written.contains(&steps) {
            written.push(steps);
        }
    }
    Json::Array(written)
}

fn step_to_json(step: &Step) -> Json {
    match step {
        Step::Attribute(name) => json!({ "type": "get_attr", "value": name }),
        Step::Index(at) => json!({ "type": "index", "value": { "value": at, "type": "number" } }),
        Step::Key(key) => json!({ "type": "index", "value": { "value": key, "type": "string" } }),
        Step::Element => Json::Null,
    }
}

/// Paths from JSON; those that cannot be read are left out.
#[must_use]
pub fn from_json(json: &Json) -> Vec<Path> {
    json.as_array().into_iter().flatten().filter_map(path_from_json).collect()
}

fn path_from_json(json: &Json) -> Option<Path> {
    json.as_array()?.iter().map(step_from_json).collect::<Option<_>>().map(Path)
}

fn step_from_json(json: &Json) -> Option<Step> {
    let value = json.get("value")?;
    match json.get("type")?.as_str()? {
        "get_attr" => value.as_str().map(|name| Step::Attribute(name.to_owned())),
        "index" => match value.get("value")? {
            Json::String(key) => Some(Step::Key(key.clone())),
            Json::Number(at) => at.as_u64().and_then(|at| usize::try_from(at).ok()).map(Step::Index),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_back_as_written() {
        let path = Path::attribute("a").index(2).then(Step::Key("k".to_owned())).attr("b");
        assert_eq!(from_json(&to_json(std::slice::from_ref(&path))), [path]);
        let in_set = Path::attribute("s").then(Step::Element).attr("x");
        assert_eq!(from_json(&to_json(&[in_set])), [Path::attribute("s")]);
    }
}
