//! One command's view of the world, once the command line is sorted out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use smform_engine::builtin::Backends;
use smform_engine::providers::Providers;
use smform_engine::workflow::encryption::Remote;
use smform_lang::config::values::VariableInput;
use smform_lang::config::{Config, Given, LocalModules, WRONG_VERSION, load_root, load_with};
use smform_lang::source::Host;
use smform_modules::{Installer, Update};
use smform_provider::Clock;
use smform_state::encryption::service::KeyServiceKind;
use smform_state::kind::Kind;
use smform_types::{Diagnostic, Diagnostics, SourceMap};
use tokio_util::sync::CancellationToken;

use crate::errors::{Exit, Failure, file};
use crate::files::Directory;
use crate::render::diagnostics::{Layout, in_order, render};
use crate::render::style::Style;
use crate::terminal::Console;
use crate::world::{LastWords, SandboxHost, SandboxOptions, Sandboxed};

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
    /// What is said when the process is ended in the middle of its work.
    pub last_words: LastWords,
    /// The sandbox, where there is one.
    pub sandbox: Option<Arc<dyn SandboxHost>>,
    /// The backends that the binary brings along, besides `local`.
    pub backends: Vec<Arc<dyn Kind>>,
    /// The key services that the binary brings along.
    pub key_services: Vec<Arc<dyn KeyServiceKind>>,
    /// Whether commands run in the sandbox without being told so one by one: `SMFORM_SANDBOX`.
    pub sandboxed: bool,
    /// The version of the program.
    pub version: &'static str,
    /// The name of the command.
    pub command: String,
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

    /// Asks; only `yes` is a yes. `question` ends with a line break.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn confirmed(&self, question: &str) -> Result<bool, Failure> {
        let unanswered = |detail: &str| Err(Failure::error("No answer to the question", detail.to_owned()));
        if !self.may_ask(true) {
            return unanswered("Questions are turned off (TF_INPUT=0): give the flag that answers it.");
        }
        self.console.out(&format!("{question}  Only 'yes' will be accepted to confirm.\n\n  Enter a value: "));
        let answer = self.console.line(&self.cancel).await;
        self.console.out("\n");
        match answer {
            Some(answer) => Ok(answer == "yes"),
            None if self.cancel.is_cancelled() => Ok(false),
            None => Err(Failure::error("error asking for approval: EOF", "Standard input ended before an answer.")),
        }
    }

    /// Prints a warning that is about no file, unless what is printed is for programs.
    pub fn warn(&self, found: &Diagnostic, no_color: bool, for_programs: bool) {
        if !for_programs {
            let layout = Layout { style: self.style(no_color), width: self.console.width };
            self.console.message(found.severity, &render(found, &Default::default(), layout));
        }
    }

    /// Prints why a command failed.
    pub fn fail(&self, failure: &Failure, style: Style) -> Exit {
        let layout = Layout { style, width: self.console.width };
        for diagnostic in in_order(&failure.diagnostics, &failure.sources) {
            self.console.message(diagnostic.severity, &render(diagnostic, &failure.sources, layout));
        }
        Exit::Failure
    }

    /// Whether a command runs in the sandbox.
    #[must_use]
    pub fn in_sandbox(&self, flag: bool) -> bool {
        flag || self.sandboxed
    }

    /// What a variable of the environment that is a yes or a no says; an absent one says no. A misspelt yes must not
    /// count as a no: it could mean the real account.
    ///
    /// # Errors
    /// When it says anything else.
    pub fn says_yes(&self, name: &str) -> Result<bool, Failure> {
        let Some(text) = self.variable(name) else { return Ok(false) };
        match text.trim().to_ascii_lowercase().as_str() {
            "1" | "t" | "true" | "y" | "yes" | "on" => Ok(true),
            "0" | "f" | "false" | "n" | "no" | "off" => Ok(false),
            _ => {
                let detail = format!("{name} is \"{text}\". Set it to true or false, or unset it.");
                Err(Failure::error(format!("Invalid value of {name}"), detail))
            }
        }
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
        let Sandboxed { providers, clock } = self.sandbox_host()?.open(&options)?;
        Ok(Sandboxed { providers: self.reading_states(providers), clock })
    }

    /// Providers that read the states of other configurations from the backends of this program.
    #[must_use]
    pub fn reading_states(&self, providers: Providers) -> Providers {
        self.reading(providers, Remote::default())
    }

    /// The same for a run of a configuration, which says how those states are encrypted.
    ///
    /// # Errors
    /// When what it says is not usable.
    pub fn reading_states_of(&self, providers: Providers, config: &Config) -> Result<Providers, Failure> {
        Ok(self.reading(providers, self.encryption(config)?.remote))
    }

    fn reading(&self, providers: Providers, encryption: Remote) -> Providers {
        let (kinds, directory) = (self.backends.clone(), self.host.base.clone());
        providers.with_backends(Backends { kinds, directory, surroundings: self.surroundings(), encryption })
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
    pub fn install_modules(&self, update: Update, given: Vec<VariableInput>) -> Result<Config, Failure> {
        let (inputs, sources) = (self.inputs(given), SourceMap::default());
        let (config, found) =
            load_with(&self.host, Path::new("."), &self.modules(update), sources, Given::Inputs(&inputs));
        if found.has_errors() { Err(Failure::about(found, &config)) } else { Ok(config) }
    }

    /// The configuration of the directory, read only as far as a command without a plan needs it: for the backend.
    #[must_use]
    pub fn config(&self) -> Config {
        let (config, _) = smform_lang::config::load(&self.host, Path::new("."), &LocalModules);
        config
    }

    /// The same for a command that needs it in order, though it looks at nothing but the state: a backend block cannot be
    /// relied on where the text around it is damaged.
    ///
    /// # Errors
    /// When a file of the directory is not in order. The version that it requires is for those to ask who work with it.
    pub fn sound_config(&self) -> Result<Config, Failure> {
        let (config, found) = load_root(&self.host, Path::new("."));
        let is_told = |error: &Diagnostic| error.is_error() && error.summary != WRONG_VERSION;
        let found: Diagnostics = found.into_iter().filter(is_told).collect();
        if found.is_empty() { Ok(config) } else { Err(Failure::about(found, &config)) }
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
        smform_files::replace(&path, text.as_bytes()).map_err(|error| file("write", &path, &error))
    }

    /// Writes a file that must not be there yet.
    ///
    /// # Errors
    /// As the file system reports.
    pub fn create(&self, path: &Path, text: &str) -> Result<(), Failure> {
        let path = self.path(path);
        smform_files::create(&path, text.as_bytes()).map_err(|error| file("write", &path, &error))
    }

    /// Whether a file could be written, as far as that is known before: long work should not end in a misspelt path.
    ///
    /// # Errors
    /// When its folder does not exist, or it is a folder itself.
    pub fn check_writable(&self, path: &Path) -> Result<(), Failure> {
        let whole = self.path(path);
        let detail = match whole.parent() {
            Some(folder) if !folder.is_dir() => {
                format!("{}: the folder {} does not exist.", path.display(), folder.display())
            }
            _ if whole.is_dir() => format!("{} is a folder; name a file.", path.display()),
            _ => return Ok(()),
        };
        Err(Failure::error("Cannot write file", detail))
    }

    /// What is in a file that may be anything: what is no text in it is replaced.
    ///
    /// # Errors
    /// As the file system reports.
    pub fn read_any(&self, path: &Path) -> Result<String, Failure> {
        let bytes = self.host.read(path).map_err(|error| file("read", path, &error))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
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
