//! Arguments of the commands about states, locks and workspaces.

use std::path::PathBuf;

use clap::Subcommand;

use super::{StateFile, StateLock, Variables};

/// Arguments of `state`.
#[derive(Debug, clap::Args)]
pub struct State {
    /// What to do with it.
    #[command(subcommand)]
    pub command: StateCommand,
}

/// The commands about the state.
#[derive(Debug, Subcommand)]
pub enum StateCommand {
    /// List the addresses of recorded objects
    List(StateList),
    /// Show one recorded object
    Show(StateShow),
    /// Print the state as it is stored
    Pull(StateFile),
    /// Forget recorded objects; they are not destroyed
    Rm(StateRm),
    /// Give recorded objects another address
    Mv(StateMv),
    /// Put a state file in the place of what is recorded
    Push(StatePush),
    /// Record another provider for the resources of one
    ReplaceProvider(StateReplaceProvider),
    /// List the earlier states that are kept
    History(StateHistory),
    /// Bring an earlier state back
    Rollback(StateRollback),
}

/// Files beside the state that a command writes to: Terraform's older flags, for states in files.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Written {
    /// Leave the state that was read as it is, and write the new one to this file
    #[arg(long, value_name = "FILE")]
    pub state_out: Option<PathBuf>,
    /// The copy of what is replaced.
    #[command(flatten)]
    pub copy: Backup,
    /// Whether that copy is named after the time when it is made, unless it is named otherwise.
    #[arg(skip)]
    pub timestamped: bool,
}

/// The copy of what is replaced.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Backup {
    /// Keep the state that is replaced in this file instead of one ending in .backup; - for none
    #[arg(long, value_name = "FILE")]
    pub backup: Option<PathBuf>,
}

impl From<Backup> for Written {
    fn from(copy: Backup) -> Written {
        Written { state_out: None, copy, timestamped: true }
    }
}

/// What is accepted since Terraform's command line has it: there is no remote version here that could differ.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct RemoteVersion {
    /// Accepted, without effect
    #[arg(long, hide = true)]
    pub ignore_remote_version: bool,
}

/// Arguments of `state list`.
#[derive(Debug, clap::Args)]
pub struct StateList {
    /// Which state.
    #[command(flatten)]
    pub state: StateFile,
    /// Only objects with this id
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
    /// Only these resources and modules
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
}

/// Arguments of `state show`.
#[derive(Debug, clap::Args)]
pub struct StateShow {
    /// Which state.
    #[command(flatten)]
    pub state: StateFile,
    /// Print it as `show -json` does, for programs; sensitive values are in clear
    #[arg(long)]
    pub json: bool,
    /// Print without colour
    #[arg(long)]
    pub no_color: bool,
    /// The instance
    #[arg(value_name = "ADDRESS")]
    pub address: String,
}

/// Arguments of `state rm`.
#[derive(Debug, clap::Args)]
pub struct StateRm {
    /// Which state.
    #[command(flatten)]
    pub state: StateFile,
    /// The lock.
    #[command(flatten)]
    pub lock: StateLock,
    /// Only say what would be forgotten
    #[arg(long)]
    pub dry_run: bool,
    /// The copy of what is replaced.
    #[command(flatten)]
    pub copy: Backup,
    /// The version of what keeps the state.
    #[command(flatten)]
    pub remote: RemoteVersion,
    /// Print without colour
    #[arg(long)]
    pub no_color: bool,
    /// Instances, resources and modules
    #[arg(value_name = "ADDRESS", required = true)]
    pub addresses: Vec<String>,
}

/// Arguments of `state mv`.
#[derive(Debug, clap::Args)]
pub struct StateMv {
    /// Which state.
    #[command(flatten)]
    pub state: StateFile,
    /// The lock.
    #[command(flatten)]
    pub lock: StateLock,
    /// Only say what would be moved
    #[arg(long)]
    pub dry_run: bool,
    /// Move to this state file
    #[arg(long, value_name = "FILE")]
    pub state_out: Option<PathBuf>,
    /// The copy of what is replaced.
    #[command(flatten)]
    pub copy: Backup,
    /// The version of what keeps the state.
    #[command(flatten)]
    pub remote: RemoteVersion,
    /// With -state-out: keep the state that is replaced there in this file
    #[arg(long, value_name = "FILE")]
    pub backup_out: Option<PathBuf>,
    /// Print without colour
    #[arg(long)]
    pub no_color: bool,
    /// An instance, a resource with all its instances, or a module with all that is in it
    #[arg(value_name = "SOURCE")]
    pub source: String,
    /// Its new address
    #[arg(value_name = "DESTINATION")]
    pub destination: String,
}

/// Arguments of `state push`.
#[derive(Debug, clap::Args)]
pub struct StatePush {
    /// Which state.
    #[command(flatten)]
    pub state: StateFile,
    /// The lock.
    #[command(flatten)]
    pub lock: StateLock,
    /// Even over a newer or an unrelated state
    #[arg(long)]
    pub force: bool,
    /// The version of what keeps the state.
    #[command(flatten)]
    pub remote: RemoteVersion,
    /// Print without colour
    #[arg(long)]
    pub no_color: bool,
    /// The state to record; - for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Arguments of `state replace-provider`.
#[derive(Debug, clap::Args)]
pub struct StateReplaceProvider {
    /// Which state.
    #[command(flatten)]
    pub state: StateFile,
    /// The lock.
    #[command(flatten)]
    pub lock: StateLock,
    /// Do not ask
    #[arg(long)]
    pub auto_approve: bool,
    /// The copy of what is replaced.
    #[command(flatten)]
    pub copy: Backup,
    /// The version of what keeps the state.
    #[command(flatten)]
    pub remote: RemoteVersion,
    /// Print without colour
    #[arg(long)]
    pub no_color: bool,
    /// The provider that is recorded
    #[arg(value_name = "FROM_PROVIDER_FQN")]
    pub from: String,
    /// The one to record instead
    #[arg(value_name = "TO_PROVIDER_FQN")]
    pub to: String,
}

/// Arguments of `state history`.
#[derive(Debug, clap::Args)]
pub struct StateHistory {
    /// Which state.
    #[command(flatten)]
    pub state: StateFile,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// Print without colour
    #[arg(long)]
    pub no_color: bool,
}

/// Arguments of `state rollback`.
#[derive(Debug, clap::Args)]
pub struct StateRollback {
    /// Which state.
    #[command(flatten)]
    pub state: StateFile,
    /// The lock.
    #[command(flatten)]
    pub lock: StateLock,
    /// Do not ask
    #[arg(long)]
    pub auto_approve: bool,
    /// Print without colour
    #[arg(long)]
    pub no_color: bool,
    /// Forget what is recorded now and not in that state: it goes on existing, and nothing leads to it any more
    #[arg(long)]
    pub forget: bool,
    /// A serial or a version, as `state history` lists them
    #[arg(value_name = "SERIAL")]
    pub version: String,
}

/// Arguments of `force-unlock`.
#[derive(Debug, clap::Args)]
pub struct ForceUnlock {
    /// Do not ask
    #[arg(long)]
    pub force: bool,
    /// Which state.
    #[command(flatten)]
    pub state: StateFile,
    /// Print without colour
    #[arg(long)]
    pub no_color: bool,
    /// The id that the message about the lock shows
    #[arg(value_name = "LOCK_ID")]
    pub id: String,
}

/// Arguments of `taint` and `untaint`.
#[derive(Debug, clap::Args)]
pub struct Taint {
    /// Succeed when nothing is recorded at the address
    #[arg(long)]
    pub allow_missing: bool,
    /// Which state.
    #[command(flatten)]
    pub state: StateFile,
    /// The lock.
    #[command(flatten)]
    pub lock: StateLock,
    /// Other files to write to.
    #[command(flatten)]
    pub written: Written,
    /// The version of what keeps the state.
    #[command(flatten)]
    pub remote: RemoteVersion,
    /// Print without colour
    #[arg(long)]
    pub no_color: bool,
    /// A resource instance
    #[arg(value_name = "ADDRESS")]
    pub address: String,
}

/// Arguments of `import`.
#[derive(Debug, clap::Args)]
pub struct Import {
    /// Values of variables.
    #[command(flatten)]
    pub variables: Variables,
    /// Which state.
    #[command(flatten)]
    pub state: StateFile,
    /// The lock.
    #[command(flatten)]
    pub lock: StateLock,
    /// Ask for values of variables that have none; -input=false fails instead
    #[arg(long, default_value = "true")]
    pub input: bool,
    /// Other files to write to.
    #[command(flatten)]
    pub written: Written,
    /// The version of what keeps the state.
    #[command(flatten)]
    pub remote: RemoteVersion,
    /// Print without colour
    #[arg(long)]
    pub no_color: bool,
    /// Where the object is to be recorded: a resource instance
    #[arg(value_name = "ADDRESS")]
    pub address: String,
    /// How the service knows it
    #[arg(value_name = "ID")]
    pub id: String,
}

/// Arguments of `workspace`.
#[derive(Debug, clap::Args)]
pub struct Workspace {
    /// What to do with it.
    #[command(subcommand)]
    pub command: WorkspaceCommand,
}

/// The commands about workspaces.
#[derive(Debug, Subcommand)]
pub enum WorkspaceCommand {
    /// List the workspaces; a star marks the selected one
    List(WorkspaceList),
    /// Show the name of the selected workspace
    Show(WorkspaceShow),
    /// Make a workspace and select it
    New(WorkspaceNew),
    /// Select a workspace
    Select(WorkspaceSelect),
    /// Delete a workspace with its state
    Delete(WorkspaceDelete),
}

/// Arguments of `workspace list`.
#[derive(Debug, clap::Args)]
pub struct WorkspaceList {
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// Those of the sandbox
    #[arg(long)]
    pub sandbox: bool,
}

/// Arguments of `workspace show`.
#[derive(Debug, clap::Args)]
pub struct WorkspaceShow {
    /// That of the sandbox
    #[arg(long)]
    pub sandbox: bool,
    /// Accepted
    #[arg(hide = true)]
    pub rest: Vec<String>,
}

/// Arguments of `workspace new`.
#[derive(Debug, clap::Args)]
pub struct WorkspaceNew {
    /// Begin with a copy of this state
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// The lock.
    #[command(flatten)]
    pub lock: StateLock,
    /// One of the sandbox
    #[arg(long)]
    pub sandbox: bool,
    /// Print without colour
    #[arg(long)]
    pub no_color: bool,
    /// Its name
    #[arg(value_name = "NAME")]
    pub name: String,
}

/// Arguments of `workspace select`.
#[derive(Debug, clap::Args)]
pub struct WorkspaceSelect {
    /// Make it when there is none of the name
    #[arg(long)]
    pub or_create: bool,
    /// One of the sandbox
    #[arg(long)]
    pub sandbox: bool,
    /// Print without colour
    #[arg(long)]
    pub no_color: bool,
    /// Its name
    #[arg(value_name = "NAME")]
    pub name: String,
}

/// Arguments of `workspace delete`.
#[derive(Debug, clap::Args)]
pub struct WorkspaceDelete {
    /// Even when its state still holds objects, which are then forgotten
    #[arg(long)]
    pub force: bool,
    /// The lock.
    #[command(flatten)]
    pub lock: StateLock,
    /// One of the sandbox
    #[arg(long)]
    pub sandbox: bool,
    /// Print without colour
    #[arg(long)]
    pub no_color: bool,
    /// Its name
    #[arg(value_name = "NAME")]
    pub name: String,
}
