//! What the source of a `module` block means: a directory, something to fetch, or an address in a registry.

use std::fmt;

/// The source of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModuleSource {
    /// A directory beside the calling module, as written.
    Local(String),
    /// Something to fetch once, then used from where it was put.
    Package(Package),
    /// An address in a module registry: `host/namespace/name/provider`, and a directory within.
    Registry(String, Option<String>),
}

/// Something to fetch, and the directory within it where the module is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// How it is fetched.
    pub kind: PackageKind,
    /// Where from: a URL, an scp-like address, or a path.
    pub address: String,
    /// Settings after the question mark, such as `ref`, in order.
    pub settings: Vec<(String, String)>,
    /// The directory of the module within it.
    pub directory: Option<String>,
}

/// How a package is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackageKind {
    /// A Git repository.
    Git,
    /// An archive from a web server.
    Http,
    /// An archive or a directory on this machine.
    File,
}

impl Package {
    /// A setting by name.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// What is fetched, whatever directory of it is used.
    #[must_use]
    pub fn fetched(&self) -> Package {
        Package { directory: None, ..self.clone() }
    }
}

/// As Terraform writes it into `modules.json`.
impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind == PackageKind::Git {
            f.write_str("git::")?;
        }
        f.write_str(&self.address)?;
        if let Some(directory) = &self.directory {
            write!(f, "//{directory}")?;
        }
        for (at, (key, value)) in self.settings.iter().enumerate() {
            write!(f, "{}{key}={value}", if at == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}

impl fmt::Display for ModuleSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModuleSource::Local(path) => f.write_str(path),
            ModuleSource::Package(package) => package.fmt(f),
            ModuleSource::Registry(address, None) => f.write_str(address),
            ModuleSource::Registry(address, Some(directory)) => write!(f, "{address}//{directory}"),
        }
    }
}

/// The registry that short addresses belong to.
const REGISTRY: &str = "registry.terraform.io";

/// The endings of archives that can be unpacked.
pub const ARCHIVES: [&str; 4] = [".zip", ".tar.gz", ".tgz", ".tar"];

/// Whether a path or URL is that of an archive.
#[must_use]
pub fn is_archive(path: &str) -> bool {
    ARCHIVES.iter().any(|ending| path.ends_with(ending))
}

impl ModuleSource {
    /// Reads a source as it is written in a module block.
    ///
    /// # Errors
    /// What is wrong with it, as sentences.
    pub fn parse(source: &str) -> Result<ModuleSource, String> {
        let (whole, settings) = settings(source);
        let (address, directory) = split_directory(&whole);
        let package = |kind: PackageKind, address: String| {
            if address.starts_with('-') {
                return Err(format!("{source:?} begins with a dash, which no address does."));
            }
            let directory = directory.clone().filter(|directory| !directory.is_empty());
            if directory.as_deref().is_some_and(|path| path.split(['/', '\\']).any(|part| part == "..")) {
                return Err(format!("The directory within the package in {source:?} leads out of the package."));
            }
            Ok(ModuleSource::Package(Package { kind, address, settings: settings.clone(), directory }))
        };
        if is_local(source) {
            if is_archive(&address) {
                return package(PackageKind::File, address);
            }
            return Ok(ModuleSource::Local(source.to_owned()));
        }
        if address.starts_with('/') || address.get(1..3) == Some(":\\") || address.get(1..3) == Some(":/") {
            return package(PackageKind::File, address);
        }
        if let Some(path) = address.strip_prefix("file::").unwrap_or(&address).strip_prefix("file://") {
            return package(PackageKind::File, path.to_owned());
        }
        match address.split_once("::") {
            Some(("git", rest)) => {
                return match hosted(rest, &directory, &settings, source) {
                    Ok(found @ ModuleSource::Package(_)) => Ok(found),
                    _ => package(PackageKind::Git, scp(rest).unwrap_or_else(|| rest.to_owned())),
                };
            }
            Some(("http" | "https", rest)) => return package(PackageKind::Http, rest.to_owned()),
            Some((how @ ("hg" | "s3" | "gcs"), _)) => {
                return Err(format!(
                    "smform fetches modules from Git repositories, web servers and this machine, not through \"{how}\". \
                     Copy the module beside this one, or serve it as an archive."
                ));
            }
            Some((how, _)) if how.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                return Err(format!("There is no way \"{how}\" to fetch a module; write git:: or https://."));
            }
            _ => {}
        }
        if address.starts_with("https://") || address.starts_with("http://") {
            return package(PackageKind::Http, address);
        }
        if let Some(address) = scp(&address) {
            return package(PackageKind::Git, address);
        }
        if let Some((scheme, _)) = address.split_once("://") {
            return Err(format!(
                "Modules are not fetched by {scheme}:// alone; for a Git repository write git::{source}."
            ));
        }
        hosted(&address, &directory, &settings, source)
    }
}

/// Whether a module source is a path relative to the calling module.
pub(crate) fn is_local(source: &str) -> bool {
    ["./", "../", ".\\", "..\\"].iter().any(|prefix| source.starts_with(prefix)) || matches!(source, "." | "..")
}

/// The text before the question mark, and the settings after it.
fn settings(source: &str) -> (String, Vec<(String, String)>) {
    let Some((address, query)) = source.split_once('?') else { return (source.to_owned(), Vec::new()) };
    let pair = |pair: &str| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key.to_owned(), value.to_owned())
    };
    (address.to_owned(), query.split('&').filter(|part| !part.is_empty()).map(pair).collect())
}

/// Splits off the directory after `//`, which is not that of a URL's scheme.
fn split_directory(source: &str) -> (String, Option<String>) {
    let from = source.find("://").map_or(0, |at| at + 3);
    match source.get(from..).and_then(|rest| rest.find("//")).map(|at| at + from) {
        Some(at) => {
            let directory = source.get(at + 2..).unwrap_or("").trim_matches('/').to_owned();
            (source.get(..at).unwrap_or(source).to_owned(), Some(directory))
        }
        None => (source.to_owned(), None),
    }
}

/// `git@host:path` as a URL.
fn scp(address: &str) -> Option<String> {
    let (user_host, path) = address.split_once(':')?;
    let (user, host) = user_host.split_once('@')?;
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    (plain(user) && plain(host) && !path.starts_with("//")).then(|| format!("ssh://{user}@{host}/{path}"))
}

/// Addresses without a scheme: hosting services that are known, and registries.
fn hosted(
    address: &str,
    directory: &Option<String>,
    settings: &[(String, String)],
    source: &str,
) -> Result<ModuleSource, String> {
    let parts: Vec<&str> = address.split('/').collect();
    let name =
        |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b));
    match parts.as_slice() {
        ["github.com" | "gitlab.com" | "bitbucket.org", owner, repository, within @ ..]
            if name(owner) && name(repository) =>
        {
            let host = parts.first().copied().unwrap_or_default();
            let repository = repository.strip_suffix(".git").unwrap_or(repository);
            let within: Vec<&str> = within.iter().copied().chain(directory.as_deref()).collect();
            Ok(ModuleSource::Package(Package {
                kind: PackageKind::Git,
                address: format!("https://{host}/{owner}/{repository}.git"),
                settings: settings.to_vec(),
                directory: (!within.is_empty()).then(|| within.join("/")),
            }))
        }
        [_, _, _] if parts.iter().all(name) && !address.contains([':']) => {
            Ok(ModuleSource::Registry(format!("{REGISTRY}/{address}"), directory.clone()))
        }
        [host, _, _, _] if parts.iter().all(name) && host.contains('.') => {
            Ok(ModuleSource::Registry(address.to_owned(), directory.clone()))
        }
        _ => Err(format!(
            "{source:?} is not a module source. A directory beside this module begins with ./ or ../; other sources are \
             Git repositories (git::https://host/repository.git?ref=v1), archives (https://host/module.zip) and paths."
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(source: &str) -> String {
        match ModuleSource::parse(source) {
            Ok(parsed @ ModuleSource::Local(_)) => format!("local {parsed}"),
            Ok(ModuleSource::Package(package)) => {
                let at = package.directory.as_ref().map_or(String::new(), |at| format!(" in {at}"));
                format!("{:?} {}{at}; {}", package.kind, package.address, ModuleSource::Package(package.clone()))
            }
            Ok(parsed @ ModuleSource::Registry(..)) => format!("registry {parsed}"),
            Err(_) => "refused".to_owned(),
        }
    }

    #[test]
    fn sources_are_terraforms() {
        let cases = [
            ("./a/b", "local ./a/b"),
            ("../x", "local ../x"),
            ("./m.zip//sub", "File ./m.zip in sub; ./m.zip//sub"),
            ("/opt/m", "File /opt/m; /opt/m"),
            ("file:///opt/m.tar.gz", "File /opt/m.tar.gz; /opt/m.tar.gz"),
            (
                "git::https://example.com/r.git//a/b?ref=v1",
                "Git https://example.com/r.git in a/b; git::https://example.com/r.git//a/b?ref=v1",
            ),
            ("git::ssh://git@example.com/r.git", "Git ssh://git@example.com/r.git; git::ssh://git@example.com/r.git"),
            (
                "git@github.com:o/r.git?ref=main",
                "Git ssh://git@github.com/o/r.git; git::ssh://git@github.com/o/r.git?ref=main",
            ),
            (
                "git::github.com/o/r//a/b?ref=v1",
                "Git https://github.com/o/r.git in a/b; git::https://github.com/o/r.git//a/b?ref=v1",
            ),
            ("git::git@h:o/r.git", "Git ssh://git@h/o/r.git; git::ssh://git@h/o/r.git"),
            (
                "github.com/o/r//sub?ref=v2",
                "Git https://github.com/o/r.git in sub; git::https://github.com/o/r.git//sub?ref=v2",
            ),
            (
                "github.com/o/r/inner//sub",
                "Git https://github.com/o/r.git in inner/sub; git::https://github.com/o/r.git//inner/sub",
            ),
            ("https://example.com/m.zip//sub", "Http https://example.com/m.zip in sub; https://example.com/m.zip//sub"),
            ("terraform-aws-modules/vpc/aws", "registry registry.terraform.io/terraform-aws-modules/vpc/aws"),
            ("app.example.com/o/vpc/aws//x", "registry app.example.com/o/vpc/aws//x"),
            ("s3::https://x/y.zip", "refused"),
            ("nope", "refused"),
            ("ssh://x/y", "refused"),
            ("git::https://example.com/r.git//../etc", "refused"),
            ("git::--upload-pack=x", "refused"),
            ("", "refused"),
        ];
        for (source, expected) in cases {
            assert_eq!(shown(source), expected, "{source}");
        }
    }
}
