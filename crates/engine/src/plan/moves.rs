//! `moved` blocks: recorded objects get the addresses that the configuration now has for them.

use std::collections::BTreeMap;

use smform_lang::config::Config;
use smform_types::{
    Diagnostic, Diagnostics, InstanceAddress, InstanceKey, ModuleInstance, ResourceConfigAddress, Span,
};

use super::ObjectKey;
use super::stored::{Stored, StoredObject};

/// One statement, with whole addresses.
enum Statement {
    Resource(InstanceAddress, InstanceAddress),
    Module(ModuleInstance, ModuleInstance),
}

/// Applies the `moved` blocks of all modules, then the moves that adding or removing `count` implies.
pub fn apply(config: &Config, mut stored: Stored) -> (Stored, Diagnostics) {
    let mut found = Diagnostics::new();
    let statements = statements(config, &mut found);
    // A chain of moves resolves in as many rounds as it has links; a cycle never would.
    for _ in 0..=statements.len() {
        let mut moved = false;
        for (statement, span) in &statements {
            moved |= apply_one(statement, *span, &mut stored, &mut found);
        }
        if !moved {
            break;
        }
    }
    imply(config, &mut stored);
    (stored, found)
}

fn statements(config: &Config, found: &mut Diagnostics) -> Vec<(Statement, Span)> {
    let mut statements = Vec::new();
    for (address, module) in &config.modules {
        let prefix = if address.is_root() { String::new() } else { format!("{address}.") };
        for moved in &module.moved {
            let whole = |text: &str| format!("{prefix}{text}");
            let (from, to) = (whole(&moved.from.0), whole(&moved.to.0));
            let resource = from.parse::<InstanceAddress>().ok().zip(to.parse::<InstanceAddress>().ok());
            let of_module = from.parse::<ModuleInstance>().ok().zip(to.parse::<ModuleInstance>().ok());
            match (resource, of_module) {
                (Some((from, to)), _) if from == to => found.push(
                    Diagnostic::error("Redundant move statement", format!("{from} is moved to itself.")).at(moved.span),
                ),
                (Some((from, to)), _) => statements.push((Statement::Resource(from, to), moved.span)),
                (None, Some((from, to))) => statements.push((Statement::Module(from, to), moved.span)),
                (None, None) => found.push(
                    Diagnostic::error(
                        "Invalid \"moved\" addresses",
                        "\"from\" and \"to\" must both be resources, or both modules.",
                    )
                    .at(moved.span),
                ),
            }
        }
    }
    statements
}

fn apply_one(statement: &Statement, span: Span, stored: &mut Stored, found: &mut Diagnostics) -> bool {
    let moves: Vec<(ObjectKey, InstanceAddress)> = stored
        .objects
        .keys()
        .filter_map(|object| Some((object.clone(), destination(statement, &object.address)?)))
        .collect();
    let mut any = false;
    for (object, to) in moves {
        let target = ObjectKey { address: to.clone(), deposed: object.deposed.clone() };
        if stored.objects.contains_key(&target) {
            let detail = format!(
                "{} cannot be moved to {to}, because there is an object already. It stays where it is, and is \
                 destroyed if the configuration has no block for it.",
                object.address
            );
            let warning = Diagnostic::warning("Unresolved resource instance address change", detail).at(span);
            if !found.iter().any(|known| *known == warning) {
                found.push(warning);
            }
            continue;
        }
        relocate(stored, &object, target);
        any = true;
    }
    any
}

fn relocate(stored: &mut Stored, from: &ObjectKey, to: ObjectKey) {
    if let Some(mut object) = stored.objects.remove(from) {
        object.previous.get_or_insert_with(|| from.address.clone());
        stored.objects.insert(to, object);
    }
}

fn destination(statement: &Statement, address: &InstanceAddress) -> Option<InstanceAddress> {
    match statement {
        Statement::Resource(from, to) => {
            let same = from.module == address.module && from.resource == address.resource;
            let whole = from.key.is_none() && to.key.is_none();
            if !same || !(whole || from.key == address.key) {
                return None;
            }
            // Without keys the statement moves the whole resource, and its instances keep theirs.
            let key = if whole { address.key.clone() } else { to.key.clone() };
            Some(InstanceAddress { key, ..to.clone() })
        }
        Statement::Module(from, to) => {
            let depth = from.0.len();
            let (last, _) = from.0.split_last()?;
            let head = address.module.0.get(..depth)?;
            let keyless = last.1.is_none() && to.0.last().is_some_and(|(_, key)| key.is_none());
            let fits = head
                .iter()
                .zip(from.0.iter())
                .enumerate()
                .all(|(at, (have, want))| have.0 == want.0 && (have.1 == want.1 || keyless && at + 1 == depth));
            if !fits {
                return None;
            }
            let mut path: Vec<_> = to.0.to_vec();
            if let (true, Some(last), Some(have)) = (keyless, path.last_mut(), head.last()) {
                last.1 = have.1.clone();
            }
            path.extend(address.module.0.get(depth..)?.iter().cloned());
            Some(InstanceAddress { module: ModuleInstance(path.into()), ..address.clone() })
        }
    }
}

/// A block that gains `count` keeps its one object as number 0, and the reverse.
fn imply(config: &Config, stored: &mut Stored) {
    use smform_lang::config::Repetition;
    let mut by_resource: BTreeMap<ResourceConfigAddress, Vec<ObjectKey>> = BTreeMap::new();
    for object in stored.objects.keys().filter(|object| object.deposed.is_none()) {
        by_resource.entry(object.address.config()).or_default().push(object.clone());
    }
    for (resource, objects) in by_resource {
        let module = config.modules.get(&resource.module);
        let Some(block) = module.and_then(|module| module.resources.get(&resource.resource)) else { continue };
        let (from, to) = match block.repetition {
            Repetition::Count(_) => (None, Some(InstanceKey::Index(0))),
            Repetition::Single => (Some(InstanceKey::Index(0)), None),
            Repetition::ForEach(_) => continue,
        };
        for object in objects.into_iter().filter(|object| object.address.key == from) {
            let target =
                ObjectKey { address: InstanceAddress { key: to.clone(), ..object.address.clone() }, deposed: None };
            if !stored.objects.contains_key(&target) {
                relocate(stored, &object, target);
            }
        }
    }
}

/// The objects that moved: where each was, and where it is.
#[must_use]
pub fn moved(stored: &Stored) -> Vec<(InstanceAddress, InstanceAddress)> {
    let moved = stored.objects.iter().filter_map(|(object, StoredObject { previous, .. })| {
        previous.as_ref().map(|previous| (previous.clone(), object.address.clone()))
    });
    moved.collect()
}
