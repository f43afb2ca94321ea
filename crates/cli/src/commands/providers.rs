//! `providers`: which ones a configuration needs, and what all of them offer.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use smform_lang::config::{Config, LocalModules, Module};
use smform_types::ModuleAddress;
use smform_types::json::to_text;

use crate::args::StateFile;
use crate::errors::{Exit, Failure};
use crate::render::json::schema;
use crate::render::json::state::source_of;
use crate::session::Session;

pub fn schema(session: &Session, json: bool) -> Result<Exit, Failure> {
    if !json {
        return Err(Failure::error("Missing -json", "Schemas are printed as JSON only: smform providers schema -json"));
    }
    session.console.out(&format!("{}\n", to_text(&schema::providers(&session.providers), None)));
    Ok(Exit::Success)
}

/// Prints the modules of a configuration as a tree, each with the providers that it needs and in which versions.
///
/// # Errors
/// When the configuration cannot be read.
pub fn tree(session: &Session) -> Result<Exit, Failure> {
    let (config, found) = smform_lang::config::load(&session.host, Path::new("."), &LocalModules);
    if found.has_errors() {
        return Err(Failure::about(found, &config));
    }
    if !super::init::has_configuration(session) {
        let detail = "There are no .tf or .tf.json files in this directory.";
        return Err(Failure::error("No configuration files", detail));
    }
    let mut out = "\nProviders required by configuration:\n.\n".to_owned();
    branch(session, &config, &ModuleAddress::root(), "", &mut out);
    out.push('\n');
    let (state, _, _) = session.read_state(&StateFile::default())?;
    let recorded: BTreeSet<&str> = state.resources.values().map(|resource| source_of(&resource.provider)).collect();
    if !recorded.is_empty() {
        let list: String = recorded.iter().map(|source| format!("    provider[{source}]\n\n")).collect();
        out.push_str(&format!("Providers required by state:\n\n{list}"));
    }
    session.console.out(&out);
    Ok(Exit::Success)
}

fn branch(session: &Session, config: &Config, at: &ModuleAddress, indent: &str, out: &mut String) {
    let Some(module) = config.modules.get(at) else { return };
    let needed = needed(session, module);
    let providers = needed.iter().map(|(source, version)| (format!("provider[{source}]{version}"), None));
    let calls = module.calls.keys().map(|name| (format!("module.{name}"), Some(at.child(name))));
    let mut parts = providers.chain(calls).peekable();
    while let Some((text, child)) = parts.next() {
        let (mark, below) =
            if parts.peek().is_some() { ("├── ", "│\u{a0}\u{a0} ") } else { ("└── ", "    ") };
        out.push_str(&format!("{indent}{mark}{text}\n"));
        if let Some(child) = child {
            branch(session, config, &child, &format!("{indent}{below}"), out);
        }
    }
}

/// The sources of the providers of one module, with their version constraints.
fn needed(session: &Session, module: &Module) -> BTreeMap<String, String> {
    let mut needed: BTreeMap<String, String> = BTreeMap::new();
    for required in module.required_providers.values() {
        let version = required.version.as_ref().map(|version| format!(" {version}"));
        needed.insert(required.source.clone(), version.unwrap_or_default());
    }
    for resource in module.resources.values() {
        let offering = session.providers.named(module, &resource.provider.name);
        let offering = offering
            .filter(|provider| provider.resource_schema(resource.address.mode, &resource.address.type_name).is_some())
            .or_else(|| session.providers.offering(resource.address.mode, &resource.address.type_name));
        if let Some(provider) = offering {
            needed.entry(provider.source().to_owned()).or_default();
        }
    }
    needed
}
