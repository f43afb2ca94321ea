//! `metadata`: what the language itself offers, for programs.

use smform_types::json::to_text;

use crate::errors::{Exit, Failure};
use crate::render::json::functions;
use crate::session::Session;

/// Prints the signatures of all functions.
///
/// # Errors
/// Without `-json`.
pub fn functions(session: &Session, json: bool) -> Result<Exit, Failure> {
    if !json {
        let detail = "Signatures are printed as JSON only: smform metadata functions -json";
        return Err(Failure::error("The `smform metadata functions` command requires the `-json` flag", detail));
    }
    session.console.out(&format!("{}\n", to_text(&functions::all(), None)));
    Ok(Exit::Success)
}
