//! Arguments, commands, rendering and exit codes.
//!
//! [`run`] is the whole program but for its surroundings, which [`World`] stands for: so everything here is tested
//! without a process, a clock or a network.

pub mod args;
mod background;
mod commands;
pub mod errors;
mod files;
mod initialized;
pub mod render;
mod session;
mod states;
pub mod terminal;
mod view;
pub mod world;

use std::ffi::OsString;

use args::{Cli, Invocation, Line};
use errors::Failure;
use files::Directory;
use session::Session;
use terminal::Console;

pub use errors::Exit;
pub use terminal::Terminal;
pub use world::{SandboxHost, SandboxOptions, Sandboxed, World};

/// Runs a command. `args` are the words of the command line without the program's name. Must be called within a tokio
/// runtime. Everything that goes wrong is told on the terminal of the world; what remains is how it ended.
pub async fn run(args: impl Iterator<Item = OsString>, world: World) -> Exit {
    let World { providers, clock, terminal, environment, working_directory, cancel, sandbox, backends, version } =
        world;
    let console = Console::new(terminal);
    let host = Directory { base: working_directory.clone(), original: working_directory };
    let mut session = Session {
        console,
        host,
        providers,
        clock,
        environment,
        cancel,
        sandbox,
        backends,
        version,
        command: String::new(),
    };
    match args::words(args, &session.environment, &Cli::names()) {
        Ok(Invocation::Nothing) => {
            session.console.out(&help());
            Exit::NoCommand
        }
        Ok(Invocation::Help) => {
            session.console.out(&help());
            Exit::Success
        }
        Ok(Invocation::Version) => commands::version::run(&session, &args::Version { json: false }),
        Ok(Invocation::Command(line)) => {
            if let Some(directory) = &line.directory {
                session.host.base = session.host.original.join(directory);
                if !session.host.base.is_dir() {
                    let detail = format!("{} is not a directory.", session.host.base.display());
                    return session.fail(&Failure::error("Invalid -chdir option", detail), session.style(false));
                }
            }
            session.command = line.name();
            command(&session, line).await
        }
        Err(diagnostic) => session.fail(&diagnostic.into(), session.style(false)),
    }
}

fn help() -> String {
    Cli::description().render_help().to_string()
}

async fn command(session: &Session, line: Line) -> Exit {
    let plain = line.words.iter().any(|word| word == "--no-color" || word == "--no-color=true");
    match Cli::read(line.words) {
        Ok((cli, matches)) => match commands::run(session, cli.command, &matches).await {
            Ok(exit) => exit,
            Err(failure) => session.fail(&failure, session.style(plain)),
        },
        Err(error) if !error.use_stderr() => {
            session.console.out(&error.to_string());
            Exit::Success
        }
        Err(error) => session.fail(&Failure::error("Invalid command line", usage(&error)), session.style(plain)),
    }
}

/// What is wrong with a command line, without the synopsis that `-help` prints, and with flags as this program names
/// them.
fn usage(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let text = text.trim_start_matches("error: ");
    let end = ["\n\nUsage:", "\n\nFor more information"].iter().filter_map(|mark| text.find(mark)).min();
    let text = text.get(..end.unwrap_or(text.len())).unwrap_or(text).replace("'--", "'-");
    let mut paragraphs = text.trim_end().split("\n\n").map(str::trim);
    let first = paragraphs.next().unwrap_or_default();
    let rest: Vec<&str> = paragraphs.collect();
    let mut out = first.replace("\n  ", "\n    ");
    if let Some(start) = out.get(..1).map(str::to_uppercase) {
        out.replace_range(..1, &start);
    }
    format!("{out}.\n{}", rest.join("\n"))
}
