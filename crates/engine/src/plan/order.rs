//! In which order replacements are made, and which of them cannot be made at all.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::kosaraju_scc;
use smform_lang::config::Config;
use smform_lang::edit::replace_argument;
use smform_lang::eval::attribute_span;
use smform_provider::SameName;
use smform_types::{Diagnostic, Diagnostics, InstanceAddress, ResourceConfigAddress, ResourceMode, Value};

use super::renamed;
use super::steps::{self, Step, StepGraph};
use super::stored::Stored;
use super::target::Selection;
use super::{Action, Change, Mode, ObjectKey, Reason, Replacement};
use crate::blocks::block_context;
use crate::graph::{Graph, Node};

/// The resources of a configuration that create first when they are replaced: those that say so, and what they depend on,
/// since the old one may only go when nothing uses it any more.
#[derive(Debug, Default)]
pub struct CreatedFirst {
    /// Those that say so.
    own: BTreeSet<ResourceConfigAddress>,
    /// What these depend on, each with what refers to it on the way; this is recorded with what is made.
    used: BTreeMap<ResourceConfigAddress, BTreeSet<Node>>,
    /// Those to which a resource leads that the run is about; these decide.
    selected: BTreeSet<ResourceConfigAddress>,
}

impl CreatedFirst {
    /// Those of a configuration of which a part is selected.
    #[must_use]
    pub fn new(
        config: &Config,
        graph: &Graph,
        dependencies: &BTreeMap<ResourceConfigAddress, BTreeSet<ResourceConfigAddress>>,
        selection: &Selection,
    ) -> CreatedFirst {
        let mut found = CreatedFirst::default();
        for (resource, needed) in dependencies {
            let block = config.resource(resource);
            if block.is_none_or(|block| block.lifecycle.create_before_destroy != Some(true)) {
                continue;
            }
            found.own.insert(resource.clone());
            if selection.has_node(&Node::Resource(resource.clone())) {
                found.selected.extend(needed.iter().chain([resource]).cloned());
            }
        }
        let mut open: Vec<Node> = found.own.iter().cloned().map(Node::Resource).collect();
        let mut seen: BTreeSet<Node> = open.iter().cloned().collect();
        while let Some(node) = open.pop() {
            for needed in graph.dependencies(&node).filter(|needed| !matches!(needed, Node::Provider(_))) {
                if let Node::Resource(resource) = needed {
                    found.used.entry(resource.clone()).or_default().insert(node.clone());
                }
                if seen.insert(needed.clone()) {
                    open.push(needed.clone());
                }
            }
        }
        found
    }

    /// Whether a replacement that this run makes creates first.
    #[must_use]
    pub fn decides(&self, resource: &ResourceConfigAddress) -> bool {
        self.selected.contains(resource)
    }

    /// Whether it is recorded with what is made that a replacement creates first: of a resource whose instances are named
    /// one by one, only of those.
    #[must_use]
    pub fn is_recorded(&self, graph: &Graph, address: &InstanceAddress) -> bool {
        let resource = address.config();
        let names = |node: &Node| graph.needs_instance(node, &resource, address.key.as_ref());
        self.own.contains(&resource) || self.used.get(&resource).is_some_and(|users| users.iter().any(names))
    }
}

/// Where a provider has a replacement create first, what it depends on must create first as well.
fn propagate(changes: &mut BTreeMap<ObjectKey, Change>) {
    let mut forced: BTreeSet<ResourceConfigAddress> = BTreeSet::new();
    for change in changes.values().filter(|change| change.action == Action::Replace(Replacement::CreateFirst)) {
        forced.extend(change.dependencies.iter().cloned());
    }
    let managed = changes.values_mut().filter(|change| change.object.address.resource.mode == ResourceMode::Managed);
    for change in managed.filter(|change| forced.contains(&change.object.address.config())) {
        if let Action::Replace(order) = &mut change.action {
            *order = Replacement::CreateFirst;
        }
    }
}

/// Lays out the steps. Where they would wait for each other in a circle, objects that were to be deleted first are created
/// first instead: an old object goes only when nothing uses it any more, and what uses it may wait for the new one of
/// something that the old object used itself.
pub fn settle(
    mode: Mode,
    graph: &Graph,
    visited: &BTreeSet<Node>,
    changes: &mut BTreeMap<ObjectKey, Change>,
) -> StepGraph {
    let wanted: BTreeMap<ObjectKey, Action> =
        changes.iter().map(|(object, change)| (object.clone(), change.action)).collect();
    loop {
        propagate(changes);
        let laid_out = steps::lay_out(mode, graph, visited, changes);
        if untangle(changes, &laid_out) {
            continue;
        }
        // What does not help is not done.
        if circles(&laid_out).next().is_some() {
            for (object, change) in changes.iter_mut() {
                change.action = wanted.get(object).copied().unwrap_or(change.action);
            }
        }
        return laid_out;
    }
}

/// The steps that wait for each other, circle by circle.
fn circles(steps: &StepGraph) -> impl Iterator<Item = Vec<&Step>> {
    let circles = kosaraju_scc(steps.graph()).into_iter().filter(|members| members.len() > 1);
    circles.map(|members| members.into_iter().filter_map(|index| steps.graph().node_weight(index)).collect())
}

/// Refuses a plan whose steps wait for each other: of two objects each may go only when the other one is gone, since the
/// configuration has turned round which of them uses which.
#[must_use]
pub fn refuse_circle(steps: &StepGraph) -> Option<Diagnostic> {
    let circle = circles(steps).next()?;
    let objects: BTreeSet<String> = circle
        .into_iter()
        .filter(|step| matches!(step, Step::Delete(_) | Step::DeleteOld(_) | Step::Create(_) | Step::Update(_)))
        .map(ToString::to_string)
        .collect();
    let list: String = objects.iter().map(|step| format!("\n  {step}")).collect();
    let detail = format!(
        "These wait for each other, since the objects that there are use each other otherwise than the configuration says          now:\n{list}\n\nApply it in two steps: first without the new reference between them, then with it."
    );
    Some(Diagnostic::error("Dependency cycle", detail))
}

/// Turns round the replacements in circles that delete first; whether there were any.
fn untangle(changes: &mut BTreeMap<ObjectKey, Change>, steps: &StepGraph) -> bool {
    let deleted = circles(steps).flatten().filter_map(|step| match step {
        Step::Delete(object) => Some(object),
        _ => None,
    });
    let mut turned = false;
    for object in deleted {
        if let Some(change) = changes.get_mut(object)
            && change.action == Action::Replace(Replacement::DeleteFirst)
        {
            change.action = Action::Replace(Replacement::CreateFirst);
            turned = true;
        }
    }
    turned
}

/// Refuses replacements that would take the name of the object they replace while something refers to it: creating
/// first collides with the old name, deleting first takes away what serves.
pub fn refuse_same_names(
    config: &Config,
    changes: &BTreeMap<ObjectKey, Change>,
    same_names: &BTreeMap<InstanceAddress, SameName>,
) -> Diagnostics {
    let mut found = Diagnostics::new();
    for (address, same) in same_names {
        let Some(change) = changes.get(&ObjectKey { address: address.clone(), deposed: None }) else { continue };
        // What refers to it is told by its address; whatever else uses it, as the service names it.
        let name = fixed_name(change, same);
        let users = users(changes, change, same, same_names);
        if users.is_empty() && change.action == Action::Replace(Replacement::DeleteFirst) {
            continue;
        }
        let random = renamed::random_parts(changes, change, name);
        found.push(refusal(config, change, same, &users, &random));
    }
    found
}

/// Refuses replacements that would create first under a name that the old object has until it goes.
pub fn refuse_names_first(
    config: &Config,
    changes: &BTreeMap<ObjectKey, Change>,
    names_first: &BTreeMap<InstanceAddress, SameName>,
) -> Diagnostics {
    let mut found = Diagnostics::new();
    for (address, same) in names_first {
        let Some(change) = changes.get(&ObjectKey { address: address.clone(), deposed: None }) else { continue };
        if change.action != Action::Replace(Replacement::CreateFirst) {
            continue;
        }
        let SameName { attribute, instead, .. } = same;
        let name = change.before.as_ref().and_then(|before| attribute.lookup(before)).and_then(Value::as_str);
        let other = match instead.as_str() {
            "" => String::new(),
            instead => format!("; or give the new one a name of its own, such as\n\n  {instead}"),
        };
        let detail = format!(
            "{address} has to be replaced, and the new object is to come first, as create_before_destroy says here or in what \
             refers to it. It cannot: the old one has the {attribute} \"{}\" until it is gone. Take create_before_destroy out, and the old \
             one goes first{other}{}",
            name.unwrap_or_default(),
            if other.is_empty() { "." } else { "" }
        );
        let error = Diagnostic::error("Replacement would reuse a name that is in use", detail).about(address);
        found.push(match config.resource(&address.config()) {
            Some(block) => {
                let span = attribute_span(&block.body, attribute).unwrap_or(block.span);
                error.at(span).within(block_context(block))
            }
            None => error,
        });
    }
    found
}

/// Refuses replacements that delete an object first, as the configuration says, which cannot go before what uses it has
/// moved to the new one.
pub fn refuse_too_early(
    config: &Config,
    changes: &BTreeMap<ObjectKey, Change>,
    delete_last: &BTreeSet<InstanceAddress>,
    stored: &Stored,
) -> Diagnostics {
    let mut found = Diagnostics::new();
    for address in delete_last {
        let Some(change) = changes.get(&ObjectKey { address: address.clone(), deposed: None }) else { continue };
        let used = address.config();
        let stays = |user: &&Change| {
            let uses = user.dependencies.contains(&used) || user.old_dependencies.contains(&used);
            let goes = matches!(user.action, Action::Delete | Action::Replace(Replacement::DeleteFirst));
            uses && user.before.is_some() && !goes && user.object.address.resource.mode == ResourceMode::Managed
        };
        let block = config.modules.get(&used.module).and_then(|module| module.resources.get(&used.resource));
        let at = |error: Diagnostic| match block {
            Some(block) => error.at(block.span).within(block_context(block)),
            None => error,
        };
        let left_out = stored.objects.iter().find(|(user, recorded)| {
            user.deposed.is_none() && recorded.dependencies.contains(&used) && !changes.contains_key(user)
        });
        if let Some((user, _)) = left_out {
            let detail = format!(
                "{address} has to be replaced, and {} uses the old object, which therefore cannot go. The targets leave {} out: \
                 target that as well, and what depends on it.",
                user.address, user.address
            );
            let summary = "What is in use would be replaced without what uses it";
            found.push(at(Diagnostic::error(summary, detail).about(address)));
            continue;
        }
        let Some(user) = changes.values().find(stays) else { continue };
        if change.action != Action::Replace(Replacement::DeleteFirst) {
            continue;
        }
        let detail = format!(
            "{address} has to be replaced, and create_before_destroy = false has the old object go first. {} uses it until \
             the new one is there, so it cannot go: the apply would end with that error. Take create_before_destroy out: \
             then the new object comes first and the old one goes last.",
            user.object.address
        );
        found.push(at(Diagnostic::error("What is in use would be deleted first", detail).about(address)));
    }
    found
}

/// Lets tainted objects that nothing uses go before those that take their names, whatever is said to come first: a creation
/// that was not finished must not stand in the way of the next one.
pub fn give_way(changes: &mut BTreeMap<ObjectKey, Change>, same_names: &BTreeMap<InstanceAddress, SameName>) {
    for (address, same) in same_names {
        let object = ObjectKey { address: address.clone(), deposed: None };
        let Some(change) = changes.get(&object) else { continue };
        if change.action == Action::Replace(Replacement::CreateFirst)
            && change.reason == Some(Reason::Tainted)
            && users(changes, change, same, same_names).is_empty()
            && let Some(change) = changes.get_mut(&object)
        {
            change.action = Action::Replace(Replacement::DeleteFirst);
        }
    }
}

/// Whether an object goes first, and takes nothing away with that: it was never finished, as an endpoint whose creation has
/// failed, or is used only by what goes so.
fn goes_unused(
    changes: &BTreeMap<ObjectKey, Change>,
    change: &Change,
    same_names: &BTreeMap<InstanceAddress, SameName>,
) -> bool {
    let goes_first = matches!(change.action, Action::Delete | Action::Replace(Replacement::DeleteFirst));
    let only_by_such = || {
        let same = same_names.get(&change.object.address);
        same.is_some_and(|same| users(changes, change, same, same_names).is_empty())
    };
    goes_first && (change.reason == Some(Reason::Tainted) || only_by_such())
}

/// The objects that go on using an object, by configuration or by record; where there are none that do, what uses it as the
/// service names it.
fn users(
    changes: &BTreeMap<ObjectKey, Change>,
    change: &Change,
    same: &SameName,
    same_names: &BTreeMap<InstanceAddress, SameName>,
) -> Vec<String> {
    let used = change.object.address.config();
    let users = changes
        .values()
        .filter(|change| change.dependencies.contains(&used) || change.old_dependencies.contains(&used))
        .filter(|change| change.before.is_some())
        .collect();
    let users = renamed::of_object(change, fixed_name(change, same), users);
    if users.is_empty() {
        return same.users.clone();
    }
    let stays = |user: &&Change| !goes_unused(changes, user, same_names);
    let staying: BTreeSet<String> =
        users.into_iter().filter(stays).map(|change| change.object.address.to_string()).collect();
    staying.into_iter().collect()
}

/// The name that an object has, and that a new one would have again.
fn fixed_name<'c>(change: &'c Change, same: &SameName) -> &'c str {
    let name = change.before.as_ref().and_then(|before| same.attribute.lookup(before)).and_then(Value::as_str);
    name.unwrap_or_default()
}

fn refusal(config: &Config, change: &Change, same: &SameName, users: &[String], random: &[String]) -> Diagnostic {
    let attribute = &same.attribute;
    let address = &change.object.address;
    let resource = address.config();
    let block = config.resource(&resource);
    let name = fixed_name(change, same);
    let instead = block.map_or_else(|| same.instead.clone(), |block| renamed::instead(config, block, same, name));
    let causes: Vec<String> = change.replace_paths.iter().map(ToString::to_string).collect();
    let cause =
        if causes.is_empty() { String::new() } else { format!(" ({} cannot be changed in place)", causes.join(", ")) };
    let used = match users {
        [] => "creating the new one first collides with it".to_owned(),
        [one] => format!("{one} uses it"),
        [head @ .., last] => format!("{} and {last} use it", head.join(", ")),
    };
    let fix = block.and_then(|block| {
        let file = config.sources.get(block.span.source)?;
        let labels = [&*resource.resource.type_name, &*resource.resource.name];
        replace_argument(&file.name, &file.text, labels, &attribute.to_string(), &instead)
    });
    let fix = fix.unwrap_or_else(|| renamed::in_words(config, block, same, name, &instead));
    let call = block.and_then(|block| renamed::in_a_call(config, address, block, same));
    let call = call.map(|place| format!("\n\nOr give another name as {place}, without a change to the module."));
    let other_way = renamed::by_random(random);
    let detail = format!(
        "{address} has to be replaced{cause}, but its name is fixed and {used}. A new object cannot take the name \
         \"{name}\" while the old one has it, and deleting the old one first would take away what is in service.\n\n\
         With a name of its own, the new object comes first and the old one goes last:\n\n{}\n\
         Any other name does as well. Where it is written out elsewhere, refer to {} instead.{}{other_way}",
        indented(&fix),
        renamed::reference(address, same),
        call.unwrap_or_default()
    );
    let span = block.map(|block| attribute_span(&block.body, attribute).unwrap_or(block.span));
    let diagnostic = Diagnostic::error("Replacement would reuse a name that is in use", detail).at(span).about(address);
    match block {
        Some(block) => diagnostic.within(block_context(block)),
        None => diagnostic,
    }
}

/// Lines set apart, so that they are shown as they are.
fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}
