//! Fetches modules that are not on this machine: from Git repositories, from archives on web servers, from archives and
//! directories elsewhere.
//!
//! Each goes below `.terraform/modules`, where Terraform would put it, into a folder named for its call, and is listed in
//! `modules.json` there: from then on [`LocalModules`] finds it, in a folder that either program has prepared. What
//! exactly was fetched (the commit, the digest) goes into a lock file beside the configuration, so that another machine
//! fetches the same.

mod archive;
mod files;
mod git;
mod lock;
mod manifest;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use smform_lang::config::module_source::{ModuleSource, Package, PackageKind, is_archive};
use smform_lang::config::{LocalModules, MODULES, ModuleRequest, ModuleResolver, manifest_key};
use smform_types::Diagnostic;

use files::Staging;
use lock::{Lock, Locked};
pub use manifest::Listed;

/// How many times a server may send on to another source.
const MAX_HOPS: usize = 5;

/// What to do with modules that were fetched before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// Use them; fetch what is missing, as the lock file says.
    Missing,
    /// Fetch everything anew, and write what that is into the lock file.
    All,
}

/// Finds modules, and fetches those that are missing.
pub struct Installer {
    base: PathBuf,
    update: Update,
    tell: Box<dyn Fn(&str) + Send + Sync>,
    /// What this run has fetched already, and where it is.
    fetched: Mutex<BTreeMap<String, PathBuf>>,
}

/// Why a module could not be fetched, as sentences for the user.
#[derive(Debug)]
struct Failure(String);

impl Failure {
    fn new(text: impl Into<String>) -> Failure {
        Failure(text.into())
    }
}

/// What was fetched, or where the server says to look instead.
enum Fetched {
    Here(Locked),
    Elsewhere(String),
}

impl Installer {
    /// An installer for the configuration in `base`. `tell` is given a line for each module that is fetched.
    #[must_use]
    pub fn new(base: &Path, update: Update, tell: impl Fn(&str) + Send + Sync + 'static) -> Installer {
        Installer { base: base.to_owned(), update, tell: Box::new(tell), fetched: Mutex::default() }
    }

    /// Fetches a package for a call, and lists it.
    fn install(&self, request: &ModuleRequest<'_>, package: &Package) -> Result<(), Failure> {
        let key = manifest_key(request.address);
        let name = lock::name(&package.fetched());
        (self.tell)(&format!("Fetching {name} for module {key}..."));
        let staging = Staging::new(&self.base.join(MODULES))?;
        let before = self.fetched.lock().ok().and_then(|fetched| fetched.get(&name).cloned());
        match before {
            Some(same) => files::copy(&same, staging.path())?,
            None => {
                let lock = Lock::read(&self.base)?;
                let locked = if self.update == Update::All { None } else { lock.get(&name) };
                let locked = self.fetch(request.directory, package, locked.as_ref(), staging.path())?;
                Lock::write(&self.base, &name, locked)?;
            }
        }
        let inner = package.directory.as_deref().unwrap_or("");
        if !staging.path().join(inner).is_dir() {
            return Err(Failure::new(format!("There is no directory \"{inner}\" in {name}.")));
        }
        let target = staging.put(&key)?;
        if let Ok(mut fetched) = self.fetched.lock() {
            fetched.insert(name, target);
        }
        let directory = format!("{MODULES}/{key}/{inner}");
        manifest::add(&self.base, &key, &package.to_string(), directory.trim_end_matches('/'))
    }

    /// Fetches a package; `from` is the directory that names it.
    fn fetch(&self, from: &Path, package: &Package, locked: Option<&Locked>, into: &Path) -> Result<Locked, Failure> {
        let mut package = package.clone();
        for _ in 0..MAX_HOPS {
            let fetched = match package.kind {
                PackageKind::Git => Fetched::Here(git::fetch(&package, locked, into)?),
                PackageKind::Http => archive::fetch(&package, locked, into)?,
                PackageKind::File => Fetched::Here(self.local_package(from, &package, locked, into)?),
            };
            match fetched {
                Fetched::Here(locked) => return Ok(locked),
                Fetched::Elsewhere(source) => match ModuleSource::parse(&source) {
                    Ok(ModuleSource::Package(next)) if next.kind != PackageKind::File => package = next,
                    _ => {
                        return Err(Failure::new(format!(
                            "The server sends on to {source:?}, which cannot be fetched."
                        )));
                    }
                },
            }
        }
        Err(Failure::new("The server sends on to another address again and again."))
    }

    /// An archive or directory of this machine.
    fn local_package(
        &self,
        from: &Path,
        package: &Package,
        locked: Option<&Locked>,
        into: &Path,
    ) -> Result<Locked, Failure> {
        let path = self.base.join(from).join(&package.address);
        if is_archive(&package.address) {
            return archive::unpack_file(&path, package, locked, into);
        }
        files::copy(&path, into)?;
        Ok(Locked::default())
    }
}

/// Lists all modules of the configuration in `base`, fetched or not, in `modules.json`: other programs look for them
/// there. Returns those that were not listed before.
///
/// # Errors
/// When the list cannot be read or written.
pub fn list(base: &Path, modules: &[Listed]) -> Result<Vec<Listed>, Diagnostic> {
    let failed = |Failure(detail)| Diagnostic::error("Failed to update module manifest", detail);
    manifest::list(base, modules).map_err(failed)
}

/// Takes the modules of this machine off the list, so that [`list`] finds them new. What was fetched stays.
///
/// # Errors
/// When the list cannot be read or written.
pub fn forget(base: &Path) -> Result<(), Diagnostic> {
    manifest::forget(base).map_err(|Failure(detail)| Diagnostic::error("Failed to update module manifest", detail))
}

/// Copies a module into `into`, which must be there: the folder that a local source names, or a package that is fetched.
///
/// # Errors
/// When it cannot be had.
pub fn copy(
    base: &Path,
    source: &str,
    into: &Path,
    tell: impl Fn(&str) + Send + Sync + 'static,
) -> Result<(), Diagnostic> {
    let failed = |Failure(detail)| Diagnostic::error("Failed to download module", detail);
    match ModuleSource::parse(source) {
        Err(detail) => Err(Diagnostic::error("Invalid module source address", detail)),
        Ok(ModuleSource::Local(path)) => {
            // `folder//inner`: what is copied is the inner one.
            let path = base.join(path.replace("//", "/"));
            files::copy(&path, into).map_err(failed)
        }
        Ok(ModuleSource::Registry(..)) => Err(Diagnostic::error(
            "Failed to download module",
            "smform does not ask module registries. Name the Git repository of the module instead.",
        )),
        Ok(ModuleSource::Package(package)) => {
            let staging = tempfile::tempdir().map_err(|error| failed(Failure::new(format!("{error}."))))?;
            Installer::new(base, Update::All, tell)
                .fetch(Path::new(""), &package, None, staging.path())
                .map_err(failed)?;
            let inner = staging.path().join(package.directory.as_deref().unwrap_or_default());
            files::copy(&inner, into).map_err(failed)
        }
    }
}

impl ModuleResolver for Installer {
    fn resolve(&self, request: &ModuleRequest<'_>) -> Result<PathBuf, Diagnostic> {
        let found = LocalModules.resolve(request);
        let Ok(ModuleSource::Package(package)) = ModuleSource::parse(request.source) else { return found };
        if request.version.is_some() || found.is_ok() && self.update == Update::Missing {
            return found;
        }
        self.install(request, &package)
            .map_err(|Failure(detail)| Diagnostic::error("Failed to download module", detail))?;
        LocalModules.resolve(request)
    }
}
