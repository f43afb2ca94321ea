//! `apply`, `destroy` and `refresh`: makes the changes of a plan, after asking.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use clap::ArgMatches;
use smform_engine::apply::{Report, RunOutcome};
use smform_engine::checks::is_of_check;
use smform_engine::events::{Event, Observer};
use smform_engine::plan::{Action, Mode, ObjectKey, Plan};
use smform_engine::snapshot::Recording;
use smform_engine::workflow::state::{StoreRecord, diagnose};
use smform_engine::workflow::{self, Planned, Project, saved};
use smform_lang::config::LocalModules;
use smform_lang::config::values::{Origin, VariableInput, VariableValue, variable_values};
use smform_state::{StateError, Store};
use smform_types::{Diagnostic, Diagnostics, SourceMap};
use tokio::sync::Mutex;

use super::operation::{self, Files, Run};
use crate::args::{Apply, variable_inputs};
use crate::errors::{Exit, Failure};
use crate::render::lines::{self, Outcomes, Recorded};
use crate::session::Session;
use crate::view::{Applied, View};

pub async fn destroy(session: &Session, mut args: Apply, flags: &ArgMatches) -> Result<Exit, Failure> {
    if args.plan.is_some() {
        let detail =
            "To destroy what a saved plan says, save it with `smform plan -destroy -out=FILE` and apply that file.";
        return Err(Failure::error("Destroy can't be called with a plan file", detail));
    }
    if args.destroy || args.planning.refresh_only {
        let detail = "destroy has no other mode: leave out -destroy and -refresh-only.";
        return Err(Failure::error("Invalid mode option", detail));
    }
    args.destroy = true;
    run(session, args, flags).await
}

pub async fn refresh(session: &Session, mut args: Apply, flags: &ArgMatches) -> Result<Exit, Failure> {
    if args.plan.is_some() {
        let detail = "refresh takes no plan file: it records what is, without a plan.";
        return Err(Failure::error("Too many command line arguments", detail));
    }
    if args.destroy || !args.planning.replace.is_empty() {
        let detail = "refresh only records what is there: leave out -destroy and -replace.";
        return Err(Failure::error("Invalid mode option", detail));
    }
    if !args.planning.refresh {
        let detail = "refresh reads the live objects: leave out -refresh=false.";
        return Err(Failure::error("Incompatible refresh options", detail));
    }
    if !super::init::has_configuration(session) && session.read_state(&args.planning.state)?.0.is_empty() {
        let detail = "There is neither a configuration nor anything recorded, and so nothing to read.";
        let found = Diagnostic::warning("Empty or non-existent state", detail);
        operation::view(session, &args.planning).diagnostics(&[found], &SourceMap::default());
        return Ok(Exit::Success);
    }
    args.planning.refresh_only = false;
    args.auto_approve = true;
    run(session, args, flags).await
}

pub async fn run(session: &Session, mut args: Apply, flags: &ArgMatches) -> Result<Exit, Failure> {
    args.planning.state.written = args.written.clone();
    let args = &args;
    let view = operation::view(session, &args.planning);
    let result = match &args.plan {
        Some(path) => apply_saved(session, args, flags, path, &view).await,
        None => apply_new(session, args, flags, &view).await,
    };
    match result {
        Err(failure) if args.planning.json => {
            view.diagnostics(&failure.diagnostics.iter().cloned().collect::<Vec<_>>(), &failure.sources);
            Ok(Exit::Failure)
        }
        result => result,
    }
}

/// Refuses a plan that only records and of which nothing can be recorded.
fn refuse_unrecordable(plan: &Plan) -> Result<(), Failure> {
    if !plan.is_unrecordable() {
        return Ok(());
    }
    let detail = "What changes are outputs alone, whose values are not known before something is created, or that are \
                  declared no more. Such changes are made by an apply without -refresh-only.";
    Err(Failure::error("Cannot apply non-applyable plan", detail))
}

async fn apply_new(session: &Session, args: &Apply, flags: &ArgMatches, view: &Arc<dyn View>) -> Result<Exit, Failure> {
    let planning = &args.planning;
    let mode = operation::mode(planning, args.destroy)?;
    if planning.json && !args.auto_approve {
        let detail = "With -json nothing can be asked: give a saved plan, or -auto-approve.";
        return Err(Failure::error("Plan file or auto-approve required", detail));
    }
    if args.expect_digest.is_some() {
        let detail = "-expect-digest is about a saved plan: give its file, too.";
        return Err(Failure::error("Incompatible options", detail));
    }
    view.begin();
    let inputs = session.inputs(variable_inputs(flags));
    let made = operation::plan(session, view, planning, &inputs, mode, Files::default()).await?;
    let again = args.auto_approve && !made.planned.plan.record_only && !made.found.has_errors();
    let found = made.found.iter().filter(|found| !(again && is_of_check(found))).cloned().collect();
    operation::tell(view.as_ref(), &found, &made.project);
    if made.found.has_errors() {
        return Ok(Exit::Failure);
    }
    if made.planned.plan.is_applyable()
        && !args.auto_approve
        && !approved(session, args, mode, made.run.sandbox).await?
    {
        session.console.out("\nApply cancelled.\n");
        return Ok(Exit::Failure);
    }
    refuse_unrecordable(&made.planned.plan)?;
    let parallelism = usize::from(planning.parallelism);
    carry_out(session, &made.run, &made.project, &made.planned, made.store, parallelism).await
}

/// Asks, as Terraform does whatever -input says. Only `yes` is a yes.
async fn approved(session: &Session, args: &Apply, mode: Mode, sandbox: bool) -> Result<bool, Failure> {
    let place = if sandbox { " in the sandbox" } else { "" };
    let (question, consequence) = match mode {
        Mode::Normal => (
            format!("Do you want to perform these actions{place}?"),
            "smform will perform the actions described above.",
        ),
        Mode::Destroy => (
            format!("Do you really want to destroy all resources{place}?"),
            "smform will destroy everything shown above. There is no undo.",
        ),
        Mode::RefreshOnly => (
            format!("Do you want to record these changes in the state{place}?"),
            "smform will write the values shown above to the state, and change nothing else.",
        ),
    };
    let question = session.style(args.planning.no_color).bold(&question);
    session
        .console
        .out(&format!("\n{question}\n  {consequence}\n  Only 'yes' will be accepted to approve.\n\n  Enter a value: "));
    match session.console.line(&session.cancel).await {
        Some(answer) => {
            session.console.out("\n");
            Ok(answer == "yes")
        }
        None if session.cancel.is_cancelled() => Ok(false),
        None => {
            session.console.out("\n");
            let detail =
                "Standard input ended before an answer. Answer yes, give -auto-approve, or apply a saved plan.";
            Err(Failure::error("error asking for approval: EOF", detail))
        }
    }
}

/// A saved plan; what is wrong with the file is told as what it is about.
fn read_plan(session: &Session, path: &Path) -> Result<saved::Saved, Failure> {
    let read = session.read_plan(path).and_then(|text| Ok(saved::read(&text)?));
    read.map_err(|failure| {
        let summary = format!("Failed to load \"{}\" as a plan file", path.display());
        let told = |error: Diagnostic| Diagnostic {
            detail: format!("{}. {}", error.summary, error.detail),
            summary: summary.clone(),
            ..error
        };
        Failure { diagnostics: failure.diagnostics.map(told), ..failure }
    })
}

async fn apply_saved(
    session: &Session,
    args: &Apply,
    flags: &ArgMatches,
    path: &Path,
    view: &Arc<dyn View>,
) -> Result<Exit, Failure> {
    let planning = &args.planning;
    operation::mode(planning, args.destroy)?;
    let saved = read_plan(session, path)?;
    if let Some(expected) = &args.expect_digest
        && *expected != saved.digest
    {
        let detail = format!(
            "{} has digest {}, not {expected}: it is not the plan that was reviewed. Nothing was changed.",
            path.display(),
            saved.digest
        );
        return Err(Failure::error("Not the expected plan", detail));
    }
    if saved.basis.sandbox != session.in_sandbox(planning.state.sandbox) {
        let detail = if saved.basis.sandbox {
            "This plan was made with -sandbox; add -sandbox."
        } else if session.sandboxed {
            "This plan was not made in the sandbox, and SMFORM_SANDBOX is on. Unset it to apply the plan."
        } else {
            "This plan was not made with -sandbox; leave -sandbox out."
        };
        return Err(Failure::error("Plan and apply disagree about the sandbox", detail));
    }
    view.begin();
    // The backend is that of the saved configuration, too.
    let (config, _) = smform_lang::config::load(&saved.files, Path::new("."), &LocalModules);
    let recording = Arc::new(Recording::new(Arc::new(saved.files.clone())));
    let run = Run::begin(session, planning, view, &config, recording)?;
    if run.workspace != saved.basis.workspace {
        let detail = format!(
            "The plan was made in workspace \"{}\", and this is \"{}\". Choose the workspace with TF_WORKSPACE.",
            saved.basis.workspace, run.workspace
        );
        return Err(Failure::error("Plan of another workspace", detail));
    }
    let (store, stored, found) = run.open(session, &planning.lock, "OperationTypeApply").await?;
    let basis = run.basis(&store);
    if basis != saved.basis {
        let detail = if basis.lineage == saved.basis.lineage && basis.serial == saved.basis.serial {
            "A run on this state was cut off since the plan was made, perhaps one of this very plan: what it did is known \
             from its journal, and the plan does not take it into account. Plan again."
                .to_owned()
        } else if basis.lineage == saved.basis.lineage {
            format!(
                "The state has changed since the plan was made (serial {} then, {} now). Plan again.",
                saved.basis.serial, basis.serial
            )
        } else if saved.basis.lineage.is_empty() {
            "There was no state yet when the plan was made, and there is one now: the plan was applied already, or \
             something else was. Plan again."
                .to_owned()
        } else {
            "The plan was made for another state. Apply it where it was made, with the same backend.".to_owned()
        };
        return Err(Failure::error("Saved plan is stale", detail));
    }
    if saved.is_errored() {
        let detail =
            "Planning ended in errors, so this plan is not whole: it can be shown, but not applied. Plan again.";
        return Err(Failure::error("Cannot apply incomplete plan", detail));
    }
    let (mut project, planned) = saved.open(&run.world, stored)?;
    same_variables(session, &project, &variable_inputs(flags))?;
    supply_ephemeral(session, &mut project, &saved.ephemeral(), variable_inputs(flags))?;
    let mut found = found;
    found.extend(unused_options(args));
    operation::tell(view.as_ref(), &found, &project);
    if planning.json {
        view.changes(&planned);
    }
    refuse_unrecordable(&planned.plan)?;
    carry_out(session, &run, &project, &planned, store, usize::from(planning.parallelism)).await
}

/// Terraform takes options of planning beside a saved plan as well, and does what the plan says; that is told.
fn unused_options(args: &Apply) -> Option<Diagnostic> {
    let planning = &args.planning;
    let plans = args.destroy || planning.refresh_only || !planning.refresh || planning.registry_probe;
    let detail = "What a saved plan does was settled when it was made. -destroy, -refresh-only, -refresh, -registry-probe, \
                  -target and -replace change nothing about it: plan anew with them.";
    let is_unused = plans || !planning.targets.is_empty() || !planning.replace.is_empty();
    is_unused.then(|| Diagnostic::warning("Planning options with a saved plan are not used", detail))
}

/// Values given for variables must be those that the plan was made with.
fn same_variables(session: &Session, project: &Project, inputs: &[VariableInput]) -> Result<(), Failure> {
    if inputs.is_empty() {
        return Ok(());
    }
    let root = project.config.root().cloned().unwrap_or_default();
    let mut sources = SourceMap::default();
    let (given, found) = variable_values(&session.host, Path::new("."), &root, inputs, &mut sources);
    if found.has_errors() {
        return Err(Failure::new(found, &sources));
    }
    let mut found = Diagnostics::new();
    let is_ephemeral = |name: &str| root.variables.get(name).is_some_and(|variable| variable.ephemeral);
    let named = |value: &VariableValue| matches!(value.origin, Origin::Argument | Origin::NamedFile);
    for (name, value) in given.iter().filter(|(name, value)| named(value) && !is_ephemeral(name)) {
        let finish = |value| {
            root.variables.get(name).and_then(|variable| smform_lang::config::values::finish(variable, value).ok())
        };
        if finish(Some(value)) != finish(project.inputs.get(name)) {
            let detail = format!(
                "The saved plan was made with another value of var.{name}. Leave the value out, or plan again with it."
            );
            found.push(Diagnostic::error("Can't change variable when applying a saved plan", detail).at(value.span));
        }
    }
    if found.has_errors() { Err(Failure::new(found, &sources)) } else { Ok(()) }
}

/// Ephemeral values are in no plan: those that were set then must be given again, and no others.
fn supply_ephemeral(
    session: &Session,
    project: &mut Project,
    names: &[&str],
    flags: Vec<VariableInput>,
) -> Result<(), Failure> {
    let root = project.config.root().cloned().unwrap_or_default();
    if !root.variables.values().any(|variable| variable.ephemeral) {
        return Ok(());
    }
    let inputs = session.inputs(flags);
    let (given, mut found) =
        variable_values(&session.host, Path::new("."), &root, &inputs, &mut project.config.sources);
    for (name, variable) in root.variables.iter().filter(|(_, variable)| variable.ephemeral) {
        let planned = names.contains(&&**name);
        match given.get(name) {
            Some(value) if planned => drop(project.inputs.insert(name.clone(), value.clone())),
            Some(value) if matches!(value.origin, Origin::Argument | Origin::NamedFile) => {
                let detail = format!(
                    "The ephemeral variable \"{name}\" was not set when the plan was made, so it cannot be set now. Leave \
                     it out, or plan again with it."
                );
                found.push(Diagnostic::error("Ephemeral variable was not set during plan", detail).at(value.span));
            }
            None if planned => {
                let detail = format!(
                    "The ephemeral input variable \"{name}\" was set during the plan phase, and so must also be set \
                     during the apply phase: with -var, a values file or TF_VAR_{name}. Its value is not in the plan."
                );
                found.push(Diagnostic::error("No value for required variable", detail).at(variable.span));
            }
            _ => {}
        }
    }
    if found.has_errors() { Err(Failure::about(found, &project.config)) } else { Ok(()) }
}

/// What came of applying.
pub(super) struct Performed {
    /// What was done.
    pub report: Report,
    /// Whether it was stopped before it was done.
    pub stopped: bool,
    /// Where what was done is on record.
    pub recorded: Recorded,
}

/// Applies and records.
pub(super) async fn perform(
    session: &Session,
    run: &Run,
    project: &Project,
    planned: &Planned,
    mut store: Store,
    parallelism: usize,
) -> Performed {
    store.establish();
    let world = &run.world;
    let (path, lock) = (store.backend().journal(), store.lasting_lock());
    let left = Recorded::Journal { path, lock };
    let record = Arc::new(Mutex::new(StoreRecord::new(store, world.providers.clone())));
    let (cancel, progress) = (session.cancel.clone(), Arc::clone(&run.progress));
    let watch = tokio::spawn(async move {
        cancel.cancelled().await;
        progress.notice(Event::Stopping);
    });
    prepare_last_words(session, run, planned, left);
    let outcome = workflow::apply(world, project, planned, Arc::clone(&record) as _, parallelism).await;
    watch.abort();
    run.progress.close();
    let stopped = matches!(outcome, RunOutcome::Stopped(_));
    let mut report = outcome.into_report();
    let mut recorded = Recorded::State;
    match Arc::try_unwrap(record) {
        Ok(record) => {
            let store = record.into_inner().into_store();
            report.diagnostics.extend(store.unannounced().map(unannounced));
            let finished = store.finish();
            if matches!(&finished, Err(error) if !matches!(error, StateError::NotReleased { .. })) {
                recorded = Recorded::Elsewhere;
            }
            let settled = run.unsettled.as_ref().filter(|_| finished.is_ok()).map(|backend| session.settle(backend));
            report.diagnostics.extend(finished.err().map(|error| diagnose(&error)));
            report
                .diagnostics
                .extend(settled.and_then(Result::err).into_iter().flat_map(|failure| failure.diagnostics));
        }
        Err(_) => report.diagnostics.push(Diagnostic::error(
            "The state was not closed",
            "Its journal holds what was done, and the next run reads it. This is a defect of smform.",
        )),
    }
    session.last_words.done();
    Performed { report, stopped, recorded }
}

/// What it means that creations were not announced.
fn unannounced(why: &str) -> Diagnostic {
    let detail = format!(
        "What was created was not announced beside the state: {why}. All was recorded in the end. But had this machine been \
         lost in the meantime, nobody would have known of what was created in the last seconds."
    );
    Diagnostic::warning("Creations were not announced", detail)
}

/// Should the process be ended right away, what is known of the run is told all the same.
fn prepare_last_words(session: &Session, run: &Run, planned: &Planned, recorded: Recorded) {
    let (view, progress) = (Arc::clone(&run.view), Arc::clone(&run.progress));
    let (mode, actions) = (planned.plan.mode, lines::actions(&planned.plan));
    session.last_words.prepare(move || {
        let (done, under_way, failed) = (progress.done(), progress.under_way(), progress.failed());
        let is_left = |object: &ObjectKey, action: Action| {
            let is_work = !matches!(action, Action::NoOp | Action::Read);
            let is_done = done.iter().any(|(did, _)| did.address == object.address);
            is_work && !is_done && !under_way.contains(object) && !failed.contains(object)
        };
        let left = actions.iter().filter(|(object, action)| is_left(object, **action));
        let skipped = left.map(|(object, _)| object.clone()).collect();
        let outcomes =
            Outcomes { done: &done, under_way: &under_way, failed: &failed, skipped: &skipped, recorded: &recorded };
        view.cut_off(mode, &actions, outcomes);
    });
}

/// Applies, records, and says what came of it.
async fn carry_out(
    session: &Session,
    run: &Run,
    project: &Project,
    planned: &Planned,
    store: Store,
    parallelism: usize,
) -> Result<Exit, Failure> {
    let Performed { report, stopped, recorded } = perform(session, run, project, planned, store, parallelism).await;
    let declared: BTreeMap<_, _> = project.config.root().map(|root| root.outputs.clone()).unwrap_or_default();
    let sensitive = |name: &str| declared.get(name).is_some_and(|output| output.sensitive);
    let applied = Applied {
        plan: &planned.plan,
        report: &report,
        done: &run.progress.done(),
        recorded: &recorded,
        stopped,
        destroy: session.command == "destroy",
        outputs: &report.outputs,
        sensitive: &sensitive,
    };
    let tell = || operation::tell(run.view.as_ref(), &report.diagnostics, project);
    let failed = stopped || report.diagnostics.has_errors() || !report.failed.is_empty();
    // The last thing to read is what matters most: what went wrong, or the outputs.
    if failed {
        run.view.applied(&applied);
        tell();
    } else {
        tell();
        run.view.applied(&applied);
    }
    Ok(if failed { Exit::Failure } else { Exit::Success })
}
