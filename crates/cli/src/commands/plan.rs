//! `plan`: shows what an apply would change.

use std::path::Path;
use std::sync::Arc;

use clap::ArgMatches;

use super::operation::{self, Files, SavedAs};
use crate::args::{Plan, variable_inputs};
use crate::errors::{Exit, Failure};
use crate::render::plan::rule;
use crate::render::style::wrap;
use crate::session::Session;
use crate::view::View;

pub async fn run(session: &Session, args: &Plan, flags: &ArgMatches) -> Result<Exit, Failure> {
    let view = operation::view(session, &args.planning);
    match planned(session, args, flags, &view).await {
        Ok(exit) => Ok(exit),
        Err(failure) if args.planning.json => {
            view.diagnostics(&failure.diagnostics.iter().cloned().collect::<Vec<_>>(), &failure.sources);
            Ok(Exit::Failure)
        }
        Err(failure) => Err(failure),
    }
}

async fn planned(session: &Session, args: &Plan, flags: &ArgMatches, view: &Arc<dyn View>) -> Result<Exit, Failure> {
    let planning = &args.planning;
    let mode = operation::mode(planning, args.destroy)?;
    view.begin();
    let inputs = session.inputs(variable_inputs(flags));
    let files = Files {
        out: args.out.as_deref().filter(|path| !path.as_os_str().is_empty()),
        generate: args.generate_config_out.as_deref(),
    };
    let made = operation::plan(session, view, planning, &inputs, mode, files).await?;
    operation::tell(view.as_ref(), &made.found, &made.project);
    if let (Some(path), true) = (files.generate, made.generated > 0) {
        view.note(&written(session, args, path));
    }
    if made.found.has_errors() {
        return Ok(Exit::Failure);
    }
    let changes = made.planned.plan.is_applyable();
    if changes {
        view.note(&closing(session, args, made.saved.as_ref()));
    }
    Ok(if args.detailed_exitcode && changes { Exit::Changes } else { Exit::Success })
}

/// What is told of the file that was written.
fn written(session: &Session, args: &Plan, path: &Path) -> String {
    let (style, width) = (session.style(args.planning.no_color), session.console.width);
    let text = format!(
        "Configuration for objects to import was written to {}. Look it through and edit it before it goes into version \
         control.",
        path.display()
    );
    format!("{}\n{}\n", rule(style, width), wrap(&text, width))
}

fn closing(session: &Session, args: &Plan, saved: Option<&SavedAs>) -> String {
    let (style, width) = (session.style(args.planning.no_color), session.console.width);
    let hints = !session.automation();
    let mut out = rule(style, width);
    match (&args.out, saved) {
        (Some(path), Some(SavedAs { digest, command })) => {
            out.push_str(&format!("\nSaved the plan to: {}\nDigest: {digest}\n", path.display()));
            if hints {
                out.push_str(&format!("\nTo perform exactly these actions:\n    {command}\n"));
            }
        }
        _ if hints => {
            let note = "Note: This plan was not saved (-out), so \"smform apply\" makes a new one, which may differ.";
            out.push_str(&format!("\n{}\n", wrap(note, width)));
        }
        _ => return String::new(),
    }
    out
}
