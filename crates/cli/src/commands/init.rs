//! `init`: there is nothing to install.

use crate::args::Init;
use crate::errors::Exit;
use crate::render::style::Paint;
use crate::session::Session;

pub fn run(session: &Session, args: &Init) -> Exit {
    let style = session.style(args.no_color);
    let title = style.strong(Paint::Green, "smform needs no initialization.");
    session.console.out(&format!(
        "{title}\n\nThe providers are part of the program, and local modules are read where they are. Go on with:\n    smform \
         plan\n"
    ));
    Exit::Success
}
