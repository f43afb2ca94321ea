//! Where the source of a `module` block is found.

use std::path::{Component, Path, PathBuf};

use smform_types::Diagnostic;

/// Who finds modules.
pub trait ModuleResolver {
    /// The directory of a module: `directory` is that of the calling module, `source` and `version` are as written.
    ///
    /// # Errors
    /// When it cannot be had, as a message for the user; the caller adds the place.
    fn resolve(&self, directory: &Path, source: &str, version: Option<&str>) -> Result<PathBuf, Diagnostic>;
}

/// Modules beside the calling one: `./...` and `../...`.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalModules;

impl ModuleResolver for LocalModules {
    fn resolve(&self, directory: &Path, source: &str, version: Option<&str>) -> Result<PathBuf, Diagnostic> {
        if !is_local(source) {
            return Err(Diagnostic::error(
                "Module not installed",
                format!(
                    "smform uses modules from local directories only. Copy the module {source:?} beside this one and \
                     write its path, which begins with ./ or ../."
                ),
            ));
        }
        if version.is_some() {
            return Err(Diagnostic::error(
                "Invalid module version",
                "A module in a local directory has no version of its own. Remove \"version\".",
            ));
        }
        Ok(normal(&directory.join(source)))
    }
}

/// Whether a module source is a path relative to the calling module.
pub(crate) fn is_local(source: &str) -> bool {
    ["./", "../", ".\\", "..\\"].iter().any(|prefix| source.starts_with(prefix)) || matches!(source, "." | "..")
}

/// The path without `.` and with each `..` taken together with the directory before it.
fn normal(path: &Path) -> PathBuf {
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

    #[test]
    fn local_paths_are_relative_to_the_caller() {
        let at = |from: &str, source: &str| LocalModules.resolve(Path::new(from), source, None);
        assert_eq!(at("a/b", "../c/./d"), Ok(PathBuf::from("a/c/d")));
        assert_eq!(at(".", "./c"), Ok(PathBuf::from("c")));
        assert_eq!(at(".", "../c"), Ok(PathBuf::from("../c")));
        assert!(at(".", "terraform-aws-modules/vpc/aws").is_err());
        assert!(at(".", "/abs").is_err());
        assert!(LocalModules.resolve(Path::new("."), "./c", Some("1.0")).is_err());
    }
}
