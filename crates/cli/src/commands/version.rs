//! `version`.

use serde_json::json;
use smform_state::codec::TERRAFORM_VERSION;
use smform_types::json::to_text;

use crate::args::Version;
use crate::errors::Exit;
use crate::session::Session;

/// Prints the version, and that of Terraform whose formats are spoken.
pub fn run(session: &Session, args: &Version) -> Exit {
    let platform = format!("{}_{}", system(), machine());
    if args.json {
        let json = json!({
            "terraform_version": TERRAFORM_VERSION,
            "smform_version": session.version,
            "platform": platform,
            "provider_selections": {},
            "terraform_outdated": false,
        });
        session.console.out(&format!("{}\n", to_text(&json, Some(2))));
    } else {
        session.console.out(&format!(
            "smform v{}\non {platform}\n\nSpeaks the language and the formats of Terraform {TERRAFORM_VERSION}.\n",
            session.version
        ));
    }
    Exit::Success
}

/// The system as Go names it.
const fn system() -> &'static str {
    if cfg!(target_os = "macos") {
        "darwin"
    } else if cfg!(windows) {
        "windows"
    } else {
        "linux"
    }
}

/// The machine as Go names it.
const fn machine() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" }
}
