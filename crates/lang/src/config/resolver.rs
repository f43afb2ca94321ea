//! Where the source of a `module` block is found.

use std::path::{Component, Path, PathBuf};

use serde_json::Value as Json;
use smform_types::{Diagnostic, ModuleAddress};

use super::module_source::ModuleSource;
use crate::source::Host;

/// Where Terraform, and smform, put modules that were fetched: a folder for each, and a list of them.
pub const MODULES: &str = ".terraform/modules";

/// The list of modules in [`MODULES`].
pub const MANIFEST: &str = ".terraform/modules/modules.json";

/// The summary of the error for a module that would have to be fetched.
pub const NOT_INSTALLED: &str = "Module not installed";

/// A call whose module is wanted.
#[derive(Clone, Copy)]
pub struct ModuleRequest<'a> {
    /// Files.
    pub host: &'a dyn Host,
    /// The address that the module will have.
    pub address: &'a ModuleAddress,
    /// The directory of the calling module.
    pub directory: &'a Path,
    /// The source as written.
    pub source: &'a str,
    /// The version constraint as written.
    pub version: Option<&'a str>,
}

/// Who finds modules.
pub trait ModuleResolver {
    /// The directory of a module.
    ///
    /// # Errors
    /// When it cannot be had, as a message for the user; the caller adds the place.
    fn resolve(&self, request: &ModuleRequest<'_>) -> Result<PathBuf, Diagnostic>;
}

/// Modules on this machine: those beside the calling one (`./...` and `../...`), and those fetched before, by smform or
/// by Terraform.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalModules;

impl ModuleResolver for LocalModules {
    fn resolve(&self, request: &ModuleRequest<'_>) -> Result<PathBuf, Diagnostic> {
        let source = ModuleSource::parse(request.source)
            .map_err(|detail| Diagnostic::error("Invalid module source address", detail))?;
        if request.version.is_some() && !matches!(source, ModuleSource::Registry(..)) {
            return Err(Diagnostic::error(
                "Invalid registry module source address",
                "Only modules of a registry have versions. Remove \"version\"; of a Git repository, choose a tag with ?ref=.",
            ));
        }
        if let ModuleSource::Local(path) = &source {
            // Written on Windows, read anywhere.
            return Ok(normal(&request.directory.join(path.replace('\\', "/"))));
        }
        installed(request, &source).ok_or_else(|| missing(request.source, &source))
    }
}

/// The key of a module in the manifest.
#[must_use]
pub fn manifest_key(address: &ModuleAddress) -> String {
    address.0.iter().map(|name| &**name).collect::<Vec<_>>().join(".")
}

fn installed(request: &ModuleRequest<'_>, source: &ModuleSource) -> Option<PathBuf> {
    let bytes = request.host.read(Path::new(MANIFEST)).ok()?;
    let manifest: Json = serde_json::from_slice(&bytes).ok()?;
    let (key, source) = (manifest_key(request.address), source.to_string());
    let text = |entry: &Json, name: &str| entry.get(name).and_then(Json::as_str).map(str::to_owned);
    let entry =
        manifest.get("Modules")?.as_array()?.iter().find(|entry| {
            text(entry, "Key").as_ref() == Some(&key) && text(entry, "Source").as_ref() == Some(&source)
        })?;
    let directory = normal(Path::new(&text(entry, "Dir")?));
    request.host.list(&directory).is_ok().then_some(directory)
}

fn missing(written: &str, source: &ModuleSource) -> Diagnostic {
    let detail = match source {
        ModuleSource::Registry(..) => format!(
            "smform does not ask module registries. Name the Git repository of {written:?} instead, as in \
             git::https://host/repository.git?ref=v1.0.0, or copy the module beside this one. A copy that Terraform has \
             installed is used."
        ),
        _ => format!("The module {written:?} has not been fetched yet. Run smform get."),
    };
    Diagnostic::error(NOT_INSTALLED, detail)
}

/// The path without `.` and with each `..` taken together with the directory before it.
#[must_use]
pub fn normal(path: &Path) -> PathBuf {
    let mut parts: Vec<Component<'_>> = Vec::new();
    for part in path.components() {
        match (part, parts.last()) {
            (Component::CurDir, _) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                parts.pop();
            }
            (Component::ParentDir, Some(Component::RootDir)) => {}
            (part, _) => parts.push(part),
        }
    }
    if parts.is_empty() { PathBuf::from(".") } else { parts.iter().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::MemoryHost;

    fn at(host: &MemoryHost, from: &str, source: &str, version: Option<&str>) -> Result<PathBuf, String> {
        let address = ModuleAddress::root().child("a").child("b");
        let request = ModuleRequest { host, address: &address, directory: Path::new(from), source, version };
        LocalModules.resolve(&request).map_err(|error| error.summary)
    }

    #[test]
    fn local_paths_are_relative_to_the_caller() {
        let host = MemoryHost::new::<PathBuf, Vec<u8>>([]);
        assert_eq!(at(&host, "a/b", "../c/./d", None), Ok(PathBuf::from("a/c/d")));
        assert_eq!(at(&host, ".", "./c", None), Ok(PathBuf::from("c")));
        assert_eq!(at(&host, ".", "../c", None), Ok(PathBuf::from("../c")));
        assert!(at(&host, ".", "terraform-aws-modules/vpc/aws", None).is_err());
        assert!(at(&host, ".", "/abs", None).is_err());
        assert!(at(&host, ".", "./c", Some("1.0")).is_err());
    }

    #[test]
    fn what_was_installed_is_found_by_its_call_and_source() {
        let manifest = r#"{"Modules": [
            {"Key": "", "Source": "", "Dir": "."},
            {"Key": "a.b", "Source": "git::https://h/r.git//sub?ref=v1", "Dir": ".terraform/modules/a.b/sub"}
        ]}"#;
        let host = MemoryHost::new([(MANIFEST, manifest), (".terraform/modules/a.b/sub/main.tf", "")]);
        let found = Ok(PathBuf::from(".terraform/modules/a.b/sub"));
        assert_eq!(at(&host, ".", "git::https://h/r.git//sub?ref=v1", None), found);
        let other = at(&host, ".", "git::https://h/r.git//sub?ref=v2", None);
        assert_eq!(other, Err(NOT_INSTALLED.to_owned()));
    }
}
