//! `state list`, `state show`, `state pull`.

use smform_engine::plan::ObjectKey;
use smform_engine::plan::target::Target;
use smform_state::{ObjectId, State, codec};
use smform_types::suggest::did_you_mean;
use smform_types::{AddressError, InstanceAddress, ModuleInstance};

use crate::args::{StateFile, StateList, StateShow};
use crate::errors::{Exit, Failure};
use crate::render::state::object;
use crate::session::Session;

/// Addresses, one per line.
pub fn list(session: &Session, args: &StateList) -> Result<Exit, Failure> {
    let (state, _, _) = session.read_state(&args.state)?;
    let mut targets = Vec::new();
    for text in &args.addresses {
        let target: Target = text
            .parse()
            .map_err(|error: smform_types::AddressError| Failure::error("Invalid address", format!("{error}.")))?;
        targets.push(target);
    }
    for target in &targets {
        if !state.objects().any(|(id, ..)| covers(target, &id.address)) {
            let detail = format!("The state holds nothing at {target}.");
            return Err(Failure::error("No such object", detail));
        }
    }
    let has_id = |state: &State, id: &ObjectId| {
        let recorded = state.get(id).and_then(|object| object.attributes.get("id")?.as_str());
        args.id.is_none() || recorded == args.id.as_deref()
    };
    for (id, ..) in state.objects() {
        let wanted = targets.is_empty() || targets.iter().any(|target| covers(target, &id.address));
        if wanted && id.deposed.is_none() && has_id(&state, &id) {
            session.console.out(&format!("{}\n", id.address));
        }
    }
    Ok(Exit::Success)
}

/// Addresses as given, each of which must be the address of something.
pub(super) fn targets(state: &State, addresses: &[String]) -> Result<Vec<Target>, Failure> {
    let mut targets = Vec::new();
    for text in addresses {
        let target: Target = text.parse().map_err(invalid)?;
        if !state.objects().any(|(id, ..)| covers(&target, &id.address)) {
            return Err(absent(state, text));
        }
        targets.push(target);
    }
    Ok(targets)
}

/// A text that is no address.
pub(super) fn invalid(error: AddressError) -> Failure {
    Failure::error("Invalid address", format!("{error}."))
}

/// An address at which nothing is recorded.
pub(super) fn absent(state: &State, address: &str) -> Failure {
    let names: Vec<String> = state.objects().map(|(id, ..)| id.address.to_string()).collect();
    let hint = did_you_mean(address, names.iter().map(String::as_str));
    let detail = format!("The state holds nothing at {address}.{hint} List what it holds with: smform state list");
    Failure::error("No instance found for the given address", detail)
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
    let key = ObjectKey { address: address.clone(), deposed: None };
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
        let value = smform_types::json::implied(&recorded.attributes);
        session.console.out(&object(&key, &value, recorded.tainted, &session.providers, style));
        return Ok(Exit::Success);
    }
    Err(absent(&state, &args.address))
}

/// The state as it is stored.
pub fn pull(session: &Session, args: &StateFile) -> Result<Exit, Failure> {
    let (state, _, _) = session.read_state(args)?;
    session.console.out(&codec::write(&state));
    Ok(Exit::Success)
}
