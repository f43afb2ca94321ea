//! `init`: fetches modules and settles the backend; there is nothing else to install.

use std::path::Path;
use std::sync::Arc;

use smform_lang::config::Config;
use smform_lang::config::testing::{test_file, test_files};
use smform_lang::config::values::VariableInput;
use smform_modules::Update;
use smform_types::{Diagnostic, Diagnostics, SourceMap};

use super::{init_backend, modules};
use crate::args::Init;
use crate::errors::{Exit, Failure};
use crate::render::json::stream;
use crate::render::style::Paint;
use crate::session::Session;
use crate::view::{Stream, View};

pub async fn run(session: &Session, mut args: Init, inputs: Vec<VariableInput>) -> Result<Exit, Failure> {
    // As Terraform has it: a copy without a question is a migration.
    args.migrate_state |= args.force_copy;
    args.backend &= args.cloud;
    if !args.json {
        return prepare(session, &args, inputs, &Told::Person(session, args.no_color)).await;
    }
    args.input = false;
    let (console, clock, version) = (session.console.clone(), Arc::clone(&session.clock), session.version);
    let stream = Stream { console, clock, version, sandbox: false, refresh: false };
    stream.begin();
    let prepared = prepare(session, &args, inputs, &Told::Program(&stream)).await;
    prepared.or_else(|failure| {
        let found: Vec<Diagnostic> = failure.diagnostics.iter().cloned().collect();
        stream.diagnostics(&found, &failure.sources);
        Ok(Exit::Failure)
    })
}

/// Who is told what is done.
enum Told<'a> {
    Person(&'a Session, bool),
    Program(&'a Stream),
}

impl Told<'_> {
    /// A step that begins, or how all of it ended; programs know it by a code.
    fn step(&self, text: &str, code: &'static str) {
        match self {
            Told::Person(session, plain) => {
                session.console.out(&format!("{}\n", session.style(*plain).bold(text)));
            }
            Told::Program(stream) => stream.write(stream::init(text, code)),
        }
    }

    fn line(&self, text: &str) {
        match self {
            Told::Person(session, _) => session.console.out(&format!("{text}\n")),
            Told::Program(stream) => stream.write(stream::log(text)),
        }
    }

    /// How all of it ended.
    fn end(&self, text: &str, code: &'static str, more: &str, more_code: &'static str) {
        match self {
            Told::Person(session, plain) => {
                let title = session.style(*plain).strong(Paint::Green, text);
                session.console.out(&format!("\n{title}\n\n{more}\n"));
            }
            Told::Program(stream) => {
                stream.write(stream::init(text, code));
                stream.write(stream::init(more, more_code));
            }
        }
    }
}

async fn prepare(session: &Session, args: &Init, inputs: Vec<VariableInput>, told: &Told<'_>) -> Result<Exit, Failure> {
    if let Some(source) = &args.from_module {
        from_module(session, source, told)?;
    }
    if !has_configuration(session) {
        let text = "smform initialized in an empty directory!\n\nThere is no configuration here yet: write a .tf file.";
        told.step(text, "output_init_empty_message");
        return Ok(Exit::Success);
    }
    tests_in_order(session, &args.test_directory)?;
    if args.backend {
        told.step("Initializing the backend...", "initializing_backend_message");
    }
    if args.get {
        let config = session.install_modules(if args.upgrade { Update::All } else { Update::Missing }, inputs)?;
        if args.upgrade {
            modules::forget(session)?;
        }
        list(session, args, &config, told)?;
    }
    let settled = if args.backend { init_backend::settle(session, args).await? } else { None };
    if let Some(text) = settled {
        match told {
            Told::Person(session, plain) => {
                session.console.out(&format!("\n{}\n", session.style(*plain).paint(Paint::Green, &text)));
            }
            Told::Program(stream) => stream.write(stream::log(text.trim_end())),
        }
    }
    told.step("Initializing provider plugins...", "initializing_provider_plugin_message");
    told.line("Every provider is part of the program.");
    told.end(
        "smform has been successfully initialized!",
        "output_init_success_message",
        "Providers are part of the program, local modules are read where they are, and others are fetched when they are \
         missing: init needs to be run again only to change the backend. Go on with: smform plan",
        "output_init_success_cli_message",
    );
    Ok(Exit::Success)
}

/// Refuses test files that cannot be read.
fn tests_in_order(session: &Session, folder: &Path) -> Result<(), Failure> {
    let (mut sources, mut found) = (SourceMap::default(), Diagnostics::new());
    for path in test_files(&session.host, Path::new("."), folder) {
        // What a run names is looked for by the test.
        let wrong = test_file(&session.host, Path::new("."), &path, &mut sources).1;
        found.extend(wrong.into_iter().filter(|error| !error.summary.ends_with(" reference")));
    }
    if found.has_errors() { Err(Failure { diagnostics: found, sources }) } else { Ok(()) }
}

/// Lists the modules, telling of those that are new.
fn list(session: &Session, args: &Init, config: &Config, told: &Told<'_>) -> Result<(), Failure> {
    let new = modules::list(session, config, &args.test_directory);
    let any = config.modules.len() > 1 || !matches!(&new, Ok(new) if new.is_empty());
    if any {
        let step = if args.upgrade {
            ("Upgrading modules...", "upgrading_modules_message")
        } else {
            ("Initializing modules...", "initializing_modules_message")
        };
        told.step(step.0, step.1);
    }
    modules::lines(&new?).iter().for_each(|line| told.line(line));
    Ok(())
}

/// Whether there is anything here to work with.
pub fn has_configuration(session: &Session) -> bool {
    let names = smform_lang::source::Host::list(&session.host, Path::new(".")).unwrap_or_default();
    names.iter().any(|name| [".tf", ".tf.json", ".tftest.hcl", ".tftest.json"].iter().any(|end| name.ends_with(end)))
}

/// `-from-module`: begins with a copy.
fn from_module(session: &Session, source: &str, told: &Told<'_>) -> Result<(), Failure> {
    let folder = &session.host.base;
    let entries = std::fs::read_dir(folder).map_err(|error| crate::errors::file("read", folder, &error))?;
    let data = session.data_directory();
    let is_data = |name: &std::ffi::OsStr| data.file_name() == Some(name);
    if entries.flatten().any(|entry| !is_data(&entry.file_name())) {
        let detail = "-from-module copies a module into this directory, which must be empty for that.";
        return Err(Failure::error("The working directory already contains files", detail));
    }
    told.step(&format!("Copying configuration from {source:?}..."), "copying_configuration_message");
    let console = session.console.clone();
    smform_modules::copy(folder, source, folder, move |line| console.err(&format!("{line}\n")))?;
    Ok(())
}
