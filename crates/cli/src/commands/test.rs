//! `test`: carries out the runs of test files, and destroys afterwards what they created.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ArgMatches;
use smform_engine::events::Silent;
use smform_engine::plan::{Extent, ObjectKey};
use smform_engine::run::Conduct;
use smform_engine::testing::{RunReport, Status, Suite, Watch};
use smform_engine::workflow::World;
use smform_lang::config::load_with;
use smform_lang::config::testing::{TestFile, TestRun, test_file, test_files};
use smform_modules::Update;
use smform_types::{Diagnostic, Diagnostics, SourceMap};

use crate::args::{Test, variable_inputs};
use crate::errors::{Exit, Failure, within};
use crate::render::json::{stream, test as json};
use crate::render::plan::{PlanView, plan};
use crate::render::state::whole;
use crate::render::style::{Paint, Style};
use crate::render::test::{Counts, painted};
use crate::session::Session;
use crate::view::{Human, Stream, View};
use crate::world::Sandboxed;

pub async fn run(session: &Session, args: &Test, flags: &ArgMatches) -> Result<Exit, Failure> {
    let folder = normal(&args.test_directory);
    let mut sources = SourceMap::default();
    let mut found = Diagnostics::new();
    let mut files = Vec::new();
    for path in test_files(&session.host, Path::new("."), &folder) {
        let (file, messages) = test_file(&session.host, Path::new("."), &path, &mut sources);
        found.extend(messages);
        files.push(file);
    }
    let modules = session.modules(Update::Missing);
    let (config, messages) = load_with(&session.host, Path::new("."), &modules, sources.clone());
    found.extend(messages);
    if found.has_errors() {
        return Err(Failure::about(found, &config));
    }
    let wanted: Vec<PathBuf> = args.filter.iter().map(|path| normal(path)).collect();
    let files: Vec<&TestFile> = files
        .iter()
        .filter(|file| wanted.is_empty() || wanted.iter().any(|path| path == Path::new(&file.name)))
        .collect();
    let sandbox = session.in_sandbox(args.sandbox);
    let encryption = session.encryption(&config)?.state;
    let states = session.path(session.data_directory().join(format!("test-{}", std::process::id())));
    let describe = |error: std::io::Error| crate::errors::file("create", &states, &error);
    std::fs::create_dir_all(&states).map_err(describe)?;
    let Sandboxed { providers, clock } = if sandbox {
        session.open_sandbox(&states.join("sandbox.tfstate"))?
    } else {
        Sandboxed { providers: session.providers.clone(), clock: Arc::clone(&session.clock) }
    };
    let providers = session.reading_states_of(providers, &config)?;
    let conduct = Conduct {
        clock,
        cancel: session.cancel.clone(),
        observer: Arc::new(Silent),
        directory: session.host.base.clone(),
    };
    let suite = Suite {
        world: World { host: Arc::new(session.host.clone()), providers, conduct },
        directory: PathBuf::from("."),
        folder,
        modules: &modules,
        config,
        sources,
        inputs: session.inputs(variable_inputs(flags)),
        states: states.clone(),
        encryption,
    };
    let mut watcher = Watcher::new(session, args, sandbox);
    watcher.begin(&files);
    for file in files {
        watcher.file(file, None, "starting");
        let status = suite.file(file, &mut watcher).await;
        watcher.file(file, Some(status), "complete");
    }
    watcher.end();
    // What could not be destroyed is still recorded there.
    if !watcher.counts.broken {
        std::fs::remove_dir_all(&states).ok();
    }
    let failed = matches!(watcher.counts.worst(), Status::Fail | Status::Error) || session.cancel.is_cancelled();
    Ok(if failed { Exit::Failure } else { Exit::Success })
}

/// A path without what does not change it.
fn normal(path: &Path) -> PathBuf {
    smform_lang::config::normal(path.strip_prefix(".").unwrap_or(path))
}

/// Shows how a test goes on.
struct Watcher<'s> {
    session: &'s Session,
    style: Style,
    verbose: bool,
    human: Human,
    stream: Option<Stream>,
    counts: Counts,
}

impl<'s> Watcher<'s> {
    fn new(session: &'s Session, args: &Test, sandbox: bool) -> Watcher<'s> {
        let console = session.console.clone();
        let style = session.style(args.no_color);
        let (clock, version) = (Arc::clone(&session.clock), session.version);
        let stream = args.json.then(|| Stream { console: console.clone(), clock, version, sandbox });
        let automation = true;
        let human = Human { console, style, compact_warnings: false, sandbox, automation };
        Watcher { session, style, verbose: args.verbose, human, stream, counts: Counts::default() }
    }

    fn begin(&self, files: &[&TestFile]) {
        match &self.stream {
            Some(stream) => {
                stream.begin();
                stream.write(json::found(files));
            }
            None => self.human.begin(),
        }
    }

    fn file(&mut self, file: &TestFile, ended: Option<Status>, progress: &str) {
        if ended == Some(Status::Error) && file.runs.is_empty() {
            self.counts.broken = true;
        }
        if let Some(stream) = &self.stream {
            return stream.write(json::file(&file.name, ended, progress));
        }
        let words = match ended {
            Some(status) => painted(status, self.style),
            None => self.style.dim(if progress == "teardown" { "tearing down" } else { "in progress" }),
        };
        self.session.console.out(&format!("{}... {words}\n", file.name));
    }

    fn end(&self) {
        match &self.stream {
            Some(stream) => stream.write(json::summary(&self.counts)),
            None => self.session.console.out(&format!("\n{}\n", self.counts.painted(self.style))),
        }
    }

    fn tell(&self, file: &str, run: Option<&str>, found: &Diagnostics, sources: &SourceMap) {
        let Some(stream) = &self.stream else {
            let found: Vec<Diagnostic> = found.iter().cloned().collect();
            self.human.diagnostics(&found, sources);
            if found.iter().any(|found| !found.is_error()) {
                self.session.console.out("\n");
            }
            return;
        };
        found.iter().for_each(|found| stream.write(json::within(stream::diagnostic(found, sources), file, run)));
    }

    /// The plan or the state of a run.
    fn details(&self, report: &RunReport) {
        let Some(world) = &report.world else { return };
        let (style, width) = (self.style, self.session.console.width);
        let text = if let Some(planned) = &report.planned {
            let errored = planned.plan.extent != Extent::Whole;
            let view =
                PlanView { plan: &planned.plan, providers: &world.providers, style, width, errored, automation: true };
            plan(view)
        } else if let Some((_, stored)) = &report.state {
            format!("\n{}", whole(stored, &world.providers, style))
        } else {
            return;
        };
        self.session.console.out(&format!("{text}\n"));
    }
}

impl Watch for Watcher<'_> {
    fn begins(&mut self, file: &TestFile, run: &TestRun) {
        if let Some(stream) = &self.stream {
            stream.write(json::run(&file.name, &run.name.text, None, "starting"));
        }
    }

    fn ended(&mut self, file: &TestFile, run: &TestRun, report: &RunReport) {
        self.counts.add(report.status);
        let name = &*run.name.text;
        match &self.stream {
            Some(stream) => {
                stream.write(json::run(&file.name, name, Some(report.status), "complete"));
                if self.verbose {
                    json::verbose(file, run, report).into_iter().for_each(|message| stream.write(message));
                }
            }
            None => {
                let word = painted(report.status, self.style);
                self.session.console.out(&format!("  run {name:?}... {word}\n"));
                if self.verbose {
                    self.details(report);
                }
            }
        }
        let empty = SourceMap::default();
        let sources = report.project.as_ref().map_or(&empty, |project| &project.config.sources);
        let found = match &report.project {
            Some(project) => within(report.diagnostics.clone(), &project.config),
            None => report.diagnostics.clone(),
        };
        self.tell(&file.name, Some(name), &found, sources);
    }

    fn teardown(&mut self, file: &TestFile) {
        Watcher::file(self, file, None, "teardown");
    }

    fn destroying(&mut self, file: &TestFile, run: &str) {
        if let Some(stream) = &self.stream {
            stream.write(json::run(&file.name, run, None, "teardown"));
        }
    }

    fn left(&mut self, file: &TestFile, objects: &[ObjectKey], found: &Diagnostics, sources: &SourceMap) {
        self.counts.broken = true;
        let name = &file.name;
        if let Some(stream) = &self.stream {
            if !objects.is_empty() {
                stream.write(json::left(name, objects));
            }
            return self.tell(name, None, found, sources);
        }
        if found.has_errors() {
            let text = format!("smform encountered an error destroying resources created while executing {name}.");
            self.session.console.err(&format!("{}\n", self.style.paint(Paint::Red, &text)));
        }
        self.tell(name, None, found, sources);
        if objects.is_empty() {
            return;
        }
        let list: String = objects.iter().map(|object| format!("  - {object}\n")).collect();
        let text = format!(
            "\nsmform left the following resources in state after executing {name}, and they need to be cleaned up \
             manually:\n{list}\nTheir states are in {}.\n",
            self.session.data_directory().display()
        );
        self.session.console.err(&text);
    }
}
