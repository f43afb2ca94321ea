//! `test`: carries out the runs of test files, and destroys afterwards what they created.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use clap::ArgMatches;
use smform_engine::events::Silent;
use smform_engine::plan::{Extent, ObjectKey};
use smform_engine::run::Conduct;
use smform_engine::testing::{RunReport, Status, Suite, Watch};
use smform_engine::workflow::World;
use smform_lang::config::testing::{TestFile, TestRun, test_file, test_files};
use smform_lang::config::values::VariableInput;
use smform_lang::config::{Given, load_with};
use smform_modules::Update;
use smform_types::{Diagnostic, Diagnostics, SourceMap};

use crate::args::{Test, variable_inputs};
use crate::errors::{Exit, Failure, within};
use crate::render::json::{stream, test as json};
use crate::render::junit;
use crate::render::plan::{PlanView, plan};
use crate::render::state::whole;
use crate::render::style::{Paint, Style};
use crate::render::test::{Counts, painted};
use crate::session::Session;
use crate::view::{Human, Stream, View};
use crate::world::Sandboxed;

pub async fn run(session: &Session, args: &Test, flags: &ArgMatches) -> Result<Exit, Failure> {
    let mut watcher = Watcher::new(session, args, session.in_sandbox(args.sandbox));
    if let Some(stream) = &watcher.stream {
        stream.begin();
    }
    match tested(session, args, flags, &mut watcher).await {
        Err(failure) if args.json => {
            watcher.stream.iter().for_each(|stream| {
                let found: Vec<Diagnostic> = failure.diagnostics.iter().cloned().collect();
                stream.diagnostics(&found, &failure.sources);
            });
            Ok(Exit::Failure)
        }
        ended => ended,
    }
}

async fn tested(
    session: &Session,
    args: &Test,
    flags: &ArgMatches,
    watcher: &mut Watcher<'_>,
) -> Result<Exit, Failure> {
    let folder = normal(&args.test_directory);
    if args.test_directory.is_absolute() || folder.starts_with("..") {
        let detail = "The folder with test files must be within the configuration directory.";
        return Err(Failure::error("Invalid testing directory", detail));
    }
    let inputs = session.inputs(variable_inputs(flags));
    for input in &inputs {
        if let VariableInput::File(path) = input {
            let unreadable = |_| {
                let detail = format!("The file {} that -var-file names could not be read.", path.display());
                Failure::error("Failed to read variables file", detail)
            };
            session.read(path).map_err(unreadable)?;
        }
    }
    let mut sources = SourceMap::default();
    let mut found = Diagnostics::new();
    let mut files = Vec::new();
    for path in test_files(&session.host, Path::new("."), &folder) {
        let (file, messages) = test_file(&session.host, Path::new("."), &path, &mut sources);
        found.extend(messages);
        files.push(file);
    }
    let default = smform_lang::config::testing::TEST_DIRECTORY;
    if folder != Path::new(default) && !session.path(&folder).is_dir() {
        let detail = format!("There is no directory {}.", folder.display());
        found.push(Diagnostic::warning("Test directory does not exist", detail));
    }
    let modules = session.modules(Update::Missing);
    let inputs = session.inputs(variable_inputs(flags));
    let (config, messages) =
        load_with(&session.host, Path::new("."), &modules, sources.clone(), Given::Inputs(&inputs));
    found.extend(messages);
    if found.has_errors() {
        return Err(Failure::about(found, &config));
    }
    let wanted = &args.filter;
    let is_wanted = |file: &&TestFile| {
        wanted.is_empty() || wanted.iter().any(|path| path.as_os_str() == std::ffi::OsStr::new(&file.name))
    };
    let files: Vec<&TestFile> = files.iter().filter(is_wanted).collect();
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
        inputs,
        states: states.clone(),
        encryption,
    };
    watcher.begin(&files, &found, &suite.config.sources);
    for file in files {
        watcher.file(file, None, "starting");
        let status = suite.file(file, watcher).await;
        watcher.file(file, Some(status), "complete");
    }
    watcher.end();
    if let Some(path) = &args.junit_xml {
        session.write(path, &junit::file(&watcher.suites))?;
    }
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
    /// The texts of the module under test and of the test files, for messages from before a run has a module.
    sources: SourceMap,
    /// The results so far, for `-junit-xml`.
    suites: Vec<junit::Suite>,
    /// When the run that is going on began.
    begun: SystemTime,
}

impl<'s> Watcher<'s> {
    fn new(session: &'s Session, args: &Test, sandbox: bool) -> Watcher<'s> {
        let console = session.console.clone();
        let style = session.style(args.no_color);
        let (clock, version) = (Arc::clone(&session.clock), session.version);
        let stream = args.json.then(|| Stream { console: console.clone(), clock, version, sandbox, refresh: false });
        let automation = true;
        let human =
            Human { console, style, compact_warnings: args.compact_warnings, sandbox, refresh: false, automation };
        Watcher {
            session,
            style,
            verbose: args.verbose,
            human,
            stream,
            counts: Counts::default(),
            sources: SourceMap::default(),
            suites: Vec::new(),
            begun: session.clock.now(),
        }
    }

    fn begin(&mut self, files: &[&TestFile], found: &Diagnostics, sources: &SourceMap) {
        self.sources = sources.clone();
        if self.stream.is_none() {
            self.human.begin();
        }
        let warnings: Vec<Diagnostic> = found.iter().cloned().collect();
        match &self.stream {
            Some(stream) => {
                stream.diagnostics(&warnings, sources);
                stream.write(json::found(files));
            }
            None => self.human.diagnostics(&warnings, sources),
        }
    }

    fn file(&mut self, file: &TestFile, ended: Option<Status>, progress: &str) {
        if ended == Some(Status::Error) && file.runs.is_empty() {
            self.counts.broken = true;
        }
        if progress == "starting" {
            self.suites.push(junit::Suite { name: file.name.clone(), cases: Vec::new() });
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
        self.begun = self.session.clock.now();
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
        let sources = report.project.as_ref().map_or(&self.sources, |project| &project.config.sources).clone();
        let found = match &report.project {
            Some(project) => within(report.diagnostics.clone(), &project.config),
            None => report.diagnostics.clone(),
        };
        let time = (report.status != Status::Skip).then(|| {
            let begun = jiff::Timestamp::try_from(self.begun).unwrap_or_default();
            let took = self.session.clock.now().duration_since(self.begun).unwrap_or_default();
            (begun.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), took)
        });
        let case = junit::Case::new(name, report.status, time, run.asserts.len(), &found, &sources);
        if let Some(suite) = self.suites.last_mut() {
            suite.cases.push(case);
        }
        self.tell(&file.name, Some(name), &found, &sources);
    }

    fn teardown(&mut self, file: &TestFile) {
        Watcher::file(self, file, None, "teardown");
    }

    fn destroying(&mut self, file: &TestFile, run: &str) {
        if let Some(stream) = &self.stream {
            stream.write(json::run(&file.name, run, None, "teardown"));
        }
    }

    fn left(&mut self, file: &TestFile, run: &str, objects: &[ObjectKey], found: &Diagnostics, sources: &SourceMap) {
        self.counts.broken = true;
        let name = &file.name;
        if let Some(stream) = &self.stream {
            if !objects.is_empty() {
                stream.write(json::left(name, run, objects));
            }
            return self.tell(name, Some(run), found, sources);
        }
        if found.has_errors() {
            let text =
                format!("smform encountered an error destroying resources created while executing {name}/{run}.");
            self.session.console.err(&format!("{}\n", self.style.paint(Paint::Red, &text)));
        }
        self.tell(name, None, found, sources);
        if objects.is_empty() {
            return;
        }
        let list: String = objects.iter().map(|object| format!("  - {object}\n")).collect();
        let text = format!(
            "\nsmform left the following resources in state after executing {name}/{run}, and they need to be cleaned up \
             manually:\n{list}\nTheir states are in {}.\n",
            self.session.data_directory().display()
        );
        self.session.console.err(&text);
    }
}
