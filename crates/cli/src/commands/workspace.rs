//! `workspace`: several states of one configuration.

use smform_state::backend::DEFAULT_WORKSPACE;
use smform_state::{Workspaces, codec, store};
use smform_types::json::to_text;

use crate::args::{
    StateFile, StateLock, WorkspaceCommand, WorkspaceDelete, WorkspaceList, WorkspaceNew, WorkspaceSelect,
};
use crate::errors::{Exit, Failure};
use crate::render::style::Paint;
use crate::session::Session;
use crate::states::valid_workspace;

pub async fn run(session: &Session, command: WorkspaceCommand) -> Result<Exit, Failure> {
    match command {
        WorkspaceCommand::List(args) => list(session, &args),
        WorkspaceCommand::Show(args) => {
            session.console.out(&format!("{}\n", session.workspace(args.sandbox)?));
            Ok(Exit::Success)
        }
        WorkspaceCommand::New(args) => new(session, &args).await,
        WorkspaceCommand::Select(args) => select(session, &args),
        WorkspaceCommand::Delete(args) => delete(session, &args).await,
    }
}

fn workspaces(session: &Session, sandbox: bool) -> Result<std::sync::Arc<dyn Workspaces>, Failure> {
    session.workspaces(&session.sound_config()?, &StateFile { sandbox, ..StateFile::default() })
}

fn list(session: &Session, args: &WorkspaceList) -> Result<Exit, Failure> {
    let (names, selected) = (workspaces(session, args.sandbox)?.names()?, session.workspace(args.sandbox)?);
    if args.json {
        let all: Vec<_> =
            names.iter().map(|name| serde_json::json!({ "name": name, "is_current": *name == selected })).collect();
        let json = serde_json::json!({ "format_version": "1.0", "workspaces": all });
        session.console.out(&format!("{}\n", to_text(&json, None)));
        return Ok(Exit::Success);
    }
    for name in &names {
        session.console.out(&format!("{} {name}\n", if *name == selected { "*" } else { " " }));
    }
    session.console.out("\n");
    if session.variable("TF_WORKSPACE").is_some() {
        session
            .console
            .out("\nThe active workspace is being overridden using the TF_WORKSPACE environment\nvariable.\n\n");
    }
    Ok(Exit::Success)
}

/// Selecting has no effect while the environment says which workspace is used.
fn refuse_override(session: &Session) -> Result<(), Failure> {
    match session.variable("TF_WORKSPACE") {
        Some(other) if !other.is_empty() => Err(Failure::error(
            "Workspace is set by the environment",
            format!("The environment variable TF_WORKSPACE says \"{other}\". Change or unset it, then run this again."),
        )),
        _ => Ok(()),
    }
}

fn switched_to_new(session: &Session, name: &str, no_color: bool) {
    let title = session.style(no_color).strong(Paint::Green, &format!("Created and switched to workspace \"{name}\"!"));
    session.console.out(&format!(
        "{title}\n\nYou're now on a new, empty workspace. Workspaces isolate their state,\nso if you run \"smform plan\" smform \
         will not see any existing state\nfor this configuration.\n"
    ));
}

async fn new(session: &Session, args: &WorkspaceNew) -> Result<Exit, Failure> {
    let name = &args.name;
    valid_workspace(name)?;
    refuse_override(session)?;
    let workspaces = workspaces(session, args.sandbox)?;
    if workspaces.names()?.contains(name) {
        return Err(Failure::error("Workspace exists", format!("Workspace \"{name}\" already exists")));
    }
    let copied = match &args.state {
        Some(path) => {
            let text = session.clear_state(session.read(path)?, path)?;
            Some(codec::read(text.as_bytes(), path)?)
        }
        None => None,
    };
    workspaces.create(name)?;
    if let Some(state) = copied {
        let backend = workspaces.state(name)?;
        let mut store = session.open_state(backend, &args.lock, "workspace-new", || ()).await?;
        store.replace(state);
        store.finish()?;
    }
    session.select_workspace(name, args.sandbox)?;
    switched_to_new(session, name, args.no_color);
    Ok(Exit::Success)
}

fn missing(name: &str) -> Failure {
    let detail = format!(
        "Workspace \"{name}\" doesn't exist.\n\nYou can create this workspace with the \"new\" subcommand or include the \
         \"-or-create\" flag with the \"select\" subcommand."
    );
    Failure::error("No such workspace", detail)
}

fn select(session: &Session, args: &WorkspaceSelect) -> Result<Exit, Failure> {
    let name = &args.name;
    valid_workspace(name)?;
    refuse_override(session)?;
    if session.workspace(args.sandbox)? == *name {
        return Ok(Exit::Success);
    }
    let workspaces = workspaces(session, args.sandbox)?;
    if workspaces.names()?.contains(name) {
        session.select_workspace(name, args.sandbox)?;
        let text = format!("Switched to workspace \"{name}\".");
        session.console.out(&format!("{}\n", session.style(args.no_color).paint(Paint::Green, &text)));
    } else if args.or_create {
        workspaces.create(name)?;
        session.select_workspace(name, args.sandbox)?;
        switched_to_new(session, name, args.no_color);
    } else {
        return Err(missing(name));
    }
    Ok(Exit::Success)
}

async fn delete(session: &Session, args: &WorkspaceDelete) -> Result<Exit, Failure> {
    let name = &args.name;
    valid_workspace(name)?;
    if name == DEFAULT_WORKSPACE {
        return Err(Failure::error("Cannot delete workspace", "The workspace \"default\" cannot be deleted."));
    }
    let workspaces = workspaces(session, args.sandbox)?;
    if !workspaces.names()?.contains(name) {
        return Err(missing(name));
    }
    if session.workspace(args.sandbox)? == *name {
        let detail = format!(
            "Workspace \"{name}\" is your active workspace.\n\nYou cannot delete the currently active workspace. Please \
             switch to another workspace and try again."
        );
        return Err(Failure::error("Cannot delete workspace", detail));
    }
    let backend = workspaces.state(name)?;
    let state = if args.force {
        // A state that cannot be read must not keep its workspace alive.
        store::read(backend.as_ref()).unwrap_or_default()
    } else {
        store::read(backend.as_ref())?
    };
    let objects: Vec<String> = state.objects().map(|(id, ..)| format!("  - {}", id.address)).collect();
    if !objects.is_empty() && !args.force {
        let detail = format!(
            "Workspace \"{name}\" is currently tracking the following resource instances:\n{}\n\nDeleting this workspace would \
             cause smform to lose track of any associated remote objects, which would then have to be deleted by hand. \
             Destroy these objects before deleting the workspace, or delete it anyway and forget them with -force.",
            objects.join("\n")
        );
        return Err(Failure::error("Workspace is not empty", detail));
    }
    {
        let lock = StateLock { ..args.lock.clone() };
        let info = session.lock_info("workspace-delete", &backend.place());
        let _held = if lock.lock { Some(backend.lock(&info, lock.lock_timeout)?) } else { None };
        let journal = backend.journal();
        let is_unfinished = journal.exists() || !args.force && !backend.announced()?.is_empty();
        if is_unfinished && !args.force {
            let detail = format!(
                "A run in workspace \"{name}\" was cut off, and what it began is not followed up yet. Select the workspace and \
                 plan there once, or delete it anyway with -force."
            );
            return Err(Failure::error("Workspace has an unfinished run", detail));
        }
        workspaces.delete(name)?;
        // With the workspace, what its last run left undone is given up, too.
        let _ = std::fs::remove_file(journal);
    }
    let style = session.style(args.no_color);
    session.console.out(&format!("{}\n", style.paint(Paint::Green, &format!("Deleted workspace \"{name}\"!"))));
    if !objects.is_empty() {
        let warning = format!(
            "WARNING: \"{name}\" was non-empty.\nThe resources managed by the deleted workspace may still exist,\nbut are no \
             longer manageable by smform since the state has\nbeen deleted.\n"
        );
        session.console.out(&style.paint(Paint::Yellow, &warning));
    }
    Ok(Exit::Success)
}
