//! `providers`: which ones a configuration needs, and what all of them offer.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use smform_lang::config::testing::{test_file, test_files};
use smform_lang::config::{Config, LocalModules, Module};
use smform_types::json::to_text;
use smform_types::{ModuleAddress, SourceMap};

use crate::args::StateFile;
use crate::errors::{Exit, Failure};
use crate::render::json::schema;
use crate::render::json::state::source_of;
use crate::session::Session;

/// Prints the schemas of the providers that the configuration and the state need; where there is no configuration, of
/// all that there are.
///
/// # Errors
/// When the configuration or the state cannot be read.
pub fn schema(session: &Session, json: bool) -> Result<Exit, Failure> {
    if !json {
        return Err(Failure::error("Missing -json", "Schemas are printed as JSON only: smform providers schema -json"));
    }
    let needed = needed_by_all(session)?;
    let wanted = |source: &str| needed.as_ref().is_none_or(|needed| needed.contains(source));
    session.console.out(&format!("{}\n", to_text(&schema::providers(&session.providers, wanted), None)));
    Ok(Exit::Success)
}

/// The sources of the providers of the configuration and the state; nothing where there is no configuration.
fn needed_by_all(session: &Session) -> Result<Option<BTreeSet<String>>, Failure> {
    if !super::init::has_configuration(session) {
        return Ok(None);
    }
    let (config, found) = smform_lang::config::load(&session.host, Path::new("."), &LocalModules);
    if found.has_errors() {
        return Err(Failure::about(found, &config));
    }
    let (state, _, _) = session.read_state(&StateFile::default())?;
    let recorded = state.resources.values().map(|resource| source_of(&resource.provider).to_owned());
    Ok(Some(config.modules.values().flat_map(|module| needed(session, module).into_keys()).chain(recorded).collect()))
}

/// Prints the modules of a configuration as a tree, each with the providers that it needs and in which versions.
///
/// # Errors
/// When the configuration cannot be read.
pub fn tree(session: &Session, tests: &Path) -> Result<Exit, Failure> {
    let (config, found) = smform_lang::config::load(&session.host, Path::new("."), &LocalModules);
    if found.has_errors() {
        return Err(Failure::about(found, &config));
    }
    if !super::init::has_configuration(session) {
        let detail = "There are no .tf or .tf.json files in this directory.";
        return Err(Failure::error("No configuration files", detail));
    }
    let mut out = "\nProviders required by configuration:\n.\n".to_owned();
    let tests = tests_of(session, tests)?;
    branch(session, &config, &ModuleAddress::root(), "", &tests, &mut out);
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

/// A test file that runs other modules: its name, and each run with its module.
type Test = (String, Vec<(String, Config)>);

/// The test files with runs that take other modules than the one under test.
fn tests_of(session: &Session, folder: &Path) -> Result<Vec<Test>, Failure> {
    let mut found = Vec::new();
    for path in test_files(&session.host, Path::new("."), folder) {
        let (file, _) = test_file(&session.host, Path::new("."), &path, &mut SourceMap::default());
        let mut runs = Vec::new();
        for (run, source) in file.runs.iter().filter_map(|run| Some((run, &run.module.as_ref()?.0))) {
            let directory = smform_lang::config::normal(Path::new(source));
            let (config, messages) = smform_lang::config::load(&session.host, &directory, &LocalModules);
            if messages.has_errors() {
                return Err(Failure::about(messages, &config));
            }
            runs.push((run.name.text.to_string(), config));
        }
        if !runs.is_empty() {
            found.push((file.stem().replace('/', "."), runs));
        }
    }
    Ok(found)
}

/// A line of the tree, and what stands below it.
enum Part<'c> {
    Provider(String),
    Module(&'c Config, String, ModuleAddress),
    Test(&'c Test),
}

fn branch(session: &Session, config: &Config, at: &ModuleAddress, indent: &str, tests: &[Test], out: &mut String) {
    let Some(module) = config.modules.get(at) else { return };
    let needed = needed(session, module);
    let providers = needed.iter().map(|(source, version)| Part::Provider(format!("provider[{source}]{version}")));
    let calls = module.calls.keys().map(|name| Part::Module(config, format!("module.{name}"), at.child(name)));
    let tests = tests.iter().map(Part::Test);
    grow(session, providers.chain(tests).chain(calls).collect(), indent, out);
}

fn grow(session: &Session, parts: Vec<Part<'_>>, indent: &str, out: &mut String) {
    let last = parts.len().saturating_sub(1);
    for (number, part) in parts.into_iter().enumerate() {
        let (mark, below) = if number < last { ("├── ", "│\u{a0}\u{a0} ") } else { ("└── ", "    ") };
        let below = format!("{indent}{below}");
        let mut line = |text: &str| out.push_str(&format!("{indent}{mark}{text}\n"));
        match part {
            Part::Provider(text) => line(&text),
            Part::Module(config, text, address) => {
                line(&text);
                branch(session, config, &address, &below, &[], out);
            }
            Part::Test((name, runs)) => {
                line(&format!("test.{name}"));
                let root = ModuleAddress::root();
                let runs = runs.iter().map(|(run, config)| Part::Module(config, format!("run.{run}"), root.clone()));
                grow(session, runs.collect(), &below, out);
            }
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
