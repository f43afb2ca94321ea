//! `graph`: what needs what, as a drawing.

use std::path::Path;

use smform_engine::graph::build;
use smform_engine::plan::ObjectKey;
use smform_engine::plan::stored::Stored;
use smform_engine::workflow::{self, saved};
use smform_lang::config::LocalModules;
use smform_types::ResourceMode;

use super::show::opened;
use crate::args::{Graph, Notation, StateFile};
use crate::errors::{Exit, Failure};
use crate::render::graph::Drawing;
use crate::render::operation_graph::{Operation, dot};
use crate::session::Session;

/// Prints the drawing.
///
/// # Errors
/// When the configuration is not valid, or things need each other.
pub fn run(session: &Session, args: &Graph) -> Result<Exit, Failure> {
    let operation = match args.drawn.as_deref() {
        None => None,
        Some("plan" | "plan-refresh-only") => Some(Operation::Plan),
        Some("plan-destroy") => Some(Operation::Destroy),
        Some("apply") => Some(Operation::Apply),
        Some("validate" | "refresh") => {
            let detail = "Write plan, plan-refresh-only, plan-destroy or apply.";
            return Err(Failure::error("Graph type no longer available", detail));
        }
        Some(other) => {
            let detail =
                format!("\"{other}\" is no type of graph: write plan, plan-refresh-only, plan-destroy or apply.");
            return Err(Failure::error("Unsupported graph type", detail));
        }
    };
    if let Some(path) = &args.plan {
        return planned(session, path);
    }
    let workspace = session.workspace(false)?;
    let (project, mut found) = workflow::load(&session.host, Path::new("."), &LocalModules, &[], &workspace);
    if found.has_errors() {
        return Err(Failure::about(found, &project.config));
    }
    let (stored, data) = match operation {
        Some(Operation::Plan | Operation::Destroy) => {
            let (state, stored, _) = session.read_state(&StateFile::default())?;
            let data = state.objects().map(|(id, ..)| id).filter(|id| id.address.resource.mode == ResourceMode::Data);
            let data: Vec<ObjectKey> = data.map(|id| ObjectKey { address: id.address, deposed: id.deposed }).collect();
            (stored, data)
        }
        _ => (Stored::default(), Vec::new()),
    };
    let (graph, messages) = build(&project.config, &stored.origins(), &session.providers);
    found.extend(messages);
    if found.has_errors() {
        return Err(Failure::about(found, &project.config));
    }
    if !args.draw_cycles
        && let Err(cycle) = graph.order(&project.config.sources)
    {
        return Err(Failure::about(cycle, &project.config));
    }
    session.console.out(&match (operation, args.format) {
        (Some(operation), Notation::Dot) => {
            dot(operation, &graph, &project.config, (&stored, &data), &session.providers)
        }
        (Some(_), Notation::Mermaid) => Drawing::of_everything(&graph).mermaid(),
        (None, Notation::Dot) => Drawing::of_resources(&graph).dot(),
        (None, Notation::Mermaid) => Drawing::of_resources(&graph).mermaid(),
    });
    Ok(Exit::Success)
}

/// What an apply of a saved plan does.
fn planned(session: &Session, path: &Path) -> Result<Exit, Failure> {
    let saved = saved::read(&session.read_plan(path)?)?;
    let (world, project, planned) = opened(session, &saved)?;
    let (graph, _) = build(&project.config, &planned.stored.origins(), &world.providers);
    let operation = Operation::Planned(&planned.plan);
    session.console.out(&dot(operation, &graph, &project.config, (&planned.stored, &[]), &world.providers));
    Ok(Exit::Success)
}
