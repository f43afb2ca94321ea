//! `force-unlock`: takes away the lock of a run that has ended without giving it back.

use std::sync::Arc;

use smform_state::Backend;

use crate::args::ForceUnlock;
use crate::errors::{Exit, Failure};
use crate::render::style::Paint;
use crate::session::Session;

/// The state that has this lock. A migration that was cut off may have left one in the new place, which is not settled yet.
fn locked(session: &Session, args: &ForceUnlock) -> Result<Arc<dyn Backend>, Failure> {
    let config = session.config();
    let settled = session.backend(&config, &args.state).and_then(|backend| {
        backend.check_unlock(&args.id)?;
        Ok(backend)
    });
    settled.or_else(|failure| {
        let wanted = session.wanted_backend(&config, &args.state).ok().flatten();
        wanted.filter(|backend| backend.check_unlock(&args.id).is_ok()).ok_or(failure)
    })
}

pub async fn run(session: &Session, args: &ForceUnlock) -> Result<Exit, Failure> {
    let backend = locked(session, args)?;
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
