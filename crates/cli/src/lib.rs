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
use std::sync::Arc;

use smform_types::{Diagnostic, SourceMap};

use args::{Cli, Invocation, Refused};
use errors::Failure;
use files::Directory;
use render::style::Style;
use session::Session;
use terminal::Console;
use view::{Stream, View};

pub use errors::Exit;
pub use terminal::Terminal;
pub use world::{LastWords, SandboxHost, SandboxOptions, Sandboxed, World};

/// Runs a command. `args` are the words of the command line without the program's name. Must be called within a tokio
/// runtime. Everything that goes wrong is told on the terminal of the world; what remains is how it ended.
pub async fn run(args: impl Iterator<Item = OsString>, world: World) -> Exit {
    let World {
        providers,
        clock,
        terminal,
        environment,
        working_directory,
        cancel,
        last_words,
        sandbox,
        backends,
        key_services,
        version,
    } = world;
    let console = Console::new(terminal);
    let host = Directory { base: working_directory.clone(), original: working_directory };
    let mut session = Session {
        console,
        host,
        providers,
        clock,
        environment,
        cancel,
        last_words,
        sandbox,
        sandboxed: false,
        backends,
        key_services,
        version,
        command: String::new(),
    };
    let args: Vec<OsString> = args.collect();
    let style = session.style(is_plain(&args));
    match args::words(args.into_iter(), &session.environment, &Cli::names()) {
        Ok(Invocation::Nothing) => {
            session.console.out(&args::top_help());
            Exit::NoCommand
        }
        Ok(Invocation::Help) => {
            session.console.out(&args::top_help());
            Exit::Success
        }
        Ok(Invocation::Version { json }) => commands::version::run(&session, &args::Version { json, rest: Vec::new() }),
        Ok(Invocation::Command(line)) => {
            let style = session.style(is_plain(&line.words));
            match session.says_yes("SMFORM_SANDBOX") {
                Ok(answer) => session.sandboxed = answer,
                Err(failure) => return session.fail(&failure, style),
            }
            if let Some(directory) = &line.directory {
                session.host.base = session.host.original.join(directory);
                if !session.host.base.is_dir() {
                    let detail = format!("{} is not a directory.", session.host.base.display());
                    return session.fail(&Failure::error("Invalid -chdir option", detail), style);
                }
            }
            session.command = line.name();
            session.providers = session.reading_states(session.providers.clone());
            command(&session, line.words, style).await
        }
        Err(diagnostic) => session.fail(&diagnostic.into(), style),
    }
}

/// Whether words ask for plain text. What is wrong with a command line is told before its flags are understood.
fn is_plain(words: &[OsString]) -> bool {
    const PLAIN: [&str; 4] = ["-no-color", "--no-color", "-no-color=true", "--no-color=true"];
    words.iter().take_while(|word| *word != "--").any(|word| PLAIN.iter().any(|plain| word == plain))
}

/// Whether words ask for a stream of messages, in which also stands what is wrong with them.
fn is_stream(words: &[OsString]) -> bool {
    const STREAMS: [&str; 4] = ["apply", "destroy", "plan", "refresh"];
    let mut words = words.iter().take_while(|word| *word != "--").filter_map(|word| word.to_str());
    words.next().is_some_and(|command| STREAMS.contains(&command))
        && words.any(|word| matches!(word, "--json" | "--json=true"))
}

async fn command(session: &Session, words: Vec<OsString>, style: Style) -> Exit {
    match Cli::read(words.clone()) {
        Ok((cli, matches)) => match commands::run(session, cli.command, &matches).await {
            Ok(exit) => exit,
            Err(failure) => session.fail(&failure, style),
        },
        Err(error) => match args::refused(&error, &words) {
            Refused::Help(text) => {
                session.console.out(&text);
                Exit::Success
            }
            Refused::Group(text) => {
                session.console.out(&text);
                Exit::Failure
            }
            Refused::Wrong(summary, text) if is_stream(&words) => {
                let view = Stream {
                    console: session.console.clone(),
                    clock: Arc::clone(&session.clock),
                    version: session.version,
                    sandbox: false,
                    refresh: false,
                };
                view.begin();
                view.diagnostics(&[Diagnostic::error(summary, text.trim_end())], &SourceMap::default());
                Exit::Failure
            }
            Refused::Wrong(summary, text) => session.fail(&Failure::error(summary, text), style),
        },
    }
}
