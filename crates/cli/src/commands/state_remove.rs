//! `state rm`: forgets objects.

use smform_state::ObjectId;

use super::state::{covers, targets};
use crate::args::StateRm;
use crate::errors::{Exit, Failure};
use crate::session::Session;

/// Forgets objects.
pub async fn remove(session: &Session, args: &StateRm) -> Result<Exit, Failure> {
    let mut store = session.open_for(&args.state, &args.lock, "state-rm").await?;
    let targets = targets(store.state(), &args.addresses)?;
    let ids = store.state().objects().map(|(id, ..)| id);
    let ids: Vec<ObjectId> = ids.filter(|id| targets.iter().any(|target| covers(target, &id.address))).collect();
    for id in &ids {
        let deposed = id.deposed.as_ref().map(|key| format!(" (deposed object {key})")).unwrap_or_default();
        if args.dry_run {
            session.console.out(&format!("Would remove {}{deposed}\n", id.address));
        } else {
            store.remove(id)?;
            session.console.out(&format!("Removed {}{deposed}\n", id.address));
        }
    }
    if !args.dry_run {
        store.finish()?;
        session.console.out(&format!("Successfully removed {} resource instance(s).\n", ids.len()));
    }
    Ok(Exit::Success)
}
