//! `init`: fetches modules; there is nothing else to install.

use smform_modules::Update;

use crate::args::Init;
use crate::errors::{Exit, Failure};
use crate::render::style::Paint;
use crate::session::Session;

pub fn run(session: &Session, args: &Init) -> Result<Exit, Failure> {
    let update = if args.upgrade { Update::All } else { Update::Missing };
    if args.get {
        session.install_modules(update)?;
    }
    let style = session.style(args.no_color);
    let title = style.strong(Paint::Green, "smform needs no initialization.");
    session.console.out(&format!(
        "{title}\n\nThe providers are part of the program, local modules are read where they are, and others are fetched when \
         they are missing. Go on with:\n    smform plan\n"
    ));
    Ok(Exit::Success)
}
