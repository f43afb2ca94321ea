//! `state rm`: forgets objects.

use smform_engine::plan::target::Target;
use smform_state::ObjectId;

use super::state::{covers, expect_some, invalid, nothing_at};
use crate::args::{StateFile, StateRm};
use crate::errors::{Exit, Failure};
use crate::session::Session;

/// Forgets objects. As with Terraform, an address of nothing is no mistake beside one of something.
pub async fn remove(session: &Session, args: &StateRm) -> Result<Exit, Failure> {
    let file = StateFile { written: args.copy.clone().into(), ..args.state.clone() };
    let mut store = session.open_for(&file, &args.lock, "state-rm").await?;
    expect_some(session, &args.state, store.state())?;
    let targets = args.addresses.iter().map(|text| text.parse().map_err(invalid));
    let targets = targets.collect::<Result<Vec<Target>, Failure>>()?;
    let ids = store.state().objects().map(|(id, ..)| id);
    let ids: Vec<ObjectId> = ids.filter(|id| targets.iter().any(|target| covers(target, &id.address))).collect();
    if ids.is_empty() && !args.dry_run {
        let detail = args.addresses.first().map(|address| nothing_at(store.state(), address)).unwrap_or_default();
        return Err(Failure::error("Invalid target address", detail));
    }
    let tell = |verb: &str| {
        for id in &ids {
            let deposed = id.deposed.as_ref().map(|key| format!(" (deposed object {key})")).unwrap_or_default();
            session.console.out(&format!("{verb} {}{deposed}\n", id.address));
        }
    };
    if args.dry_run {
        tell("Would remove");
        if ids.is_empty() {
            session.console.out("Would have removed nothing.\n");
        }
        return Ok(Exit::Success);
    }
    // All at once, so that nothing is forgotten when the state cannot be written.
    let mut state = store.state().clone();
    for id in &ids {
        state.remove(id);
        // Whatever an interrupted creation came to, nobody asks any more.
        if store.is_pending(id) {
            store.unchanged(id)?;
        }
    }
    store.replace(state);
    store.finish()?;
    tell("Removed");
    session.console.out(&format!("Successfully removed {} resource instance(s).\n", ids.len()));
    Ok(Exit::Success)
}
