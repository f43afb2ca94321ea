//! `sandbox`: serves the sandbox to other AWS clients.

use crate::args::{Sandbox, StateFile};
use crate::errors::{Exit, Failure};
use crate::render::style::Paint;
use crate::session::Session;
use crate::world::SandboxOptions;

pub async fn run(session: &Session, args: &Sandbox) -> Result<Exit, Failure> {
    let host = session.sandbox_host()?;
    if !args.listen.ip().is_loopback() {
        let detail = format!(
            "The sandbox serves this machine only, on a loopback address such as 127.0.0.1; {} is none.",
            args.listen.ip()
        );
        return Err(Failure::error("Invalid address to listen on", detail));
    }
    let file = match &args.file {
        Some(file) => session.path(file),
        None => {
            let state = StateFile { sandbox: true, ..StateFile::default() };
            session.backend(&session.config(), &state)?.place().with_extension("json")
        }
    };
    let faults = args.faults.as_ref().map(|path| session.path(path));
    let options = SandboxOptions { file: file.clone(), speed: args.speed, faults };
    let style = session.style(args.no_color);
    let (console, shown) = (session.console.clone(), file.display().to_string());
    let ready = move |address: std::net::SocketAddr| {
        let title = style.strong(Paint::Cyan, "sandbox:");
        console.out(&format!(
            "{title} serving http://{address}, its world is {shown}\n\nFor other AWS clients:\n\n  export \
             AWS_ENDPOINT_URL=http://{address}\n  export AWS_ACCESS_KEY_ID=sandbox\n  export AWS_SECRET_ACCESS_KEY=sandbox\n  \
             export AWS_REGION=us-east-1\n\nInterrupt to end it.\n"
        ));
    };
    host.serve(args.listen, &options, &ready, session.cancel.clone()).await?;
    Ok(Exit::Success)
}
