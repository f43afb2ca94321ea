//! Git repositories, fetched with the `git` command, so that the user's credentials and configuration apply.

use std::path::Path;
use std::process::Command;

use smform_lang::config::module_source::Package;

use crate::Failure;
use crate::lock::{Locked, name, open_address};

/// Clones a repository and checks out the locked commit, or what `ref` names, or its default branch.
pub(crate) fn fetch(package: &Package, locked: Option<&Locked>, into: &Path) -> Result<Locked, Failure> {
    if package.setting("sshkey").is_some() {
        return Err(Failure::new(
            "Keys in a source (sshkey=...) would end up in files. Give git the key by its own means, such as ssh-agent.",
        ));
    }
    let wanted = package.setting("ref").filter(|wanted| !wanted.is_empty());
    if wanted.is_some_and(|wanted| wanted.starts_with('-')) {
        return Err(Failure::new("A ref does not begin with a dash."));
    }
    let commit = locked.and_then(|locked| locked.commit.as_deref());
    let mut clone = vec!["clone", "--quiet", "--no-checkout"];
    // A shallow clone may lack the locked commit.
    if let Some(depth) = package.setting("depth").filter(|_| commit.is_none()) {
        if depth.is_empty() || !depth.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Failure::new(format!("The depth {depth:?} is not a number.")));
        }
        clone.extend(["--depth", depth]);
        if let Some(wanted) = wanted {
            clone.extend(["--branch", wanted]);
        }
    }
    let target = into.display().to_string();
    clone.extend(["--", &package.address, &target]);
    run(None, &clone, package)?;
    let names = match (commit, wanted) {
        (Some(commit), _) => vec![commit.to_owned()],
        (None, Some(wanted)) => vec![format!("refs/remotes/origin/{wanted}"), wanted.to_owned()],
        (None, None) => vec!["HEAD".to_owned()],
    };
    let commit = names.iter().find_map(|name| {
        let asked = format!("{name}^{{commit}}");
        run(Some(into), &["rev-parse", "--verify", "--quiet", "--end-of-options", &asked], package).ok()
    });
    let Some(commit) = commit else {
        let what = names.last().map_or("", String::as_str);
        let hint = if locked.is_some() { " Run smform get -update to lock what is there now." } else { "" };
        return Err(Failure::new(format!("{} has nothing that {what:?} names.{hint}", name(package))));
    };
    let commit = commit.trim().to_owned();
    run(Some(into), &["checkout", "--quiet", "--detach", &commit], package)?;
    if into.join(".gitmodules").is_file() {
        run(Some(into), &["submodule", "update", "--init", "--recursive", "--quiet"], package)?;
    }
    Ok(Locked { commit: Some(commit), ..Locked::default() })
}

/// Runs git, and returns what it prints.
fn run(directory: Option<&Path>, arguments: &[&str], package: &Package) -> Result<String, Failure> {
    let mut command = Command::new("git");
    if let Some(directory) = directory {
        command.arg("-C").arg(directory);
    }
    command.args(arguments).env("GIT_TERMINAL_PROMPT", "0").stdin(std::process::Stdio::null());
    // What a hook of another repository may have set.
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(variable);
    }
    let output = command.output().map_err(|error| {
        Failure::new(format!("The git command, which is needed for {}, could not be started: {error}.", name(package)))
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).replace(&package.address, &open_address(package));
    let said = said.trim().trim_end_matches('.');
    Err(Failure::new(format!("git could not fetch {}: {said}.", name(package))))
}
