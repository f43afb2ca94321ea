//! Dependency rules: which of our crates may see which, which licences and crates are allowed.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value as Json;

/// Which of our crates each of them may depend on (dev-dependencies aside).
const MAY_SEE: &[(&str, &[&str])] = &[
    ("smform-types", &[]),
    ("smform-provider", &["smform-types"]),
    ("smform-lang", &["smform-types"]),
    ("smform-files", &[]),
    ("smform-state", &["smform-types", "smform-files"]),
    ("smform-engine", &["smform-types", "smform-lang", "smform-provider", "smform-state"]),
    ("smform-modules", &["smform-types", "smform-lang", "smform-files"]),
    ("smform-registry", &["smform-types"]),
    (
        "smform-cli",
        &[
            "smform-types",
            "smform-lang",
            "smform-provider",
            "smform-files",
            "smform-state",
            "smform-engine",
            "smform-modules",
            "smform-registry",
        ],
    ),
    ("smform-sandbox", &[]),
    ("smform-aws", &["smform-types", "smform-provider"]),
    ("smform-utility", &["smform-types", "smform-provider"]),
    ("smform-state-s3", &["smform-types", "smform-state", "smform-aws"]),
    ("smform-state-http", &["smform-types", "smform-state"]),
    ("smform-testkit", &["smform-types", "smform-provider", "smform-state", "smform-engine"]),
    (
        "smform",
        &[
            "smform-cli",
            "smform-aws",
            "smform-utility",
            "smform-sandbox",
            "smform-state-s3",
            "smform-state-http",
            "smform-engine",
            "smform-provider",
            "smform-types",
        ],
    ),
];

/// Only these may reach an AWS SDK, which takes minutes to build.
const MAY_REACH_SDK: [&str; 3] = ["smform-aws", "smform-state-s3", "smform"];

pub fn run() -> Result<(), String> {
    let output = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
        .args(["metadata", "--locked", "--format-version", "1"])
        .current_dir(crate::root())
        .output()
        .map_err(|error| format!("cannot run cargo metadata: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata failed:\n{}", String::from_utf8_lossy(&output.stderr)));
    }
    let metadata: Json = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    let rules = std::fs::read_to_string(crate::root().join("deny.toml")).map_err(|error| error.to_string())?;
    let rules: toml::Table = rules.parse().map_err(|error| format!("deny.toml: {error}"))?;
    let mut broken = Vec::new();
    let packages = metadata.get("packages").and_then(Json::as_array).ok_or("cargo metadata lists no packages")?;
    let allowed = strings(rules.get("licenses").and_then(|licenses| licenses.get("allow")));
    let banned = banned(&rules);
    for package in packages {
        let name = text(package, "name");
        directions(package, name, &mut broken);
        if banned.contains(name) {
            broken.push(format!("{name} is banned by deny.toml"));
        }
        let licence = text(package, "license");
        if !allows(licence, &allowed) {
            broken.push(format!("{name} has the licence {licence:?}, which deny.toml does not allow"));
        }
    }
    println!("{} packages checked", packages.len());
    if broken.is_empty() { Ok(()) } else { Err(broken.join("\n")) }
}

fn text<'j>(json: &'j Json, name: &str) -> &'j str {
    json.get(name).and_then(Json::as_str).unwrap_or_default()
}

fn strings(list: Option<&toml::Value>) -> BTreeSet<String> {
    list.and_then(toml::Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

fn banned(rules: &toml::Table) -> BTreeSet<String> {
    let list = rules.get("bans").and_then(|bans| bans.get("deny")).and_then(toml::Value::as_array);
    list.into_iter().flatten().filter_map(|ban| ban.get("crate")?.as_str().map(str::to_owned)).collect()
}

fn directions(package: &Json, name: &str, broken: &mut Vec<String>) {
    let ours = MAY_SEE.iter().find(|(own, _)| *own == name);
    let is_ours = |other: &str| MAY_SEE.iter().any(|(own, _)| *own == other);
    let dependencies = package.get("dependencies").and_then(Json::as_array).into_iter().flatten();
    let Some((_, may_see)) = ours else { return };
    for dependency in dependencies.filter(|dependency| dependency.get("kind").is_none_or(Json::is_null)) {
        let other = text(dependency, "name");
        if is_ours(other) && !may_see.contains(&other) {
            broken.push(format!("{name} must not depend on {other}"));
        }
        if other.starts_with("aws-sdk-") && !MAY_REACH_SDK.contains(&name) {
            broken.push(format!("{name} must not reach {other}: AWS SDKs stay in the leaves"));
        }
    }
}

/// Whether an SPDX expression can be met with allowed licences alone. `AND` binds tighter than `OR`; parentheses do not
/// nest in practice, so one level is read.
fn allows(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let expression = expression.replace('/', " OR ");
    if let Some((before, rest)) = expression.split_once('(')
        && let Some((inside, after)) = rest.split_once(')')
    {
        let inner = if allows(inside, allowed) { "MIT" } else { "none" };
        return allows(&format!("{before}{inner}{after}"), allowed);
    }
    let met = |name: &str| allowed.contains(name.trim());
    expression.split(" OR ").any(|choice| choice.split(" AND ").all(met))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licence_expressions_are_met_by_allowed_licences_alone() {
        let allowed: BTreeSet<String> = ["MIT", "Unicode-3.0"].map(str::to_owned).into();
        assert!(allows("MIT OR GPL-3.0", &allowed));
        assert!(allows("(MIT OR Apache-2.0) AND Unicode-3.0", &allowed));
        assert!(allows("Apache-2.0/MIT", &allowed));
        assert!(!allows("MIT AND GPL-3.0", &allowed));
        assert!(!allows("", &allowed));
    }
}
