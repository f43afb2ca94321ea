//! `state rm` and `state mv`: changes of the record alone.

use std::time::Duration;

use smform_engine::plan::target::Target;
use smform_state::backend::LocalBackend;
use smform_state::{ObjectId, Store};
use smform_types::InstanceAddress;

use super::state::{absent, covers, invalid, targets};
use crate::args::{StateFile, StateLock, StateMv, StateRm};
use crate::background;
use crate::errors::{Exit, Failure};
use crate::session::Session;

async fn open(session: &Session, state: &StateFile, lock: &StateLock) -> Result<Store, Failure> {
    let path = session.state_path(&session.config(), state)?;
    let info = session.lock_info("OperationTypeState", &path);
    let (locked, timeout): (bool, Duration) = (lock.lock, lock.lock_timeout);
    let opened = background::wait(&session.cancel, move || {
        Store::open(Box::new(LocalBackend::new(path)), locked.then_some((&info, timeout)))
    });
    let interrupted = || Failure::error("Interrupted", "The state was not opened. Nothing was changed.");
    Ok(opened.await.ok_or_else(interrupted)??)
}

/// Forgets objects.
pub async fn remove(session: &Session, args: &StateRm) -> Result<Exit, Failure> {
    let mut store = open(session, &args.state, &args.lock).await?;
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

/// Gives an instance, or every instance of a resource, another address.
pub async fn relocate(session: &Session, args: &StateMv) -> Result<Exit, Failure> {
    let source: InstanceAddress = args.source.parse().map_err(invalid)?;
    let destination: InstanceAddress = args.destination.parse().map_err(invalid)?;
    if source.resource.type_name != destination.resource.type_name || source.resource.mode != destination.resource.mode
    {
        let detail = "An object keeps its type: the source and the destination must be of the same one.";
        return Err(Failure::error("Invalid move", detail));
    }
    let mut store = open(session, &args.state, &args.lock).await?;
    let ids: Vec<ObjectId> = store.state().objects().map(|(id, ..)| id).collect();
    let one = ids.iter().any(|id| id.address == source);
    let target = Target::Resource(source.clone());
    let moving: Vec<(ObjectId, ObjectId)> = ids
        .iter()
        .filter(|id| if one { id.address == source } else { covers(&target, &id.address) })
        .map(|id| {
            let key = if one { destination.key.clone() } else { id.address.key.clone() };
            let address = InstanceAddress { key, ..destination.clone() };
            (id.clone(), ObjectId { address, deposed: id.deposed.clone() })
        })
        .collect();
    if moving.is_empty() {
        return Err(absent(store.state(), &args.source));
    }
    if !one && destination.key.is_some() {
        let detail = format!("{source} has several instances, and {destination} is one: leave its key out.");
        return Err(Failure::error("Invalid move", detail));
    }
    if let Some((_, taken)) = moving.iter().find(|(_, to)| ids.contains(to)) {
        let detail = format!("The state holds something at {} already. Move or remove that first.", taken.address);
        return Err(Failure::error("Invalid move", detail));
    }
    for (from, to) in &moving {
        if args.dry_run {
            session.console.out(&format!("Would move \"{}\" to \"{}\"\n", from.address, to.address));
        } else {
            store.relocate(from, to)?;
            session.console.out(&format!("Move \"{}\" to \"{}\"\n", from.address, to.address));
        }
    }
    if !args.dry_run {
        store.finish()?;
        session.console.out(&format!("Successfully moved {} object(s).\n", moving.len()));
    }
    Ok(Exit::Success)
}
