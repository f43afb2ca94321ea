//! One command's view of the world, once the command line is sorted out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use smform_engine::plan::stored::Stored;
use smform_engine::providers::Providers;
use smform_engine::workflow;
use smform_engine::workflow::state::decode;
use smform_lang::config::values::VariableInput;
use smform_lang::config::{Config, LocalModules};
use smform_lang::source::Host;
use smform_modules::{Installer, Update};
use smform_provider::Clock;
use smform_state::backend::LocalBackend;
use smform_state::lock::LockInfo;
use smform_state::{State, store};
use smform_types::{Diagnostic, Diagnostics};
use tokio_util::sync::CancellationToken;

use crate::args::StateFile;
use crate::errors::{Exit, Failure, file};
use crate::files::Directory;
use crate::render::diagnostics::{Layout, render};
use crate::render::style::Style;
use crate::terminal::Console;
use crate::world::{SandboxHost, SandboxOptions, Sandboxed};

/// What every command has.
pub struct Session {
    /// The terminal.
    pub console: Console,
    /// Files.
    pub host: Directory,
    /// The providers that work against the real services.
    pub providers: Providers,
    /// Real time.
    pub clock: Arc<dyn Clock>,
    /// The environment variables.
    pub environment: BTreeMap<String, String>,
    /// Set when the user asks to stop.
    pub cancel: CancellationToken,
    /// The sandbox, where there is one.
    pub sandbox: Option<Arc<dyn SandboxHost>>,
    /// The version of the program.
    pub version: &'static str,
}

impl Session {
    /// A variable of the environment; an empty one counts as absent.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// A path given on the command line, as the file system understands it.
    #[must_use]
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.host.base.join(path)
    }

    /// Colour or not. Like Terraform, colour does not ask whether a terminal is there.
    #[must_use]
    pub fn style(&self, no_color: bool) -> Style {
        if no_color || self.variable("NO_COLOR").is_some() { Style::PLAIN } else { Style::COLOR }
    }

    /// Whether hints about next steps are unwanted.
    #[must_use]
    pub fn automation(&self) -> bool {
        self.variable("TF_IN_AUTOMATION").is_some()
    }

    /// Whether questions may be asked.
    #[must_use]
    pub fn may_ask(&self, flag: bool) -> bool {
        flag && !matches!(self.variable("TF_INPUT"), Some("0" | "false"))
    }

    /// Prints why a command failed.
    pub fn fail(&self, failure: &Failure, style: Style) -> Exit {
        let layout = Layout { style, width: self.console.width };
        for diagnostic in &failure.diagnostics {
            self.console.err(&render(diagnostic, &failure.sources, layout));
        }
        Exit::Failure
    }

    /// The workspace: that of the environment, else the one that was selected, else `default`.
    ///
    /// # Errors
    /// When the name could lead out of the folder of workspaces.
    pub fn workspace(&self) -> Result<String, Failure> {
        let selected = self.path(self.variable("TF_DATA_DIR").unwrap_or(".terraform")).join("environment");
        let name = match self.variable("TF_WORKSPACE") {
            Some(name) => name.to_owned(),
            None => std::fs::read_to_string(selected).unwrap_or_default().trim().to_owned(),
        };
        if name.is_empty() {
            return Ok("default".to_owned());
        }
        if name.contains(['/', '\\']) || name.starts_with('.') {
            let detail = format!("\"{name}\" cannot name a workspace: it may not begin with a dot or hold slashes.");
            return Err(Failure::error("Invalid workspace name", detail));
        }
        Ok(name)
    }

    /// Whether a command runs in the sandbox.
    #[must_use]
    pub fn in_sandbox(&self, flag: bool) -> bool {
        flag || matches!(self.variable("SMFORM_SANDBOX"), Some("1" | "true" | "yes" | "on"))
    }

    /// The sandbox of the binary.
    ///
    /// # Errors
    /// When the binary has none.
    pub fn sandbox_host(&self) -> Result<&Arc<dyn SandboxHost>, Failure> {
        let missing = || Failure::error("No sandbox", "This build of smform carries no sandbox.");
        self.sandbox.as_ref().ok_or_else(missing)
    }

    /// Opens the sandbox that belongs to a state. `SMFORM_SANDBOX_SPEED` and `SMFORM_SANDBOX_FAULTS` set what the flags
    /// of the `sandbox` command set.
    ///
    /// # Errors
    /// When there is none, or it cannot be opened.
    pub fn open_sandbox(&self, state: &Path) -> Result<Sandboxed, Failure> {
        let speed = match self.variable("SMFORM_SANDBOX_SPEED").map(str::parse::<f64>) {
            None => None,
            Some(Ok(speed)) => Some(speed),
            Some(Err(_)) => {
                let detail = "SMFORM_SANDBOX_SPEED must be a number: how many virtual seconds pass in a real one.";
                return Err(Failure::error("Invalid sandbox speed", detail));
            }
        };
        let faults = self.variable("SMFORM_SANDBOX_FAULTS").map(|path| self.path(path));
        let options = SandboxOptions { file: sandbox_world(state), speed, faults };
        Ok(self.sandbox_host()?.open(&options)?)
    }

    /// Who finds modules, and fetches those that are not on this machine. What is fetched is told on standard error.
    #[must_use]
    pub fn modules(&self, update: Update) -> Installer {
        let console = self.console.clone();
        Installer::new(&self.host.base, update, move |line| console.err(&format!("{line}\n")))
    }

    /// Fetches the modules of the configuration that are missing, or all of them anew.
    ///
    /// # Errors
    /// When one cannot be fetched, or the configuration cannot be read far enough to find them all.
    pub fn install_modules(&self, update: Update) -> Result<Config, Failure> {
        let (config, found) = smform_lang::config::load(&self.host, Path::new("."), &self.modules(update));
        if found.has_errors() { Err(Failure::about(found, &config)) } else { Ok(config) }
    }

    /// The configuration of the directory, read only as far as a command without a plan needs it: for the backend.
    #[must_use]
    pub fn config(&self) -> Config {
        let (config, _) = smform_lang::config::load(&self.host, Path::new("."), &LocalModules);
        config
    }

    /// The file of the state. In the sandbox it is one of its own: what is recorded there must never be mistaken for
    /// what exists.
    ///
    /// # Errors
    /// When the backend is not usable.
    pub fn state_path(&self, config: &Config, state: &StateFile) -> Result<PathBuf, Failure> {
        let workspace = self.workspace()?;
        let backend = workflow::backend(config, &workspace, state.path.as_deref());
        let backend = backend.map_err(|found| Failure::about(found, config))?;
        let place = backend.place();
        let place = self.path(place.strip_prefix(".").unwrap_or(&place));
        Ok(if self.in_sandbox(state.sandbox) { place.with_extension("sandbox.tfstate") } else { place })
    }

    /// Reads a state without locking it, and decodes what can be decoded.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read_state(&self, state: &StateFile) -> Result<(State, Stored, Diagnostics), Failure> {
        let path = self.state_path(&self.config(), state)?;
        let state = store::read(&LocalBackend::new(path))?;
        let (stored, found) = decode(&state, &[], &self.providers);
        Ok((state, stored, found))
    }

    /// What a lock says of its holder.
    #[must_use]
    pub fn lock_info(&self, operation: &str, path: &Path) -> LockInfo {
        let user = self.variable("USER").or_else(|| self.variable("USERNAME")).unwrap_or("unknown");
        let machine = self.variable("HOSTNAME").or_else(|| self.variable("COMPUTERNAME")).unwrap_or("localhost");
        let now = jiff::Timestamp::try_from(self.clock.now()).unwrap_or_default();
        LockInfo {
            id: uuid::Uuid::new_v4().to_string(),
            operation: operation.to_owned(),
            info: format!("process {}", std::process::id()),
            who: format!("{user}@{machine}"),
            version: self.version.to_owned(),
            created: now.to_string(),
            path: path.display().to_string(),
        }
    }

    /// The values of variables that the environment gives, then those of the command line.
    #[must_use]
    pub fn inputs(&self, given: Vec<VariableInput>) -> Vec<VariableInput> {
        let environment = self.environment.iter().filter_map(|(name, text)| {
            let name = name.strip_prefix("TF_VAR_")?.to_owned();
            Some(VariableInput::Environment { name, text: text.clone() })
        });
        environment.chain(given).collect()
    }

    /// Writes a file that only its owner may read.
    ///
    /// # Errors
    /// As the file system reports.
    pub fn write(&self, path: &Path, text: &str) -> Result<(), Failure> {
        let path = self.path(path);
        smform_state::files::replace(&path, text.as_bytes()).map_err(|error| file("write", &path, &error))
    }

    /// The text of a file.
    ///
    /// # Errors
    /// As the file system reports, and when it is not UTF-8.
    pub fn read(&self, path: &Path) -> Result<String, Failure> {
        let bytes = self.host.read(path).map_err(|error| file("read", path, &error))?;
        String::from_utf8(bytes).map_err(|_| {
            Diagnostic::error("Cannot read file", format!("{} is not text in UTF-8.", path.display())).into()
        })
    }
}

/// The file that holds the sandbox's world, beside the state of the sandbox.
fn sandbox_world(state: &Path) -> PathBuf {
    state.with_extension("json")
}
