//! The names that objects of a plan get: one that cannot be had twice is refused to a second object, and one that another
//! object gives up can only be had once that is gone. By their names, objects are also known to be parts of others.

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_lang::config::{Config, Resource};
use smform_lang::eval::attribute_span;
use smform_provider::{Session, UniqueName};
use smform_types::{Diagnostic, Diagnostics, InstanceAddress, ResourceMode, Span, Value};

use super::held::Outside;
use super::steps::{self, StepGraph};
use super::{Action, Change, ObjectKey, Replacement, renamed};
use crate::blocks::block_context;
use crate::graph::ProviderKey;

/// What a name is unique within: an account, or where that is not known, what one provider configuration works on; a type;
/// and what the type says.
pub(super) type Scope = (String, Arc<str>, Vec<String>);

/// What objects are parts of.
type Parts<'a> = Vec<(Scope, &'a Change)>;

/// Whose name it is.
struct Holder<'a> {
    change: &'a Change,
    unique: UniqueName,
}

/// Refuses names that two objects would have, and lets what gives a name up go before what gets it.
pub fn settle(
    config: &Config,
    changes: &BTreeMap<ObjectKey, Change>,
    sessions: &BTreeMap<ProviderKey, Arc<dyn Session>>,
    steps: &mut StepGraph,
) -> Diagnostics {
    let mut had: BTreeMap<Scope, Vec<Holder<'_>>> = BTreeMap::new();
    let mut wanted: BTreeMap<Scope, Vec<Holder<'_>>> = BTreeMap::new();
    let (mut parts_before, mut parts_after): (Parts<'_>, Parts<'_>) = Default::default();
    for change in changes.values().filter(|change| change.object.address.resource.mode == ResourceMode::Managed) {
        let Some(session) = sessions.get(&change.provider) else { continue };
        let type_name = &change.object.address.resource.type_name;
        let account = account(session.as_ref(), &change.provider);
        let plain = |value: &Option<Value>| value.as_ref().map(|value| value.clone().unmark_deep().0);
        let (before, after) = (plain(&change.before), plain(&change.after).filter(|_| change.object.deposed.is_none()));
        let of = |value: &Value| {
            let unique = session.unique_name(type_name, value)?;
            Some(((account.clone(), Arc::clone(type_name), unique.key.clone()), Holder { change, unique }))
        };
        if let Some((scope, holder)) = before.as_ref().and_then(of) {
            had.entry(scope).or_default().push(holder);
        }
        if let Some((scope, holder)) = after.as_ref().and_then(of) {
            wanted.entry(scope).or_default().push(holder);
        }
        let part_of = |value: &Value| {
            let whole = session.part_of(type_name, value)?;
            Some(((account.clone(), Arc::from(whole.type_name), whole.key), change))
        };
        parts_before.extend(before.as_ref().and_then(part_of));
        parts_after.extend(after.as_ref().and_then(part_of));
    }
    let (mut found, mut renamed) = (Diagnostics::new(), Vec::new());
    for (scope, holders) in &wanted {
        // What is there twice in the record is not made twice by this plan.
        let Some(second) = holders.iter().rev().find(|holder| is_made(holder.change)) else { continue };
        if let Some(first) = holders.iter().find(|holder| holder.change.object != second.change.object) {
            found.push(twice(config, first, second));
            continue;
        }
        // What one address has to itself, its replacement and what was set aside for that decide.
        let former = had.get(scope).into_iter().flatten();
        for former in former.filter(|former| former.change.object.address != second.change.object.address) {
            let making = steps::making(second.change);
            let deleting = steps::deleting(former.change).filter(|_| former.change.deletes());
            let (Some(making), Some(deleting)) = (making, deleting) else { continue };
            if steps.is_before(&making, &deleting) {
                let random = renamed::random_parts(changes, second.change, &second.unique.name);
                found.push(too_early(config, former, second, &random));
            } else {
                steps.before(&deleting, &making);
                let moved = moved(former, second).into_iter();
                renamed.extend(moved.map(|moved| Renamed {
                    former,
                    second,
                    serves: serves(sessions, former.change),
                    moved,
                }));
            }
        }
    }
    found.extend(made_anew(config, &renamed));
    // What comes after its whole does so first of all: what then would have to go before does not.
    for (scope, part) in &parts_after {
        for whole in wanted.get(scope).into_iter().flatten() {
            let (Some(whole), Some(part)) = (steps::making(whole.change), steps::making(part)) else { continue };
            if !steps.is_before(&part, &whole) {
                steps.before(&whole, &part);
            }
        }
    }
    for (scope, part) in parts_before.iter().filter(|(_, part)| part.deletes()) {
        for whole in had.get(scope).into_iter().flatten() {
            let Some(going) = steps::deleting(part) else { continue };
            let updating = steps::making(whole.change).filter(|_| whole.change.action == Action::Update);
            let first = steps::deleting(whole.change).filter(|_| whole.change.deletes()).or(updating);
            let Some(first) = first else { continue };
            if !steps.is_before(&first, &going) {
                steps.before(&going, &first);
            } else if part.action == Action::Replace(Replacement::CreateFirst) {
                found.push(in_the_way(config, part, whole.change));
            }
        }
    }
    found
}

/// Refuses names that objects have which targets leave out.
pub fn refuse_left_out(
    config: &Config,
    changes: &BTreeMap<ObjectKey, Change>,
    sessions: &BTreeMap<ProviderKey, Arc<dyn Session>>,
    left_out: &[Outside<'_>],
) -> Diagnostics {
    let made = changes.values().filter(|change| is_made(change) && change.object.deposed.is_none());
    let refused = made.filter_map(|change| {
        let session = sessions.get(&change.provider)?;
        let type_name = &change.object.address.resource.type_name;
        let unique = session.unique_name(type_name, &change.after.clone()?.unmark_deep().0)?;
        let scope = (account(session.as_ref(), &change.provider), Arc::clone(type_name), unique.key.clone());
        let is_other =
            |other: &&Outside<'_>| other.object.deposed.is_none() && other.object.address != change.object.address;
        let other = left_out.iter().filter(is_other).find(|other| other.name.as_ref() == Some(&scope))?;
        Some(left_out_of_targets(config, &Holder { change, unique }, other.object))
    });
    refused.collect()
}

/// Says that targets leave out what has a name so far.
fn left_out_of_targets(config: &Config, second: &Holder<'_>, former: &ObjectKey) -> Diagnostic {
    let (from, to) = (&former.address, &second.change.object.address);
    let UniqueName { attribute, name, .. } = &second.unique;
    let way_out = if config.resource(&from.config()).is_none() {
        format!(
            "To keep the object under its new address, name both with -target, and write\n\n{}",
            moved_block(from, to)
        )
    } else {
        "Name both with -target, or give the new one another name.".to_owned()
    };
    let detail = format!("{from} has it in the state, and the targets leave that out. {way_out}");
    at(config, second, Diagnostic::error(format!("The {attribute} \"{name}\" is not free yet"), detail))
}

/// Where names are unique.
pub(super) fn account(session: &dyn Session, provider: &ProviderKey) -> String {
    session.identity().map_or_else(|| format!("{provider:?}"), |found| found.account)
}

/// Whether a change makes an object.
fn is_made(change: &Change) -> bool {
    matches!(change.action, Action::Create | Action::Replace(_))
}

fn block_of<'c>(config: &'c Config, change: &Change) -> Option<&'c Resource> {
    let address = &change.object.address;
    config.modules.get(&address.module.config())?.resources.get(&address.resource)
}

/// Where the name of an object stands, or its block.
fn span_of(config: &Config, holder: &Holder<'_>) -> Option<Span> {
    let block = block_of(config, holder.change)?;
    Some(attribute_span(&block.body, &holder.unique.attribute).unwrap_or(block.span))
}

/// An object, with the place of its block.
fn placed(config: &Config, holder: &Holder<'_>) -> String {
    let place = span_of(config, holder).and_then(|span| {
        let source = config.sources.get(span.source)?;
        Some(format!(" ({}, line {})", source.name, source.position(span.start as usize).line))
    });
    format!("{}{}", holder.change.object.address, place.unwrap_or_default())
}

fn at(config: &Config, holder: &Holder<'_>, error: Diagnostic) -> Diagnostic {
    let error = error.at(span_of(config, holder)).about(&holder.change.object.address);
    match block_of(config, holder.change) {
        Some(block) => error.within(block_context(block)),
        None => error,
    }
}

fn twice(config: &Config, first: &Holder<'_>, second: &Holder<'_>) -> Diagnostic {
    let (one, other) = (&first.change.object.address, &second.change.object.address);
    let way_out = if one.config() == other.config() {
        "Make the name of each its own, such as with count.index or each.key in it."
    } else {
        "Give one of them another name."
    };
    let UniqueName { attribute, name, .. } = &second.unique;
    let same = if first.unique.name == *name { "" } else { ", which counts as the same" };
    let detail = format!(
        "{} gets \"{}\"{same}, and no two objects can have that at the same time. {way_out}",
        placed(config, first),
        first.unique.name
    );
    at(config, second, Diagnostic::error(format!("Two objects with the {attribute} \"{name}\""), detail))
}

/// Whether an object serves by itself, as far as its type tells: it holds others.
fn serves(sessions: &BTreeMap<ProviderKey, Arc<dyn Session>>, change: &Change) -> bool {
    let plain = change.before.as_ref().map(|before| before.clone().unmark_deep().0);
    let uses = sessions.get(&change.provider).zip(plain);
    let uses = uses.and_then(|(session, before)| session.uses(&change.object.address.resource.type_name, &before));
    uses.is_some_and(|uses| uses.iter().any(|one| one.holds))
}

/// The block by which an object that goes could become one that is made under its name, if it goes for good.
fn moved(former: &Holder<'_>, second: &Holder<'_>) -> Option<String> {
    let (from, to) = (former.change, second.change);
    let is_one = from.action == Action::Delete && from.object.deposed.is_none() && to.action == Action::Create;
    is_one.then(|| moved_block(&from.object.address, &to.object.address))
}

fn moved_block(from: &InstanceAddress, to: &InstanceAddress) -> String {
    format!("  moved {{\n    from = {from}\n    to   = {to}\n  }}")
}

/// An object that is only renamed in the configuration, and destroyed for it.
struct Renamed<'a> {
    former: &'a Holder<'a>,
    second: &'a Holder<'a>,
    serves: bool,
    /// The block that would keep it.
    moved: String,
}

/// Says that objects are only renamed in the configuration, of all at the first one: such as one that serves.
fn made_anew(config: &Config, renamed: &[Renamed<'_>]) -> Option<Diagnostic> {
    let first = renamed.iter().find(|one| one.serves).or(renamed.first())?;
    let what = |one: &Renamed<'_>| {
        let UniqueName { attribute, name, .. } = &one.second.unique;
        let (from, to) = (&one.former.change.object.address, &one.second.change.object.address);
        format!("{from} has the {attribute} \"{name}\", and {to} gets it")
    };
    let missing = |missing: &'static str| if first.serves { missing } else { "" };
    let moved: Vec<&str> = renamed.iter().map(|one| one.moved.as_str()).collect();
    let moved = moved.join("\n\n");
    let warning = if renamed.len() == 1 {
        let (what, missing) = (what(first), missing(" In between, nothing answers for it."));
        let detail = format!(
            "{what}: the object is destroyed, and made anew.{missing} To keep the one that is there under its new address, \
             write\n\n{moved}"
        );
        Diagnostic::warning("An object is made anew under another address", detail)
    } else {
        let list: String = renamed.iter().map(|one| format!("\n  - {}", what(one))).collect();
        let missing = missing("In between, nothing answers for what serves. ");
        let detail = format!(
            "These objects are destroyed, and made anew:{list}\n\n{missing}To keep those that are there under their new addresses, \
             write\n\n{moved}"
        );
        Diagnostic::warning("Objects are made anew under other addresses", detail)
    };
    Some(at(config, first.second, warning))
}

fn too_early(config: &Config, former: &Holder<'_>, second: &Holder<'_>, random: &[String]) -> Diagnostic {
    let UniqueName { attribute, name, .. } = &second.unique;
    let kept = moved(former, second).map(|moved| {
        format!(" To keep the object under its new address, where it can be changed to what is wanted there, write\n\n{moved}")
    });
    let detail = format!(
        "{} has the {attribute} \"{name}\" and gives it up with this plan, but only after {} is made, which what uses the \
         two waits for. Give the new one another name, or make the change in two applies.{}{}",
        placed(config, former),
        second.change.object.address,
        kept.unwrap_or_default(),
        renamed::by_random(random)
    );
    at(config, second, Diagnostic::error(format!("The {attribute} \"{name}\" is not free yet"), detail))
}

/// Says that a part which is made anew first of all is still there when its whole is changed.
fn in_the_way(config: &Config, part: &Change, whole: &Change) -> Diagnostic {
    let (part_at, whole_at) = (&part.object.address, &whole.object.address);
    let detail = format!(
        "As long as {part_at} is there, the service may refuse changes of {whole_at}. With create_before_destroy = true, the old \
         one goes only when the new one is there, which waits for that change. Take create_before_destroy out of {part_at}, \
         and of what depends on it: then the old one goes first."
    );
    let warning = Diagnostic::warning("What is replaced may be in the way of another change", detail).about(part_at);
    match block_of(config, part) {
        Some(block) => warning.at(block.span).within(block_context(block)),
        None => warning,
    }
}
