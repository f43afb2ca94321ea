//! The state of a command: workspace, backend, and the lock that is held while it is open.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use smform_engine::plan::stored::Stored;
use smform_engine::workflow::backend::{self, Configured};
use smform_engine::workflow::encryption::{self, Encryption};
use smform_engine::workflow::state::decode;
use smform_lang::config::Config;
use smform_state::backend::DEFAULT_WORKSPACE;
use smform_state::encryption::backend::{EncryptedBackend, EncryptedWorkspaces};
use smform_state::encryption::service::KeyServiceKind;
use smform_state::encryption::{Target, is_encrypted};
use smform_state::kind::Surroundings;
use smform_state::lock::LockInfo;
use smform_state::{Backend, Held, LocalBackend, LocalWorkspaces, State, StateError, Store, Workspaces, store};
use smform_types::{Diagnostics, Span};

use crate::args::{StateFile, StateLock, Written};
use crate::background;
use crate::errors::{Failure, file};
use crate::initialized::{Initialized, check};
use crate::session::Session;

/// After so long, the user is told that a lock is waited for.
const PATIENCE: Duration = Duration::from_millis(400);

fn interrupted() -> Failure {
    Failure::error("Interrupted", "The state was not opened. Nothing was changed.")
}

impl Session {
    /// The folder for what is kept of a configuration: `.terraform`, or what `TF_DATA_DIR` says.
    #[must_use]
    pub fn data_directory(&self) -> PathBuf {
        self.path(self.variable("TF_DATA_DIR").unwrap_or(".terraform"))
    }

    /// The file that holds the name of the selected workspace. The sandbox has one of its own, as it has states of its own:
    /// a workspace that is selected there may not exist elsewhere.
    fn selection(&self, sandbox: bool) -> PathBuf {
        self.data_directory().join(if sandbox { "environment.sandbox" } else { "environment" })
    }

    /// The workspace: that of the environment, else the one that was selected, in the sandbox or outside of it, else
    /// `default`.
    ///
    /// # Errors
    /// When the name could lead out of the folder of workspaces.
    pub fn workspace(&self, sandbox: bool) -> Result<String, Failure> {
        let sandbox = self.in_sandbox(sandbox);
        let name = match self.variable("TF_WORKSPACE") {
            Some(name) => name.to_owned(),
            None => std::fs::read_to_string(self.selection(sandbox)).unwrap_or_default().trim().to_owned(),
        };
        if name.is_empty() {
            return Ok(DEFAULT_WORKSPACE.to_owned());
        }
        valid_workspace(&name)?;
        Ok(name)
    }

    /// Makes a workspace the selected one.
    ///
    /// # Errors
    /// As the file system reports.
    pub fn select_workspace(&self, name: &str, sandbox: bool) -> Result<(), Failure> {
        let path = self.selection(self.in_sandbox(sandbox));
        let written = smform_files::make_folder(&self.data_directory())
            .and_then(|()| smform_files::replace(&path, name.as_bytes()));
        written.map_err(|error| file("write", &path, &error))
    }

    /// What backends may know of this machine.
    #[must_use]
    pub fn surroundings(&self) -> Surroundings {
        Surroundings { data: self.data_directory(), environment: self.environment.clone() }
    }

    /// The backend of the configuration, as `init` settled it or as the block says.
    ///
    /// # Errors
    /// When it is not usable, or is another one than was initialized, so that a state could be left behind.
    pub fn configured(&self, config: &Config) -> Result<Configured, Failure> {
        let said = backend::configured(config, &self.backends).map_err(|found| Failure::about(found, config))?;
        let initialized = Initialized::read(&self.data_directory(), &self.backends)?;
        let default = backend::local(&Configured::default().settings, &self.host.base);
        let span: Option<Span> = said.span;
        check(said, initialized, &default, &self.host.base)
            .map_err(|error| Failure::about(error.at(span).into(), config))
    }

    /// The backend that a run is about to use without that `init` has settled it, where it is another than without a block: once
    /// there is a state in it, that must be remembered, so that a change of the block cannot leave the state behind.
    ///
    /// # Errors
    /// As [`Session::configured`].
    pub fn unsettled(&self, config: &Config, state: &StateFile) -> Result<Option<Configured>, Failure> {
        if self.in_sandbox(state.sandbox) || state.path.is_some() {
            return Ok(None);
        }
        let configured = self.configured(config)?;
        let is_known = Initialized::read(&self.data_directory(), &self.backends)?.is_some();
        let files = |settings| {
            let local = backend::local(settings, &self.host.base);
            (local.path, local.folder)
        };
        let is_default =
            configured.kind == backend::LOCAL && files(&configured.settings) == files(&Configured::default().settings);
        Ok(Some(configured).filter(|_| !is_default && !is_known))
    }

    /// The state of the selected workspace where the block of the configuration says, whether `init` has settled that or not;
    /// nothing where the state is somewhere else whatever the block says.
    ///
    /// # Errors
    /// When the backend is not usable.
    pub fn wanted_backend(&self, config: &Config, state: &StateFile) -> Result<Option<Arc<dyn Backend>>, Failure> {
        if self.in_sandbox(state.sandbox) || state.path.is_some() {
            return Ok(None);
        }
        let mut said = backend::configured(config, &self.backends).map_err(|found| Failure::about(found, config))?;
        if let Some(initialized) = Initialized::read(&self.data_directory(), &self.backends)? {
            initialized.complete(&mut said);
        }
        Ok(Some(self.open_backend(&said, config)?.state(&self.workspace(false)?)?))
    }

    /// Remembers a backend as `init` does.
    ///
    /// # Errors
    /// As the file system reports.
    pub fn settle(&self, configured: &Configured) -> Result<(), Failure> {
        Initialized::write(&self.data_directory(), configured, configured, &self.backends)
    }

    /// The states of all workspaces. In the sandbox they are files of their own, wherever the real ones are: what is
    /// recorded there must never be mistaken for what exists.
    ///
    /// # Errors
    /// When the backend is not usable.
    pub fn workspaces(&self, config: &Config, state: &StateFile) -> Result<Arc<dyn Workspaces>, Failure> {
        if self.in_sandbox(state.sandbox) {
            let said = backend::configured(config, &self.backends).unwrap_or_default();
            let local = if said.kind == backend::LOCAL { said } else { Configured::default() };
            let files = self.sandbox_files(&local);
            // A key of a service is not asked for either: nothing outside of this machine is reached.
            let works_elsewhere = || self.encryption(config).is_ok();
            let target = self.encryption_by(config, &[]);
            let target = target.map_err(|failure| if works_elsewhere() { only_here(failure) } else { failure })?.state;
            return Ok(encrypted(Arc::new(files), target));
        }
        self.open_backend(&self.configured(config)?, config)
    }

    /// The files of the sandbox, beside those that a backend `local` would have.
    fn sandbox_files(&self, local: &Configured) -> LocalWorkspaces {
        let files = backend::local(&local.settings, &self.host.base);
        LocalWorkspaces {
            path: files.path.with_extension("sandbox.tfstate"),
            folder: sandbox_folder(&files.folder),
            name: "terraform.sandbox.tfstate".to_owned(),
        }
    }

    /// The states that a configured backend keeps.
    ///
    /// # Errors
    /// When the backend is not usable.
    pub fn open_backend(&self, configured: &Configured, config: &Config) -> Result<Arc<dyn Workspaces>, Failure> {
        let opened = backend::open(configured, &self.backends, &self.host.base, &self.surroundings());
        let opened = opened.map_err(|found| Failure::about(found, config))?;
        Ok(encrypted(opened, self.encryption(config)?.state))
    }

    /// What is encrypted, and how: as the configuration and the environment say.
    ///
    /// # Errors
    /// When what they say is not usable.
    pub fn encryption(&self, config: &Config) -> Result<Encryption, Failure> {
        self.encryption_by(config, &self.key_services)
    }

    fn encryption_by(&self, config: &Config, services: &[Arc<dyn KeyServiceKind>]) -> Result<Encryption, Failure> {
        encryption::configured(config, self.variable(encryption::VARIABLE), services)
            .map_err(|(diagnostics, sources)| Failure { diagnostics, sources })
    }

    /// The state in a file, encrypted where that is asked for, and what is written beside it.
    ///
    /// # Errors
    /// When the encryption is not usable.
    pub fn state_file(&self, path: PathBuf, written: &Written, config: &Config) -> Result<Arc<dyn Backend>, Failure> {
        let file = match &written.state_out {
            // What is written in the sandbox is never mistaken for what exists.
            Some(out) if path.to_string_lossy().ends_with(".sandbox.tfstate") => {
                LocalBackend::new(self.path(out).with_extension("sandbox.tfstate")).read_from(path)
            }
            Some(out) => LocalBackend::new(self.path(out)).read_from(path),
            None => LocalBackend::new(path),
        };
        let file = match &written.copy.backup {
            None if written.timestamped => {
                // As Terraform names them: these are never replaced.
                let time = jiff::Timestamp::try_from(self.clock.now()).unwrap_or_default().as_second();
                let mut name = file.path().as_os_str().to_owned();
                name.push(format!(".{time}.backup"));
                file.backed_up_to(Some(name.into()))
            }
            None => file,
            Some(backup) => file.backed_up_to(Some(self.path(backup)).filter(|_| backup.as_os_str() != "-")),
        };
        Ok(match self.encryption(config)?.state {
            Some(target) => Arc::new(EncryptedBackend::new(Arc::new(file), target)),
            None => Arc::new(file),
        })
    }

    /// A state that a user names, in clear.
    ///
    /// # Errors
    /// When it is encrypted and cannot be decrypted.
    pub fn clear_state(&self, text: String, name: &Path) -> Result<String, Failure> {
        if !is_encrypted(text.as_bytes()) {
            return Ok(text);
        }
        decrypted(text, name, self.encryption(&self.config())?.state.as_deref(), "state")
    }

    /// Reads a saved plan, decrypted where that is asked for.
    ///
    /// # Errors
    /// When it cannot be read or decrypted.
    pub fn read_plan(&self, path: &Path) -> Result<String, Failure> {
        // Plans of Terraform are no text; what they are is told by who reads plans.
        let text = self.read_any(path)?;
        if is_zip(&text) {
            return Ok(text);
        }
        decrypted(text, path, self.encryption(&self.config())?.plan.as_deref(), "plan")
    }

    /// Writes a saved plan, encrypted where that is asked for.
    ///
    /// # Errors
    /// When it cannot be encrypted or written.
    pub fn write_plan(&self, path: &Path, text: &str, config: &Config) -> Result<(), Failure> {
        let Some(target) = self.encryption(config)?.plan else { return self.write(path, text) };
        let failed = |reason: String| Failure::error("Cannot encrypt plan", format!("{}: {reason}.", path.display()));
        let sealed = target.encrypt(text.as_bytes()).map_err(failed)?;
        self.write(path, &String::from_utf8_lossy(&sealed))
    }

    /// The state of the selected workspace; a file that the user names goes first.
    ///
    /// # Errors
    /// When the backend is not usable.
    pub fn backend(&self, config: &Config, state: &StateFile) -> Result<Arc<dyn Backend>, Failure> {
        if let Some(path) = &state.path {
            let path = self.path(path);
            let path = if self.in_sandbox(state.sandbox) { path.with_extension("sandbox.tfstate") } else { path };
            return self.state_file(path, &state.written, config);
        }
        let backend = self.workspaces(config, state)?.state(&self.workspace(state.sandbox)?)?;
        let written = &state.written;
        let named = written.state_out.is_some() || written.copy.backup.is_some();
        if !named && !written.timestamped {
            return Ok(backend);
        }
        if self.in_sandbox(state.sandbox) || self.configured(config)?.kind == backend::LOCAL {
            return self.state_file(backend.place(), written, config);
        }
        if !named {
            return Ok(backend);
        }
        let detail = "-state-out and -backup are about states in files, and this one is elsewhere. Leave them out.";
        Err(Failure::error("Incompatible options", detail))
    }

    /// Reads a state without locking it, and decodes what can be decoded.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read_state(&self, state: &StateFile) -> Result<(State, Stored, Diagnostics), Failure> {
        let backend = self.backend(&self.sound_config()?, state)?;
        let state = store::read(backend.as_ref())?;
        let (stored, found) = decode(&state, &[], &self.providers);
        Ok((state, stored, found))
    }

    /// Opens a state, locked if so asked. When that takes long, `waiting` is called once.
    ///
    /// # Errors
    /// When it is locked by another run, or cannot be read.
    pub async fn open_state(
        &self,
        backend: Arc<dyn Backend>,
        lock: &StateLock,
        operation: &str,
        waiting: impl FnOnce(),
    ) -> Result<Store, Failure> {
        self.open_by(false, backend, lock, operation, waiting).await
    }

    async fn open_by(
        &self,
        may_be_damaged: bool,
        backend: Arc<dyn Backend>,
        lock: &StateLock,
        operation: &str,
        waiting: impl FnOnce(),
    ) -> Result<Store, Failure> {
        let info = self.lock_info(operation, &backend.place());
        let held = match lock.lock {
            true => Some(self.hold(&backend, &info, lock.lock_timeout, waiting).await?),
            false => None,
        };
        // What takes long here is no lock: a key that is derived, or the way to a bucket.
        let opened = background::see_through(move || Store::open_held(backend, held, may_be_damaged)).await;
        if self.cancel.is_cancelled() {
            background::see_through(move || drop(opened)).await;
            return Err(interrupted());
        }
        Ok(opened.ok_or_else(interrupted)??)
    }

    /// Locks a state, trying again until `timeout` has passed. When that takes long, `waiting` is called once. A try that is under
    /// way when the user asks to stop is seen through: what it gets is given back, as nobody else would do that.
    async fn hold(
        &self,
        backend: &Arc<dyn Backend>,
        info: &LockInfo,
        timeout: Duration,
        waiting: impl FnOnce(),
    ) -> Result<Box<dyn Held>, Failure> {
        let told = tokio::time::sleep(PATIENCE);
        tokio::pin!(told);
        let mut waiting = Some(waiting);
        let mut pauses = smform_state::lock::pauses(timeout);
        loop {
            let (place, holder) = (Arc::clone(backend), info.clone());
            let attempt = background::see_through(move || place.lock(&holder, Duration::ZERO));
            tokio::pin!(attempt);
            let held = tokio::select! {
                held = &mut attempt => held,
                () = &mut told, if waiting.is_some() => {
                    if let Some(waiting) = waiting.take() {
                        waiting();
                    }
                    attempt.await
                }
            };
            if self.cancel.is_cancelled() {
                background::see_through(move || drop(held)).await;
                return Err(interrupted());
            }
            let pause = match &held {
                Some(Err(StateError::Locked(_))) => pauses.next(),
                _ => None,
            };
            let Some(pause) = pause else { return Ok(held.ok_or_else(interrupted)??) };
            let mut paused = std::pin::pin!(tokio::time::sleep(pause));
            loop {
                tokio::select! {
                    () = &mut paused => break,
                    () = self.cancel.cancelled() => return Err(interrupted()),
                    () = &mut told, if waiting.is_some() => {
                        if let Some(waiting) = waiting.take() {
                            waiting();
                        }
                    }
                }
            }
        }
    }

    /// Opens the state of the selected workspace for a command that changes the record alone.
    ///
    /// # Errors
    /// As [`Session::open_state`].
    pub async fn open_for(&self, state: &StateFile, lock: &StateLock, operation: &str) -> Result<Store, Failure> {
        let backend = self.backend(&self.sound_config()?, state)?;
        self.open_state(backend, lock, operation, || self.console.err(WAITING)).await
    }

    /// The same for a command that puts something else in the place of what is stored, be that damaged.
    ///
    /// # Errors
    /// As [`Session::open_state`].
    pub async fn open_to_replace(
        &self,
        state: &StateFile,
        lock: &StateLock,
        operation: &str,
    ) -> Result<Store, Failure> {
        let backend = self.backend(&self.sound_config()?, state)?;
        self.open_by(true, backend, lock, operation, || self.console.err(WAITING)).await
    }

    /// Sets aside what is stored and is no state, which is about to be replaced, and says where it is.
    ///
    /// # Errors
    /// When it cannot be saved.
    pub fn set_damaged_aside(&self, store: &mut Store) -> Result<(), Failure> {
        if let Some(path) = store.set_damaged_aside()? {
            self.console.out(&format!("What was stored is no state any more. It was saved to {}.\n", path.display()));
        }
        Ok(())
    }

    /// Where the sandbox had the state of a workspace before, if there still is one and none is where it is looked for now:
    /// nobody asks `init` to take it along. Where there is one is remembered.
    ///
    /// # Errors
    /// As the file system reports.
    pub fn left_in_sandbox(&self, workspace: &str, store: &Store) -> Result<Option<PathBuf>, Failure> {
        let path = self.data_directory().join("states.sandbox.json");
        let read = std::fs::read(&path).ok();
        let mut known: BTreeMap<String, PathBuf> =
            read.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        // Only what is not where it is without a backend block needs remembering.
        let usual = self.sandbox_files(&Configured::default()).state(workspace)?.place();
        let (place, before) = (store.place(), known.get(workspace).cloned().unwrap_or(usual));
        if before == place {
            return Ok(None);
        }
        if store.is_missing() {
            return Ok(Some(before).filter(|before| std::fs::metadata(before).is_ok_and(|file| file.len() > 0)));
        }
        known.insert(workspace.to_owned(), place);
        let text = serde_json::to_vec(&known).unwrap_or_default();
        let written =
            smform_files::make_folder(&self.data_directory()).and_then(|()| smform_files::replace(&path, &text));
        written.map_err(|error| file("write", &path, &error))?;
        Ok(None)
    }

    /// Why nothing is recorded where a state is looked for, and where something is.
    #[must_use]
    pub fn nothing_recorded(&self, file: &StateFile) -> String {
        let (config, sandbox) = (self.config(), self.in_sandbox(file.sandbox));
        let flag = if sandbox { " -sandbox" } else { "" };
        let mut said = Vec::new();
        if let Ok(backend) = self.backend(&config, file) {
            if backend.kept().is_ok_and(|kept| !kept.is_empty()) {
                said.push(format!(
                    "There is no state in {}, but earlier ones of it are kept: list them with `smform state history{flag}`, and \
                     bring one back with `smform state rollback{flag} SERIAL`.",
                    backend.place().display()
                ));
            }
            if backend.journal().exists() || backend.announced().is_ok_and(|begun| !begun.is_empty()) {
                said.push("A run was cut off, and what it had begun is on record: an apply follows it up.".to_owned());
            }
        }
        if !sandbox && file.path.is_none() {
            let there = StateFile { sandbox: true, ..file.clone() };
            let place = self.backend(&config, &there).map(|backend| backend.place());
            if place.is_ok_and(|place| std::fs::metadata(place).is_ok_and(|file| file.len() > 0)) {
                said.push("There is a state of the sandbox: give -sandbox.".to_owned());
            }
        }
        if said.is_empty() {
            said.push("Nothing was recorded here yet: run an apply first.".to_owned());
        }
        format!(
            "{} If the state is elsewhere, see the directory, the workspace, the backend, and -state.",
            said.join(" ")
        )
    }

    /// What a lock says of its holder.
    #[must_use]
    pub fn lock_info(&self, operation: &str, place: &Path) -> LockInfo {
        let now = jiff::Timestamp::try_from(self.clock.now()).unwrap_or_default();
        LockInfo {
            version: self.version.to_owned(),
            created: now.to_string(),
            path: place.display().to_string(),
            ..LockInfo::of_process(operation, &format!("smform {}", self.command))
        }
    }
}

/// Where the sandbox has the states of its workspaces. A workspace is a folder: one for both would be listed on both sides,
/// and to delete it here would delete the real state.
fn sandbox_folder(folder: &Path) -> PathBuf {
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    folder.with_file_name(format!("{}.sandbox.tfstate.d", name.strip_suffix(".tfstate.d").unwrap_or(&name)))
}

/// Says of an encryption that does not work in the sandbox what does.
fn only_here(mut failure: Failure) -> Failure {
    failure.diagnostics = failure.diagnostics.map(|mut error| {
        error.detail.push_str(
            " In the sandbox no key service is asked. TF_ENCRYPTION can name another method there, such as\n\nmethod \
             \"unencrypted\" \"plain\" {}\nstate { method = method.unencrypted.plain }",
        );
        error
    });
    failure
}

/// States, encrypted where that is asked for.
fn encrypted(states: Arc<dyn Workspaces>, target: Option<Arc<Target>>) -> Arc<dyn Workspaces> {
    match target {
        Some(target) => Arc::new(EncryptedWorkspaces::new(states, target)),
        None => states,
    }
}

/// Whether a file is an archive, as the plans of Terraform are.
#[must_use]
pub fn is_zip(text: &str) -> bool {
    text.starts_with("PK\u{3}\u{4}")
}

/// Decrypts a file by the target for files of its kind; without a target it must be in clear.
fn decrypted(text: String, path: &Path, target: Option<&Target>, kind: &str) -> Result<String, Failure> {
    let refused = |reason: &str| {
        let detail = format!("{}: {reason}. Nothing was changed.", path.display());
        Failure::error(format!("Cannot decrypt {kind}"), detail)
    };
    match target {
        Some(target) => {
            let clear = target.decrypt(text.as_bytes()).map_err(|reason| refused(&reason))?;
            String::from_utf8(clear).map_err(|_| refused("what was encrypted is not text"))
        }
        None if is_encrypted(text.as_bytes()) => {
            let reason = format!(
                "it is encrypted, and the configuration has no encryption block with a {kind} block. Give the one that it \
                 was written with, or TF_ENCRYPTION"
            );
            Err(refused(&reason))
        }
        None => Ok(text),
    }
}

/// What is said when a lock is waited for.
pub const WAITING: &str = "Acquiring state lock. This may take a few moments...\n";

/// Refuses names that could lead out of the folder of workspaces, or that Terraform would refuse.
///
/// # Errors
/// When the name is not usable.
pub fn valid_workspace(name: &str) -> Result<(), Failure> {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "-_.~$&+=:@".contains(c);
    if !name.is_empty() && !name.starts_with('.') && name.chars().all(is_safe) {
        return Ok(());
    }
    let detail = format!(
        "The workspace name \"{name}\" is not allowed. A name has letters, digits and any of - _ . ~ $ & + = : @, and does \
         not begin with a dot."
    );
    Err(Failure::error("Invalid workspace name", detail))
}
