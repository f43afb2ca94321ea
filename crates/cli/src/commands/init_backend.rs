//! The backend at `init`: settles it, and takes states along when it changes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use smform_engine::workflow::backend::{self, Configured, LOCAL};
use smform_lang::config::Config;
use smform_lang::eval::static_value;
use smform_lang::syntax::{parse_expression, parse_native};
use smform_state::backend::DEFAULT_WORKSPACE;
use smform_state::exchange::{Exchange, compare};
use smform_state::{Backend, Store, Workspaces, store};
use smform_types::{Diagnostic, Diagnostics, SourceMap, Type, Value};

use crate::args::Init;
use crate::errors::Failure;
use crate::initialized::Initialized;
use crate::session::Session;

/// Settles the backend of the configuration. Returns what is to be said of it; nothing when there is nothing to say.
///
/// # Errors
/// When it is not usable, or it has changed and neither `-migrate-state` nor `-reconfigure` says what to do.
pub async fn settle(session: &Session, args: &Init) -> Result<Option<String>, Failure> {
    if args.migrate_state && args.reconfigure {
        let detail = "-migrate-state takes states along and -reconfigure does not: give one of them.";
        return Err(Failure::error("Invalid init options", detail));
    }
    // In the sandbox nothing outside of this machine is asked, and its states are not where this backend has them.
    if session.in_sandbox(args.sandbox) {
        return Ok(None);
    }
    let config = session.config();
    let block = backend::configured(&config, &session.backends).map_err(|found| Failure::about(found, &config))?;
    let mut wanted = block.clone();
    let has_block = config.root().is_some_and(|root| root.backend.is_some());
    if !has_block && !args.backend_config.is_empty() {
        let detail =
            "-backend-config gives arguments to a backend block, and the configuration has none. They are not used.";
        let found = Diagnostic::warning("Missing backend configuration", detail);
        session.warn(&found, args.no_color, args.json);
    }
    for given in args.backend_config.iter().filter(|_| has_block) {
        add(session, &mut wanted, given)?;
    }
    let data = session.data_directory();
    let recorded = match Initialized::read(&data, &session.backends) {
        Err(_) if args.reconfigure => None,
        recorded => recorded?,
    };
    // What was given once counts until something else is given, or the block says something else.
    let is_repeated = args.backend_config.is_empty() && !args.reconfigure;
    if let Some(recorded) = recorded.as_ref().filter(|_| is_repeated) {
        recorded.complete(&mut wanted);
    }
    // As in Terraform, a backend that a block named keeps its states: only those from before there was a block go.
    let was_unnamed = recorded.is_none();
    let before = recorded.map(|recorded| recorded.effective).unwrap_or_default();
    let same = before.kind == wanted.kind && before.settings == wanted.settings;
    let new = session.open_backend(&wanted, &config)?;
    // A mistake in its arguments is told before they are remembered.
    new.reach()?;
    if !same && args.reconfigure {
        warn_of_unfinished(session, args, &before, &config);
    }
    let mut copied = Vec::new();
    if !same && !args.reconfigure {
        copied = migrate(session, args, &before, &new, &config).await?;
        if was_unnamed {
            take_away(&copied)?;
        }
    }
    if wanted.kind == LOCAL && wanted.settings.is_empty() {
        Initialized::remove(&data)?;
    } else {
        Initialized::write(&data, &wanted, &block, &session.backends)?;
    }
    // As in Terraform, scripts learn here that there is a state which cannot be read.
    store::read(new.state(&session.workspace(false)?)?.as_ref())?;
    let name = &wanted.kind;
    Ok((!same).then(|| {
        let copied: String = copied.iter().map(|one| format!("  - {} to {}\n", one.from.place().display(), one.to.display())).collect();
        let copied = if copied.is_empty() { copied } else { format!("Copied to the new backend:\n{copied}\n") };
        format!(
            "{copied}Successfully configured the backend \"{name}\"! smform will automatically use this backend unless the backend \
             configuration changes.\n"
        )
    }))
}

/// Warns of what a run was doing that was cut off, where nobody will look for it any more.
fn warn_of_unfinished(session: &Session, args: &Init, before: &Configured, config: &Config) {
    let old = session.open_backend(before, config).and_then(|old| Ok(old.state(&session.workspace(false)?)?));
    let Ok(old) = old else { return };
    if old.journal().exists() || old.announced().is_ok_and(|begun| !begun.is_empty()) {
        let detail = format!(
            "A run on the state in {} was cut off, and what it had begun is not followed up yet: it may have created objects that \
             no state tells of. An apply with the former backend finds them.",
            old.place().display()
        );
        session.warn(&Diagnostic::warning("An unfinished run is left behind", detail), args.no_color, args.json);
    }
}

/// Adds what one `-backend-config` gives: `name=value`, or a file of arguments.
fn add(session: &Session, wanted: &mut Configured, given: &str) -> Result<(), Failure> {
    let Some((name, text)) = given.split_once('=') else { return add_file(session, wanted, Path::new(given)) };
    let arguments = backend::arguments(&wanted.kind, &session.backends).unwrap_or_default();
    let is_structure = |ty: &Type| !matches!(ty, Type::String | Type::Number | Type::Bool);
    let value = if arguments.iter().any(|argument| argument.name == name && is_structure(&argument.ty)) {
        let mut sources = SourceMap::default();
        let source = sources.add(&format!("-backend-config={name}"), text);
        let value = parse_expression(text, source).and_then(|expr| static_value(&expr));
        value.map_err(|found| Failure { diagnostics: found, sources })?
    } else {
        Value::string(text)
    };
    Ok(backend::add(wanted, &session.backends, name, value)?)
}

fn add_file(session: &Session, wanted: &mut Configured, path: &Path) -> Result<(), Failure> {
    let text = session.read(path)?;
    let mut sources = SourceMap::default();
    let source = sources.add(&path.display().to_string(), &text);
    let (body, mut found) = parse_native(&text, source);
    for attribute in &body.attributes {
        if let Some(value) = found.take(static_value(&attribute.expr)) {
            let added = backend::add(wanted, &session.backends, &attribute.name.text, value);
            found.extend(added.err().map(|error| error.at(attribute.name.span)));
        }
    }
    for nested in &body.blocks {
        let detail = "A file of backend arguments has no blocks: write NAME = VALUE.";
        found.push(Diagnostic::error("Unexpected block", detail).at(nested.header));
    }
    if found.has_errors() { Err(Failure { diagnostics: found, sources }) } else { Ok(()) }
}

/// A state that is to be taken along.
struct Moving {
    workspace: String,
    from: Arc<dyn Backend>,
}

/// A state that was copied, and where it is now.
struct Copied {
    from: Arc<dyn Backend>,
    to: PathBuf,
}

/// Whether two places of states are one, so that there is nothing to take along.
fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    one == other || real(one).is_some_and(|path| Some(path) == real(other))
}

async fn migrate(
    session: &Session,
    args: &Init,
    before: &Configured,
    new: &Arc<dyn Workspaces>,
    config: &Config,
) -> Result<Vec<Copied>, Failure> {
    let old = session.open_backend(before, config)?;
    // A backend without workspaces, or one that cannot be reached any more, has at most the selected one.
    let names = old.names().or_else(|_| session.workspace(false).map(|name| vec![name]))?;
    let mut moving = Vec::new();
    for workspace in names {
        let from = old.state(&workspace)?;
        // Only the path of the default one has changed, say.
        if new.state(&workspace).is_ok_and(|to| is_same(&to.place(), &from.place())) {
            continue;
        }
        // What a run was doing that was cut off may be all that there is.
        let is_begun = from.announced().is_ok_and(|begun| !begun.is_empty());
        if is_begun || !store::read(from.as_ref())?.lineage.is_empty() {
            moving.push(Moving { workspace, from });
        }
    }
    if moving.is_empty() {
        return Ok(Vec::new());
    }
    if !args.migrate_state {
        let detail = format!(
            "There is a state in {}. To take it along, run: smform init -migrate-state\nTo leave it as it is and go on with \
             what is in the new place, run: smform init -reconfigure",
            moving.first().map(|one| one.from.place().display().to_string()).unwrap_or_default()
        );
        return Err(Failure::error("Backend configuration changed", detail));
    }
    if !args.force_copy {
        let places: Vec<String> = moving.iter().map(|one| format!("  - {}\n", one.from.place().display())).collect();
        let style = session.style(args.no_color);
        let question = format!(
            "{}\n  These states will be copied to the new backend:\n{}",
            style.bold("Do you want to copy existing state to the new backend?"),
            places.concat()
        );
        if !args.input || !session.confirmed(&question).await? {
            let detail = "The states were not copied, and the backend was not changed. Say yes, or give -force-copy.";
            return Err(Failure::error("Migration cancelled", detail));
        }
    }
    // What cannot be copied is told before anything is.
    for one in moving.iter().filter(|_| !args.force_copy) {
        let there = store::read(new.state(&one.workspace)?.as_ref())?;
        let here = store::read(one.from.as_ref())?;
        if let Exchange::Refused(why) = compare(&there, &here) {
            let place = new.state(&one.workspace)?.place();
            return Err(annotated(refused(&place, &why, "Nothing was changed."), &one.workspace));
        }
    }
    let mut copied = Vec::new();
    for one in moving {
        let to = copy(session, args, &one, new).await.map_err(|failure| annotated(failure, &one.workspace))?;
        copied.push(Copied { from: one.from, to });
    }
    Ok(copied)
}

/// Takes files away whose states are elsewhere now, and leaves backups of them.
fn take_away(copied: &[Copied]) -> Result<(), Failure> {
    for Copied { from, .. } in copied {
        if let Some(snapshot) = from.read()? {
            from.back_up(&snapshot)?;
        }
        let place = from.place();
        std::fs::remove_file(&place).map_err(|error| crate::errors::file("remove", &place, &error))?;
    }
    Ok(())
}

fn annotated(failure: Failure, workspace: &str) -> Failure {
    let note = |mut diagnostic: Diagnostic| {
        diagnostic.detail = format!("Workspace \"{workspace}\" was not copied: {}", diagnostic.detail);
        diagnostic
    };
    Failure { diagnostics: failure.diagnostics.into_iter().map(note).collect::<Diagnostics>(), ..failure }
}

fn refused(place: &Path, why: &str, so: &str) -> Failure {
    let detail = format!("{}: {why}. {so} To overwrite it, give -force-copy.", place.display());
    Failure::error("Cannot copy state", detail)
}

/// Copies a state, and returns where it is now.
async fn copy(session: &Session, args: &Init, one: &Moving, new: &Arc<dyn Workspaces>) -> Result<PathBuf, Failure> {
    let source: Store = session.open_state(Arc::clone(&one.from), &args.lock, "migration source state", || ()).await?;
    if !source.pending().is_empty() {
        let detail =
            "A run was cut off, and what it began is not followed up yet. Run an apply with the old backend first.";
        return Err(Failure::error("State has an unfinished run", detail));
    }
    // A backend without workspaces has the default one all the same.
    if one.workspace != DEFAULT_WORKSPACE && !new.names()?.contains(&one.workspace) {
        new.create(&one.workspace)?;
    }
    let to = new.state(&one.workspace)?;
    let place = to.place();
    let mut destination = session.open_state(to, &args.lock, "migration destination state", || ()).await?;
    match compare(destination.state(), source.state()) {
        Exchange::Same => return Ok(place),
        Exchange::Refused(why) if !args.force_copy => {
            return Err(refused(&place, &why, "It was left as it is."));
        }
        Exchange::Refused(_) => {
            if let Some(path) = destination.save_copy()? {
                session.console.out(&format!(
                    "{} had another state, which is replaced. It was saved to {}.\n",
                    place.display(),
                    path.display()
                ));
            }
            destination.replace(source.state().clone());
        }
        Exchange::Replaces => destination.replace(source.state().clone()),
    }
    destination.finish()?;
    Ok(place)
}
