//! `show`: the state, or a saved plan.

use std::sync::Arc;

use smform_engine::events::Silent;
use smform_engine::plan::stored::Stored;
use smform_engine::plan::{Extent, ObjectKey};
use smform_engine::run::Conduct;
use smform_engine::workflow::saved::{self, Saved};
use smform_engine::workflow::state::decode;
use smform_engine::workflow::{Planned, Project, World};
use smform_state::{State, codec};
use smform_types::json::to_text;

use super::state::is_missing;
use crate::args::Show;
use crate::errors::{Exit, Failure};
use crate::render::json;
use crate::render::plan::{PlanView, plan};
use crate::render::state::whole;
use crate::session::Session;
use crate::states::is_zip;

pub fn run(session: &Session, args: &Show) -> Result<Exit, Failure> {
    let Some(file) = &args.file else {
        let (state, stored, found) = session.read_state(&args.state)?;
        if found.has_errors() {
            return Err(found.into());
        }
        if state.lineage.is_empty() && !args.json {
            session.console.out("No state.\n");
        } else {
            show_state(session, args, &state, &stored);
        }
        return Ok(Exit::Success);
    };
    let neither = |reason: String| Failure::error("Failed to read the given file as a state or plan file", reason);
    let text = session.read_any(file).map_err(|failure| neither(reasons(&failure)))?;
    if is_zip(&text) {
        return show_plan(session, args, &text);
    }
    if !text.trim_start().starts_with('{') && !text.trim().is_empty() {
        return Err(neither(format!("{} is neither a saved plan nor a state.", file.display())));
    }
    if is_plan(&text) {
        return show_plan(session, args, &session.read_plan(file)?);
    }
    let text = session.clear_state(text, file)?;
    let state = codec::read(text.as_bytes(), file)?;
    let (stored, found) = decode(&state, &[], &session.providers);
    if found.has_errors() {
        return Err(found.into());
    }
    show_state(session, args, &state, &stored);
    Ok(Exit::Success)
}

fn reasons(failure: &Failure) -> String {
    failure.diagnostics.iter().map(|found| found.detail.clone()).collect::<Vec<_>>().join("\n")
}

/// A state has its format version first; a saved plan says its name.
fn is_plan(text: &str) -> bool {
    let json: Option<serde_json::Value> = smform_types::json::parse(text.as_bytes()).ok();
    json.is_none_or(|json| json.get("lineage").is_none() && json.get("terraform_version").is_none())
        && !text.trim().is_empty()
}

fn show_state(session: &Session, args: &Show, state: &State, stored: &Stored) {
    let text = if !args.json && is_missing(state) {
        "No state.\n".to_owned()
    } else if args.json {
        state_json(session, state, stored)
    } else {
        whole(stored, &session.providers, session.style(args.no_color))
    };
    session.console.out(&text);
}

/// A state for programs, on one line.
pub(super) fn state_json(session: &Session, state: &State, stored: &Stored) -> String {
    let value = |id: &smform_state::ObjectId| {
        let key = ObjectKey { address: id.address.clone(), deposed: id.deposed.clone() };
        let managed = stored.objects.get(&key).map(|found| found.value.clone());
        managed.or_else(|| stored.data.get(&id.address).cloned())
    };
    format!("{}\n", to_text(&json::state::state(state, &value, &session.providers), None))
}

/// A saved plan as it was made, whatever became of the state since.
pub(super) fn opened(session: &Session, saved: &Saved) -> Result<(World, Project, Planned), Failure> {
    let conduct = Conduct {
        clock: Arc::clone(&session.clock),
        cancel: session.cancel.clone(),
        observer: Arc::new(Silent),
        directory: session.host.base.clone(),
    };
    let world = World { host: Arc::new(saved.files.clone()), providers: session.providers.clone(), conduct };
    let (project, planned) = saved.open(&world, saved.recorded())?;
    Ok((world, project, planned))
}

fn show_plan(session: &Session, args: &Show, text: &str) -> Result<Exit, Failure> {
    let saved = saved::read(text)?;
    let (_, project, planned) = opened(session, &saved)?;
    let text = if args.json {
        format!("{}\n", to_text(&json::plan::plan(&project, &planned, &session.providers), None))
    } else {
        let view = PlanView {
            plan: &planned.plan,
            providers: &session.providers,
            style: session.style(args.no_color),
            width: session.console.width,
            errored: planned.plan.extent != Extent::Whole,
            automation: session.automation(),
        };
        format!("{}\nDigest: {}\n", plan(view), saved.digest)
    };
    session.console.out(&text);
    Ok(Exit::Success)
}
