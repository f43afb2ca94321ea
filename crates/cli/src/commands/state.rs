//! `state list`, `state show`, `state pull`.

use smform_engine::plan::ObjectKey;
use smform_engine::plan::stored::Stored;
use smform_engine::plan::target::Target;
use smform_engine::workflow::state::decode_data;
use smform_state::{ObjectId, State, codec};
use smform_types::suggest::did_you_mean;
use smform_types::{AddressError, InstanceAddress, ModuleInstance};

use super::show::state_json;
use crate::args::{StateFile, StateList, StateShow};
use crate::errors::{Exit, Failure};
use crate::render::state::object;
use crate::session::Session;

/// Addresses, one per line: of each address that is given, in their order.
pub fn list(session: &Session, args: &StateList) -> Result<Exit, Failure> {
    let (state, _, _) = session.read_state(&args.state)?;
    expect_some(session, &args.state, &state)?;
    let mut ids: Vec<ObjectId> = state.objects().map(|(id, ..)| id).collect();
    ids.sort_by(|one, other| {
        let (one, other) = (&one.address, &other.address);
        (one.module.0.len(), one).cmp(&(other.module.0.len(), other))
    });
    let targets = args.addresses.iter().map(|text| text.parse().map_err(invalid));
    let targets = targets.collect::<Result<Vec<Target>, Failure>>()?;
    if let Some(unknown) = targets.iter().find(|target| !ids.iter().any(|id| covers(target, &id.address))) {
        let summary = match unknown {
            Target::Module(_) => "Unknown module",
            Target::Resource(address) if address.key.is_none() => "Unknown resource",
            Target::Resource(_) => "Unknown resource instance",
        };
        return Err(Failure::error(summary, nothing_at(&state, &unknown.to_string())));
    }
    let has_id = |id: &ObjectId| {
        let recorded = state.get(id).and_then(|object| object.attributes.get("id")?.as_str());
        args.id.is_none() || recorded == args.id.as_deref()
    };
    let print = |target: Option<&Target>| {
        let covered = ids.iter().filter(|id| target.is_none_or(|target| covers(target, &id.address)));
        let mut addresses: Vec<&InstanceAddress> = covered.filter(|id| has_id(id)).map(|id| &id.address).collect();
        // An instance has one line, whatever was set aside beside it.
        addresses.dedup();
        addresses.iter().for_each(|address| session.console.out(&format!("{address}\n")));
    };
    if targets.is_empty() {
        print(None);
    }
    targets.iter().for_each(|target| print(Some(target)));
    Ok(Exit::Success)
}

/// Refuses to work on a state that was never written.
pub(super) fn expect_some(session: &Session, file: &StateFile, state: &State) -> Result<(), Failure> {
    if is_missing(state) {
        Err(Failure::error("No state file was found", session.nothing_recorded(file)))
    } else {
        Ok(())
    }
}

/// Whether a state was never written.
pub(super) fn is_missing(state: &State) -> bool {
    state.lineage.is_empty() && state.is_empty()
}

/// A text that is no address.
pub(super) fn invalid(error: AddressError) -> Failure {
    Failure::error("Invalid address", format!("{}.", error.to_string().trim_end_matches('.')))
}

/// An address at which nothing is recorded.
pub(super) fn absent(state: &State, address: &str) -> Failure {
    Failure::error("No instance found for the given address", nothing_at(state, address))
}

/// What is said of an address at which nothing is recorded.
pub(super) fn nothing_at(state: &State, address: &str) -> String {
    let names: Vec<String> = state.objects().map(|(id, ..)| id.address.to_string()).collect();
    let is_instance = |name: &&String| name.strip_prefix(address).is_some_and(|key| key.starts_with('['));
    let hint = match names.iter().find(is_instance) {
        Some(one) => format!(" There are instances of it: name one of them, such as {one}."),
        None => did_you_mean(address, names.iter().map(String::as_str)),
    };
    format!("The state holds nothing at {address}.{hint} List what it holds with: smform state list")
}

/// Whether an address is at or below a target; keys that the target leaves out may be any.
pub(super) fn covers(target: &Target, address: &InstanceAddress) -> bool {
    let fits = |module: &ModuleInstance| {
        let mut levels = module.0.iter().zip(address.module.0.iter());
        module.0.len() <= address.module.0.len()
            && levels.all(|((name, key), (other, other_key))| name == other && (key.is_none() || key == other_key))
    };
    match target {
        Target::Module(module) => fits(module),
        Target::Resource(target) => {
            target.module.0.len() == address.module.0.len()
                && fits(&target.module)
                && target.resource == address.resource
                && (target.key.is_none() || target.key == address.key)
        }
    }
}

/// One object as configuration would write it.
pub fn show(session: &Session, args: &StateShow) -> Result<Exit, Failure> {
    let address: InstanceAddress = args.address.parse().map_err(invalid)?;
    let (state, stored, found) = session.read_state(&args.state)?;
    expect_some(session, &args.state, &state)?;
    let key = ObjectKey { address: address.clone(), deposed: None };
    if args.json {
        return show_json(session, &state, &stored, &ObjectId { address, deposed: None });
    }
    let style = session.style(args.no_color);
    if let Some(object_found) = stored.objects.get(&key) {
        session.console.out(&object(&key, &object_found.value, object_found.tainted, &session.providers, style));
        return Ok(Exit::Success);
    }
    let id = ObjectId { address, deposed: None };
    if let Some(recorded) = state.get(&id) {
        if found.has_errors() {
            return Err(found.into());
        }
        let value = decode_data(&id.address.resource, recorded, &session.providers);
        let value = value.unwrap_or_else(|| smform_types::json::implied(&recorded.attributes));
        session.console.out(&object(&key, &value, recorded.tainted, &session.providers, style));
        return Ok(Exit::Success);
    }
    Err(absent(&state, &args.address))
}

/// `state show -json`, of Terraform 1.16: a state in which there is nothing else.
fn show_json(session: &Session, state: &State, stored: &Stored, id: &ObjectId) -> Result<Exit, Failure> {
    if state.get(id).is_none() {
        return Err(absent(state, &id.address.to_string()));
    }
    let mut only = state.clone();
    only.outputs.clear();
    only.check_results = serde_json::Value::Null;
    let others: Vec<ObjectId> = state.objects().map(|(other, ..)| other).filter(|other| other != id).collect();
    for other in &others {
        only.remove(other);
    }
    session.console.out(&state_json(session, &only, stored));
    Ok(Exit::Success)
}

/// The state as it is stored.
pub fn pull(session: &Session, args: &StateFile) -> Result<Exit, Failure> {
    let (state, _, _) = session.read_state(args)?;
    if !is_missing(&state) {
        // The empty line at the end is Terraform's.
        session.console.out(&format!("{}\n", codec::write(&state)));
    }
    Ok(Exit::Success)
}
