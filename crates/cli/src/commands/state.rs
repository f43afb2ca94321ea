//! `state list`, `state show`, `state pull`.

use smform_engine::plan::ObjectKey;
use smform_engine::plan::target::Target;
use smform_state::{ObjectId, State, codec};
use smform_types::InstanceAddress;
use smform_types::suggest::did_you_mean;

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

fn covers(target: &Target, address: &InstanceAddress) -> bool {
    match target {
        Target::Module(module) => address.module.0.starts_with(&module.0),
        Target::Resource(target) => {
            target.module == address.module
                && target.resource == address.resource
                && (target.key.is_none() || target.key == address.key)
        }
    }
}

/// One object as configuration would write it.
pub fn show(session: &Session, args: &StateShow) -> Result<Exit, Failure> {
    let address: InstanceAddress = args
        .address
        .parse()
        .map_err(|error: smform_types::AddressError| Failure::error("Invalid address", format!("{error}.")))?;
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
    let names: Vec<String> = state.objects().map(|(id, ..)| id.address.to_string()).collect();
    let hint = did_you_mean(&args.address, names.iter().map(String::as_str));
    let detail =
        format!("The state holds nothing at {}.{hint} List what it holds with: smform state list", args.address);
    Err(Failure::error("No instance found for the given address", detail))
}

/// The state as it is stored.
pub fn pull(session: &Session, args: &StateFile) -> Result<Exit, Failure> {
    let (state, _, _) = session.read_state(args)?;
    session.console.out(&codec::write(&state));
    Ok(Exit::Success)
}
