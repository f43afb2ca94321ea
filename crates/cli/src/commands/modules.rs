//! The modules that the configuration calls: `modules`, and the list of them that `init` and `get` leave behind.

use std::path::Path;

use serde_json::{Value as Json, json};
use smform_engine::values::scope::slashes;
use smform_lang::config::module_source::ModuleSource;
use smform_lang::config::testing::{test_file, test_files};
use smform_lang::config::{Config, LocalModules, ModuleCall, manifest_key};
use smform_modules::{Listed, Update};
use smform_types::json::to_text;
use smform_types::{ModuleAddress, SourceMap};

use crate::args::Modules;
use crate::errors::{Exit, Failure};
use crate::session::Session;

/// Lists the modules, as a tree or as JSON.
///
/// # Errors
/// When the configuration cannot be read.
pub fn run(session: &Session, args: &Modules) -> Result<Exit, Failure> {
    let (config, found) = smform_lang::config::load(&session.host, Path::new("."), &LocalModules);
    if found.has_errors() {
        return Err(Failure::about(found, &config));
    }
    if args.json {
        let modules = calls(&config).into_iter().map(|(address, call)| {
            let version = call.version.as_deref().unwrap_or_default();
            // As Terraform has it, the name of the call alone.
            let key = address.0.last().map(|name| name.to_string()).unwrap_or_default();
            json!({ "key": key, "source": source(call), "version": version })
        });
        let modules: Vec<Json> = modules.collect();
        let modules = if modules.is_empty() { Json::Null } else { Json::Array(modules) };
        let json = json!({ "format_version": "1.0", "modules": modules });
        session.console.out(&format!("{}\n", to_text(&json, None)));
        return Ok(Exit::Success);
    }
    let mut out = String::new();
    branch(&config, &ModuleAddress::root(), "", &mut out);
    session.console.out(&if out.is_empty() {
        "No modules found in configuration.\n".to_owned()
    } else {
        format!("\nModules declared by configuration:\n.\n{out}\n")
    });
    Ok(Exit::Success)
}

/// Every module but the root, with the call that names it.
pub fn calls(config: &Config) -> Vec<(ModuleAddress, &ModuleCall)> {
    let addresses = config.modules.keys().filter(|address| !address.is_root());
    let found = addresses.filter_map(|address| {
        let (name, around) = address.0.split_last()?;
        let parent = config.modules.get(&ModuleAddress(around.into()))?;
        Some((address.clone(), parent.calls.get(name)?))
    });
    found.collect()
}

/// The source of a call in its full form.
pub fn source(call: &ModuleCall) -> String {
    match ModuleSource::parse(&call.source) {
        Ok(ModuleSource::Local(path)) => {
            let path = slashes(&smform_lang::config::normal(Path::new(&path)));
            if path.starts_with("..") { path } else { format!("./{}", path.trim_start_matches("./")) }
        }
        Ok(source) => source.to_string(),
        Err(_) => call.source.clone(),
    }
}

/// Lists the modules of a configuration, and of the runs of its tests, where other programs look for them. Returns those
/// that were not listed.
///
/// # Errors
/// When the list cannot be written, or a run names a module that is not there.
pub fn list(session: &Session, config: &Config, tests: &Path) -> Result<Vec<Listed>, Failure> {
    let mut all = listed(config, "");
    for path in test_files(&session.host, Path::new("."), tests) {
        let (file, _) = test_file(&session.host, Path::new("."), &path, &mut SourceMap::default());
        for run in &file.runs {
            let Some((source, _)) = &run.module else { continue };
            let directory = smform_lang::config::normal(Path::new(source));
            if !session.path(&directory).is_dir() {
                let detail = format!(
                    "The directory {source}, which the run \"{}\" in {} takes for its module, could not be read.",
                    run.name.text, file.name
                );
                return Err(Failure::error("Unreadable module directory", detail));
            }
            let key = format!("test.{}.{}", file.stem().replace('/', "."), run.name.text);
            let modules = session.modules(Update::Missing);
            let (config, found) = smform_lang::config::load(&session.host, &directory, &modules);
            if found.has_errors() {
                return Err(Failure::about(found, &config));
            }
            let inner = listed(&config, &format!("{key}."));
            all.push(Listed { key, source: source.clone(), version: None, directory: slashes(&directory) });
            all.extend(inner);
        }
    }
    Ok(smform_modules::list(&session.host.base, &all)?)
}

/// Forgets what was listed, so that all of it is told anew.
///
/// # Errors
/// As the file system reports.
pub fn forget(session: &Session) -> Result<(), Failure> {
    Ok(smform_modules::forget(&session.host.base)?)
}

/// The modules that a configuration calls, each key with a prefix.
fn listed(config: &Config, prefix: &str) -> Vec<Listed> {
    let modules = calls(config).into_iter().map(|(address, call)| {
        let directory = config.modules.get(&address).map(|module| slashes(&module.directory)).unwrap_or_default();
        let key = format!("{prefix}{}", manifest_key(&address));
        Listed { key, source: source(call), version: call.version.clone(), directory }
    });
    modules.collect()
}

/// One line for each module.
pub fn lines(modules: &[Listed]) -> Vec<String> {
    modules.iter().map(|listed| format!("- {} in {}", listed.key, listed.directory)).collect()
}

fn branch(config: &Config, at: &ModuleAddress, indent: &str, out: &mut String) {
    let Some(module) = config.modules.get(at) else { return };
    let mut calls = module.calls.iter().peekable();
    while let Some((name, call)) = calls.next() {
        let (mark, below) =
            if calls.peek().is_some() { ("├── ", "│\u{a0}\u{a0} ") } else { ("└── ", "    ") };
        let version = call.version.as_ref().map(|version| format!(" ({version})")).unwrap_or_default();
        out.push_str(&format!("{indent}{mark}\"{name}\"[{}]{version}\n", source(call)));
        branch(config, &at.child(name), &format!("{indent}{below}"), out);
    }
}
