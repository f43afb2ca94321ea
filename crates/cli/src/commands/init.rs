//! `init`: fetches modules and settles the backend; there is nothing else to install.

use smform_modules::Update;

use super::init_backend;
use crate::args::Init;
use crate::errors::{Exit, Failure};
use crate::render::style::Paint;
use crate::session::Session;

pub async fn run(session: &Session, mut args: Init) -> Result<Exit, Failure> {
    // As Terraform has it: a copy without a question is a migration.
    args.migrate_state |= args.force_copy;
    let update = if args.upgrade { Update::All } else { Update::Missing };
    if args.get {
        session.install_modules(update)?;
    }
    let style = session.style(args.no_color);
    let settled = if args.backend { init_backend::settle(session, &args).await? } else { None };
    if let Some(text) = settled {
        session.console.out(&format!("{}\n", style.paint(Paint::Green, &text)));
    }
    let title = style.strong(Paint::Green, "smform needs no initialization.");
    session.console.out(&format!(
        "{title}\n\nThe providers are part of the program, local modules are read where they are, and others are fetched when \
         they are missing. Go on with:\n    smform plan\n"
    ));
    Ok(Exit::Success)
}
