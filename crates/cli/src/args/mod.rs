//! What a user can write: Terraform's commands and flags, with one dash or two.

mod normalize;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use smform_lang::config::values::VariableInput;

pub use normalize::{Normalized, normalize};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "smform",
    version,
    about = "Plans and applies SageMaker endpoints declared in Terraform's language.",
    disable_help_subcommand = true,
    disable_version_flag = true,
    max_term_width = 100
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what an apply would change
    Plan(PlanArgs),
    /// Make the changes that the configuration, or a saved plan, calls for
    Apply(ApplyArgs),
    /// Delete everything that the configuration manages
    Destroy(ApplyArgs),
    /// Check the configuration without state, credentials or any call
    Validate(ValidateArgs),
    /// Show the state, or a saved plan
    Show(ShowArgs),
    /// Show output values
    Output(OutputArgs),
    /// Look at the recorded objects
    State(StateArgs),
    /// Accepted for the sake of scripts: there is nothing to install
    Init(InitArgs),
    /// Show what the providers offer
    Providers(ProvidersArgs),
    /// Serve an imitation of AWS on this machine, for other clients
    Sandbox(SandboxArgs),
    /// Show the version
    Version(VersionArgs),
}

/// Flags of all commands that print for people.
#[derive(Clone, Debug, Default, Args)]
pub struct ScreenArgs {
    /// Print without colour
    #[arg(long = "no-color")]
    pub no_color: bool,
}

/// The sandbox instead of a real account.
#[derive(Clone, Debug, Default, Args)]
pub struct SandboxFlag {
    /// Work on an imitation of AWS, kept in a file beside the state
    #[arg(long)]
    pub sandbox: bool,
    /// How many times faster than real time the sandbox's clock runs
    #[arg(long = "sandbox-speed", value_name = "FACTOR")]
    pub sandbox_speed: Option<f64>,
    /// A script of faults for the sandbox
    #[arg(long = "sandbox-faults", value_name = "FILE")]
    pub sandbox_faults: Option<PathBuf>,
}

/// Values for variables. The order among `-var` and `-var-file` counts, so they are collected from the raw arguments.
#[derive(Clone, Debug, Default, Args)]
pub struct VariableArgs {
    /// Set a variable: 'name=value'
    #[arg(long = "var", value_name = "NAME=VALUE", allow_hyphen_values = true)]
    var: Vec<String>,
    /// Set variables from a file
    #[arg(long = "var-file", value_name = "FILE")]
    var_file: Vec<PathBuf>,
    #[arg(skip)]
    ordered: Vec<VariableInput>,
    /// Ask for what is missing
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true", action = ArgAction::Set)]
    pub input: bool,
}

impl VariableArgs {
    /// The inputs, in the order given.
    #[must_use]
    pub fn inputs(&self) -> &[VariableInput] {
        &self.ordered
    }
}

/// Flags about the state.
#[derive(Clone, Debug, Default, Args)]
pub struct StateFlags {
    /// Lock the state
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true", action = ArgAction::Set)]
    pub lock: bool,
    /// How long to wait for the lock, such as 30s
    #[arg(long = "lock-timeout", value_name = "DURATION", value_parser = duration, default_value = "0s")]
    pub lock_timeout: Duration,
    /// The state file, instead of the one that the backend says
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
}

/// What planning can be told.
#[derive(Clone, Debug, Default, Args)]
pub struct PlanningArgs {
    /// Plan to delete everything
    #[arg(long, conflicts_with = "refresh_only")]
    pub destroy: bool,
    /// Only record what the real objects are
    #[arg(long = "refresh-only")]
    pub refresh_only: bool,
    /// Read the real objects first
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true", action = ArgAction::Set)]
    pub refresh: bool,
    /// Replace this instance
    #[arg(long, value_name = "ADDRESS")]
    pub replace: Vec<String>,
    /// Only this resource or module, and what it needs
    #[arg(long, value_name = "ADDRESS")]
    pub target: Vec<String>,
    /// How many operations run at once
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    pub parallelism: u16,
    /// Show warnings by their summaries only
    #[arg(long = "compact-warnings")]
    pub compact_warnings: bool,
    /// Write the plan as JSON to this file as well
    #[arg(long = "json-into", value_name = "FILE")]
    pub json_into: Option<PathBuf>,
    /// Write the plan as Markdown, for a pull request, to this file as well
    #[arg(long = "markdown-into", value_name = "FILE")]
    pub markdown_into: Option<PathBuf>,
    /// Values of variables.
    #[command(flatten)]
    pub variables: VariableArgs,
    /// The state.
    #[command(flatten)]
    pub state: StateFlags,
    /// The sandbox.
    #[command(flatten)]
    pub sandbox: SandboxFlag,
    /// The screen.
    #[command(flatten)]
    pub screen: ScreenArgs,
    /// Print events as JSON lines
    #[arg(long)]
    pub json: bool,
}

/// `plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Planning.
    #[command(flatten)]
    pub planning: PlanningArgs,
    /// Save the plan to this file, for apply
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Exit with 2 when there are changes
    #[arg(long = "detailed-exitcode")]
    pub detailed_exitcode: bool,
}

/// `apply` and `destroy`.
#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// Planning.
    #[command(flatten)]
    pub planning: PlanningArgs,
    /// Do not ask for approval
    #[arg(long = "auto-approve")]
    pub auto_approve: bool,
    /// Refuse a saved plan with another digest than this one
    #[arg(long = "expect-digest", value_name = "DIGEST")]
    pub expect_digest: Option<String>,
    /// A plan saved by `plan -out`
    #[arg(value_name = "PLAN")]
    pub plan: Option<PathBuf>,
}

/// `validate`.
#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// The screen.
    #[command(flatten)]
    pub screen: ScreenArgs,
}

/// `show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// The screen.
    #[command(flatten)]
    pub screen: ScreenArgs,
    /// A saved plan or a state file; the current state without it
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// `output`.
#[derive(Debug, Args)]
pub struct OutputArgs {
    /// Print JSON
    #[arg(long, conflicts_with = "raw")]
    pub json: bool,
    /// Print the text of one value and nothing else
    #[arg(long)]
    pub raw: bool,
    /// The state file, instead of the one that the backend says
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// The screen.
    #[command(flatten)]
    pub screen: ScreenArgs,
    /// One output
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
}

/// `state`.
#[derive(Debug, Args)]
pub struct StateArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: StateCommand,
}

/// What `state` can do.
#[derive(Debug, Subcommand)]
pub enum StateCommand {
    /// List the addresses of recorded objects
    List(StateListArgs),
    /// Show one recorded object
    Show(StateShowArgs),
}

/// `state list`.
#[derive(Debug, Args)]
pub struct StateListArgs {
    /// Only objects with this id
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
    /// The state file, instead of the one that the backend says
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Only these resources or modules
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
}

/// `state show`.
#[derive(Debug, Args)]
pub struct StateShowArgs {
    /// The state file, instead of the one that the backend says
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// The screen.
    #[command(flatten)]
    pub screen: ScreenArgs,
    /// The instance
    #[arg(value_name = "ADDRESS")]
    pub address: String,
}

/// `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The screen.
    #[command(flatten)]
    pub screen: ScreenArgs,
    /// Accepted and not needed
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", hide = true)]
    pub input: Option<String>,
    /// Accepted and not needed
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", hide = true)]
    pub backend: Option<String>,
    /// Accepted and not needed
    #[arg(long, hide = true)]
    pub upgrade: bool,
    /// Accepted and not needed
    #[arg(long, hide = true)]
    pub reconfigure: bool,
}

/// `providers`.
#[derive(Debug, Args)]
pub struct ProvidersArgs {
    /// What to show.
    #[command(subcommand)]
    pub command: ProvidersCommand,
}

/// What `providers` can show.
#[derive(Debug, Subcommand)]
pub enum ProvidersCommand {
    /// Every resource type, data source and attribute
    Schema(ProvidersSchemaArgs),
}

/// `providers schema`.
#[derive(Debug, Args)]
pub struct ProvidersSchemaArgs {
    /// Print JSON
    #[arg(long, required = true)]
    pub json: bool,
}

/// `sandbox`.
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// The address to serve on; loopback only
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4599")]
    pub listen: SocketAddr,
    /// Where to keep its state; in memory without it
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// How many times faster than real time its clock runs
    #[arg(long, value_name = "FACTOR")]
    pub speed: Option<f64>,
    /// A script of faults
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
}

/// `version`.
#[derive(Debug, Args)]
pub struct VersionArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Reads normalised arguments (without the program's name).
///
/// # Errors
/// Clap's own, which also stands for a request for help.
pub fn parse(arguments: Vec<OsString>) -> Result<Cli, clap::Error> {
    let command = Cli::command();
    let program = OsString::from("smform");
    let matches = command.try_get_matches_from(std::iter::once(program).chain(arguments))?;
    let mut cli = Cli::from_arg_matches(&matches)?;
    let inputs = matches.subcommand().map(|(_, inner)| ordered_inputs(inner)).unwrap_or_default();
    match &mut cli.command {
        Command::Plan(PlanArgs { planning, .. })
        | Command::Apply(ApplyArgs { planning, .. })
        | Command::Destroy(ApplyArgs { planning, .. }) => planning.variables.ordered = inputs,
        _ => {}
    }
    Ok(cli)
}

/// `-var` and `-var-file` in the order in which they were given, since the last one wins.
fn ordered_inputs(matches: &clap::ArgMatches) -> Vec<VariableInput> {
    let mut inputs: Vec<(usize, VariableInput)> = Vec::new();
    if let (Ok(Some(values)), Some(places)) = (matches.try_get_many::<String>("var"), matches.indices_of("var")) {
        inputs.extend(places.zip(values.map(|text| VariableInput::Argument(text.clone()))));
    }
    if let (Ok(Some(values)), Some(places)) =
        (matches.try_get_many::<PathBuf>("var_file"), matches.indices_of("var_file"))
    {
        inputs.extend(places.zip(values.map(|path| VariableInput::File(path.clone()))));
    }
    inputs.sort_by_key(|(place, _)| *place);
    inputs.into_iter().map(|(_, input)| input).collect()
}

/// A duration as Terraform writes it: `90s`, `1m30s`, `2h`, `500ms`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is not a duration such as 30s or 1m30s");
    let mut rest = text;
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return Err(wrong());
    }
    if rest == "0" {
        return Ok(total);
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let (number, tail) = rest.split_at(digits);
        let number: f64 = number.parse().map_err(|_| wrong())?;
        let unit_end = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        let seconds = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 0.001,
            _ => return Err(wrong()),
        };
        total += Duration::try_from_secs_f64(number * seconds).map_err(|_| wrong())?;
        rest = tail;
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cli(arguments: &[&str]) -> Result<Cli, clap::Error> {
        let normalized = normalize(arguments.iter().map(OsString::from).collect(), &Default::default());
        parse(normalized.arguments)
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn one_dash_is_as_good_as_two() {
        let parsed = cli(&["plan", "-refresh=false", "-target", "a.b", "--out=p", "-detailed-exitcode"]).expect("parses");
        let Command::Plan(plan) = parsed.command else { panic!("a plan") };
        assert!(!plan.planning.refresh && plan.detailed_exitcode);
        assert_eq!(plan.planning.target, ["a.b"]);
    }

    #[test]
    fn variables_keep_their_order() {
        let parsed = cli(&["apply", "-var", "a=-1", "-var-file=x.tfvars", "-var=b=2"]).expect("parses");
        let Command::Apply(apply) = parsed.command else { panic!("an apply") };
        let expected = [
            VariableInput::Argument("a=-1".to_owned()),
            VariableInput::File("x.tfvars".into()),
            VariableInput::Argument("b=2".to_owned()),
        ];
        assert_eq!(apply.planning.variables.inputs(), expected);
    }

    #[test]
    fn durations_are_terraforms() {
        assert_eq!(duration("1m30s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("0s"), Ok(Duration::ZERO));
        for wrong in ["", "5", "s", "1d", "-1s", "1.2.3s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
