//! `state mv`: other addresses for what is recorded, also in another state file.

use std::collections::BTreeSet;

use smform_engine::plan::target::Target;
use smform_state::journal::Intent;
use smform_state::{Object, ObjectId, State, Store};
use smform_types::{InstanceAddress, ModuleInstance, ResourceConfigAddress};

use super::state::{covers, invalid, nothing_at};
use crate::args::{Backup, StateFile, StateMv};
use crate::errors::{Exit, Failure};
use crate::session::Session;

/// An object on its way.
struct Move {
    from: ObjectId,
    to: ObjectId,
}

/// What the command line names: one line of what is said, and the objects behind it.
struct Group {
    from: Target,
    to: Target,
    /// Whether it moves as a whole: a module or a resource, which must not be there yet.
    whole: bool,
    moves: Vec<Move>,
}

impl Group {
    /// Whether an object stands where this group is to be.
    fn meets(&self, id: &ObjectId) -> bool {
        match &self.to {
            Target::Module(module) => id.address.module == *module,
            Target::Resource(to) if self.whole => id.address.module == to.module && id.address.resource == to.resource,
            Target::Resource(_) => self.moves.iter().any(|one| one.to == *id),
        }
    }
}

fn refused(detail: String) -> Failure {
    Failure::error("Invalid state move request", detail)
}

fn module_group(ids: &[ObjectId], from: &ModuleInstance, to: &ModuleInstance) -> Group {
    let below = |id: &&ObjectId| id.address.module.0.starts_with(&from.0);
    let moved = |id: &ObjectId| {
        let module = to.0.iter().chain(id.address.module.0.iter().skip(from.0.len())).cloned().collect();
        let module = ModuleInstance(module);
        let address = InstanceAddress { module, ..id.address.clone() };
        Move { from: id.clone(), to: ObjectId { address, deposed: id.deposed.clone() } }
    };
    let moves = ids.iter().filter(below).map(moved).collect();
    Group { from: Target::Module(from.clone()), to: Target::Module(to.clone()), whole: true, moves }
}

fn resource_group(ids: &[ObjectId], from: &InstanceAddress, to: &InstanceAddress) -> Result<Group, Failure> {
    if from.resource.type_name != to.resource.type_name || from.resource.mode != to.resource.mode {
        let detail = "An object keeps its type: the source and the destination must be of the same one.";
        return Err(refused(detail.to_owned()));
    }
    let one = ids.iter().any(|id| id.address == *from);
    let target = Target::Resource(from.clone());
    let moves: Vec<Move> = ids
        .iter()
        .filter(|id| if one { id.address == *from } else { covers(&target, &id.address) })
        .map(|id| {
            let key = if one { to.key.clone() } else { id.address.key.clone() };
            let address = InstanceAddress { key, ..to.clone() };
            Move { from: id.clone(), to: ObjectId { address, deposed: id.deposed.clone() } }
        })
        .collect();
    if !one && !moves.is_empty() && to.key.is_some() {
        return Err(refused(format!("{from} has several instances, and {to} is one: leave its key out.")));
    }
    Ok(Group { from: target, to: Target::Resource(to.clone()), whole: !one, moves })
}

fn group(ids: &[ObjectId], args: &StateMv) -> Result<Group, Failure> {
    let from: Target = args.source.parse().map_err(invalid)?;
    let to: Target = args.destination.parse().map_err(invalid)?;
    match (&from, &to) {
        (Target::Module(from), Target::Module(to)) => Ok(module_group(ids, from, to)),
        (Target::Resource(from), Target::Resource(to)) => resource_group(ids, from, to),
        _ => Err(refused("A module becomes a module, and a resource a resource.".to_owned())),
    }
}

/// Leaves no dependencies where there is one on what has moved: as in Terraform, the next plan records them anew.
fn forget_dependencies(state: &mut State, from: &Target) {
    let has_moved = |address: &ResourceConfigAddress| match from {
        Target::Resource(from) => *address == from.config(),
        // Dependencies are on the module in all its instances.
        Target::Module(from) => {
            from.0.iter().all(|(_, key)| key.is_none()) && address.module.0.starts_with(&from.config().0)
        }
    };
    for ((_, deposed), object) in state.resources.values_mut().flat_map(|resource| &mut resource.objects) {
        let mut needed = object.dependencies.iter().filter_map(|address| address.parse::<InstanceAddress>().ok());
        if deposed.is_none() && needed.any(|address| has_moved(&address.config())) {
            object.dependencies.clear();
        }
    }
}

/// What is recorded of an object, with its provider.
fn recorded(state: &State, id: &ObjectId) -> Option<(String, Object)> {
    let resource = state.resources.get(&(id.address.module.clone(), id.address.resource.clone()))?;
    Some((resource.provider.clone(), state.get(id)?.clone()))
}

/// Gives an instance, every instance of a resource, or everything in a module another address.
pub async fn run(session: &Session, args: &StateMv) -> Result<Exit, Failure> {
    let file = StateFile { written: args.copy.clone().into(), ..args.state.clone() };
    let mut store = session.open_for(&file, &args.lock, "state-mv").await?;
    super::state::expect_some(session, &args.state, store.state())?;
    let ids: Vec<ObjectId> = store.state().objects().map(|(id, ..)| id).collect();
    let group = group(&ids, args)?;
    if group.moves.is_empty() {
        let detail = nothing_at(store.state(), &args.source);
        return Err(Failure::error("Invalid source address", detail));
    }
    let mut other: Option<Store> = match &args.state_out {
        Some(path) => {
            let copy = Backup { backup: args.backup_out.clone() };
            let backend = session.state_file(session.path(path), &copy.into(), &session.config())?;
            Some(session.open_state(backend, &args.lock, "state-mv", || ()).await?)
        }
        None => None,
    };
    let there = other.as_ref().map_or(store.state(), Store::state);
    let leaving: BTreeSet<&ObjectId> = group.moves.iter().filter(|_| other.is_none()).map(|one| &one.from).collect();
    let stays = |one: &&Move| other.is_none() && one.from == one.to;
    let in_the_way = there.objects().map(|(id, ..)| id).find(|id| group.meets(id) && !leaving.contains(id));
    if let Some(id) = group.moves.iter().find(stays).map(|one| one.to.clone()).or(in_the_way) {
        let detail = format!("The state holds something at {} already. Move or remove that first.", id.address);
        return Err(Failure::error("Invalid target address", detail));
    }
    let verb = if args.dry_run { "Would move" } else { "Move" };
    session.console.out(&format!("{verb} {:?} to {:?}\n", group.from.to_string(), group.to.to_string()));
    if args.dry_run {
        return Ok(Exit::Success);
    }
    match &mut other {
        None => {
            // Through a state of its own, so that overlapping moves do not overwrite each other.
            let mut state = store.state().clone();
            let taken: Vec<_> =
                group.moves.iter().filter_map(|one| Some((&one.to, state.remove(&one.from)?))).collect();
            taken.into_iter().for_each(|(to, (provider, object))| state.put(to, &provider, object));
            forget_dependencies(&mut state, &group.from);
            store.follow(group.moves.iter().map(|one| (&one.from, &one.to)))?;
            store.replace(state);
        }
        Some(other) => {
            for one in &group.moves {
                if let Some((provider, object)) = recorded(store.state(), &one.from) {
                    other.put(&one.to, &provider, object)?;
                }
                // What an earlier run was doing to it goes along.
                let begun: Vec<Intent> =
                    store.pending().iter().filter(|intent| intent.is_of(&one.from)).cloned().collect();
                for intent in begun {
                    other.intent(
                        &one.to,
                        &intent.operation,
                        intent.identifier.as_deref(),
                        &intent.provider,
                        intent.arguments.clone(),
                    )?;
                }
            }
            let mut state = store.state().clone();
            for one in group.moves.iter().filter(|one| store.is_pending(&one.from)).collect::<Vec<_>>() {
                store.unchanged(&one.from)?;
            }
            group.moves.iter().for_each(|one| drop(state.remove(&one.from)));
            store.replace(state);
        }
    }
    // The other state first: should this end here, an object is recorded twice rather than not at all.
    if let Some(other) = other {
        other.finish()?;
    }
    store.finish()?;
    session.console.out("Successfully moved 1 object(s).\n");
    Ok(Exit::Success)
}
