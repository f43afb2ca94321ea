//! `-generate-config-out`: blocks for the objects of `import` blocks that have none, written to a new file and planned
//! with.

use std::path::Path;

use smform_engine::plan::stored::Stored;
use smform_engine::plan::{Mode, ObjectKey};
use smform_engine::workflow::generate::{Generated, file, generate};
use smform_engine::workflow::{Planned, Project};
use smform_lang::config::add_resources;

use super::operation::Run;
use crate::args::Planning;
use crate::errors::Failure;
use crate::session::Session;

/// Refuses the flag where it has no meaning, and a file that is there already.
///
/// # Errors
/// As said.
pub fn check(session: &Session, mode: Mode, path: &Path) -> Result<(), Failure> {
    if mode != Mode::Normal {
        let detail = "Configuration can be written only with an ordinary plan, without -destroy and -refresh-only.";
        return Err(Failure::error("Invalid generate-config-out flag", detail));
    }
    if session.path(path).symlink_metadata().is_ok() {
        let detail = format!(
            "Configuration is written only to a new file, and {} exists. Name another one, or move what it holds to \
             where it belongs and delete it.",
            path.display()
        );
        return Err(Failure::error("Target generated file already exists", detail));
    }
    session.check_writable(path)
}

/// Writes the blocks to the file, and adds them to the configuration. Without any, there is no file.
///
/// # Errors
/// When an object cannot be found or read, or the file cannot be written.
pub async fn write(
    session: &Session,
    run: &Run,
    project: &mut Project,
    stored: &Stored,
    planning: &Planning,
    path: &Path,
) -> Result<Generated, Failure> {
    let (generated, found) = generate(&run.world, project, stored, usize::from(planning.parallelism)).await;
    if found.has_errors() {
        return Err(Failure::about(found, &project.config));
    }
    if generated.is_empty() {
        return Ok(generated);
    }
    let text = file(&generated);
    session.create(path, &text)?;
    let named = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = named.filter(|name| name.ends_with(".tf")).unwrap_or_else(|| "generated.tf".to_owned());
    run.recording.add_file(Path::new("."), &name, &text);
    let messages = add_resources(&mut project.config, &path.display().to_string(), &text);
    if messages.has_errors() { Err(Failure::about(messages, &project.config)) } else { Ok(generated) }
}

/// Notes in a plan which blocks were written.
pub fn note(planned: &mut Planned, generated: Generated) {
    for (address, block) in generated {
        if let Some(change) = planned.plan.changes.get_mut(&ObjectKey { address, deposed: None }) {
            change.generated = Some(block.text.trim_end().to_owned());
        }
    }
}
