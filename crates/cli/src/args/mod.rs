//! The command line: Terraform's flags, with one dash or two.

mod flags;
mod help;
mod line;
mod registry;
mod states;

use std::path::PathBuf;

use clap::{ArgAction, ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

pub use flags::{Planning, StateLock, Variables, variable_inputs};
pub use help::{Refused, refused, top as top_help};
pub use line::{Invocation, Line, words};
pub use registry::{ConnectTo, Reach, Registry, RegistryCheck, RegistryCommand, connect_to};
pub use states::{
    Backup, ForceUnlock, Import, RemoteVersion, State, StateCommand, StateHistory, StateList, StateMv, StatePush,
    StateReplaceProvider, StateRm, StateRollback, StateShow, Taint, Workspace, WorkspaceCommand, WorkspaceDelete,
    WorkspaceList, WorkspaceNew, WorkspaceSelect, Written,
};

/// Plans, applies and destroys Amazon SageMaker endpoints declared in Terraform's language.
#[derive(Debug, Parser)]
#[command(name = "smform", disable_version_flag = true, disable_help_subcommand = true, args_override_self = true, after_help = help::GLOBAL)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// The description of the whole command line. Switches take `=true` and `=false`, as Terraform's do.
    #[must_use]
    pub fn description() -> clap::Command {
        // `destroy` and `refresh` are read as `apply` is; what they refuse then is not offered.
        let hidden = |command: clap::Command, names: &[&str]| {
            names.iter().fold(command, |command, name| command.mut_arg(*name, |arg| arg.hide(true)))
        };
        switches(Cli::command().mut_subcommands(colourless))
            .mut_subcommand("destroy", |command| {
                hidden(command, &["destroy", "refresh_only", "replace", "expect_digest", "plan"])
            })
            .mut_subcommand("refresh", |command| {
                hidden(command, &["destroy", "refresh_only", "refresh", "replace", "expect_digest", "plan"])
            })
    }

    /// The names of all commands.
    #[must_use]
    pub fn names() -> Vec<String> {
        Cli::description().get_subcommands().map(|command| command.get_name().to_owned()).collect()
    }

    /// Parses the words of a command, and says which flags were given in which order.
    ///
    /// # Errors
    /// When they are not as described, or help was asked for.
    pub fn read(words: Vec<std::ffi::OsString>) -> Result<(Cli, ArgMatches), clap::Error> {
        let words = std::iter::once("smform".into()).chain(words);
        let matches = Cli::description().try_get_matches_from(words)?;
        let cli = Cli::from_arg_matches(&matches)?;
        Ok((cli, matches))
    }
}

/// Every command takes `-no-color`, also one that never prints in colour: `TF_CLI_ARGS` gives it to all.
fn colourless(command: clap::Command) -> clap::Command {
    let command = command.mut_subcommands(colourless);
    if command.get_arguments().any(|arg| arg.get_long() == Some("no-color")) {
        return command;
    }
    command.arg(clap::Arg::new("plain").long("no-color").action(ArgAction::SetTrue).hide(true))
}

fn switches(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|arg| {
        if !matches!(arg.get_action(), ArgAction::SetTrue) {
            return arg;
        }
        let default = if arg.get_default_values().iter().any(|value| value == "true") { "true" } else { "false" };
        let arg = arg.action(ArgAction::Set).num_args(0..=1).require_equals(true).value_name("BOOL");
        arg.default_missing_value("true")
            .default_value(default)
            .hide_default_value(default == "false")
            .value_parser(switch)
    });
    command.mut_subcommands(switches)
}

/// A bool as Go reads it.
fn switch(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("write true or false".to_owned()),
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Prepare a working directory; there is nothing to install
    Init(Init),
    /// Check the configuration without reading anything but files
    Validate(Validate),
    /// Carry out the runs of test files, and destroy what they created
    Test(Test),
    /// Rewrite configuration files in canonical layout
    Fmt(Fmt),
    /// Show what an apply would change
    Plan(Plan),
    /// Make the changes of a plan
    Apply(Apply),
    /// Destroy everything that the state holds
    Destroy(Apply),
    /// Record what is in the state, changing nothing else
    Refresh(Apply),
    /// Show the state, or a saved plan
    Show(Show),
    /// Show the root outputs of the state
    Output(Output),
    /// Read every module
    Get(Get),
    /// Draw what needs what
    Graph(Graph),
    /// Evaluate expressions against the configuration and the state
    Console(Console),
    /// Look into the state, and change what it records
    State(State),
    /// Work with several states of one configuration
    Workspace(Workspace),
    /// Bring an object that exists into the state
    Import(Import),
    /// Have the next apply replace an object
    Taint(Taint),
    /// Have the next apply keep an object that is recorded as tainted
    Untaint(Taint),
    /// Take away the lock of a run that has ended
    ForceUnlock(ForceUnlock),
    /// Show the version
    Version(Version),
    /// Forget the credentials of a service; there never are any
    #[command(hide = true)]
    Logout(Logout),
    /// Show what the providers offer
    Providers(Providers),
    /// List the modules that the configuration calls
    Modules(Modules),
    /// Describe the language itself
    Metadata(Metadata),
    /// Ask a container registry what SageMaker will find there
    Registry(Registry),
    /// Serve the sandbox to other AWS clients, on this machine only
    Sandbox(Sandbox),
}

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
pub struct Init {
    /// Fetch modules anew, and lock what they are now
    #[arg(long)]
    pub upgrade: bool,
    /// Ask for what is missing
    #[arg(long, default_value = "true")]
    pub input: bool,
    /// Settle the backend
    #[arg(long, default_value = "true")]
    pub backend: bool,
    /// An argument of the backend, or a file of them; may be repeated
    #[arg(long, value_name = "NAME=VALUE|FILE", action = ArgAction::Append)]
    pub backend_config: Vec<String>,
    /// Use the backend as configured now, and leave the states of the former one where they are
    #[arg(long)]
    pub reconfigure: bool,
    /// Copy the states of the former backend to the new one
    #[arg(long)]
    pub migrate_state: bool,
    /// Copy without asking, also over states that are there
    #[arg(long)]
    pub force_copy: bool,
    /// Prepare for work in the sandbox, which has states of its own on this machine: no backend is asked
    #[arg(long)]
    pub sandbox: bool,
    /// The lock.
    #[command(flatten)]
    pub lock: StateLock,
    /// Fetch modules
    #[arg(long, default_value = "true")]
    pub get: bool,
    /// Begin with a copy of this module, in a folder that is empty
    #[arg(long, value_name = "SOURCE")]
    pub from_module: Option<String>,
    /// The folder with test files, whose modules are fetched as well
    #[arg(long, value_name = "FOLDER", default_value = smform_lang::config::testing::TEST_DIRECTORY)]
    pub test_directory: PathBuf,
    /// Print one JSON message per line, for programs
    #[arg(long)]
    pub json: bool,
    /// Values of variables, where sources of modules are made of them.
    #[command(flatten)]
    pub variables: Variables,
    /// Settle the backend; another name of -backend
    #[arg(long, default_value = "true", hide = true)]
    pub cloud: bool,
    /// Accepted: no providers are installed
    #[arg(long, value_name = "MODE", hide = true)]
    pub lockfile: Option<String>,
    /// Accepted: no providers are installed
    #[arg(long, value_name = "FOLDER", action = ArgAction::Append, hide = true)]
    pub plugin_dir: Vec<PathBuf>,
    /// The version of what keeps the state.
    #[command(flatten)]
    pub remote: RemoteVersion,
    /// Print without colour
    #[arg(long)]
    pub no_color: bool,
}

/// Arguments of `validate`.
#[derive(Debug, clap::Args)]
pub struct Validate {
    /// Values of variables, where sources of modules are made of them; everything else is checked for any value.
    #[command(flatten)]
    pub variables: Variables,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// Print without colour
    #[arg(long)]
    pub no_color: bool,
    /// Do not look at test files
    #[arg(long)]
    pub no_tests: bool,
    /// The folder with test files, beside those in this directory
    #[arg(long, value_name = "FOLDER", default_value = smform_lang::config::testing::TEST_DIRECTORY)]
    pub test_directory: PathBuf,
    /// The module to check; this folder when left out
    #[arg(value_name = "FOLDER")]
    pub directory: Option<PathBuf>,
}

/// Arguments of `test`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Runs create real objects unless -sandbox is given, providers are mocked, or every run only plans."
)]
pub struct Test {
    /// Work in the sandbox, an imitation of AWS on this machine; a fresh one for each test
    #[arg(long)]
    pub sandbox: bool,
    /// Carry out only this file; may be repeated
    #[arg(long, value_name = "FILE", action = ArgAction::Append)]
    pub filter: Vec<PathBuf>,
    /// The folder with test files, beside those in this directory
    #[arg(long, value_name = "FOLDER", default_value = smform_lang::config::testing::TEST_DIRECTORY)]
    pub test_directory: PathBuf,
    /// Show the plan or the state of each run
    #[arg(long)]
    pub verbose: bool,
    /// Values of variables.
    #[command(flatten)]
    pub variables: Variables,
    /// Print one JSON message per line, for programs
    #[arg(long)]
    pub json: bool,
    /// Write the results to a file in the format of JUnit, as well
    #[arg(long, value_name = "FILE")]
    pub junit_xml: Option<PathBuf>,
    /// How many objects are worked on at the same time
    #[arg(long, value_name = "N", default_value = "10", value_parser = flags::parallelism)]
    pub parallelism: u16,
    /// Print without colour
    #[arg(long)]
    pub no_color: bool,
    /// Show warnings by their summaries only
    #[arg(long)]
    pub compact_warnings: bool,
    /// Accepted
    #[arg(hide = true)]
    pub rest: Vec<String>,
}

/// Arguments of `fmt`.
#[derive(Debug, clap::Args)]
pub struct Fmt {
    /// Name the files that change
    #[arg(long, default_value = "true")]
    pub list: bool,
    /// Write the files; without -list and -diff, print them otherwise
    #[arg(long, default_value = "true")]
    pub write: bool,
    /// Show what changes
    #[arg(long)]
    pub diff: bool,
    /// Write nothing, and exit with 3 when a file would change
    #[arg(long)]
    pub check: bool,
    /// Format the files of folders inside folders as well
    #[arg(long)]
    pub recursive: bool,
    /// Print without colour
    #[arg(long)]
    pub no_color: bool,
    /// Files and folders, or - for standard input; this folder when left out
    #[arg(value_name = "TARGET")]
    pub targets: Vec<PathBuf>,
}

/// Arguments of `plan`.
#[derive(Debug, clap::Args)]
pub struct Plan {
    /// How to plan.
    #[command(flatten)]
    pub planning: Planning,
    /// Plan to destroy everything that the state holds
    #[arg(long)]
    pub destroy: bool,
    /// Save the plan to a file, to apply exactly this plan later
    #[arg(long, value_name = "FILE", value_parser = flags::file_or_none())]
    pub out: Option<PathBuf>,
    /// Write blocks for the objects of import blocks that have none to a new file, and plan with them
    #[arg(long, value_name = "FILE")]
    pub generate_config_out: Option<PathBuf>,
    /// Accepted: a plan writes no state
    #[command(flatten)]
    pub written: Written,
    /// Exit with 0 when nothing changes, 1 on an error, 2 when there are changes
    #[arg(long)]
    pub detailed_exitcode: bool,
}

/// Arguments of `apply`, `destroy` and `refresh`.
#[derive(Debug, clap::Args)]
pub struct Apply {
    /// How to plan.
    #[command(flatten)]
    pub planning: Planning,
    /// Destroy everything that the state holds
    #[arg(long)]
    pub destroy: bool,
    /// Apply without asking for approval
    #[arg(long)]
    pub auto_approve: bool,
    /// Other files to write to.
    #[command(flatten)]
    pub written: Written,
    /// Apply the saved plan only if it has this digest
    #[arg(long, value_name = "DIGEST", value_parser = flags::digest)]
    pub expect_digest: Option<String>,
    /// A plan that was saved with -out; without it, a new plan is made and approval is asked for
    #[arg(value_name = "PLANFILE")]
    pub plan: Option<PathBuf>,
}

/// Arguments of `show`.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// Print without colour
    #[arg(long)]
    pub no_color: bool,
    /// Which state, when no file is named.
    #[command(flatten)]
    pub state: StateFile,
    /// A saved plan or a state; the current state when left out
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// Which state to read.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct StateFile {
    /// Use this state file instead of the one that the configuration says
    #[arg(long = "state", value_name = "FILE")]
    pub path: Option<PathBuf>,
    /// Work in the sandbox, an imitation of AWS on this machine, with a state of its own
    #[arg(long)]
    pub sandbox: bool,
    /// Where a command that changes the state writes, when not in its place.
    #[arg(skip)]
    pub written: Written,
}

/// Arguments of `get`.
#[derive(Debug, clap::Args)]
pub struct Get {
    /// Values of variables, where sources of modules are made of them.
    #[command(flatten)]
    pub variables: Variables,
    /// Fetch modules anew, also those that are there
    #[arg(long)]
    pub update: bool,
    /// The folder with test files, whose modules are fetched as well
    #[arg(long, value_name = "FOLDER", default_value = smform_lang::config::testing::TEST_DIRECTORY)]
    pub test_directory: PathBuf,
    /// Print without colour
    #[arg(long)]
    pub no_color: bool,
}

/// Arguments of `graph`.
#[derive(Debug, clap::Args)]
pub struct Graph {
    /// Everything that is evaluated for this, not only resources: plan, plan-refresh-only, plan-destroy or apply
    #[arg(long = "type", value_name = "OPERATION")]
    pub drawn: Option<String>,
    /// What a saved plan does
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    /// Accepted
    #[arg(long, value_name = "N", hide = true)]
    pub module_depth: Option<i64>,
    /// The language of the drawing
    #[arg(long, default_value = "dot")]
    pub format: Notation,
    /// Draw although things need each other
    #[arg(long)]
    pub draw_cycles: bool,
}

/// Languages of drawings.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Notation {
    /// That of Graphviz.
    Dot,
    /// That of Mermaid.
    Mermaid,
}

/// Arguments of `console`.
#[derive(Debug, clap::Args)]
pub struct Console {
    /// Evaluate against the state as a plan says it will be
    #[arg(long)]
    pub plan: bool,
    /// Ask for values of variables that have none; -input=false fails instead
    #[arg(long, default_value = "true")]
    pub input: bool,
    /// The lock.
    #[command(flatten)]
    pub lock: StateLock,
    /// Values of variables.
    #[command(flatten)]
    pub variables: Variables,
    /// Which state.
    #[command(flatten)]
    pub state: StateFile,
    /// Print without colour
    #[arg(long)]
    pub no_color: bool,
}

/// Arguments of `output`.
#[derive(Debug, clap::Args)]
pub struct Output {
    /// Print JSON; sensitive values are in clear in it
    #[arg(long)]
    pub json: bool,
    /// Print a string, number or bool as bare text, without quotes; needs NAME
    #[arg(long)]
    pub raw: bool,
    /// Print without colour
    #[arg(long)]
    pub no_color: bool,
    /// Which state.
    #[command(flatten)]
    pub state: StateFile,
    /// Only this output; all of them when left out
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
}

/// Arguments of `version`.
#[derive(Debug, clap::Args)]
pub struct Version {
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// Accepted
    #[arg(hide = true)]
    pub rest: Vec<String>,
}

/// Arguments of `logout`.
#[derive(Debug, clap::Args)]
pub struct Logout {
    /// The service
    #[arg(value_name = "HOSTNAME", default_value = "app.terraform.io")]
    pub host: String,
}

/// Arguments of `modules`.
#[derive(Debug, clap::Args)]
pub struct Modules {
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// Print without colour
    #[arg(long)]
    pub no_color: bool,
}

/// Arguments of `metadata`.
#[derive(Debug, clap::Args)]
pub struct Metadata {
    /// What to describe.
    #[command(subcommand)]
    pub command: MetadataCommand,
}

/// The commands about the language.
#[derive(Debug, Subcommand)]
pub enum MetadataCommand {
    /// The parameters and results of all functions; only as JSON
    Functions {
        /// Print JSON; required, since there is no other form
        #[arg(long)]
        json: bool,
    },
}

/// Arguments of `providers`.
#[derive(Debug, clap::Args)]
pub struct Providers {
    /// The folder with test files, whose modules are shown as well
    #[arg(long, value_name = "FOLDER", default_value = smform_lang::config::testing::TEST_DIRECTORY)]
    pub test_directory: PathBuf,
    /// What to show of them; which ones the configuration needs when left out.
    #[command(subcommand)]
    pub command: Option<ProvidersCommand>,
}

/// The commands about providers.
#[derive(Debug, Subcommand)]
pub enum ProvidersCommand {
    /// Every schema; only as JSON
    Schema {
        /// Print JSON; required, since there is no other form
        #[arg(long)]
        json: bool,
    },
    /// Accepted: providers are part of the program, so there is nothing to lock
    Lock {
        /// Accepted
        #[arg(long, value_name = "OS_ARCH", action = ArgAction::Append, hide = true)]
        platform: Vec<String>,
        /// Accepted
        #[arg(long, value_name = "FOLDER", hide = true)]
        fs_mirror: Option<PathBuf>,
        /// Accepted
        #[arg(long, value_name = "URL", hide = true)]
        net_mirror: Option<String>,
        /// Accepted
        #[arg(long, hide = true)]
        enable_plugin_cache: bool,
        /// Accepted
        #[arg(hide = true)]
        sources: Vec<String>,
    },
}

/// Arguments of `sandbox`.
#[derive(Debug, clap::Args)]
pub struct Sandbox {
    /// Where to listen: a loopback address
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4599")]
    pub listen: std::net::SocketAddr,
    /// How many seconds pass in the sandbox during a real one [a new one: 60]
    #[arg(long, value_name = "FACTOR")]
    pub speed: Option<f64>,
    /// A file that says which calls fail, and how
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// The file that holds the sandbox's world; without it, the one that `smform apply -sandbox` uses in this
    /// folder: beside the state that the configuration says, such as terraform.sandbox.json
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Print without colour
    #[arg(long)]
    pub no_color: bool,
}
