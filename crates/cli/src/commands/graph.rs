//! `graph`: what needs what, as a drawing.

use std::path::Path;

use smform_engine::graph::build;
use smform_engine::workflow;
use smform_lang::config::LocalModules;

use crate::args::{Drawn, Graph, Notation};
use crate::errors::{Exit, Failure};
use crate::render::graph::Drawing;
use crate::session::Session;

/// Prints the drawing.
///
/// # Errors
/// When the configuration is not valid, or things need each other.
pub fn run(session: &Session, args: &Graph) -> Result<Exit, Failure> {
    let workspace = session.workspace()?;
    let (project, mut found) = workflow::load(&session.host, Path::new("."), &LocalModules, &[], &workspace);
    if found.has_errors() {
        return Err(Failure::about(found, &project.config));
    }
    let (graph, messages) = build(&project.config, &Default::default(), &session.providers);
    found.extend(messages);
    if found.has_errors() {
        return Err(Failure::about(found, &project.config));
    }
    if !args.draw_cycles
        && let Err(cycle) = graph.order(&project.config.sources)
    {
        return Err(Failure::about(cycle, &project.config));
    }
    let drawing = match args.drawn {
        None => Drawing::of_resources(&graph),
        Some(Drawn::Plan | Drawn::PlanDestroy | Drawn::PlanRefreshOnly | Drawn::Apply) => {
            Drawing::of_everything(&graph)
        }
    };
    session.console.out(&match args.format {
        Notation::Dot => format!("{}\n", drawing.dot()),
        Notation::Mermaid => drawing.mermaid(),
    });
    Ok(Exit::Success)
}
