//! `validate`: checks the configuration, reading nothing but files.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use smform_engine::events::Silent;
use smform_engine::run::Conduct;
use smform_engine::testing::overrides::Overrides;
use smform_engine::values::scope::{Surroundings, slashes};
use smform_engine::workflow::{self, Project, World, backend};
use smform_lang::config::testing::{TEST_DIRECTORY, test_file, test_files};
use smform_lang::config::values::VariableInput;
use smform_lang::config::{Given, LocalModules, load_with, normal};
use smform_lang::source::Host;
use smform_types::json::to_text;
use smform_types::{Diagnostic, Diagnostics, Severity};

use crate::args::Validate;
use crate::errors::{Exit, Failure, within};
use crate::render::diagnostics::{Layout, in_order, render};
use crate::render::json::diagnostic::diagnostic;
use crate::render::style::Paint;
use crate::session::Session;

pub fn run(session: &Session, args: &Validate, inputs: Vec<VariableInput>) -> Result<Exit, Failure> {
    let host = Arc::new(session.host.clone());
    let workspace = session.workspace(false)?;
    let directory = args.directory.as_deref().unwrap_or(Path::new("."));
    if !session.path(directory).is_dir() {
        let detail = format!("There is no directory {}.", directory.display());
        return Err(Failure::error("Failed to read module directory", detail));
    }
    let (mut project, mut found) = workflow::load_given(
        host.as_ref(),
        directory,
        &LocalModules,
        Given::Inputs(&session.inputs(inputs)),
        &workspace,
    );
    let mut tested: Vec<Project> = Vec::new();
    if !args.no_tests {
        let folder = &args.test_directory;
        if folder != Path::new(TEST_DIRECTORY) && !session.path(directory.join(folder)).is_dir() {
            let detail = format!("There is no directory {}.", folder.display());
            found.push(Diagnostic::warning("Test directory does not exist", detail));
        }
        for path in test_files(host.as_ref(), directory, folder) {
            let (file, messages) = test_file(host.as_ref(), directory, &path, &mut project.config.sources);
            found.extend(messages);
            for (source, _) in file.runs.iter().filter_map(|run| run.module.as_ref()) {
                tested.extend(tested_module(host.as_ref(), &mut project, &tested, source, &mut found));
            }
        }
    }
    if !found.has_errors() {
        let conduct = Conduct {
            clock: Arc::clone(&session.clock),
            cancel: session.cancel.clone(),
            observer: Arc::new(Silent),
            directory: session.host.base.clone(),
        };
        let world = World { host, providers: session.providers.clone(), conduct };
        for project in std::iter::once(&project).chain(&tested) {
            found.extend(workflow::validate(&world, project));
        }
    }
    // As with Terraform the backend is left to init, which refuses; a mistake in it need not wait to be told.
    if let Err(refused) = backend::configured(&project.config, &session.backends) {
        found.extend(refused.map(|refused| Diagnostic { severity: Severity::Warning, ..refused }));
    }
    let found = within(found, &project.config);
    let sources = &project.config.sources;
    let errors = found.iter().filter(|found| found.is_error()).count();
    let warnings = found.len() - errors;
    if args.json {
        let diagnostics: Vec<_> = found.iter().map(|found| diagnostic(found, sources)).collect();
        let json = json!({
            "format_version": "1.0",
            "valid": errors == 0,
            "error_count": errors,
            "warning_count": warnings,
            "diagnostics": diagnostics,
        });
        session.console.out(&format!("{}\n", to_text(&json, Some(2))));
    } else {
        let style = session.style(args.no_color);
        let layout = Layout { style, width: session.console.width };
        for found in in_order(&found, sources) {
            session.console.message(found.severity, &render(found, sources, layout));
        }
        if errors == 0 {
            let but = if warnings > 0 { ", but there were some\nvalidation warnings as shown above" } else { "" };
            let success = style.strong(Paint::Green, "Success!");
            session.console.out(&format!("{success} The configuration is valid{but}.\n\n"));
        }
    }
    Ok(if errors == 0 { Exit::Success } else { Exit::Failure })
}

/// The module that a run of a test file is about in place of the one that is validated, unless it was met before.
fn tested_module(
    host: &dyn Host,
    project: &mut Project,
    known: &[Project],
    source: &str,
    found: &mut Diagnostics,
) -> Option<Project> {
    let place = normal(&project.config.directory.join(source));
    let is_local = source.starts_with("./") || source.starts_with("../");
    let is_known = place == normal(&project.config.directory)
        || known.iter().any(|known| known.config.directory == place)
        || host.list(&place).map_or(true, |names| names.is_empty());
    if !is_local || is_known {
        return None;
    }
    let sources = project.config.sources.clone();
    let (config, messages) = load_with(host, &place, &LocalModules, sources, Given::Inputs(&[]));
    found.extend(messages);
    project.config.sources = config.sources.clone();
    project.config.contexts.extend(config.contexts.iter().cloned());
    let surroundings = Surroundings { root: slashes(&place).into(), ..project.surroundings.clone() };
    Some(Project { config, surroundings, inputs: BTreeMap::new(), overrides: Overrides::default() })
}
