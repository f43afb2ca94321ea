//! The lock file: what exactly was fetched for each source, so that another machine fetches the same.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use smform_lang::config::module_source::Package;

use crate::Failure;
use crate::files;

/// The name of the file, beside the configuration. It belongs into version control.
pub(crate) const FILE: &str = ".terraform.modules.lock.json";

/// What was fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Locked {
    /// The commit of a Git repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The digest of an archive, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// The content of the file.
#[derive(Default, Deserialize, Serialize)]
pub(crate) struct Lock {
    version: u32,
    modules: BTreeMap<String, Locked>,
}

impl Lock {
    /// The file of a configuration; empty when there is none.
    pub fn read(base: &Path) -> Result<Lock, Failure> {
        let path = base.join(FILE);
        match fs::read(&path) {
            // Made, and never written: the machine stopped in between.
            Ok(bytes) if bytes.is_empty() => Ok(Lock::default()),
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
                Failure::new(format!(
                    "{} is not a lock file of modules: {error}. Restore or remove it.",
                    path.display()
                ))
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Lock::default()),
            Err(error) => Err(files::at(&path, &error)),
        }
    }

    /// What was fetched under a name before.
    pub fn get(&self, name: &str) -> Option<Locked> {
        self.modules.get(name).cloned()
    }

    /// Notes what was fetched under a name. A directory has nothing to note.
    pub fn write(base: &Path, name: &str, locked: Locked) -> Result<(), Failure> {
        let mut lock = Lock::read(base)?;
        if locked == Locked::default() || lock.modules.get(name) == Some(&locked) {
            return Ok(());
        }
        lock.version = 1;
        lock.modules.insert(name.to_owned(), locked);
        let text = serde_json::to_string_pretty(&lock).map_err(|error| Failure::new(format!("{error}.")))?;
        files::replace(&base.join(FILE), &format!("{text}\n"))
    }
}

/// What a package is called in the lock file and in messages: its source, without credentials.
pub(crate) fn name(package: &Package) -> String {
    let settings = package.settings.iter().filter(|(key, _)| key != "sshkey").cloned().collect();
    Package { address: open_address(package), settings, ..package.clone() }.to_string()
}

/// The address of a package, without credentials.
pub(crate) fn open_address(package: &Package) -> String {
    match url::Url::parse(&package.address) {
        Ok(mut url) if url.password().is_some() => {
            // Neither can fail for a URL that has a password.
            let _ = url.set_password(None);
            let _ = url.set_username("");
            url.to_string()
        }
        _ => package.address.clone(),
    }
}
