//! Archives: from a web server or a file, checked against the lock file and a checksum, and unpacked.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use flate2::read::GzDecoder;
use sha2::{Digest as _, Sha256};
use smform_lang::config::module_source::{ARCHIVES, Package};

use crate::lock::{Locked, name};
use crate::{Failure, Fetched, files};

/// The largest archive that is fetched, in bytes.
const MAX_SIZE: u64 = 1 << 30;

/// How long a server may take for all of it.
const TIMEOUT: Duration = Duration::from_secs(600);

/// Fetches an archive from a web server; a server may instead name another source, as Terraform's protocol allows.
pub(crate) fn fetch(package: &Package, locked: Option<&Locked>, into: &Path) -> Result<Fetched, Failure> {
    let failed = |why: String| Failure::new(format!("{} could not be fetched: {why}.", name(package)));
    let query: Vec<String> = package
        .settings
        .iter()
        .filter(|(key, _)| key != "archive" && key != "checksum")
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let mut address = package.address.clone();
    let mut question = query.join("&");
    let ending = ending(package);
    if ending.is_none() {
        question.push_str(if question.is_empty() { "terraform-get=1" } else { "&terraform-get=1" });
    }
    if !question.is_empty() {
        address.push('?');
        address.push_str(&question);
    }
    let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).build().into();
    let mut answer = agent.get(&address).call().map_err(|error| failed(error.to_string()))?;
    if let Some(source) = answer.headers().get("X-Terraform-Get").and_then(|value| value.to_str().ok()) {
        return Ok(Fetched::Elsewhere(source.to_owned()));
    }
    let Some(ending) = ending else {
        return Err(failed(format!(
            "it is not an archive by its name ({}), and the server names no other source; archive=zip after the question \
             mark says what it is",
            ARCHIVES.join(", ")
        )));
    };
    let mut file = tempfile::tempfile().map_err(|error| failed(error.to_string()))?;
    let mut body = answer.body_mut().with_config().limit(MAX_SIZE).reader();
    let digest = copy_hashing(&mut body, &mut file).map_err(|error| failed(error.to_string()))?;
    check(package, &digest, locked)?;
    unpack(file, ending, into).map_err(|error| failed(format!("it could not be unpacked: {error}")))?;
    Ok(Fetched::Here(Locked { sha256: Some(digest), ..Locked::default() }))
}

/// Unpacks an archive of this machine.
pub(crate) fn unpack_file(
    path: &Path,
    package: &Package,
    locked: Option<&Locked>,
    into: &Path,
) -> Result<Locked, Failure> {
    let failed = |error: io::Error| files::at(path, &error);
    let mut file = File::open(path).map_err(failed)?;
    let digest = copy_hashing(&mut file, &mut io::sink()).map_err(failed)?;
    check(package, &digest, locked)?;
    let ending = ending(package).unwrap_or(".zip");
    unpack(file, ending, into).map_err(failed)?;
    Ok(Locked { sha256: Some(digest), ..Locked::default() })
}

/// What kind of archive it is, as an ending of file names.
fn ending(package: &Package) -> Option<&'static str> {
    match package.setting("archive") {
        Some(kind) => ARCHIVES.into_iter().find(|ending| ending.trim_start_matches('.') == kind),
        None => ARCHIVES.into_iter().find(|ending| package.address.ends_with(ending)),
    }
}

/// Copies everything; returns the SHA-256 in hexadecimal digits.
fn copy_hashing(from: &mut dyn Read, to: &mut dyn Write) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = from.read(&mut buffer)?;
        let Some(part) = buffer.get(..count).filter(|part| !part.is_empty()) else { break };
        hash.update(part);
        to.write_all(part)?;
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn check(package: &Package, digest: &str, locked: Option<&Locked>) -> Result<(), Failure> {
    if let Some(wanted) = package.setting("checksum") {
        let hex = wanted.strip_prefix("sha256:").unwrap_or(wanted);
        if hex.len() != 64 {
            return Err(Failure::new(format!("The checksum {wanted:?} is not a SHA-256, written sha256:<64 digits>.")));
        }
        if !hex.eq_ignore_ascii_case(digest) {
            return Err(Failure::new(format!(
                "{} has the SHA-256 {digest}, not the one that its checksum says.",
                name(package)
            )));
        }
    }
    match locked.and_then(|locked| locked.sha256.as_deref()) {
        Some(before) if before != digest => Err(Failure::new(format!(
            "{} is not what it was: its SHA-256 is {digest}, and the lock file says {before}. If the change is expected, \
             run smform get -update.",
            name(package)
        ))),
        _ => Ok(()),
    }
}

/// Unpacks; nothing gets out of the folder.
fn unpack(mut file: File, ending: &str, into: &Path) -> io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    match ending {
        ".zip" => {
            let mut archive = zip::ZipArchive::new(file).map_err(io::Error::other)?;
            archive.extract(into).map_err(io::Error::other)
        }
        ".tar" => tar::Archive::new(file).unpack(into),
        _ => tar::Archive::new(GzDecoder::new(file)).unpack(into),
    }
}
