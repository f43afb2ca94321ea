//! The commands, one file each.

mod apply;
mod console;
mod fmt;
mod force_unlock;
mod generate;
mod get;
mod graph;
mod history;
mod import;
mod init;
mod init_backend;
mod metadata;
mod modules;
mod operation;
mod output;
mod plan;
mod providers;
mod registry;
mod sandbox;
mod show;
mod state;
mod state_move;
mod state_push;
mod state_remove;
mod taint;
mod test;
mod validate;
pub mod version;
mod workspace;

use clap::ArgMatches;

use crate::args::{Command, MetadataCommand, ProvidersCommand, RegistryCommand, StateCommand, variable_inputs};
use crate::errors::{Exit, Failure};
use crate::session::Session;

/// Runs a command.
///
/// # Errors
/// Why it failed; nothing has been said of it yet.
pub async fn run(session: &Session, command: Command, matches: &ArgMatches) -> Result<Exit, Failure> {
    let flags = matches.subcommand().map_or(matches, |(_, flags)| flags);
    if is_of_a_state(&command) && session.in_sandbox(says_sandbox(flags)) {
        // Not on standard output, which programs read.
        session.console.err("Sandbox: what follows is about the imitation of AWS on this machine.\n");
    }
    match command {
        Command::Init(args) => init::run(session, args, variable_inputs(flags)).await,
        Command::Validate(args) => validate::run(session, &args, variable_inputs(flags)),
        Command::Test(args) => test::run(session, &args, flags).await,
        Command::Fmt(args) => Ok(fmt::run(session, &args)),
        Command::Plan(args) => plan::run(session, &args, flags).await,
        Command::Apply(args) => apply::run(session, args, flags).await,
        Command::Destroy(args) => apply::destroy(session, args, flags).await,
        Command::Refresh(args) => apply::refresh(session, args, flags).await,
        Command::Show(args) => show::run(session, &args),
        Command::Get(args) => get::run(session, &args, variable_inputs(flags)),
        Command::Graph(args) => graph::run(session, &args),
        Command::Console(args) => console::run(session, &args, flags).await,
        Command::Output(args) => output::run(session, &args),
        Command::State(args) => match args.command {
            StateCommand::List(args) => state::list(session, &args),
            StateCommand::Show(args) => state::show(session, &args),
            StateCommand::Pull(args) => state::pull(session, &args),
            StateCommand::Rm(args) => state_remove::remove(session, &args).await,
            StateCommand::Mv(args) => state_move::run(session, &args).await,
            StateCommand::Push(args) => state_push::push(session, &args).await,
            StateCommand::ReplaceProvider(args) => state_push::replace_provider(session, &args).await,
            StateCommand::History(args) => history::history(session, &args),
            StateCommand::Rollback(args) => history::rollback(session, &args).await,
        },
        Command::Import(args) => import::run(session, args, flags).await,
        Command::Taint(args) => taint::taint(session, &args).await,
        Command::Untaint(args) => taint::untaint(session, &args).await,
        Command::Workspace(args) => workspace::run(session, args.command).await,
        Command::ForceUnlock(args) => force_unlock::run(session, &args).await,
        Command::Version(args) => Ok(version::run(session, &args)),
        Command::Providers(args) => match args.command {
            None => providers::tree(session, &args.test_directory),
            Some(ProvidersCommand::Lock { .. }) => {
                session.console.out("Success! Every provider is part of the program: there is nothing to lock.\n");
                Ok(Exit::Success)
            }
            Some(ProvidersCommand::Schema { json }) => providers::schema(session, json),
        },
        Command::Logout(args) => {
            session.console.out(&format!("No credentials for {} are stored.\n", args.host));
            Ok(Exit::Success)
        }
        Command::Modules(args) => modules::run(session, &args),
        Command::Metadata(args) => match args.command {
            MetadataCommand::Functions { json } => metadata::functions(session, json),
        },
        Command::Registry(args) => match args.command {
            RegistryCommand::Check(args) => registry::check(session, &args).await,
        },
        Command::Sandbox(args) => sandbox::run(session, &args).await,
    }
}

/// Whether a command is about what is recorded, and has no screen that begins with where the run works.
const fn is_of_a_state(command: &Command) -> bool {
    match command {
        Command::Show(args) => args.file.is_none(),
        Command::Console(_)
        | Command::ForceUnlock(_)
        | Command::Output(_)
        | Command::State(_)
        | Command::Taint(_)
        | Command::Untaint(_)
        | Command::Workspace(_) => true,
        _ => false,
    }
}

/// The flag of a command, or of the command of a group.
fn says_sandbox(flags: &ArgMatches) -> bool {
    match flags.subcommand() {
        Some((_, flags)) => says_sandbox(flags),
        None => flags.try_get_one::<bool>("sandbox").ok().flatten().copied().unwrap_or(false),
    }
}
