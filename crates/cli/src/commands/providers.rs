//! `providers schema`.

use smform_types::json::to_text;

use crate::errors::{Exit, Failure};
use crate::render::json::schema;
use crate::session::Session;

pub fn schema(session: &Session, json: bool) -> Result<Exit, Failure> {
    if !json {
        return Err(Failure::error("Missing -json", "Schemas are printed as JSON only: smform providers schema -json"));
    }
    session.console.out(&format!("{}\n", to_text(&schema::providers(&session.providers), None)));
    Ok(Exit::Success)
}
