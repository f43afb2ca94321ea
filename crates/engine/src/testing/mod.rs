//! Running test files: each run plans, and mostly applies, a module with states of its own, and then looks at what its
//! assertions say. What was created is destroyed at the end of the file, last run first.

mod assertions;
mod expected;
pub mod mock;
pub mod overrides;
mod prepare;
mod scope;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use smform_lang::config::testing::{TestCommand, TestFile, TestRun};
use smform_lang::config::values::VariableInput;
use smform_lang::config::{Config, ModuleResolver};
use smform_state::encryption::Target;
use smform_state::encryption::backend::EncryptedBackend;
use smform_state::{Backend, LocalBackend, State, Store};
use smform_types::{Diagnostic, Diagnostics, ModuleInstance, SourceMap, Value};
use tokio::sync::Mutex;

use crate::checks::is_of_check;
use crate::plan::stored::Stored;
use crate::plan::walk::Options;
use crate::plan::{Mode, ObjectKey};
use crate::values::Values;
use crate::workflow::state::{StoreRecord, decode, diagnose};
use crate::workflow::{self, Planned, Project, World};
use expected::{explain, settle};

/// How a run or a file came out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Not looked at, since something before went wrong.
    Skip,
    /// All is as it should be.
    #[default]
    Pass,
    /// An assertion does not hold.
    Fail,
    /// It could not be carried out.
    Error,
}

/// What all files of a test have in common.
pub struct Suite<'s> {
    /// Files, providers, time.
    pub world: World,
    /// The directory of the module under test.
    pub directory: PathBuf,
    /// The folder of tests in it.
    pub folder: PathBuf,
    /// Finds modules.
    pub modules: &'s dyn ModuleResolver,
    /// The module under test. Its sources hold the texts of the test files.
    pub config: Config,
    /// The texts of the test files alone.
    pub sources: SourceMap,
    /// Values given from outside.
    pub inputs: Vec<VariableInput>,
    /// A folder for states, which are removed with what they hold.
    pub states: PathBuf,
    /// How those states are encrypted, if they are.
    pub encryption: Option<Arc<Target>>,
}

/// What came of a run.
pub struct RunReport {
    /// How it came out.
    pub status: Status,
    /// Messages.
    pub diagnostics: Diagnostics,
    /// The configuration that was run, with all texts.
    pub project: Option<Project>,
    /// The plan, if the run was to plan and could.
    pub planned: Option<Planned>,
    /// The state, if the run was to apply and could.
    pub state: Option<(State, Stored)>,
    /// The providers of the run.
    pub world: Option<World>,
}

impl RunReport {
    fn new(status: Status, diagnostics: Diagnostics) -> RunReport {
        RunReport { status, diagnostics, project: None, planned: None, state: None, world: None }
    }
}

/// Who follows a test.
pub trait Watch {
    /// A run begins.
    fn begins(&mut self, file: &TestFile, run: &TestRun);
    /// A run has ended.
    fn ended(&mut self, file: &TestFile, run: &TestRun, report: &RunReport);
    /// What the runs of a file created is being destroyed.
    fn teardown(&mut self, file: &TestFile);
    /// The state that a run was the last to change is being emptied.
    fn destroying(&mut self, file: &TestFile, run: &str);
    /// What could not be destroyed of what a run was the last to change, and why.
    fn left(&mut self, file: &TestFile, run: &str, objects: &[ObjectKey], found: &Diagnostics, sources: &SourceMap);
}

/// A state of a file, and what its last run was.
struct Kept {
    backend: Arc<dyn Backend>,
    last: usize,
    run: Arc<str>,
    project: Project,
    world: World,
}

/// What is known while a file is worked on.
pub(crate) struct FileRun<'f> {
    pub file: &'f TestFile,
    pub all: Vec<Arc<str>>,
    /// The outputs of the runs so far.
    pub outputs: BTreeMap<Arc<str>, Value>,
    states: BTreeMap<String, Kept>,
}

impl Suite<'_> {
    /// Runs a file.
    pub async fn file(&self, file: &TestFile, watch: &mut dyn Watch) -> Status {
        let all = file.runs.iter().map(|run| run.name.text.clone()).collect();
        let mut state = FileRun { file, all, outputs: BTreeMap::new(), states: BTreeMap::new() };
        let mut status = Status::Pass;
        for (at, run) in file.runs.iter().enumerate() {
            if status == Status::Error || self.world.conduct.cancel.is_cancelled() {
                watch.ended(file, run, &RunReport::new(Status::Skip, Diagnostics::new()));
                continue;
            }
            watch.begins(file, run);
            let mut report = self.run(&mut state, at, run).await;
            let context = format!("run \"{}\"", run.name.text);
            report.diagnostics = report.diagnostics.map(|message| {
                let own = message.span.is_some_and(|span| span.source == run.span.source);
                if own { Diagnostic { context: Some(context.clone()), ..message } } else { message }
            });
            status = status.max(report.status);
            watch.ended(file, run, &report);
        }
        watch.teardown(file);
        let clean = self.tear_down(file, state.states, watch).await;
        if clean { status } else { Status::Error }
    }

    async fn run(&self, state: &mut FileRun<'_>, at: usize, run: &TestRun) -> RunReport {
        let prepared = self.prepare(state, run);
        let (project, world, own, mut found) = match prepared {
            Ok(prepared) => prepared,
            Err(errors) => return RunReport::new(Status::Error, errors),
        };
        let key = run.state_key.clone().or_else(|| run.module.as_ref().map(|(source, _)| source.clone()));
        let key = key.unwrap_or_default();
        let backend = match state.states.get(&key) {
            Some(kept) => Arc::clone(&kept.backend),
            None => self.new_state(state.states.len()),
        };
        let options = match options(run) {
            Ok(options) => options,
            Err(errors) => return RunReport::new(Status::Error, errors),
        };
        let opened = Store::open(Arc::clone(&backend), None);
        let store = match opened {
            Ok(store) => store,
            Err(error) => return RunReport::new(Status::Error, diagnose(&error).into()),
        };
        let (stored, messages) = decode(store.state(), store.pending(), &world.providers);
        found.extend(messages);
        let recorded = stored.outputs.clone();
        let (mut planned, messages) = workflow::plan(&world, &project, stored, &options).await;
        let report = |status, diagnostics, planned, state| RunReport {
            status,
            diagnostics,
            project: Some(project.clone()),
            planned,
            state,
            world: Some(world.clone()),
        };
        if run.command == TestCommand::Plan {
            let messages = settle(messages, &run.expect_failures, &project.config);
            let failed = messages.has_errors();
            found.extend(messages);
            if failed {
                return report(Status::Error, found, None, None);
            }
            complete(&mut planned.values, &recorded);
            let status = self.assess(state, run, &project, &own, &planned.values, Mode::Normal, &mut found);
            return report(status, found, Some(planned), None);
        }
        let messages = explain(messages, &run.expect_failures, &project.config);
        if messages.has_errors() {
            found.extend(messages);
            return report(Status::Error, found, None, None);
        }
        // Checks are looked at again once everything is applied.
        found.extend(messages.into_iter().filter(|message| !is_of_check(message)));
        let (mut outcome, applied, errors) = apply(&world, &project, &planned, store).await;
        let (name, project_run, world_run) = (run.name.text.clone(), project.clone(), world.clone());
        let last = Kept { backend, last: at, run: name, project: project_run, world: world_run };
        state.states.insert(key, last);
        found.extend(errors);
        let messages = settle(outcome.diagnostics, &run.expect_failures, &project.config);
        let failed = messages.has_errors();
        found.extend(messages);
        if failed || found.has_errors() {
            return report(Status::Error, found, None, None);
        }
        complete(&mut outcome.values, &outcome.outputs);
        let status = self.assess(state, run, &project, &own, &outcome.values, Mode::Destroy, &mut found);
        report(status, found, None, applied)
    }

    /// A state that holds nothing yet.
    fn new_state(&self, number: usize) -> Arc<dyn Backend> {
        let path = self.states.join(format!("{}-{number}.tfstate", uuid::Uuid::new_v4().simple()));
        let file = Arc::new(LocalBackend::new(path));
        match &self.encryption {
            Some(target) => Arc::new(EncryptedBackend::new(file, Arc::clone(target))),
            None => file,
        }
    }

    /// Destroys what the states hold, that of the last run first; whether all went well.
    async fn tear_down(&self, file: &TestFile, states: BTreeMap<String, Kept>, watch: &mut dyn Watch) -> bool {
        let mut states: Vec<Kept> = states.into_values().collect();
        states.sort_by_key(|kept| std::cmp::Reverse(kept.last));
        let mut clean = true;
        for kept in states {
            let (left, found) = empty(&kept, || watch.destroying(file, &kept.run)).await;
            if found.has_errors() || !left.is_empty() {
                clean = false;
                watch.left(file, &kept.run, &left, &found, &kept.project.config.sources);
            }
        }
        clean
    }
}

/// Adds the root outputs that targets left out, as they are recorded.
fn complete(values: &mut Values, recorded: &BTreeMap<Arc<str>, Value>) {
    let root = ModuleInstance::root();
    for (name, value) in recorded {
        if values.output(&root, name).is_none() {
            values.set_output(&root, name, value.clone());
        }
    }
}

/// What the plan of a run is limited to.
fn options(run: &TestRun) -> Result<Options, Diagnostics> {
    let mut found = Diagnostics::new();
    let mut parse = |text: &str, span| match text.parse() {
        Ok(target) => Some(target),
        Err(error) => {
            found.push(Diagnostic::error("Invalid address", format!("{text}: {error}.")).at(Some(span)));
            None
        }
    };
    let targets = run.plan.targets.iter().filter_map(|(text, span)| parse(text, *span)).collect();
    let mut replace = Vec::new();
    for (text, span) in &run.plan.replace {
        match text.parse() {
            Ok(address) => replace.push(address),
            Err(error) => found.push(Diagnostic::error("Invalid address", format!("{text}: {error}.")).at(*span)),
        }
    }
    let mode = if run.plan.refresh_only { Mode::RefreshOnly } else { Mode::Normal };
    let options = Options { mode, refresh: !run.plan.without_refresh, targets, replace, ..Options::default() };
    found.into_result(options).map(|(options, _)| options)
}

type Applied = (crate::apply::Report, Option<(State, Stored)>, Diagnostics);

/// Applies a plan and closes the state.
async fn apply(world: &World, project: &Project, planned: &Planned, store: Store) -> Applied {
    let record = Arc::new(Mutex::new(StoreRecord::new(store, world.providers.clone())));
    let parallelism = Options::default().parallelism;
    let outcome = workflow::apply(world, project, planned, Arc::clone(&record) as _, parallelism).await;
    let finished = match Arc::try_unwrap(record) {
        Ok(record) => record.into_inner().into_store().finish().map_err(|error| diagnose(&error)),
        Err(_) => Err(Diagnostic::error("The state was not closed", "This is a defect of smform.")),
    };
    let mut found = Diagnostics::new();
    let state = match finished {
        Ok(state) => {
            let (stored, messages) = decode(&state, &[], &world.providers);
            found.extend(messages);
            Some((state, stored))
        }
        Err(error) => {
            found.push(error);
            None
        }
    };
    (outcome.into_report(), state, found)
}

/// Destroys what a state holds; what is left of it, and why.
async fn empty(kept: &Kept, begins: impl FnOnce()) -> (Vec<ObjectKey>, Diagnostics) {
    let store = match Store::open(Arc::clone(&kept.backend), None) {
        Ok(store) => store,
        Err(error) => return (Vec::new(), diagnose(&error).into()),
    };
    let (stored, mut found) = decode(store.state(), store.pending(), &kept.world.providers);
    if stored.objects.is_empty() && stored.candidates.is_empty() {
        return (Vec::new(), Diagnostics::new());
    }
    begins();
    let options = Options { mode: Mode::Destroy, ..Options::default() };
    let before: Vec<ObjectKey> = stored.objects.keys().cloned().collect();
    let (planned, messages) = workflow::plan(&kept.world, &kept.project, stored, &options).await;
    found.extend(messages);
    if found.has_errors() {
        return (before, found);
    }
    let (report, state, errors) = apply(&kept.world, &kept.project, &planned, store).await;
    found.extend(report.diagnostics);
    found.extend(errors);
    let left = state.map(|(_, stored)| stored.objects.into_keys().collect()).unwrap_or_default();
    (left, found)
}
