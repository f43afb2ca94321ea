//! What a command may know of the world. Nothing else in this crate reads the environment, the clock or the terminal.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use smform_engine::providers::Providers;
use smform_provider::Clock;
use smform_state::encryption::service::KeyServiceKind;
use smform_state::kind::Kind;
use smform_types::Diagnostic;
use tokio_util::sync::CancellationToken;

use crate::terminal::Terminal;

/// The world of one command.
pub struct World {
    /// The providers that work against the real services.
    pub providers: Providers,
    /// Real time.
    pub clock: Arc<dyn Clock>,
    /// Where to read and write.
    pub terminal: Terminal,
    /// The environment variables.
    pub environment: BTreeMap<String, String>,
    /// The working directory, absolute.
    pub working_directory: PathBuf,
    /// Set when the user asks to stop (the first interrupt).
    pub cancel: CancellationToken,
    /// What the second interrupt says.
    pub last_words: LastWords,
    /// The sandbox, where the binary has one.
    pub sandbox: Option<Arc<dyn SandboxHost>>,
    /// The backends that the binary brings along, besides `local`.
    pub backends: Vec<Arc<dyn Kind>>,
    /// The key services that the binary brings along, for the encryption of states.
    pub key_services: Vec<Arc<dyn KeyServiceKind>>,
    /// The version of the program.
    pub version: &'static str,
}

/// What is to be said when the process is ended in the middle of its work (the second interrupt).
#[derive(Clone, Default)]
pub struct LastWords(Arc<Mutex<Words>>);

#[derive(Default)]
enum Words {
    /// Nothing is being applied.
    #[default]
    Idle,
    /// Something is.
    Speech(Box<dyn Fn() + Send>),
    /// It is over, and the process about to end by itself.
    Over,
}

impl LastWords {
    /// From now on, these.
    pub fn prepare(&self, speech: impl Fn() + Send + 'static) {
        self.become_these(Words::Speech(Box::new(speech)));
    }

    /// All that was to be done is done and on record, and only to be told of: nothing is left to cut off.
    pub fn done(&self) {
        self.become_these(Words::Over);
    }

    fn become_these(&self, words: Words) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = words;
    }

    /// Says them. Where none are prepared, nothing is being applied, and that is said. Returns whether the process is to be
    /// ended: not where it is about to end by itself, with the report of what it did.
    #[must_use]
    pub fn say(&self) -> bool {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Words::Speech(speech) => speech(),
            // Nobody may be reading any more; the process ends either way.
            Words::Idle => {
                _ = writeln!(std::io::stderr(), "Interrupted twice: ended at once. Nothing was being applied.")
            }
            Words::Over => return false,
        }
        true
    }
}

/// How a sandbox is opened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SandboxOptions {
    /// The file that holds its world.
    pub file: PathBuf,
    /// Virtual seconds per real second; as the file says, or the host's default, when absent.
    pub speed: Option<f64>,
    /// A file with a script of faults.
    pub faults: Option<PathBuf>,
}

/// What a run uses in place of the real services.
pub struct Sandboxed {
    /// The same providers, over the sandbox.
    pub providers: Providers,
    /// The sandbox's time.
    pub clock: Arc<dyn Clock>,
}

/// The sandbox, as the binary provides it.
#[async_trait]
pub trait SandboxHost: Send + Sync {
    /// Opens it in this process.
    ///
    /// # Errors
    /// When the file is in use or damaged, or the options are not usable.
    fn open(&self, options: &SandboxOptions) -> Result<Sandboxed, Diagnostic>;

    /// Serves it over loopback until `cancel` is set. `ready` is called once with the address.
    ///
    /// # Errors
    /// As [`SandboxHost::open`], and when the address cannot be listened on.
    async fn serve(
        &self,
        listen: SocketAddr,
        options: &SandboxOptions,
        ready: &(dyn Fn(SocketAddr) + Send + Sync),
        cancel: CancellationToken,
    ) -> Result<(), Diagnostic>;
}
