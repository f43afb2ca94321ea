//! What `plan` and `apply` have in common: flags that exclude each other, loading, asking for variables, the lock, the
//! plan, and the files that it is written to.

use std::path::Path;
use std::sync::Arc;

use smform_engine::plan::stored::Stored;
use smform_engine::plan::walk::Options;
use smform_engine::plan::{Extent, Mode};
use smform_engine::run::Conduct;
use smform_engine::snapshot::Recording;
use smform_engine::workflow::backend::Configured;
use smform_engine::workflow::generate::Generated;
use smform_engine::workflow::saved::{self, Basis};
use smform_engine::workflow::state::decode;
use smform_engine::workflow::{self, Planned, Project, World};
use smform_lang::config::values::{Origin, VariableInput, from_text, missing};
use smform_lang::config::{Config, Variable};
use smform_lang::source::Host;
use smform_modules::Update;
use smform_state::{Backend, Store};
use smform_types::json::to_text;
use smform_types::{Diagnostic, Diagnostics};

use super::{generate, registry};
use crate::args::{Planning, Reach, StateLock};
use crate::errors::{Failure, within};
use crate::render::progress::{Progress, Sink};
use crate::render::{json, markdown};
use crate::session::Session;
use crate::states::WAITING;
use crate::view::{Human, Stream, View};
use crate::world::Sandboxed;

/// The view that the flags ask for.
#[must_use]
pub fn view(session: &Session, planning: &Planning) -> Arc<dyn View> {
    let console = session.console.clone();
    let sandbox = session.in_sandbox(planning.state.sandbox);
    let refresh = session.command == "refresh";
    if planning.json {
        let (clock, version) = (Arc::clone(&session.clock), session.version);
        return Arc::new(Stream { console, clock, version, sandbox, refresh });
    }
    Arc::new(Human {
        console,
        style: session.style(planning.no_color),
        compact_warnings: planning.compact_warnings,
        sandbox,
        refresh,
        automation: session.automation(),
    })
}

/// What kind of plan the flags ask for.
///
/// # Errors
/// When they contradict each other.
pub fn mode(planning: &Planning, destroy: bool) -> Result<Mode, Failure> {
    let conflict = |summary: &str, detail: &str| Err(Failure::error(summary, detail.to_owned()));
    match (destroy, planning.refresh_only) {
        (true, true) => conflict(
            "Incompatible plan mode options",
            "-destroy and -refresh-only exclude each other: give one of them.",
        ),
        (_, true) if !planning.refresh => conflict(
            "Incompatible refresh options",
            "-refresh-only reads the live objects, and -refresh=false forbids that.",
        ),
        (true, _) | (_, true) if !planning.replace.is_empty() => conflict(
            "Unsupported plan mode",
            "-replace works with an ordinary plan only, without -destroy and -refresh-only.",
        ),
        (true, _) => Ok(Mode::Destroy),
        (_, true) => Ok(Mode::RefreshOnly),
        (false, false) => Ok(Mode::Normal),
    }
}

/// The surroundings of one run: real or sandbox.
pub struct Run {
    /// What is shown.
    pub view: Arc<dyn View>,
    /// Who watches the work.
    pub progress: Arc<Progress>,
    /// What the engine needs of the world.
    pub world: World,
    /// Every file that is read.
    pub recording: Arc<Recording>,
    /// The state.
    pub backend: Arc<dyn Backend>,
    /// The workspace.
    pub workspace: String,
    /// Whether the run is in the sandbox.
    pub sandbox: bool,
    /// Whether the user names the file of the state.
    pub is_named: bool,
    /// The backend, when `init` has not settled it.
    pub unsettled: Option<Configured>,
}

impl Run {
    /// Begins a run on the state that a configuration says, in the sandbox if so asked. `recording` sees every file
    /// that is read.
    ///
    /// # Errors
    /// When the backend or the sandbox is not usable.
    pub fn begin(
        session: &Session,
        planning: &Planning,
        view: &Arc<dyn View>,
        config: &Config,
        recording: Arc<Recording>,
    ) -> Result<Run, Failure> {
        let view = Arc::clone(view);
        let sandbox = session.in_sandbox(planning.state.sandbox);
        let backend = session.backend(config, &planning.state)?;
        let unsettled = session.unsettled(config, &planning.state)?;
        let Sandboxed { providers, clock } = if sandbox {
            session.open_sandbox(&backend.place())?
        } else {
            Sandboxed { providers: session.providers.clone(), clock: Arc::clone(&session.clock) }
        };
        let providers = session.reading_states_of(providers, config)?;
        let live = session.console.live().filter(|_| !planning.json).cloned();
        let sink: Arc<dyn Sink> = Arc::clone(&view) as _;
        let progress = Arc::new(Progress::new(sink, Arc::clone(&clock), live));
        let observer = Arc::clone(&progress);
        let conduct = Conduct { clock, cancel: session.cancel.clone(), observer, directory: session.host.base.clone() };
        let world = World { host: Arc::clone(&recording) as _, providers, conduct };
        Ok(Run {
            view,
            progress,
            world,
            recording,
            backend,
            workspace: session.workspace(sandbox)?,
            sandbox,
            is_named: planning.state.path.is_some(),
            unsettled,
        })
    }

    /// Opens the state, locked if so asked, and decodes it.
    ///
    /// # Errors
    /// When it is locked by another run, or cannot be read.
    pub async fn open(
        &self,
        session: &Session,
        lock: &StateLock,
        operation: &str,
    ) -> Result<(Store, Stored, Diagnostics), Failure> {
        let backend = Arc::clone(&self.backend);
        let store = session.open_state(backend, lock, operation, || self.view.note(WAITING)).await?;
        let (stored, mut found) = decode(store.state(), store.pending(), &self.world.providers);
        if found.has_errors() {
            return Err(found.into());
        }
        if !store.taken_up().is_empty() {
            let objects: String = store.taken_up().iter().map(|id| format!("\n  - {}", id.address)).collect();
            let detail = format!(
                "An earlier run was cut off after it had created these, and its machine alone knew of them. They are recorded \
                 as it announced them:{objects}"
            );
            found.push(Diagnostic::warning("Objects of an earlier run are taken up", detail));
        }
        if store.is_missing() && store.backend().kept().is_ok_and(|kept| !kept.is_empty()) {
            let detail = format!(
                "There is no state in {}, and earlier ones of it are kept. If it was lost, bring one back before anything is \
                 created a second time: smform state history, smform state rollback SERIAL.",
                store.place().display()
            );
            found.push(Diagnostic::warning("The state is gone", detail));
        }
        if self.sandbox
            && !self.is_named
            && let Some(left) = session.left_in_sandbox(&self.workspace, &store)?
        {
            let detail = format!(
                "The sandbox had the state of this configuration in {}, and the backend block now leads to {}, where there is \
                 none: everything begins anew. To go on instead, move the files of that name, .tfstate and .json, first.",
                left.display(),
                store.place().display()
            );
            found.push(Diagnostic::warning("The state of the sandbox is elsewhere", detail));
        }
        Ok((store, stored, found))
    }

    /// The state that a plan is made from.
    #[must_use]
    pub fn basis(&self, store: &Store) -> Basis {
        let state = store.state();
        Basis {
            lineage: state.lineage.clone(),
            serial: state.serial,
            beyond: store.beyond_snapshot(),
            workspace: self.workspace.clone(),
            sandbox: self.sandbox,
        }
    }
}

/// Loads the configuration, and asks for the variables that have no value.
///
/// # Errors
/// When it has errors.
pub(super) async fn load(
    session: &Session,
    planning: &Planning,
    inputs: &[VariableInput],
    host: &dyn Host,
) -> Result<(Project, Diagnostics), Failure> {
    let workspace = session.workspace(planning.state.sandbox)?;
    let (mut project, mut found) =
        workflow::load(host, Path::new("."), &session.modules(Update::Missing), inputs, &workspace);
    if found.has_errors() {
        return Err(Failure::about(found, &project.config));
    }
    if session.may_ask(planning.input) && !planning.json {
        let root = project.config.root().cloned().unwrap_or_default();
        for variable in missing(&root, &project.inputs) {
            let Some(text) = ask_value(session, variable).await else { continue };
            let (name, shown) = (variable.name.text.clone(), format!("var.{}", variable.name.text));
            let given = from_text(variable, &text, &shown, Origin::Prompt, &mut project.config.sources);
            if let Some(given) = found.take(given) {
                project.inputs.insert(name, given);
            }
        }
    }
    if found.has_errors() { Err(Failure::about(found, &project.config)) } else { Ok((project, found)) }
}

async fn ask_value(session: &Session, variable: &Variable) -> Option<String> {
    let description = variable.description.as_ref().map(|text| format!("  {text}\n\n")).unwrap_or_default();
    session.console.out(&format!("var.{}\n{description}  Enter a value: ", variable.name.text));
    let answer = if variable.sensitive {
        session.console.secret_line(&session.cancel).await
    } else {
        session.console.line(&session.cancel).await
    };
    session.console.out("\n");
    answer
}

/// A plan that was made and shown.
pub struct Made {
    /// The run that made it.
    pub run: Run,
    /// The configuration.
    pub project: Project,
    /// The plan.
    pub planned: Planned,
    /// The open state.
    pub store: Store,
    /// Warnings, and errors when it is partial.
    pub found: Diagnostics,
    /// The digest, when it was saved, and the command that applies exactly this plan.
    pub saved: Option<SavedAs>,
    /// For how many imported objects configuration was written.
    pub generated: usize,
}

/// A plan in a file.
pub struct SavedAs {
    /// What identifies its content.
    pub digest: String,
    /// The line to paste.
    pub command: String,
}

impl SavedAs {
    fn new(session: &Session, path: &Path, digest: String, sandbox: bool) -> SavedAs {
        let flag = if sandbox && !session.sandboxed { " -sandbox" } else { "" };
        let path = path.display().to_string();
        // On Windows a backslash is no escape, and a path has many.
        let path = if cfg!(windows) { format!("\"{path}\"").into() } else { shell_words::quote(&path) };
        let command = format!("smform apply{flag} -expect-digest={digest} {path}");
        SavedAs { digest, command }
    }
}

/// Files that planning writes beside showing the plan.
#[derive(Clone, Copy, Default)]
pub struct Files<'a> {
    /// `-out`.
    pub out: Option<&'a Path>,
    /// `-generate-config-out`.
    pub generate: Option<&'a Path>,
}

/// Plans, shows the plan and writes it to the files that the flags name. Messages are not shown yet.
///
/// # Errors
/// When there is no plan to show.
pub async fn plan(
    session: &Session,
    view: &Arc<dyn View>,
    planning: &Planning,
    inputs: &[VariableInput],
    mode: Mode,
    files: Files<'_>,
) -> Result<Made, Failure> {
    let Files { out, generate: generate_into } = files;
    generate_into.map_or(Ok(()), |path| generate::check(session, mode, path))?;
    let files = [out, planning.json_into.as_deref(), planning.markdown_into.as_deref()];
    files.into_iter().flatten().try_for_each(|path| session.check_writable(path))?;
    let recording = Arc::new(Recording::new(Arc::new(session.host.clone())));
    let (mut project, mut found) = load(session, planning, inputs, recording.as_ref()).await?;
    let run = Run::begin(session, planning, view, &project.config, recording)?;
    let refreshes = session.command == "refresh";
    let operation = if refreshes { operation(Mode::RefreshOnly) } else { operation(mode) };
    let (store, stored, messages) = run.open(session, &planning.lock, operation).await?;
    found.extend(messages);
    if refreshes && stored.objects.is_empty() {
        let detail = "There are no objects in the state, and so nothing to read but data sources.";
        found.push(Diagnostic::warning("Empty or non-existent state", detail));
    }
    let generated = match generate_into {
        Some(path) => generate::write(session, &run, &mut project, &stored, planning, path).await?,
        None => Generated::new(),
    };
    let options = Options {
        mode,
        refresh: planning.refresh,
        parallelism: usize::from(planning.parallelism),
        targets: planning.targets.clone(),
        replace: planning.replace.clone(),
        record_only: refreshes,
        ..Options::default()
    };
    let (mut planned, messages) = workflow::plan(&run.world, &project, stored, &options).await;
    run.progress.close();
    found.extend(messages);
    if generate_into.is_some() {
        let detail = "The blocks say what the objects are, and cannot say what is meant. Read them over before an apply, and \
                      put references in the place of identifiers.";
        found.push(Diagnostic::warning("Config generation is experimental", detail));
    }
    let count = generated.len();
    generate::note(&mut planned, generated);
    if planning.registry_probe && !found.has_errors() {
        found.extend(probe_registries(session, &planned).await?);
        if found.has_errors() {
            planned.plan.extent = Extent::Partial;
        }
    }
    let errored = found.has_errors();
    // As with Terraform, an apply that came to nothing shows no plan; a plan does unless nothing was planned.
    let is_void = errored && planned.plan.changes.is_empty() && planned.plan.outputs.is_empty();
    if !is_void || session.command == "plan" && planned.plan.extent != Extent::Nothing {
        run.view.plan(&planned, &run.world.providers, errored);
    }
    let basis = run.basis(&store);
    let (text, digest) = saved::write(&project, &planned, &planning.targets, &run.recording.snapshot(), &basis);
    // A partial plan is saved for those who inspect it; it cannot be applied.
    if let Some(path) = out.filter(|_| planned.plan.extent != Extent::Nothing) {
        session.write_plan(path, &text, &project.config)?;
    }
    let saved = out.filter(|_| !errored).map(|path| SavedAs::new(session, path, digest, run.sandbox));
    let made = Made { run, project, planned, store, found, saved, generated: count };
    write_copies(session, planning, &made)?;
    Ok(made)
}

/// `-registry-probe`.
async fn probe_registries(session: &Session, planned: &Planned) -> Result<Diagnostics, Failure> {
    let settings = registry::settings(session, &Reach::default())?;
    tokio::select! {
        found = registry::check_planned(&planned.plan, &settings) => Ok(found),
        () = session.cancel.cancelled() => {
            Err(Failure::error("Interrupted", "The registries were not asked. Nothing was changed."))
        }
    }
}

const fn operation(mode: Mode) -> &'static str {
    match mode {
        Mode::Normal => "OperationTypeApply",
        Mode::Destroy => "OperationTypeDestroy",
        Mode::RefreshOnly => "OperationTypeRefresh",
    }
}

/// `-json-into` and `-markdown-into`.
fn write_copies(session: &Session, planning: &Planning, made: &Made) -> Result<(), Failure> {
    let providers = &made.run.world.providers;
    if let Some(path) = &planning.json_into {
        let json = json::plan::plan(&made.project, &made.planned, providers);
        session.write(path, &format!("{}\n", to_text(&json, None)))?;
    }
    if let Some(path) = &planning.markdown_into {
        let found = within(made.found.clone(), &made.project.config);
        let text = markdown::plan(markdown::Comment {
            plan: &made.planned.plan,
            providers,
            found: &found,
            sources: &made.project.config.sources,
            saved: made.saved.as_ref().map(|saved| (&*saved.digest, &*saved.command)),
            sandbox: made.run.sandbox,
        });
        session.write(path, &text)?;
    }
    Ok(())
}

/// Shows messages about a configuration.
pub fn tell(view: &dyn View, found: &Diagnostics, project: &Project) {
    let found: Vec<Diagnostic> = within(found.clone(), &project.config).into_iter().collect();
    view.diagnostics(&found, &project.config.sources);
}
