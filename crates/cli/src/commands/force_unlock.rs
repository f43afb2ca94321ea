//! `force-unlock`: takes away the lock of a run that has ended without giving it back.

use crate::args::ForceUnlock;
use crate::errors::{Exit, Failure};
use crate::render::style::Paint;
use crate::session::Session;

pub async fn run(session: &Session, args: &ForceUnlock) -> Result<Exit, Failure> {
    let backend = session.backend(&session.config(), &args.state)?;
    backend.check_unlock(&args.id)?;
    if !args.force {
        let style = session.style(args.no_color);
        let question = format!(
            "{}\n  smform will take away the lock on {}. Another run may still be working on this state.\n",
            style.bold("Do you really want to force-unlock?"),
            backend.place().display()
        );
        if !session.confirmed(&question).await? {
            session.console.out("force-unlock cancelled.\n");
            return Ok(Exit::Failure);
        }
    }
    backend.force_unlock(&args.id)?;
    let title = session.style(args.no_color).strong(Paint::Green, "The state has been successfully unlocked!");
    session.console.out(&format!("{title}\n"));
    Ok(Exit::Success)
}
